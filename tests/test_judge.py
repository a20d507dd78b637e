"""For every check of the judge: plant the fault, require the alarm, and read what the student reads."""

import math
from typing import Any

import numpy as np
import pytest
from planted import (
    PRODUCT,
    RIGHT,
    Answer,
    earns_nothing,
    grad_product,
    grad_sigmoid,
    grad_softmax,
    judged,
    spoiled,
    wide,
)

from gradecheck.cases import PUBLIC_SEED, draw_cases
from gradecheck.catalogue import find_exercise
from gradecheck.diagnose.source import AnswerSource
from gradecheck.judge import judge
from gradecheck.reference.tape import load_tensorflow
from gradecheck.run.inline import InlineCaller
from gradecheck.verdict import Status

SIGMOID = find_exercise("sigmoid")
every = pytest.mark.parametrize("title", RIGHT)


# What is right


@every
def test_a_right_answer_passes(title: str) -> None:
    verdict = judged(title, RIGHT[title])
    assert (verdict.status, verdict.score) == (Status.PASSED, 1.0)
    assert [(output.passed, output.fault) for output in verdict.outputs] == [(True, None)]
    assert verdict.diagnosis.misconception is None


def test_a_right_answer_is_told_so() -> None:
    softmax, product = (
        len(draw_cases(exercise, PUBLIC_SEED)) + 1  # one of them twice
        for exercise in (find_exercise("softmax"), PRODUCT)
    )
    assert judged("softmax", grad_softmax).message == (
        f"right on all {softmax} inputs tried, extreme ones included."
    )
    assert judged(PRODUCT, grad_product).message == f"right on all {product} inputs tried, square and oblong."


@pytest.mark.parametrize("form", [np.float32, np.float64, np.longdouble, np.ndarray.tolist])
@every
def test_a_right_answer_may_come_in_any_form(title: str, form: Any) -> None:
    change = form if form is np.ndarray.tolist else lambda g: g.astype(form)
    assert judged(title, spoiled(title, change)).score == 1.0


def test_a_right_answer_may_be_computed_in_float32_tensors() -> None:
    tf = load_tensorflow()

    def answer(x: Any, dz: Any) -> Any:
        s = tf.sigmoid(x)
        return tf.Variable(s * (1 - s) * dz)

    assert judged("sigmoid", answer).score == 1.0
    assert judged("sigmoid", tf.function(lambda x, dz: tf.sigmoid(x) * (1 - tf.sigmoid(x)) * dz)).score == 1.0


@every
def test_the_rounding_of_float32_passes(title: str) -> None:
    assert judged(title, spoiled(title, lambda g: g * (1 + 1e-6))).score == 1.0


@every
def test_an_error_of_a_twentieth_of_a_percent_does_not(title: str) -> None:
    earns_nothing(judged(title, spoiled(title, lambda g: g * 1.0005)), "wrong")


def test_numbers_that_look_alike_are_told_with_enough_digits_to_differ() -> None:
    verdict = judged("sigmoid", spoiled("sigmoid", lambda g: g * (1 + 1e-5)))
    assert "dx[1] is 0.272763, expected 0.27276 for inputs" in earns_nothing(verdict, "wrong")


@pytest.mark.parametrize("layout", [(2, 3), (1, 2, 3, 1), (2, 3, 1, 1)], ids=str)
def test_conv2d_takes_the_layouts_of_tensorflow(layout: tuple[int, ...]) -> None:
    def laid_out(g: Any) -> Any:
        sizes = iter(g.shape)
        return g.reshape([1 if size == 1 else next(sizes) for size in layout])

    assert judged("conv2d", spoiled("conv2d", laid_out)).score == 1.0


