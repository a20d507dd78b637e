"""Notebooks run and judged on this machine, by processes beside the one that writes the gradebook.

Python runs one thread at a time in a process: what judges and what writes would wait for each other.
"""

import atexit
import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from multiprocessing.connection import Connection
from pathlib import Path

from gradecheck.cluster.codec import decode, encode
from gradecheck.cluster.parcel import Parcel
from gradecheck.errors import GradecheckError, SubmissionLost, WorkerUnavailable
from gradecheck.exercise import Exercise
from gradecheck.job import Finished, Job
from gradecheck.nbgrader.orders import READY, Answer, LaneEnded, Order, Place
from gradecheck.pool import PoolState, in_hand_for
from gradecheck.run.sandbox import SandboxMode
from gradecheck.run.surroundings import ONE_THREAD

#: How often a submission is given to such a process before it is given up.
TRIES = 3
_PACKAGE = Path(__file__).resolve().parents[1]
_MODULE = ("-P", "-m", "gradecheck.nbgrader.judging")
_QUIT_SECONDS = 20.0  # a template that is being loaded is waited for
_LAST_WORDS = 1000


class _Ended(Exception):
    """The process ended before it answered."""


class _Process:
    """A running `gradecheck.nbgrader.judging`.

    Attributes:
        place: how it runs submissions.
        ready: done when it takes orders; has `_Ended`, or why there can be none.
        ended: whether it is of no use any more.

    Args:
        place: how it is to run them.
        asked: names of exercises to be ready for.
    """

    def __init__(self, place: Place, asked: Sequence[str]) -> None:
        self.place = place
        self.ready: Future[bytes] = Future()
        self._numbers = itertools.count(READY + 1)
        self._sending = threading.Lock()  # while one waits for room, answers must still be taken
        self._lock = threading.Lock()
        self._stopping = threading.Lock()
        self._waiting = {READY: self.ready}
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the process
        self._folder = Path(tempfile.mkdtemp(prefix="gradecheck-"))
        self._folder.chmod(0o711)  # submissions of other users have their folders in it
        self._socket, theirs = socket.socketpair()
        paths = (str(_PACKAGE.parent), os.environ.get("PYTHONPATH"))  # this gradecheck, not another one
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    *_MODULE,
                    str(theirs.fileno()),
                    str(self._folder),
                    *place.arguments(),
                    *asked,
                ],
                start_new_session=True,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
            )
        self._connection: Connection[Order, Answer] = Connection(os.dup(self._socket.fileno()))
        self.ended = False
        self._said: str | None = None  # in the end
        threading.Thread(target=self._listen, name="gradecheck-judging", daemon=True).start()

    def ask(self, job: bytes, folder: Path) -> Future[bytes]:
        """Give an order; the future has its result, or `_Ended`."""
        future: Future[bytes] = Future()
        with self._lock:
            if self._said is not None:
                future.set_exception(_Ended(self._said))
                return future
            number = next(self._numbers)
            self._waiting[number] = future
        with self._sending:
            try:
                self._connection.send(Order(number, job, folder))
            except OSError:  # the thread that listens hears of it, too, and gives up what waits
                self.ended = True
        return future

    def stop(self) -> None:
        """End it and all that it started; again does nothing."""
        with self._stopping:
            if self._errors.closed:
                return
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # the other side tidies up and ends
            self.ended = True
            try:
                self._process.wait(_QUIT_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._give_up()
            self._errors.close()
            self._socket.close()
            with self._sending:
                self._connection.close()

    def _last_words(self) -> str:
        """The last line that it complained in."""
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - _LAST_WORDS))
        said = self._errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
        return said or f"it ended with {self._process.returncode}"  # below zero: by that signal

    def _listen(self) -> None:
        try:
            while True:
                answer = self._connection.recv()
                with self._lock:
                    future = self._waiting.pop(answer.number)
                if answer.error is not None:
                    future.set_exception(answer.error)
                else:
                    future.set_result(answer.result or b"")
        except (EOFError, OSError):
            pass
        finally:
            self.stop()

    def _give_up(self) -> None:
        said = self._last_words()
        with self._lock:
            self._said = said
            waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            future.set_exception(_Ended(said))


_shared: list[_Process] = []
_sharing = threading.Lock()


@atexit.register
def close_process() -> None:
    """End the process that all runs share, if there is one."""
    with _sharing:
        while _shared:
            _shared.pop().stop()


class BesidePool:
    """The workers of this machine, each judged by a process of its own.

    Args:
        mode: whether submissions run in a sandbox.
        course: the root of the course, which a sandbox does not show.
        workers: how many run at a time.
    """

    def __init__(self, mode: SandboxMode, course: Path, workers: int) -> None:
        self._place = Place(mode, course, workers)
        self._asked: tuple[str, ...] = ()
        self._closed = False
        self.state = PoolState(in_hand_for(workers))

    def ready(self, asked: Sequence[Exercise]) -> None:
        """As `Pool.ready`."""
        self._asked = tuple(exercise.name for exercise in asked)
        self._wait()

    def _wait(self) -> None:
        try:
            self._process().ready.result()
        except _Ended as ended:
            raise WorkerUnavailable(f"The process that judges could not be started: {ended}") from None

    def do(self, job: Job, folder: Path) -> Finished:
        """As `Pool.do`."""
        parcel = encode(Parcel(job, (), self._place.mode is SandboxMode.REQUIRED))
        reason = ""
        for _ in range(TRIES):
            self._wait()  # that it cannot be started again is no fault of this submission
            try:
                return decode(self._process().ask(parcel, folder.resolve()).result(), Finished)
            except (_Ended, LaneEnded) as ended:
                reason = str(ended)
        raise SubmissionLost(f"{TRIES} times the process that judged it ended before it was done ({reason}).")

    def close(self) -> None:
        """As `Pool.close`."""
        with _sharing:
            self._closed = True
        close_process()

    def _process(self) -> _Process:
        """The one process of this one, which all runs share; a fresh one where it ended or does not fit."""
        with _sharing:
            if self._closed:
                raise GradecheckError("Grading was broken off.")
            if _shared and (_shared[0].ended or _shared[0].place != self._place):
                _shared.pop().stop()
            if not _shared:
                _shared.append(_Process(self._place, self._asked))
            return _shared[0]
