"""nbconvert's exporter of feedback pages, kept for a whole class.

Most cells of a class are the instructor's, the same for every student: their text is turned into HTML and
their code is coloured once. And a notebook that nobody needs afterwards is not copied first.
"""

from collections.abc import Callable
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbformat import NotebookNode

_MOST_REMEMBERED = 4096
_LONGEST_REMEMBERED = 20_000


class LastUse(NotebookNode):
    """A notebook that an exporter may change, as nobody needs it afterwards."""

    def __init__(self, notebook: NotebookNode) -> None:
        super().__init__(notebook)  # type: ignore[no-untyped-call]

    def __deepcopy__(self, memo: object) -> "LastUse":
        return self


def remember_filters(exporter: HTMLExporter) -> None:
    """Let an exporter remember what its two costly filters made of a text."""
    exporter.filters = {**exporter.filters, "highlight_code": _Coloured(exporter)}
    exporter.register_filter("markdown2html", _markdown(exporter.markdown2html))


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
    """nbconvert's filter for code. Every notebook that is graded is one of Python."""

    def __init__(self, exporter: HTMLExporter) -> None:
        self._filter = Highlight2HTML(pygments_lexer="python", parent=exporter)
        self._memory = _Memory()

    def __call__(self, source: str, language: str | None = None, metadata: Any = None) -> Any:
        magic = str((metadata or {}).get("magics_language", ""))

        def make() -> Any:
            return self._filter(source, language, {"magics_language": magic} if magic else None)

        return self._memory.get((source, language or "", magic), make)


def _markdown(render: Callable[[Any, str], str]) -> Callable[[Any, str], Any]:
    memory = _Memory()

    @pass_context
    def markdown2html(context: Any, source: str) -> Any:
        if context.get("cell", {}).get("attachments"):
            return render(context, source)
        return memory.get((source,), lambda: render(context, source))

    return markdown2html
