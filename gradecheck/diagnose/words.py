"""Every sentence that a student reads: short, kind, exact; what happened, where, what was wanted."""

import re

from gradecheck.cases import CaseKind
from gradecheck.compare import Fault, Finding
from gradecheck.diagnose.calling import is_another_signature, is_not_as_asked
from gradecheck.diagnose.clues import behind_not_finite
from gradecheck.diagnose.form import given, listed, wrong_form
from gradecheck.diagnose.numbers import apart, element_of, number, written, yours_of
from gradecheck.exercise import Mistake
from gradecheck.observation import Observation
from gradecheck.observe import Evidence
from gradecheck.reference.expectation import ExpectedOutput
from gradecheck.run.caller import ArgumentKind
from gradecheck.run.outcome import Died, Frame, Missing, Raised, TimedOut

#: The one or two words of each fault in a table.
LABELS = {
    Fault.COUNT: "outputs",
    Fault.KIND: "no array",
    Fault.DTYPE: "dtype",
    Fault.SHAPE: "shape",
    Fault.NOT_FINITE: "NaN",
    Fault.VALUE: "wrong",
}
MUTATION_HINTS = (
    "Print the arguments before and after the call.",
    "Make a copy before you write into an array, or build a new array.",
)


def not_started(name: str, *, empty: bool = False) -> str:
    """Nothing was written yet."""
    if empty:
        return f"not started: the body of {name} is empty, so it returns None."
    return f"not started: {name} is still as it was handed out."


def right(evidence: Evidence) -> str:
    """Full marks."""
    tried = f"right on all {len(evidence.observations)} inputs tried"
    if evidence.exercise.extremes:
        return f"{tried}, extreme ones included."
    return f"{tried}." if evidence.exercise.driver else f"{tried}, square and oblong."


def right_but_changes(names: tuple[str, ...]) -> str:
    """The numbers are right, and an argument was changed in place."""
    return (
        f"the numbers are right, but {changes(names)}. Whoever called still needs {_them(names)} as before."
    )


def changes(names: tuple[str, ...]) -> str:
    """Which arguments were changed in place."""
    return f"the call changes its argument{'s' if len(names) > 1 else ''} {listed(names)}"


