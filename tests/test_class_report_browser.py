"""The class report in a browser, from disk: sort it, unfold it, follow a link, look at it in both themes."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from graded_class import DUE, crashed, graded, hostile_class, mark, student, unknown, wrong
from nbgrader_class import ASSIGNMENT, Course, answer
from playwright.sync_api import Browser, Page, expect, sync_playwright
from test_jupyterlab import CHROMIUM_OPTIONS

from gradecheck.class_report.model import Person, StudentScores
from gradecheck.class_report.written import write_report
from gradecheck.nbgrader.configuration import put_tools_on_path
from gradecheck.nbgrader.generate import generate_release
from gradecheck.nbgrader.graded_class import read_graded_class
from gradecheck.nbgrader.grading import grade_assignment
from gradecheck.nbgrader.roster import course_at

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        shutil.which("chromium") is None,
        reason="there is no chromium here; `make apt` installs it, or `apt-get install chromium`",
    ),
]

#: A name that has to be quoted in an address.
NAME = "lee, ann #1 & <b>?"


@dataclass(frozen=True)
class Open:
    """A page in a browser, and what went wrong on it."""

    page: Page
    errors: list[str]

    def column(self, table: str, at: int) -> list[str]:
        cells = self.page.locator(f"#{table} tbody tr > :nth-child({at})")
        return [text.split("(")[0].strip() for text in cells.all_text_contents()]

    def sort(self, table: str, name: str) -> None:
        self.page.locator(f"#{table}").get_by_role("button", name=name).click()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    feedback = root / "feedback" / "ann" / "hand in #1.html"
    feedback.parent.mkdir(parents=True)
    feedback.write_text("<!DOCTYPE html><title>feedback of ann</title>", encoding="utf-8")
    person = Person("ann", "Ann", "Lee")
    students: list[StudentScores] = [
        student("ann", mark(points=4.0), mark("grad_softmax"), feedback=(feedback,), person=person),
        *(student(f"b{at}", wrong("upstream-ignored"), unknown(1.0, "grad_softmax")) for at in range(9)),
        student("cy", mark(points=16.0), crashed("grad_softmax"), seconds_late=4000.0),
        student("dee", mark(), mark("grad_softmax")),
        student("zoe"),
        *hostile_class().students,
    ]
    return write_report(graded(*students, due=DUE), root)


@pytest.fixture(scope="module")
def graded_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on a class of one who was really graded, with feedback as nbgrader makes it."""
    course = Course.make(tmp_path_factory.mktemp("real") / "course")
    with (course.root / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write("\nc.ExecuteInWorker.sandbox = False\n")
    put_tools_on_path()
    generate_release(course.root, ASSIGNMENT, course.root / "exercises")
    course.submit(
        NAME, answer(course.solved(), "grad_softmax", "def grad_softmax(x, dz):\n    return 3 * dz\n")
    )
    assert [entry.problem for entry in grade_assignment(course.root, ASSIGNMENT)] == [None]
    return write_report(read_graded_class(course_at(course.root), ASSIGNMENT), course.root)


@pytest.fixture
def opened(browser: Browser, report: Path) -> Iterator[Open]:
    with open_page(browser, report) as opened:
        yield opened


@contextmanager
def open_page(browser: Browser, report: Path) -> Iterator[Open]:
    """A page that nothing may go wrong on, nor on those that its links lead to."""
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type in ("error", "warning") else None)
    page.on("dialog", lambda dialog: errors.append(f"a student's script ran: {dialog.message}"))
    page.on(
        "request", lambda request: None if request.url.startswith("file:") else errors.append(request.url)
    )
    page.goto(report.as_uri())
    yield Open(page, errors)
    page.close()
    assert errors == []


