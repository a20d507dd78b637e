r"""Whose file it is, told by the names that Canvas, Moodle or a folder of folders give.

Canvas (its class ContentZipper): `lovelaceada_LATE_123_4567_file.ipynb`, with the sortable name in lower
case and without punctuation, the mark where it is late, the user's and the attachment's number.
Moodle (its class mod_assign\downloader): the folder `Ada Lovelace_123_assignsubmission_file_`, with the
number of the participant; or all in one folder, with that in front of each file's name.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from gradecheck.handin.roster import NotFound, Roster

_CANVAS = re.compile(r"(?P<name>[^_].*?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<attachment>\d+)_(?P<file>.+)")
_MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)(_(?P<file>.*))?")


@dataclass(frozen=True)
class Sender:
    """Whose file it is.

    Attributes:
        student: nbgrader's id.
        rest: the path below what names the student.
        service: "Canvas", "Moodle", or "" for a folder or an archive of that name.
        late: whether the service marks it as late.
        attachment: Canvas's number of the file: a later file has a larger one.
    """

    student: str
    rest: tuple[str, ...]
    service: str = ""
    late: bool = False
    attachment: int = 0


@dataclass(frozen=True)
class _Step:
    """One part of a file's origin: a folder, an archive in an archive, or the file itself."""

    name: str
    is_archive: bool
    is_file: bool

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem if self.is_archive or self.is_file else self.name


def find_sender(origin: tuple[str, ...], roster: Roster, *, around: int, in_archive: bool) -> Sender | None:
    """Whose file it is, by the outermost part of its origin that names somebody; None where none does.

    Args:
        origin: the archives from the outermost, and last the path in the innermost.
        roster: the students.
        around: how many folders lie around everything in the outermost, such as one with its own name;
            the part behind them names the student, or nothing does.
        in_archive: whether the outermost is an archive, or else a folder.

    Raises:
        NotFound: a download names somebody whom the roster does not know, or who could be several.
    """
    steps = _steps(origin)
    for at, step in enumerate(steps[: around + 2]):
        if at == 0 and not in_archive and len(steps) > 1:
            continue  # where a folder lies says nothing
        rest = tuple(s.name for s in steps[at + 1 :] if not s.is_archive)
        try:
            sender = _by_service(step, rest, roster) or _by_word(step, rest, roster)
        except NotFound:
            if at == 0 and len(steps) > 1:
                continue  # the name of a download, not of a student
            raise
        if sender is not None:
            return sender
    return None


def _steps(origin: tuple[str, ...]) -> tuple[_Step, ...]:
    steps = []
    for depth, name in enumerate(origin):
        parts = name.split("/") if depth else [PurePosixPath(name).name]  # where an archive lies says nothing
        last = depth == len(origin) - 1
        steps += [_Step(part, is_archive=False, is_file=False) for part in parts[:-1]]
        steps.append(_Step(parts[-1], is_archive=not last, is_file=last))
    return tuple(steps)


def _by_word(step: _Step, rest: tuple[str, ...], roster: Roster) -> Sender | None:
    student = roster.by_word(step.name) or roster.by_word(step.stem)
    if student is None:
        return None
    return Sender(student, rest or (step.name,))


def _by_service(step: _Step, rest: tuple[str, ...], roster: Roster) -> Sender | None:
    if moodle := _MOODLE.fullmatch(step.name):
        below = rest or ((moodle["file"],) if moodle["file"] else ())
        if moodle["kind"] != "file":
            raise NotFound("is no file that was handed in, but a text typed into Moodle")
        student = _resolved(roster, moodle["number"], moodle["name"], "Moodle")
        return Sender(student, below or (step.name,), "Moodle")
    canvas = _CANVAS.fullmatch(step.name) if step.is_file or step.is_archive else None
    if canvas:
        student = _resolved(roster, canvas["user"], canvas["name"], "Canvas")
        attachment = int(canvas["attachment"])
        return Sender(student, rest or (canvas["file"],), "Canvas", canvas["late"] is not None, attachment)
    return None


def _resolved(roster: Roster, number: str, name: str, service: str) -> str:
    """The one student that number and name agree on; one of the two is enough."""
    numbered, problem = roster.by_number(number), None
    try:
        named = roster.by_name(name)
    except NotFound as error:
        named, problem = None, str(error)
    if numbered and named and numbered != named:
        raise NotFound(f"{service}'s number {number} is {numbered}, but the name {name} is {named}")
    found = numbered or named
    if found is None:
        raise NotFound(problem or f"no student is called {name} or has {service}'s number {number}")
    return found
