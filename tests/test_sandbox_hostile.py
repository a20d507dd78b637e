"""Submissions that try to get out of the sandbox: each fails, and nothing outside has changed."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradecheck.run.cells import Cell
from gradecheck.run.client import Template
from gradecheck.run.limits import MIB, Limits
from gradecheck.run.outcome import Died, Outcome, Raised, Returned
from gradecheck.run.sandbox import SandboxMode, sandbox_unavailable
from gradecheck.run.session import Session

X = np.float32([1, 2, 3])
LIMITS = Limits(call_seconds=8.0, cell_seconds=8.0, grace_seconds=0.3, scratch_bytes=64 * MIB)

pytestmark = pytest.mark.skipif(sandbox_unavailable() is not None, reason=str(sandbox_unavailable()))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with everything that a submission must not see."""
    course = tmp_path_factory.mktemp("course")
    for name in ("solutions/answer.ipynb", "gradebook.db", "secret", "submitted/other/answer.ipynb"):
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text("hidden")
    (course / "submitted/me").mkdir()
    return course


@pytest.fixture(scope="module")
def sandboxed(course: Path) -> Iterator[Template]:
    os.environ["COURSE_SECRET"] = "hidden"
    with Template(sandbox=SandboxMode.REQUIRED, hidden=[course]) as template:
        del os.environ["COURSE_SECRET"]
        template.session([], course).run_cells()  # so that it stands before the first test looks around
        yield template


@pytest.fixture
def submit(sandboxed: Template, course: Path) -> Iterator[Any]:
    made: list[Session] = []

    def make(source: str, limits: Limits = LIMITS) -> Session:
        cells = [Cell(1, source), Cell(2, "def honest(x): return 2 * x")]
        made.append(sandboxed.session(cells, course / "submitted/me", limits))
        return made[-1]

    before, processes = snapshot(course), processes_of(sandboxed)
    yield make
    for session in made:
        assert_honest(session)
    assert not made or processes_of(sandboxed) != processes
    for session in made:
        session.close()
    assert snapshot(course) == before
    assert_all_gone(sandboxed, processes)


def assert_honest(session: Session) -> None:
    outcome = session.call("honest", [X])
    assert isinstance(outcome, Returned), outcome
    assert isinstance(outcome.values[0], np.ndarray)
    assert outcome.values[0].tolist() == [2, 4, 6]


def snapshot(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path): (path.stat().st_mtime_ns, "" if path.is_dir() else path.read_text())
        for path in sorted(folder.rglob("*"))
    }


def processes_of(template: Template) -> set[int]:
    """The template's process and all below it, seen from outside, where a sandbox hides none."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    assert template._process is not None
    found, more = set(), {template._process._process._process.pid}
    while more:
        found |= more
        more = {pid for pid, parent in parents.items() if parent in more} - found
    return found


def assert_all_gone(template: Template, before: set[int]) -> None:
    deadline = time.monotonic() + 5
    while processes_of(template) != before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes_of(template) == before


def numbers(outcome: Outcome) -> list[float]:
    assert isinstance(outcome, Returned), outcome
    assert isinstance(outcome.values[0], np.ndarray), outcome
    return [float(number) for number in outcome.values[0].ravel()]


TRY = """
import os, socket, subprocess, ctypes, signal
def blocked(attempt):
    try:
        attempt()
    except Exception as error:
        return True
    return False
"""


def assert_blocked(session: Session, *functions: str) -> None:
    for function in functions:
        assert numbers(session.call(function, [X])) == [1], function


class TestItSees:
    @pytest.mark.parametrize(
        "name", ["solutions/answer.ipynb", "gradebook.db", "secret", "submitted/other/answer.ipynb"]
    )
    def test_nothing_of_the_course(self, submit: Any, course: Path, name: str) -> None:
        source = f"def f(x): return blocked(lambda: open({str(course / name)!r}))"
        source += f"\ndef g(x): return not os.path.lexists({str(course)!r})"
        assert_blocked(submit(TRY + source), "f", "g")

    def test_no_other_file_of_this_folder(self, submit: Any) -> None:
        root = Path(__file__).parents[1]
        session = submit(
            TRY + f"def f(x): return set(os.listdir({str(root)!r})) <= {{'gradecheck', '.venv'}}"
        )
        assert_blocked(session, "f")

    def test_no_home(self, submit: Any) -> None:
        home = Path.home()
        names = [path.name for path in home.iterdir()] if home.is_dir() else []
        source = f"def f(x): return blocked(lambda: open({str(home / '.bashrc')!r}))\n"
        source += f"def g(x): return sum(os.path.exists({str(home)!r} + '/' + n) for n in {names!r}) <= 1\n"
        source += "def h(x): return os.path.expanduser('~') == '/tmp/home'"
        assert_blocked(submit(TRY + source), "f", "g", "h")

    def test_no_environment_of_the_judge_in_any_process(self, submit: Any) -> None:
        source = """
