"""What becomes of everything that was unpacked: which submission of whom, and what cannot be placed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from gradecheck.handin.archives import LeftOut, Unpacked
from gradecheck.handin.layout import TIMESTAMP, NoNotebook, Offered, lay_out
from gradecheck.handin.manifest import MANIFEST, Manifest, read_manifest
from gradecheck.handin.roster import NotFound, Roster, parse_time
from gradecheck.handin.senders import Sender, find_sender

_SECOND = timedelta(seconds=1)
#: Zips without dates say 1980.
_FIRST_YEAR = 1990


@dataclass(frozen=True)
class Course:
    """What has to be known of the course.

    Attributes:
        assignment: the one that is collected.
        others: the names of all its assignments.
        expected: the notebooks of the one.
        due: from when on a submission is late, in UTC without a zone; None where nobody knows.
    """

    assignment: str
    others: tuple[str, ...]
    expected: tuple[str, ...]
    due: datetime | None = None


@dataclass(frozen=True)
class Placed:
    """One submission.

    Attributes:
        student: nbgrader's id.
        files: by their path in the submission.
        time: when it was handed in, in UTC without a zone; None where nothing says.
        age: what tells a later submission from an earlier one, where `time` is None.
        source: the archive or folder that it came in.
        notes: what was done about names and the like.
    """

    student: str
    files: Mapping[PurePosixPath, Path]
    time: datetime | None
    age: datetime | None
    source: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What to do.

    Attributes:
        placed: in alphabetical order of the students, one each.
        problems: what has no place, and why.
    """

    placed: tuple[Placed, ...]
    problems: tuple[LeftOut, ...] = field(default=())


@dataclass(eq=False)
class _Unit:
    """All files of one student in one archive."""

    student: str
    source: str
    sender: Sender
    offered: list[Offered] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    manifest: Manifest | None = None
    stamp: Path | None = None
    late: bool = False


def manifests_in(files: Iterable[Unpacked]) -> tuple[Manifest, ...]:
    """The manifests of all bundles."""
    found = (read_manifest(file.path) for file in files if _is_manifest(file))
    return tuple(manifest for manifest in found if manifest is not None)


def make_plan(files: Sequence[Unpacked], folders: frozenset[str], roster: Roster, course: Course) -> Plan:
    """Sort what was unpacked.

    Args:
        files: everything.
        folders: the outermost origins that are folders, not archives.
        roster: the students.
        course: the course.
    """
    problems: list[LeftOut] = []
    units: dict[tuple[str, str], _Unit] = {}
    claims = _claims(files)
    around = _around(files)
    for file in files:
        source = file.origin[0]
        try:
            sender = find_sender(
                file.origin, roster, around=around[source], in_archive=source not in folders
            ) or _by_claim(file, claims, roster)
        except NotFound as reason:
            problems.append(LeftOut(file.origin, str(reason)))
            continue
        unit = units.setdefault((sender.student, source), _Unit(sender.student, source, sender))
        _add(unit, file, sender, course)
    placed: dict[str, Placed] = {}
    for unit in units.values():
        _place(unit, placed, problems, roster, course)
    return Plan(tuple(placed[student] for student in sorted(placed)), tuple(problems))


def _is_manifest(file: Unpacked) -> bool:
    return PurePosixPath(file.origin[-1]).name == MANIFEST


def _claims(files: Iterable[Unpacked]) -> dict[tuple[str, ...], Manifest]:
    """The manifests by the place that they speak for: an archive, or a folder in one."""
    found = {_place_of(file): read_manifest(file.path) for file in files if _is_manifest(file)}
    return {place: manifest for place, manifest in found.items() if manifest is not None}


def _place_of(file: Unpacked) -> tuple[str, ...]:
    return (*file.origin[:-1], *PurePosixPath(file.origin[-1]).parent.parts)


def _around(files: Iterable[Unpacked]) -> dict[str, int]:
    """How many folders lie around everything in each of the outermost origins."""
    shared: dict[str, tuple[str, ...]] = {}
    for file in files:
        parts = PurePosixPath(file.origin[1]).parent.parts if len(file.origin) > 1 else ()
        known = shared.setdefault(file.origin[0], parts)
        agreeing = [one == other for one, other in zip(known, parts, strict=False)]
        length = agreeing.index(False) if False in agreeing else len(agreeing)
        shared[file.origin[0]] = known[:length]
    return {source: len(parts) for source, parts in shared.items()}


