"""`gradecheck watch`: stays warm, judges each file as soon as it is saved, moves on to what is unfinished."""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.markup import escape

from gradecheck.cases import PUBLIC_SEED
from gradecheck.checking import failed_cells, results_of
from gradecheck.errors import GradecheckError, UnreadableSubmission
from gradecheck.hints import hint_for, print_hint
from gradecheck.keys import GONE, Keys
from gradecheck.marking import mark
from gradecheck.memory import Memory
from gradecheck.reference.tape import load_tensorflow
from gradecheck.report.console import print_report
from gradecheck.report.face import printable
from gradecheck.report.model import Report, Result
from gradecheck.run.client import Template
from gradecheck.run.limits import Limits
from gradecheck.saves import files_of, name_of, require_watchable, saves, stamp_of
from gradecheck.submission import Submission, read_submission
from gradecheck.verdict import Status

#: A file that is missing, half written or suddenly without its answers is given so long to come right.
_SETTLING_SECONDS = 0.5
_BAR = 24


@dataclass(frozen=True, eq=False)
class _Seen:
    """A file that was judged: what it held, what was found, and the stamp by which a newer one is known."""

    submission: Submission
    report: Report
    stamp: tuple[int, ...]


class _Leave(BaseException):
    """The watch was ended, by a key or a signal."""


def watch_paths(
    paths: Sequence[Path], console: Console, *, limits: Limits | None = None, memory: Memory | None = None
) -> None:
    """Judge files now and whenever they are saved, until the key `q`, Ctrl-C or a signal.

    Args:
        paths: notebooks, Python files, and folders of both.
        console: where to write.
        limits: of time and memory.
        memory: of the hints that were given.

    Raises:
        UnreadableSubmission: a path does not exist, or is neither a notebook nor a Python file.
        OperatorError: the system cannot watch these folders.
    """
    for path in paths:
        require_watchable(path)
    warm = Template(warm=True)  # one start, many saves
    with suppress(KeyboardInterrupt, _Leave), _ends_on_signals() as heard, Keys() as keys, warm as template:
        template.start()
        console.print("getting ready …")
        saved_sets = saves(paths)
        next(saved_sets)  # from here on nothing that is saved is missed
        load_tensorflow()  # the judge's own, while the template loads the workers'
        desk = _Desk(paths, console, template, keys, limits or Limits(), memory or Memory())
        desk.open()
        for saved in saved_sets:
            if heard:  # its exception was raised where none can be, as in a callback of the garbage collector
                break
            desk.press(keys.pressed())
            desk.look(saved)


