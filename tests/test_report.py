"""What people and programs read: terminal, JSON, card, comment; hostile text stays text in all of them."""

import dataclasses
import html
import io
import json
import re
from typing import Any

import numpy as np
import pytest
from planted import Scripted, grad_sigmoid, grad_softmax, judged, judged_by, spoiled
from rich.console import Console

from gradecheck.catalogue import find_exercise
from gradecheck.errors import WorkerUnavailable
from gradecheck.judge import not_graded
from gradecheck.report.card import card_html
from gradecheck.report.comment import comment_markdown, plain
from gradecheck.report.console import print_report
from gradecheck.report.json import to_json
from gradecheck.report.model import Problem, Report, Result
from gradecheck.report.table import number, table_of
from gradecheck.report.text import card_text
from gradecheck.run.outcome import NotArray, Raised, Returned
from gradecheck.verdict import Shown, Status, Verdict

SIGMOID = find_exercise("sigmoid")
HOSTILE = "</p><script>alert(1)</script>[red]:bomb: **bold** $x$ `code` \x1b[2J\r\nok 20/20"


def stub(*_: Any) -> Any:
    raise NotImplementedError


def hostile() -> Verdict:
    return judged_by(Scripted(SIGMOID, grad_sigmoid, {0: Returned((NotArray("other", HOSTILE),))}))


RIGHT = judged("softmax", grad_softmax)
FLIPPED = judged("sigmoid", spoiled("sigmoid", lambda g: -g))
UNTOUCHED = judged("conv2d", stub)
OURS = not_graded(SIGMOID, WorkerUnavailable("the worker did not start"))


def result(verdict: Verdict, points: float = 20, submission: str = "ada.ipynb") -> Result:
    return Result(submission, verdict, points)


def printed(*results: Result, problems: tuple[Problem, ...] = ()) -> str:
    stream = io.StringIO()
    print_report(
        Report(results, problems), Console(file=stream, soft_wrap=True, highlight=False, emoji=False)
    )
    return stream.getvalue()


# Exit codes and points


@pytest.mark.parametrize(
    ("verdicts", "fatal", "code", "strict"),
    [
        ([], False, 2, 2),
        ([], True, 2, 2),
        ([RIGHT], False, 0, 0),
        ([UNTOUCHED], False, 0, 1),
        ([RIGHT, UNTOUCHED], False, 0, 1),
        ([RIGHT, FLIPPED], False, 1, 1),
        ([RIGHT], True, 1, 1),
        ([RIGHT, OURS], False, 1, 1),
        ([OURS], False, 2, 2),
    ],
)
def test_exit_codes(verdicts: list[Verdict], fatal: bool, code: int, strict: int) -> None:
    problems = (Problem("x", "x does not exist"),) if fatal else ()
    report = Report(tuple(map(result, verdicts)), problems)
    assert (report.exit_code(), report.exit_code(strict=True)) == (code, strict)


def test_a_note_about_a_cell_is_not_wrong() -> None:
    report = Report((result(RIGHT),), (Problem("ada.ipynb", "cell 1 stopped", fatal=False),))
    assert report.exit_code() == 0


def test_points_are_the_score_times_what_it_is_worth() -> None:
    assert result(dataclasses.replace(FLIPPED, score=0.8), 12.5).points == 10.0
    assert result(RIGHT, 0).points == 0.0


# Terminal


