"""The triage: from what was observed to what the student is told. The first thing that fits is said."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gradecheck.cases import PUBLIC_SEED, CaseKind
from gradecheck.compare import Fault
from gradecheck.diagnose import words
from gradecheck.diagnose.implied import Implied, imply
from gradecheck.diagnose.known import known_facts, next_step
from gradecheck.diagnose.policy import Refusal, refusal
from gradecheck.diagnose.recognise import recognise
from gradecheck.diagnose.shared import known_mistakes
from gradecheck.diagnose.source import AnswerSource
from gradecheck.exercise import Mistake, MistakeClass
from gradecheck.observation import Observation
from gradecheck.observe import Evidence
from gradecheck.probe import Probe
from gradecheck.run.caller import ArgumentKind
from gradecheck.run.outcome import Died, Missing, NotArray, Raised, Returned, TimedOut

#: From this relative error on an extreme input on, float32 arithmetic is worth a remark.
FLOAT32_REMARK = 1e-4
#: From here on exp overflows in float32; something that is not finite for smaller inputs is another mistake.
LARGE = 88.0
#: Below this float32 has fewer digits than usual, whatever the formula.
SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Diagnosis:
    """What a student is told about an answer.

    Attributes:
        message: what happened and where, in one sentence or two; never the right formula.
        label: the same in a word or two, for tables: "right", "right, float32", "shape", "error", …
        misconception: the stable id of a recognised mistake, or None.
        hint: something to think about; empty where there is nothing to hint at.
        stronger_hint: one step nearer.
        remarks: what is worth knowing although it costs nothing, or what else cost something.
        started: whether anything was written at all.
        allowed: whether the way to the answer is allowed.
        facts: what is known for certain of a wrong answer, in sentences, most telling first.
        implied: the Jacobian that a wrong answer implies beside the true one, on public inputs; None where
            the answer is right, not linear in dz, or gives no arrays of the right shape.
        next_step: what to work out by hand next; empty where there is nothing to propose.
    """

    message: str
    label: str
    misconception: str | None = None
    hint: str = ""
    stronger_hint: str = ""
    remarks: tuple[str, ...] = ()
    started: bool = True
    allowed: bool = True
    facts: tuple[str, ...] = ()
    implied: Implied | None = None
    next_step: str = ""


def diagnose(
    evidence: Evidence,
    source: AnswerSource | None = None,
    *,
    hidden: bool = False,
    probe: Callable[[], Probe | None] = lambda: None,
) -> Diagnosis:
    """Say what went wrong, or that nothing did.

    Args:
        evidence: the calls.
        source: the student's code, where it is at hand.
        hidden: whether the cases are a grader's own, of which no expected number may be told. The printed
            example is public all the same.
        probe: asks a wrong answer further questions on public inputs; called once at most.
    """
    name = evidence.exercise.name
    if _not_started(evidence, source):
        return Diagnosis(
            words.not_started(name, empty=isinstance(evidence.first.outcome, Returned)),
            "not started",
            started=False,
        )
    driven = bool(evidence.exercise.driver)
    used = (*(source.forbidden_helpers(name, graph=driven) if source else ()), *evidence.used)
    if used:
        return _refused(refusal(used))
    fault = evidence.first_fault
    if fault is None:
        return _right(evidence, source)
    if not isinstance(fault.outcome, Returned):
        told = _no_result(evidence, fault)
        return _pictured(told, evidence, probe()) if isinstance(fault.outcome, Raised) else told
    if not fault.counts_as_moderate:
        return _extreme(evidence, fault)
    return _pictured(_wrong(evidence, fault, hidden=hidden), evidence, probe())


def fault_in_words(evidence: Evidence, fault: Observation, *, secret: bool) -> str:
    """What one call did, in a sentence, whatever else is the matter; without expected numbers if `secret`."""
    outcome = fault.outcome
    if isinstance(outcome, TimedOut):
        return words.timed_out(evidence, fault, outcome)
    if isinstance(outcome, Died):
        return words.died(evidence, fault, outcome)
    if isinstance(outcome, Raised):
        return words.raised(evidence, fault, outcome)
    at = next((i for i, f in enumerate(fault.findings) if f.fault is not None), None)
    if at is None:
        return ""
    output = fault.expected.outputs[at]
    return words.wrong(evidence, fault, fault.findings[at], output, secret=secret, guess=False)


def _pictured(diagnosis: Diagnosis, evidence: Evidence, probe: Probe | None) -> Diagnosis:
    """With the implied Jacobian, and for what is not recognised with all that is known of it."""
    implied = imply(evidence.exercise, probe) if probe is not None else None
    if diagnosis.misconception is not None:
        return replace(diagnosis, implied=implied)
    return replace(
        diagnosis,
        implied=implied,
        facts=known_facts(evidence, probe),
        next_step=next_step(evidence, probe, pictured=implied is not None),
    )


def _refused(why: Refusal) -> Diagnosis:
    return Diagnosis(
        why.message, "not allowed", why.misconception, why.hint, why.stronger_hint, allowed=False
    )


def _not_started(evidence: Evidence, source: AnswerSource | None) -> bool:
    outcome = evidence.first.outcome
    if isinstance(outcome, Raised) and outcome.type == "NotImplementedError":
        # TensorFlow raises it too, for np.exp of a symbolic tensor: then the code itself must be a stub.
        name = evidence.exercise.name
        return source is None or not source.defines(name) or source.is_stub(name)
    if isinstance(outcome, Returned) and source is not None and source.is_stub(evidence.exercise.name):
        return all(isinstance(v, NotArray) for v in outcome.values)
    return False


def _right(evidence: Evidence, source: AnswerSource | None) -> Diagnosis:
    lost = _lost(evidence)
    remarks = _remarks(evidence, lost)
    asked_for = bool(evidence.exercise.driver)
    if source is not None and not asked_for and source.nudges_and_measures(evidence.exercise.name):
        remarks = (*remarks, words.finite_differences())
    if evidence.changed:
        message = words.right_but_changes(evidence.changed)
        return Diagnosis(message, "changes input", "inputs-changed", *words.MUTATION_HINTS, remarks=remarks)
    label = "right, float32" if lost > FLOAT32_REMARK else "right"
    return Diagnosis(words.right(evidence), label, remarks=remarks)


def _lost(evidence: Evidence) -> float:
    """The largest relative error on inputs that are not ordinary."""
    return max((_relative_error(o) for o in evidence.observations if not o.counts_as_moderate), default=0.0)


def _remarks(evidence: Evidence, lost: float) -> tuple[str, ...]:
    remarks = []
    if evidence.first.kind is not ArgumentKind.TENSOR32 and not evidence.exercise.driver:
        remarks.append(words.another_form(evidence.first.kind))
    if lost > FLOAT32_REMARK:
        remarks.append(words.float32(lost))
    if any(_takes_another_slope(o) for o in evidence.observations):
        remarks.append(words.at_kink())
    return tuple(remarks)


def _takes_another_slope(observation: Observation) -> bool:
    """Whether an answer at a corner is right, and still another than TensorFlow's."""
    return any(
        output.at_kink
        and finding.yours is not None
        and bool((abs(finding.yours - output.value) > FLOAT32_REMARK).any())
        for finding, output in zip(observation.findings, observation.expected.outputs, strict=False)
    )


