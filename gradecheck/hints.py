"""One hint at a time: the first for what is wrong now, a stronger one only for an answer that has changed.

How many hints there are is never said: who knows that another one is left asks for it without thinking.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from gradecheck.cases import PUBLIC_SEED
from gradecheck.checking import check_paths
from gradecheck.diagnose.source import AnswerSource
from gradecheck.errors import UnreadableSubmission, WorkerUnavailable
from gradecheck.ladder import open_hints
from gradecheck.memory import Memory, answer_digest
from gradecheck.report.console import room_in
from gradecheck.report.face import printable
from gradecheck.report.model import Problem, Result
from gradecheck.run.limits import Limits
from gradecheck.submission import read_submission
from gradecheck.verdict import Status

_WIDTH = 90
_MARGIN = "  "
_MOST_URGENT = (Status.FAILED, Status.NOT_STARTED, Status.PASSED, Status.NOT_GRADED)


@dataclass(frozen=True)
class Hint:
    """What to show: a heading such as "softmax: wrong", and lines of text, all of it possibly a student's."""

    heading: str
    lines: tuple[str, ...]


def hint_paths(
    paths: Sequence[Path], exercise: str, *, seed: int = PUBLIC_SEED, limits: Limits | None = None
) -> Hint:
    """The hint for one exercise as it is saved in these files.

    Raises:
        UnknownExercise: there is no such exercise.
        UnreadableSubmission: no file there answers it.
        WorkerUnavailable: the answer could not be judged.
    """
    report = check_paths(paths, exercise=exercise, seed=seed, limits=limits)
    if not report.results:
        raise UnreadableSubmission(report.problems[0].message)
    result = min(report.results, key=lambda result: _MOST_URGENT.index(result.verdict.status))
    if result.verdict.status is Status.NOT_GRADED:
        raise WorkerUnavailable(result.verdict.message)
    source = read_submission(Path(result.submission)).source
    return hint_for(result, source, Memory(), report.problems)


def hint_for(result: Result, source: AnswerSource, memory: Memory, problems: Sequence[Problem] = ()) -> Hint:
    """The hint that is due for an answer that was just judged.

    Args:
        result: what was found.
        source: the code that was judged.
        memory: what was hinted before; the hint that is given now is added to it.
        problems: what else was found; that of the same submission is told.
    """
    verdict = result.verdict
    exercise = verdict.exercise
    if verdict.status is Status.PASSED:
        known = [*verdict.diagnosis.remarks, exercise.worth_knowing]
        worth = tuple(f"worth knowing: {remark}" for remark in known if remark)
        return Hint(f"{exercise.title}: right", (verdict.message, *worth))
    where = str(Path(result.submission).resolve())
    opened = open_hints(result, where, answer_digest(source, exercise.name), memory)
    lines = [verdict.message]
    lines += [f"note: {p.message}" for p in problems if p.submission == result.submission]
    lines.append(f"to think about: {opened.hints[-1]}")
    if not opened.changed:
        lines.append("You have had this for the same answer: change it, save it, then ask again.")
    return Hint(f"{exercise.title}: {verdict.diagnosis.label}", tuple(lines))


def print_hint(hint: Hint, console: Console) -> None:
    """Write a hint in a terminal."""
    console.print(f"\n[bold]{escape(printable(hint.heading))}[/]")
    width = min(_WIDTH, room_in(console) - len(_MARGIN))
    for line in hint.lines:
        for part in textwrap.wrap(printable(line), width):
            console.print(f"{_MARGIN}{escape(part)}")
