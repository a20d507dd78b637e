"""Reading whatever stands where a notebook should."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradecheck.nbgrader.reading import read_anything, sound_notebook

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
CELL = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | ANYTHING,
        "source": ANYTHING,
        "id": ANYTHING,
        "outputs": ANYTHING,
        "attachments": ANYTHING,
        "metadata": st.fixed_dictionaries({}, optional={"nbgrader": ANYTHING, "tags": ANYTHING}) | ANYTHING,
    },
)
METADATA = st.fixed_dictionaries({}, optional={"kernelspec": ANYTHING, "gradecheck": ANYTHING}) | ANYTHING


@given(st.lists(CELL | ANYTHING, max_size=5), METADATA)
def test_whatever_the_cells_hold_the_notebook_is_sound(cells: list[Any], metadata: Any) -> None:
    notebook = sound_notebook({"cells": cells, "metadata": metadata})
    nbformat.validate(notebook)
    nbformat.writes(notebook).encode()


@given(ANYTHING)
def test_any_json_is_read(content: Any) -> None:
    notebook = {"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": content}
    nbformat.validate(sound_notebook(notebook if isinstance(content, list) else {}))


def test_sources_survive_and_outputs_do_not(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    cells = [
        {
            "cell_type": "code",
            "source": ["a = 1\n", "a"],
            "outputs": [{"output_type": "error"}],
            "metadata": {},
        },
        {"cell_type": "markdown", "source": "half \ud800 a pair", "metadata": None},
    ]
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": cells}))
    reading = read_anything(path)
    assert reading.problem is None
    assert [c.source for c in reading.notebook.cells] == ["a = 1\na", "half � a pair"]
    assert reading.notebook.cells[0].outputs == []


def test_ids_are_legal_their_own_and_the_same_every_time() -> None:
    cells = [{"cell_type": "code", "id": i} for i in ("twice", "twice", "", "cell-2", 5, "not legal!")]
    first, second = (sound_notebook({"cells": cells}) for _ in range(2))
    ids = [c.id for c in first.cells]
    assert len(set(ids)) == len(ids)
    assert ids == [c.id for c in second.cells]
    assert ids[0] == "twice"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (b"{", "it is not JSON"),
        (b"\xff\xfe\x00", "it is no text in UTF-8"),
        (b'{"nbformat": 99}', "it has notebook format 99"),
        (b'{"nbformat": 4, "metadata": {}}', "it holds no list of cells"),
        (b'{"nbformat": 3, "worksheets": 5}', "it is a damaged notebook"),
    ],
)
def test_what_cannot_be_read_is_said_why(content: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    reading = read_anything(path)
    assert reading.problem is not None
    assert reading.problem.startswith(problem)
    assert reading.notebook.cells == []


def test_a_link_inside_the_submission_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").write_text('{"nbformat": 4, "metadata": {}, "cells": []}')
    (tmp_path / "x.ipynb").symlink_to(tmp_path / "real")
    assert read_anything(tmp_path / "x.ipynb").problem is None


def test_there_may_be_nothing_at_all(tmp_path: Path) -> None:
    assert read_anything(tmp_path / "x.ipynb").problem == "there is no such file"
