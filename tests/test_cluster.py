"""`gradecheck grade --cluster`: the same as on one machine, whatever becomes of the workers."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

import pytest
from dask_processes import Cluster, cluster_in, free_port
from gradebook_contents import contents_of
from nbgrader.api import Gradebook
from nbgrader_class import ASSIGNMENT, FILE, ROOT, Course, answer, nbgrader

from gradecheck.run.sandbox import sandbox_unavailable

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sandbox_unavailable() is not None, reason=f"no sandbox here: {sandbox_unavailable()}"),
]

CONFIG = """
from gradecheck.nbgrader import configure
c = get_config()
configure(c)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
"""
WRONG = "def grad_softmax(x, dz):\n    print('<b>bold</b>')\n    return 3 * dz\n"
DEADLY = "def grad_matmul(x, y, dz):\n    import os\n    os._exit(3)\n"
#: Long enough to be caught in the act.
SLOW = "def grad_sigmoid(x, dz):\n    import time\n    time.sleep(0.05)\n    return x\n"
SPY = """
import os, socket
def blocked():
    try:
        socket.create_connection(("127.0.0.1", {port}), 2)
    except OSError:
        return os.environ.get("DASK_SECRET") is None and not os.path.exists({worker!r})
def grad_conv2d(x, w, dz):
    return dz
print("blocked", blocked(), open("given.csv").read())
"""
STUDENTS = ("deadly", "right", "slow1", "slow2", "slow3", "slow4", "spy", "unreadable", "wrong")


def contents(root: Path) -> object:
    return contents_of(f"sqlite:///{root / 'gradebook.db'}", ledger=True)


def notebooks(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted((root / "autograded").rglob("*.*"))}


def start(course: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """Start `gradecheck grade`."""
    return subprocess.Popen(
        [sys.executable, "-m", "gradecheck", "grade", ASSIGNMENT, *arguments],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def grade(course: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `gradecheck grade` to its end."""
    with start(course, *arguments, **environment) as process:
        out, err = process.communicate(timeout=200)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@contextmanager
