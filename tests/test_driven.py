"""The exercises that are no call with arrays: right answers in any style, and what each must not call."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from graph_answers import RIGHT
from planted import judged

import gradecheck.graph as library
from gradecheck.catalogue import EXERCISES, find_exercise
from gradecheck.catalogue.engines import recursive
from gradecheck.drive import DRIVERS
from gradecheck.drive.battery import GRAPHS
from gradecheck.graph import Node, Operation, gradient_registry
from gradecheck.graph.drawing import as_text
from gradecheck.reference.tape import load_tensorflow
from gradecheck.run.inline import InlineCaller
from gradecheck.verdict import Status

DRIVEN = [exercise for exercise in EXERCISES if exercise.driver]


def test_every_driven_exercise_has_right_answers_in_four_styles_or_more() -> None:
    assert {exercise.title for exercise in DRIVEN} | {"sigmoid_graph"} == set(RIGHT)
    assert min(len(styles) for styles in RIGHT.values()) >= 4


@pytest.mark.parametrize(("title", "style"), [(t, style) for t, styles in RIGHT.items() for style in styles])
def test_a_right_answer_in_any_style_gets_everything(title: str, style: str) -> None:
    for seed in (100, 101):
        verdict = judged(title, RIGHT[title][style], seed=seed)
        assert (verdict.status, verdict.score) == (Status.PASSED, 1.0), verdict.message
        assert verdict.diagnosis.remarks == ()


def test_every_driver_is_named_by_an_exercise_and_the_other_way_round() -> None:
    assert {exercise.driver for exercise in DRIVEN} == set(DRIVERS)


def test_every_graph_of_the_battery_is_asked() -> None:
    assert {case["graph"] for case in find_exercise("compute_gradients").shapes} == set(GRAPHS)


FORBIDDEN = {
    "compute_gradients": library.compute_gradients,
    "gradient_descent": library.GradientDescentOptimizer,
    "register_gradient": library.RegisterGradient,
}


@pytest.mark.parametrize("title", FORBIDDEN)
def test_the_very_thing_that_is_asked_for_may_not_be_called(title: str) -> None:
    def wrapped(*arguments: Any) -> Any:
        return FORBIDDEN[title](*arguments[:1])

    verdict = judged(title, wrapped)
    assert (verdict.score, verdict.diagnosis.allowed) == (0.0, False)
    assert verdict.diagnosis.misconception == "library-inside"
    assert verdict.message.startswith(f"the answer calls gradecheck.graph.{FORBIDDEN[title].__name__}")
    assert verdict.message.endswith("and to write that is the exercise; so this earns nothing.")


def test_neither_a_thread_nor_a_blindfold_hides_it() -> None:
    def in_a_thread(loss: Node) -> Any:
        with ThreadPoolExecutor() as pool:
            return pool.submit(library.compute_gradients, loss).result()

    def unseen(loss: Node) -> Any:
        before = sys.getprofile()
        sys.setprofile(None)
        gradients = library.compute_gradients(loss)
        sys.setprofile(before)
        return gradients

    def unseen_for_good(loss: Node) -> Any:
        sys.setprofile(None)
        return library.compute_gradients(loss)

    assert not judged("compute_gradients", in_a_thread).diagnosis.allowed
    assert not judged("compute_gradients", unseen).diagnosis.allowed
    assert not judged("compute_gradients", unseen_for_good).diagnosis.allowed


def test_a_name_that_was_only_imported_earns_nothing() -> None:
    assert not judged("compute_gradients", library.compute_gradients).diagnosis.allowed


def test_the_perceptron_is_trained_by_hand() -> None:
    def through_the_library(X: Any, c: Any, W: Any, b: Any, rate: float, steps: int) -> Any:
        points, classes = library.placeholder(), library.placeholder()
        p = library.softmax(library.add(library.matmul(points, W), b))
        loss = library.negative(library.reduce_sum(library.multiply(classes, library.log(p))))
        step = library.GradientDescentOptimizer(rate).minimize(loss)
        session = library.Session()
        return [session.run(step, {points: X, classes: c}) for _ in range(steps)]

    verdict = judged("perceptron", through_the_library)
    assert verdict.score == 0.0
    assert "gradecheck.graph.GradientDescentOptimizer" in verdict.message


@pytest.mark.parametrize("exercise", DRIVEN, ids=lambda exercise: exercise.title)
def test_the_tape_earns_nothing_here_either(exercise: Any) -> None:
    def with_tape(*arguments: Any) -> Any:
        with load_tensorflow().GradientTape():
            return next(iter(RIGHT[exercise.title].values()))(*arguments)

    verdict = judged(exercise, with_tape)
    assert (verdict.score, verdict.diagnosis.misconception) == (0.0, "autodiff-inside")


def test_reading_tells_the_library_of_graphs_from_the_rest_of_gradecheck() -> None:
    source = (
        "from gradecheck.graph import Operation\nimport gradecheck.judge as j\ndef compute_gradients(loss):\n"
    )
    right = next(iter(RIGHT["compute_gradients"].values()))
    assert judged("compute_gradients", right, f"{source}    return Operation\n").score == 1.0
    assert judged("compute_gradients", right, f"{source}    return j\n").score == 0.0


def test_a_class_with_an_empty_method_is_not_started() -> None:
    class Optimizer:
        def __init__(self, learning_rate: float) -> None:
            self.rate = learning_rate

        def minimize(self, loss: Node) -> Operation:
            raise NotImplementedError

    source = (
        "class GradientDescentOptimizer:\n    def minimize(self, loss):\n        raise NotImplementedError()"
    )
    assert judged("gradient_descent", Optimizer, source).status is Status.NOT_STARTED


def test_the_librarys_table_of_rules_is_as_it_was_before() -> None:
    before = dict(gradient_registry), dict(Operation.types)
    for title in ("compute_gradients", "register_gradient", "gradient_descent"):
        judged(title, next(iter(RIGHT[title].values())))
    assert before[0] == dict(gradient_registry)
    assert {name for name in Operation.types if "cube" in name} == set()


def test_rules_that_a_notebook_changed_change_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(gradient_registry, library.add, lambda _op, G: (2 * G, 2 * G))
    assert judged("compute_gradients", next(iter(RIGHT["compute_gradients"].values()))).score == 1.0


def test_a_second_rule_for_an_operation_of_the_library_says_nothing_in_a_graded_cell(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def registers_too(loss: Node) -> Any:
        library.RegisterGradient("add")(lambda _op, G: (G, G))
        return next(iter(RIGHT["compute_gradients"].values()))(loss)

    assert judged("compute_gradients", registers_too).score == 1.0
    assert capfd.readouterr().err == ""


def test_a_failing_graph_is_drawn_with_both_numbers_at_each_node() -> None:
    drawing, *_ = judged("compute_gradients", recursive).drawings
    assert drawing.title.startswith("the graph nested, entry [")
    numbers = {node.name: (node.yours, node.expected, node.wrong) for node in drawing.nodes}
    assert [name for name, (_, _, wrong) in numbers.items() if wrong] == ["a"]
    yours, expected, _ = numbers["a"]
    assert yours is not None
    assert expected is not None
    assert yours == pytest.approx(2 * expected)
    assert "<- differs" in as_text(drawing)


def test_every_failing_graph_is_drawn_once_and_no_other() -> None:
    drawings = judged("compute_gradients", recursive).drawings
    assert [drawing.title.split(",")[0] for drawing in drawings] == [
        f"the graph {name}" for name in ("nested", "reuse", "skip_nonleaf")
    ]
    for drawing in drawings:
        assert any(node.wrong for node in drawing.nodes)
        assert all(node.yours is not None and node.expected is not None for node in drawing.nodes)


def test_the_right_numbers_of_a_hidden_graph_stay_hidden() -> None:
    drawings = judged("compute_gradients", recursive, seed=99, hidden=True).drawings
    assert drawings
    nodes = [node for drawing in drawings for node in drawing.nodes]
    assert all(node.expected is None for node in nodes)
    assert all(node.yours is not None for node in nodes)


def test_a_right_answer_has_no_drawing_and_neither_has_another_exercise() -> None:
    assert judged("compute_gradients", next(iter(RIGHT["compute_gradients"].values()))).drawings == ()
    assert judged("chain_paths", lambda *_: 0.0).drawings == ()


@pytest.mark.parametrize(
    ("title", "answer", "message"),
    [
        ("compute_gradients", lambda _loss: None, "compute_gradients returned None; a dict is wanted"),
        ("compute_gradients", lambda _loss: [], "returned an object of class list; a dict is wanted"),
        ("register_gradient", lambda _o, _r: None, "gave None; it must give a decorator"),
        ("perceptron", lambda *_: None, "returned None; the loss before each of 1 steps is wanted"),
        (
            "compute_gradients",
            lambda loss: {loss.name: 1.0},
            "object of class str among its keys; the keys wanted are the nodes themselves",
        ),
        (
            "register_gradient",
            lambda o, r: lambda rule: r.__setitem__(o, rule) or o,
            "what the decorator gives back is not the rule: called with (op, G), it gives an object of class",
        ),
        (
            "register_gradient",
            lambda o, r: r.setdefault(o, lambda rule: rule),
            "what the registry has for the class is not the rule: called with (op, G), it raises TypeError",
        ),
    ],
)
def test_what_cannot_be_used_is_explained(title: str, answer: Callable[..., Any], message: str) -> None:
    verdict = judged(title, answer)
    assert verdict.status is Status.FAILED
    assert message in verdict.message
    assert "stopped" not in verdict.message
    assert "cannot be called" not in verdict.message
    assert verdict.diagnosis.misconception is None


def takes_nothing() -> None:
    pass


def test_only_a_wrong_signature_is_called_one() -> None:
    class Optimizer:
        def __init__(self, _rate: float) -> None:
            pass

        def minimize(self, loss: Node) -> Operation:
            return type("Step", (Operation,), {"compute": lambda: 0.0})([loss])  # type: ignore[no-any-return]  # of a made-up type

    assert judged("gradient_descent", takes_nothing).message.startswith(
        "GradientDescentOptimizer cannot be called as "
    )
    assert judged("gradient_descent", Optimizer).message.startswith(
        "stopped: GraphError: Step_1 cannot compute with loss of shape (): "
        "look at compute of Step, which was given 1 array(s): TypeError: "
    )


def test_a_message_speaks_of_what_the_student_was_given() -> None:
    def stops(*_: Any) -> Any:
        raise ValueError("by chance")

    told = judged("perceptron", stops).message
    assert told.endswith(
        "ValueError: by chance, where X is 0.75 * noise, less 2 in even rows and plus 2 in odd ones."
    )
    assert judged("chain_paths", RIGHT["chain_paths"][next(iter(RIGHT["chain_paths"]))]).message.endswith(
        "tried."
    )


def test_a_step_that_writes_into_the_callers_array_costs_a_fifth() -> None:
    class Step(Operation):
        rate: float

        def compute(self, value: Any) -> Any:
            for node, gradient in library.compute_gradients(self.input_nodes[0]).items():
                if isinstance(node, library.Variable):
                    node.value -= self.rate * gradient
            return value

    class Optimizer:
        def __init__(self, rate: float) -> None:
            self.rate = rate

        def minimize(self, loss: Node) -> Operation:
            step = Step([loss])
            step.rate = self.rate
            return step

    verdict = judged("gradient_descent", Optimizer)
    assert verdict.score == 0.8
    assert "the call changes its arguments W and v" in verdict.message


def test_measuring_in_place_costs_a_fifth_unless_everything_is_put_back() -> None:
    def leaves_it_changed(f: Any, x: Any, dz: Any) -> Any:
        dx = RIGHT["numerical_gradient"]["there_and_back_in_place"](f, x, dz)
        x += 0.001
        return dx

    assert judged("numerical_gradient", leaves_it_changed).score == 0.8


def test_only_a_name_of_the_table_is_a_driver() -> None:
    with pytest.raises(KeyError):
        InlineCaller({"f": len}).call("f", [np.zeros(1)], driver="os.system")
