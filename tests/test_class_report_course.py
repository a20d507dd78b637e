"""`gradecheck report` and `gradecheck export` as they are typed, in a course whose gradebook is filled."""

import csv
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from graded_class import ASSIGNMENT, EXERCISES, make_graded_course
from nbgrader_class import Course, nbgrader
from traitlets.config import LoggingConfigurable

from gradecheck.class_report.model import ClassScores, State
from gradecheck.cli import cli
from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.class_list import graded_assignments
from gradecheck.nbgrader.export import CanvasExport, CsvExport, WideExport
from gradecheck.nbgrader.generate import enter_in_gradebook
from gradecheck.nbgrader.graded_class import read_graded_class
from gradecheck.nbgrader.roster import course_at


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_graded_course(tmp_path_factory.mktemp("graded") / "course")


@pytest.fixture(scope="module")
def scores(course: Course) -> ClassScores:
    return read_graded_class(course_at(course.root), ASSIGNMENT)


def typed(*arguments: str, folder: Path) -> Result:
    before = Path.cwd()
    os.chdir(folder)
    try:
        return CliRunner().invoke(cli, arguments)
    finally:
        os.chdir(before)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


# What is read


def test_everybody_is_there_who_is_in_the_gradebook_or_has_handed_in(scores: ClassScores) -> None:
    assert [(s.student, s.handed_in) for s in scores.students] == [
        ("ann", True),
        ("ben", True),
        ("cy", True),  # a folder in submitted/ that nobody has graded
        ("dee", False),
        ("eve", True),
    ]
    assert [column.exercise for column in scores.columns] == list(EXERCISES)


def test_the_states_come_from_gradebook_and_graded_notebooks(scores: ClassScores) -> None:
    states = {s.student: [s.state(exercise) for exercise in EXERCISES] for s in scores.students}
    assert states["ben"] == [State.FAILED, State.PASSED, State.NOT_STARTED, State.PASSED]
    assert states["cy"] == [State.NOT_GRADED] * 4
    assert states["dee"] == [State.MISSING] * 4
    assert states["eve"] == [State.PASSED, State.PASSED, State.NOT_GRADED, State.PASSED]
    assert scores.students[1].marks[0].misconception == "upstream-ignored"


def test_names_lateness_and_penalty_are_the_gradebooks(scores: ClassScores) -> None:
    ann, ben, *_ = scores.students
    assert (ann.person.sortable_name, ann.person.lms_id, ann.seconds_late) == ("Lee, Ann", "4711", 7200.0)
    assert (ann.points, ann.penalty, ann.total) == (100.0, 5.0, 95.0)
    assert (ben.person.sortable_name, ben.seconds_late) == ("ben", 0.0)
    assert [path.name for path in ann.feedback] == [f"{ASSIGNMENT}.html"]


def test_an_extension_counts(course: Course, scores: ClassScores) -> None:
    from nbgrader.api import Gradebook

    directory = course_at(course.root)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        gradebook.grant_extension(ASSIGNMENT, "ann", minutes=90)
    try:
        assert read_graded_class(directory, ASSIGNMENT).students[0].seconds_late == 1800.0
    finally:
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            gradebook.grant_extension(ASSIGNMENT, "ann")
    assert scores.students[0].seconds_late == 7200.0


# gradecheck report


