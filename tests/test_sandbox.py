"""The sandbox: what works in it, what is said where there can be none, and that it is proved at the start."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradecheck.errors import WorkerUnavailable
from gradecheck.run import canary, client, sandbox, warm
from gradecheck.run.cells import Cell, CellMessage
from gradecheck.run.client import Template
from gradecheck.run.limits import MIB, Limits
from gradecheck.run.outcome import Outcome, Returned
from gradecheck.run.sandbox import SandboxMode, sandbox_unavailable

X = np.float32([1, 2, 3])
DOUBLE = "def f(x): return 2 * x"
LIMITS = Limits(call_seconds=8.0, cell_seconds=8.0, grace_seconds=0.3)

needs_sandbox = pytest.mark.skipif(sandbox_unavailable() is not None, reason=str(sandbox_unavailable()))


@pytest.fixture(scope="module")
def sandboxed() -> Iterator[Template]:
    with Template(sandbox=SandboxMode.REQUIRED) as template:
        yield template


def numbers(outcome: Outcome) -> Any:
    assert isinstance(outcome, Returned), outcome
    assert isinstance(outcome.values[0], np.ndarray), outcome
    return outcome.values[0].tolist()


class TestWhereThereCanBeNone:
    @pytest.fixture(autouse=True)
    def ask_again(self) -> Iterator[None]:
        sandbox_unavailable.cache_clear()
        yield
        sandbox_unavailable.cache_clear()

    def test_a_missing_bubblewrap_is_said_with_both_ways_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sandbox.sys, "platform", "linux")
        monkeypatch.setattr(shutil, "which", lambda _: None)
        said = sandbox_unavailable()
        assert said is not None
        assert "apt-get install bubblewrap" in said
        assert "--no-sandbox" in said

    def test_another_system_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sandbox.sys, "platform", "darwin")
        assert "Linux" in str(sandbox_unavailable())
        assert "--no-sandbox" in str(sandbox_unavailable())

    def test_a_machine_that_allows_none_is_said_in_the_systems_words(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        program = tmp_path / "bwrap"
        program.write_text("#!/bin/sh\necho bwrap: No permissions to create new namespace >&2\nexit 1\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        assert "(bwrap: No permissions to create new namespace)" in str(sandbox_unavailable())

    def test_a_template_that_requires_one_says_so_at_its_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "which", lambda _: None)
        with pytest.raises(WorkerUnavailable, match="apt-get install bubblewrap"):
            Template(sandbox=SandboxMode.REQUIRED).start()

    def test_and_one_that_does_not_needs_none(
        self, monkeypatch: pytest.MonkeyPatch, template: Template, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(shutil, "which", lambda _: None)
        assert numbers(template.session([Cell(1, DOUBLE)], tmp_path).call("f", [X])) == [2, 4, 6]


@needs_sandbox
class TestASubmission:
    def test_works_on_a_copy_of_its_folder(self, sandboxed: Template, tmp_path: Path) -> None:
        (tmp_path / "deep/er").mkdir(parents=True)
        (tmp_path / "deep/er/data.txt").write_text("7")
        (tmp_path / "helper.py").write_text("value = 3")
        (tmp_path / "helper.sh").write_text("#!/bin/sh\necho 5")
        (tmp_path / "helper.sh").chmod(0o755)
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "link.py").symlink_to("helper.py")
        source = """
import os, helper, link
said = !./helper.sh
data = int(open('deep/er/data.txt').read())
values = [data, helper.value, link.value, int(said[0]), os.path.exists('pipe')]
for name in ('deep/er/data.txt', 'helper.py', 'new.txt'):
    open(name, 'w').write('x')
