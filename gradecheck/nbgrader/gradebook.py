"""nbgrader's gradebook, opened once for a whole run and written to in one transaction a submission.

nbgrader opens the gradebook ten times a submission, each time with a new engine, commits after each cell,
asks for each cell's row by a join of seven tables, and once more for what each is worth. While
`kept_gradebook` is active, all of this package and of nbgrader's preprocessors get the same gradebook from
`open_gradebook`.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.attributes import set_committed_value

from gradecheck.nbgrader.changes import Changes
from gradecheck.nbgrader.database import shown_address
from gradecheck.nbgrader.rows import OF_NOTEBOOK, Place, Rows, Worth, keep_others_from_writing
from gradecheck.nbgrader.trouble import sentence_for

#: nbgrader's modules that open a gradebook by the name `Gradebook` while a notebook is graded.
OPENERS = tuple(
    f"nbgrader.preprocessors.{name}"
    for name in ("overwritekernelspec", "overwritecells", "saveautogrades", "latesubmissions", "getgrades")
)

_kept: "KeptGradebook | None" = None


def open_gradebook(db_url: str, course_id: str = "default_course") -> Gradebook:
    """The gradebook that is kept open, or else a new one.

    Raises:
        CourseNotReady: it cannot be opened.
    """
    if _kept is not None and _kept.url == db_url:
        return _kept
    try:
        return Gradebook(db_url, course_id)
    except DBAPIError as error:
        reason = sentence_for(error, shown_address(db_url), Path.cwd())
        if reason is None:
            raise
        raise reason from error


@contextmanager
def kept_gradebook(db_url: str, course_id: str) -> Iterator["KeptGradebook"]:
    """Keep one gradebook open, for this package and for nbgrader's preprocessors; in one thread only."""
    global _kept
    with Gradebook(db_url):
        pass  # nbgrader's own steps open it without naming the course, which leaves a row
    kept = KeptGradebook(db_url, course_id)
    _kept = kept
    try:
        with contextmanager(_openers_replaced)():
            yield kept
    finally:
        _kept = None
        kept.end()


def _openers_replaced() -> Iterator[None]:
    patches = [
        mock.patch.object(importlib.import_module(name), "Gradebook", open_gradebook) for name in OPENERS
    ]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


