"""Reading any file that stands where a notebook should, and making a sound notebook of what can be read.

nbconvert and nbgrader stop at the first thing in a notebook that they did not expect. So only what grading
needs is taken over: kind, source and attachments of each cell, its tags, and the plain entries of nbgrader's
metadata. Outputs, execution counts and all other metadata are made anew.
"""

import contextlib
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict

from gradecheck.errors import UnreadableSubmission
from gradecheck.nbgrader.handin import KEY, record_of
from gradecheck.submission import LARGEST_FILE, parse_notebook

_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_KINDS = ("code", "markdown", "raw")
_KERNEL = ("name", "display_name", "language")


@dataclass(frozen=True, eq=False)
class Reading:
    """A file that was read.

    Attributes:
        notebook: sound, of the newest format; without cells where nothing could be read.
        problem: why nothing could be read, or None.
    """

    notebook: NotebookNode
    problem: str | None = None


def read_anything(path: Path) -> Reading:
    """Read a notebook; whatever stands there instead becomes a `Reading` with a problem."""
    try:
        content = _content(path)
    except UnreadableSubmission as error:
        return Reading(sound_notebook({}), str(error))
    try:
        raw = parse_notebook(_text(content), "it")
        if not isinstance(raw.get("cells"), list):
            raise UnreadableSubmission("it holds no list of cells")
        return Reading(sound_notebook(raw))
    except UnreadableSubmission as error:
        problem = str(error).removeprefix("it is not a notebook: ")
        return Reading(sound_notebook({}), problem)


def sound_notebook(raw: Mapping[str, Any]) -> NotebookNode:
    """A notebook of format 4.5 from something that looks like one."""
    cells = [_sound_cell(cell) for cell in raw.get("cells", ()) if isinstance(cell, dict)]
    given = raw.get("metadata")
    given = given if isinstance(given, dict) else {}
    metadata: dict[str, Any] = {"language_info": {"name": "python"}, "kernelspec": _kernelspec(given)}
    with contextlib.suppress(KeyError, TypeError):
        # The first pass's own record, read by the second; the first replaces what a student puts there.
        metadata[KEY] = record_of(given).to_metadata()
    set_ids(cells)
    notebook = from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata})
    notebook["cells"] = cells  # nodes already
    return notebook  # type: ignore[no-any-return]  # nbformat tells no types


def sound_cell(kind: str, source: str, *, identity: str = "", **metadata: Any) -> NotebookNode:
    """A cell that the notebook format accepts."""
    cell: dict[str, Any] = {"id": identity, "cell_type": kind, "metadata": metadata, "source": source}
    if kind == "code":
        cell |= {"outputs": [], "execution_count": None}
    return from_dict(cell)  # type: ignore[no-any-return]  # nbformat has no types


def set_ids(cells: Sequence[NotebookNode]) -> None:
    """Give every cell an id that is legal and its own; the same notebook always gets the same ids."""
    taken: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        identity = cell["id"]
        while not isinstance(identity, str) or not _CELL_ID.fullmatch(identity) or identity in taken:
            identity = f"cell-{number}" if f"cell-{number}" not in taken else f"cell-{number}-{len(taken)}"
        taken.add(identity)
        cell["id"] = identity


def clean(text: str) -> str:
    """The text without what cannot be written in UTF-8 (halves of surrogate pairs) or in a database (NUL)."""
    if text.isascii() and "\0" not in text:
        return text
    return (
        text.encode("utf-16", "surrogatepass")
        .decode("utf-16", "replace")
        .replace("\0", "\N{REPLACEMENT CHARACTER}")
    )


def _content(path: Path) -> bytes:
    try:
        if path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve()):
            raise UnreadableSubmission("it is a link to a file outside of the submission")
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableSubmission("it is a folder")
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableSubmission("it is no ordinary file")
        if status.st_size > LARGEST_FILE:
            raise UnreadableSubmission(f"it is larger than {LARGEST_FILE // 2**20} MiB")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UnreadableSubmission("there is no such file") from error
    except OSError as error:
        raise UnreadableSubmission(f"the system says: {error.strerror}") from error


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableSubmission("it is no text in UTF-8") from error


def _sound_cell(raw: Mapping[str, Any]) -> NotebookNode:
    kind = raw.get("cell_type")
    metadata = raw.get("metadata")
    kept: dict[str, Any] = {}
    if isinstance(metadata, dict):
        if "nbgrader" in metadata:
            kept["nbgrader"] = _plain_entries(metadata["nbgrader"])
        if isinstance(metadata.get("tags"), list):
            kept["tags"] = list(
                dict.fromkeys(clean(t) for t in metadata["tags"] if isinstance(t, str) and t and "," not in t)
            )
    cell = sound_cell(
        kind if kind in _KINDS else "raw", _source(raw.get("source")), identity=raw.get("id", ""), **kept
    )
    attachments = _attachments(raw.get("attachments"))
    if attachments and cell.cell_type != "code":
        cell["attachments"] = from_dict(attachments)
    return cell


def _source(raw: object) -> str:
    if isinstance(raw, list):
        raw = "".join(part for part in raw if isinstance(part, str))
    return clean(raw) if isinstance(raw, str) else ""


def _plain_entries(raw: object) -> dict[str, Any]:
    """The metadata of nbgrader as far as they are plain values; anything else is the same as nothing."""
    if not isinstance(raw, dict):
        return {}
    return {
        clean(str(key)): clean(value) if isinstance(value, str) else value
        for key, value in raw.items()
        if isinstance(value, str | int | float | bool)
    }


def _kernelspec(metadata: Mapping[str, Any]) -> dict[str, str]:
    """The kernel that the notebook names, for the note on it; the instructor's replaces it."""
    given = metadata.get("kernelspec")
    entries = given if isinstance(given, dict) else {}
    known = {
        key: clean(entries[key])
        for key in ("name", "display_name", "language")
        if isinstance(entries.get(key), str)
    }
    return {"name": "python3", "display_name": "Python 3", **known}


def _attachments(raw: object) -> dict[str, dict[str, str]]:
    """Pictures that were pasted into a text cell."""
    if not isinstance(raw, dict):
        return {}
    return {
        name: {kind: data for kind, data in bundle.items() if isinstance(data, str)}
        for name, bundle in raw.items()
        if isinstance(bundle, dict)
    }
