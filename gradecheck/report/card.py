"""One exercise as a card of HTML: self-contained, no script, escaped throughout."""

from functools import cache
from importlib import resources

import jinja2
from markupsafe import Markup

from gradecheck.report.face import face_of
from gradecheck.report.model import Result


def card_html(result: Result) -> str:
    """The card of one result; colour repeats what words and signs say."""
    return _template().render(css=_css(), face=face_of(result))


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_resource("card.html.j2"))


@cache
def _css() -> Markup:
    return Markup(_resource("card.css").replace("\n", ""))


def _resource(name: str) -> str:
    return resources.files("gradecheck.report").joinpath(name).read_text(encoding="utf-8")