# Structure


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "None; dx is an array of shape (3,). Is a return missing?"),
        ("0.25", "the text '0.25'; dx is an array of shape (3,)."),
        ({}, "a dict; dx is an array of shape (3,)."),
        ([[1.0], [2.0, 3.0]], "a list of rows of different lengths; dx is an array of shape (3,)."),
        (object(), "an object of class object; dx is an array of shape (3,)."),
        (max, "a function; dx is an array of shape (3,)."),
    ],
    ids=["None", "text", "dict", "ragged", "object", "function"],
)
def test_what_is_no_array(returned: object, words: str) -> None:
    verdict = judged("sigmoid", lambda *_: returned)
    assert earns_nothing(verdict, "no array") == f"your function returned {words}"
    assert verdict.outputs[0].fault == "kind"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda g: g > 0, "bool"),
        (lambda g: g.astype(complex), "complex numbers (complex128)"),
        (lambda g: g.astype(object), "an array of objects (dtype object)"),
        (lambda g: g.astype(str), "an array of texts"),
        (lambda g: g.astype(np.int32), "whole numbers (int32)"),
        (lambda g: g.astype(np.float16), "numbers of three digits (float16)"),
    ],
    ids=["bool", "complex", "object", "text", "integers", "float16"],
)
def test_what_is_no_real_number(change: Any, words: str) -> None:
    message = earns_nothing(judged("sigmoid", spoiled("sigmoid", change)), "dtype")
    assert message == f"dx holds {words}; real numbers are wanted, such as float32."


@pytest.mark.parametrize(
    ("title", "change", "message"),
    [
        ("sigmoid", lambda g: g[None], "dx has shape (1, 3); it must have (3,), the shape of x."),
        ("softmax", lambda g: g[:, None], "dx has shape (3, 1); it must have (3,), the shape of x."),
        ("sigmoid", lambda g: g[:0], "dx has shape (0,); it must have (3,), the shape of x."),
        ("matmul", lambda g: g.ravel(), "dx has shape (4,); it must have (2, 2), the shape of x."),
        (
            "conv2d",
            lambda g: g[None, None],
            "dw has shape (1, 1, 2, 2); it must have (2, 2), the shape of w.",
        ),
        ("softmax", lambda g: g[0] * 0, "dx has shape (); it must have (3,), the shape of x."),
    ],
)
def test_another_shape_even_one_that_would_broadcast(title: str, change: Any, message: str) -> None:
    verdict = judged(title, spoiled(title, change))
    assert earns_nothing(verdict, "shape").endswith(message)
    assert verdict.outputs[0].fault == "shape"


def test_the_wrong_number_of_outputs() -> None:
    two = judged("sigmoid", spoiled("sigmoid", lambda g: (g, np.append(g, 1))))
    assert earns_nothing(two, "outputs") == "your function returned 2 outputs; 1 output wanted: dx."
    one = judged(PRODUCT, lambda *a: grad_product(*a)[0])
    assert earns_nothing(one, "outputs") == (
        "Only one of the gradients is there. Your function returned 1 output; 2 outputs wanted: da and db."
    )
    assert one.diagnosis.misconception == "output-missing"


# Values


@pytest.mark.parametrize(
    ("number", "word"), [(np.nan, "NaN"), (np.inf, "infinite"), (-np.inf, "minus infinite")]
)
@every
def test_no_output_with_an_element_that_is_not_finite_passes(title: str, number: float, word: str) -> None:
    def change(g: Any) -> Any:
        g.flat[-1] = number
        return g

    verdict = judged(title, spoiled(title, change))
    output = find_exercise(title).outputs[0]
    last = {"dx": "2" if title in ("sigmoid", "softmax") else "1, 1", "dw": "1, 1"}[output]
    message = earns_nothing(verdict, "NaN")
    assert message.startswith(f"{output}[{last}] is {word} in the printed example. It is the only such entry")


def test_one_wrong_element_of_one_case_is_enough() -> None:
    def change(g: Any) -> Any:
        if len(g) == 8:
            g[5] *= 1.01
        return g

    message = earns_nothing(judged("sigmoid", spoiled("sigmoid", change)), "wrong")
    assert message.startswith("dx[5] is ")
    assert message.endswith(" for inputs of shape x (8,), dz (8,) (1 of 8 entries are wrong).")


