"""A check's report in the form that GitHub Classroom's reporter reads.

It is that of Classroom's own graders (autograding-command-grader): JSON in base64, an output of the step,
which autograding-grading-reporter adds up.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from gradecheck.report.junit import property_name

_VERSION = 1


def points_line(report: Path, worth: Mapping[str, float]) -> str:
    """The line for a step's outputs: `result=` and the points of a report.

    Args:
        report: what `gradecheck check --format junit` wrote.
        worth: the points of each exercise; what the report says of its own maximum counts for nothing.

    Anything that is not in the report, or a report that cannot be read, is worth 0, in words.
    """
    suites = _suites(report)
    tests = [_test(name, points, suites.get(name)) for name, points in worth.items()]
    failed = any(test["status"] != "pass" for test in tests)
    document = {
        "version": _VERSION,
        "status": "fail" if failed else "pass",
        "max_score": sum(worth.values()),
        "tests": tests,
    }
    return f"result={base64.b64encode(json.dumps(document).encode()).decode('ascii')}"


def _suites(report: Path) -> dict[str, ElementTree.Element]:
    """The suites by the exercises in them; of several the first, in the order of the check."""
    try:
        root = ElementTree.parse(report).getroot()  # our own writer's
    except (OSError, ElementTree.ParseError):
        return {}
    suites: dict[str, ElementTree.Element] = {}
    for suite in root.iter("testsuite"):
        for case in suite.iter("testcase"):
            suites.setdefault(case.get("name", ""), suite)
    return suites


def _test(name: str, worth: float, suite: ElementTree.Element | None) -> dict[str, Any]:
    message, share = "it is not there, or could not be checked", 0.0
    if suite is not None:
        said = next(
            (said for case in suite.iter("testcase") if case.get("name") == name for said in case), None
        )
        message = said.get("message", "") if said is not None else ""
        share = _share(suite, name)
    return {
        "name": name,
        "status": "pass" if share == 1.0 else "fail",
        "score": round(worth * share, 6),
        "message": message,
        "test_code": f"gradecheck check --exercise {name}",
        "filename": "",
        "line_no": 0,
        "duration": 0,
    }


def _share(suite: ElementTree.Element, name: str) -> float:
    properties = {entry.get("name"): entry.get("value", "") for entry in suite.iter("property")}
    try:
        points = float(properties[property_name(name, "points")])
        most = float(properties[property_name(name, "max_points")])
    except (KeyError, ValueError):
        return 0.0
    return min(1.0, max(0.0, points / most)) if most > 0 else 0.0
