"""What a class has scored: one model for the table, the JSON and the exit code."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradecheck.nbgrader.grading import Graded
from gradecheck.nbgrader.results import results_reader
from gradecheck.nbgrader.roster import read_students
from gradecheck.nbgrader.scores import Score, read_scores
from gradecheck.verdict import Status


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


@dataclass(frozen=True)
class StudentScores:
    """One student's marks, in the notebook's order; none for who has never handed in.

    Attributes:
        student: nbgrader's id.
        marks: one a graded cell.
        problem: why the last run gave no new scores, None where it did.
    """

    student: str
    marks: tuple[Mark, ...]
    problem: str | None = None

    @property
    def points(self) -> float:
        """The sum of all marks."""
        return sum(mark.points for mark in self.marks)


@dataclass(frozen=True)
class ClassScores:
    """Everybody, in alphabetical order."""

    assignment: str
    students: tuple[StudentScores, ...]

    @property
    def columns(self) -> tuple[Mark, ...]:
        """The graded cells, as the first student who handed in has them; they are the same for all."""
        return next((s.marks for s in self.students if s.marks), ())

    @property
    def complete(self) -> bool:
        """Whether everything that was handed in has its score."""
        marks = (mark for student in self.students for mark in student.marks)
        return all(mark.graded for mark in marks) and not any(s.problem for s in self.students)

    def misconceptions(self) -> list[tuple[str, str, int]]:
        """Exercise, id and number of students of each recognised mistake, the most frequent first."""
        found = Counter(
            (mark.exercise, mark.misconception)
            for student in self.students
            for mark in student.marks
            if mark.misconception is not None
        )
        return [(exercise, mistake, count) for (exercise, mistake), count in found.most_common()]


def read_class_scores(
    root: Path, assignment: str, graded: Iterable[Graded] = (), students: Sequence[str] | None = None
) -> ClassScores:
    """The scores as they stand in the gradebook.

    Args:
        root: of the course.
        assignment: its name.
        graded: what the last run said of each student.
        students: only these; by default everybody whom the gradebook knows.

    Raises:
        CourseNotReady: there is no such course or assignment.
    """
    by_student: dict[str, list[Score]] = {}
    for score in read_scores(root, assignment):
        by_student.setdefault(score.student, []).append(score)
    problems = {entry.student: entry.problem for entry in graded}
    names = students if students is not None else {*read_students(root), *by_student, *problems}
    results_of = results_reader(root, assignment)
    rows = []
    for name in sorted(names):
        results = {result["exercise"]: result for result in results_of(name)}
        marks = tuple(_mark(score, results) for score in by_student.get(name, []))
        rows.append(StudentScores(name, marks, problems.get(name)))
    return ClassScores(assignment, tuple(rows))


def _mark(score: Score, results: Mapping[str, Mapping[str, Any]]) -> Mark:
    exercise = score.exercise or score.cell
    result = results.get(exercise, {})
    return Mark(exercise, score.score, score.max_score, not score.needs_manual_grade, result)
