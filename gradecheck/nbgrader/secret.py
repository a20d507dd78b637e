"""The seeds of hidden cases: unforeseeable for students, the same whenever the same file is graded again."""

import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

from gradecheck.errors import CourseNotReady

#: Relative to the root of the course. Ignored by git; whoever has it can foresee every hidden case.
SECRET_FILE = Path(".gradecheck", "secret")
_BYTES = 32


def course_secret(root: Path) -> bytes:
    """The secret of the course at `root`; made at first use, readable by its owner only.

    Raises:
        CourseNotReady: the file can be neither read nor made, or holds something else.
    """
    path = root / SECRET_FILE
    try:
        if not path.exists():
            _make(path)
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise CourseNotReady(
            f"the course secret {path} cannot be used: {error}; repair or remove it"
        ) from error
    if len(secret) < _BYTES:
        raise CourseNotReady(f"the course secret {path} is too short; remove it, and a new one is made")
    return secret


def hidden_seed(secret: bytes, student: str, exercise: str, attempt: int) -> int:
    """The seed of one student's hidden cases of one exercise, below 2**48."""
    message = json.dumps([student, exercise, attempt]).encode()
    return int.from_bytes(hmac.digest(secret, message, hashlib.sha256)[:6], "big")


def _make(path: Path) -> None:
    """Write a new secret in one step, so that of several processes that do so one wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{secrets.token_hex(_BYTES)}\n")
    try:
        os.link(scratch, path)
    except FileExistsError:
        pass  # another process was first: its secret is as good
    finally:
        scratch.unlink()
