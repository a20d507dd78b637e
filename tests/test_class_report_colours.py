"""The class report's colours: every text can be read, on paper and in both themes."""

import re

import pytest
from colours import contrast
from graded_class import graded, mark, student

from gradecheck.class_report.model import State
from gradecheck.class_report.page import SYMBOLS, page_html

THEMES = ("light", "dark", "print")


@pytest.fixture(scope="module")
def themes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    page = page_html(graded(student("ann", mark())), tmp_path_factory.mktemp("page"))
    blocks = re.findall(r":root \{(.*?)\}", page, re.DOTALL)
    return {
        theme: dict(re.findall(r"--([\w-]+): (#\w{6})", block))
        for theme, block in zip(THEMES, blocks, strict=True)
    }


@pytest.mark.parametrize("theme", THEMES)
def test_texts_can_be_read_on_everything_that_is_behind_them(
    themes: dict[str, dict[str, str]], theme: str
) -> None:
    colours = themes[theme]
    behind = ("ground", "panel", "warn")
    low = {
        (text, back)
        for text in ("ink", "soft", "link")
        for back in behind
        if contrast(colours[text], colours[back]) < 4.5
    }
    assert low == set()


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("theme", THEMES)
def test_a_symbol_can_be_read_in_its_colour_and_on_it(
    themes: dict[str, dict[str, str]], theme: str, state: State
) -> None:
    assert contrast(themes[theme][state.value], themes[theme]["ground"]) >= 4.5


def test_no_two_states_share_a_symbol() -> None:
    assert len({SYMBOLS[state] for state in State}) == len(State)
