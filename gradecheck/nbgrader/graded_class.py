"""Reading a graded class: scores from the gradebook, verdicts from the graded notebooks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nbgrader.coursedir import CourseDirectory

from gradecheck.class_report.model import ClassScores, Mark, Person, StudentScores
from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.class_list import read_class_list
from gradecheck.nbgrader.grading import Graded
from gradecheck.nbgrader.results import results_reader
from gradecheck.nbgrader.scores import Score, scores_of


def read_class_scores(
    course: CourseDirectory,
    assignment: str,
    graded: Iterable[Graded] = (),
    students: Sequence[str] | None = None,
) -> ClassScores:
    """The scores as they stand in the gradebook.

    Args:
        course: such as `course_at` gives.
        assignment: its name.
        graded: what the last run said of each student.
        students: only these; by default everybody whom the gradebook knows, and who handed in.

    Raises:
        CourseNotReady: there is no gradebook or no such assignment.
    """
    by_student: dict[str, list[Score]] = {}
    for score in scores_of(course, assignment):
        by_student.setdefault(score.student, []).append(score)
    problems = {entry.student: entry.problem for entry in graded}
    listed = read_class_list(course, assignment)
    entries = {entry.student: entry for entry in listed.students}
    results_of = results_reader(course, assignment)
    rows = []
    for name in sorted(students if students is not None else {*entries, *problems}):
        results = {result["exercise"]: result for result in results_of(name)}
        marks = tuple(_mark(score, results) for score in by_student.get(name, []))
        entry = entries.get(name) or StudentScores(name, (), person=Person(name), handed_in=False)
        rows.append(replace(entry, marks=marks, problem=problems.get(name)))
    return ClassScores(
        assignment, tuple(rows), listed.due, left_out=listed.left_out, rescaled=listed.rescaled
    )


def read_graded_class(
    course: CourseDirectory, assignment: str, students: Sequence[str] | None = None
) -> ClassScores:
    """The same of an assignment that has been graded, for reports and exports.

    Args:
        course: such as `course_at` gives.
        assignment: its name.
        students: only these; by default everybody.

    Raises:
        CourseNotReady: there is no gradebook, nothing has been graded, or one of `students` is not known.
    """
    scores = read_class_scores(course, assignment)
    if not scores.columns:
        raise CourseNotReady(f"nothing of {assignment!r} has been graded yet: gradecheck grade {assignment}")
    return scores if students is None else only_students(scores, students)


def only_students(scores: ClassScores, students: Sequence[str]) -> ClassScores:
    """Some students of a class.

    Raises:
        CourseNotReady: one of them is not known.
    """
    known = {student.student for student in scores.students}
    strangers = [name for name in students if name not in known]
    if strangers:
        raise CourseNotReady(
            f"the gradebook knows no student {strangers[0]!r}, and nothing was handed in under that name"
        )
    return scores.only(students)


def _mark(score: Score, results: Mapping[str, Mapping[str, Any]]) -> Mark:
    exercise = score.exercise or score.cell
    result = results.get(exercise, {})
    return Mark(exercise, score.score, score.max_score, not score.needs_manual_grade, result)
