"""A gradebook in PostgreSQL says the same as one in SQLite, to the last row, whatever happens meanwhile."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradebook_contents import contents_of
from nbgrader.api import Gradebook
from nbgrader_class import ASSIGNMENT, ROOT, Course, answer, nbgrader
from postgresql import Server, programs, running_server
from traitlets.config import Config

from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.configuration import put_tools_on_path
from gradecheck.nbgrader.database import choose_gradebook, name_gradebook
from gradecheck.nbgrader.generate import enter_in_gradebook, generate_release
from gradecheck.nbgrader.graded_class import read_class_scores
from gradecheck.nbgrader.grading import Graded, How, grade_assignment
from gradecheck.nbgrader.roster import course_at
from gradecheck.nbgrader.run import Progress

pytestmark = pytest.mark.slow

STUDENTS = ("José's", "late", "right", "unreadable")
#: {} is the line that names the gradebook, or nothing.
CONFIG = """
from gradecheck.nbgrader import configure
c = get_config()
configure(c, sandbox=False)
c.CourseDirectory.course_id = "gradients"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.LateSubmissionPlugin.penalty_method = "zero"
{}
"""
WRONG = "def grad_softmax(x, dz):\n    print('<b>bold</b> \\x00 \\ud800 ∂')\n    return 3 * dz\n"


def configured(course: Course, address: str = "") -> None:
    line = f"c.CourseDirectory.db_url = {address!r}" if address else ""
    (course.root / "nbgrader_config.py").write_text(CONFIG.format(line), encoding="utf-8")


def gradecheck(course: Course, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gradecheck", *arguments],
        cwd=course.root,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = programs()
    if folder is None:
        pytest.skip("there is no PostgreSQL server here; `make apt` installs it")
    put_tools_on_path()  # alembic, for nbgrader to make a gradebook
    with running_server(folder) as started:
        yield started


@pytest.fixture
def address(server: Server, request: pytest.FixtureRequest) -> str:
    """An empty database."""
    return server.make_database(f"{abs(hash(request.node.name)):x}")


@pytest.fixture(autouse=True)
def courses_own() -> Iterator[None]:
    """No test chooses for the next."""
    yield
    choose_gradebook(None)


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = Course.make(tmp_path_factory.mktemp("handed_in"))
    configured(made)
    generate_release(made.root, ASSIGNMENT, made.root / "exercises")
    for student in STUDENTS:
        made.submit(student, made.solved())
    made.submit(STUDENTS[0], answer(made.solved(), "grad_softmax", WRONG))
    made.submit("unreadable", b"{")
    (made.folder("late") / "timestamp.txt").write_text("2026-02-01 12:00:00 UTC", encoding="utf-8")
    (made.root / ".gradecheck").mkdir()
    (made.root / ".gradecheck" / "secret").write_text("5e" * 32, encoding="ascii")
    return made


@pytest.fixture
def course(handed_in: Course, tmp_path: Path) -> Course:
    shutil.copytree(handed_in.root, tmp_path / "course")
    return Course(tmp_path / "course")


@pytest.fixture(scope="module")
def in_sqlite(handed_in: Course, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Graded into SQLite in one unbroken run; the address."""
    copy = Course(tmp_path_factory.mktemp("sqlite") / "course")
    shutil.copytree(handed_in.root, copy.root)
    address = f"sqlite:///{copy.root / 'gradebook.db'}"
    due(copy, address)
    assert all(entry.problem is None for entry in grade_assignment(copy.root, ASSIGNMENT))
    return address


def due(course: Course, address: str) -> None:
    """The assignment is in the gradebook, with a date after which nothing counts."""
    choose_gradebook(address)
    enter_in_gradebook(course.root, ASSIGNMENT)
    choose_gradebook(None)
    with Gradebook(address) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-01-31 00:00:00 UTC")


