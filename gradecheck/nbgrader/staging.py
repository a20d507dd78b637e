"""Folders that are made aside and put in place in one step, and taken back if need be."""

import contextlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Staged:
    """A folder that is ready.

    Attributes:
        made: where it was made.
        place: where it belongs.
        aside: where what stood there waits until the new one is known to stay.
    """

    made: Path
    place: Path
    aside: Path


@dataclass(eq=False)
class Exchange:
    """Puts folders in the place of others; `keep` makes it final, `undo` takes it back."""

    folders: Sequence[Staged]
    _done: list[Staged] = field(default_factory=list)

    def run(self) -> None:
        """Put all folders in place.

        Raises:
            OSError: one of them could not be; the others were taken back.
        """
        try:
            for staged in self.folders:
                staged.place.parent.mkdir(parents=True, exist_ok=True)
                self._done.append(staged)
                if staged.place.exists():
                    staged.aside.parent.mkdir(parents=True, exist_ok=True)
                    staged.place.rename(staged.aside)
                staged.made.rename(staged.place)
        except OSError:
            self.undo()
            raise

    def undo(self) -> None:
        """Put back what stood there before."""
        for staged in reversed(self._done):
            with contextlib.suppress(OSError):
                if not staged.made.exists() and staged.place.exists():
                    staged.place.rename(staged.made)
                if staged.aside.exists():
                    staged.aside.rename(staged.place)
            with contextlib.suppress(OSError):
                staged.place.parent.rmdir()  # made for it, unless something else is in it
        self._done.clear()

    def keep(self) -> None:
        """Remove what stood there before."""
        for staged in self._done:
            if staged.aside.exists():
                remove(staged.aside)


def remove(folder: Path) -> None:
    """Remove a folder, read-only files and all; what cannot be removed stays."""
    for parent, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            Path(parent).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
