"""What an exporter of feedback remembers is what nbconvert makes of the same text."""

from collections.abc import Iterator
from html import escape
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import lists, sampled_from
from jinja2 import Undefined, pass_context
from markupsafe import Markup
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.strings import strip_files_prefix
from nbformat import from_dict
from nbformat.v4 import new_markdown_cell, new_notebook
from traitlets.config import Config

from gradecheck.nbgrader import pages
from gradecheck.nbgrader.feedback_page import FeedbackExporter
from gradecheck.nbgrader.pages import remember_filters

CODE = (
    "",
    " ",
    'def f(x):\n    """Return $x$."""\n    return x ** 2  # <b>',
    "%matplotlib inline\n!ls",
    "x = '<script>'\n\n\n",
    "not python at all (\n\t\u00e9",
)
TEXTS = (
    "",
    "[known][it]\n\n[it]: https://example.org",
    "[known][it], where no text defines it",
    "# A heading & more\n\n## A heading & more",
    "$$a_b$$ and $x*y*z$, \\\\(q\\\\)\n\n\\begin{align}a&b\\end{align}",
    "| a | b |\n|---|---|\n| 1 | ~~2~~ |\n\n- [ ] to do\n\n```python\nx = 1\n```\n\n    verbatim <i>",
    "<b>tag</b> ![a picture](picture.png) https://example.org",
)


@pytest.fixture(scope="module")
def remembering() -> HTMLExporter:
    exporter = HTMLExporter()
    remember_filters(exporter)
    return exporter


def filters(exporter: HTMLExporter) -> dict[str, Any]:
    return exporter.environment.filters


def test_code_looks_as_nbconvert_colours_it(remembering: HTMLExporter) -> None:
    theirs = Highlight2HTML(pygments_lexer="python")
    ours = remembering.filters["highlight_code"]
    for _ in range(2):  # made, and remembered
        for source in CODE:
            assert ours(source, metadata={}) == theirs(source, metadata={})
    for metadata in ({"magics_language": "html"}, None):
        assert ours("<b>", "ipython3", metadata) == theirs("<b>", "ipython3", metadata)


def test_texts_look_as_nbconvert_renders_them(remembering: HTMLExporter) -> None:
    ours = filters(remembering)["markdown2html"]
    for _ in range(2):
        for text in (*TEXTS, *TEXTS[::-1]):  # what one text defines is unknown to the next
            assert ours({}, text) == HTMLExporter().markdown2html({}, text)


WITH_SEEDS = (
    "seed: from {0}. At home:\n\n    gradecheck check --seed {0} NOTEBOOK",
    "# {0}\n\n{0}. no list\n\n&#{0}; a{0} 0.{0} -{0} $x_{0}$ [it]({0})\n\n[{0}]: /it\n\n[{0}] `{0}`",
    "8888888888888 and {0}",
    "{0} and 2207210663321",
    "x8{0} and {0}",
    "&#56;88888888 &#56;&#56;&#56;&#56;&#56;&#56;&#56;&#56;&#56;&#56;&#56;&#56;&#56; {0}",
    "{0}\u0663 \u0663{0} \u0663\u0663{0} 1\u0663{0} and {0}",
    "8**{0}** 8\\\n{0} 88<b>{0}</b>8",
)


@pytest.mark.parametrize("text", WITH_SEEDS)
def test_a_text_that_differs_in_a_seed_alone_has_its_own_seed(text: str, remembering: HTMLExporter) -> None:
    ours = filters(remembering)["markdown2html"]
    for seed in ("1264217612413", "9152424199909", "8888888888888", "1234567890", "12", "0152424199909"):
        own = text.format(seed)
        assert ours({}, own) == HTMLExporter().markdown2html({}, own)


@given(
    lists(
        sampled_from(
            [
                "1264217612413",
                "8" * 13,
                *"8x_\u0663 \n*`[]()#&<>|-$\\\"'!~",
                "#56;",
                "1. ",
                "http://",
                "\n\n",
                "    ",
            ]
        )
    )
)
def test_any_text_with_a_seed_looks_as_nbconvert_renders_it(
    remembering: HTMLExporter, parts: list[str]
) -> None:
    text = "1264217612413 ".join(["", "".join(parts)])
    assert filters(remembering)["markdown2html"]({}, text) == HTMLExporter().markdown2html({}, text)


def test_a_comment_with_a_seed_is_remembered_once_for_all_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[pages._Memory] = []

    class Noted(pages._Memory):
        def __init__(self) -> None:
            super().__init__()
            kept.append(self)

    monkeypatch.setattr(pages, "_Memory", Noted)
    exporter = HTMLExporter()
    remember_filters(exporter)
    for seed in ("1264217612413", "9152424199909", "9152424199909"):
        filters(exporter)["markdown2html"]({}, f"**wrong** with seed {seed}")
    assert sum(len(memory._known) for memory in kept) == 1


