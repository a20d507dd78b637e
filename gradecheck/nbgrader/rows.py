"""A submitted notebook's scores and comments, and what the database would compute of them.

They are locked when they are read: what a person saves in the formgrader meanwhile would be in the sums of a
page of feedback and not beside its cell.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from nbgrader.api import Comment, Grade
from sqlalchemy import bindparam, select
from sqlalchemy.orm.attributes import set_committed_value

#: Names of a notebook, of its assignment and of a student.
Place: TypeAlias = tuple[str, str, str]

#: All rows of one submitted notebook: of its scores, or of its comments. A server locks them alone.
OF_NOTEBOOK = {
    kind: select(kind).where(kind.notebook_id == bindparam("submitted")).with_for_update(of=kind)
    for kind in (Grade, Comment)
}


def keep_others_from_writing(session: Any) -> None:
    """Lock a gradebook in a file for writing until the transaction ends, as its first change would.

    Raises:
        sqlalchemy.exc.OperationalError: somebody else writes, and goes on for as long as SQLite waits.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite" and not connection.connection.driver_connection.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@dataclass(frozen=True)
class Worth:
    """A cell with a score.

    Attributes:
        points: that it is worth.
        tests: whether it is code that tests, for which less than that means to fail.
    """

    points: float
    tests: bool


@dataclass(frozen=True, eq=False)
class Rows:
    """All rows of one submitted notebook, by the name of their cell."""

    place: Place
    grades: dict[str, Grade]
    comments: dict[str, Comment]

    def all(self) -> set[Grade | Comment]:
        """The rows."""
        return {*self.grades.values(), *self.comments.values()}

    def compute(self, worth: Mapping[str, Worth]) -> None:
        """Bring them up to date after changes, as if they were read again.

        Args:
            worth: by the ids of cells with a score.
        """
        for grade in self.grades.values():
            set_committed_value(grade, "score", _score(grade))
            set_committed_value(grade, "max_score", worth[grade.cell_id].points)
            set_committed_value(grade, "failed_tests", _failed_tests(grade, worth[grade.cell_id]))
        for comment in self.comments.values():
            set_committed_value(comment, "comment", _first(comment.manual_comment, comment.auto_comment))


def _score(grade: Any) -> float:
    given = _first(grade.manual_score, grade.auto_score)
    return 0.0 if given is None else float(given) + float(grade.extra_credit or 0.0)


def _failed_tests(grade: Any, worth: Worth) -> bool | None:
    """A score by hand changes nothing; None where tests have given no score, as in SQL."""
    if not worth.tests:
        return False
    return None if grade.auto_score is None else bool(grade.auto_score < worth.points)


def _first(by_hand: Any, ours: Any) -> Any:
    return ours if by_hand is None else by_hand
