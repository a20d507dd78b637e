"""What nbgrader has the database compute for a score or a comment, computed without asking it again."""

from collections.abc import Mapping
from typing import Any

from nbgrader.api import Comment, Grade
from sqlalchemy.orm.attributes import set_committed_value


def compute(row: Grade | Comment, worth: Mapping[str, float]) -> None:
    """Bring a row up to date whose columns were sent to the database.

    Args:
        row: the row.
        worth: by the ids of graded cells, their points.
    """
    if isinstance(row, Grade):
        set_committed_value(row, "score", _score(row))
        set_committed_value(row, "max_score", worth[row.cell_id])
    else:
        set_committed_value(row, "comment", _first(row.manual_comment, row.auto_comment))


def _score(grade: Any) -> float:
    given = _first(grade.manual_score, grade.auto_score)
    return 0.0 if given is None else float(given) + float(grade.extra_credit or 0.0)


def _first(by_hand: Any, ours: Any) -> Any:
    return ours if by_hand is None else by_hand
