"""After success: other ways to write it, from the course's own file of answers, where that file is."""

import dataclasses
from pathlib import Path

import pytest
from planted import grad_softmax, judged, spoiled

from gradecheck import check
from gradecheck.catalogue import find_exercise
from gradecheck.diagnose.source import AnswerSource
from gradecheck.other_ways import other_ways
from gradecheck.report.card import card_html
from gradecheck.report.model import Result, Way
from gradecheck.report.text import card_text

SOFTMAX = find_exercise("softmax")
OWN = AnswerSource.of("def grad_softmax(x, dz):\n    return p(x) * (dz - tf.reduce_sum(p(x) * dz))\n")
ANSWERS = """
def softmax__right_sums(x, dz):
    return other(x) * (dz - tf.reduce_sum(other(x) * dz))

def softmax__right_two_terms(x, dz):
    return p(x) * dz - p(x) * tf.tensordot(p(x), dz, 1)

def softmax__right_two_terms_again(x, dz):
    return (p(x) * dz) - (p(x) * tf.tensordot(p(x), dz, 1))

def softmax__right_jacobian(x, dz):
    return (np.diag(p(x)) - np.outer(p(x), p(x))) @ dz

def softmax__right_einsum(x, dz):
    return np.einsum("ij,j->i", np.diag(p(x)) - np.outer(p(x), p(x)), dz)

def softmax__right_loop(x, dz):
    return [sum(p(x)[i] * ((i == j) - p(x)[j]) * dz[j] for j in range(len(x))) for i in range(len(x))]

def softmax__wrong_sign_flipped(x, dz):
    return -1

def sigmoid__right_short(x, dz):
    return 0
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    file = tmp_path / "solutions" / "one" / "answers.py"
    file.parent.mkdir(parents=True)
    file.write_text(ANSWERS, encoding="utf-8")
    (tmp_path / "exercises" / "one").mkdir(parents=True)
    return tmp_path


def styles(course: Path, own: AnswerSource | None = OWN, place: str = "exercises/one/a.ipynb") -> list[str]:
    return [way.style for way in other_ways(SOFTMAX, own, [course / place])]


def test_up_to_three_short_right_ones_that_use_other_means(course: Path) -> None:
    assert styles(course) == ["jacobian", "two terms", "einsum"]
    assert styles(course, None) == ["jacobian", "two terms", "sums"]


def test_they_carry_the_name_that_the_exercise_asks_for(course: Path) -> None:
    way = other_ways(SOFTMAX, OWN, [course])[0]
    assert way.source.startswith("def grad_softmax(x, dz):\n    return (np.diag(")


def test_without_the_folder_there_are_none(course: Path) -> None:
    (course / "solutions").rename(course / "elsewhere")
    assert styles(course) == []


def test_a_file_of_answers_that_is_not_finished_costs_only_the_ways(course: Path) -> None:
    (course / "solutions" / "one" / "answers.py").write_text("def softmax__rig", encoding="utf-8")
    assert styles(course) == []


def test_card_and_text_show_them_after_success() -> None:
    way = Way("two terms", "def grad_softmax(x, dz):\n    return a < b")
    right = Result("a.py", judged("softmax", grad_softmax), 10, ways=(way,))
    card = card_html(right)
    assert "<summary>another way to write it (two terms)</summary>" in card
    assert "return a &lt; b" in card
    assert (
        "another way to write it (two terms):\n    def grad_softmax(x, dz):\n        return a < b"
        in card_text(right)
    )
    wrong = dataclasses.replace(right, verdict=judged("softmax", spoiled("softmax", lambda g: -g)))
    assert "another way" not in card_html(wrong) + card_text(wrong)


def test_the_door_shows_them_in_the_course_and_never_when_nbgrader_grades(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(course / "exercises" / "one")
    assert "another way to write it (two terms)" in repr(check(grad_softmax))
    assert "another way" not in repr(check(spoiled("softmax", lambda g: -g), "softmax"))
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert "another way" not in repr(check(grad_softmax))
