"""Measure what grading costs: stock nbgrader against gradecheck, on the same submissions in one run.

Run by `make bench`. Two classes: in the usual one most answers are right and written as most people write
them, and 8 of 20 students have one wrong; in the odd one every way to answer that answers.py knows is as
frequent as any other, however slow, and 2 of 5 answers are wrong.

Each way to grade runs on a few submissions and on the whole class: the difference is what one more submission
costs, and the rest is the start-up. Where that is most of all, it varies by more than a submission costs: the
difference there is of what came after the first submission was done, and the median of several rounds counts.
Stock means nbgrader's own preprocessors, with `grade(...)` in the student's kernel; feedback is
`nbgrader generate_feedback`.
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
from usage import Run, Usage, run, typical

from gradecheck.answer_file import FILE_NAME, Answer, AnswerKind, read_answers
from gradecheck.course import release_course
from gradecheck.made_up_class import ASSIGNMENT, cell_of
from gradecheck.nbgrader.scores import read_scores
from gradecheck.run import kernel

#: So many that each of a few workers has seen right and wrong answers: the first of each cost more.
FEW = 8
#: How often that is measured of which the start-up is most.
ROUNDS = 5
#: The first right answers to an exercise in answers.py are those that most people write.
USUAL = 3
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


Choose = Callable[[Sequence[Answer], Sequence[Answer], int, int], Answer]
"""Picks an answer: of the right and the other ones to an exercise, for a student and an exercise's place."""


@dataclass(frozen=True)
class Way:
    """A way to grade.

    Attributes:
        name: for the table.
        commands: what is typed.
        ours: whether the course has gradecheck's plug-in.
        scores: whether nbgrader's gradebook has its scores.
        codes: with which it may end.
        rounds: how often it is measured; with more than one, from its first result on.
    """

    name: str
    commands: Commands
    ours: bool = True
    scores: bool = True
    codes: Sequence[int] = (0, 1)
    rounds: int = 1


@dataclass(frozen=True)
class Figures:
    """What a way costs: in all, at its start, and in each round for one more submission."""

    name: str
    start: float
    rounds: Sequence[Usage]
    whole: Usage

    @property
    def one_more(self) -> Usage:
        """The median."""
        return typical(self.rounds)


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
        "one": Way("`gradecheck grade --workers 1`", _these(one), rounds=ROUNDS),
        "grade": Way("`gradecheck grade`", _these(grade), rounds=ROUNDS),
        "bare": Way("`gradecheck grade --no-feedback`", _these((*grade, "--no-feedback")), rounds=ROUNDS),
    }
    if otter_run.is_installed():
        name = "`otter run`, the printed example only"
        compared["otter"] = Way(name, otter_run.commands, scores=False, codes=(0,))
    return compared


def _these(*commands: Sequence[str]) -> Commands:
    return lambda _: commands


