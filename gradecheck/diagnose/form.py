"""What is said of an output that is not of the form that was asked for, and of the arguments it came from."""

import numpy as np

from gradecheck.cases import Case, settings_of, shapes_of
from gradecheck.compare import Fault
from gradecheck.exercise import Exercise, Shape
from gradecheck.observation import Observation
from gradecheck.observe import Evidence
from gradecheck.reference.expectation import ExpectedOutput
from gradecheck.run.outcome import Returned


def listed(names: tuple[str, ...]) -> str:
    """The names, with "and" before the last."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def given(exercise: Exercise, case: Case) -> str:
    """The shapes of the arguments, and the settings: "x (3, 2), dz (3,), axis=1"."""
    shapes = (f"{name} {shape}" for name, shape in shapes_of(exercise, case).items())
    return ", ".join((*shapes, *settings_of(exercise, case)))


def wrong_form(
    evidence: Evidence, fault: Observation, at: int, output: ExpectedOutput, *, guess: bool
) -> str:
    """An output has not the number, kind, dtype or shape that was asked for.

    Args:
        evidence: the calls.
        fault: the call that shows it.
        at: which output it is.
        output: its reference.
        guess: whether to say what can be behind it; not where that is known.
    """
    finding, name, shape = fault.findings[at], output.name, output.value.shape
    asked = evidence.exercise.outputs
    assert isinstance(fault.outcome, Returned)
    values = fault.outcome.values
    match finding.fault:
        case Fault.COUNT:
            return f"your function returned {_count(int(finding.detail))}; {_wanted(asked)}."
        case Fault.DTYPE:
            return f"{name} holds {finding.detail}; real numbers are wanted, such as float32."
        case Fault.SHAPE:
            value = values[at]
            assert isinstance(value, np.ndarray)
            behind = _broadcast(value.shape, shape) if guess and not evidence.exercise.driver else ""
            like = _like(evidence.exercise, name)
            return f"{name} has shape {finding.detail}; it must have {shape}{like}.{behind}"
    forgotten = " Is a return missing?" if finding.detail == "None" else ""
    if len(asked) == 1:
        return f"your function returned {finding.detail}; {name} is an array of shape {shape}.{forgotten}"
    if len(values) == 1:
        return f"your function returned {finding.detail}; {_wanted(asked)}.{forgotten}"
    return f"{name} is {finding.detail}; an array of shape {shape} is wanted."


def _wanted(names: tuple[str, ...]) -> str:
    return f"{_count(len(names))} wanted: {listed(names)}"


def _count(number: int) -> str:
    return "1 output" if number == 1 else f"{number} outputs"


def _like(exercise: Exercise, name: str) -> str:
    """What else has the shape of an output, where anything has."""
    if name[1:] in exercise.inputs:
        return f", the shape of {name[1:]}"
    return ", an entry for each output and each input" if name == "J" else ""


def _broadcast(got: Shape, wanted: Shape) -> str:
    """A sentence where broadcasting can have made `got` of an output of shape `wanted`; else empty."""
    try:
        stretched = np.broadcast_shapes(got, wanted) == got
    except ValueError:
        return ""
    if not stretched or np.prod(got) <= np.prod(wanted):
        return ""
    if len(wanted) == 1 and got == wanted * 2:
        return (
            f" Broadcasting can do that: where shapes {(*wanted, 1)} and {wanted} meet, each entry of the "
            f"one is taken with each of the other."
        )
    return f" Broadcasting can do that: it repeats what has the shape {wanted} until it fills {got}."
