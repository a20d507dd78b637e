"""What students display and write runs in nobody's browser."""

from html.parser import HTMLParser

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from gradecheck.nbgrader.safe import DisarmTexts, clean_markup, disarmed, safe_data


class _Tags(HTMLParser):
    """Collects the tags that could run something."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        runs = any(name.startswith("on") or "script:" in (value or "") for name, value in attrs)
        if runs or tag in ("script", "style", "svg", "iframe"):
            self.active.append(tag)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<SCRIPT src=x>alert(1)",
        "<img src=x onerror=alert(1)>",
        "<img/src=x/onerror=alert(1)>",
        '<img alt=">" onerror=alert(1)>',
        "<svg onload=alert(1)>",
        "<iframe srcdoc='<b onclick=alert(1)>'></iframe>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='&#106;avascript:alert(1)'>x</a>",
        "<style>@import 'x'</style>",
        "<scr<script>x</script>ipt>alert(1)</script>",
    ],
)
def test_nothing_that_runs_comes_through(text: str) -> None:
    for shown in (clean_markup(text), disarmed(text)):
        tags = _Tags()
        tags.feed(shown)
        tags.close()
        assert tags.active == []


def test_tables_and_pictures_come_through() -> None:
    table = "<table><thead><tr><th>x</th></tr></thead></table>"
    assert clean_markup(table) == table
    assert safe_data({"image/png": "aGk=", "text/plain": "a < b"}) == {
        "image/png": "aGk=",
        "text/plain": "a < b",
    }


def test_a_display_that_only_runs_is_left_out() -> None:
    assert safe_data({"application/javascript": "alert(1)", "image/svg+xml": "<svg/>"}) == {}


@pytest.mark.parametrize(
    "text", ["$a < b$ and $c<d$", "<br> and <b>bold</b>", "<img src='a.png' width=5>", "1 < 2"]
)
def test_harmless_texts_stay_as_they_are(text: str) -> None:
    assert disarmed(text) == text


def test_only_texts_that_are_not_locked_are_disarmed() -> None:
    step, text = DisarmTexts(), "<script>alert(1)</script>"
    own, code = new_markdown_cell(text), new_code_cell(text)
    locked = new_markdown_cell(text, metadata={"nbgrader": {"locked": True}})
    sources = [step.preprocess_cell(cell, {}, 0)[0].source for cell in (own, code, locked)]
    assert sources == ["&lt;script>alert(1)&lt;/script>", text, text]
