"""Measure what grading on Dask's workers costs beyond the same on one machine, in one run.

Run by `make bench`, on a machine that does nothing else. Local pool and cluster grade the same submissions
with as many workers, in turn. What one more submission costs is seen in the middle of a run: the processor
time of the whole machine, so that nothing is forgotten: scheduler, workers, templates, sandboxes.
"""

import argparse
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median

import psutil
from bench import OURS, make_course
from judged import judge_once, told
from pages import ROOT
from usage import Usage, run, watched

from gradecheck.made_up_class import ASSIGNMENT
from gradecheck.run import kernel

TABLE = Path("docs", "bench-cluster.md")
_HOST = "127.0.0.1"
_START_SECONDS = 60.0
_LOOK_SECONDS = 0.05
_FIRST, _LAST = 0.15, 0.85  # of a class: what lies between is the middle of a run
_DASK = "distributed.cli.dask_"
_CALM = {  # as docs/cluster.md says
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
}


@dataclass(frozen=True)
class Cost:
    """Of one more submission, and of the start: CPU and wall seconds."""

    cpu: float
    wall: float
    start: float


def measure(students: int, workers: int, folder: Path, *, cluster: bool) -> Usage:
    """Grade a class; CPU is that of everything, wall that of the command alone."""
    make_course(folder, OURS.format(sandbox=True), students)
    if not cluster:
        command = (sys.executable, "-m", "gradecheck", "grade", ASSIGNMENT, "--workers", str(workers))
        return run(command, folder).whole
    with ExitStack() as stack:
        port = _free_port()
        address = f"tcp://{_HOST}:{port}"
        total = stack.enter_context(_counted(folder))
        total.start(
            f"{_DASK}scheduler", "--host", _HOST, "--port", address.rpartition(":")[2], "--no-dashboard"
        )
        for number in range(workers):
            place = ("--local-directory", str(folder / f"worker{number}"), "--no-dashboard")
            usual = ("--nthreads", "1", "--memory-limit", "0", "--host", _HOST)  # as docs/cluster.md says
            total.start(f"{_DASK}worker", address, *usual, *place)
        _wait_for(address, workers)
        used = total.run("gradecheck", "grade", ASSIGNMENT, "--cluster", address)
        return replace(used + total.end(), wall=used.wall)


class _Counted:
    """Processes that run side by side, and what they used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a module of Python as an operator does."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **_CALM}
        command = [sys.executable, "-m", module, *arguments]
        with (self._folder / "dask.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=self._folder, env=environment, stdout=log, stderr=log)
        self._processes.append(process)
        return process

    def run(self, module: str, *arguments: str) -> Usage:
        """Run one to its end, while the others stay."""
        begun = time.monotonic()
        process = self.start(module, *arguments)
        self._processes.remove(process)
        used = _ended(process)
        if process.returncode not in (0, 1):
            sys.exit(f"{module} ended with {process.returncode}; see {self._folder}")
        return replace(used, wall=time.monotonic() - begun)

    def end(self) -> Usage:
        """End all of them, the scheduler last; again does nothing."""
        total = Usage()
        while self._processes:
            process = self._processes.pop()
            process.send_signal(signal.SIGTERM)
            total += _ended(process)
        with suppress(ChildProcessError):
            while True:  # orphans, such as the first process of a sandbox
                total += _usage(os.wait4(-1, 0)[2])
        return total


def _ended(process: subprocess.Popen[bytes]) -> Usage:
    """Wait for a process; what it used with all that it waited for."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return _usage(used)


def _usage(used: resource.struct_rusage) -> Usage:
    return Usage(used.ru_utime + used.ru_stime, 0.0, used.ru_maxrss / 1024)


@contextmanager
def _counted(folder: Path) -> Iterator[_Counted]:
    counted = _Counted(folder)
    try:
        yield counted
    finally:
        counted.end()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, workers: int) -> None:
    """Until the workers have come; in a process of its own, as Dask's threads would stay in ours."""
    ask = (
        "import sys; from distributed import Client\n"
        "Client(sys.argv[1], timeout=60).wait_for_workers(int(sys.argv[2]), timeout=60)"
    )
    deadline = time.monotonic() + _START_SECONDS
    while subprocess.run([sys.executable, "-c", ask, address, str(workers)], check=False).returncode:
        if time.monotonic() > deadline:
            sys.exit("the workers did not come")


@dataclass(frozen=True)
class Look:
    """At a run: submissions that are graded, busy seconds of all cores, and when that was."""

    graded: int
    busy: float
    when: float

    @staticmethod
    def at(folder: Path) -> "Look":
        """One taken now."""
        times = psutil.cpu_times()
        graded = folder / "autograded"
        count = len(list(graded.iterdir())) if graded.is_dir() else 0
        return Look(count, sum(times) - times.idle - getattr(times, "iowait", 0.0), time.monotonic())


def cost(students: int, workers: int, *, cluster: bool) -> Cost:
    """What one more submission costs, in the middle of a run."""
    with tempfile.TemporaryDirectory(prefix="gradecheck-bench-") as scratch:
        folder = Path(scratch, "course")
        with watched(partial(Look.at, folder), _LOOK_SECONDS) as looks:
            used = measure(students, workers, folder, cluster=cluster)
        inner = [look for look in looks if _FIRST * students <= look.graded <= _LAST * students]
    first, last = inner[0], inner[-1]
    more = last.graded - first.graded
    cpu = (last.busy - first.busy) / more
    return Cost(cpu, (last.when - first.when) / more, used.cpu - students * cpu)


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(median(getattr(one, name) for one in costs) for name in ("cpu", "wall", "start")))


def table(rounds: int, students: int, counts: Sequence[int]) -> str:
    """Local pool against cluster, as Markdown."""
    lines = [
        "| workers | CPU s a submission: local | cluster | overhead | wall s: local | cluster | overhead "
        "| start-up, CPU s: local | cluster |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for workers in counts:
        found: dict[bool, list[Cost]] = {False: [], True: []}
        for number in range(rounds):
            for cluster in sorted(found, reverse=number % 2 == 1):  # who is first changes
                found[cluster].append(cost(students, workers, cluster=cluster))
                print(workers, "cluster" if cluster else "local", found[cluster][-1], flush=True)
        here, there = middle(found[False]), middle(found[True])
        lines.append(
            f"| {workers} | {here.cpu:.3f} | {there.cpu:.3f} | {there.cpu / here.cpu - 1:+.0%} "
            f"| {here.wall:.3f} | {there.wall:.3f} | {there.wall / here.wall - 1:+.0%} "
            f"| {here.start:.1f} | {there.start:.1f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=160, help="size of the class (default: 160)")
    parser.add_argument("--rounds", type=int, default=3, help="medians are of so many (default: 3)")
    parser.add_argument("--workers", default="1,2", help="numbers of workers (default: 1,2)")
    options = parser.parse_args()
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    counts = [int(count) for count in options.workers.split(",")]
    text = (
        "# What a cluster costs\n\nOne more submission of four exercises in the middle of a run, graded on "
        "one machine alone and by Dask's workers on it, with everything that the machine did: class of "
        f"{options.students}, medians of {options.rounds} rounds in turn, {os.cpu_count()} cores.\n\n"
        f"{table(options.rounds, options.students, counts)}"
    )
    with tempfile.TemporaryDirectory(prefix="gradecheck-bench-") as scratch:
        text += f"\n{told(judge_once(Path(scratch, 'course'), 20))}\n"
    print(f"\n{text}")
    (ROOT / TABLE).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
