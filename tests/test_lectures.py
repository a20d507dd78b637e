"""Every lecture runs from start to end without a complaint, and says what a reader needs to know."""

import itertools
import resource
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from gradecheck.catalogue import EXERCISES
from gradecheck.run.client import Template
from gradecheck.verify.lecture import verify_lecture

FOLDER = Path(__file__).parent.parent / "course_notebooks"
LECTURES = sorted(FOLDER.glob("*.ipynb"))
NOTEBOOKS = sorted(FOLDER.parent.glob("solutions/*/*.ipynb"))
ALLOWED = {"numpy", "matplotlib", "tensorflow", "gradecheck", "itertools"}
SECONDS = 20

each_lecture = pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def imports(source: str) -> set[str]:
    words = [line.split() for line in source.splitlines()]
    return {word[1].split(".")[0] for word in words if word[:1] in (["import"], ["from"])}


def test_there_are_eight_numbered_from_one() -> None:
    assert [path.name[:3] for path in LECTURES] == [f"{number:02d}_" for number in range(1, 9)]


@each_lecture
def test_it_is_a_valid_notebook_committed_without_outputs(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code_cells(path))


@each_lecture
def test_its_cells_have_names_that_somebody_chose(path: Path) -> None:
    ids = [cell.id for cell in read(path).cells]
    assert ids[0] == "title"
    assert len(set(ids)) == len(ids)
    assert not [name for name in ids if len(name) == 8 and all(c in "0123456789abcdef" for c in name)]


@each_lecture
def test_opened_alone_it_says_what_is_missing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = code_cells(path)[0]
    assert setup.id == "setup"
    for name in ("gradecheck", "gradecheck.graph"):  # as if they had never been installed
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError) as caught:
        exec(compile(setup.source, str(path), "exec"), {})
    assert "%pip install ./gradecheck-*.whl" in str(caught.value)
    assert "not the bare name" in str(caught.value)


@each_lecture
def test_it_needs_nothing_but_what_gradecheck_brings(path: Path) -> None:
    assert set().union(*(imports(cell.source) for cell in code_cells(path))) <= ALLOWED


@each_lecture
def test_it_wakes_gradecheck_before_tensorflow(path: Path) -> None:
    sources = "\n".join(cell.source for cell in code_cells(path))
    if "import tensorflow" in sources:
        assert sources.index("gradecheck") < sources.index("import tensorflow")


@each_lecture
def test_it_ends_with_questions_and_what_one_can_do_now(path: Path) -> None:
    last = read(path).cells[-1]
    assert last.cell_type == "markdown"
    assert last.source.startswith("## Questions")
    assert 3 <= sum(line[:2] in {"1.", "2.", "3.", "4.", "5."} for line in last.source.splitlines()) <= 5
    assert "**What you can do now.**" in last.source


def test_every_exercise_is_named_at_the_end_of_a_lecture() -> None:
    last = [read(path).cells[-1].source for path in LECTURES]
    told = "\n".join(source.partition("**What you can do now.**")[2] for source in last)
    assert [exercise.name for exercise in EXERCISES if f"`{exercise.name}" not in told] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_exercise_notebook_opened_alone_says_what_is_missing(path: Path) -> None:
    setup = code_cells(path)[0].source
    assert "except ImportError" in setup
    assert "%pip install ./gradecheck-*.whl" in setup
    assert "not the bare name" in setup


@pytest.mark.parametrize("path", [*LECTURES, *NOTEBOOKS], ids=lambda path: path.stem)
def test_the_very_first_cell_says_it_before_anything_is_run(path: Path) -> None:
    title = read(path).cells[0].source
    assert title.startswith("# ")
    assert "Opened by itself, in Colab or as a download?" in title
    assert "`%pip install ./gradecheck-*.whl`" in title


@each_lecture
def test_every_figure_is_told_in_a_sentence_below_it(path: Path) -> None:
    cells = read(path).cells
    for cell, after in itertools.pairwise(cells):
        if cell.cell_type == "code" and "plt.show()" in cell.source:
            assert after.cell_type == "markdown", cell.id
            assert after.source.startswith("*The figure: "), cell.id


@pytest.fixture(scope="session")
def font_cache() -> None:
    """Matplotlib's first start on a machine lists its fonts, and says so on stderr."""
    import matplotlib.font_manager  # noqa: F401  # for its effect


def seconds_of_children() -> float:
    """The CPU time, in seconds, of the kernels that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@each_lecture
def test_it_runs_from_start_to_end_in_silence(path: Path, template: Template) -> None:
    assert [claim.sentence for claim in verify_lecture(path, template) if not claim.holds] == []


@pytest.mark.slow
@pytest.mark.usefixtures("font_cache")
@pytest.mark.parametrize("path", [LECTURES[2], LECTURES[5]], ids=lambda path: path.stem)
def test_it_does_so_in_a_fresh_kernel_as_its_reader_runs_it(path: Path) -> None:
    notebook = read(path)
    before = seconds_of_children()
    where = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(notebook, timeout=120, resources=where).execute()  # raises at the first cell that fails
    assert seconds_of_children() - before < SECONDS
    outputs = [(cell.id, output) for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [(name, output) for name, output in outputs if output.output_type == "error"]
    assert not [(name, output.text) for name, output in outputs if output.get("name") == "stderr"]
