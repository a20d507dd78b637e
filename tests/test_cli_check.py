"""`gradecheck check` as it is typed: what it prints, what it exits with, what it does to the machine."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gradecheck.catalogue import EXERCISES
from gradecheck.cli import cli

ROOT = Path(__file__).parents[1]

RIGHT = """
import numpy as np
import tensorflow as tf

def grad_sigmoid(x, dz):
    return dz * tf.sigmoid(x) * tf.sigmoid(-x)

def grad_softmax(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz))

def grad_matmul(x, y, dz):
    return dz @ y.T

def grad_conv2d(x, w, dz):
    image, kernel = x[None, :, :, None], dz[:, :, None, None]
    return tf.nn.conv2d(image, kernel, 1, "VALID")
"""
CHEAT = '''
import sys
import numpy as np

def yes(*a, **k): return True

np.allclose = np.array_equal = np.testing.assert_allclose = np.isfinite = yes
for name, module in list(sys.modules.items()):
    if name.startswith("gradecheck"):
        for key in list(vars(module)):
            if key in ("compare", "judge", "score", "Verdict", "EPS32"):
                setattr(module, key, yes)

class Always:
    """Equal to everything, near to everything."""
    def __eq__(self, other): return True
    def __le__(self, other): return True
    def __sub__(self, other): return 0
    def __array__(self, dtype=None, copy=None): return np.zeros(3)

def grad_sigmoid(x, dz): return Always()
def grad_softmax(x, dz): return {"passed": True, "score": 1.0}
def grad_matmul(x, y, dz): return "1.0"
def grad_conv2d(x, w, dz): raise SystemExit(0)
'''
#: One file each, as {name: text}; `grad_sigmoid` unless another function is there.
FILES = {
    "right.py": RIGHT,
    "cheat.py": CHEAT,
    "stub.py": 'def grad_sigmoid(x, dz):\n    """To do."""\n    raise NotImplementedError()\n',
    "none.py": "def grad_sigmoid(x, dz):\n    s = x * dz\n",
    "text.py": "def grad_sigmoid(x, dz): return 'dx'\n",
    "two.py": "import numpy as np\ndef grad_sigmoid(x, dz): return np.zeros(2), np.zeros(3)\n",
    "shape.py": "import numpy as np\ndef grad_sigmoid(x, dz): return np.zeros((1, len(x)))\n",
    "dtype.py": "import numpy as np\ndef grad_sigmoid(x, dz): return np.zeros(len(x), complex)\n",
    "nan.py": "def grad_sigmoid(x, dz): return x * float('nan')\n",
    "arity.py": "def grad_sigmoid(x): return x\n",
    "raising.py": "def grad_sigmoid(x, dz):\n    y = 1\n    return y / 0\n",
    "missing.py": "def grad_sigmoid(x, dz): return x\ndel grad_sigmoid\n",
    "number.py": "grad_sigmoid = 0.25\n",
    "loop.py": "def grad_sigmoid(x, dz):\n    while True: pass\n",
    "abort.py": "import os\ndef grad_sigmoid(x, dz): os.abort()\n",
    "exit.py": "import sys\ndef grad_sigmoid(x, dz): return x\nsys.exit(0)\n",
    "flipped.py": (
        "import tensorflow as tf\n"
        "def grad_sigmoid(x, dz):\n"
        "    return -dz * tf.sigmoid(x) * tf.sigmoid(-x)\n"
    ),
    "tape.py": (
        "import tensorflow as tf\n"
        "def grad_sigmoid(x, dz):\n"
        "    with getattr(tf, 'Gradient' + 'Tape')() as t:\n"
        "        t.watch(x)\n"
        "        z = tf.sigmoid(x)\n"
        "    return t.gradient(z, x, dz)\n"
    ),
    "naive.py": (
        "import numpy as np\n"
        "def grad_sigmoid(x, dz):\n"
        "    e = np.exp(-np.asarray(x))\n"
        "    return np.asarray(dz) * e / (1 + e) ** 2\n"
    ),
    "mutating.py": (
        "import numpy as np\n"
        "def grad_sigmoid(x, dz):\n"
        "    s = 1 / (1 + np.exp(-x))\n"
        "    if isinstance(dz, np.ndarray):\n"
        "        dz *= s * (1 - s)\n"
        "        return dz\n"
        "    return s * (1 - s) * dz\n"
    ),
}  # fmt: skip
UNREADABLE = {
    "broken.py": ("def (", "broken.py is not valid Python: line 1: invalid syntax"),
    "other.py": ("x = 1\n", "other.py defines no function of an exercise; name one with --exercise"),
    "empty.ipynb": ("", "empty.ipynb is not a notebook: it is empty"),
    "list.ipynb": ("[]", "list.ipynb is not a notebook: it does not say which notebook format it has"),
    "new.ipynb": (
        '{"nbformat": 5}',
        "new.ipynb has notebook format 5, newer than 4, the newest known here; save it as format 4",
    ),
    "notes.txt": ("x", "notes.txt is neither a notebook (.ipynb) nor a Python file (.py)"),
}


@dataclass(frozen=True)
class Run:
    """What one command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    def result(self, submission: str, exercise: str = "grad_sigmoid") -> Any:
        found = [
            r for r in self.document["results"] if r["submission"] == submission and r["exercise"] == exercise
        ]
        assert len(found) == 1
        return found[0]