@every
def test_the_printed_example_alone_earns_nothing(title: str) -> None:
    exercise = find_exercise(title)
    known = RIGHT[title](*(np.array(exercise.printed[name], np.float64) for name in exercise.arguments))
    verdict = judged(title, lambda *_: known)
    assert verdict.score == 0.0
    assert verdict.shown is None or verdict.shown.title == "ordinary inputs"


@every
def test_the_printed_example_is_the_first_that_a_student_sees(title: str) -> None:
    shown = judged(title, spoiled(title, lambda g: g + 1)).shown
    assert shown is not None
    assert shown.title == "the printed example"


# Extremes


def naive_sigmoid(x: Any, dz: Any) -> Any:
    x, dz = (np.asarray(a, np.float32) for a in (x, dz))
    e = np.exp(-x)
    return dz * e / (1 + e) ** 2


def naive_softmax(x: Any, dz: Any) -> Any:
    x, dz = (np.asarray(a, np.float32) for a in (x, dz))
    p = np.exp(x) / np.exp(x).sum()
    return p * (dz - p @ dz)


@pytest.mark.parametrize(("title", "answer"), [("sigmoid", naive_sigmoid), ("softmax", naive_softmax)])
def test_right_but_for_extremes_earns_four_fifths(title: str, answer: Answer) -> None:
    verdict = judged(title, answer)
    assert (verdict.status, verdict.score, verdict.diagnosis.label) == (Status.FAILED, 0.8, "extremes")
    assert verdict.diagnosis.misconception == "overflow-in-exp"
    assert [(output.score, output.passed) for output in verdict.outputs] == [(0.8, False)]


def test_right_but_for_extremes_is_told_with_the_input() -> None:
    assert judged("sigmoid", naive_sigmoid).message == (
        "right on every ordinary input, but dx[0] is NaN for x = [-100, 100, 0]. "
        "On paper the formula holds; in these numbers it breaks."
    )


def test_wrong_numbers_on_extremes_are_not_told_to_be_a_matter_of_arithmetic() -> None:
    """Clipping x is no overflow: the number that comes out is finite, and wrong."""

    def answer(x: Any, dz: Any) -> Any:
        return grad_sigmoid(x, dz) + (np.abs(np.asarray(x)).max() > 50)

    verdict = judged("sigmoid", answer)
    assert (verdict.score, verdict.diagnosis.label) == (0.8, "extremes")
    assert verdict.message.startswith("right on every ordinary input, but dx[")
    assert "robust" not in verdict.message


def test_an_exception_on_extremes_leaves_four_fifths_too() -> None:
    def answer(x: Any, dz: Any) -> Any:
        return [d * math.exp(-v) / (1 + math.exp(-v)) ** 2 for v, d in zip(*wide(x, dz), strict=True)]

    verdict = judged("sigmoid", answer)
    assert (verdict.score, verdict.diagnosis.label) == (0.8, "extremes")
    assert verdict.diagnosis.misconception == "overflow-in-exp"
    assert verdict.message.startswith(
        "right on every ordinary input, but for x = [-1000, 1000, -30, 30] it stopped at line "
    )
    assert verdict.message.endswith(": OverflowError: math range error.")


def test_without_extremes_an_exercise_is_worth_everything_at_once() -> None:
    assert judged(PRODUCT, grad_product).score == 1.0


# State and mutation


def test_right_only_the_first_time() -> None:
    calls = []

    def answer(x: Any, dz: Any) -> Any:
        calls.append(x)
        return grad_sigmoid(x, dz) * (1 if len(calls) == 1 else 2)

    earns_nothing(judged("sigmoid", answer), "wrong")


