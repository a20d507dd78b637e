"""Which files are watched, and when one of them was saved."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import watchfiles

from gradecheck.checking import files_in
from gradecheck.errors import OperatorError, UnreadableSubmission

#: A save is over when nothing was written for so long.
QUIET_MS = 20
#: `saves` yields at least so often, with nothing if nothing was saved.
TICK_MS = 100
_SUFFIXES = (".ipynb", ".py")


def require_watchable(path: Path) -> None:
    """Refuse what can never be judged.

    Raises:
        UnreadableSubmission: it does not exist, or is neither a folder nor a notebook nor a Python file.
    """
    if not path.exists():
        raise UnreadableSubmission(f"{path} does not exist")
    if not path.is_dir() and not (path.is_file() and path.suffix in _SUFFIXES):
        raise UnreadableSubmission(f"{path} is neither a notebook (.ipynb) nor a Python file (.py)")


def files_of(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The files that are there now, resolved, each once."""
    files = [file for path in paths for file in (files_in(path) if path.is_dir() else [path])]
    return tuple(dict.fromkeys(file.resolve() for file in files))


def name_of(path: Path, paths: Sequence[Path]) -> str:
    """A resolved path as the student would write it: as given, or below the folder that was given."""
    for given in paths:
        if path == given.resolve():
            return str(given)
        if path.is_relative_to(given.resolve()):
            return str(given / path.relative_to(given.resolve()))
    return str(path)


def stamp_of(path: Path) -> tuple[int, ...]:
    """Time of the last change in nanoseconds, and what else tells two versions of a file apart."""
    try:
        status = path.stat()
    except OSError:
        return (0,)
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def saves(paths: Sequence[Path]) -> Iterator[set[Path]]:
    """The files that were written, replaced or deleted, as resolved paths; for ever.

    A single file is watched through its folder, as most programs save by putting a new file in its place.

    Raises:
        OperatorError: the system cannot watch these folders.
    """
    files = {path.resolve() for path in paths if not path.is_dir()}
    folders = {path.resolve() for path in paths if path.is_dir()}
    try:
        for changes in watchfiles.watch(
            *folders.union(file.parent for file in files),
            watch_filter=lambda _change, name: _is_watched(Path(name), files, folders),
            debounce=10 * QUIET_MS,
            step=QUIET_MS,
            rust_timeout=TICK_MS,
            yield_on_timeout=True,
            recursive=bool(folders),
        ):
            yield {Path(name) for _, name in changes}
    except (OSError, RuntimeError) as error:
        raise OperatorError(
            f"the system does not let these folders be watched ({error}); "
            f"try again with WATCHFILES_FORCE_POLLING=1 in the environment"
        ) from error


def _is_watched(path: Path, files: set[Path], folders: set[Path]) -> bool:
    if path in files:
        return True
    inside = [path.relative_to(folder).parts for folder in folders if path.is_relative_to(folder)]
    hidden = any(part.startswith(".") for parts in inside for part in parts)
    return path.suffix in _SUFFIXES and bool(inside) and not hidden
