"""Asking a student's function about cases, in the form of argument that it takes."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradecheck.cases import CaseKind
from gradecheck.exercise import Exercise
from gradecheck.observation import Observation, observation_of
from gradecheck.reference.expectation import ExpectedCase
from gradecheck.run.caller import ArgumentKind, Call, Caller
from gradecheck.run.outcome import Array, Died, Missing, Outcome, Raised, Returned, TimedOut

#: An answer that raised in every form on the printed example and on two more cases is then asked in one form.
ENOUGH_REFUSALS = 3
#: What is left of a number of ordinary size that was increased by a step and decreased again, in float64.
ROUNDED_BACK = 1e-12


@dataclass(frozen=True, eq=False)
class Question:
    """A case to ask.

    Attributes:
        expected: the case and its reference.
        again: these very arguments were given before.
        writable: ask it with arrays, if they will do, and see whether the function changed them.
    """

    expected: ExpectedCase
    again: bool = False
    writable: bool = False


class Questioner:
    """Calls one function, remembers in which form it takes its arguments and what it used and changed.

    Args:
        exercise: the exercise.
        caller: where the student's function runs.
        patience: seconds of wall time for all calls together, from now on.
    """

    def __init__(self, exercise: Exercise, caller: Caller, patience: float) -> None:
        self._exercise = exercise
        self._caller = caller
        self._deadline = time.monotonic() + patience
        self._impatience = TimedOut(patience, together=True)
        # What drives an answer takes float64 arrays, and decides itself in which form to hand numbers over.
        self._kinds = (ArgumentKind.ARRAY64,) if exercise.driver else tuple(ArgumentKind)
        self._kind = self._kinds[0]
        self._writable = ArgumentKind.ARRAY64 if exercise.driver else ArgumentKind.ARRAY32
        self._refusals = 0  # cases at which it raised in every form
        self._used: dict[str, None] = {}
        self._changed: set[str] = set()

    @property
    def used(self) -> tuple[str, ...]:
        """Forbidden helpers that were seen at work."""
        return tuple(self._used)

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of the arguments that the function changed in place, in their order."""
        return tuple(name for name in self._exercise.arguments if name in self._changed)

    def ask(self, questions: Sequence[Question]) -> Iterator[Observation]:
        """Each question in the form that worked before, or else in the first form that works.

        All are asked in one go, and then those that raised once more in the other forms. Where one of these
        works, the rest are asked anew in that. The last one may be a call that ends all asking, early.
        """
        while questions:
            kind = self._kind
            asked, outcomes = 0, self._outcomes(questions)
            for asked, outcome in enumerate(outcomes, 1):
                yield self._observe(questions[asked - 1], outcome)
                if self._kind is not kind:
                    break
            questions = questions[asked:]

    def _outcomes(self, questions: Sequence[Question]) -> list[Outcome]:
        """What comes of the questions, up to the one that ends all asking."""
        made = self._call([self._call_for(question) for question in questions])
        outcomes: list[Outcome] = []
        for question in questions:
            if time.monotonic() > self._deadline:
                return [*outcomes, self._impatience]
            outcome = next(made)
            outcomes.append(outcome)
            self._note(question, outcome)
            if self._form_of(question) is self._kind and isinstance(outcome, TimedOut | Died | Missing):
                break
        return outcomes

    def _call(self, calls: Sequence[Call]) -> Iterator[Outcome]:
        return self._caller.calls(
            self._exercise.name, calls, outputs=len(self._exercise.outputs), driver=self._exercise.driver
        )

    def _call_for(self, question: Question) -> Call:
        case = question.expected.case
        return Call(case.arguments, self._form_of(question), case.settings, question.writable)

    def _form_of(self, question: Question) -> ArgumentKind:
        return self._writable if question.writable else self._kind

    def _note(self, question: Question, outcome: Outcome) -> None:
        """Remember what was used in a call, and what was changed."""
        if isinstance(outcome, Returned | Raised):
            self._used.update(dict.fromkeys(outcome.used))
        if isinstance(outcome, Returned) and question.writable:
            given = zip(
                self._exercise.arguments,
                question.expected.case.arguments,
                outcome.arguments_after,
                strict=False,
            )
            self._changed.update(name for name, before, after in given if not _is_unchanged(before, after))

    def _observe(self, question: Question, outcome: Outcome) -> Observation:
        """What a question showed; one that went wrong with arrays is judged in the usual form."""
        form = self._form_of(question)
        if form is self._kind:
            return self._in_some_form(question, outcome)
        observation = self._observation(question, outcome, form)
        return observation if observation.right else self._in_some_form(replace(question, writable=False))

    def _in_some_form(self, question: Question, known: Outcome | None = None) -> Observation:
        """One case in one form after the other; what came of the first may be known."""
        first: Outcome | None = None
        for kind in self._forms():
            if known is None and time.monotonic() > self._deadline:
                return self._observation(question, self._impatience, kind)
            outcome = known or self._ask_alone(question, kind)
            known = None
            if not _worth_another_form(outcome):
                if isinstance(outcome, Returned):
                    self._kind = kind
                return self._observation(question, outcome, kind)
            first = first or outcome
        # It raises in every form: the student sees the one of the form that the notebook uses.
        assert first is not None
        if self._refusals or question.expected.case.kind is CaseKind.PRINTED:
            self._refusals += 1
        return self._observation(question, first, self._kind)

    def _forms(self) -> Iterator[ArgumentKind]:
        """The form that worked, and the others unless the function has refused them often enough."""
        worked = self._kind
        yield worked
        if self._refusals < ENOUGH_REFUSALS:
            yield from (kind for kind in self._kinds if kind is not worked)

    def _ask_alone(self, question: Question, kind: ArgumentKind) -> Outcome:
        case = question.expected.case
        outcome = next(self._call([Call(case.arguments, kind, case.settings)]))
        self._note(question, outcome)
        return outcome

    def _observation(self, question: Question, outcome: Outcome, kind: ArgumentKind) -> Observation:
        return observation_of(self._exercise, question.expected, outcome, kind, again=question.again)


def _is_unchanged(before: Array, after: Array) -> bool:
    """Whether an array holds what it held; one of float64 may have been moved and moved back."""
    if after.dtype == np.float64 and before.shape == after.shape:
        moved = np.asarray(after, np.float64) - np.asarray(before, np.float64)
        return bool(np.all(abs(moved) <= ROUNDED_BACK))
    return np.array_equal(before, after)


def _worth_another_form(outcome: Outcome) -> bool:
    """An answer written for arrays raises on tensors, and the other way round; a stub always raises."""
    return isinstance(outcome, Raised) and outcome.type != "NotImplementedError"
