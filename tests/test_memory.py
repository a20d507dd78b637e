"""The record of hints: one small file that may be lost or damaged without harm."""

import json
from pathlib import Path

import pytest

from gradecheck.memory import Memory


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        "null",
        '{"given": 3}',
        '{"given": {"a": {"digest": 3, "step": 0}, "b": {"digest": "d", "step": -1}, "c": []}}',
        '{"given": {"a": {"digest": "d", "step": true}}}',
        "[" * 100_000,
        "\x00" * (2 << 20),
    ],
)
def test_a_damaged_memory_is_an_empty_one(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "hints.json"
    file.write_text(damage)
    memory = Memory(file)
    assert memory.climb("here", "grad_softmax", "wrong", "digest").number == 0
    assert list(json.loads(file.read_text())["given"].values()) == [{"digest": "digest", "step": 0}]
    assert memory.climb("here", "grad_softmax", "wrong", "other").number == 1


def test_every_entry_damaged_on_its_own_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "hints.json"
    memory = Memory(file)
    memory.climb("here", "grad_softmax", "wrong", "digest")
    content = json.loads(file.read_text())
    content["given"]["x"] = {"step": 1}
    file.write_text(json.dumps(content))
    assert memory.climb("here", "grad_softmax", "wrong", "other").number == 1


def test_a_memory_that_cannot_be_written_costs_only_the_stronger_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memory = Memory(tmp_path / "file" / "hints.json")
    assert memory.climb("here", "grad_softmax", "wrong", "digest").number == 0
    assert memory.climb("here", "grad_softmax", "wrong", "other").number == 0


def test_a_folder_in_its_place_is_survived(tmp_path: Path) -> None:
    (tmp_path / "hints.json").mkdir()
    assert Memory(tmp_path / "hints.json").climb("here", "grad_softmax", "wrong", "digest").number == 0
    assert [path.name for path in tmp_path.iterdir()] == ["hints.json"]


def test_the_memory_stays_small(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "hints.json")
    for n in range(520):
        memory.climb(f"file {n}", "grad_softmax", "wrong", "digest")
    assert len(json.loads((tmp_path / "hints.json").read_text())["given"]) == 500
    assert memory.climb("file 519", "grad_softmax", "wrong", "other").number == 1


def test_the_memory_names_no_path_of_the_student(tmp_path: Path) -> None:
    Memory(tmp_path / "hints.json").climb("/home/ada/exercises.ipynb", "grad_softmax", "wrong", "digest")
    assert "ada" not in (tmp_path / "hints.json").read_text()
