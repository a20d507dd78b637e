"""Asking a student's function about every case, and writing down what came of it.

Nothing is judged here: this is the list of facts that comparing, diagnosing and scoring start from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gradecheck.cases import CaseKind
from gradecheck.exercise import Exercise
from gradecheck.observation import Observation
from gradecheck.questioner import Question, Questioner
from gradecheck.reference.expectation import ExpectedCase, expected_cases
from gradecheck.run.caller import Caller
from gradecheck.run.outcome import Died, Missing, Raised, TimedOut

#: All calls of one exercise together get this many seconds of wall time; right answers need milliseconds.
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that is known about one answer.

    Attributes:
        exercise: the exercise.
        seed: the seed of its cases.
        observations: the calls in order; the first is the printed example. A call that never returns
            or ends the process is the last.
        changed: names of the arguments that the function changed in place.
        used: forbidden helpers that were seen at work during calls.
    """

    exercise: Exercise
    seed: int
    observations: tuple[Observation, ...]
    changed: tuple[str, ...]
    used: tuple[str, ...]

    @property
    def first(self) -> Observation:
        """The call with the printed example."""
        return self.observations[0]

    @property
    def broken_off(self) -> bool:
        """Whether the last call did not come back, or ended the process."""
        return isinstance(self.observations[-1].outcome, TimedOut | Died)

    @property
    def first_fault(self) -> Observation | None:
        """The first call that did not come out right, ordinary inputs before extreme ones; or None."""
        faults = [o for o in self.observations if not o.right]
        return next((o for o in faults if o.counts_as_moderate), faults[0] if faults else None)


def observe(exercise: Exercise, caller: Caller, seed: int, patience: float = PATIENCE_SECONDS) -> Evidence:
    """Call the student's function on all cases of `seed`.

    Args:
        exercise: the exercise.
        caller: where the student's function runs.
        seed: of the cases.
        patience: seconds of wall time for all calls together.

    Raises:
        OracleDisagreement: the exercise itself is unsound on one of the cases.
        WorkerUnavailable: the student's function could not be called, for a reason of ours.
    """
    questioner = Questioner(exercise, caller, patience)
    observations: list[Observation] = []
    changed: tuple[str, ...] = ()
    for questions in _rounds(expected_cases(exercise, seed)):
        for observation in questioner.ask(questions):
            observations.append(observation)
            if _is_last(observations):
                return Evidence(exercise, seed, tuple(observations), changed, questioner.used)
            if observation.again:
                changed = questioner.changed
    return Evidence(exercise, seed, tuple(observations), changed, questioner.used)


def _rounds(expected: Sequence[ExpectedCase]) -> tuple[tuple[Question, ...], ...]:
    """The questions in their order, a round being asked in one go.

    The printed example finds the form of the arguments, and whether there is anything to ask. The first drawn
    input once more, after all the others, catches answers that remember or count. Extreme inputs come last,
    so that an answer which hangs on them has been asked everything else.
    """
    printed, *ordinary = [e for e in expected if e.case.kind is not CaseKind.EXTREME]
    extreme = [e for e in expected if e.case.kind is CaseKind.EXTREME]
    moderate = [e for e in ordinary if e.case.kind is CaseKind.MODERATE]
    return (
        (Question(printed),),
        (
            *(Question(e, writable=e is moderate[-1]) for e in ordinary),
            Question(moderate[0], again=True, writable=True),
        ),
        tuple(Question(e) for e in extreme),
    )


def _is_last(observations: list[Observation]) -> bool:
    """Whether asking on is pointless (nothing there) or too dear (it hangs, it kills the process)."""
    outcome = observations[-1].outcome
    if isinstance(outcome, TimedOut | Died | Missing):
        return True
    return len(observations) == 1 and isinstance(outcome, Raised) and outcome.type == "NotImplementedError"
