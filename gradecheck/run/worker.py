"""The child's loop: run cells, call functions, nothing else. Runs beside the student's code.

SIGINT is the judge's way of saying "your time is up": it interrupts the student's code and nothing more.
"""

import os
import signal
import socket
from collections.abc import Callable
from typing import Any, TypeVar

from gradecheck.run.cells import Cell
from gradecheck.run.frames import describe
from gradecheck.run.invoke import invoke
from gradecheck.run.limits import Limits
from gradecheck.run.outcome import Missing, NotArray, Raised, Returned
from gradecheck.run.replies import outcome_to_message, request_from_message
from gradecheck.run.shell import WorkerShell
from gradecheck.run.streams import Output
from gradecheck.run.wire import Connection, Message, WireError

_Result = TypeVar("_Result")


def serve(shell: WorkerShell, channel: int, limits: Limits) -> None:
    """Answer requests until the judge closes the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output = Output(limits.output_bytes)
    output.take_descriptors()
    shell.prepare(output)
    worker = _Worker(shell, Connection(socket.socket(fileno=channel)), output)
    while True:
        try:
            worker.answer()
        except WireError:
            return


class _Worker:
    def __init__(self, shell: WorkerShell, connection: Connection, output: Output) -> None:
        self._shell = shell
        self._connection = connection
        self._output = output
        self._process = os.getpid()
        self._exit = os._exit  # kept, as a student may replace it

    def answer(self) -> None:
        """Wait for one request and answer it."""
        message = self._connection.receive()
        outcome = self._interruptible(lambda: self._do(message))
        if os.getpid() != self._process:
            self._exit(0)  # the student forked, and the copy came back here
        reply = outcome_to_message(outcome, message.head["id"])
        try:
            self._connection.send(reply)
        except WireError:
            much = NotArray("other", "far more numbers than were asked for")
            self._connection.send(outcome_to_message(Returned((much,)), message.head["id"]))

    def _do(self, message: Message) -> Returned | Raised | Missing | None:
        if message.head["op"] == "call":
            self._output.begin(None)
            request = request_from_message(message)
            return invoke(self._shell.user_ns, request, self._shell.locate)
        silent = message.head["silent"]
        self._output.begin(None if silent else self._emitter(message.head["id"]))
        return self._shell.run(Cell(message.head["number"], message.head["source"]))

    def _emitter(self, identity: str) -> Callable[[str, dict[str, Any]], None]:
        def emit(kind: str, content: dict[str, Any]) -> None:
            if os.getpid() == self._process:
                head = {"id": identity, "outcome": "message", "type": kind, "content": content}
                self._connection.send(Message(head))

        return emit

    def _interruptible(
        self, action: Callable[[], Returned | Raised | Missing | None]
    ) -> Returned | Raised | Missing | None:
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            result = action()
        except BaseException as error:  # an interrupt, or a student who broke our own tools
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            result = describe(error, self._shell.locate)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._output.end()
        return result
