"""From a cell as it is typed in a notebook to Python: IPython's own way, where a cell needs it."""

import ast
import re
import warnings
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

#: `%magic`, `!command` and `name?` may stand anywhere, what calls a function by itself begins a line.
_SIGN_OF_MAGIC = re.compile(r"[%!?]|^[^\S\n]*[,;/]", re.MULTILINE)
#: What IPython tidies before: an empty or indented beginning, lines of blanks alone, prompts.
_SIGN_OF_MESS = re.compile(r"\A\s|^[^\S\n]+$|>>>|\.\.\.|In \[", re.MULTILINE)


class Transformers(TransformerManager):
    """Tidies a cell and looks for magics only where it has a sign of such things: that costs 0.6 ms."""

    def __init__(self) -> None:
        usual: Any = super()
        usual.__init__()
        self._usual = self._steps()

    def transform_cell(self, cell: str) -> str:
        """A cell as Python; one that has nothing of IPython's stays as it is."""
        if not (_SIGN_OF_MESS.search(cell) or _SIGN_OF_MAGIC.search(cell)) and self._steps() == self._usual:
            return cell if cell.endswith("\n") else cell + "\n"
        usual: Any = super()
        transformed: str = usual.transform_cell(cell)
        return transformed

    def do_token_transforms(self, lines: list[str]) -> list[str]:
        """The lines of a cell, with `%magic`, `!command` and `name?` as calls."""
        source = "".join(lines)
        plain = _SIGN_OF_MAGIC.search(source) is None or _is_python(source)
        if plain and self._steps() == self._usual:
            return lines
        usual: Any = super()
        transformed: list[str] = usual.do_token_transforms(lines)
        return transformed

    def _steps(self) -> tuple[Any, ...]:
        return (*self.cleanup_transforms, *self.line_transforms, *self.token_transformers)


def _is_python(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they come when the cell is compiled
        try:
            ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True
