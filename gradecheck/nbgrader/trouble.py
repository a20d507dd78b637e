"""What the machine says when grading cannot go on, in one sentence that says what to do."""

import errno
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from gradecheck.errors import CourseNotReady

#: By what SQLite says: what that means, and what to do.
_SQLITE = {
    "database is locked": "{gradebook} is locked by another program; close what uses it",
    "no such table": "{gradebook} is of another version of nbgrader; make a copy, then: nbgrader db upgrade",
    "no such column": "{gradebook} is of another version of nbgrader; make a copy, then: nbgrader db upgrade",
    "has no column": "{gradebook} is of another version of nbgrader; make a copy, then: nbgrader db upgrade",
    "readonly database": "{gradebook} cannot be written to; give yourself the right to",
    "unable to open": "{gradebook} cannot be opened or made; look at the folder and your rights to it",
    "disk is full": "the disk is full; make room on it",
    "disk I/O error": "the disk under {gradebook} is full or failing; make room on it",
    "malformed": "{gradebook} is damaged; put a copy in its place",
    "not a database": "{gradebook} is no gradebook; move it away",
}
#: What a server says when it is not there, or not any more.
_GONE = ("closed the connection", "connection is closed", "connection is lost", "terminating connection")
_REFUSED = (
    "connection failed",
    "connection is bad",
    "could not connect",
    "failed to resolve host",
    "could not translate host name",
    "connection refused",
    "password authentication",
)
_SYSTEM = {
    errno.ENOSPC: "the disk is full; make room on it",
    errno.EDQUOT: "your share of the disk is used up; make room on it",
    errno.EROFS: "{file} cannot be written: the disk is read-only",
    errno.EACCES: "{file} cannot be used: you have no right to it",
    errno.EPERM: "{file} cannot be used: you have no right to it",
}
#: What a single submission can cause.
_OF_ONE = (DataError, IntegrityError)
_TELLING = (OSError, DBAPIError, sqlite3.Error)
_LONGEST = 200
_GO_ON = "then type the same again: what is graded stays graded"


def sentence_for(error: BaseException, gradebook: str, root: Path) -> CourseNotReady | None:
    """What stops all grading, as one sentence; None where only one submission is concerned."""
    said = None
    while error.__context__ is not None and not isinstance(error, _TELLING):
        error = error.__context__  # nbgrader raises errors of its own over those of the database
    if isinstance(error, DBAPIError | sqlite3.Error) and not isinstance(error, _OF_ONE):
        text = str(error.orig if isinstance(error, DBAPIError) else error)
        said = _of_database(text)
    elif isinstance(error, OSError) and error.errno in _SYSTEM:
        said = _SYSTEM[error.errno]
    if said is None:
        return None
    file = getattr(error, "filename", None) or root
    name = f"the gradebook {gradebook}"
    return CourseNotReady(f"{said.format(gradebook=name, file=file)}, {_GO_ON}")


def _of_database(text: str) -> str:
    if any(words in text for words in _GONE):
        return "the connection to {gradebook} was lost; start its server again"
    reason = " ".join(text.split())[:_LONGEST].replace("{", "{{").replace("}", "}}")
    if any(words in text for words in _REFUSED):
        return f"{{gradebook}} cannot be reached ({reason}); look at its server and its address"
    found = (sentence for words, sentence in _SQLITE.items() if words in text)
    return next(found, f"{{gradebook}} cannot be used ({reason}); see to that")
