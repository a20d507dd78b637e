"""Other ways to write a right answer: from the course's own file of answers, and only where that file is.

Students get no `solutions/` with their exercises, so these ways show only to who works in the course itself.
"""

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from gradecheck.answer_file import FILE_NAME, Answer, AnswerKind, read_answers
from gradecheck.diagnose.parsing import tree_of
from gradecheck.diagnose.source import AnswerSource
from gradecheck.errors import AuthorError, UnknownExercise
from gradecheck.exercise import Exercise
from gradecheck.report.model import Way

SOLUTIONS = "solutions"
_MOST_WAYS = 3
_LONGEST_WAY = 14


def other_ways(exercise: Exercise, own: AnswerSource | None, places: Sequence[Path]) -> tuple[Way, ...]:
    """Up to three short answers that do it with other means than the student's own.

    Args:
        exercise: what was answered rightly.
        own: the student's code, where it is at hand.
        places: files and folders in and above which `solutions/` is looked for.
    """
    files = _answer_files(places)
    answers = [a for path in files for a in _right_answers(path, path.stat().st_mtime_ns, exercise)]
    seen = _means_of(own.text, exercise.name) if own is not None else None
    shown = {seen}
    ways: list[Way] = []
    short = (a for a in answers if a.source.count("\n") < _LONGEST_WAY)
    for answer in sorted(short, key=lambda a: len(a.source)):
        means = _means_of(answer.source, exercise.name)
        if means not in shown and len(ways) < _MOST_WAYS:
            shown.add(means)
            ways.append(Way(answer.label.replace("-", " "), answer.source))
    return tuple(ways)


def _answer_files(places: Sequence[Path]) -> Iterator[Path]:
    """The files of answers of the nearest course."""
    for place in places:
        resolved = place.resolve()
        for folder in (resolved, *resolved.parents):
            files = sorted((folder / SOLUTIONS).glob(f"*/{FILE_NAME}"))
            if files:
                yield from files
                return


@lru_cache(maxsize=128)
def _right_answers(path: Path, _changed: int, exercise: Exercise) -> tuple[Answer, ...]:
    """The right answers to an exercise in a file; none where its author is not done with it."""
    try:
        answers = read_answers(path, exercise).values()
    except (AuthorError, UnknownExercise):
        return ()
    return tuple(answer for answer in answers if answer.kind is AnswerKind.RIGHT)


@lru_cache(maxsize=4096)
def _means_of(text: str, name: str) -> frozenset[str] | None:
    """The functions that an answer calls, the operators and the loops in it; None where it is not there."""
    tree = tree_of(text)
    if tree is None:
        return None
    own = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    if not own:
        return None
    means = set()
    for node in ast.walk(own[-1]):
        if isinstance(node, ast.Attribute):
            means.add(node.attr)
        elif isinstance(node, ast.For | ast.While | ast.comprehension):
            means.add("loop")
        elif isinstance(node, ast.BinOp):
            means.add(type(node.op).__name__)
    return frozenset(means)
