"""Does an answer nudge its inputs and measure? Finite differences leave a trace in the syntax tree."""

import ast
from collections.abc import Iterable


def looks_like_finite_differences(nodes: Iterable[ast.AST]) -> bool:
    """Whether the code adds a step somewhere and divides by that step.

    Two forms are known: something plus and minus the same step, as in (f(x + h) - f(x - h)) / (2 * h) or
    x[i] += h … x[i] -= 2 * h; and the difference of two calls of one function, as in (f(x + h) - f(x)) / h.
    A step is a name or a number, and it must stand in a denominator too.
    """
    parts = [part for node in nodes for part in ast.walk(node)]
    added = {_text(step) for step in _steps(parts, ast.Add)}
    taken = {_text(step) for step in _steps(parts, ast.Sub)}
    quotients = [p for p in parts if isinstance(p, ast.BinOp) and isinstance(p.op, ast.Div)]
    for quotient in quotients:
        divided_by = {_text(part) for part in ast.walk(quotient.right)}
        if divided_by & added & taken:
            return True
        if divided_by & added and _is_difference_of_calls(quotient.left):
            return True
    return False


def _steps(parts: list[ast.AST], sign: type[ast.operator]) -> Iterable[ast.expr]:
    """What is added to, or taken from, something: the name or number of it, a factor in front left out."""
    for part in parts:
        if isinstance(part, ast.BinOp | ast.AugAssign) and isinstance(part.op, sign):
            amount = part.right if isinstance(part, ast.BinOp) else part.value
            factors = [amount.left, amount.right] if isinstance(amount, ast.BinOp) else [amount]
            yield from (f for f in factors if isinstance(f, ast.Name | ast.Constant) and not _is_whole(f))


def _is_whole(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (not isinstance(node.value, float) or node.value.is_integer())


def _is_difference_of_calls(node: ast.expr) -> bool:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Sub):
        return False
    left, right = node.left, node.right
    return (
        isinstance(left, ast.Call) and isinstance(right, ast.Call) and _text(left.func) == _text(right.func)
    )


def _text(node: ast.AST) -> str:
    return ast.dump(node, annotate_fields=False)
