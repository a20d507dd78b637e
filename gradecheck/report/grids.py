"""The Jacobian that an answer implies beside the true one, as matrices to look at."""

import numpy as np

from gradecheck.diagnose.implied import Implied, Mask
from gradecheck.exercise import Float64
from gradecheck.report.blocks import Grid, GridCell, Grids

#: More rows or columns than this cannot be taken in.
MOST_LINES = 6
#: What is smaller than this share of the largest entry, and not wrong, is shown as 0.
_NOTHING = 1e-6
_TONES = 3


def grids_of(implied: Implied) -> Grids:
    """Yours, true, and where they differ; of a large one the rows and columns with something wrong first."""
    rows = _telling([bool(line.any()) for line in implied.wrong])
    columns = _telling([bool(line.any()) for line in implied.wrong.T])
    part = np.ix_(rows, columns)
    yours, true, wrong = implied.yours[part], implied.true[part], implied.wrong[part]
    finite = np.abs(np.concatenate([yours.ravel(), true.ravel()]))
    largest = float(finite[np.isfinite(finite)].max(initial=0.0)) or 1.0
    names = (
        f"{implied.rows[0].partition('[')[0]}↓ {implied.columns[0].partition('[')[0]}→",
        tuple(_place(implied.rows[i]) for i in rows),
        tuple(_place(implied.columns[i]) for i in columns),
    )
    marks = tuple(tuple(GridCell("✗" if w else "·", wrong=bool(w)) for w in line) for line in wrong)
    grids = (
        Grid("yours", *names, _cells(yours, wrong, largest)),
        Grid("true", *names, _cells(true, np.zeros_like(wrong), largest)),
        Grid("where they differ (✗)", *names, marks),
    )
    return Grids(f"the Jacobian that your {implied.output} implies, and the true one", grids, _cut(implied))


def _place(name: str) -> str:
    """The place in "x[0, 1]", "0, 1"; which array it is, the corner of the grid says."""
    return name.partition("[")[2].removesuffix("]") or name


def _telling(wrong: list[bool]) -> list[int]:
    """The indices to show, in order."""
    return sorted(sorted(range(len(wrong)), key=lambda i: not wrong[i])[:MOST_LINES])


def _cells(values: Float64, wrong: Mask, largest: float) -> tuple[tuple[GridCell, ...], ...]:
    return tuple(
        tuple(_cell(float(value), bool(off), largest) for value, off in zip(line, marks, strict=True))
        for line, marks in zip(values, wrong, strict=True)
    )


def _cell(value: float, wrong: bool, largest: float) -> GridCell:
    if not np.isfinite(value):
        return GridCell("NaN" if np.isnan(value) else f"{value:+}", wrong=wrong)
    if value == 0 or (abs(value) < _NOTHING * largest and not wrong):
        return GridCell("0", wrong=wrong)
    size = int(np.ceil(min(1.0, abs(value) / largest) * _TONES))
    return GridCell(f"{value:+.3g}", size if value > 0 else -size, wrong)


def _cut(implied: Implied) -> str:
    rows, columns = implied.wrong.shape
    if max(rows, columns) <= MOST_LINES:
        return ""
    shown = f"{min(rows, MOST_LINES)} of {rows} rows and {min(columns, MOST_LINES)} of {columns} columns"
    return f"… {shown} are shown, those with something wrong first"