def grading(course: Path, *arguments: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """Grading that has begun: one submission is done, and others are not."""
    with start(course, *arguments, **environment) as process:
        try:
            graded = course / "autograded"
            while process.poll() is None and not (graded.is_dir() and any(graded.iterdir())):
                time.sleep(0.02)
            assert len(list(graded.iterdir())) < len(STUDENTS)
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_in(tmp_path_factory.mktemp("dask")) as made:
        yield made


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Course:
    made = Course.make(tmp_path_factory.mktemp("handed_in"))
    (made.root / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    assert nbgrader(made.root, "generate_assignment", ASSIGNMENT).returncode == 0
    (made.root / "solutions" / ASSIGNMENT / "given.csv").write_text("3,4\n", encoding="utf-8")
    solved = made.solved()
    made.submit("right", solved)
    made.submit("wrong", answer(deepcopy(solved), "grad_softmax", WRONG))
    made.submit("deadly", answer(deepcopy(solved), "grad_matmul", DEADLY))
    made.submit("unreadable", b"{")
    spy = SPY.format(port=cluster.port, worker=str(cluster.folder / "worker1"))
    made.submit("spy", answer(deepcopy(solved), "grad_conv2d", spy))
    for number in range(1, 5):
        made.submit(f"slow{number}", answer(deepcopy(solved), "grad_sigmoid", SLOW))
    (made.root / ".gradecheck").mkdir()
    (made.root / ".gradecheck" / "secret").write_text("5e" * 32, encoding="ascii")
    return made


@pytest.fixture(scope="module")
def graded(handed_in: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The same, graded on this machine alone."""
    copy = Course(tmp_path_factory.mktemp("graded") / "course")
    shutil.copytree(handed_in.root, copy.root)
    done = grade(copy.root)
    assert done.returncode == 0, done.stderr
    return copy


@pytest.fixture
def course(handed_in: Course, tmp_path: Path) -> Path:
    """A course of one's own, in which nothing is graded."""
    return Path(shutil.copytree(handed_in.root, tmp_path / "course"))


def assert_same(course: Path, graded: Course) -> None:
    assert contents(course) == contents(graded.root)
    assert notebooks(course) == notebooks(graded.root)


def test_two_workers_give_the_same_to_the_last_row_and_byte(
    cluster: Cluster, course: Path, graded: Course
) -> None:
    cluster.worker(DASK_SECRET="do not tell")
    cluster.have(2)
    done = grade(course, "--cluster", cluster.address)
    assert done.returncode == 0, done.stderr
    assert_same(course, graded)
    last = [line for line in done.stdout.splitlines() if line.startswith("graded 9 of 9")]
    assert len(last) == 1
    assert last[0].count("/min") in (1, 2)
    spied = (course / "autograded" / "spy" / ASSIGNMENT / FILE).read_text(encoding="utf-8")
    assert "blocked True 3,4" in spied


def test_what_a_killed_worker_had_is_graded_elsewhere_once(
    cluster: Cluster, course: Path, graded: Course
) -> None:
    victim = cluster.have(2)[0]
    with grading(course, "--cluster", cluster.address) as process:
        victim.kill()
        out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert out.count("graded 9 of 9") == 1
    assert_same(course, graded)


def test_a_worker_that_says_nothing_is_left_alone(cluster: Cluster, course: Path, graded: Course) -> None:
    silent = cluster.have(2)[1]
    with grading(course, "--cluster", cluster.address, DASK_GRADECHECK__SILENCE="4") as process:
        silent.send_signal(signal.SIGSTOP)
        _, err = process.communicate(timeout=200)
    silent.send_signal(signal.SIGCONT)
    silent.kill()
    assert process.returncode == 0, err
    assert_same(course, graded)


def test_when_the_scheduler_is_gone_the_next_run_goes_on(
    cluster: Cluster, course: Path, graded: Course
) -> None:
    cluster.have(1)
    with grading(course, "--cluster", cluster.address) as process:
        cluster.processes[0].kill()
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err.strip().splitlines() == [
        f"gradecheck: The scheduler at {cluster.address} is gone; "
        "what was graded is kept: type the same command to go on"
    ]
    cluster.scheduler()
    cluster.worker()  # the others end when their scheduler does
    cluster.wait_for(1)
    done = grade(course, "--cluster", cluster.address)
    assert done.returncode == 0, done.stderr
    assert "skipped, as nothing has changed: " in done.stdout
    assert_same(course, graded)


def test_without_a_scheduler_nothing_is_written(course: Path) -> None:
    before = sorted(course.rglob("*"))
    begun = time.monotonic()
    done = grade(course, "--cluster", f"tcp://127.0.0.1:{free_port()}")
    assert done.returncode == 2
    assert time.monotonic() - begun < 30
    assert done.stderr.startswith("gradecheck: No scheduler answers at tcp://127.0.0.1:")
    assert len(done.stderr.strip().splitlines()) == 1
    assert not [path for path in set(course.rglob("*")) - set(before) if ".gradecheck" not in str(path)]


def test_an_address_that_is_none_is_said_to_be_so(course: Path) -> None:
    done = grade(course, "--cluster", "nonsense:/x")
    assert done.returncode == 2
    assert done.stderr.startswith("gradecheck: No scheduler answers at nonsense:/x")
    assert len(done.stderr.strip().splitlines()) == 1


def test_workers_that_may_not_grade_are_refused_each_with_its_reason(course: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(ROOT / "gradecheck", other / "gradecheck", ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "gradecheck" / "verdict.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    empty = tmp_path / "empty"
    (empty / "gradecheck").mkdir(parents=True)
    (empty / "gradecheck" / "__init__.py").touch()
    with cluster_in(tmp_path) as cluster:
        cluster.worker(package=other)
        lacking = cluster.worker(package=empty)
        cluster.worker(PATH="/nowhere")
        cluster.wait_for(3)
        done = grade(course, "--cluster", cluster.address)
        assert lacking.poll() is None  # it may serve others
    assert done.returncode == 2
    assert done.stderr.startswith("gradecheck: No worker of the cluster may grade: ")
    assert "its files differ from those here" in done.stderr
    assert "has no gradecheck, or an older one" in done.stderr
    assert "has no sandbox: " in done.stderr
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        assert not gradebook.find_assignment(ASSIGNMENT).submissions


def test_a_scheduler_without_gradecheck_is_told_from_none(course: Path, tmp_path: Path) -> None:
    (tmp_path / "empty" / "gradecheck").mkdir(parents=True)
    (tmp_path / "empty" / "gradecheck" / "__init__.py").touch()
    with cluster_in(tmp_path, package=tmp_path / "empty") as cluster:
        done = grade(course, "--cluster", cluster.address)
    assert done.returncode == 2
    assert f"The scheduler at {cluster.address} has no gradecheck, or an older one" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_dasks_own_cluster_on_this_machine(course: Path, graded: Course) -> None:
    done = grade(course, "--cluster", "local", "--workers", "1", "--students", "right,wrong")
    assert done.returncode == 0, done.stderr
    ours, all_of_them = notebooks(course), notebooks(graded.root)
    assert len(ours) == 4  # with the file that the instructor gave
    assert all(all_of_them[name] == content for name, content in ours.items())
