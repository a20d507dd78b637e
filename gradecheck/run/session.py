"""One submission in a process of its own: runs its cells, calls its functions, outlives its deaths."""

import functools
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, Self, TypeVar

from gradecheck.errors import WorkerUnavailable
from gradecheck.run.caller import ArgumentKind
from gradecheck.run.cells import Cell, CellResult, OnMessage
from gradecheck.run.invoke import Request
from gradecheck.run.limits import MAX_MESSAGE_BYTES, Limits
from gradecheck.run.outcome import Array, Died, Missing, Outcome, Raised, Returned, TimedOut
from gradecheck.run.replies import cell_message_from_message, outcome_from_message, request_to_message
from gradecheck.run.wire import Closed, Connection, Message, WireError
from gradecheck.setting import Setting

_DYING_SECONDS = 0.3  # between a closed connection and the end of the process that held it

_MOST_LOSSES = 3

_Answer = Returned | Raised | Missing | None


class Child(Protocol):
    """A process that runs `gradecheck.run.worker`, as the judge sees it.

    Attributes:
        connection: to the worker, which is ready.
        lost: whether it ended for reasons that this submission cannot have caused, or may not have.
        orphaned: whether the process that had started it is gone.
    """

    connection: Connection
    lost: bool
    orphaned: bool

    def interrupt(self) -> None:
        """Ask the student's code to stop (SIGINT)."""

    def is_kept(self) -> bool:
        """Whether the process that started it is still there; asked after each answer."""

    def sweep(self) -> None:
        """Kill what it started, but not the process itself."""

    def end(self, grace: float) -> int | None:
        """Wait `grace` seconds for its own end, then kill it and all that it started.

        Returns:
            The signal that ended it by its own doing, None for an exit or for our kill.
        """


_Asked = TypeVar("_Asked")

Fork = Callable[[Path, Limits, bool, bool], Child]
"""Makes a child with a working directory; the first flag says that it will draw figures, the second that
nothing else may be started by what starts it. Raises `WorkerUnavailable`."""


