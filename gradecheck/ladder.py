"""The hints for a result, and those of them that are open: one more each time the answer has changed."""

from dataclasses import dataclass

import numpy as np

from gradecheck.exercise import Exercise
from gradecheck.memory import Memory
from gradecheck.report.model import Result
from gradecheck.verdict import Status

_BY_LABEL = {
    "error": "Read the message from its end: it says what did not fit. Print the shapes in that line.",
    "missing": "Restart the kernel and run the notebook from the top. Which cell is the first that stops?",
    "too slow": "Print something inside the loop. What should make the loop end, and does it ever happen?",
    "crash": "Take lines away until Python survives the call, then put them back one by one.",
    "no array": "What stands behind return? And is there a way through the function that never gets there?",
    "outputs": "Count what stands behind return, and count the gradients that the exercise asks for.",
    "dtype": "Print the dtype of each intermediate result. Where does it stop being a float?",
    "NaN": "Print each intermediate result for the input named above. Which is the first that is NaN?",
    "extremes": "Put the input named above through your steps one at a time. Which step goes wrong first?",
}


#: An error of these types is about a name, and printing shapes does not help.
_OF_NAMES = ("NameError", "AttributeError", "ImportError", "ModuleNotFoundError", "UnboundLocalError")
_ABOUT_A_NAME = (
    "Compare the name in the message, letter by letter, with the name where it was defined. "
    "Does that happen before it is used?"
)
_STUB_LEFT = (
    "The line that raises NotImplementedError came with the exercise. "
    "When all that you wanted to write is there, take it out."
)

_ON_PAPER = (
    "Make it small. Take the smallest example of the notebook; write down what your code does, step by step.",
    "On paper beside it: what should each step give? The first one that differs is the one to look at.",
    "Print what stands in every variable before and after that step. Which of them did you expect otherwise?",
)


@dataclass(frozen=True)
class Opened:
    """The hints that are open, the gentlest first; and whether the answer is another than last time."""

    hints: tuple[str, ...]
    changed: bool


def first_hint(result: Result) -> tuple[str, ...]:
    """The gentlest hint for an answer that is not right, where there is no record of others."""
    return () if result.verdict.status in (Status.PASSED, Status.NOT_GRADED) else _ladder(result)[:1]


def open_hints(result: Result, place: str, digest: str, memory: Memory) -> Opened:
    """The hints that are open for an answer that was just judged; the memory takes note.

    Args:
        result: what was found.
        place: the resolved path of the file that the answer stands in.
        digest: of the answer.
        memory: what was hinted before.
    """
    verdict = result.verdict
    trouble = verdict.diagnosis.misconception or verdict.diagnosis.label
    step = memory.climb(place, verdict.exercise.name, trouble, digest)
    return Opened(_ladder(result)[: step.number + 1], step.changed)


def _ladder(result: Result) -> tuple[str, ...]:
    """All hints for a result, the gentlest first: those of a known mistake, then what always helps."""
    diagnosis = result.verdict.diagnosis
    own = (diagnosis.hint, diagnosis.stronger_hint, _usual(result))
    return (*filter(None, own), *strategy(result.verdict.exercise))


def _usual(result: Result) -> str:
    """The hint that helps with most answers of this kind; empty where there is none."""
    stop = result.verdict.stop
    if stop is not None and stop.raised.type in _OF_NAMES:
        return _ABOUT_A_NAME
    frame = stop.raised.frame if stop is not None else None
    if frame is not None and frame.code.startswith("raise NotImplementedError"):
        return _STUB_LEFT
    return _BY_LABEL.get(result.verdict.diagnosis.label, "")


def strategy(exercise: Exercise) -> tuple[str, ...]:
    """What helps with any answer to an exercise, the gentlest first."""
    if exercise.driver or exercise.named_outputs:
        return _ON_PAPER
    return _for_jacobian(exercise) if exercise.whole_jacobian else _for_gradient(exercise)


def _for_jacobian(exercise: Exercise) -> tuple[str, ...]:
    """Rows and columns, one entry by hand, a nudge."""
    first = exercise.differentiates[0]
    given = ", ".join(f"{name} has shape {np.shape(exercise.printed[name])}" for name in exercise.arguments)
    start = f"{first}{[0] * np.ndim(exercise.printed[first]) or ''}"
    return (
        f"Shapes first. In the printed example {given}. How many entries has z, and how many {first}? "
        "The one is the number of rows, the other that of columns.",
        f"One entry by hand. Which entries of z move when {start} is raised a little, and how strongly? "
        f"Compare with what {exercise.name} returns.",
        f"Measure it. Compute z, raise {start} by 0.001, compute z again, divide the difference by 0.001. "
        "That is one column. How far off is yours: by a factor, a sign, or the place?",
    )


def _for_gradient(exercise: Exercise) -> tuple[str, ...]:
    """Shapes, one element by hand, a nudge."""
    shapes = {name: np.shape(exercise.printed[name]) for name in exercise.arguments}
    first, upstream = exercise.differentiates[0], exercise.upstream
    given = ", ".join(f"{name} has shape {shape}" for name, shape in shapes.items())
    wanted = " and ".join(f"d{name} that of {name}" for name in exercise.differentiates)
    one_hot = np.zeros(shapes[upstream], dtype=int)
    one_hot.flat[-1] = 1
    start = f"{first}{[0] * len(shapes[first]) or ''}"
    return (
        f"Shapes first. In the printed example {given}; {wanted}. "
        "Write its shape beside each of your lines: which line is the first that cannot be?",
        f"One element by hand. Take the printed example with {upstream} = {one_hot.tolist()}: now a single "
        f"element of z counts. Which entries of {first} does it depend on, and how strongly? "
        f"Compare with what {exercise.name} returns.",
        f"Measure it. With {upstream} fixed, compute sum({upstream} * z), raise {start} by 0.001, compute "
        f"it again, and divide the difference by 0.001. That is d{start}. "
        "How far off is yours: by a factor, a sign, or the place?",
    )
