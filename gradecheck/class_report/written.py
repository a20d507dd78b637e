"""Writing the class report to its place."""

from pathlib import Path

from gradecheck.class_report.model import ClassScores
from gradecheck.class_report.page import page_html
from gradecheck.writing import write_whole

#: Below the folder of the course: where reports go unless somebody says otherwise.
FOLDER = Path("reports")


def write_report(scores: ClassScores, root: Path = Path(), output: Path | None = None) -> Path:
    """Write the page, by default into `reports` of the course, and say where.

    Raises:
        OperatorError: the file cannot be written.
    """
    place = output or root / FOLDER / f"{scores.assignment}.html"
    return write_whole(place, page_html(scores, place.parent))
