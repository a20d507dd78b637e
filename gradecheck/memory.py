"""Which hint each answer was given last; one record for the terminal and for notebooks."""

import ast
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from gradecheck.diagnose.parsing import NO_PYTHON, parse_quietly
from gradecheck.diagnose.source import AnswerSource

#: The answers that are remembered; older ones begin with their first hint again.
_REMEMBERED = 500
_LARGEST_FILE = 2**20
_HIGHEST_STEP = 99

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef


@dataclass(frozen=True)
class Step:
    """How far up an answer has come: 0 is the first hint. `changed` tells it from the same answer again."""

    number: int
    changed: bool


class Memory:
    """Which hint each answer was given last, in one small file; a file that is lost or damaged is empty."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or user_state_path("gradecheck", appauthor=False) / "hints.json"

    def climb(self, where: str, exercise: str, trouble: str, digest: str) -> Step:
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
            step = Step(0, changed=True)
        elif last["digest"] == digest:
            step = Step(last["step"], changed=False)
        else:
            step = Step(min(last["step"] + 1, _HIGHEST_STEP), changed=True)
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


def answer_digest(source: AnswerSource, name: str) -> str:
    """A digest of a function and of what it uses; comments, layout and other exercises do not count."""
    defined: dict[str, ast.stmt] = {}
    for node in _statements(source.text):
        if isinstance(node, _Definition):
            defined[node.name] = node
        elif isinstance(node, ast.Assign):
            defined.update((t.id, node) for t in node.targets if isinstance(t, ast.Name))
    used: dict[str, str] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in defined and current not in used:
            used[current] = ast.dump(_without_docstring(defined[current]))
            waiting += _from_outside(defined[current])
    text = "\n".join(used[key] for key in sorted(used)) or source.text
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _from_outside(node: ast.stmt) -> Iterator[str]:
    """The names that a statement reads; in a function, without its arguments and what it assigns itself."""
    own: set[str] = set()
    if isinstance(node, _Function):
        own = {inner.arg for inner in ast.walk(node.args) if isinstance(inner, ast.arg)}
        own |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id not in own:
            yield inner.id


def _without_docstring(node: ast.stmt) -> ast.stmt:
    if isinstance(node, _Definition) and ast.get_docstring(node) is not None:
        node.body = node.body[1:]
    return node


def _statements(text: str) -> list[ast.stmt]:
    try:
        return parse_quietly(text).body
    except NO_PYTHON:
        return []
