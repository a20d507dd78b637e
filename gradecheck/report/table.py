"""The numbers to put side by side: yours, expected, finite difference; the worst element first."""

import numpy as np

from gradecheck.exercise import Float64
from gradecheck.report.blocks import Row, Table
from gradecheck.verdict import Shown

#: More rows than this hide the one that matters.
MOST_ROWS = 8
#: As many entries of each axis of an input are written out.
_MOST_ENTRIES = 6


def table_of(shown: Shown) -> Table:
    """The elements of a shown call: wrong ones first, the worst of them at the top, then the others."""
    order = sorted(np.ndindex(shown.yours.shape), key=lambda at: (at != shown.worst, not shown.wrong[at]))
    if not shown.wrong.any():
        order = list(np.ndindex(shown.yours.shape))
    beside = _beside(shown)
    columns = (shown.output, *(name for name, _ in beside), "yours")
    if shown.expected is not None and shown.difference is not None:
        columns = (*columns, "expected", "finite difference")
    rows = tuple(_row(shown, at, [value for _, value in beside]) for at in order[:MOST_ROWS])
    return Table(shown.title, columns, rows, _cut(shown, order[MOST_ROWS:]))


def inputs_of(shown: Shown) -> tuple[tuple[str, str], ...]:
    """Name and value of the arguments that do not stand in the table already."""
    beside = [name for name, _ in _beside(shown)]
    return tuple((name, written(value)) for name, value in shown.arguments if name not in beside)


def number(value: float) -> str:
    """A number as a student reads it: five significant digits, NaN and infinity in words."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    return f"{value + 0.0:.5g}"  # + 0.0 turns -0 into 0


def written(value: Float64) -> str:
    """An array in one line, in brackets; of each axis the first few entries."""
    if value.ndim == 0:
        return number(float(value))
    shown = [written(entry) for entry in value[:_MOST_ENTRIES]]
    return f"[{', '.join([*shown, '…'] if len(value) > _MOST_ENTRIES else shown)}]"


def _beside(shown: Shown) -> list[tuple[str, Float64]]:
    """Beside a vector the arguments line up with it, element by element; beside a matrix they seldom do."""
    if shown.yours.ndim != 1:
        return []
    return [(name, value) for name, value in shown.arguments if value.shape == shown.yours.shape]


def _cut(shown: Shown, left_out: list[tuple[int, ...]]) -> str:
    if not left_out:
        return ""
    wrong = sum(bool(shown.wrong[at]) for at in left_out)
    more = f"… and {len(left_out)} more"
    return f"{more}, {wrong} of them wrong" if wrong else more


def _row(shown: Shown, at: tuple[int, ...], beside: list[Float64]) -> Row:
    numbers = [*(float(value[at]) for value in beside), float(shown.yours[at])]
    wrong = bool(shown.wrong[at])
    differs = ""
    if shown.expected is not None and shown.difference is not None:
        numbers += [float(shown.expected[at]), float(shown.difference[at])]
        differs = _note(float(shown.yours[at]), float(shown.expected[at])) if wrong else ""
    worst = "the worst" if at == shown.worst and int(shown.wrong.sum()) > 1 else ""
    note = ", ".join(filter(None, (differs or ("wrong" if wrong else ""), worst)))
    return Row(", ".join(map(str, at)), tuple(map(number, numbers)), wrong, note)


def _note(yours: float, expected: float) -> str:
    if not np.isfinite(yours):
        return "not a number" if np.isnan(yours) else "overflow"
    if yours * expected < 0:
        return "sign differs"
    if yours == 0:
        return "zero"
    if expected == 0:
        return "should be 0"
    ratio = yours / expected
    shown = next((s for s in (f"{ratio:.{digits}g}" for digits in range(3, 9)) if s != "1"), "about 1")
    return f"{shown} times"
