"""Notebooks run and judged on this machine."""

import contextlib
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from gradecheck.exercise import Exercise
from gradecheck.job import Finished, Job, do, expect
from gradecheck.nbgrader.workers import close_template, shared_template
from gradecheck.pool import PoolState, in_hand_for, usable_cores
from gradecheck.reference.tape import load_tensorflow
from gradecheck.run.client import Template
from gradecheck.run.sandbox import SandboxMode


class LocalPool:
    """The workers of this machine.

    Args:
        mode: whether submissions run in a sandbox.
        course: the root of the course, which a sandbox does not show.
        workers: how many run at a time; None for one on each core.
    """

    def __init__(self, mode: SandboxMode, course: Path, workers: int | None = None) -> None:
        self._mode = mode
        self._course = course
        workers = workers or usable_cores()
        self.state = PoolState(in_hand_for(workers))
        self._places = threading.BoundedSemaphore(workers)

    def ready(self, asked: Sequence[Exercise]) -> None:
        """As `Pool.ready`: load TensorFlow for students' code and, at the same time, for the references."""
        shared_template(self._mode, self._course)
        load_tensorflow()

    def do(self, job: Job, folder: Path) -> Finished:
        """As `Pool.do`."""
        expect(job)  # while others run
        with self._places:
            return do_in_copy(job, shared_template(self._mode, self._course), folder)

    def close(self) -> None:
        """As `Pool.close`."""
        close_template()


def do_in_copy(job: Job, template: Template, folder: Path) -> Finished:
    """Run and judge a notebook in a copy of the files beside it."""
    with TemporaryDirectory(prefix="gradecheck-", ignore_cleanup_errors=True) as scratch:
        _copy_files(folder, Path(scratch))
        return do(job, template, Path(scratch))


def _copy_files(folder: Path, scratch: Path) -> None:
    """Copy the files beside a notebook, so that cells can read and change them without changing ours."""
    ignore = shutil.ignore_patterns("*.ipynb")
    with contextlib.suppress(shutil.Error):  # a pipe, for one, cannot be copied; the rest is there then
        shutil.copytree(folder, scratch, symlinks=True, ignore=ignore, dirs_exist_ok=True)
