"""Folders and gradebook change together, also when the run is killed at whatever step."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gradecheck.nbgrader.journal import Exchange, Journal
from gradecheck.nbgrader.staging import Staged

STEPS = ("autograded", "feedback")

#: One run: recover from the last, then exchange, killed when it touches the disk for the nth time.
RUN = """
import os, signal, sqlite3, sys
from pathlib import Path
from gradecheck.nbgrader.journal import Exchange, Journal
from gradecheck.nbgrader.staging import remove
sys.path.insert(0, {tests!r})
from test_nbgrader_staging import committed, make, staged
root, fatal = Path(sys.argv[1]), int(sys.argv[2])
counted = 0
steps = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "open")
def count(event, arguments):
    global counted
    if event in steps and root.name in str(arguments):
        counted += 1
        if counted == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
def commit(exchange):
    database = sqlite3.connect(root / "gradebook.db")
    with database:
        database.execute("UPDATE grades SET score = 'new', token = ?", [exchange.token])
journal = Journal(root / "exchange.json")
journal.recover(lambda exchange: committed(root, exchange))
remove(root / "staging")
if fatal:
    make(root / "staging", "new")
    sys.addaudithook(count)
    journal.run(Exchange.of("assignment", "student", staged(root)), commit)
"""


def staged(root: Path) -> list[Staged]:
    return [Staged.at(root / "staging" / step, root / step / "student") for step in STEPS]


def make(folder: Path, content: str) -> None:
    for step in STEPS:
        inner = folder / step / ("." if folder.name == "staging" else "student")
        inner.mkdir(parents=True)
        (inner / "file").write_text(content, encoding="utf-8")


def committed(root: Path, exchange: Exchange) -> bool:
    return (exchange.token,) in sqlite3.connect(root / "gradebook.db").execute("SELECT token FROM grades")


def course(root: Path, *, graded: bool) -> Path:
    """A course in which a student was graded before, or not."""
    root.mkdir()
    if graded:
        make(root, "old")
    with sqlite3.connect(root / "gradebook.db") as database:
        database.execute("CREATE TABLE grades (score TEXT, token TEXT)")
        database.execute("INSERT INTO grades VALUES ('old', '')")
    return root


def state(root: Path) -> tuple[str, ...]:
    """The score, and what each folder holds."""
    (score,) = sqlite3.connect(root / "gradebook.db").execute("SELECT score FROM grades").fetchone()
    files = [root / step / "student" / "file" for step in STEPS]
    return (score, *(file.read_text(encoding="utf-8") if file.exists() else "none" for file in files))


def run(root: Path, fatal: int) -> int:
    script = RUN.format(tests=str(Path(__file__).parent))
    return subprocess.run([sys.executable, "-c", script, root, str(fatal)], check=False).returncode


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("graded", [True, False], ids=["again", "first"])
def test_killed_at_any_step_all_of_it_happened_or_none(tmp_path: Path, graded: bool) -> None:
    before = ("old", *(["old", "old"] if graded else ["none", "none"]))
    found = []
    for fatal in range(1, 100):
        root = course(tmp_path / f"course{fatal}", graded=graded)
        ended = run(root, fatal)
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        assert run(root, 0) == 0  # the next run, which has nothing to do
        found.append(state(root))
        assert not (root / "exchange.json").exists()
        assert not (root / "staging").exists()
    assert set(found) == {before, ("new", "new", "new")}  # some of each, and nothing else
    assert found == sorted(found, reverse=True)


def test_what_cannot_be_committed_is_taken_back(tmp_path: Path) -> None:
    root = course(tmp_path / "course", graded=True)
    make(root / "staging", "new")

    def fail(_: Exchange) -> None:
        raise OSError("the disk is full")

    journal = Journal(root / "exchange.json")
    with pytest.raises(OSError, match="full"):
        journal.run(Exchange.of("assignment", "student", staged(root)), fail)
    assert state(root) == ("old", "old", "old")
    assert not journal.path.exists()


def test_a_journal_left_behind_harms_nothing_that_stands_there(tmp_path: Path) -> None:
    root = course(tmp_path / "course", graded=True)
    make(root / "staging", "new")
    exchange = Exchange.of("assignment", "student", staged(root))
    journal = Journal(root / "exchange.json")
    journal._write(exchange)
    for step in STEPS:  # and somebody cleaned up
        (root / "staging" / step / "file").unlink()
        (root / "staging" / step).rmdir()
    journal.recover(lambda _: False)
    assert state(root) == ("old", "old", "old")