def test_tables_sort_by_a_click_and_back_and_say_so(opened: Open) -> None:
    head = opened.page.locator("#student-table th", has_text="total")
    expect(head).to_have_attribute("aria-sort", "none")
    opened.sort("student-table", "total")
    expect(head).to_have_attribute("aria-sort", "descending")
    names = opened.column("student-table", 1)
    assert names[0] == "dee"
    assert names[-1] == "zoe"  # who has no total is last, either way
    opened.sort("student-table", "total")
    expect(head).to_have_attribute("aria-sort", "ascending")
    names = opened.column("student-table", 1)
    assert (names[0], names[-1]) == ("b0", "zoe")


def test_numbers_are_sorted_as_numbers(opened: Open) -> None:
    opened.sort("student-table", "sigmoid")
    points = [float(text.split()[0]) for text in opened.column("student-table", 4) if text[0].isdigit()]
    assert points == sorted(points, reverse=True)
    assert {4.0, 16.0, 20.0} <= set(points)


def test_tables_sort_from_the_keyboard(opened: Open) -> None:
    opened.page.locator("#exercise-table").get_by_role("button", name="exercise").focus()
    opened.page.keyboard.press("Enter")
    assert opened.column("exercise-table", 1) == ["sigmoid", "softmax"]
    opened.page.keyboard.press("Space")
    assert opened.column("exercise-table", 1) == ["softmax", "sigmoid"]


def test_who_has_a_misconception_unfolds(opened: Open) -> None:
    found = opened.page.locator("#misconception-table details", has_text="upstream ignored")
    expect(found.get_by_text("b8")).not_to_be_visible()
    found.locator("summary").click()
    expect(found.locator("summary")).to_have_text("upstream ignored: 9 students in 1 exercise")
    expect(found.get_by_text("b8")).to_be_visible()


def test_a_link_leads_to_the_students_feedback(opened: Open) -> None:
    opened.page.locator("#student-table").get_by_role("link", name="Lee, Ann").click()
    expect(opened.page).to_have_title("feedback of ann")


def test_a_link_leads_to_real_feedback_with_its_formulas_and_nothing_goes_wrong(
    browser: Browser, graded_report: Path
) -> None:
    with open_page(browser, graded_report) as opened:
        opened.page.locator("#student-table").get_by_role("link", name=NAME).click()
        expect(opened.page.get_by_text("(Score: 75.0 / 100.0)")).to_be_visible()
        assert Path(unquote(urlparse(opened.page.url).path)).parts[-3:-1] == (NAME, ASSIGNMENT)
        expect(opened.page.locator("math").first).to_be_visible()
        assert not [text for text in opened.page.locator("p, li").all_inner_texts() if "$" in text]
        opened.page.go_back()
        expect(opened.page.locator("#student-table")).to_be_visible()


def test_printing_unfolds_everything_and_folds_it_again(opened: Open) -> None:
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(opened.page.locator("details:not([open])")).to_have_count(0)
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(opened.page.locator("details[open]")).to_have_count(0)


def test_on_paper_what_is_secondary_is_no_larger_than_what_is_not(opened: Open) -> None:
    opened.page.emulate_media(media="print")
    sizes = opened.page.evaluate(
        "[...document.querySelectorAll('td .soft')].map(e => [e, e.parentElement]"
        ".map(each => parseFloat(getComputedStyle(each).fontSize)))"
    )
    assert sizes
    assert all(own <= around for own, around in sizes)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_looked_at_in_both_themes(opened: Open, theme: str, tmp_path: Path) -> None:
    opened.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of the two that it takes
    ground, ink = opened.page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    light = [sum(map(int, colour[4:-1].split(","))) for colour in (ground, ink)]
    assert (light[0] > light[1]) is (theme == "light")
    assert abs(light[0] - light[1]) > 500
    assert not opened.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    picture = tmp_path / f"{theme}.png"
    opened.page.screenshot(path=picture, full_page=True)
    assert picture.stat().st_size > 20_000


def test_nothing_sticks_out_on_a_telephone(opened: Open) -> None:
    opened.page.set_viewport_size({"width": 390, "height": 800})
    assert not opened.page.evaluate("document.documentElement.scrollWidth > innerWidth")
