"""Takes out of what students display and write what would run in the browser of whoever looks at it."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

#: Shown as they are: pictures, and texts that browsers do not interpret.
_PLAIN = ("text/plain", "text/latex", "application/json", "image/png", "image/jpeg", "image/gif")
_MARKUP = ("text/html", "text/markdown")
_TAGS = (
    *("a", "b", "i", "u", "s", "p", "br", "hr", "em", "strong", "small", "sub", "sup", "code", "pre", "kbd"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "div", "span"),
    *("table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td", "img"),
    *("details", "summary", "figure", "figcaption"),
)
_ATTRIBUTES = {
    "*": ["class", "title"],
    "a": ["href"],
    "img": ["src", "alt", "width", "height"],
    "table": ["border"],
    "th": ["colspan", "rowspan"],
    "td": ["colspan", "rowspan"],
}
_RUNS = re.compile(r"(?is)<(script|style)\b.*?(</\1\s*>|\Z)")
_TAG = re.compile(r"<(?=[a-zA-Z/!?])")
# With one of these anywhere in a text, no tag in it is trusted: where a tag ends is for browsers to know.
_ACTIVE = re.compile(
    r"(?i)\bon\w+\s*=|script|srcdoc|&#|&colon|&tab|&newline|data:"
    r"|<\s*/?(iframe|object|embed|svg|math|style|link|meta|base|form|input|button|textarea|template|frame|portal)"
)


def safe_data(data: Mapping[str, str]) -> dict[str, str]:
    """What a student's display may show: by its media type, cleaned; what could run is left out."""
    shown = {kind: text for kind, text in data.items() if kind in _PLAIN}
    return shown | {kind: clean_markup(data[kind]) for kind in _MARKUP if kind in data}


def clean_markup(text: str) -> str:
    """HTML without scripts, handlers and styles of its own; tables, pictures and simple styles stay."""
    if not _TAG.search(text):
        return text
    cleaned: str = _cleaner().sanitize_html_tags(_RUNS.sub("", text))
    return cleaned


def disarmed(text: str) -> str:
    """A student's Markdown in which no tag is one any more, if any of it could run."""
    return _TAG.sub("&lt;", text) if _TAG.search(text) and _ACTIVE.search(text) else text


@cache
def _cleaner() -> Any:
    from nbconvert.preprocessors.sanitize import SanitizeHTML  # loads a parser of its own: at first need

    return SanitizeHTML(strip=True, tags=list(_TAGS), attributes=_ATTRIBUTES)


class DisarmTexts(NbGraderPreprocessor):
    """Once a notebook is graded: texts that are not the instructor's own hold nothing that runs.

    The formgrader shows graded notebooks as they are, and feedback is printed from them.
    """

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        """Disarm one cell."""
        if cell.cell_type != "code" and not cell.metadata.get("nbgrader", {}).get("locked"):
            cell.source = disarmed(cell.source)
        return cell, resources
