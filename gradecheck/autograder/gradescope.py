"""`gradecheck autograder gradescope`: the zip that an instructor uploads once."""

import io
import secrets
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from gradecheck.autograder.kit import SECRET, SETTINGS, SOURCE, Settings
from gradecheck.errors import CourseNotReady
from gradecheck.handin.names import is_noise
from gradecheck.nbgrader.generate import source_folder
from gradecheck.wheel import put_package
from gradecheck.writing import write_whole

_SCRIPTS = ("setup.sh", "run_autograder")
_DATE = (2020, 1, 1, 0, 0, 0)
#: Other ways to write an answer: not needed for grading, and best kept at home.
_LEFT_OUT = "answers.py"
_SECRET_BYTES = 32


def write_gradescope_zip(
    root: Path, assignment: str, target: Path, *, wheel: Path | None = None, sandbox: bool = True
) -> Path:
    """Write the autograder of an assignment.

    Args:
        root: of the course.
        assignment: its name.
        target: the zip.
        wheel: gradecheck's wheel; None to build it.
        sandbox: False to run answers without one where there can be none.

    Raises:
        CourseNotReady: there is no such assignment, or no wheel.
        OperatorError: the zip cannot be written.
    """
    source = source_folder(root) / assignment
    notebooks = sorted(path.name for path in source.glob("*.ipynb"))
    if not notebooks:
        raise CourseNotReady(f"there is no assignment {assignment!r}: {source} holds no notebook")
    settings = Settings(assignment, tuple(notebooks), sandbox)
    with tempfile.TemporaryDirectory(prefix="gradecheck-") as scratch:
        package = put_package(Path(scratch), wheel)
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in _SCRIPTS:
                _add(archive, name, files(__package__).joinpath(name).read_bytes(), 0o755)
            _add(archive, SETTINGS, settings.to_json().encode(), 0o600)
            _add(archive, SECRET, secrets.token_hex(_SECRET_BYTES).encode(), 0o600)
            for path in (package.wheel, package.constraints):
                _add(archive, path.name, path.read_bytes(), 0o644)
            for path in _needed(source):
                name = path.relative_to(source).as_posix()
                _add(archive, f"{SOURCE}/{assignment}/{name}", path.read_bytes(), 0o600)
    return write_whole(target, content.getvalue())


def _needed(source: Path) -> Iterator[Path]:
    for path in sorted(source.rglob("*")):
        parts = path.relative_to(source).parts
        if path.is_file() and not is_noise(parts) and path.name != _LEFT_OUT:
            yield path


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.external_attr = (stat.S_IFREG | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