def _relative_error(observation: Observation) -> float:
    """The largest relative error on a call, over the elements that float32 can tell from zero."""
    worst = 0.0
    for finding, output in zip(observation.findings, observation.expected.outputs, strict=False):
        if finding.yours is None:
            continue
        telling = abs(output.value) > SMALLEST_NORMAL
        if telling.any():
            error = abs(finding.yours - output.value)[telling] / abs(output.value)[telling]
            worst = max(worst, float(error.max()))
    return worst


def _no_result(evidence: Evidence, fault: Observation) -> Diagnosis:
    """The call raised, hung, or ended the process."""
    outcome = fault.outcome
    if isinstance(outcome, Missing):
        return Diagnosis(words.missing(outcome), "missing")
    if isinstance(outcome, TimedOut):
        return Diagnosis(words.timed_out(evidence, fault, outcome), "too slow")
    if isinstance(outcome, Died):
        return Diagnosis(words.died(evidence, fault, outcome), "crash")
    assert isinstance(outcome, Raised)
    if not fault.counts_as_moderate:
        return _raised_on_extremes(evidence, fault, outcome)
    recognised = recognise(evidence)
    message = words.raised(evidence, fault, outcome)
    if recognised is None:
        return Diagnosis(message, "error")
    mistake = recognised.mistake
    told = (
        f"{mistake.sentence} {message}"
        if evidence.exercise.driver
        else f"{message} {words.on_square_inputs(mistake)}"
    )
    return _named(mistake, told, "error", evidence)


