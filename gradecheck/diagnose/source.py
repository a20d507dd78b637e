"""What the text of an answer shows without running it: is it a stub, does it reach for autodiff?

Only the syntax tree is read; nothing of the student's is imported or run.
"""

import ast
import re
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Self

from gradecheck.diagnose.disguise import (
    attribute_of,
    imported_by_call,
    reaches_for_its_caller,
    reaches_for_machinery,
)
from gradecheck.diagnose.nudging import looks_like_finite_differences
from gradecheck.diagnose.parsing import NO_PYTHON, tree_of
from gradecheck.diagnose.remember import remembered_with_tree

_FORBIDDEN_NAMES = {
    "GradientTape": "tf.GradientTape",
    "ForwardAccumulator": "a forward accumulator",
    "gradients": "tf.gradients",
    "hessians": "tf.hessians",
    "compute_gradient": "tf.test.compute_gradient",
    "_gradient_registry": "TensorFlow's registry of gradients",
    "get_gradient_function": "TensorFlow's registry of gradients",
}
_GRADIENT_KERNEL = re.compile(r"\w+Grad(V2|Ext)?$|\w*Backprop\w*$|\w+_backprop\w*$|\w+_grad$")
_GRAPH = re.compile(r"gradecheck\.graph\b")
_LIBRARIES = {"tensorflow": "tf", "keras": "keras", "gradecheck": "gradecheck"}
_OTHER_AUTODIFF = ("jax", "torch", "autograd", "tinygrad", "mlx")


@dataclass(frozen=True)
class AnswerSource:
    """The student's code: the cells of a notebook, or a file.

    Attributes:
        cells: Python source; cell magics and shell lines already taken out. What does not parse is no part
            of what is read.
    """

    cells: tuple[str, ...]

    @classmethod
    def of(cls, *cells: str) -> Self:
        """The source of some cells, or of one file."""
        return cls(cells)

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.cells)

    @cached_property
    def _trees(self) -> tuple[ast.Module, ...]:
        return tuple(filter(None, map(tree_of, self.cells)))

    @cached_property
    def _functions(self) -> dict[str, ast.AST]:
        """What each top-level name of a function or of a simple assignment stands for; the last one wins."""
        return {name: node for tree in self._trees for name, node in _definitions(tree).items()}

    @cached_property
    def _aliases(self) -> dict[str, str]:
        return _library_aliases(self._trees)

    def defines(self, name: str) -> bool:
        """Whether a function, or anything else, is bound to `name` at the top level."""
        return name in self._functions

    def is_stub(self, name: str) -> bool:
        """Whether `name`, or a method of it, does nothing: docstring, pass, return, NotImplementedError."""
        node = self._functions.get(name)
        if isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            return any(all(_does_nothing(s) for s in method.body) for method in methods)
        return isinstance(node, ast.FunctionDef) and all(_does_nothing(s) for s in node.body)

    def forbidden_helpers(self, name: str, *, graph: bool = False) -> tuple[str, ...]:
        """The automatic differentiation that `name`, or a function that it uses, reaches for.

        Code of the notebook that the answer does not use, such as a comparison with the tape in a
        scratch cell, does not count.

        Args:
            name: the answer's.
            graph: whether `gradecheck.graph` is part of what answers are made of. What may
                not be called of it is found out when it is called.
        """
        found: dict[str, None] = {}
        for node in self._reachable(name):
            outside = _names_from_outside(node)
            visible = {alias: path for alias, path in self._aliases.items() if alias in outside}
            for part in ast.walk(node):
                found.update(dict.fromkeys(_forbidden(part, visible, graph=graph)))
        return tuple(found)

    def reaches_for_machinery(self) -> bool:
        """Whether it names a part of what calls answers, which no exercise needs."""
        return any(map(reaches_for_machinery, self._trees))

    def nudges_and_measures(self, name: str) -> bool:
        """Whether `name`, or a function that it uses, looks like finite differences."""
        return looks_like_finite_differences(self._reachable(name))

    def _reachable(self, name: str) -> Iterator[ast.AST]:
        """The definition of `name` and of every top-level name that it uses, directly or not."""
        waiting, seen = [name], set()
        while waiting:
            current = waiting.pop()
            if current in seen or current not in self._functions:
                continue
            seen.add(current)
            node = self._functions[current]
            yield node
            waiting += _names_from_outside(node)


