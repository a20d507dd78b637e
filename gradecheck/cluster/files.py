"""The files beside a notebook, on their way to another machine."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradecheck.errors import WorkerUnavailable
from gradecheck.run.limits import Limits


@dataclass(frozen=True, eq=False)
class Entry:
    """A file, a folder or a link.

    Attributes:
        path: relative to the folder, with forward slashes.
        mode: its permissions.
        content: of a file; None otherwise.
        target: of a link; None otherwise.
    """

    path: str
    mode: int
    content: bytes | None = None
    target: str | None = None


def read_folder(folder: Path, limits: Limits) -> tuple[Entry, ...]:
    """What lies in a folder, but notebooks; pipes, sockets and devices are left out.

    Raises:
        WorkerUnavailable: it is more than a submission may write, so that it could not be unpacked.
    """
    entries: list[Entry] = []
    left = limits.scratch_bytes
    for path, status in _walk(folder):
        left -= status.st_size if stat.S_ISREG(status.st_mode) else 0
        if left < 0 or len(entries) > limits.scratch_files:
            raise WorkerUnavailable(f"The files beside the notebook in {folder} are too large to be sent.")
        name, mode = path.relative_to(folder).as_posix(), stat.S_IMODE(status.st_mode)
        if stat.S_ISLNK(status.st_mode):
            entries.append(Entry(name, mode, target=str(path.readlink())))
        elif stat.S_ISDIR(status.st_mode):
            entries.append(Entry(name, mode))
        elif stat.S_ISREG(status.st_mode) and path.suffix != ".ipynb":
            entries.append(Entry(name, mode, content=path.read_bytes()))
    return tuple(entries)


def write_folder(entries: tuple[Entry, ...], folder: Path) -> None:
    """Put everything into an empty folder.

    Raises:
        ValueError: a path leads out of it.
    """
    for entry in entries:
        path = folder / entry.path
        if not path.parent.resolve().is_relative_to(folder.resolve()) or ".." in path.parts:
            raise ValueError(f"{entry.path} leads out of the folder")
        if entry.target is not None:
            path.symlink_to(entry.target)
        elif entry.content is None:
            path.mkdir(mode=entry.mode | stat.S_IRWXU)
        else:
            path.write_bytes(entry.content)
            path.chmod(entry.mode)


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything below a folder, folders before what is in them; links are not followed."""
    for path in sorted(folder.iterdir()):
        status = path.lstat()
        yield path, status
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(path)
