"""Which submitted cell is which of the instructor's, when ids were changed, swapped, copied or lost."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from gradecheck.diagnose.remember import remembered
from gradecheck.diagnose.source import AnswerSource
from gradecheck.nbgrader.original import Original, OriginalCell

_FUNCTION = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Matching:
    """Which cells stand for which.

    Attributes:
        chosen: by the name of an instructor's cell, the place of the submitted cell that stands for it.
        copies: by the same name, the places of further cells that claim to be it, from top to bottom.
    """

    chosen: dict[str, int]
    copies: dict[str, tuple[int, ...]]


def match_cells(cells: Sequence[NotebookNode], original: Original) -> Matching:
    """Find the submitted cell for each of the instructor's.

    What a cell contains counts as much as what it claims: first cells whose id and content agree, then
    cells with the right content alone, then cells with the right id alone. Of several equally good answer
    cells the last edited one is taken, as its definition is the one that holds after all cells ran.
    """
    chosen: dict[str, int] = {}
    for agree in (_id_and_content, _content_only, _id_only):
        for wanted in original.cells:
            if wanted.name in chosen:
                continue
            taken = set(chosen.values())
            found = [i for i, c in enumerate(cells) if i not in taken and agree(c, wanted, original)]
            if found:
                chosen[wanted.name] = _best(found, cells, wanted)
    taken = set(chosen.values())
    copies = {
        wanted.name: tuple(i for i, c in enumerate(cells) if i not in taken and claimed_id(c) == wanted.name)
        for wanted in original.cells
    }
    return Matching(chosen, {name: places for name, places in copies.items() if places})


def claimed_id(cell: NotebookNode) -> str | None:
    """The nbgrader id that a submitted cell has, whether there is such a cell or not."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    return name if isinstance(name, str) else None


@remembered
def functions_in(source: str) -> frozenset[str]:
    """Names of the functions that a cell defines; works on code with mistakes in it, too."""
    return frozenset(_FUNCTION.findall(source))


def same_text(one: str, other: str) -> bool:
    """Whether two cells say the same, apart from white space at the ends of lines."""
    return _lines(one) == _lines(other)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _id_and_content(cell: NotebookNode, wanted: OriginalCell, original: Original) -> bool:
    return claimed_id(cell) == wanted.name and _has_content(cell, wanted, original)


def _content_only(cell: NotebookNode, wanted: OriginalCell, original: Original) -> bool:
    if wanted.kind != "code" or not wanted.source.strip():
        return False  # texts are not told apart by their content
    if wanted.locked:
        return same_text(cell.source, wanted.source)
    return bool(functions_in(wanted.source)) and _has_content(cell, wanted, original)


def _id_only(cell: NotebookNode, wanted: OriginalCell, original: Original) -> bool:
    if claimed_id(cell) != wanted.name:
        return False
    return not any(_content_only(cell, other, original) for other in original.cells if other is not wanted)


def _has_content(cell: NotebookNode, wanted: OriginalCell, original: Original) -> bool:
    names = functions_in(wanted.source)
    if not wanted.locked:
        return not names or bool(names & functions_in(cell.source))
    if same_text(cell.source, wanted.source):
        return True
    # Hidden tests stand in the gradebook only, so a locked cell need not be the same; just no other's.
    others = [o for o in original.cells if o is not wanted]
    answers = frozenset[str]().union(*(functions_in(o.source) for o in others if o.solution)) - names
    another = any(o.locked and same_text(cell.source, o.source) for o in others)
    return not another and not answers & functions_in(cell.source)


def _best(found: Sequence[int], cells: Sequence[NotebookNode], wanted: OriginalCell) -> int:
    if len(found) == 1:
        return found[0]  # no need to look at it, as mostly
    if wanted.locked:
        same = [i for i in found if same_text(cells[i].source, wanted.source)]
        return (same or found)[0]
    edited = [i for i in found if not is_untouched(cells[i], wanted)]
    return (edited or found)[-1]


def is_untouched(cell: NotebookNode, wanted: OriginalCell) -> bool:
    """Whether an answer cell is as it was handed out, or at least holds no more than stubs."""
    if same_text(cell.source, wanted.source):
        return True
    names = functions_in(cell.source)
    source = AnswerSource.of(cell.source)
    return wanted.kind == "code" and bool(names) and all(source.is_stub(name) for name in names)
