"""Which mistakes would an assignment miss? Wrong answers by the dozen, and what catches each."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradecheck.catalogue import find_exercise
from gradecheck.errors import CourseNotReady
from gradecheck.mutants.solution import solutions
from gradecheck.mutants.trial import Fate, Trial, try_all

__all__ = ["Fate", "Survey", "Trial", "survey_course"]


@dataclass(frozen=True)
class Survey:
    """One exercise, and what became of all its wrong answers."""

    exercise: str
    trials: tuple[Trial, ...]

    def of(self, fate: Fate) -> tuple[Trial, ...]:
        """Those with one fate."""
        return tuple(trial for trial in self.trials if trial.fate is fate)

    @property
    def sound(self) -> bool:
        """Whether nothing that is really wrong gets through."""
        return not self.of(Fate.NONE)

    def lines(self) -> Iterator[str]:
        """The report on it."""
        caught, others, none = (self.of(fate) for fate in (Fate.PRINTED, Fate.OTHERS, Fate.NONE))
        equal = self.of(Fate.NO_MISTAKE)
        wrong = len(caught) + len(others) + len(none)
        yield (
            f"{'ok    ' if self.sound else 'FAILED'} {self.exercise}: {wrong} wrong answers; "
            f"the printed example catches {len(caught)}, only other cases {len(others)}, none {len(none)} "
            f"(and {len(equal)} changes are no mistakes)"
        )
        yield from (f"         only other cases: {trial.what}" for trial in others)
        yield from (f"         no mistake: {trial.what}; {trial.reason}" for trial in equal)
        yield from (f"         CAUGHT BY NONE: {trial.what}; {trial.reason}" for trial in none)


def survey_course(root: Path, assignment: str | None = None, exercise: str | None = None) -> Iterator[Survey]:
    """Try the wrong answers of every exercise of a course.

    Args:
        root: the course's folder.
        assignment: only this one.
        exercise: only this one, such as "softmax".

    Raises:
        CourseNotReady: `root` is no course, it has no such assignment, or no solution of the exercise.
        UnknownExercise: there is no such exercise.
    """
    wanted = find_exercise(exercise) if exercise is not None else None
    tried = 0
    for solution in solutions(root, assignment):
        if wanted is None or solution.exercise.name == wanted.name:
            tried += 1
            yield Survey(solution.exercise.name, tuple(try_all(solution)))
    if not tried:
        raise CourseNotReady(
            f"no notebook of {root.resolve()} answers {wanted.name if wanted else 'anything'}"
        )