class _OneTransaction:
    """A session in which nbgrader's many commits only flush."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def commit(self) -> None:
        """Send new rows to the database, within the transaction.

        What changed in old ones goes along before the next query, or when the step ends.
        """
        if self._session.new or self._session.deleted:
            self._session.flush()


class KeptGradebook(Gradebook):
    """A gradebook that stays open, commits when it is told to, and remembers rows that it has found.

    What the instructor made does not change during a run, so where it is, names of cells and what they are
    worth are remembered for all of it. Where a submission's rows are is remembered until the transaction
    ends, and so are its scores and comments, unless a statement writes past them: nobody else can change them
    from when they are read. Other rows are read anew once something is written and the step ends.
    """

    def __init__(self, db_url: str, course_id: str) -> None:
        super().__init__(db_url, course_id)
        self.url = db_url
        self._session: Any = self.db
        self.db: Any = _OneTransaction(self._session)
        self._cells: dict[tuple[str, ...], Any] = {}
        self._points: dict[str, float] = {}  # of notebooks, by nbgrader's random ids
        self._worth: dict[str, Worth] = {}  # of cells
        self._names: dict[str, str] = {}
        self._asked: dict[tuple[str, ...], str] = {}  # ids by names: of assignments and their notebooks
        self._given: dict[tuple[str, ...], str] = {}  # of submissions and theirs
        self._rows: Rows | None = None
        self._held: dict[Any, Any] = {}  # the last row of each kind: a session lets go of what nobody holds
        self._changes = Changes(self.engine, self._session)
        self.memory: dict[object, Any] = {}
        """What others want to keep as long as this is open; see `gradecheck.nbgrader.original`."""
        self.until_commit: dict[object, Any] = {}
        """What they want to keep until the transaction ends; see `gradecheck.nbgrader.ledger`."""
        self.at_commit: dict[object, Callable[[], None]] = {}
        """What they want to write then, once for all changes."""

    def close(self) -> None:
        """Stay open: whoever opened this did not know that it is kept."""

    def end(self) -> None:
        """Close it."""
        super().close()

    def settle(self) -> None:
        """Send changes to the database; if there are any, what it computes, such as sums, is read anew.

        Changes of scores and comments alone wait until something is asked: they are locked.
        """
        kept = self._rows.all() if self._rows is not None else set()
        waiting = {*self._session.new, *self._session.deleted, *self._session.dirty}
        if self._changes.unseen or not waiting <= kept:
            self._session.flush()
        if self._changes.unseen:
            self._forget()
        elif self._changes.some or waiting:
            self._bring_up_to_date(kept)

    def commit(self) -> None:
        """End the transaction."""
        for write in self.at_commit.values():
            write()
        self._session.commit()
        self._end_transaction()

    def rollback(self) -> None:
        """Give up the transaction."""
        self._session.rollback()
        self._end_transaction()

    def _end_transaction(self) -> None:
        for kept in (self._given, self.until_commit, self.at_commit):
            kept.clear()
        self._forget()

    def _forget(self) -> None:
        self._session.expunge_all()
        self._rows = None
        self._held.clear()
        self._changes.forget()

    def _bring_up_to_date(self, kept: set[Any]) -> None:
        """After changes of rows that the session knows: these are not read again."""
        if self._rows is not None:
            self._rows.compute(self._worth)
        for row in {*self._session} - kept:
            self._session.expire(row)
        self._changes.forget()

    def find_source_cell(self, name: str, notebook: str, assignment: str) -> Any:
        """As nbgrader's; the instructor's cells do not change during a run."""
        key = ("source", name, notebook, assignment)
        if key not in self._cells:
            self._cells[key] = super().find_source_cell(name, notebook, assignment)
        return self._cells[key]

    def find_graded_cell(self, name: str, notebook: str, assignment: str) -> Any:
        """As nbgrader's."""
        key = ("graded", name, notebook, assignment)
        if key not in self._cells:
            self._cells[key] = super().find_graded_cell(name, notebook, assignment)
        return self._cells[key]

    def find_assignment(self, name: str) -> Assignment:
        """As nbgrader's, with one simple query from the second time on."""
        return self._by_id(Assignment, super().find_assignment, self._asked, (name,))

    def find_notebook(self, name: str, assignment: str) -> Notebook:
        """As nbgrader's, with one simple query from the second time on."""
        return self._by_id(Notebook, super().find_notebook, self._asked, (name, assignment))

    def find_submission(self, assignment: str, student: str) -> SubmittedAssignment:
        """As nbgrader's, with one simple query from the second time on."""
        find = super().find_submission
        return self._by_id(SubmittedAssignment, find, self._given, (assignment, student))

    def find_submission_notebook(self, notebook: str, assignment: str, student: str) -> SubmittedNotebook:
        """As nbgrader's, with one simple query from the second time on."""
        find = super().find_submission_notebook
        found = self._by_id(SubmittedNotebook, find, self._given, (notebook, assignment, student))
        if found.notebook_id not in self._points:
            self._points[found.notebook_id] = found.max_score
        set_committed_value(found, "max_score", self._points[found.notebook_id])
        return found

    def note_ids(self, ids: Mapping[tuple[str, ...], str]) -> None:
        """Remember where rows are that were just made: by the names with which nbgrader finds them."""
        self._given.update(ids)

    def _by_id(self, kind: Any, find: Callable[..., Any], ids: dict[Any, str], names: tuple[str, ...]) -> Any:
        self._session.flush()  # as before any query
        found = self._session.get(kind, ids[names]) if names in ids else None
        if found is None:
            found = find(*names)
            ids[names] = found.id
        self._held[kind] = found
        return found

    def find_grade(self, grade_cell: str, notebook: str, assignment: str, student: str) -> Grade:
        """As nbgrader's, with one query for all cells of a notebook."""
        found = self._rows_of(notebook, assignment, student).grades.get(grade_cell)
        return found or super().find_grade(grade_cell, notebook, assignment, student)

    def find_comment(self, solution_cell: str, notebook: str, assignment: str, student: str) -> Comment:
        """As nbgrader's, with one query for all cells of a notebook."""
        found = self._rows_of(notebook, assignment, student).comments.get(solution_cell)
        return found or super().find_comment(solution_cell, notebook, assignment, student)

    def _rows_of(self, *place: *Place) -> Rows:
        if self._rows is None or self._rows.place != place:
            self._session.flush()
            keep_others_from_writing(self._session)
            submitted = self._given.get(place) or self.find_submission_notebook(*place).id
            self._rows = Rows(place, self._grades_of(submitted), self._by_name(Comment, submitted))
        return self._rows

    def _grades_of(self, submitted: str) -> dict[str, Grade]:
        grades = self._by_name(Grade, submitted)
        if any(grade.cell_id not in self._worth for grade in grades.values()):
            columns = (Grade.cell_id, Grade.max_score, Grade.cell_type_gradecell)
            for cell, points, kind in self._session.execute(
                select(*columns).where(Grade.notebook_id == submitted)
            ):
                self._worth[cell] = Worth(points, kind == "code")
        for grade in grades.values():
            set_committed_value(grade, "max_score", self._worth[grade.cell_id].points)
        return grades

    def _by_name(self, kind: Any, submitted: str) -> dict[str, Any]:
        rows = self._session.scalars(OF_NOTEBOOK[kind], {"submitted": submitted}).all()
        unknown = {row.cell_id for row in rows} - self._names.keys()
        if unknown:
            query = select(BaseCell.id, BaseCell.name).where(BaseCell.id.in_(unknown))
            self._names.update(self._session.execute(query).all())
        return {self._names[row.cell_id]: row for row in rows}
