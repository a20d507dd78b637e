"""The workers of a cluster as the instructor's process sees them: there, fit, busy, silent or gone."""

import pkgutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dask
from distributed import Client

from gradecheck.cluster.fitness import describe, unfit
from gradecheck.errors import GradecheckError

#: In Dask's configuration: a worker that says nothing for so many seconds is taken for lost. Busy ones say
#: something every few seconds, idle ones twice a second.
SILENCE = "gradecheck.silence"
SILENCE_SECONDS = 30.0
#: How old what we know of the workers may be.
_REFRESH_SECONDS = 1.0
_ASK_SECONDS = 10.0
#: What a worker must have, in the words of `pkgutil.resolve_name`.
_MODULE = "gradecheck.cluster.worker:__name__"


class ClusterLost(GradecheckError):
    """The scheduler cannot be reached, or none of its workers may grade."""


@dataclass(eq=False)
class Worker:
    """One worker that may grade.

    Attributes:
        address: Dask's.
        slots: how many submissions it takes at a time.
        busy: how many it has now.
        done: how many it has graded.
        since: when it was first given one, of `time.monotonic()`.
        kept: whether somebody waits until it has none.
    """

    address: str
    slots: int
    busy: int = 0
    done: int = 0
    since: float | None = None
    kept: bool = False

    @property
    def a_minute(self) -> float:
        """Submissions a minute."""
        return 0.0 if self.since is None else 60 * self.done / max(time.monotonic() - self.since, 1e-3)