def test_one_line_an_exercise_the_first_failure_and_the_next_step() -> None:
    text = printed(result(RIGHT, 25), result(FLIPPED, 20), result(UNTOUCHED, 30))
    assert text == (
        "ada.ipynb  (as saved; the state of a running kernel does not count)\n"
        "  softmax  ok              25/25\n"
        "  sigmoid  wrong            0/20  This is the right gradient times -1\n"
        "  conv2d   not started      0/30\n"
        "\n"
        "  sigmoid\n"
        "    This is the right gradient times -1. dx[0] is -0.04518, expected 0.04518 in the printed\n"
        "    example (3 of 3 entries are wrong).\n"
        "\n"
        "    the printed example:\n"
        "    dx  x  dz      yours  expected  finite difference\n"
        "     0  3   1  -0.045177  0.045177           0.045177  <- sign differs, the worst\n"
        "     1  4   2  -0.035325  0.035325           0.035325  <- sign differs\n"
        "     2  5   3  -0.019944  0.019944           0.019944  <- sign differs\n"
        "\n"
        "    the Jacobian that your dx implies, and the true one:\n"
        "    yours                                true                                 "
        "where they differ (✗)\n"
        "    z↓ x→        0        1         2    z↓ x→        0        1         2    z↓ x→  0  1  2\n"
        "        0  -0.0452        0         0        0  +0.0452        0         0        0  ✗  ·  ·\n"
        "        1        0  -0.0177         0        1        0  +0.0177         0        1  ·  ✗  ·\n"
        "        2        0        0  -0.00665        2        0        0  +0.00665        2  ·  ·  ✗\n"
        "\n"
        "    taken at: x = [3, 4, 5]; a row for each entry of z, a column for each of the argument\n"
        "    what it shows: 6 of its 9 entries are right. Off the diagonal everything is right; the\n"
        "    diagonal is wrong. What is wrong has the right size and the wrong sign.\n"
        "    recognised as: sign-flipped\n"
        "\n"
        "    hint: Nudge one input upward on paper. Which way does z move?\n"
        "\n"
        "[#####-----------]  1 of 3 done   public inputs only: grading draws others\n"
        "next: sigmoid, the function grad_sigmoid(x, dz)\n"
    )


def test_untouched_exercises_say_where_to_start() -> None:
    text = printed(result(judged("sigmoid", stub)), result(UNTOUCHED))
    assert text.endswith(
        "[----------------]  0 of 2 done   public inputs only: grading draws others\n"
        "start with: sigmoid, the function grad_sigmoid(x, dz)\n"
    )


def test_all_done() -> None:
    assert printed(result(RIGHT)).endswith(
        "    worth knowing: Your entries add up to 0. Why must they, whatever dz is?\n\n"
        "[################]  1 of 1 done   public inputs only: grading draws others\nall done: well done\n"
    )


def test_problems_stand_with_their_submission_or_at_the_end() -> None:
    text = printed(
        result(RIGHT),
        problems=(
            Problem("none.py", "none.py does not exist"),
            Problem("ada.ipynb", "cell 3 stopped", fatal=False),
        ),
    )
    assert "\n  note: cell 3 stopped\n" in text
    assert text.endswith("all done: well done\nnone.py does not exist\n")


def test_colour_is_for_terminals_and_words_carry_the_meaning() -> None:
    plain_text = printed(result(RIGHT), result(FLIPPED))
    assert "\x1b" not in plain_text
    stream = io.StringIO()
    console = Console(
        file=stream, force_terminal=True, color_system="standard", soft_wrap=True, highlight=False, width=120
    )
    print_report(Report((result(RIGHT), result(FLIPPED))), console)
    assert "\x1b[32m" in stream.getvalue()
    assert re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue()) == plain_text


def test_lines_fit_into_a_terminal_of_80_columns() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, color_system=None, soft_wrap=True, width=80)
    wrong = judged("softmax", spoiled("softmax", lambda g: g * np.arange(1, g.size + 1)))
    print_report(Report((result(RIGHT), result(wrong))), console)
    lines = stream.getvalue().splitlines()[1:]  # the first names the file
    assert max(map(len, lines)) <= 80
    assert "where they differ" in stream.getvalue()


def test_what_was_not_graded_is_told_as_ours() -> None:
    assert "not graded, for no fault of yours: the worker did not start" in printed(result(OURS))


def test_text_of_a_student_cannot_write_over_the_report() -> None:
    text = printed(result(hostile(), submission="[bold]\x1b[1A.py"), problems=(Problem("x", HOSTILE),))
    assert "\x1b" not in text
    assert "\r" not in text
    assert ":bomb:" in text
    assert "[bold]" in text
    assert "[red]" in text
    assert not any(line.startswith("ok 20/20") for line in text.splitlines())


