"""The exporter of feedback pages: formulas are drawn by the browser itself, and no network is needed.

nbgrader's own pages load MathJax from the internet, which a page that is opened from disk should not need.
"""

import re
from functools import lru_cache
from html import unescape
from typing import Any
from xml.etree.ElementTree import tostring

from latex2mathml.converter import convert_to_element
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode

#: Where nbgrader's template loads MathJax; it knows no setting for that.
_MATHJAX = re.compile(r'<script src="https?://[^"]*/mathjax/[^"]*">\s*</script>', re.IGNORECASE)
#: Where something begins that MathJax looks at, or leaves alone.
_BEGINNING = re.compile(
    r"<!--|<(?P<element>script|style|pre|code|textarea|math)\b|<[a-zA-Z/!?]"
    r"|\\\$|\$\$|\$|\\\[|\\\(|\\begin\{(?P<environment>[a-z]{1,20}\*?)\}"
)
#: Up to the next of these that is no ordinary tag: most of a page is of no interest.
_ORDINARY = re.compile(
    r"(?:[^<$\\]+|<(?!(?:script|style|pre|code|textarea|math)\b|!--)[a-zA-Z/!?][^>]*>|<(?![a-zA-Z/!?])"
    r"|\\(?![$\[(]|begin\{[a-z]{1,20}\*?\}))*"
)
#: The delimiters that nbconvert's templates tell MathJax.
_CLOSING = {"$": "$", "$$": "$$", r"\(": r"\)", r"\[": r"\]"}
_INLINE = ("$", r"\(")
#: A formula's characters, and a page's formulas: what is more is no feedback.
_LONGEST, _MOST = 5000, 5000
#: What a formula may give an element that reaches out of it: \href, \style and the like.
_REACHING_OUT = frozenset({"href", "style", "class", "id", "src"})


class FeedbackExporter(HTMLExporter):
    """nbconvert's exporter with MathML in place of MathJax."""

    def from_notebook_node(  # type: ignore[override]  # an HTMLExporter's resources are of any kind
        self, nb: NotebookNode, resources: Any = None, **settings: Any
    ) -> tuple[str, Any]:
        """Convert a notebook to a page."""
        page, resources = super().from_notebook_node(nb, resources=resources, **settings)
        self._nb_metadata.clear()  # else the results of a whole class, kept for a filter of this one page
        return with_formulas(page), resources


def with_formulas(page: str) -> str:
    """A page with its formulas in MathML; what is none, or cannot be read as one, stays as it is.

    The time is proportional to the page's length, whatever a student wrote.
    """
    at = max(page.find("<body"), 0)
    parts = [_MATHJAX.sub("", page[:at])]
    never: set[str] = set()
    drawn = 0
    last = page.rfind(">")  # behind it no tag ends, and none is looked for
    while (found := _BEGINNING.search(page, _behind_ordinary(page, at, last))) is not None:
        parts.append(page[at : found.start()])
        formula = _formula_at(page, found) if drawn < _MOST else None
        if formula is not None:
            drawn += 1
            text, at = formula
        else:
            at = _end_of(page, found, never)
            text = "$" if found.group() == r"\$" else page[found.start() : at]
        parts.append(text)
    return "".join([*parts, page[at:]])


def _behind_ordinary(page: str, at: int, last: int) -> int:
    """Where the first thing from a place on may stand that is neither plain text nor an ordinary tag."""
    found = _ORDINARY.match(page, at) if at < last else None
    return found.end() if found is not None else at


def _formula_at(page: str, found: re.Match[str]) -> tuple[str, int] | None:
    """A formula in MathML, and where it ends; None where there is none."""
    opening, environment = found.group(), found["environment"]
    closing = rf"\end{{{environment}}}" if environment else _CLOSING.get(opening)
    if closing is None:
        return None
    close = page.find(closing, found.end(), found.end() + _LONGEST)
    end = close + len(closing)
    source = page[found.start() : end] if environment else page[found.end() : close]
    if close < 0 or "<" in source:
        return None
    mathml = _mathml(unescape(source), inline=opening in _INLINE)
    return (mathml, end) if mathml is not None else None


def _end_of(page: str, found: re.Match[str], never: set[str]) -> int:
    """Where the search goes on: behind an element whose text is no text, behind a tag, behind two signs.

    Args:
        page: the page.
        found: what begins.
        never: what does not come any more; it is added to.
    """
    opening, element = found.group(), found["element"]
    if not opening.startswith("<"):
        return found.end()
    closing = f"</{element}" if element else "-->" if opening == "<!--" else ">"
    close = -1 if closing in never else page.find(closing, found.end())
    if close < 0:
        never.add(closing)
        return found.end()
    return close + len(closing)


@lru_cache(maxsize=4096)
def _mathml(formula: str, *, inline: bool) -> str | None:
    """A formula in MathML; None where it cannot be."""
    if not formula.strip():
        return None
    try:
        drawn = convert_to_element(formula.strip(), display="inline" if inline else "block")
        for element in drawn.iter():
            if not _REACHING_OUT.isdisjoint(element.attrib):
                return None
            element.text = unescape(element.text or "")  # signs are numbers such as &#x0003D; until here
        return tostring(drawn, encoding="unicode", short_empty_elements=False)
    except Exception:
        return None  # whatever a student typed between two dollars