def test_the_gradebook_is_that_of_sqlite_and_what_has_not_changed_is_skipped(
    course: Course, address: str, in_sqlite: str
) -> None:
    due(course, address)
    choose_gradebook(address)
    assert grade_assignment(course.root, ASSIGNMENT) == tuple(Graded(s) for s in STUDENTS)
    assert contents_of(address, ledger=True) == contents_of(in_sqlite, ledger=True)
    assert {s.student: s.points for s in read_class_scores(course_at(course.root), ASSIGNMENT).students} == {
        "José's": 75.0, "late": 100.0, "right": 100.0, "unreadable": 0.0,
    }  # fmt: skip
    assert all(entry.skipped for entry in grade_assignment(course.root, ASSIGNMENT))
    (course.folder("right") / "note.txt").write_text("one more file", encoding="utf-8")
    again = grade_assignment(course.root, ASSIGNMENT)
    assert [entry.student for entry in again if not entry.skipped] == ["right"]
    assert contents_of(address)["scores"] == contents_of(in_sqlite)["scores"]
    assert not (course.root / "gradebook.db").exists()


def test_a_course_without_an_id_gets_nbgraders_usual_one_on_a_server_only() -> None:
    for address, course_id in (
        ("sqlite:///a.db", {}),
        ("postgresql://host/a", {"course_id": "default_course"}),
    ):
        config = Config()
        config.CourseDirectory.db_url = address
        name_gradebook(config)
        assert config.CourseDirectory == {"db_url": address, **course_id}


def test_nbgraders_own_setting_and_commands_do_the_same(course: Course, address: str, in_sqlite: str) -> None:
    configured(course, address)
    due(course, address)
    assert nbgrader(course.root, "autograde", ASSIGNMENT, "--student", "late").returncode == 0
    theirs, ours = contents_of(address), contents_of(in_sqlite)
    for kind in ("scores", "comments", "submissions"):
        assert theirs[kind] == [row for row in ours[kind] if row[0] == "late"] != []
    assert not (course.root / "gradebook.db").exists()


def test_killed_it_goes_on_and_ends_with_the_same_gradebook(
    course: Course, address: str, in_sqlite: str
) -> None:
    due(course, address)
    command = [sys.executable, "-m", "gradecheck", "grade", ASSIGNMENT, "--db", address]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=course.root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not (course.root / "feedback").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    # By the variable, as `ps` shows to everybody what a command was given.
    assert gradecheck(course, "grade", ASSIGNMENT, GRADECHECK_DB=address).returncode == 0
    assert contents_of(address, ledger=True) == contents_of(in_sqlite, ledger=True)


def test_a_server_that_goes_away_is_one_sentence_and_the_run_goes_on_later(
    course: Course, server: Server, address: str, in_sqlite: str
) -> None:
    due(course, address)
    choose_gradebook(address)

    def stop_after_one(progress: Progress) -> None:
        if progress.done == 1:
            server.stop()

    try:
        with pytest.raises(CourseNotReady, match=r"^the connection to the gradebook postgresql.* was lost; "):
            grade_assignment(course.root, ASSIGNMENT, on_progress=stop_after_one, how=How(workers=1))
        with pytest.raises(CourseNotReady, match=r"postgresql.* cannot be reached .*; look at its server"):
            read_class_scores(course_at(course.root), ASSIGNMENT)
    finally:
        server.start()
    graded = grade_assignment(course.root, ASSIGNMENT)
    assert sorted(entry.skipped for entry in graded) == [False, False, False, True]
    assert contents_of(address, ledger=True) == contents_of(in_sqlite, ledger=True)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("grades", "grades is no address of a gradebook; write postgresql://"),
        ("oracle9://host/db", "oracle9://… is no address of a gradebook; write postgresql://"),
        ("postgresql://me:word@host:port/db", "postgresql://… is no address of a gradebook; write"),
        ("mysql://host/db", "the driver of mysql cannot be loaded"),
        (
            "postgres://me:word@/db?host=/nowhere",
            "the gradebook postgresql://me:***@/db?host=%2Fnowhere cannot",
        ),
    ],
)
def test_a_bad_address_is_one_sentence_without_the_password(
    course: Course, address: str, sentence: str
) -> None:
    refused = gradecheck(course, "grade", ASSIGNMENT, "--db", address)
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert "word@" not in refused.stderr
