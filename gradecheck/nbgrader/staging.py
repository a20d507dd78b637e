"""Folders that are made aside and put in place in one step, and taken back if need be."""

import contextlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Staged:
    """A folder that is ready.

    Attributes:
        made: where it was made.
        place: where it belongs.
        aside: where what stood there waits until the new one is known to stay.
        replaces: whether something stood there.
    """

    made: Path
    place: Path
    aside: Path
    replaces: bool

    @classmethod
    def at(cls, made: Path, place: Path) -> "Staged":
        """A folder that belongs at a place, whatever stands there now."""
        return cls(made, place, made.with_name(f"{made.name}.before"), place.exists())

    def put_in_place(self) -> None:
        """Exchange the two.

        Raises:
            OSError: it was not possible, and `take_back` is to be called.
        """
        self.place.parent.mkdir(parents=True, exist_ok=True)
        if self.replaces:
            self.aside.parent.mkdir(parents=True, exist_ok=True)
            self.place.rename(self.aside)
        self.made.rename(self.place)

    def take_back(self) -> None:
        """Undo `put_in_place`, however far it came; again does nothing."""
        moved = self.aside.exists() if self.replaces else not self.made.exists()
        with contextlib.suppress(OSError):
            if moved and self.place.exists():
                self.made.parent.mkdir(parents=True, exist_ok=True)
                self.place.rename(self.made)
            if moved and self.replaces:
                self.aside.rename(self.place)
        with contextlib.suppress(OSError):
            self.place.parent.rmdir()  # made for it, unless something else is in it


def put_in_place(folders: Sequence[Staged]) -> None:
    """Put folders in place, where no gradebook has to change with them.

    Raises:
        OSError: one of them could not be; all are as they were before.
    """
    try:
        for staged in folders:
            staged.put_in_place()
    except BaseException:
        take_back(folders)
        raise
    for staged in folders:
        remove(staged.aside)


def take_back(folders: Sequence[Staged]) -> None:
    """Leave folders as they were before."""
    for staged in reversed(folders):
        staged.take_back()


def remove(folder: Path) -> None:
    """Remove a folder, read-only files and all; what cannot be removed stays."""
    for parent, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            Path(parent).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