def changes_remark(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same as a remark of its own, where there is something to say."""
    return (f"Besides, {changes(names)}: work on a copy.",) if names else ()


def missing(outcome: Missing) -> str:
    """There is no such function."""
    if outcome.found is None:
        return (
            f"there is no function {outcome.function} here; "
            f"its cell may be gone, renamed, or stopped by an error."
        )
    return f"{outcome.function} is {outcome.found}, not a function."


def timed_out(evidence: Evidence, fault: Observation, outcome: TimedOut) -> str:
    """The call, or all calls together, took longer than the limit."""
    if outcome.together:
        return (
            f"the calls of {evidence.exercise.name} took longer than {outcome.seconds:g} s together, so "
            f"the rest was not tried. A right answer needs a fraction of a second; what takes so long?"
        )
    return (
        f"{evidence.exercise.name} did not come back within {outcome.seconds:g} s and was stopped"
        f"{_on(evidence, fault)}. Is there a loop that never ends?"
    )


def died(evidence: Evidence, fault: Observation, outcome: Died) -> str:
    """The call took the whole process down."""
    what = f"{evidence.exercise.name} brought the whole Python process down ({outcome.how})"
    if outcome.signal is None:
        return f"{what}{_on(evidence, fault)}."
    return f"{what}{_on(evidence, fault)}. A TensorFlow operation given the wrong rank can do that."


def raised(evidence: Evidence, fault: Observation, outcome: Raised) -> str:
    """The call raised an exception."""
    exercise = evidence.exercise
    where = f",{_on(evidence, fault)}" if exercise.place else ""
    if is_not_as_asked(exercise, outcome):
        return f"{_one_line(outcome.message)}{where}."
    if is_another_signature(exercise, outcome):
        return f"{exercise.name} cannot be called as {exercise.signature}: {_one_line(outcome.message)}."
    if exercise.place:
        return f"{_stopped(outcome)}{where}."
    return f"{_stopped(outcome)}. {_shapes(evidence, fault)}"


def raised_on_extremes(evidence: Evidence, fault: Observation, outcome: Raised) -> str:
    """Right wherever numbers are ordinary, and an exception where they are not."""
    return f"right on every ordinary input, but for {_inputs(evidence, fault)} it {_stopped(outcome)}."


def recognised(mistake: Mistake, message: str, output: str = "") -> str:
    """What the mistake is, in which output if not in all, and then what it did here."""
    about = f"{output}: " if output else ""
    begun = re.sub(r"^[a-z]{3,} ", lambda word: word[0].capitalize(), message)  # dx stays dx
    return f"{about}{mistake.sentence} {begun}"


def on_square_inputs(mistake: Mistake) -> str:
    """A mistake that shows only where the shapes happen to fit."""
    return f"On square inputs the code runs, and there: {mistake.sentence[0].lower()}{mistake.sentence[1:]}"


def differs_again(evidence: Evidence, output: str) -> str:
    """The same arguments gave another result later."""
    return (
        f"{output} was right at first, and wrong when {evidence.exercise.name} was called again "
        f"with the same arguments. Does it remember something between calls?"
    )


def wrong(
    evidence: Evidence,
    fault: Observation,
    finding: Finding,
    output: ExpectedOutput,
    *,
    secret: bool,
    guess: bool,
) -> str:
    """One output is wrong: in its structure, where a cause may be guessed at, or in its values."""
    at = next(i for i, each in enumerate(fault.findings) if each is finding)
    if finding.wrong is None:
        return wrong_form(evidence, fault, at, output, guess=guess)
    where = _on(evidence, fault)
    element = element_of(evidence.exercise, fault, output, finding)
    if finding.fault is Fault.NOT_FINITE and finding.yours is not None:
        behind = behind_not_finite(evidence.exercise, fault, at, finding.yours)
        return f"{element} is {number(yours_of(finding))}{where}.{behind}"
    total = output.value.size
    share = "" if total == 1 else f" ({int(finding.wrong.sum())} of {total} entries are wrong)"
    if secret:
        return f"{element} is wrong{where}{share}."
    yours, wanted = apart(yours_of(finding), float(output.value[finding.worst]))
    return f"{element} is {yours}, expected {wanted}{where}{share}."


def right_but_extremes(
    evidence: Evidence, fault: Observation, finding: Finding, output: ExpectedOutput
) -> str:
    """Right wherever numbers are ordinary."""
    what = (
        f"{element_of(evidence.exercise, fault, output, finding)} is {number(yours_of(finding))}"
        if finding.yours is not None
        else f"{output.name} is not as wanted"
    )
    fragile = (
        " On paper the formula holds; in these numbers it breaks."
        if finding.fault is Fault.NOT_FINITE
        else ""
    )
    return f"right on every ordinary input, but {what} for {_inputs(evidence, fault)}.{fragile}"


def another_form(kind: ArgumentKind) -> str:
    """The answer does not take float32 tensors."""
    return f"Your function does not take float32 tensors, so it was given {kind}; that is fine here."


def finite_differences() -> str:
    """Nudging and measuring inside an answer: allowed, and not the point."""
    return (
        "The answer looks like finite differences. They count here, and they are how one checks a gradient; "
        "the formula is exact and far cheaper."
    )


def at_kink() -> str:
    """Another slope than TensorFlow's at a corner, where several are right."""
    return (
        "At the corner itself your slope is another than TensorFlow's; every value between the two sides "
        "is right."
    )


def float32(error: float) -> str:
    """Right as float32 goes."""
    lost = f"{error:.0%}" if error >= 0.01 else f"{error:.1e}"
    return (
        f"Right as far as float32 goes: where the gradient is tiny, digits are lost "
        f"(relative error up to {lost})."
    )


def _on(evidence: Evidence, fault: Observation) -> str:
    if evidence.exercise.place:
        named = dict(zip(evidence.exercise.settings, fault.case.settings, strict=True))
        return f" {evidence.exercise.place.format_map(named)}"
    if fault.case.kind is CaseKind.PRINTED:
        return " in the printed example"
    return f" for inputs of shape {given(evidence.exercise, fault.case)}"


def _shapes(evidence: Evidence, fault: Observation) -> str:
    wanted = ", ".join(f"{o.name} {o.value.shape}" for o in fault.expected.outputs)
    return f"Shapes here: {given(evidence.exercise, fault.case)}; wanted: {wanted}."


def _inputs(evidence: Evidence, fault: Observation) -> str:
    inputs = zip(evidence.exercise.inputs, fault.case.inputs, strict=True)
    return ", ".join(f"{name} = {written(value, most=6)}" for name, value in inputs)


def _stopped(outcome: Raised) -> str:
    """Where and why it stopped, without a full stop."""
    where = f"stopped at {_place(outcome.frame)}: " if outcome.frame else "stopped: "
    text = f"{outcome.type}: {_one_line(outcome.message)}" if outcome.message else outcome.type
    return f"{where}{text.removesuffix('.')}"


def _place(frame: Frame | None) -> str:
    assert frame is not None
    cell = f" of cell {frame.cell}" if frame.cell is not None else ""
    code = f" ({frame.code})" if frame.code else ""
    return f"line {frame.line}{cell}{code}"


def _one_line(text: str, longest: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _them(names: tuple[str, ...]) -> str:
    return "them" if len(names) > 1 else "it"
