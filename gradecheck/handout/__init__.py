"""`gradecheck handout`: the folder that students get: all that they need, none of the answers."""

import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

from gradecheck.course import assignments, fresh_release
from gradecheck.errors import AuthorError, CourseNotReady
from gradecheck.nbgrader.staging import Staged, put_in_place
from gradecheck.released import digest_of, write_record
from gradecheck.wheel import put_package

#: Stands in a handout, so that no other folder is ever replaced.
MARKER = ".gradecheck-handout"
EXERCISES = "exercises"
_TEXTS = ("README.md", "Makefile")
#: What must not be in a notebook of students': nbgrader cuts out what stands between such marks.
_MARKS = ("### BEGIN SOLUTION", "### END SOLUTION", "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
_NOT_FOR_STUDENTS = ("answers.py", "gradebook.db", "nbgrader_config.py", "secret")


def write_handout(root: Path, target: Path, wheel: Path | None = None) -> tuple[str, ...]:
    """Write the handout of a course, made anew from its sources.

    Args:
        root: of the course.
        target: the folder; an earlier handout there is replaced, and nothing else.
        wheel: gradecheck's wheel; None to build it.

    Returns:
        The files by their path in the handout, sorted.

    Raises:
        CourseNotReady: there is no course, no assignment or no wheel, or the target is something else.
        AuthorError: a part of an answer would have been handed out.
    """
    if target.exists() and not (target / MARKER).is_file() and (target.is_file() or any(target.iterdir())):
        raise CourseNotReady(
            f"{target} exists and is no handout, so it was left alone; name another folder: --output FOLDER"
        )
    around = next(folder for folder in target.absolute().parents if folder.exists())
    try:
        with tempfile.TemporaryDirectory(dir=around, prefix=".handout-") as scratch:
            made = Path(scratch, "made")
            made.mkdir()
            _fill(root, made, wheel)
            _refuse_answers(made)
            target.parent.mkdir(parents=True, exist_ok=True)
            put_in_place([Staged.at(made, target)])
    except OSError as error:
        raise CourseNotReady(f"{target} cannot be written: {error.strerror}; use --output FOLDER") from error
    found = (path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
    return tuple(sorted(found))


def _fill(root: Path, made: Path, wheel: Path | None) -> None:
    record: dict[str, str] = {}
    for assignment in assignments(root):
        with fresh_release(root, assignment) as fresh:
            shutil.copytree(fresh, made / EXERCISES / assignment)
    for path in sorted((made / EXERCISES).rglob("*")):
        digest = digest_of(path)
        if digest is not None:
            record[path.relative_to(made / EXERCISES).as_posix()] = digest
    write_record(made / EXERCISES, record)
    package = put_package(made, wheel)
    requirements = f"-c {package.constraints.name}\n./{package.wheel.name}\n"
    (made / "requirements.txt").write_text(requirements, encoding="utf-8")
    for name in _TEXTS:
        (made / name).write_bytes(files(__package__).joinpath(name).read_bytes())
    (made / MARKER).write_text("gradecheck made this folder and may replace it.\n", encoding="utf-8")


def _refuse_answers(made: Path) -> None:
    """Look at the result once more, whatever made it."""
    for path in made.rglob("*"):
        name = path.relative_to(made)
        if path.name in _NOT_FOR_STUDENTS or "solutions" in name.parts:
            raise AuthorError(f"{name} is not for students, so nothing was handed out; move it away")
        text = path.read_text(encoding="utf-8", errors="replace") if path.suffix == ".ipynb" else ""
        mark = next((mark for mark in _MARKS if mark in text), None)
        if mark is not None:
            raise AuthorError(f"{name} still holds {mark!r}, so nothing was handed out; look at its source")
