"""Every answer of the file of answers, judged in a worker: what it is worth, and what it is called."""

from collections import Counter
from pathlib import Path

import pytest

from gradecheck.answer_file import FILE_NAME, Answer, AnswerKind, read_answers
from gradecheck.catalogue import EXERCISES
from gradecheck.diagnose.shared import known_mistakes
from gradecheck.diagnose.source import AnswerSource
from gradecheck.errors import AuthorError
from gradecheck.marking import mark
from gradecheck.run.cells import Cell
from gradecheck.run.client import Template
from gradecheck.submission import Asked, Submission
from gradecheck.verdict import Status, Verdict

FILE = Path(__file__).parents[1] / "solutions" / "understanding_gradients" / FILE_NAME
ANSWERS = read_answers(FILE)
SHARES = {AnswerKind.RIGHT: 1.0, AnswerKind.EXTREME: 0.8, AnswerKind.WRONG: 0.0, AnswerKind.POLICY: 0.0}
#: Ids that no formula stands for.
WITHOUT_FORMULA = {"inputs-changed", "autodiff-inside", "depends-on-earlier-calls"}
IMPORTS = "import numpy as np\nimport tensorflow as tf"
#: Not the public seed: a hidden one, as in grading.
SEED = 271_828


def verdict_of(answer: Answer, template: Template, folder: Path) -> Verdict:
    cells = (Cell(1, IMPORTS), Cell(2, answer.source))
    source = AnswerSource("\n".join(cell.source for cell in cells))
    submission = Submission(answer.name, cells, (Asked(answer.exercise, 10.0),), source)
    marked = mark(submission, template, seeds=lambda _exercise: SEED, hidden=True, directory=folder)
    return marked.verdicts[0]


def names_of(answer: Answer) -> set[str | None]:
    """The ids that may be given to an answer; None stands for no name at all."""
    if answer.kind is AnswerKind.RIGHT:
        return {None}
    if answer.kind is AnswerKind.POLICY:
        return {"autodiff-inside"}
    known = {mistake.id for mistake in known_mistakes(answer.exercise)} | WITHOUT_FORMULA
    return {answer.label} if answer.label in known else {None, "depends-on-earlier-calls"}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_gets_what_it_is_worth_and_no_wrong_name(
    name: str, template: Template, tmp_path: Path
) -> None:
    answer = ANSWERS[name]
    verdict = verdict_of(answer, template, tmp_path)
    assert verdict.score == SHARES[answer.kind], verdict.message
    assert verdict.status is (Status.PASSED if answer.kind is AnswerKind.RIGHT else Status.FAILED)
    assert verdict.diagnosis.misconception in names_of(answer), verdict.message


@pytest.mark.parametrize("exercise", EXERCISES[:4], ids=lambda exercise: exercise.title)
def test_there_are_enough_answers_of_each_kind(exercise: object) -> None:
    count = Counter(answer.kind for answer in ANSWERS.values() if answer.exercise is exercise)
    assert count[AnswerKind.RIGHT] >= 20
    assert count[AnswerKind.WRONG] >= 40
    assert count[AnswerKind.EXTREME] >= 3
    assert count[AnswerKind.POLICY] >= 5


@pytest.mark.parametrize("exercise", EXERCISES[:4], ids=lambda exercise: exercise.title)
def test_mistakes_of_the_catalogue_are_written_as_code(exercise: object) -> None:
    """A formula that only its own planted copy can meet is not worth much."""
    written = {a.label for a in ANSWERS.values() if a.exercise is exercise}
    own = {mistake.id for e in EXERCISES if e is exercise for mistake in e.mistakes}
    assert own - written == set()


def test_an_answer_stands_under_the_name_that_is_asked_for() -> None:
    answer = ANSWERS["conv2d__right_tf_function"]
    assert answer.source.startswith("@tf.function\ndef grad_conv2d(x, w, dz):\n")


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
