"""What students type."""

import sys
from pathlib import Path

import click

from gradecheck.cases import PUBLIC_SEED
from gradecheck.cli.common import answers_folder, console, says_what_is_wrong


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--exercise", metavar="NAME", help="Only this exercise, such as softmax or grad_softmax.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "junit"]), default="text", show_default=True
)
@click.option("--strict", is_flag=True, help="What is not started counts as wrong.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=PUBLIC_SEED, help="Repeat the inputs of a comment."
)
@click.option("--cell-timeout", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True)
@click.option("--call-timeout", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True)
@says_what_is_wrong
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
    from gradecheck.report.junit import to_junit
    from gradecheck.run.limits import Limits

    limits = Limits(call_seconds=call_timeout, cell_seconds=cell_timeout)
    report = check_paths(paths or (answers_folder(),), exercise=exercise, seed=seed, limits=limits)
    if form == "json":
        click.echo(to_json(report))
    elif form == "junit":
        click.echo(to_junit(report))
    else:
        print_report(report, console())
    sys.exit(report.exit_code(strict=strict))


@click.command()
@click.argument("exercise")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@says_what_is_wrong
def hint(exercise: str, paths: tuple[Path, ...]) -> None:
    """Say one thing to think about for an exercise, such as softmax, as it is saved now.

    For a stronger hint, change your answer first. PATHS are exercises/ unless you name others.
    """
    from gradecheck.hints import hint_paths, print_hint

    print_hint(hint_paths(paths or (answers_folder(),), exercise), console())


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--cell-timeout", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True)
@click.option("--call-timeout", type=click.FloatRange(min=0, min_open=True), default=5.0, show_default=True)
@says_what_is_wrong
def watch(paths: tuple[Path, ...], cell_timeout: float, call_timeout: float) -> None:
    """Judge your answers whenever you save them. Keys: h a hint, r judge again, q leave.

    PATHS are exercises/ unless you name others. What never ends is stopped sooner than by check, since
    somebody is waiting.
    """
    from gradecheck.run.limits import Limits
    from gradecheck.watching import watch_paths

    limits = Limits(call_seconds=call_timeout, cell_seconds=cell_timeout)
    watch_paths(paths or (answers_folder(),), console(), limits=limits)
