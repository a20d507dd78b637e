"""Students' Python as syntax trees: a cell of ordinary length is parsed once, whoever asks how often."""

import ast
import warnings

from gradecheck.diagnose.remember import remembered

#: Raised by what is not Python, the last two by what is nested too deeply to be an answer.
NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
#: In characters. The course's own notebooks have 20,000; of a million the tree takes 600 MB.
LONGEST_CODE = 200_000


def parse_quietly(text: str) -> ast.Module:
    r"""The syntax tree, without the warning that a docstring with "\sigma" in it would put on stderr.

    Raises:
        NO_PYTHON: it is none.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


@remembered
def tree_of(text: str) -> ast.Module | None:
    """The syntax tree, which nobody may change as others read it, too; None for what is none or too long."""
    try:
        return parse_quietly(text) if len(text) <= LONGEST_CODE else None
    except NO_PYTHON:
        return None
