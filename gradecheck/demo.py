"""`gradecheck demo`: a made-up class, graded from end to end."""

import os
import sys
from pathlib import Path

from rich.console import Console

from gradecheck.class_report.table import print_class
from gradecheck.class_report.written import write_report
from gradecheck.grading_run import console_for, grade_class, print_places
from gradecheck.made_up_class import MadeUpClass, make_class
from gradecheck.nbgrader.grading import How
from gradecheck.nbgrader.roster import add_students, places_of
from gradecheck.run.sandbox import sandbox_unavailable

#: Whose feedback is shown first: four mistakes that have a name.
_SHOWN = "farah"


def run_demo(folder: Path, course: Path = Path()) -> int:
    """Make the class, grade it through nbgrader into a real gradebook, and say where everything is.

    Args:
        folder: where the class is made; one that is there already is made again.
        course: the course to take the assignment from.

    Returns:
        The exit code: 0 when every submission has its scores.

    Raises:
        CourseNotReady: there is no course here, or the folder holds something else.
    """
    console = console_for()
    made = make_class(folder, course)
    add_students(folder, (student.name for student in made.students))
    handed_in = folder / "submitted"
    console.print(
        f"A class of {len(made.students)} has handed in {made.assignment}: see {handed_in}", markup=False
    )
    console.print("One of them wrote a loop that never ends; it is stopped after 10 s.")
    why_not = sandbox_unavailable()
    if why_not is not None:
        console.print(
            f"There is no sandbox here, so nobody of the class is hostile: {why_not.splitlines()[0]}"
        )
    scores = grade_class(folder, made.assignment, None, console, How(sandbox=why_not is None))
    print_class(scores, console)
    print_places(folder, console)
    report = write_report(scores, folder)
    console.print(f"report     {report.resolve()}", markup=False)
    _print_next(made, report, console)
    return 0 if scores.complete else 1


def _print_next(made: MadeUpClass, report: Path, console: Console) -> None:
    page = places_of(made.root).feedback / _SHOWN / made.assignment / f"{made.assignment}.html"
    tools = Path(os.path.relpath(Path(sys.executable).parent, made.root))
    steps = {
        f"what {_SHOWN} reads": f"open {page} in a browser",
        "what to teach again": f"open {report} in a browser",
        "nbgrader's formgrader": f"cd {made.root} && {tools / 'jupyter'} lab   then Nbgrader > Formgrader",
        "grade once more": f"cd {made.root} && {tools / 'gradecheck'} grade {made.assignment}",
    }
    console.print("\n[bold]Next[/]")
    for what, how in steps.items():
        console.print(f"  {what:<22} {how}", markup=False)
