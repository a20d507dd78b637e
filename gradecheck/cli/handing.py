"""What students and instructors type to hand out and in."""

import sys
from pathlib import Path

import click

from gradecheck.cli.common import console, knows_gradebook, says_what_is_wrong

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("assignment")
@click.option("--student", metavar="ID", help="Your id in this course, if the instructor asks for it.")
@click.option("--folder", type=_PATH, help="Where your notebooks are; exercises/ASSIGNMENT by default.")
@click.option("--output", type=_PATH, help="The zip to write; ASSIGNMENT.zip by default.")
@says_what_is_wrong
def bundle(assignment: str, student: str | None, folder: Path | None, output: Path | None) -> None:
    """Check your notebooks of an assignment, and pack them into one zip to hand in.

    Wrong and unfinished answers are packed, too; a notebook that is missing or unreadable is not.

    Exit code 0: the zip is written; 2: it is not.
    """
    from gradecheck.cases import PUBLIC_SEED
    from gradecheck.handin.bundle import bundle_lines, find_assignment, make_bundle
    from gradecheck.report.console import print_report

    target = output or Path(f"{assignment}.zip")
    made = make_bundle(assignment, find_assignment(assignment, folder), target, student, PUBLIC_SEED)
    print_report(made.report, console())
    for line in bundle_lines(made):
        click.echo(line)


@click.command()
@click.option("--output", type=_PATH, default=Path("dist", "handout"), show_default=True)
@click.option("--wheel", type=_PATH, help="gradecheck's wheel; built from its sources by default.")
@says_what_is_wrong
def handout(output: Path, wheel: Path | None) -> None:
    """Write the folder that students get: exercises, README, Makefile, requirements, gradecheck's wheel."""
    from gradecheck.handout import write_handout

    for name in write_handout(Path(), output, wheel):
        click.echo(f"wrote {output / name}")


@click.group()
def autograder() -> None:
    """Let another service grade: Gradescope, or GitHub Classroom."""


@autograder.command()
@click.argument("assignment")
@click.option("--output", type=_PATH, default=Path("autograder.zip"), show_default=True)
@click.option("--wheel", type=_PATH, help="gradecheck's wheel; built from its sources by default.")
@click.option("--no-sandbox", is_flag=True, help="Run answers without one: see docs/handing-out-and-in.md.")
@says_what_is_wrong
def gradescope(assignment: str, output: Path, wheel: Path | None, no_sandbox: bool) -> None:
    """Write the zip that Gradescope grades an assignment with; upload it in "Configure Autograder".

    The zip holds the solutions and the secret of the hidden inputs: it is for Gradescope alone.
    """
    from gradecheck.autograder.gradescope import write_gradescope_zip

    made = write_gradescope_zip(Path(), assignment, output, wheel=wheel, sandbox=not no_sandbox)
    click.echo(f"wrote {made}: upload it to Gradescope, and show it to nobody else")


@autograder.command()
@click.argument("assignment")
@click.option(
    "--output", type=_PATH, default=Path(".github", "workflows", "classroom.yml"), show_default=True
)
@says_what_is_wrong
def classroom(assignment: str, output: Path) -> None:
    """Write the workflow with which GitHub Classroom judges an assignment at each push.

    It belongs into the template repository, beside what `gradecheck handout` writes. It judges on public
    inputs, where students can change everything: grade what counts with `gradecheck grade`.
    """
    from gradecheck.autograder.classroom import write_workflow

    click.echo(f"wrote {write_workflow(Path(), assignment, output)}")


@autograder.command(hidden=True)
@click.argument("report", type=_PATH)
@click.option("--of", "worth", multiple=True, metavar="EXERCISE=POINTS", help="What an exercise is worth.")
@says_what_is_wrong
def points(report: Path, worth: tuple[str, ...]) -> None:
    """Say what a report is worth, for the workflow of GitHub Classroom."""
    from gradecheck.autograder.points import points_line

    try:
        by_name = {name: float(number) for name, _, number in (each.rpartition("=") for each in worth)}
    except ValueError as error:
        raise click.BadParameter("write --of grad_sigmoid=20") from error
    click.echo(points_line(report, by_name))


@click.command()
@click.argument("archives", nargs=-1, required=True, type=_PATH)
@click.option("--assignment", metavar="NAME", help="By default the one that bundles name, or the only one.")
@click.option("--students", metavar="FILE.csv", type=_PATH, help="More about students: id, and other names.")
@click.option("--late-from", metavar="TIME", default="", help="The due date, such as 2026-01-30T17:00+01:00.")
@click.option("--force", is_flag=True, help="Also put an earlier submission in the place of a later one.")
@says_what_is_wrong
@knows_gradebook
def collect(
    archives: tuple[Path, ...], assignment: str | None, students: Path | None, late_from: str, force: bool
) -> None:
    """Put what students handed in into submitted/: bundles, Canvas's or Moodle's downloads, folders.

    Students are found by what the gradebook has, ids, names, addresses and LMS numbers, and by the columns
    of FILE.csv. Nobody is guessed: what cannot be placed is listed. A later submission takes the place of an
    earlier one.

    Exit code 0: everything has its place; 1: something has none; 2: nothing could be collected.
    """
    from gradecheck.nbgrader.collecting import Wish, collect_archives

    collected = collect_archives(Path(), Wish(archives, assignment, students, late_from, force))
    for line in collected.lines():
        click.echo(line)
    sys.exit(collected.exit_code)
