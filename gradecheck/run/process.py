"""The judge's end of one template process: starts it, talks to it, ends it with all its children."""

import contextlib
import dataclasses
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gradecheck.run.limits import Limits
from gradecheck.run.offspring import Offspring
from gradecheck.run.options import PLACE, Options
from gradecheck.run.started import Launched, Part, Started
from gradecheck.run.wire import Connection

_PLAIN = Options()
_START_SECONDS = 120.0
_REPLY_SECONDS = 15.0
_QUIT_SECONDS = 3.0


class Gone(Exception):
    """The template ended, or does not answer."""


class Refused(Exception):
    """The template goes on, but could not do what it was asked."""


class TemplateProcess:
    """A running `gradecheck.run.template`.

    Args:
        control: connected to it.
        started: the process itself.
        errors: the file that keeps what it complains about.
        options: how it works.
        ready: whether it has said already that it is.
    """

    def __init__(
        self, control: socket.socket, started: Started, errors: Path, options: Options, *, ready: bool = False
    ) -> None:
        self._lock = threading.RLock()
        self.options = options
        self.proven = False
        self.stopped = False
        self._control = control
        self._process = started
        self._errors = errors
        self._ready = ready

    @classmethod
    def launch(
        cls,
        folder: Path,
        environment: dict[str, str],
        *,
        wrapper: Sequence[str] = (),
        options: Options = _PLAIN,
        own: bool = False,
    ) -> "TemplateProcess":
        """Start one, without waiting for its imports.

        Args:
            folder: its working directory, in which "stderr" keeps what it complains about.
            environment: its environment.
            wrapper: the command before its own, which makes the sandbox that `options` speak of.
            options: how it works.
            own: whether this process is to be forked for it, which must be safe.
        """
        control, theirs = socket.socketpair()
        path = folder / "stderr"
        with theirs:
            channel = theirs.fileno()
            if own:
                return cls(control, Offspring(channel, environment, folder, options), path, options)
            command = [*wrapper, sys.executable, "-P", "-m", "gradecheck.run.template", str(channel)]
            command.append(json.dumps(dataclasses.asdict(options)))
            return cls(control, Launched(command, channel, environment, path), path, options)

    def wait(self) -> None:
        """Wait until it is ready.

        Raises:
            Gone: it ended, or takes too long.
        """
        with self._lock:
            if not self._ready:
                self._read_line(_START_SECONDS)
                self._ready = True

    def split(self, part: int, parts: int, processors: Iterable[int]) -> "TemplateProcess":
        """Another one, forked from it, which is ready; it ends with the first at the latest.

        Args:
            part: its number, from 0.
            parts: how many there are.
            processors: where it and all that it forks may run.

        Raises:
            Gone: the template is of no use any more.
            Refused: the system has no process left.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                request = {"op": "split", "part": part, "parts": parts, "processors": sorted(processors)}
                self.exchange(request, [theirs.fileno()])
        except BaseException:
            ours.close()
            raise
        return TemplateProcess(ours, Part(ours), self._errors, self.options, ready=True)

    def leave(self) -> None:
        """Let go of it without ending it: it is the business of the process that this one was forked from."""
        self.stopped = True
        self._control.close()

    def fork(
        self, number: int, directory: Path, limits: Limits, *, figures: bool, alone: bool = False
    ) -> "ForkedChild":
        """A fresh child; the first one waits for the template's imports.

        Args:
            number: its own.
            directory: its working directory.
            limits: of what it may use.
            figures: whether it will draw.
            alone: whether it is to be this template's only child, with which the template ends.

        Raises:
            Gone: the template is of no use any more.
            Refused: the system has no process left, or allows no namespace.
        """
        request = {
            "op": "fork",
            "child": number,
            "directory": PLACE if self.options.sandboxed else str(directory),
            "limits": dataclasses.asdict(limits),
            "figures": figures,
        }
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._handed_over(directory) as folder:
                self.exchange(request, [theirs.fileno(), *folder])
        except BaseException:
            ours.close()
            raise
        return ForkedChild(self, number, Connection(ours), alone=alone)

    @contextlib.contextmanager
    def _handed_over(self, directory: Path) -> Iterator[list[int]]:
        """The folder as a descriptor where the child cannot see its path."""
        if not self.options.sandboxed:
            yield []
            return
        folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield [folder]
        finally:
            os.close(folder)

    def exchange(self, request: dict[str, Any], passed: Sequence[int] = ()) -> dict[str, Any]:
        """Ask the template something and wait for its answer.

        Raises:
            Gone: it does not answer.
            Refused: it says that it cannot.
        """
        line = json.dumps(request).encode() + b"\n"
        with self._lock:
            try:
                reply = self._exchange(line, passed)
            except BaseException:  # after Ctrl-C, too: the answer on its way would answer the next question
                self.stop()
                raise
        if "error" in reply:
            raise Refused(str(reply["error"]))
        return reply

    def _exchange(self, line: bytes, descriptors: Sequence[int]) -> dict[str, Any]:
        if self.stopped:
            raise Gone("it was closed")
        self.wait()
        try:
            self._control.settimeout(_REPLY_SECONDS)
            socket.send_fds(self._control, [line], descriptors)
        except OSError as error:
            raise Gone(str(error)) from None
        return self._read_line(_REPLY_SECONDS)

    def cpu_seconds(self) -> float:
        """Its processor time, and that of its children that ended; 0 when it cannot say."""
        try:
            return float(self.exchange({"op": "usage"})["cpu"])
        except (Gone, Refused):
            return 0.0

    def last_words(self) -> str:
        """The end of what it wrote to stderr."""
        return self._errors.read_bytes()[-2000:].decode("utf-8", "replace").strip()

    def stop(self) -> None:
        """End it and its children; again does nothing."""
        with self._lock:
            if self.stopped:
                return
            self.stopped = True
            self._control.close()
            try:
                self._process.wait(_QUIT_SECONDS if self._ready else 0)  # it kills its children first
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _read_line(self, seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        line = b""
        while not line.endswith(b"\n"):
            try:
                self._control.settimeout(max(deadline - time.monotonic(), 0.001))
                chunk = self._control.recv(4096)
            except TimeoutError:
                raise Gone(f"no answer in {seconds:.0f} s") from None
            except OSError as error:
                raise Gone(str(error)) from None
            if not chunk:
                raise Gone("it ended")
            line += chunk
        reply: dict[str, Any] = json.loads(line)
        return reply


class ForkedChild:
    """A `gradecheck.run.child.Child` that the template forked."""

    def __init__(
        self, process: TemplateProcess, number: int, connection: Connection, *, alone: bool = False
    ) -> None:
        self.connection = connection
        self.lost = self.orphaned = False
        self._alone = alone
        self._process = process
        self._number = number

    def interrupt(self) -> None:
        """See `gradecheck.run.child.Child`."""
        self._ask({"op": "interrupt", "child": self._number})

    def is_kept(self) -> bool:
        """See `gradecheck.run.child.Child`."""
        if not self._process.options.sandboxed:
            self._ask({"op": "usage"})  # a killed process answers nothing, even if it is not yet gone
        return not self.orphaned

    def sweep(self) -> None:
        """See `gradecheck.run.child.Child`."""
        self._ask({"op": "sweep", "child": self._number})

    def end(self, grace: float) -> int | None:
        """See `gradecheck.run.child.Child`."""
        if grace == 0:
            self.connection.close()
        reply = self._ask({"op": "end", "child": self._number, "grace": grace})
        self.connection.close()
        if self._alone:
            self._process.stop()
        status = None if reply.get("killed", True) else reply["status"]
        return os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._process.exchange(request)
        except Gone:  # and the child with it
            self.orphaned = True
            # In a sandbox no submission can have ended it; else any of those that it started may have.
            self.lost = not self._alone
            return {}
        except Refused:
            return {}
