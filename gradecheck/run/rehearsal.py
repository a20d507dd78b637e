"""Cells that the template runs before it forks: IPython imports and compiles much at its first cell."""

import linecache
import sys
from typing import Any

from gradecheck.run.cells import Cell
from gradecheck.run.shell import WorkerShell
from gradecheck.run.streams import Output

_CELLS = (
    'def f(x):\n    """Text."""\n    return x\n\n\nprint(f(1.5), "100 %")\nf(2)',
    "raise NotImplementedError",
)


def rehearse(shell: WorkerShell) -> None:
    """Run cells of ours, and leave of them only what Python imported and compiled; no TensorFlow runs."""
    namespace, count, streams = dict(shell.user_ns), shell.execution_count, (sys.stdout, sys.stderr)
    output = Output(0)
    shell.attend(output)
    output.begin(None)
    try:
        for number, source in enumerate(_CELLS, 1):
            shell.run(Cell(number, source))
    finally:
        sys.stdout, sys.stderr = streams
        untyped: Any = shell
        untyped.displayhook.flush()
        for file in untyped.compile._filename_map:
            linecache.cache.pop(file)
        untyped.compile._filename_map.clear()
        shell.user_ns.clear()
        shell.user_ns.update(namespace)
        shell.execution_count = count
        shell.last_execution_result, shell.last_execution_succeeded = None, True
