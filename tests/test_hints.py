"""`gradecheck hint`: one hint at a time, a stronger one only for an answer that has changed."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gradecheck.catalogue import EXERCISES, find_exercise
from gradecheck.diagnose.diagnosis import Diagnosis
from gradecheck.diagnose.source import AnswerSource
from gradecheck.exercise import Exercise
from gradecheck.hints import Hint, hint_for, print_hint
from gradecheck.judge import judge
from gradecheck.ladder import first_hint, strategy
from gradecheck.memory import Memory, answer_digest
from gradecheck.report.model import Problem, Result
from gradecheck.run.inline import InlineCaller
from gradecheck.run.outcome import Frame, Raised
from gradecheck.verdict import Status, Stop, Verdict

DIAGONAL = "import tensorflow as tf\n\ndef grad_softmax(x, dz):\n    p = tf.nn.softmax(x)\n    return {}\n"
ONE_WAY, ANOTHER_WAY = DIAGONAL.format("dz * p * (1 - p)"), DIAGONAL.format("(1 - p) * p * dz")
RIGHT = DIAGONAL.format("p * (dz - tf.reduce_sum(p * dz))")
STUB = "def grad_softmax(x, dz):\n    raise NotImplementedError\n"
ASK_AGAIN = "You have had this for the same answer: change it, save it, then ask again."


def known_hints() -> tuple[str, str]:
    mistake = next(m for m in find_exercise("softmax").mistakes if m.id == diagonal_id())
    return mistake.hint, mistake.stronger_hint


def diagonal_id() -> str:
    misconception = result_of(ONE_WAY).verdict.diagnosis.misconception
    assert misconception is not None
    return misconception


def result_of(text: str, name: str = "grad_softmax", file: str = "answers.py") -> Result:
    defined: dict[str, Any] = {}
    exec(text, defined)
    exercise = find_exercise(name)
    verdict = judge(exercise, InlineCaller({name: defined[name]}), source=AnswerSource.of(text))
    return Result(file, verdict, exercise.points)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "hints.json")


def ask(text: str, memory: Memory, **place: str) -> Hint:
    return hint_for(result_of(text, **place), AnswerSource.of(text), memory)


def thought(hint: Hint) -> str:
    (line,) = [line for line in hint.lines if line.startswith("to think about: ")]
    return line.removeprefix("to think about: ")


# the command


@pytest.fixture
def command(tmp_path: Path) -> Any:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "COLUMNS": "200"}
    package = str(Path(sys.modules["gradecheck"].__file__ or "").parents[1])
    environment["PYTHONPATH"] = package

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "gradecheck", "hint", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_the_command_hints_at_the_saved_answer_and_goes_on_when_it_changes(
    command: Any, tmp_path: Path
) -> None:
    answers = tmp_path / "exercises" / "answers.py"
    answers.parent.mkdir()
    answers.write_text(ONE_WAY)
    first, stronger = known_hints()

    said = command("softmax")
    assert (said.returncode, said.stderr) == (0, "")
    assert " ".join(said.stdout.split()).startswith("softmax: wrong ")
    assert first in " ".join(said.stdout.split())
    assert stronger not in " ".join(said.stdout.split())

    answers.write_text(ANOTHER_WAY)
    assert stronger in " ".join(command("grad_softmax", "exercises/answers.py").stdout.split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["softmacks"], "gradecheck: no exercise is called 'softmacks'; there are: "),
        (["softmax", "nowhere.ipynb"], "gradecheck: nowhere.ipynb does not exist\n"),
        (["softmax", "notes.txt"], "gradecheck: notes.txt is neither a notebook (.ipynb) nor a Python file"),
        (["softmax", "broken.py"], "gradecheck: broken.py is not valid Python: line 1: "),
    ],
)
def test_what_cannot_be_hinted_at_is_one_sentence_and_exit_code_2(
    command: Any, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "broken.py").write_text("def grad_softmax(\n")
    said = command(*arguments)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith(sentence)
    assert said.stderr.count("\n") == 1


# the ladder


def test_the_same_answer_gets_the_same_hint_again(memory: Memory) -> None:
    first = ask(ONE_WAY, memory)
    again = ask(ONE_WAY, memory)
    assert thought(first) == thought(again) == known_hints()[0]
    assert ASK_AGAIN not in first.lines
    assert again.lines[-1] == ASK_AGAIN


def test_a_comment_a_space_and_another_exercise_change_nothing(memory: Memory) -> None:
    ask(ONE_WAY, memory)
    decorated = ONE_WAY.replace("dz * p", "dz  *  p").replace("return", "# well\n    return")
    decorated += "\ndef grad_sigmoid(x, dz):\n    return 7\n"
    assert thought(ask(decorated, memory)) == known_hints()[0]


def test_a_changed_answer_with_the_same_mistake_gets_the_stronger_hint(memory: Memory) -> None:
    ask(ONE_WAY, memory)
    assert thought(ask(ANOTHER_WAY, memory)) == known_hints()[1]
    assert thought(ask(ANOTHER_WAY, memory)) == known_hints()[1]


def test_a_change_in_a_helper_is_a_change_of_the_answer() -> None:
    text = "def half(x):\n    return x / {}\n\ndef grad_softmax(x, dz):\n    return half(dz)\n"
    two, three = (AnswerSource.of(text.format(n)) for n in (2, 3))
    assert answer_digest(two, "grad_softmax") != answer_digest(three, "grad_softmax")


def test_another_mistake_begins_with_its_own_first_hint(memory: Memory) -> None:
    ask(ONE_WAY, memory)
    ask(ANOTHER_WAY, memory)
    other = result_of(DIAGONAL.format("-p * (dz - tf.reduce_sum(p * dz))"))
    assert other.verdict.diagnosis.misconception not in (None, diagonal_id())
    assert thought(hint_for(other, AnswerSource.of("x"), memory)) == other.verdict.diagnosis.hint


def test_two_files_are_two_ladders(memory: Memory) -> None:
    ask(ONE_WAY, memory)
    assert thought(ask(ANOTHER_WAY, memory, file="other.py")) == known_hints()[0]


def test_after_its_own_hints_a_mistake_gets_the_general_ones_and_never_runs_out(memory: Memory) -> None:
    thoughts = [thought(ask(DIAGONAL.format(f"dz * p * (1 - p) + {n} * 0"), memory)) for n in range(8)]
    assert tuple(thoughts[:2]) == known_hints()
    assert thoughts[2].startswith("Shapes first. In the printed example x has shape (3,), dz has shape (3,);")
    assert "with dz = [0, 0, 1]" in thoughts[3]
    assert thoughts[4].startswith("Measure it. With dz fixed, compute sum(dz * z), raise x[0] by 0.001")
    assert len(set(thoughts[4:])) == 1


@pytest.mark.parametrize("text", [ONE_WAY, STUB, DIAGONAL.format("p + 0.3 * dz ** 3"), RIGHT])
def test_nothing_says_how_many_hints_there_are(text: str, memory: Memory) -> None:
    for _ in range(6):
        said = " ".join(ask(text, memory).lines[1:])
        assert not re.search(r"\bhints?\b|\blast one\b|\d+ of \d+|\bmore\b", said, re.IGNORECASE)
        text += "\ndef grad_softmax(x, dz, old=grad_softmax):\n    return old(x, dz)\n"


def test_what_is_not_recognised_gets_the_strategy(memory: Memory) -> None:
    text = DIAGONAL.format("p + 0.3 * dz ** 3")
    assert result_of(text).verdict.diagnosis.misconception is None
    assert thought(ask(text, memory)).startswith("Shapes first.")


def test_what_is_not_started_gets_the_strategy(memory: Memory) -> None:
    hint = ask(STUB, memory)
    assert hint.heading == "softmax: not started"
    assert thought(hint).startswith("Shapes first.")


def test_an_exception_says_where_to_look(memory: Memory) -> None:
    hint = ask(DIAGONAL.format("p @ p[1:] + None"), memory)
    assert hint.heading == "softmax: error"
    assert thought(hint).startswith("Read the message from its end")


@pytest.mark.parametrize("slip", ["p * undefined", "tf.nn.sofmax(x)"])
def test_an_error_about_a_name_is_not_about_shapes(slip: str, memory: Memory) -> None:
    assert thought(ask(DIAGONAL.format(slip), memory)).startswith("Compare the name in the message")


def test_the_stub_s_last_line_left_behind_is_told_apart_from_an_error() -> None:
    stopped = Raised("NotImplementedError", "", Frame(None, 4, "raise NotImplementedError"))
    stop = Stop(stopped, "x (3,), dz (3,)", (("dx", (3,)),))
    result = result_of(DIAGONAL.format("None + 1"))
    left = replace(result, verdict=replace(result.verdict, stop=stop))
    assert first_hint(left)[0].startswith("The line that raises NotImplementedError")


def test_the_strategy_of_matrices_names_their_shapes(memory: Memory) -> None:
    text = "def grad_matmul(x, y, dz):\n    raise NotImplementedError\n"
    hint = hint_for(result_of(text, "grad_matmul"), AnswerSource.of(text), memory)
    assert "x has shape (2, 2), y has shape (2, 2), dz has shape (2, 2); dx that of x." in thought(hint)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.title)
def test_every_exercise_has_three_steps_for_who_is_stuck(exercise: Exercise) -> None:
    steps = strategy(exercise)
    assert len(set(steps)) == 3
    assert not [step for step in steps if "{" in step or "dict" in step]
    diagnosis = Diagnosis("something is wrong.", "wrong")
    lost = Result("a.py", Verdict(exercise, Status.FAILED, 0.0, diagnosis), 10)
    assert first_hint(lost) == steps[:1]


def test_the_strategy_for_a_jacobian_speaks_of_rows_and_columns() -> None:
    assert strategy(find_exercise("jacobian_affine"))[0].endswith(
        "The one is the number of rows, the other that of columns."
    )


def test_a_right_answer_gets_what_is_worth_knowing(memory: Memory) -> None:
    hint = ask(RIGHT, memory)
    assert hint.heading == "softmax: right"
    assert f"worth knowing: {find_exercise('softmax').worth_knowing}" in hint.lines


def test_cells_that_stopped_are_told_of_their_own_file_only(memory: Memory) -> None:
    problems = [Problem("answers.py", "cell 2 stopped"), Problem("other.py", "cell 3 stopped")]
    hint = hint_for(result_of(ONE_WAY), AnswerSource.of(ONE_WAY), memory, problems)
    assert "note: cell 2 stopped" in hint.lines
    assert "cell 3" not in " ".join(hint.lines)


def test_what_a_student_wrote_cannot_write_over_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_hint(Hint("a\x1b[2J", ("[red]b\x1b[1A",)), Console())
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "[red]b" in said