os.remove('helper.sh')
def f(x): return values
"""
        with sandboxed.session([Cell(1, source)], tmp_path, LIMITS) as session:
            assert session.run_cells()[0].outcome is None
            assert numbers(session.call("f", [X])) == [7, 3, 3, 5, 0]
        assert (tmp_path / "deep/er/data.txt").read_text() == "7"
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "deep",
            "helper.py",
            "helper.sh",
            "link.py",
            "pipe",
        ]

    def test_is_not_run_when_its_files_are_too_large(self, sandboxed: Template, tmp_path: Path) -> None:
        (tmp_path / "data").write_bytes(bytes(60 * MIB))
        with pytest.raises(WorkerUnavailable, match="48 MiB in 15,000 files"):
            sandboxed.session([], tmp_path, Limits(scratch_bytes=64 * MIB)).run_cells()

    def test_is_not_blamed_when_no_place_can_be_made_for_it(
        self, sandboxed: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client, "weigh", lambda *_: None)
        (tmp_path / "data").write_bytes(bytes(2 * MIB))
        session = sandboxed.session([Cell(1, DOUBLE)], tmp_path, Limits(scratch_bytes=MIB))
        with pytest.raises(WorkerUnavailable, match=r"could not be prepared: .*No space left"):
            session.run_cells()

    def test_has_what_notebooks_use(self, sandboxed: Template, tmp_path: Path) -> None:
        shown: list[CellMessage] = []
        cells = [
            "%%bash\necho bash",
            "!echo shell",
            "import asyncio\nawait asyncio.sleep(0)",
            "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
            "import multiprocessing\nwith multiprocessing.Pool(2) as pool: assert pool.map(abs, [-1]) == [1]",
            "import tempfile, threading\nwith tempfile.NamedTemporaryFile() as file: pass\n"
            "thread = threading.Thread(target=print); thread.start(); thread.join()",
            "from gradecheck.run import limits\nimport http.server, sqlite3, zlib",
            "import os\nassert os.path.expanduser('~') == '/tmp/home' and os.listdir('/tmp/home') == []",
        ]
        with sandboxed.session(
            [Cell(n, source) for n, source in enumerate(cells, 1)],
            tmp_path,
            LIMITS,
            lambda _, message: shown.append(message),
        ) as session:
            assert [result.outcome for result in session.run_cells()] == [None] * len(cells)
        assert any("image/png" in message.content.get("data", {}) for message in shown)
        printed = "".join(message.content.get("text", "") for message in shown)
        assert printed.replace("\r", "").startswith("bash\nshell\n")

    def test_runs_beside_others(self, sandboxed: Template, tmp_path: Path) -> None:
        def double(factor: int) -> Any:
            with sandboxed.session([Cell(1, f"def f(x): return {factor} * x")], tmp_path, LIMITS) as session:
                return numbers(session.call("f", [X]))

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(double, range(8))) == [[n, 2 * n, 3 * n] for n in range(8)]

    def test_costs_time_that_can_be_asked_for(self, sandboxed: Template, tmp_path: Path) -> None:
        before = sandboxed.cpu_seconds
        busy = "import time\nwhile time.process_time() < 0.5: pass"
        with sandboxed.session([Cell(1, busy)], tmp_path, LIMITS) as session:
            session.run_cells()
        assert 0.2 < sandboxed.cpu_seconds - before < 5


@needs_sandbox
class TestATemplate:
    def test_that_was_killed_costs_no_submission_anything(self, tmp_path: Path) -> None:
        with Template(sandbox=SandboxMode.REQUIRED, warm=False) as template:
            cells = [Cell(1, "n = 3"), Cell(2, "def f(x): return n * x")]
            session = template.session(cells, tmp_path, LIMITS)
            session.run_cells()
            kill(template)
            assert numbers(session.call("f", [X])) == [3, 6, 9]
            threading.Timer(0.5, kill, [template]).start()
            slow = "import time\ntime.sleep(1)\n" + DOUBLE
            session = template.session([Cell(1, slow)], tmp_path, LIMITS)
            assert session.run_cells()[0].outcome is None
            assert numbers(session.call("f", [X])) == [2, 4, 6]

    def test_outlives_the_thread_that_started_it(self, tmp_path: Path) -> None:
        template = Template(sandbox=SandboxMode.REQUIRED, warm=False)
        thread = threading.Thread(target=template.start)
        thread.start()
        thread.join()
        running = template._process
        with template:
            assert numbers(template.session([Cell(1, DOUBLE)], tmp_path, LIMITS).call("f", [X])) == [2, 4, 6]
            assert template._process is running

    def test_ends_with_a_judge_that_is_killed(self, tmp_path: Path) -> None:
        mark = f"sleep {3600 + secrets.randbelow(10**6)}"
        source = f"import subprocess\nsubprocess.Popen('{mark}'.split(), start_new_session=True)"
        pid = os.fork()
        if pid == 0:
            try:
                template = Template(sandbox=SandboxMode.REQUIRED, warm=False)
                template.session([Cell(1, source)], tmp_path, LIMITS).run_cells()
                (tmp_path / "reached").touch()
            finally:
                os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(pid, 0)
        assert (tmp_path / "reached").exists()
        assert soon(lambda: not running(mark))

    @pytest.mark.parametrize("leak", ["course", "secret", "writable"])
    def test_does_not_serve_when_its_sandbox_leaks(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leak: str
    ) -> None:
        course, package = tmp_path / "course", tmp_path / "package"
        course.mkdir()
        (course / "gradebook.db").touch()
        shutil.copytree(sandbox._PACKAGE, package)
        for path in (package, *package.rglob("*")):
            path.chmod(0o777)
        template = Template(sandbox=SandboxMode.REQUIRED, hidden=[course], warm=False)
        scratch = str(template._scratch())
        Path(scratch).chmod(0o755)
        options, kept, said = {
            "course": (["--ro-bind", str(course), str(course)], [str(course)], f"see {course}/gradebook.db"),
            "secret": (["--ro-bind", scratch, scratch], [scratch], f"see {scratch}/secret"),
            "writable": (["--bind", str(package), str(sandbox._PACKAGE)], [], "write to"),
        }[leak]
        monkeypatch.setattr(client, "wrap", lambda hidden: [*sandbox.wrap(hidden)[:-1], *options, "--"])
        monkeypatch.setattr(client, "kept_folders", lambda: (*sandbox.kept_folders(), *kept))
        with template, pytest.raises(WorkerUnavailable, match=f"a submission (would|could) {said}"):
            template.session([], course).run_cells()

    def test_masks_what_lies_within_a_folder_that_is_shown(self) -> None:
        command = sandbox.wrap([Path("/usr/share/doc")])
        assert command[(at := command.index("/usr/share/doc")) - 1 : at + 1] == ["--tmpfs", "/usr/share/doc"]


def as_nobody(*command: str) -> list[str]:
    """The command that runs another as an unprivileged user, who may read Python and this folder."""
    root = Path(__file__).parents[1]
    outer = ["bwrap", "--dev-bind", "/", "/", "--cap-add", "ALL", "--setenv", "HOME", "/nonexistent"]
    needed = {Path(sys.prefix), Path(sys.base_prefix), root}
    if any(folder.is_relative_to("/root") for folder in needed):  # where nobody may look
        outer += ["--tmpfs", "/root", "--chmod", "0755", "/root"]
        for folder in sorted(needed):
            if folder.is_relative_to("/root"):
                for parent in reversed(folder.parents[:-2]):
                    outer += ["--dir", str(parent)]
                outer += ["--ro-bind", str(folder), str(folder)]
    return [*outer, "--", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]


@needs_sandbox
@pytest.mark.slow
@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root can become another user"
)
def test_all_of_it_holds_for_a_user_without_privileges() -> None:
    allowed = subprocess.run(as_nobody("bwrap", *sandbox_options(), "true"), capture_output=True, check=False)
    if allowed.returncode != 0:
        pytest.skip("users without privileges can make no sandbox here")
    reads = subprocess.run(as_nobody(sys.executable, "-c", "import pytest"), capture_output=True, check=False)
    if reads.returncode != 0:
        pytest.skip("this Python lies in a folder that other users may not enter")
    tests = str(Path(__file__).with_name("test_sandbox_hostile.py"))
    command = as_nobody(sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", tests)
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parents[1], timeout=250, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "skipped" not in done.stdout


def sandbox_options() -> list[str]:
    return ["--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--uid", "0", "--"]


@needs_sandbox
class TestTheWarmStart:
    def test_gives_each_child_random_numbers_of_its_own(self, sandboxed: Template, tmp_path: Path) -> None:
        source = """
