"""The files beside a notebook: weighed by the judge, copied by the child into a place of its own.

The judge hands over a descriptor of the folder, so that the sandbox never shows where it lies. Links are
copied as links: they point to what the sandbox shows there.
"""

import contextlib
import os
import stat
from pathlib import Path

from gradecheck.errors import WorkerUnavailable
from gradecheck.run.limits import MIB, Limits

_SHARE = 0.75  # of the scratch space that a submission's own files may take


def weigh(folder: Path, limits: Limits) -> None:
    """See whether a submission's files fit into its scratch space.

    Raises:
        WorkerUnavailable: they do not.
    """
    size = count = 0
    for place, folders, files in os.walk(folder):
        count += len(folders) + len(files)
        for name in files:
            with contextlib.suppress(OSError):
                size += Path(place, name).lstat().st_size
        if size > _SHARE * limits.scratch_bytes or count > _SHARE * limits.scratch_files:
            raise WorkerUnavailable(
                f"{folder} holds more than a sandbox takes: {int(_SHARE * limits.scratch_bytes) // MIB} MiB "
                f"in {int(_SHARE * limits.scratch_files):,} files. Move away what the notebook does not need."
            )


def copy_folder(source: int, target: str, owner: int) -> None:
    """Copy what an open folder holds into a new folder `target`, for the user `owner`.

    Raises:
        OSError: it does not fit.
    """
    Path(target).mkdir()
    os.chown(target, owner, owner)
    with os.scandir(source) as entries:
        for entry in entries:
            _copy(source, entry, f"{target}/{entry.name}", owner)


def _copy(source: int, entry: os.DirEntry[str], target: str, owner: int) -> None:
    kind = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISLNK(kind):
        Path(target).symlink_to(os.readlink(entry.name, dir_fd=source))
        os.chown(target, owner, owner, follow_symlinks=False)
    if not stat.S_ISDIR(kind) and not stat.S_ISREG(kind):
        return
    try:
        opened = os.open(entry.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=source)
    except PermissionError:  # nor could the submission read it outside of a sandbox
        return
    try:
        if stat.S_ISDIR(kind):
            copy_folder(opened, target, owner)
        else:
            _copy_file(opened, target, kind, owner)
    finally:
        os.close(opened)


def _copy_file(opened: int, target: str, kind: int, owner: int) -> None:
    created = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 | kind & 0o777)
    try:
        while os.sendfile(created, opened, None, 1 << 24):
            pass
        os.fchown(created, owner, owner)
    finally:
        os.close(created)
