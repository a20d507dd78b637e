"""A process beside the writer judges: the same results, and nothing lost if it ends."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from gradebook_contents import contents_of
from nbgrader_class import ASSIGNMENT, ROOT, Course, answer, nbgrader

from gradecheck.errors import WorkerUnavailable
from gradecheck.nbgrader import beside, grading
from gradecheck.nbgrader.grading import Graded, How, Progress, grade_assignment
from gradecheck.nbgrader.lane import processors_of
from gradecheck.nbgrader.local import LocalPool
from gradecheck.nbgrader.run import LOG_FILE
from gradecheck.nbgrader.scores import read_scores
from gradecheck.nbgrader.workers import close_template
from gradecheck.run.sandbox import sandbox_unavailable, shown_folders
from gradecheck.run.users import can_give_up_root

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux tells which processes there are"),
]

WRONG = "def grad_softmax(x, dz):\n    return 3 * dz\n"
STUDENTS = ("a", "b", "c", "d", "e", "f")


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = Course.make(tmp_path_factory.mktemp("handed_in"))
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    settled = config.replace("configure(c)", "configure(c, sandbox=False)")
    assert settled != config
    (made.root / "nbgrader_config.py").write_text(settled, encoding="utf-8")
    assert nbgrader(made.root, "generate_assignment", ASSIGNMENT).returncode == 0
    for number, student in enumerate(STUDENTS):
        solved = made.solved()
        made.submit(student, answer(solved, "grad_softmax", WRONG) if number % 2 else solved)
    (made.root / ".gradecheck").mkdir(exist_ok=True)
    (made.root / ".gradecheck" / "secret").write_text("5e" * 32, encoding="ascii")
    return made


@pytest.fixture
def course(handed_in: Course, tmp_path: Path) -> Course:
    shutil.copytree(handed_in.root, tmp_path / "course", symlinks=True)
    return Course(tmp_path / "course")


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own for what is temporary; nothing that judges is left from before."""
    beside.close_process()
    folder = tmp_path / "scratch"
    folder.mkdir(mode=0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(scope="module")
def in_one_process(handed_in: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """As it is judged where processes cannot be forked safely."""
    made = Course(tmp_path_factory.mktemp("alone") / "course")
    shutil.copytree(handed_in.root, made.root, symlinks=True)
    beside.close_process()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(grading, "BesidePool", LocalPool)
        grade_assignment(made.root, ASSIGNMENT, how=How(workers=1))
    assert not judging(os.getpid())
    close_template()
    return made


def results(course: Course) -> tuple[object, dict[str, bytes]]:
    notebooks = sorted((course.root / "autograded").rglob("*.ipynb"))
    pages = {str(path.relative_to(course.root)): path.read_bytes() for path in notebooks}
    return contents_of(f"sqlite:///{course.root / 'gradebook.db'}", ledger=True), pages


def judging(parent: int) -> list[int]:
    """The processes that judge for another one."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            command = (place / "cmdline").read_bytes()
            status = (place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if b"gradecheck.nbgrader.judging" in command and (int(status[1]) == parent and status[0] != "Z"):
            found.append(int(place.name))
    return found


def at_the_first(act: Callable[[], None]) -> Callable[[Progress], None]:
    waiting = [act]

    def tell(now: Progress) -> None:
        if now.done == 1 and waiting:
            waiting.pop()()

    return tell


@pytest.mark.parametrize("workers", [1, 2])
def test_rows_and_notebooks_are_the_same(course: Course, in_one_process: Course, workers: int) -> None:
    grade_assignment(course.root, ASSIGNMENT, how=How(workers=workers))
    (process,) = judging(os.getpid())
    assert len(judging(process)) == workers
    assert results(course) == results(in_one_process)


def test_where_nothing_has_changed_nothing_is_loaded(course: Course) -> None:
    grade_assignment(course.root, ASSIGNMENT, ["a"])
    beside.close_process()
    assert grade_assignment(course.root, ASSIGNMENT, ["a"]) == (Graded("a", skipped=True),)
    assert judging(os.getpid()) == []


def test_when_it_is_killed_another_one_takes_over(
    course: Course, in_one_process: Course, scratch: Path
) -> None:
    killed: list[int] = []

    def kill() -> None:
        killed.extend(judging(os.getpid()))
        os.kill(killed[0], signal.SIGKILL)

    graded = grade_assignment(course.root, ASSIGNMENT, None, at_the_first(kill), How(workers=2))
    assert len(killed) == 1
    assert len([path for path in scratch.iterdir() if path.name.startswith("gradecheck-")]) <= 1
    assert judging(os.getpid()) not in ([], killed)
    assert graded == tuple(Graded(student) for student in STUDENTS)
    assert results(course) == results(in_one_process)
    beside.close_process()
    assert list(scratch.iterdir()) == []


def test_when_one_of_its_lanes_is_killed_another_one_takes_over(
    course: Course, in_one_process: Course, scratch: Path
) -> None:
    first: list[int] = []

    def kill() -> None:
        first.extend(judging(os.getpid()))
        lanes = judging(first[0])
        assert len(lanes) == 2
        os.kill(lanes[1], signal.SIGKILL)

    graded = grade_assignment(course.root, ASSIGNMENT, None, at_the_first(kill), How(workers=2))
    assert judging(os.getpid()) == first
    assert len(judging(first[0])) == 2
    assert graded == tuple(Graded(student) for student in STUDENTS)
    assert results(course) == results(in_one_process)
    beside.close_process()
    assert list(scratch.iterdir()) == []


def test_a_submission_that_ends_its_lane_costs_no_other_anything(
    course: Course, in_one_process: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside.close_process()
    poison = (
        "import os, gradecheck.nbgrader.local as local\n"
        "known = local.do_in_copy\n"
        "def judge(job, template, folder):\n"
        "    if any('poison' in cell.source for cell in job.submission.cells):\n"
        "        os._exit(9)\n"
        "    return known(job, template, folder)\n"
        "local.do_in_copy = judge\n"
    )
    (tmp_path / "sitecustomize.py").write_text(poison, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    course.submit("c", answer(course.solved(), "grad_softmax", "poison = 1\n" + WRONG))
    grade_assignment(course.root, ASSIGNMENT, how=How(workers=2))
    beside.close_process()
    log = (course.root / LOG_FILE).read_text(encoding="utf-8")
    told = "grad_softmax of c: not graded, for no fault of yours: 3 times the process that judged it ended"
    assert f"{told} before it was done (it ended with 9)." in log
    mine, others = read_scores(course.root, ASSIGNMENT), read_scores(in_one_process.root, ASSIGNMENT)
    assert [score for score in mine if score.student != "c"] == [s for s in others if s.student != "c"]


def test_what_a_student_computes_is_not_stopped_for_its_judge(course: Course) -> None:
    grade_assignment(course.root, ASSIGNMENT, ["a"], how=How(workers=2))
    (process,) = judging(os.getpid())
    assert [os.sched_getscheduler(lane) for lane in judging(process)] == [os.SCHED_BATCH] * 2


@pytest.mark.parametrize(
    ("lane", "lanes", "usable", "wanted"),
    [
        (0, 2, [3, 7], [3]),
        (1, 2, [3, 7], [7]),
        (1, 2, [0, 1, 2, 3], [0, 1, 2, 3]),
        (2, 3, [0, 1], [0, 1]),
    ],
)
def test_a_lane_has_a_processor_of_its_own_where_there_is_one_for_each(
    lane: int, lanes: int, usable: list[int], wanted: list[int]
) -> None:
    assert processors_of(lane, lanes, usable) == wanted


def test_no_two_submissions_run_as_the_same_user_where_root_can_be_given_up(course: Course) -> None:
    tell = "import os\nprint('user', os.getuid())\n" + WRONG
    for student in STUDENTS:
        course.submit(student, answer(course.solved(), "grad_softmax", tell))
    sandbox = sandbox_unavailable() is None
    grade_assignment(course.root, ASSIGNMENT, how=How(workers=2, sandbox=sandbox))
    pages = [path.read_text("utf-8") for path in (course.root / "autograded").rglob("*.ipynb")]
    users = {user for page in pages for user in re.findall(r"user (\d+)", page)}
    assert len(pages) == len(STUDENTS)
    if os.geteuid() == 0 and (sandbox or can_give_up_root(shown_folders())):
        assert len(users) == len(STUDENTS)
        assert "0" not in users
    else:
        assert len(users) == 1


def test_a_run_that_is_interrupted_leaves_no_process_and_can_go_on(
    course: Course, in_one_process: Course
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade_assignment(course.root, ASSIGNMENT, None, at_the_first(interrupt), How(workers=2))
    assert judging(os.getpid()) == []
    again = grade_assignment(course.root, ASSIGNMENT, how=How(workers=2))
    assert sum(entry.skipped for entry in again) == 1
    assert results(course) == results(in_one_process)


def test_when_the_grader_is_killed_it_ends_too(course: Course) -> None:
    grader = subprocess.Popen(
        [sys.executable, "-m", "gradecheck", "grade", ASSIGNMENT, "--workers", "2"],
        cwd=course.root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        (process,) = _soon(lambda: judging(grader.pid))
    finally:
        grader.kill()
        grader.wait()
    assert _soon(lambda: [0] if not Path(f"/proc/{process}").exists() else [])


def test_a_process_that_cannot_start_is_one_sentence(
    course: Course, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    beside.close_process()
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'no memory left' >&2\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(WorkerUnavailable, match="could not be started: no memory left"):
        grade_assignment(course.root, ASSIGNMENT, how=How(workers=2))
    assert not [score for score in read_scores(course.root, ASSIGNMENT) if score.score]


def _soon(look: Callable[[], list[int]]) -> list[int]:
    deadline = time.monotonic() + 30
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen within 30 s"
        time.sleep(0.1)
    return found
