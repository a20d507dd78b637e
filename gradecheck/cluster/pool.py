"""Notebooks graded by the workers of a Dask cluster: sent, waited for, and sent elsewhere when need be."""

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import dask
from distributed import Client, Future, LocalCluster

from gradecheck.cluster.codec import decode, encode
from gradecheck.cluster.files import read_folder
from gradecheck.cluster.line import Line, Sent, Ticket
from gradecheck.cluster.parcel import Parcel
from gradecheck.cluster.worker import grade
from gradecheck.cluster.workers import ClusterLost, Worker, Workers
from gradecheck.errors import SubmissionLost, WorkerUnavailable
from gradecheck.exercise import Exercise
from gradecheck.job import Finished, Job
from gradecheck.observe import PATIENCE_SECONDS
from gradecheck.pool import PoolState, Throughput

#: What `--cluster` calls Dask's own cluster on this machine.
LOCAL = "local"
#: On so many workers a submission is tried before it is given up.
TRIES = 3
#: Seconds to reach the scheduler, and to wait for a first worker that may grade.
CONNECT_SECONDS = 10.0
WORKER_SECONDS = 15.0
#: Added to what a submission may take by its limits, for its start and its way.
_GRACE_SECONDS = 120.0
_LOOK_SECONDS = 0.5
_FETCH_SECONDS = 30.0
#: Dask would look a hundred times a second at what a worker is doing, and fifty times whether it is awake.
_CALM = {"distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "1s"}
_TALKATIVE = ("distributed", "distributed.client", "tornado.application")


class ClusterPool:
    """Does jobs on a cluster; `do` may be called from several threads, and waits.

    Args:
        address: of a scheduler, such as tcp://10.0.0.5:8786, or `LOCAL`.
        sandboxed: whether workers run students' code in a sandbox.
        workers: how many processes `LOCAL` starts; one on each core by default.

    Raises:
        ClusterLost: no scheduler answers, or none of its workers may grade.
    """

    def __init__(
        self,
        address: str,
        *,
        sandboxed: bool,
        workers: int | None = None,
    ) -> None:
        self._sandboxed = sandboxed
        self._stack = ExitStack()
        self._closed = threading.Event()
        self._line = Line()
        for name in _TALKATIVE:  # of a lost connection we say what it means, in one sentence
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            self._client = self._connect(address, workers)
            self._workers = Workers(self._client, sandboxed=sandboxed)
            first = self._workers.take(WORKER_SECONDS)
            assert first is not None
            self._workers.give_back(first, done=0)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def state(self) -> PoolState:
        """As `Pool.state`; as many wait as are graded, so that they can go together and none waits for us."""
        rates = (Throughput(worker.address, worker.a_minute) for worker in self._workers.graded)
        return PoolState(2 * self._line.together * self._places + 2, tuple(rates), self._workers.reasons)

    @property
    def _places(self) -> int:
        return sum(worker.slots for worker in self._workers.fit)

    def ready(self, asked: Sequence[Exercise]) -> None:
        """As `Pool.ready`: a worker that may grade was found when this was made."""

    def do(self, job: Job, folder: Path) -> Finished:
        """Have a notebook run and judged.

        Args:
            job: what is to be done.
            folder: what lies beside the notebook.

        Raises:
            ClusterLost: the scheduler is gone, or no worker is left.
            SubmissionLost: several workers were lost over it.
            WorkerUnavailable: it cannot be sent, or a worker has no sandbox after all.
        """
        parcel = Parcel(job, read_folder(folder, job.limits), self._sandboxed)
        ticket = Ticket(encode(parcel), _patience(job))
        tried: dict[str, str] = {}
        for number in range(TRIES):
            sent = self._alone(ticket, frozenset(tried)) if number else self._in_company(ticket)
            if sent.content is not None:
                return decode(sent.content, Finished)
            tried[sent.address] = sent.reason
        told = "; ".join(f"{address}: {reason}" for address, reason in tried.items())
        raise SubmissionLost(f"{TRIES} times a worker of the cluster could not grade it ({told}).")

    def _in_company(self, ticket: Ticket) -> Sent:
        """Send it with others that wait; whoever gets a place sends the first of the line."""
        self._line.join(ticket)
        try:
            while not ticket.taken:
                worker = self._workers.take(WORKER_SECONDS, lambda: ticket.taken)
                if worker is not None:
                    self._send_first(worker)
            return ticket.sent.result()
        finally:
            self._line.leave(ticket)

    def _send_first(self, worker: Worker) -> None:
        tickets = self._line.take(self._places)
        self._workers.look_again()
        try:
            for ticket, sent in zip(tickets, self._send(worker, tickets), strict=True):
                ticket.sent.set_result(sent)
        except BaseException as error:
            for ticket in tickets:  # the threads that wait for it have to hear of it
                ticket.sent.set_exception(error)

    def _alone(self, ticket: Ticket, tried: frozenset[str]) -> Sent:
        """Send what a worker was lost over, with nothing beside it: that may have been due to another one."""
        (sent,) = self._send(self._workers.take_whole(tried, WORKER_SECONDS), [ticket], whole=True)
        return sent

    def _send(self, worker: Worker, tickets: Sequence[Ticket], *, whole: bool = False) -> Sequence[Sent]:
        answer: list[bytes] | str = []
        try:
            if tickets:
                answer = self._on(worker, [t.content for t in tickets], sum(t.seconds for t in tickets))
        finally:
            done = 0 if isinstance(answer, str) else len(answer)
            self._workers.give_back(worker, done=done, whole=whole)
        if isinstance(answer, str):
            return [Sent(worker.address, reason=answer) for _ in tickets]
        return [Sent(worker.address, content) for content in answer]

    def _on(self, worker: Worker, contents: Sequence[bytes], seconds: float) -> list[bytes] | str:
        """What a worker answers; or why it does not."""
        ended = threading.Event()
        deadline = time.monotonic() + seconds
        future: Future[list[bytes]] | None = None
        try:
            future = self._client.submit(
                grade, contents, workers=[worker.address], allow_other_workers=False, pure=False, retries=0
            )
            future.add_done_callback(lambda _: ended.set())
            while not ended.wait(_LOOK_SECONDS):
                if self._closed.is_set():
                    raise ClusterLost("Grading was broken off.")
                if time.monotonic() > deadline:
                    return f"no answer within {seconds:.0f} s"
                if not self._workers.is_here(worker.address):
                    return "it is gone, or says nothing"
            answer: list[bytes] = future.result(timeout=_FETCH_SECONDS)
            return answer if len(answer) == len(contents) else "it answered something else"
        except (ClusterLost, WorkerUnavailable):
            raise
        except Exception as error:  # of Dask, or of the worker
            self._workers.is_here(worker.address)  # raises if it is the scheduler that went away
            return f"{type(error).__name__}: {error}"
        finally:
            if future is not None and not ended.is_set():
                future.cancel()
            if future is not None:
                future.release()

    def close(self) -> None:
        """Leave the cluster, or end it where it is our own; again does nothing."""
        self._closed.set()
        self._stack.close()

    def _connect(self, address: str, workers: int | None) -> Client:
        try:
            client = Client(
                _own_cluster(self._stack, workers) if address == LOCAL else address, timeout=CONNECT_SECONDS
            )
        except (OSError, TimeoutError, ValueError) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise ClusterLost(
                f"No scheduler answers at {address} ({said}); start one with `dask scheduler`"
            ) from error
        except (RuntimeError, TypeError) as error:  # what Dask makes of certificates that it misses
            said = " ".join(str(error).split())
            raise ClusterLost(
                f"Dask's TLS settings here do not fit {address} ({said}); docs/cluster.md has them all"
            ) from error
        self._stack.enter_context(client)
        return client


def _own_cluster(stack: ExitStack, workers: int | None) -> LocalCluster:
    """Dask's own cluster on this machine; it ends with the stack."""
    with dask.config.set(_CALM):
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,  # TensorFlow's memory is no reason to end a worker; submissions have limits
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )
    stack.enter_context(cluster)
    return cluster


def _patience(job: Job) -> float:
    """Seconds of wall time that a submission may take by its limits, and some for its way."""
    limits = job.limits
    cells = (1 + limits.restarts) * len(job.submission.cells) * (limits.cell_seconds + limits.grace_seconds)
    return cells + len(job.seeds) * max(PATIENCE_SECONDS, 3 * limits.call_seconds) + _GRACE_SECONDS
