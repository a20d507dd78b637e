"""A class of doctored notebooks, graded in one whole run of `gradecheck grade`."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from misbehaving.case import RIGHT, TITLES, WRONG, notebook
from misbehaving.doctored import CASES
from misbehaving.world import ROOT, World, descendants, make_world
from nbgrader_class import ASSIGNMENT, Course

from gradecheck.nbgrader.scores import Score, read_scores
from gradecheck.run.sandbox import sandbox_unavailable

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sandbox_unavailable() is not None, reason=str(sandbox_unavailable())),
]

POINTS = {"sigmoid": 20.0, "softmax": 25.0, "matmul": 25.0, "conv2d": 30.0}
NAMED = {case.name: case for case in CASES}


@dataclass(frozen=True)
class Run:
    """One run of the command."""

    done: subprocess.CompletedProcess[str]
    course: Course
    scores: tuple[Score, ...]
    left: frozenset[int]
    harmed: frozenset[str]

    def points(self, student: str) -> dict[str, float]:
        return {str(s.exercise).removeprefix("grad_"): s.score for s in self.scores if s.student == student}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    course = Course.make(tmp_path_factory.mktemp("course"))
    assert gradecheck(course.root, "release").returncode == 0
    with make_world(tmp_path_factory.mktemp("world")) as world:
        hand_in(course, world)
        before, around = descendants(), world.snapshot()
        submitted = contents(course.root / "submitted")
        done = gradecheck(course.root, "grade", ASSIGNMENT)
        harmed = {name for name, state in world.snapshot().items() if around.get(name) != state}
        harmed |= contents(course.root / "submitted").items() ^ submitted.items()  # type: ignore[arg-type]  # sets of pairs
        left = frozenset(descendants() - before)
        yield Run(done, course, read_scores(course.root, ASSIGNMENT), left, frozenset(harmed))


def gradecheck(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "gradecheck", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False
    )


def hand_in(course: Course, world: World) -> None:
    course.submit("neighbour-right", notebook(RIGHT))
    course.submit("neighbour-wrong", notebook(WRONG))
    for case in CASES:
        handed_in = world.fill(case.notebook())
        handed_in = json.loads(json.dumps(handed_in).replace(str(world.course), str(course.root)))
        course.submit(case.name, handed_in)
        for name, content in case.files.items():
            assert isinstance(content, str)
            (course.folder(case.name) / name).write_text(content, encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_run_ends_and_everybody_has_scores(run: Run) -> None:
    assert run.done.returncode == 0, run.done.stdout + run.done.stderr
    assert not any(score.needs_manual_grade for score in run.scores)
    assert {score.student for score in run.scores} == {*NAMED, "neighbour-right", "neighbour-wrong"}


@pytest.mark.parametrize("name", NAMED)
def test_a_doctored_notebook_gets_its_honest_score(name: str, run: Run) -> None:
    assert run.points(name) == {title: POINTS[title] * share for title, share in NAMED[name].scores().items()}


def test_the_neighbours_get_theirs(run: Run) -> None:
    assert run.points("neighbour-right") == POINTS
    assert run.points("neighbour-wrong") == dict.fromkeys(TITLES, 0.0)


def test_nobody_is_asked_for_more_points_than_there_are(run: Run) -> None:
    assert all(score.max_score == POINTS[str(score.exercise).removeprefix("grad_")] for score in run.scores)


@pytest.mark.parametrize("name", NAMED)
def test_feedback_is_there_and_holds_no_script_of_the_student(name: str, run: Run) -> None:
    (page,) = (run.course.root / "feedback" / name).rglob("*.html")
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"<script>alert|<img[^>]*onerror", text)


def test_nothing_else_changed_and_nothing_is_left(run: Run) -> None:
    assert run.harmed == frozenset()
    assert run.left == frozenset()
