"""The one model that every writer starts from; its JSON form is versioned."""

from dataclasses import dataclass, field

from gradecheck.verdict import Status, Verdict

#: Raised when a field changes its meaning or goes away; new fields do not raise it.
SCHEMA = 1


@dataclass(frozen=True)
class Way:
    """Another right answer: its style in words, and its text."""

    style: str
    source: str


@dataclass(frozen=True, eq=False)
class Result:
    """One exercise of one submission.

    Attributes:
        submission: the path or the student, as given.
        verdict: what was found.
        max_points: what the exercise is worth.
        hints: the hints that are open to the student, the gentlest first; where none are given, the first
            of the diagnosis is.
        ways: other ways to write a right answer, where they may be shown.
    """

    submission: str
    verdict: Verdict
    max_points: float
    hints: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()

    @property
    def points(self) -> float:
        """The score in points; for full marks exactly what it is worth, which need not be a round number."""
        return (
            self.max_points if self.verdict.score == 1.0 else round(self.verdict.score * self.max_points, 6)
        )


@dataclass(frozen=True)
class Problem:
    """Something that kept a submission, or a part of it, from being checked.

    Attributes:
        submission: the path or the student, as given.
        message: what and where, in one line.
        fatal: whether nothing at all of that submission could be checked.
    """

    submission: str
    message: str
    fatal: bool = True


@dataclass(frozen=True, eq=False)
class Report:
    """Everything that one run has found, in the order in which submissions were given."""

    results: tuple[Result, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    def count(self, *statuses: Status) -> int:
        """How many results have one of these states."""
        return sum(result.verdict.status in statuses for result in self.results)

    def exit_code(self, *, strict: bool = False) -> int:
        """0 nothing is wrong, 1 something is wrong, 2 nothing could be checked.

        Args:
            strict: what is not started is wrong too.
        """
        checked = self.count(Status.PASSED, Status.FAILED, Status.NOT_STARTED)
        if not checked:
            return 2
        wrong = [Status.FAILED, Status.NOT_GRADED, *([Status.NOT_STARTED] if strict else [])]
        unread = any(problem.fatal for problem in self.problems)
        return 1 if unread or self.count(*wrong) else 0