class _Desk:
    """What is known of each file, and which one the student is at."""

    def __init__(
        self,
        paths: Sequence[Path],
        console: Console,
        template: Template,
        keys: Keys,
        limits: Limits,
        memory: Memory,
    ) -> None:
        self._paths = paths
        self._console = console
        self._template = template
        self._keys = keys
        self._limits = limits
        self._memory = memory
        self._seen: dict[Path, _Seen] = {}
        self._unsettled: dict[Path, float] = {}
        self._current: Path | None = None

    def open(self) -> None:
        """Judge everything that is there, and show the first file with something left to do."""
        for path in files_of(self._paths):
            stamp = stamp_of(path)
            with suppress(UnreadableSubmission):  # said below
                submission = read_submission(path, name_of(path, self._paths))
                if submission.asked:
                    self._judge(path, submission, stamp)
        self._current = self._unfinished() or next(iter(self._seen), None)
        if self._current is not None:
            self._show(self._seen[self._current].report)
        else:
            self._say("no answers here yet; they are judged as soon as they are saved")
        for path in files_of(self._paths):
            if path not in self._seen:
                self._look(path, last_try=True)

    def look(self, saved: set[Path]) -> None:
        """Judge what was saved, and what has had its time to come right."""
        for path in saved:
            self._look(path, last_try=False)
        now = time.monotonic()
        for path in [path for path, deadline in self._unsettled.items() if deadline <= now]:
            self._look(path, last_try=True)

    def press(self, keys: str) -> None:
        """Do what was asked for.

        Raises:
            _Leave: by `q`.
        """
        for key in keys:
            if key in ("q", "Q", GONE):
                raise _Leave
            if key in ("h", "H"):
                self._hint()
            elif key in ("r", "R") and self._current is not None:
                self._look(self._current, last_try=True, again=True)

    def _look(self, path: Path, *, last_try: bool, again: bool = False) -> None:
        stamp = stamp_of(path)
        seen = self._seen.get(path)
        if seen is not None and seen.stamp == stamp and not again:
            self._unsettled.pop(path, None)
            return
        try:
            submission = read_submission(path, name_of(path, self._paths))
            trouble = None if submission.asked else f"{submission.name} defines no function of an exercise"
            lost = len(seen.submission.asked) > len(submission.asked) if seen else False
        except UnreadableSubmission as error:
            submission, trouble, lost = None, str(error), True
        if (trouble or lost) and not last_try:
            self._unsettled[path] = time.monotonic() + _SETTLING_SECONDS
            return
        self._unsettled.pop(path, None)
        if submission is not None and trouble is None:
            self._verdict(path, submission, stamp, again=again)
            return
        if submission is not None or not path.exists():
            self._seen.pop(path, None)
        if seen is not None or self._named(path) or (submission is None and path.exists()):
            self._say(f"{trouble}; it is judged when it is saved again", style="red")

    def _verdict(self, path: Path, submission: Submission, stamp: tuple[int, ...], *, again: bool) -> None:
        before = self._right(path)
        try:
            report = self._judge(path, submission, stamp)
        except GradecheckError as error:
            self._say(f"{submission.name} could not be judged: {error}", style="red")
            return
        self._current = path
        self._show(report)
        late = time.time() - stamp[0] / 1e9
        if not again and 0 <= late < 60:
            self._say(f"judged {late:.2f} s after it was saved", style="dim")
        new = [title for title in self._right(path) if title not in before]
        if new:
            self._say(f"now right: {', '.join(new)}", style="green")
        self._move_on()

    def _judge(self, path: Path, submission: Submission, stamp: tuple[int, ...]) -> Report:
        if self._keys.listening:
            self._say(f"judging {submission.name} …", style="dim")
        marked = mark(
            submission,
            self._template,
            seeds=lambda _exercise: PUBLIC_SEED,
            directory=path.parent,
            limits=self._limits,
        )
        report = Report(tuple(results_of(marked)), tuple(failed_cells(marked)))
        self._seen[path] = _Seen(submission, report, stamp)
        return report

    def _move_on(self) -> None:
        """When all of this file is right: to the next file with something left to do."""
        assert self._current is not None
        if self._next(self._current) is not None:
            return
        following = self._unfinished()
        if following is not None:
            self._current = following
            result = self._next(following)
            assert result is not None
            self._say(f"on to {result.submission}: {result.verdict.exercise.signature}", style="bold")

    def _unfinished(self) -> Path | None:
        return next((path for path in sorted(self._seen) if self._next(path) is not None), None)

    def _next(self, path: Path) -> Result | None:
        """What to work at in a file, as its report says it: the first failure, or what is not started."""
        results = self._seen[path].report.results
        for statuses in ((Status.FAILED, Status.NOT_GRADED), (Status.NOT_STARTED,)):
            for result in results:
                if result.verdict.status in statuses:
                    return result
        return None

    def _right(self, path: Path) -> list[str]:
        seen = self._seen.get(path)
        results = seen.report.results if seen else ()
        return [r.verdict.exercise.title for r in results if r.verdict.status is Status.PASSED]

    def _hint(self) -> None:
        seen = self._seen.get(self._current) if self._current is not None else None
        if seen is None or self._current is None:
            self._say("nothing to give a hint for: no answer was judged yet")
            return
        result = self._next(self._current) or seen.report.results[-1]
        hint = hint_for(result, seen.submission.source, self._memory, seen.report.problems)
        print_hint(hint, self._console)

    def _show(self, report: Report) -> None:
        if self._keys.listening:
            self._console.clear()
        print_report(report, self._console)
        if len(self._seen) > 1:
            done = sum(seen.report.count(Status.PASSED) for seen in self._seen.values())
            total = sum(len(seen.report.results) for seen in self._seen.values())
            filled = _BAR * done // total
            bar = escape(f"[{'#' * filled}{'-' * (_BAR - filled)}]")
            self._console.print(f"{bar}  {done} of {total} done in {len(self._seen)} files")
        if self._keys.listening:
            self._say("h a hint   r judge again   q leave", style="dim")

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(escape(printable(text)), style=style or None)

    def _named(self, path: Path) -> bool:
        return any(path == given.resolve() for given in self._paths)


@contextmanager
def _ends_on_signals() -> Iterator[list[int]]:
    """Make Ctrl-C, SIGTERM and SIGHUP leave the way that `q` does, so that the terminal is put in order.

    Yields:
        The signals that came.
    """
    heard: list[int] = []

    def leave(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        raise _Leave

    names = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows lacks one
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
