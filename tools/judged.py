"""Submissions judged for real once, kept as the bytes that travel between an instructor and a cluster."""

import logging
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from bench import OURS, make_course
from nbgrader.coursedir import CourseDirectory

from gradecheck.cluster.codec import decode, encode
from gradecheck.cluster.files import read_folder
from gradecheck.cluster.parcel import Parcel
from gradecheck.exercise import Exercise
from gradecheck.job import Finished, Job
from gradecheck.made_up_class import ASSIGNMENT
from gradecheck.nbgrader.class_list import handed_in
from gradecheck.nbgrader.configuration import put_tools_on_path
from gradecheck.nbgrader.generate import load_course_config
from gradecheck.nbgrader.local import LocalPool
from gradecheck.nbgrader.run import How, OnProgress, Run
from gradecheck.nbgrader.secret import course_secret
from gradecheck.pool import Pool, PoolState
from gradecheck.run.sandbox import SandboxMode


@dataclass(frozen=True)
class Traffic:
    """What travels for one submission."""

    sent: bytes
    received: bytes


def pack(job: Job, folder: Path) -> bytes:
    """What the instructor's process sends for a submission."""
    return encode(Parcel(job, read_folder(folder, job.limits), sandboxed=True))


class Recorder(LocalPool):
    """Judges on this machine, and keeps what would have travelled, by the student."""

    def __init__(self, root: Path) -> None:
        super().__init__(SandboxMode.REQUIRED, root)
        self.kept: dict[str, Traffic] = {}

    def do(self, job: Job, folder: Path) -> Finished:
        """As `Pool.do`."""
        sent = pack(job, folder)
        finished = super().do(job, folder)
        self.kept[job.submission.name] = Traffic(sent, encode(finished))
        return finished


class Replay:
    """A cluster that needs no time: packs each job, and unpacks a result that was judged before."""

    def __init__(self, judged: Sequence[Traffic], in_hand: int) -> None:
        self._judged = judged
        self.state = PoolState(in_hand)

    def ready(self, asked: Sequence[Exercise]) -> None:
        """As `Pool.ready`."""

    def do(self, job: Job, folder: Path) -> Finished:
        """As `Pool.do`."""
        pack(job, folder)
        number = int(re.sub(r"\D", "", job.submission.name))
        return decode(self._judged[number % len(self._judged)].received, Finished)

    def close(self) -> None:
        """As `Pool.close`."""


def grade_by(pool: Pool, root: Path, tell: OnProgress) -> None:
    """Grade a whole course as `gradecheck grade` does, by another pool; the gradebook has to be there."""
    config = load_course_config(root)
    put_tools_on_path()
    course = CourseDirectory(config=config, root=str(root), assignment_id=ASSIGNMENT)
    course_secret(root)
    log = logging.getLogger("gradecheck.simulated")
    log.propagate = False
    waiting = list(handed_in(course, ASSIGNMENT))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's remarks on nbgrader's way to use it
        graded = Run(config, root, course, ASSIGNMENT, How(), pool, log).grade(waiting, tell)
    problems = [one.problem for one in graded if one.problem is not None]
    if problems:
        raise RuntimeError(f"{len(problems)} submissions were not written, the first: {problems[0]}")


def judge_once(root: Path, students: int) -> tuple[Traffic, ...]:
    """Judge a made-up class for real, in the order of its students."""
    make_course(root, OURS.format(sandbox=True), students)
    pool = Recorder(root)
    try:
        grade_by(pool, root, lambda _: None)
    finally:
        pool.close()
    return tuple(pool.kept[student] for student in sorted(pool.kept))


def told(judged: Sequence[Traffic]) -> str:
    """How much travels, in a sentence."""
    sent, received = ([len(getattr(one, side)) / 1000 for one in judged] for side in ("sent", "received"))
    return (
        f"A submission travels as {mean(sent):.0f} kB to a worker (at most {max(sent):.0f}) and "
        f"{mean(received):.0f} kB back (at most {max(received):.0f}), over {len(judged)} submissions."
    )
