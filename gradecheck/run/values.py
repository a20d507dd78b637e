"""From float32 arrays to the arguments of a student's function, and from what it returned to values.

Everything here runs where the student's code runs. TensorFlow is asked for only when it is needed, and
no object of the student's can make these functions raise. Names of libraries are taken when this module is
imported: a student who binds `np.array` anew harms no other answer.
"""

import functools
import sys
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from math import prod
from numbers import Number
from types import SimpleNamespace
from typing import Any

from numpy import array as new_array
from numpy import float32, float64, generic, ndarray, stack

from gradecheck.run.caller import ArgumentKind
from gradecheck.run.limits import MAX_ARRAY_BYTES, MAX_ARRAYS, MAX_RANK
from gradecheck.run.outcome import Array, NotArray, Value
from gradecheck.run.wire import DTYPES, name_of

_RAGGED = NotArray("ragged", "a list of rows of different lengths")
_OTHER_ROWS = (array, deque, memoryview, range)
_DEEPEST = 2 * MAX_RANK
_MOST_OUTPUTS = 16
_TENSORFLOW = (
    *("constant", "convert_to_tensor", "string", "Tensor", "Variable"),
    *("IndexedSlices", "RaggedTensor", "SparseTensor"),
)


class _Unfit(Exception):
    """Carries the description of a value that is no array."""

    def __init__(self, kind: str, description: str) -> None:
        super().__init__(description)
        self.value = NotArray(kind, description)


def make_arguments(arrays: Iterable[Array], kind: ArgumentKind) -> tuple[Any, ...]:
    """Fresh arguments of `kind`, of the arrays' shapes; arrays are writable copies."""
    wide = kind in (ArgumentKind.TENSOR64, ArgumentKind.ARRAY64)
    copies = tuple(new_array(array, float64 if wide else float32) for array in arrays)
    if kind in (ArgumentKind.ARRAY32, ArgumentKind.ARRAY64):
        return copies
    return tuple(take_tensorflow().constant(copy) for copy in copies)


@functools.cache
def take_tensorflow() -> Any:
    """TensorFlow's names that are used here, as they were when this was first called; loads TensorFlow."""
    import tensorflow as tf

    return SimpleNamespace(**{name: getattr(tf, name) for name in _TENSORFLOW})


def read_values(returned: object, outputs: int) -> tuple[Value, ...]:
    """What a function returned, one entry an output.

    With `outputs` of one, a list or tuple is stacked into one array where its items have one shape; a tuple
    of arrays that do not stack gives an entry an item. With more, a tuple or list is taken apart.
    """
    items = _items_of(returned)
    if not items:
        return (to_value(returned),)
    if outputs > 1:
        return tuple(to_value(item) for item in items[:MAX_ARRAYS])
    whole = to_value(returned)
    if isinstance(whole, NotArray) and isinstance(returned, tuple) and len(items) <= _MOST_OUTPUTS:
        parts = tuple(to_value(item) for item in items)
        if all(isinstance(part, ndarray) and part.ndim for part in parts):
            return parts
    return (whole,)


def count_stacked(returned: object, values: Sequence[Value]) -> int:
    """How many arrays of a returned tuple were stacked into the one array of `values`; 1 where none were."""
    if not isinstance(returned, tuple) or len(values) != 1:
        return 1
    whole, count = values[0], len(_items_of(returned))
    return count if isinstance(whole, ndarray) and whole.ndim > 1 and count > 1 else 1


def _items_of(thing: object) -> Sequence[object]:
    """The items of a tuple or list, none of anything else; a subclass's own methods are not asked."""
    if isinstance(thing, tuple):
        return tuple.__getitem__(thing, slice(None))
    return list.__getitem__(thing, slice(None)) if isinstance(thing, list) else ()


def to_value(thing: object) -> Value:
    """One returned object as an array of real numbers, or a description of what it is instead."""
    try:
        array = _to_array(thing, 0)
        if array.ndim > MAX_RANK:
            raise _Unfit("other", f"an array with {array.ndim} axes")
        if array.nbytes > MAX_ARRAY_BYTES:
            raise _Unfit("other", f"an array of {array.nbytes >> 20} MiB")
        return array
    except _Unfit as unfit:
        return unfit.value
    except (Exception, SystemExit, GeneratorExit):  # whatever the object's own methods do
        return NotArray("other", _name(thing))


