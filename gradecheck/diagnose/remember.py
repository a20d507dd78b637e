"""Remembering what a text says: most cells of a class are the instructor's, the same in every notebook."""

import ast
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

_Found = TypeVar("_Found")
_Node = TypeVar("_Node", bound=ast.AST)

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


def remembered_with_tree(function: Callable[[_Node], _Found]) -> Callable[[_Node], _Found]:
    """A function of a syntax tree, or of a part, that looks once at each that lives; nobody may change those.

    What it finds may hold what stands below the node, never the node itself, which would live on then.
    """
    known: WeakKeyDictionary[_Node, _Found] = WeakKeyDictionary()

    @wraps(function)
    def look(node: _Node) -> _Found:
        if node not in known:
            known[node] = function(node)
        return known[node]

    return look