@every
def test_a_cache_by_shape(title: str) -> None:
    memory: dict[Any, Any] = {}

    def answer(*arguments: Any) -> Any:
        return memory.setdefault(tuple(a.shape for a in arguments), RIGHT[title](*arguments))

    earns_nothing(judged(title, answer), "wrong")


@every
def test_an_accumulator(title: str) -> None:
    sums: dict[Any, Any] = {}

    def answer(*arguments: Any) -> Any:
        key = tuple(a.shape for a in arguments)
        sums[key] = sums.get(key, 0) + RIGHT[title](*arguments)
        return sums[key]

    earns_nothing(judged(title, answer), "wrong")


def remembering(title: str, *by: int) -> Answer:
    """The right answer, but whatever it returned for the arguments at `by` it returns again."""
    memory: dict[Any, Any] = {}

    def answer(*arguments: Any) -> Any:
        key = tuple((np.shape(arguments[at]), np.asarray(arguments[at]).tobytes()) for at in by)
        return memory.setdefault(key, RIGHT[title](*arguments))

    return answer


@pytest.mark.parametrize(
    ("title", "by"),
    [
        (title, by)
        for title in RIGHT
        for inputs in [range(len(find_exercise(title).inputs))]
        for by in [*((at,) for at in inputs), (len(inputs),), tuple(inputs)]
    ],
)
def test_a_cache_by_some_of_the_arguments(title: str, by: tuple[int, ...]) -> None:
    earns_nothing(judged(title, remembering(title, *by)), "wrong")


@every
def test_a_cache_by_all_arguments_is_no_fault(title: str) -> None:
    everything = range(len(find_exercise(title).arguments))
    assert judged(title, remembering(title, *everything)).score == 1.0


@every
def test_an_answer_that_clips_the_upstream_gradient(title: str) -> None:
    def answer(*arguments: Any) -> Any:
        *inputs, dz = wide(*arguments)
        return RIGHT[title](*inputs, np.clip(dz, -10, 10))

    earns_nothing(judged(title, answer), "wrong")


@every
def test_an_answer_that_handles_eight_entries_only(title: str) -> None:
    def change(g: Any) -> Any:
        g.reshape(-1)[8:] = 0
        return g

    earns_nothing(judged(title, spoiled(title, change)), "wrong")


def forgetful() -> Answer:
    seen = set()

    def answer(x: Any, dz: Any) -> Any:
        key = (np.asarray(x).tobytes(), np.asarray(dz).tobytes())
        known = key in seen
        seen.add(key)
        return grad_sigmoid(x, dz) * (0 if known else 1)

    return answer


SAME_ARGUMENTS = (
    "dx was right at first, and wrong when grad_sigmoid was called again with the same arguments. "
    "Does it remember something between calls?"
)


def test_the_same_arguments_twice() -> None:
    verdict = judged("sigmoid", forgetful())
    assert earns_nothing(verdict, "wrong") == SAME_ARGUMENTS
    assert verdict.diagnosis.misconception == "depends-on-earlier-calls"


def test_the_fault_that_costs_most_is_told_first() -> None:
    """Wrong on extremes and on the repeated call: it is not "right on every ordinary input"."""
    answer = forgetful()
    both = judged("sigmoid", lambda x, dz: answer(x, dz) + (np.abs(wide(x).__next__()).max() > 50))
    assert earns_nothing(both, "wrong") == SAME_ARGUMENTS


def changing(*positions: int) -> Answer:
    def answer(*arguments: Any) -> Any:
        result = grad_softmax(*arguments)
        for at in positions:
            if isinstance(arguments[at], np.ndarray):
                arguments[at][...] *= 2
        return result

    return answer


def test_changing_an_argument_costs_a_fifth() -> None:
    verdict = judged("softmax", changing(0))
    assert (verdict.status, verdict.score, verdict.diagnosis.label) == (Status.FAILED, 0.8, "changes input")
    assert verdict.diagnosis.misconception == "inputs-changed"
    assert verdict.message == (
        "the numbers are right, but the call changes its argument x. Whoever called still needs it as before."
    )


