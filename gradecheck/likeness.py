"""What an answer gives on the inputs that everybody may know, kept short, so that equal answers can be found.

Hidden inputs differ from student to student, so wrong answers cannot be compared on them. The likeness is
taken on the public ones: answers that compute the same thing have the same likeness, whoever wrote them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradecheck.cases import PUBLIC_SEED
from gradecheck.errors import GradecheckError
from gradecheck.exercise import Exercise
from gradecheck.observation import Observation
from gradecheck.observe import Evidence, observe
from gradecheck.run.caller import Caller
from gradecheck.run.outcome import NotArray, Raised, Returned, Value

#: Seconds of wall time for all calls together; an answer that needs more is not compared.
PATIENCE_SECONDS = 5.0
#: Relative to the sum of absolute values; float32 in another order of operations moves a sum by 1e-6.
TOLERANCE = 1e-3
_LONGEST = 200


@dataclass(frozen=True)
class Likeness:
    """A short form of everything that an answer gives on the public inputs.

    Attributes:
        shown: what it gave on the printed example, in words.
        form: a digest of all that is no number: shapes, kinds, exceptions, where something is not finite.
        numbers: for each output of each ordinary call a weighted sum and the sum of absolute values.
    """

    shown: str
    form: str
    numbers: tuple[tuple[float, float], ...]

    def to_json(self) -> dict[str, Any]:
        """The form in which it stands in a graded notebook."""
        return {"shown": self.shown, "form": self.form, "numbers": [list(pair) for pair in self.numbers]}

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "Likeness":
        """The likeness that `to_json` wrote."""
        return cls(entry["shown"], entry["form"], tuple((one, two) for one, two in entry["numbers"]))

    def agrees_with(self, other: "Likeness") -> bool:
        """Whether both are the likeness of one and the same function, as far as anybody can tell."""
        if self.form != other.form or len(self.numbers) != len(other.numbers):
            return False
        return all(
            max(abs(one[0] - two[0]), abs(one[1] - two[1])) <= TOLERANCE * max(one[1], two[1])
            for one, two in zip(self.numbers, other.numbers, strict=True)
        )


def take_likeness(exercise: Exercise, caller: Caller) -> Likeness | None:
    """Call an answer on the public inputs; None where it does not come back, or cannot be called any more."""
    try:
        evidence = observe(exercise, caller, PUBLIC_SEED, PATIENCE_SECONDS)
    except GradecheckError:  # it is nothing but a help to the instructor, and must not cost a score
        return None
    if evidence.broken_off:
        return None
    forms: list[str] = []
    numbers: list[tuple[float, float]] = []
    for observation in evidence.observations:
        forms.append(_form(observation))
        if observation.counts_as_moderate and isinstance(observation.outcome, Returned):
            numbers += [_sums(value) for value in observation.outcome.values]
    digest = hashlib.sha256("\n".join(forms).encode("utf-8", "replace")).hexdigest()[:16]
    return Likeness(_shown(evidence), digest, tuple(numbers))


def _form(observation: Observation) -> str:
    outcome = observation.outcome
    if isinstance(outcome, Raised):
        return f"{outcome.type}: {outcome.message}"
    if not isinstance(outcome, Returned):
        return type(outcome).__name__
    if observation.counts_as_moderate:
        return "; ".join(map(_form_of_value, outcome.values))
    # In extreme inputs the last digits mean nothing; what is wrong with the outputs does.
    return "; ".join(str(finding.fault) for finding in observation.findings)


def _form_of_value(value: Value) -> str:
    if isinstance(value, NotArray):
        return value.description
    numbers = np.asarray(value, dtype=np.float64)
    return f"{numbers.shape} {np.flatnonzero(~np.isfinite(numbers)).tolist()}"


def _sums(value: Value) -> tuple[float, float]:
    if isinstance(value, NotArray):
        return 0.0, 0.0
    numbers = np.asarray(value, dtype=np.float64).ravel()
    numbers = np.where(np.isfinite(numbers), numbers, 0.0)
    weights = np.random.default_rng(numbers.size).uniform(-1.0, 1.0, numbers.size)
    return float(weights @ numbers), float(abs(numbers).sum())


def _shown(evidence: Evidence) -> str:
    outcome = evidence.first.outcome
    if isinstance(outcome, Raised):
        return _shortened(f"{outcome.type}: {outcome.message}")
    if not isinstance(outcome, Returned):
        return ""
    names = evidence.exercise.outputs
    if len(names) != len(outcome.values):
        return f"{len(outcome.values)} outputs"
    pairs = zip(names, outcome.values, strict=True)
    return _shortened(", ".join(f"{name} = {_value_in_words(value)}" for name, value in pairs))


def _value_in_words(value: Value) -> str:
    if isinstance(value, NotArray):
        return value.description
    return np.array2string(
        np.asarray(value, dtype=np.float64), precision=4, suppress_small=True, threshold=20
    )


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
