"""The report as JSON, for programs: one object with a version."""

import json
from typing import Any

from gradecheck.report.model import SCHEMA, Report, Result
from gradecheck.report.state import state_of


def to_json(report: Report) -> str:
    """The whole report as one JSON object, indented, ending without a newline."""
    document = {
        "schema": SCHEMA,
        "results": [result_object(result) for result in report.results],
        "problems": [
            {"submission": problem.submission, "message": problem.message} for problem in report.problems
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def result_object(result: Result) -> dict[str, Any]:
    """One exercise of one submission; a score lies between 0 and 1."""
    verdict = result.verdict
    return {
        "submission": result.submission,
        "exercise": verdict.exercise.name,
        "status": str(verdict.status),
        "state": str(state_of(verdict)),
        "score": verdict.score,
        "points": result.points,
        "max_points": result.max_points,
        "misconception": verdict.diagnosis.misconception,
        "message": verdict.message,
        "hint": verdict.diagnosis.hint,
        "remarks": list(verdict.diagnosis.remarks),
        "seed": verdict.seed,
        "outputs": [
            {"name": output.name, "passed": output.passed, "score": output.score, "fault": output.fault}
            for output in verdict.outputs
        ],
    }
