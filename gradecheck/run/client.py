"""The judge's end of the template process: starts it, asks it for children, leaves nothing behind."""

import dataclasses
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import gradecheck
from gradecheck.errors import WorkerUnavailable
from gradecheck.run.cells import Cell, CellResult, OnMessage
from gradecheck.run.limits import Limits
from gradecheck.run.session import Session, signal_of
from gradecheck.run.wire import Connection

__all__ = ["Cell", "CellResult", "Limits", "Session", "Template"]

_START_SECONDS = 120.0
_REPLY_SECONDS = 15.0
_QUIT_SECONDS = 3.0
_KEPT = frozenset(
    {
        *("PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"),
        *("VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "XDG_CACHE_HOME", "MPLCONFIGDIR"),
        "CUDA_VISIBLE_DEVICES",
    }
)
_SET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # with it, the last bits depend on the processor
    "OPENBLAS_NUM_THREADS": "1",  # with more, there are threads, and forking is unsafe
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class _Gone(Exception):
    """The template ended, or does not answer."""


class Template:
    """The process that forks a worker for each submission; safe to use from several threads.

    `start` does not wait: TensorFlow is imported while the judge does other things. Whatever ends the
    judge ends the template, which notices that its connection was closed.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = False
        self._numbers = itertools.count(1)
        self._children: dict[int, _ForkedChild] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the process if it does not run, without waiting for it."""
        with self._lock:
            if self._process is not None:
                return
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="gradecheck-")
            ours, theirs = socket.socketpair()
            command = [sys.executable, "-P", "-m", "gradecheck.run.template", str(theirs.fileno())]
            with theirs, Path(self._folder.name, "stderr").open("wb") as errors:
                self._process = subprocess.Popen(
                    command,
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    env=_environment(self._folder.name),
                    cwd=self._folder.name,
                    start_new_session=True,
                )
            self._control, self._ready = ours, False

    def close(self) -> None:
        """End the process, its sessions and all their children; again does nothing."""
        with self._lock:
            for child in tuple(self._children.values()):
                child.end(0)
            self._stop()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def session(
        self,
        cells: Sequence[Cell],
        directory: str | Path,
        limits: Limits | None = None,
        on_message: OnMessage | None = None,
    ) -> Session:
        """A session for one submission; its process starts with the first cell or call.

        Args:
            cells: the submission's code.
            directory: its working directory.
            limits: other limits than the usual ones.
            on_message: called with what each cell puts out.

        Raises:
            WorkerUnavailable: there is no such directory.
        """
        folder = Path(directory).resolve()
        if not folder.is_dir():
            raise WorkerUnavailable(f"{folder} is not a folder, so nothing can be run in it.")
        return Session(self._fork, cells, folder, limits or Limits(), on_message)

    def _fork(self, directory: Path, limits: Limits, figures: bool) -> "_ForkedChild":
        with self._lock:
            for attempt in (1, 2):
                self.start()
                try:
                    return self._ask_for_child(directory, limits, figures)
                except _Gone as gone:
                    reason = f"{gone}{self._last_words()}"
                    self._stop()
                    if attempt == 2:
                        raise WorkerUnavailable(
                            f"The process that runs answers could not be used: {reason}\n"
                            f"Try it yourself: {sys.executable} -c 'import tensorflow, IPython'"
                        ) from None
        raise AssertionError

    def _ask_for_child(self, directory: Path, limits: Limits, figures: bool) -> "_ForkedChild":
        if not self._ready:
            self._read_line(_START_SECONDS)
            self._ready = True
        number = next(self._numbers)
        request = {
            "op": "fork",
            "child": number,
            "directory": str(directory),
            "limits": dataclasses.asdict(limits),
            "figures": figures,
        }
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self.exchange(request, theirs)
            except _Gone:
                ours.close()
                raise
        assert self._process is not None
        child = self._children[number] = _ForkedChild(self, self._process, number, Connection(ours))
        return child

    def exchange(self, request: dict[str, Any], passed: socket.socket | None = None) -> dict[str, Any]:
        """Ask the template something and wait for its answer.

        Raises:
            _Gone: it does not answer.
        """
        with self._lock:
            if self._control is None:
                raise _Gone("it was closed")
            line = json.dumps(request).encode() + b"\n"
            try:
                self._control.settimeout(_REPLY_SECONDS)
                socket.send_fds(self._control, [line], [] if passed is None else [passed.fileno()])
            except OSError as error:
                raise _Gone(str(error)) from None
            reply = self._read_line(_REPLY_SECONDS)
        if "error" in reply:
            raise _Gone(str(reply["error"]))
        return reply

    def restart(self) -> None:
        """Replace a process that does not answer."""
        with self._lock:
            self._stop()
            self.start()

    def forget(self, number: int) -> None:
        """A child has ended."""
        self._children.pop(number, None)

    def runs(self, process: "subprocess.Popen[bytes]") -> bool:
        """Whether `process` is still the one in use."""
        return self._process is process

    def _read_line(self, seconds: float) -> dict[str, Any]:
        assert self._control is not None
        deadline = time.monotonic() + seconds
        line = b""
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            try:
                self._control.settimeout(max(left, 0.001))
                chunk = self._control.recv(4096)
            except TimeoutError:
                raise _Gone(f"no answer in {seconds:.0f} s") from None
            except OSError as error:
                raise _Gone(str(error)) from None
            if not chunk:
                raise _Gone("it ended")
            line += chunk
        reply = json.loads(line)
        assert isinstance(reply, dict)
        return reply

    def _last_words(self) -> str:
        if self._folder is None:
            return ""
        with Path(self._folder.name, "stderr").open("rb") as file:
            text = file.read()[-2000:].decode("utf-8", "replace").strip()
        return f"\n{text}" if text else ""

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(_QUIT_SECONDS if self._ready else 0)  # it kills its children first
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


class _ForkedChild:
    """A child of the template."""

    def __init__(
        self, template: Template, process: "subprocess.Popen[bytes]", number: int, connection: Connection
    ) -> None:
        self.connection = connection
        self._template = template
        self._process = process
        self._number = number

    def interrupt(self) -> None:
        """See `gradecheck.run.session.Child`."""
        self._ask({"op": "interrupt", "child": self._number})

    def end(self, grace: float) -> int | None:
        """See `gradecheck.run.session.Child`."""
        if grace == 0:
            self.connection.close()
        reply = self._ask({"op": "end", "child": self._number, "grace": grace})
        self.connection.close()
        self._template.forget(self._number)
        return None if reply.get("killed", True) else signal_of(reply["status"])

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if not self._template.runs(self._process):
            return {}  # it ended with its template
        try:
            return self._template.exchange(request)
        except _Gone:
            self._template.restart()
            return {}


def _environment(folder: str) -> dict[str, str]:
    """What the template may know of the judge's environment: no password, no token."""
    kept = {name: text for name, text in os.environ.items() if name in _KEPT or name.startswith("LC_")}
    package = Path(gradecheck.__file__).resolve().parents[1]
    return {**kept, **_SET, "PYTHONPATH": str(package), "IPYTHONDIR": str(Path(folder, "ipython"))}
