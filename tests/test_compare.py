"""Structure first, then values, element by element; nothing broadcasts and NaN never passes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradecheck.compare import Fault, Finding, compare
from gradecheck.run.outcome import NotArray, Value

EXPECTED = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, 6.0]])
TOLERANCE = np.full((2, 3), 1e-6)


def compared(value: Value) -> Finding:
    return compare(value, EXPECTED, TOLERANCE)


def test_the_right_value_passes() -> None:
    finding = compared(EXPECTED.copy())
    assert finding.fault is None
    assert finding.wrong is not None
    assert not finding.wrong.any()


@pytest.mark.parametrize("kind", ["none", "text", "ragged", "other"])
def test_what_is_no_array_is_a_fault_of_kind_with_its_description(kind: str) -> None:
    finding = compared(NotArray(kind, "something else"))
    assert (finding.fault, finding.detail) == (Fault.KIND, "something else")


def test_what_is_no_real_number_is_a_fault_of_dtype() -> None:
    finding = compared(NotArray("dtype", "complex numbers (complex128)"))
    assert (finding.fault, finding.detail) == (Fault.DTYPE, "complex numbers (complex128)")


@pytest.mark.parametrize("dtype", [np.bool_, np.complex128, np.object_, "U4", "M8[s]"])
def test_an_array_of_something_else_than_real_numbers_is_a_fault_of_dtype(dtype: str) -> None:
    assert compared(np.zeros((2, 3), dtype)).fault is Fault.DTYPE


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.int64, np.uint8])
def test_every_real_dtype_may_be_right(dtype: type[np.generic]) -> None:
    assert compare(np.ones(3, dtype), np.ones(3), np.full(3, 1e-6)).fault is None


@pytest.mark.parametrize(
    "shape", [(), (1,), (3,), (1, 3), (2, 1), (1, 1), (3, 2), (6,), (1, 2, 3), (2, 3, 1), (0,)]
)
def test_nothing_broadcasts(shape: tuple[int, ...]) -> None:
    finding = compare(np.zeros(shape), np.zeros((2, 3)), TOLERANCE)
    assert (finding.fault, finding.detail) == (Fault.SHAPE, str(shape))
    assert finding.yours is None
    assert finding.wrong is None


def test_another_layout_passes_only_where_it_is_named() -> None:
    value = EXPECTED.reshape(1, 2, 3, 1)
    assert compared(value).fault is Fault.SHAPE
    finding = compare(value, EXPECTED, TOLERANCE, ((2, 3), (1, 2, 3, 1)))
    assert finding.fault is None
    assert finding.yours is not None
    assert finding.yours.shape == (2, 3)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_one_element_that_is_not_finite_is_enough(number: float) -> None:
    value = EXPECTED.copy()
    value[1, 2] = number
    value[0, 0] = 100.0
    finding = compared(value)
    assert (finding.fault, finding.worst) == (Fault.NOT_FINITE, (1, 2))


def test_the_worst_element_is_the_worst_relative_to_its_own_tolerance() -> None:
    tolerance = np.array([[1.0, 1.0, 1e-6], [1.0, 1.0, 1.0]])
    value = EXPECTED + np.array([[50.0, 0.0, 1e-3], [0.0, 0.5, 0.0]])
    finding = compare(value, EXPECTED, tolerance)
    assert (finding.fault, finding.worst) == (Fault.VALUE, (0, 2))
    assert finding.wrong is not None
    assert finding.wrong.tolist() == [[True, False, True], [False, False, False]]


def test_an_error_at_the_tolerance_passes_and_beyond_it_fails() -> None:
    assert compare(np.array([1.5]), np.array([1.0]), np.array([0.5])).fault is None
    assert compare(np.array([1.5001]), np.array([1.0]), np.array([0.5])).fault is Fault.VALUE


def test_a_tolerance_of_zero_needs_no_division() -> None:
    assert compare(np.array([1.0, 2.0]), np.array([1.0, 3.0]), np.zeros(2)).worst == (1,)


def test_a_scalar_output() -> None:
    finding = compare(np.array(2.0), np.array(3.0), np.array(0.1))
    assert (finding.fault, finding.worst) == (Fault.VALUE, ())


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8])
def test_integers_that_were_cut_off_are_a_fault_of_dtype(dtype: type[np.generic]) -> None:
    finding = compare(np.array([0, 1], dtype), np.array([0.4, 1.0]), np.full(2, 1e-6))
    assert (finding.fault, finding.detail) == (Fault.DTYPE, f"whole numbers ({np.dtype(dtype)})")


def test_numbers_that_float16_rounded_are_a_fault_of_dtype() -> None:
    finding = compare(np.array([0.1, 1], np.float16), np.array([0.1, 1.0]), np.full(2, 1e-6))
    assert (finding.fault, finding.detail) == (Fault.DTYPE, "numbers of three digits (float16)")


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_wrong_numbers_of_a_wide_dtype_are_a_fault_of_value(dtype: type[np.generic]) -> None:
    assert compare(np.array([0, 1], dtype), np.array([0.4, 1.0]), np.full(2, 1e-6)).fault is Fault.VALUE


def test_a_wrong_shape_is_told_before_whole_numbers() -> None:
    assert compare(np.array([0, 1]), np.array([0.4]), np.full(1, 1e-6)).fault is Fault.SHAPE


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.int32, np.uint8]),
        hnp.array_shapes(min_dims=0, max_dims=3),
    )
)
def test_comparing_never_raises_and_passes_only_what_is_near(value: Value) -> None:
    finding = compared(value)
    near = (
        isinstance(value, np.ndarray)
        and value.shape == EXPECTED.shape
        and bool(np.all(abs(value.astype(np.float64) - EXPECTED) <= 1e-6))
    )
    assert (finding.fault is None) == near
