"""Users that nobody else is, for the children of a template that root started."""

import os
import secrets
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_FIRST_USER, _USERS = 2_000_000_000, 100_000_000  # far above what systems and containers give out
_FEWEST_USERS = 1000  # a namespace with fewer has no user to spare


@dataclass(frozen=True)
class Users:
    """The users that the children of one template get."""

    _start: int = field(default_factory=lambda: secrets.randbelow(_USERS))

    def one(self, number: int) -> int | None:
        """The user of a child, None where there is none but our own.

        Args:
            number: of the child.
        """
        first, count = max(_mapped_users(), key=lambda mapped: mapped[1])
        if os.geteuid() != 0 or count < _FEWEST_USERS:
            return None
        if first + count > _FIRST_USER + _USERS:
            return _FIRST_USER + (self._start + number) % _USERS
        upper = count // 2
        return first + upper + (self._start + number) % (count - upper - 1)


def become(user: int) -> None:
    """Be this user from now on, in its own group alone, without any capability."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def move_in(folder: Path, user: int) -> None:
    """Leave root for a user who owns nothing but this folder, which is the working directory then.

    Args:
        folder: a copy that nobody else needs.
        user: its number.
    """
    from gradecheck.run import kernel

    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)
    os.chdir(folder)
    os.environ["HOME"] = str(folder)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)  # programs such as su make nobody root
    become(user)


def can_give_up_root(needed: Iterable[Path]) -> bool:
    """Whether answers can run as another user: we are root, and everybody can read what Python needs.

    Args:
        needed: folders that a child reads.
    """
    if sys.platform != "linux" or os.geteuid() != 0 or Users().one(1) is None:
        return False
    temporary = Path(tempfile.gettempdir()).resolve()
    passed = {temporary, *temporary.parents}
    for folder in needed:
        passed |= {folder, *folder.parents}
    return all(path.stat().st_mode & 0o001 for path in passed)


def _mapped_users() -> list[tuple[int, int]]:
    """The users of this user namespace: the first of a range, and how many."""
    ranges = (line.split() for line in Path("/proc/self/uid_map").read_text().splitlines())
    return [(int(first), int(count)) for first, _, count in ranges]
