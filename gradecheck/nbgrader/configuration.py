"""What nbgrader is told: our preprocessors among its own, and a reader that takes any file."""

import os
import sys
from pathlib import Path

from traitlets.config import Config

_OURS = "gradecheck.nbgrader"
_NBGRADER = "nbgrader.preprocessors"

#: Ours is first: it repairs what the following ones would stumble over.
SANITIZE = [
    f"{_OURS}.sanitize.MendCells",
    f"{_NBGRADER}.ClearOutput",
    f"{_NBGRADER}.DeduplicateIds",
    f"{_NBGRADER}.OverwriteKernelspec",
    f"{_NBGRADER}.OverwriteCells",
    f"{_NBGRADER}.CheckCellMetadata",
]
#: Ours run the cells in nbgrader's place, correct the scores before a late penalty is computed, and take out
#: of texts what would run in the formgrader.
AUTOGRADE = [
    f"{_OURS}.execute.ExecuteInWorker",
    f"{_NBGRADER}.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    f"{_NBGRADER}.LimitOutput",
    f"{_NBGRADER}.SaveAutoGrades",
    f"{_OURS}.write.WriteScores",
    f"{_OURS}.safe.DisarmTexts",
    f"{_NBGRADER}.AssignLatePenalties",
    f"{_NBGRADER}.CheckCellMetadata",
]
#: Ours take out of texts what would run in a browser, and note that an attempt's seeds are told from now on.
FEEDBACK = [
    f"{_OURS}.safe.DisarmTexts",
    f"{_NBGRADER}.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    f"{_OURS}.reveal.NoteRevealed",
]
#: Files that no release, submission or graded folder should take along.
IGNORE = [
    "answers.py",  # other ways to write an answer: for instructors only
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
    ".gradecheck",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".released.json",
]


def configure(c: Config, *, sandbox: bool = True) -> None:
    """Let gradecheck grade the `grade(...)` cells of a course.

    Args:
        c: nbgrader's configuration, as `get_config()` gives it in nbgrader_config.py.
        sandbox: False to run submissions with your own rights where there can be no sandbox.
    """
    c.ExecuteInWorker.sandbox = sandbox
    c.Autograde.exporter_class = f"{_OURS}.exporter.AnyFileExporter"
    c.Autograde.sanitize_preprocessors = list(SANITIZE)
    c.Autograde.autograde_preprocessors = list(AUTOGRADE)
    c.GenerateFeedback.exporter_class = f"{_OURS}.feedback_page.FeedbackExporter"
    c.GenerateFeedback.preprocessors = list(FEEDBACK)
    c.CourseDirectory.ignore = list(IGNORE)
    put_tools_on_path()


def put_tools_on_path() -> None:
    """Make the commands of this Python's environment findable: nbgrader calls `alembic` by its bare name."""
    tools = str(Path(sys.executable).parent)  # unresolved: in a virtual environment python is a link
    path = os.environ.get("PATH", os.defpath)
    if tools not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([tools, path])
