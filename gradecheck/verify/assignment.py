"""The claims about an assignment: solutions get all, stubs none, points add up, the release is private."""

import ast
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from gradecheck.course import fresh_release, out_of_step
from gradecheck.exercise import Exercise
from gradecheck.marking import mark
from gradecheck.nbgrader.generate import release_folder, source_folder
from gradecheck.run.client import Template
from gradecheck.submission import Asked, code_of, parse_notebook, points_written, read_submission
from gradecheck.verdict import Status
from gradecheck.verify.claim import Claim

#: What an assignment's points add up to.
WHOLE = 100.0
#: Marks that an instructor's notebook may hold and a student's must not.
_PRIVATE_MARKS = (
    "BEGIN SOLUTION",
    "END SOLUTION",
    "BEGIN HIDDEN TESTS",
    "END HIDDEN TESTS",
    "BEGIN MARK SCHEME",
)

#: Lines of a solution that give nothing away, such as `return dW, dX, db`.
_SAYS_NOTHING = re.compile(r"return [\w, ()]+|.{1,10}")


def exercises_asked(root: Path, assignment: str) -> tuple[Exercise, ...]:
    """The exercises of an assignment's notebooks, in their order."""
    notebooks = sorted((source_folder(root) / assignment).glob("*.ipynb"))
    return tuple(asked.exercise for path in notebooks for asked in read_submission(path).asked)


def verify_assignment(root: Path, assignment: str, template: Template) -> Iterator[Claim]:
    """Try every claim about one assignment of the course at `root`."""
    asked: list[Asked] = []
    for path in sorted((source_folder(root) / assignment).glob("*.ipynb")):
        submission = read_submission(path)
        asked += submission.asked
        yield from _all_pass(path, Status.PASSED, template, "the solution gets all")
        yield from graded_cells_are_sound(path)
    total = sum(a.max_points for a in asked)
    yield Claim(assignment, f"the points add up to {total:g}, wanted {WHOLE:g}", total == WHOLE)
    with fresh_release(root, assignment) as fresh:
        for path in sorted(fresh.glob("*.ipynb")):
            yield from _all_pass(path, Status.NOT_STARTED, template, "the stub gets none")
        yield nothing_private(root, assignment, fresh)
    stale = out_of_step(root, assignment)
    names = ", ".join(str(path.relative_to(release_folder(root))) for path in stale)
    told = f"out of step with the sources: {names}; run make release" if stale else "in step with the sources"
    yield Claim(assignment, f"the released files are {told}", not stale)


def _all_pass(path: Path, wanted: Status, template: Template, sentence: str) -> Iterator[Claim]:
    submission = read_submission(path)
    marked = mark(submission, template, seeds=lambda _exercise: secrets.randbelow(2**32), hidden=True)
    for verdict in marked.verdicts:
        seen = "" if verdict.status is wanted else f": it is {verdict.status}, {verdict.message}"
        yield Claim(verdict.exercise.name, f"{sentence}{seen}", verdict.status is wanted)
    if not marked.verdicts:
        yield Claim(
            path.name,
            "asks for no exercise: it has no graded cell such as grade(grad_softmax, points=10)",
            False,
        )


def graded_cells_are_sound(path: Path) -> Iterator[Claim]:
    """Each exercise has one graded cell, locked, whose points are the same wherever they are written."""
    for asked in read_submission(path).asked:
        if asked.grade_id is None:
            yield Claim(asked.exercise.name, f"{path.name} defines it and has no graded cell for it", False)
    for written in points_written(parse_notebook(path.read_text(encoding="utf-8"), str(path))):
        yield Claim(
            written.exercise.name,
            f"the points of the graded cell, {written.metadata}, of its call, {written.call}, "
            f"and of the definition, {written.exercise.points:g}, are the same",
            written.metadata == written.call == written.exercise.points,
        )
        if not (written.graded and written.locked):
            yield Claim(written.exercise.name, "its graded cell must be marked as graded and locked", False)


def nothing_private(root: Path, assignment: str, fresh: Path) -> Claim:
    """No mark, no line of a solution and no file that belongs to the instructor is in the release."""
    lines = {
        line for path in (source_folder(root) / assignment).glob("*.ipynb") for line in _solution_lines(path)
    }
    for path in sorted(p for p in fresh.rglob("*") if p.is_file()):
        if path.suffix == ".py":
            return Claim(assignment, f"the release holds {path.name}, which is no notebook", False)
        text = path.read_text(encoding="utf-8")
        shown = _all_text(path) if path.suffix == ".ipynb" else text
        found = [mark for mark in _PRIVATE_MARKS if mark in text] + [x for x in lines if x in shown]
        if found:
            return Claim(assignment, f"the release of {path.name} holds {found[0]!r}", False)
    return Claim(assignment, "no solution and no hidden text is in the release", True)


def _solution_lines(path: Path) -> Iterator[str]:
    """The lines between the solution marks that say something of their own."""
    for source in _code(path):
        inside = False
        for line in source.splitlines():
            if "BEGIN SOLUTION" in line:
                inside = True
            elif "END SOLUTION" in line:
                inside = False
            elif inside and _is_code(line) and not _SAYS_NOTHING.fullmatch(line.strip()):
                yield line.strip()


def _is_code(line: str) -> bool:
    try:
        return bool(ast.parse(line.strip()).body)
    except SyntaxError:
        return bool(line.strip())


def _all_text(path: Path) -> str:
    """The source of every cell, prose included."""
    cells = parse_notebook(path.read_text(encoding="utf-8"), str(path))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def _code(path: Path) -> tuple[str, ...]:
    return code_of(parse_notebook(path.read_text(encoding="utf-8"), str(path)))
