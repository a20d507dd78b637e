"""What travels between the instructor's process and the workers of a cluster."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradecheck.cluster import fitness
from gradecheck.cluster.codec import UnreadableMessage, decode, encode
from gradecheck.cluster.files import Entry, read_folder, write_folder
from gradecheck.cluster.fitness import describe, unfit
from gradecheck.cluster.parcel import Parcel
from gradecheck.errors import WorkerUnavailable
from gradecheck.exercise import Exercise
from gradecheck.job import Finished, Job, do
from gradecheck.run.client import Template
from gradecheck.run.limits import Limits
from gradecheck.submission import from_notebook

CODE = (
    "import tensorflow as tf\nprint('half \\x00 a line')\n{'a': 10**30}",
    "def grad_sigmoid(x, dz):\n    return dz * tf.sigmoid(x)",
    "def grad_softmax(x, dz):\n    raise ValueError(x.shape)",
    "def grad_matmul(x, y, dz):\n    return dz",
    "1 / 0",
)
NOTEBOOK = {"nbformat": 4, "cells": [{"cell_type": "code", "source": source} for source in CODE]}


def plain(thing: Any) -> Any:
    """Everything in it, in a form that can be compared."""
    if isinstance(thing, Exercise):
        return thing.name
    if isinstance(thing, np.ndarray):
        return (thing.dtype.str, thing.shape, thing.tobytes())
    if dataclasses.is_dataclass(thing):
        fields = dataclasses.fields(thing)
        return (type(thing).__name__, {f.name: plain(getattr(thing, f.name)) for f in fields})
    if isinstance(thing, dict):
        return {name: plain(value) for name, value in thing.items()}
    if isinstance(thing, tuple | list):
        return type(thing)(plain(value) for value in thing)
    return (type(thing), thing)


@pytest.fixture(scope="module")
def job() -> Job:
    submission = from_notebook('Ünïcode, "quoted"', NOTEBOOK)
    return Job(submission, {a.exercise.name: 2**47 + 5 for a in submission.asked}, Limits(restarts=1))


def test_a_job_arrives_as_it_was_sent(job: Job) -> None:
    parcel = Parcel(job, (Entry("data.csv", 0o644, b"1,2\n"), Entry("link", 0o777, target="data.csv")), True)
    assert plain(decode(encode(parcel), Parcel)) == plain(parcel)


def test_what_came_of_it_arrives_to_the_last_bit(job: Job, template: Template, tmp_path: Path) -> None:
    finished = do(job, template, tmp_path)
    assert {v.exercise.name for v in finished.verdicts} == {"grad_sigmoid", "grad_softmax", "grad_matmul"}
    assert finished.messages
    assert plain(decode(encode(finished), Finished)) == plain(finished)


@pytest.mark.parametrize(
    "damage", [lambda c: c[:-3], lambda _: b"", lambda c: b"\x80" + c, lambda c: c + b"1"]
)
def test_damaged_bytes_are_refused(job: Job, damage: Any) -> None:
    with pytest.raises(UnreadableMessage, match=r"could not be read|is no Parcel"):
        decode(damage(encode(Parcel(job, (), False))), Parcel)


def test_a_job_is_no_result(job: Job) -> None:
    with pytest.raises(UnreadableMessage, match="is no Finished of version 2"):
        decode(encode(Parcel(job, (), False)), Finished)


def test_nothing_but_the_known_classes_is_made() -> None:
    import msgpack

    forged = msgpack.packb([1, msgpack.ExtType(3, msgpack.packb(["Template", {}]))])
    with pytest.raises(UnreadableMessage, match="Template"):
        decode(forged, Finished)


def test_files_beside_a_notebook_arrive_with_permissions_and_links(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    (here / "deep").mkdir(parents=True)
    there.mkdir()
    (here / "deep" / "run.sh").write_bytes(b"\x00\xff")
    (here / "deep" / "run.sh").chmod(0o755)
    (here / "outside").symlink_to("/etc/passwd")
    (here / "notebook.ipynb").write_text("{}")
    write_folder(read_folder(here, Limits()), there)
    assert (there / "deep" / "run.sh").read_bytes() == b"\x00\xff"
    assert (there / "deep" / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (there / "outside").readlink() == Path("/etc/passwd")
    assert not (there / "notebook.ipynb").exists()


@pytest.mark.parametrize("path", ["../out", "/out", "link/out", "deep/../../out"])
def test_no_file_is_written_outside(tmp_path: Path, path: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    entries = (Entry("link", 0o777, target=".."), Entry("deep", 0o755), Entry(path, 0o644, b"out"))
    with pytest.raises(ValueError, match="leads out of the folder"):
        write_folder(entries, inside)
    assert not (tmp_path / "out").exists()


def test_more_than_a_submission_may_hold_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"1" * 1000)
    with pytest.raises(WorkerUnavailable, match="too large to be sent"):
        read_folder(tmp_path, Limits(scratch_bytes=999))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"gradecheck": "0.0.1"}, "has gradecheck 0.0.1, and here is"),
        ({"source": "another"}, "its files differ from those here"),
        ({"numpy": "1.0"}, "has numpy 1.0, and here is"),
        ({"python": "3.9"}, "has python 3.9, and here is"),
        ({"sandbox": "bubblewrap is\nnot installed"}, "has no sandbox: bubblewrap is not installed"),
    ],
)
def test_a_worker_that_differs_is_unfit(changed: dict[str, str], reason: str) -> None:
    like_ours = {**describe(), "sandbox": ""}
    assert unfit(like_ours, sandboxed=True) is None
    assert reason in (unfit({**like_ours, **changed}, sandboxed=True) or "")


def test_without_sandboxes_none_is_needed() -> None:
    assert unfit({**describe(), "sandbox": "no bubblewrap"}, sandboxed=False) is None


def test_a_worker_needs_the_exercises_of_ones_own_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "grad_tanh.py"
    module.write_text("# an exercise\n", encoding="utf-8")
    without = {**describe(), "sandbox": ""}
    monkeypatch.setattr(fitness, "FILES", (*fitness.FILES, module))
    fitness._added.cache_clear()
    try:
        here = {**describe(), "sandbox": ""}
        assert unfit(here, sandboxed=True) is None
        reason = unfit(without, sandboxed=True)
    finally:
        fitness._added.cache_clear()
    assert reason == "lacks exercises that a package here adds, or has others of these names: grad_tanh"
