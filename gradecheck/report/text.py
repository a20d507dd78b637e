"""A card as plain text: its twin for terminals, and for whoever does not see it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gradecheck.report.blocks import Block, Code, Fold, Grid, Grids, Picture, Said, Table
from gradecheck.report.face import face_of
from gradecheck.report.model import Result

#: Prose is broken at this many characters; matrices stand side by side up to a few more. Narrower terminals
#: have less.
WIDTH = 92
WIDE = 104
_GAP = "    "


@dataclass(frozen=True)
class TextLine:
    """A line; prose may be broken where it is too long, the row of a table may not."""

    text: str
    prose: bool = False


def card_text(result: Result) -> str:
    """One exercise as plain text: everything that its card shows."""
    face = face_of(result)
    head = f"{face.symbol} {face.name}: {face.word}   {face.points}"
    return "\n".join([head, *(line.text for line in text_lines(face.blocks))])


def text_lines(blocks: Iterable[Block], wide: int = WIDE) -> list[TextLine]:
    """Every block as lines; tables and drawings stand between empty ones.

    Args:
        blocks: what to write.
        wide: how many characters matrices side by side may take.
    """
    lines: list[TextLine] = []
    for block in blocks:
        own = list(_lines(block, wide))
        if isinstance(block, Said):
            lines += own
            continue
        if lines and lines[-1].text:
            lines.append(TextLine(""))
        lines += [*own, TextLine("")]
    while lines and not lines[-1].text:
        lines.pop()
    return lines


def table_lines(table: Table) -> list[str]:
    """The rows of a table, aligned; a wrong one has an arrow and a note."""
    rows = [table.columns, *((row.index, *row.cells) for row in table.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.columns))]
    notes = ["", *(f"  <- {row.note}" if row.wrong else "" for row in table.rows)]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) + note
        for row, note in zip(rows, notes, strict=True)
    ]
    return [*lines, table.cut] if table.cut else lines


def _lines(block: Block, wide: int) -> Iterator[TextLine]:
    match block:
        case Said():
            yield TextLine(f"{block.label}: {block.text}" if block.label else block.text, prose=True)
        case Code():
            if block.label:
                yield TextLine(f"{block.label}:", prose=True)
            yield from (TextLine(f"    {line}") for line in block.text.splitlines())
        case Table():
            yield TextLine(f"{block.title}:", prose=True)
            yield from map(TextLine, table_lines(block))
        case Grids():
            yield TextLine(f"{block.title}:", prose=True)
            yield from map(TextLine, _side_by_side([_grid_lines(grid) for grid in block.grids], wide))
            if block.cut:
                yield TextLine(block.cut, prose=True)
        case Picture():
            yield TextLine(f"{block.title}:", prose=True)
            yield from (TextLine(f"  {line}") for line in block.text.splitlines())
        case Fold():
            yield from _fold_lines(block)


def _fold_lines(fold: Fold) -> Iterator[TextLine]:
    first, *rest = fold.blocks
    opening = f"{fold.label}: {first.text}" if isinstance(first, Said) else f"{fold.label}:"
    yield TextLine(opening, prose=True)
    yield from text_lines(rest if isinstance(first, Said) else fold.blocks)


def _grid_lines(grid: Grid) -> list[str]:
    """A matrix under its title, all lines of one length."""
    rows = [
        (grid.corner, *grid.columns),
        *((name, *(cell.text for cell in cells)) for name, cells in zip(grid.rows, grid.cells, strict=True)),
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [grid.title, *("  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows)]
    longest = max(map(len, lines))
    return [line.ljust(longest) for line in lines]


def _side_by_side(columns: list[list[str]], wide: int) -> list[str]:
    """Blocks of lines beside each other where they fit, else below each other."""
    if sum(len(column[0]) + len(_GAP) for column in columns) > wide + len(_GAP):
        return [line.rstrip() for column in columns for line in column]
    height = max(map(len, columns))
    padded = [column + [" " * len(column[0])] * (height - len(column)) for column in columns]
    return [_GAP.join(parts).rstrip() for parts in zip(*padded, strict=True)]