# Tables


def shown(yours: Any, expected: Any, wrong: Any, worst: tuple[int, ...], **more: Any) -> Shown:
    expected = np.array(expected, np.float64)
    return Shown(
        "t",
        more.get("arguments", ()),
        "dx",
        np.array(yours, np.float64),
        expected,
        expected,
        np.array(wrong),
        worst,
    )


def test_the_worst_element_stands_at_the_top_and_then_the_other_wrong_ones() -> None:
    table = table_of(shown([1, 9, 5, 4], [1, 2, 3, 4], [False, True, True, False], (2,)))
    assert [row.index for row in table.rows] == ["2", "1", "0", "3"]
    assert [row.wrong for row in table.rows] == [True, True, False, False]


def test_more_rows_than_eight_are_counted_and_left_out() -> None:
    table = table_of(shown(np.zeros((3, 4)), np.ones((3, 4)), np.ones((3, 4), bool), (1, 2)))
    assert (len(table.rows), table.cut, table.rows[0].index) == (8, "… and 4 more, 4 of them wrong", "1, 2")


@pytest.mark.parametrize(
    ("yours", "expected", "note"),
    [
        (np.nan, 1, "not a number"),
        (np.inf, 1, "overflow"),
        (-1, 2, "sign differs"),
        (0, 2, "zero"),
        (2, 0, "should be 0"),
        (6, 2, "3 times"),
        (1.00002, 1, "1.00002 times"),
    ],
)
def test_what_differs_in_a_word(yours: float, expected: float, note: str) -> None:
    assert table_of(shown([yours], [expected], [True], (0,))).rows[0].note == note


@pytest.mark.parametrize(
    ("value", "text"),
    [(np.nan, "NaN"), (np.inf, "inf"), (-np.inf, "-inf"), (-0.0, "0"), (1 / 3, "0.33333"), (1e-9, "1e-09")],
)
def test_numbers_as_they_are_read(value: float, text: str) -> None:
    assert number(value) == text


def test_arguments_stand_beside_a_vector_only() -> None:
    line = (("x", np.array([7.0])), ("w", np.array([1.0, 2.0])))
    assert table_of(shown([1], [2], [True], (0,), arguments=line)).columns == (
        "dx", "x", "yours", "expected", "finite difference",
    )  # fmt: skip
    assert (
        table_of(shown([[1]], [[2]], [[True]], (0, 0), arguments=(("x", np.array([[7.0]])),))).columns[1]
        == "yours"
    )


def test_a_hidden_case_has_no_column_of_expected_numbers() -> None:
    secret = dataclasses.replace(shown([1], [2], [True], (0,)), expected=None, difference=None)
    table = table_of(secret)
    assert table.columns == ("dx", "yours")
    assert (table.rows[0].cells, table.rows[0].note) == (("1",), "wrong")


# JSON


def test_json_has_a_version_and_one_object_a_result() -> None:
    document = json.loads(to_json(Report((result(FLIPPED, 20),), (Problem("x.py", "x.py does not exist"),))))
    assert document == {
        "schema": 1,
        "results": [
            {
                "submission": "ada.ipynb",
                "exercise": "grad_sigmoid",
                "status": "failed",
                "state": "recognised",
                "score": 0.0,
                "points": 0.0,
                "max_points": 20,
                "misconception": "sign-flipped",
                "message": FLIPPED.message,
                "hint": "Nudge one input upward on paper. Which way does z move?",
                "remarks": [],
                "seed": 2026,
                "outputs": [{"name": "dx", "passed": False, "score": 0.0, "fault": "value"}],
            }
        ],
        "problems": [{"submission": "x.py", "message": "x.py does not exist"}],
    }


@pytest.mark.parametrize(
    ("verdict", "status", "score"),
    [(RIGHT, "passed", 1.0), (UNTOUCHED, "not_started", 0.0), (OURS, "not_graded", 0.0)],
)
def test_json_of_the_other_states(verdict: Verdict, status: str, score: float) -> None:
    (entry,) = json.loads(to_json(Report((result(verdict),))))["results"]
    assert (entry["status"], entry["score"], entry["misconception"]) == (status, score, None)