import numpy as np, random, tensorflow as tf
def f(x): return [tf.random.normal([]), tf.random.uniform([]), tf.random.get_global_generator().normal([]),
                  np.random.rand(), random.random()]
def g(x):
    tf.random.set_seed(7)
    return tf.random.normal([3])
"""
        drawn, seeded = [], []
        for _ in range(3):
            with sandboxed.session([Cell(1, source)], tmp_path, LIMITS) as session:
                drawn.append(numbers(session.call("f", [X])))
                seeded.append(numbers(session.call("g", [X])))
        for values in zip(*drawn, strict=True):
            assert len(set(values)) == 3
        assert seeded[0] == seeded[1] == seeded[2]

    def test_computes_the_same_as_a_fresh_process(
        self, sandboxed: Template, template: Template, tmp_path: Path
    ) -> None:
        source = """
import tensorflow as tf
def f(x):
    tf.random.set_seed(1)
    a = tf.random.normal([30, 30])
    b = tf.nn.conv2d(a[None, :, :, None], a[:3, :3, None, None], 1, "SAME")
    return tf.nn.softmax(a @ a) + b[0, :, :, 0]
"""
        answers = []
        for origin in (sandboxed, template):
            with origin.session([Cell(1, source)], tmp_path, LIMITS) as session:
                answers.append(numbers(session.call("f", [X])))
        assert answers[0] == answers[1]

    @pytest.mark.parametrize("harm", ["raise ValueError", "while True: pass"])
    def test_is_left_out_when_its_canary_does_not_sing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
    ) -> None:
        monkeypatch.setattr(warm, "CANARY", harm)
        monkeypatch.setattr(canary, "_LIMITS", Limits(cell_seconds=1.0, grace_seconds=0.2, restarts=0))
        with Template(warm=True) as template, template.session([Cell(1, DOUBLE)], tmp_path) as session:
            assert numbers(session.call("f", [X])) == [2, 4, 6]
            assert template._process is not None
            assert not template._process.options.warm

    def test_is_kept_when_it_sings(self, sandboxed: Template, tmp_path: Path) -> None:
        with sandboxed.session([Cell(1, DOUBLE)], tmp_path, LIMITS) as session:
            session.run_cells()
        assert sandboxed._process is not None
        assert sandboxed._process.options.warm

    def test_finds_tensorflows_private_names(self) -> None:
        code = (
            "from tensorflow.python.eager import context; context._reset_context\n"
            "from gradecheck.run.warm import Scatter; assert len(Scatter()._generators) == 2"
        )
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def kill(template: Template) -> None:
    assert template._process is not None
    template._process._process.kill()


def running(mark: str) -> bool:
    return (
        mark in subprocess.run(["ps", "ax", "-o", "args"], capture_output=True, text=True, check=True).stdout
    )


def soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 8
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
