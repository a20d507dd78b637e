"""Measure what grading costs: stock nbgrader against gradecheck, on the same submissions in one run.

Run by `make bench`. CPU seconds are user and system time of a command with everything that it started,
as the kernel counts them (`os.wait4`). Each way to grade runs twice, on a few submissions and on the whole
class: the difference is what one more submission costs, and the rest is the start-up. Stock means
nbgrader's own preprocessors, with `grade(...)` in the student's kernel, and `nbgrader generate_feedback`.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pages import ROOT, write_part

from gradecheck.answer_file import FILE_NAME, Answer, AnswerKind, read_answers
from gradecheck.course import release_course
from gradecheck.made_up_class import ASSIGNMENT, cell_of
from gradecheck.nbgrader.scores import read_scores
from gradecheck.run import kernel

FEW = 4
CONFIG = """
c = get_config()
{configure}
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.ignore = ["answers.py", ".ipynb_checkpoints", "*.pyc", "__pycache__", ".gradecheck"]
"""
OURS = "from gradecheck.nbgrader import configure; configure(c, sandbox={sandbox})"
_EXERCISES = ("sigmoid", "softmax", "matmul", "conv2d")


@dataclass(frozen=True)
class Usage:
    """What some commands used: CPU and wall seconds, and the memory of their largest process in MiB."""

    cpu: float
    wall: float
    memory: float

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.cpu + other.cpu, self.wall + other.wall, max(self.memory, other.memory))


@dataclass(frozen=True)
class Way:
    """A way to grade: its name, what its configuration says, and its commands."""

    name: str
    configure: str
    commands: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figures:
    """What a way costs: start-up in CPU seconds, and CPU and wall seconds of one more submission."""

    name: str
    start: float
    cpu: float
    wall: float
    memory: float


def ways(*, sandbox: bool) -> tuple[Way, ...]:
    """Everything that is compared; stock nbgrader first."""
    nbgrader = ((sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT),)
    nbgrader += ((sys.executable, "-m", "nbgrader", "generate_feedback", ASSIGNMENT),)
    ours = OURS.format(sandbox=sandbox)
    grade = (sys.executable, "-m", "gradecheck", "grade", ASSIGNMENT)
    return (
        Way("stock `nbgrader autograde`, `generate_feedback`", "", nbgrader),
        Way("the same with gradecheck's plug-in", ours, nbgrader),
        Way("`gradecheck grade`, one worker", ours, ((*grade, "--workers", "1"),)),
        Way("`gradecheck grade`", ours, (grade,)),
    )


def run(command: Sequence[str], folder: Path) -> Usage:
    """Run a command, and count what it and everything that it started used."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    log = folder / "bench.log"
    start = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        total = Usage(0.0, 0.0, 0.0)
        with contextlib.suppress(ChildProcessError):
            while True:  # orphans too, such as the first process of a sandbox: they come to us
                pid, status, used = os.wait4(-1, 0)
                total += Usage(used.ru_utime + used.ru_stime, 0.0, used.ru_maxrss / 1024)
                if pid == process.pid:
                    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} ended with {process.returncode}; see {log}")
    return dataclasses.replace(total, wall=time.monotonic() - start)


