"""One submission in a process of its own: runs its cells, calls its functions, outlives its deaths."""

import contextlib
import functools
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self, TypeVar

from gradecheck.errors import WorkerUnavailable
from gradecheck.run.ahead import Batch
from gradecheck.run.caller import ArgumentKind, Call
from gradecheck.run.cells import Cell, CellResult, OnMessage
from gradecheck.run.child import Child, Fork
from gradecheck.run.limits import MAX_MESSAGE_BYTES, Limits
from gradecheck.run.outcome import Array, Died, Missing, Outcome, Raised, Returned, TimedOut
from gradecheck.run.replies import cell_message_from_message, outcome_from_message
from gradecheck.run.wire import Closed, Message, WireError
from gradecheck.setting import Setting

_DYING_SECONDS = 0.3  # between a closed connection and the end of the process that held it

_MOST_LOSSES = 3

_Answer = Returned | Raised | Missing | None

_Asked = TypeVar("_Asked")


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
        self._batch = Batch([])  # the last one whose requests were sent
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
        call = Call(arguments, kind, settings, report_arguments)
        return next(self.calls(function, [call], outputs=outputs, driver=driver))

    def calls(
        self, function: str, calls: Sequence[Call], *, outputs: int = 1, driver: str = ""
    ) -> Iterator[Outcome]:
        """See `gradecheck.run.caller.Caller.calls`; many requests are under way before the first answer.

        Each call has its own time limit, from when its outcome is asked for. One that is not kept ends the
        process where later calls were sent already, as an interrupt could hit one of those; they are made
        again in a fresh one, as are those after a death.

        Raises:
            WorkerUnavailable: no process could be started; nothing that the function does raises.
        """
        self.run_cells()
        batch = Batch.of(function, calls, outputs, driver)
        self._settle(batch)
        if batch and self._ready and self._child is not None:
            with contextlib.suppress(WireError):  # told when the answer is waited for
                batch.send(self._child.connection)
        return self._outcomes(batch)

    def _outcomes(self, batch: Batch) -> Iterator[Outcome]:
        while batch:
            self._settle(batch)
            outcome = self._surely(lambda: self._call(batch))
            batch.answered()
            yield self._died(0) if outcome is None else outcome  # None answers another question

    def _settle(self, batch: Batch) -> None:
        """Make this the batch whose answers come next: wait a moment for what is still owed, or kill."""
        before, self._batch = self._batch, batch
        if before is batch or self._child is None:
            return
        deadline = time.monotonic() + self._limits.grace_seconds
        try:
            for identity in before.give_up(self._child.connection):
                self._answer(identity, deadline, None)
        except (TimeoutError, WireError):
            self._bury(0)
        except BaseException:
            self.close()
            raise

    def _call(self, batch: Batch) -> Outcome | None:
        if not self._ready:
            failed = self._get_ready()
            if failed is not None:
                return failed
        assert self._child is not None
        deadline = time.monotonic() + self._limits.call_seconds
        try:
            identity = batch.send(self._child.connection)
        except WireError:
            return self._died(0)
        return self._wait(identity, deadline, self._limits.call_seconds, alone=batch.ahead == 1)

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
        return self._wait(request.head["id"], deadline, seconds, cell)

    def _wait(
        self, identity: str, deadline: float, seconds: float, cell: int | None = None, *, alone: bool = True
    ) -> Outcome | None:
        """Wait for an answer; `alone` says that nothing else was asked, so that an interrupt hits this."""
        assert self._child is not None
        try:
            answer = self._answer(identity, deadline, cell)
            return answer if self._child.is_kept() else self._died(0)
        except TimeoutError:
            if alone:
                self._stop(identity, cell)
            else:
                self._bury(0)
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