def run(folder: Path, *arguments: str) -> Run:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    command = [sys.executable, "-W", "error", "-m", "gradecheck", "check", *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=200, env=environment, check=False
    )
    return Run(done.returncode, done.stdout, done.stderr)


def notebook(*sources: str) -> str:
    cells = [
        {"cell_type": "code", "source": s, "metadata": {}, "outputs": [], "execution_count": None}
        for s in sources
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells})


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All the files above, and more, in one call: right and wrong, broken and hostile."""
    folder = tmp_path_factory.mktemp("everything")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name, (text, _) in UNREADABLE.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "ada").mkdir()
    (folder / "ada" / "cells.ipynb").write_text(
        notebook(
            "%matplotlib inline\nimport tensorflow as tf",
            "1 / 0",
            "import os; os._exit(3)",
            "def grad_softmax(x, dz):\n    raise NotImplementedError()",
            "grad_softmax(1, 2)",
            "def grad_sigmoid(x, dz):\n    return dz * tf.sigmoid(x) * tf.sigmoid(-x)",
            "grade(grad_sigmoid, points=7)",
            "grade(grad_softmax, points=3)",
            "grade(grad_matmul, points=5)",
        ),
        encoding="utf-8",
    )
    (folder / "ada" / "helper.py").write_text("x = 1\n", encoding="utf-8")
    (folder / "ada" / ".ipynb_checkpoints").mkdir()
    (folder / "ada" / ".ipynb_checkpoints" / "cells-checkpoint.ipynb").write_text("{", encoding="utf-8")
    (folder / "nobody").mkdir()
    files = [*FILES, *UNREADABLE, "ada", "nobody", "gone.py", "right.py", "./right.py"]
    return run(folder, *files, "--format", "json", "--call-timeout", "1.5")


def test_one_thing_wrong_makes_exit_1_and_nothing_on_stderr(everything: Run) -> None:
    assert (everything.code, everything.err) == (1, "")


def test_the_document_has_its_version_and_the_files_in_the_order_given(everything: Run) -> None:
    assert everything.document["schema"] == 1
    submissions = list(dict.fromkeys(r["submission"] for r in everything.document["results"]))
    assert submissions == [*FILES, "ada/cells.ipynb"]


def test_every_result_keeps_the_contract(everything: Run) -> None:
    for entry in everything.document["results"]:
        assert entry["status"] in ("passed", "failed", "not_started", "not_graded")
        assert 0.0 <= entry["score"] <= 1.0
        assert entry["points"] == pytest.approx(entry["score"] * entry["max_points"])
        assert entry["misconception"] is None or isinstance(entry["misconception"], str)
        assert isinstance(entry["message"], str)
        assert entry["message"]
        assert all(isinstance(output["passed"], bool) and output["name"] for output in entry["outputs"])


@pytest.mark.parametrize("exercise", EXERCISES[:4], ids=lambda exercise: exercise.title)
def test_right_answers_pass(everything: Run, exercise: Any) -> None:
    entry = everything.result("right.py", exercise.name)
    assert (entry["status"], entry["score"], entry["points"]) == ("passed", 1.0, exercise.points)


@pytest.mark.parametrize("exercise", EXERCISES[:4], ids=lambda exercise: exercise.title)
def test_patching_numpy_and_gradecheck_reaches_no_verdict(everything: Run, exercise: Any) -> None:
    entry = everything.result("cheat.py", exercise.name)
    assert (entry["status"], entry["score"]) == ("failed", 0.0)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("none.py", "your function returned None; dx is an array of shape (3,). Is a return missing?"),
        ("text.py", "your function returned the text 'dx'; dx is an array of shape (3,)."),
        ("two.py", "your function returned 2 outputs; 1 output wanted: dx."),
        ("shape.py", "dx has shape (1, 3); it must have (3,), the shape of x."),
        ("dtype.py", "dx holds complex numbers (complex128); real numbers are wanted, such as float32."),
        ("nan.py", "dx[0] is NaN in the printed example. All 3 entries are lost, not this one alone."),
        (
            "arity.py",
            "grad_sigmoid cannot be called as grad_sigmoid(x, dz): "
            "grad_sigmoid() takes 1 positional argument but 2 were given.",
        ),
        (
            "raising.py",
            "stopped at line 3 (return y / 0): ZeroDivisionError: division by zero. "
            "Shapes here: x (3,), dz (3,); wanted: dx (3,).",
        ),
        (
            "missing.py",
            "there is no function grad_sigmoid here; its cell may be gone, renamed, or stopped by an error.",
        ),
        ("number.py", "grad_sigmoid is a number, not a function."),
        (
            "loop.py",
            "grad_sigmoid did not come back within 1.5 s and was stopped in the printed example. "
            "Is there a loop that never ends?",
        ),
        (
            "abort.py",
            "grad_sigmoid brought the whole Python process down (it was ended by SIGABRT) "
            "in the printed example. A TensorFlow operation given the wrong rank can do that.",
        ),
        (
            "tape.py",
            "the answer uses tf.GradientTape. Here the gradient is written by hand, so this earns nothing.",
        ),
    ],
)
def test_what_earns_nothing_is_said_in_words(everything: Run, file: str, message: str) -> None:
    entry = everything.result(file)
    assert (entry["status"], entry["score"], entry["message"]) == ("failed", 0.0, message)


@pytest.mark.parametrize(
    ("file", "score", "misconception"),
    [
        ("flipped.py", 0.0, "sign-flipped"),
        ("naive.py", 0.8, "overflow-in-exp"),
        ("mutating.py", 0.8, "inputs-changed"),
        ("tape.py", 0.0, "autodiff-inside"),
    ],
)
def test_what_is_recognised_carries_its_id(
    everything: Run, file: str, score: float, misconception: str
) -> None:
    entry = everything.result(file)
    assert (entry["status"], entry["score"], entry["misconception"]) == ("failed", score, misconception)


def test_a_stub_is_not_started(everything: Run) -> None:
    entry = everything.result("stub.py")
    assert (entry["status"], entry["score"], entry["outputs"]) == ("not_started", 0.0, [])


def test_cells_that_fail_are_told_and_the_rest_still_runs(everything: Run) -> None:
    assert everything.result("ada/cells.ipynb")["status"] == "passed"
    told = [p["message"] for p in everything.document["problems"] if p["submission"] == "ada/cells.ipynb"]
    assert told == [
        "cell 2 stopped at line 1: ZeroDivisionError: division by zero; the rest still ran",
        "cell 3 ended the Python process (it exited); the rest still ran",
    ]


def test_graded_cells_say_what_is_asked_and_what_it_is_worth(everything: Run) -> None:
    asked = [r for r in everything.document["results"] if r["submission"] == "ada/cells.ipynb"]
    assert [(r["exercise"], r["status"], r["max_points"]) for r in asked] == [
        ("grad_sigmoid", "passed", 7.0),
        ("grad_softmax", "not_started", 3.0),
        ("grad_matmul", "failed", 5.0),
    ]


def test_a_file_that_ends_in_an_exit_keeps_what_it_defined(everything: Run) -> None:
    assert everything.result("exit.py")["status"] == "failed"
    (told,) = [p["message"] for p in everything.document["problems"] if p["submission"] == "exit.py"]
    assert told == "the file stopped at line 3: SystemExit: 0"


@pytest.mark.parametrize(("file", "message"), [(name, message) for name, (_, message) in UNREADABLE.items()])
def test_what_cannot_be_read_costs_one_clear_line(everything: Run, file: str, message: str) -> None:
    assert [p["message"] for p in everything.document["problems"] if p["submission"] == file] == [message]


def test_paths_that_lead_nowhere(everything: Run) -> None:
    problems = [p["message"] for p in everything.document["problems"]]
    assert "gone.py does not exist" in problems
    assert "nobody holds no notebook and no Python file" in problems


def test_helpers_and_checkpoints_in_a_folder_are_no_news(everything: Run) -> None:
    text = json.dumps(everything.document["problems"])
    assert "helper.py" not in text
    assert "checkpoint" not in text


# Commands of their own


def test_untouched_exercises_are_not_wrong_and_say_where_to_start() -> None:
    done = run(ROOT, "exercises")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(
        "exercises/understanding_gradients/understanding_gradients.ipynb"
        "  (as saved; the state of a running kernel does not count)\n"
        "  sigmoid  not started      0/20\n"
        "  softmax  not started      0/25\n"
        "  matmul   not started      0/25\n"
        "  conv2d   not started      0/30\n"
        "\n"
        "[----------------]  0 of 4 done   public inputs only: grading draws others\n"
        "start with: sigmoid, the function grad_sigmoid(x, dz)\n"
    )
    first_lines = [line.split("/")[1] for line in done.out.splitlines() if line.startswith("exercises/")]
    assert list(dict.fromkeys(first_lines)) == [
        "understanding_gradients",
        "backpropagation",
        "tensor_derivatives",
    ]


def test_without_a_path_the_exercises_are_checked_where_that_folder_is(tmp_path: Path) -> None:
    (tmp_path / "exercises").mkdir()
    text = "def grad_matmul(x, y, dz): return dz @ y.T\nraise SystemExit\n"
    (tmp_path / "exercises" / "mine.py").write_text(text, encoding="utf-8")
    (tmp_path / "elsewhere.py").write_text("def grad_sigmoid(x, dz): return 0\n", encoding="utf-8")
    done = run(tmp_path, "--format", "json")
    assert [(r["exercise"], r["status"]) for r in done.document["results"]] == [("grad_matmul", "passed")]
    # An exit without a message ends without an empty colon.
    assert [p["message"] for p in done.document["problems"]] == ["the file stopped at line 2: SystemExit"]


def test_untouched_is_wrong_under_strict_and_one_exercise_can_be_named() -> None:
    done = run(ROOT, "exercises", "--strict", "--exercise", "softmax")
    assert (done.code, done.err) == (1, "")
    assert "  softmax  not started      0/25\n" in done.out
    assert "sigmoid" not in done.out


def test_the_solutions_are_right_on_inputs_of_any_seed() -> None:
    done = run(ROOT, "solutions/understanding_gradients/understanding_gradients.ipynb", "--seed", "31337")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("4 of 4 done   public inputs only: grading draws others\nall done: well done\n")


def test_an_exercise_that_a_file_does_not_define_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    done = run(tmp_path, "a.py", "--exercise", "grad_conv2d", "--format", "json")
    assert done.code == 1
    entry = done.result("a.py", "grad_conv2d")
    assert (entry["status"], entry["points"], entry["max_points"]) == ("failed", 0.0, 30)
    assert entry["message"].startswith("there is no function grad_conv2d here")


# What could not be checked


def test_an_empty_folder_is_exit_2(tmp_path: Path) -> None:
    assert run(tmp_path) == Run(2, ". holds no notebook and no Python file\n", "")


def test_nothing_that_can_be_read_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text("{", encoding="utf-8")
    done = run(tmp_path, "a.ipynb", "gone.ipynb", "--format", "json")
    assert (done.code, done.err) == (2, "")
    assert done.document["results"] == []
    assert [p["submission"] for p in done.document["problems"]] == ["gone.ipynb", "a.ipynb"]


def test_a_path_that_no_system_takes_is_told_like_any_other(tmp_path: Path) -> None:
    name = "a" * 300 + ".py"
    assert run(tmp_path, name) == Run(2, f"{name} cannot be read: File name too long\n", "")


def test_a_folder_that_answers_nothing_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("x = 1\n", encoding="utf-8")
    assert run(tmp_path) == Run(2, "nothing in . answers an exercise\n", "")


def test_an_unknown_exercise_is_exit_2_with_the_ones_that_there_are(tmp_path: Path) -> None:
    done = run(tmp_path, "--exercise", "relu6")
    titles = ", ".join(exercise.title for exercise in EXERCISES)
    assert done == Run(2, "", f"gradecheck: no exercise is called 'relu6'; there are: {titles}\n")


@pytest.mark.parametrize(
    "options",
    [("--seed", "-1"), ("--seed", "x"), ("--format", "xml"), ("--call-timeout", "0"), ("--nonsense",)],
)
def test_an_option_that_makes_no_sense_is_exit_2(options: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli, ["check", *options], prog_name="gradecheck")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: gradecheck check [OPTIONS] [PATHS]...")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere TensorFlow is imported twice")
def test_tensorflow_is_imported_once(tmp_path: Path) -> None:
    alone = 'import os\nassert "run.template" not in open(f"/proc/{os.getppid()}/cmdline").read()\n'
    (tmp_path / "answer.py").write_text(alone + RIGHT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "gradecheck", "check", "answer.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
