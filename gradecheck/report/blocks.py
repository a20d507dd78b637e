"""The pieces of which a card is made: every writer shows all of them, so none tells less than another."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Said:
    """A sentence; `label` says what it is about, such as "worth knowing", and is empty for the message."""

    kind: ClassVar[str] = "said"
    text: str
    label: str = ""


@dataclass(frozen=True)
class Code:
    """Lines of Python, or a command, with a label such as "your line 4" where they need one."""

    kind: ClassVar[str] = "code"
    label: str
    text: str


@dataclass(frozen=True)
class Row:
    """One element of an output.

    Attributes:
        index: such as "0, 2"; empty for a scalar.
        cells: the formatted numbers, one a column.
        wrong: whether the element is wrong.
        note: what differs, in words: "sign differs", "3 times, the worst"; empty when right or unremarkable.
    """

    index: str
    cells: tuple[str, ...]
    wrong: bool
    note: str


@dataclass(frozen=True)
class Table:
    """Rows under named columns, with a sentence on what did not fit; empty where all of it did."""

    kind: ClassVar[str] = "table"
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    cut: str = ""


@dataclass(frozen=True)
class GridCell:
    """One number of a matrix.

    Attributes:
        text: the number with its sign, or a mark.
        tone: from -3, the most negative, to 3; 0 has no colour.
        wrong: whether it is wrong.
    """

    text: str
    tone: int = 0
    wrong: bool = False


@dataclass(frozen=True)
class Grid:
    """A matrix with a name for each row and column, and in the corner what rows and columns are."""

    title: str
    corner: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[GridCell, ...], ...]


@dataclass(frozen=True)
class Grids:
    """Matrices to compare, such as yours, true, and where they differ."""

    kind: ClassVar[str] = "grids"
    title: str
    grids: tuple[Grid, ...]
    cut: str = ""


@dataclass(frozen=True)
class Picture:
    """A drawing: as SVG of our own making, and as lines of text."""

    kind: ClassVar[str] = "picture"
    title: str
    svg: str
    text: str


@dataclass(frozen=True)
class Fold:
    """Something to open: a hint, another way to write it, more drawings."""

    kind: ClassVar[str] = "fold"
    label: str
    blocks: tuple[Said | Code | Picture, ...]


Block = Said | Code | Table | Grids | Picture | Fold
