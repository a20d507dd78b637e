"""`gradecheck bundle`: checked, packed, and taken by `gradecheck collect`."""

import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from handing import ASSIGNMENT, FILE, ROOT, make_course, notebook, packed, zipped

from gradecheck import __version__
from gradecheck.cli import cli
from gradecheck.handin import bundle as room
from gradecheck.handin.archives import Allowance
from gradecheck.handin.manifest import MANIFEST
from gradecheck.report.model import Report


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student's folder, as it was handed out."""
    root = tmp_path / "home"
    for name in (".released.json", f"{ASSIGNMENT}/{FILE}"):
        (root / "exercises" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "exercises" / name, root / "exercises" / name)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No check: it costs seconds, and is tested once."""
    monkeypatch.setattr(room, "check_paths", lambda _paths, **_: Report())


def bundle(*options: str) -> Result:
    return CliRunner().invoke(cli, ["bundle", ASSIGNMENT, *options])


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def manifest_of(path: Path) -> Any:
    return json.loads(contents(path)[MANIFEST])


def test_it_checks_and_packs_with_a_manifest(home: Path) -> None:
    done = bundle("--student", "ada")
    assert done.exit_code == 0
    assert "0 of 4 done" in done.output
    assert f"wrote {ASSIGNMENT}.zip: {FILE}\n" in done.output
    made = contents(home / f"{ASSIGNMENT}.zip")
    assert list(made) == [MANIFEST, FILE]
    manifest = json.loads(made[MANIFEST])
    assert manifest["assignment"] == ASSIGNMENT
    assert manifest["student"] == "ada"
    assert manifest["gradecheck"] == __version__
    assert manifest["made"].endswith("+00:00")
    digest = hashlib.sha256(made[FILE]).hexdigest()
    assert manifest["files"] == [{"name": FILE, "sha256": digest, "bytes": len(made[FILE])}]
    states = {result["exercise"]: result["status"] for result in manifest["check"]}
    assert states["grad_softmax"] == "not_started"
    assert len(states) == 4


@pytest.mark.usefixtures("unchecked")
def test_the_order_is_always_the_same_and_nothing_but_the_assignment_is_in_it(home: Path) -> None:
    folder = home / "exercises" / ASSIGNMENT
    for name in ("z.csv", "a b.txt", "data/ü,'\".txt", ".ipynb_checkpoints/x.ipynb", ".secret", "old.zip"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "all").symlink_to("/etc")
    os.mkfifo(folder / "pipe")
    done = bundle("--output", "one.zip")
    bundle("--output", "two.zip")
    assert list(contents(home / "one.zip")) == [MANIFEST, "a b.txt", "data/ü,'\".txt", FILE, "z.csv"]
    one, two = contents(home / "one.zip"), contents(home / "two.zip")
    assert {n: t for n, t in one.items() if n != MANIFEST} == {n: t for n, t in two.items() if n != MANIFEST}
    for left in ("link is a link", "all is a link", "pipe is no ordinary file", "old.zip is an archive"):
        assert f"left out: {left}" in done.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is missing, so there is no bundle"),
        ("{", "is not JSON"),
        ("", "it is empty"),
        ("[]", "is not a notebook"),
    ],
)
def test_a_notebook_that_is_missing_or_unreadable_is_refused(
    home: Path, content: str | None, said: str
) -> None:
    path = home / "exercises" / ASSIGNMENT / FILE
    path.unlink()
    path.with_name("other.ipynb").write_text(notebook())
    if content is not None:
        path.write_text(content)
    done = bundle()
    assert (done.exit_code, done.output.startswith(f"gradecheck: exercises/{ASSIGNMENT}/{FILE}")) == (2, True)
    assert said in done.output
    assert not list(home.glob("*.zip"))


@pytest.mark.usefixtures("unchecked")
def test_another_file_of_that_name_is_left_alone_and_an_earlier_bundle_replaced(home: Path) -> None:
    target = home / f"{ASSIGNMENT}.zip"
    packed(target, {"mine.txt": "mine"})
    done = bundle()
    assert (done.exit_code, list(contents(target))) == (2, ["mine.txt"])
    assert "exists and is no bundle, so it was left alone" in done.output
    target.unlink()
    assert (bundle().exit_code, bundle("--student", "ada").exit_code) == (0, 0)
    assert manifest_of(target)["student"] == "ada"
    assert bundle("--output", "nowhere/x.zip").exit_code == 2


@pytest.mark.usefixtures("unchecked")
def test_too_much_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (home / "exercises" / ASSIGNMENT / "big.bin").open("wb") as file:
        file.truncate(51 * 2**20)
    assert "left out: big.bin is larger than 50 MiB" in bundle().output
    monkeypatch.setattr(room, "OF_A_STUDENT", Allowance(entries=1, bytes=10))
    done = bundle()
    assert (done.exit_code, "move away what is not needed" in done.output) == (2, True)


def test_an_assignment_that_is_not_here_is_exit_2(home: Path) -> None:
    assert home.is_dir()
    done = CliRunner().invoke(cli, ["bundle", "nonsense"])
    assert done.exit_code == 2
    assert "there is no notebook of 'nonsense' in exercises/nonsense or nonsense" in done.output


@pytest.mark.usefixtures("unchecked")
def test_collect_takes_bundles(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bare ones by their own word, in a download by the download's."""
    course = make_course(home / "course")
    bundle("--student", "ada", "--output", "work.zip")
    bundle("--student", "mallory", "--output", "mallory.zip")
    bundle("--output", "nobody.zip")
    bundle("--student", "Kim Lee", "--output", "kim.zip")  # there are two
    bundle("--student", "ada", "--output", "emmy.zip")
    canvas = {f"delacruzoneiljrzoë_503_1_{ASSIGNMENT}.zip": zipped(contents(home / "nobody.zip"))}
    canvas[f"noetheremmy_502_2_{ASSIGNMENT}.zip"] = zipped(contents(home / "kim.zip"))
    packed(home / "canvas.zip", canvas)
    archives = [str(home / f"{name}.zip") for name in ("work", "mallory", "nobody", "kim", "emmy", "canvas")]
    monkeypatch.chdir(course)
    done = CliRunner().invoke(cli, ["collect", *archives])  # the bundles name the assignment
    placed = sorted(str(p.relative_to("submitted")) for p in Path("submitted").rglob("*") if p.is_file())
    assert placed == [
        f"{student}/{ASSIGNMENT}/{name}"
        for student in ("ada", "emmy", "zoe")
        for name in ("timestamp.txt", FILE)
    ]
    assert (
        "mallory.zip > understanding_gradients.ipynb: is in a bundle of mallory, who is no student"
        in done.output
    )
    assert (
        "nobody.zip > understanding_gradients.ipynb: is in a bundle that does not say whose it is"
        in done.output
    )
    assert "emmy.zip > emmy: is a bundle that says that it is ada's" in done.output
    assert done.exit_code == 1


@pytest.mark.usefixtures("unchecked")
def test_collect_refuses_a_bundle_for_another_assignment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = make_course(home / "course")
    bundle("--student", "ada")
    monkeypatch.chdir(course)
    archive = str(home / f"{ASSIGNMENT}.zip")
    done = CliRunner().invoke(cli, ["collect", archive, "--assignment", "tensor_derivatives"])
    assert f"is a bundle for {ASSIGNMENT}, not tensor_derivatives" in done.output
    assert not Path("submitted").exists()
