"""A graded class as data: the one model of the table, the JSON, the report and the exports."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from gradecheck.likeness import Likeness
from gradecheck.report.state import State as AnswerState
from gradecheck.verdict import Status

_LAST_DIGIT = 1e-6


class State(StrEnum):
    """What became of one exercise of one student. Lateness is not a state: anything can be late."""

    PASSED = "passed"
    FAILED = "failed"
    CRASHED = "crashed"  #: it raised, hung, ended the process, or could not be read
    NOT_STARTED = "not_started"
    NOT_GRADED = "not_graded"  #: it has no score yet, for no fault of the student's
    MISSING = "missing"  #: nothing was handed in

    @property
    def words(self) -> str:
        """The state as people read it."""
        return self.value.replace("_", " ")


@dataclass(frozen=True)
class Mark:
    """One exercise, or another graded cell, of one student.

    Attributes:
        exercise: such as "grad_softmax", or nbgrader's id of a graded cell that is not ours.
        points: as the gradebook has them.
        max_points: what it is worth.
        graded: whether there is a score; if not, somebody has to look at it.
        result: the verdict in JSON form, empty where it is not known.
    """

    exercise: str
    points: float
    max_points: float
    graded: bool
    result: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The exercise's short name."""
        return self.exercise.removeprefix("grad_")

    @property
    def share(self) -> float:
        """The points as a share of what the exercise is worth, 0 where it is worth nothing."""
        return self.points / self.max_points if self.max_points else 0.0

    @property
    def state(self) -> State:
        """What became of it. The gradebook's points decide what is right, as they may be given by hand."""
        status = self.result.get("status")
        if not self.graded:
            return State.NOT_GRADED
        full = self.points >= self.max_points - _LAST_DIGIT if self.max_points else status == Status.PASSED
        if full:
            return State.PASSED
        if status == Status.NOT_STARTED:
            return State.NOT_STARTED
        if self.result.get("state") == AnswerState.EXCEPTION and not self.points:
            return State.CRASHED
        return State.FAILED

    @property
    def word(self) -> str:
        """What came of it, in a word or two."""
        if not self.graded:
            return "not graded"
        if self.result.get("status") == Status.PASSED:
            return "ok"
        if self.result.get("status") == Status.NOT_GRADED:
            return "by hand"
        return str(self.result.get("label", ""))

    @property
    def misconception(self) -> str | None:
        """The id of a recognised mistake, or None."""
        found = self.result.get("misconception")
        return str(found) if found else None

    @property
    def message(self) -> str:
        """What the student was told; empty where nothing is known."""
        return str(self.result.get("message") or "")

    @property
    def seed(self) -> int | None:
        """The seed of the inputs on which it was judged, None where it was not."""
        seed = self.result.get("seed")
        return seed if isinstance(seed, int) and self.result.get("outputs") else None

    @property
    def likeness(self) -> Likeness | None:
        """What an answer that nobody recognised gives on the public inputs, where that was taken."""
        entry = self.result.get("likeness")
        return Likeness.from_json(entry) if entry else None


@dataclass(frozen=True)
class Person:
    """Who a student is, as far as the gradebook knows.

    Attributes:
        student: nbgrader's id.
        first_name, last_name, email: empty where they are not known.
        lms_id: the number of the student in a learning platform such as Canvas; empty where unknown.
    """

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_id: str = ""

    @property
    def sortable_name(self) -> str:
        """Last name first; nbgrader's id where there is no name."""
        return ", ".join(part for part in (self.last_name, self.first_name) if part) or self.student


@dataclass(frozen=True)
class StudentScores:
    """One student's marks, in the notebook's order; none for who has no scores.

    Attributes:
        student: nbgrader's id.
        marks: one a graded cell.
        problem: why the last run gave no new scores, None where it did.
        person: name and addresses.
        handed_in: whether there is a submission, graded or not.
        seconds_late: after the due date, extensions counted; None where either time is unknown.
        penalty: points that are taken off for being late.
        feedback: the feedback files that exist, one a notebook.
    """

    student: str
    marks: tuple[Mark, ...]
    problem: str | None = None
    person: Person = Person("")
    handed_in: bool = True
    seconds_late: float | None = None
    penalty: float = 0.0
    feedback: tuple[Path, ...] = ()

    @property
    def points(self) -> float:
        """The sum of all marks."""
        return sum(mark.points for mark in self.marks)

    @property
    def total(self) -> float | None:
        """The points less the penalty, at least 0; None as long as something has no score."""
        return max(0.0, self.points - self.penalty) if self.complete else None

    @property
    def complete(self) -> bool:
        """Whether everything has its score."""
        return bool(self.marks) and all(mark.graded for mark in self.marks)

    @property
    def late(self) -> bool:
        """Whether it came after the due date."""
        return bool(self.seconds_late)

    @property
    def state_without_marks(self) -> State:
        """The state of every exercise of a student who has no marks."""
        return State.NOT_GRADED if self.handed_in else State.MISSING

    @cached_property
    def by_exercise(self) -> Mapping[str, Mark]:
        """The marks by exercise."""
        return {mark.exercise: mark for mark in self.marks}

    def state(self, exercise: str) -> State:
        """What became of one exercise."""
        mark = self.by_exercise.get(exercise)
        return mark.state if mark is not None else self.state_without_marks


@dataclass(frozen=True)
class ClassScores:
    """Everybody, in alphabetical order.

    Attributes:
        assignment: its name.
        students: those of the gradebook and those who handed in.
        due: when it is due, UTC; None where no date is set.
        exercises: the graded cells in the notebook's order, with their points; the same for all.
        left_out: names of exercises that count for nothing, by the instructor's will.
        rescaled: whether the others are worth the more for it.
    """

    assignment: str
    students: tuple[StudentScores, ...]
    due: datetime | None = None
    exercises: tuple[Mark, ...] = ()
    left_out: tuple[str, ...] = ()
    rescaled: bool = False

    @property
    def columns(self) -> tuple[Mark, ...]:
        """The graded cells; where nobody said, those of the first student who has marks."""
        return self.exercises or next((s.marks for s in self.students if s.marks), ())

    @property
    def left_out_in_words(self) -> str:
        """Which exercises were left out, in a sentence; empty where all count."""
        if not self.left_out:
            return ""
        names = ", ".join(name.removeprefix("grad_") for name in self.left_out)
        rest = (
            "the others are worth the more for it" if self.rescaled else "the others are worth what they were"
        )
        return f"Left out, and worth nothing: {names}; {rest}."

    @property
    def max_points(self) -> float:
        """What the assignment is worth."""
        return sum(mark.max_points for mark in self.columns)

    @property
    def complete(self) -> bool:
        """Whether everything that was handed in has its score."""
        marks = (mark for student in self.students for mark in student.marks)
        return all(mark.graded for mark in marks) and not any(s.problem for s in self.students)

    def only(self, students: Sequence[str]) -> "ClassScores":
        """The same with some of the students."""
        kept = tuple(student for student in self.students if student.student in students)
        return replace(self, students=kept, exercises=self.columns)

    def misconceptions(self) -> list[tuple[str, str, int]]:
        """Exercise, id and number of students of each recognised mistake, the most frequent first."""
        found = Counter(
            (mark.exercise, mark.misconception)
            for student in self.students
            for mark in student.marks
            if mark.misconception is not None
        )
        return [(exercise, mistake, count) for (exercise, mistake), count in found.most_common()]
