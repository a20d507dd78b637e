"""nbgrader's own commands over a class that hands in whatever one can hand in."""

import csv
import json
import os
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader_class import ANSWERS, ASSIGNMENT, FILE, HARMLESS, Course, Json, answer, cell, damaged, nbgrader

from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.grading import Progress, grade_assignment
from gradecheck.nbgrader.scores import Score, read_scores

pytestmark = pytest.mark.slow

POINTS = [20.0, 25.0, 25.0, 30.0]
NOT_ROBUST = "def grad_sigmoid(x, dz):\n    return dz * tf.exp(-x) / (1 + tf.exp(-x)) ** 2\n"
WRONG = "def grad_softmax(x, dz):\n    return 3 * dz\n"


def _cut(notebook: Json) -> bytes:
    return json.dumps(notebook).encode()[:3000]


UNREADABLE: dict[str, Callable[[Json], bytes]] = {
    "it is empty": lambda _: b"",
    "it does not say which notebook format it has": lambda _: b"[]",
    "it is not JSON": _cut,
    "it is no text in UTF-8": lambda _: b"\x00\xff\x80",
    "it has notebook format 5": lambda n: json.dumps({**n, "nbformat": 5}).encode(),
    "it holds no list of cells": lambda n: json.dumps({**n, "cells": None}).encode(),
    "it is not JSON (maximum recursion depth": lambda _: b"[" * 100_000 + b"]" * 100_000,
}


def _format_3(notebook: Json) -> bytes:
    plain = damaged(notebook, lambda n: [c.update(source="".join(c["source"])) for c in n["cells"]])
    return json.dumps(nbformat.convert(nbformat.from_dict(plain), 3)).encode()


def _hand_in(course: Course) -> None:
    right = course.solved()
    course.submit("right", right)
    course.submit("r[i]ght*", answer(deepcopy(right), "grad_softmax", WRONG))
    course.submit("untouched", course.released())
    course.submit(
        "partial", answer(answer(deepcopy(right), "grad_sigmoid", NOT_ROBUST), "grad_softmax", WRONG)
    )
    course.submit("dies", answer(deepcopy(right), "grad_matmul", "import os\nos._exit(3)"))
    for name, damage in HARMLESS.items():
        course.submit(f"harmless_{name}", damaged(right, damage))
    for number, spoil in enumerate(UNREADABLE.values()):
        course.submit(f"unreadable_{number}", spoil(right))
    course.submit("format_3", _format_3(right))
    course.submit("renamed", right, "understanding_gradients (1).ipynb")
    course.submit("two_strange", right, "a.ipynb")
    course.submit("two_strange", right, "b.ipynb")
    (course.folder("folder") / FILE).mkdir()
    with course.submit("huge", b"").open("wb") as file:
        file.truncate(51 * 2**20)
    (course.folder("link") / FILE).symlink_to(course.root / "solutions" / ASSIGNMENT / FILE)
    course.submit("beside", answer(deepcopy(right), "grad_softmax", WRONG))
    files = {
        "gradecheck.py": "def grade(*a, **k):\n    return 25.0\ncheck = grade\n",
        "numpy.py": "raise SystemExit\n",
        "timestamp.txt": "the day after tomorrow",
    }
    for name, text in files.items():
        (course.folder("beside") / name).write_text(text, encoding="utf-8")
    (course.folder("beside") / "nowhere").symlink_to("/does/not/exist")
    os.mkfifo(course.folder("beside") / "pipe")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class, graded by nbgrader's own commands."""
    made = Course.make(tmp_path_factory.mktemp("course"))
    generated = nbgrader(made.root, "generate_assignment", ASSIGNMENT)
    assert generated.returncode == 0, generated.stderr
    _hand_in(made)
    graded = nbgrader(made.root, "autograde", ASSIGNMENT)
    assert graded.returncode == 0, graded.stderr[-3000:]
    return made


@pytest.fixture(scope="module")
def scores(course: Course) -> dict[str, list[Score]]:
    found: dict[str, list[Score]] = {}
    for score in read_scores(course.root, ASSIGNMENT):
        found.setdefault(score.student, []).append(score)
    return found


def points(scores: list[Score]) -> list[float]:
    return [score.score for score in scores]


