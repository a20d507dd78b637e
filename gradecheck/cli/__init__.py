"""The commands: parse, call, exit code. What they do stands elsewhere."""

import click

from gradecheck import __version__
from gradecheck.catalogue import require_all
from gradecheck.cli import authors, grading, handing, instructors, students
from gradecheck.cli.common import says_what_is_wrong

__all__ = ["cli", "main"]

_COMMANDS = (
    students.check,
    students.hint,
    students.watch,
    handing.bundle,
    authors.release,
    authors.verify,
    handing.handout,
    handing.collect,
    handing.autograder,
    grading.grade,
    grading.regrade,
    grading.demo,
    instructors.report,
    instructors.export,
)


def main() -> None:
    """The console script."""
    cli(prog_name="gradecheck")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gradecheck")
@says_what_is_wrong
def cli() -> None:
    """Judges gradients written by hand, and says what went wrong."""
    require_all()


for _command in _COMMANDS:
    cli.add_command(_command)