def test_json_is_json_whatever_a_student_returns() -> None:
    verdict = judged("sigmoid", lambda *_: np.array([np.nan, np.inf, 1]))
    (entry,) = json.loads(to_json(Report((result(verdict),))))["results"]
    assert entry["outputs"][0]["fault"] == "not finite"
    assert "\x1b" not in to_json(Report((result(hostile()),)))


# Card and comment


def test_the_card_says_what_the_terminal_says() -> None:
    card = html.unescape(card_html(result(FLIPPED)))
    for text in (
        FLIPPED.message,
        FLIPPED.diagnosis.hint,
        "sign-flipped",
        "0 of 20 points",
        "sign differs",
    ):
        assert text in card
    assert "worth knowing" not in card


@pytest.mark.parametrize(
    ("verdict", "state"),
    [(RIGHT, "✓ right"), (UNTOUCHED, "○ not started"), (OURS, "? not graded"), (FLIPPED, "✗ not yet: ")],
)
def test_the_cards_state_stands_in_words(verdict: Verdict, state: str) -> None:
    assert state in re.sub("<[^>]*>", "", card_html(result(verdict)))


def test_a_right_answer_learns_something_more() -> None:
    assert "worth knowing:</b> Your entries add up to 0." in card_html(result(RIGHT))
    assert "worth knowing: Your entries add up to 0." in card_text(result(RIGHT))


def test_the_card_is_self_contained_and_escaped() -> None:
    card = card_html(result(hostile()))
    assert "<script" not in card
    assert "&lt;script&gt;" in card
    assert not re.search(r"https?://|src=|onclick", card)


@pytest.mark.parametrize("seed", [0, 7])
def test_a_hidden_seed_is_revealed_on_the_card(seed: int) -> None:
    verdict = dataclasses.replace(FLIPPED, hidden=True, seed=seed)
    assert f"gradecheck check --seed {seed}" in card_html(result(verdict))
    assert "--seed" not in card_html(result(FLIPPED))


def test_a_comment_tells_what_the_card_tells_and_the_command_that_repeats_it() -> None:
    verdict = dataclasses.replace(FLIPPED, hidden=True, seed=7)
    comment = comment_markdown(result(verdict))
    assert comment.startswith(f"**0 of 20 points.** {plain(FLIPPED.message)}\n\n    the printed example:\n")
    assert "\n     0  3   1  -0.045177  0.045177           0.045177  <- sign differs, the worst\n" in comment
    assert f"\n\nhint: {plain(FLIPPED.diagnosis.hint)}\n\n" in comment
    assert comment.endswith("\n\n    gradecheck check --seed 7 --exercise sigmoid NOTEBOOK")


def test_a_comment_on_what_was_not_graded_or_started_names_no_seed() -> None:
    for verdict in (OURS, UNTOUCHED):
        assert "seed" not in comment_markdown(result(dataclasses.replace(verdict, hidden=True)))


def test_a_comment_is_one_paragraph_of_plain_text_a_sentence() -> None:
    assert plain("grad_softmax_ a*c") == r"grad_softmax\_ a\*c"
    assert plain("1 < 2\n\n# no heading") == "1 &lt; 2 # no heading"
    assert plain("# no heading") == r"\# no heading"
    assert plain("12. no list") == r"12\. no list"
    comment = comment_markdown(result(hostile()))
    assert "<script" not in comment
    assert "\n\nok" not in comment


def test_the_text_of_an_exception_is_cut_and_kept_on_one_line() -> None:
    outcome = Raised("ValueError", "first\nsecond " + 300 * "x")
    verdict = judged_by(Scripted(SIGMOID, grad_sigmoid, dict.fromkeys(range(99), outcome)))
    assert "ValueError: first second xxx" in verdict.message
    assert "x…. Shapes here: x (3,), dz (3,); wanted: dx (3,)." in verdict.message
    assert len(verdict.message) < 300
    assert verdict.status is Status.FAILED
