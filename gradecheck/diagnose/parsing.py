"""Students' Python as syntax trees: each cell is parsed once, whoever asks how often."""

import ast
import warnings
from functools import lru_cache

#: Raised by what is not Python, the last two by what is nested too deeply to be an answer.
NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


def parse_quietly(text: str) -> ast.Module:
    r"""The syntax tree, without the warning that a docstring with "\sigma" in it would put on stderr.

    Raises:
        NO_PYTHON: it is none.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


@lru_cache(maxsize=256)  # the cells of a notebook; most of those of a class are the instructor's
def tree_of(text: str) -> ast.Module | None:
    """The syntax tree, which nobody may change as others read it, too; None for what is not Python."""
    try:
        return parse_quietly(text)
    except NO_PYTHON:
        return None
