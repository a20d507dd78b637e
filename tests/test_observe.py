"""What is asked of an answer, in which order and form, and when asking ends."""

from typing import Any

import numpy as np
import pytest
from planted import PRODUCT, Scripted, grad_product, grad_sigmoid

from gradecheck.cases import CaseKind, draw_cases
from gradecheck.catalogue import find_exercise
from gradecheck.compare import Fault
from gradecheck.observe import Evidence, observe
from gradecheck.run.caller import ArgumentKind
from gradecheck.run.outcome import Died, Missing, Outcome, Raised, Returned, TimedOut
from gradecheck.verdict import score, score_outputs

SIGMOID = find_exercise("sigmoid")
#: How many ordinary cases there are besides the printed one, and how many extreme ones.
ORDINARY = sum(case.kind is CaseKind.MODERATE for case in draw_cases(SIGMOID, 5))
EXTREMES = len(SIGMOID.extremes)
#: The calls of a right answer to the sigmoid: 0 printed, the ordinary ones, the first again, extremes.
LAST = ORDINARY
AGAIN = 1 + ORDINARY
EXTREME = AGAIN + 1
OBSERVED = EXTREME + EXTREMES
#: The form of each of these calls: two are made with arrays, which can be written to.
FORMS = [
    *[ArgumentKind.TENSOR32] * LAST,
    *[ArgumentKind.ARRAY32] * 2,
    *[ArgumentKind.TENSOR32] * EXTREMES,
]


def observed(
    script: dict[int, Outcome] | None = None, answer: Any = grad_sigmoid
) -> tuple[Evidence, Scripted]:
    caller = Scripted(SIGMOID, answer, script or {})
    return observe(SIGMOID, caller, 5), caller


def test_ordinary_cases_then_the_first_again_then_the_extremes() -> None:
    evidence, caller = observed()
    kinds = [observation.case.kind for observation in evidence.observations]
    assert kinds == (
        [CaseKind.PRINTED]
        + [CaseKind.MODERATE] * ORDINARY
        + [CaseKind.MODERATE]
        + [CaseKind.EXTREME] * EXTREMES
    )
    again = [observation.again for observation in evidence.observations]
    assert again == [False] * AGAIN + [True] + [False] * EXTREMES
    assert evidence.observations[AGAIN].case is evidence.observations[1].case
    assert caller.kinds == [observation.kind for observation in evidence.observations] == FORMS


def test_what_is_wrong_with_arrays_alone_is_judged_in_the_usual_form() -> None:
    def answer(x: Any, dz: Any) -> Any:
        return np.full(len(x), np.nan) if isinstance(x, np.ndarray) else grad_sigmoid(x, dz)

    evidence, caller = observed(answer=answer)
    assert evidence.first_fault is None
    assert {observation.kind for observation in evidence.observations} == {ArgumentKind.TENSOR32}
    assert len(caller.kinds) == OBSERVED + 2


@pytest.mark.parametrize("outcome", [Raised("ValueError", "arrays"), TimedOut(10.0), Died(6)])
def test_nobody_is_told_what_happened_with_arrays_alone(outcome: Outcome) -> None:
    evidence, caller = observed({LAST: outcome, AGAIN: outcome})
    assert evidence.first_fault is None
    assert len(evidence.observations) == OBSERVED
    assert {observation.kind for observation in evidence.observations} == {ArgumentKind.TENSOR32}
    assert caller.kinds[AGAIN + 1 : AGAIN + 3] == [ArgumentKind.TENSOR32] * 2


def test_a_right_answer_has_no_first_fault() -> None:
    evidence, _ = observed()
    assert evidence.first_fault is None
    assert evidence.first.case.kind is CaseKind.PRINTED
    assert (evidence.changed, evidence.used) == ((), ())


@pytest.mark.parametrize("outcome", [TimedOut(10.0), Died(9), Died(None), Missing("grad_sigmoid")])
def test_asking_ends_where_it_is_too_dear_or_pointless(outcome: Outcome) -> None:
    evidence, caller = observed({3: outcome})
    assert len(caller.kinds) == 4
    assert evidence.observations[-1].outcome is outcome
    assert evidence.first_fault is evidence.observations[3]


def test_asking_ends_at_a_stub_and_only_at_its_first_call() -> None:
    stub = Raised("NotImplementedError", "")
    assert len(observed({0: stub})[1].kinds) == 1
    assert len(observed({2: stub})[0].observations) == OBSERVED


def test_an_exception_is_tried_again_in_every_form() -> None:
    error = Raised("ValueError", "first")
    evidence, caller = observed({0: error, 1: error, 2: error})
    assert caller.kinds[:5] == [*ArgumentKind, ArgumentKind.ARRAY64]
    assert evidence.first.kind is ArgumentKind.ARRAY64
    assert evidence.first.right


