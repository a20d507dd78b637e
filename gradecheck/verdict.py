"""The verdict on one answer, and how its score comes about."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gradecheck.diagnose.diagnosis import Diagnosis
from gradecheck.exercise import Exercise, Float64, Shape
from gradecheck.graph.drawing import Drawing
from gradecheck.likeness import Likeness
from gradecheck.observe import Evidence
from gradecheck.run.outcome import Raised

#: The share of an output that is right on all moderate cases but not on the extreme ones.
MODERATE_SHARE = 0.8
#: What changing an argument in place costs.
MUTATION_COST = 0.2


class Status(StrEnum):
    """The four states of an exercise in a submission."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_STARTED = "not_started"
    NOT_GRADED = "not_graded"  #: our fault or the machine's; never scored as 0 in silence


@dataclass(frozen=True, eq=False)
class OutputVerdict:
    """One output, such as dx: its share of the score between 0 and 1, and its first fault in words."""

    name: str
    score: float
    fault: str | None

    @property
    def passed(self) -> bool:
        """Whether it is right on everything that it was asked."""
        return self.score == 1.0


@dataclass(frozen=True, eq=False)
class Shown:
    """A call to show: the first that went wrong, or the printed example of a right answer.

    Attributes:
        title: what these inputs are, in words.
        arguments: name and value of each argument, float32-exact.
        output: name of the output that is shown.
        yours: what came back, float64.
        expected: the reference from the tape; None where it must stay hidden.
        difference: the reference from finite differences; None where it must stay hidden.
        wrong: which elements are wrong.
        worst: index of the element that is most wrong.
        settings: the exercise's settings in this call, such as "axis=1".
    """

    title: str
    arguments: tuple[tuple[str, Float64], ...]
    output: str
    yours: Float64
    expected: Float64 | None
    difference: Float64 | None
    wrong: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    worst: tuple[int, ...]
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stop:
    """An exception that ended a call.

    Attributes:
        raised: the exception, with the student's own line where there is one.
        given: name and shape of each argument of that call, and its settings.
        wanted: name and shape of each output that was wanted.
    """

    raised: Raised
    given: str
    wanted: tuple[tuple[str, Shape], ...]


@dataclass(frozen=True, eq=False)
class Verdict:
    """What gradecheck says of one answer.

    Attributes:
        exercise: the exercise.
        status: one of the four states.
        score: between 0 and 1.
        diagnosis: what went wrong, in words, and what may help.
        outputs: one an output; empty when nothing was called.
        seed: of the cases.
        hidden: whether the cases are a grader's: then no expected number of theirs is shown.
        shown: a call to show, where there is one.
        shown_drawn: with a grader's seed, the first call with inputs drawn from it that went wrong, where
            `shown` is another; without expected numbers if `hidden`.
        told_drawn: what that call did, in a sentence, where it gave nothing to show.
        stop: the exception that ended the first call that went wrong, where one did.
        likeness: what a graded answer gives on the public inputs, where nobody recognised what is wrong.
        drawings: the graphs that went wrong, with both numbers at each node. `gradecheck.graph.drawing`
            turns each into text and into SVG.
    """

    exercise: Exercise
    status: Status
    score: float
    diagnosis: Diagnosis
    outputs: tuple[OutputVerdict, ...] = ()
    seed: int = 0
    hidden: bool = False
    shown: Shown | None = None
    shown_drawn: Shown | None = None
    told_drawn: str = ""
    stop: Stop | None = None
    likeness: Likeness | None = None
    drawings: tuple[Drawing, ...] = ()

    @property
    def message(self) -> str:
        """The one sentence that says it all."""
        return self.diagnosis.message


def score_outputs(evidence: Evidence) -> tuple[OutputVerdict, ...]:
    """The score of each output: 0, 0.8 or 1.

    0 when its structure is wrong or a moderate case misses, 0.8 when all moderate cases are right, 1 when
    the extreme cases are right too or the exercise has none.
    """
    return tuple(_score_output(evidence, at, name) for at, name in enumerate(evidence.exercise.outputs))


def _score_output(evidence: Evidence, at: int, name: str) -> OutputVerdict:
    score = 1.0
    fault = None
    for observation in evidence.observations:
        finding = observation.findings[at] if observation.findings else None
        if finding is not None and finding.fault is None:
            continue
        fault = fault or (str(finding.fault) if finding else "no result")
        score = min(score, 0.0 if observation.counts_as_moderate else MODERATE_SHARE)
    return OutputVerdict(name, score, fault)


def score(evidence: Evidence, outputs: tuple[OutputVerdict, ...], *, allowed: bool) -> float:
    """The exercise's score: the mean over its outputs, less what changing an argument costs.

    Args:
        evidence: what was observed.
        outputs: the outputs' scores.
        allowed: whether the way to the answer is allowed; if not, it earns nothing.
    """
    if not allowed:
        return 0.0
    mean = sum(output.score for output in outputs) / len(outputs)
    if evidence.changed:
        mean -= MUTATION_COST
    return round(max(0.0, mean), 6)
