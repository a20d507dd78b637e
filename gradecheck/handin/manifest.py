"""The manifest of a bundle: what a student's zip says of itself. A claim, never a score."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gradecheck.handin.roster import parse_time

#: The manifest's name, in the root of a bundle.
MANIFEST = "gradecheck-bundle.json"
#: Raised when a field changes its meaning or goes away.
SCHEMA = 1
_LONGEST = 2**22  # bytes; a manifest has some thousand


@dataclass(frozen=True)
class Manifest:
    """What collecting has to know of a manifest.

    Attributes:
        assignment: its name.
        student: nbgrader's id, as the student has given it; None where it was not given.
        made: when, by the student's clock, in UTC and without a zone.
        digests: the SHA-256 of every file by its path in the bundle.
    """

    assignment: str
    student: str | None
    made: datetime | None
    digests: Mapping[str, str]


def read_manifest(path: Path) -> Manifest | None:
    """The manifest in a file; None where it is none, whatever else it may be."""
    try:
        if path.stat().st_size > _LONGEST:
            return None
        document = json.loads(path.read_text(encoding="utf-8"))
        files = {str(file["name"]): str(file["sha256"]) for file in document["files"]}
        made = parse_time(_text(document["made"]))
        student = document.get("student")
        return Manifest(
            _text(document["assignment"]), None if student is None else _text(student), made, files
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    return value
