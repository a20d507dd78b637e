"""Scores for other programs: each file is read as its target reads it."""

import csv
import io

import pytest
from graded_class import HOSTILE, graded, hostile_class, mark, one_of_each, student

from gradecheck.class_report.model import ClassScores
from gradecheck.exports.cells import csv_text, plain_number
from gradecheck.exports.forms import Form, text_of

#: What a spreadsheet takes for the start of a formula.
RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  # full width


def rows(text: str) -> list[list[str]]:
    """A table as a strict reader of comma-separated values takes it."""
    read = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len({len(row) for row in read}) == 1, "rows of different lengths"
    return read


def records(text: str) -> list[dict[str, str]]:
    header, *rest = rows(text)
    return [dict(zip(header, row, strict=True)) for row in rest]


# Long and wide


def test_long_has_a_row_for_each_student_and_exercise() -> None:
    read = records(text_of([one_of_each()], Form.CSV))
    assert list(read[0])[:8] == [
        "student",
        "exercise",
        "status",
        "misconception",
        "score",
        "points",
        "seed",
        "seconds_late",
    ]
    assert [(r["student"], r["exercise"], r["status"]) for r in read] == [
        ("ann", "grad_sigmoid", "passed"),
        ("ann", "grad_softmax", "failed"),
        ("ben", "grad_sigmoid", "failed"),
        ("ben", "grad_softmax", "crashed"),
        ("cy", "grad_sigmoid", "not_started"),
        ("cy", "grad_softmax", "not_graded"),
        ("dee", "grad_sigmoid", "missing"),
        ("dee", "grad_softmax", "missing"),
    ]
    assert (read[1]["score"], read[1]["points"], read[1]["max_points"]) == ("0.8", "20", "25")
    assert (read[0]["seed"], read[0]["seconds_late"]) == ("7", "60")
    assert read[2]["misconception"] == "sign-flipped"


@pytest.mark.parametrize("at", [5, 6, 7])
def test_long_leaves_empty_what_has_no_score(at: int) -> None:
    row = records(text_of([one_of_each()], Form.CSV))[at]
    assert (row["score"], row["points"]) == ("", "")


def test_wide_has_a_row_for_each_student() -> None:
    read = records(text_of([one_of_each()], Form.WIDE))
    assert [r["student"] for r in read] == ["ann", "ben", "cy", "dee"]
    ann, _, cy, dee = read
    assert (ann["grad_sigmoid"], ann["grad_softmax"], ann["late_penalty"], ann["total"]) == (
        "20",
        "20",
        "5",
        "35",
    )
    assert (cy["grad_sigmoid"], cy["grad_softmax"], cy["total"], cy["max_points"]) == ("0", "", "", "45")
    assert (dee["grad_sigmoid"], dee["total"]) == ("", "")


def test_several_assignments_share_a_wide_table() -> None:
    other = ClassScores("project", (student("zoe", mark(max_points=20.0)),))
    read = records(text_of([one_of_each(), other], Form.WIDE))
    assert read[-1]["student"] == "zoe"
    assert (read[-1]["homework: total"], read[-1]["project: total"]) == ("", "20")


# Canvas


def imported(text: str) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """What Canvas's importer takes from a file: points possible by column, scores by login and column.

    It finds the student's columns by these very names in this order, and takes all others for assignments;
    a row whose first cell says so holds the points possible; an empty cell changes nothing.
    """
    header, *rest = rows(text)
    assert header[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    possible: dict[str, str] = {}
    scores: dict[str, dict[str, str]] = {}
    for row in rest:
        cells = dict(zip(header[5:], row[5:], strict=True))
        if "Points Possible" in row[0]:
            possible = cells
        else:
            assert row[0] or row[1] or row[3], "nobody to give the score to"
            scores[row[3]] = {name: cell for name, cell in cells.items() if cell.strip()}
    return possible, scores


def test_canvas_takes_the_totals_and_leaves_who_has_none_alone() -> None:
    possible, scores = imported(text_of([one_of_each()], Form.CANVAS))
    assert possible == {"homework": "45"}
    assert scores == {"ann": {"homework": "35"}, "ben": {"homework": "0"}, "cy": {}, "dee": {}}


def test_canvas_finds_students_by_its_own_number_and_by_name() -> None:
    _, _, ann, ben, *_ = rows(text_of([one_of_each()], Form.CANVAS))
    assert ann[:5] == ["Lee, Ann", "4711", "", "ann", ""]
    assert ben[:5] == ["ben", "", "", "ben", ""]


def test_a_column_of_canvas_can_be_named() -> None:
    possible, _ = imported(text_of([one_of_each()], Form.CANVAS, "Homework 1 (4711)"))
    assert possible == {"Homework 1 (4711)": "45"}


# Names that do harm


@pytest.mark.parametrize("form", [Form.CSV, Form.WIDE, Form.CANVAS])
def test_no_cell_is_run_by_a_spreadsheet(form: Form) -> None:
    cells = [cell for row in rows(text_of([hostile_class()], form)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(RUN) or cell.lstrip().startswith(RUN)]


def test_an_id_that_is_a_formula_is_text_everywhere() -> None:
    scores = graded(student('=HYPERLINK("x")', mark()), student("-7", mark()), student(" @x", mark()))
    assert [r["student"] for r in records(text_of([scores], Form.WIDE))] == [
        "' @x",
        "'-7",
        '\'=HYPERLINK("x")',
    ]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Ann;=1+1", "Ann;'=1+1"),
        ("Ann; @x", "Ann; '@x"),
        ("Ann\n=1+1", "Ann\n'=1+1"),
        ("=a;=b", "'=a;'=b"),
        ("Lee; Ann-Mary", "Lee; Ann-Mary"),
    ],
)
def test_a_semicolon_begins_no_formula_either(name: str, written: str) -> None:
    """Where commas are decimal points, spreadsheets split lines at semicolons."""
    assert rows(csv_text([(name,)])) == [[written]]


def test_numbers_are_numbers_and_not_guarded() -> None:
    assert csv_text([("-1", -1.0, 0.1 + 0.2, None)]) == "'-1,-1,0.3,\r\n"


@pytest.mark.parametrize(
    ("value", "written"), [(0.0, "0"), (-0.0, "0"), (1e-9, "0"), (1e7, "10000000"), (100.0, "100")]
)
def test_numbers_have_no_exponent_and_no_idle_zeros(value: float, written: str) -> None:
    assert plain_number(value) == written


def test_names_come_back_as_they_were() -> None:
    read = {r["student"]: r for r in records(text_of([hostile_class()], Form.WIDE))}
    for name in ("comma", "unicode", "html", "lines"):
        person = HOSTILE[name]
        assert (read[name]["last_name"], read[name]["first_name"]) == (person.last_name, person.first_name)
