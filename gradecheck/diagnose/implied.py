"""The Jacobian that an answer implies, beside the true one.

A right answer is linear in the upstream gradient dz: for dz = 1 in one place and 0 elsewhere it returns one
row of the Jacobian dz/dx. What a wrong answer returns for those, put together, is the Jacobian it implies.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradecheck.cases import settings_of
from gradecheck.exercise import Exercise, Float64, Shape
from gradecheck.probe import Probe
from gradecheck.reference.tolerance import EPS32

#: Entries of a Jacobian are compared in units of a rounding of its largest entry; right answers need 4.
ROUNDINGS = 32.0
#: Students compute in float32: what is linear in exact numbers is linear up to this, relative to its terms.
LINEAR_TOLERANCE = 1e-4

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Implied:
    """An implied Jacobian beside the true one, on public inputs.

    Attributes:
        output: the output that it belongs to, such as "dx".
        arguments: name and value of the inputs of the function at which both were taken, float32-exact.
        settings: the exercise's settings there, such as "axis=1".
        rows: a name for each row, one an entry of z, such as "z[0, 1]".
        columns: a name for each column, one an entry of the argument, such as "x[2]".
        yours: the implied Jacobian, float64, shape (rows, columns).
        true: the true one, in the same shape.
        wrong: which entries differ, in the same shape.
        remarks: what is right and what is wrong about it, in sentences.
    """

    output: str
    arguments: tuple[tuple[str, Float64], ...]
    settings: tuple[str, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    yours: Float64
    true: Float64
    wrong: Mask
    remarks: tuple[str, ...]


def imply(exercise: Exercise, probe: Probe) -> Implied | None:
    """The implied Jacobian; None where the answer is not linear in dz, or where that Jacobian is right."""
    rows = (probe.yours,) if exercise.whole_jacobian else probe.one_hot
    if rows is None or not (exercise.whole_jacobian or is_linear(probe)):
        return None
    name = exercise.differentiates[exercise.outputs.index(probe.output.name)]
    inputs = dict(zip(exercise.inputs, probe.expected.case.inputs, strict=True))
    rank = probe.output.jacobian.ndim - inputs[name].ndim
    row_names = _names("z", probe.output.jacobian.shape[:rank])
    column_names = _names(name, inputs[name].shape)
    true = probe.output.jacobian.reshape(len(row_names), len(column_names))
    yours = np.stack(rows).reshape(true.shape)
    wrong = ~(abs(yours - true) <= ROUNDINGS * EPS32 * max(1.0, float(abs(true).max())))
    if not wrong.any():
        return None
    return Implied(
        output=probe.output.name,
        arguments=tuple((argument, value.astype(np.float64)) for argument, value in inputs.items()),
        settings=settings_of(exercise, probe.expected.case),
        rows=row_names,
        columns=column_names,
        yours=yours,
        true=true,
        wrong=wrong,
        remarks=tuple(_remarks(yours, true, wrong, row_names, column_names)),
    )


def is_linear(probe: Probe) -> bool:
    """Whether what came back for dz is what came back for its entries one by one, added up."""
    upstream = probe.expected.case.upstream
    if probe.one_hot is None or probe.at_zero is None or upstream is None:
        return False
    terms = np.tensordot(upstream.ravel(), np.stack(probe.one_hot), axes=1)
    sizes = np.tensordot(abs(upstream.ravel()), abs(np.stack(probe.one_hot)), axes=1)
    allowed = LINEAR_TOLERANCE * max(float(sizes.max(initial=0.0)), float(abs(probe.yours).max(initial=0.0)))
    added = bool(np.all(abs(terms - probe.yours) <= allowed))
    return added and bool(np.all(abs(probe.at_zero) <= allowed))


def _names(name: str, shape: Shape) -> tuple[str, ...]:
    places = (", ".join(str(i) for i in place) for place in np.ndindex(shape))
    return tuple(f"{name}[{place}]" if place else name for place in places)


def _remarks(
    yours: Float64, true: Float64, wrong: Mask, rows: tuple[str, ...], columns: tuple[str, ...]
) -> Iterator[str]:
    """What can be said of the entries: where they are wrong, how, and which sums ought to vanish."""
    if wrong.all():
        yield "No entry of it is right."
    else:
        yield f"{int((~wrong).sum())} of its {wrong.size} entries are right."
    yield from _where(yours, true, wrong, rows, columns)
    yield from _how(yours, true, wrong)


def _where(
    yours: Float64, true: Float64, wrong: Mask, rows: tuple[str, ...], columns: tuple[str, ...]
) -> Iterator[str]:
    wrong_rows, wrong_columns = wrong.any(axis=1), wrong.any(axis=0)
    diagonal: Mask = np.eye(*true.shape, dtype=np.bool_)
    square = true.shape[0] == true.shape[1] > 1
    if square and not wrong[diagonal].any():
        vanish = not (yours[~diagonal]).any()
        yield f"The diagonal is right; off it {'yours are all zero' if vanish else 'entries are wrong'}."
    elif square and not wrong[~diagonal].any():
        yield "Off the diagonal everything is right; the diagonal is wrong."
    elif wrong.sum() == 1 < wrong.size:
        row, column = (int(i) for i in np.argwhere(wrong)[0])
        yield f"Only the entry for {rows[row]} and {columns[column]} is wrong."
    elif wrong_rows.sum() == 1 < len(rows):
        yield f"Only the row of {rows[int(wrong_rows.argmax())]} is wrong."
    elif wrong_columns.sum() == 1 < len(columns):
        yield f"Only the column of {columns[int(wrong_columns.argmax())]} is wrong."


def _how(yours: Float64, true: Float64, wrong: Mask) -> Iterator[str]:
    near = ROUNDINGS * EPS32 * max(1.0, float(abs(true).max()))
    if (abs(yours + true)[wrong] <= near).all():
        yield "What is wrong has the right size and the wrong sign."
    elif true.shape[0] == true.shape[1] and (abs(yours.T - true) <= near).all():
        yield "It is the true one with rows and columns exchanged."
    elif not yours.any():
        yield "All of its entries are zero."
    else:
        surplus = int((wrong & (abs(true) <= near)).sum())
        lacking = int((wrong & (abs(yours) <= near)).sum())
        if surplus:
            yield f"{_entries(surplus)} should be 0 and {'is' if surplus == 1 else 'are'} not."
        if lacking:
            yield f"{_entries(lacking)} {'is' if lacking == 1 else 'are'} 0 and should not be."


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
