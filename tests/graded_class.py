"""Graded classes for the tests of report and exports: made of data, and as a course with a gradebook."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader_class import ASSIGNMENT, FILE, Course

from gradecheck.class_report.model import ClassScores, Mark, Person, StudentScores
from gradecheck.likeness import Likeness
from gradecheck.nbgrader.generate import enter_in_gradebook
from gradecheck.nbgrader.roster import course_at

EXERCISES = ("grad_sigmoid", "grad_softmax", "grad_matmul", "grad_conv2d")
#: Names that spreadsheets, browsers, XML and CSV readers stumble over.
HOSTILE = {
    "formula": Person("formula", "=cmd|'/c calc'!A1", "@SUM(1+1)"),
    "plus": Person("plus", "+1", "-2"),
    "tab": Person("tab", "\t=1+1", "\r=2"),
    "comma": Person("comma", 'Ann "Annie"', "O'Neil, Jr."),
    "lines": Person("lines", "two\nlines", "a\r\nb"),
    "unicode": Person("unicode", "Zoë 🦉", "Þórsdóttir ‮evil"),
    "html": Person("html", "<script>alert(1)</script>", "<img src=x onerror=alert(2)>&amp;"),
    "control": Person("control", "\x00\x07", "\x1b[31m]]>"),
}
DUE = datetime(2026, 1, 30, 12, 0)


def result(status: str, **more: Any) -> Mapping[str, Any]:
    """A verdict in JSON form, as graded notebooks hold it."""
    states = {"passed": "passed", "failed": "unrecognised"}
    usual = {"state": states.get(status, status), "label": "wrong", "message": "", "seed": 7, "outputs": [{}]}
    return {"status": status, **usual, **more}


def mark(exercise: str = "grad_sigmoid", points: float = 20.0, max_points: float = 20.0, **more: Any) -> Mark:
    """A mark whose verdict fits its points."""
    status = more.pop("status", "passed" if points == max_points else "failed")
    return Mark(exercise, points, max_points, status != "not_graded", result(status, **more))


def wrong(misconception: str, exercise: str = "grad_sigmoid") -> Mark:
    """A mark with a recognised mistake."""
    return mark(exercise, 0.0, misconception=misconception, state="recognised")


def unknown(number: float, exercise: str = "grad_sigmoid") -> Mark:
    """A mark for a wrong answer without a name; equal numbers are equal answers."""
    likeness = Likeness(f"dx = [{number:g}]", "form", ((number, abs(number)),))
    return mark(exercise, 0.0, likeness=likeness.to_json())


def crashed(exercise: str = "grad_sigmoid") -> Mark:
    """A mark for an answer that raises."""
    return mark(exercise, 0.0, state="exception", label="error")


def student(name: str, *marks: Mark, **more: Any) -> StudentScores:
    """A student; without marks nothing was handed in."""
    usual = {"person": Person(name), "handed_in": bool(marks)}
    return StudentScores(name, marks, **{**usual, **more})


def graded(*students: StudentScores, **more: Any) -> ClassScores:
    """A class."""
    return ClassScores("homework", students, **more)


def hostile_class() -> ClassScores:
    """Everybody of `HOSTILE` with 16 of 20 points."""
    told = "exp overflows: <b>=1+1</b> \x1b & ]]>"
    return graded(
        *(student(name, mark(points=16.0, message=told), person=person) for name, person in HOSTILE.items())
    )


def one_of_each() -> ClassScores:
    """One of each kind: right and late, wrong, crashed, not started, not graded, missing."""
    return graded(
        student(
            "ann",
            mark(),
            mark("grad_softmax", 20.0, 25.0),
            seconds_late=60.0,
            penalty=5.0,
            person=Person("ann", "Ann", "Lee", "a@b.c", "4711"),
        ),
        student("ben", wrong("sign-flipped"), crashed("grad_softmax"), seconds_late=0.0),
        student(
            "cy",
            mark(points=0.0, status="not_started", outputs=[]),
            mark("grad_softmax", 0.0, 25.0, status="not_graded"),
        ),
        student("dee"),
    )


def make_graded_course(root: Path) -> Course:
    """A course with a gradebook, as if graded: nothing is run.

    ann is right, late and has a name; ben has a mistake; cy was never graded; dee handed in nothing; eve has
    an answer that a person has to look at.
    """
    course = Course.make(root)
    enter_in_gradebook(root, ASSIGNMENT)
    directory = course_at(root)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=DUE)
        gradebook.add_student("ann", first_name="Ann", last_name="Lee", email="a@b.c", lms_user_id="4711")
        gradebook.add_student("dee")
        for name, scores in {
            "ann": (20, 25, 25, 30),
            "ben": (0, 25, 0, 30),
            "eve": (20, 25, None, 30),
        }.items():
            gradebook.update_or_create_student(name)
            when = DUE + timedelta(hours=2) if name == "ann" else DUE - timedelta(hours=1)
            gradebook.update_or_create_submission(ASSIGNMENT, name, timestamp=when)
            for exercise, points in zip(EXERCISES, scores, strict=True):
                grade = gradebook.find_grade(f"{exercise}_graded", ASSIGNMENT, ASSIGNMENT, name)
                grade.auto_score = points
                grade.needs_manual_grade = points is None
        gradebook.find_submission(ASSIGNMENT, "ann").notebooks[0].late_submission_penalty = 5.0
        gradebook.db.commit()
    results = [
        {"exercise": "grad_sigmoid", **result("failed", misconception="upstream-ignored")},
        {"exercise": "grad_softmax", **result("passed", label="right")},
        {"exercise": "grad_matmul", **result("not_started", label="not started", outputs=[])},
        {"exercise": "grad_conv2d", **result("passed", label="right")},
    ]
    _write(
        root / "autograded" / "ben" / ASSIGNMENT / FILE, {"metadata": {"gradecheck": {"results": results}}}
    )
    course.folder("cy")
    page = root / "feedback" / "ann" / ASSIGNMENT / f"{ASSIGNMENT}.html"
    page.parent.mkdir(parents=True)
    page.write_text("<title>feedback of ann</title>", encoding="utf-8")
    return course


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content), encoding="utf-8")
