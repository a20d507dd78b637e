"""The course as a folder: its assignments, and their release to students."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.generate import generate_release, release_folder, source_folder
from gradecheck.released import digest_of, read_record, write_record

#: Where a course keeps the notebooks that teach what its exercises ask; it may have none.
LECTURES = "course_notebooks"


def assignments(root: Path, only: str | None = None) -> tuple[str, ...]:
    """The names of the course's assignments, in alphabetical order, or the one that is named.

    Raises:
        CourseNotReady: `root` is no course, or it has no assignment, or none of that name.
    """
    folder = source_folder(root)
    names = sorted({path.parent.name for path in folder.glob("*/*.ipynb")})
    if not names:
        raise CourseNotReady(f"the course has no assignment: {folder} holds no folder with a notebook")
    if only is not None and only not in names:
        raise CourseNotReady(f"the course has no assignment {only!r}; it has: {', '.join(names)}")
    return tuple(names) if only is None else (only,)


def lectures(root: Path) -> tuple[Path, ...]:
    """The course's lectures, in the order of their names."""
    return tuple(sorted((root / LECTURES).glob("*.ipynb")))


@contextmanager
def fresh_release(root: Path, assignment: str) -> Iterator[Path]:
    """A folder with the students' version of an assignment, made now; it goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="gradecheck-release-") as scratch:
        yield generate_release(root, assignment, Path(scratch))


def release_course(root: Path, assignment: str | None = None) -> tuple[Path, ...]:
    """Make the students' version of one assignment, or of all, in the release folder.

    A file that somebody edited since it was released is never overwritten: then nothing is released.

    Returns:
        The files that were written or were up to date.

    Raises:
        CourseNotReady: there is no such assignment, or a released file was edited.
    """
    target = release_folder(root)
    released: list[Path] = []
    for name in assignments(root, assignment):
        with fresh_release(root, name) as fresh:
            files = sorted(path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file())
            edited = [file for file in files if _edited(target, Path(name) / file, fresh / file)]
            if edited:
                raise CourseNotReady(
                    f"{target / name / edited[0]} was edited since it was released, so nothing was "
                    f"overwritten; move it away, or put the change into {source_folder(root) / name}"
                )
            for file in files:
                (target / name / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(fresh / file, target / name / file)
                released.append(target / name / file)
    _remember(target, released)
    return tuple(released)


def out_of_step(root: Path, assignment: str) -> tuple[Path, ...]:
    """Files of the release folder that differ from what the sources give now, or that only one side has."""
    target = release_folder(root) / assignment
    with fresh_release(root, assignment) as fresh:
        names = {p.relative_to(base) for base in (fresh, target) for p in base.rglob("*") if _is_content(p)}
        return tuple(
            sorted(target / name for name in names if digest_of(fresh / name) != digest_of(target / name))
        )


def _is_content(path: Path) -> bool:
    return path.is_file() and ".ipynb_checkpoints" not in path.parts


def _edited(target: Path, name: Path, fresh: Path) -> bool:
    """Whether the released file is neither missing, nor up to date, nor as it was released last."""
    now = digest_of(target / name)
    return now not in (None, digest_of(fresh), read_record(target).get(name.as_posix()))


def _remember(target: Path, released: list[Path]) -> None:
    record = read_record(target)
    for path in released:
        digest = digest_of(path)
        if digest is not None:
            record[path.relative_to(target).as_posix()] = digest
    write_record(target, record)
