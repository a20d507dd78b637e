"""Leaving a faulty exercise out of a graded assignment, and taking it back."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from gradebook_contents import contents_of
from nbgrader.api import Gradebook
from nbgrader_class import ASSIGNMENT, CONFIG, FILE, LATE_IS_NOTHING, Course, answer, nbgrader

from gradecheck.cli import cli
from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.generate import enter_in_gradebook
from gradecheck.nbgrader.grading import Graded, grade_assignment
from gradecheck.nbgrader.ledger import Entry, find_entry
from gradecheck.nbgrader.regrade import Change, counting_of, regrade_assignment
from gradecheck.nbgrader.roster import course_at
from gradecheck.nbgrader.run import Run

pytestmark = pytest.mark.slow

WRONG = "def grad_softmax(x, dz):\n    return 3 * dz\n"
#: What the exercises are worth; together 100.
SOFTMAX = 25.0
FACTOR = 100 / (100 - SOFTMAX)
FAULTY = "grad_softmax_graded"


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """One is right, one is late, one has softmax wrong and points by hand; "gone" took the files away."""
    made = Course.make(tmp_path_factory.mktemp("regrade") / "course")
    made.release(CONFIG + LATE_IS_NOTHING)
    for student in ("gone", "late", "right", "wrong"):
        made.submit(student, made.solved())
    made.submit("wrong", answer(made.solved(), "grad_softmax", WRONG))
    (made.folder("late") / "timestamp.txt").write_text("2026-02-01 12:00:00 UTC", encoding="utf-8")
    with Gradebook(address(made)) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-01-31 00:00:00 UTC")
    assert all(entry.problem is None for entry in grade_assignment(made.root, ASSIGNMENT))
    with Gradebook(address(made)) as gradebook:
        place = (ASSIGNMENT, ASSIGNMENT, "wrong")
        gradebook.find_grade("grad_matmul_graded", *place).manual_score = 9.0
        gradebook.find_grade(FAULTY, *place).manual_score = 7.0
        gradebook.find_grade("grad_conv2d_graded", *place).extra_credit = 2.0
        gradebook.db.commit()
    shutil.rmtree(made.root / "submitted" / "gone")
    return made


@pytest.fixture
def course(graded: Course, tmp_path: Path) -> Course:
    shutil.copytree(graded.root, tmp_path / "course")
    return Course(tmp_path / "course")


def address(course: Course) -> str:
    return f"sqlite:///{course.root / 'gradebook.db'}"


def totals(course: Course) -> dict[str, tuple[float, float, float]]:
    """By student: points, points that are possible, penalty; all as nbgrader adds them up."""
    with Gradebook(address(course)) as gradebook:
        return {
            s.student.id: (s.score, s.max_score, s.notebooks[0].late_submission_penalty or 0.0)
            for s in gradebook.assignment_submissions(ASSIGNMENT)
        }


def entry_of(course: Course, student: str) -> Entry:
    with Gradebook(address(course)) as gradebook:
        entry = find_entry(gradebook, ASSIGNMENT, student)
    assert entry is not None
    return entry


def broken_off(*_: object) -> None:
    raise KeyboardInterrupt


def failed_tests(course: Course, student: str) -> bool:
    """Whether the formgrader says that tests have failed."""
    with Gradebook(address(course)) as gradebook:
        return bool(gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, student).failed_tests)


def comments(course: Course, student: str) -> dict[str, str]:
    rows = contents_of(address(course))["comments"]
    return {row[2]: row[3] for row in rows if row[0] == student}


def test_what_is_left_out_counts_for_nobody_and_can_be_taken_back(course: Course) -> None:
    before = contents_of(address(course))
    assert totals(course)["wrong"][0] == pytest.approx(20 + 7 + 9 + 30 + 2)

    done = regrade_assignment(course.root, ASSIGNMENT, Change(without=("softmax",)))
    assert done.graded == (Graded("late"), Graded("right"), Graded("wrong"))
    assert done.counting.left_out == ("grad_softmax",)
    assert totals(course)["right"] == (75, 75, 0)
    assert totals(course)["gone"] == (75, 75, 0)
    assert totals(course)["late"] == (75, 75, 75)
    assert totals(course)["wrong"] == pytest.approx((20 + 9 + 30 + 2, 75, 0))

    regrade_assignment(course.root, ASSIGNMENT, Change(again=("grad_softmax",)))
    assert contents_of(address(course)) == before
    assert totals(course)["right"] == (100, 100, 0)


def test_rescaled_the_rest_is_worth_as_much_as_all_was(course: Course) -> None:
    before = contents_of(address(course))
    regrade_assignment(course.root, ASSIGNMENT, Change(without=(FAULTY,), rescale=True))
    assert totals(course)["right"] == pytest.approx((100, 100, 0))
    assert not failed_tests(course, "right")
    assert totals(course)["gone"] == pytest.approx((100, 100, 0))
    assert totals(course)["late"] == pytest.approx((100, 100, 100))
    assert totals(course)["wrong"] == pytest.approx(((20 + 9 + 30) * FACTOR + 2, 100, 0))
    assert comments(course, "right")["grad_sigmoid"].startswith("**26.6667 of 26.6667 points.**")
    assert comments(course, "wrong")["grad_softmax"].startswith("This exercise was left out for everybody")
    page = course.root / "feedback" / "wrong" / ASSIGNMENT / FILE.replace(".ipynb", ".html")
    assert "left out for everybody" in page.read_text(encoding="utf-8")

    regrade_assignment(course.root, ASSIGNMENT, Change(rescale=False))
    assert totals(course)["right"] == pytest.approx((75, 75, 0))
    regrade_assignment(course.root, ASSIGNMENT, Change(again=(FAULTY,)))
    assert contents_of(address(course)) == before


def test_broken_off_it_goes_on_with_the_same_inputs_and_who_hands_in_anew_gets_others(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither `regrade` nor `grade` draws others for who has handed in nothing else since."""
    before = comments(course, "wrong")
    entries = {student: entry_of(course, student) for student in ("late", "right", "wrong")}
    with monkeypatch.context() as patch:
        patch.setattr(Run, "grade", broken_off)
        with pytest.raises(KeyboardInterrupt):
            regrade_assignment(course.root, ASSIGNMENT, Change(without=["softmax"]))
    course.submit("late", answer(course.solved(), "grad_softmax", WRONG))
    grade_assignment(course.root, ASSIGNMENT, ["right", "late"])
    again = regrade_assignment(course.root, ASSIGNMENT, Change(without=["softmax"]))
    assert [entry.student for entry in again.graded] == ["late", "right", "wrong"]
    assert comments(course, "wrong")["grad_conv2d"] == before["grad_conv2d"]
    attempts = {student: entry_of(course, student).attempt - entries[student].attempt for student in entries}
    assert attempts == {"late": 1, "right": 0, "wrong": 0}


