"""A small deep learning library to read in one sitting: graphs, sessions, gradients, training.

    from gradecheck.graph import *

    with Graph().as_default():
        X, c = placeholder(name="X"), placeholder(name="c")      # (N, 2) points, (N, 2) classes
        W, b = Variable(np.random.randn(2, 2), name="W"), Variable(np.zeros(2), name="b")
        p = softmax(add(matmul(X, W), b))                        # (N, 2) probabilities
        J = negative(reduce_sum(multiply(c, log(p))))            # one number, the cross-entropy
        step = GradientDescentOptimizer(learning_rate=0.01).minimize(J)

    session = Session()
    for _ in range(100):
        session.run(step, {X: points, c: classes})

Read it in this order; each module needs only those before it:

    nodes            what a graph is made of
    operations       the eight functions that a graph can compute
    session          forward: from the placeholders to a value
    gradients        the derivative of each operation, one rule each
    backpropagation  backward: from the loss to every node
    descent          one step downhill

It is NumPy only, and every value is a float64 array.
"""

from gradecheck.graph.backpropagation import compute_gradients
from gradecheck.graph.descent import GradientDescentOptimizer
from gradecheck.graph.gradients import RegisterGradient, gradient_function, gradient_registry
from gradecheck.graph.nodes import (
    Graph,
    GraphError,
    Node,
    Operation,
    Variable,
    default_graph,
    placeholder,
    topological_order,
)
from gradecheck.graph.operations import add, log, matmul, multiply, negative, reduce_sum, sigmoid, softmax
from gradecheck.graph.session import Session

__all__ = [
    "GradientDescentOptimizer",
    "Graph",
    "GraphError",
    "Node",
    "Operation",
    "RegisterGradient",
    "Session",
    "Variable",
    "add",
    "compute_gradients",
    "default_graph",
    "gradient_function",
    "gradient_registry",
    "log",
    "matmul",
    "multiply",
    "negative",
    "placeholder",
    "reduce_sum",
    "sigmoid",
    "softmax",
    "topological_order",
]