def test_templates_see_of_a_node_what_jinja2_shows() -> None:
    ours, theirs = FeedbackExporter(), FeedbackExporter()
    remember_filters(ours)
    node = from_dict({"source": "x", "items": 1, "inner": {"none": None}})
    for name in ("source", "items", "keys", "inner", "none", "nowhere", "_allownew", "__class__"):
        for thing in (node, node.inner, "text", None):
            found = [exporter.environment.getattr(thing, name) for exporter in (ours, theirs)]
            if isinstance(found[1], Undefined):
                assert isinstance(found[0], Undefined)
                assert found[0]._undefined_name == found[1]._undefined_name == name
            else:
                assert found[0] == found[1]


def test_an_attachment_is_the_one_students_own(remembering: HTMLExporter) -> None:
    ours = filters(remembering)["markdown2html"]
    text = "![mine](attachment:mine.png)"
    for own in ("AAAA", "BBBB"):
        assert own in ours({"cell": {"attachments": {"mine.png": {"image/png": own}}}}, text)


def test_pictures_that_are_embedded_are_never_remembered(tmp_path: Any) -> None:
    exporter = HTMLExporter(embed_images=True)
    remember_filters(exporter)
    shown = []
    for student in ("ada", "bob"):
        (tmp_path / student).mkdir()
        (tmp_path / student / "mine.png").write_bytes(student.encode() * 8)
        context = {"resources": {"metadata": {"path": str(tmp_path / student)}}}
        shown.append(filters(exporter)["markdown2html"](context, "![mine](mine.png)"))
    assert "base64" in shown[0]
    assert shown[0] != shown[1]


def test_what_a_course_configures_is_kept() -> None:
    class Own(HTMLExporter):
        @pass_context
        def markdown2html(self, _context: Any, source: str) -> str:
            return f"own {source}"

    def colour(source: str, **_: Any) -> str:
        return f"coloured {source}"

    exporter = Own(config=Config(), filters={"highlight_code": colour, "ansi2html": colour})
    remember_filters(exporter)
    assert exporter.filters["highlight_code"] is filters(exporter)["highlight_code"] is colour
    assert filters(exporter)["ansi2html"] is colour
    assert filters(exporter)["markdown2html"]({}, "text") == "own text"
    configured = HTMLExporter(filters={"markdown2html": colour})
    remember_filters(configured)
    assert filters(configured)["markdown2html"] is colour
    anchored = HTMLExporter(anchor_link_text="here")
    remember_filters(anchored)
    assert ">here</a>" in filters(anchored)["markdown2html"]({}, "# Title")


def test_nothing_of_a_notebook_stays_with_the_exporter() -> None:
    exporter = FeedbackExporter()
    assert not exporter._nb_metadata
    page, _ = exporter.from_notebook_node(new_notebook(cells=[new_markdown_cell("$x$")]))
    assert "<math" in page
    assert not exporter._nb_metadata
    theirs = HTMLExporter()
    theirs.from_notebook_node(new_notebook())
    assert theirs._nb_metadata  # where it would stay


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(pages, "_MOST_REMEMBERED", 3)
    return 3


def test_what_comes_back_stays_and_no_more_is_remembered_than_a_number_of_texts(few: int) -> None:
    memory = pages._Memory()
    made = [memory.get((name,), object) for name in ("ours", "a", "ours", "b", "c", "ours", "a")]
    assert made[0] is made[2] is made[5]
    assert made[6] is not made[1]
    assert len(memory._known) <= few


@given(
    lists(sampled_from(["[", "]", "(", ")", "!", "](files/", "](/files/", "href='files/", "a", "\n", "\r"]))
)
def test_links_to_files_are_those_of_nbconvert(parts: list[str]) -> None:
    page = "".join(parts)
    assert pages.strip_files_prefix(page) == strip_files_prefix(page)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000 + "](files/",
        "\\begin{a}" * 100_000,
        "\\\\(" * 50_000,
        "\\\\[ " * 50_000,
        "*<b>* " * 100_000,
    ],
    ids=["brackets", "environments", "inline", "displayed", "words"],
)
def test_a_text_that_would_take_hours_is_shown_as_it_was_typed(text: str) -> None:
    exporter = FeedbackExporter()
    remember_filters(exporter)
    page, _ = exporter.from_notebook_node(new_notebook(cells=[new_markdown_cell(text)]))
    assert f'<div class="highlight"><pre>{escape(text[:1000], quote=False)}' in page


def test_code_of_ordinary_length_has_colours(remembering: HTMLExporter) -> None:
    coloured = remembering.filters["highlight_code"]
    assert "<span" in coloured("x = 1\n" * 1000)
    assert coloured("x = '<b>'\n" * 20_000).startswith('<div class="highlight"><pre>x = \'&lt;b&gt;')


def test_filters_of_plain_texts_give_what_nbconverts_give(remembering: HTMLExporter) -> None:
    ours, theirs = filters(remembering), filters(HTMLExporter())
    for text in ('<img src="files/a.png"> [b](files/c)', "\x1b[31mred\x1b[0m <b>", Markup("<i>")):
        for name in ("strip_files_prefix", "ansi2html"):
            assert [ours[name](text) for _ in range(2)] == [theirs[name](text)] * 2
