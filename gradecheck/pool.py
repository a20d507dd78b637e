"""Where notebooks are run and judged, here or on other machines: what the rest needs to know of it."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gradecheck.exercise import Exercise
from gradecheck.job import Finished, Job


def usable_cores() -> int:
    """How many of this machine's cores this process may use."""
    count = os.cpu_count() or 1
    if sys.platform == "linux":
        count = len(os.sched_getaffinity(0))
    return count


def in_hand_for(workers: int) -> int:
    """How many submissions are worth having in hand where workers of this machine grade.

    One worker is one core: it takes a submission at a time, from reading to the gradebook. Several wait
    for nobody: one more is being written, and one is ready.
    """
    return 1 if workers == 1 else workers + 2


@dataclass(frozen=True)
class Throughput:
    """How many submissions a minute a worker, named by its address, has graded."""

    worker: str
    a_minute: float


@dataclass(frozen=True)
class PoolState:
    """A pool as it is now.

    Attributes:
        in_hand: how many submissions are worth having in hand at a time, from reading to the gradebook.
        throughput: of each worker that has graded; empty where there is but this machine.
        refused: sentences about the workers that may not grade.
    """

    in_hand: int
    throughput: tuple[Throughput, ...] = ()
    refused: tuple[str, ...] = ()


class Pool(Protocol):
    """Does jobs; several threads may ask at a time."""

    @property
    def state(self) -> PoolState:
        """What there is to know of it."""

    def ready(self, asked: Sequence[Exercise]) -> None:
        """Wait until the first job can be done.

        Args:
            asked: the exercises to be ready for; jobs may ask for others, too.
        """

    def do(self, job: Job, folder: Path) -> Finished:
        """Run and judge a notebook, and wait for it.

        Args:
            job: what is to be done.
            folder: the files beside the notebook, which stay as they are.

        Raises:
            SubmissionLost: it could not be graded, which concerns no other.
            GradecheckError: nothing can be graded.
        """

    def close(self) -> None:
        """End what still runs."""
