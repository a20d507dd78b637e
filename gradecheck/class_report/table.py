"""A class's scores in a terminal, and as JSON for programs."""

import json
from collections import Counter
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gradecheck.class_report.mistakes import sentence_of
from gradecheck.class_report.model import ClassScores, Mark, StudentScores
from gradecheck.handin.names import shown
from gradecheck.report.model import SCHEMA

#: So many of the most frequent mistakes are listed.
MOST_FREQUENT = 5
_LONGEST_REASON = 300
_WIDEST_NAME = 32  # columns; scores have to stand beside it


def print_class(scores: ClassScores, console: Console) -> None:
    """The table of students and exercises, what had no scores, and what went wrong most often."""
    console.print(_table(scores))
    for student in scores.students:
        if student.problem:
            console.print(f"[magenta]{escape(shown(student.student))}: {escape(shown(student.problem))}[/]")
    for reason, count in _reasons(scores).items():
        console.print(f"[magenta]not graded {count} ×: {escape(reason)}[/]")
    frequent = scores.misconceptions()[:MOST_FREQUENT]
    if frequent:
        console.print("\n[bold]What the class got wrong most often[/]")
    for exercise, mistake, count in frequent:
        title = exercise.removeprefix("grad_")
        console.print(f"  {count:>3} ×  {title:<8} {escape(sentence_of(exercise, mistake))}")


def to_json(scores: ClassScores) -> str:
    """The same as one JSON object, in the form of `gradecheck check --format json`."""
    results = [_result(student, mark) for student in scores.students for mark in student.marks]
    problems = [
        {"submission": student.student, "message": student.problem or _without_marks(student)}
        for student in scores.students
        if student.problem or not student.marks
    ]
    document = {"schema": SCHEMA, "results": results, "problems": problems}
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def _without_marks(student: StudentScores) -> str:
    return "it has not been graded" if student.handed_in else "nothing was handed in"


def _reasons(scores: ClassScores) -> Counter[str]:
    """Why answers have no score, each reason once, in one line."""
    ungraded = (mark for student in scores.students for mark in student.marks if not mark.graded)
    messages = (str(mark.result.get("message") or "a person has to look at it") for mark in ungraded)
    return Counter(" ".join(message.split())[:_LONGEST_REASON] for message in messages)


def _table(scores: ClassScores) -> Table:
    most = sum(mark.max_points for mark in scores.columns)
    table = Table(
        title=escape(scores.assignment), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    table.add_column("student", no_wrap=True, max_width=_WIDEST_NAME)
    for mark in scores.columns:
        table.add_column(f"{escape(mark.title)} /{mark.max_points:g}", overflow="fold")
    table.add_column(f"total /{most:g}", justify="right")
    columns = len(scores.columns)
    for student in scores.students:
        if student.marks:
            cells = [_cell(mark) for mark in student.marks]
            table.add_row(escape(shown(student.student)), *cells, f"[bold]{student.points:g}[/]")
        else:
            state = "[magenta]? not graded[/]" if student.handed_in else "[dim]not handed in[/]"
            table.add_row(escape(shown(student.student)), state, *["-"] * (columns - 1), "-")
    return table


def _cell(mark: Mark) -> str:
    word = escape(mark.word)
    if not mark.graded:
        return f"[magenta]  ? {word}[/]"
    style = "green" if mark.word == "ok" else "dim" if mark.word == "not started" else "yellow"
    return f"{mark.points:>3g} [{style}]{word}[/]"


def _result(student: StudentScores, mark: Mark) -> dict[str, Any]:
    """A verdict as grading left it; points and score are the gradebook's, given by hand or not."""
    share = mark.points / mark.max_points if mark.max_points else 0.0
    unknown: dict[str, Any] = {
        "status": "failed" if mark.graded else "not_graded",
        "misconception": None,
        "message": "",
        "outputs": [],
    }
    return {
        **unknown,
        **{key: value for key, value in mark.result.items() if key != "likeness"},
        "submission": student.student,
        "exercise": mark.exercise,
        "score": round(share, 6),
        "points": mark.points,
        "max_points": mark.max_points,
    }
