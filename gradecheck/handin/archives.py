"""Unpacking what others packed: nothing leaves its folder, and nothing grows without end.

No name from an archive ever becomes a path: files are numbered, and their names are kept beside them.
"""

import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from lzma import LZMAError
from pathlib import Path
from typing import IO

from gradecheck.handin.names import UnsafeName, is_noise, safe_parts
from gradecheck.submission import LARGEST_FILE

_MIB = 2**20
_CHUNK = 2**16
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, LZMAError, EOFError, struct.error, OverflowError, ValueError),
    *(NotImplementedError, RuntimeError, OSError, MemoryError, RecursionError),
)
_END = b"PK\x05\x06"


@dataclass(frozen=True)
class Allowance:
    """What an archive may unpack to.

    Attributes:
        entries: files and folders of one archive.
        bytes: of all its files together, unpacked.
        directory_bytes: of its table of contents, which is read at once.
    """

    entries: int
    bytes: int
    directory_bytes: int = 32 * _MIB


#: An archive of a whole class, and one that a student handed in.
OF_A_CLASS = Allowance(entries=50_000, bytes=8192 * _MIB)
OF_A_STUDENT = Allowance(entries=1_000, bytes=200 * _MIB, directory_bytes=_MIB)
#: An archive in an archive is a student's in a download; another one in that may be a bundle.
DEEPEST = 2
#: A file that grows more than this, and by more than the second number, was made to do harm.
LARGEST_RATIO, HARMLESS_BYTES = 200, 10 * _MIB


@dataclass(frozen=True)
class Unpacked:
    """A file that was taken.

    Attributes:
        origin: the archives that it lay in, from the outermost, and last its path in the innermost.
        path: where it is now.
        modified: what its archive says of its time; the zone is not known. None where nothing is said.
    """

    origin: tuple[str, ...]
    path: Path
    modified: datetime | None = None


@dataclass(frozen=True)
class LeftOut:
    """Something that was not taken, and why, in words that go on after its name."""

    origin: tuple[str, ...]
    reason: str


#: Endings of archives that are not unpacked.
_OTHER_ARCHIVES = frozenset({".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz", ".zst"})


class _TooMuch(Exception):
    """An archive that is not worth going on with; the message goes on after its name."""


