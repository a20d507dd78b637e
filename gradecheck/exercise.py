"""What an exercise is: a definition that says everything the rest of the package needs to know of it.

A definition holds no right answer. The reference comes from the forward function, through the gradient
tape and through finite differences, so reading this package does not solve an exercise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradecheck.graph.drawing import Drawing
from gradecheck.setting import Setting

Shape = tuple[int, ...]
Float64 = NDArray[np.float64]

#: `forward(tf, *inputs)`: the function whose gradient is asked, in TensorFlow; works in any float dtype.
Forward = Callable[..., Any]
#: `vjp(*inputs, upstream)`: the true vector-Jacobian products, one float64 array an output.
VectorJacobianProduct = Callable[..., tuple[Float64, ...]]
#: `truth(vjp, *inputs, upstream, *settings)`: the right answer where it is no vector-Jacobian product itself,
#: a tuple with an array an output. `vjp` takes the inputs of the forward function and an upstream gradient,
#: and gives a product for each of those inputs; it is called with each oracle's, so the two stay two.
Truth = Callable[..., tuple[Any, ...]]
#: `formula(vjp, *inputs, upstream)`: what a known mistake computes; one array, or a tuple of arrays.
Formula = Callable[..., Any]


class MistakeClass(StrEnum):
    """What becomes of an answer that makes a known mistake."""

    REJECTED = "rejected"  #: wrong on ordinary inputs: its output earns nothing
    EXTREME = "extreme"  #: right on ordinary inputs, wrong on extreme ones: its output earns 0.8
    NOTED = "noted"  #: accepted, with a remark
    POLICY = "policy"  #: the numbers may be right, but the way to them is not allowed: earns nothing


@dataclass(frozen=True, eq=False)
class Mistake:
    """A mistake that people are known to make.

    Attributes:
        id: a stable name in kebab case, shared by all exercises in which the same mistake occurs.
        sentence: what happened, for the student; it must not contain the right formula.
        hint: a question or an observation to think about.
        stronger_hint: one step nearer; still not the answer.
        formula: what the mistake computes, for recognising and for planting it; not needed where there are
            answers.
        answers: where an exercise has a driver, the mistake as students write it: functions or classes to
            drive in their place. They make one and the same mistake, with one step size or another, say.
        outcome: its class.
        takes_settings: whether the formulas take the exercise's settings after the upstream gradient.
        also: further formulas of the same mistake, such as other sizes of a safety term.
    """

    id: str
    sentence: str
    hint: str
    stronger_hint: str
    formula: Formula | None = None
    outcome: MistakeClass = MistakeClass.REJECTED
    takes_settings: bool = False
    answers: tuple[Callable[..., Any], ...] = ()
    also: tuple[Formula, ...] = ()


def exact_shape(shape: Shape) -> tuple[Shape, ...]:
    """The shapes accepted for an output of `shape`: only itself."""
    return (shape,)


def entry(name: str, index: tuple[int, ...]) -> str:
    """An entry of an output, such as "dx[1, 0]"; the output's name where it is a single number."""
    return f"{name}[{', '.join(map(str, index))}]" if index else name


