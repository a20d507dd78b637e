"""Whether a submission is the one that was graded, and whether it would be graded the same way again."""

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import gradecheck
from gradecheck.catalogue import FILES
from gradecheck.nbgrader.original import Original

_CHUNK = 1 << 20


def digest_of(folder: Path, originals: Sequence[Original]) -> str:
    """A digest of a submitted folder, of what was asked, of the exercises and of gradecheck's version."""
    total = hashlib.sha256(_version())
    for original in originals:
        total.update(repr(original).encode())
    for path in sorted(_files(folder)):
        total.update(os.fsencode(path.relative_to(folder)) + b"\0")
        _add_file(total, path)
    return total.hexdigest()


def _files(folder: Path) -> list[Path]:
    return [Path(parent, name) for parent, _, names in os.walk(folder) for name in names]


def _add_file(total: "hashlib._Hash", path: Path) -> None:
    if path.is_symlink():
        total.update(b"link" + os.fsencode(path.readlink()))
    elif path.is_file():
        total.update(path.stat().st_size.to_bytes(8, "big"))
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                total.update(chunk)


@cache
def _version() -> bytes:
    total = hashlib.sha256(gradecheck.__version__.encode())
    for path in sorted(FILES):
        total.update(path.read_bytes())
    return total.digest()
