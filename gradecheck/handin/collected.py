"""What collecting came to: one model for the lines on the terminal and for the exit code."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from gradecheck.handin.archives import LeftOut
from gradecheck.handin.names import shown
from gradecheck.handin.plan import Placed


class Action(StrEnum):
    """What became of a submission; the values are what is printed."""

    NEW = "collected"
    REPLACED = "collected, in place of an earlier one"
    UNCHANGED = "as it was collected before"


@dataclass(frozen=True)
class Taken:
    """A submission, and what became of it."""

    placed: Placed
    action: Action


@dataclass(frozen=True)
class Collected:
    """Everything that one run has come to.

    Attributes:
        assignment: its name.
        folder: where the submissions are.
        taken: in alphabetical order of the students.
        problems: what has no place, and why.
        outdated: how many of the problems are submissions earlier than what was collected before.
    """

    assignment: str
    folder: str
    taken: tuple[Taken, ...]
    problems: tuple[LeftOut, ...]
    outdated: int = 0

    @property
    def exit_code(self) -> int:
        """0 when everything has its place, 1 when something has none, 2 when nothing could be collected."""
        if not self.taken and not self.outdated:
            return 2
        return 1 if self.problems else 0

    def lines(self) -> Iterator[str]:
        """What to print; no name from an archive can do anything to a terminal."""
        for taken in self.taken:
            placed = taken.placed
            when = f", handed in {placed.time:%Y-%m-%d %H:%M} UTC" if placed.time else ""
            yield f"{shown(placed.student)}: {taken.action}, from {shown(placed.source)}{when}"
            for note in placed.notes:
                yield f"    {shown(note)}"
        new = sum(taken.action is not Action.UNCHANGED for taken in self.taken)
        if self.exit_code == 2:
            yield f"nothing could be collected: there is no submission of {self.assignment} for any student"
        else:
            yield f"{new} of {len(self.taken)} submissions of {self.assignment} are new in {self.folder}"
        if self.problems:
            yield f"not placed: {len(self.problems)}"
        for problem in self.problems:
            yield f"    {shown(' > '.join(problem.origin))}: {shown(problem.reason)}"
