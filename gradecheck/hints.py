"""One hint at a time: the first for what is wrong now, a stronger one only for an answer that has changed.

How many hints there are is never said: who knows that another one is left asks for it without thinking.
"""

import ast
import hashlib
import json
import os
import tempfile
import textwrap
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_state_path
from rich.console import Console
from rich.markup import escape

from gradecheck.cases import PUBLIC_SEED
from gradecheck.checking import check_paths
from gradecheck.diagnose.source import AnswerSource, parse_quietly
from gradecheck.errors import UnreadableSubmission, WorkerUnavailable
from gradecheck.exercise import Exercise
from gradecheck.report.face import printable
from gradecheck.report.model import Problem, Result
from gradecheck.run.limits import Limits
from gradecheck.submission import read_submission
from gradecheck.verdict import Status

#: The answers that are remembered; older ones begin with their first hint again.
_REMEMBERED = 500
_WIDTH = 90
_LARGEST_FILE = 2**20
_HIGHEST_STEP = 99
_MOST_URGENT = (Status.FAILED, Status.NOT_STARTED, Status.PASSED, Status.NOT_GRADED)

_BY_LABEL = {
    "error": "Read the message from its end: it says what did not fit. Print the shapes in that line.",
    "missing": "Restart the kernel and run the notebook from the top. Which cell is the first that stops?",
    "too slow": "Print something inside the loop. What should make the loop end, and does it ever happen?",
    "crash": "Take lines away until Python survives the call, then put them back one by one.",
    "no array": "What stands behind return? And is there a way through the function that never gets there?",
    "outputs": "Count what stands behind return, and count the gradients that the exercise asks for.",
    "dtype": "Print the dtype of each intermediate result. Where does it stop being a float?",
    "NaN": "Print each intermediate result for the input named above. Which is the first that is NaN?",
    "extremes": "Put the input named above through your steps one at a time. Which step goes wrong first?",
}


