"""Measure what a student waits for: `check(...)` in a warm notebook, and `gradecheck watch` after a save.

Run by `make speed`. Wall seconds, as a student feels them. A loop of plain Python is timed all along: the
figures are also told in units of it, and how much longer it takes than its processor time tells how busy
the machine is. A goal that is missed ends in exit code 1; on a busy machine nothing is concluded or written.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import nbformat
from pages import ROOT, write_part

from gradecheck import check
from gradecheck.answer_file import FILE_NAME, read_answers
from gradecheck.catalogue import find_exercise
from gradecheck.made_up_class import ASSIGNMENT
from gradecheck.reference.tape import QUIET
from gradecheck.run.quiet import quiet

#: Seconds that a student may wait.
RIGHT_GOAL, DIAGNOSIS_GOAL, WATCH_GOAL = 0.1, 0.5, 0.3
#: A machine is busy when a loop takes so many times its processor time, as it had to queue.
BUSY = 1.1
#: Turns of the loop of plain Python; some milliseconds.
_TURNS = 100_000
_READY = 120.0
_RIGHT = {
    name: read_answers(ROOT / "solutions" / ASSIGNMENT / FILE_NAME, find_exercise(name))[
        f"{name}__right_tensorflow"
    ].source
    for name in ("sigmoid", "softmax", "matmul", "conv2d")
}
_WRONG = {
    "a wrong answer that is recognised": """
def grad_softmax(x, dz):
    p = tf.nn.softmax(x)
    return dz * p * (1 - p)
""",
    "a wrong answer that is not recognised": """
def grad_softmax(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz)) + 0.37 * tf.sin(3 * x) * dz[0]
""",
    "an answer that raises": """
def grad_softmax(x, dz):
    return tf.matmul(x, dz)
""",
    "an answer of another shape": """
def grad_softmax(x, dz):
    return tf.reduce_sum(x * dz)
""",
}


@dataclass(eq=False)
class Loop:
    """A loop of plain Python, timed again and again: wall and processor seconds of each time."""

    walls: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Time it once."""
        wall, cpu = time.perf_counter(), time.process_time()
        total = 0
        for number in range(_TURNS):
            total += number & 7
        self.walls.append(time.perf_counter() - wall)
        self.processor.append(time.process_time() - cpu)

    @property
    def seconds(self) -> float:
        """What it usually takes."""
        return median(self.walls)

    @property
    def disturbed(self) -> float:
        """How many times its processor time it took, all in all."""
        return sum(self.walls) / sum(self.processor)


@dataclass(frozen=True)
class Waiting:
    """How long one thing took each time, in wall seconds; `first` before everything was warm."""

    what: str
    goal: float
    first: float
    times: tuple[float, ...]

    @property
    def missed(self) -> bool:
        """Whether a student usually waits longer than is allowed."""
        return median(self.times) >= self.goal


def measured(what: str, goal: float, loop: Loop, times: int, act: Callable[[], float]) -> Waiting:
    """Do something again and again, the loop in between; `act` returns the seconds."""
    first = act()
    found = []
    for _ in range(times):
        loop.run()
        found.append(act())
    return Waiting(what, goal, first, tuple(found))