class Workers:
    """Gives out places on workers; safe to use from several threads.

    Args:
        client: connected to the scheduler.
        sandboxed: whether a worker needs a sandbox.

    Raises:
        ClusterLost: the scheduler has no gradecheck.
    """

    def __init__(
        self,
        client: Client,
        *,
        sandboxed: bool,
    ) -> None:
        self._client = client
        self._sandboxed = sandboxed
        self._silence = float(dask.config.get(SILENCE, SILENCE_SECONDS))
        self._fit: dict[str, Worker] = {}
        self._unfit: dict[str, str] = {}
        self._here: set[str] = set()
        self._signs: dict[str, tuple[float, float]] = {}  # the last sign of life, and when we learned of it
        self._looked = float("-inf")
        self._change = threading.Condition()
        self._require_scheduler()

    @property
    def fit(self) -> tuple[Worker, ...]:
        """The workers that may grade and are there."""
        with self._change:
            return tuple(worker for worker in self._fit.values() if worker.address in self._here)

    @property
    def reasons(self) -> tuple[str, ...]:
        """A sentence for each worker that may not grade, which says why."""
        with self._change:
            return tuple(self._unfit.values())

    @property
    def graded(self) -> tuple[Worker, ...]:
        """Every worker that has graded something, those that are gone among them."""
        with self._change:
            return tuple(worker for worker in self._fit.values() if worker.done)

    def is_here(self, address: str) -> bool:
        """Whether a worker is there and says something.

        Raises:
            ClusterLost: the scheduler is gone.
        """
        with self._change:
            self._refresh()
            return address in self._here

    def take(self, seconds: float, needless: Callable[[], bool] = lambda: False) -> Worker | None:
        """A place on the least busy worker; waits for one, as others may come.

        Args:
            seconds: how long to wait while there is no worker at all.
            needless: asked again and again whether none is wanted any more; then it is None.

        Raises:
            ClusterLost: the scheduler is gone, or no worker that may grade came in time.
        """

        def choose(here: Sequence[Worker]) -> Worker | None:
            free = [worker for worker in here if worker.busy < worker.slots and not worker.kept]
            return min(free, key=lambda worker: worker.busy / worker.slots, default=None)

        with self._change:
            worker = self._wait_for(choose, seconds, needless)
            if worker is not None:
                self._occupy(worker, 1)
            return worker

    def take_whole(self, avoid: frozenset[str], seconds: float) -> Worker:
        """All places of a worker, so that nothing else is lost with it.

        Args:
            avoid: addresses that were tried before, used only where there is no other.
            seconds: how long to wait while there is no worker at all.

        Raises:
            ClusterLost: the scheduler is gone, or no worker that may grade came in time.
        """
        kept: list[Worker] = []  # nobody else gets a place on it meanwhile

        def choose(here: Sequence[Worker]) -> Worker | None:
            if kept and kept[0] not in here:
                kept.pop().kept = False
            if not kept:
                fresh = [worker for worker in here if worker.address not in avoid]
                others = [worker for worker in fresh or here if not worker.kept]
                kept.extend(sorted(others, key=lambda worker: worker.busy)[:1])
                for worker in kept:
                    worker.kept = True
            return kept[0] if kept and not kept[0].busy else None

        with self._change:
            try:
                worker = self._wait_for(choose, seconds)
                assert worker is not None
                self._occupy(worker, worker.slots)
                return worker
            finally:
                for worker in kept:
                    worker.kept = False

    def _wait_for(
        self,
        choose: Callable[[Sequence[Worker]], Worker | None],
        seconds: float,
        needless: Callable[[], bool] = lambda: False,
    ) -> Worker | None:
        deadline = time.monotonic() + seconds
        while not needless():
            self._refresh()
            here = [worker for worker in self._fit.values() if worker.address in self._here]
            chosen = choose(here)
            if chosen is not None:
                return chosen
            if here:
                deadline = time.monotonic() + seconds
            elif time.monotonic() > deadline:
                raise ClusterLost(self._nobody())
            self._change.wait(_REFRESH_SECONDS / 4)
        return None

    @staticmethod
    def _occupy(worker: Worker, places: int) -> None:
        worker.busy += places
        worker.since = worker.since or time.monotonic()

    def look_again(self) -> None:
        """Have all that wait for a place ask whether they still need it."""
        with self._change:
            self._change.notify_all()

    def give_back(self, worker: Worker, *, done: int, whole: bool = False) -> None:
        """Return a place, or a `whole` worker, after so many submissions were graded there."""
        with self._change:
            worker.busy -= worker.slots if whole else 1
            worker.done += done
            if not worker.done and not worker.busy:
                worker.since = None
            self._change.notify_all()

    def _require_scheduler(self) -> None:
        """Dask's scheduler reads the names of our functions, so it needs them, too."""
        try:
            self._client.run_on_scheduler(pkgutil.resolve_name, _MODULE)
        except (ImportError, AttributeError) as error:
            raise ClusterLost(
                f"The scheduler at {_address(self._client)} has no gradecheck, or an older one "
                f"({error}): start it from the environment of the workers"
            ) from error

    def _nobody(self) -> str:
        if self._unfit:
            return f"No worker of the cluster may grade: {'; '.join(self._unfit.values())}"
        return (
            "The cluster has no worker: start one with `dask worker ADDRESS --nthreads 1`, "
            "where gradecheck is installed"
        )

    def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._looked < _REFRESH_SECONDS:
            return
        listed = self._listed()
        for address, told in listed.items():
            sign = float(told["last_seen"])  # of the scheduler's clock, which need not agree with ours
            if self._signs.get(address, (None, 0.0))[0] != sign:
                self._signs[address] = (sign, now)
        self._here = {address for address in listed if now - self._signs[address][1] < self._silence}
        known = self._fit.keys() | self._unfit.keys()
        self._examine({a: int(listed[a]["nthreads"]) for a in self._here if a not in known})
        self._looked = time.monotonic()

    def _listed(self) -> dict[str, Any]:
        if self._client.status != "running":
            raise ClusterLost(_lost(self._client))
        try:
            listed: dict[str, Any] = dict(self._client.scheduler_info()["workers"])
        except (OSError, TimeoutError, RuntimeError) as error:
            raise ClusterLost(_lost(self._client)) from error
        return listed

    def _examine(self, slots: dict[str, int]) -> None:
        """Ask workers what they are; one that does not answer is asked again at the next look."""
        # A task that a worker cannot unpickle ends the worker: first comes one of Python's own functions.
        there = self._ask(pkgutil.resolve_name, _MODULE, to=list(slots))
        answers = {address: answer for address, answer in there.items() if isinstance(answer, Exception)}
        answers |= self._ask(describe, to=[address for address in there if address not in answers])
        for address, answer in answers.items():
            reason = self._reason(answer)
            if reason is None:
                self._fit[address] = Worker(address, slots[address])
            else:
                self._unfit[address] = f"the worker at {address} {reason}"

    def _reason(self, answer: Any) -> str | None:
        """Why a worker that answered may not grade, in words that go on after its address; None if it may."""
        if isinstance(answer, ImportError | AttributeError):
            return "has no gradecheck, or an older one"
        if isinstance(answer, Exception):
            return f"could not say what it is: {answer!r}"
        return unfit(answer, sandboxed=self._sandboxed)

    def _ask(self, function: Callable[..., Any], *arguments: str, to: list[str]) -> dict[str, Any]:
        """What a function gives on each worker, or the exception that it raises; nothing from the silent."""
        asked = {
            address: self._client.submit(
                function, *arguments, workers=[address], allow_other_workers=False, pure=False, retries=0
            )
            for address in to
        }
        answers: dict[str, Any] = {}
        deadline = time.monotonic() + _ASK_SECONDS
        for address, future in asked.items():
            try:
                answers[address] = future.result(timeout=max(0.01, deadline - time.monotonic()))
            except TimeoutError:
                future.cancel()
            except Exception as error:  # whatever came of asking a process that is not ours
                answers[address] = error
            finally:
                future.release()
        return answers


def _lost(client: Client) -> str:
    gone = f"The scheduler at {_address(client)} is gone"
    return f"{gone}; what was graded is kept: type the same command to go on"


def _address(client: Client) -> str:
    scheduler = client.scheduler
    return "its address" if scheduler is None else str(scheduler.address)
