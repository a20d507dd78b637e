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
@click.option(
    "--mutants", is_flag=True, help="Which mistakes would be missed? Try many wrong answers instead."
)
@click.option("--exercise", metavar="NAME", help="With --mutants: only this exercise, such as softmax.")
@says_what_is_wrong
def verify(assignment: str | None, lectures: bool, mutants: bool, exercise: str | None) -> None:
    """Prove that the course is sound: oracles, known mistakes, solutions, stubs, release, lectures.

    With the name of an assignment, only that one and its exercises.

    With --mutants: every known mistake and every small change of the solutions is judged. The report lists
    what only other cases than the printed example catch, what none catches, and what turned out to be no
    mistake; the exit code is 1 if a wrong answer gets through.
    """
    if mutants or exercise:
        sys.exit(_survey(assignment, exercise))
    from gradecheck.verify import verify_course

    failures = 0
    for claim in verify_course(Path(), assignment, with_lectures=lectures):
        failures += not claim.holds
        click.echo(f"{'ok    ' if claim.holds else 'FAILED'} {claim.subject}: {claim.sentence}")
    click.echo(f"{failures} of the claims above do not hold" if failures else "everything holds")
    sys.exit(1 if failures else 0)


def _survey(assignment: str | None, exercise: str | None) -> int:
    from gradecheck.mutants import survey_course

    unsound = []
    for survey in survey_course(Path(), assignment, exercise):
        for line in survey.lines():
            click.echo(line)
        unsound += [] if survey.sound else [survey.exercise]
    told = f"wrong answers to {', '.join(unsound)} get through" if unsound else "no wrong answer gets through"
    click.echo(told)
    return 1 if unsound else 0
