"""How many mistakes are called by their right name, and is anything ever called by a wrong one?

Run by `make recognition` at the root of the course. Three batteries are judged with public and with hidden
inputs: `tools/mistakes/catalogue.txt` holds mistakes whose name is known, `tools/mistakes/unseen.txt` some
that no table holds, and the course's files of answers mistakes and right answers. Each miss is listed, and
the command fails where a figure is not met.
"""

import linecache
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradecheck.answer_file import FILE_NAME, AnswerKind, read_answers
from gradecheck.cases import PUBLIC_SEED
from gradecheck.catalogue import find_exercise
from gradecheck.diagnose.shared import known_mistakes
from gradecheck.diagnose.source import AnswerSource
from gradecheck.exercise import Exercise
from gradecheck.judge import judge
from gradecheck.reference.tape import load_tensorflow
from gradecheck.run.inline import InlineCaller
from gradecheck.verdict import Status, Verdict

ROOT = Path(__file__).parents[1]
MISTAKES = Path(__file__).parent / "mistakes"
#: At least this share of the mistakes with a name gets it.
WANTED = 0.95
#: A hidden seed beside the public one: any will do.
SEEDS = (PUBLIC_SEED, 271_828)
#: What a name can say without any formula.
WITHOUT_FORMULA = {"inputs-changed", "depends-on-earlier-calls", "full-jacobian", "overflow-in-exp"}
#: A message that gives a number, a kind or a shape that is wanted, or says where it stopped.
SAYS_WHAT = re.compile(r"expected|wanted|must|of shape|stopped|cannot be called|NaN|infinite")
GRAPH = "Operation, Variable, gradient_function, topological_order, compute_gradients as gradients_of"
IMPORTS = f"import numpy as np\nimport tensorflow as tf\nfrom gradecheck.graph import {GRAPH}\n"


@dataclass(frozen=True)
class Plant:
    """An answer whose worth is known.

    Attributes:
        title: what it is called in a list of misses.
        exercise: which one it answers.
        source: everything that it needs but the imports.
        names: the ids that are true of it; empty where nothing may be named.
        right: whether it is a right answer.
        known: whether the tables hold it, so that one of the names has to be given.
    """

    title: str
    exercise: Exercise
    source: str
    names: frozenset[str]
    right: bool = False
    known: bool = True


@dataclass(frozen=True)
class Judged:
    """A plant and what was said of it."""

    plant: Plant
    seed: int
    verdict: Verdict

    @property
    def name(self) -> str | None:
        """The id that was given, if any."""
        return self.verdict.diagnosis.misconception

    @property
    def named_right(self) -> bool:
        """Whether it got a name that is true of it."""
        return self.name in self.plant.names

    @property
    def misnamed(self) -> bool:
        """Whether it got a name that is not true of it."""
        return self.name is not None and not self.named_right

    @property
    def useless(self) -> bool:
        """Whether a wrong answer passes, or is told neither what is wrong nor anything else."""
        told = self.verdict.diagnosis
        return self.verdict.status is not Status.FAILED or not (told.facts or SAYS_WHAT.search(told.message))

    def __str__(self) -> str:
        seed = "public" if self.seed == PUBLIC_SEED else "hidden"
        wanted = " or ".join(sorted(self.plant.names)) or "no name"
        told = " ".join(self.verdict.diagnosis.message.split())[:150]
        return f"{self.plant.title} ({seed}): {self.name or 'no name'}, not {wanted}: {told}"


@dataclass(frozen=True)
class Figures:
    """What came of the batteries."""

    judged: tuple[Judged, ...]

    @property
    def to_name(self) -> list[Judged]:
        """Answers that have a name."""
        return [j for j in self.judged if j.plant.names and j.plant.known]

    @property
    def missed(self) -> list[Judged]:
        """Those of them that did not get one that is true of them."""
        return [j for j in self.to_name if not j.named_right]

    @property
    def misnamed(self) -> list[Judged]:
        """Wrong answers with a wrong name."""
        return [j for j in self.judged if j.misnamed and not j.plant.right]

    @property
    def right_misjudged(self) -> list[Judged]:
        """Right answers that lost something, or got the name of a mistake."""
        return [j for j in self.judged if j.plant.right and (j.name or j.verdict.status is not Status.PASSED)]

    @property
    def useless(self) -> list[Judged]:
        """Wrong answers without a name that were told nothing more."""
        return [j for j in self.judged if not j.plant.right and not j.name and j.useless]

    @property
    def share(self) -> float:
        """The share of the answers with a name that got it."""
        return 1 - len(self.missed) / max(1, len(self.to_name))

    @property
    def met(self) -> bool:
        """Whether all that is promised holds."""
        return self.share >= WANTED and not (self.misnamed or self.right_misjudged or self.useless)

    def report(self) -> str:
        """The figures, and each miss."""
        lines = [
            f"{len(self.judged)} verdicts",
            f"named right: {self.share:.1%} of {len(self.to_name)} (wanted {WANTED:.0%})",
        ]
        for what, found in (
            ("not named", [j for j in self.missed if not j.misnamed]),
            ("confident wrong names (wanted 0)", self.misnamed),
            ("right answers misjudged (wanted 0)", self.right_misjudged),
            ("without a name and without a fact (wanted 0)", self.useless),
        ):
            lines += [f"{what}: {len(found)}", *(f"  {j}" for j in found)]
        return "\n".join(lines)