def comments(scores: list[Score]) -> str:
    """All comments of a student, without the backslashes of Markdown."""
    return "\n".join(score.comment for score in scores).replace("\\", "")


def test_every_student_has_a_score_for_every_cell_and_nobody_waits(
    course: Course, scores: dict[str, list[Score]]
) -> None:
    handed_in = {path.name for path in (course.root / "submitted").iterdir()}
    assert set(scores) == handed_in
    for student, own in scores.items():
        assert [s.cell for s in own] == [f"{name}_graded" for name in ANSWERS], student
        assert [s.exercise for s in own] == list(ANSWERS), student
        assert [s.max_score for s in own] == POINTS, student
        assert not any(s.needs_manual_grade for s in own), student


def test_right_answers_earn_everything_and_the_stub_nothing(scores: dict[str, list[Score]]) -> None:
    assert points(scores["right"]) == POINTS
    assert points(scores["untouched"]) == [0, 0, 0, 0]
    assert "not started" in comments(scores["untouched"])


def test_a_name_that_is_a_pattern_is_a_name(scores: dict[str, list[Score]]) -> None:
    assert sum(points(scores["r[i]ght*"])) == 75


def test_partial_credit_arrives_with_a_comment_and_its_seed(scores: dict[str, list[Score]]) -> None:
    own = scores["partial"]
    assert points(own) == [16, 0, 25, 30]
    assert "**16 of 20 points.**" in own[0].comment
    assert "gradecheck check --seed" in own[1].comment
    seeds = {
        line.split("--seed ")[1].split()[0]
        for s in own
        for line in s.comment.splitlines()
        if "--seed" in line
    }
    assert len(seeds) == 4


@pytest.mark.parametrize("name", HARMLESS)
def test_damage_costs_nothing_where_the_answers_still_stand(
    name: str, scores: dict[str, list[Score]]
) -> None:
    assert points(scores[f"harmless_{name}"]) == POINTS


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("graded_dropped", "The cell grad_softmax_graded was missing; it was put back."),
        ("all_graded_dropped", "4 cells were missing; they were put back."),
        ("graded_twice", "The cell grad_softmax_graded was there twice; it counts once."),
        (
            "answer_twice",
            "The cell grad_softmax was there twice; all were run in order, so the last one counts.",
        ),
        (
            "stub_after_answer",
            "The cell grad_softmax was there twice; copies without an answer were left out.",
        ),
        ("graded_renamed", "The cell grad_softmax_graded had the id mine; it was found by what it says."),
        ("answers_swapped", "The cell grad_sigmoid had the id of grad_conv2d; it was found by what it says."),
        ("graded_repointed", "The cell grad_softmax_graded held something else; it was put back."),
        ("schema_future", "8 cells had nbgrader metadata of another version, which were replaced."),
        ("other_kernel", "The notebook asked for a kernel of R; it was run with python all the same."),
        ("tags", "8 cells had the tag skip-execution, which does not count in grading."),
        ("answer_is_markdown", "The cell grad_softmax had become a markdown cell; it was read as code."),
    ],
)
def test_each_repair_is_told_in_a_sentence(name: str, sentence: str, scores: dict[str, list[Score]]) -> None:
    assert sentence in comments(scores[f"harmless_{name}"])


@pytest.mark.parametrize(("number", "reason"), list(enumerate(UNREADABLE)))
def test_an_unreadable_file_scores_0_and_says_why(
    number: int, reason: str, scores: dict[str, list[Score]]
) -> None:
    own = scores[f"unreadable_{number}"]
    assert points(own) == [0, 0, 0, 0]
    for score in own:
        said = score.comment.replace("\\", "")
        assert f"The file {FILE} could not be read as a notebook: {reason}" in said


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        ("folder", "it is a folder"),
        ("huge", "it is larger than 50 MiB"),
        ("link", "it is a link to a file outside of the submission"),
    ],
)
def test_what_is_no_file_at_all_is_said(student: str, reason: str, scores: dict[str, list[Score]]) -> None:
    assert points(scores[student]) == [0, 0, 0, 0]
    assert reason in comments(scores[student])


