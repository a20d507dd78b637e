"""The card in all its states: distinct without colour, legible in both themes, told in full by its text."""

import dataclasses
import html
import re
from typing import Any

import numpy as np
import pytest
from colours import contrast
from planted import grad_conv2d, grad_matmul, grad_sigmoid, grad_softmax, judged, spoiled

from gradecheck.catalogue import find_exercise
from gradecheck.errors import WorkerUnavailable
from gradecheck.graph.drawing import Drawing, DrawnNode
from gradecheck.judge import not_graded
from gradecheck.report.card import card_html
from gradecheck.report.comment import comment_markdown
from gradecheck.report.face import face_of
from gradecheck.report.json import result_object
from gradecheck.report.model import Result, Way
from gradecheck.report.state import State
from gradecheck.report.text import card_text
from gradecheck.verdict import Verdict

TAPE = "import tensorflow as tf\ndef grad_sigmoid(x, dz):\n    with tf.GradientTape() as t:\n        pass\n"


def float32(x: Any, dz: Any) -> Any:
    s = 1 / (1 + np.exp(-np.asarray(x, np.float32)))
    return np.asarray(dz, np.float32) * s * (1 - s)


def diagonal(x: Any, dz: Any) -> Any:
    p = np.exp(x - np.max(x)) / np.exp(x - np.max(x)).sum()
    return np.asarray(dz) * p * (1 - p)


def unknown(x: Any, dz: Any) -> Any:
    return np.asarray(grad_softmax(x, dz)) + 0.1 * np.roll(x, 1) * np.asarray(dz)[0]


def naive(x: Any, dz: Any) -> Any:
    e = np.exp(-np.asarray(x, np.float32))
    return np.asarray(dz) * e / (1 + e) ** 2


def changing(x: Any, dz: Any) -> Any:
    answer = grad_sigmoid(x, dz)
    if isinstance(dz, np.ndarray):
        dz *= 0
    return answer


def raising(*_: Any) -> Any:
    return 1 / 0


def stub(*_: Any) -> Any:
    raise NotImplementedError


DIAMOND = Drawing(
    "the gradient at each node",
    (DrawnNode("a", "a", 2.0, 5.0, wrong=True), DrawnNode("b", "square(a)", 1.0, 1.0)),
    (("a", "b"), ("a", "b")),
)

CHAIN = Drawing(
    "the graph of a chain",
    (DrawnNode("a", "a", 7.0, 8.0, wrong=True), DrawnNode("b", "log(a)", 9.0, 9.0)),
    (("a", "b"),),
)


def result(verdict: Verdict, **more: Any) -> Result:
    return Result("ada.ipynb", verdict, 20, **more)


@pytest.fixture(scope="module")
def cards() -> dict[State, Result]:
    wrong = judged("softmax", diagonal)
    return {
        State.PASSED: result(
            judged("softmax", grad_softmax), ways=(Way("loop", "def f(x):\n    return x < 1"),)
        ),
        State.PASSED_FLOAT32: result(judged("sigmoid", float32)),
        State.RECOGNISED: result(
            dataclasses.replace(wrong, drawings=(DIAMOND, CHAIN)), hints=("first", "second")
        ),
        State.UNRECOGNISED: result(judged("softmax", unknown)),
        State.SHAPE: result(judged("matmul", spoiled("matmul", lambda g: g[None]))),
        State.EXCEPTION: result(judged("sigmoid", raising)),
        State.NAN: result(judged("sigmoid", naive)),
        State.SIDE_EFFECT: result(judged("sigmoid", changing)),
        State.NOT_STARTED: result(judged("conv2d", stub)),
        State.NOT_ALLOWED: result(judged("sigmoid", grad_sigmoid, TAPE)),
        State.NOT_GRADED: result(not_graded(find_exercise("sigmoid"), WorkerUnavailable("no worker"))),
    }


