"""Cells that the template runs before it forks: IPython imports and compiles much at its first cell."""

import linecache
import sys
from typing import Any

from gradecheck.run.cells import Cell
from gradecheck.run.shell import WorkerShell, file_of
from gradecheck.run.streams import Output

_FIRST = 10**6  # a cell number that no notebook has
_CELLS = (
    'def f(x):\n    """Text."""\n    return x\n\n\nprint(f(1.5), "100 %")\nf(2)',
    "raise NotImplementedError",
)


def rehearse(shell: WorkerShell) -> None:
    """Run cells of ours, and leave of them only what Python imported and compiled; no TensorFlow runs."""
    spaces = shell.user_ns, shell.user_ns_hidden
    before = [dict(space) for space in spaces]
    count, streams = shell.execution_count, (sys.stdout, sys.stderr)
    output = Output(0)
    shell.attend(output)
    output.begin(None)
    try:
        for number, source in enumerate(_CELLS, _FIRST):
            shell.run(Cell(number, source))
    finally:
        sys.stdout, sys.stderr = streams
        untyped: Any = shell
        untyped.displayhook.flush()
        untyped.history_manager.output_hist_reprs.clear()
        for space, kept in zip(spaces, before, strict=True):
            space.clear()
            space.update(kept)
        shell.execution_count = count
        shell.last_execution_result, shell.last_execution_succeeded = None, True
        for number in range(_FIRST, _FIRST + len(_CELLS)):
            linecache.cache.pop(file_of(number), None)