def _to_array(thing: object, depth: int) -> Array:
    if isinstance(thing, ndarray | generic):
        return _checked(new_array(thing, subok=False))
    if isinstance(thing, Number):
        return _checked(new_array(thing))
    if isinstance(thing, tuple | list):
        return _stacked(thing, depth)
    if isinstance(thing, _OTHER_ROWS) and len(thing) * 8 <= MAX_ARRAY_BYTES:
        return _stacked(list(thing), depth)
    if thing is None:
        raise _Unfit("none", "None")
    if isinstance(thing, str | bytes):
        shown = repr(thing if len(thing) <= 40 else thing[:37])
        raise _Unfit("text", f"the text {shown}" + ("…" if len(thing) > 40 else ""))
    tensor = _from_tensorflow(thing)
    if tensor is not None:
        return _checked(tensor)
    if hasattr(type(thing), "__array__"):
        return _checked(new_array(thing, subok=False))
    raise _Unfit("other", _name(thing))


def _stacked(items: Sequence[object], depth: int) -> Array:
    if depth > _DEEPEST:
        raise _Unfit("other", "lists in lists without end")
    if all(type(item) in (float, int, bool) for item in items):
        return _checked(new_array(items))  # float64 where the list is empty
    rows = [_to_array(item, depth + 1) for item in items]
    if any(row.shape != rows[0].shape for row in rows):
        raise _Unfit(_RAGGED.kind, _RAGGED.description)
    if len(rows) * rows[0].nbytes > MAX_ARRAY_BYTES:
        raise _Unfit("other", f"a list of {len(rows)} large arrays")
    return stack(rows)


def _from_tensorflow(thing: object) -> Array | None:
    """A dense array of a tensor-like object of TensorFlow, None for anything else."""
    if "tensorflow" not in sys.modules:
        return None
    tf = take_tensorflow()
    if isinstance(thing, tf.RaggedTensor):
        raise _Unfit(_RAGGED.kind, _RAGGED.description)
    if isinstance(thing, tf.SparseTensor):
        raise _Unfit("other", "a sparse tensor")
    if not isinstance(thing, tf.Tensor | tf.Variable | tf.IndexedSlices):
        return None
    if isinstance(thing, tf.IndexedSlices) and thing.dense_shape is None:
        raise _Unfit("other", "slices of a tensor of unknown shape (tf.IndexedSlices)")
    if prod(thing.shape) * thing.dtype.size > MAX_ARRAY_BYTES:
        raise _Unfit("other", f"a tensor of shape {tuple(thing.shape)}")
    dense = tf.convert_to_tensor(thing)
    if not hasattr(dense, "numpy"):
        raise _Unfit("other", "a symbolic tensor, which has no values yet")
    if dense.dtype == tf.string:
        raise _Unfit("dtype", "a tensor of texts (string)")
    return new_array(dense.numpy())


def _checked(array: Array) -> Array:
    """The array in a dtype that can be sent."""
    name = name_of(array.dtype)
    if name in DTYPES:
        return array
    if name == "bfloat16":
        return array.astype(float32)
    if array.dtype.kind == "f":
        return array.astype(float64)
    if array.dtype.kind == "c":
        raise _Unfit("dtype", f"complex numbers ({name})")
    if array.dtype.kind in "US":
        raise _Unfit("dtype", "an array of texts")
    if array.dtype.kind == "O":
        raise _Unfit("dtype", "an array of objects (dtype object)")
    raise _Unfit("dtype", f"an array of dtype {name}")


def _name(thing: object) -> str:
    """A few words for an object: "a dict", "an object of class Answer"."""
    kind = type(thing)
    known = {
        "dict": "a dict",
        "set": "a set",
        "frozenset": "a set",
        "function": "a function",
        "builtin_function_or_method": "a function",
        "method": "a function",
        "generator": "a generator",
        "coroutine": "a coroutine (an async function that nobody awaited)",
        "type": "a class",
        "module": "a module",
        "ellipsis": "an ellipsis (...)",
    }
    name = type.__dict__["__name__"].__get__(kind)
    return known.get(name, f"an object of class {name[:60]}")
