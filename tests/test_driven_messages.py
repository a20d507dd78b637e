"""What is said of wrong answers to the graph exercises, and near misses that must not pass."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graph_answers import RIGHT
from planted import judged

from gradecheck.catalogue.engines import pushing
from gradecheck.graph import Node, Operation, Variable
from gradecheck.graph.drawing import as_text
from gradecheck.run.inline import InlineCaller
from gradecheck.run.outcome import Raised
from gradecheck.verdict import Verdict

#: An answer to "a step downhill" whose compute is still to be written, in a file of the student's own.
OPTIMIZER = """
from gradecheck.graph import Operation, compute_gradients

class Step(Operation):
    def compute({arguments}):
        {line}

class GradientDescentOptimizer:
    def __init__(self, rate):
        self.rate = rate

    def minimize(self, loss):
        return Step([loss])
"""


def optimizer(folder: Path, line: str, arguments: str = "self, value") -> Any:
    file = folder / "answer.py"
    file.write_text(OPTIMIZER.format(line=line, arguments=arguments), encoding="utf-8")
    namespace: dict[str, Any] = {}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), namespace)
    return namespace["GradientDescentOptimizer"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("return self.los", "AttributeError: 'Step' object has no attribute 'los'"),
        ("return 1 / 0", "ZeroDivisionError: division by zero"),
        ("return {}[value.ndim]", "KeyError: 0"),
        ("raise ValueError('by chance')", "ValueError: by chance"),
        ("return compute_gradients(self)", "GraphError: Step_1 has no value yet: run it, or the loss"),
    ],
)
def test_an_error_in_the_students_compute_is_told_with_its_line(
    tmp_path: Path, line: str, error: str
) -> None:
    message = judged("gradient_descent", optimizer(tmp_path, line)).message
    assert message.startswith(f"stopped at line 6 ({line}): {error}")


def test_a_compute_of_another_signature_is_said_to_be_that(tmp_path: Path) -> None:
    message = judged("gradient_descent", optimizer(tmp_path, "return 0", "self")).message
    assert message.startswith(
        "stopped: GraphError: Step_1 cannot compute with loss of shape (): look at compute of Step, "
        "which was given 1 array(s): TypeError: Step.compute() takes 1 positional argument but 2 were given"
    )


def test_only_the_library_of_graphs_puts_errors_into_other_words() -> None:
    def raises_from(*_: Any) -> Any:
        try:
            return {}["key"]
        except KeyError as error:
            raise RuntimeError("not in the table") from error

    outcome = InlineCaller({"f": raises_from}).call("f", [np.zeros(1)])
    assert isinstance(outcome, Raised)
    assert (outcome.type, outcome.message) == ("RuntimeError", "not in the table")


def test_a_step_may_return_nothing() -> None:
    class Step(Operation):
        rate: float

        def compute(self, _value: Any) -> None:
            for node, gradient in pushing()(self.input_nodes[0]).items():
                if isinstance(node, Variable):
                    node.value = node.value - self.rate * gradient

    class Optimizer:
        def __init__(self, rate: float) -> None:
            self.rate = rate

        def minimize(self, loss: Node) -> Operation:
            step = Step([loss])
            step.rate = self.rate
            return step

    assert judged("gradient_descent", Optimizer).score == 1.0


def on_gradients(change: Callable[[dict[Any, Any], Node], Any]) -> Verdict:
    """The verdict on right gradients, changed."""
    return judged("compute_gradients", lambda loss: change(pushing()(loss), loss))


def test_a_dict_of_leaves_only_is_called_that_and_drawn() -> None:
    verdict = on_gradients(lambda g, _: {n: value for n, value in g.items() if isinstance(n, Variable)})
    assert (verdict.score, verdict.diagnosis.misconception) == (pytest.approx(2 / 3), "operations-left-out")
    assert verdict.message.startswith(
        "The operations between the leaves and the loss have no entry in what you return. "
        "The gradient at n1 = sigmoid(a), entry ["
    )
    drawn = as_text(verdict.drawings[0])
    assert drawn.count("<- differs") == 3
    assert "yours 0   expected 3" in drawn


@pytest.mark.parametrize("change", [lambda _g, loss: {loss: 1.0}, lambda _g, _loss: {}])
def test_a_dict_without_anything_below_the_loss(change: Any) -> None:
    verdict = on_gradients(change)
    assert (verdict.score, verdict.diagnosis.misconception) == (0.0, "nothing-below-the-loss")


def test_a_gradient_of_another_shape_at_an_operation_is_told_by_its_node() -> None:
    verdict = on_gradients(
        lambda g, _: {n: value if isinstance(n, Variable) else np.sum(value) for n, value in g.items()}
    )
    assert verdict.message == (
        "the gradient at n1 = sigmoid(a) has shape (); it must have (2, 2), the shape of n1, "
        "in the graph diamond."
    )
    assert on_gradients(lambda g, _: {n: [[1], [1, 2]] for n in g}).message == (
        "the gradient at a is a list of rows of different lengths, in the graph diamond."
    )


@pytest.mark.parametrize("zero", [0, 0.0, np.float64(0)])
def test_a_plain_zero_for_a_node_off_the_path_is_as_good_as_none(zero: Any) -> None:
    def with_all_nodes(g: dict[Any, Any], loss: Node) -> Any:
        return {**dict.fromkeys((*loss.graph.variables, *loss.graph.operations), zero), **g}

    assert on_gradients(with_all_nodes).score == 1.0


def test_the_second_step_of_training_is_looked_at_too() -> None:
    def with_momentum(X: Any, c: Any, W: Any, b: Any, rate: float, steps: int) -> Any:
        losses, speed = [], [np.zeros((2, 2)), np.zeros(2)]
        for _ in range(steps):
            e = np.exp(X @ W.value + b.value)
            P = e / e.sum(axis=1, keepdims=True)
            losses.append(-np.sum(c * np.log(P)))
            speed = [0.9 * s + g for s, g in zip(speed, (X.T @ (P - c), (P - c).sum(axis=0)), strict=True)]
            W.value, b.value = W.value - rate * speed[0], b.value - rate * speed[1]
        return losses

    verdict = judged("perceptron", with_momentum)
    assert verdict.score == pytest.approx(4 / 6, abs=1e-6)
    assert verdict.diagnosis.misconception is None
    assert " of the second step is " in verdict.message


def test_a_sum_that_drifts_is_named() -> None:
    def tilted(X: Any, c: Any, W: Any, b: Any, rate: float, steps: int) -> Any:
        losses = RIGHT["perceptron"][next(iter(RIGHT["perceptron"]))](X, c, W, b, rate, steps)
        b.value = b.value + 0.5 * (steps > 2)
        return losses

    message = judged("perceptron", tilted).message
    assert message.startswith("the change of the sum of b in all steps together is 1, expected 0 where X is ")


def test_entries_of_the_registrys_outputs_are_put_into_words() -> None:
    def keeps_the_first(operation: Any, registry: Any) -> Any:
        return lambda rule: registry.setdefault(operation, rule)

    def under_a_tuple(operation: Any, registry: Any) -> Any:
        def decorate(rule: Any) -> Any:
            if (operation,) in registry:
                raise ValueError
            registry[operation,] = rule
            return rule

        return decorate

    assert "The number of alarms at a second rule for one class is 0, expected 1" in (
        judged("register_gradient", keeps_the_first).message
    )
    verdict = judged("register_gradient", under_a_tuple)
    assert verdict.message.startswith(
        "after two rules, the number of keys that are the two classes is 0, expected 2"
    )
    assert verdict.diagnosis.misconception is None


@pytest.mark.parametrize("title", ["gradient_descent", "perceptron"])
def test_a_rate_that_is_written_into_the_answer_is_seen(title: str) -> None:
    def trained(X: Any, c: Any, W: Any, b: Any, _rate: float, steps: int) -> Any:
        return next(iter(RIGHT["perceptron"].values()))(X, c, W, b, 0.01, steps)

    def optimizer_of(_rate: float) -> Any:
        return next(iter(RIGHT["gradient_descent"].values()))(0.25)

    verdict = judged(title, trained if title == "perceptron" else optimizer_of)
    assert verdict.score < 1
    assert verdict.diagnosis.misconception == "learning-rate-ignored"
