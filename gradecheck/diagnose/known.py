"""What can be said for certain of an answer that no known mistake explains, and what to try next."""

from collections.abc import Iterator

import numpy as np

from gradecheck.cases import CaseKind, settings_of
from gradecheck.diagnose.form import listed
from gradecheck.diagnose.implied import LINEAR_TOLERANCE, is_linear
from gradecheck.diagnose.numbers import written
from gradecheck.exercise import Exercise, Float64
from gradecheck.observation import Observation
from gradecheck.observe import Evidence
from gradecheck.probe import Probe

#: The largest array that is written out in a sentence.
MOST_IN_A_SENTENCE = 12


def known_facts(evidence: Evidence, probe: Probe | None) -> tuple[str, ...]:
    """Sentences about an answer that hold whatever the mistake is, most telling first."""
    facts = [*_about_repeating(evidence), *_about_outputs(evidence), *_right_only(evidence)]
    if probe is not None:
        facts += [*_right_for_some(probe), *_about_upstream(probe), *_about_sums(probe)]
    return tuple(facts)


def next_step(evidence: Evidence, probe: Probe | None, *, pictured: bool) -> str:
    """One row of the Jacobian to work out by hand, where it is wrong; empty where there is none to show.

    Args:
        evidence: the calls.
        probe: what the answer made of further questions.
        pictured: whether the implied Jacobian is shown, and with it the inputs that it was taken at.
    """
    if probe is None or probe.one_hot is None or probe.expected.case.upstream is None:
        return ""
    jacobian = probe.output.jacobian.reshape(len(probe.one_hot), -1)
    errors = abs(np.stack(probe.one_hot).reshape(jacobian.shape) - jacobian).max(axis=1)
    if jacobian.size == 0 or jacobian.shape[1] > MOST_IN_A_SENTENCE:
        return ""
    at = int(np.argmax(errors))
    if not errors[at] > LINEAR_TOLERANCE:
        return ""
    upstream = np.zeros(probe.expected.case.upstream.shape)
    upstream.flat[at] = 1
    wanted = jacobian[at].reshape(probe.output.value.shape)
    where = "for the inputs shown with the Jacobian"
    if probe.expected.case.kind is CaseKind.PRINTED:
        where = "for the printed example"
    elif not pictured:
        where = f"for {_inputs(evidence.exercise, probe)}"
    return (
        f"Work out {probe.output.name} by hand {where} with dz = {written(upstream)}; "
        f"expected {written(wanted)}."
    )


def _inputs(exercise: Exercise, probe: Probe) -> str:
    named = zip(exercise.inputs, probe.expected.case.inputs, strict=True)
    values = (f"{name} = {written(value)}" for name, value in named)
    return ", ".join((*values, *settings_of(exercise, probe.expected.case)))


def _about_outputs(evidence: Evidence) -> Iterator[str]:
    names = evidence.exercise.outputs
    ordinary = [o for o in evidence.observations if o.counts_as_moderate and o.findings]
    right = [n for at, n in enumerate(names) if all(o.findings[at].fault is None for o in ordinary)]
    if ordinary and right and len(right) < len(names):
        yield f"{listed(tuple(right))} {'is' if len(right) == 1 else 'are'} right."
    some = sum(o.right for o in ordinary)
    if some:
        asked = sum(o.counts_as_moderate for o in evidence.observations)  # those that stopped, too
        yield f"It is right on {some} of {asked} ordinary inputs."


def _about_repeating(evidence: Evidence) -> Iterator[str]:
    """Two results for the same arguments, or one result for two different inputs."""
    ordinary = [o for o in evidence.observations if o.counts_as_moderate and o.findings]
    once = [o for o in ordinary if not o.again]
    for again in (o for o in ordinary if o.again):
        if any(o.case is again.case and _differ(o, again) for o in once):
            yield "Called twice with the same arguments, it gave two different results."
            return
    pairs = [(one, other) for at, one in enumerate(once) for other in once[:at] if _unlike(one, other)]
    if any(_one_result(one, other) for one, other in pairs):
        yield "For other inputs of the same shape it returned the very same numbers: where do they come from?"


def _differ(one: Observation, other: Observation) -> bool:
    """Whether two calls gave results that rounding does not explain."""
    return any(
        a.yours is not None
        and b.yours is not None
        and not np.allclose(a.yours, b.yours, rtol=0.0, atol=2 * output.tolerance, equal_nan=True)
        for a, b, output in zip(one.findings, other.findings, one.expected.outputs, strict=True)
    )


def _unlike(one: Observation, other: Observation) -> bool:
    """Whether no argument of one call is that of the other."""
    pairs = zip(one.case.arguments, other.case.arguments, strict=True)
    return not any(np.array_equal(a, b) for a, b in pairs)


