"""What a process that runs answers is told of this one, and what it must not see."""

import os
from pathlib import Path

from gradecheck.run.sandbox import shown_folders

_PACKAGE = Path(__file__).resolve().parents[1]
_KEPT = frozenset(
    {
        *("PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"),
        *("USERPROFILE", "APPDATA", "LOCALAPPDATA", "PATHEXT", "COMSPEC"),
        *("VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "XDG_CACHE_HOME", "MPLCONFIGDIR"),
        "CUDA_VISIBLE_DEVICES",
    }
)
#: With more, there are threads in NumPy, and forking is unsafe.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_SET = {
    **ONE_THREAD,
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # with it, the last bits depend on the processor
    "TF_NUM_INTRAOP_THREADS": "1",  # the sums of more come out in another order each time
    "TF_NUM_INTEROP_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # glibc reserves 64 MiB a thread, which counts as memory
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def surroundings(folder: Path) -> dict[str, str]:
    """Its environment: no password, no token, and what makes runs alike.

    Args:
        folder: for what IPython keeps.
    """
    kept = {name: text for name, text in os.environ.items() if name in _KEPT or name.startswith("LC_")}
    return {**kept, **_SET, "PYTHONPATH": str(_PACKAGE.parent), "IPYTHONDIR": str(folder / "ipython")}


def sources() -> tuple[Path, ...]:
    """The folder around this package, unless it was installed among others."""
    return (_PACKAGE.parent,) if _PACKAGE in shown_folders() else ()
