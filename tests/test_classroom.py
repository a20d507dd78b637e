"""GitHub Classroom's workflow: each of its steps run in a checkout as the service lays it out."""

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from handing import ASSIGNMENT, FILE, ROOT
from nbgrader_class import Course, answer

from gradecheck.cli import cli

WORTH = {"grad_sigmoid": 20, "grad_softmax": 25, "grad_matmul": 25, "grad_conv2d": 30}


@dataclass(frozen=True)
class Checkout:
    """A student's repository, and what the service gives a job."""

    root: Path
    steps: list[dict[str, Any]]

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """One `run:` step, as GitHub runs it where no shell is named."""
        (step,) = [step for step in self.steps if step["name"] == name]
        environment = {
            **os.environ,
            "PATH": f"{self.root.parent / 'bin'}{os.pathsep}{os.defpath}",
            "GITHUB_OUTPUT": str(self.root.parent / "output"),
        }
        return subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    def points(self) -> dict[str, Any]:
        """What the reporter reads, as it reads it."""
        (line,) = (self.root.parent / "output").read_text().splitlines()
        document: dict[str, Any] = json.loads(base64.b64decode(line.removeprefix("result=")))
        assert set(document) == {"version", "status", "max_score", "tests"}
        return document


@pytest.fixture(scope="module")
def workflow(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("workflow") / "a" / "classroom.yml"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        done = CliRunner().invoke(cli, ["autograder", "classroom", ASSIGNMENT, "--output", str(path)])
    assert (done.exit_code, done.output) == (0, f"wrote {path}\n")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture
def checkout(tmp_path: Path, workflow: Any) -> Checkout:
    root = tmp_path / "repository"
    (root / "exercises" / ASSIGNMENT).mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    pip = 'case "$*" in "-m pip "*) echo "$@"; exit 0;; esac'
    python.write_text(f'#!/bin/sh\n{pip}\nPYTHONPATH="{ROOT}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (root / "gradecheck.py").write_text("raise SystemExit('a module of a student')\n")
    return Checkout(root, workflow["jobs"]["run-autograding-tests"]["steps"])


def test_the_workflow_is_one_that_classroom_runs(workflow: Any) -> None:
    assert set(workflow) == {"name", "on", "permissions", "jobs"}
    assert "push" in workflow["on"]
    (job,) = workflow["jobs"].values()
    assert job["if"] == "github.actor != 'github-classroom[bot]'"
    assert all(("uses" in step) != ("run" in step) for step in job["steps"])
    reporter = job["steps"][-1]
    assert reporter["uses"].startswith("classroom-resources/autograding-grading-reporter@")
    assert reporter["with"] == {"runners": "gradecheck"}
    assert reporter["env"] == {"GRADECHECK_RESULTS": "${{ steps.gradecheck.outputs.result }}"}
    assert [step.get("id") for step in job["steps"]].count("gradecheck") == 1


@pytest.mark.slow
def test_its_steps_report_the_points(checkout: Checkout, tmp_path: Path) -> None:
    released = ROOT / "exercises" / ASSIGNMENT / FILE
    notebook = json.loads(released.read_text(encoding="utf-8"))
    solved = json.loads((ROOT / "solutions" / ASSIGNMENT / FILE).read_text(encoding="utf-8"))
    by_id = {c["metadata"].get("nbgrader", {}).get("grade_id"): c["source"] for c in solved["cells"]}
    answer(notebook, "grad_sigmoid", by_id["grad_sigmoid"])
    answer(notebook, "grad_softmax", "def grad_softmax(x, dz):\n    return 3 * dz\n")
    for each in notebook["cells"]:  # whoever makes an exercise worth more does not get more for it
        if each["metadata"].get("nbgrader", {}).get("grade"):
            each["metadata"]["nbgrader"]["points"] = 1000
    (checkout.root / "exercises" / ASSIGNMENT / FILE).write_text(json.dumps(notebook))
    assert checkout.run("Install").stdout == "-m pip install -r requirements.txt\n"
    checked = checkout.run("Check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checkout.run("Points").returncode == 0
    points = checkout.points()
    assert {test["name"]: test["score"] for test in points["tests"]} == {
        "grad_sigmoid": 20,
        "grad_softmax": 0,
        "grad_matmul": 0,
        "grad_conv2d": 0,
    }
    assert (points["max_score"], points["status"]) == (100, "fail")
    assert [test["status"] for test in points["tests"]] == ["pass", "fail", "fail", "fail"]
    assert tmp_path.is_dir()


@pytest.mark.parametrize(
    "content", [None, "", "<testsuites/>", "<testsuites", "<a><testcase name='grad_conv2d'/></a>"]
)
def test_a_report_that_is_missing_or_damaged_is_worth_nothing(
    checkout: Checkout, content: str | None
) -> None:
    if content is not None:
        (checkout.root / "report.xml").write_text(content)
    assert checkout.run("Points").returncode == 0
    points = checkout.points()
    assert {test["name"]: test["score"] for test in points["tests"]} == dict.fromkeys(WORTH, 0)
    assert points["max_score"] == 100


def test_an_assignment_that_is_not_there_is_exit_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = Course.make(tmp_path)
    monkeypatch.chdir(course.root)
    done = CliRunner().invoke(cli, ["autograder", "classroom", "nonsense"])
    assert (done.exit_code, "there is no assignment 'nonsense'" in done.output) == (2, True)
    assert not (tmp_path / ".github").exists()


def test_another_workflow_is_left_alone_and_an_earlier_one_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    target = tmp_path / "classroom.yml"
    arguments = ["autograder", "classroom", ASSIGNMENT, "--output", str(target)]
    assert [CliRunner().invoke(cli, arguments).exit_code for _ in range(2)] == [0, 0]
    target.write_text("mine")
    done = CliRunner().invoke(cli, arguments)
    assert (done.exit_code, "is not gradecheck's, so it was left alone" in done.output) == (2, True)
    assert target.read_text() == "mine"
