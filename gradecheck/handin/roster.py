"""Who handed in what: the students that a course knows, and the words by which they are found."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gradecheck.errors import CourseNotReady
from gradecheck.handin.names import UnsafeName, safe_parts, same, squeezed

_ID_COLUMNS = ("id", "student_id", "student")
_TIME_COLUMN = "timestamp"


@dataclass(frozen=True)
class Person:
    """A student, and what stands for them in names of files and folders.

    Attributes:
        id: nbgrader's.
        words: further words that stand for this student alone: an address, a number, a full name.
        first, last: the two parts of the name, where both are known.
        handed_in: when, if that is known from elsewhere; UTC without a zone.
    """

    id: str
    words: frozenset[str] = frozenset()
    first: str = ""
    last: str = ""
    handed_in: datetime | None = None


class NotFound(Exception):
    """A word stands for no student, or for several; the message says so."""


@dataclass(eq=False)
class Roster:
    """Finds students; nobody is guessed, and who could be two is nobody."""

    people: Mapping[str, Person]
    _ids: dict[str, set[str]] = field(default_factory=dict)
    _words: dict[str, set[str]] = field(default_factory=dict)
    _names: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for person in self.people.values():
            _add(self._ids, same(person.id), person.id)
            for word in person.words:
                _add(self._words, same(word), person.id)
                _add(self._names, squeezed(word), person.id)
            if person.first and person.last:
                for name in (f"{person.first} {person.last}", f"{person.last}, {person.first}"):
                    _add(self._words, same(name), person.id)
                    _add(self._names, squeezed(name), person.id)

    def by_word(self, word: str) -> str | None:
        """The student whose id, address, number or full name this is; None where there is none.

        Raises:
            NotFound: there are several.
        """
        if word in self.people:
            return word
        return _only(self._ids.get(same(word), set()) | self._words.get(same(word), set()), word)

    def by_number(self, number: str) -> str | None:
        """The student whose number in another system this is."""
        return _only(self._words.get(same(number), set()), number)

    def by_name(self, name: str) -> str | None:
        """The student of this name, written in any way: LovelaceAda, "Ada Lovelace", or an id."""
        found = self._names.get(squeezed(name), set()) | self._ids.get(same(name), set())
        return _only(found, name) if squeezed(name) else None


def _add(table: dict[str, set[str]], key: str, student: str) -> None:
    if key:
        table.setdefault(key, set()).add(student)


def _only(found: set[str], word: str) -> str | None:
    if len(found) > 1:
        raise NotFound(f"{word} could be {' or '.join(sorted(found))}")
    return next(iter(found), None)


def read_students_file(path: Path) -> tuple[Person, ...]:
    """The students of a CSV file with a column `id`, as nbgrader imports it.

    first_name and last_name are the name; `timestamp` is when the student handed in; what stands in any
    other column is a word for that student: an address, a user id of Canvas, a number of Moodle.

    Raises:
        CourseNotReady: it cannot be read, or lacks the column; the sentence says which line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = {str(name): same(str(name)).replace(" ", "_") for name in reader.fieldnames or ()}
            rows = [
                {columns[key]: (value or "").strip() for key, value in row.items() if key in columns}
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseNotReady(f"{path} cannot be read as a list of students: {error}") from error
    key = next((name for name in _ID_COLUMNS if name in columns.values()), None)
    if key is None:
        raise CourseNotReady(f"{path} has no column `id` with nbgrader's ids of the students")
    return tuple(_person(row, key, path, line) for line, row in enumerate(rows, start=2) if row[key])


def _person(row: Mapping[str, str], key: str, path: Path, line: int) -> Person:
    if not _is_folder_name(row[key]):
        raise CourseNotReady(f"{path}, line {line}: {row[key]!r} cannot be the name of a student's folder")
    first, last = row.get("first_name", ""), row.get("last_name", "")
    taken = (key, "first_name", "last_name", _TIME_COLUMN)
    words = frozenset(value for name, value in row.items() if name not in taken and value)
    try:
        handed_in = parse_time(row.get(_TIME_COLUMN, ""))
    except ValueError as error:
        raise CourseNotReady(f"{path}, line {line}: {error}") from error
    return Person(row[key], words, first, last, handed_in)


def _is_folder_name(student: str) -> bool:
    try:
        return safe_parts(student) == (student,)
    except UnsafeName:
        return False


def parse_time(text: str) -> datetime | None:
    """A time as ISO 8601 has it, in UTC and without a zone, as nbgrader keeps times; None for no text.

    A time without a zone is UTC.

    Raises:
        ValueError: it is no such time; the message says so.
    """
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text.removesuffix(" UTC"))
        return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no time such as 2026-01-30 17:00+01:00") from error


def joined(*lists: Iterable[Person]) -> Roster:
    """One roster of several lists; what a later one says of a student is added."""
    people: dict[str, Person] = {}
    for person in (each for people_of in lists for each in people_of):
        known = people.get(person.id, person)
        people[person.id] = Person(
            person.id,
            known.words | person.words,
            person.first or known.first,
            person.last or known.last,
            person.handed_in or known.handed_in,
        )
    return Roster(people)
