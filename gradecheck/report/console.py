"""The report in a terminal: one line an exercise, the first failure in detail, what to do next.

Words carry the meaning; colour is added on a terminal only.
"""

import re
import textwrap
from collections.abc import Iterable
from itertools import groupby

from rich.console import Console
from rich.markup import escape

from gradecheck.report.blocks import Block, Fold, Said
from gradecheck.report.face import face_of, printable
from gradecheck.report.model import Problem, Report, Result
from gradecheck.report.text import WIDE, WIDTH, TextLine, text_lines
from gradecheck.verdict import Status

_BAR = 16
_LONGEST_REASON = 64
_MARGIN = "    "
#: In a terminal narrower than this, lines are cut by the terminal.
_NARROWEST = 40
_STYLES = {
    Status.PASSED: "green",
    Status.FAILED: "yellow",
    Status.NOT_STARTED: "dim",
    Status.NOT_GRADED: "magenta",
}


def print_report(report: Report, console: Console) -> None:
    """Write a whole report, submission by submission, in the order of the report."""
    problems = list(report.problems)
    for submission, group in groupby(report.results, key=lambda result: result.submission):
        own = [p for p in problems if p.submission == submission]
        problems = [p for p in problems if p.submission != submission]
        _print_submission(submission, list(group), own, console)
    for problem in problems:
        console.print(f"[red]{_safe(problem.message)}[/]")


def room_in(console: Console) -> int:
    """How many characters a line has room for; where nobody looks, as many as it likes."""
    return max(_NARROWEST, console.width) if console.is_terminal else WIDE + len(_MARGIN)


def _safe(text: str) -> str:
    """Text that can be printed as it stands: one line, no control character, no markup of rich's.

    File names, exception messages and class names come from students; an escape sequence in one of them
    would write over the lines of others.
    """
    return escape(printable(text))


def _print_submission(
    submission: str, results: list[Result], problems: Iterable[Problem], console: Console
) -> None:
    as_saved = "[dim](as saved; the state of a running kernel does not count)[/]"
    console.print(f"[bold]{_safe(submission)}[/]  {as_saved}")
    width = max(len(result.verdict.exercise.title) for result in results)
    for result in results:
        style = _STYLES[result.verdict.status]
        state, points = f"{_state(result):<13}", f"{_points(result):>8}"
        title = f"  {result.verdict.exercise.title:<{width}}  "
        reason = _reason(result, room_in(console) - len(f"{title}{state}{points}  "))
        console.print(f"{title}[{style}]{state}[/]{points}  {_safe(reason)}".rstrip())
    for problem in problems:
        for part in _noted(printable(problem.message), console):
            console.print(f"  [dim]{_safe(part)}[/]")
    first = next((r for r in results if r.verdict.status in (Status.FAILED, Status.NOT_GRADED)), None)
    if first is not None:
        _print_details(first, face_of(first).blocks, console)
    else:
        _print_after_success([r for r in results if r.verdict.status is Status.PASSED], console)
    console.print()
    console.print(_progress(results))
    console.print(_next(results, first))


def _print_details(result: Result, blocks: Iterable[Block], console: Console) -> None:
    console.print()
    console.print(f"  [bold]{result.verdict.exercise.title}[/]")
    room = room_in(console) - len(_MARGIN)
    for line in text_lines(blocks, min(WIDE, room)):
        for part in _wrapped(line, min(WIDTH, room)):
            console.print(f"{_MARGIN}{_safe(part)}".rstrip())


def _print_after_success(right: list[Result], console: Console) -> None:
    """What is worth knowing where nothing is wrong; of several exercises, one other way each."""
    for result in right:
        blocks = face_of(result).blocks
        said = [block for block in blocks if isinstance(block, Said) and block.label]
        folds = [block for block in blocks if isinstance(block, Fold)]
        _print_details(result, [*said, *folds[: 1 if len(right) > 1 else None]], console)


def _noted(message: str, console: Console) -> list[str]:
    """A note in lines that fit a terminal; in a file it stays in one."""
    whole = f"note: {message}"
    return textwrap.wrap(whole, room_in(console) - len("  ")) if console.is_terminal else [whole]


def _wrapped(line: TextLine, width: int) -> list[str]:
    """A line in parts that fit; the row of a table stays whole."""
    return (textwrap.wrap(line.text, width) or [""]) if line.prose else [line.text]


def _state(result: Result) -> str:
    return "ok" if result.verdict.status is Status.PASSED else result.verdict.diagnosis.label


def _points(result: Result) -> str:
    return f"{result.points:g}/{result.max_points:g}"


def _reason(result: Result, room: int) -> str:
    """What happened, in what fits on the rest of a line: the first sentence of the message or remark."""
    match result.verdict.status:
        case Status.PASSED:
            said = " ".join(result.verdict.diagnosis.remarks)
        case Status.NOT_STARTED:
            said = ""
        case _:
            said = result.verdict.message
    first = (
        re.split(r"(?<=[.:]) ", said)[0] if result.verdict.status is Status.PASSED else said.split(". ")[0]
    )
    return textwrap.shorten(first.rstrip(".:"), max(1, min(_LONGEST_REASON, room)), placeholder="…")


def _progress(results: list[Result]) -> str:
    right = sum(result.verdict.status is Status.PASSED for result in results)
    filled = _BAR * right // len(results)
    bar = escape(f"[{'#' * filled}{'-' * (_BAR - filled)}]")
    return f"{bar}  {right} of {len(results)} done   [dim]public inputs only: grading draws others[/]"


def _next(results: list[Result], first: Result | None) -> str:
    following = first or next((r for r in results if r.verdict.status is Status.NOT_STARTED), None)
    if following is None:
        return "all done: well done"
    exercise = following.verdict.exercise
    word = "next" if any(r.verdict.status is not Status.NOT_STARTED for r in results) else "start with"
    return f"{word}: [bold]{exercise.title}[/], the function {exercise.signature}"
