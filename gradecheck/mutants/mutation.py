"""Small changes of a function's source, one at a time: what somebody might have written by mistake."""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

#: What an operator is taken for.
_OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
}
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.Lt, ast.GtE),
    ast.GtE: (ast.LtE, ast.Gt),
    ast.Lt: (ast.Gt, ast.LtE),
    ast.LtE: (ast.GtE, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
#: Functions and methods that are taken for each other.
_FUNCTIONS = {
    "reduce_sum": ("reduce_mean", "reduce_max"),
    "reduce_mean": ("reduce_sum",),
    "sum": ("mean", "max"),
    "mean": ("sum",),
    "softmax": ("sigmoid",),
    "sigmoid": ("tanh",),
    "tanh": ("sigmoid",),
    "zeros_like": ("ones_like",),
    "zeros": ("ones",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "exp": ("expm1",),
    "log": ("log1p",),
}
_AXES = (None, 0, 1, -1)


@dataclass(frozen=True)
class Mutant:
    """A function with one small change.

    Attributes:
        source: of the whole function.
        before: the line that was changed, as it was.
        after: the same line now.
    """

    source: str
    before: str
    after: str


def mutants_of(source: str, name: str) -> Iterator[Mutant]:
    """Every small change of one function or class, each once.

    Args:
        source: Python that defines it; everything else in it is kept.
        name: its name; where the source does not define it, there are no mutants.
    """
    tree = ast.parse(source)
    seen = {ast.unparse(tree)}
    for function in _functions(tree, name):
        parameters = tuple(argument.arg for argument in function.args.args)
        for statement, node in _nodes(function):
            for other in _changes(node, parameters):
                # A copy in which the other node stands in the place of this one.
                changed = ast.unparse(ast.fix_missing_locations(copy.deepcopy(tree, {id(node): other})))
                if changed not in seen:
                    seen.add(changed)
                    new = copy.deepcopy(statement, {id(node): other})
                    yield Mutant(changed, *_line(statement, ast.fix_missing_locations(new)))


def _functions(tree: ast.Module, name: str) -> list[ast.FunctionDef]:
    """The function of that name, or the methods of the class; the last definition counts."""
    found: list[ast.FunctionDef] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            found = [node]
        elif isinstance(node, ast.ClassDef) and node.name == name:
            found = [method for method in node.body if isinstance(method, ast.FunctionDef)]
    return found


def _nodes(function: ast.FunctionDef) -> Iterator[tuple[ast.stmt, ast.AST]]:
    """Every node of a function's body, with the innermost statement that it is in; no docstrings."""

    def inside(statement: ast.stmt, node: ast.AST) -> Iterator[tuple[ast.stmt, ast.AST]]:
        yield statement, node
        for child in ast.iter_child_nodes(node):
            if not _is_docstring(child) and not isinstance(child, ast.arguments):
                yield from inside(child if isinstance(child, ast.stmt) else statement, child)

    for statement in function.body:
        if not _is_docstring(statement):
            yield from inside(statement, statement)


def _is_docstring(node: ast.AST) -> bool:
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
        return False
    return isinstance(node.value.value, str)


def _line(old: ast.AST, new: ast.AST) -> tuple[str, str]:
    """The first line that differs."""
    before, after = ast.unparse(old).splitlines(), ast.unparse(new).splitlines()
    pairs = list(zip(before, after, strict=False))
    first = next((pair for pair in pairs if pair[0] != pair[1]), (before[-1], after[-1]))
    return first[0].strip(), first[1].strip()


def _changes(node: ast.AST, parameters: tuple[str, ...]) -> Iterator[ast.AST]:
    """What could stand in the place of a node."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()) if name in parameters:
            yield from (ast.Name(other, ast.Load()) for other in parameters if other != name)
        case _:
            rule = _RULES.get(type(node))
            if rule is not None:
                yield from rule(node)


def _binary(node: ast.BinOp) -> Iterator[ast.AST]:
    yield from (ast.BinOp(node.left, other(), node.right) for other in _OPERATORS.get(type(node.op), ()))
    yield from (node.left, node.right)
    if not isinstance(node.op, ast.Add | ast.Mult):
        yield ast.BinOp(node.right, node.op, node.left)


def _unary(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


def _comparison(node: ast.Compare) -> Iterator[ast.AST]:
    if len(node.ops) == 1:
        for other in _COMPARISONS.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [other()], node.comparators)


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    match node.value:
        case bool(value):
            yield ast.Constant(not value)
        case int(value) | float(value):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))


def _call(node: ast.Call) -> Iterator[ast.AST]:
    if len(node.args) == 1:
        yield node.args[0]
    if len(node.args) > 1:
        yield ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)
    for at in range(len(node.keywords)):
        yield ast.Call(node.func, node.args, [k for i, k in enumerate(node.keywords) if i != at])


def _attribute(node: ast.Attribute) -> Iterator[ast.AST]:
    if node.attr == "T":
        yield node.value
    for other in _FUNCTIONS.get(node.attr, ()):
        yield ast.Attribute(node.value, other, node.ctx)


def _keyword(node: ast.keyword) -> Iterator[ast.AST]:
    if node.arg == "axis":
        yield from (ast.keyword(node.arg, ast.Constant(axis)) for axis in _AXES)


def _return(node: ast.Return) -> Iterator[ast.AST]:
    match node.value:
        case ast.Tuple(elts=values):
            yield ast.Return(ast.Tuple(values[::-1], ast.Load()))
            for at, value in enumerate(values):
                negated = [*values[:at], ast.UnaryOp(ast.USub(), value), *values[at + 1 :]]
                yield ast.Return(ast.Tuple(negated, ast.Load()))
        case ast.expr() as value:
            yield ast.Return(ast.UnaryOp(ast.USub(), value))


def _augmented(node: ast.AugAssign) -> Iterator[ast.AST]:
    yield ast.Assign([node.target], node.value)
    for other in _OPERATORS.get(type(node.op), ()):
        yield ast.AugAssign(node.target, other(), node.value)


def _condition(node: ast.IfExp) -> Iterator[ast.AST]:
    yield from (node.body, node.orelse)


def _either(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    yield from node.values


def _if(node: ast.If) -> Iterator[ast.AST]:
    yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)


_RULES: dict[type[ast.AST], Callable[..., Iterator[ast.AST]]] = {
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _comparison,
    ast.Constant: _constant,
    ast.Call: _call,
    ast.Attribute: _attribute,
    ast.keyword: _keyword,
    ast.Return: _return,
    ast.AugAssign: _augmented,
    ast.IfExp: _condition,
    ast.BoolOp: _either,
    ast.If: _if,
}