def test_report_writes_a_page_and_says_where(course: Course) -> None:
    run = typed("report", ASSIGNMENT, folder=course.root)
    assert (run.exit_code, run.output) == (0, f"wrote reports/{ASSIGNMENT}.html\n")
    page = (course.root / "reports" / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")
    assert "upstream ignored: 1 student in 1 exercise" in page
    links = [link for link in re.findall(r'href="([^"#]+)"', page) if not link.startswith("#")]
    assert set(links) == {f"../feedback/ann/{ASSIGNMENT}/{ASSIGNMENT}.html"}
    assert (course.root / "reports" / links[0]).is_file()


def test_the_links_hold_wherever_the_page_is_put(course: Course, tmp_path: Path) -> None:
    assert (
        typed("report", ASSIGNMENT, "--output", str(tmp_path / "r.html"), folder=course.root).exit_code == 0
    )
    (link,) = set(re.findall(r'href="([^"#]+)"', (tmp_path / "r.html").read_text(encoding="utf-8")))
    assert (tmp_path / link).resolve() == course.root / "feedback" / "ann" / ASSIGNMENT / f"{ASSIGNMENT}.html"


# gradecheck export


def test_export_writes_a_file_and_says_where_and_who_has_no_score(course: Course) -> None:
    run = typed("export", ASSIGNMENT, "--to", "csv", folder=course.root)
    place = f"exports/{ASSIGNMENT}.csv"
    assert (run.exit_code, run.output) == (
        0,
        f"wrote {place}: 5 students, 1 handed in nothing, 2 not fully graded yet\n",
    )
    assert len(table(course.root / place)) == 5 * 4


def test_export_writes_to_the_terminal_and_for_some(course: Course) -> None:
    arguments = ("export", ASSIGNMENT, "--to", "canvas", "--output", "-", "--students", "ann,dee")
    run = typed(*arguments, "--column", "HW (7)", folder=course.root)
    assert run.stdout_bytes.decode().split("\r\n") == [
        "Student,ID,SIS User ID,SIS Login ID,Section,HW (7)",
        "    Points Possible,,,,,100",
        '"Lee, Ann",4711,,ann,,95',
        "dee,,,dee,,",
        "",
    ]


@pytest.mark.parametrize("form", ["wide", "canvas", "gradescope", "junit"])
def test_export_knows_every_form(course: Course, form: str, tmp_path: Path) -> None:
    arguments = ("export", ASSIGNMENT, "--to", form, "--output", str(tmp_path / "out"))
    run = typed(*arguments, folder=course.root)
    assert (run.exit_code, (tmp_path / "out").exists()) == (0, True)


def test_nbgrader_exports_the_same(course: Course, tmp_path: Path) -> None:
    to = tmp_path / "grades.csv"
    exporter = "gradecheck.nbgrader.export.CanvasExport"
    run = nbgrader(course.root, "export", "--exporter", exporter, "--to", str(to))
    assert run.returncode == 0, run.stderr
    ours = typed("export", ASSIGNMENT, "--to", "canvas", "--output", "-", folder=course.root)
    assert to.read_bytes() == ours.stdout_bytes


class App(LoggingConfigurable):
    """What nbgrader's command gives an exporter: the course, and a way to end."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.coursedir = course_at(root)

    def exit(self, code: int) -> None:
        raise SystemExit(code)


@pytest.mark.parametrize(("exporter", "rows"), [(CsvExport, 20), (WideExport, 5), (CanvasExport, 6)])
def test_every_exporter_takes_all_that_is_graded(
    course: Course, exporter: type[CsvExport], rows: int, tmp_path: Path
) -> None:
    to = tmp_path / "grades.csv"
    exporter(parent=App(course.root), to=str(to)).export(None)
    assert len(table(to)) == rows


@pytest.mark.parametrize("exporter", [CsvExport, WideExport, CanvasExport])
def test_an_exporter_takes_some_of_the_students(
    course: Course, exporter: type[CsvExport], tmp_path: Path
) -> None:
    to = tmp_path / "grades.csv"
    exporter(parent=App(course.root), to=str(to), assignment=[ASSIGNMENT], student=["ben"]).export(None)
    names = {row.get("student") or row.get("SIS Login ID") for row in table(to)} - {""}
    assert names == {"ben"}


def test_an_exporter_says_in_a_sentence_what_is_wrong(
    course: Course, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    to = tmp_path / "grades.csv"
    with pytest.raises(SystemExit, match="2"):
        CsvExport(parent=App(course.root), to=str(to), assignment=["nope"]).export(None)
    assert "has no assignment 'nope'" in caplog.text
    assert not to.exists()


# What cannot be done


@pytest.mark.parametrize(
    "command", [("report",), ("export", "--to", "csv"), ("export", "--to", "gradescope")]
)
def test_without_a_gradebook_there_is_one_sentence_and_none_is_made(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    course = Course.make(tmp_path / "course")
    run = typed(*command, ASSIGNMENT, folder=course.root)
    assert (run.exit_code, run.output) == (
        2,
        f"gradecheck: there is no gradebook {course.root / 'gradebook.db'}; "
        "grading makes it: gradecheck grade ASSIGNMENT\n",
    )
    assert {path.name for path in course.root.iterdir()} == {"solutions", "nbgrader_config.py"}


def test_an_assignment_that_was_never_graded_is_said_to_be(tmp_path: Path) -> None:
    course = Course.make(tmp_path / "course")
    enter_in_gradebook(course.root, ASSIGNMENT)
    run = typed("report", ASSIGNMENT, folder=course.root)
    assert (run.exit_code, run.output) == (
        2,
        f"gradecheck: nothing of '{ASSIGNMENT}' has been graded yet: gradecheck grade {ASSIGNMENT}\n",
    )
    assert graded_assignments(course_at(course.root)) == ()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("report", "nope"),
            rf"has no assignment 'nope', but {ASSIGNMENT}; to grade one",
        ),
        (("export", ASSIGNMENT, "--to", "csv", "--students", "zoe"), "the gradebook knows no student 'zoe'"),
        (
            ("export", ASSIGNMENT, "--to", "gradescope", "--students", "dee"),
            "no graded submission of .* by dee",
        ),
        (
            ("report", ASSIGNMENT, "--output", "gradebook.db/x.html"),
            "x.html cannot be written: .*--output PATH",
        ),
    ],
)
def test_bad_input_gets_one_sentence(course: Course, arguments: tuple[str, ...], sentence: str) -> None:
    run = typed(*arguments, folder=course.root)
    assert run.exit_code == 2
    assert re.fullmatch(rf"gradecheck: .*{sentence}.*\n", run.output)


def test_a_damaged_gradebook_is_said_to_be_damaged(tmp_path: Path) -> None:
    course = Course.make(tmp_path / "course")
    (course.root / "gradebook.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(CourseNotReady, match="is no gradebook; move it away"):
        read_graded_class(course_at(course.root), ASSIGNMENT)
