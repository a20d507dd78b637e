"""Writing a file that others may be reading: all of it or nothing."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from gradecheck.errors import OperatorError


def write_whole(path: Path, content: str | bytes) -> Path:
    """Put a text, in UTF-8, or bytes into a file; folders are made. Half a file is never seen.

    Raises:
        OperatorError: the file cannot be written; what was there before still is.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("wb", dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
            temporary = Path(file.name)
            # the name of a file can hold what is no character
            file.write(content.encode("utf-8", "replace") if isinstance(content, str) else content)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise OperatorError(
            f"{path} cannot be written: {error.strerror or error}; name another place: --output PATH"
        ) from error
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
