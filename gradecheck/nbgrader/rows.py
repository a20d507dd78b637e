"""A submitted notebook's scores and comments, and what the database would compute of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from nbgrader.api import Comment, Grade
from sqlalchemy import bindparam, select
from sqlalchemy.orm.attributes import set_committed_value

#: Names of a notebook, of its assignment and of a student.
Place: TypeAlias = tuple[str, str, str]

#: All rows of one submitted notebook: of its scores, or of its comments.
OF_NOTEBOOK = {
    kind: select(kind).where(kind.notebook_id == bindparam("submitted")) for kind in (Grade, Comment)
}


@dataclass(frozen=True, eq=False)
class Rows:
    """All rows of one submitted notebook, by the name of their cell."""

    place: Place
    grades: dict[str, Grade]
    comments: dict[str, Comment]

    def all(self) -> set[Grade | Comment]:
        """The rows."""
        return {*self.grades.values(), *self.comments.values()}

    def compute(self, worth: Mapping[str, float]) -> None:
        """Bring them up to date after changes, as if they were read again.

        Args:
            worth: by the ids of graded cells, their points.
        """
        for grade in self.grades.values():
            set_committed_value(grade, "score", _score(grade))
            set_committed_value(grade, "max_score", worth[grade.cell_id])
        for comment in self.comments.values():
            set_committed_value(comment, "comment", _first(comment.manual_comment, comment.auto_comment))


def _score(grade: Any) -> float:
    given = _first(grade.manual_score, grade.auto_score)
    return 0.0 if given is None else float(given) + float(grade.extra_credit or 0.0)


def _first(by_hand: Any, ours: Any) -> Any:
    return ours if by_hand is None else by_hand
