"""The class report: what it counts, what it says, and that a name is never more than a name."""

import re
import time
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from graded_class import (
    DUE,
    HOSTILE,
    crashed,
    graded,
    hostile_class,
    mark,
    student,
    unknown,
    wrong,
)

from gradecheck.class_report.mistakes import clusters_of, misconceptions_of
from gradecheck.class_report.model import ClassScores, Mark, State
from gradecheck.class_report.page import groups_of, late_in_words, page_html
from gradecheck.class_report.statistics import class_is_small, exercise_figures, totals_of
from gradecheck.errors import OperatorError
from gradecheck.writing import write_whole

NOT_STARTED = mark(points=0.0, status="not_started", outputs=[], state="not_started")
NOT_GRADED = mark(points=0.0, status="not_graded", state="not_graded")


# What becomes of an exercise


@pytest.mark.parametrize(
    ("given", "state"),
    [
        (mark(), State.PASSED),
        (mark(points=16.0), State.FAILED),
        (wrong("sign-flipped"), State.FAILED),
        (crashed(), State.CRASHED),
        (mark(points=16.0, state="exception"), State.FAILED),  # right, but for extremes, where it raises
        (NOT_STARTED, State.NOT_STARTED),
        (NOT_GRADED, State.NOT_GRADED),
        (Mark("essay", 3.0, 5.0, True, {}), State.FAILED),  # another author's cell
        (Mark("essay", 5.0, 5.0, True, {}), State.PASSED),
        (Mark("grad_sigmoid", 20.0, 20.0, True, NOT_GRADED.result), State.PASSED),  # points given by hand
        (Mark("grad_sigmoid", 12.0, 20.0, True, mark().result), State.FAILED),
        (Mark("grad_sigmoid", 0.0, 0.0, True, mark().result), State.PASSED),  # left out by the instructor
    ],
)
def test_every_mark_is_in_one_state(given: Mark, state: State) -> None:
    assert given.state is state


def test_who_handed_in_nothing_is_missing_and_who_was_not_graded_is_not() -> None:
    assert student("a").state("grad_sigmoid") is State.MISSING
    assert student("a", handed_in=True).state("grad_sigmoid") is State.NOT_GRADED


def test_a_total_takes_the_penalty_off_and_is_unknown_while_something_has_no_score() -> None:
    assert student("a", mark(), penalty=5.0).total == 15.0
    assert student("a", mark(), penalty=50.0).total == 0.0
    assert student("a", mark(), NOT_GRADED).total is None
    assert student("a").total is None


# Figures


def class_of(*shares: tuple[float, float]) -> ClassScores:
    """A class by the points of each student in two exercises of 10 points."""
    rows = [
        student(f"s{at:02}", mark("grad_a", one, 10.0), mark("grad_b", two, 10.0))
        for at, (one, two) in enumerate(shares)
    ]
    return graded(*rows)


def test_started_right_mean_and_difficulty() -> None:
    marks = [mark(), mark(points=10.0), crashed(), NOT_STARTED, NOT_GRADED]
    scores = graded(*(student(f"s{at}", m) for at, m in enumerate(marks)), student("z"))
    (figures,) = exercise_figures(scores)
    assert (figures.started, figures.right, figures.graded) == (3, 1, 4)
    assert (figures.mean, figures.difficulty) == (7.5, 0.375)
    assert figures.states[State.MISSING] == 1


def test_discrimination_leaves_the_exercise_itself_out_of_the_total() -> None:
    figures = exercise_figures(class_of((10, 0), (0, 10), (10, 0), (0, 10)))
    assert [f.discrimination for f in figures] == pytest.approx([-1.0, -1.0])  # with itself it would be 0
    assert "low discrimination: look at it" in figures[0].remarks


