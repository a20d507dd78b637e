"""Gradescope's autograder, run in a folder laid out as Gradescope lays out /autograder."""

import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from handing import ASSIGNMENT, FILE, ROOT
from nbgrader_class import ANSWERS, Course, answer

from gradecheck.autograder.grading import grade_upload
from gradecheck.autograder.metadata import read_metadata
from gradecheck.cli import cli

METADATA = {
    "id": 123456,
    "created_at": "2026-02-01T14:22:32.365935-07:00",
    "assignment": {"due_date": "2026-02-01T12:22:32.365935-07:00", "id": 25828, "total_points": "100.0"},
    "submission_method": "upload",
    "users": [{"email": "student@example.com", "id": 1234, "name": '<b>Student</b>, "A"'}],
    "previous_submissions": [],
}
EXTENDED = {"due_date": "2026-02-01T14:22:31.365935-07:00"}
_FIELDS = {"score", "execution_time", "output", "output_format", "visibility", "stdout_visibility"}
_TEST_FIELDS = {"score", "max_score", "status", "name", "name_format", "number", "output", "output_format"}


@pytest.fixture(scope="module")
def autograder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/autograder after its image was built, with the wheel that the zip brought along."""
    base = tmp_path_factory.mktemp("autograder")
    target = base / "autograder.zip"
    arguments = ["autograder", "gradescope", ASSIGNMENT, "--output", str(target)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(target) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, base / "source"))
            path.chmod(stat.S_IMODE(entry.external_attr >> 16))
    (wheel,) = (base / "source").glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target"]
    subprocess.run([*install, str(base / "site"), str(wheel)], check=True, capture_output=True)
    python = base / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{base}/site" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    shutil.copy(base / "source" / "run_autograder", base / "run_autograder")
    (base / "results").mkdir()
    return base


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = Course.make(tmp_path_factory.mktemp("course"))
    shutil.copytree(ROOT / "exercises" / ASSIGNMENT, course.root / "exercises" / ASSIGNMENT)
    return course


def run(base: Path, files: dict[str, str], metadata: object = METADATA) -> dict[str, Any]:
    """One submission, as Gradescope's harness does it; the results, checked for what they must be."""
    upload(base, files, metadata)
    environment = {**os.environ, "GRADECHECK_AUTOGRADER": str(base)}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [str(base / "run_autograder")], cwd=base, env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return results_of(base)


def upload(base: Path, files: dict[str, str], metadata: object) -> None:
    shutil.rmtree(base / "submission", ignore_errors=True)
    (base / "submission").mkdir()
    for name, text in files.items():
        (base / "submission" / name).write_text(text)
    (base / "submission_metadata.json").write_text(json.dumps(metadata))
    (base / "results" / "results.json").unlink(missing_ok=True)


def results_of(base: Path) -> dict[str, Any]:
    results: dict[str, Any] = json.loads((base / "results" / "results.json").read_text())
    assert set(results) <= _FIELDS | {"tests", "extra_data"}
    assert results["execution_time"] >= 0
    for test in results["tests"]:
        assert set(test) <= _TEST_FIELDS | {"visibility", "extra_data"}
        assert test["status"] in ("passed", "failed")
        assert 0 <= test["score"] <= test["max_score"]
    assert results["score"] == pytest.approx(sum(test["score"] for test in results["tests"]))
    return results


def scores(results: dict[str, Any]) -> dict[str, float]:
    return {test["name"]: test["score"] / test["max_score"] for test in results["tests"]}


def test_the_zip_is_what_gradescope_asks_for_and_gives_nothing_away(autograder: Path) -> None:
    with zipfile.ZipFile(autograder / "autograder.zip") as archive:
        modes = {entry.filename: stat.S_IMODE(entry.external_attr >> 16) for entry in archive.infolist()}
        settings = json.loads(archive.read("settings.json"))
    assert {name: modes[name] for name in ("setup.sh", "run_autograder")} == {
        "setup.sh": 0o755,
        "run_autograder": 0o755,
    }
    assert {modes["secret"], modes[f"source/{ASSIGNMENT}/{FILE}"]} == {0o600}
    assert not any("answers.py" in name for name in modes)
    assert settings == {"assignment": ASSIGNMENT, "notebooks": [FILE], "sandbox": True}
    for script in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n", str(autograder / "source" / script)], check=True)


