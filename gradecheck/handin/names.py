"""Names in archives and downloads: which are safe, which are noise, and which are the same."""

import re
import unicodedata

#: Left out without a word: what systems and editors put beside people's files.
NOISE = frozenset({"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"})
_LONGEST = 200  # bytes: file systems take 255 for a name, and some room is kept
_LONGEST_PATH, _DEEPEST = 1000, 30
_DRIVE = re.compile(r"[A-Za-z]:")
#: What browsers and Canvas put behind the name of a file that was handed in again.
_COPY = re.compile(r"(-\d{1,3}|[ _]?\(\d{1,3}\)|[ _-]+copy([ _]?\d{1,3})?)$", re.IGNORECASE)


class UnsafeName(Exception):
    """A name that must not become a path; the message goes on after "its name"."""


def safe_parts(name: str) -> tuple[str, ...]:
    """A name in an archive as the parts of a path below some folder.

    Raises:
        UnsafeName: it leads, or could lead, anywhere else.
    """
    if "\0" in name:
        raise UnsafeName("holds a NUL")
    path = name.replace("\\", "/")  # zips made by old Windows programs
    if path.startswith("/"):
        raise UnsafeName("is an absolute path")
    if _DRIVE.match(path):
        raise UnsafeName("starts with a drive letter")
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if ".." in parts:
        raise UnsafeName("leads outside of the archive")
    if len(path.encode("utf-8", "replace")) > _LONGEST_PATH or len(parts) > _DEEPEST:
        raise UnsafeName("is too long")
    for part in parts:
        _refuse_unwritable(part)
    return parts


def _refuse_unwritable(part: str) -> None:
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in part):
        raise UnsafeName("holds characters that no file name should have")
    if len(part.encode()) > _LONGEST:
        raise UnsafeName("is too long")


def is_noise(parts: tuple[str, ...]) -> bool:
    """Whether a path belongs to a system or an editor, or is hidden."""
    return any(part in NOISE or part.startswith(".") for part in parts)


def same(name: str) -> str:
    """What names have in common that differ in case, in white space or in how accents are written."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def squeezed(name: str) -> str:
    """A person's name as downloads have it: letters and digits alone."""
    return "".join(character for character in same(name) if character.isalnum())


def without_copy_mark(stem: str) -> str:
    """A file's name without its extension and without what marks it as a second copy."""
    return _COPY.sub("", stem)


def shown(name: str) -> str:
    """A name that is safe to print: control characters and halves of pairs are written out."""
    return "".join(
        character
        if unicodedata.category(character) not in ("Cc", "Cs", "Cf")
        else character.encode("unicode_escape").decode("ascii")
        for character in name
    )
