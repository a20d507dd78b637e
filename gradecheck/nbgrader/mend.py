"""Repairing a submitted notebook, so that nbgrader finds each of the instructor's cells once and intact.

Nothing that a student wrote is lost or changed: a cell that is not what it claims to be stays where it
is, as a cell of the student's own, and runs with the others. Only two kinds of cells go: further copies of
locked cells, and further copies of an answer cell that are still as handed out, which would otherwise
replace the answer above them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from gradecheck.nbgrader.handin import Note
from gradecheck.nbgrader.matching import (
    Matching,
    claimed_id,
    functions_in,
    match_cells,
    same_text,
    untouched,
)
from gradecheck.nbgrader.original import SCHEMA_VERSION, Original, OriginalCell
from gradecheck.nbgrader.reading import set_ids, sound_cell

#: Tags by which tools leave out a cell, its errors or its output.
_HIDING = ("skip-execution", "raises-exception", "remove", "hide", "nbconvert")
_FLAGS = ("grade", "solution", "locked")


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
    notes = list(_kernel_notes(notebook, original))
    names = {place: name for name, place in matching.chosen.items()}
    by_name = {cell.name: cell for cell in original.cells}
    dropped = _dropped(matching, cells, by_name)
    mended = _Mended()
    for place, cell in enumerate(cells):
        if place in names:
            wanted = by_name[names[place]]
            notes += _differences(cell, wanted, original)
            if _holds_an_answer(cell, wanted, original):
                mended.append(sound_cell("code", cell.source))
            mended.append(_as_asked(cell, wanted), wanted.name)
        elif place not in dropped:
            notes += _stray_notes(cell, original)
            mended.append(_own(cell))
    notes += _copy_notes(matching, dropped, by_name)
    notes += _put_back(mended, original)
    set_ids(mended.cells)
    notebook.cells = mended.cells
    return tuple(dict.fromkeys(notes))


def _dropped(matching: Matching, cells: list[NotebookNode], by_name: dict[str, OriginalCell]) -> set[int]:
    dropped: set[int] = set()
    for name, places in matching.copies.items():
        wanted = by_name[name]
        if wanted.solution:
            dropped.update(untouched(places, cells, wanted))
        else:
            dropped.update(i for i in places if not functions_in(cells[i].source))
    return dropped


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
    tags = [tag for tag in cell.metadata.get("tags", ()) if not tag.startswith(_HIDING)]
    return {"tags": tags} if tags else {}


def _holds_an_answer(cell: NotebookNode, wanted: OriginalCell, original: Original) -> bool:
    """Whether a function that was asked for stands in a locked cell, whose text is about to be replaced."""
    if not wanted.locked or same_text(cell.source, wanted.source):
        return False
    asked = {exercise.name for c in original.cells if (exercise := c.exercise)}
    answers = asked.union(*(functions_in(c.source) for c in original.cells if c.solution))
    return bool(functions_in(cell.source) & answers - functions_in(wanted.source))


def _put_back(mended: _Mended, original: Original) -> Iterator[Note]:
    """Put the instructor's cells that are missing where they belong."""
    order = [cell.name for cell in original.cells]
    for at, wanted in enumerate(original.cells):
        if wanted.name in mended.names:
            continue
        above = [mended.names.index(name) for name in order[:at] if name in mended.names]
        below = [mended.names.index(name) for name in order[at + 1 :] if name in mended.names]
        place = above[-1] + 1 if above else below[0] if below else len(mended.cells)
        mended.insert(place, _missing_cell(wanted), wanted.name)
        yield Note(f"The cell {wanted.name} was missing; it was put back.", wanted.name)


def _missing_cell(wanted: OriginalCell) -> NotebookNode:
    cell = _as_asked(sound_cell(wanted.kind, wanted.source), wanted)
    if wanted.solution and not wanted.grade and wanted.kind == "code":
        # Not the stub: it would replace an answer that stands in a cell of the student's own.
        cell.source = f"# The cell {wanted.name} was missing from the submission."
    return cell


def _kernel_notes(notebook: NotebookNode, original: Original) -> Iterator[Note]:
    """Only another language is worth a word: kernels of Python have many names."""
    given = notebook.metadata.get("kernelspec", {})
    notebook.metadata["kernelspec"] = {**given, **original.kernelspec}
    language = given.get("language", "python")
    known = original.kernelspec.get("language", "python")
    if language.lower() != known.lower():
        yield Note(
            f"The notebook asked for a kernel of {language[:40]}; it was run with {known} all the same."
        )


def _stray_notes(cell: NotebookNode, original: Original) -> Iterator[Note]:
    name = claimed_id(cell)
    if name and name not in {c.name for c in original.cells}:
        yield Note(
            f"The assignment has no cell {name[:60]}; yours with that id was run as a cell of your own."
        )


def _copy_notes(matching: Matching, dropped: set[int], by_name: dict[str, OriginalCell]) -> Iterator[Note]:
    for name, places in matching.copies.items():
        times = "twice" if len(places) == 1 else f"{len(places) + 1} times"
        if not by_name[name].solution:
            yield Note(f"The cell {name} was there {times}; it counts once.", name)
        elif dropped.issuperset(places):
            yield Note(f"The cell {name} was there {times}; untouched copies were left out.", name)
        else:
            yield Note(
                f"The cell {name} was there {times}; all were run in order, so the last one counts.", name
            )


def _differences(cell: NotebookNode, wanted: OriginalCell, original: Original) -> Iterator[Note]:
    """What had been done to a cell that stands where it should."""
    name = wanted.name
    entries = cell.metadata.get("nbgrader")
    if not entries:
        yield Note(f"The cell {name} had lost its nbgrader metadata; it was found by what it says.", name)
    else:
        yield from _metadata_notes(entries, wanted, original)
    if cell.cell_type != wanted.kind:
        yield Note(f"The cell {name} had become a {cell.cell_type} cell; it was read as {wanted.kind}.", name)
    if wanted.exercise is not None and not same_text(cell.source, wanted.source):
        yield Note(f"The text of the locked cell {name} had been changed; it was put back.", name)
    ignored = [tag for tag in cell.metadata.get("tags", ()) if tag.startswith(_HIDING)]
    if ignored:
        yield Note(f"The cell {name} had the tag {ignored[0][:40]}, which does not count in grading.", name)


def _metadata_notes(entries: NotebookNode, wanted: OriginalCell, original: Original) -> Iterator[Note]:
    name = wanted.name
    given = entries.get("grade_id")
    if given != name:
        known = given in {c.name for c in original.cells}
        what = f"the id of {given}" if known else f"the id {str(given)[:60]!r}" if given else "no id"
        yield Note(f"The cell {name} had {what}; it was found by what it says.", name)
    if wanted.max_score is not None and entries.get("points") != wanted.max_score:
        yield Note(f"The points of the cell {name} had been changed; it is worth {wanted.max_score:g}.", name)
    if any(entries.get(flag) is not value for flag, value in zip(_FLAGS, _flags(wanted), strict=True)):
        yield Note(f"The nbgrader metadata of the cell {name} were damaged; they were put back.", name)
    elif entries.get("schema_version") != SCHEMA_VERSION:
        yield Note(
            f"The nbgrader metadata of the cell {name} were of another version; they were put back.", name
        )


def _flags(wanted: OriginalCell) -> tuple[bool, bool, bool]:
    return wanted.grade, wanted.solution, wanted.locked