def test_an_exception_in_every_form_is_kept_as_it_was_at_first() -> None:
    errors = {at: Raised("ValueError", str(at)) for at in range(4)}
    evidence, _ = observed(errors)
    assert evidence.first.outcome is errors[0]
    assert evidence.first.kind is ArgumentKind.TENSOR32


def test_what_raises_on_the_way_is_asked_in_other_forms_and_the_rest_in_the_one_that_works() -> None:
    error = Raised("ValueError", "on the way")
    evidence, caller = observed({3: error})
    assert [o.kind for o in evidence.observations[:4]] == [*[ArgumentKind.TENSOR32] * 3, ArgumentKind.ARRAY32]
    assert {o.kind for o in evidence.observations[4:]} == {ArgumentKind.ARRAY32}
    assert evidence.first_fault is None
    assert caller.kinds[EXTREME:] == [ArgumentKind.ARRAY32] * (OBSERVED - 3)


def test_what_raises_in_every_form_is_asked_in_one_form_after_the_third_case() -> None:
    def answer(*_: Any) -> Any:
        raise ValueError("always")

    evidence, caller = observed(answer=answer)
    assert all(isinstance(o.outcome, Raised) for o in evidence.observations)
    assert len(evidence.observations) == OBSERVED
    others = 3 * (len(ArgumentKind) - 1)
    assert len(caller.kinds) == OBSERVED + others + 2  # those with arrays once more, as they are judged


def test_what_raises_on_drawn_inputs_only_is_asked_in_every_form() -> None:
    def answer(x: Any, dz: Any) -> Any:
        if len(caller.kinds) > 1:
            raise ValueError("not again")
        return grad_sigmoid(x, dz)

    caller = Scripted(SIGMOID, answer, {})
    observe(SIGMOID, caller, 5)
    assert set(caller.kinds[-3:]) == set(ArgumentKind) - {ArgumentKind.TENSOR32}


def test_an_ordinary_fault_goes_before_an_extreme_one() -> None:
    wrong = Returned((np.zeros(3),))
    evidence, _ = observed({AGAIN: wrong, AGAIN + 1: wrong, EXTREME + 1: wrong})
    assert evidence.first_fault is evidence.observations[AGAIN]
    assert observed({EXTREME: wrong})[0].first_fault is not None


def test_findings_are_one_an_output_or_none() -> None:
    evidence, _ = observed({0: Raised("NotImplementedError", ""), 1: Returned(())})
    assert evidence.first.findings == ()
    caller = Scripted(PRODUCT, lambda *a: grad_product(*a)[:1], {})
    first = observe(PRODUCT, caller, 5).first
    assert [(finding.fault, finding.detail) for finding in first.findings] == [(Fault.COUNT, "1")] * 2


def test_what_was_used_is_collected_over_all_calls() -> None:
    fine = (np.zeros(3),)
    script = {0: Returned(fine, used=("a tape",)), 1: Returned(fine, used=("a kernel", "a tape"))}
    evidence, _ = observed(script)
    assert evidence.used == ("a tape", "a kernel")


def test_an_argument_that_became_unreadable_was_changed() -> None:
    evidence, _ = observed({AGAIN: Returned((np.zeros(3),), (np.empty(0), np.empty(0)))})
    assert evidence.changed == ("x", "dz")


@pytest.mark.parametrize(
    ("script", "shares"),
    [
        ({}, 1.0),
        ({EXTREME: Returned((np.full(3, np.nan),))}, 0.8),
        ({EXTREME: TimedOut(1.0)}, 0.8),
        ({EXTREME: Raised("OverflowError", "")}, 1.0),  # another form of argument does not overflow
        ({8: Returned((np.full(8, np.nan),))}, 0.0),
        ({0: Returned((np.full(3, 0.1),))}, 0.0),
        ({AGAIN: Returned((np.full(3, 0.1),)), AGAIN + 1: Returned((np.full(3, 0.1),))}, 0.0),
        ({8: Returned((np.zeros(3),)), EXTREME: Returned((np.zeros(3),))}, 0.0),
    ],
    ids=["right", "extreme", "extreme hangs", "extreme raises once", "ordinary", "printed", "again", "both"],
)
def test_the_share_of_an_output(script: dict[int, Outcome], shares: float) -> None:
    evidence, _ = observed(script)
    outputs = score_outputs(evidence)
    assert [output.score for output in outputs] == [shares]
    assert score(evidence, outputs, allowed=True) == shares
    assert score(evidence, outputs, allowed=False) == 0.0
