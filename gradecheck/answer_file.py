"""Reading a course's file of answers: many ways to answer an exercise, each named after what it is worth.

The file stands beside the instructor's notebook and is never handed out. It is read, not imported: each
answer is a text that goes into a notebook cell.
"""

import ast
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gradecheck.catalogue import find_exercise
from gradecheck.errors import AuthorError
from gradecheck.exercise import Exercise

#: The name of the file in an assignment's folder.
FILE_NAME = "answers.py"
#: A definition at the margin, with its name in a group: up to the next one.
_PIECE = re.compile(r"(?m)^(?:@.*\n)*(?:def|class) (\w+)(?s:.*?)(?=^(?:@|def |class )|\Z)")


class AnswerKind(StrEnum):
    """What an answer is worth."""

    RIGHT = "right"  #: everything
    EXTREME = "extreme"  #: 0.8: not robust, or changes its arguments
    PARTIAL = "partial"  #: some of several outputs are right: their share
    WRONG = "wrong"  #: nothing
    POLICY = "policy"  #: nothing, because something else differentiates


@dataclass(frozen=True)
class Answer:
    """One way to answer an exercise.

    Attributes:
        name: as in the file, such as "sigmoid__wrong_sign_flipped__from_exponent".
        exercise: which one it answers.
        kind: what it is worth.
        label: the style or the mistake in kebab case, such as "sign-flipped".
        source: a definition under the name that the exercise asks for.
    """

    name: str
    exercise: Exercise
    kind: AnswerKind
    label: str
    source: str


def read_answers(path: Path, exercise: Exercise | None = None) -> dict[str, Answer]:
    """The answers of a file by name, in its order.

    Args:
        path: the file.
        exercise: read the answers to this one alone, in a tenth of the time.

    Raises:
        AuthorError: it cannot be read, or a definition in it is not named after what it is worth.
    """
    try:
        text = path.read_text(encoding="utf-8")
        text = text if exercise is None else _pieces_of(text, exercise)
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError) as error:
        raise AuthorError(f"the file of answers cannot be read: {path}: {error}") from error
    lines = text.splitlines()
    answers: dict[str, Answer] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            if node.name in answers:
                raise AuthorError(f"{path}, line {node.lineno}: there are two answers called {node.name}")
            answers[node.name] = _answer(node, lines, path)
    return answers


def _pieces_of(text: str, exercise: Exercise) -> str:
    """The definitions that are named after an exercise."""
    names = (f"{exercise.title}__", f"{exercise.name}__")
    return "".join(piece[0] for piece in _PIECE.finditer(text) if piece[1].startswith(names))


def _answer(node: ast.FunctionDef | ast.ClassDef, lines: list[str], path: Path) -> Answer:
    parts = node.name.split("__")
    kind, _, label = parts[1].partition("_") if len(parts) in (2, 3) else ("", "", "")
    if kind not in list(AnswerKind) or not label:
        raise AuthorError(
            f"{path}, line {node.lineno}: {node.name} does not say what it is worth; "
            f"call it EXERCISE__right_STYLE, EXERCISE__extreme_MISTAKE, "
            f"EXERCISE__partial_MISTAKE, EXERCISE__wrong_MISTAKE or EXERCISE__policy_WAY"
        )
    exercise = find_exercise(parts[0])
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    word = "class" if isinstance(node, ast.ClassDef) else "def"
    source = "\n".join(lines[first - 1 : node.end_lineno])
    source = source.replace(f"{word} {node.name}", f"{word} {exercise.name}", 1)
    return Answer(node.name, exercise, AnswerKind(kind), label.replace("_", "-"), source)
