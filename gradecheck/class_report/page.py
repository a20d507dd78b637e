"""The class report as one page of HTML that needs nothing else: no network, no other file."""

import base64
import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from importlib import resources
from pathlib import Path
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from gradecheck.class_report import figures
from gradecheck.class_report.mistakes import clusters_of, misconceptions_of
from gradecheck.class_report.model import ClassScores, State, StudentScores
from gradecheck.class_report.statistics import (
    SMALL_CLASS,
    class_is_small,
    exercise_figures,
    totals_of,
)

#: Beside every state, so that nothing depends on colour.
SYMBOLS = {
    State.PASSED: "✓",
    State.FAILED: "✗",
    State.CRASHED: "!",
    State.NOT_STARTED: "○",
    State.NOT_GRADED: "?",
    State.MISSING: "–",
}
#: So many names stand in a cell as they are; more can be unfolded.
_FEW = 4
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True)
class Group:
    """Students who have something in common that is no matter of mathematics.

    Attributes:
        title: what they have in common.
        note: what that means.
        students: who, each with a word more where there is one.
    """

    title: str
    note: str
    students: tuple[tuple[StudentScores, str], ...]


def page_html(scores: ClassScores, folder: Path, now: datetime | None = None) -> str:
    """The report.

    Args:
        scores: the graded class.
        folder: where the page will be; links to feedback are relative to it.
        now: the time to put on it.
    """
    moment = now or datetime.now(UTC)
    css, script = _resource("page.css"), _resource("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            css=Markup(css),
            script=Markup(script),
            css_hash=_hash(css),
            script_hash=_hash(script),
            scores=scores,
            when=moment.strftime("%Y-%m-%d %H:%M UTC"),
            groups=groups_of(scores, moment.replace(tzinfo=None)),
            exercises=exercise_figures(scores),
            totals=totals_of(scores),
            misconceptions=misconceptions_of(scores),
            clusters=clusters_of(scores),
            small=class_is_small(scores),
            limits={"small": SMALL_CLASS, "few": _FEW},
            figures=figures,
            symbols=SYMBOLS,
            link=partial(_link, folder=folder.resolve()),
            late=lambda student: late_in_words(student.seconds_late) if student.late else "",
        )
    )


def groups_of(scores: ClassScores, now: datetime) -> tuple[Group, ...]:
    """Who is missing, late, not started, crashed or not graded: five different things.

    Args:
        scores: the graded class.
        now: UTC, without a zone, as the gradebook keeps its times; nothing is missing before it is due.
    """
    waiting = scores.due is not None and now < scores.due
    missing = "not handed in yet" if waiting else "missing"
    told = f"due {scores.due:%Y-%m-%d %H:%M} UTC" if scores.due is not None else "no due date is set"
    late = [(s, late_in_words(s.seconds_late or 0.0)) for s in scores.students if s.late]
    return (
        Group(missing, f"nothing was handed in; {told}", _with_state(scores, State.MISSING)),
        Group("late", f"handed in after the due date; {told}", tuple(late)),
        Group(
            "not started",
            "handed in, with at least one exercise as it was handed out",
            _with_state(scores, State.NOT_STARTED),
        ),
        Group(
            "crashed",
            "an answer raised, hung, ended the process, or could not be read, and earned nothing",
            _with_state(scores, State.CRASHED),
        ),
        Group(
            "not graded",
            "without a score yet, for no fault of theirs: grade again, or by hand",
            _with_state(scores, State.NOT_GRADED),
        ),
    )


def late_in_words(seconds: float) -> str:
    """How late, in the two largest units: "2 d 3 h", "5 min"."""
    days, rest = divmod(int(seconds), _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes = rest // _MINUTE
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else "under a minute"


def _with_state(scores: ClassScores, state: State) -> tuple[tuple[StudentScores, str], ...]:
    found = []
    for student in scores.students:
        where = [c.title for c in scores.columns if student.state(c.exercise) is state]
        if where:
            found.append((student, "" if len(where) == len(scores.columns) else ", ".join(where)))
    return tuple(found)


def _link(file: Path, folder: Path) -> str:
    """The address of a file, relative to the page; absolute where there is no way from one to the other."""
    try:
        return quote(Path(os.path.relpath(file.resolve(), folder)).as_posix())
    except ValueError:  # another drive
        return file.resolve().as_uri()


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(_resource),
    )
    environment.filters["figure"] = _figure
    environment.filters["decimal"] = _decimal
    return environment


def _figure(value: float | None, digits: int = 2) -> str:
    """A number with few digits, a dash where there is none."""
    return "–" if value is None else f"{round(value, digits) + 0.0:g}"


def _decimal(value: float | None, digits: int = 2) -> str:
    """A number with as many digits in every row of a column."""
    return "–" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def _hash(text: str) -> str:
    """What a page's security policy wants to know of a script or style that may run."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


@cache
def _resource(name: str) -> str:
    return resources.files("gradecheck.class_report").joinpath(name).read_text(encoding="utf-8")
