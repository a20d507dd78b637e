"""`gradecheck bundle`: a student's notebooks, checked and packed into one zip with a manifest."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gradecheck import __version__
from gradecheck.checking import check_paths
from gradecheck.errors import CourseNotReady, UnreadableSubmission
from gradecheck.handin.archives import OF_A_STUDENT
from gradecheck.handin.manifest import MANIFEST, SCHEMA
from gradecheck.handin.names import UnsafeName, is_noise, safe_parts
from gradecheck.released import read_record
from gradecheck.report.json import result_object
from gradecheck.report.model import Report
from gradecheck.submission import LARGEST_FILE, read_submission
from gradecheck.writing import write_whole

#: Every entry of a bundle has this date, so that the same files make the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16


@dataclass(frozen=True)
class Bundle:
    """A bundle that was written.

    Attributes:
        path: the zip.
        files: its files by their path in it, the manifest left out.
        left_out: files beside the notebooks that are not in it, and why.
        report: what the check said.
    """

    path: Path
    files: tuple[str, ...]
    left_out: tuple[str, ...]
    report: Report


def find_assignment(assignment: str, folder: Path | None) -> Path:
    """The folder with a student's notebooks of an assignment.

    Args:
        assignment: its name.
        folder: where to look; None for exercises/ and here.

    Raises:
        CourseNotReady: there is none.
    """
    if Path(assignment).name != assignment:
        raise CourseNotReady(
            f"{assignment!r} is no name of an assignment; for another folder: --folder FOLDER"
        )
    around = [folder] if folder else [Path("exercises"), Path()]
    places = [place / assignment for place in around] + ([folder] if folder else [])
    for place in places:
        if place.is_dir() and any(place.glob("*.ipynb")):
            return place
    looked = " or ".join(str(place) for place in places)
    raise CourseNotReady(
        f"there is no notebook of {assignment!r} in {looked}; go to the folder around exercises/"
    )


def make_bundle(assignment: str, folder: Path, target: Path, student: str | None, seed: int) -> Bundle:
    """Check the notebooks in a folder, then pack them and what lies beside them.

    Args:
        assignment: its name.
        folder: where the notebooks are.
        target: the zip to write; an earlier bundle there is replaced, and nothing else.
        student: nbgrader's id of the student, if it is to stand in the manifest.
        seed: of the check's inputs.

    Raises:
        CourseNotReady: the target is something else, or there is too much to pack.
        UnreadableSubmission: a notebook is missing or cannot be read; nothing is written.
    """
    _refuse_target(target)
    notebooks = _notebooks(folder, assignment)
    files, left_out = _beside(folder, target)
    _refuse_too_much(folder, files)
    report = check_paths(notebooks, seed=seed)
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    manifest = _manifest(assignment, student, contents, report)
    _write(target, {MANIFEST: manifest, **contents})
    return Bundle(target, tuple(contents), tuple(left_out), report)


def _refuse_target(target: Path) -> None:
    if target.exists() and not _is_bundle(target):
        raise CourseNotReady(f"{target} exists and is no bundle, so it was left alone; use --output FILE.zip")
    if not target.absolute().parent.is_dir():
        raise CourseNotReady(f"there is no folder {target.absolute().parent} to write {target.name} into")


def _is_bundle(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _notebooks(folder: Path, assignment: str) -> list[Path]:
    """The notebooks to hand in: those that were handed out, or else those that there are.

    Raises:
        UnreadableSubmission: one is missing, or is no notebook.
    """
    handed_out = [Path(name) for name in read_record(folder.parent)]
    names = sorted(n.name for n in handed_out if n.parts[0] == assignment and n.suffix == ".ipynb")
    paths = [folder / name for name in names] or sorted(folder.glob("*.ipynb"))
    for path in paths:
        if not path.is_file():
            raise UnreadableSubmission(f"{path} is missing, so there is no bundle; put it back")
        read_submission(path)
    return paths


def _beside(folder: Path, target: Path) -> tuple[list[Path], list[str]]:
    """The files to pack, sorted by name, and those that are left out, with the reason."""
    files, left_out = [], []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        folder_itself = path.is_dir() and not path.is_symlink()
        if is_noise(parts) or folder_itself or path.absolute() == target.absolute():
            continue
        reason = _reason_against(path, parts)
        if reason:
            left_out.append(f"{path.relative_to(folder)} {reason}")
        else:
            files.append(path)
    return files, left_out


def _reason_against(path: Path, parts: Sequence[str]) -> str | None:
    if path.is_symlink() or any(parent.is_symlink() for parent in list(path.parents)[: len(parts) - 1]):
        return "is a link"
    if not path.is_file():
        return "is no ordinary file"
    try:
        safe_parts("/".join(parts))
    except UnsafeName as reason:
        return f"has a name that {reason}"
    if parts == (MANIFEST,) or path.suffix.lower() == ".zip":
        return "is an archive, or an earlier bundle's manifest"
    if path.stat().st_size > LARGEST_FILE:
        return f"is larger than {LARGEST_FILE // 2**20} MiB"
    return None


def _refuse_too_much(folder: Path, files: Sequence[Path]) -> None:
    total = sum(path.stat().st_size for path in files)
    if len(files) >= OF_A_STUDENT.entries or total > OF_A_STUDENT.bytes:
        raise CourseNotReady(
            f"{folder} holds {len(files)} files of {total // 2**20} MiB; a bundle takes at most "
            f"{OF_A_STUDENT.entries - 1} of {OF_A_STUDENT.bytes // 2**20} MiB: move away what is not needed"
        )


def _manifest(assignment: str, student: str | None, contents: dict[str, bytes], report: Report) -> bytes:
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "assignment": assignment,
        "student": student,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "gradecheck": __version__,
        "files": [
            {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in contents.items()
        ],
        "check": [result_object(result) for result in report.results],
    }
    return json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8", "replace")


def _write(target: Path, contents: dict[str, bytes]) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in contents.items():
            archive.writestr(_entry(entry), content)
    write_whole(target, made.getvalue())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.external_attr = _MODE
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def bundle_lines(bundle: Bundle) -> Iterator[str]:
    """What to print of a bundle."""
    for left in bundle.left_out:
        yield f"left out: {left}"
    yield f"wrote {bundle.path}: {', '.join(bundle.files[:5])}" + (
        f" and {len(bundle.files) - 5} more" if len(bundle.files) > 5 else ""
    )
    yield "hand in this one file; what counts is what the instructor's grader says of it"
