"""What a worker reports becomes outputs that nbformat accepts, whatever it reports."""

from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient
from nbformat import NotebookNode

from gradecheck.nbgrader.outputs import OutputFiller, limit_points, say_how_it_ended
from gradecheck.nbgrader.reading import sound_notebook
from gradecheck.run.cells import CellMessage, CellResult
from gradecheck.run.outcome import Died, Raised, TimedOut

TYPES = (
    "stream",
    "error",
    "clear_output",
    "display_data",
    "update_display_data",
    "execute_result",
    "comm_open",
)
VALUES = st.none() | st.integers() | st.text(st.characters()) | st.lists(st.text(max_size=3), max_size=2)
NAMES = (
    "name",
    "text",
    "ename",
    "evalue",
    "traceback",
    "wait",
    "data",
    "metadata",
    "transient",
    "execution_count",
)
CONTENT = st.dictionaries(
    st.sampled_from(NAMES), VALUES | st.dictionaries(st.text(max_size=9), VALUES), max_size=6
)
MESSAGES = st.lists(st.builds(CellMessage, st.sampled_from(TYPES), CONTENT), max_size=4)


def notebook() -> NotebookNode:
    return sound_notebook(
        {"cells": [{"cell_type": "code", "source": "1", "metadata": {"nbgrader": {"points": 4}}}]}
    )


def filled(*messages: CellMessage) -> list[Any]:
    made = notebook()
    filler = OutputFiller(NotebookClient(made), made)
    for message in messages:
        filler.add(made.cells[0], 0, message)
    nbformat.validate(made)
    nbformat.writes(made).encode()
    return list(made.cells[0].outputs)


@given(MESSAGES)
def test_no_message_makes_an_unsound_notebook(messages: list[CellMessage]) -> None:
    filled(*messages)


def test_messages_work_as_in_jupyter() -> None:
    shown = CellMessage("display_data", {"data": {"text/plain": "old"}, "transient": {"display_id": "x"}})
    update = CellMessage(
        "update_display_data", {"data": {"text/plain": "new"}, "transient": {"display_id": "x"}}
    )
    text = CellMessage("stream", {"name": "stdout", "text": "hello"})
    assert [o.data["text/plain"] for o in filled(shown, update)] == ["new"]
    assert [o.output_type for o in filled(shown, CellMessage("clear_output", {"wait": False}), text)] == [
        "stream"
    ]


@pytest.mark.parametrize(
    ("result", "name"),
    [
        (CellResult(1, Raised("ValueError", "no")), "ValueError"),
        (CellResult(1, TimedOut(30.0)), "CellTimeoutError"),
        (CellResult(1, Died(6)), "DeadKernelError"),
        (CellResult(1, None, ran=False), "DeadKernelError"),
    ],
)
def test_a_cell_that_did_not_come_through_shows_an_error(result: CellResult, name: str) -> None:
    cell = notebook().cells[0]
    say_how_it_ended(cell, result)
    say_how_it_ended(cell, result)
    assert [o.ename for o in cell.outputs] == [name]


@pytest.mark.parametrize(
    ("text", "kept"), [("3", "3"), ("5", "4.0"), ("inf", "4.0"), ("nan", "4.0"), ("'x'", "'x'")]
)
def test_points_stay_within_what_nbgrader_takes(text: str, kept: str) -> None:
    cell = notebook().cells[0]
    cell.metadata.nbgrader.points = 4.0
    cell.outputs = [nbformat.v4.new_output("execute_result", data={"text/plain": text})]
    limit_points(cell)
    assert cell.outputs[0].data["text/plain"] == kept
