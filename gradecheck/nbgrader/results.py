"""The verdicts of a graded submission, as `WriteScores` leaves them in the graded notebooks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory

from gradecheck.nbgrader.handin import KEY
from gradecheck.report.json import result_object
from gradecheck.report.model import Result


def graded_object(result: Result) -> dict[str, Any]:
    """The JSON form of a result, with what reports on a class need besides: a word, and the likeness."""
    verdict = result.verdict
    likeness = {"likeness": verdict.likeness.to_json()} if verdict.likeness is not None else {}
    return {**result_object(result), "label": verdict.diagnosis.label, **likeness}


def results_reader(course: CourseDirectory, assignment: str) -> Callable[[str], tuple[dict[str, Any], ...]]:
    """A function from a student to the results of the last grading, in the form of `graded_object`.

    What was never graded, or not by this plug-in, has none.
    """

    def read(student: str) -> tuple[dict[str, Any], ...]:
        folder = Path(course.format_path(course.autograded_directory, student, assignment))
        results: list[dict[str, Any]] = []
        for path in sorted(folder.glob("*.ipynb")):
            try:
                metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
                results += metadata[KEY]["results"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return tuple(results)

    return read