def _one_result(one: Observation, other: Observation) -> bool:
    """Whether an output is the same in two calls, and should not be; zeros or a single entry tell nothing."""
    return any(
        a.yours is not None
        and b.yours is not None
        and np.count_nonzero(a.yours) > 1
        and np.array_equal(a.yours, b.yours)
        and not np.array_equal(x.value, y.value)
        for a, b, x, y in zip(
            one.findings, other.findings, one.expected.outputs, other.expected.outputs, strict=True
        )
    )


def _right_only(evidence: Evidence) -> Iterator[str]:
    """What the inputs for which the answer is right have in common, and the others do not."""
    ordinary = [o for o in evidence.observations if o.counts_as_moderate and not o.again]
    first, *others = ordinary
    if first.case.kind is CaseKind.PRINTED and first.right and others and not any(o.right for o in others):
        yield "It is right for the printed example alone: what does it owe to those very numbers?"
    elif any(_is_square(o) for o in others) and all(_is_square(o) == o.right for o in others):
        yield "It is right when every matrix is square, and never else: which two sizes does it mix up?"


def _is_square(observation: Observation) -> bool:
    """Whether all matrices among the arguments are square; False where there is none."""
    shapes = [value.shape for value in observation.case.arguments if value.ndim == 2]
    return bool(shapes) and all(rows == columns for rows, columns in shapes)


def _right_for_some(probe: Probe) -> Iterator[str]:
    """Right for another upstream gradient or other inputs than those for which it was found wrong."""
    name = probe.output.name
    if probe.right_at_ones:
        yield f"For the same inputs and a dz of ones {name} is right."
    if probe.right_at_positive:
        yield f"With its inputs made positive {name} is right: what do negative ones do to it?"


def _about_upstream(probe: Probe) -> Iterator[str]:
    if probe.expected.case.upstream is None or probe.at_zero is None or probe.doubled is None:
        return
    near = LINEAR_TOLERANCE * max(1e-6, float(abs(probe.yours).max(initial=0.0)))
    name = probe.output.name

    def same(one: Float64, other: Float64) -> bool:
        return bool(np.all(abs(one - other) <= near))

    if same(probe.doubled, probe.yours) and same(probe.at_zero, probe.yours):
        yield f"{name} does not change when dz changes; it must be proportional to dz."
    elif not same(probe.at_zero, np.zeros_like(probe.at_zero)):
        yield f"With dz = 0 your {name} is not 0; it must be proportional to dz."
    elif same(probe.doubled, 4 * probe.yours) and probe.yours.any():
        yield f"When dz is doubled your {name} becomes four times as large: dz enters twice."
    elif is_linear(probe):
        yield f"{name} is linear in dz, as it must be."
    elif probe.one_hot is not None:
        yield f"{name} is not linear in dz: a sum of two dz does not give the sum of two answers."


def _about_sums(probe: Probe) -> Iterator[str]:
    if probe.expected.case.upstream is None or probe.output.jacobian.size == 0:
        return
    name, value = probe.output.name, probe.output.value
    near = LINEAR_TOLERANCE * max(1.0, float(abs(value).max()))
    if value.ndim == 0:
        return
    matrix = probe.output.jacobian.reshape(probe.expected.case.upstream.size, -1)
    if value.size > 1 and np.all(abs(matrix.sum(axis=1)) <= near):
        total = float(probe.yours.sum())
        right = abs(total) <= near
        yield (
            f"The entries of {name} add up to 0, as they should."
            if right
            else f"The entries of {name} should add up to 0; yours add up to {total:.4g}."
        )
    if probe.one_hot is not None and is_linear(probe) and np.all(abs(matrix.sum(axis=0)) <= near):
        constant = float(abs(np.sum(np.stack(probe.one_hot), axis=0)).max())
        if constant > near:
            yield f"For a constant dz {name} should be 0; for dz = 1 yours reaches {constant:.4g}."
    ratio = _ratio(probe.yours, value)
    if ratio is not None and abs(ratio - 1) > LINEAR_TOLERANCE:
        yield f"Every entry is {ratio:.4g} times what it should be."


def _ratio(yours: Float64, true: Float64) -> float | None:
    """The constant factor between two arrays; None where there is none, or one entry that could show it."""
    telling = abs(true) > LINEAR_TOLERANCE * float(abs(true).max(initial=0.0))
    if telling.sum() < 2:
        return None
    ratio = float(np.median(yours[telling] / true[telling]))
    near = LINEAR_TOLERANCE * max(1.0, abs(ratio)) * float(abs(true).max())
    return ratio if ratio and bool(np.all(abs(yours - ratio * true) <= near)) else None