def test_the_old_notebook_format_is_read(scores: dict[str, list[Score]]) -> None:
    assert points(scores["format_3"]) == POINTS


def test_a_renamed_file_is_taken_for_the_missing_one(scores: dict[str, list[Score]]) -> None:
    assert points(scores["renamed"]) == POINTS
    assert "understanding_gradients (1).ipynb was read in its place" in comments(scores["renamed"])


def test_of_two_strange_files_none_is_taken(scores: dict[str, list[Score]]) -> None:
    assert points(scores["two_strange"]) == [0, 0, 0, 0]
    assert f"There was no file {FILE} in the submission." in comments(scores["two_strange"])


def test_files_beside_the_notebook_change_nothing(scores: dict[str, list[Score]]) -> None:
    assert points(scores["beside"]) == [20, 0, 25, 30]


def test_a_cell_that_ends_the_process_costs_its_own_exercise_only(
    course: Course, scores: dict[str, list[Score]]
) -> None:
    assert points(scores["dies"]) == [20, 25, 0, 30]
    assert "ended the Python process" in comments(scores["dies"])
    graded = json.loads((course.root / "autograded" / "dies" / ASSIGNMENT / FILE).read_text(encoding="utf-8"))
    assert [o["ename"] for o in cell(graded, "grad_matmul")["outputs"]] == ["DeadKernelError"]


def test_a_graded_cell_shows_the_card_and_ends_in_a_plain_float(course: Course) -> None:
    graded = json.loads(
        (course.root / "autograded" / "partial" / ASSIGNMENT / FILE).read_text(encoding="utf-8")
    )
    card, result = cell(graded, "grad_sigmoid_graded")["outputs"]
    assert "text/html" in card["data"]
    assert "".join(result["data"]["text/plain"]) == "16.0"


def test_the_secret_is_for_its_owner_only(course: Course) -> None:
    assert (course.root / ".gradecheck" / "secret").stat().st_mode & 0o777 == 0o600


def test_feedback_export_and_validate_work(course: Course) -> None:
    feedback = nbgrader(course.root, "generate_feedback", ASSIGNMENT, "--student", "partial")
    assert feedback.returncode == 0, feedback.stderr
    page = (course.root / "feedback" / "partial" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text(
        encoding="utf-8"
    )
    assert "16 of 20 points" in page
    assert nbgrader(course.root, "export").returncode == 0
    with (course.root / "grades.csv").open(encoding="utf-8") as file:
        totals = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert totals["right"] == 100.0
    assert totals["partial"] == 71.0
    validated = nbgrader(course.root, "validate", str(Path("solutions", ASSIGNMENT, FILE)))
    assert "Success" in validated.stdout


def test_after_feedback_other_inputs_are_drawn_and_a_score_by_hand_stays(course: Course) -> None:
    before = [s for s in read_scores(course.root, ASSIGNMENT) if s.student == "partial"]
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        gradebook.find_grade("grad_softmax_graded", ASSIGNMENT, ASSIGNMENT, "partial").manual_score = 12.5
        gradebook.db.commit()
    told: list[Progress] = []
    graded = grade_assignment(course.root, ASSIGNMENT, ["partial"], told.append)
    after = [s for s in read_scores(course.root, ASSIGNMENT) if s.student == "partial"]
    assert [g.problem for g in graded] == [None]
    assert [(step.done, step.total, step.student) for step in told] == [(0, 1, ""), (1, 1, "partial")]
    assert "The inputs came from seed" in comments(before)
    assert comments(after) != comments(before)
    assert points(after) == [16, 12.5, 25, 30]


def test_grading_says_what_is_missing(course: Course, tmp_path: Path) -> None:
    with pytest.raises(CourseNotReady, match="is no course"):
        grade_assignment(tmp_path, ASSIGNMENT)
    with pytest.raises(CourseNotReady, match="nobody has handed in 'unheard_of'"):
        grade_assignment(course.root, "unheard_of")
    with pytest.raises(CourseNotReady, match="ghost has not handed in"):
        grade_assignment(course.root, ASSIGNMENT, ["ghost"])
    with pytest.raises(CourseNotReady, match=r"no assignment 'unheard_of'.*gradecheck grade ASSIGNMENT"):
        read_scores(course.root, "unheard_of")
