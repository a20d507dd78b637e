"""What became of an answer, finer than its status: one state for each face that a card can have."""

from enum import StrEnum

from gradecheck.compare import Fault
from gradecheck.verdict import Status, Verdict


class State(StrEnum):
    """The states of an exercise as people and programs tell them apart."""

    PASSED = "passed"
    PASSED_FLOAT32 = "passed_float32"  #: right, with digits lost where float32 has none to spare
    RECOGNISED = "recognised"  #: wrong in a way that has a name
    UNRECOGNISED = "unrecognised"
    SHAPE = "shape"  #: not of the form that was asked for: shape, number, kind or dtype
    EXCEPTION = "exception"  #: no result: it stopped, hung, crashed, or is not there
    NAN = "nan"  #: NaN or infinity where a number is due
    SIDE_EFFECT = "side_effect"  #: changes its arguments, or remembers earlier calls
    NOT_STARTED = "not_started"
    NOT_ALLOWED = "not_allowed"
    NOT_GRADED = "not_graded"


_BY_LABEL = {
    "right, float32": State.PASSED_FLOAT32,
    "shape": State.SHAPE,
    "outputs": State.SHAPE,
    "no array": State.SHAPE,
    "dtype": State.SHAPE,
    "error": State.EXCEPTION,
    "missing": State.EXCEPTION,
    "too slow": State.EXCEPTION,
    "crash": State.EXCEPTION,
    "unreadable": State.EXCEPTION,
    "NaN": State.NAN,
    "changes input": State.SIDE_EFFECT,
    "not allowed": State.NOT_ALLOWED,
}
_BY_STATUS = {
    Status.PASSED: State.PASSED,
    Status.NOT_STARTED: State.NOT_STARTED,
    Status.NOT_GRADED: State.NOT_GRADED,
}
_SIDE_EFFECTS = ("inputs-changed", "depends-on-earlier-calls")


def state_of(verdict: Verdict) -> State:
    """The state of a verdict; a recognised mistake that raises is still an exception first."""
    label, misconception = verdict.diagnosis.label, verdict.diagnosis.misconception
    if misconception in _SIDE_EFFECTS:
        return State.SIDE_EFFECT
    if label in _BY_LABEL:
        return _BY_LABEL[label]
    if verdict.status in _BY_STATUS:
        return _BY_STATUS[verdict.status]
    if verdict.stop is not None:
        return State.EXCEPTION
    if any(output.fault == Fault.NOT_FINITE for output in verdict.outputs):
        return State.NAN
    return State.RECOGNISED if misconception is not None else State.UNRECOGNISED
