"""An exercise in JupyterLab, in a browser: open it, type an answer, run all cells, see the cards."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_lab import CHROMIUM_OPTIONS, TOKEN, Lab, running_lab
from playwright.sync_api import Locator, Page, expect, sync_playwright

import gradecheck

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        shutil.which("chromium") is None,
        reason="there is no chromium here; `make apt` installs it, or `apt-get install chromium`",
    ),
]

ROOT = Path(gradecheck.__file__).parents[1]
NOTEBOOK = ROOT / "exercises" / "understanding_gradients" / "understanding_gradients.ipynb"
ANSWER = "def grad_sigmoid(x, dz):\n    return dz * tf.sigmoid(x) * tf.sigmoid(-x)"
WRONG = "def grad_softmax(x, dz):\n    p = tf.nn.softmax(x)\n    return {}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    work = folder / "work"
    work.mkdir()
    shutil.copy(NOTEBOOK, work)
    with running_lab(work, folder) as started:
        yield started


@pytest.fixture(scope="module")
def console() -> list[str]:
    """What the pages wrote to the browser's console as errors, and exceptions that nobody caught."""
    return []


@pytest.fixture(scope="module")
def page(lab: Lab, console: list[str]) -> Iterator[Page]:
    """The notebook, open, with a right and a wrong answer typed in, and every cell run."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_OPTIONS)
        try:
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.set_default_timeout(40_000)
            page.on("pageerror", lambda error: console.append(str(error)))
            page.on(
                "console",
                lambda said: console.append(f"{said.text} {said.location}") if said.type == "error" else None,
            )
            page.goto(f"{lab.address}/lab/tree/{NOTEBOOK.name}?token={TOKEN}&reset")
            page.locator(".jp-Notebook").wait_for()
            _type(page, "def grad_sigmoid(x, dz):", ANSWER)
            _type(page, "def grad_softmax(x, dz):", WRONG.format("dz * p * (1 - p)"))
            _run_all(page)
            page.get_by_role("group", name="grad_conv2d").wait_for()
            yield page
        finally:
            browser.close()


def test_the_answer_that_was_typed_is_right(page: Page) -> None:
    card = page.locator(".jp-OutputArea .gradecheck-card", has=page.locator("code", has_text="grad_sigmoid"))
    expect(card).to_have_count(1)
    expect(card).to_have_attribute("aria-label", re.compile("grad_sigmoid: right"))
    expect(card).to_contain_text("20 of 20 points")
    expect(card).to_be_visible()


def test_the_wrong_one_is_named_with_its_jacobian_and_a_hint_to_open(page: Page) -> None:
    card = _wrong(page)
    expect(card).to_contain_text("softmax-diagonal-only")
    expect(card.get_by_role("table", name="yours")).to_be_visible()
    expect(card.locator("summary")).to_have_text(["hint"])
    hint = card.locator("details p")
    expect(hint).not_to_be_visible()
    card.locator("summary").click()
    expect(hint).to_be_visible()


@pytest.mark.parametrize("name", ["grad_matmul", "grad_conv2d"])
def test_the_others_are_not_started(page: Page, name: str) -> None:
    card = page.get_by_role("group", name=f"{name}: not started")
    expect(card).to_have_count(1)
    expect(card).to_contain_text(f"{name} is still as it was handed out")


def test_each_graded_cell_ends_in_its_points_and_nothing_is_an_error(page: Page) -> None:
    results = page.locator(".jp-OutputArea-executeResult pre").all_text_contents()
    assert [text for text in results if re.fullmatch(r"\d+\.\d+", text)] == ["20.0", "0.0", "0.0", "0.0"]
    assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_card_can_be_read_in_both_themes(page: Page, theme: str, tmp_path: Path) -> None:
    _choose(page, theme)
    card = page.get_by_role("group", name="grad_sigmoid: right")
    card.scroll_into_view_if_needed()
    expect(card).to_be_in_viewport(ratio=1)
    for part in (
        ".gc-message",
        ".gc-state",
        ".gc-points",
        ".gc-remark",
        "figcaption",
        ".gc-minus3",
        "summary",
    ):
        assert _contrast(page, f".gradecheck-card {part}") >= 4.5, part
    folder = Path(os.environ.get("GRADECHECK_SCREENSHOTS", tmp_path))
    page.screenshot(path=folder / f"{theme.lower().replace(' ', '-')}.png")


def test_a_changed_answer_opens_the_next_hint(page: Page) -> None:
    _type(page, "def grad_softmax(x, dz):", WRONG.format("(1 - p) * dz * p"))
    _run_all(page)
    expect(_wrong(page).locator("summary")).to_have_text(["hint", "an earlier hint"], timeout=20_000)


def test_the_console_has_no_error(page: Page, console: list[str]) -> None:
    assert page.url
    assert console == []


def test_the_saved_notebook_holds_the_answer(page: Page, lab: Lab) -> None:
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    deadline = time.monotonic() + 10
    while "tf.sigmoid(-x)" not in (lab.folder / NOTEBOOK.name).read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _wrong(page: Page) -> Locator:
    return page.get_by_role("group", name="grad_softmax: not yet: a mistake that has a name")


def _type(page: Page, beginning: str, answer: str) -> None:
    editor = page.locator(".jp-CodeCell .cm-content", has_text=beginning)
    editor.scroll_into_view_if_needed()
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(answer)


def _run_all(page: Page) -> None:
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def _choose(page: Page, theme: str) -> None:
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=theme)
    page.locator("#jupyterlab-splash").wait_for(state="detached")


def _contrast(page: Page, selector: str) -> float:
    """The contrast of a text with what is behind it, by the formula of WCAG 2."""
    ratio = page.evaluate(
        """selector => {
            const element = document.querySelector(selector);
            const numbers = text => text.match(/[\\d.]+/g).map(Number);
            const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
                .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
                .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
            let behind = element, back;
            do {
                back = numbers(getComputedStyle(behind).backgroundColor);
                behind = behind.parentElement;
            } while (behind && back.length === 4 && back[3] === 0);
            const levels = [light(numbers(getComputedStyle(element).color)), light(back)];
            return (Math.max(...levels) + 0.05) / (Math.min(...levels) + 0.05);
        }""",
        selector,
    )
    return float(ratio)