def from_catalogue() -> list[Plant]:
    """The mistakes of the catalogue."""
    return _read(MISTAKES / "catalogue.txt")


def unseen() -> list[Plant]:
    """Wrong answers that no table holds."""
    return [replace(plant, known=False) for plant in _read(MISTAKES / "unseen.txt")]


def from_answers() -> list[Plant]:
    """The answers of the course's files, right and wrong; a label that is no known name names nothing."""
    answers = [
        a for path in sorted(ROOT.glob(f"solutions/*/{FILE_NAME}")) for a in read_answers(path).values()
    ]
    graded = (AnswerKind.RIGHT, AnswerKind.WRONG, AnswerKind.PARTIAL)
    plants = []
    for answer in (a for a in answers if a.kind in graded):
        known = {mistake.id for mistake in known_mistakes(answer.exercise)} | WITHOUT_FORMULA
        right = answer.kind is AnswerKind.RIGHT
        names = {answer.label} & known if not right else set()
        plants.append(Plant(answer.name, answer.exercise, answer.source, frozenset(names), right))
    return plants


def measure(plants: Iterable[Plant], seeds: Iterable[int] = SEEDS) -> Figures:
    """Judge each of them, in this process, with each of the seeds."""
    seeds = tuple(seeds)
    return Figures(tuple(_judged(plant, seed) for plant in plants for seed in seeds))


def _judged(plant: Plant, seed: int) -> Judged:
    load_tensorflow()
    names: dict[str, Any] = {}
    code = IMPORTS + plant.source
    title = f"<{plant.title}>"
    linecache.cache[title] = (len(code), None, code.splitlines(keepends=True), title)  # tf.function reads it
    exec(compile(code, title, "exec"), names)
    caller = InlineCaller({plant.exercise.name: names[plant.exercise.name]})
    source = AnswerSource.of(code)
    hidden = seed != PUBLIC_SEED
    return Judged(plant, seed, judge(plant.exercise, caller, source=source, seed=seed, hidden=hidden))


def _lines(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def _read(path: Path) -> list[Plant]:
    right = {line.split()[0]: line.split(maxsplit=1)[1] for line in _lines(MISTAKES / "right.txt")}
    plants = []
    for line in _lines(path):
        title, code, names, body = line.split(maxsplit=3)
        for one in right if title == "*" else [title]:
            exercise = find_exercise(one)
            ids = frozenset(names.split(",")) - {"-", "right"}
            source = _source(exercise, body, right.get(one, "None"))
            plants.append(Plant(f"{one} {code}", exercise, source, ids, names == "right"))
    return plants


def _source(exercise: Exercise, body: str, right: str) -> str:
    """The code of one line of a battery."""
    settings = "".join(f", {name}={value!r}" for name, value in exercise.settings.items())
    arguments = ", ".join(exercise.arguments) + settings
    if exercise.called_as:
        arguments = exercise.called_as.partition("(")[2].removesuffix(")")
    passed = ", ".join((*exercise.arguments, *exercise.settings))
    lines = body.removeprefix("!").replace("\\n", "\n").split("\n")
    if len(lines) == 1:
        lines = [f"return {lines[0]}"]
    if not body.startswith("!"):
        names = ", ".join(exercise.arguments)
        lines = [f"{names}, = (np.array(v) for v in ({names},))", *lines]
    for name, change in (("ONES", "np.ones_like(dz)"), ("SQUARED", "dz * dz"), ("SIZE", "abs(dz)")):
        lines = [line.replace(name, passed.replace("dz", change)) for line in lines]
    lines = [line.replace("each(", f"each(right({passed}), ") for line in lines]
    code = "\n    ".join(lines)
    return (
        f"{(MISTAKES / 'prelude.py').read_text(encoding='utf-8')}\n\n"
        f"def right({arguments}):\n    return {right}\n\n\n"
        f"def {exercise.name}({arguments}):\n    {code}\n"
    )


def main() -> None:
    """Measure everything; exits with 1 where a figure is not met."""
    figures = measure([*from_catalogue(), *unseen(), *from_answers()])
    print(figures.report())
    sys.exit(0 if figures.met else 1)


if __name__ == "__main__":
    main()
