"""Places on the workers of a cluster: whoever lost a worker gets the next one for itself alone."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gradecheck.cluster.workers import Workers

SECONDS = 5.0
NOBODY: frozenset[str] = frozenset()


class _Answered:
    def __init__(self, answer: object) -> None:
        self._answer = answer

    def result(self, **_: object) -> object:
        return self._answer

    def release(self) -> None:
        pass


class _Client:
    """As much of Dask's client as `Workers` uses, on workers that answer at once."""

    status = "running"

    def __init__(self, threads: dict[str, int]) -> None:
        self.threads = threads

    def run_on_scheduler(self, *_: object) -> None:
        pass

    def scheduler_info(self) -> dict[str, Any]:
        told = {name: {"last_seen": time.time(), "nthreads": count} for name, count in self.threads.items()}
        return {"workers": told}

    def submit(self, function: Callable[..., object], *arguments: object, **_: object) -> _Answered:
        return _Answered(function(*arguments))


def workers_with(**threads: int) -> Workers:
    return Workers(_Client(threads), sandboxed=False)  # type: ignore[arg-type]  # stands in for Dask's


def for_a_moment() -> Callable[[], bool]:
    deadline = time.monotonic() + 0.6
    return lambda: time.monotonic() > deadline


def test_a_whole_worker_is_waited_for_and_nobody_else_gets_a_place_there() -> None:
    workers = workers_with(a=2)
    neighbour = workers.take(SECONDS)
    assert neighbour is not None
    with ThreadPoolExecutor(1) as thread:
        alone = thread.submit(workers.take_whole, NOBODY, SECONDS)
        time.sleep(0.1)
        assert workers.take(SECONDS, for_a_moment()) is None
        assert not alone.done()
        workers.give_back(neighbour, done=1)
        worker = alone.result(SECONDS)
    assert worker.busy == worker.slots == 2
    assert workers.take(SECONDS, for_a_moment()) is None
    workers.give_back(worker, done=1, whole=True)
    assert workers.take(SECONDS) is worker
    assert worker.busy == 1


def test_two_that_lost_a_worker_never_share_one() -> None:
    workers = workers_with(a=4, b=4)
    first = workers.take_whole(frozenset({"a"}), SECONDS)
    assert first.address == "b"
    with ThreadPoolExecutor(1) as thread:
        second = thread.submit(workers.take_whole, frozenset({"a"}), SECONDS)
        time.sleep(0.6)
        assert not second.done()
        workers.give_back(first, done=1, whole=True)
        assert second.result(SECONDS) is first


def test_where_all_were_tried_one_of_them_is_tried_again() -> None:
    assert workers_with(a=1).take_whole(frozenset({"a"}), SECONDS).address == "a"
