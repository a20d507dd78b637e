"""The rows that a submission gets at once are those that nbgrader makes one by one."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError, StatementError

from gradecheck.nbgrader.configuration import put_tools_on_path
from gradecheck.nbgrader.entering import enter
from gradecheck.nbgrader.gradebook import KeptGradebook, kept_gradebook
from gradecheck.nbgrader.ledger import Entry, find_entry, open_ledger, write_entry

ASSIGNMENT = "week_1"
TIMESTAMP = "2026-11-02 10:00:00 UTC"
PLACE = ("one", ASSIGNMENT, "ada")


def _fill(gradebook: Gradebook) -> None:
    """An assignment with every kind of cell in two notebooks; in the second, a cell that is two kinds."""
    gradebook.add_assignment(ASSIGNMENT)
    for name in ("two", "one"):
        gradebook.add_notebook(name, ASSIGNMENT)
        gradebook.add_grade_cell("tests", name, ASSIGNMENT, max_score=3, cell_type="code")
        gradebook.add_solution_cell("answer", name, ASSIGNMENT)
        gradebook.add_task_cell("essay", name, ASSIGNMENT, max_score=2, cell_type="markdown")
    gradebook.add_grade_cell("both", "two", ASSIGNMENT, max_score=1, cell_type="markdown")
    gradebook.add_solution_cell("both", "two", ASSIGNMENT)


def _rows(gradebook: Gradebook) -> dict[str, list[tuple[Any, ...]]]:
    """All that was made for submissions, with names in the place of random ids."""
    names: dict[Any, str] = {}
    for assignment in gradebook.assignments:
        names[assignment.id] = assignment.name
        for notebook in assignment.notebooks:
            names[notebook.id] = notebook.name
            for cell in (*notebook.grade_cells, *notebook.solution_cells, *notebook.task_cells):
                names[cell.id] = f"{type(cell).__name__} {cell.name} of {notebook.name}"
        for submission in assignment.submissions:
            names[submission.id] = f"by {submission.student.id}"
            for own in submission.notebooks:
                names[own.id] = f"{own.name} by {submission.student.id}"
    rows = {}
    for kind in (SubmittedAssignment, SubmittedNotebook, Grade, Comment):
        found = gradebook.db.execute(select(kind.__table__.columns)).all()
        assert len({row.id for row in found}) == len(found)
        rows[kind.__tablename__] = sorted(
            (repr([names.get(value, value) for value in row[1:]]),) for row in found
        )
    rows["student"] = sorted(tuple(student.to_dict().items()) for student in gradebook.students)
    return rows


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook in a file, for copies: making one takes nbgrader seconds."""
    file = tmp_path_factory.mktemp("filled") / "gradebook.db"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("PATH", os.environ["PATH"])  # put back afterwards
        put_tools_on_path()
        with Gradebook(f"sqlite:///{file}") as gradebook:
            _fill(gradebook)
    return file


@pytest.fixture
def kept(filled: Path, tmp_path: Path) -> Iterator[KeptGradebook]:
    with kept_gradebook(
        f"sqlite:///{shutil.copy(filled, tmp_path / 'ours.db')}", "default_course"
    ) as gradebook:
        yield gradebook


def test_they_are_the_same(kept: KeptGradebook, filled: Path, tmp_path: Path) -> None:
    with Gradebook(f"sqlite:///{shutil.copy(filled, tmp_path / 'theirs.db')}") as theirs:
        for student, timestamp in {"ada": {}, "bob": {"timestamp": TIMESTAMP}}.items():
            theirs.update_or_create_student(student)
            theirs.update_or_create_submission(ASSIGNMENT, student, **timestamp)
        expected = _rows(theirs)
    enter(kept, ASSIGNMENT, "ada", None, create_student=True)
    enter(kept, ASSIGNMENT, "bob", TIMESTAMP, create_student=True)
    kept.commit()
    assert _rows(kept) == expected
    assert {name: len(rows) for name, rows in expected.items()} == {
        "submitted_assignment": 2, "submitted_notebook": 4, "grade": 10, "comment": 10, "student": 2
    }  # fmt: skip


def test_who_is_there_stays_and_a_new_timestamp_counts(kept: KeptGradebook) -> None:
    enter(kept, ASSIGNMENT, "ada", None, create_student=True)
    kept.find_grade("tests", *PLACE).manual_score = 2
    kept.commit()
    before = _rows(kept)
    kept.commit()
    enter(kept, ASSIGNMENT, "ada", TIMESTAMP, create_student=False)
    kept.commit()
    assert str(kept.find_submission(ASSIGNMENT, "ada").timestamp) == "2026-11-02 10:00:00"
    enter(kept, ASSIGNMENT, "ada", None, create_student=False)
    kept.commit()
    after = _rows(kept)
    del before["submitted_assignment"], after["submitted_assignment"]
    assert after == before


def test_a_student_is_new_only_where_that_is_allowed(kept: KeptGradebook) -> None:
    with pytest.raises(MissingEntry, match="nobody"):
        enter(kept, ASSIGNMENT, "nobody", None, create_student=False)


def test_sums_are_those_of_the_scores_that_were_written_in_the_step_before(kept: KeptGradebook) -> None:
    enter(kept, ASSIGNMENT, "ada", None, create_student=True)
    kept.settle()
    grade = kept.find_grade("tests", *PLACE)
    assert (grade.score, grade.max_score, kept.find_submission_notebook(*PLACE).score) == (0, 3, 0)
    grade.auto_score = 1.5
    kept.db.commit()
    kept.settle()
    assert kept.find_grade("tests", *PLACE).score == 1.5
    notebook = kept.find_submission_notebook(*PLACE)
    assert (notebook.score, notebook.max_score) == (1.5, 5)


