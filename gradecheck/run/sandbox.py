"""The sandbox of a template: bubblewrap, which shows it the system and Python's packages and nothing else.

The sandbox of each child within it is `gradecheck.run.isolate`.
"""

import functools
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from gradecheck.run.options import HOME

_PACKAGE = Path(__file__).resolve().parents[1]
_GO_ON = "To run answers without a sandbox, as their authors' programs with your rights, add --no-sandbox."
_TRY_SECONDS = 20.0

_SYSTEM = ("/usr",)
_SYSTEM_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "fonts", "alternatives")
_PRIVATE = ("/tmp", "/root")
_TEMPORARY = Path("/tmp")


class SandboxMode(StrEnum):
    """Whether submissions run in a sandbox.

    REQUIRED: in one, or not at all. NONE: with the rights of whoever runs gradecheck.
    """

    REQUIRED = "required"
    NONE = "none"


@functools.cache
def sandbox_unavailable() -> str | None:
    """Why there can be no sandbox on this machine, and what to type; None where there can. Tried once."""
    if sys.platform != "linux":
        return f"Sandboxes need Linux (and bubblewrap). {_GO_ON}"
    if shutil.which("bwrap") is None:
        return (
            "Answers run in a sandbox made by bubblewrap, which is not installed: "
            f"apt-get install bubblewrap\n{_GO_ON}"
        )
    said = _try()
    if said is None:
        return None
    return (
        "bubblewrap is installed, but this machine lets it make no sandbox "
        f"({said}); inside a container, allow user namespaces or start it with --privileged.\n{_GO_ON}"
    )


def _try() -> str | None:
    """Make a sandbox, and in it what a child will need; what the system says against it."""
    inner = ["true"]
    if shutil.which("unshare"):
        inner = ["unshare", "--mount", "--uts", "--ipc", "--net", "--cgroup", "--pid", "--fork"]
        inner += ["--mount-proc", "true"]
        if os.geteuid() != 0:
            inner[1:1] = ["--user", "--map-root-user"]
    try:
        done = subprocess.run(
            [*wrap(()), *inner],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_TRY_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {done.returncode}"


def wrap(hidden: Iterable[Path]) -> list[str]:
    """The command before the command that is to run in a sandbox.

    Args:
        hidden: folders that it must not show, though they may lie in one that it does.
    """
    command = ["bwrap", *_system()]
    for folder in _PRIVATE:
        command += ["--tmpfs", folder]
    command += ["--dev", "/dev", "--proc", "/proc"]
    command += _shown_and_masked({folder.resolve() for folder in hidden})
    for folder in ("/", "/dev", "/root"):
        command += ["--remount-ro", folder]
    command += ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--unshare-cgroup-try"]
    command += ["--hostname", "sandbox", "--die-with-parent", "--new-session", "--chdir", "/"]
    if os.geteuid() != 0:
        command += ["--unshare-user", "--uid", "0", "--gid", "0"]
    return [*command, "--cap-add", "ALL", "--"]  # the template drops them in each child


def _shown_and_masked(hidden: set[Path]) -> list[str]:
    shown = shown_folders()
    around = (*shown, *map(Path, _SYSTEM))
    command = []
    for folder in sorted(shown | hidden, key=lambda path: len(path.parts)):
        name = str(folder)
        if folder in shown:
            for parent in reversed(folder.parents[:-1]):  # made on the way, they could not be entered
                command += ["--dir", str(parent)]
            command += ["--ro-bind", name, name]
        elif any(folder.is_relative_to(other) for other in around):
            command += ["--tmpfs", name, "--remount-ro", name]
    return command


def _system() -> list[str]:
    command = []
    for folder in _SYSTEM:
        command += ["--ro-bind", folder, folder]
    for folder in _SYSTEM_FOLDERS:
        if Path(folder).is_symlink():
            command += ["--symlink", str(Path(folder).readlink()), folder]
        else:
            command += ["--ro-bind-try", folder, folder]
    for name in _SETTINGS:
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return command


def shown_folders() -> frozenset[Path]:
    """What is shown of the machine beside the system: Python, its packages, and this package."""
    folders = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.exec_prefix), Path(sys.base_exec_prefix)}
    folders.add(Path(sys.executable).resolve().parents[1])
    if site.ENABLE_USER_SITE:
        folders.add(Path(site.getusersitepackages()))
    folders |= {folder.resolve() for folder in folders}
    folders.add(_PACKAGE)
    given = {Path(folder) for folder in _SYSTEM}
    return frozenset(
        folder
        for folder in folders
        if folder.is_dir() and not any(folder.is_relative_to(other) for other in given | folders - {folder})
    )


def kept_folders() -> tuple[str, ...]:
    """Those of the shown folders that a child's own /tmp would hide."""
    return tuple(sorted(str(folder) for folder in shown_folders() if folder.is_relative_to(_TEMPORARY)))


def environment(outside: Mapping[str, str]) -> dict[str, str]:
    """An environment without the paths that a sandbox does not have."""
    dropped = ("TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "MPLCONFIGDIR")
    kept = {name: text for name, text in outside.items() if name not in dropped}
    programs: Sequence[str] = [f"{sys.prefix}/bin", "/usr/local/bin", "/usr/bin", "/bin"]
    made = {
        "PATH": ":".join(programs),
        "HOME": HOME,
        "USER": "student",
        "LOGNAME": "student",
        "IPYTHONDIR": f"{HOME}/.ipython",
        "PYTHONUSERBASE": site.getuserbase(),
    }
    return {**kept, **made}