@dataclass(frozen=True, eq=False)
class Exercise:
    """One function that a student writes, and how it is judged.

    Attributes:
        name: the student's function, such as "grad_sigmoid".
        title: the short name that people type, such as "sigmoid".
        arguments: names of the function's arguments, in order; the last is the upstream gradient, unless
            the whole Jacobian is asked for.
        differentiates: the arguments whose gradients are returned, in the order of the outputs.
        forward: the function to differentiate, in TensorFlow.
        forward_numpy: the same, written independently in NumPy, for the second oracle.
        stacks: a tuple of inputs of which `forward_numpy` also takes many at once, along a new first axis and
            beside the others as they are, giving its results along a first axis, too, to the last digit the
            same. It only makes grading faster, as finite differences then need one call instead of four an
            entry, so to leave it out is always right. Where it is set, `forward_numpy` must count axes from
            the end: `np.sum(x, axis=-1)`, where `np.sum(x)` and `axis=0` would mix one x with another.
        printed: the example shown in the notebook: every argument, float32-exact values.
        shapes: the shapes of the moderate cases, one mapping from argument to shape a case. Naming one
            shape twice draws two inputs of it, which catches answers that remember.
        points: what it is worth where no graded cell says so.
        low, high: moderate inputs are uniform in [low, high); upstream gradients in [-2, 2).
        gap: moderate inputs keep this distance from 0, where a function with a corner there needs it.
        extremes: inputs of the extreme cases, without the upstream gradient, which is drawn.
        kinks: inputs at which the forward function has a corner: there everything between the products of
            the two one-sided derivatives is accepted, with a remark.
        settings: arguments after the upstream gradient that are plain values, such as an axis, with the value
            that each has where a case does not name it; `forward` and `forward_numpy` take them last.
        whole_jacobian: the function takes no upstream gradient and returns the Jacobian dz/dx itself.
        accepts_shapes: which shapes are taken for an output of a given shape.
        driver: the name of the driver in `gradecheck.drive` that asks the student's code, where a call with
            the arguments is not enough; it gives float64 arrays, so a `tolerance` goes with it.
        called_as: the call as a student writes it, where a driver makes another than the arguments say.
        truth: the right answer, where it is not simply the gradients of `differentiates`.
        named_outputs: the names of what is compared, where they are not those of gradients.
        tolerance: the largest error of a right answer, relative to the largest entry of the truth, or to that
            of the upstream gradient where this is larger; None for the tolerance of float32.
        place: where a wrong answer was given, in words that name settings, such as "in the graph {graph}".
        entry_called: what an entry of an output is called where its index alone would say little: from the
            output's name, the index in it, and the settings; `entry` says it with the index.
        drawing: from the settings to a graph without numbers, where the last output is what is compared at
            each of its operations, and the others are what is compared at its leaves.
        mistakes: the known mistakes of this exercise, besides those that any exercise can have.
        worth_knowing: a sentence for those who got it right.
    """

    name: str
    title: str
    arguments: tuple[str, ...]
    differentiates: tuple[str, ...]
    forward: Forward
    forward_numpy: Callable[..., Any]
    printed: Mapping[str, Any]
    shapes: tuple[Mapping[str, Any], ...]
    points: float
    low: float = -2.0
    high: float = 2.0
    gap: float = 0.0
    extremes: tuple[Mapping[str, ArrayLike], ...] = ()
    kinks: tuple[Mapping[str, ArrayLike], ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    stacks: tuple[str, ...] = ()
    whole_jacobian: bool = False
    accepts_shapes: Callable[[Shape], tuple[Shape, ...]] = exact_shape
    driver: str = ""
    called_as: str = ""
    truth: Truth | None = None
    named_outputs: tuple[str, ...] = ()
    tolerance: float | None = None
    place: str = ""
    entry_called: Callable[..., str] | None = None
    drawing: Callable[..., Drawing] | None = None
    mistakes: tuple[Mistake, ...] = field(default=())
    worth_knowing: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The arguments of the forward function: all but the upstream gradient."""
        return self.arguments if self.whole_jacobian else self.arguments[:-1]

    @property
    def upstream(self) -> str:
        """The name of the upstream gradient, dL/dz; empty where the Jacobian itself is asked for."""
        return "" if self.whole_jacobian else self.arguments[-1]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what the function returns, such as ("dx",), or ("J",) for a Jacobian."""
        if self.named_outputs:
            return self.named_outputs
        return ("J",) if self.whole_jacobian else tuple(f"d{name}" for name in self.differentiates)

    @property
    def signature(self) -> str:
        """The call as a student writes it, such as "grad_sigmoid(x, dz)"."""
        if self.called_as:
            return self.called_as
        settings = [f"{name}={value!r}" for name, value in self.settings.items()]
        return f"{self.name}({', '.join([*self.arguments, *settings])})"
