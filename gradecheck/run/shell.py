"""Runs notebook cells as a Jupyter kernel would, without one: IPython's shell with its output redirected.

Built in the template before it forks. No colours and short tracebacks: IPython's own cost 130 to 400 ms
for each cell that fails.
"""

import builtins
import getpass
import logging
import re
import sys
import traceback
import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from gradecheck.run.cells import Cell
from gradecheck.run.frames import describe, message_of
from gradecheck.run.outcome import Frame, Raised
from gradecheck.run.streams import Output

_CELL_NAME = re.compile(r"<ipython-input-cell-(\d+)>\Z")
_NO_ANSWER = "nobody can answer {}() while this file is checked: write the value into the code instead"
_DEEPEST_SHOWN = 20


class _Compiler(CachingCompiler):
    """Names code after the cell it stands in."""

    number: ClassVar[int] = 0

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:  # noqa: ARG002
        """The file name that tracebacks show."""
        return f"<ipython-input-cell-{type(self).number}>"


class _Publisher(DisplayPublisher):
    """Sends what `display` and `clear_output` are given."""

    def publish(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        *_: object,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **_more: object,
    ) -> None:
        """Send one display."""
        content = {"data": data, "metadata": metadata or {}, "transient": transient or {}}
        self.shell.output.send("update_display_data" if update else "display_data", content)

    def clear_output(self, wait: bool = False) -> None:
        """Send a request to clear the cell's output."""
        self.shell.output.send("clear_output", {"wait": bool(wait)})


class _Hook(DisplayHook):
    """Sends the value of a cell's last line."""

    def quiet(self) -> bool:
        """Whether that line ends in a semicolon."""
        hook: Any = self
        return bool(hook.semicolon_at_end_of_expression(hook.shell.source))

    def write_output_prompt(self) -> None:
        """There is none."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Send the value."""
        content = {"execution_count": self.prompt_count, "data": format_dict, "metadata": md_dict or {}}
        shell: Any = self.shell
        shell.output.send("execute_result", content)

    def finish_displayhook(self) -> None:
        """Print no separator."""
        self._is_active = False


class WorkerShell(InteractiveShell):
    """The shell in which a submission's cells run; its namespace holds the student's functions."""

    compiler_class = Type(_Compiler)
    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)
    output: Output
    source = ""

    def init_virtualenv(self) -> None:
        """Leave sys.path alone."""

    def enable_gui(self, gui: object = None) -> None:
        """There is no window system."""

    def showtraceback(
        self,
        exc_tuple: Any = None,
        filename: object = None,  # noqa: ARG002
        tb_offset: object = None,  # noqa: ARG002
        exception_only: bool = False,
        running_compiled_code: bool = False,  # noqa: ARG002
    ) -> None:
        """Send a short traceback of the exception being handled."""
        error = (exc_tuple or sys.exc_info())[1]
        if error is None:
            return
        name = type(error).__name__
        lines = [] if exception_only else self._traceback_lines(error)
        message = message_of(error)
        lines.append(f"{name}: {message}" if message else name)
        self.output.send("error", {"ename": name, "evalue": message, "traceback": lines})

    def showsyntaxerror(self, filename: object = None, running_compiled_code: bool = False) -> None:  # noqa: ARG002
        """As `showtraceback`."""
        self.showtraceback()

    def _traceback_lines(self, error: BaseException) -> list[str]:
        """The steps from the student's first line on, as text."""
        if isinstance(error, SyntaxError) and error.__traceback__ is not None:
            return [f"  Line {error.lineno}: {(error.text or '').strip()}"]
        steps = [(step.f_code, line) for step, line in traceback.walk_tb(error.__traceback__)]
        while steps and not _CELL_NAME.match(steps[0][0].co_filename):
            steps.pop(0)
        lines = []
        for code, line in steps[:_DEEPEST_SHOWN]:
            frame = self.locate(code.co_filename, line)
            if frame is None:
                lines.append(f'  File "{code.co_filename}", line {line}, in {code.co_name}')
            else:
                where = f"Cell {frame.cell}" if frame.cell else "Your file"
                lines += [f"  {where}, line {frame.line}, in {code.co_name}", f"    {frame.code}"]
        return lines

    def prepare(self, output: Output) -> None:
        """Send everything to `output` from now on, also what prints and asks outside of cells."""
        self.output = output
        output.stdout.adopt()
        output.stderr.adopt()
        sys.stdout, sys.stderr = output.stdout, output.stderr
        for handler in logging.getLogger("tensorflow").handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setStream(output.stderr)
        builtins.input = _no_answer("input")
        getpass.getpass = _no_answer("getpass")
        self.sources: dict[int, tuple[int, list[str]]] = {}

    def run(self, cell: Cell) -> Raised | None:
        """Run one cell; what it puts out goes to the output that `prepare` was given."""
        lines = cell.source.splitlines()
        blank = next((i for i, line in enumerate(lines) if line.strip()), 0)
        self.sources[cell.number] = (blank, lines)  # IPython drops the blank lines at the top
        _Compiler.number = cell.number
        self.source = cell.source
        self.execution_count = len(self.sources) + 1  # of a cell that has run already
        untyped: Any = self
        result = untyped.run_cell(cell.source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        return None if error is None else describe(error, self.locate)

    def locate(self, file: str, line: int) -> Frame | None:
        """The student's line that a code object's file name and line mean."""
        named = _CELL_NAME.match(file)
        if named is None or int(named[1]) not in self.sources:
            return None
        number = int(named[1])
        blank, lines = self.sources[number]
        text = lines[line + blank - 1].strip() if line + blank <= len(lines) else ""
        return Frame(number or None, line + blank, text[:500])


def build_shell() -> WorkerShell:
    """A shell without history, colours or configuration files."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shell: WorkerShell = WorkerShell.instance(config=config, colors="nocolor", xmode="Plain")
    return shell


def _no_answer(name: str) -> Any:
    def refuse(*_args: object, **_kwargs: object) -> str:
        raise EOFError(_NO_ANSWER.format(name))

    return refuse