def module_of(name: str, source: str, folder: Path) -> ModuleType:
    """A file with an answer, imported: its text can be found, as that of a notebook's cell can."""
    path = folder / f"{name}.py"
    path.write_text(f"import numpy as np\nimport tensorflow as tf\n\n\n{source.strip()}\n", encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def card_seconds(function: Callable[..., Any], *, right: bool) -> float:
    """How long a notebook takes to show the card."""
    start = time.perf_counter()
    checked = check(function)
    checked._repr_html_()
    seconds = time.perf_counter() - start
    if checked.passed != right:
        sys.exit(f"{function.__name__} came out wrong: {checked.message}")
    return seconds


def in_a_notebook(loop: Loop, times: int, folder: Path) -> Iterator[Waiting]:
    """`check(...)` for right and wrong answers, in this process."""
    for number, (title, source) in enumerate(_RIGHT.items()):
        function = getattr(module_of(f"right{number}", source, folder), f"grad_{title}")
        act = lambda function=function: card_seconds(function, right=True)  # noqa: E731  # bound to this turn
        yield measured(f"`check`, {title} right", RIGHT_GOAL, loop, times, act)
    for number, (what, source) in enumerate(_WRONG.items()):
        function = module_of(f"wrong{number}", source, folder).grad_softmax
        act = lambda function=function: card_seconds(function, right=False)  # noqa: E731  # bound to this turn
        yield measured(f"`check`, {what}", DIAGNOSIS_GOAL, loop, times, act)


@contextmanager
def watched(notebook: Path) -> Iterator[Iterator[str]]:
    """The lines that `gradecheck watch` writes about the folder of a notebook."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(notebook.parent / ".state")}
    command = (sys.executable, "-m", "gradecheck", "watch", str(notebook.parent))
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=notebook.parent,
        env=environment,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield iter(process.stdout.readline, "")
        finally:
            process.terminate()


def saved(notebook: Path, answers: Sequence[str], number: int) -> None:
    """Save a notebook the way that JupyterLab does: a new file, put in the place of the old one."""
    cells = ["import numpy as np\nimport tensorflow as tf", *answers, f"# saved {number} times"]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    beside = notebook.with_suffix(".tmp")
    beside.write_text(nbformat.writes(made), encoding="utf-8")
    beside.replace(notebook)


def after_saving(loop: Loop, times: int, folder: Path) -> Iterator[Waiting]:
    """From saving a notebook of four exercises to its verdict on the screen."""
    notebook = folder / "watched" / "four.ipynb"
    notebook.parent.mkdir(exist_ok=True)
    one_wrong = [
        *list(_RIGHT.values())[1:],
        next(iter(_WRONG.values())).replace("grad_softmax", "grad_sigmoid"),
    ]
    saves = 0
    saved(notebook, list(_RIGHT.values()), saves)
    with watched(notebook) as lines:
        wait_for(lines, " done")
        for what, answers in (("all right", list(_RIGHT.values())), ("one of them wrong", one_wrong)):

            def act(answers: Sequence[str] = answers) -> float:
                nonlocal saves
                saves += 1
                time.sleep(0.3)  # nobody saves faster, and what was written has been read
                start = time.perf_counter()
                saved(notebook, answers, saves)
                wait_for(lines, "after it was saved")
                return time.perf_counter() - start

            yield measured(f"`watch`, four exercises, {what}", WATCH_GOAL, loop, times, act)


def wait_for(lines: Iterator[str], words: str) -> None:
    """Read on until a line has certain words."""
    deadline = time.monotonic() + _READY
    for line in lines:
        if words in line:
            return
        if time.monotonic() > deadline:
            break
    sys.exit(f"`gradecheck watch` never said {words!r}")


def table(found: Sequence[Waiting], loop: Loop) -> str:
    """The figures as Markdown."""
    lines = [
        f"Wall seconds on {os.cpu_count()} cores, {len(found[0].times)} times each, and the median in units "
        f"of a loop of {_TURNS:,} turns in plain Python. The loop took {loop.seconds * 1000:.1f} ms, "
        f"{loop.disturbed:.2f} times its processor time: more than {BUSY} tells of a busy machine. The first "
        "time is told apart: it computes the references, and TensorFlow makes itself ready.",
        "",
        "| what | median | in loops | longest | first time | goal |",
        "|---|---|---|---|---|---|",
    ]
    for each in found:
        middle = median(each.times)
        figures = (middle, middle / loop.seconds, max(each.times), each.first)
        cells = " | ".join(f"{figure:.{1 if at == 1 else 3}f}" for at, figure in enumerate(figures))
        lines.append(f"| {each.what} | {cells} | {each.goal:g} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="how often each is measured (default: 20)")
    parser.add_argument("--dry", action="store_true", help="leave docs/bench.md as it is")
    options = parser.parse_args()
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    loop = Loop()
    with tempfile.TemporaryDirectory(prefix="gradecheck-speed-") as scratch:
        with quiet():
            found = list(in_a_notebook(loop, options.times, Path(scratch)))
        found += after_saving(loop, options.times, Path(scratch))
    text = table(found, loop)
    print(text)
    busy = loop.disturbed > BUSY
    if not options.dry and not busy:
        write_part("What a student waits for", text)
    missed = [each.what for each in found if each.missed]
    if missed:
        print(f"Missed: {', '.join(missed)}.")
    if busy:
        print("The machine was busy, so this says little; docs/bench.md is as it was. Try when it is idle.")
    sys.exit(1 if missed and not busy else 0)


if __name__ == "__main__":
    main()
