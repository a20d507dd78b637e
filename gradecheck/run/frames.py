"""Finds the student's own line in a traceback, and shortens what an exception says."""

import linecache
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from gradecheck.graph import GraphError
from gradecheck.run.limits import MAX_TEXT
from gradecheck.run.outcome import Frame, Raised

Locate = Callable[[str, int], Frame | None]
"""From a code object's file name and a line number to the student's line, None where it is not theirs."""

_OURS = str(Path(__file__).parents[1]) + "/"
_LIBRARIES = tuple(
    str(Path(folder)) + "/"
    for folder in {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix}
    if len(Path(folder).parts) > 2  # "/usr" may hold a student's home as well
)
_IPYTHON = re.compile(r"ipykernel_\d+[/\\]|^<ipython-input|^<cell ")

#: Our own steps, in what TensorFlow says of a function that it could not trace.
_OUR_STEPS = re.compile(rf'^ *File "{re.escape(_OURS)}[^"]*", line .*\n.*\n?', re.MULTILINE)
_TENSORFLOW_NOISE = re.compile(r"\{\{function_node [^}]*\}\} ?| ?\[Op:\w+\]( name:\s*)?")


def locate_in_files(file: str, line: int) -> Frame | None:
    """A line of the student's in this process: any file that is no library's, or a notebook's cell."""
    if not _IPYTHON.search(file) and (file.startswith(("<", _OURS, *_LIBRARIES))):
        return None
    return Frame(None, line, linecache.getline(file, line).strip()[:MAX_TEXT])


def find_frame(trace: TracebackType | None, locate: Locate) -> Frame | None:
    """The innermost line of the student's own, None when no line of theirs was running."""
    found = None
    for step, line in traceback.walk_tb(trace):
        found = locate(step.f_code.co_filename, line) or found
    return found


def describe(error: BaseException, locate: Locate, used: tuple[str, ...] = ()) -> Raised:
    """An exception as data; never raises, whatever the exception's own methods do."""
    error = _students_own(error, locate)
    frame = find_frame(error.__traceback__, locate)
    if frame is None and isinstance(error, SyntaxError) and error.filename and error.lineno:
        frame = locate(str(error.filename), error.lineno)
    name = type.__dict__["__name__"].__get__(type(error))
    return Raised(name[:100], message_of(error), frame, used)


def _students_own(error: BaseException, locate: Locate) -> BaseException:
    """What stopped a line of the student's, where the library of graphs has put it into a sentence."""
    cause = error.__cause__ if isinstance(error, GraphError) else None
    return error if cause is None or find_frame(cause.__traceback__, locate) is None else cause


def message_of(error: BaseException) -> str:
    """What an exception says, cut to its first lines."""
    try:
        text = str(error.msg) if isinstance(error, SyntaxError) else str(error)
    except (Exception, SystemExit, GeneratorExit):
        return "(its message could not be read)"
    text = _TENSORFLOW_NOISE.sub("", _OUR_STEPS.sub("", text))
    lines = [line.rstrip()[:500] for line in text.strip().splitlines()]
    kept = "\n".join(lines[:6])
    return kept + "\n…" if len(lines) > 6 else kept
