"""Runs notebook cells as a Jupyter kernel would, without one: IPython's shell with its output redirected.

Built in the template before it forks. No colours and short tracebacks: IPython's own cost 130 to 400 ms
for each cell that fails.
"""

import ast
import builtins
import contextlib
import getpass
import logging
import re
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Instance, Type
from traitlets.config import Config

from gradecheck.run import hooks
from gradecheck.run.cells import Cell
from gradecheck.run.frames import describe, message_of
from gradecheck.run.outcome import Frame, Raised
from gradecheck.run.streams import Output
from gradecheck.run.transformers import Transformers

_CELL_NAME = re.compile(r"<ipython-input-cell-(\d+)>\Z")  # what `file_of` says
_NO_ANSWER = "nobody can answer {}() while this file is checked: write the value into the code instead"
_DEEPEST_SHOWN = 20
_FOLDERS = re.compile(
    r"^.*(site-packages|lib/python3\.\d+)/"
)  # where a library lies says nothing to a student
_TIMED = "<timed exec>"  # IPython's name for the body of a cell that starts with %%time


class _Compiler(CachingCompiler):
    """Names code after the cell it stands in."""

    number: ClassVar[int] = 0

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """The file name that tracebacks show."""
        return file_of(type(self).number)

    def ast_parse(self, source: str, filename: str = "<unknown>", symbol: str = "exec") -> ast.AST:
        """Parse, with Python's own words for what is wrong instead of "incomplete input"."""
        try:
            return super().ast_parse(source, filename, symbol)
        except SyntaxError as error:
            if error.msg != "incomplete input":
                raise
        return ast.parse(source, filename, symbol)


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
    input_transformer_manager = Instance(Transformers, ())
    output: Output
    source = ""

    def init_virtualenv(self) -> None:
        """Leave sys.path alone."""

    def should_run_async(
        self, raw_cell: str, *, transformed_cell: str | None = None, preprocessing_exc_tuple: Any = None
    ) -> bool:
        """Whether a cell awaits something; only one with these words is compiled once more to find out."""
        if transformed_cell is not None and not re.search("await|async", transformed_cell):
            return False
        untyped: Any = super()
        return bool(
            untyped.should_run_async(
                raw_cell, transformed_cell=transformed_cell, preprocessing_exc_tuple=preprocessing_exc_tuple
            )
        )

    def ask_exit(self) -> None:
        """Go on: `exit()` in a notebook ends no cell."""

    def enable_gui(self, gui: object = None) -> None:
        """There is no window system."""

    @contextlib.contextmanager
    def _tee(self, channel: object) -> Iterator[None]:
        """Keep no copy of what a cell prints, which would fill the memory."""
        yield

    def showtraceback(
        self,
        exc_tuple: Any = None,
        filename: object = None,
        tb_offset: object = None,
        exception_only: bool = False,
        running_compiled_code: bool = False,
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

    def showsyntaxerror(self, filename: object = None, running_compiled_code: bool = False) -> None:
        """As `showtraceback`."""
        self.showtraceback()

    def _traceback_lines(self, error: BaseException) -> list[str]:
        """The steps from the student's first line on, as text."""
        wrong = (
            self.locate(error.filename or "", error.lineno or 0) if isinstance(error, SyntaxError) else None
        )
        if wrong is not None:
            return [f"  {_place(wrong)}", f"    {wrong.code}"]
        steps = [
            (step.f_code, line)
            for step, line in traceback.walk_tb(error.__traceback__)
            if step.f_code.co_filename != hooks.__file__
        ]
        while steps and not _CELL_NAME.match(steps[0][0].co_filename):
            steps.pop(0)
        lines = []
        for code, line in steps[:_DEEPEST_SHOWN]:
            frame = self.locate(code.co_filename, line)
            if frame is None:
                file = _FOLDERS.sub("", code.co_filename)
                lines.append(f'  File "{file}", line {line}, in {code.co_name}')
            else:
                lines += [f"  {_place(frame)}, in {code.co_name}", f"    {frame.code}"]
        return lines

    def prepare(self, output: Output) -> None:
        """Send everything to `output` from now on, also what prints and asks outside of cells."""
        self.attend(output)
        output.stdout.adopt()
        output.stderr.adopt()
        for handler in logging.getLogger("tensorflow").handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setStream(output.stderr)
        warnings.filterwarnings("ignore", "To exit: use", UserWarning)
        builtins.input = _no_answer("input")
        getpass.getpass = _no_answer("getpass")

    def attend(self, output: Output) -> None:
        """Send what cells put out to `output` from now on, and forget earlier cells."""
        self.output = output
        self.sources: dict[int, tuple[int, list[str]]] = {}

    def run(self, cell: Cell) -> Raised | None:
        """Run one cell; what it puts out goes to the output that `prepare` was given."""
        lines = cell.source.splitlines()
        self.sources[cell.number] = (_blank_lines(lines), lines)
        _Compiler.number = cell.number
        self.source = cell.source
        self.execution_count = len(self.sources) + 1  # of a cell that has run already
        if cell.file:
            self.user_ns["__file__"] = cell.file
        untyped: Any = self
        try:
            result = untyped.run_cell(cell.source, store_history=False)
        finally:
            untyped.history_manager.outputs.clear()  # what it displayed was sent
        error = result.error_before_exec or result.error_in_exec
        return None if error is None else describe(error, self.locate)

    def locate(self, file: str, line: int) -> Frame | None:
        """The student's line that a code object's file name and line mean."""
        named = _CELL_NAME.match(file)
        number = int(named[1]) if named else self._only_timed_cell() if file == _TIMED else None
        if number is None or number not in self.sources:
            return None
        blank, lines = self.sources[number]
        if file == _TIMED:
            blank += 1 + _blank_lines(lines[blank + 1 :])
        text = lines[line + blank - 1].strip() if line + blank <= len(lines) else ""
        return Frame(number or None, line + blank, text[:500])

    def _only_timed_cell(self) -> int | None:
        timed = [
            number
            for number, (blank, lines) in self.sources.items()
            if lines and lines[blank].split() == ["%%time"]
        ]
        return timed[0] if len(timed) == 1 else None


def file_of(cell: int) -> str:
    """The name by which tracebacks call a cell."""
    return f"<ipython-input-cell-{cell}>"


def build_shell() -> WorkerShell:
    """A shell without history, colours or configuration files."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shell: WorkerShell = WorkerShell.instance(config=config, colors="nocolor", xmode="Plain")
    return shell


def _blank_lines(lines: list[str]) -> int:
    """How many blank lines stand at the top; IPython drops them before it counts."""
    return next((count for count, line in enumerate(lines) if line.strip()), 0)


def _place(frame: Frame) -> str:
    return f"{f'Cell {frame.cell}' if frame.cell else 'Your file'}, line {frame.line}"


def _no_answer(name: str) -> Any:
    def refuse(*_args: object, **_kwargs: object) -> str:
        raise EOFError(_NO_ANSWER.format(name))

    return refuse