def test_discrimination_is_the_usual_correlation() -> None:
    one, two = [0, 2, 5, 10, 10], [1, 0, 7, 6, 10]
    mean_one, mean_two = sum(one) / 5, sum(two) / 5
    covariance = sum((a - mean_one) * (b - mean_two) for a, b in zip(one, two, strict=True))
    spread = sum((a - mean_one) ** 2 for a in one) * sum((b - mean_two) ** 2 for b in two)
    figures = exercise_figures(class_of(*zip(one, two, strict=True)))
    assert figures[0].discrimination == pytest.approx(covariance / spread**0.5)


@pytest.mark.parametrize(
    "shares", [[(10, 3), (10, 4), (10, 5)], [(3, 10), (4, 10), (5, 10)], [(1, 2), (2, 1)]]
)
def test_without_variance_or_students_there_is_no_discrimination(shares: list[tuple[float, float]]) -> None:
    figures = exercise_figures(class_of(*shares))[0]
    assert figures.discrimination is None
    assert "no discrimination: too few scores, or all are the same" in figures.remarks


def test_a_single_exercise_says_why_it_has_no_discrimination() -> None:
    (figures,) = exercise_figures(graded(*(student(f"s{at}", mark(points=at)) for at in range(9))))
    assert figures.discrimination is None
    assert "no discrimination: there is no other exercise" in figures.remarks


def test_easy_and_hard_exercises_are_marked() -> None:
    easy, hard = exercise_figures(class_of((10, 1), (9, 0), (10, 2)))
    assert "easy: nearly everybody has it" in easy.remarks
    assert "hard: few have it" in hard.remarks


@pytest.mark.parametrize(("number", "small"), [(24, True), (25, False)])
def test_under_25_students_the_figures_come_with_a_warning(number: int, small: bool) -> None:
    scores = class_of(*((at % 11, at % 7) for at in range(number)))
    assert class_is_small(scores) is small
    assert ("<strong>Small class:</strong>" in page_html(scores, Path())) is small


def test_totals_fall_into_tenths_and_full_marks_into_the_last() -> None:
    totals = totals_of(class_of((0, 0), (1, 1), (5, 5), (10, 9), (10, 10)))
    assert totals.bins == (1, 1, 0, 0, 0, 1, 0, 0, 0, 2)
    assert (totals.mean, totals.median) == (10.2, 10)


# What to teach again


def test_a_misconception_is_counted_by_students_and_by_exercises() -> None:
    scores = graded(
        student("a", wrong("upstream-ignored"), wrong("upstream-ignored", "grad_softmax")),
        student("b", wrong("upstream-ignored"), mark("grad_softmax")),
        student("c", wrong("sign-flipped"), mark("grad_softmax")),
    )
    first, second = misconceptions_of(scores)
    assert (first.title, first.summary) == ("upstream ignored", "2 students in 2 exercises")
    assert (second.title, second.summary) == ("sign flipped", "1 student in 1 exercise")
    assert [[s.student for s in seen.students] for seen in first.seen] == [["a", "b"], ["a"]]
    assert first.seen[0].sentence.startswith("This is the local derivative alone")


def test_equal_unrecognised_answers_are_one_cluster_and_the_largest_comes_first() -> None:
    scores = graded(
        student("a", unknown(1.0)),
        student("b", unknown(2.0)),
        student("c", unknown(2.0000001)),
        student("d", wrong("sign-flipped")),
        student("e", mark(points=0.0, state="exception", label="too slow")),
    )
    clusters = clusters_of(scores)
    assert [[s.student for s in cluster.students] for cluster in clusters] == [["b", "c"], ["a"], ["e"]]
    assert [cluster.compared for cluster in clusters] == [True, True, False]
    assert clusters[0].shown == "dx = [2]"


def test_missing_late_not_started_crashed_and_not_graded_are_five_things() -> None:
    scores = graded(
        student("absent"),
        student("late", mark(), seconds_late=7260.0),
        student("stub", NOT_STARTED),
        student("raises", crashed()),
        student("waits", handed_in=True),
        student("fine", mark(), seconds_late=0.0),
        due=DUE,
    )
    groups = {g.title: [s.student for s, _ in g.students] for g in groups_of(scores, DUE + timedelta(days=9))}
    assert groups == {
        "missing": ["absent"],
        "late": ["late"],
        "not started": ["stub"],
        "crashed": ["raises"],
        "not graded": ["waits"],
    }
    assert "due 2026-01-30 12:00 UTC" in groups_of(scores, DUE)[0].note


