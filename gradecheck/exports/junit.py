"""A class in JUnit's form: a suite a student, a case an exercise."""

from gradecheck.class_report.model import ClassScores, Mark, State, StudentScores
from gradecheck.exports.cells import plain_number
from gradecheck.report.junit import Case, Outcome, Suite

_OUTCOMES = {
    State.PASSED: None,
    State.FAILED: Outcome.FAILURE,
    State.CRASHED: Outcome.ERROR,
    State.NOT_STARTED: Outcome.SKIPPED,
    State.NOT_GRADED: Outcome.SKIPPED,
    State.MISSING: Outcome.SKIPPED,
}


def class_suites(scores: ClassScores) -> tuple[Suite, ...]:
    """The suites of a class; what is missing, not started or not graded is skipped, in words."""
    return tuple(
        Suite(student.student, tuple(_case(student, column) for column in scores.columns))
        for student in scores.students
    )


def _case(student: StudentScores, column: Mark) -> Case:
    state = student.state(column.exercise)
    mark = student.by_exercise.get(column.exercise)
    properties = {"max_points": plain_number(column.max_points)}
    if mark is not None and mark.graded:
        properties["points"] = plain_number(mark.points)
    if mark is not None and mark.misconception is not None:
        properties["misconception"] = mark.misconception
    told = mark.message if mark is not None and state in (State.FAILED, State.CRASHED) else ""
    message = "" if state is State.PASSED else told or state.words
    return Case(column.exercise, _OUTCOMES[state], message, properties=properties)