def make_course(folder: Path, configure: str, students: int, choose: Choose | None = None) -> None:
    """A course with submissions of right and wrong answers, always the same ones; usual ones by default."""
    choose = choose or usual
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
            right, other = _of_exercise(answers, function)
            cell_of(notebook, function)["source"] = choose(right, other, number, place).source
        submitted = folder / "submitted" / f"student{number:04}" / ASSIGNMENT
        submitted.mkdir(parents=True)
        (submitted / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    run((sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT, "--force"), folder)


def _of_exercise(answers: Sequence[Answer], function: str) -> tuple[list[Answer], list[Answer]]:
    """The right answers to an exercise, those first that most people write, and the others."""
    fitting = [answer for answer in answers if answer.exercise.name == function]
    right = [answer for answer in fitting if answer.kind is AnswerKind.RIGHT]
    return right, [answer for answer in fitting if answer.kind is not AnswerKind.RIGHT]


def usual(right: Sequence[Answer], other: Sequence[Answer], number: int, place: int) -> Answer:
    """Of a class in which 8 of 20 students have one wrong answer, and write as most people do."""
    wrong = number % 5 in (1, 3) and place == number % len(FUNCTIONS)
    return other[number % len(other)] if wrong else right[number % USUAL]


def odd(right: Sequence[Answer], other: Sequence[Answer], number: int, place: int) -> Answer:
    """Of a class in which 2 of 5 answers are wrong, and every way to write one is as frequent."""
    fitting = right if (number + place) % 5 < 3 else other
    return fitting[number * 7 % len(fitting)]


CLASSES: dict[str, Choose] = {"usual": usual, "odd": odd}


def measure(
    way: Way, students: int, folder: Path, choose: Choose = usual, *, sandbox: bool
) -> tuple[Run, Scores]:
    """Grade a class of a size in one way; also the scores."""
    make_course(folder, OURS.format(sandbox=sandbox) if way.ours else "", students, choose)
    otter_run.write_autograder(folder, FUNCTIONS)

    def begun() -> bool:
        return any((folder / "autograded").glob(f"*/{ASSIGNMENT}/*.ipynb"))

    whole = later = Usage()
    for command in way.commands(folder):
        used = run(command, folder, way.codes, begun if way.rounds > 1 else None)
        whole, later = whole + used.whole, later + used.later
    if not way.scores:
        return Run(whole, later), {}
    scores = {(s.student, s.cell): s.score for s in read_scores(folder, ASSIGNMENT)}
    if not scores:
        sys.exit(f"{way.name} graded nobody; see bench.log in {folder}")
    return Run(whole, later), scores


def compare(way: Way, students: int, choose: Choose, *, sandbox: bool) -> tuple[Figures, Scores]:
    """What a way costs, from a class of a few and from the whole."""
    found: dict[int, list[Run]] = {FEW: [], students: []}
    for _ in range(way.rounds):
        with tempfile.TemporaryDirectory(prefix="gradecheck-bench-") as scratch:
            for size, runs in found.items():  # the scores are those of the last, the whole class
                used, scores = measure(way, size, Path(scratch, str(size)), choose, sandbox=sandbox)
                runs.append(used)
    few, whole = (typical([run.whole for run in runs]) for runs in found.values())
    rounds = [(b.later - a.later) / (students - FEW) for a, b in zip(*found.values(), strict=True)]
    return Figures(way.name, few.cpu - FEW * typical(rounds).cpu, rounds, whole), scores


def table(figures: Sequence[Figures]) -> str:
    """The figures as Markdown; ratios against the first."""
    lines = [
        "| way | CPU s a submission | each round | times less | wall s | start-up, CPU s "
        "| largest process, MiB | all together, MiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for f in figures:
        each = ", ".join(f"{used.cpu:.3f}" for used in f.rounds) if len(f.rounds) > 1 else "-"
        ratio = f"{figures[0].one_more.cpu / f.one_more.cpu:.1f}"
        lines.append(
            f"| {f.name} | {f.one_more.cpu:.3f} | {each} | {ratio} | {f.one_more.wall:.3f} | {f.start:.1f} "
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
            graded, _ = measure(ways()["grade"], size, Path(scratch, "class"), sandbox=sandbox)
        used = graded.whole
        lines.append(
            f"| {size} | {used.cpu:.1f} | {used.wall:.1f} | {used.wall / size:.3f} | {used.largest:.0f} "
            f"| {used.together:.0f} |"
        )
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def compared(names: Sequence[str], students: int, choose: Choose, *, sandbox: bool) -> str:
    """What several ways cost on the same class, and whether their scores differ, as Markdown."""
    figures: list[Figures] = []
    known: list[Scores] = []
    for name in names:
        found, scores = compare(ways()[name], students, choose, sandbox=sandbox)
        figures.append(found)
        known += [scores] if scores else []
        print(found, flush=True)
    first, *others = known
    differing = {place for other in others for place in first if other.get(place) != first[place]}
    told = f"Scores in nbgrader's gradebook that differ between them: {len(differing)} of {len(first)}."
    return f"{table(figures)}\n{told}\n"


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=20, help="size of the class (default: 20)")
    parser.add_argument("--growth", default="10,100,1000", help="sizes for the last table, or nothing")
    parser.add_argument("--ways", default=",".join(ways()), help="what to compare (default: %(default)s)")
    parser.add_argument("--odd", default="stock,grade", help="the same for the odd class, or nothing")
    parser.add_argument("--no-sandbox", action="store_true", help="where there is no bubblewrap")
    options = parser.parse_args()
    if options.students <= FEW:
        parser.error(f"--students must be more than {FEW}, with which it is compared")
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    sandbox = not options.no_sandbox
    text = (
        f"One more submission of four exercises, on {os.cpu_count()} cores. In a class of "
        f"{options.students} who write as most people do, where 8 of 20 have one wrong answer (rows of "
        f"`gradecheck grade`: medians of {ROUNDS} rounds, from the first result on):\n\n"
    )
    text += compared(options.ways.split(","), options.students, usual, sandbox=sandbox)
    if not otter_run.is_installed():
        text += (
            "\notter-grader was not installed: `pip install -c constraints.txt -e '.[bench]'` adds its row.\n"
        )
    if options.odd:
        text += (
            "\nIn a class where every way to answer that is known is as frequent as any other, however slow, "
            "and 2 of 5 answers are wrong:\n\n"
        )
        text += compared(options.odd.split(","), options.students, odd, sandbox=sandbox)
    if options.growth:
        sizes = [int(size) for size in options.growth.split(",")]
        text += f"\nHow `gradecheck grade` grows, in the first class:\n\n{growth(sizes, sandbox=sandbox)}"
    print(f"\n{text}")
    write_part("What grading costs", text)


if __name__ == "__main__":
    main()
