"""The child's loop: run cells, call functions, nothing else. Runs beside the student's code.

SIGINT is the judge's way of saying "your time is up": it interrupts the student's code and nothing more.
"""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from gradecheck.run.cells import Cell
from gradecheck.run.frames import describe
from gradecheck.run.invoke import invoke
from gradecheck.run.limits import Limits
from gradecheck.run.outcome import Missing, NotArray, Raised, Returned
from gradecheck.run.replies import outcome_to_message, request_from_message
from gradecheck.run.reserve import Reserve
from gradecheck.run.shell import WorkerShell
from gradecheck.run.streams import Output
from gradecheck.run.watch import Up, put_up
from gradecheck.run.wire import Connection, Message, WireError

_Result = TypeVar("_Result")


def serve(shell: WorkerShell, channel: int, limits: Limits, seal: Callable[[], None] | None = None) -> None:
    """Say that this process is ready, and answer requests until the judge closes the connection.

    Args:
        shell: runs the cells.
        channel: descriptor of the connection to the judge.
        limits: of the submission.
        seal: called after the cells; lets this process start no others.
    """
    output = Output(limits.output_bytes)
    output.take_descriptors()
    shell.prepare(output)
    up = put_up()  # before any cell, which might change what is put up
    connection = Connection(socket.socket(fileno=channel))
    worker = _Worker(shell, connection, output, up, seal)
    try:
        connection.send(Message({"ready": True}))
        while True:
            worker.answer()
    except WireError:
        return


def refuse(channel: int, error: OSError) -> None:
    """Tell the judge why this process cannot serve."""
    with contextlib.suppress(WireError):
        Connection(socket.socket(fileno=channel)).send(Message({"ready": False, "error": str(error)}))


class _Worker:
    def __init__(
        self,
        shell: WorkerShell,
        connection: Connection,
        output: Output,
        up: Up,
        seal: Callable[[], None] | None,
    ) -> None:
        self._up = up
        self._seal = seal
        self._mourn = seal is not None
        self._shell = shell
        self._connection = connection
        self._output = output
        self._current = ""  # the cell that runs, whose messages may be sent
        self._process = os.getpid()
        self._exit = os._exit  # kept, as a student may replace it
        self._reserve = Reserve()
        self._sending = threading.RLock()  # the student's threads print, too
        self._running = self._busy = self._interrupted = False
        signal.signal(signal.SIGINT, self._interrupt)

    def _interrupt(self, *_: object) -> None:
        """Interrupt the student's code, but never in the middle of a message."""
        if self._busy:
            self._interrupted = True
        elif self._running:
            raise KeyboardInterrupt

    def answer(self) -> None:
        """Wait for one request and answer it."""
        message = self._connection.receive()
        outcome = self._interruptible(lambda: self._do(message))
        if os.getpid() != self._process:
            self._exit(0)  # the student forked, and the copy came back here
        reply = outcome_to_message(outcome, message.head["id"])
        with self._sending:
            self._current = ""
            try:
                self._connection.send(reply)
            except WireError:
                much = NotArray("other", "far more numbers than were asked for")
                self._connection.send(outcome_to_message(Returned((much,)), message.head["id"]))

    def _do(self, message: Message) -> Returned | Raised | Missing | None:
        if message.head["op"] == "seal":
            self._be_sealed()
            return None
        if message.head["op"] == "call":
            self._bury()
            self._output.begin(None)
            request = request_from_message(message)
            return invoke(self._shell.user_ns, request, self._shell.locate, self._up)
        silent = message.head["silent"]
        self._current = message.head["id"]
        self._output.begin(None if silent else self._emitter(message.head["id"]))
        self._reserve.hold()
        return self._shell.run(Cell(message.head["number"], message.head["source"], message.head["file"]))

    def _be_sealed(self) -> None:
        if self._seal is not None:
            with contextlib.suppress(OSError):
                self._seal()

    def _bury(self) -> None:
        """Count the children that were killed since the cells no longer as processes."""
        while self._mourn:
            try:
                self._mourn = os.waitpid(-1, os.WNOHANG)[0] != 0
            except OSError:
                self._mourn = False

    def _emitter(self, identity: str) -> Callable[[str, dict[str, Any]], None]:
        def emit(kind: str, content: dict[str, Any]) -> None:
            if os.getpid() != self._process:
                return
            head = {"id": identity, "outcome": "message", "type": kind, "content": content}
            with self._sending:
                self._busy = True
                try:
                    if self._current == identity:  # else a thread's, of a cell that was answered
                        self._connection.send(Message(head))
                finally:
                    self._busy = False
            if self._interrupted:
                self._interrupted = False
                raise KeyboardInterrupt

        return emit

    def _interruptible(
        self, action: Callable[[], Returned | Raised | Missing | None]
    ) -> Returned | Raised | Missing | None:
        self._interrupted = False
        try:
            self._running = True
            result = action()
        except BaseException as error:  # an interrupt, or a student who broke our own tools
            self._running = False
            result = describe(error, self._shell.locate)
        finally:
            self._running = False
            self._reserve.release()
        self._output.end()
        return result
