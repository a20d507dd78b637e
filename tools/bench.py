"""Measure what grading costs: stock nbgrader against gradecheck, on the same submissions in one run.

Run by `make bench`. Each way to grade runs twice, on a few submissions and on the whole class: the
difference is what one more submission costs, and the rest is the start-up. Stock means nbgrader's own
preprocessors, with `grade(...)` in the student's kernel; feedback is `nbgrader generate_feedback`.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import otter_run
from pages import ROOT, write_part
from usage import Usage, run

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
FUNCTIONS = ("grad_sigmoid", "grad_softmax", "grad_matmul", "grad_conv2d")

Scores = dict[tuple[str, str], float]


Commands = Callable[[Path], Iterable[Sequence[str]]]
"""The commands that grade a class, given the course's folder."""


@dataclass(frozen=True)
class Way:
    """A way to grade.

    Attributes:
        name: for the table.
        commands: what is typed.
        ours: whether the course has gradecheck's plug-in.
        scores: whether nbgrader's gradebook has its scores.
        codes: with which it may end.
    """

    name: str
    commands: Commands
    ours: bool = True
    scores: bool = True
    codes: Sequence[int] = (0, 1)


@dataclass(frozen=True)
class Figures:
    """What a way costs: in all, at its start, and for one more submission."""

    name: str
    start: float
    one_more: Usage
    whole: Usage


def ways() -> dict[str, Way]:
    """Everything that is compared; stock nbgrader first."""
    autograde = (sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT)
    feedback = (sys.executable, "-m", "nbgrader", "generate_feedback", ASSIGNMENT)
    grade = (sys.executable, "-m", "gradecheck", "grade", ASSIGNMENT)
    one = (*grade, "--workers", "1")
    compared = {
        "stock": Way(
            "stock `nbgrader autograde`, `generate_feedback`", _these(autograde, feedback), ours=False
        ),
        "stock-bare": Way("stock `nbgrader autograde`, no feedback", _these(autograde), ours=False),
        "plug-in": Way("the first with gradecheck's plug-in", _these(autograde, feedback)),
        "one": Way("`gradecheck grade --workers 1`", _these(one)),
        "grade": Way("`gradecheck grade`", _these(grade)),
        "bare": Way("`gradecheck grade --no-feedback`", _these((*grade, "--no-feedback"))),
    }
    if otter_run.is_installed():
        name = "`otter run`, the printed example only"
        compared["otter"] = Way(name, otter_run.commands, scores=False, codes=(0,))
    return compared


def _these(*commands: Sequence[str]) -> Commands:
    return lambda _: commands


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
        for place, function in enumerate(FUNCTIONS):
            source = pick(answers, function, number, right=(number + place) % 5 < 3).source
            cell_of(notebook, function)["source"] = source
        submitted = folder / "submitted" / f"student{number:04}" / ASSIGNMENT
        submitted.mkdir(parents=True)
        (submitted / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    run((sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT, "--force"), folder)


def pick(answers: Sequence[Answer], function: str, number: int, *, right: bool) -> Answer:
    """One of the course's answers to an exercise."""
    fitting = [a for a in answers if a.exercise.name == function and (a.kind is AnswerKind.RIGHT) == right]
    return fitting[number * 7 % len(fitting)]


def measure(way: Way, students: int, folder: Path, *, sandbox: bool) -> tuple[Usage, Scores]:
    """Grade a class of a size in one way; also the scores."""
    make_course(folder, OURS.format(sandbox=sandbox) if way.ours else "", students)
    otter_run.write_autograder(folder, FUNCTIONS)
    used = Usage()
    for command in way.commands(folder):
        used += run(command, folder, way.codes)
    if not way.scores:
        return used, {}
    scores = {(s.student, s.cell): s.score for s in read_scores(folder, ASSIGNMENT)}
    if not scores:
        sys.exit(f"{way.name} graded nobody; see bench.log in {folder}")
    return used, scores


def compare(way: Way, students: int, *, sandbox: bool) -> tuple[Figures, Scores]:
    """What a way costs, from a class of a few and from the whole."""
    with tempfile.TemporaryDirectory(prefix="gradecheck-bench-") as scratch:
        few, _ = measure(way, FEW, Path(scratch, "few"), sandbox=sandbox)
        whole, scores = measure(way, students, Path(scratch, "all"), sandbox=sandbox)
    more = students - FEW
    one_more = Usage((whole.cpu - few.cpu) / more, (whole.wall - few.wall) / more)
    return Figures(way.name, few.cpu - FEW * one_more.cpu, one_more, whole), scores


def table(figures: Sequence[Figures], students: int) -> str:
    """The figures as Markdown; ratios against the first."""
    lines = [
        f"One more submission of four exercises, in a class of {students} with right and wrong answers, "
        f"on {os.cpu_count()} cores:",
        "",
        "| way | CPU s a submission | times less | wall s | start-up, CPU s | largest process, MiB "
        "| all together, MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    for f in figures:
        ratio = f"{figures[0].one_more.cpu / f.one_more.cpu:.1f}"
        lines.append(
            f"| {f.name} | {f.one_more.cpu:.3f} | {ratio} | {f.one_more.wall:.3f} | {f.start:.1f} "
            f"| {f.whole.largest:.0f} | {f.whole.together:.0f} |"
        )
    return "\n".join(lines) + "\n"


def growth(sizes: Sequence[int], *, sandbox: bool) -> str:
    """How time and memory of `gradecheck grade` grow with the class, as Markdown."""
    lines = [
        "| submissions | CPU s | wall s | wall s a submission | largest process, MiB | all together, MiB |",
        "|---|---|---|---|---|---|",
    ]
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="gradecheck-bench-") as scratch:
            used, _ = measure(ways()["grade"], size, Path(scratch, "class"), sandbox=sandbox)
        lines.append(
            f"| {size} | {used.cpu:.1f} | {used.wall:.1f} | {used.wall / size:.3f} | {used.largest:.0f} "
            f"| {used.together:.0f} |"
        )
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=20, help="size of the class (default: 20)")
    parser.add_argument("--growth", default="10,100,1000", help="sizes for the second table, or nothing")
    parser.add_argument("--ways", default=",".join(ways()), help="what to compare (default: %(default)s)")
    parser.add_argument("--no-sandbox", action="store_true", help="where there is no bubblewrap")
    options = parser.parse_args()
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    sandbox = not options.no_sandbox
    figures: list[Figures] = []
    known: list[Scores] = []
    for name in options.ways.split(","):
        found, scores = compare(ways()[name], options.students, sandbox=sandbox)
        figures.append(found)
        known += [scores] if scores else []
        print(found, flush=True)
    text = table(figures, options.students)
    first, *others = known
    differing = {place for other in others for place in first if other.get(place) != first[place]}
    text += f"\nScores in nbgrader's gradebook that differ between them: {len(differing)} of {len(first)}.\n"
    if not otter_run.is_installed():
        text += (
            "\notter-grader was not installed: `pip install -c constraints.txt -e '.[bench]'` adds its row.\n"
        )
    if options.growth:
        text += "\n" + growth([int(size) for size in options.growth.split(",")], sandbox=sandbox)
    print(f"\n{text}")
    write_part("What grading costs", text)


if __name__ == "__main__":
    main()
