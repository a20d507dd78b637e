"""Grading one upload on Gradescope, as at home: a course of one student, made for it and thrown away."""

import hashlib
import hmac
import json
import shutil
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from gradecheck.autograder.kit import CONFIG, SECRET, SOURCE, Settings, read_settings
from gradecheck.autograder.metadata import Metadata, read_metadata
from gradecheck.errors import GradecheckError
from gradecheck.exports.gradescope import FILE, gradescope_object
from gradecheck.handin.archives import Unpacker
from gradecheck.handin.layout import Layout, NoNotebook, Offered, lay_out
from gradecheck.nbgrader.generate import CONFIG_FILE
from gradecheck.nbgrader.graded_class import read_graded_class
from gradecheck.nbgrader.grading import How, grade_assignment
from gradecheck.nbgrader.roster import course_at
from gradecheck.nbgrader.secret import SECRET_FILE
from gradecheck.submission import read_submission
from gradecheck.writing import write_whole

_STUDENT = "student"
_FAILED = "This could not be graded, for no fault of yours. Ask for it to be graded again."


def grade_upload(base: Path) -> int:
    """Grade what lies in `base/submission` and write `base/results/results.json`, whatever happens.

    What went wrong with the grading itself is printed, which Gradescope shows to the instructor.

    Returns:
        0 when there are scores, 1 when there are none.
    """
    started = time.monotonic()
    code = 0
    try:
        results = _graded(base)
    except Exception as error:
        print(f"gradecheck: {error}" if isinstance(error, GradecheckError) else traceback.format_exc())
        results, code = {"score": 0.0, "output": _FAILED, "output_format": "text", "tests": []}, 1
    results["execution_time"] = round(time.monotonic() - started, 3)
    _write(base / "results" / FILE, results)
    return code


def _graded(base: Path) -> dict[str, Any]:
    kit = base / "source"
    settings = read_settings(kit)
    metadata = read_metadata(base / "submission_metadata.json")
    with tempfile.TemporaryDirectory(prefix="gradecheck-", ignore_cleanup_errors=True) as scratch:
        root, unpacked = Path(scratch, "course"), Path(scratch, "unpacked")
        unpacked.mkdir()
        try:
            layout = _layout(base / "submission", unpacked, settings)
        except NoNotebook as reason:
            results = _without_notebook(kit, settings, str(reason))
        else:
            _make_course(root, kit, settings, metadata, layout)
            results = _grade(root, settings, layout)
    results.setdefault("extra_data", {}).update(seconds_late=metadata.seconds_late)
    if metadata.seconds_late:
        late = f"This came {metadata.seconds_late / 3600:.1f} hours after the due date."
        results["output"] = "\n\n".join(filter(None, (results.get("output", ""), late)))
    return results


def _layout(submission: Path, unpacked: Path, settings: Settings) -> Layout:
    unpacker = Unpacker(unpacked)
    if submission.is_dir():
        unpacker.take(submission)
    offered = [
        Offered(tuple("/".join(file.origin[1:]).split("/")), file.path)
        for file in unpacker.files
        if len(file.origin) > 1
    ]
    return lay_out(offered, settings.notebooks)


def _make_course(root: Path, kit: Path, settings: Settings, metadata: Metadata, layout: Layout) -> None:
    shutil.copytree(kit / SOURCE, root / "source")
    (root / CONFIG_FILE).write_text(CONFIG, encoding="utf-8")
    secret = (root / SECRET_FILE).resolve()
    secret.parent.mkdir(mode=0o700)
    key = (kit / SECRET).read_bytes().strip()
    # A further upload gets other inputs, as its author has seen the seeds; the same one gets the same.
    secret.write_text(hmac.digest(key, metadata.key.encode(), hashlib.sha256).hex(), encoding="ascii")
    folder = root / "submitted" / _STUDENT / settings.assignment
    for name, path in layout.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)


def _grade(root: Path, settings: Settings, layout: Layout) -> dict[str, Any]:
    (graded,) = grade_assignment(root, settings.assignment, how=How(workers=1, sandbox=settings.sandbox))
    if graded.problem:
        raise RuntimeError(graded.problem)
    (student,) = read_graded_class(course_at(root), settings.assignment).students
    results = gradescope_object(student)
    results["output"] = "\n".join(filter(None, (results.get("output", ""), *layout.notes)))
    return results


def _without_notebook(kit: Path, settings: Settings, reason: str) -> dict[str, Any]:
    """Zero for everything, with the reason: it is the student who can help it."""
    said = f"Nothing could be graded: {reason}."
    asked = [
        (exercise.exercise.name, exercise.max_points)
        for name in settings.notebooks
        for exercise in read_submission(kit / SOURCE / settings.assignment / name).asked
    ]
    tests = [
        {"name": name, "score": 0.0, "max_score": points, "status": "failed", "output": said}
        for name, points in asked
    ]
    return {"score": 0.0, "output": said, "output_format": "text", "tests": tests}


def _write(path: Path, results: dict[str, Any]) -> None:
    """Put the results in place of whatever is there: a link or a folder included."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
    write_whole(path, json.dumps(results, indent=2, ensure_ascii=True, allow_nan=False))