def f(x):
    seen = str(dict(os.environ))
    for pid in os.listdir('/proc'):
        try:
            seen += open(f'/proc/{pid}/environ').read()
        except OSError:
            pass
    return 'COURSE_SECRET' not in seen and 'hidden' not in seen
"""
        assert_blocked(submit(TRY + source), "f")

    def test_no_process_but_its_own(self, submit: Any) -> None:
        source = "def f(x): return [int(p) for p in os.listdir('/proc') if p.isdigit()] == [1, os.getpid()]"
        assert_blocked(submit(TRY + source + "\ndef g(x): return os.getppid() == 0"), "f", "g")

    def test_no_other_submission(self, sandboxed: Template, course: Path) -> None:
        cells = [Cell(1, "open('/tmp/mine', 'w'); open('/dev/shm/mine', 'w')\ndef f(x): return x")]
        look = "import os\ndef f(x): return len(os.listdir('/dev/shm')), os.path.exists('/tmp/mine')"
        with (
            sandboxed.session(cells, course / "submitted/me", LIMITS) as one,
            sandboxed.session([Cell(1, look)], course / "submitted/me", LIMITS) as other,
        ):
            one.run_cells()
            assert numbers(other.call("f", [X])) == [0, 0]


class TestItReaches:
    def test_no_socket_of_the_judge(self, submit: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            source = f"""
