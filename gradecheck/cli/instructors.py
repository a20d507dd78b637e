"""What instructors type once a class is graded: the report, and scores for other programs."""

from pathlib import Path

import click

from gradecheck.cli.common import knows_gradebook, says_what_is_wrong

_FORMS = ["csv", "wide", "canvas", "gradescope", "junit"]
_TO = """csv: a row a student and exercise; wide: a row a student; canvas: for its gradebook's import;
gradescope: a results.json a submission; junit: XML."""


@click.command()
@click.argument("assignment")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write.  [default: reports/ASSIGNMENT.html]",
)
@says_what_is_wrong
@knows_gradebook
def report(assignment: str, output: Path | None) -> None:
    """Write the report on a graded class: one page of HTML for your browser.

    What to teach again, how each exercise did, who is missing; it opens from disk and needs no network.
    """
    from gradecheck.class_report.written import write_report
    from gradecheck.nbgrader.graded_class import read_graded_class
    from gradecheck.nbgrader.roster import course_at

    scores = read_graded_class(course_at(Path()), assignment)
    click.echo(f"wrote {write_report(scores, output=output)}")


@click.command()
@click.argument("assignment")
@click.option("--to", "form", type=click.Choice(_FORMS), required=True, help=_TO)
@click.option(
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    help="The file to write (gradescope: the folder), or - for the terminal.  [default: in exports/]",
)
@click.option("--students", metavar="NAME,…", help="Only these students, separated by commas.")
@click.option(
    "--column", metavar="NAME", help="canvas: the column's name there, such as 'Homework 1 (4711)'."
)
@says_what_is_wrong
@knows_gradebook
def export(assignment: str, form: str, output: Path | None, students: str | None, column: str | None) -> None:
    """Write a graded class's scores for another program.

    What has no score is left empty, never 0. Text that a spreadsheet would run gets an apostrophe before it.
    """
    from gradecheck.exports.forms import Form, export_class, text_of
    from gradecheck.naming import split_names
    from gradecheck.nbgrader.graded_class import only_students, read_graded_class
    from gradecheck.nbgrader.roster import course_at

    scores = read_graded_class(course_at(Path()), assignment)
    if students:
        known = [student.student for student in scores.students]
        scores = only_students(scores, split_names(students, known))
    if output == Path("-"):
        click.echo(text_of([scores], Form(form), column).encode("utf-8", "replace"), nl=False)
    else:
        click.echo(export_class(scores, Form(form), output, column).summary)
