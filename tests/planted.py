"""Right answers, and ways to plant a fault in one: what the tests of the judge start from."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradecheck.cases import PUBLIC_SEED
from gradecheck.catalogue import find_exercise
from gradecheck.catalogue.conv2d import correlate
from gradecheck.diagnose.source import AnswerSource
from gradecheck.exercise import Exercise
from gradecheck.judge import judge
from gradecheck.run.caller import ArgumentKind, Caller
from gradecheck.run.inline import InlineCaller
from gradecheck.run.outcome import Array, Outcome
from gradecheck.setting import Setting
from gradecheck.verdict import Status, Verdict

Answer = Callable[..., Any]


def grad_sigmoid(x: Any, dz: Any) -> Any:
    x, dz = wide(x, dz)
    s = 1 / (1 + np.exp(-x))
    return dz * s * (1 - s)


def grad_softmax(x: Any, dz: Any) -> Any:
    x, dz = wide(x, dz)
    p = np.exp(x - x.max())
    p /= p.sum()
    return p * (dz - p @ dz)


def grad_matmul(x: Any, y: Any, dz: Any) -> Any:
    x, y, dz = wide(x, y, dz)
    return dz @ y.T


def grad_conv2d(x: Any, w: Any, dz: Any) -> Any:
    x, w, dz = wide(x, w, dz)
    return correlate(x, dz)


RIGHT: dict[str, Answer] = {
    "sigmoid": grad_sigmoid,
    "softmax": grad_softmax,
    "matmul": grad_matmul,
    "conv2d": grad_conv2d,
}

#: Two outputs, no extremes: what the catalogue does not have yet.
PRODUCT = Exercise(
    name="grad_product",
    title="product",
    arguments=("a", "b", "dz"),
    differentiates=("a", "b"),
    forward=lambda tf, a, b: tf.multiply(a, b),
    forward_numpy=lambda a, b: a * b,
    printed={"a": [1, 2, 3], "b": [4, 5, 6], "dz": [1, 2, 3]},
    shapes=tuple({"a": (n,), "b": (n,)} for n in (2, 3, 3, 4)),
    points=10,
)


def grad_product(a: Any, b: Any, dz: Any) -> Any:
    a, b, dz = wide(a, b, dz)
    return dz * b, dz * a


def wide(*arguments: Any) -> Iterator[Any]:
    """The arguments as float64 copies."""
    return (np.array(argument, np.float64) for argument in arguments)


def spoiled(title: str, change: Callable[[Any], Any]) -> Answer:
    """The right answer, with `change` applied to what it returns."""
    return lambda *arguments: change(RIGHT[title](*arguments))


def judged(exercise: str | Exercise, answer: Answer, source: str | None = None, **options: Any) -> Verdict:
    """The verdict on an answer, called in this process."""
    asked = find_exercise(exercise) if isinstance(exercise, str) else exercise
    text = AnswerSource.of(source) if source is not None else None
    return judge(asked, InlineCaller({asked.name: answer}), source=text, **options)


@dataclass
class Scripted(Caller):
    """A caller that answers rightly, except at the calls that a script names; the first call is 0."""

    exercise: Exercise
    answer: Answer
    script: dict[int, Outcome]
    seconds: float = 0.0
    kinds: list[ArgumentKind] = field(default_factory=list)

    def call(
        self,
        function: str,
        arguments: Sequence[Array],
        *,
        kind: ArgumentKind = ArgumentKind.TENSOR32,
        outputs: int = 1,
        report_arguments: bool = False,
        settings: Sequence[Setting] = (),
        driver: str = "",
    ) -> Outcome:
        at = len(self.kinds)
        self.kinds.append(kind)
        time.sleep(self.seconds)
        if at in self.script:
            return self.script[at]
        inline = InlineCaller({function: self.answer})
        return inline.call(
            function,
            arguments,
            kind=kind,
            outputs=outputs,
            report_arguments=report_arguments,
            settings=settings,
            driver=driver,
        )


def judged_by(caller: Scripted, **options: Any) -> Verdict:
    """The verdict on what a scripted caller says."""
    return judge(caller.exercise, caller, seed=PUBLIC_SEED, **options)


def earns_nothing(verdict: Verdict, label: str) -> str:
    """The message of a verdict that must be worth 0."""
    assert (verdict.status, verdict.score, verdict.diagnosis.label) == (Status.FAILED, 0.0, label)
    return verdict.message


#: Right answers as students write them, in NumPy alone.
SOURCES = {
    "sigmoid": """
import numpy as np
def grad_sigmoid(x, dz):
    s = 1 / (1 + np.exp(-np.asarray(x, np.float64)))
    return np.asarray(dz) * s * (1 - s)
""",
    "softmax": """
import numpy as np
def grad_softmax(x, dz):
    e = np.exp(np.asarray(x) - np.max(x))
    p = e / e.sum()
    return p * (dz - p @ np.asarray(dz))
""",
    "matmul": """
def grad_matmul(x, y, dz):
    return dz @ y.T
""",
    "conv2d": """
import numpy as np
def grad_conv2d(x, w, dz):
    x, dz = np.asarray(x), np.asarray(dz)
    dw = np.zeros(w.shape, np.float32)
    for i, j in np.ndindex(*w.shape):
        dw[i, j] = np.sum(x[i : i + dz.shape[0], j : j + dz.shape[1]] * dz)
    return dw
""",
}
