"""Whole submissions in processes of their own; what misbehaves is in test_run_hostile.py."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradecheck.errors import WorkerUnavailable
from gradecheck.run import client
from gradecheck.run.caller import ArgumentKind, Caller
from gradecheck.run.cells import Cell, CellMessage, CellResult
from gradecheck.run.client import Template
from gradecheck.run.limits import Limits
from gradecheck.run.outcome import Died, Frame, Missing, NotArray, Raised, Returned, TimedOut
from gradecheck.run.process import TemplateProcess
from gradecheck.run.session import Session

X = np.float32([[1, -2, 3]])
LIMITS = Limits(call_seconds=5, cell_seconds=10, grace_seconds=0.5)


class Submission:
    """A session with the messages of its cells."""

    def __init__(self, template: Template, folder: Path, *sources: str, first: int = 1) -> None:
        self.messages: list[tuple[int, CellMessage]] = []
        cells = [Cell(number, source) for number, source in enumerate(sources, first)]
        self.session: Session = template.session(
            cells, folder, LIMITS, lambda number, message: self.messages.append((number, message))
        )

    def run(self) -> tuple[CellResult, ...]:
        return self.session.run_cells()

    def call(self, name: str, **options: Any) -> Any:
        caller: Caller = self.session
        return caller.call(name, [X], **options)

    def text(self, stream: str = "stdout") -> str:
        contents = [message.content for _, message in self.messages if message.type == "stream"]
        return "".join(content["text"] for content in contents if content["name"] == stream)

    def contents(self, kind: str) -> list[Any]:
        return [message.content for _, message in self.messages if message.type == kind]


@pytest.fixture
def submit(template: Template, tmp_path: Path) -> Iterator[Any]:
    made: list[Submission] = []

    def make(*sources: str, first: int = 1) -> Submission:
        made.append(Submission(template, tmp_path, *sources, first=first))
        return made[-1]

    yield make
    for submission in made:
        submission.session.close()


def test_a_function_of_the_notebook_is_called_with_float32_tensors(submit: Any) -> None:
    submission = submit("import tensorflow as tf", "def f(x):\n    kind = type(x)\n    return tf.abs(x)")
    outcome = submission.call("f")
    assert isinstance(outcome, Returned)
    assert outcome.values[0].tolist() == [[1, 2, 3]]
    assert outcome.values[0].dtype == np.float32
    assert submission.run() == (CellResult(1, None), CellResult(2, None))


@pytest.mark.parametrize("kind", list(ArgumentKind))
def test_arguments_come_in_every_kind(submit: Any, kind: ArgumentKind) -> None:
    submission = submit(
        "kinds = []\ndef f(x):\n    kinds.append(type(x).__name__)\n    return x * len(kinds[0])"
    )
    outcome = submission.call("f", kind=kind)
    length = len("ndarray" if "arrays" in kind.value else "EagerTensor")
    assert outcome.values[0].tolist() == (X * length).tolist()
    assert outcome.values[0].dtype == (np.float32 if "32" in kind.value else np.float64)


def test_several_outputs_and_the_arguments_afterwards(submit: Any) -> None:
    submission = submit("def f(x):\n    x[0, 0] = 9\n    return x, None")
    outcome = submission.call("f", kind=ArgumentKind.ARRAY32, outputs=2, report_arguments=True)
    assert outcome.values[0].tolist() == [[9, -2, 3]]
    assert outcome.values[1] == NotArray("none", "None")
    assert outcome.arguments_after[0].tolist() == [[9, -2, 3]]


def test_two_outputs_that_stack_where_one_was_asked_for_are_counted(submit: Any) -> None:
    submission = submit("def f(x): return x, x")
    assert submission.call("f").stacked_from == 2
    assert submission.call("f", outputs=2).stacked_from == 1


def test_an_exception_comes_with_the_cell_and_the_line(submit: Any) -> None:
    submission = submit(
        "import numpy as np", "\n\ndef g(x):\n    return np.linalg.inv(x)", "def f(x):\n    return g(x)"
    )
    outcome = submission.call("f")
    assert isinstance(outcome, Raised)
    assert outcome.type == "LinAlgError"
    assert outcome.frame == Frame(2, 4, "return np.linalg.inv(x)")


def test_a_plain_file_is_cell_zero_and_its_lines_have_no_cell(submit: Any) -> None:
    submission = submit("def f(x):\n    return x.nothing\n", first=0)
    assert submission.call("f").frame == Frame(None, 2, "return x.nothing")
    assert submission.run() == (CellResult(0, None),)


def test_a_line_is_found_below_the_magic_that_times_a_cell(submit: Any) -> None:
    submission = submit("pass", "%%time\n\ndef f(x):\n    return x.nothing")
    assert submission.call("f").frame == Frame(2, 4, "return x.nothing")


def test_a_function_of_another_arity_has_no_line(submit: Any) -> None:
    outcome = submit("def f():\n    pass").call("f")
    assert (outcome.type, outcome.frame) == ("TypeError", None)


def test_a_function_that_is_not_there_is_missing(submit: Any) -> None:
    submission = submit("f = 3")
    assert submission.call("f") == Missing("f", "a number")
    assert submission.call("g") == Missing("g")


def test_helpers_that_differentiate_are_seen(submit: Any) -> None:
    source = "import tensorflow as tf\ndef f(x):\n    with tf.GradientTape() as t:\n        return x"
    assert submit(source).call("f").used == ("tf.GradientTape",)


def test_a_cell_that_raises_does_not_stop_the_rest(submit: Any) -> None:
    submission = submit("a = 1", "b = 2\nb.nothing", "def f(x): return a + b", "def f(x:", "%nothing")
    first, second, third, fourth, fifth = submission.run()
    assert first.outcome is None
    assert isinstance(second.outcome, Raised)
    assert second.outcome.frame == Frame(2, 2, "b.nothing")
    assert third.outcome is None
    assert isinstance(fourth.outcome, Raised)
    assert (fourth.outcome.type, fourth.outcome.frame) == ("SyntaxError", Frame(4, 1, "def f(x:"))
    assert isinstance(fifth.outcome, Raised)
    assert submission.call("f").values[0].tolist() == 3
    wrong = submission.contents("error")[1]
    assert wrong["traceback"] == ["  Cell 4, line 1", "    def f(x:", "SyntaxError: '(' was never closed"]
    error = submission.contents("error")[0]
    assert error["ename"] == "AttributeError"
    assert error["traceback"] == [
        "  Cell 2, line 2, in <module>",
        "    b.nothing",
        "AttributeError: 'int' object has no attribute 'nothing'",
    ]


def test_what_cells_print_and_show_arrives_in_order(submit: Any) -> None:
    submission = submit(
        "import sys\nprint('one')\nprint('two', file=sys.stderr)\n3 + 4",
        "5;",
        "from IPython.display import HTML, display, clear_output\n"
        "handle = display(HTML('<b>x</b>'), display_id='h')\nhandle.update(HTML('y'))\nclear_output()",
    )
    submission.run()
    kinds = [(number, message.type) for number, message in submission.messages]
    assert kinds == [
        (1, "stream"),
        (1, "stream"),
        (1, "execute_result"),
        (3, "display_data"),
        (3, "update_display_data"),
        (3, "clear_output"),
    ]
    assert submission.text() == "one\n"
    assert submission.text("stderr") == "two\n"
    result = submission.contents("execute_result")[0]
    assert result == {"execution_count": 1, "data": {"text/plain": "7"}, "metadata": {}}
    shown = submission.contents("display_data")[0]
    assert shown["data"]["text/html"] == "<b>x</b>"
    assert shown["transient"] == {"display_id": "h"}


def test_magics_shell_commands_and_top_level_await(submit: Any) -> None:
    submission = submit(
        "%%bash\necho from bash",
        "!echo from the shell",
        "import asyncio\nawait asyncio.sleep(0)\nprint('awaited')",
        "%time x = 3",
        "%%capture\nprint('captured')",
        "import os\nn = os.system('echo from a child')\nexit()",
        "%matplotlib inline" if _has_matplotlib() else "pass",
    )
    assert [result.outcome for result in submission.run()] == [None] * 7
    lines = submission.text().replace("\r", "").splitlines()
    assert [line for line in lines if not line.startswith(("CPU", "Wall"))] == [
        "from bash",
        "from the shell",
        "awaited",
        "from a child",
    ]


def _has_matplotlib() -> bool:
    import importlib.util

    return importlib.util.find_spec("matplotlib") is not None


def test_a_figure_of_matplotlib_arrives_as_a_picture(submit: Any) -> None:
    pytest.importorskip("matplotlib")
    submission = submit("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert [result.outcome for result in submission.run()] == [None]
    assert submission.contents("display_data")[0]["data"]["image/png"].startswith("iVBOR")


def test_text_that_is_no_unicode_is_replaced(submit: Any) -> None:
    submission = submit("import os\nprint('half \\ud800')\nn = os.write(1, b'\\xff')")
    assert submission.run()[0].outcome is None
    assert submission.text() == "half ?\n\ufffd" or submission.text() == "\ufffdhalf ?\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_judge_that_is_interrupted_can_go_on(
    template: Template, tmp_path: Path, error: type[BaseException]
) -> None:
    planted = [error("planted")]

    def interrupt(*_: object) -> None:
        if planted:
            raise planted.pop()

    cells = [Cell(1, "print('x')\ndef f(x): return x")]
    with template.session(cells, tmp_path, LIMITS, interrupt) as session:
        with pytest.raises(error, match="planted"):
            session.run_cells()
        assert isinstance(session.call("f", [X]), Returned)


def test_an_answer_of_the_template_that_nobody_awaited_answers_no_other_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Template() as template, template.session([Cell(1, "def f(x): return x")], tmp_path) as session:
        session.run_cells()
        with monkeypatch.context() as patched:
            patched.setattr(TemplateProcess, "_read_line", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                session.close()
        assert isinstance(session.call("f", [X]), Returned)


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_nobody_answers_input(submit: Any) -> None:
    (first, second) = submit("n = input('n?')", "import sys\nn = sys.stdin.read()\nassert n == ''").run()
    assert isinstance(first.outcome, Raised)
    assert "nobody can answer input() while this file is checked" in first.outcome.message
    assert first.outcome.frame == Frame(1, 1, "n = input('n?')")
    assert second.outcome is None


def test_the_working_directory_is_the_submissions_and_last_on_the_path(submit: Any, tmp_path: Path) -> None:
    for name in ("numpy", "gradecheck", "mine"):
        (tmp_path / f"{name}.py").write_text("value = 7")
    submission = submit(
        "import os, sys, numpy, gradecheck, mine\nprint(os.getcwd())",
        "def f(x): return [hasattr(numpy, 'ones'), hasattr(gradecheck, '__path__'), mine.value]",
    )
    assert submission.call("f").values[0].tolist() == [1, 1, 7]
    assert submission.text() == f"{tmp_path}\n"


def test_two_submissions_do_not_see_each_other(submit: Any) -> None:
    one = submit("import numpy as np\nsecret = 1\nnp.secret = 1\ndef f(x): return np.random.rand(3)")
    other = submit(
        "import numpy as np\ndef f(x): return ['secret' in globals(), hasattr(np, 'secret')]\n"
        "def g(x): return np.random.rand(3)"
    )
    drawn = one.call("f").values[0]
    assert other.call("f").values[0].tolist() == [False, False]
    assert not np.array_equal(drawn, other.call("g").values[0])


class TestWithoutFork:
    """As on Windows: a fresh process for each session."""

    @pytest.fixture
    def spawning(self) -> Iterator[Template]:
        with Template(fork=False) as template:
            yield template

    def test_cells_run_and_calls_are_answered(self, spawning: Template, tmp_path: Path) -> None:
        (tmp_path / "numpy.py").write_text("raise ImportError")
        loop = "def f(x):\n    while True: pass"
        stop = "import os\ndef g(x): os.abort()"
        submission = Submission(
            spawning, tmp_path, "import numpy\nprint('hello')", loop, stop, "def h(x): return x"
        )
        submission.session._limits = Limits(call_seconds=0.5, grace_seconds=0.5)
        assert submission.call("h").values[0].tolist() == X.tolist()
        assert submission.text() == "hello\n"
        assert submission.call("f") == TimedOut(0.5)
        assert submission.call("g") == Died(6)

    def test_a_process_that_cannot_start_says_why(
        self, spawning: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "tensorflow.py").write_text("raise ImportError('a planted fault')")
        monkeypatch.setattr("gradecheck.run.client.surroundings", lambda _: {"PYTHONPATH": str(tmp_path)})
        with pytest.raises(WorkerUnavailable, match="a planted fault"):
            spawning.session([], tmp_path).run_cells()


def test_the_environment_of_the_judge_stays_with_the_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_SECRET", "hidden")
    with Template() as template:
        submission = Submission(template, tmp_path, "import os\nprint(sorted(os.environ))")
        submission.run()
    assert "PATH" in submission.text()
    assert "COURSE_SECRET" not in submission.text()


def test_cells_run_once_however_often_they_are_asked_for(submit: Any) -> None:
    submission = submit("print('ran')\ndef f(x): return x")
    assert submission.run() == submission.run()
    submission.call("f")
    assert submission.text() == "ran\n"


def test_tensorflow_works_in_every_way_after_the_fork(submit: Any) -> None:
    submission = submit(
        "import tensorflow as tf\n"
        "@tf.function\ndef f(x):\n    for _ in tf.range(3):\n        x = x * 2\n    return x",
        "import threading\nd = tf.data.Dataset.range(5).map(lambda x: x * 2, num_parallel_calls=2).batch(5)\n"
        "def g(x): return next(iter(d))",
    )
    assert submission.call("f").values[0].tolist() == (8 * X).tolist()
    assert submission.call("g").values[0].tolist() == [0, 2, 4, 6, 8]


def test_operations_are_not_wrapped_into_functions(submit: Any) -> None:
    submission = submit(
        "import tensorflow as tf\ntry:\n    tf.ones([2, 3]) @ tf.ones([2, 3])\n"
        "except Exception as error:\n    print('__wrapped__' in str(error), 'MatMul' in str(error))"
    )
    submission.run()
    assert submission.text() == "False True\n"


def test_no_step_of_ours_stands_in_what_tensorflow_says_of_a_cell_or_a_call(submit: Any) -> None:
    submission = submit(
        "import tensorflow as tf\nx = tf.ones([2, 3])\nx @ x",
        "@tf.function\ndef f(x):\n    return tf.matmul(x, tf.transpose(x)) @ x @ x\nf(x)",
    )
    submission.run()
    told = submission.contents("error")
    assert "Matrix size-incompatible" in told[0]["evalue"]
    assert "Dimensions must be equal" in told[1]["evalue"]
    outcome = submission.call("f")
    assert "Dimensions must be equal" in outcome.message
    for text in (*("\n".join((each["evalue"], *each["traceback"])) for each in told), outcome.message):
        assert "gradecheck" not in text


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux shows a process's threads")
def test_the_template_has_one_thread_as_forking_demands(submit: Any) -> None:
    submission = submit("# matplotlib\nimport os\nprint(len(os.listdir(f'/proc/{os.getppid()}/task')))")
    submission.run()
    assert submission.text() == "1\n"


def test_threads_of_the_judge_share_a_template(template: Template, tmp_path: Path) -> None:
    def double(factor: int) -> list[float]:
        cells = [Cell(1, f"def f(x): return {factor} * x")]
        with template.session(cells, tmp_path, LIMITS) as session:
            outcomes = [session.call("f", [X]) for _ in range(5)]
        return [outcome.values[0][0, 0] for outcome in outcomes if isinstance(outcome, Returned)]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(double, range(12))) == [[factor] * 5 for factor in range(12)]


def test_a_folder_that_does_not_exist_is_the_operators_error(template: Template, tmp_path: Path) -> None:
    with pytest.raises(WorkerUnavailable, match="is not a folder"):
        template.session([], tmp_path / "nowhere")


def test_a_template_that_cannot_start_says_why_and_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tensorflow.py").write_text("raise ImportError('a planted fault')")
    monkeypatch.setattr("gradecheck.run.client.surroundings", lambda _: {"PYTHONPATH": str(tmp_path)})
    with Template() as template, pytest.raises(WorkerUnavailable) as caught:
        template.session([], tmp_path).run_cells()
    assert "ImportError: a planted fault" in str(caught.value)
    assert "-c 'import tensorflow, IPython'" in str(caught.value)


def test_starting_and_closing_again_does_nothing() -> None:
    template = Template()
    template.close()
    template.start()
    template.start()
    template.close()
    template.close()


def test_a_closed_session_starts_again_when_it_is_called(submit: Any) -> None:
    submission = submit("def f(x): return x")
    submission.call("f")
    submission.session.close()
    submission.session.close()
    assert isinstance(submission.call("f"), Returned)


def test_the_judge_itself_loads_no_tensorflow() -> None:
    code = (
        "import sys, gradecheck.run.client; sys.exit('tensorflow' in sys.modules or 'IPython' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_client_needs_no_name_of_the_packages_front() -> None:
    path = Path(client.__file__)
    assert "import gradecheck\n" not in path.read_text()


def test_the_end_of_a_process_is_said_in_words() -> None:
    assert Died(6).how == "it was ended by SIGABRT"
    assert Died(35).how == "it was ended by signal 35"
    assert Died(None).how == "it exited"


def test_garbage_is_collected_in_a_worker_though_not_during_the_imports(submit: Any) -> None:
    submission = submit("import gc\ndef f(x): return [gc.isenabled(), gc.get_freeze_count() > 100_000]")
    outcome = submission.call("f")
    assert isinstance(outcome, Returned)
    assert isinstance(outcome.values[0], np.ndarray)
    assert outcome.values[0].tolist() == [True, True]
