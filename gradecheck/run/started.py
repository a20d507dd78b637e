"""Ways to have started a template, behind as much of `subprocess.Popen` as is needed to end it."""

import contextlib
import socket
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol


class Started(Protocol):
    """A process that somebody started."""

    def wait(self, seconds: float | None = None) -> None:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """

    def kill(self) -> None:
        """End it."""


class Launched:
    """A command that was started by a thread that lives as long.

    In a sandbox it is killed when the thread ends that started it.

    Args:
        command: what to start.
        channel: a descriptor that it inherits.
        environment: its environment.
        errors: the file for what it writes to stderr, in its working directory.
    """

    def __init__(
        self, command: Sequence[str], channel: int, environment: dict[str, str], errors: Path
    ) -> None:
        started: Future[subprocess.Popen[bytes]] = Future()
        self._over = threading.Event()

        def live() -> None:
            try:
                with errors.open("wb") as stderr:
                    process = subprocess.Popen(
                        command,
                        pass_fds=[channel],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=stderr,
                        env=environment,
                        cwd=errors.parent,
                        start_new_session=True,
                    )
            except BaseException as error:
                started.set_exception(error)
            else:
                started.set_result(process)
                self._over.wait()

        threading.Thread(target=live, name="gradecheck-template", daemon=True).start()
        self._process = started.result()

    def wait(self, seconds: float | None = None) -> None:
        """See `Started`."""
        self._process.wait(seconds)
        self._over.set()

    def kill(self) -> None:
        """See `Started`."""
        self._process.kill()


class Part:
    """A process that another template was split into: nobody's child here, known by its connection alone.

    Args:
        control: connected to it, and closed by somebody else.
    """

    def __init__(self, control: socket.socket) -> None:
        self._control = control.dup()

    def wait(self, seconds: float | None = None) -> None:
        """See `Started`; asks it to end, too."""
        try:
            self._control.settimeout(seconds)
            self._control.shutdown(socket.SHUT_WR)
            while self._control.recv(4096):
                pass
        except TimeoutError:
            raise subprocess.TimeoutExpired("a part of gradecheck's template", seconds or 0.0) from None
        except OSError:  # it is gone
            pass
        self._control.close()

    def kill(self) -> None:
        """See `Started`; should it not hear of this, the template kills it in the end."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
