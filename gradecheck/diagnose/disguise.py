"""Names that are spelled in a roundabout way, and code that reaches for whoever calls or checks it.

`getattr(tf, "Gradient" + "Tape")` is `tf.GradientTape`. What is put together while the code runs cannot be
read; calls are watched for that.
"""

import ast
import re
from collections.abc import Iterator

#: What the process that calls answers is made of: names of two parts, which nobody writes by chance.
_MACHINERY = re.compile(
    r"\bgradecheck\.(run|drive)\b|\bpywrap_tfe\b|^\.?run\.(watch|worker|invoke|wire|replies)$"
)
_CALLERS = frozenset(
    {
        *("_getframe", "_current_frames", "currentframe", "f_back", "f_locals", "f_globals"),
        *("get_objects", "get_referrers", "get_referents"),
    }
)
_IMPORTS = ("import_module", "__import__")


def folded(node: ast.AST) -> str | None:
    """The text that an expression of constants stands for, None where it is no such expression."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Subscript) and ast.unparse(node.slice) == "::-1":
        mirrored = folded(node.value)
        return None if mirrored is None else mirrored[::-1]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts: list[ast.expr] = [node.left, node.right]
    elif isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
    elif isinstance(node, ast.Call):
        parts = _joined(node)
    else:
        parts = []
    if not parts:
        return None
    texts = [folded(part) for part in parts]
    return None if None in texts else "".join(text for text in texts if text is not None)


def _joined(node: ast.Call) -> list[ast.expr]:
    """The items of `"".join([…])`."""
    plain = (
        isinstance(node.func, ast.Attribute) and node.func.attr == "join" and folded(node.func.value) == ""
    )
    items = node.args[0] if plain and len(node.args) == 1 else None
    return items.elts if isinstance(items, ast.Tuple | ast.List) else []


def attribute_of(node: ast.AST) -> tuple[ast.expr, str] | None:
    """The object and the name of an attribute, as in `a.b`, `getattr(a, "b")`, `vars(a)["b"]`."""
    if isinstance(node, ast.Attribute):
        return node.value, node.attr
    if isinstance(node, ast.Call) and _calls(node, ("getattr",)) and len(node.args) >= 2:
        name = folded(node.args[1])
        return None if name is None else (node.args[0], name)
    if isinstance(node, ast.Subscript):
        name, holder = folded(node.slice), node.value
        if name is not None and isinstance(holder, ast.Attribute) and holder.attr == "__dict__":
            return holder.value, name
        if name is not None and isinstance(holder, ast.Call) and _calls(holder, ("vars",)) and holder.args:
            return holder.args[0], name
    return None


def imported_by_call(node: ast.AST) -> str | None:
    """The module that `importlib.import_module("…")` or `__import__("…")` gives."""
    return (
        folded(node.args[0]) if isinstance(node, ast.Call) and _calls(node, _IMPORTS) and node.args else None
    )


def reaches_for_its_caller(node: ast.AST) -> bool:
    """Whether a piece of code looks at the frames or the objects of whoever calls it."""
    named = attribute_of(node)
    if named is not None:
        return named[1] in _CALLERS
    return isinstance(node, ast.ImportFrom) and any(name.name in _CALLERS for name in node.names)


def reaches_for_machinery(tree: ast.AST) -> bool:
    """Whether code names a part of what calls answers and watches the calls."""
    return any(_MACHINERY.search(name) for node in ast.walk(tree) for name in _names_in(node))


def _names_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{name.name}" for name in node.names)
    elif isinstance(node, ast.Attribute):
        holder = getattr(node.value, "id", getattr(node.value, "attr", ""))
        yield f"{holder}.{node.attr}"
    elif isinstance(node, ast.BinOp | ast.Constant | ast.Call | ast.JoinedStr | ast.Subscript):
        text = folded(node)
        if text is not None and len(text) < 200:  # longer ones are text for people
            yield text


def _calls(node: ast.Call, names: tuple[str, ...]) -> bool:
    return getattr(node.func, "id", getattr(node.func, "attr", None)) in names