@remembered_with_tree
def _definitions(tree: ast.Module) -> dict[str, ast.AST]:
    """As `AnswerSource._functions`, of one cell."""
    found: dict[str, ast.AST] = {}
    for node in _statements(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            for name in _bound(node.targets):
                found[name] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found[node.target.id] = node.value
        elif isinstance(node, ast.ImportFrom):
            found.update((alias.asname or alias.name, node) for alias in node.names)
    return found


@remembered_with_tree
def _names_from_outside(node: ast.AST) -> frozenset[str]:
    """The names that a definition looks up outside of itself, or imports.

    A local variable called like something in a scratch cell has nothing to do with it.
    """
    try:
        waiting = [symtable.symtable(ast.unparse(node), "answer", "exec")]
    except NO_PYTHON:
        return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
    found: set[str] = set()
    while waiting:
        scope = waiting.pop()
        waiting += scope.get_children()
        found.update(s.get_name() for s in scope.get_symbols() if s.is_global() or s.is_imported())
    return frozenset(found)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements that run at the top level, those inside if, try, with and loops included."""
    for node in body:
        yield node
        for field in ("body", "orelse", "finalbody"):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from _statements(getattr(node, field, []))
        for handler in getattr(node, "handlers", []):
            yield from _statements(handler.body)


def _bound(targets: list[ast.expr]) -> Iterator[str]:
    """The names that an assignment binds, as in `a = b, c = …`."""
    for target in targets:
        parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
        yield from (part.id for part in parts if isinstance(part, ast.Name))


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Return):  # `return None` is an answer, and a wrong one
        value = statement.value
        return value is None or (isinstance(value, ast.Constant) and value.value is ...)
    if isinstance(statement, ast.Raise) and statement.exc is not None:
        raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    return False


@remembered_with_tree
def _bindings(tree: ast.Module) -> tuple[tuple[ast.AST, ...], ...]:
    """All imports, and assignments to one name, of a cell: on its top level, one level below, and so on."""
    levels, level = [], list(ast.iter_child_nodes(tree))
    while level:
        levels.append(tuple(node for node in level if _binds(node)))
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return tuple(levels)


def _binds(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        return len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    return isinstance(node, ast.Import | ast.ImportFrom)


def _library_aliases(trees: Iterable[ast.Module]) -> dict[str, str]:
    """Names bound by imports anywhere, with the dotted path they stand for; of two the deeper one counts."""
    aliases = {"tf": "tensorflow"}  # what every notebook calls it, should the import be out of sight
    levels = zip_longest(*map(_bindings, trees), fillvalue=())
    nodes = [node for level in levels for nodes in level for node in nodes]
    for node in nodes:
        if isinstance(node, ast.Import):
            for name in node.names:
                path = name.name if name.asname else name.name.split(".")[0]
                aliases[name.asname or path] = path
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                aliases[name.asname or name.name] = f"{node.module}.{name.name}"
    for node in nodes:  # `Tape = tf.GradientTape`
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            stands_for = _dotted(node.value, aliases)
            if stands_for and stands_for.split(".")[0] in _LIBRARIES:
                aliases.setdefault(node.targets[0].id, stands_for)
    return aliases


def _dotted(node: ast.AST, aliases: dict[str, str]) -> str | None:
    """`tf.nn.conv2d` as "tensorflow.nn.conv2d", or None where the name is not an import's."""
    if isinstance(node, ast.Name):
        return aliases.get(node.id)
    named = attribute_of(node)
    if named is None:
        return imported_by_call(node)
    base = _dotted(named[0], aliases)
    return f"{base}.{named[1]}" if base else None


def _forbidden(node: ast.AST, aliases: dict[str, str], *, graph: bool) -> Iterator[str]:
    if reaches_for_its_caller(node):
        yield "what stands in its caller's memory"
    if isinstance(node, ast.Import | ast.ImportFrom):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]
        paths: list[str | None] = list(modules)
        if isinstance(node, ast.ImportFrom):
            paths += [f"{node.module}.{n.name}" for n in node.names]
    elif isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
        paths = [_dotted(node, aliases)]
    else:
        return
    for path in filter(None, paths):
        if graph and (path == "gradecheck" or _GRAPH.match(path)):
            continue
        named = _name_forbidden(path)
        if named:
            yield named


def _name_forbidden(path: str) -> str | None:
    root, _, rest = path.partition(".")
    last = path.rpartition(".")[2]
    if root == "gradecheck":
        return "gradecheck itself"
    if root in _OTHER_AUTODIFF:
        return root
    if root not in _LIBRARIES or not rest:
        return None
    if last in _FORBIDDEN_NAMES:
        return _FORBIDDEN_NAMES[last]
    if _GRADIENT_KERNEL.fullmatch(last):
        return f"TensorFlow's own gradient kernel {last}"
    return None
