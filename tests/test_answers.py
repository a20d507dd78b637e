"""Every answer of the file of answers, judged in a worker: what it is worth, and what it is called."""

import itertools
from collections import Counter
from pathlib import Path

import pytest

from gradecheck.answer_file import FILE_NAME, Answer, AnswerKind, read_answers
from gradecheck.catalogue import EXERCISES
from gradecheck.diagnose.shared import known_mistakes
from gradecheck.diagnose.source import AnswerSource
from gradecheck.errors import AuthorError
from gradecheck.exercise import Exercise
from gradecheck.marking import mark
from gradecheck.run.cells import Cell
from gradecheck.run.client import Template
from gradecheck.submission import Asked, Submission
from gradecheck.verdict import Status, Verdict

SOLUTIONS = Path(__file__).parents[1] / "solutions"
FILES = sorted(SOLUTIONS.glob(f"*/{FILE_NAME}"))
ANSWERS = {name: answer for path in FILES for name, answer in read_answers(path).items()}
ANSWERED = [exercise for exercise in EXERCISES if exercise in {a.exercise for a in ANSWERS.values()}]
#: Ids that no formula stands for.
WITHOUT_FORMULA = {"inputs-changed", "autodiff-inside", "depends-on-earlier-calls"}
GRAPH = "Operation, Variable, gradient_function, topological_order, compute_gradients as gradients_of"
IMPORTS = f"import numpy as np\nimport tensorflow as tf\nfrom gradecheck.graph import {GRAPH}"
#: Not the public seed: a hidden one, as in grading.
SEED = 271_828
#: How many answers of each kind an exercise has at least; the demo's class answers the first four.
FIRST_FOUR = {AnswerKind.RIGHT: 20, AnswerKind.WRONG: 40, AnswerKind.EXTREME: 3, AnswerKind.POLICY: 5}
OTHERS = {AnswerKind.RIGHT: 15, AnswerKind.WRONG: 15, AnswerKind.POLICY: 1}
DRIVEN = {AnswerKind.RIGHT: 3, AnswerKind.WRONG: 2}
#: Asked for with a driver, or node by node: long to write, and there are fewer ways to.
LONG = {"sigmoid_graph", *(exercise.title for exercise in EXERCISES if exercise.driver)}


def handed_in() -> list[list[Answer]]:
    """The answers as made-up students hand them in: one for each exercise, till all are handed in."""
    by_exercise: dict[str, list[Answer]] = {}
    for answer in ANSWERS.values():
        by_exercise.setdefault(answer.exercise.name, []).append(answer)
    return [[answer for answer in row if answer] for row in itertools.zip_longest(*by_exercise.values())]


def verdicts_of(answers: list[Answer], template: Template, folder: Path) -> tuple[Verdict, ...]:
    cells = (Cell(1, IMPORTS), *(Cell(n, a.source) for n, a in enumerate(answers, start=2)))
    source = AnswerSource.of("\n".join(cell.source for cell in cells))
    asked = tuple(Asked(answer.exercise, 10.0) for answer in answers)
    submission = Submission("all of them", cells, asked, source)
    return mark(submission, template, seeds=lambda _exercise: SEED, hidden=True, directory=folder).verdicts


def is_worth(kind: AnswerKind, score: float) -> bool:
    match kind:
        case AnswerKind.RIGHT:
            return score == 1.0
        case AnswerKind.EXTREME:
            return score == 0.8
        case AnswerKind.PARTIAL:
            return 0.0 < score < 1.0
        case _:
            return score == 0.0


def names_of(answer: Answer) -> set[str | None]:
    """The ids that may be given to an answer; None stands for no name at all."""
    if answer.kind is AnswerKind.RIGHT:
        return {None}
    if answer.kind is AnswerKind.POLICY:
        return {"autodiff-inside", "library-inside"}
    known = {mistake.id for mistake in known_mistakes(answer.exercise)} | WITHOUT_FORMULA
    return {answer.label} if answer.label in known else {None, "depends-on-earlier-calls"}


def misjudged(answer: Answer, verdict: Verdict) -> str:
    """What is wrong with the verdict, or nothing."""
    told = f"{answer.name}: {verdict.score:g}, {verdict.diagnosis.misconception}: {verdict.message}"
    right = verdict.status is (Status.PASSED if answer.kind is AnswerKind.RIGHT else Status.FAILED)
    named = verdict.diagnosis.misconception in names_of(answer)
    return "" if right and named and is_worth(answer.kind, verdict.score) else told


@pytest.mark.parametrize("answers", handed_in(), ids=lambda answers: answers[0].label)
def test_answers_get_what_they_are_worth_and_no_wrong_name(
    answers: list[Answer], template: Template, tmp_path: Path
) -> None:
    verdicts = verdicts_of(answers, template, tmp_path)
    assert list(filter(None, map(misjudged, answers, verdicts))) == []


def test_every_exercise_is_answered() -> None:
    assert list(EXERCISES) == ANSWERED


@pytest.mark.parametrize("exercise", ANSWERED, ids=lambda exercise: exercise.title)
def test_there_are_enough_answers_of_each_kind(exercise: Exercise) -> None:
    count = Counter(answer.kind for answer in ANSWERS.values() if answer.exercise is exercise)
    few = DRIVEN if exercise.title in LONG else OTHERS
    wanted = FIRST_FOUR if exercise in ANSWERED[:4] else few
    assert {kind: count[kind] for kind in wanted if count[kind] < wanted[kind]} == {}


@pytest.mark.parametrize("exercise", ANSWERED[:4], ids=lambda exercise: exercise.title)
def test_mistakes_of_the_catalogue_are_written_as_code(exercise: Exercise) -> None:
    """A formula that only its own planted copy can meet is not worth much."""
    written = {a.label for a in ANSWERS.values() if a.exercise is exercise}
    own = {mistake.id for mistake in exercise.mistakes}
    assert own - written == set()


def test_an_answer_stands_under_the_name_that_is_asked_for() -> None:
    answer = ANSWERS["conv2d__right_tf_function"]
    assert answer.source.startswith("@tf.function\ndef grad_conv2d(x, w, dz):\n")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_the_answers_to_one_exercise_can_be_read_alone(path: Path) -> None:
    every = read_answers(path)
    for exercise in {answer.exercise for answer in every.values()}:
        own = {name: answer for name, answer in every.items() if answer.exercise is exercise}
        assert read_answers(path, exercise) == own


def test_a_name_that_promises_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_text("def sigmoid__nice(x, dz):\n    return dz\n", encoding="utf-8")
    with pytest.raises(AuthorError, match="line 1: sigmoid__nice does not say what it is worth"):
        read_answers(path)


def test_two_answers_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_text("def sigmoid__right_a(x, dz): ...\n" * 2, encoding="utf-8")
    with pytest.raises(AuthorError, match="line 2: there are two answers called sigmoid__right_a"):
        read_answers(path)


def test_a_file_that_is_not_there_is_an_authors_error(tmp_path: Path) -> None:
    with pytest.raises(AuthorError, match="the file of answers cannot be read"):
        read_answers(tmp_path / FILE_NAME)
