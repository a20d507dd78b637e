"""The geometry of the report's figures; the page draws them as SVG. Lengths are in units of the drawing."""

from dataclasses import dataclass

from gradecheck.class_report.model import State
from gradecheck.class_report.statistics import BINS, ExerciseFigures, Totals

#: The histogram: the width of one bin, the height of the tallest bar, and room for words around it.
BIN_WIDTH, TALLEST, MARGIN = 56, 140, 28
#: The stacked bars: the length of a whole class.
WHOLE = 360
#: From left to right: from what is well to what is not there.
STACKED = (
    State.PASSED,
    State.FAILED,
    State.CRASHED,
    State.NOT_STARTED,
    State.NOT_GRADED,
    State.MISSING,
)


@dataclass(frozen=True)
class Bar:
    """One bar of the histogram; x and y are its upper left corner, `label` says which share it stands for."""

    x: float
    y: float
    height: float
    label: str
    count: int


@dataclass(frozen=True)
class Piece:
    """One piece of a stacked bar."""

    x: float
    width: float
    state: State
    count: int


def histogram(totals: Totals) -> tuple[Bar, ...]:
    """A bar a tenth of the points."""
    most = max(totals.bins) or 1
    step = 100 // BINS
    bars = []
    for at, count in enumerate(totals.bins):
        height = TALLEST * count / most
        label = f"{at * step}–{(at + 1) * step}"
        bars.append(Bar(MARGIN + at * BIN_WIDTH, MARGIN + TALLEST - height, height, label, count))
    return tuple(bars)


def stacked(figures: ExerciseFigures) -> tuple[Piece, ...]:
    """The states of a class in one exercise, as pieces of one bar."""
    everybody = sum(figures.states.values()) or 1
    pieces = []
    x = 0.0
    for state in STACKED:
        width = WHOLE * figures.states[state] / everybody
        if width:
            pieces.append(Piece(round(x, 2), round(width, 2), state, figures.states[state]))
        x += width
    return tuple(pieces)