def visible(card: str) -> str:
    """What a reader sees and a screen reader says; a picture speaks through its title and description."""
    card = re.sub(r"<style>.*?</style>", "", card, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", card))


def facts(text: str) -> set[str]:
    """Its words and numbers."""
    return set(re.findall(r"[-+]?\w+(?:\.\w+)?(?:e[-+]\d+)?", text.lower()))


# States


def test_every_state_has_a_card_of_its_own(cards: dict[State, Result]) -> None:
    assert set(cards) == set(State)
    for state, shown in cards.items():
        assert face_of(shown).state is state
        assert result_object(shown)["state"] == str(state)
        assert f'class="gradecheck-card gradecheck-{state}"' in card_html(shown)


def test_states_differ_in_sign_and_in_words(cards: dict[State, Result]) -> None:
    faces = [face_of(shown) for shown in cards.values()]
    assert len({face.symbol for face in faces}) == len({face.word for face in faces}) == len(State)


@pytest.mark.parametrize(
    ("exercise", "answer", "state", "word"),
    [
        ("softmax", lambda *_: None, State.SHAPE, "not yet: no array"),
        ("softmax", lambda x, _: (x, x), State.SHAPE, "not yet: another number of outputs"),
        ("softmax", lambda x, _: np.asarray(x) + 1j, State.SHAPE, "not yet: another kind of numbers"),
        ("softmax", None, State.EXCEPTION, "no such function"),
        ("softmax", spoiled("softmax", lambda g: g * np.inf), State.NAN, "not yet: NaN or infinity"),
        ("sigmoid", naive, State.NAN, "right on ordinary inputs, NaN or infinity on extreme ones"),
        ("sigmoid", raising, State.EXCEPTION, "stopped by an error"),
    ],
)  # fmt: skip
def test_a_state_says_what_exactly(exercise: str, answer: Any, state: State, word: str) -> None:
    face = face_of(result(judged(exercise, answer)))
    assert (face.state, face.word) == (state, word)


# The twin


@pytest.mark.parametrize("state", State)
def test_the_text_tells_every_fact_of_the_card(cards: dict[State, Result], state: State) -> None:
    shown = cards[state]
    assert facts(visible(card_html(shown))) <= facts(card_text(shown))


def test_the_first_line_says_it_all(cards: dict[State, Result]) -> None:
    first = card_text(cards[State.RECOGNISED]).splitlines()[0]
    assert first == "✗ grad_softmax: not yet: a mistake that has a name   0 of 20 points"


def test_the_students_own_line_and_the_shapes_stand_on_their_own(cards: dict[State, Result]) -> None:
    text = card_text(cards[State.EXCEPTION])
    assert re.search(r"your line \d+:\n    return 1 / 0$", text)
    assert text.lower().count("shapes here: x (3,), dz (3,); wanted: dx (3,)") == 1
    another = card_text(result(judged("sigmoid", lambda x: x)))
    assert another.lower().count("shapes here: x (3,), dz (3,); wanted: dx (3,)") == 1


def test_the_implied_jacobian_stands_beside_the_true_one_with_signs_and_marks() -> None:
    text = card_text(result(judged("softmax", diagonal)))
    assert (
        "the Jacobian that your dx implies, and the true one:\n"
        "yours                             true                               where they differ (✗)\n"
        "z↓ x→        0       1       2    z↓ x→        0       1        2    z↓ x→  0  1  2\n"
        "    0  +0.0819       0       0        0  +0.0819  -0.022  -0.0599        0  ·  ✗  ✗\n"
        "    1        0  +0.185       0        1   -0.022  +0.185   -0.163        1  ✗  ·  ✗\n"
        "    2        0       0  +0.223        2  -0.0599  -0.163   +0.223        2  ✗  ✗  ·\n"
    ) in text


def test_a_large_jacobian_is_cut_and_says_so() -> None:
    card = card_html(result(judged("conv2d", lambda x, w, dz: -grad_conv2d(x, w, dz))))
    assert "… 6 of 9 rows and 4 of 4 columns are shown, those with something wrong first" in card


def test_the_graph_is_drawn_and_told(cards: dict[State, Result]) -> None:
    assert "<svg" in card_html(cards[State.RECOGNISED])
    text = card_text(cards[State.RECOGNISED])
    assert re.search(r"the gradient at each node:\n.*square\(a\).*\n.*a .*yours 2.*expected 5.*differs", text)


def test_the_latest_hint_comes_first_and_all_are_folded(cards: dict[State, Result]) -> None:
    card = re.sub(r">\s+", ">", card_html(cards[State.RECOGNISED]))
    assert '<details><summary>hint</summary><p class="gc-message">second</p>' in card
    assert '<details><summary>an earlier hint</summary><p class="gc-message">first</p>' in card
    assert "<details open" not in card


# Secrets


ALWAYS_OFF = [
    ("softmax", lambda x, dz: np.where(np.all(x == [3, 4, 5]), grad_softmax(x, dz), 0.123)),
    ("matmul", lambda x, y, dz: grad_matmul(x, y, dz) * (1 + 1e-3 * (np.asarray(x) != np.round(x)))),
    ("conv2d", lambda x, w, dz: grad_conv2d(x, w, dz) + (0.5 if np.asarray(x)[0, 0] != 3 else 0)),
]


def everywhere(told: Result) -> str:
    return card_html(told) + card_text(told) + comment_markdown(told) + str(result_object(told))


def tells(text: str, value: float) -> bool:
    numbers = [float(number) for number in re.findall(r"\d+\.\d{2,}(?:e-?\d+)?", text)]
    return any(abs(number - value) <= 6e-5 * value for number in numbers)


@pytest.mark.parametrize(("exercise", "answer"), ALWAYS_OFF)
def test_no_expected_number_of_a_hidden_case_is_told_anywhere(exercise: str, answer: Any) -> None:
    seed = 987654
    hidden, open_ = (judged(exercise, answer, seed=seed, hidden=h) for h in (True, False))
    assert open_.shown is not None
    assert open_.shown.expected is not None
    secret = [
        abs(v) for v, off in zip(open_.shown.expected.ravel(), open_.shown.wrong.ravel(), strict=True) if off
    ]
    told, telling = (everywhere(result(verdict)) for verdict in (hidden, open_))
    assert any(tells(telling, value) for value in secret), "else this test finds nothing"
    assert not [value for value in secret if tells(told, value)]
    assert f"gradecheck check --seed {seed} --exercise {exercise} NOTEBOOK" in told
    assert "the grader&#39;s ordinary inputs:" in told


def test_a_hidden_failure_stands_beside_the_printed_example() -> None:
    text = card_text(result(judged("softmax", diagonal, seed=5, hidden=True)))
    printed, hidden = text.index("the printed example:"), text.index("the grader's ordinary inputs:")
    assert printed < hidden
    assert "expected" not in text[hidden : text.index("the Jacobian")]


def test_the_replay_shows_that_very_failure_with_all_its_numbers() -> None:
    """Even where the printed example went wrong first."""
    graded, replayed = (judged("softmax", diagonal, seed=5, hidden=hidden) for hidden in (True, False))
    assert graded.shown_drawn is not None
    assert replayed.shown_drawn is not None
    assert np.array_equal(graded.shown_drawn.yours, replayed.shown_drawn.yours)
    assert graded.shown_drawn.expected is None
    assert replayed.shown_drawn.expected is not None
    text = card_text(result(replayed))
    hidden = text.index("the grader's ordinary inputs:")
    assert text.index("the printed example:") < hidden < text.index("expected  finite", hidden)


@pytest.mark.parametrize("hidden", [True, False])
def test_an_exception_on_the_graders_inputs_is_told_where_the_printed_example_ran(hidden: bool) -> None:
    verdict = judged("matmul", lambda _x, y, dz: np.asarray(dz) @ np.asarray(y), seed=5, hidden=hidden)
    assert verdict.diagnosis.misconception == "matmul-transpose-missing"
    for text in (card_text(result(verdict)), comment_markdown(result(verdict))):
        assert "for the grader's inputs: stopped" in text
        assert "ValueError: matmul" in text


# Legibility


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_text_has_enough_contrast_with_what_is_behind_it(
    cards: dict[State, Result], theme: int
) -> None:
    css = card_html(cards[State.PASSED])
    pairs = re.findall(r"--gc-(\w+):light-dark\((#\w{6}),(#\w{6})\)", css)
    colours = {name: both[theme] for name, *both in pairs}
    backs = ["back", "bad", "code", *(f"{sign}{n}" for sign in ("plus", "minus") for n in (1, 2, 3))]
    on_back = sorted(set(colours) - set(backs) - {"line"})
    assert {"text", "soft", "right", "named", "stop", "blank"} <= set(on_back)
    low = {(n, "back"): c for n in on_back if (c := contrast(colours[n], colours["back"])) < 4.5}
    low |= {("text", b): c for b in backs if (c := contrast(colours["text"], colours[b])) < 4.5}
    assert low == {}


def test_the_edge_of_every_state_has_a_colour_of_its_own(cards: dict[State, Result]) -> None:
    css = card_html(cards[State.PASSED])
    edges = dict(re.findall(r"\.gradecheck-(\w+)\{--gc-edge:var\(--gc-(\w+)\)\}", css)) | {
        "recognised": "named"
    }
    assert set(edges) == set(State)
    assert len(set(edges.values())) == len(State)


@pytest.mark.parametrize("state", State)
def test_screen_readers_find_names_headers_and_captions(cards: dict[State, Result], state: State) -> None:
    card = card_html(cards[state])
    face = face_of(cards[state])
    assert f'role="group" aria-label="{face.name}: {face.word}"' in card
    assert not re.search(r"<th(?! scope=)[ >]", card)
    for table in re.findall(r"<table.*?</table>", card, re.DOTALL):
        assert "<caption>" in table
    assert f'<span aria-hidden="true">{face.symbol}</span>' in card
    for picture in re.findall(r"<svg.*?</svg>", card, re.DOTALL):
        assert 'role="img"' in picture
        assert "<title>" in picture


@pytest.mark.parametrize("state", State)
def test_the_card_needs_nothing_from_outside(cards: dict[State, Result], state: State) -> None:
    card = card_html(cards[state]).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|//\w|<script|src=|@import|url\(|\son\w+=|<link|<iframe", card)
