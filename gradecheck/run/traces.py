"""What an operation, a node of a graph or a traced function is known for: which helper it comes from.

All that is private about TensorFlow's names of operations and nodes stands here.
"""

import importlib
import re
import sys
from collections.abc import Iterable
from types import FrameType
from typing import Any

TAPE = "tf.GradientTape"
GRADIENTS = "tf.gradients"
ACCUMULATOR = "tf.autodiff.ForwardAccumulator"

_GRADIENT_KERNEL = re.compile(r"Grad|Backprop")
# The word is in their names, but they compute no gradient of a forward operation.
_HARMLESS_KERNEL = re.compile(
    r"StopGradient|PreventGradient|BroadcastGradientArgs|GradientDescent|Debug|Accumulator|TensorArrayGrad"
    r"|TPUEmbedding|FakeQuantWithMinMax(Args|Vars)(PerChannel)?$"
)
# How tapes and tf.gradients name what they add to the graph of a tf.function. The latter's scope can have any
# name, and a student's scope can be called "gradients", but it always begins with what flows in.
_NODE_SCOPES = (
    (re.compile(r"(^|/)gradient_tape/"), TAPE),
    (re.compile(r"/grad_ys_\d+(/|$)|(^|/)gradients(_\d+)?/(.*/)?[^/]+_grad(_\d+)?/"), GRADIENTS),
)
# tf.nn.conv2d_transpose, a forward operation, runs a kernel with the name of a gradient. In the graph of a
# function that was traced earlier, only the name by which the kernel is asked for tells which it was.
TRANSPOSED = "Conv2DBackpropInput"
_TRANSPOSED_AS_KERNEL = re.compile(r"(^|/)(Conv2DBackpropInput|conv2d_backprop_input)(_\d+)?$")
_TRANSPOSES = frozenset(
    {"conv2d_transpose", "conv2d_transpose_v2", "conv1d_transpose", "atrous_conv2d_transpose"}
)
_NN_OPS = "tensorflow.python.ops.nn_ops"
_OF_ACCUMULATORS = "__inference__jvp_"  # traced functions in which accumulators use tapes of their own


def is_gradient_kernel(operation: str) -> bool:
    """Whether an operation type is one of TensorFlow's own gradient kernels, such as "SigmoidGrad"."""
    return bool(_GRADIENT_KERNEL.search(operation)) and not _HARMLESS_KERNEL.search(operation)


def harmless_operations() -> frozenset[str]:
    """The types of TensorFlow's own operations that are known for nothing; loads TensorFlow.

    No traced function can have the name of one of them.
    """
    import tensorflow as tf

    known = (name for name in dir(tf.raw_ops) if not is_gradient_kernel(name))
    return frozenset(known) - calling_operations()


def calling_operations() -> frozenset[str]:
    """The types of TensorFlow's own operations that run functions which they are given; loads TensorFlow."""
    import tensorflow as tf
    from tensorflow.python.framework import op_def_registry

    described = {name: op_def_registry.get(name) for name in dir(tf.raw_ops)}
    return frozenset(
        name
        for name, described_by in described.items()
        if described_by is not None and any("func" in attribute.type for attribute in described_by.attr)
    )


def plain_name(name: object) -> str:
    """What an operation is called, which a student's own class of texts could lie about."""
    if isinstance(name, bytes):
        return bytes.decode(name)
    return str.__str__(name) if isinstance(name, str) else str(name)


def examine(operation: str) -> tuple[str, ...]:
    """What an operation, or a traced function with all that it calls, is known for."""
    if operation.startswith(_OF_ACCUMULATORS):
        return ()
    if is_gradient_kernel(operation):
        return (f"the kernel {operation}",)
    try:
        context = importlib.import_module("tensorflow.python.eager.context").context()
        found: dict[str, None] = {}
        waiting, seen = [operation], set()
        while waiting:
            name = waiting.pop()
            if name in seen or not context.has_function(name):
                continue
            seen.add(name)
            if name.startswith(_OF_ACCUMULATORS):
                found[ACCUMULATOR] = None
                continue
            for node in context.get_function_def(name).node_def:
                found.update(dict.fromkeys(examine_node(node)))
                waiting.append(node.op)
                waiting.extend(item.func.name for item in node.attr.values() if item.HasField("func"))
        return tuple(found)
    except Exception:  # private again: without it, only what was traced earlier goes unnoticed
        return ()


def examine_called(things: Iterable[object]) -> tuple[str, ...]:
    """What the traced functions among an operation's arguments are known for."""
    found: dict[str, None] = {}
    try:
        has_function = importlib.import_module("tensorflow.python.eager.context").context().has_function
        for thing in things:
            for part in thing if isinstance(thing, list | tuple) else (thing,):
                name = getattr(part, "name", part)
                if isinstance(name, str | bytes) and has_function(plain_name(name)):
                    found.update(dict.fromkeys(examine(plain_name(name))))
    except Exception:  # as in `examine`
        return ()
    return tuple(found)


def examine_node(node: Any) -> tuple[str, ...]:
    """What one node of a graph is known for."""
    for scope, name in _NODE_SCOPES:
        if scope.search(node.name):
            return (name,)
    if node.op == TRANSPOSED and not _TRANSPOSED_AS_KERNEL.search(node.name):
        return ()
    return (f"the kernel {node.op}",) if is_gradient_kernel(node.op) else ()


def in_transpose() -> bool:
    """Whether it is TensorFlow's transposed convolution that asks for the kernel which it shares."""
    frame: FrameType | None = sys._getframe(2)
    while frame and frame.f_globals.get("__name__", "").startswith("tensorflow."):
        if frame.f_globals["__name__"] == _NN_OPS:
            return frame.f_code.co_name in _TRANSPOSES
        frame = frame.f_back
    return False
