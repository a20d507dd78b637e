"""The commands: parse, call, exit code. What they do stands elsewhere."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from gradecheck import __version__
from gradecheck.cases import PUBLIC_SEED
from gradecheck.errors import GradecheckError

#: The command could not do its work: nothing was checked, or the course is not ready.
COULD_NOT = 2
_TIMEOUT = "Seconds for each cell; a call of an answer has as many, and at most 10.  [default: 30]"


def main() -> None:
    """The console script."""
    cli(prog_name="gradecheck")


def _says_what_is_wrong(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn an author's or an operator's error into one sentence and exit code 2."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except GradecheckError as error:
            click.echo(f"gradecheck: {error}", err=True)
            sys.exit(COULD_NOT)

    return wrapped


def default_path() -> Path:
    """What a student means who names no path: the exercises where they are, else this folder."""
    return Path("exercises") if Path("exercises").is_dir() else Path()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gradecheck")
def cli() -> None:
    """Judges gradients written by hand, and says what went wrong."""


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--exercise", metavar="NAME", help="Only this exercise, such as softmax or grad_softmax.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="What is not started counts as wrong.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=PUBLIC_SEED, help="Repeat the inputs of a comment."
)
@click.option("--cell-timeout", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True)
@click.option("--call-timeout", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True)
@_says_what_is_wrong
def check(
    paths: tuple[Path, ...],
    exercise: str | None,
    form: str,
    strict: bool,
    seed: int,
    cell_timeout: float,
    call_timeout: float,
) -> None:
    """Judge notebooks, folders and Python files as they are saved.

    Exit code 0: nothing is wrong; 1: something is wrong; 2: nothing could be checked.
    """
    from gradecheck.checking import check_paths
    from gradecheck.report.console import print_report
    from gradecheck.report.json import to_json
    from gradecheck.run.limits import Limits

    limits = Limits(call_seconds=call_timeout, cell_seconds=cell_timeout)
    report = check_paths(paths or (default_path(),), exercise=exercise, seed=seed, limits=limits)
    if form == "json":
        click.echo(to_json(report))
    else:
        print_report(report, _console())
    sys.exit(report.exit_code(strict=strict))


@cli.command()
@click.argument("exercise")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@_says_what_is_wrong
def hint(exercise: str, paths: tuple[Path, ...]) -> None:
    """Say one thing to think about for an exercise, such as softmax, as it is saved now.

    For a stronger hint, change your answer first. PATHS are exercises/ unless you name others.
    """
    from gradecheck.hints import hint_paths, print_hint

    print_hint(hint_paths(paths or (_answers(),), exercise), _console())


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@_says_what_is_wrong
def watch(paths: tuple[Path, ...]) -> None:
    """Judge your answers whenever you save them. Keys: h a hint, r judge again, q leave.

    PATHS are exercises/ unless you name others.
    """
    from gradecheck.watching import watch_paths

    watch_paths(paths or (_answers(),), _console())


@cli.command()
@click.argument("assignment", required=False)
@_says_what_is_wrong
def release(assignment: str | None) -> None:
    """Make the students' notebooks in exercises/ from solutions/. An edited one is never overwritten."""
    from gradecheck.course import release_course

    for path in release_course(Path(), assignment):
        click.echo(f"released {path}")


@cli.command()
@_says_what_is_wrong
def verify() -> None:
    """Prove that every exercise is sound: oracles, solutions, stubs, known mistakes, release."""
    from gradecheck.verify import verify_course

    failures = 0
    for claim in verify_course(Path()):
        failures += not claim.holds
        click.echo(f"{'ok    ' if claim.holds else 'FAILED'} {claim.subject}: {claim.sentence}")
    click.echo(f"{failures} of the claims above do not hold" if failures else "everything holds")
    sys.exit(1 if failures else 0)


@cli.command()
@click.argument("assignment")
@click.option("--students", metavar="NAME,…", help="Only these students, separated by commas.")
@click.option(
    "--workers", type=click.IntRange(min=1), help="How many run at the same time; one on each core."
)
@click.option("--timeout", metavar="S", type=click.FloatRange(min=0, min_open=True), help=_TIMEOUT)
@click.option("--no-sandbox", is_flag=True, help="Run what students wrote with your own rights.")
@click.option("--force", is_flag=True, help="Grade again what was graded before and has not changed.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@_says_what_is_wrong
def grade(
    assignment: str,
    students: str | None,
    workers: int | None,
    timeout: float | None,
    no_sandbox: bool,
    force: bool,
    form: str,
) -> None:
    """Grade an assignment into nbgrader's gradebook, and write the feedback.

    What was graded before and has not changed is skipped, so a run that was broken off goes on.

    Exit code 0: every submission has its scores; 1: some are not graded; 2: grading could not run.
    """
    from gradecheck.grading_run import grade_course
    from gradecheck.nbgrader.grading import How

    only = tuple(name.strip() for name in students.split(",")) if students else None
    how = How(workers=workers, sandbox=False if no_sandbox else None, seconds=timeout, force=force)
    sys.exit(grade_course(Path(), assignment, only, how, as_json=form == "json"))


@cli.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("demo_course"), show_default=True)
@_says_what_is_wrong
def demo(folder: Path) -> None:
    """Make a class of 24 with answers of many kinds, and grade it from end to end."""
    from gradecheck.demo import run_demo

    sys.exit(run_demo(folder))


def _answers() -> Path:
    """Where answers are when no path is given."""
    exercises = Path("exercises")
    return exercises if exercises.is_dir() else Path()


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, emoji=False)
