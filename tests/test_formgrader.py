"""Nbgrader's own pages in a browser: grade a submission, read its scores and our comment, make feedback."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_lab import CHROMIUM_OPTIONS, TOKEN, Lab, running_lab
from nbgrader_class import ASSIGNMENT, Course, answer
from playwright.sync_api import Locator, Page, expect, sync_playwright

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("chromium") is None,
        reason="there is no chromium here; `make apt` installs it, or `apt-get install chromium`",
    ),
]

WRONG = """from IPython.display import HTML, display

def grad_softmax(x, dz):
    return 3 * dz

display(HTML("<b>shown</b><script>window.ran = 'html'</script><img src=x onerror='window.ran = 1'>"))"""
#: Each would run in the browser of whoever looks at the submission.
RUNS = (
    "<script>window.ran = 'script'</script>",
    "<img src=x onerror=\"window.ran = 'handler'\">",
    "<svg onload=\"window.ran = 'svg'\"></svg>",
    "<details open ontoggle=\"window.ran = 'toggle'\"><summary>more</summary></details>",
    "[a link](javascript:window.ran='link')",
    "<iframe srcdoc=\"<script>parent.ran = 'frame'</script>\"></iframe>",
)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course in which two students have handed in, and nothing is graded."""
    made = Course.make(tmp_path_factory.mktemp("formgrader") / "course")
    config = made.root / "nbgrader_config.py"
    exchange = made.root.parent / "exchange"
    exchange.mkdir(mode=0o777)
    settings = f"{config.read_text(encoding='utf-8')}\nc.Exchange.root = {str(exchange)!r}\n"
    made.release(settings.replace("configure(c)", "configure(c, sandbox=False)"))
    handed_in = answer(made.solved(), "grad_softmax", WRONG)
    for number, text in enumerate(RUNS):
        for kind in ("markdown", "raw"):
            cell = {
                "cell_type": kind,
                "id": f"own-{kind}-{number}",
                "metadata": {},
                "source": f"own text\n\n{text}",
            }
            handed_in["cells"].append(cell)
    made.submit("ada", handed_in)
    made.submit("bob", made.solved())
    return made


@pytest.fixture(scope="module")
def lab(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(course.root, tmp_path_factory.mktemp("lab")) as started:
        yield started


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    """The page of submissions, after the button Autograde was pressed for ada."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_OPTIONS)
        try:
            page = browser.new_page(viewport={"width": 1300, "height": 1000})
            page.set_default_timeout(60_000)
            # Nbgrader's pages ask a server far away for MathJax.
            page.route(lambda url: not url.startswith((lab.address, "file:")), lambda route: route.abort())
            page.goto(f"{lab.address}/formgrader?token={TOKEN}")
            page.get_by_role("link", name=ASSIGNMENT, exact=True).wait_for()
            page.goto(f"{lab.address}/formgrader/manage_submissions/{ASSIGNMENT}")
            _press(page, "ada", "autograde")
            yield page
        finally:
            browser.close()


def test_the_assignment_is_listed(page: Page, lab: Lab) -> None:
    page.goto(f"{lab.address}/formgrader/manage_assignments")
    row = page.locator("tr", has_text=ASSIGNMENT)
    expect(row).to_have_count(1)
    expect(row.locator(".num-submissions")).to_have_text("2")


def test_the_score_is_there_and_the_other_waits(page: Page, lab: Lab) -> None:
    page.goto(f"{lab.address}/formgrader/manage_submissions/{ASSIGNMENT}")
    expect(_row(page, "ada").locator(".status")).to_have_text("graded")
    expect(_row(page, "ada").locator(".score")).to_have_text("75 / 100")
    expect(_row(page, "bob").locator(".status")).to_have_text("needs autograding")


def test_the_submission_shows_scores_comment_and_card_and_runs_nothing(
    page: Page, lab: Lab, tmp_path: Path
) -> None:
    page.goto(f"{lab.address}/formgrader/gradebook/{ASSIGNMENT}/{ASSIGNMENT}")
    page.locator("#main-table a.name-hidden").click()
    scores = page.locator("input.score")
    expect(scores).to_have_count(4)
    for exercise, points in {"sigmoid": "20", "softmax": "0", "matmul": "25", "conv2d": "30"}.items():
        expect(page.locator(f"#grad_{exercise}_graded")).to_have_attribute("placeholder", points)
    comment = page.locator("#grad_softmax-comment")
    expect(comment).to_have_attribute("placeholder", re.compile(r"^\*\*0 of 25 points\.\*\* "))
    expect(comment).to_have_attribute("placeholder", re.compile("gradecheck check --seed"))
    expect(page.get_by_role("group", name=re.compile("^grad_softmax: "))).to_be_visible()
    expect(page.get_by_role("group", name=re.compile("^grad_sigmoid: right"))).to_be_visible()
    expect(page.get_by_text("shown", exact=True)).to_be_visible()
    expect(page.get_by_text("own text").first).to_be_attached()
    link = page.get_by_text("a link").first
    assert page.evaluate("window.ran") is None
    if link.evaluate("link => link.tagName") == "A":
        link.click()
    page.wait_for_function("window.ran === undefined")  # also where the link leads to the page itself
    folder = Path(os.environ.get("GRADECHECK_SCREENSHOTS", tmp_path))
    page.screenshot(path=folder / "formgrader.png", full_page=True)


def test_feedback_is_made_and_runs_nothing(page: Page, lab: Lab, course: Course) -> None:
    page.goto(f"{lab.address}/formgrader/manage_submissions/{ASSIGNMENT}")
    _press(page, "ada", "generate-feedback")
    feedback = course.root / "feedback" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.html"
    page.goto(feedback.as_uri())
    expect(page.get_by_text("0 of 25 points").first).to_be_visible()
    assert page.evaluate("window.ran") is None


def _row(page: Page, student: str) -> Locator:
    return page.locator("#main-table tr", has=page.locator(".student-id", has_text=student))


def _press(page: Page, student: str, button: str) -> None:
    """Press a button of a student, and wait until nbgrader says that it is done."""
    _row(page, student).locator(f".{button} a").click()
    done = page.locator("#success-modal, #error-modal")
    done.wait_for()
    assert done.get_attribute("id") == "success-modal", done.inner_text()[-3000:]
