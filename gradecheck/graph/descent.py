"""One step downhill."""

import numpy as np

from gradecheck.graph.backpropagation import compute_gradients
from gradecheck.graph.nodes import (
    Array,
    GraphError,
    Node,
    Operation,
    Variable,
    require_node,
    topological_order,
)


class GradientDescentOptimizer:
    """Moves every variable against its gradient: v ← v - learning_rate · ∂L/∂v.

    The gradient points to where the loss grows fastest, so the step goes the other way. How far is the
    learning rate's business: too small and nothing happens, too large and the step lands on the other side
    of the valley, higher than before.
    """

    def __init__(self, learning_rate: float) -> None:
        rate = np.asarray(learning_rate)
        if rate.shape != () or rate.dtype.kind not in "iuf" or not 0 <= rate < np.inf:
            raise GraphError(
                f"the learning rate is {learning_rate!r}: give one number that is not below 0, such as 0.01"
            )
        self.learning_rate = float(rate)

    def minimize(self, loss: Node) -> Operation:
        """A node whose every run takes one step for all variables that the loss depends on.

        Returns:
            The step, in the loss's graph. `session.run(step, feed_dict)` computes the loss, takes the step,
            and returns the loss as it was before.

        Raises:
            GraphError: no variable leads to the loss.
        """
        require_node(loss, "what minimize was given", "pass the loss")
        if not any(isinstance(node, Variable) for node in topological_order(loss)):
            raise GraphError(
                f"{loss.name} depends on no Variable, so there is nothing to train: "
                "make the parameters Variables"
            )
        with loss.graph.as_default():
            return descent_step(loss, self.learning_rate)


class descent_step(Operation):  # noqa: N801 - written like the other operations
    """v ← v - learning_rate · ∂L/∂v for every variable v that the loss depends on.

    The loss is its input node, so a session computes the loss, at the values of now, before the step.
    """

    def __init__(self, loss: Node, learning_rate: float, *, name: str | None = None) -> None:
        super().__init__([loss], name=name)
        self.learning_rate = learning_rate

    def compute(self, loss_value: Array) -> Array:
        """Take the step: all gradients first, at the old values, and only then the changes."""
        gradients = compute_gradients(self.input_nodes[0])
        for node, gradient in gradients.items():
            if isinstance(node, Variable):
                node.value = node.value - self.learning_rate * gradient
        return loss_value