def test_setup_installs_the_wheel_with_pinned_versions(autograder: Path, tmp_path: Path) -> None:
    """With stand-ins for apt-get and Python, which write down what they were asked."""
    log = tmp_path / "log"
    stand_in = f'#!/bin/sh\necho "$(basename "$0") $*" >> "{log}"\n'
    venv = 'case "$*" in "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python";; esac\n'
    for name, more in (("apt-get", ""), ("python3.12", venv)):
        (tmp_path / name).write_text(stand_in + more)
        (tmp_path / name).chmod(0o755)
    base = tmp_path / "base"
    shutil.copytree(autograder / "source", base / "source")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "GRADECHECK_AUTOGRADER": str(base)}
    subprocess.run(["bash", str(base / "source" / "setup.sh")], env=environment, check=True)
    lines = log.read_text().splitlines()
    assert lines[0] == "apt-get update"
    assert "bubblewrap" in lines[1]
    (wheel,) = (base / "source").glob("*.whl")
    assert lines[-1] == f"python -m pip install --no-cache-dir -c {base}/source/constraints.txt {wheel}"
    assert stat.S_IMODE((base / "source" / "secret").stat().st_mode) == 0o600


@pytest.mark.slow
def test_right_answers_earn_everything_under_any_name(autograder: Path, course: Course) -> None:
    results = run(autograder, {"final (2), really.ipynb": json.dumps(course.solved())}, metadata=[])
    assert scores(results) == dict.fromkeys(ANSWERS, 1.0)
    assert results["score"] == 100
    assert f"final (2), really.ipynb was taken as {FILE}" in results["output"]
    assert results["extra_data"]["seconds_late"] is None


@pytest.mark.slow
def test_wrong_and_hostile_answers_earn_nothing_and_reach_nothing(autograder: Path, course: Course) -> None:
    secret = (autograder / "source" / "secret").read_text()
    forged = json.dumps({"score": 100, "tests": []})
    attack = f"""
import os, pathlib, signal
def attack():
    for place in ("{autograder}/results/results.json", "/autograder/results/results.json"):
        try:
            pathlib.Path(place).parent.mkdir(parents=True, exist_ok=True)
            pathlib.Path(place).write_text('{forged}')
        except OSError:
            pass
    for place in ("{autograder}/source/secret", "{autograder}/source/settings.json"):
        if os.path.exists(place):
            print("STOLEN", open(place).read())
attack()
"""
    notebook = course.solved()
    answer(notebook, "grad_softmax", "def grad_softmax(x, dz):\n    return 3 * dz\n")
    answer(
        notebook,
        "grad_matmul",
        f"{attack}\ndef grad_matmul(x, y, dz):\n    os.kill(os.getppid(), 9)\n    os._exit(0)\n",
    )
    answer(notebook, "grad_conv2d", "def grad_conv2d(x, w, dz):\n    attack()\n    return 1 / 0\n")
    results = run(autograder, {FILE: json.dumps(notebook)})
    assert scores(results) == {
        "grad_sigmoid": 1.0,
        "grad_softmax": 0.0,
        "grad_matmul": 0.0,
        "grad_conv2d": 0.0,
    }
    assert secret not in json.dumps(results)
    assert "STOLEN" not in json.dumps(results)
    assert results["extra_data"]["seconds_late"] == 7200
    assert "This came 2.0 hours after the due date." in results["output"]


def test_without_a_notebook_there_is_zero_and_a_reason(autograder: Path) -> None:
    for files, said in (({}, "nothing that could be used"), ({"a.py": "x", "b.txt": ""}, "only a.py, b.txt")):
        upload(autograder, files, METADATA)
        assert grade_upload(autograder) == 0
        results = results_of(autograder)
        assert scores(results) == dict.fromkeys(ANSWERS, 0.0)
        assert said in results["output"]


def test_a_fault_of_the_grading_is_told_and_leaves_valid_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results" / "results.json").mkdir(parents=True)
    assert grade_upload(tmp_path) == 1
    results = results_of(tmp_path)
    assert (results["score"], results["tests"]) == (0, [])
    assert "for no fault of yours" in results["output"]
    assert "make the zip again: gradecheck autograder gradescope" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("metadata", "late"),
    [
        (METADATA, 7200.0),
        ({**METADATA, "created_at": "2026-02-01T00:00:00-07:00"}, 0.0),
        ({**METADATA, "users": [{"id": 1, "assignment": EXTENDED}]}, 1.0),
        ({**METADATA, "assignment": {"due_date": None}}, None),
        ({**METADATA, "created_at": "soon", "users": "nobody"}, None),
        ([], None),
        (None, None),
    ],
)
def test_late_is_what_gradescope_says(tmp_path: Path, metadata: object, late: float | None) -> None:
    path = tmp_path / "submission_metadata.json"
    path.write_text(json.dumps(metadata))
    assert read_metadata(path).seconds_late == late
    assert read_metadata(tmp_path / "gone.json").seconds_late is None


def test_an_unknown_assignment_and_a_wheel_that_is_none_are_exit_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for arguments, said in (
        (["nonsense"], "there is no assignment 'nonsense'"),
        ([ASSIGNMENT, "--wheel", "README.md"], "README.md is no wheel"),
    ):
        done = CliRunner().invoke(
            cli, ["autograder", "gradescope", *arguments, "--output", "/dev/null/x.zip"]
        )
        assert (done.exit_code, said in done.output) == (2, True)
