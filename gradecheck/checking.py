"""`gradecheck check`: find the files, mark each in a worker of its own, report."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gradecheck.catalogue import EXERCISES, find_exercise
from gradecheck.errors import GradecheckError, UnreadableSubmission
from gradecheck.exercise import Exercise
from gradecheck.ladder import first_hint
from gradecheck.marking import Marked, mark
from gradecheck.other_ways import other_ways
from gradecheck.reference.expectation import expected_cases
from gradecheck.reference.tape import load_tensorflow
from gradecheck.report.model import Problem, Report, Result
from gradecheck.run.cells import CellResult
from gradecheck.run.client import Template
from gradecheck.run.direct import run_directly
from gradecheck.run.limits import Limits
from gradecheck.run.outcome import Died, Raised, TimedOut
from gradecheck.submission import Asked, Submission, read_submission
from gradecheck.verdict import Status


@dataclass(frozen=True)
class _Found:
    """A file to check.

    Attributes:
        path: where it is.
        named: whether it was given by name, not found in a folder.
        turn: which of the given paths it came with.
    """

    path: Path
    named: bool
    turn: int


def check_paths(
    paths: Sequence[Path], *, exercise: str | None = None, seed: int, limits: Limits | None = None
) -> Report:
    """Judge files as saved, each in a worker of its own.

    Args:
        paths: notebooks, Python files, and folders to search for both.
        exercise: judge only this one, whether a file defines it or not.
        seed: of the cases.
        limits: of time and memory.

    Raises:
        UnknownExercise: `exercise` is not in the catalogue.
        WorkerUnavailable: no worker could be started at all.
    """
    only = find_exercise(exercise) if exercise is not None else None
    submissions, problems = _read(paths, only)
    results: list[Result] = []
    if not submissions:
        return Report((), tuple(problems))
    load_tensorflow()  # once, for the references and for the workers, which are forked from here
    run_directly()
    with Template(own=True) as template:
        _expect(submissions, seed)  # while the template makes itself ready
        for submission in submissions:
            marked = mark(
                submission,
                template,
                seeds=lambda _exercise: seed,
                directory=Path(submission.name).resolve().parent,
                limits=limits,
            )
            results += results_of(marked)
            problems += failed_cells(marked)
    return Report(tuple(results), tuple(problems))


def _expect(submissions: Sequence[Submission], seed: int) -> None:
    """Compute the references, which are remembered; what is wrong with them is said when they are needed."""
    for exercise in dict.fromkeys(asked.exercise for each in submissions for asked in each.asked):
        with suppress(GradecheckError):
            expected_cases(exercise, seed)


def _read(paths: Sequence[Path], only: Exercise | None) -> tuple[list[Submission], list[Problem]]:
    """What the files hold that can be judged, and what is wrong with the rest."""
    found, problems = _find(paths)
    read: list[tuple[int, int, Submission]] = []
    for file in found:
        try:
            submission = _narrowed(read_submission(file.path), only, named=file.named)
        except UnreadableSubmission as error:
            problems.append(Problem(str(file.path), str(error)))
            continue
        if submission.asked:
            # What lies in a folder comes in teaching order; equal places stay in the order of their names.
            place = 0 if file.named else EXERCISES.index(submission.asked[0].exercise)
            read.append((file.turn, place, submission))
        elif file.named:
            problems.append(Problem(submission.name, _answers_nothing(submission)))
    submissions = [submission for _, _, submission in sorted(read, key=lambda each: each[:2])]
    if not submissions and not problems:
        sought = "an exercise" if only is None else f"the exercise {only.title}"
        problems = [Problem(str(path), f"nothing in {path} answers {sought}") for path in paths]
    return submissions, problems


def _find(paths: Sequence[Path]) -> tuple[list[_Found], list[Problem]]:
    """The files behind the paths, each once, and what is wrong with the paths."""
    found: dict[Path, _Found] = {}
    problems = []
    for turn, path in enumerate(paths):
        try:
            wrong = _wrong_with(path)
            files = [] if wrong else [_Found(path, named=True, turn=turn)]
            if path.is_dir():
                files = [_Found(file, named=False, turn=turn) for file in files_in(path)]
        except OSError as error:  # a name that is too long, a folder that may not be entered
            wrong, files = f"{path} cannot be read: {error.strerror}", []
        if wrong:
            problems.append(Problem(str(path), wrong))
        for file in files:
            found.setdefault(file.path.resolve(), file)
    return list(found.values()), problems


def _wrong_with(path: Path) -> str | None:
    """Why there is nothing to read behind a path, or None."""
    if path.is_dir():
        return None if any(files_in(path)) else f"{path} holds no notebook and no Python file"
    if not path.exists():
        return f"{path} does not exist"
    if path.suffix not in (".ipynb", ".py"):
        return f"{path} is neither a notebook (.ipynb) nor a Python file (.py)"
    return None


def files_in(folder: Path) -> Iterator[Path]:
    """The notebooks and Python files below a folder, in the order of their names; hidden ones left out."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix in (".ipynb", ".py") and path.is_file() and not hidden:
            yield path


def _narrowed(submission: Submission, only: Exercise | None, *, named: bool) -> Submission:
    """The submission, asked for one exercise alone; in a folder, only files that have to do with it."""
    if only is None:
        return submission
    asked = tuple(a for a in submission.asked if a.exercise is only)
    if not asked and named:
        asked = (Asked(only, only.points),)
    return replace(submission, asked=asked)


def _answers_nothing(submission: Submission) -> str:
    return f"{submission.name} defines no function of an exercise; name one with --exercise"


def results_of(marked: Marked) -> Iterator[Result]:
    """One result for each exercise of a marked submission."""
    submission = marked.submission
    places = [Path(submission.name), Path()]
    for asked, verdict in zip(submission.asked, marked.verdicts, strict=True):
        right = verdict.status is Status.PASSED
        ways = other_ways(asked.exercise, submission.source, places) if right else ()
        result = Result(submission.name, verdict, asked.max_points, ways=ways)
        yield replace(result, hints=first_hint(result))


def failed_cells(marked: Marked) -> Iterator[Problem]:
    """What a reader should know of cells that did not run; an untouched stub is no news."""
    for cell in marked.cells:
        if isinstance(cell.outcome, Raised) and cell.outcome.type == "NotImplementedError":
            continue
        what = _what_failed(cell)
        if what:
            yield Problem(marked.submission.name, what, fatal=False)


def _what_failed(cell: CellResult) -> str | None:
    # A Python file is one piece: nothing of it is left to run.
    name, rest = (f"cell {cell.number}", "; the rest still ran") if cell.number else ("the file", "")
    match cell.outcome:
        case Raised() as raised:
            line = f" at line {raised.frame.line}" if raised.frame else ""
            said = " ".join([f"{raised.type}:", *raised.message.split()]).removesuffix(":")
            return f"{name} stopped{line}: {said}{rest}"
        case TimedOut() as late:
            return f"{name} did not end within {late.seconds:g} s and was stopped{rest}"
        case Died() as died:
            return f"{name} ended the Python process ({died.how}){rest}"
    return None if cell.ran else f"{name} was not run: cells before it ended the Python process too often"
