"""What the template runs before it forks leaves nothing that a student's cell could see."""

import linecache
from typing import Any

import pytest

from gradecheck.run import rehearsal
from gradecheck.run.cells import Cell
from gradecheck.run.shell import WorkerShell, build_shell
from gradecheck.run.streams import Output

VALUE, LAST = Cell(1, "2 + 2"), Cell(2, "half = _ / 2\nprint(half, [_, __, ___])")


@pytest.fixture
def shell() -> Any:
    WorkerShell.clear_instance()
    yield build_shell()
    WorkerShell.clear_instance()


def seen(shell: WorkerShell) -> dict[str, object]:
    untyped: Any = shell
    hook = untyped.displayhook
    return {
        "names": dict(shell.user_ns),
        "hidden": dict(shell.user_ns_hidden),
        "count": shell.execution_count,
        "last": (shell.last_execution_result, shell.last_execution_succeeded),
        "values": (hook._, hook.__, hook.___, dict(shell.user_ns["_oh"])),
        "history": (dict(untyped.history_manager.output_hist_reprs), dict(untyped.history_manager.outputs)),
        "sources": {file for file in linecache.cache if "ipython" in file},
    }


def said(shell: WorkerShell, *cells: Cell) -> str:
    """What cells print, and of what kind the exceptions are."""
    texts: list[str] = []
    output = Output(10_000)
    shell.attend(output)
    for cell in cells:
        output.begin(lambda _, content: texts.append(str(content.get("text", content.get("ename", "")))))
        shell.run(cell)
        output.end()
    return "".join(texts)


def test_nothing_is_left_of_the_rehearsal(shell: WorkerShell, capsys: pytest.CaptureFixture[str]) -> None:
    before = seen(shell)
    rehearsal.rehearse(shell)
    assert seen(shell) == before
    assert capsys.readouterr() == ("", "")


def test_the_last_values_are_those_of_the_cells(shell: WorkerShell) -> None:
    rehearsal.rehearse(shell)
    assert said(shell, VALUE, LAST) == "2.0 [4, '', '']\n"


def test_nothing_is_left_of_a_rehearsal_that_breaks_off(
    shell: WorkerShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = seen(shell)
    monkeypatch.setattr(rehearsal, "Cell", lambda number, source: Cell(number, 1 if number % 2 else source))
    with pytest.raises(AttributeError):
        rehearsal.rehearse(shell)
    assert seen(shell) == before
