"""Every misbehaving submission gets its honest score, costs nobody else anything, leaves nothing behind."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from misbehaving import (
    ending,
    flooding,
    forging,
    hanging,
    looking_around,
    lying,
    outside,
    patching,
    policy,
    sometimes,
    swarming,
)
from misbehaving.case import RIGHT, TITLES, WRONG, Case, notebook
from misbehaving.world import World, descendants, make_world

from gradecheck.marking import Marked, mark
from gradecheck.run.client import Template
from gradecheck.run.limits import Limits
from gradecheck.run.sandbox import SandboxMode, sandbox_unavailable
from gradecheck.submission import from_notebook

pytestmark = pytest.mark.skipif(sandbox_unavailable() is not None, reason=str(sandbox_unavailable()))

GROUPS = {
    "patching": patching,
    "lying": lying,
    "looking-around": looking_around,
    "ending": ending,
    "hanging": hanging,
    "swarming": swarming,
    "flooding": flooding,
    "forging": forging,
    "outside": outside,
    "sometimes": sometimes,
    "policy": policy,
}
CASES = {f"{group}-{case.name}": case for group, module in GROUPS.items() for case in module.CASES}
LIMITS: dict[str, Any] = {"call_seconds": 2.0, "cell_seconds": 3.0, "grace_seconds": 0.3}
#: A submission with four deadly cells runs for five times these limits; this says that it is stuck.
STUCK_SECONDS = 60.0


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with make_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture(scope="module")
def sandboxed(world: World) -> Iterator[Template]:
    with Template(sandbox=SandboxMode.REQUIRED, hidden=[world.course]) as template:
        scores(marked(template, notebook(RIGHT)))  # its canaries have run now
        yield template


def marked(template: Template, handed_in: Any, **options: Any) -> Marked:
    submission = from_notebook("mallory", handed_in)
    return mark(submission, template, seeds=lambda _exercise: 7_777, hidden=True, **options)


def scores(found: Marked) -> dict[str, float]:
    return {verdict.exercise.title: verdict.score for verdict in found.verdicts}


@contextmanager
def neighbours(template: Template) -> Iterator[dict[str, list[dict[str, float]]]]:
    """Two well-behaved students, marked again and again while the block runs."""
    seen: dict[str, list[dict[str, float]]] = {"right": [], "wrong": []}
    over = threading.Event()

    def work() -> None:
        while True:
            for name, answers in (("right", RIGHT), ("wrong", WRONG)):
                seen[name].append(scores(marked(template, notebook(answers))))
            if over.wait(0.3):
                return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def settled(before: set[int]) -> set[int]:
    """The processes that were not there before, after a moment in which the kernel may bury the dead."""
    for _ in range(50):
        left = descendants() - before
        if not left:
            break
        time.sleep(0.02)
    return left


def parameters() -> Iterator[Any]:
    """The names; a known gap is reported as such, and may be closed at any time."""
    for name, case in CASES.items():
        marks = [pytest.mark.xfail(reason=case.gap, strict=False)] if case.gap else []
        yield pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", list(parameters()))
def test_honest_score_and_no_harm(name: str, sandboxed: Template, world: World, tmp_path: Path) -> None:
    case: Case = CASES[name]
    for file, content in case.files.items():
        place = tmp_path / file
        place.symlink_to(world.fill(content)) if isinstance(content, Path) else place.write_text(content)
    files = sorted(path.name for path in tmp_path.iterdir())
    limits = Limits(**{**LIMITS, **case.limits})
    before, outside_before, start = descendants(), world.snapshot(), time.monotonic()
    with neighbours(sandboxed) as seen:
        found = marked(sandboxed, world.fill(case.notebook()), directory=tmp_path, limits=limits)
    assert time.monotonic() - start < STUCK_SECONDS
    assert all(row == dict.fromkeys(TITLES, 1.0) for row in seen["right"])
    assert all(row == dict.fromkeys(TITLES, 0.0) for row in seen["wrong"])
    assert world.snapshot() == outside_before
    assert world.reached() == []
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    assert settled(before) == set()
    assert not any(verdict.status == "not_graded" for verdict in found.verdicts)
    assert scores(found) == case.scores(), [(v.exercise.title, v.message) for v in found.verdicts]
