"""GitHub Classroom: the workflow file that judges an assignment at each push of a student."""

import shlex
from importlib.resources import files
from pathlib import Path

import jinja2

from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.generate import source_folder
from gradecheck.submission import read_submission
from gradecheck.writing import write_whole

_TEMPLATE = "classroom.yml.j2"
#: Stands in the template, so that no other workflow is ever replaced.
_MARK = "Written by: gradecheck autograder classroom"


def write_workflow(root: Path, assignment: str, target: Path) -> Path:
    """Write the workflow of an assignment, with what each exercise is worth in the instructor's notebook.

    Raises:
        CourseNotReady: there is no such assignment, or a file of somebody else's is there.
        OperatorError: the file cannot be written.
    """
    source = source_folder(root) / assignment
    asked = [each for path in sorted(source.glob("*.ipynb")) for each in read_submission(path).asked]
    if not asked:
        raise CourseNotReady(
            f"there is no assignment {assignment!r}: {source} holds no notebook with exercises"
        )
    if target.is_file() and _MARK not in target.read_text(encoding="utf-8", errors="replace"):
        raise CourseNotReady(f"{target} is not gradecheck's, so it was left alone; use --output FILE")
    worth = " ".join(f"--of {each.exercise.name}={each.max_points:g}" for each in asked)
    template = jinja2.Template(  # YAML, of the instructor's own names
        files(__package__).joinpath(_TEMPLATE).read_text(encoding="utf-8"), keep_trailing_newline=True
    )
    folder = shlex.quote(f"exercises/{assignment}")
    return write_whole(target, template.render(assignment=assignment, folder=folder, worth=worth))