def _by_claim(file: Unpacked, claims: Mapping[tuple[str, ...], Manifest], roster: Roster) -> Sender:
    """Whose bundle the file is in, by the bundle's own word.

    Raises:
        NotFound: it is in none, or its word is not that of a student whom the roster knows.
    """
    place = _place_of(file)
    while place and place not in claims:
        place = place[:-1]
    if not place:
        raise NotFound("nothing in its name is a student of this course")
    claimed = claims[place].student
    if claimed is None:
        raise NotFound("is in a bundle that does not say whose it is, and its name does not either")
    student = roster.by_word(claimed)
    if student is None:
        raise NotFound(f"is in a bundle of {claimed}, who is no student of this course")
    below = (*file.origin[:-1], *PurePosixPath(file.origin[-1]).parts)[len(place) :]
    return Sender(student, below)


def _add(unit: _Unit, file: Unpacked, sender: Sender, course: Course) -> None:
    rest = sender.rest
    if not sender.service and len(rest) > 1 and rest[0] in course.others:
        if rest[0] != course.assignment:
            return  # nbgrader's own folders: another assignment of the same student
        rest = rest[1:]
    unit.late = unit.late or sender.late
    if rest[-1] == MANIFEST:
        unit.manifest = unit.manifest or read_manifest(file.path)
        return
    if rest == (TIMESTAMP,) and not sender.service:
        unit.stamp = file.path
        return
    age = file.modified.timestamp() if file.modified else 0.0
    unit.offered.append(Offered(rest, file.path, (float(sender.attachment), age)))
    if file.modified:
        unit.times.append(file.modified)


def _place(
    unit: _Unit, placed: dict[str, Placed], problems: list[LeftOut], roster: Roster, course: Course
) -> None:
    where = (unit.source, unit.student)
    manifest = unit.manifest
    if not unit.offered:
        return
    if manifest and manifest.assignment != course.assignment:
        problems.append(LeftOut(where, f"is a bundle for {manifest.assignment}, not {course.assignment}"))
        return
    if manifest and manifest.student and _is_of_another(manifest.student, unit.student, roster):
        problems.append(LeftOut(where, f"is a bundle that says that it is {manifest.student}'s"))
        return
    try:
        layout = lay_out(unit.offered, course.expected)
    except NoNotebook as reason:
        problems.append(LeftOut(where, str(reason)))
        return
    time, notes = _time_of(unit, roster, course)
    made = Placed(
        unit.student, layout.files, time, max(unit.times, default=None), unit.source, (*layout.notes, *notes)
    )
    before = placed.get(unit.student)
    earlier = made if before and not is_later(made, before) else before
    if earlier is not None:
        problems.append(LeftOut((earlier.source, unit.student), "was left out: there is a later submission"))
    if earlier is not made:
        placed[unit.student] = made


def _is_of_another(claimed: str, student: str, roster: Roster) -> bool:
    """Whether a bundle's word is that of another student; a word that nobody or several have is not."""
    try:
        return roster.by_word(claimed) not in (None, student)
    except NotFound:
        return False


def is_later(one: Placed, other: Placed) -> bool:
    """Whether one submission came after another; of two that say nothing, what was given last did."""
    if one.time and other.time and one.time != other.time:
        return one.time > other.time
    return one.age is None or other.age is None or one.age >= other.age


def _time_of(unit: _Unit, roster: Roster, course: Course) -> tuple[datetime | None, tuple[str, ...]]:
    """When a submission was handed in, and how that is known. Nobody is late by a guess."""
    known = roster.people[unit.student].handed_in
    if known is not None:
        return known, ()
    told = unit.manifest.made if unit.manifest else _stamp(unit.stamp)
    dated, due = _dated(unit), course.due
    if unit.late and due is None:
        return told or dated, ("late, as Canvas marks it; by how much is not known: --late-from",)
    if unit.late and due is not None:
        return max(told or due, due + _SECOND), ("late, as Canvas marks it",)
    if unit.sender.service == "Canvas" and due:
        return min(told or dated or due, due), ()  # in time, whatever a student's clock says
    if told:
        return told, ("the time is by the student's own clock",) if unit.manifest else ()
    if dated and due and dated > due:
        return None, ("when it was handed in is not known: the dates in the archive are after the due date",)
    return dated, ()


def _dated(unit: _Unit) -> datetime | None:
    """The latest date that an archive or a folder gives the files, in UTC; it has this machine's zone."""
    latest = max(unit.times, default=None)
    if latest is None or latest.year < _FIRST_YEAR:
        return None
    return latest.astimezone(UTC).replace(tzinfo=None)


def _stamp(path: Path | None) -> datetime | None:
    try:
        return parse_time(path.read_text(encoding="utf-8").strip()) if path else None
    except (OSError, ValueError):
        return None
