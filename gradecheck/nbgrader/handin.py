"""What is known of one submitted notebook, on its way through nbgrader's preprocessors.

nbgrader converts a notebook twice, once to repair it and once to grade it, and hands over nothing but
the file in between. So what the first pass has found stands in the file's metadata.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: The key in a notebook's metadata, and of what is passed along in nbconvert's resources.
KEY = "gradecheck"
#: The key of the marks in nbconvert's resources.
MARKS = "gradecheck_marks"


@dataclass(frozen=True)
class Note:
    """A sentence for the student about a repair.

    Attributes:
        sentence: what was wrong and what became of it.
        cell: nbgrader's id of the cell that it is about; None for the whole notebook.
    """

    sentence: str
    cell: str | None = None


@dataclass(frozen=True)
class HandIn:
    """Where a notebook came from.

    Attributes:
        course: root of the course.
        problem: why the file could not be read, in words that go on after "could not be read:"; or None.
        stand_in: name of the file that was read because the expected one was not there; or None.
        order: nbgrader's ids of the instructor's cells, from top to bottom, as far as a file tells.
    """

    course: Path
    problem: str | None = None
    stand_in: str | None = None
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """What grading has to know of the first pass.

    Attributes:
        attempt: which grading this is, counting those whose feedback was made; see `ledger`.
        problem: the sentence that says why nothing of the student's could be read, or None.
        notes: the repairs.
    """

    attempt: int
    problem: str | None
    notes: tuple[Note, ...]

    def to_metadata(self) -> dict[str, Any]:
        """The form in which it stands in a notebook's metadata."""
        return {
            "attempt": self.attempt,
            "problem": self.problem,
            "notes": [{"cell": note.cell, "sentence": note.sentence} for note in self.notes],
        }


def record_of(metadata: Mapping[str, Any]) -> Record:
    """The record in a notebook's metadata, written by the first pass.

    Raises:
        KeyError: there is none: our sanitising step is not configured.
        TypeError: what stands there is no record; a student may have put it there.
    """
    entry = metadata[KEY]
    notes = tuple(Note(_text(note["sentence"]), _text_or_none(note["cell"])) for note in entry["notes"])
    return Record(_number(entry["attempt"]), _text_or_none(entry["problem"]), notes)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a whole number was expected, not {type(value).__name__}")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)