def test_nothing_is_missing_before_it_is_due() -> None:
    scores = graded(student("absent"), student("fine", mark()), due=DUE)
    assert groups_of(scores, DUE - timedelta(days=1))[0].title == "not handed in yet"
    assert groups_of(scores, DUE + timedelta(days=1))[0].title == "missing"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "under a minute"), (300, "5 min"), (7260, "2 h 1 min"), (200_000, "2 d 7 h")],
)
def test_lateness_in_words(seconds: float, words: str) -> None:
    assert late_in_words(seconds) == words


# The page


class Reader(HTMLParser):
    """Tags and text of a page, as a browser takes them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def test_names_and_messages_stay_text_whatever_they_hold() -> None:
    reader = read(page_html(hostile_class(), Path()))
    assert [tag for tag, _ in reader.tags].count("script") == 1
    assert "img" not in {tag for tag, _ in reader.tags}
    assert not [attrs for _, attrs in reader.tags if any(name.startswith("on") for name in attrs)]
    for name in ("html", "comma", "unicode"):
        assert HOSTILE[name].sortable_name in reader.text


def test_the_page_loads_nothing() -> None:
    page = page_html(hostile_class(), Path())
    assert not re.search(r"""(src|href)=["'](https?:)?//""", page)
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_links_to_feedback_are_relative_and_quoted(tmp_path: Path) -> None:
    file = tmp_path / "feedback" / "ann lee#1?" / "a%.html"
    scores = graded(student("ann lee#1?", mark(), feedback=(file,)))
    links = [a["href"] for tag, a in read(page_html(scores, tmp_path / "reports")).tags if tag == "a"]
    assert "../feedback/ann%20lee%231%3F/a%25.html" in links


def test_a_class_without_a_single_total_still_has_a_report() -> None:
    page = page_html(graded(student("a", NOT_GRADED), student("b")), Path(), datetime(2026, 2, 1))
    assert "Nobody has all scores yet." in page
    assert "Class report of 2026-02-01 00:00 UTC" in page


def test_an_exercise_that_was_left_out_is_said_to_be() -> None:
    scores = graded(
        student("a", mark(), mark("grad_softmax", 0.0, 0.0, status="passed")),
        left_out=("grad_softmax",),
        rescaled=True,
    )
    sentence = "Left out, and worth nothing: softmax; the others are worth the more for it."
    assert sentence in read(page_html(scores, Path())).text
    assert exercise_figures(scores)[1].remarks == ("earns no points",)


def test_states_are_told_in_words_beside_their_symbols() -> None:
    scores = graded(student("a", mark()), student("b", crashed()), student("c"))
    text = re.sub(r"\s+", " ", read(page_html(scores, Path())).text)
    assert all(words in text for words in ("20 ✓ passed", "0 ! crashed", "– missing"))


def test_a_class_of_a_thousand_takes_seconds() -> None:
    names = [f"grad_{at}" for at in range(10)]
    rows = [
        student(
            f"s{at:03}",
            *(unknown(at * k % 50, name) if at % 3 else mark(name) for k, name in enumerate(names)),
        )
        for at in range(1000)
    ]
    start = time.process_time()
    page = page_html(graded(*rows), Path())
    assert page.count("<tr>") > 1000
    assert time.process_time() - start < 10


def test_a_file_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "report.html", "one")
    with pytest.raises(
        OperatorError, match=r"below cannot be written: .*; name another place: --output PATH"
    ):
        write_whole(tmp_path / "new" / "report.html" / "below", "two")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["report.html"]
    assert (tmp_path / "new" / "report.html").read_text(encoding="utf-8") == "one"
