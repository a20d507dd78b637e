"""The claims about a definition: its two oracles agree, and its known mistakes meet their class."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

from gradecheck.diagnose.planting import plants
from gradecheck.diagnose.shared import known_mistakes
from gradecheck.errors import GradecheckError
from gradecheck.exercise import Exercise, Mistake, MistakeClass
from gradecheck.judge import judge
from gradecheck.reference.expectation import expected_cases
from gradecheck.reference.tape import load_tensorflow
from gradecheck.run.inline import InlineCaller
from gradecheck.verdict import MODERATE_SHARE, Verdict
from gradecheck.verify.claim import Claim

#: How many fresh seeds the two oracles are compared on.
FRESH_SEEDS = 5


def verify_exercise(exercise: Exercise) -> Iterator[Claim]:
    """The claims about one definition: its oracles, and its known mistakes."""
    yield _oracles_agree(exercise)
    yield _tape_is_refused(exercise)
    seed = secrets.randbelow(2**32)
    for mistake in dict.fromkeys((*exercise.mistakes, *known_mistakes(exercise))):
        if mistake.outcome is not MistakeClass.POLICY:
            yield _mistake_meets_its_class(exercise, mistake, seed)


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
