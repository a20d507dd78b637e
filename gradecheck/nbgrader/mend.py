"""Repairing a submitted notebook, so that nbgrader finds each of the instructor's cells once and intact.

Nothing that a student wrote is lost or changed: a cell that is not what it claims to be stays where it
is, as a cell of the student's own, and runs with the others. Only two kinds of cells go: further copies of
locked cells, and further copies of an answer cell without an answer, which would otherwise replace the
answer above them.
"""

from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from gradecheck.nbgrader.findings import (
    HIDING,
    Finding,
    about_cell,
    about_copies,
    about_kernel,
    about_missing,
    about_stray,
    notes_of,
)
from gradecheck.nbgrader.handin import Note
from gradecheck.nbgrader.matching import Matching, functions_in, is_untouched, match_cells
from gradecheck.nbgrader.original import Original, OriginalCell
from gradecheck.nbgrader.reading import set_ids, sound_cell


@dataclass(eq=False)
class _Mended:
    """The new list of cells while it grows: each with the name of the instructor's cell that it is."""

    cells: list[NotebookNode] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)

    def append(self, cell: NotebookNode, name: str | None = None) -> None:
        self.insert(len(self.cells), cell, name)

    def insert(self, place: int, cell: NotebookNode, name: str | None) -> None:
        self.cells.insert(place, cell)
        self.names.insert(place, name)


def mend(notebook: NotebookNode, original: Original) -> tuple[Note, ...]:
    """Repair a sound notebook in place, and say what was repaired.

    Args:
        notebook: as `read_anything` gives it.
        original: the instructor's.
    """
    cells = list(notebook.cells)
    matching = match_cells(cells, original)
    wanted_at = {matching.chosen[c.name]: c for c in original.cells if c.name in matching.chosen}
    dropped = _dropped(matching, cells, original)
    kernel = notebook.metadata.get("kernelspec", {})
    notes = list(about_kernel(kernel, original))
    findings: list[Finding] = []
    mended = _Mended()
    for place, cell in enumerate(cells):
        wanted = wanted_at.get(place)
        if wanted is not None:
            findings += about_cell(cell, wanted, original)
            if wanted.locked and functions_in(cell.source) - functions_in(wanted.source):
                mended.append(sound_cell("code", cell.source))  # somebody wrote an answer in a locked cell
            mended.append(_as_asked(cell, wanted), wanted.name)
        elif place not in dropped:
            notes += about_stray(cell, original)
            mended.append(_own(cell))
    findings += _about_copies(matching, dropped, original)
    findings += [about_missing(wanted, matching) for wanted in _put_back(mended, original)]
    set_ids(mended.cells)
    notebook.cells = mended.cells
    notebook.metadata["kernelspec"] = {**kernel, **original.kernelspec}
    return (*notes, *notes_of(findings))


def _dropped(matching: Matching, cells: list[NotebookNode], original: Original) -> set[int]:
    """The places of the copies that go."""
    dropped: set[int] = set()
    for wanted in original.cells:
        for place in matching.copies.get(wanted.name, ()):
            cell = cells[place]
            if is_untouched(cell, wanted) if wanted.solution else not functions_in(cell.source):
                dropped.add(place)
    return dropped


def _about_copies(matching: Matching, dropped: set[int], original: Original) -> list[Finding]:
    return [
        about_copies(wanted, len(places), left_out=dropped.issuperset(places))
        for wanted in original.cells
        if wanted.name in matching.chosen and (places := matching.copies.get(wanted.name))
    ]


def _as_asked(cell: NotebookNode, wanted: OriginalCell) -> NotebookNode:
    """The submitted cell with the instructor's kind and metadata, and with the text if it is locked."""
    metadata: dict[str, Any] = {"nbgrader": wanted.metadata(), **_harmless_tags(cell)}
    if wanted.locked:
        metadata |= {"deletable": False, "editable": False}
    source = wanted.source if wanted.locked else cell.source
    mended = sound_cell(wanted.kind, source, identity=cell["id"], **metadata)
    if wanted.kind != "code" and "attachments" in cell:
        mended["attachments"] = cell["attachments"]
    return mended


def _own(cell: NotebookNode) -> NotebookNode:
    """A cell of the student's own: nbgrader has nothing to do with it."""
    cell.metadata = _harmless_tags(cell)
    return cell


def _harmless_tags(cell: NotebookNode) -> dict[str, list[str]]:
    tags = [tag for tag in cell.metadata.get("tags", ()) if not tag.startswith(HIDING)]
    return {"tags": tags} if tags else {}


def _put_back(mended: _Mended, original: Original) -> list[OriginalCell]:
    """Put the instructor's cells that are missing where they belong, and say which."""
    order = [cell.name for cell in original.cells]
    missing = [cell for cell in original.cells if cell.name not in mended.names]
    for wanted in missing:
        at = order.index(wanted.name)
        above = [mended.names.index(name) for name in order[:at] if name in mended.names]
        below = [mended.names.index(name) for name in order[at + 1 :] if name in mended.names]
        place = above[-1] + 1 if above else below[0] if below else len(mended.cells)
        mended.insert(place, _missing_cell(wanted), wanted.name)
    return missing


def _missing_cell(wanted: OriginalCell) -> NotebookNode:
    cell = _as_asked(sound_cell(wanted.kind, wanted.source), wanted)
    if wanted.solution and not wanted.grade and wanted.kind == "code":
        # Not the stub: it would replace an answer that stands in a cell of the student's own.
        cell.source = f"# The cell {wanted.name} was missing from the submission."
    return cell
