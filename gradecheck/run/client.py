"""Where the judge gets sessions from: one process that is ready to fork a worker for each submission."""

import contextlib
import itertools
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from gradecheck.errors import WorkerUnavailable
from gradecheck.run.canary import prove
from gradecheck.run.cells import Cell, CellResult, OnMessage
from gradecheck.run.child import Child
from gradecheck.run.handover import weigh
from gradecheck.run.limits import Limits
from gradecheck.run.offspring import can_fork
from gradecheck.run.options import Options
from gradecheck.run.process import Gone, Refused, TemplateProcess
from gradecheck.run.sandbox import (
    SandboxMode,
    environment,
    kept_folders,
    sandbox_unavailable,
    shown_folders,
    wrap,
)
from gradecheck.run.session import Session
from gradecheck.run.spawn import how_to_see, spawn
from gradecheck.run.surroundings import sources, surroundings
from gradecheck.run.users import can_give_up_root
from gradecheck.run.wire import WireError

__all__ = ["Cell", "CellResult", "Limits", "Session", "Template"]

_READY_SECONDS = 60.0


class Template:
    """The process that forks a worker for each submission; safe to use from several threads.

    `start` does not wait: TensorFlow is imported while the judge does other things. A process that ended
    is replaced. Whatever ends the judge ends the process, which notices that its connection was closed.

    Args:
        fork: False for a fresh process for each session instead, as is done where nothing can be forked.
        sandbox: whether submissions run in a sandbox. They then work on a copy of their folder.
        hidden: folders that a sandbox must not show, such as the course's.
        warm: whether to spend half a second at the start for less at each session; by default where there
            is a sandbox, as there will be many.
        apart: whether submissions without a sandbox, where this process is root, run as users of their own
            that own nothing but their folder, if Python's folders let them. The folder must be a copy.
        own: whether the first process may be a fork of this one, where that is safe. This one must have
            imported TensorFlow, not used it, and hold nothing that a student may not see.
    """

    def __init__(
        self,
        *,
        fork: bool | None = None,
        sandbox: SandboxMode = SandboxMode.NONE,
        hidden: Sequence[Path] = (),
        warm: bool | None = None,
        apart: bool = False,
        own: bool = False,
    ) -> None:
        self._sandboxed = sandbox is SandboxMode.REQUIRED
        self._forks = self._sandboxed or (hasattr(os, "fork") if fork is None else fork)
        self._hidden = (*hidden, *sources())
        self._warm = self._sandboxed if warm is None else warm
        self._apart = apart and not self._sandboxed and can_give_up_root(shown_folders())
        self._own = own
        self._lock = threading.RLock()
        self._process: TemplateProcess | None = None
        self._numbers = itertools.count(1)
        self._children: list[Child] = []
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the process if it does not run, without waiting for it.

        Raises:
            WorkerUnavailable: a sandbox is required, and there can be none.
        """
        if self._forks:
            self._running()

    def wait(self) -> None:
        """Wait until the process can fork; where there is none, `start` it first.

        Raises:
            WorkerUnavailable: it could not be started.
        """
        if self._forks:
            process = self._running()
            try:
                process.wait()
            except Gone as gone:
                process.stop()
                raise _useless(process, gone) from None

    def go_apart(self, number: int, parts: int, processors: Iterable[int]) -> None:
        """Go on with a fork of the process, after this process was forked from the one that started it.

        What `parts` such forks of this process do does not get in each other's way. The one that started it
        has to `wait` first, and must not use it while this is under way.

        Args:
            number: of this part, from 0.
            parts: how many there are.
            processors: where answers may run.
        """
        whole, self._process = self._process, None
        self._numbers = itertools.count(number + 1, parts)  # another part's child gets another user
        self._folder = None
        if whole is not None:
            with contextlib.suppress(Gone, Refused):  # then it starts one of its own
                self._process = whole.split(number, parts, processors)
            whole.leave()

    def close(self) -> None:
        """End the process, its sessions and all their children; again does nothing."""
        with self._lock:
            for child in self._children:
                child.end(0)
            if self._process is not None:
                self._process.stop()
                self._process = None
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the process and of all children that ended, user and system.

        The system's own sums of a parent's children leave out what ran in a sandbox.
        """
        with self._lock:
            if self._process is None or self._process.stopped:
                return 0.0
            return self._process.cpu_seconds()

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
        return Session(self._child, cells, folder, limits or Limits(), on_message)

    def _child(self, directory: Path, limits: Limits, figures: bool, alone: bool) -> Child:
        child = self._any_child(directory, limits, figures, alone)
        with self._lock:
            self._children = [other for other in self._children if not other.connection.closed] + [child]
        return self._greeted(child)

    def _any_child(self, directory: Path, limits: Limits, figures: bool, alone: bool) -> Child:
        if not self._forks:
            return self._spawn(directory, limits)
        if alone and not self._sandboxed:  # where a submission may have ended what all were started by
            return self._fork_alone(directory, limits, figures)
        return self._fork(directory, limits, figures)

    def _fork_alone(self, directory: Path, limits: Limits, figures: bool) -> Child:
        """A child of a template of its own.

        Raises:
            WorkerUnavailable: there can be none.
        """
        with self._lock:
            folder = Path(tempfile.mkdtemp(dir=self._scratch()))
        process = TemplateProcess.launch(folder, surroundings(folder), options=Options(apart=self._apart))
        try:
            return process.fork(next(self._numbers), directory, limits, figures=figures, alone=True)
        except (Refused, Gone) as error:
            process.stop()
            raise WorkerUnavailable(f"A process for answers could not be started: {error}") from None

    def _fork(self, directory: Path, limits: Limits, figures: bool) -> Child:
        if self._sandboxed:
            weigh(directory, limits)
        with self._lock:
            for attempt in (1, 2):
                process = self._running()
                try:
                    if not process.proven:
                        process = self._prove(process)
                    return process.fork(next(self._numbers), directory, limits, figures=figures)
                except Refused as refused:
                    raise WorkerUnavailable(f"The system refuses another process: {refused}") from None
                except Gone as gone:
                    process.stop()
                    if attempt == 2:
                        raise _useless(process, gone) from None
        raise AssertionError

    def _prove(self, process: TemplateProcess) -> TemplateProcess:
        """The process once its canaries came back, or another that only imports."""
        if self._sandboxed or process.options.warm:
            warmed = process.options.warm

            def fork(directory: Path, limits: Limits, figures: bool, _alone: bool) -> Child:
                return self._greeted(process.fork(next(self._numbers), directory, limits, figures=figures))

            proof = prove(fork, self._scratch(), self._hidden, sandboxed=self._sandboxed, warmed=warmed)
            if proof.leak is not None:
                process.stop()
                raise WorkerUnavailable(f"The sandbox was tried and does not hold: {proof.leak}.")
            if warmed and not proof.warm:
                process.stop()
                self._warm = False
                return self._prove(self._running())
        process.proven = True
        return process

    @staticmethod
    def _greeted(child: Child) -> Child:
        """A child that said that it is ready."""
        try:
            greeting = child.connection.receive(time.monotonic() + _READY_SECONDS).head
        except (WireError, TimeoutError) as error:
            greeting = {"error": str(error) or "it says nothing"}
        except BaseException:
            child.end(0)
            raise
        if greeting.get("ready") is not True:
            child.end(0)
            reason = greeting.get("error")
            raise WorkerUnavailable(f"A process for a submission could not be prepared: {reason}")
        return child

    def _spawn(self, directory: Path, limits: Limits) -> Child:
        with self._lock:
            folder = self._scratch()
            errors = folder / f"stderr-{next(self._numbers)}"
        return spawn(directory, limits, surroundings(folder), errors)

    def _running(self) -> TemplateProcess:
        with self._lock:
            if self._process is None or self._process.stopped:
                self._process = self._launch()
            return self._process

    def _launch(self) -> TemplateProcess:
        reason = sandbox_unavailable() if self._sandboxed else None
        if reason is not None:
            raise WorkerUnavailable(reason)
        folder = self._scratch()
        if not self._sandboxed:
            own, self._own = self._own and can_fork(), False
            options = Options(warm=self._warm, apart=self._apart)
            return TemplateProcess.launch(folder, surroundings(folder), options=options, own=own)
        options = Options(sandboxed=True, kept=kept_folders(), warm=self._warm)
        inside = environment(surroundings(folder))
        return TemplateProcess.launch(folder, inside, wrapper=wrap(self._hidden), options=options)

    def _scratch(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="gradecheck-"))
        return self._folder


def _useless(process: TemplateProcess, reason: Gone) -> WorkerUnavailable:
    return WorkerUnavailable(
        f"The process that runs answers could not be used: {reason}\n{process.last_words()}\n{how_to_see()}"
    )