def f(x): return blocked(lambda: socket.create_connection(('127.0.0.1', {port}), 2))
def g(x): return blocked(lambda: socket.create_connection(('10.0.0.1', 80), 2))
def h(x): return blocked(lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM))
def i(x): return blocked(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
"""
            assert_blocked(submit(TRY + source), "f", "g", "h", "i")
            server.settimeout(0)
            with pytest.raises(BlockingIOError):
                server.accept()

    def test_no_abstract_socket(self, submit: Any) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("\0gradecheck-test")
            server.listen()
            source = "mine = socket.socket(socket.AF_UNIX)\n"
            source += "def f(x): return blocked(lambda: mine.connect('\\0gradecheck-test'))"
            assert_blocked(submit(TRY + source), "f")

    @pytest.mark.parametrize(
        "call",
        [
            "libc.ptrace(16, 1, 0, 0)",
            "libc.unshare(0x10000000)",
            "libc.unshare(0x00020000)",
            "libc.mount(b'none', b'/mnt', b'tmpfs', 0, None)",
            "libc.umount2(b'/proc', 2)",
            "libc.chroot(b'/tmp')",
            "libc.setuid(0)",
            "libc.setresuid(0, 0, 0)",
            "libc.setns(os.open('/proc/1/ns/mnt', os.O_RDONLY), 0)",
            "libc.process_vm_readv(1, None, 0, None, 0, 0)",
            "libc.syscall(435, None, 0)",
            "libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)",
            "libc.syscall(425, 8, ctypes.create_string_buffer(256))",
            "libc.syscall(304, 0, None, 0)",
            "libc.shmget(0, 4096, 0o1600)",
            "libc.bpf(0, None, 0)",
            "libc.reboot(0)",
            "libc.sethostname(b'x', 1)",
        ],
    )
    def test_no_power_over_the_kernel(self, submit: Any, call: str) -> None:
        source = f"""
libc = ctypes.CDLL(None, use_errno=True)
def attempt():
    if {call} < 0:
        raise OSError
def f(x): return blocked(attempt)
"""
        assert_blocked(submit(TRY + source), "f")

    @pytest.mark.parametrize("target", ["1", "-1"])
    @pytest.mark.parametrize("number", ["SIGKILL", "SIGSTOP", "SIGTERM"])
    def test_no_process_with_a_signal(self, submit: Any, target: str, number: str) -> None:
        session = submit(TRY + f"def f(x): os.kill({target}, signal.{number})\ndef g(x): return x")
        assert isinstance(session.call("f", [X]), Returned | Raised)
        assert isinstance(session.call("g", [X]), Returned)

    @pytest.mark.parametrize("target", ["0", "os.getppid()"])
    def test_but_itself(self, submit: Any, target: str) -> None:
        source = f"def f(x): os.kill({target}, signal.SIGKILL)"  # its parent is 0 to its eyes, its own group
        assert submit(TRY + source).call("f", [X]) == Died(9)

    def test_no_memory_of_its_parent(self, submit: Any) -> None:
        source = """
def f(x): return blocked(lambda: open('/proc/1/mem', 'rb').read(1))
def g(x): return blocked(lambda: open('/proc/1/maps').read())
def h(x): return blocked(lambda: os.readlink('/proc/1/fd/0'))
def i(x): return blocked(lambda: os.listdir('/proc/1/root/'))
"""
        assert_blocked(submit(TRY + source), "f", "g", "h", "i")

    def test_no_file_but_its_own(self, submit: Any) -> None:
        source = """
def write(path):
    with open(path, 'a') as file:
        file.write('x')
import sys, gradecheck, numpy
PATHS = ['/x', '/usr/x', '/etc/x', '/root/x', '/dev/x', '/proc/sys/kernel/hostname', sys.prefix + '/x',
         gradecheck.__file__, numpy.__file__, sys.executable, '/proc/sysrq-trigger', '/home/x']
def f(x): return sum(not blocked(lambda: write(path)) for path in PATHS) == 0
def g(x): return blocked(lambda: os.rename(os.path.dirname(gradecheck.__file__), '/tmp/g'))
def h(x): return blocked(lambda: os.mknod('/tmp/disk', 0o60600, os.makedev(254, 0)))
"""
        assert_blocked(submit(TRY + source), "f", "g", "h")

    def test_nothing_through_a_link_beside_the_notebook(
        self, sandboxed: Template, course: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "link").symlink_to(course / "secret")
        source = TRY + "def f(x): return blocked(lambda: open('link')) and os.path.islink('link')"
        with sandboxed.session([Cell(1, source)], tmp_path, LIMITS) as session:
            assert_blocked(session, "f")


class TestItUses:
    def test_no_more_processes_than_allowed(self, submit: Any) -> None:
        source = """
count = 0
try:
    while True:
        if os.fork() == 0:
            import time; time.sleep(60); os._exit(0)
        count += 1
except OSError:
    def f(x): return count
"""
        (count,) = numbers(submit(TRY + source, Limits(processes=40)).call("f", [X]))
        assert 20 <= count < 40

    def test_nothing_by_a_fork_bomb(self, submit: Any) -> None:
        bomb = "while True:\n    try: os.fork()\n    except OSError: pass"
        limits = Limits(cell_seconds=1.5, grace_seconds=0.3, processes=100)
        start = time.monotonic()
        submit(TRY + bomb, limits).run_cells()
        assert time.monotonic() - start < 20

    def test_no_more_memory_than_allowed(self, submit: Any) -> None:
        outcome = submit("def f(x): return bytearray(8 << 30)").call("f", [X])
        assert isinstance(outcome, Raised)
        assert outcome.type == "MemoryError"

    @pytest.mark.parametrize("folder", ["/tmp", "/dev/shm", "."])
    def test_no_more_disk_than_allowed(self, submit: Any, folder: str) -> None:
        source = f"""
def f(x):
    written = 0
    try:
        for n in range(100):
            with open('{folder}/' + str(n), 'wb', buffering=0) as file:
                written += file.write(bytes(1 << 20))
    except OSError:
        pass
    return written >> 20
"""
        (written,) = numbers(submit(source).call("f", [X]))
        assert 50 <= written <= 64

    def test_no_more_files_than_allowed(self, submit: Any) -> None:
        source = """
def f(x):
    for n in range(1_000_000):
        try:
            open(f'/tmp/{n}', 'w').close()
        except OSError:
            return n
"""
        (count,) = numbers(submit(source).call("f", [X]))
        assert count < 20_000

    def test_no_more_descriptors_than_allowed(self, submit: Any) -> None:
        source = "def f(x):\n    files = []\n    while True: files.append(open('/dev/null'))"
        assert isinstance(submit(source).call("f", [X]), Raised | Died)

    def test_no_file_larger_than_allowed(self, submit: Any) -> None:
        source = "def f(x): return blocked(lambda: os.truncate(os.open('/tmp/big', 66, 0o600), 1 << 34))"
        assert_blocked(submit(TRY + source), "f")


class TestItLeaves:
    @pytest.mark.parametrize(
        "ending", ["pass", "os.abort()", "os._exit(0)", "os.kill(os.getpid(), 9)", "while True: pass"]
    )
    def test_no_daemon(self, submit: Any, ending: str) -> None:
        source = """
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp('sleep', ['sleep', '3600'])
        os._exit(0)
"""
        limits = Limits(cell_seconds=1.0, grace_seconds=0.2)
        submit(TRY + source + ending, limits).run_cells()

    def test_nothing_in_the_next_session(self, submit: Any) -> None:
        submit("open('left', 'w'); open('/tmp/left', 'w'); open('/tmp/home/left', 'w')").run_cells()
        look = "import os\nleft = [os.path.exists(p + '/left') for p in ('.', '/tmp', '/tmp/home')]"
        assert numbers(submit(look + "\ndef f(x): return left").call("f", [X])) == [0, 0, 0]


class TestItLeavesTensorFlowEnough:
    """TensorFlow starts its threads at the first call, and aborts where it cannot."""

    def test_after_cells_that_start_all_the_threads_they_can(self, submit: Any) -> None:
        source = "import threading, time\nfor _ in range(2000):\n"
        source += "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
        assert_honest(submit(source, Limits(processes=64)))

    def test_after_cells_that_open_all_the_files_they_can(self, submit: Any) -> None:
        assert_honest(submit("import os\nheld = [os.pipe() for _ in range(5000)]"))


LEAVE = """
import os, subprocess
def beget(then):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            then()
        os._exit(0)
beget(lambda: os.execvp("sleep", ["sleep", "3600"]))
def many():
    for _ in range(4): os.fork()
    os.execvp('sleep', ['sleep', '3600'])
beget(many)
subprocess.Popen(["sleep", "3600"], start_new_session=True)
def others(x):
    return sum(name.isdigit() for name in os.listdir("/proc")) - 2  # the keeper and ourselves
"""


class TestCallsAreAlone:
    def test_what_cells_started_is_gone(self, submit: Any) -> None:
        assert numbers(submit(LEAVE).call("others", [X])) == [0]

    @pytest.mark.parametrize(
        "way",
        [
            "os.fork() or os._exit(0)",
            "subprocess.run(['true'])",
            "os.posix_spawn('/bin/true', ['true'], {})",
            "os.execv('/bin/true', ['true'])",
            "ctypes.CDLL(None).syscall(58) == -1 and int('refused')",
            "threaded(os.fork)",
        ],
    )
    def test_none_starts_another_process(self, submit: Any, way: str) -> None:
        source = """
import queue, threading
asked, told = queue.Queue(), queue.Queue()
def work():
    while True: told.put(blocked(asked.get()))
threading.Thread(target=work, daemon=True).start()
def threaded(attempt):
    asked.put(attempt)
    if told.get(): raise OSError
"""
        assert_blocked(submit(f"{TRY}{source}\ndef f(x): return blocked(lambda: {way})"), "f")

    def test_they_may_start_threads(self, submit: Any) -> None:
        source = "from concurrent.futures import ThreadPoolExecutor\n"
        source += "def f(x):\n    with ThreadPoolExecutor(3) as pool: return list(pool.map(abs, [-1, 2]))"
        assert numbers(submit(source).call("f", [X])) == [1, 2]

    def test_after_cells_that_start_all_the_processes_they_can(self, submit: Any) -> None:
        source = "import os, time\nfor _ in range(400):\n    if os.fork() == 0:\n"
        source += "        time.sleep(60)\n        os._exit(0)"
        assert_honest(submit(source, Limits(processes=64)))
