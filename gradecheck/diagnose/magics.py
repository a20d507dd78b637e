"""A cell as the Python that IPython makes of it, as far as that has to be read."""

import re
from collections.abc import Iterator

_PROMPT = re.compile(r"\s*(?:>>> ?|\.{3,}:? ?|In \[\d+\]: ?)")
#: `%magic` and `!command`, also where a name is bound to what they return.
_MAGIC = re.compile(r"(\s*(?:[^=!%#]+=\s*)?)[%!]+(.*)")
_RUNS_PYTHON = re.compile(r"(?:time|timeit|prun)\b(?:\s+-\w+)*\s+(.+)")
_HELP = re.compile(r"(\s*)(?:[?,;/].*|[\w*.\[\]-]+\?{1,2}\s*$)")


def as_python(cell: str) -> str:
    """A cell that is no Python, as what runs of it; a 0 stands for what holds no answer. Never longer."""
    cell = cell.lstrip("\r\n")
    indent = re.match(r"[ \t]*", cell)
    return "\n".join(_mended(cell.splitlines(), indent.group() if indent else ""))


def _mended(lines: list[str], indent: str) -> Iterator[str]:
    goes_on = False  # with the line before, which is gone
    for line in lines:
        if not goes_on:
            line = _PROMPT.sub("", line.removeprefix(indent), count=1)
            magic, help_on = _MAGIC.match(line), _HELP.match(line)
            runs = _RUNS_PYTHON.match(magic[2]) if magic else None
            if magic:
                yield magic[1] + (runs[1] if runs else "0")
            else:
                yield f"{help_on[1]}0" if help_on else line
            goes_on = bool(magic) and not runs
        goes_on = goes_on and line.endswith("\\")
