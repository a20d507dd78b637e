"""What Gradescope says of a submission, in submission_metadata.json: who, when, and when it was due."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Metadata:
    """Gradescope's word on a submission.

    Attributes:
        key: stands for this very submission; another one of the same student has another.
        seconds_late: after the due date, a student's own if there is one; None where that is not known.
    """

    key: str
    seconds_late: float | None


def read_metadata(path: Path) -> Metadata:
    """Read the file; what is not there, or is not as documented, is not known."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        document = {}
    document = document if isinstance(document, dict) else {}
    users = [user for user in _list(document.get("users")) if isinstance(user, dict)]
    key = json.dumps([document.get("id"), document.get("created_at"), [user.get("id") for user in users]])
    return Metadata(key, _seconds_late(document, users))


def _seconds_late(document: dict[str, Any], users: list[dict[str, Any]]) -> float | None:
    created = _time(document.get("created_at"))
    due = max(filter(None, map(_due, users)), default=None) or _due(document)
    return max(0.0, (created - due).total_seconds()) if created and due else None


def _due(entry: dict[str, Any]) -> datetime | None:
    assignment = entry.get("assignment")
    return _time(assignment.get("due_date")) if isinstance(assignment, dict) else None


def _time(text: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return time if time and time.tzinfo else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
