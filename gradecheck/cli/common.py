"""What the commands share: where answers are, how errors end, how things are printed."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from gradecheck.errors import GradecheckError

#: The command could not do its work: nothing was checked, or the course is not ready.
COULD_NOT = 2


def says_what_is_wrong(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn an author's or an operator's error into one sentence and exit code 2."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except GradecheckError as error:
            click.echo(f"gradecheck: {error}", err=True)
            sys.exit(COULD_NOT)

    return wrapped


def knows_gradebook(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option --db; stands below `says_what_is_wrong`."""

    @click.option(
        "--db",
        envvar="GRADECHECK_DB",
        metavar="URL",
        help="The gradebook, such as postgresql://user@host/name; by default the course's own. "
        "The variable GRADECHECK_DB says the same.",
    )
    @wraps(command)
    def wrapped(*args: Any, db: str | None, **kwargs: Any) -> Any:
        from gradecheck.nbgrader.database import choose_gradebook

        choose_gradebook(db)
        return command(*args, **kwargs)

    return wrapped


def answers_folder() -> Path:
    """What a student means who names no path: the exercises where they are, else this folder."""
    return Path("exercises") if Path("exercises").is_dir() else Path()


def console() -> Console:
    """A console that leaves the colours to who chose them, and long lines whole."""
    return Console(highlight=False, soft_wrap=True, emoji=False)