@pytest.mark.parametrize("manual", [None, 0, 2])
@pytest.mark.parametrize("auto", [None, 1.25, 3])
@pytest.mark.parametrize("extra", [None, 0.5])
@pytest.mark.parametrize("cell", ["tests", "essay"])
def test_scores_and_comments_are_those_that_nbgrader_has_the_database_compute(
    kept: KeptGradebook, auto: float | None, manual: float | None, extra: float | None, cell: str
) -> None:
    enter(kept, ASSIGNMENT, "ada", None, create_student=True)
    kept.settle()
    grade, comment = kept.find_grade(cell, *PLACE), kept.find_comment("answer", *PLACE)
    grade.auto_score, grade.manual_score, grade.extra_credit = auto, manual, extra
    comment.auto_comment, comment.manual_comment = repr(auto), None if manual is None else f"{manual}"
    kept.settle()
    assert kept.find_grade(cell, *PLACE) is grade
    seen = [grade.score, grade.max_score, grade.failed_tests, comment.comment]
    assert seen[0] == kept.find_submission_notebook(*PLACE).score
    for row in (grade, comment):
        kept.db.refresh(row)
    assert [grade.score, grade.max_score, grade.failed_tests, comment.comment] == seen


def test_what_a_statement_writes_past_the_session_is_read_anew(kept: KeptGradebook) -> None:
    enter(kept, ASSIGNMENT, "ada", None, create_student=True)
    kept.settle()
    assert kept.find_grade("tests", *PLACE).score == 0
    kept.db.execute(update(Grade.__table__).values(auto_score=1.5))
    kept.settle()
    assert kept.find_grade("tests", *PLACE).score == 1.5


def test_after_a_flush_that_raises_statements_are_looked_at_as_before(kept: KeptGradebook) -> None:
    enter(kept, ASSIGNMENT, "ada", None, create_student=True)
    kept.commit()
    kept.find_grade("tests", *PLACE).auto_score = "no number"
    with pytest.raises(StatementError):
        kept.db.flush()
    kept.db.rollback()  # as nbgrader does
    assert kept.find_grade("tests", *PLACE).score == 0
    kept.db.execute(update(Grade.__table__).values(auto_score=1.5))
    kept.settle()
    assert kept.find_grade("tests", *PLACE).score == 1.5


def _save_by_hand(kept: KeptGradebook, score: float) -> None:
    """As a person in the formgrader, who is told at once when the gradebook is locked."""
    with Gradebook(f"{kept.url}?timeout=0") as other:
        grade = other.find_grade("tests", *PLACE)
        grade.manual_score, grade.needs_manual_grade = score, False
        other.db.commit()


def test_from_when_scores_are_read_nobody_else_writes_until_they_are_written(kept: KeptGradebook) -> None:
    enter(kept, ASSIGNMENT, "ada", None, create_student=True)
    kept.commit()
    enter(kept, ASSIGNMENT, "ada", None, create_student=True)  # graded again: nothing is new
    kept.settle()
    _save_by_hand(kept, 1)
    grade = kept.find_grade("tests", *PLACE)
    assert grade.manual_score == 1  # so whether a person must look is decided by what stands there
    with pytest.raises(OperationalError, match="locked"):
        _save_by_hand(kept, 2)
    grade.auto_score = 3
    kept.db.commit()
    kept.settle()
    with pytest.raises(OperationalError, match="locked"):
        _save_by_hand(kept, 2)
    assert kept.find_grade("tests", *PLACE).score == kept.find_submission_notebook(*PLACE).score == 1
    kept.commit()
    _save_by_hand(kept, 2)
    assert kept.find_grade("tests", *PLACE).score == kept.find_submission_notebook(*PLACE).score == 2


def test_a_ledgers_entry_is_written_with_the_transaction_or_not_at_all(kept: KeptGradebook) -> None:
    first, last = (Entry("", complete=False, attempt=n, revealed=False) for n in (1, 2))
    open_ledger(kept)
    write_entry(kept, ASSIGNMENT, "ada", first)
    assert find_entry(kept, ASSIGNMENT, "ada") == first
    kept.rollback()
    assert find_entry(kept, ASSIGNMENT, "ada") is None
    write_entry(kept, ASSIGNMENT, "ada", first)
    write_entry(kept, ASSIGNMENT, "ada", last)
    kept.commit()
    with Gradebook(kept.url) as other:
        assert find_entry(other, ASSIGNMENT, "ada") == last


def test_a_step_that_writes_nothing_leaves_what_was_read(kept: KeptGradebook) -> None:
    enter(kept, ASSIGNMENT, "ada", None, create_student=True)
    kept.settle()
    grade = kept.find_grade("tests", *PLACE)
    kept.settle()
    assert kept.find_grade("tests", *PLACE) is grade


def test_what_was_given_up_is_not_remembered(kept: KeptGradebook) -> None:
    enter(kept, ASSIGNMENT, "ada", None, create_student=True)
    assert kept.find_submission_notebook(*PLACE)
    assert kept.find_submission(ASSIGNMENT, "ada")
    kept.rollback()
    with pytest.raises(MissingEntry):
        kept.find_submission_notebook(*PLACE)
    with pytest.raises(MissingEntry):
        kept.find_submission(ASSIGNMENT, "ada")
