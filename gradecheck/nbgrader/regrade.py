"""Grading again without an exercise that was found faulty, or with it again."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from nbgrader.api import Grade, Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory

from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.class_list import existing_gradebook, handed_in
from gradecheck.nbgrader.counting import Counting, notebooks_as_handed_out, read_counting
from gradecheck.nbgrader.digest import digest_of
from gradecheck.nbgrader.grading import Graded, How, OnProgress, grade_assignment
from gradecheck.nbgrader.ledger import Entry, find_entry, open_ledger, write_entry
from gradecheck.nbgrader.left_out import change_counting, settle_left_out
from gradecheck.nbgrader.lock import only_grader
from gradecheck.nbgrader.roster import course_at


@dataclass(frozen=True)
class Change:
    """What is to count.

    Attributes:
        without: names of exercises, or ids of graded cells, that are not to count.
        again: those that are to count again.
        rescale: whether the rest is to be worth as much as all was; None for as it is.
    """

    without: Collection[str] = ()
    again: Collection[str] = ()
    rescale: bool | None = None


@dataclass(frozen=True)
class Changed:
    """What counts now, before anybody is graded again.

    Attributes:
        counting: what counts.
        students: who is to be graded again.
        changed: who has changed a file since, was asked something else, or was never graded.
        reviewed: the ids of the grades that a person gave and that wait for nobody.
    """

    counting: Counting
    students: tuple[str, ...]
    changed: tuple[str, ...]
    reviewed: frozenset[str]


@dataclass(frozen=True)
class Regraded:
    """What came of it.

    Attributes:
        counting: what counts now.
        graded: who was graded again, so that notebooks and feedback say the same as the gradebook.
    """

    counting: Counting
    graded: tuple[Graded, ...]


def counting_of(course: CourseDirectory, assignment: str) -> Counting:
    """What counts in an assignment; for reports, which say what was left out.

    Raises:
        CourseNotReady: there is no gradebook, or no such assignment in it.
    """
    with existing_gradebook(course) as gradebook:
        try:
            return read_counting(gradebook, assignment)
        except MissingEntry:
            raise CourseNotReady(
                f"the gradebook has no assignment {assignment!r}: gradecheck grade {assignment}"
            ) from None


def regrade_assignment(
    course_root: Path,
    assignment: str,
    change: Change,
    on_progress: OnProgress | None = None,
    how: How | None = None,
) -> Regraded:
    """Change what counts, and grade again who was graded before and has not changed a file since.

    They are judged on the same inputs as before. Who has handed in anew is left to the next grading.

    Raises:
        CourseNotReady: there is no gradebook, no such assignment or exercise, or nothing would count.
    """
    changed = change_what_counts(course_root, assignment, change)
    return grade_again(course_root, assignment, changed, on_progress, how)


def change_what_counts(course_root: Path, assignment: str, change: Change) -> Changed:
    """The first half: the gradebook says what counts, notebooks and feedback do not yet.

    Raises:
        CourseNotReady: as `regrade_assignment`.
    """
    root = course_root.resolve()
    course = course_at(root)
    counting_of(course, assignment)  # says what is not there
    with only_grader(root), existing_gradebook(course) as gradebook:
        students, changed = _told_apart(course, gradebook, assignment)
        for student, entry in students.items():  # if this is broken off, they keep their inputs
            pending = replace(entry, complete=False, revealed=False)
            write_entry(gradebook, assignment, student, pending)
        counting = change_counting(
            gradebook, assignment, without=change.without, again=change.again, rescale=change.rescale
        )
        return Changed(counting, tuple(students), changed, _reviewed(gradebook))


def grade_again(
    course_root: Path,
    assignment: str,
    changed: Changed,
    on_progress: OnProgress | None = None,
    how: How | None = None,
) -> Regraded:
    """The second half: notebooks and feedback are made again.

    Raises:
        CourseNotReady: grading cannot run.
    """
    root = course_root.resolve()
    if not changed.students:
        return Regraded(changed.counting, ())
    how = replace(how or How(), force=True, same_inputs=True)
    graded = grade_assignment(root, assignment, changed.students, on_progress, how)
    with only_grader(root), existing_gradebook(course_at(root)) as gradebook:
        _take_as_reviewed(gradebook, changed.reviewed)
        settle_left_out(gradebook, assignment)
    return Regraded(changed.counting, graded)


def _reviewed(gradebook: Gradebook) -> frozenset[str]:
    """The grades that a person gave and that wait for nobody; nbgrader wants a look at them after grading."""
    given = gradebook.db.query(Grade.id).filter(Grade.manual_score.is_not(None), ~Grade.needs_manual_grade)
    return frozenset(row.id for row in given)


def _take_as_reviewed(gradebook: Gradebook, reviewed: Collection[str]) -> None:
    """Nothing about them has changed but what they are worth."""
    for grade in gradebook.db.query(Grade).filter(Grade.manual_score.is_not(None), Grade.needs_manual_grade):
        if grade.id in reviewed:
            grade.needs_manual_grade = False
    gradebook.db.commit()


def _told_apart(
    course: CourseDirectory, gradebook: Gradebook, assignment: str
) -> tuple[dict[str, Entry], tuple[str, ...]]:
    """Whose files are those that were graded last, with the entries in the ledger, and all others."""
    open_ledger(gradebook)
    notebooks = [notebook.name for notebook in gradebook.find_assignment(assignment).notebooks]
    counting = read_counting(gradebook, assignment)
    asked = notebooks_as_handed_out(course, assignment, notebooks, counting)
    same: dict[str, Entry] = {}
    students = handed_in(course, assignment)
    for student in students:
        entry = find_entry(gradebook, assignment, student)
        folder = Path(course.format_path(course.submitted_directory, student, assignment))
        if entry is None:
            continue
        by_nbgraders_commands = entry.digest == "" and not entry.revealed
        if by_nbgraders_commands or entry.digest == digest_of(folder, asked):
            same[student] = entry
    return same, tuple(student for student in students if student not in same)
