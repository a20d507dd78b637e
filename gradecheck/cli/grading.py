"""What instructors type to grade."""

import sys
from pathlib import Path

import click

from gradecheck.cli.common import knows_gradebook, says_what_is_wrong

_CLUSTER = "Grade on the workers of this Dask scheduler, such as tcp://10.0.0.5:8786, or local."
_TIMEOUT = "Seconds for each cell; a call of an answer has as many, and at most 10.  [default: 30]"


@click.command()
@click.argument("assignment")
@click.option("--students", metavar="NAME,…", help="Only these students, separated by commas.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="How many run at the same time: one on each core; with 1, one submission after the other.",
)
@click.option("--timeout", metavar="S", type=click.FloatRange(min=0, min_open=True), help=_TIMEOUT)
@click.option("--no-sandbox", is_flag=True, help="Run what students wrote with your own rights.")
@click.option("--cluster", metavar="ADDRESS", help=_CLUSTER)
@click.option("--force", is_flag=True, help="Grade again what was graded before and has not changed.")
@click.option(
    "--feedback/--no-feedback",
    default=True,
    help="Whether to write the feedback files; nbgrader generate_feedback can do so later.  [default: yes]",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@says_what_is_wrong
@knows_gradebook
def grade(
    assignment: str,
    students: str | None,
    workers: int | None,
    timeout: float | None,
    no_sandbox: bool,
    cluster: str | None,
    force: bool,
    feedback: bool,
    form: str,
) -> None:
    """Grade an assignment into nbgrader's gradebook, and write the feedback.

    What was graded before and has not changed is skipped, so a run that was broken off goes on.

    Exit code 0: every submission has its scores; 1: some are not graded; 2: grading could not run.
    """
    from gradecheck.grading_run import grade_course
    from gradecheck.naming import split_names
    from gradecheck.nbgrader.class_list import handed_in
    from gradecheck.nbgrader.grading import How
    from gradecheck.nbgrader.roster import course_at

    only = split_names(students, handed_in(course_at(Path()), assignment)) if students else None
    how = How(
        workers=workers,
        sandbox=False if no_sandbox else None,
        seconds=timeout,
        force=force,
        feedback=feedback,
        cluster=cluster,
    )
    sys.exit(grade_course(Path(), assignment, only, how, as_json=form == "json"))


@click.command()
@click.argument("assignment")
@click.option("--without", metavar="NAME", multiple=True, help="Leave this exercise out; may be repeated.")
@click.option("--with", "again", metavar="NAME", multiple=True, help="Let it count again; may be repeated.")
@click.option(
    "--rescale/--no-rescale",
    default=None,
    help="Whether the rest is worth as much together as all was; without either, as it is (at first: no).",
)
@click.option("--no-sandbox", is_flag=True, help="Run what students wrote with your own rights.")
@says_what_is_wrong
@knows_gradebook
def regrade(
    assignment: str, without: tuple[str, ...], again: tuple[str, ...], rescale: bool | None, no_sandbox: bool
) -> None:
    """Leave an exercise that was found faulty out of everybody's scores, or take it back in.

    What is left out is worth 0 points in nbgrader's gradebook: nobody wins or loses by it, and the assignment
    is worth less. With --rescale the points of all other exercises are multiplied by one factor, so that the
    assignment is worth as much as before. Points given by hand and late penalties follow in proportion;
    extra credit stays as it is.

    Everybody whose files are those that were graded last is graded again, on the same inputs, so that
    notebooks and feedback say the same. Later gradings keep it, until --with NAME takes it back: then
    everything, points given by hand too, is as it was.

    NAME is an exercise, such as softmax or grad_softmax, or nbgrader's id of a graded cell. Without any
    option the command says what is left out, and changes nothing.

    Exit codes are those of grade.
    """
    from gradecheck.grading_run import console_for, print_counting, regrade_course
    from gradecheck.nbgrader.grading import How
    from gradecheck.nbgrader.regrade import Change, counting_of
    from gradecheck.nbgrader.roster import course_at

    if not without and not again and rescale is None:
        print_counting(counting_of(course_at(Path()), assignment), console_for())
        return
    how = How(sandbox=False if no_sandbox else None)
    sys.exit(regrade_course(Path(), assignment, Change(without, again, rescale), how))


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("demo_course"), show_default=True)
@says_what_is_wrong
def demo(folder: Path) -> None:
    """Make a class of 24 with answers of many kinds, and grade it from end to end."""
    from gradecheck.demo import run_demo

    sys.exit(run_demo(folder))