def test_changing_two_arguments_costs_no_more() -> None:
    verdict = judged("softmax", changing(0, 1))
    assert verdict.score == 0.8
    assert verdict.message == (
        "the numbers are right, but the call changes its arguments x and dz. "
        "Whoever called still needs them as before."
    )


def test_changing_an_argument_and_failing_on_extremes_costs_both() -> None:
    def answer(x: Any, dz: Any) -> Any:
        result = naive_softmax(x, dz)
        if isinstance(x, np.ndarray):
            x -= 1
        return result

    verdict = judged("softmax", answer)
    assert verdict.score == 0.6
    assert verdict.diagnosis.remarks == ("Besides, the call changes its argument x: work on a copy.",)


def test_changing_an_argument_never_leads_below_nothing() -> None:
    wrong = changing(1)
    verdict = judged("softmax", lambda *a: 2 * wrong(*a))
    assert verdict.score == 0.0
    assert verdict.diagnosis.remarks == ("Besides, the call changes its argument dz: work on a copy.",)


# Several outputs


def test_a_score_is_the_mean_over_the_outputs() -> None:
    def answer(a: Any, b: Any, dz: Any) -> Any:
        da, _ = grad_product(a, b, dz)
        return da, da

    verdict = judged(PRODUCT, answer)
    assert (verdict.status, verdict.score) == (Status.FAILED, 0.5)
    assert [(o.name, o.score, o.passed, o.fault) for o in verdict.outputs] == [
        ("da", 1.0, True, None),
        ("db", 0.0, False, "value"),
    ]
    assert verdict.message == (
        "You return the gradient of the first argument for every argument. "
        "db[0] is 4, expected 1 in the printed example (3 of 3 entries are wrong)."
    )


def test_an_output_that_is_missing_costs_its_own_share() -> None:
    verdict = judged(PRODUCT, lambda *a: (grad_product(*a)[0], None))
    assert verdict.score == 0.5
    assert verdict.message == "db is None; an array of shape (3,) is wanted."


def test_nothing_returned_where_two_outputs_are_asked() -> None:
    for returned, words in ((None, "None"), ({}, "a dict")):
        message = earns_nothing(judged(PRODUCT, lambda *_, it=returned: it), "no array")
        assert message.startswith(f"your function returned {words}; 2 outputs wanted: da and db.")
        assert message.endswith(" Is a return missing?") == (returned is None)


def test_all_outputs_in_one_array_can_be_unpacked_and_count() -> None:
    def stacked(x: Any, w: Any, b: Any, dz: Any) -> Any:
        x, w, b, dz = wide(x, w, b, dz)
        e = np.exp(-(w * x + b))
        dd = -dz / (1 + e) ** 2
        return np.stack([dd, dd, dd * e, *[-dd * e] * 3, -dd * e * x, -dd * e * w])

    assert judged("sigmoid_graph", stacked).score == 1.0
    seven = judged("sigmoid_graph", lambda *a: stacked(*a)[:7])
    assert seven.message.startswith("your function returned 1 output; 8 outputs wanted")


def test_finite_differences_inside_a_right_answer_earn_a_remark_and_all_points() -> None:
    text = (
        "def grad_sigmoid(x, dz):\n    x, h = np.array(x, np.float64), 1e-5\n"
        "    f = lambda t: 1 / (1 + np.exp(-t))\n"
        "    return np.array(dz) * (f(x + h) - f(x - h)) / (2 * h)\n"
    )
    namespace: dict[str, Any] = {"np": np}
    exec(text, namespace)
    caller = InlineCaller({"grad_sigmoid": namespace["grad_sigmoid"]})
    verdict = judge(find_exercise("sigmoid"), caller, source=AnswerSource.of(text))
    assert verdict.score == 1.0
    assert any("looks like finite differences" in remark for remark in verdict.diagnosis.remarks)
