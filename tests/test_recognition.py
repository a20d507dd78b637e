"""The figures of `make recognition`, with hidden inputs; for the files of answers see test_answers."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from gradecheck.catalogue import find_exercise

HIDDEN = (31_415,)


def _tool() -> ModuleType:
    path = Path(__file__).parents[1] / "tools" / "recognition.py"
    spec = importlib.util.spec_from_file_location("recognition", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["recognition"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


recognition = _tool()


def test_the_mistakes_of_the_catalogue_are_called_by_their_names() -> None:
    figures = recognition.measure(recognition.from_catalogue(), HIDDEN)
    assert len(figures.to_name) > 180
    assert figures.met, figures.report()


def test_mistakes_that_no_table_holds_get_no_wrong_name() -> None:
    plants = recognition.unseen()
    assert len(plants) > 60
    figures = recognition.measure(plants, HIDDEN)
    assert figures.met, figures.report()


@pytest.mark.parametrize(
    ("names", "right", "fault"),
    [
        ({"sign-flipped"}, False, "confident wrong names (wanted 0): 1"),
        (set(), True, "right answers misjudged (wanted 0): 1"),
    ],
)
def test_a_wrong_name_is_counted(names: set[str], right: bool, fault: str) -> None:
    source = "def grad_log(x, dz):\n    return 2 * dz / x\n"
    plant = recognition.Plant("planted", find_exercise("log"), source, frozenset(names), right)
    figures = recognition.measure([plant], HIDDEN)
    assert not figures.met
    assert fault in figures.report()


def test_an_answer_that_should_have_a_name_and_gets_none_is_counted() -> None:
    source = "def grad_log(x, dz):\n    return 0.9 * dz / x\n"
    plant = recognition.Plant("planted", find_exercise("log"), source, frozenset({"sign-flipped"}))
    figures = recognition.measure([plant], HIDDEN)
    assert not figures.met
    assert "named right: 0.0% of 1" in figures.report()
    assert "planted (hidden): no name, not sign-flipped" in figures.report()


def test_every_name_in_the_batteries_is_an_id() -> None:
    for plant in (*recognition.from_catalogue(), *recognition.unseen()):
        known = {mistake.id for mistake in recognition.known_mistakes(plant.exercise)}
        unknown = plant.names - known - recognition.WITHOUT_FORMULA
        assert len(unknown) < max(1, len(plant.names)), f"{plant.title}: {sorted(unknown)}"
