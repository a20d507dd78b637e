"""Which of a student's files is which notebook, and where each file goes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from gradecheck.handin.names import is_noise, same, without_copy_mark

#: nbgrader's own file in a submission; a student does not write it.
TIMESTAMP = "timestamp.txt"
_NOTEBOOK = ".ipynb"


@dataclass(frozen=True)
class Offered:
    """A file that a student handed in.

    Attributes:
        parts: its path below whatever names the student.
        path: where its content is.
        order: of two files for one place, the one with the larger number is the later one.
    """

    parts: tuple[str, ...]
    path: Path
    order: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.parts[-1]


@dataclass(frozen=True)
class Layout:
    """Where everything goes.

    Attributes:
        files: by their path in the submission.
        notes: what was done about names, a sentence each.
    """

    files: dict[PurePosixPath, Path] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class NoNotebook(Exception):
    """None of the files is a notebook that was asked for; the message says what there is."""


def lay_out(offered: Sequence[Offered], expected: Sequence[str]) -> Layout:
    """Find the expected notebooks among a student's files, and keep what lies beside them.

    A notebook of another name is taken for an expected one if it is a copy by its name, such as
    `name-1.ipynb` or `Name (2).ipynb`, or the only one that is left for the only one that is missing.

    Args:
        offered: the files.
        expected: the names of the notebooks that were handed out, with `.ipynb`.

    Raises:
        NoNotebook: nothing can be taken for any of them.
    """
    usable = [file for file in offered if not is_noise(file.parts) and file.name != TIMESTAMP]
    notebooks = [file for file in usable if PurePosixPath(file.name).suffix.lower() == _NOTEBOOK]
    notes: list[str] = []
    found: dict[str, Offered] = {}
    superseded: list[Offered] = []
    for name in expected:
        elsewhere = {same(other) for other in expected if other != name}
        matching = [
            file for file in notebooks if _agrees(file.name, name) and same(file.name) not in elsewhere
        ]
        ranked = sorted(matching, key=lambda file: _rank(file, name))
        if ranked:
            found[name], *others = ranked
            notes += [f"{file.name} was left out for {ranked[0].name}" for file in others]
            superseded += others
    _take_the_only_one(notebooks, expected, found)
    if not found:
        raise NoNotebook(_what_there_is(notebooks, usable, expected))
    notes += [f"{file.name} was taken as {name}" for name, file in found.items() if file.name != name]
    notes += [f"there is no {name}" for name in expected if name not in found]
    kept = [file for file in usable if file not in superseded]
    return _with_the_rest(kept, found, notes)


def _rank(file: Offered, expected: str) -> tuple[int, tuple[float, ...], bool]:
    """The nearest to the root comes first, then the latest, then the one of the very name."""
    return len(file.parts), tuple(-number for number in file.order), file.name != expected


def _agrees(name: str, expected: str) -> bool:
    """Whether a name is the expected one, but for case and for the mark of a copy."""
    stems = {same(PurePosixPath(name).stem), same(without_copy_mark(PurePosixPath(name).stem))}
    return same(PurePosixPath(expected).stem) in stems


def _take_the_only_one(
    notebooks: Sequence[Offered], expected: Sequence[str], found: dict[str, Offered]
) -> None:
    missing = [name for name in expected if name not in found]
    free = [file for file in notebooks if not any(_agrees(file.name, name) for name in expected)]
    if len(missing) == len(free) == 1:
        found[missing[0]] = free[0]


def _what_there_is(notebooks: Sequence[Offered], usable: Sequence[Offered], expected: Sequence[str]) -> str:
    wanted = " or ".join(expected)
    if notebooks:
        return f"none of its notebooks is {wanted}: {_listed(file.name for file in notebooks)}"
    if not usable:
        return f"there is no notebook {wanted}, and nothing that could be used in its place"
    return f"there is no notebook {wanted}, only {_listed(file.name for file in usable)}"


def _listed(names: Iterable[str]) -> str:
    several = sorted(names)
    return ", ".join(several[:3]) + (f" and {len(several) - 3} more" if len(several) > 3 else "")


def _with_the_rest(usable: Sequence[Offered], found: dict[str, Offered], notes: list[str]) -> Layout:
    """The notebooks in the root of the submission, and what lies beside and below the first of them."""
    base = next(iter(found.values())).parts[:-1]
    files = {PurePosixPath(name): file.path for name, file in found.items()}
    taken = {same(str(place)) for place in files}
    folders: set[str] = set()
    chosen = {id(file) for file in found.values()}
    outside = 0
    for file in sorted(usable, key=lambda file: file.order, reverse=True):
        if id(file) in chosen:
            continue
        if file.parts[: len(base)] != base:
            outside += 1
            continue
        place = PurePosixPath(*file.parts[len(base) :])
        inside_a_file = any(same(str(parent)) in taken for parent in place.parents)
        if same(str(place)) in taken or same(str(place)) in folders or inside_a_file:
            notes.append(f"{place} was left out, as another file has that name")
            continue
        taken.add(same(str(place)))
        folders |= {same(str(parent)) for parent in place.parents}
        files[place] = file.path
    if outside:
        notes.append(f"files in other folders were left out: {outside}")
    return Layout(files, tuple(notes))