def make_course(folder: Path, configure: str, students: int) -> None:
    """A course with submissions of right, imperfect and wrong answers, always the same ones."""
    shutil.copytree(
        ROOT / "solutions" / ASSIGNMENT,
        folder / "solutions" / ASSIGNMENT,
        ignore=shutil.ignore_patterns(".*"),
    )
    (folder / "nbgrader_config.py").write_text(CONFIG.format(configure=configure), encoding="utf-8")
    release_course(folder, ASSIGNMENT)
    answers = list(read_answers(folder / "solutions" / ASSIGNMENT / FILE_NAME).values())
    released = (folder / "exercises" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text(encoding="utf-8")
    for number in range(students):
        notebook = json.loads(released)
        for place, title in enumerate(_EXERCISES):
            source = pick(answers, title, number, right=(number + place) % 5 < 3).source
            cell_of(notebook, f"grad_{title}")["source"] = source
        submitted = folder / "submitted" / f"student{number:04}" / ASSIGNMENT
        submitted.mkdir(parents=True)
        (submitted / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    run((sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT, "--force"), folder)


def pick(answers: Sequence[Answer], title: str, number: int, *, right: bool) -> Answer:
    """One of the course's answers to an exercise."""
    fitting = [a for a in answers if a.exercise.title == title and (a.kind is AnswerKind.RIGHT) == right]
    return fitting[number * 7 % len(fitting)]


def measure(way: Way, students: int, folder: Path) -> tuple[Usage, dict[tuple[str, str], float]]:
    """Grade a class of a size in one way; also the scores."""
    make_course(folder, way.configure, students)
    used = Usage(0.0, 0.0, 0.0)
    for command in way.commands:
        used += run(command, folder)
    scores = {(s.student, s.cell): s.score for s in read_scores(folder, ASSIGNMENT)}
    return used, scores


def compare(way: Way, students: int, scratch: Path) -> tuple[Figures, dict[tuple[str, str], float]]:
    """What a way costs, from a class of a few and from the whole."""
    few, _ = measure(way, FEW, scratch / "few")
    all_of_them, scores = measure(way, students, scratch / "all")
    more = students - FEW
    cpu = (all_of_them.cpu - few.cpu) / more
    wall = (all_of_them.wall - few.wall) / more
    return Figures(way.name, few.cpu - FEW * cpu, cpu, wall, all_of_them.memory), scores


def table(figures: Sequence[Figures], students: int) -> str:
    """The figures as Markdown; ratios against the first."""
    lines = [
        f"One more submission of four exercises, in a class of {students} with right and wrong answers, "
        f"feedback included, on {os.cpu_count()} cores:",
        "",
        "| way | CPU s a submission | times less | wall s | start-up, CPU s | largest process, MiB |",
        "|---|---|---|---|---|---|",
    ]
    for f in figures:
        ratio = f"{figures[0].cpu / f.cpu:.1f}"
        lines.append(f"| {f.name} | {f.cpu:.3f} | {ratio} | {f.wall:.3f} | {f.start:.1f} | {f.memory:.0f} |")
    return "\n".join(lines) + "\n"


def growth(sizes: Sequence[int], *, sandbox: bool) -> str:
    """How time and memory of `gradecheck grade` grow with the class, as Markdown."""
    lines = ["| submissions | CPU s | wall s | largest process, MiB |", "|---|---|---|---|"]
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="gradecheck-bench-") as scratch:
            used, _ = measure(ways(sandbox=sandbox)[-1], size, Path(scratch, "class"))
        lines.append(f"| {size} | {used.cpu:.1f} | {used.wall:.1f} | {used.memory:.0f} |")
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=20, help="size of the class (default: 20)")
    parser.add_argument("--growth", default="10,100,1000", help="sizes for the second table, or nothing")
    parser.add_argument("--ways", default="0,1,2,3", help="which ways to compare")
    parser.add_argument("--no-sandbox", action="store_true", help="where there is no bubblewrap")
    options = parser.parse_args()
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    sandbox = not options.no_sandbox
    figures: list[Figures] = []
    known: dict[str, dict[tuple[str, str], float]] = {}
    for number in map(int, options.ways.split(",")):
        way = ways(sandbox=sandbox)[number]
        with tempfile.TemporaryDirectory(prefix="gradecheck-bench-") as scratch:
            found, known[way.name] = compare(way, options.students, Path(scratch))
        figures.append(found)
        print(found, flush=True)
    text = table(figures, options.students)
    first, *others = known.values()
    differing = {place for other in others for place in first if other.get(place) != first[place]}
    text += f"\nScores that differ between them: {len(differing)} of {len(first)}.\n"
    if options.growth:
        text += "\n" + growth([int(size) for size in options.growth.split(",")], sandbox=sandbox)
    print(f"\n{text}")
    write_part("What grading costs", text)


if __name__ == "__main__":
    main()