def _raised_on_extremes(evidence: Evidence, fault: Observation, outcome: Raised) -> Diagnosis:
    message = words.raised_on_extremes(evidence, fault, outcome)
    if outcome.type == "OverflowError":  # math.exp raises where np.exp goes on with infinity
        return _not_robust(evidence, message)
    return Diagnosis(message, "extremes", remarks=words.changes_remark(evidence.changed))


def _wrong(evidence: Evidence, fault: Observation, *, hidden: bool) -> Diagnosis:
    at = next(i for i, f in enumerate(fault.findings) if f.fault is not None)
    finding = fault.findings[at]
    output = fault.expected.outputs[at]
    secret = hidden and fault.case.kind is not CaseKind.PRINTED
    label = words.LABELS[finding.fault or Fault.VALUE]
    if fault.again:
        return Diagnosis(words.differs_again(evidence, output.name), label, "depends-on-earlier-calls")
    recognised = recognise(evidence)
    message = words.wrong(evidence, fault, finding, output, secret=secret, guess=recognised is None)
    if recognised is None:
        return Diagnosis(message, label, remarks=words.changes_remark(evidence.changed))
    told = words.recognised(recognised.mistake, message, recognised.output)
    named = _named(recognised.mistake, told, label, evidence)
    stopped = next((o for o in evidence.observations if isinstance(o.outcome, Raised)), None)
    if stopped is None or evidence.exercise.driver or evidence.seed != PUBLIC_SEED:
        return named  # a grader's inputs have a place of their own on the card
    besides = f"For other inputs: {fault_in_words(evidence, stopped, secret=hidden)}"
    return replace(named, remarks=(*named.remarks, besides))


def _extreme(evidence: Evidence, fault: Observation) -> Diagnosis:
    at = next(i for i, f in enumerate(fault.findings) if f.fault is not None)
    message = words.right_but_extremes(evidence, fault, fault.findings[at], fault.expected.outputs[at])
    large = max(float(abs(value).max()) for value in fault.case.inputs) > LARGE
    if fault.findings[at].fault is Fault.NOT_FINITE and (large or fault.case.kind is CaseKind.KINK):
        return _not_robust(evidence, message)
    return Diagnosis(message, "extremes", remarks=words.changes_remark(evidence.changed))


def _not_robust(evidence: Evidence, message: str) -> Diagnosis:
    """Arithmetic that overflows, named where the exercise knows a name for it."""
    for mistake in known_mistakes(evidence.exercise):
        if mistake.outcome is MistakeClass.EXTREME:
            return _named(mistake, message, "extremes", evidence)
    return Diagnosis(message, "extremes", remarks=words.changes_remark(evidence.changed))


def _named(mistake: Mistake, message: str, label: str, evidence: Evidence) -> Diagnosis:
    remarks = words.changes_remark(evidence.changed)
    return Diagnosis(message, label, mistake.id, mistake.hint, mistake.stronger_hint, remarks)
