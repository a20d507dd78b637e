"""What had been done to the cells of a submission, in sentences for the student."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from gradecheck.nbgrader.handin import Note
from gradecheck.nbgrader.matching import Matching, claimed_id, same_text
from gradecheck.nbgrader.original import SCHEMA_VERSION, Original, OriginalCell

#: Tags by which tools leave out a cell, its errors or its output.
HIDING = ("skip-execution", "raises-exception", "remove", "hide", "nbconvert")
#: From this many cells on, a finding is told once for all of them.
MANY = 3
_LONGEST = 60


@dataclass(frozen=True)
class Finding:
    """Something about a cell: a sentence for this cell, and one for many to which the same happened."""

    cell: str
    one: str
    many: str = ""


def notes_of(findings: Sequence[Finding]) -> tuple[Note, ...]:
    """The sentences; what happened to many cells is said once."""
    count = Counter(finding.many for finding in findings if finding.many)
    notes = []
    for finding in findings:
        if count[finding.many] < MANY:
            notes.append(Note(finding.one, finding.cell))
        else:
            notes.append(Note(f"{count[finding.many]} cells {finding.many}"))
    return tuple(dict.fromkeys(notes))


def about_kernel(given: Mapping[str, str], original: Original) -> Iterator[Note]:
    """Only another language is worth a word: kernels of Python have many names."""
    language = given.get("language", "python")
    known = original.kernelspec.get("language", "python")
    if language.lower() != known.lower():
        yield Note(
            f"The notebook asked for a kernel of {language[:_LONGEST]}; it was run with {known} all the same."
        )


def about_stray(cell: NotebookNode, original: Original) -> Iterator[Note]:
    """A cell of the student's own with an id that the assignment does not have."""
    name = claimed_id(cell)
    if name and name not in {c.name for c in original.cells}:
        yield Note(
            f"The assignment has no cell {name[:_LONGEST]}; yours with that id was run as a cell of your own."
        )


def about_missing(wanted: OriginalCell, matching: Matching) -> Finding:
    """A cell that had to be put back."""
    if wanted.name in matching.copies:
        return Finding(wanted.name, f"The cell {wanted.name} held something else; it was put back.")
    return Finding(
        wanted.name,
        f"The cell {wanted.name} was missing; it was put back.",
        "were missing; they were put back.",
    )


def about_copies(wanted: OriginalCell, copies: int, *, left_out: bool) -> Finding:
    """A cell that was there more than once."""
    times = "twice" if copies == 1 else f"{copies + 1} times"
    if not wanted.solution:
        said = "it counts once"
    elif left_out:
        said = "copies without an answer were left out"
    else:
        said = "all were run in order, so the last one counts"
    return Finding(wanted.name, f"The cell {wanted.name} was there {times}; {said}.")


def about_cell(cell: NotebookNode, wanted: OriginalCell, original: Original) -> Iterator[Finding]:
    """What had been done to a cell that stands where it should."""
    name = wanted.name
    entries = cell.metadata.get("nbgrader")
    if entries:
        yield from _about_metadata(entries, wanted, original)
    else:
        yield Finding(
            name,
            f"The cell {name} had lost its nbgrader metadata; it was found by what it says.",
            "had lost their nbgrader metadata; they were found by what they say.",
        )
    if cell.cell_type != wanted.kind:
        yield Finding(
            name, f"The cell {name} had become a {cell.cell_type} cell; it was read as {wanted.kind}."
        )
    if wanted.exercise is not None and not same_text(cell.source, wanted.source):
        yield Finding(name, f"The text of the locked cell {name} had been changed; it was put back.")
    ignored = [tag for tag in cell.metadata.get("tags", ()) if tag.startswith(HIDING)]
    if ignored:
        had = f"had the tag {ignored[0][:_LONGEST]}, which does not count in grading."
        yield Finding(name, f"The cell {name} {had}", had)


def _about_metadata(entries: NotebookNode, wanted: OriginalCell, original: Original) -> Iterator[Finding]:
    name = wanted.name
    given = entries.get("grade_id")
    if given != name:
        known = given in {c.name for c in original.cells}
        what = f"the id of {given}" if known else f"the id {str(given)[:_LONGEST]}" if given else "no id"
        yield Finding(name, f"The cell {name} had {what}; it was found by what it says.")
        if known:
            return  # all other entries are that cell's, too
    if wanted.max_score is not None and entries.get("points") != wanted.max_score:
        yield Finding(
            name,
            f"The points of the cell {name} had been changed; it is worth {wanted.max_score:g}.",
            "had other points than the assignment gives; the assignment's count.",
        )
    if (entries.get("grade"), entries.get("solution"), entries.get("locked")) != _flags(wanted):
        damaged = "had damaged nbgrader metadata, which were repaired."
        yield Finding(name, f"The cell {name} {damaged}", damaged)
    elif entries.get("schema_version") != SCHEMA_VERSION:
        another = "had nbgrader metadata of another version, which were replaced."
        yield Finding(name, f"The cell {name} {another}", another)


def _flags(wanted: OriginalCell) -> tuple[bool, bool, bool]:
    return wanted.grade, wanted.solution, wanted.locked