@dataclass(frozen=True)
class Hint:
    """What to show: a heading such as "softmax: wrong", and lines of text, all of it possibly a student's."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class _Step:
    """How far up an answer has come: 0 is the first hint. `changed` tells it from the same answer again."""

    number: int
    changed: bool


def hint_paths(
    paths: Sequence[Path], exercise: str, *, seed: int = PUBLIC_SEED, limits: Limits | None = None
) -> Hint:
    """The hint for one exercise as it is saved in these files.

    Raises:
        UnknownExercise: there is no such exercise.
        UnreadableSubmission: no file there answers it.
        WorkerUnavailable: the answer could not be judged.
    """
    report = check_paths(paths, exercise=exercise, seed=seed, limits=limits)
    if not report.results:
        raise UnreadableSubmission(report.problems[0].message)
    result = min(report.results, key=lambda result: _MOST_URGENT.index(result.verdict.status))
    if result.verdict.status is Status.NOT_GRADED:
        raise WorkerUnavailable(result.verdict.message)
    source = read_submission(Path(result.submission)).source
    return hint_for(result, source, Memory(), report.problems)


def hint_for(
    result: Result, source: AnswerSource, memory: "Memory", problems: Sequence[Problem] = ()
) -> Hint:
    """The hint that is due for an answer that was just judged.

    Args:
        result: what was found.
        source: the code that was judged.
        memory: what was hinted before; the hint that is given now is added to it.
        problems: what else was found; that of the same submission is told.
    """
    verdict = result.verdict
    exercise = verdict.exercise
    if verdict.status is Status.PASSED:
        known = [*verdict.diagnosis.remarks, exercise.worth_knowing]
        worth = tuple(f"worth knowing: {remark}" for remark in known if remark)
        return Hint(f"{exercise.title}: right", (verdict.message, *worth))
    trouble = verdict.diagnosis.misconception or verdict.diagnosis.label
    where = str(Path(result.submission).resolve())
    step = memory.climb(where, exercise.name, trouble, answer_digest(source, exercise.name))
    ladder = _ladder(result)
    lines = [verdict.message]
    lines += [f"note: {p.message}" for p in problems if p.submission == result.submission]
    lines.append(f"to think about: {ladder[min(step.number, len(ladder) - 1)]}")
    if not step.changed:
        lines.append("This is the answer that you asked about last time: change it, save it, then ask again.")
    return Hint(f"{exercise.title}: {verdict.diagnosis.label}", tuple(lines))


def print_hint(hint: Hint, console: Console) -> None:
    """Write a hint in a terminal."""
    console.print(f"\n[bold]{escape(printable(hint.heading))}[/]")
    for line in hint.lines:
        for part in textwrap.wrap(printable(line), _WIDTH):
            console.print(f"  {escape(part)}")


def answer_digest(source: AnswerSource, name: str) -> str:
    """A digest of a function and of what it uses; comments, layout and other exercises do not count."""
    defined: dict[str, ast.AST] = {}
    for node in _statements(source.text):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign):
            defined.update((t.id, node) for t in node.targets if isinstance(t, ast.Name))
    used: dict[str, str] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in defined and current not in used:
            used[current] = ast.dump(defined[current])
            waiting += [n.id for n in ast.walk(defined[current]) if isinstance(n, ast.Name)]
    text = "\n".join(used[key] for key in sorted(used)) or source.text
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


class Memory:
    """Which hint each answer was given last, in one small file; a file that is lost or damaged is empty."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or user_state_path("gradecheck", appauthor=False) / "hints.json"

    def climb(self, where: str, exercise: str, trouble: str, digest: str) -> _Step:
        """The step of this answer: one more than last time when it was changed and has the same trouble.

        Args:
            where: the resolved path of the file.
            exercise: the name of the exercise.
            trouble: the recognised mistake, or a word for what is wrong.
            digest: of the answer.
        """
        given = self._read()
        key = hashlib.sha256("\0".join((where, exercise, trouble)).encode("utf-8", "replace")).hexdigest()
        last = given.pop(key, None)
        if last is None:
            step = _Step(0, changed=True)
        elif last["digest"] == digest:
            step = _Step(last["step"], changed=False)
        else:
            step = _Step(min(last["step"] + 1, _HIGHEST_STEP), changed=True)
        given[key] = {"digest": digest, "step": step.number}  # the latest stands last
        self._write(dict(list(given.items())[-_REMEMBERED:]))
        return step

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            if self._file.stat().st_size > _LARGEST_FILE:
                return {}
            given = json.loads(self._file.read_text(encoding="utf-8"))["given"]
            return {key: entry for key, entry in given.items() if _is_entry(entry)}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}

    def _write(self, given: dict[str, dict[str, Any]]) -> None:
        """Write in one step, so that a reader sees the old file or the new one; on a full disk do nothing."""
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._file.parent, prefix=".hints-")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump({"version": 1, "given": given}, file, indent=1)
                Path(name).replace(self._file)
            except OSError:
                Path(name).unlink(missing_ok=True)


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("digest"), str):
        return False
    step = entry.get("step")
    return type(step) is int and 0 <= step <= _HIGHEST_STEP


def _statements(text: str) -> list[ast.stmt]:
    try:
        return parse_quietly(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _ladder(result: Result) -> tuple[str, ...]:
    """All hints for a result, the gentlest first: those of a known mistake, then what always helps."""
    diagnosis = result.verdict.diagnosis
    own = (diagnosis.hint, diagnosis.stronger_hint, _BY_LABEL.get(diagnosis.label, ""))
    return (*filter(None, own), *_strategy(result.verdict.exercise))


def _strategy(exercise: Exercise) -> tuple[str, ...]:
    """What helps with any gradient: shapes, one element by hand, a nudge."""
    shapes = {name: np.shape(exercise.printed[name]) for name in exercise.arguments}
    first, upstream = exercise.differentiates[0], exercise.upstream
    given = ", ".join(f"{name} has shape {shape}" for name, shape in shapes.items())
    wanted = " and ".join(f"d{name} that of {name}" for name in exercise.differentiates)
    one_hot = np.zeros(shapes[upstream], dtype=int)
    one_hot.flat[-1] = 1
    start = f"{first}{[0] * len(shapes[first]) or ''}"
    return (
        f"Shapes first. In the printed example {given}; {wanted}. "
        "Write its shape beside each of your lines: which line is the first that cannot be?",
        f"One element by hand. Take the printed example with {upstream} = {one_hot.tolist()}: now a single "
        f"element of z counts. Which entries of {first} does it depend on, and how strongly? "
        f"Compare with what {exercise.name} returns.",
        f"Measure it. With {upstream} fixed, compute sum({upstream} * z), raise {start} by 0.001, compute "
        f"it again, and divide the difference by 0.001. That is d{start}. "
        "How far off is yours: by a factor, a sign, or the place?",
    )
