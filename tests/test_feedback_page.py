"""Formulas on a page of feedback: drawn without a network, and nothing in them ever runs."""

import json
import re
import time
from pathlib import Path

import bs4
import pytest

from gradecheck.nbgrader.feedback_page import with_formulas

ROOT = Path(__file__).parents[1]


def page(text: str) -> str:
    return f"<html><head><title>$t$</title></head><body>{text}</body></html>"


def drawn(text: str) -> list[str]:
    """What stands in the formulas of a page."""
    soup = bs4.BeautifulSoup(with_formulas(page(text)), "html.parser")
    return [math.get_text() for math in soup.find_all("math")]


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("<p>both $x_i$ and $$y = 2$$</p>", ["xi", "y=2"]),
        (r"<p>\(a\) or \[b\]</p>", ["a", "b"]),
        (r"\begin{align}a &amp;= b\end{align}", ["a=b(1)"]),
        ("$a &lt; b$", ["a<b"]),
        ("<code>$x$</code> <pre>$x$ $y$</pre> <script>'$x$'</script>", []),
        ("it costs $5", []),
        (r"it costs \$5 or \$6", []),
        (r"$\frac$", []),
        ("$" + "{" * 4000 + "$", []),
    ],
)
def test_what_mathjax_took_for_a_formula_is_one(text: str, formulas: list[str]) -> None:
    assert drawn(text) == formulas


def test_every_formula_of_the_course_can_be_drawn() -> None:
    for path in sorted(ROOT.glob("exercises/*/*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"]).replace("&", "&amp;").replace("<", "&lt;")
            if cell["cell_type"] == "markdown":
                left = re.sub(r"`[^`]*`", "", with_formulas(f"<body>{source}"))
                assert "$" not in left, f"{path.name}: {left}"


@pytest.mark.parametrize(
    "text",
    ["$", "$$ ", r"\(", r"\[x\) ", r"\begin{a}", "<", "<script ", "<!--", "<pre>$", r"$\frac{", "$x$ "],
)
def test_no_text_takes_long(text: str) -> None:
    start = time.process_time()
    with_formulas(page(text * 50_000))
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "formula",
    [
        r"\text{&lt;script&gt;alert(1)&lt;/script&gt;}",
        r"\text{&amp;lt;img src=x onerror=alert(1)&amp;gt;}",
        r"\text{&amp;#x3c;img src=x onerror=alert(1)&amp;#x3e;}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(x)}{x}",
        r"\class{x}{y}",
    ],
)
def test_nothing_in_a_formula_runs(formula: str) -> None:
    soup = bs4.BeautifulSoup(with_formulas(page(f"<p>${formula}$</p>")), "html.parser")
    assert not soup.find_all(["script", "img"])
    assert not [tag for tag in soup.find_all(True) if {"href", "style", "class", "onerror"} & set(tag.attrs)]
