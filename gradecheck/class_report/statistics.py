"""How an assignment did in a class: each exercise's difficulty and discrimination, the totals."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from gradecheck.class_report.model import ClassScores, Mark, State

#: In a smaller class the figures below are mostly chance.
SMALL_CLASS = 25
#: Outside of these an exercise tells little: nearly everybody has it, or hardly anybody.
EASY, HARD = 0.8, 0.3
#: Below this an exercise does not tell strong students from weak ones.
TELLS_LITTLE = 0.1
BINS = 10
_FEWEST_TO_CORRELATE = 3
_NO_SPREAD = 1e-12
_STARTED = (State.PASSED, State.FAILED, State.CRASHED)


@dataclass(frozen=True)
class ExerciseFigures:
    """One exercise in a class.

    Attributes:
        column: its name and what it is worth.
        states: how many students are in each state, the missing included.
        started: how many handed in something else than the stub.
        right: how many have all points.
        graded: how many have a score.
        mean: of the points of those who have a score, what is not started counting 0; None without any.
        difficulty: the mean as a share of what the exercise is worth, the higher the easier; None likewise.
        discrimination: the correlation between this exercise and the sum of the others; None where either
            does not vary, or too few have all scores.
        remarks: what to make of the figures.
    """

    column: Mark
    states: Mapping[State, int]
    started: int
    right: int
    graded: int
    mean: float | None
    difficulty: float | None
    discrimination: float | None
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Totals:
    """The totals of those who have all their scores, late penalties taken off.

    Attributes:
        totals: in points.
        bins: how many lie in each tenth of what can be had, from the lowest; full marks in the last.
    """

    totals: tuple[float, ...]
    bins: tuple[int, ...]

    @property
    def mean(self) -> float | None:
        """In points; None without any total."""
        return fmean(self.totals) if self.totals else None

    @property
    def median(self) -> float | None:
        """In points; None without any total."""
        return median(self.totals) if self.totals else None


def exercise_figures(scores: ClassScores) -> tuple[ExerciseFigures, ...]:
    """The figures of every exercise, in the notebook's order."""
    return tuple(_figures(scores, column) for column in scores.columns)


def totals_of(scores: ClassScores) -> Totals:
    """The totals and how they are spread."""
    totals = [student.total for student in scores.students]
    known = tuple(total for total in totals if total is not None)
    counts = [0] * BINS
    for total in known:
        share = total / scores.max_points if scores.max_points else 0.0
        counts[min(BINS - 1, int(share * BINS + _NO_SPREAD))] += 1
    return Totals(known, tuple(counts))


def class_is_small(scores: ClassScores) -> bool:
    """Whether too few have all their scores for correlations to mean much."""
    return sum(student.complete for student in scores.students) < SMALL_CLASS


def _figures(scores: ClassScores, column: Mark) -> ExerciseFigures:
    states = Counter(student.state(column.exercise) for student in scores.students)
    marks = [student.by_exercise.get(column.exercise) for student in scores.students]
    points = [mark.points for mark in marks if mark is not None and mark.graded]
    mean = fmean(points) if points else None
    difficulty = mean / column.max_points if mean is not None and column.max_points else None
    discrimination = _discrimination(scores, column.exercise)
    return ExerciseFigures(
        column,
        states,
        sum(states[state] for state in _STARTED),
        states[State.PASSED],
        len(points),
        mean,
        difficulty,
        discrimination,
        _remarks(difficulty, discrimination, only=len(scores.columns) == 1, worth=column.max_points),
    )


def _discrimination(scores: ClassScores, exercise: str) -> float | None:
    complete = [student for student in scores.students if student.complete]
    items = [student.by_exercise[exercise].points for student in complete if exercise in student.by_exercise]
    if len(items) != len(complete) or len(items) < _FEWEST_TO_CORRELATE:
        return None
    rests = [student.points - item for student, item in zip(complete, items, strict=True)]
    return _correlation(items, rests)


def _correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Pearson's; None where either does not vary."""
    if np.std(one) < _NO_SPREAD or np.std(other) < _NO_SPREAD:
        return None
    return float(np.corrcoef(one, other)[0, 1])


def _remarks(
    difficulty: float | None, discrimination: float | None, *, only: bool, worth: float
) -> tuple[str, ...]:
    remarks = []
    if not worth:
        remarks.append("earns no points")
    if difficulty is not None and difficulty > EASY:
        remarks.append("easy: nearly everybody has it")
    if difficulty is not None and difficulty < HARD:
        remarks.append("hard: few have it")
    if discrimination is not None and discrimination < TELLS_LITTLE:
        remarks.append("low discrimination: look at it")
    if discrimination is None and worth:
        remarks.append(
            "no discrimination: there is no other exercise"
            if only
            else "no discrimination: too few scores, or all are the same"
        )
    return tuple(remarks)
