"""nbconvert's exporter of feedback pages, kept for a whole class.

Most cells of a class are the instructor's, the same for every student: their text is turned into HTML and
their code is coloured once. What would take long to format is shown as it was typed, and a notebook that
nobody needs afterwards is not copied first.
"""

import re
from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

from jinja2 import Environment, pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.ansi import ansi2html
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.filters.strings import files_url_pattern
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

_PYTHON = "python"
#: What a node of a notebook has besides its entries.
_METHODS = frozenset(dir(NotebookNode))
#: More than a notebook has cells: those of the last students are forgotten, for a class may be large.
_MOST_REMEMBERED = 512
_LONGEST_REMEMBERED = 20_000
#: Longer code is shown without colours; what colours it makes an element of each word.
_LONGEST_COLOURED = 50_000
#: Of a text that is shown as it was typed.
_LONGEST_SHOWN = 100_000
#: Signs of Markdown, and words: more are shown as they were typed. Each takes 3 to 16 microseconds.
_MOST_SIGNS = 100_000
#: A text's length times the beginnings of formulas in it, whose ends nbconvert looks for in all of it.
_MOST_SEARCHED = 50_000_000
#: The seed in a comment, which is otherwise the same for many students.
_SEED = re.compile(r"(?<!\w)[1-9][0-9]{9,14}(?!\w)")
_LINK_TO_FILES = re.compile(r"\]\(/?files/")


class LastUse(NotebookNode):
    """A notebook that an exporter may change, as nobody needs it afterwards."""

    def __init__(self, notebook: NotebookNode) -> None:
        super().__init__(notebook)  # type: ignore[no-untyped-call]  # nbformat has no types

    def __deepcopy__(self, memo: object) -> "LastUse":
        return self


def remember_filters(exporter: HTMLExporter) -> None:
    """Let an exporter remember what its costly filters made of a text; those of a course stay as they are."""
    own = set(exporter.filters)
    if "highlight_code" not in own:
        exporter.filters = {**exporter.filters, "highlight_code": _Coloured(exporter)}
    usual = type(exporter).markdown2html is HTMLExporter.markdown2html and "markdown2html" not in own
    if usual and not exporter.embed_images:  # such pictures are files of the one student
        exporter.register_filter("markdown2html", _markdown(exporter))
    for name, make in (("strip_files_prefix", strip_files_prefix), ("ansi2html", ansi2html)):
        if name not in own:
            exporter.register_filter(name, _remembering(make))
    environment = exporter.environment
    environment.auto_reload = False  # else it looks for newer templates on disk with each page
    environment.getattr = partial(_entry, environment, environment.getattr)


def _entry(environment: Environment, usual: Callable[[Any, str], Any], thing: Any, name: str) -> Any:
    """As jinja2's way to `thing.name`, which raises and catches two errors where a node has no such entry."""
    if type(thing) is not NotebookNode or name in _METHODS:
        return usual(thing, name)
    return thing[name] if name in thing else environment.undefined(obj=thing, name=name)


class _Memory:
    """What was made of the latest texts: the instructor's come back with each student and stay."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], Any] = {}

    def __contains__(self, key: tuple[str, ...]) -> bool:
        return key in self._known

    def get(self, key: tuple[str, ...], make: Callable[[], Any]) -> Any:
        if sum(map(len, key)) > _LONGEST_REMEMBERED:
            return make()
        found = self._known.pop(key) if key in self._known else make()
        self._known[key] = found  # behind all others
        if len(self._known) > _MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
        return found


def _plain(source: str) -> str:
    """A text as it was typed, or its beginning; the graded notebook has all of it."""
    shown = escape(source[:_LONGEST_SHOWN], quote=False)
    return f'<div class="highlight"><pre>{shown}{"…" * (len(source) > _LONGEST_SHOWN)}</pre></div>'


def _takes_long(markdown: str) -> bool:
    """Whether a student's text would keep the whole class waiting."""
    signs = sum(map(markdown.count, " \n[*_`<>$|~!&\\"))
    formulas = sum(map(markdown.count, (r"\begin{", r"\\(", r"\\[")))
    return signs > _MOST_SIGNS or formulas * len(markdown) > _MOST_SEARCHED


def strip_files_prefix(page: str) -> str:
    """As nbconvert's filter, which takes a time that grows with the square of the length."""
    quoted = files_url_pattern.sub(r"\1=\2", page)
    return "\n".join(map(_without_files, quoted.split("\n"))) if "files/" in quoted else quoted


def _without_files(line: str) -> str:
    """A line in which `[text](files/place)` and the same with `/files/` are `[text](place)`."""
    parts = []
    at = 0
    while (opening := line.find("[", at)) >= 0:
        link = _LINK_TO_FILES.search(line, opening + 1)
        end = line.find(")", link.end()) if link else -1
        if link is None or end < 0:
            break
        parts += [line[at : link.start() + 2], line[link.end() : end + 1]]
        at = end + 1
    return "".join([*parts, line[at:]])


def _remembering(make: Callable[[str], Any]) -> Callable[[str], Any]:
    memory = _Memory()

    def remembered(text: Any) -> Any:
        return memory.get((text,), lambda: make(text)) if type(text) is str else make(text)

    return remembered


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
            if len(source) > _LONGEST_COLOURED:
                return _plain(source)
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

    def rendered(source: str) -> Any:
        return _plain(source) if _takes_long(source) else parser.render(source)

    @pass_context
    def markdown2html(context: Any, source: str) -> Any:
        if context.get("cell", {}).get("attachments"):
            return _plain(source) if _takes_long(source) else exporter.markdown2html(context, source)
        page = None if (source,) in memory else _with_own_seed(source, memory, rendered)
        return memory.get((source,), lambda: rendered(source)) if page is None else page

    return markdown2html


def _with_own_seed(source: str, memory: _Memory, rendered: Callable[[str], Any]) -> Any:
    """What is made of a text with another number in the place of its seed, with the seed put back.

    None where the text has no seed or several, or where the other number is not found again in the page
    exactly where it was put.
    """
    seeds = set(_SEED.findall(source))
    if len(seeds) != 1 or "&#" in source:  # numbers that are letters
        return None
    seed = seeds.pop()
    stand_in = "8" * len(seed)
    if stand_in in source:
        return None
    seedless, times = _SEED.subn(stand_in, source)
    page = memory.get((seedless,), lambda: rendered(seedless))
    found = page.count(stand_in) == times and f"{stand_in}8" not in page
    return page.replace(stand_in, seed) if found else None
