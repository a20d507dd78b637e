from array import array
from collections import deque
from typing import Any

import numpy as np
import pytest

from gradecheck.run.caller import ArgumentKind
from gradecheck.run.outcome import NotArray, Value
from gradecheck.run.values import count_stacked, make_arguments, read_values, to_value


@pytest.fixture(scope="module")
def tf() -> Any:
    return pytest.importorskip("tensorflow")


def array_of(value: Value) -> np.ndarray:
    assert isinstance(value, np.ndarray), value
    return value


def words_of(value: Value) -> NotArray:
    assert isinstance(value, NotArray), value
    return value


@pytest.mark.parametrize("kind", list(ArgumentKind))
def test_arguments_are_fresh_copies_of_the_asked_kind(kind: ArgumentKind, tf: Any) -> None:
    given = np.arange(6, dtype=np.float32).reshape(2, 3)
    (made,) = make_arguments([given], kind)
    assert tuple(made.shape) == (2, 3)
    assert np.array(made).dtype == (np.float32 if "32" in kind.value else np.float64)
    assert isinstance(made, np.ndarray) == ("arrays" in kind.value)
    if isinstance(made, np.ndarray):
        made[0, 0] = 99
        assert given[0, 0] == 0
    else:
        assert isinstance(made, tf.Tensor)


@pytest.mark.parametrize(
    ("returned", "expected", "dtype"),
    [
        (np.float32([1, 2]), [1, 2], "float32"),
        (3, 3, "int64"),
        (2.5, 2.5, "float64"),
        (True, True, "bool"),
        ([1.0, 2], [1, 2], "float64"),
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]], "int64"),
        ([np.float32(1), np.float32(2)], [1, 2], "float32"),
        ((np.ones(2), np.zeros(2)), [[1, 1], [0, 0]], "float64"),
        ([], [], "float64"),
        (np.array([1, 2], np.longdouble), [1, 2], "float64"),
        (np.array([1, 2], ">f4"), [1, 2], "float32"),
    ],
)
def test_numbers_arrays_and_rectangular_lists_become_one_array(
    returned: object, expected: object, dtype: str
) -> None:
    (value,) = read_values(returned, 1)
    assert array_of(value).dtype.name == dtype
    assert array_of(value).tolist() == expected


def test_tensors_of_all_sorts_become_arrays(tf: Any) -> None:
    slices = tf.IndexedSlices(tf.constant([[5.0]]), tf.constant([1]), dense_shape=tf.constant([2, 1]))
    for thing, expected in (
        (tf.constant([1.0, 2.0]), [1, 2]),
        (tf.Variable([1.0, 2.0]), [1, 2]),
        ([tf.constant(1.0), tf.Variable(2.0)], [1, 2]),
        (tf.cast([1.0, 2.0], tf.bfloat16), [1, 2]),
        (slices, [[0], [5]]),
    ):
        value = array_of(to_value(thing))
        assert value.tolist() == expected
        assert value.dtype == np.float32


@pytest.mark.parametrize(
    ("returned", "kind", "description"),
    [
        (None, "none", "None"),
        ("abc", "text", "the text 'abc'"),
        ("x" * 100, "text", "the text '" + "x" * 37 + "'…"),
        ({}, "other", "a dict"),
        ({1}, "other", "a set"),
        (lambda: 1, "other", "a function"),
        (np, "other", "a module"),
        (object(), "other", "an object of class object"),
        ((row for row in ()), "other", "a generator"),
        ([[1, 2], [3]], "ragged", "a list of rows of different lengths"),
        ([1, [2, 3]], "ragged", "a list of rows of different lengths"),
        ([1, None], "none", "None"),
        (1j, "dtype", "complex numbers (complex128)"),
        (np.ones(2, np.complex64), "dtype", "complex numbers (complex64)"),
        (np.array([None, 1]), "dtype", "an array of objects (dtype object)"),
        (np.array(["a"]), "dtype", "an array of texts"),
        (np.array([2], "datetime64[s]"), "dtype", "an array of dtype datetime64[s]"),
        (10**400, "dtype", "an array of objects (dtype object)"),
        (np.zeros([1] * 9), "other", "an array with 9 axes"),
        (np.zeros((1 << 24) + 1, np.uint8), "other", "an array of 16 MiB"),
    ],
)
def test_anything_else_is_described_in_words(returned: object, kind: str, description: str) -> None:
    (value,) = read_values(returned, 1)
    assert words_of(value) == NotArray(kind, description)


