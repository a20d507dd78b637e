"""Answers that nobody recognised: equal ones are found in a class, whoever wrote them, in whatever style."""

import json
from typing import Any

import numpy as np
from planted import grad_softmax, judged

from gradecheck.likeness import Likeness


def wide64(x: Any) -> Any:
    return np.asarray(x, dtype=np.float64)


def odd(x: Any, dz: Any) -> Any:
    return grad_softmax(x, dz) + 0.1 * wide64(x) ** 3


def odd_in_another_style(x: Any, dz: Any) -> Any:
    x, dz = (np.asarray(a, dtype=np.float32) for a in (x, dz))
    e = np.exp(x - x.max())
    jacobian = np.diag(e / e.sum()) - np.outer(e, e) / e.sum() ** 2
    return (dz @ jacobian + np.float32(0.1) * x * x * x).astype(np.float32)


def odder(x: Any, dz: Any) -> Any:
    return grad_softmax(x, dz) + 0.11 * wide64(x) ** 3


def likeness(answer: Any, seed: int) -> Likeness:
    verdict = judged("softmax", answer, hidden=True, seed=seed)
    assert verdict.diagnosis.misconception is None
    assert verdict.likeness is not None
    return verdict.likeness


def test_the_same_mistake_is_the_same_whatever_the_style_and_the_hidden_inputs() -> None:
    assert likeness(odd, seed=7).agrees_with(likeness(odd_in_another_style, seed=8))


def test_another_mistake_is_another() -> None:
    assert not likeness(odd, seed=7).agrees_with(likeness(odder, seed=7))


def test_an_answer_that_differs_only_beyond_the_printed_example_is_another() -> None:
    def for_three(x: Any, dz: Any) -> Any:
        return odd(x, dz) if len(wide64(x)) == 3 else grad_softmax(x, dz) + 0.2 * wide64(x) ** 3

    assert not likeness(odd, seed=7).agrees_with(likeness(for_three, seed=7))


def test_equal_exceptions_are_equal() -> None:
    def raising(x: Any, _dz: Any) -> Any:
        raise ValueError(f"no idea about {wide64(x).shape}")

    def raising_otherwise(_x: Any, _dz: Any) -> Any:
        raise ValueError("no idea")

    one = likeness(raising, seed=7)
    assert one.shown == "ValueError: no idea about (3,)"
    assert one.agrees_with(likeness(raising, seed=9))
    assert not one.agrees_with(likeness(raising_otherwise, seed=7))


def test_it_shows_what_came_back_on_the_printed_example() -> None:
    assert likeness(odd, seed=7).shown.startswith("dx = [")


def test_what_is_not_finite_counts_by_its_place() -> None:
    def with_nan(at: int) -> Any:
        def answer(x: Any, dz: Any) -> Any:
            result = odd(x, dz)
            result[at] = np.nan
            return result

        return answer

    assert likeness(with_nan(0), seed=7).agrees_with(likeness(with_nan(0), seed=8))
    assert not likeness(with_nan(0), seed=7).agrees_with(likeness(with_nan(1), seed=7))


def test_it_comes_back_from_json_as_it_went() -> None:
    one = likeness(odd, seed=7)
    assert Likeness.from_json(json.loads(json.dumps(one.to_json(), allow_nan=False))) == one


def test_what_is_right_or_recognised_or_public_has_none() -> None:
    assert judged("softmax", grad_softmax, hidden=True, seed=7).likeness is None
    flipped = judged("softmax", lambda x, dz: -grad_softmax(x, dz), hidden=True, seed=7)
    assert flipped.diagnosis.misconception == "sign-flipped"
    assert flipped.likeness is None
    assert judged("softmax", odd).likeness is None