def test_who_is_left_to_the_next_grading_is_named(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    course.submit("wrong", course.solved())
    course.submit("new", course.solved())
    monkeypatch.chdir(course.root)
    run = CliRunner().invoke(cli, ["regrade", ASSIGNMENT, "--without", "softmax"])
    assert "not graded again: new, wrong; " in run.output
    assert f"are others now: gradecheck grade {ASSIGNMENT}" in run.output


def test_later_gradings_keep_it_even_if_the_notebook_is_entered_anew(course: Course) -> None:
    regrade_assignment(course.root, ASSIGNMENT, Change(without=("softmax",), rescale=True))
    course.submit("new", course.solved())
    enter_in_gradebook(course.root, ASSIGNMENT)  # as after a correction of the notebook
    graded = grade_assignment(course.root, ASSIGNMENT)
    assert [entry.student for entry in graded if not entry.skipped] == ["new"]
    assert totals(course)["new"] == pytest.approx((100, 100, 0))
    assert counting_of(course_at(course.root), ASSIGNMENT).left_out == ("grad_softmax",)
    assert nbgrader(course.root, "autograde", ASSIGNMENT, "--student", "new", "--force").returncode == 0
    assert totals(course)["new"] == pytest.approx((100, 100, 0))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (Change(without=("tanh",)), "there is no graded exercise 'tanh'; there are: grad_"),
        (
            Change(without=("sigmoid", "softmax", "matmul", "conv2d")),
            "nothing of understanding_gradients would",
        ),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_changes(
    course: Course, change: Change, sentence: str
) -> None:
    before = contents_of(address(course), ledger=True)
    with pytest.raises(CourseNotReady, match=sentence):
        regrade_assignment(course.root, ASSIGNMENT, change)
    assert contents_of(address(course), ledger=True) == before


def test_the_command_says_what_is_left_out(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course.root)
    typed = CliRunner().invoke(cli, ["regrade", ASSIGNMENT])
    assert (typed.exit_code, typed.output) == (0, "\nleft out   nothing; the rest is worth 100 points\n")
    typed = CliRunner().invoke(cli, ["regrade", ASSIGNMENT, "--without", "softmax", "--rescale"])
    assert typed.exit_code == 0
    assert "left out   grad_softmax; the rest is worth 100 points, rescaled" in typed.output
    typed = CliRunner().invoke(cli, ["regrade", ASSIGNMENT, "--with", "tanh"])
    assert (typed.exit_code, "there is no graded exercise 'tanh'" in typed.stderr) == (2, True)


def test_an_assignment_that_was_never_graded_is_one_sentence(course: Course) -> None:
    with pytest.raises(CourseNotReady, match="has no assignment 'other': gradecheck grade other"):
        regrade_assignment(course.root, "other", Change(without=("softmax",)))
    (course.root / "gradebook.db").unlink()
    with pytest.raises(CourseNotReady, match=r"there is no gradebook .*; grading makes it"):
        regrade_assignment(course.root, ASSIGNMENT, Change(without=("softmax",)))