def test_tensors_that_hold_no_dense_real_numbers_are_described(tf: Any) -> None:
    @tf.function
    def remember(x: Any) -> Any:
        leaked.append(x)
        return x

    leaked: list[Any] = []
    remember(tf.constant(1.0))
    for thing, kind, part in (
        (tf.constant("a"), "dtype", "texts"),
        (tf.ragged.constant([[1, 2], [3]]), "ragged", "different lengths"),
        (tf.sparse.from_dense([1.0, 0.0]), "other", "sparse"),
        (tf.constant(1j), "dtype", "complex numbers (complex128)"),
        (leaked[0], "other", "symbolic tensor"),
        (tf.zeros([1 << 13, 1 << 13]), "other", "a tensor of shape (8192, 8192)"),
    ):
        value = words_of(to_value(thing))
        assert value.kind == kind
        assert part in value.description


class Rude:
    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise SystemExit("no")

    def __repr__(self) -> str:
        raise ValueError("no")

    def __eq__(self, other: object) -> bool:
        raise ValueError("no")

    __hash__ = None  # type: ignore[assignment]  # hostile on purpose


def test_no_object_can_make_reading_raise() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert words_of(to_value(Rude())).description == "an object of class Rude"
    assert words_of(to_value([Rude(), 1.0])).kind == "other"
    assert words_of(to_value(endless)).kind == "other"


def test_an_array_like_object_counts_as_its_array() -> None:
    class Polite:
        def __array__(self, *_: object, **__: object) -> np.ndarray:
            return np.ones(2)

    assert array_of(to_value(Polite())).tolist() == [1, 1]


def test_with_one_output_a_tuple_that_does_not_stack_is_several_outputs() -> None:
    values = read_values((np.ones(2), np.ones(3)), 1)
    assert [array_of(value).shape for value in values] == [(2,), (3,)]
    assert len(read_values([np.ones(2), np.ones(3)], 1)) == 1
    assert words_of(read_values((1.0, np.ones(3)), 1)[0]).kind == "ragged"


def test_with_several_outputs_a_tuple_or_list_is_taken_apart() -> None:
    assert len(read_values((np.ones(2), None, 3), 2)) == 3
    assert len(read_values([np.ones(2), np.ones(2)], 2)) == 2
    assert len(read_values(np.ones((2, 2)), 2)) == 1
    assert len(read_values(None, 2)) == 1
    assert len(read_values((np.ones(2),), 2)) == 1


@pytest.mark.parametrize(
    ("returned", "count"),
    [
        ((np.ones(2), np.ones(2)), 2),
        ((np.ones((2, 3)),) * 3, 3),
        (([1.0, 2.0], [3.0, 4.0]), 2),
        ((np.ones(2),), 1),
        ((1.0, 2.0), 1),
        ([np.ones(2), np.ones(2)], 1),
        ((np.ones(2), np.ones(3)), 1),
        ((np.ones(2), None), 1),
        (np.ones((2, 2)), 1),
        (None, 1),
    ],
)
def test_a_tuple_of_arrays_that_were_stacked_into_one_is_remembered(returned: object, count: int) -> None:
    assert count_stacked(returned, read_values(returned, 1)) == count


def test_a_tuple_with_methods_of_its_own_is_read_all_the_same() -> None:
    class Sly(tuple[float, ...]):
        __slots__ = ()

        def __len__(self) -> int:
            raise ValueError("no")

        __iter__ = __bool__ = __len__  # type: ignore[assignment]  # hostile on purpose

    assert len(read_values(Sly((1.0, 2.0)), 2)) == 2
    assert len(read_values(Sly((1.0, 2.0)), 1)) == 1


@pytest.mark.parametrize("kind", [lambda row: array("d", row), deque, lambda row: memoryview(np.array(row))])
def test_other_rows_of_numbers_are_arrays(kind: Any) -> None:
    value = to_value(kind([1.0, -2.0, 0.5]))
    assert isinstance(value, np.ndarray)
    assert value.tolist() == [1.0, -2.0, 0.5]
