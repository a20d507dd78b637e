"""nbconvert's exporter of feedback pages, kept for a whole class.

Most cells of a class are the instructor's, the same for every student: their text is turned into HTML and
their code is coloured once. And a notebook that nobody needs afterwards is not copied first.
"""

from collections.abc import Callable
from html import escape
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

_PYTHON = "python"

_MOST_REMEMBERED = 4096
_LONGEST_REMEMBERED = 20_000


class LastUse(NotebookNode):
    """A notebook that an exporter may change, as nobody needs it afterwards."""

    def __init__(self, notebook: NotebookNode) -> None:
        super().__init__(notebook)  # type: ignore[no-untyped-call]

    def __deepcopy__(self, memo: object) -> "LastUse":
        return self


def remember_filters(exporter: HTMLExporter) -> None:
    """Let an exporter remember what its two costly filters made of a text, unless a course has its own."""
    if "highlight_code" not in exporter.filters:
        exporter.filters = {**exporter.filters, "highlight_code": _Coloured(exporter)}
    own = type(exporter).markdown2html is not HTMLExporter.markdown2html
    if not own and not exporter.embed_images:  # pictures are files of the one student
        exporter.register_filter("markdown2html", _markdown(exporter))


class _Memory:
    """Texts by what they were made from, up to a number."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], Any] = {}

    def get(self, key: tuple[str, ...], make: Callable[[], Any]) -> Any:
        if sum(map(len, key)) > _LONGEST_REMEMBERED:
            return make()
        if key not in self._known:
            if len(self._known) == _MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = make()
        return self._known[key]


class _Coloured:
    """nbconvert's filter for code. Every notebook that is graded is one of Python.

    Its lexer and its formatter are made once, not for each cell.
    """

    def __init__(self, exporter: HTMLExporter) -> None:
        self._filter = Highlight2HTML(pygments_lexer=_PYTHON, parent=exporter)
        self._memory = _Memory()
        self._lexer = get_lexer_by_name(_PYTHON)
        options = self._filter.extra_formatter_options
        self._formatter = HtmlFormatter(cssclass=escape(f" highlight hl-{_PYTHON}"), **options)

    def __call__(self, source: str, language: str | None = None, metadata: Any = None) -> Any:
        magic = str((metadata or {}).get("magics_language", ""))

        def make() -> Any:
            if language or magic or self._filter.pygments_lexer != _PYTHON:
                return self._filter(source, language, {"magics_language": magic} if magic else None)
            return highlight(source or " ", self._lexer, self._formatter)

        return self._memory.get((source, language or "", magic), make)


def _markdown(exporter: HTMLExporter) -> Callable[[Any, str], Any]:
    """Nbconvert's filter for Markdown, with a parser that is made once."""
    memory = _Memory()
    renderer = IPythonRenderer(
        escape=False,
        attachments={},
        anchor_link_text=exporter.anchor_link_text,
        exclude_anchor_links=exporter.exclude_anchor_links,
        **exporter.lexer_options,
    )
    parser = MarkdownWithMath(renderer=renderer)

    @pass_context
    def markdown2html(context: Any, source: str) -> Any:
        if context.get("cell", {}).get("attachments"):
            return exporter.markdown2html(context, source)
        return memory.get((source,), lambda: parser.render(source))

    return markdown2html
