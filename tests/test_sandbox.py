"""The sandbox: what is there, what is not, and what is said where there can be none."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gradecheck.run.cells import Cell
from gradecheck.run.client import Template
from gradecheck.run.outcome import Returned
from gradecheck.run.sandbox import SandboxMode, sandbox_unavailable

X = np.float32([1, 2, 3])

pytestmark = pytest.mark.skipif(sandbox_unavailable() is not None, reason=str(sandbox_unavailable()))


@pytest.fixture(scope="module")
def sandboxed() -> Iterator[Template]:
    with Template(sandbox=SandboxMode.REQUIRED) as template:
        yield template


def test_a_submission_works_on_a_copy_of_its_folder(sandboxed: Template, tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("1 2 3")
    source = "open('data.txt', 'a').write(' 4'); open('new.txt', 'w').write('x')\ndef f(x): return 2 * x"
    with sandboxed.session([Cell(1, source)], tmp_path) as session:
        outcome = session.call("f", [X])
        assert session.run_cells()[0].outcome is None
    assert isinstance(outcome, Returned)
    assert [path.name for path in tmp_path.iterdir()] == ["data.txt"]
    assert (tmp_path / "data.txt").read_text() == "1 2 3"
