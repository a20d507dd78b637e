"""Root without a sandbox: an answer runs as a user of its own, who reaches nothing of root's."""

import os
import sys
from pathlib import Path

import pytest

from gradecheck.run import client
from gradecheck.run.cells import Cell
from gradecheck.run.client import Template
from gradecheck.run.users import can_give_up_root

#: Whoever is not root has nothing to give up: the tests then hold that nothing happens.
ROOT = sys.platform == "linux" and os.geteuid() == 0

ATTACK = """
import os, pathlib, subprocess
def attempt(what):
    try:
        return str(what())
    except OSError as error:
        return type(error).__name__
tried = [
    attempt(lambda: pathlib.Path("{secret}").read_text()),
    attempt(lambda: pathlib.Path("{secret}").write_text("forged")),
    attempt(lambda: (pathlib.Path("{secret}").parent / "new").write_text("forged")),
    attempt(lambda: os.kill(os.getppid(), 9)),
    attempt(lambda: os.setuid(0)),
    attempt(lambda: pathlib.Path("/proc/%d/environ" % os.getppid()).read_bytes()),
    pathlib.Path("data.csv").read_text(),
    attempt(lambda: pathlib.Path("mine").write_text("mine")),
]
print(tried, os.getuid() == os.geteuid() != 0, os.getgroups())
"""


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file in a folder that everybody can pass, as results/ in an autograder is."""
    folder = tmp_path / "autograder"
    folder.mkdir()
    for path in (folder, *folder.parents):
        if path.is_relative_to(tmp_path.parents[1]):
            path.chmod(0o755)
    (folder / "secret").write_text("hidden")
    (folder / "secret").chmod(0o600)
    return folder / "secret"


def closed_to_others() -> bool:
    """Whether the packages, some of which an answer's process loads late, lie where only root may go."""
    packages = Path(sys.prefix).resolve()
    return any(not path.stat().st_mode & 0o001 for path in (packages, *packages.parents))


def test_an_answer_owns_its_folder_and_nothing_else(
    secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not ROOT:
        assert not can_give_up_root([])
        return
    if closed_to_others():
        pytest.skip("this Python's packages lie in a folder that other users may not enter")
    monkeypatch.setattr(client, "can_give_up_root", lambda _folders: True)  # wherever Python itself lies
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "data.csv").write_text("1,2")
    (folder / "link").symlink_to(secret)
    said: list[str] = []
    with Template(apart=True) as template:
        for _ in range(2):  # the second finds what the first started from still there
            cells = [Cell(1, ATTACK.format(secret=secret))]
            with template.session(cells, folder, on_message=lambda _, m: said.append(str(m))) as session:
                (result,) = session.run_cells()
                assert result.outcome is None
    denied = ["PermissionError"] * 6
    assert str([*denied, "1,2", "4"]) in said[0]
    assert "True []" in said[0]
    assert secret.read_text() == "hidden"
    assert secret.stat().st_uid == 0
    assert (folder / "mine").stat().st_uid != 0


def test_it_is_done_only_where_everybody_can_read_what_python_needs(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "lib").mkdir(parents=True)
    assert can_give_up_root([Path("/usr")]) is ROOT
    closed.chmod(0o700)
    assert not can_give_up_root([Path("/usr"), closed / "lib"])
