"""What authors of a course type."""

import sys
from pathlib import Path

import click

from gradecheck.cli.common import says_what_is_wrong


@click.command()
@click.argument("assignment", required=False)
@says_what_is_wrong
def release(assignment: str | None) -> None:
    """Make the students' notebooks in exercises/ from solutions/. An edited one is never overwritten."""
    from gradecheck.course import release_course

    for path in release_course(Path(), assignment):
        click.echo(f"released {path}")


@click.command()
@click.argument("assignment", required=False)
@click.option("--lectures/--no-lectures", default=True, help="Run the lectures, too (the default).")
@says_what_is_wrong
def verify(assignment: str | None, lectures: bool) -> None:
    """Prove that the course is sound: oracles, known mistakes, solutions, stubs, release, lectures.

    With the name of an assignment, only that one and its exercises.
    """
    from gradecheck.verify import verify_course

    failures = 0
    for claim in verify_course(Path(), assignment, with_lectures=lectures):
        failures += not claim.holds
        click.echo(f"{'ok    ' if claim.holds else 'FAILED'} {claim.subject}: {claim.sentence}")
    click.echo(f"{failures} of the claims above do not hold" if failures else "everything holds")
    sys.exit(1 if failures else 0)
