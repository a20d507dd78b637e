"""`gradecheck grade`: grade with progress, then say what came of it. The demo does the same."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from gradecheck.class_report.model import ClassScores
from gradecheck.class_report.table import print_class, to_json
from gradecheck.handin.names import shown
from gradecheck.nbgrader.counting import Counting
from gradecheck.nbgrader.graded_class import read_class_scores
from gradecheck.nbgrader.grading import How, OnProgress, Progress, grade_assignment, students_to_grade
from gradecheck.nbgrader.regrade import Change, change_what_counts, grade_again
from gradecheck.nbgrader.roster import course_at, places_of
from gradecheck.pool import PoolState

#: Without a terminal, a line of progress comes no more often than this.
SECONDS_BETWEEN_LINES = 2.0


def grade_course(
    root: Path,
    assignment: str,
    students: Sequence[str] | None = None,
    how: How | None = None,
    *,
    as_json: bool = False,
) -> int:
    """Grade an assignment and print the scores; with JSON, progress goes to stderr.

    Returns:
        The exit code: 0 when everything that was handed in has its score, 1 when something has none.

    Raises:
        CourseNotReady: grading cannot run.
    """
    console = console_for(stderr=as_json)
    scores = grade_class(root, assignment, students, console, how)
    if as_json:
        click.echo(to_json(scores))
    else:
        print_class(scores, console)
        print_places(root, console, feedback=how is None or how.feedback)
    return 0 if scores.complete else 1


def grade_class(
    root: Path,
    assignment: str,
    students: Sequence[str] | None,
    console: Console,
    how: How | None = None,
) -> ClassScores:
    """Grade an assignment, with progress on the console.

    Raises:
        CourseNotReady: grading cannot run.
    """
    students_to_grade(course_at(root), assignment, students)  # what is wrong with them comes first
    with progress(console) as tell:
        graded = grade_assignment(root, assignment, students, tell, how)
    skipped = sum(entry.skipped for entry in graded)
    if skipped:
        console.print(
            f"skipped, as nothing has changed: {skipped} of {len(graded)} (--force grades them again)"
        )
    return read_class_scores(course_at(root), assignment, graded, students)


def regrade_course(root: Path, assignment: str, change: Change, how: How | None = None) -> int:
    """Change what counts, grade again, and print the scores.

    Returns:
        The exit code, as of `grade_course`.

    Raises:
        CourseNotReady: there is nothing to grade again, or it cannot be done.
    """
    console = console_for()
    changed = change_what_counts(root, assignment, change)
    with progress(console) as tell:
        done = grade_again(root, assignment, changed, tell, how)
    scores = read_class_scores(course_at(root), assignment, done.graded)
    print_class(scores, console)
    print_left_to_grading(changed.changed, assignment, console)
    print_counting(done.counting, console)
    print_places(root, console)
    return 0 if scores.complete else 1


def print_counting(counting: Counting, console: Console) -> None:
    """What counts, in a line."""
    whole = sum(counting.worth(cell) for cell in counting.cells)
    left_out = ", ".join(counting.left_out) or "nothing"
    how = ", rescaled" if counting.left_out and counting.rescaled else ""
    console.print(f"\nleft out   {left_out}; the rest is worth {whole:g} points{how}", markup=False)


def print_left_to_grading(students: Sequence[str], assignment: str, console: Console) -> None:
    """Whose notebooks and feedback do not say yet what counts."""
    if students:
        names = ", ".join(students[:3]) + (f" and {len(students) - 3} more" if len(students) > 3 else "")
        console.print(
            f"\nnot graded again: {names}; not graded before, or files, questions or gradecheck "
            f"are others now: gradecheck grade {assignment}",
            markup=False,
        )


def print_places(root: Path, console: Console, *, feedback: bool = True) -> None:
    """Where the gradebook and, if some was written, the feedback are."""
    places = places_of(root)
    console.print(f"\ngradebook  {places.gradebook}", markup=False)
    if feedback:
        console.print(f"feedback   {places.feedback}", markup=False)


def console_for(*, stderr: bool = False) -> Console:
    """A console that leaves long lines whole, and is wide enough for the table where there is no terminal."""
    file = sys.stderr if stderr else sys.stdout
    width = None if file.isatty() else 100
    return Console(file=file, highlight=False, soft_wrap=True, width=width)


@contextmanager
def progress(console: Console) -> Iterator[OnProgress]:
    """Something to call with how many are done: a bar on a terminal, a line now and then elsewhere."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        TextColumn("{task.description}"),
    )
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("loading TensorFlow", total=None)
        told = _Told(console)

        def tell(now: Progress) -> None:
            told.refused(now)
            rates = f"  [{said}]" if (said := _rates(now.pool)) else ""
            text = escape(f"{shown(now.student)}{rates}")
            bar.update(task, completed=now.done, total=now.total, description=text)

        yield tell


def _rates(pool: PoolState) -> str:
    """What each worker of a cluster does, in a few words."""
    return ", ".join(f"{rate.worker} {rate.a_minute:.0f}/min" for rate in pool.throughput)


class _Told:
    """Says once of each worker that may not grade why it may not."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[str] = set()

    def refused(self, now: Progress) -> None:
        for sentence in now.pool.refused:
            if sentence not in self._told:
                self._told.add(sentence)
                self._console.print(f"not used: {sentence}", markup=False)


class _Lines:
    """Progress as plain lines, with the time left."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told = _Told(console)
        self._start = self._last = time.monotonic()
        console.print("grading: loading TensorFlow first")

    def __call__(self, now: Progress) -> None:
        self._told.refused(now)
        moment = time.monotonic()
        if now.done == 0:
            self._start = moment
        elif now.done == now.total or moment - self._last >= SECONDS_BETWEEN_LINES:
            self._last = moment
            left = (moment - self._start) / now.done * (now.total - now.done)
            rest = f"about {left:.0f} s left" if now.done < now.total else f"{moment - self._start:.0f} s"
            rates = f" ({said})" if (said := _rates(now.pool)) else ""
            self._console.print(
                f"graded {now.done} of {now.total}, {rest}: {shown(now.student)}{rates}", markup=False
            )
