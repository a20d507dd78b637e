"""`gradecheck demo` and `gradecheck grade`, as they are typed, and the class that they grade."""

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from gradecheck.answer_file import FILE_NAME, read_answers
from gradecheck.catalogue import EXERCISES
from gradecheck.class_report.mistakes import clusters_of
from gradecheck.class_report.model import ClassScores, Mark, StudentScores
from gradecheck.class_report.table import print_class, to_json
from gradecheck.errors import CourseNotReady
from gradecheck.made_up_class import ASSIGNMENT, MARKER, MadeUpClass, cell_of, make_class
from gradecheck.nbgrader.graded_class import read_graded_class
from gradecheck.nbgrader.roster import course_at
from gradecheck.nbgrader.scores import Score, read_scores
from gradecheck.students import CLASS, Damage

ROOT = Path(__file__).parents[1]
POINTS = {"sigmoid": 20.0, "softmax": 25.0, "matmul": 25.0, "conv2d": 30.0}


def gradecheck(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gradecheck", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@dataclass(frozen=True)
class Demo:
    """One run of the demo."""

    run: subprocess.CompletedProcess[str]
    made: MadeUpClass
    scores: tuple[Score, ...]

    def points(self, student: str) -> dict[str, float]:
        return {str(s.exercise).removeprefix("grad_"): s.score for s in self.scores if s.student == student}

    def row(self, student: str) -> str:
        return next(line for line in self.run.stdout.splitlines() if line.strip().startswith(f"{student} "))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo") / "course"
    run = gradecheck("demo", "--folder", str(folder), folder=ROOT)
    assert run.returncode == 0, run.stderr
    answers = read_answers(folder / "solutions" / ASSIGNMENT / FILE_NAME)
    return Demo(run, MadeUpClass(folder, ASSIGNMENT, CLASS, answers), read_scores(folder, ASSIGNMENT))


@pytest.mark.slow
@pytest.mark.parametrize("student", CLASS, ids=lambda student: student.name)
def test_the_gradebook_has_what_each_answer_is_worth(demo: Demo, student: object) -> None:
    who = next(s for s in CLASS if s is student)
    wanted = {title: points * demo.made.share(who, title) for title, points in POINTS.items()}
    assert demo.points(who.name) == ({} if who.damage is Damage.NOT_HANDED_IN else wanted)


@pytest.mark.slow
def test_nothing_is_left_for_a_person_to_grade(demo: Demo) -> None:
    assert not any(score.needs_manual_grade for score in demo.scores)


@pytest.mark.slow
def test_the_table_fits_100_columns_and_has_everybody(demo: Demo) -> None:
    lines = demo.run.stdout.splitlines()
    start = next(i for i, line in enumerate(lines) if "total" in line)
    table = lines[start : start + len(CLASS) + 2]
    assert max(map(len, table)) <= 100
    assert all(demo.row(student.name) in table for student in CLASS)
    assert re.search(r"amara +20 ok +25 ok +25 ok +30 ok +100", demo.row("amara"))
    assert "not handed in" in demo.row("sanjay")
    assert "unreadable" in demo.row("mateo")
    assert "too slow" in demo.row("kofi")
    assert "not started" in demo.row("jonas")


@pytest.mark.slow
def test_progress_tells_the_time_left(demo: Demo) -> None:
    assert re.search(r"graded \d+ of 23, about \d+ s left: \w+", demo.run.stdout)
    assert "graded 23 of 23" in demo.run.stdout


@pytest.mark.slow
def test_the_most_frequent_mistakes_are_told_in_words(demo: Demo) -> None:
    told = demo.run.stdout.partition("most often")[2].strip().splitlines()
    assert told[0].split()[:3] == ["3", "×", "softmax"]
    assert "Your Jacobian has only its diagonal" in told[0]


@pytest.mark.slow
def test_it_says_where_gradebook_and_feedback_are(demo: Demo) -> None:
    root = demo.made.root.resolve()
    assert f"gradebook  {root / 'gradebook.db'}" in demo.run.stdout
    assert f"feedback   {root / 'feedback'}" in demo.run.stdout
    page = re.search(r"open (\S+\.html) in a browser", demo.run.stdout)
    assert page is not None
    assert "Your second factor is the sigmoid of 1" in Path(page[1]).read_text(encoding="utf-8")
    assert {p.name for p in (root / "feedback").iterdir()} == {s.name for s in CLASS} - {"sanjay"}


@pytest.mark.slow
def test_it_ends_with_the_class_report(demo: Demo) -> None:
    place = demo.made.root.resolve() / "reports" / f"{ASSIGNMENT}.html"
    assert f"report     {place}" in demo.run.stdout
    page = place.read_text(encoding="utf-8")
    assert "softmax diagonal only: 3 students in 1 exercise" in page
    links = set(re.findall(r'href="(\.\./[^"]+)"', page))
    assert len(links) == len(CLASS) - 1
    assert all((place.parent / link).is_file() for link in links)


@pytest.mark.slow
def test_what_nobody_recognised_is_kept_for_the_report(demo: Demo) -> None:
    scores = read_graded_class(course_at(demo.made.root), ASSIGNMENT)
    found = {(c.exercise, c.shown): [s.student for s in c.students] for c in clusters_of(scores)}
    assert found["grad_softmax", "dx = None"] == ["yusuf"]
    assert found["grad_conv2d", ""] == ["kofi"]  # it never came back


@pytest.mark.slow
def test_no_answer_of_the_instructors_reaches_a_student(demo: Demo) -> None:
    assert not list((demo.made.root / "exercises").rglob(FILE_NAME))
    assert not list((demo.made.root / "autograded").rglob(FILE_NAME))


@pytest.mark.slow
def test_nothing_on_stderr(demo: Demo) -> None:
    assert demo.run.stderr == ""


@pytest.mark.slow
def test_grading_again_gives_json_and_keeps_progress_out_of_it(demo: Demo) -> None:
    arguments = ("grade", ASSIGNMENT, "--students", "emeka,farah", "--format", "json")
    run = gradecheck(*arguments, folder=demo.made.root)
    assert run.returncode == 0, run.stderr
    document = json.loads(run.stdout)
    assert document["schema"] == 1
    assert [(r["submission"], r["exercise"]) for r in document["results"]] == [
        (student, exercise.name) for student in ("emeka", "farah") for exercise in EXERCISES[:4]
    ]
    emeka, farah = document["results"][0], document["results"][4]
    assert (emeka["score"], emeka["points"], emeka["status"]) == (0.8, 16.0, "failed")
    assert farah["misconception"] == "sigmoid-of-one-minus-x"
    assert farah["outputs"][0]["name"] == "dx"
    assert "graded 2 of 2" in run.stderr


@pytest.mark.slow
def test_a_student_who_did_not_hand_in_cannot_be_graded(demo: Demo) -> None:
    run = gradecheck("grade", ASSIGNMENT, "--students", "sanjay", folder=demo.made.root)
    assert run.returncode == 2
    assert "sanjay has not handed in 'understanding_gradients'" in run.stderr


def scores_of(*marks: Mark, problem: str | None = None) -> ClassScores:
    return ClassScores("homework", (StudentScores("amara", marks, problem),))


def printed(scores: ClassScores) -> str:
    console = Console(width=100, record=True, file=io.StringIO())
    print_class(scores, console)
    return console.export_text()


def test_what_is_not_graded_is_told_with_its_reason_and_is_no_zero() -> None:
    result = {"status": "not_graded", "message": "no worker\ncould be started", "label": "not graded"}
    scores = scores_of(Mark("grad_softmax", 0.0, 25.0, False, result))
    assert not scores.complete
    assert "? not graded" in printed(scores)
    assert "not graded 1 ×: no worker could be started" in printed(scores)
    assert json.loads(to_json(scores))["results"][0]["status"] == "not_graded"


def test_a_submission_that_nbgrader_refused_is_told() -> None:
    scores = scores_of(problem="the disk is full; see grade.log")
    assert not scores.complete
    assert "amara: the disk is full; see grade.log" in printed(scores)
    assert json.loads(to_json(scores))["problems"] == [
        {"submission": "amara", "message": "the disk is full; see grade.log"}
    ]


def test_a_name_neither_steers_a_terminal_nor_hides_a_score() -> None:
    mark = Mark("grad_softmax", 25.0, 25.0, True, {"status": "passed", "label": "ok"})
    names = ("\x1b[2Jann\n[red]", "b" * 300)
    said = printed(ClassScores("homework", tuple(StudentScores(name, (mark,)) for name in names)))
    assert r"\x1b[2Jann\n[red]" in said
    assert "\x1b" not in said
    assert said.count("25 ok") == 2


def test_who_handed_in_and_was_not_graded_is_not_said_to_be_missing() -> None:
    waiting = StudentScores("ann", (), handed_in=True)
    gone = StudentScores("ben", (), handed_in=False)
    scores = ClassScores("homework", (waiting, gone))
    assert re.search(r"ann +\? not graded", printed(scores))
    assert re.search(r"ben +not handed in", printed(scores))
    assert [problem["message"] for problem in json.loads(to_json(scores))["problems"]] == [
        "it has not been graded",
        "nothing was handed in",
    ]


def test_a_score_given_by_hand_stands_in_the_json() -> None:
    result = {"status": "failed", "message": "wrong", "label": "wrong", "score": 0.0, "points": 0.0}
    document = json.loads(to_json(scores_of(Mark("grad_softmax", 5.0, 25.0, True, result))))
    assert (document["results"][0]["points"], document["results"][0]["score"]) == (5.0, 0.2)


def test_names_with_brackets_are_no_markup() -> None:
    mark = Mark("grad_softmax", 25.0, 25.0, True, {"status": "passed"})
    scores = ClassScores("homework", (StudentScores("[red]eve", (mark,)),))
    assert "[red]eve" in printed(scores)


def test_where_there_is_no_course_one_sentence_says_so(tmp_path: Path) -> None:
    run = gradecheck("demo", folder=tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith("gradecheck: there is no ")
    assert len(run.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_grade_says_where_there_is_no_course(tmp_path: Path) -> None:
    run = gradecheck("grade", ASSIGNMENT, folder=tmp_path)
    assert run.returncode == 2
    assert "is no course" in run.stderr


def test_a_class_is_made_again_and_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    make_class(folder, ROOT)
    (folder / "left over").touch()
    made = make_class(folder, ROOT)
    assert not (folder / "left over").exists()
    assert len(made.students) == 24
    (folder / MARKER).unlink()
    with pytest.raises(CourseNotReady, match="exists and is not a made-up class"):
        make_class(folder, ROOT)
    assert (folder / "submitted").is_dir()


def test_damage_is_what_it_says(tmp_path: Path) -> None:
    made = make_class(tmp_path / "class", ROOT)

    def text_of(damage: Damage) -> str:
        name = next(s.name for s in made.students if s.damage is damage)
        return (made.root / "submitted" / name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text(
            encoding="utf-8"
        )

    assert text_of(Damage.EMPTY) == ""
    with pytest.raises(ValueError, match="line"):
        json.loads(text_of(Damage.NOT_JSON))
    assert text_of(Damage.GRADED_TWICE).count('"grade_id": "grad_softmax_graded"') == 2
    assert '"grad_matmul_graded"' not in text_of(Damage.GRADED_DELETED)
    skipped = cell_of(json.loads(text_of(Damage.EXECUTION_SKIPPED)), "grad_conv2d_graded")
    assert skipped["metadata"]["tags"] == ["skip-execution"]
