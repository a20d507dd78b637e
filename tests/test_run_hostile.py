"""Submissions that die, hang, flood, forge and leave things behind: each costs only itself."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradecheck.run.cells import Cell, CellMessage
from gradecheck.run.client import Template
from gradecheck.run.limits import Limits
from gradecheck.run.outcome import Died, Missing, NotArray, Outcome, Raised, Returned, TimedOut
from gradecheck.run.session import Session

X = np.float32([1, 2, 3])
LIMITS = Limits(call_seconds=0.7, cell_seconds=1.5, grace_seconds=0.3)
#: An eternity beside these limits, even on a busy machine; far below what the calls here would take.
IN_TIME = 15.0
HONEST = "def honest(x): return 2 * x"


@pytest.fixture
def submit(template: Template, tmp_path: Path) -> Iterator[Any]:
    made: list[Session] = []

    def make(*sources: str, limits: Limits = LIMITS, on_message: Any = None) -> Session:
        cells = [Cell(number, source) for number, source in enumerate((*sources, HONEST), 1)]
        made.append(template.session(cells, tmp_path, limits, on_message))
        return made[-1]

    yield make
    for session in made:
        session.close()


def assert_honest(session: Session) -> None:
    outcome = session.call("honest", [X])
    assert isinstance(outcome, Returned), outcome
    assert isinstance(outcome.values[0], np.ndarray)
    assert outcome.values[0].tolist() == [2, 4, 6]


def timed(session: Session, name: str) -> tuple[Outcome, float]:
    start = time.monotonic()
    return session.call(name, [X]), time.monotonic() - start


ENDINGS = {
    "aborts": ("import os\ndef f(x): os.abort()", Died(signal.SIGABRT)),
    "segfaults": ("import ctypes\ndef f(x): ctypes.string_at(0)", Died(signal.SIGSEGV)),
    "kills itself": ("import os\ndef f(x): os.kill(os.getpid(), 9)", Died(signal.SIGKILL)),
    "exits at once": ("import os\ndef f(x): os._exit(0)", Died(None)),
    "closes the channel": ("import os\ndef f(x): os.closerange(3, 4096)", Died(None)),
    "closes the channel and goes on": (
        "import os\ndef f(x):\n    os.closerange(3, 4096)\n    while True: pass",
        Died(None),
    ),
    "loops": ("def f(x):\n    while True: pass", TimedOut(0.7)),
    "sleeps": ("import time\ndef f(x): time.sleep(60)", TimedOut(0.7)),
    "loops whatever happens": (
        "def f(x):\n    while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass",
        TimedOut(0.7),
    ),
    "returns when interrupted": (
        "def f(x):\n    try:\n        while True: pass\n    except BaseException: return 2 * x",
        TimedOut(0.7),
    ),
    "ignores signals": (
        "import signal\ndef f(x):\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n    while True: pass",
        TimedOut(0.7),
    ),
    "stops itself": ("import os, signal\ndef f(x): os.kill(os.getpid(), signal.SIGSTOP)", TimedOut(0.7)),
    "leaves by a fork": (
        "import os\ndef f(x):\n    if os.fork(): os._exit(0)\n    while True: pass",
        TimedOut(0.7),  # the copy keeps the channel open
    ),
    "prints without end": ("def f(x):\n    while True: print('x' * 1000)", TimedOut(0.7)),
    "writes without end": ("import os\ndef f(x):\n    while True: os.write(1, b'x' * 100)", None),
}


@pytest.mark.parametrize("how", list(ENDINGS))
def test_a_call_that_does_not_come_back_is_reported_in_time_and_the_next_call_works(
    submit: Any, how: str
) -> None:
    source, expected = ENDINGS[how]
    session = submit(source)
    session.run_cells()
    outcome, seconds = timed(session, "f")
    assert outcome == expected or expected is None
    assert not isinstance(outcome, Returned)
    assert seconds < IN_TIME
    assert_honest(session)


def test_a_cell_that_ends_the_process_is_recorded_and_left_out_afterwards(submit: Any) -> None:
    shown: list[tuple[int, CellMessage]] = []
    session = submit(
        "print('first')\na = 1",
        "import os\nos.abort()",
        "print('third')\ndef f(x): return a * x",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        on_message=lambda number, message: shown.append((number, message)),
    )
    outcomes = [(result.number, result.outcome, result.ran) for result in session.run_cells()]
    assert outcomes == [
        (1, None, True),
        (2, Died(signal.SIGABRT), True),
        (3, None, True),
        (4, TimedOut(1.5), True),
        (5, None, True),
    ]
    texts = [message.content["text"] for _, message in shown if message.type == "stream"]
    assert texts == ["first\n", "third\n"]
    assert isinstance(session.call("f", [X]), Returned)
    assert_honest(session)


def test_a_cell_that_is_interrupted_in_time_keeps_what_was_defined_before(submit: Any) -> None:
    session = submit("a = 3\nwhile True: pass", "def f(x): return a")
    assert session.run_cells()[0].outcome == TimedOut(1.5)
    outcome = session.call("f", [X])
    assert isinstance(outcome, Returned)


def test_after_three_deadly_cells_the_rest_is_not_run(submit: Any) -> None:
    session = submit(*["import os\nos._exit(1)"] * 4)
    results = session.run_cells()
    assert [(result.outcome, result.ran) for result in results] == [
        *[(Died(None), True)] * 4,
        (None, False),
    ]
    assert session.call("honest", [X]) == Missing("honest")


def test_a_flood_of_output_is_cut_and_the_cell_goes_on(submit: Any) -> None:
    texts: dict[str, list[str]] = {"stdout": [], "stderr": []}

    def keep(_: int, message: CellMessage) -> None:
        texts[message.content["name"]].append(message.content["text"])

    source = (
        "for _ in range(100_000): print('x' * 100)\nimport os\nos.system('head -c 20000000 /dev/zero')\na = 1"
    )
    session = submit(source, limits=Limits(output_bytes=10_000), on_message=keep)
    assert session.run_cells()[0].outcome is None
    assert len("".join(texts["stdout"])) == 10_000
    assert "".join(texts["stderr"]) == "\n[The rest of this cell's output was cut off.]\n"
    assert_honest(session)


def test_a_display_over_the_cap_is_left_out(submit: Any) -> None:
    shown: list[str] = []
    session = submit(
        "from IPython.display import HTML, display\ndisplay(HTML('x' * 100_000))",
        limits=Limits(output_bytes=10_000),
        on_message=lambda _, message: shown.append(message.type),
    )
    assert session.run_cells()[0].outcome is None
    assert shown == ["stream"]


FORGERIES = {
    "a reply with another id": """
