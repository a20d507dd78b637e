"""The conductor: exercise and caller in, verdict out. It reads like the pipeline."""

from dataclasses import replace

import numpy as np

from gradecheck.cases import PUBLIC_SEED, CaseKind, settings_of
from gradecheck.diagnose.diagnosis import Diagnosis, diagnose, fault_in_words
from gradecheck.diagnose.form import given
from gradecheck.diagnose.source import AnswerSource
from gradecheck.errors import GradecheckError
from gradecheck.exercise import Exercise, Float64
from gradecheck.likeness import take_likeness
from gradecheck.observation import Observation
from gradecheck.observe import PATIENCE_SECONDS, Evidence, observe
from gradecheck.picture import pictures
from gradecheck.probe import probe
from gradecheck.run.caller import Caller
from gradecheck.run.outcome import Raised
from gradecheck.verdict import Shown, Status, Stop, Verdict, score, score_outputs


def judge(
    exercise: Exercise,
    caller: Caller,
    *,
    source: AnswerSource | None = None,
    seed: int = PUBLIC_SEED,
    hidden: bool = False,
    patience: float = PATIENCE_SECONDS,
) -> Verdict:
    """Judge one answer.

    Args:
        exercise: what was asked.
        caller: how the student's function is reached.
        source: the student's code, for telling a stub and automatic differentiation by reading it.
        seed: of the cases.
        hidden: whether the cases are a grader's own; then no expected number of theirs is told.
        patience: seconds of wall time for all calls together.

    Raises:
        OracleDisagreement: the exercise is unsound; nothing is said about the answer.
        WorkerUnavailable: the function could not be called, for a reason of ours.
    """
    evidence = observe(exercise, caller, seed, patience)
    diagnosis = diagnose(evidence, source, hidden=hidden, probe=lambda: probe(evidence, caller))
    if not diagnosis.started:
        return Verdict(exercise, Status.NOT_STARTED, 0.0, diagnosis, seed=seed, hidden=hidden)
    outputs = score_outputs(evidence)
    total = score(evidence, outputs, allowed=diagnosis.allowed)
    status = Status.PASSED if total == 1.0 else Status.FAILED
    unknown = hidden and status is Status.FAILED and diagnosis.misconception is None
    likeness = take_likeness(exercise, caller) if unknown and not evidence.broken_off else None
    verdict = Verdict(exercise, status, total, diagnosis, outputs, seed, hidden, likeness=likeness)
    return _with_calls(verdict, evidence)


def _with_calls(verdict: Verdict, evidence: Evidence) -> Verdict:
    """The verdict with the calls that are worth looking at."""
    hidden = verdict.hidden
    drawn = _first_drawn_fault(evidence, hidden=hidden) if hidden or verdict.seed != PUBLIC_SEED else None
    shown_drawn = _shown_call(evidence, drawn, secret=hidden) if drawn is not None else None
    untold = drawn if shown_drawn is None and drawn is not evidence.first_fault else None
    return replace(
        verdict,
        shown=_shown(evidence, hidden=hidden),
        shown_drawn=shown_drawn,
        told_drawn=fault_in_words(evidence, untold, secret=hidden) if untold is not None else "",
        stop=_stop(evidence),
        drawings=pictures(evidence, hidden=hidden),
    )


def not_graded(exercise: Exercise, error: GradecheckError | OSError, *, seed: int = PUBLIC_SEED) -> Verdict:
    """The verdict where judging failed for a reason that is not the student's."""
    diagnosis = Diagnosis(f"not graded, for no fault of yours: {error}", "not graded")
    return Verdict(exercise, Status.NOT_GRADED, 0.0, diagnosis, seed=seed)


def _shown(evidence: Evidence, *, hidden: bool) -> Shown | None:
    """The call worth looking at: the first that went wrong, else the printed example."""
    observation = evidence.first_fault or evidence.first
    return _shown_call(evidence, observation, secret=hidden and _drawn(observation))


def _first_drawn_fault(evidence: Evidence, *, hidden: bool) -> Observation | None:
    """The first call with a grader's own inputs that went wrong, ordinary ones before extreme ones.

    None where that is the call which is shown with all its numbers anyway.
    """
    faults = [o for o in evidence.observations if _drawn(o) and not o.right]
    first = min(faults, key=lambda o: not o.counts_as_moderate, default=None)
    return None if first is evidence.first_fault and not hidden else first


def _drawn(observation: Observation) -> bool:
    return observation.case.kind is not CaseKind.PRINTED


def _shown_call(evidence: Evidence, observation: Observation, *, secret: bool) -> Shown | None:
    """The first output of a call that is wrong and can be shown; of the printed example any output."""
    for finding, output in zip(observation.findings, observation.expected.outputs, strict=False):
        if finding.yours is None or finding.wrong is None:
            continue
        if finding.fault is None and observation is not evidence.first:
            continue
        return Shown(
            title=_title(observation),
            arguments=_named_arguments(evidence.exercise, observation),
            output=output.name,
            yours=finding.yours,
            expected=None if secret else output.value,
            difference=None if secret else output.difference,
            wrong=finding.wrong,
            worst=finding.worst,
            settings=settings_of(evidence.exercise, observation.case),
        )
    return None


def _stop(evidence: Evidence) -> Stop | None:
    fault = evidence.first_fault
    if fault is None or not isinstance(fault.outcome, Raised):
        return None
    wanted = tuple((output.name, output.value.shape) for output in fault.expected.outputs)
    return Stop(fault.outcome, given(evidence.exercise, fault.case), wanted)


def _title(observation: Observation) -> str:
    titles = {
        CaseKind.PRINTED: "the printed example",
        CaseKind.MODERATE: "ordinary inputs",
        CaseKind.EXTREME: "extreme inputs",
        CaseKind.KINK: "inputs at a corner",
    }
    return titles[observation.case.kind]


def _named_arguments(exercise: Exercise, observation: Observation) -> tuple[tuple[str, Float64], ...]:
    pairs = zip(exercise.arguments, observation.case.arguments, strict=True)
    return tuple((name, value.astype(np.float64)) for name, value in pairs)
