"""Proof that a course is sound: each claim is tried, and what fails is named."""

from collections.abc import Iterator
from pathlib import Path

from gradecheck.catalogue import EXERCISES
from gradecheck.course import assignments, lectures
from gradecheck.errors import GradecheckError
from gradecheck.run.client import Template
from gradecheck.verify.assignment import exercises_asked, verify_assignment
from gradecheck.verify.claim import Claim
from gradecheck.verify.definition import verify_exercise
from gradecheck.verify.lecture import verify_lecture

__all__ = ["Claim", "going_on", "verify_course"]


def verify_course(
    root: Path, assignment: str | None = None, *, with_lectures: bool = True
) -> Iterator[Claim]:
    """Try every claim about the exercises and about the course at `root`, one after the other.

    Args:
        root: the course's folder.
        assignment: only this one, with the exercises that it asks for, and no lecture.
        with_lectures: whether the lectures are run.

    Raises:
        CourseNotReady: `root` is no course, or it has no such assignment.
    """
    names = assignments(root, assignment)
    exercises = exercises_asked(root, assignment) if assignment else EXERCISES
    with Template() as template:
        for exercise in exercises:
            yield from going_on(exercise.name, verify_exercise(exercise))
        for name in names:
            yield from going_on(name, verify_assignment(root, name, template))
        for lecture in lectures(root) if with_lectures and not assignment else ():
            yield from going_on(lecture.name, verify_lecture(lecture, template))


def going_on(subject: str, claims: Iterator[Claim]) -> Iterator[Claim]:
    """The claims; an error that keeps the rest of them from being tried is one that does not hold."""
    try:
        yield from claims
    except (GradecheckError, OSError) as error:
        yield Claim(subject, f"the rest could not be tried: {error}", False)
