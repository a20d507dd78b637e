"""The claims about a definition: its stacks are taken, its oracles agree, its mistakes meet their class."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from gradecheck.cases import Case, draw_cases
from gradecheck.diagnose.planting import plants
from gradecheck.diagnose.shared import known_mistakes
from gradecheck.errors import AuthorError, GradecheckError
from gradecheck.exercise import Exercise, Float64, Mistake, MistakeClass, Shape
from gradecheck.judge import judge
from gradecheck.reference.differences import jacobian
from gradecheck.reference.expectation import expected_cases, require_stacks
from gradecheck.reference.tape import load_tensorflow
from gradecheck.run.inline import InlineCaller
from gradecheck.verdict import MODERATE_SHARE, Verdict
from gradecheck.verify.claim import Claim

#: How many fresh seeds the two oracles are compared on.
FRESH_SEEDS = 5


def verify_exercise(exercise: Exercise) -> Iterator[Claim]:
    """The claims about one definition: its stacks, its oracles, and its known mistakes.

    What is wrong with its stacks is told once: the other claims are tried without them.
    """
    try:
        require_stacks(exercise)
    except AuthorError as error:
        yield Claim(exercise.name, str(error), False)
        exercise = replace(exercise, stacks=())
    for name in exercise.stacks:
        claim = _takes_stacks(exercise, name)
        yield claim
        if not claim.holds:
            exercise = replace(exercise, stacks=tuple(other for other in exercise.stacks if other != name))
    yield _oracles_agree(exercise)
    yield _tape_is_refused(exercise)
    seed = secrets.randbelow(2**32)
    for mistake in dict.fromkeys((*exercise.mistakes, *known_mistakes(exercise))):
        if mistake.outcome is not MistakeClass.POLICY:
            yield _mistake_meets_its_class(exercise, mistake, seed)


def _takes_stacks(exercise: Exercise, name: str) -> Claim:
    """Many of an input at once give what one after the other gives, bit by bit."""
    seed = secrets.randbelow(2**32)
    try:
        cases = draw_cases(exercise, seed)
        wanted = [_jacobian(exercise, case, name, stacks=False) for case in cases]
    except Exception as error:  # whatever an author's function does
        seen = f"its `stacks` could not be tried, as forward_numpy raised: {type(error).__name__}: {error}"
        return Claim(exercise.name, f"seed {seed}: {seen}", False)
    try:
        found = [_jacobian(exercise, case, name, stacks=True) for case in cases]
        seen = "" if list(map(_bits, found)) == list(map(_bits, wanted)) else "gives other numbers"
    except Exception as error:
        seen = f"fails ({type(error).__name__}: {error})"
    if not seen:
        return Claim(exercise.name, f"forward_numpy takes many {name} at once, as `stacks` says", True)
    told = f"forward_numpy {seen} for many {name} at once"
    advice = f"leave {name} out of `stacks`, which only makes grading faster"
    return Claim(exercise.name, f"seed {seed}: {told}: {advice}", False)


def _jacobian(exercise: Exercise, case: Case, name: str, *, stacks: bool) -> Float64:
    def forward(*inputs: Any) -> Any:
        return exercise.forward_numpy(*inputs, *case.settings)

    inputs = [a.astype(np.float64) for a in case.inputs]
    return jacobian(forward, inputs, exercise.inputs.index(name), stacks=stacks)


def _bits(a: Float64) -> tuple[Shape, bytes]:
    return a.shape, a.tobytes()


def _oracles_agree(exercise: Exercise) -> Claim:
    seeds = [secrets.randbelow(2**32) for _ in range(FRESH_SEEDS)]
    for seed in seeds:
        try:
            expected_cases(exercise, seed)
        except GradecheckError as error:
            return Claim(exercise.name, f"seed {seed}: {error}", False)
    return Claim(
        exercise.name,
        f"the tape and finite differences agree on the cases of {FRESH_SEEDS} fresh seeds",
        True,
    )


def _tape_is_refused(exercise: Exercise) -> Claim:
    verdict = _judge_planted(exercise, _answer_by_tape(exercise), secrets.randbelow(2**32))
    holds = verdict.score == 0.0 and verdict.diagnosis.misconception == "autodiff-inside"
    return Claim(exercise.name, f"an answer that calls the tape earns nothing ({_seen(verdict)})", holds)


def _answer_by_tape(exercise: Exercise) -> Callable[..., Any]:
    if exercise.driver:
        return _open_a_tape

    def answer(*arguments: Any) -> Any:
        tf = load_tensorflow()
        count = len(exercise.inputs)
        inputs = [tf.convert_to_tensor(a) for a in arguments[:count]]
        settings = arguments[len(exercise.arguments) :]
        wanted = [inputs[exercise.inputs.index(name)] for name in exercise.differentiates]
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(wanted)
            z = exercise.forward(tf, *inputs, *settings)
        if exercise.whole_jacobian:
            return tape.jacobian(z, wanted[0], experimental_use_pfor=False)
        gradients = tape.gradient(z, wanted, output_gradients=arguments[count])
        return gradients[0] if len(gradients) == 1 else tuple(gradients)

    return answer


def _open_a_tape(*_: Any, **__: Any) -> None:
    """An answer to whatever is driven."""
    with load_tensorflow().GradientTape():
        pass


def _mistake_meets_its_class(exercise: Exercise, mistake: Mistake, seed: int) -> Claim:
    verdicts = [_judge_planted(exercise, planted, seed) for planted in plants(exercise, mistake)]
    wanted = {MistakeClass.REJECTED: 0.0, MistakeClass.EXTREME: MODERATE_SHARE, MistakeClass.NOTED: 1.0}
    # Outputs that the mistake leaves alone keep their share.
    worst = [min((output.score for output in v.outputs), default=v.score) for v in verdicts]
    seen = "; ".join(dict.fromkeys(map(_seen, verdicts)))
    holds = set(worst) == {wanted[mistake.outcome]}
    return Claim(exercise.name, f"the mistake {mistake.id} is {mistake.outcome} ({seen})", holds)


def _judge_planted(exercise: Exercise, function: Callable[..., Any], seed: int) -> Verdict:
    return judge(exercise, InlineCaller({exercise.name: function}), seed=seed)


def _seen(verdict: Verdict) -> str:
    named = f", named {verdict.diagnosis.misconception}" if verdict.diagnosis.misconception else ""
    return f"score {verdict.score:g}{named}"
