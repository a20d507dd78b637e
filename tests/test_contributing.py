"""CONTRIBUTING's own words, done to the letter: an exercise in one file, in the house and outside of it."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)
PYTHON = [text for language, text in BLOCKS if language == "python"]
DEFINITION, IMPORTS, ANSWER, GRADED = PYTHON
(COMMANDS,) = [text.splitlines() for language, text in BLOCKS if language == "sh"]
(ENTRY_POINT,) = [text for language, text in BLOCKS if language == "toml"]
#: What nbgrader's sidebar writes into a cell.
MARKS = {"schema_version": 3, "task": False}
ANSWER_MARKS = {**MARKS, "grade_id": "grad_tanh", "solution": True, "grade": False, "locked": False}
GRADED_MARKS = {
    **MARKS,
    "grade_id": "graded",
    "solution": False,
    "grade": True,
    "locked": True,
    "points": 100,
}


@dataclass(frozen=True)
class Ran:
    """A command's exit code, and what it printed."""

    code: int
    text: str


def run(root: Path, *command: str) -> Ran:
    env = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout + done.stderr)


def house(root: Path) -> Path:
    """A copy of the package; the solutions of other assignments stay at home."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "gradecheck", root / "gradecheck", ignore=ignored)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    return root


def notebook(answer: str = ANSWER) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell
    cells = [
        cell(IMPORTS),
        cell(answer, metadata={"nbgrader": ANSWER_MARKS}),
        cell(GRADED, metadata={"nbgrader": GRADED_MARKS}),
    ]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """What each command of the chapter said, by its second word."""
    root = house(tmp_path_factory.mktemp("house"))
    assert "`gradecheck/catalogue/tanh.py`" in TEXT
    (root / "gradecheck" / "catalogue" / "tanh.py").write_text(DEFINITION, encoding="utf-8")
    assert "`solutions/tanh/tanh.ipynb`" in TEXT
    (root / "solutions" / "tanh").mkdir(parents=True)
    nbformat.write(notebook(), root / "solutions" / "tanh" / "tanh.ipynb")
    said = {}
    for command in COMMANDS:
        first, second, *rest = command.split()
        assert first == "gradecheck"
        said[second] = run(root, "-m", first, second, *rest)
    return said


def test_the_map_shows_every_room() -> None:
    rooms = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in (ROOT / "gradecheck").iterdir()
        if not path.name.startswith("__") and (path.suffix == ".py" or (path / "__init__.py").is_file())
    }
    assert {room for room in rooms if f"`{room}`" not in TEXT} == set()


def test_it_is_read_in_one_sitting() -> None:
    assert len(TEXT.splitlines()) <= 175


def test_the_definition_fits_on_twenty_lines() -> None:
    assert len([line for line in DEFINITION.splitlines() if line.strip()]) <= 20


def test_the_chapter_types_release_check_and_verify(ran: dict[str, Ran]) -> None:
    assert {name: said.code for name, said in ran.items()} == {"release": 0, "check": 0, "verify": 0}, ran


def test_the_stub_of_the_new_exercise_is_not_started(ran: dict[str, Ran]) -> None:
    assert re.search(r"tanh .*not started", ran["check"].text), ran["check"].text


def test_the_new_exercise_is_proven(ran: dict[str, Ran]) -> None:
    claims = ran["verify"].text.splitlines()
    assert claims[-1] == "everything holds"
    told = "\n".join(claims)
    for sentence in (
        "grad_tanh: the tape and finite differences agree",
        "grad_tanh: the mistake upstream-ignored is rejected (score 0, named upstream-ignored)",
        "grad_tanh: the solution gets all",
        "grad_tanh: the stub gets none",
        "tanh: the points add up to 100",
        "tanh: the released files are in step",
    ):
        assert f"ok     {sentence}" in told, told
    assert "grad_sigmoid" not in told


# Outside of the house


def installed(root: Path, definition: str) -> Path:
    """A package of somebody else's, with the entry point of the chapter, as pip leaves it behind."""
    (root / "my_course").mkdir()
    (root / "my_course" / "tanh.py").write_text(definition, encoding="utf-8")
    header, line = ENTRY_POINT.strip().splitlines()
    assert header == '[project.entry-points."gradecheck.exercises"]'
    name, value = line.replace('"', "").split(" = ")
    info = root / "my_course-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-course\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[gradecheck.exercises]\n{name} = {value}\n", encoding="utf-8")
    return root


def found(root: Path) -> Ran:
    source = "from gradecheck.catalogue import EXERCISES; print(*(e.title for e in EXERCISES[-2:]))"
    return run(root, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {source}")


def test_an_exercise_of_an_installed_package_is_found_and_stands_last(tmp_path: Path) -> None:
    public = DEFINITION.replace("from gradecheck.exercise import", "from gradecheck import")
    assert found(installed(tmp_path, public)).text.split()[-1] == "tanh"


REPAIR = "repair or uninstall the package that declares them under gradecheck.exercises"
BROKEN = {
    "a module that is not there": ("import no_such_module", "No module named 'no_such_module'; "),
    "an error of two lines": ("raise RuntimeError('one\\ntwo')", "RuntimeError: one two; "),
    "an exit": ("raise SystemExit(0)", "SystemExit: 0; "),
    "no exercise": ("TANH = 1", "there is no Exercise in it; "),
}


def told(root: Path, *command: str) -> Ran:
    return run(root, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {RUN_CLI}", *command)


RUN_CLI = "from gradecheck.cli import main; main()"


@pytest.mark.parametrize("what", BROKEN)
def test_a_package_that_cannot_be_loaded_is_named_in_one_sentence(tmp_path: Path, what: str) -> None:
    definition, words = BROKEN[what]
    ran = told(installed(tmp_path, definition), "hint", "softmax")
    assert (ran.code, ran.text.strip().count("\n")) == (2, 0), ran.text
    assert ran.text.startswith("gradecheck: the exercises of tanh cannot be loaded from my_course.tanh: ")
    assert words in ran.text
    assert REPAIR in ran.text


def test_two_exercises_of_one_name_are_named_in_one_sentence(tmp_path: Path) -> None:
    ran = told(installed(tmp_path, DEFINITION.replace('"grad_tanh"', '"grad_sigmoid"')), "hint", "softmax")
    assert (ran.code, ran.text.strip().count("\n")) == (2, 0), ran.text
    assert ran.text.startswith("gradecheck: two exercises are called grad_sigmoid: give the one in ")


def test_a_notebook_that_does_not_need_a_broken_package_goes_on(tmp_path: Path) -> None:
    assert found(installed(tmp_path, "import no_such_module")).text.split()[-1] == "conv2d_x"
    source = "from gradecheck.catalogue import find_exercise; find_exercise('tanh')"
    ran = run(tmp_path, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {source}")
    last = ran.text.strip().splitlines()[-1]
    assert "no exercise is called 'tanh'; there are: sigmoid, " in last
    assert last.endswith(REPAIR)
