"""Folders that are put in place together with a commit: both happen, or neither.

A journal says what an exchange is about, from before it begins until it is over. Whoever is killed in
between, at whatever step, leaves it behind, and the next run takes up from there: what was committed is
finished, what was not is taken back.
"""

import contextlib
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradecheck.nbgrader.staging import Staged, remove, take_back

#: Below the root of the course: what is being put in place at this moment.
JOURNAL = Path(".gradecheck", "exchange.json")


@dataclass(frozen=True)
class Exchange:
    """Folders that are exchanged together.

    Attributes:
        assignment, student: whose they are.
        folders: the folders.
        token: belongs to this exchange alone.
    """

    assignment: str
    student: str
    folders: Sequence[Staged]
    token: str

    @classmethod
    def of(cls, assignment: str, student: str, folders: Sequence[Staged]) -> "Exchange":
        """A new one."""
        return cls(assignment, student, tuple(folders), secrets.token_hex(16))

    def to_json(self) -> dict[str, Any]:
        """The form in which it stands in a journal."""
        folders = [[str(f.made), str(f.place), str(f.aside), f.replaces] for f in self.folders]
        return {**vars(self), "folders": folders}

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> "Exchange":
        """The exchange that `to_json` wrote."""
        folders = tuple(Staged(Path(m), Path(p), Path(a), r) for m, p, a, r in entry["folders"])
        return cls(**{**entry, "folders": folders})


@dataclass(frozen=True)
class Journal:
    """The file in which the exchange that is under way is written down."""

    path: Path

    def run(self, exchange: Exchange, commit: Callable[[Exchange], None]) -> None:
        """Put folders in place and commit.

        Args:
            exchange: the folders.
            commit: ends a transaction that notes this exchange.

        Raises:
            BaseException: whatever went wrong; the folders are as they were before.
        """
        try:
            self._write(exchange)
            for staged in exchange.folders:
                staged.put_in_place()
            commit(exchange)
        except BaseException:
            take_back(exchange.folders)
            self._clear()
            raise
        self._finish(exchange)

    def recover(self, committed: Callable[[Exchange], bool]) -> None:
        """Finish or take back the exchange of a run that was killed; mostly there is none.

        Args:
            committed: whether a transaction that notes an exchange was ended.
        """
        with contextlib.suppress(FileNotFoundError):
            exchange = Exchange.from_json(json.loads(self.path.read_text(encoding="utf-8")))
            if not committed(exchange):
                take_back(exchange.folders)
            self._finish(exchange)

    def _write(self, exchange: Exchange) -> None:
        """Write it in one step, so that nobody ever reads half of it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".draft")
        draft.write_text(json.dumps(exchange.to_json()), encoding="utf-8")
        draft.replace(self.path)

    def _finish(self, exchange: Exchange) -> None:
        for staged in exchange.folders:
            remove(staged.aside)
        self._clear()

    def _clear(self) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink()
