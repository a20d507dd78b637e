"""`gradecheck grade`: the same as nbgrader's own commands, once for each submission, whatever happens."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from gradebook_contents import contents_of
from nbgrader.api import Gradebook
from nbgrader_class import (
    ASSIGNMENT,
    CONFIG,
    FILE,
    HARMLESS,
    LATE_IS_NOTHING,
    ROOT,
    Course,
    answer,
    damaged,
    nbgrader,
)

from gradecheck.cli import cli
from gradecheck.errors import CourseNotReady, WorkerUnavailable
from gradecheck.nbgrader import local
from gradecheck.nbgrader.gradebook import KeptGradebook
from gradecheck.nbgrader.grading import Graded, How, grade_assignment
from gradecheck.nbgrader.ledger import Entry, find_entry
from gradecheck.nbgrader.lock import only_grader
from gradecheck.nbgrader.pipeline import Pipeline
from gradecheck.nbgrader.scores import read_scores
from gradecheck.nbgrader.staging import Staged

pytestmark = pytest.mark.slow

WRONG = "def grad_softmax(x, dz):\n    print('<b>bold</b>')\n    return 3 * dz\n"
NOT_ROBUST = "def grad_sigmoid(x, dz):\n    return dz * tf.exp(-x) / (1 + tf.exp(-x)) ** 2\n"
STUDENTS = ("beside", "late", "partial", "right", "twice", "unreadable")


def contents(root: Path, *, ledger: bool = False) -> dict[str, list[Any]]:
    """All that a gradebook says, without its random ids."""
    return contents_of(f"sqlite:///{root / 'gradebook.db'}", ledger=ledger)


def folders(root: Path) -> dict[str, tuple[int, bytes]]:
    """Permissions and content of every graded file, with the names only of the pages."""
    found = {}
    for step in ("autograded", "feedback"):
        for path in sorted((root / step).rglob("*")):
            page = path.suffix == ".html" or path.is_dir()
            found[str(path.relative_to(root))] = (path.stat().st_mode, b"" if page else path.read_bytes())
    return found


def gradecheck(course: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `gradecheck grade`."""
    return subprocess.run(
        [sys.executable, "-m", "gradecheck", "grade", ASSIGNMENT, *arguments],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with submissions and a secret, and nothing graded."""
    made = Course.make(tmp_path_factory.mktemp("handed_in"))
    (made.root / "nbgrader_config.py").write_text(CONFIG + LATE_IS_NOTHING, encoding="utf-8")
    assert nbgrader(made.root, "generate_assignment", ASSIGNMENT).returncode == 0
    with Gradebook(f"sqlite:///{made.root / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-01-31 00:00:00 UTC")
    solved = made.solved()
    made.submit("right", solved)
    made.submit(
        "partial", answer(answer(deepcopy(solved), "grad_sigmoid", NOT_ROBUST), "grad_softmax", WRONG)
    )
    made.submit("twice", damaged(solved, HARMLESS["graded_twice"]))
    made.submit("unreadable", b"{")
    made.submit("late", solved)
    (made.folder("late") / "timestamp.txt").write_text("2026-02-01 12:00:00 UTC", encoding="utf-8")
    made.submit("beside", solved, "understanding_gradients (1).ipynb")
    (made.folder("beside") / "deep").mkdir()
    (made.folder("beside") / "deep" / "data.csv").write_text("1,2\n", encoding="utf-8")
    (made.root / "solutions" / ASSIGNMENT / "given.csv").write_text("3,4\n", encoding="utf-8")
    (made.folder("beside") / "given.csv").write_text("changed\n", encoding="utf-8")
    (made.root / ".gradecheck").mkdir()
    (made.root / ".gradecheck" / "secret").write_text("5e" * 32, encoding="ascii")
    return made


@pytest.fixture(scope="module")
def graded(handed_in: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The same, graded in one unbroken run."""
    copy = Course(tmp_path_factory.mktemp("graded") / "course")
    shutil.copytree(handed_in.root, copy.root, symlinks=True)
    assert all(entry.problem is None for entry in grade_assignment(copy.root, ASSIGNMENT))
    return copy


@pytest.fixture
def course(handed_in: Course, tmp_path: Path) -> Course:
    """A course of one's own, in which nothing is graded."""
    shutil.copytree(handed_in.root, tmp_path / "course", symlinks=True)
    return Course(tmp_path / "course")


@pytest.fixture
def done(graded: Course, tmp_path: Path) -> Course:
    """A course of one's own, in which all is graded."""
    shutil.copytree(graded.root, tmp_path / "course", symlinks=True)
    return Course(tmp_path / "course")


def entry_of(root: Path, student: str) -> Entry | None:
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        return find_entry(gradebook, ASSIGNMENT, student)


def test_gradebook_and_graded_notebooks_are_those_of_nbgraders_own_commands(
    graded: Course, course: Course
) -> None:
    assert nbgrader(course.root, "autograde", ASSIGNMENT).returncode == 0
    assert nbgrader(course.root, "generate_feedback", ASSIGNMENT).returncode == 0
    ours, theirs = contents(graded.root), contents(course.root)
    assert ours == theirs
    assert {row[0] for row in ours["scores"]} == set(STUDENTS)
    assert [row[2] for row in ours["submissions"] if row[0] == "late"] == [100.0]
    assert folders(graded.root) == folders(course.root)


def test_a_page_of_feedback_says_the_same_as_nbgraders(graded: Course, course: Course) -> None:
    import bs4

    shutil.copytree(graded.root / "autograded", course.root / "autograded")
    shutil.copy(graded.root / "gradebook.db", course.root)
    assert nbgrader(course.root, "generate_feedback", ASSIGNMENT).returncode == 0
    for student in STUDENTS:
        pages = [
            r / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html" for r in (graded.root, course.root)
        ]
        ours, theirs = (bs4.BeautifulSoup(p.read_text(encoding="utf-8"), "html.parser") for p in pages)
        assert ours.get_text() == theirs.get_text()
        assert len(ours.find_all(True)) == len(theirs.find_all(True))


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_it_goes_on_and_ends_with_the_same_gradebook(
    course: Course, graded: Course, seed: int
) -> None:
    moments = Random(seed)
    command = [sys.executable, "-m", "gradecheck", "grade", ASSIGNMENT]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(2):
        process = subprocess.Popen(
            command, cwd=course.root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _wait_for_grading(course.root, process)
        time.sleep(moments.uniform(0, 0.8))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert gradecheck(course.root).returncode == 0
    assert contents(course.root, ledger=True) == contents(graded.root, ledger=True)
    assert folders(course.root) == folders(graded.root)
    assert {row[4] for row in contents(course.root, ledger=True)["ledger"]} == {1}


def test_a_run_killed_between_folders_and_gradebook_is_taken_back(
    done: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    before = contents(done.root, ledger=True), folders(done.root)
    with monkeypatch.context() as patched:
        patched.setattr(KeptGradebook, "commit", kill)
        patched.setattr(Staged, "take_back", kill)
        patched.setattr(Pipeline, "discard", lambda _: None)
        with pytest.raises(Killed):
            grade_assignment(done.root, ASSIGNMENT, how=How(force=True))
    assert (contents(done.root, ledger=True), folders(done.root)) != before
    assert all(entry.skipped for entry in grade_assignment(done.root, ASSIGNMENT))
    assert (contents(done.root, ledger=True), folders(done.root)) == before


def _wait_for_grading(root: Path, process: "subprocess.Popen[bytes]") -> None:
    """Until the run has begun to prepare a submission."""
    while process.poll() is None and not list((root / ".gradecheck").glob("staging/autograded/*")):
        time.sleep(0.02)


def test_what_has_not_changed_is_skipped_unless_forced(done: Course) -> None:
    before = contents(done.root, ledger=True)
    assert set(grade_assignment(done.root, ASSIGNMENT)) == {Graded(s, skipped=True) for s in STUDENTS}
    assert contents(done.root, ledger=True) == before
    (done.folder("right") / "note.txt").write_text("one more file", encoding="utf-8")
    shutil.rmtree(done.root / "feedback" / "late")
    again = grade_assignment(done.root, ASSIGNMENT)
    assert {entry.student for entry in again if not entry.skipped} == {"right", "late"}
    assert grade_assignment(done.root, ASSIGNMENT, ["twice"], how=How(force=True)) == (Graded("twice"),)
    assert [contents(done.root)["scores"]] == [before["scores"]]


def test_feedback_left_out_is_made_by_the_next_run_on_the_same_inputs(course: Course) -> None:
    def comment() -> str:
        return next(s.comment for s in read_scores(course.root, ASSIGNMENT) if s.student == "partial")

    bare = How(feedback=False)
    assert grade_assignment(course.root, ASSIGNMENT, ["partial"], how=bare) == (Graded("partial"),)
    assert not (course.root / "feedback").exists()
    said = comment()
    assert grade_assignment(course.root, ASSIGNMENT, ["partial"], how=bare)[0].skipped
    assert grade_assignment(course.root, ASSIGNMENT, ["partial"]) == (Graded("partial"),)
    assert comment() == said
    assert len([*(course.root / "feedback" / "partial" / ASSIGNMENT).glob("*.html")]) == 1
    assert grade_assignment(course.root, ASSIGNMENT, ["partial"])[0].skipped


def test_after_feedback_other_inputs_are_drawn_and_before_it_the_same(course: Course) -> None:
    def comment() -> str:
        return next(s.comment for s in read_scores(course.root, ASSIGNMENT) if s.student == "partial")

    comments = []
    for command in ("autograde", "autograde", "generate_feedback", "autograde", "autograde"):
        assert nbgrader(course.root, command, ASSIGNMENT, "--student", "partial", "--force").returncode == 0
        comments.append(comment())
    first, second, after, third, fourth = comments
    assert "seed" in first
    assert first == second == after != third == fourth
    entry = entry_of(course.root, "partial")
    assert entry is not None
    assert (entry.attempt, entry.revealed) == (2, False)


def test_a_name_that_is_a_pattern_or_a_list_is_a_name(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a pattern `[r]*` is `right`, and as a list it is two students."""
    name = "[r]*, x"
    course.submit("right, x", course.solved())
    course.submit(name, answer(course.solved(), "grad_softmax", WRONG))
    monkeypatch.chdir(course.root)
    run = CliRunner().invoke(cli, ["grade", ASSIGNMENT, "--students", f"right,{name}"])
    assert run.exit_code == 0, run.output
    scores = contents(course.root)["scores"]
    assert {row[0]: row[3] for row in scores if row[2] == "grad_softmax_graded"} == {"right": 25.0, name: 0.0}


@pytest.mark.usefixtures("in_this_process")
def test_what_was_not_graded_for_our_reasons_is_graded_by_the_next_run(
    course: Course, graded: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def session(self, *_: Any) -> Any:
            raise WorkerUnavailable("no worker")

    with monkeypatch.context() as patched:
        patched.setattr(local, "shared_template", lambda *_: Broken())
        with pytest.raises(WorkerUnavailable):
            grade_assignment(course.root, ASSIGNMENT, ["right"])
    assert entry_of(course.root, "right") is None
    assert grade_assignment(course.root, ASSIGNMENT, ["right"]) == (Graded("right"),)
    rows = [row for row in contents(course.root)["scores"] if row[0] == "right"]
    assert rows == [row for row in contents(graded.root)["scores"] if row[0] == "right"]


def test_a_second_grader_is_sent_away(course: Course) -> None:
    with only_grader(course.root):
        second = gradecheck(course.root)
    assert second.returncode == 2
    assert second.stderr.startswith(
        f"gradecheck: process {os.getpid()} is grading in {course.root} right now;"
    )
    assert len(second.stderr.splitlines()) == 1


def test_nbgraders_own_command_is_sent_away_too(course: Course) -> None:
    with only_grader(course.root):
        second = nbgrader(course.root, "autograde", ASSIGNMENT, "--student", "right")
    assert second.returncode != 0
    assert f"process {os.getpid()} is grading in {course.root} right now; wait" in second.stderr
    assert not (course.root / "autograded" / "right").exists()
    assert contents(course.root)["submissions"] == []


def test_a_locked_gradebook_is_one_sentence_and_nothing_is_half_written(course: Course) -> None:
    before = contents(course.root)
    with sqlite3.connect(course.root / "gradebook.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CourseNotReady, match=r"gradebook\.db is locked by another program; close"):
            grade_assignment(course.root, ASSIGNMENT)
        other.execute("ROLLBACK")
    assert contents(course.root) == before
    assert not (course.root / "autograded").exists()
    assert not (course.root / ".gradecheck" / "staging").exists()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ("ALTER TABLE grade DROP COLUMN extra_credit", "is of another version of nbgrader"),
        ("DROP TABLE alembic_version; VACUUM", None),
    ],
)
def test_an_older_gradebook_is_one_sentence(course: Course, spoil: str, sentence: str | None) -> None:
    with sqlite3.connect(course.root / "gradebook.db") as database:
        database.executescript(spoil)
    if sentence is None:
        assert grade_assignment(course.root, ASSIGNMENT, ["right"]) == (Graded("right"),)
        return
    with pytest.raises(CourseNotReady, match=sentence):
        grade_assignment(course.root, ASSIGNMENT, ["right"])


def test_a_file_that_is_no_gradebook_is_one_sentence(course: Course) -> None:
    (course.root / "gradebook.db").write_bytes(b"no gradebook, " * 100)
    with pytest.raises(CourseNotReady, match="is no gradebook; move it away"):
        grade_assignment(course.root, ASSIGNMENT, ["right"])


@pytest.fixture
def small_disk(course: Course, tmp_path: Path) -> Iterator[Path]:
    """The course on a small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a disk")
    try:
        shutil.copytree(course.root, place / "course", symlinks=True)
        yield place / "course"
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def test_a_full_disk_is_one_sentence_and_what_is_graded_stays(small_disk: Path) -> None:
    with pytest.raises(CourseNotReady, match=r"the disk .*full.*type the same again"):
        grade_assignment(small_disk, ASSIGNMENT)
    filler = small_disk / "autograded"
    complete = {row[1] for row in contents(small_disk, ledger=True)["ledger"] if row[3]}
    assert {row[0] for row in contents(small_disk)["submissions"]} == complete
    assert {path.name for path in filler.glob("*")} == complete
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk.parent)], check=True)
    assert all(entry.problem is None for entry in grade_assignment(small_disk, ASSIGNMENT))


def test_a_read_only_disk_is_one_sentence(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk.parent)], check=True)
    refused = gradecheck(small_disk)
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "the disk is read-only" in refused.stderr


def test_without_a_sandbox_everything_that_grades_refuses(course: Course, tmp_path: Path) -> None:
    config = course.root / "nbgrader_config.py"
    config.write_text((CONFIG + LATE_IS_NOTHING).replace(", sandbox=False", ""), encoding="utf-8")
    (tmp_path / "bin").mkdir()  # a PATH without bwrap
    refused = gradecheck(course.root, PATH=str(tmp_path / "bin"))
    assert refused.returncode == 2
    assert "apt-get install bubblewrap" in refused.stderr
    assert "--no-sandbox" in refused.stderr
    assert not (course.root / "autograded").exists()
    theirs = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT],
        cwd=course.root,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert theirs.returncode == 1
    assert "configure(c, sandbox=False)" in theirs.stderr
    assert "Traceback" not in theirs.stderr
    granted = gradecheck(
        course.root, "--no-sandbox", "--students", "right", "--format", "json", PATH=str(tmp_path / "bin")
    )
    assert granted.returncode == 0
    assert [r["status"] for r in json.loads(granted.stdout)["results"]] == ["passed"] * 4
    assert (course.root / "autograded" / "right" / ASSIGNMENT / FILE).is_file()
