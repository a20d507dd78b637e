"""The notebook that this process is the kernel of: what was run in it, and where it is saved."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradecheck.diagnose.source import AnswerSource
from gradecheck.submission import readable_cells

#: As many of the latest cells are read to find what a function uses.
_LATEST_CELLS = 1000
_LARGEST_NOTEBOOK = 2**22


def is_graded_run() -> bool:
    """Whether nbgrader runs this process, to grade or to validate, and no student looks on."""
    return "NBGRADER_EXECUTION" in os.environ


def kernel() -> Any | None:
    """IPython's shell where it belongs to a kernel that somebody works with; None anywhere else."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell if getattr(shell, "kernel", None) is not None and not is_graded_run() else None


def text_of_cells(shell: Any) -> AnswerSource:
    """Everything that was run, in order; of two definitions of a name the later one counts."""
    cells = shell.user_ns.get("In", [])
    return AnswerSource.of(*readable_cells(str(cell) for cell in cells[-_LATEST_CELLS:]))


def place_of(shell: Any, function: Callable[..., Any]) -> Path:
    """Where the notebook is saved, as well as can be told; else the folder that the kernel runs in."""
    named = (os.environ.get("JPY_SESSION_NAME"), shell.user_ns.get("__vsc_ipynb_file__"))
    for name in named:
        if name and Path(name).suffix == ".ipynb" and Path(name).is_file():
            return Path(name).resolve()
    beside = [path for path in sorted(Path.cwd().glob("*.ipynb")) if _mentions(path, function)]
    return beside[0].resolve() if len(beside) == 1 else Path.cwd()


def _mentions(notebook: Path, function: Callable[..., Any]) -> bool:
    try:
        if notebook.stat().st_size > _LARGEST_NOTEBOOK:
            return False
        return f"def {getattr(function, '__name__', '')}(" in notebook.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
