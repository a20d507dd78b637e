"""A template that this process forks from itself, which spares importing TensorFlow a second time.

Safe only after the import and before the first operation, and only where nothing secret is in memory: what
`gradecheck check` knows, everybody may know.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

from gradecheck.run.options import Options

_PAUSE = 0.001


def can_fork() -> bool:
    """Whether this process may be forked: macOS's libraries do not like it, and threads would be lost."""
    return sys.platform == "linux" and "tensorflow" in sys.modules and threading.active_count() == 1


class Offspring:
    """The forked process, with as much of `subprocess.Popen` as is used of it."""

    def __init__(self, control: int, environment: dict[str, str], folder: Path, options: Options) -> None:
        self._over = False
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # else both would write what waits there
        self._pid = os.fork()
        if self._pid == 0:
            try:
                _settle(control, environment, folder)
                from gradecheck.run.template import run

                run(socket.socket(fileno=control), options)
            finally:
                os._exit(1)

    def wait(self, seconds: float | None = None) -> None:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._over:
            self._over = os.waitpid(self._pid, os.WNOHANG)[0] != 0
            if not self._over and deadline is not None and time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired("gradecheck's template", seconds or 0.0)
            if not self._over:
                time.sleep(_PAUSE)

    def kill(self) -> None:
        """End it."""
        if not self._over:
            os.kill(self._pid, signal.SIGKILL)


def _settle(control: int, environment: dict[str, str], folder: Path) -> None:
    """Be as a process that was started anew: nothing open, an environment and a folder of its own."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    errors = os.open(folder / "stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for target, source in enumerate((nothing, nothing, errors)):
        os.dup2(source, target)
    os.closerange(3, control)
    os.closerange(control + 1, os.sysconf("SC_OPEN_MAX"))
    here = {"", str(Path.cwd())}
    sys.path[:] = [environment["PYTHONPATH"], *(place for place in sys.path if place not in here)]
    _warn_as_usual()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)


def _warn_as_usual() -> None:
    """Python's own filters of warnings, in the place of those that this process was started with."""
    warnings.resetwarnings()
    for kind in (ResourceWarning, ImportWarning, PendingDeprecationWarning, DeprecationWarning):
        warnings.simplefilter("ignore", kind)
    warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
