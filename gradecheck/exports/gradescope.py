"""Results as Gradescope reads them: one results.json a submission, a test an exercise.

Fields and their values are those of Gradescope's autograder specification, "Output Format".
"""

import json
from typing import Any

from gradecheck.class_report.model import Mark, State, StudentScores

FILE = "results.json"
#: Gradescope shows a text as it stands: no HTML or Markdown of a student's is ever rendered.
_FORMAT = "text"
_NOT_GRADED = "Not graded yet, for no fault of yours. Somebody will look at it."


def gradescope_text(student: StudentScores) -> str:
    """The results.json of one submission, ending in a newline."""
    return f"{json.dumps(gradescope_object(student), indent=2, ensure_ascii=True, allow_nan=False)}\n"


def gradescope_object(student: StudentScores) -> dict[str, Any]:
    """The same as an object; what is not graded has no score, and the sum leaves it out."""
    score = max(0.0, sum(m.points for m in student.marks if m.graded) - student.penalty)
    said = f"{student.penalty:g} points were taken off, as this came late." if student.penalty else ""
    return {
        "score": round(score, 6),
        "output": said,
        "output_format": _FORMAT,
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(mark, number) for number, mark in enumerate(student.marks, 1)],
        "extra_data": {"student": student.student, "seconds_late": student.seconds_late},
    }


def _test(mark: Mark, number: int) -> dict[str, Any]:
    score = {"score": round(mark.points, 6)} if mark.graded else {}
    return {
        **score,
        "max_score": mark.max_points,
        "status": "passed" if mark.state is State.PASSED else "failed",
        "name": mark.exercise,
        "name_format": _FORMAT,
        "number": str(number),
        "output": _output(mark),
        "output_format": _FORMAT,
        "visibility": "visible",
        "extra_data": {
            "status": mark.state.value,
            "misconception": mark.misconception,
            "seed": mark.seed,
        },
    }


def _output(mark: Mark) -> str:
    if mark.state is State.NOT_GRADED:
        return _NOT_GRADED
    parts = [mark.message]
    if mark.state is not State.PASSED and mark.result.get("hint"):
        parts.append(f"To think about: {mark.result['hint']}")
    if mark.seed is not None:
        parts.append(f"The inputs came from seed {mark.seed}.")
    return "\n\n".join(filter(None, parts))
