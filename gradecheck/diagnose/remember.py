"""Remembering what a text says: most cells of a class are the instructor's, the same in every notebook."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

_Found = TypeVar("_Found")

#: In characters. A syntax tree takes up to 600 bytes for each, so nothing is kept of longer texts.
_LONGEST = 5_000
#: More than a notebook has cells.
_MOST = 256


def remembered(function: Callable[[str], _Found]) -> Callable[[str], _Found]:
    """A function of a text that looks at the latest short ones once."""
    known = lru_cache(maxsize=_MOST)(function)

    @wraps(function)
    def look(text: str) -> _Found:
        return known(text) if len(text) <= _LONGEST else function(text)

    return look
