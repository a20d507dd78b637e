"""One exercise as a card of HTML: self-contained, no script, escaped throughout."""

from functools import cache
from importlib import resources

import jinja2
from markupsafe import Markup

from gradecheck.report.model import Result
from gradecheck.report.table import table_of
from gradecheck.verdict import Status

_SYMBOLS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.NOT_STARTED: "○", Status.NOT_GRADED: "?"}
_WORDS = {
    Status.PASSED: "right",
    Status.FAILED: "not yet",
    Status.NOT_STARTED: "not started",
    Status.NOT_GRADED: "not graded",
}


def card_html(result: Result) -> str:
    """The card of one result; the words are those of the terminal, and colour repeats what they say."""
    verdict = result.verdict
    shown = verdict.shown
    remarks = list(verdict.diagnosis.remarks)
    if verdict.status is Status.PASSED and verdict.exercise.worth_knowing:
        remarks.append(verdict.exercise.worth_knowing)
    return _template().render(
        css=_css(),
        state=str(verdict.status),
        symbol=_SYMBOLS[verdict.status],
        word=_WORDS[verdict.status],
        name=verdict.exercise.name,
        points=f"{result.points:g}",
        max_points=f"{result.max_points:g}",
        message=verdict.message,
        title=shown.title if shown else "",
        table=table_of(shown) if shown else None,
        misconception=verdict.diagnosis.misconception,
        hint=verdict.diagnosis.hint,
        remarks=remarks,
        seed=verdict.seed if verdict.hidden else None,
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(_resource("card.html.j2"))


@cache
def _css() -> Markup:
    return Markup(_resource("card.css").replace("\n", ""))


def _resource(name: str) -> str:
    return resources.files("gradecheck.report").joinpath(name).read_text(encoding="utf-8")