import json, struct
head = json.dumps({"id": "0" * 16, "outcome": "returned", "values": [None], "used": [],
                   "arrays": [{"dtype": "float32", "shape": [3]}]}).encode()
forged = struct.pack("<I", len(head)) + head + struct.pack("<3f", 2, 4, 6)
""",
    "garbage": "forged = b'\\xff' * 100",
    "nothing but zeros": "forged = bytes(1000)",
    "half a header": "forged = b'\\x10\\x00\\x00\\x00{'",
}
WRITE_EVERYWHERE = """
import os
def f(x):
    for descriptor in range(3, 2000):
        try:
            os.write(descriptor, forged)
        except OSError:
            pass
    return x
"""


@pytest.mark.parametrize("what", list(FORGERIES))
def test_a_forgery_written_to_every_descriptor_fails_only_its_own_call(submit: Any, what: str) -> None:
    session = submit(FORGERIES[what] + WRITE_EVERYWHERE)
    outcome, seconds = timed(session, "f")
    assert not isinstance(outcome, Returned)
    assert seconds < 3
    assert_honest(session)


def test_what_the_process_patches_stays_in_the_process(submit: Any) -> None:
    source = """
import builtins, json, numpy as np, struct, os, tensorflow as tf
np.testing.assert_allclose = np.allclose = lambda *a, **k: True
json.dumps = lambda *a, **k: '{"outcome": "returned"}'
struct.pack = lambda *a: b''
np.array = np.asarray = np.ascontiguousarray = lambda *a, **k: None
builtins.isinstance = lambda *a: True
builtins.len = lambda *a: 0
os._exit = lambda *a: None
tf.constant = None
def f(x): return x
"""
    session = submit(source)
    assert not isinstance(session.call("f", [X]), Returned)
    assert np.array([1]).tolist() == [1]


def test_the_next_submission_knows_nothing_of_the_patches_before(submit: Any) -> None:
    submit("import numpy as np\nnp.array = None").run_cells()
    assert_honest(submit())


def test_memory_is_limited(submit: Any) -> None:
    outcome = submit("def f(x): return bytearray(8 << 30)").call("f", [X])
    assert isinstance(outcome, Raised)
    assert outcome.type == "MemoryError"


def test_more_numbers_than_a_message_may_hold_are_described(submit: Any) -> None:
    source = "import numpy as np\ndef f(x): return [np.zeros(1 << 24, np.uint8)] * 8"
    session = submit(source, limits=Limits())
    outcome = session.call("f", [X], outputs=2)
    assert isinstance(outcome, Returned)
    assert outcome.values == (NotArray("other", "far more numbers than were asked for"),)


def test_threads_that_print_do_not_garble_the_messages(submit: Any) -> None:
    source = """
