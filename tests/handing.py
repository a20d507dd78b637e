"""A course with a few students, and archives as students, Canvas and Moodle make them."""

import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner
from nbgrader.api import Gradebook

from gradecheck.cli import cli
from gradecheck.nbgrader.configuration import put_tools_on_path

ROOT = Path(__file__).parents[1]
ASSIGNMENT = "understanding_gradients"
FILE = f"{ASSIGNMENT}.ipynb"
#: nbgrader's id, first and last name, number in the LMS.
STUDENTS = (
    ("ada", "Ada", "Lovelace", "501"),
    ("emmy", "Emmy", "Noether", "502"),
    ("zoe", "Zoë", "de la Cruz-O’Neil, Jr.", "503"),
    ("-dash", "Dash", "<b>Bold</b>", "504"),
    ("kim.a", "Kim", "Lee", "505"),
    ("kim.b", "Kim", "Lee", "506"),
)
Entries = Mapping[str, str | bytes]


def notebook(text: str = "x = 1") -> str:
    """A notebook with one cell."""
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": text,
        "outputs": [],
        "execution_count": None,
    }
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})


def zipped(entries: Entries, date: tuple[int, int, int] = (2026, 1, 30)) -> bytes:
    """A zip with these entries."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            info = zipfile.ZipInfo(date_time=(*date, 17, 0, 0))
            info.filename = name  # ZipInfo would cut the name at a NUL
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text)
    return content.getvalue()


def packed(path: Path, entries: Entries, **more: tuple[int, int, int]) -> Path:
    """A zip in a file."""
    path.write_bytes(zipped(entries, **more))
    return path


def make_course(root: Path) -> Path:
    """A course with sources, configuration and students; nothing is handed in."""
    for assignment in (ASSIGNMENT, "tensor_derivatives"):
        (root / "solutions" / assignment).mkdir(parents=True)
        name = f"{assignment}.ipynb"
        shutil.copy(ROOT / "solutions" / assignment / name, root / "solutions" / assignment / name)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    put_tools_on_path()
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "gradients") as gradebook:
        for student, first, last, number in STUDENTS:
            gradebook.add_student(student, first_name=first, last_name=last, lms_user_id=number)
    return root


@dataclass(frozen=True)
class Run:
    """What a command came to."""

    code: int
    out: str


def collect(*arguments: str | Path, assignment: str | None = ASSIGNMENT) -> Run:
    options = ["--assignment", assignment] if assignment else []
    done = CliRunner().invoke(cli, ["collect", *map(str, arguments), *options])
    return Run(done.exit_code, done.output)


def submitted(course: Path) -> dict[str, str]:
    """What was collected, without the times."""
    folder = course / "submitted"
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "timestamp.txt"]
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def times(course: Path) -> dict[str, str]:
    """When each student handed in, as nbgrader is told."""
    return {
        path.parents[1].name: path.read_text() for path in sorted(course.rglob("submitted/*/*/timestamp.txt"))
    }


def text_of(course: Path, student: str, name: str = FILE) -> str:
    return (course / "submitted" / student / ASSIGNMENT / name).read_text()
