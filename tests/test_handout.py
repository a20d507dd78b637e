"""What students get: everything to work with, nothing of the answers."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from handing import ASSIGNMENT, FILE, ROOT

from gradecheck import wheel
from gradecheck.cli import cli
from gradecheck.handout import MARKER
from gradecheck.released import digest_of, read_record

RELEASED = read_record(ROOT / "exercises")


def run(course: Path, *options: str | Path) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(course)
        return CliRunner().invoke(cli, ["handout", *map(str, options)])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("out") / "handout"
    done = run(ROOT, "--output", target)
    assert done.exit_code == 0, done.output
    assert f"wrote {target}/requirements.txt\n" in done.output
    return target


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Path:
    """A course of one assignment, with a ready wheel beside it."""
    root = tmp_path_factory.mktemp("course")
    (root / "solutions" / ASSIGNMENT).mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / ASSIGNMENT / FILE, root / "solutions" / ASSIGNMENT / FILE)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    (built,) = made.glob("*.whl")
    shutil.copy(built, root)
    return root


def test_it_holds_what_students_need(made: Path) -> None:
    files = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    (built,) = made.glob("gradecheck-*.whl")
    assert files == {
        *(f"exercises/{name}" for name in RELEASED),
        "exercises/.released.json",
        *("README.md", "Makefile", "requirements.txt", "constraints.txt", MARKER, built.name),
    }
    assert read_record(made / "exercises") == RELEASED
    assert {name: digest_of(made / "exercises" / name) for name in RELEASED} == RELEASED


def test_it_gives_nothing_away(made: Path) -> None:
    """Of the answers, the secret, the gradebook, or of this machine."""
    (built,) = made.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()
    assert not [name for name in names if not name.startswith("gradecheck")]
    for path in made.rglob("*"):
        if path.is_file() and path.suffix != ".whl":
            text = path.read_text(encoding="utf-8")
            assert "BEGIN SOLUTION" not in text
            assert not re.search(r"https?://(?!nbgrader|www\.tensorflow)", text) or path.suffix == ".ipynb", (
                path
            )
            assert str(ROOT) not in text


def test_the_requirements_are_pinned_and_name_no_host(made: Path) -> None:
    (built,) = made.glob("*.whl")
    assert (made / "requirements.txt").read_text() == f"-c constraints.txt\n./{built.name}\n"
    pins = [
        line
        for line in (made / "constraints.txt").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+( ;.*)?", pin) for pin in pins)


def test_the_wheel_judges_a_stub_in_a_clean_folder(made: Path, tmp_path: Path) -> None:
    (built,) = made.glob("*.whl")
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target"]
    subprocess.run([*install, str(site), str(built)], check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=made,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    where = python("-c", "import gradecheck; print(gradecheck.__file__)").stdout.strip()
    assert Path(where).is_relative_to(site)
    done = python("-m", "gradecheck", "check", "--exercise", "sigmoid")
    assert (done.returncode, done.stderr) == (0, "")
    assert "sigmoid" in done.stdout
    assert "0 of 1 done" in done.stdout


def test_make_calls_gradecheck(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "home")
    home = tmp_path / "home"
    (home / "env" / "bin").mkdir(parents=True)
    tool = home / "env" / "bin" / "gradecheck"
    tool.write_text('#!/bin/sh\necho "$@"\n')
    tool.chmod(0o755)
    (home / "env" / ".installed").touch()

    # What `make test` tells a make below it would make that one say which folder it entered.
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}

    def make(*words: str) -> subprocess.CompletedProcess[str]:
        command = ["make", "VENV=env", *words]
        return subprocess.run(command, cwd=home, env=alone, capture_output=True, text=True, check=False)

    assert make("check", "E=softmax").stdout == "check exercises --exercise softmax\n"
    assert make("watch").stdout == "watch exercises\n"
    assert make("hint", "E=relu").stdout == "hint relu exercises\n"
    assert make("bundle", f"A={ASSIGNMENT}").stdout == f"bundle {ASSIGNMENT}\n"
    assert "name an assignment: make bundle A=" in make("bundle").stderr
    assert {line.split()[0] for line in make().stdout.splitlines()} == {
        *("help", "install", "check", "watch", "hint", "bundle")
    }


def test_the_readme_says_how_to_do_without_make(made: Path) -> None:
    readme = (made / "README.md").read_text()
    for command in ("check", "watch", "hint softmax", f"bundle {ASSIGNMENT}"):
        assert f"python -m gradecheck {command}" in readme
    assert "Windows has no make" in readme


def test_an_earlier_handout_is_replaced_and_nothing_else(course: Path, tmp_path: Path) -> None:
    (wheel_file,) = course.glob("*.whl")
    target = tmp_path / "handout"
    assert run(course, "--output", target, "--wheel", wheel_file).exit_code == 0
    (target / "stale.txt").touch()
    assert run(course, "--output", target, "--wheel", wheel_file).exit_code == 0
    assert not (target / "stale.txt").exists()
    (target / MARKER).unlink()
    done = run(course, "--output", target, "--wheel", wheel_file)
    assert (done.exit_code, "is no handout, so it was left alone" in done.output) == (2, True)
    assert (target / "README.md").is_file()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("secret", "x", "secret is not for students"),
        ("solutions/a.txt", "x", "solutions is not for students"),
        ("extra.ipynb", "### END SOLUTION", "extra.ipynb still holds '### END SOLUTION'"),
    ],
)
def test_a_part_of_an_answer_stops_everything(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, said: str
) -> None:
    """Planted where only a mistake of ours could put it: behind nbgrader's back."""
    import gradecheck.handout as room

    fill = room._fill

    def careless(root: Path, made: Path, given: Path | None) -> None:
        fill(root, made, given)
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_text(content)

    monkeypatch.setattr(room, "_fill", careless)
    (wheel_file,) = course.glob("*.whl")
    done = run(course, "--output", tmp_path / "handout", "--wheel", wheel_file)
    assert (done.exit_code, said in done.output) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_files_of_the_instructors_stay_at_home(course: Path, tmp_path: Path) -> None:
    root = tmp_path / "course"
    shutil.copytree(course, root)
    (root / "solutions" / ASSIGNMENT / "answers.py").write_text("x")
    (root / "solutions" / ASSIGNMENT / "data, “ü”.csv").write_text("1")
    (wheel_file,) = root.glob("*.whl")
    done = run(root, "--output", tmp_path / "handout", "--wheel", wheel_file)
    assert done.exit_code == 0, done.output
    folder = tmp_path / "handout" / "exercises" / ASSIGNMENT
    assert sorted(path.name for path in folder.iterdir()) == ["data, “ü”.csv", FILE]


def test_what_cannot_be_done_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is no course: it holds no nbgrader_config.py" in run(tmp_path).output
    assert "is no wheel" in run(ROOT, "--output", tmp_path / "h", "--wheel", "README.md").output
    monkeypatch.setattr(wheel, "__file__", str(tmp_path / "site" / "gradecheck" / "wheel.py"))
    done = run(ROOT, "--output", tmp_path / "h")
    assert (done.exit_code, "was installed without its sources" in done.output) == (2, True)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "pyproject.toml").write_text(json.dumps("no project"))
    done = run(ROOT, "--output", tmp_path / "h")
    assert (done.exit_code, "gradecheck's wheel could not be built" in done.output) == (2, True)
    assert not (tmp_path / "h").exists()


def test_what_cannot_be_done_leaves_nothing_behind(tmp_path: Path) -> None:
    assert run(tmp_path).exit_code == 2
    (tmp_path / "file").write_text("")
    done = run(ROOT, "--output", tmp_path / "file" / "h")
    assert (done.exit_code, "Not a directory; use --output FOLDER" in done.output) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