class Session:
    """The cells of one submission, and a `gradecheck.run.caller.Caller` of what they define.

    Made by `gradecheck.run.client.Template.session`. Close it, or use it as a context manager.
    """

    def __init__(
        self,
        fork: Fork,
        cells: Sequence[Cell],
        directory: Path,
        limits: Limits,
        on_message: OnMessage | None = None,
    ) -> None:
        self._fork = fork
        self._cells = tuple(cells)
        self._draws = any("matplotlib" in cell.source for cell in cells)
        self._directory = directory
        self._limits = limits
        self._on_message = on_message
        self._child: Child | None = None
        self._lost = False
        self._alone = False
        self._ready = False  # to be called
        self._losses = 0
        self._harmless: list[Cell] = []
        self._results: tuple[CellResult, ...] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process and all that it started; again does nothing."""
        child, self._child = self._child, None
        if child is not None:
            child.end(0)

    def run_cells(self) -> tuple[CellResult, ...]:
        """Run all cells in order, once; asking again gives the same results.

        A cell that raises does not stop the rest. One that ends the process, or has to be killed, is
        recorded, and a fresh process runs the others again, without their output, and goes on; after
        `Limits.restarts` of these the remaining cells are reported as not run.

        Raises:
            WorkerUnavailable: no process could be started.
        """
        if self._results is None:
            self._results = self._run_all()
        return self._results

    def call(
        self,
        function: str,
        arguments: Sequence[Array],
        *,
        kind: ArgumentKind = ArgumentKind.TENSOR32,
        outputs: int = 1,
        report_arguments: bool = False,
        settings: Sequence[Setting] = (),
        driver: str = "",
    ) -> Outcome:
        """Call a function that the cells defined; see `gradecheck.run.caller.Caller.call`.

        Raises:
            WorkerUnavailable: no process could be started; nothing that the function does raises.
        """
        self.run_cells()
        request = Request(
            function, tuple(arguments), kind, outputs, report_arguments, tuple(settings), driver
        )
        message = request_to_message(request, secrets.token_hex(8))
        outcome = self._surely(lambda: self._call(message))
        if outcome is None:  # an answer to a question that was not asked
            return self._died(0)
        return outcome

    def _call(self, message: Message) -> Outcome | None:
        if not self._ready:
            failed = self._get_ready()
            if failed is not None:
                return failed
        return self._exchange(message, self._limits.call_seconds)

    def _get_ready(self) -> Outcome | None:
        """See to it that nothing but the worker's process runs, as no other is watched."""
        seal = Message({"op": "seal", "id": secrets.token_hex(8)})
        failed = self._exchange(seal, self._limits.call_seconds)
        if failed is None and self._child is not None:
            self._child.sweep()
            self._ready = not self._child.lost
            if not self._ready:
                return self._died(0)
        return failed

    def _run_all(self) -> tuple[CellResult, ...]:
        self._harmless = []
        self._revive()
        results = []
        restarts = 0
        for cell in self._cells:
            if self._child is None and restarts == self._limits.restarts:
                results.append(CellResult(cell.number, None, ran=False))
                continue
            if self._child is None:
                restarts += 1
            outcome = self._surely(functools.partial(self._run, cell, silent=False))
            results.append(CellResult(cell.number, outcome))
            if not isinstance(outcome, TimedOut | Died):
                self._harmless.append(cell)
        return tuple(results)

    def _surely(self, ask: Callable[[], _Asked]) -> _Asked:
        """Ask in a live process, and again as long as that is lost through no fault of the submission."""
        while True:
            if self._child is None:
                self._revive()
            outcome = ask()
            if not self._lost:
                return outcome

    def _revive(self) -> None:
        """A fresh process in which the harmless cells ran; one that proves deadly now is left out."""
        while self._child is None:
            self._lost = self._ready = False
            self._child = self._fork(self._directory, self._limits, self._draws, self._alone)
            for cell in tuple(self._harmless):
                if isinstance(self._run(cell, silent=True), TimedOut | Died) and not self._lost:
                    self._harmless.remove(cell)
                if not self._alive():
                    break

    def _alive(self) -> bool:
        return self._child is not None

    def _run(self, cell: Cell, *, silent: bool) -> Raised | TimedOut | Died | None:
        head = {
            "op": "cell",
            "id": secrets.token_hex(8),
            "number": cell.number,
            "source": cell.source,
            "file": cell.file,
            "silent": silent,
        }
        outcome = self._exchange(Message(head), self._limits.cell_seconds, None if silent else cell.number)
        if isinstance(outcome, Returned | Missing):
            return self._died(0)
        return outcome

    def _exchange(self, request: Message, seconds: float, cell: int | None = None) -> Outcome | None:
        """Send a request and wait for its answer, whatever the child does instead of answering."""
        assert self._child is not None
        deadline = time.monotonic() + seconds
        try:
            self._child.connection.send(request, deadline)
        except TimeoutError:
            self._bury(0)
            return TimedOut(seconds)
        except WireError:
            return self._died(_DYING_SECONDS)
        identity = request.head["id"]
        try:
            answer = self._answer(identity, deadline, cell)
            return answer if self._child.is_kept() else self._died(0)
        except TimeoutError:
            self._stop(identity, cell)
            return TimedOut(seconds)
        except WireError as error:
            return self._died(_DYING_SECONDS if isinstance(error, Closed) else 0)
        except BaseException:  # Ctrl-C, or what was to be told of the cell's output raised
            self.close()
            raise

    def _answer(self, identity: str, deadline: float, cell: int | None) -> _Answer:
        assert self._child is not None
        connection = self._child.connection
        most = connection.received + MAX_MESSAGE_BYTES + 8 * self._limits.output_bytes
        while True:
            message = connection.receive(deadline)
            if message.head.get("id") != identity:
                raise WireError("an answer to another question")
            if message.head.get("outcome") != "message":
                return outcome_from_message(message)
            shown = cell_message_from_message(message)
            if connection.received > most:
                raise WireError("a flood of messages")
            if cell is not None and self._on_message is not None:
                self._on_message(cell, shown)

    def _stop(self, identity: str, cell: int | None) -> None:
        """Interrupt what runs too long, and kill it when that does not help."""
        assert self._child is not None
        self._child.interrupt()
        try:
            self._answer(identity, time.monotonic() + self._limits.grace_seconds, cell)
        except (TimeoutError, WireError):
            self._bury(0)

    def _died(self, grace: float) -> Died:
        child = self._child
        signal = self._bury(grace)
        return Died(signal, starter=child is not None and child.orphaned)

    def _bury(self, grace: float) -> int | None:
        child, self._child = self._child, None
        if child is None:
            return None
        status = child.end(grace)
        if child.lost:
            self._lost = self._alone = True
            self._losses += 1
            if self._losses > _MOST_LOSSES:
                raise WorkerUnavailable("Something keeps ending the process that runs answers.")
        return status