@dataclass(eq=False)
class Unpacker:
    """Unpacks archives and folders into one folder, and keeps the books.

    Attributes:
        target: the folder; it exists.
        files: what was taken.
        left_out: what was not.
        folders: the outermost origins that are folders, not archives.
    """

    target: Path
    files: list[Unpacked] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)
    _sources: set[str] = field(default_factory=set)
    _number: int = 0

    def take(self, source: Path) -> None:
        """Unpack a zip, or take the files of a folder or a single one.

        Raises:
            OSError: the target cannot be written to.
        """
        name = source.name if source.name not in self._sources else str(source)
        self._sources.add(name)
        origin = (name,)
        if not os.access(source, os.R_OK) and source.exists():
            self._leave(origin, "may not be read")
        elif source.is_dir():
            self.folders.add(name)
            self._folder(source, origin)
        elif not source.is_file():
            self._leave(origin, "does not exist" if not source.exists() else "is no ordinary file")
        elif zipfile.is_zipfile(source):
            self._zip(source, origin, OF_A_CLASS, 0)
        elif source.suffix.lower() == ".zip":
            self._leave(origin, "is not a zip, or damaged")
        elif source.suffix.lower() in _OTHER_ARCHIVES:
            self._leave(origin, "is an archive, but no zip: unpack it, and collect the folder")
        else:
            self._copy(source, origin)

    def _leave(self, origin: tuple[str, ...], reason: str) -> None:
        self.left_out.append(LeftOut(origin, reason))

    def _folder(self, folder: Path, origin: tuple[str, ...]) -> None:
        for parent, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted([*names, *(f for f in folders if Path(parent, f).is_symlink())]):
                path = Path(parent, name)
                parts = path.relative_to(folder).parts
                where = (*origin, "/".join(parts))
                if is_noise(parts):
                    continue
                try:
                    safe_parts("/".join(parts))
                    mode = path.lstat().st_mode
                except (UnsafeName, OSError) as error:
                    self._leave(where, f"its name {error}")
                    continue
                if stat.S_ISLNK(mode) or not stat.S_ISREG(mode):
                    self._leave(where, "is a link" if stat.S_ISLNK(mode) else "is no ordinary file")
                elif not os.access(path, os.R_OK):
                    self._leave(where, "may not be read")
                elif path.suffix.lower() == ".zip" and zipfile.is_zipfile(path):
                    self._zip(path, where, OF_A_STUDENT, 1)
                else:
                    self._copy(path, where)

    def _copy(self, path: Path, origin: tuple[str, ...]) -> None:
        if path.stat().st_size > LARGEST_FILE:
            self._leave(origin, f"is larger than {LARGEST_FILE // _MIB} MiB")
            return
        place = self._place(path.name)
        shutil.copyfile(path, place)
        modified = datetime.fromtimestamp(path.stat().st_mtime)  # as zips have it
        self.files.append(Unpacked(origin, place, modified))

    def _zip(self, path: Path, origin: tuple[str, ...], allowance: Allowance, depth: int) -> None:
        before = len(self.files)
        try:
            _refuse_directory(path, allowance)
            with zipfile.ZipFile(path) as archive:
                self._entries(archive, origin, allowance, depth)
        except _TooMuch as reason:
            self._leave(origin, str(reason))
            if depth:  # a student's archive counts as a whole
                for file in self.files[before:]:
                    file.path.unlink()
                del self.files[before:]
        except _DAMAGE as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the target's, not the archive's
            self._leave(origin, "is not a zip, or damaged")

    def _entries(
        self, archive: zipfile.ZipFile, origin: tuple[str, ...], allowance: Allowance, depth: int
    ) -> None:
        entries = archive.infolist()
        if len(entries) > allowance.entries:
            raise _TooMuch(f"holds more than {allowance.entries} files")
        left = allowance.bytes
        for entry in entries:
            where = (*origin, entry.orig_filename)
            try:
                parts = safe_parts(entry.orig_filename)
            except UnsafeName as unsafe:
                self._leave(where, f"its name {unsafe}")
                continue
            if entry.is_dir() or is_noise(parts) or not parts:
                continue
            where = (*origin, "/".join(parts))
            reason = _reason_against(entry)
            if reason:
                self._leave(where, reason)
                continue
            if entry.file_size > left:
                raise _TooMuch(f"unpacks to more than {allowance.bytes // _MIB} MiB")
            left -= self._entry(archive, entry, where, depth)

    def _entry(
        self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: tuple[str, ...], depth: int
    ) -> int:
        place = self._place(where[-1])
        try:
            size = _write(place, _chunks(archive, entry))
        except _Damaged:
            place.unlink(missing_ok=True)
            self._leave(where, "is damaged in its archive")
            return 0
        if place.suffix.lower() == ".zip" and zipfile.is_zipfile(place):
            if depth == DEEPEST:
                self._leave(where, "is an archive too deep within archives")
            else:
                self._zip(place, where, OF_A_STUDENT, depth + 1)
            place.unlink()
        else:
            self.files.append(Unpacked(where, place, _modified(entry)))
        return size

    def _place(self, name: str) -> Path:
        self._number += 1
        suffix = os.path.splitext(name)[1]  # noqa: PTH122  # nbgrader puts it behind the place's own
        if suffix.lower() == ".ipynb":
            suffix = ".ipynb"
        return self.target / f"{self._number:06}{suffix}"


class _Damaged(Exception):
    """An entry that cannot be read."""


def _refuse_directory(path: Path, allowance: Allowance) -> None:
    """Look at the size of a table of contents before it is read."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2**16 - 22))
        tail = file.read()
    at = tail.rfind(_END)
    if at >= 0 and len(tail) >= at + 22:
        (size,) = struct.unpack_from("<L", tail, at + 12)
        if size > allowance.directory_bytes:
            raise _TooMuch(f"holds more than {allowance.entries} files")


def _reason_against(entry: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a link"
    if kind not in (0, stat.S_IFREG):
        return "is no ordinary file"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    most = OF_A_STUDENT.bytes if entry.filename.lower().endswith(".zip") else LARGEST_FILE
    if entry.file_size > most:
        return f"is larger than {most // _MIB} MiB"
    if entry.file_size > max(HARMLESS_BYTES, LARGEST_RATIO * entry.compress_size):
        return f"unpacks to more than {LARGEST_RATIO} times its size"
    return None


def _chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of an entry; zipfile gives no more of it than its header says.

    Raises:
        _Damaged: it is not what its checksum says, or cannot be read.
    """
    try:
        with archive.open(entry) as content:
            while chunk := _read(content):
                yield chunk
    except _DAMAGE as error:
        raise _Damaged from error


def _read(content: IO[bytes]) -> bytes:
    return content.read(_CHUNK)


def _write(place: Path, chunks: Iterator[bytes]) -> int:
    size = 0
    with place.open("wb") as file:
        for chunk in chunks:
            size += file.write(chunk)
    return size


def _modified(entry: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*entry.date_time)  # a zip does not say which zone
    except ValueError:
        return None
