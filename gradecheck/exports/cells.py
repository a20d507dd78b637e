"""Cells of a table for spreadsheets: text that is never run, numbers that are read as numbers."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

#: Text is made harmless, numbers are written plainly, None is an empty cell.
Cell: TypeAlias = str | float | None

#: What makes a spreadsheet take a text for a formula, in ASCII and in the wide forms of East Asian input.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  # full width
#: Where a spreadsheet that splits lines at semicolons or tabs begins another cell in the middle of a text.
_INNER = re.compile(rf"([;\t\r\n]\s*)([{re.escape(''.join(_FORMULA[:4] + _FORMULA[7:]))}])")
_DIGITS = 6


def csv_text(rows: Iterable[Sequence[Cell]]) -> str:
    """The rows as comma-separated values (RFC 4180): quotes where they are needed, lines end in CR LF."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def harmless(text: str) -> str:
    """Text that a spreadsheet shows and does not run: an apostrophe comes before what starts a formula.

    The same goes for what follows a semicolon: in many countries that is what spreadsheets split lines at.
    """
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    starts = text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)
    text = _INNER.sub(r"\1'\2", text)
    return f"'{text}" if starts else text


def plain_number(value: float) -> str:
    """A number with at most six digits after the point, and no exponent: 91, 0.8, 12.345679."""
    written = f"{value:.{_DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    return harmless(cell) if isinstance(cell, str) else plain_number(cell)
