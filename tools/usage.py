"""What a command uses, with everything that it starts: processor time, wall time, memory."""

import contextlib
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TypeVar

import psutil
from pages import ROOT

_LOOK_SECONDS = 0.5
_OFTEN_SECONDS = 0.005
_MIB = 1 << 20
_Seen = TypeVar("_Seen")


@dataclass(frozen=True)
class Usage:
    """What some commands used.

    Attributes:
        cpu: seconds of user and system time, as the kernel counts them (`os.wait4`).
        wall: seconds.
        largest: resident memory of the largest process, MiB.
        together: the most memory of all processes at a time, MiB; what they share counts once. Looked at
            twice a second.
    """

    cpu: float = 0.0
    wall: float = 0.0
    largest: float = 0.0
    together: float = 0.0

    def __sub__(self, other: "Usage") -> "Usage":
        return replace(self, cpu=self.cpu - other.cpu, wall=self.wall - other.wall)

    def __truediv__(self, count: int) -> "Usage":
        return replace(self, cpu=self.cpu / count, wall=self.wall / count)

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.cpu + other.cpu,
            self.wall + other.wall,
            max(self.largest, other.largest),
            max(self.together, other.together),
        )


@dataclass(frozen=True)
class Run:
    """What a command used.

    Attributes:
        whole: in all.
        later: what of it came after it had begun to do what was asked for; the memory is of the whole.
    """

    whole: Usage
    later: Usage


def typical(found: Sequence[Usage]) -> Usage:
    """The median of the times of several runs, and the most memory of any."""
    return Usage(
        median(used.cpu for used in found),
        median(used.wall for used in found),
        max(used.largest for used in found),
        max(used.together for used in found),
    )


def run(
    command: Sequence[str],
    folder: Path,
    codes: Sequence[int] = (0, 1),
    begun: Callable[[], bool] | None = None,
) -> Run:
    """Run a command; its output goes to bench.log in its folder.

    Args:
        command: it.
        folder: where.
        codes: with which it may end.
        begun: whether it has begun to do what was asked for; None for "at once".

    Raises:
        SystemExit: it ended with another code than these; 1 says that something is not graded.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    log = folder / "bench.log"
    start, before = time.monotonic(), _cpu_of_ended()
    first: list[Usage] = [] if begun else [Usage()]

    def look() -> None:
        if not first and begun and begun():
            first.append(Usage(_cpu_of_ended() - before + _cpu_of_descendants(), time.monotonic() - start))

    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        with watched(_memory_of_descendants, _LOOK_SECONDS) as memory, watched(look, _OFTEN_SECONDS):
            used = _wait(process)
    if process.returncode not in codes:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}; see {log}")
    if not first:
        sys.exit(f"{' '.join(command)} has done nothing; see {log}")
    whole = replace(used, wall=time.monotonic() - start, together=max(memory, default=0.0))
    return Run(whole, whole - first[0])


def _wait(process: subprocess.Popen[bytes]) -> Usage:
    """Wait for a process and for orphans, such as the first process of a sandbox: they come to us."""
    total = Usage()
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status, used = os.wait4(-1, 0)
            total += Usage(used.ru_utime + used.ru_stime, 0.0, used.ru_maxrss / 1024)
            if pid == process.pid:
                process.returncode = os.waitstatus_to_exitcode(status)
    return total


@contextlib.contextmanager
def watched(look: Callable[[], _Seen], seconds: float) -> Iterator[list[_Seen]]:
    """What is seen every so many seconds, by a thread, until the block ends."""
    seen: list[_Seen] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(seconds):
            seen.append(look())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _cpu_of_ended() -> float:
    """Seconds of all that was waited for, so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _cpu_of_descendants() -> float:
    """Seconds of those that live, and of what they waited for."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has ended
            total += sum(process.cpu_times()[:4])
    return total


def _memory_of_descendants() -> float:
    """In MiB."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error, AttributeError):  # it has ended, or the system does not tell
            total += process.memory_full_info().pss
    return total / _MIB
