"""What was graded, kept in a table beside nbgrader's own, so that one transaction writes both.

For each submission: a digest of all that its scores depend on, whether all of it has a score, and the
number of the attempt from which its hidden inputs were drawn. Once an attempt's feedback was made, its
seeds are told, and the next grading is another attempt. A second table knows the last exchange of folders
of each submission; see `gradecheck.nbgrader.journal`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table, bindparam, insert, select, update

from gradecheck.nbgrader.gradebook import KeptGradebook
from gradecheck.nbgrader.journal import JOURNAL, Exchange, Journal

_LONGEST = 128
_MOST_KNOWN = 512
LEDGER = Table(
    "gradecheck_ledger",
    MetaData(),
    Column("assignment", String(_LONGEST), primary_key=True),
    Column("student", String(_LONGEST), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("revealed", Boolean, nullable=False),
)
_EXCHANGES = Table(
    "gradecheck_exchange",
    LEDGER.metadata,
    Column("assignment", String(_LONGEST), primary_key=True),
    Column("student", String(_LONGEST), primary_key=True),
    Column("token", String(64), nullable=False),
)


def _is(table: Table) -> tuple[Any, Any]:
    """The row of one submission, by the names that `_key` gives."""
    return table.c.assignment == bindparam("of"), table.c.student == bindparam("by")


#: Made once: to put a statement together costs more than to send it.
_FIND = select(LEDGER.c.digest, LEDGER.c.complete, LEDGER.c.attempt, LEDGER.c.revealed).where(*_is(LEDGER))
_UPDATE = {
    table: update(table)
    .where(*_is(table))
    .values({column: bindparam(column.name) for column in table.c if not column.primary_key})
    for table in (LEDGER, _EXCHANGES)
}


@dataclass(frozen=True)
class Entry:
    """One submission as it was graded last.

    Attributes:
        digest: of everything that the scores depend on; empty where nobody took it.
        complete: whether every cell got its score.
        attempt: 1 for the first inputs that were drawn.
        revealed: whether feedback on this attempt was made.
    """

    digest: str
    complete: bool
    attempt: int
    revealed: bool


def open_ledger(gradebook: Any) -> None:
    """Make the tables if there are none yet."""
    known = gradebook.memory if isinstance(gradebook, KeptGradebook) else {}
    if LEDGER not in known:
        LEDGER.metadata.create_all(gradebook.engine)
        known[LEDGER] = True


def find_entry(gradebook: Any, assignment: str, student: str) -> Entry | None:
    """The entry of one submission, None where it was never graded."""
    kept = isinstance(gradebook, KeptGradebook)
    known: dict[object, Entry | None] = gradebook.until_commit if kept else {}
    place = (LEDGER, assignment, student)
    if place not in known:
        if len(known) >= _MOST_KNOWN and not gradebook.at_commit:
            known.clear()
        row = gradebook.db.execute(_FIND, _key(assignment, student)).one_or_none()
        known[place] = Entry(*row) if row is not None else None
    return known[place]


def write_entry(gradebook: Any, assignment: str, student: str, entry: Entry) -> None:
    """Put an entry in the place of the last one; the caller commits."""
    write = partial(_put, gradebook, LEDGER, _key(assignment, student), vars(entry))
    if isinstance(gradebook, KeptGradebook):  # each step of grading writes one
        place = (LEDGER, assignment, student)
        gradebook.until_commit[place] = entry
        gradebook.at_commit[place] = write
    else:
        write()


def note_exchange(gradebook: Any, exchange: Exchange) -> None:
    """Note which exchange of folders belongs to this transaction; the caller commits."""
    _put(gradebook, _EXCHANGES, _key(exchange.assignment, exchange.student), {"token": exchange.token})


def recover(root: Path, open_gradebook: Callable[[], Any]) -> None:
    """Finish or take back the exchange of a run that was killed in the middle of it; mostly there is none.

    Args:
        root: of the course.
        open_gradebook: opens its gradebook.
    """

    def committed(exchange: Exchange) -> bool:
        with open_gradebook() as gradebook:
            open_ledger(gradebook)
            return _knows(gradebook, exchange)

    Journal(root / JOURNAL).recover(committed)


def _knows(gradebook: Any, exchange: Exchange) -> bool:
    """Whether the transaction that belongs to an exchange of folders was committed."""
    query = select(_EXCHANGES.c.token).where(_EXCHANGES.c.token == exchange.token)
    return gradebook.db.execute(query).one_or_none() is not None


def next_attempt(entry: Entry | None) -> int:
    """The number of the attempt that grading now is."""
    if entry is None:
        return 1
    return entry.attempt + 1 if entry.revealed else entry.attempt


def _put(gradebook: Any, table: Table, key: dict[str, str], row: dict[str, Any]) -> None:
    """Put a row in the place of the one with the same key, if there is one."""
    if not gradebook.db.execute(_UPDATE[table], {**key, **row}).rowcount:
        gradebook.db.execute(insert(table), {"assignment": key["of"], "student": key["by"], **row})


def _key(assignment: str, student: str) -> dict[str, str]:
    return {"of": assignment, "by": student}
