"""Measure the one writer: results that were judged before, as fast as gradebook and files take them.

Run by `make simulate`. A few submissions are judged for real; then a class of any size is graded as by
`gradecheck grade --cluster`, with a cluster that answers at once. What is left is all that the instructor's
process does for each submission: read and pack it, unpack the result, write rows, notebook and feedback. In
PostgreSQL it writes into a server of its own, which keeps what it confirms, as one in earnest does.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil
import sqlalchemy
from bench import OURS, make_course
from judged import Replay, Traffic, grade_by, judge_once, told
from pages import ROOT

from gradecheck.nbgrader.run import Progress

sys.path.append(str(ROOT / "tests"))
from postgresql import DURABLE, programs, running_server

KINDS = 20
_PARTS = 10
_DATABASE = """
c.CourseDirectory.course_id = "simulated"
c.CourseDirectory.db_url = {address!r}
"""


@dataclass(frozen=True)
class Written:
    """What the writer did.

    Attributes:
        submissions: how many.
        rows: that were added to all tables together.
        wall: seconds.
        cpu: seconds of the instructor's process.
        server: CPU seconds of the database's server.
        parts: submissions a second in each tenth of the run.
        memory: the most that the process ever had, in MiB.
    """

    submissions: int
    rows: int
    wall: float
    cpu: float
    server: float
    parts: tuple[float, ...]
    memory: float

    def __str__(self) -> str:
        each, theirs = self.cpu / self.submissions, self.server / self.submissions
        return (
            f"{self.submissions} submissions, {self.rows} rows in {self.wall:.1f} s: "
            f"{self.submissions / self.wall:.1f} submissions/s, {self.rows / self.wall:.0f} rows/s.\n"
            f"CPU s a submission: {each:.3f} here, {theirs:.4f} of the server; alone on a core at most "
            f"{1 / (each + theirs):.1f} submissions/s.\n"
            f"Submissions/s in the first tenth {self.parts[0]:.1f}, in the last {self.parts[-1]:.1f}; "
            f"memory {self.memory:.0f} MiB."
        )


@dataclass(frozen=True)
class Database:
    """An empty gradebook: its address, and the process that serves it, if one does."""

    address: str
    process: psutil.Process | None = None

    @property
    def cpu(self) -> float:
        """CPU seconds of the server so far."""
        if self.process is None:
            return 0.0
        alive = [self.process, *self.process.children(recursive=True)]
        times = [process.cpu_times() for process in alive]
        gone = times[0].children_user + times[0].children_system
        return float(sum(one.user + one.system for one in times) + gone)


@contextmanager
def database(kind: str, folder: Path) -> Iterator[Database]:
    """An empty gradebook, and what serves it."""
    if kind == "sqlite":
        yield Database(f"sqlite:///{folder / 'gradebook.db'}")
        return
    found = programs()
    if found is None:
        sys.exit("there is no PostgreSQL server here: make apt")
    with running_server(found, DURABLE) as server:
        first = (server.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0]
        yield Database(server.make_database("simulated"), psutil.Process(int(first)))


def rows_in(address: str) -> int:
    """Of all tables together."""
    engine = sqlalchemy.create_engine(address)
    with engine.connect() as connection:
        names = sqlalchemy.inspect(engine).get_table_names()
        counts = [connection.scalar(sqlalchemy.text(f'select count(*) from "{name}"')) for name in names]
    engine.dispose()
    return sum(counts)


def write(into: Database, root: Path, submissions: int, judged: Sequence[Traffic]) -> Written:
    """Let the writer write a class."""
    make_course(root, OURS.format(sandbox=True) + _DATABASE.format(address=into.address), submissions)
    before = rows_in(into.address)
    steps = [submissions * part // _PARTS for part in range(_PARTS + 1)]
    times: list[float] = []

    def tell(now: Progress) -> None:
        if now.done == steps[len(times)]:
            times.append(time.monotonic())

    cpu, server = time.process_time(), into.cpu
    grade_by(Replay(judged, in_hand=3), root, tell)
    cpu, server = time.process_time() - cpu, into.cpu - server
    sizes = [after - earlier for earlier, after in pairwise(steps)]
    seconds = [after - earlier for earlier, after in pairwise(times)]
    return Written(
        submissions=submissions,
        rows=rows_in(into.address) - before,
        wall=sum(seconds),
        cpu=cpu,
        server=server,
        parts=tuple(size / second for size, second in zip(sizes, seconds, strict=True)),
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=1000, help="at least 10 (default: 1000)")
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="postgresql")
    options = parser.parse_args()
    if options.submissions < _PARTS:
        parser.error(f"--submissions {options.submissions}: at least {_PARTS}")
    with tempfile.TemporaryDirectory(prefix="gradecheck-writer-") as scratch:
        folder = Path(scratch)
        judged = judge_once(folder / "judged", KINDS)
        print(told(judged), flush=True)
        with database(options.db, folder) as made:
            print(f"{options.db}: {write(made, folder / 'course', options.submissions, judged)}")


if __name__ == "__main__":
    main()