import threading
def chatter():
    for _ in range(2000): print('x' * 100, flush=True)
threads = [threading.Thread(target=chatter) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    session = submit(source, limits=Limits(output_bytes=10**6))
    assert session.run_cells()[0].outcome is None


def processes_of(folder: Path) -> list[int]:
    """The processes whose working directory is `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").readlink() == folder and (entry / "stat").read_text().split()[2] != "Z":
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


LEAVE_SOMETHING = """
import os, subprocess, time
subprocess.Popen(['sleep', '60'])
subprocess.Popen(['sleep', '60'], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: time.sleep(1)
    os._exit(0)
os.wait()
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux shows a process's folder")
class TestNothingIsLeftBehind:
    def test_by_a_session_that_is_closed(self, submit: Any, tmp_path: Path) -> None:
        session = submit(LEAVE_SOMETHING)
        session.run_cells()
        assert len(processes_of(tmp_path)) >= 4
        session.close()
        assert processes_of(tmp_path) == []

    def test_by_cells_once_there_are_calls(self, submit: Any, tmp_path: Path) -> None:
        session = submit(LEAVE_SOMETHING.replace("if os.fork() == 0:\n    os.setsid()", "if os.fork() == 0:"))
        assert_honest(session)
        assert len(processes_of(tmp_path)) == 1

    def test_by_a_process_that_died(self, submit: Any, tmp_path: Path) -> None:
        session = submit(LEAVE_SOMETHING + "\nos.abort()")
        session.run_cells()
        session.close()
        assert processes_of(tmp_path) == []

    def test_by_a_template_that_is_closed_before_its_sessions(self, tmp_path: Path) -> None:
        with Template() as template:
            template.session([Cell(1, LEAVE_SOMETHING)], tmp_path).run_cells()
            session = template.session([Cell(1, LEAVE_SOMETHING)], tmp_path)
            session.run_cells()
        assert processes_of(tmp_path) == []

    def test_by_a_judge_that_is_killed(self, tmp_path: Path) -> None:
        pid = os.fork()
        if pid == 0:
            try:
                template = Template()
                template.session([Cell(1, LEAVE_SOMETHING)], tmp_path).run_cells()
            finally:
                os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(pid, 0)
        deadline = time.monotonic() + 30
        while processes_of(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert processes_of(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_template_that_a_submission_ends_is_replaced(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradecheck.run.process._REPLY_SECONDS", 0.5)
    monkeypatch.setattr("gradecheck.run.process._QUIT_SECONDS", 0.5)
    cells = [
        Cell(1, f"import os\ndef f(x):\n    os.kill(os.getppid(), {int(number)})\n    os._exit(0)"),
        Cell(2, HONEST),
    ]
    with Template() as template, template.session(cells, tmp_path, LIMITS) as session:
        assert isinstance(session.call("f", [X]), Died)
        assert_honest(session)


def test_who_ends_what_all_were_started_by_is_told_so_and_nobody_else_is(tmp_path: Path) -> None:
    guilty = [
        Cell(1, "seen = 1"),
        Cell(2, "import os\nos.kill(os.getppid(), 9)"),
        Cell(3, HONEST),
    ]
    with Template() as template, template.session([Cell(1, HONEST)], tmp_path, LIMITS) as neighbour:
        assert_honest(neighbour)
        with template.session(guilty, tmp_path, LIMITS) as session:
            outcomes = [result.outcome for result in session.run_cells()]
            assert outcomes == [None, Died(None, starter=True), None]
            assert "it ended the process that had started it" in str(outcomes[1].how)
            assert_honest(session)
        assert_honest(neighbour)


def test_what_a_cell_prints_and_displays_is_not_kept_in_its_process(submit: Any) -> None:
    session = submit(
        "for _ in range(200): print('x' * 1_000_000)",
        "display('x' * 100_000)\n'y' * 100_000",
        "kept = get_ipython().history_manager.outputs\ndef f(x): return len(kept)",
        "import resource\ndef size(x): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024",
    )
    assert [result.outcome for result in session.run_cells()] == [None] * 5
    outcome = session.call("f", [X])
    assert isinstance(outcome, Returned)
    assert outcome.values == (0,)
    outcome = session.call("size", [X])
    assert isinstance(outcome, Returned)
    assert float(str(outcome.values[0])) < 700  # MiB; 200 of them were printed


@pytest.mark.parametrize(
    "harm",
    [
        "import sys\nsys.stdout.close()\nsys.stderr.close()",
        "import sys\nsys.stdout = sys.stderr = None",
        "import os\nfor number in (0, 1, 2): os.close(number)",
        "import os\nos.dup2(0, 1)",
    ],
)
def test_closed_standard_streams_are_there_again_in_the_next_cell(submit: Any, harm: str) -> None:
    texts: list[str] = []

    def keep(number: int, message: CellMessage) -> None:
        if number == 2:
            texts.append(message.content["text"])

    session = submit(harm, "import os\nprint('seen')\nos.write(1, b'this, too') and None", on_message=keep)
    assert [result.outcome for result in session.run_cells()] == [None] * 3
    assert sorted("".join(texts)) == sorted("seen\nthis, too")
    assert_honest(session)


def test_a_thread_that_prints_on_and_on_is_no_forger(submit: Any) -> None:
    talk = "import os, threading\ndef talk():\n    while True:\n        print('x' * 100)\n"
    talk += "        os.write(1, b'y' * 100)\nthreading.Thread(target=talk, daemon=True).start()"
    session = submit(talk, *["a = 1"] * 20, on_message=lambda *_: None)
    assert [result.outcome for result in session.run_cells()] == [None] * 22
    assert_honest(session)


def test_names_of_libraries_that_an_answer_binds_anew_harm_no_other_answer(submit: Any) -> None:
    harm = """
import json, math, selectors, struct, time
import numpy as np, tensorflow as tf
def f(x):
    for module, names in (
        (np, "array stack empty ascontiguousarray frombuffer float64"),
        (json, "dumps loads"), (struct, "Struct pack unpack"), (math, "prod"), (time, "monotonic sleep"),
        (tf, "constant convert_to_tensor Tensor Variable RaggedTensor"), (selectors, "DefaultSelector"),
    ):
        for name in names.split():
            setattr(module, name, lambda *_, **__: 0)
    return 0
"""
    session = submit(harm)
    assert isinstance(session.call("f", [X]), Returned)
    assert_honest(session)
    outcome = session.call("honest", [X], report_arguments=True)
    assert isinstance(outcome, Returned)
    assert len(outcome.arguments_after) == 1
