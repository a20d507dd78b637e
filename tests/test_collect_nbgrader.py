"""Collecting beside nbgrader's own ways: its zip_collect with our plug-ins, and its exchange."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from handing import ASSIGNMENT, FILE, make_course, notebook, packed, submitted
from nbgrader_class import nbgrader

from gradecheck.cli import cli

PLUGINS = (
    "--extractor=gradecheck.nbgrader.zip_collect.CarefulExtractor",
    "--collector=gradecheck.nbgrader.zip_collect.RosterCollector",
)


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def course(blank: Path, tmp_path: Path) -> Path:
    shutil.copytree(blank, tmp_path / "course")
    return tmp_path / "course"


def test_nbgraders_zip_collect_takes_our_plug_ins(course: Path) -> None:
    archive = course / "downloaded" / ASSIGNMENT / "archive"
    archive.mkdir(parents=True)
    entries = {f"lovelaceada_501_1_{FILE}": notebook("ada"), "../evil.ipynb": notebook()}
    packed(archive / "canvas.zip", entries)
    done = nbgrader(course, "zip_collect", ASSIGNMENT, *PLUGINS)
    assert done.returncode == 0, done.stderr
    assert submitted(course) == {f"ada/{ASSIGNMENT}/{FILE}": notebook("ada")}
    assert "its name leads outside of the archive" in done.stderr
    assert not (course / "downloaded" / ASSIGNMENT / "evil.ipynb").exists()


@pytest.mark.slow
def test_the_exchange_keeps_working_and_what_it_collected_counts(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, home = tmp_path / "exchange", tmp_path / "student"
    exchange.mkdir()
    exchange.chmod(0o777)
    home.mkdir()
    settings = (
        f"c = get_config()\nc.Exchange.root = {str(exchange)!r}\nc.CourseDirectory.course_id = 'gradients'\n"
    )
    (home / "nbgrader_config.py").write_text(settings)
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(f"\nc.Exchange.root = {str(exchange)!r}\n")
    monkeypatch.setenv("USER", "ada")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    for folder, *command in (
        (course, "generate_assignment", ASSIGNMENT),
        (course, "release_assignment", ASSIGNMENT),
        (home, "fetch_assignment", ASSIGNMENT),
        (home, "submit", ASSIGNMENT),
        (course, "collect", ASSIGNMENT),
    ):
        done = nbgrader(folder, *command)
        assert done.returncode == 0, done.stderr
    (stamp,) = (course / "submitted").glob(f"*/{ASSIGNMENT}/timestamp.txt")
    student = stamp.parents[1].name
    there = (stamp.parent / FILE).read_bytes()

    early = packed(
        tmp_path / f"{student}.zip", {FILE: notebook("early"), "timestamp.txt": "2020-01-01 00:00:00 UTC"}
    )
    (course / "students.csv").write_text(f"id\n{student}\n")
    monkeypatch.chdir(course)
    arguments = [str(early), "--assignment", ASSIGNMENT, "--students", "students.csv"]
    collected = CliRunner().invoke(cli, ["collect", *arguments])
    assert (collected.exit_code, (stamp.parent / FILE).read_bytes()) == (1, there)
    assert "what was collected before is later" in collected.output
