"""Proof that a course is sound: each claim is tried, and what fails is named."""

import ast
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradecheck.catalogue import EXERCISES
from gradecheck.compare import compare
from gradecheck.course import assignments, fresh_release, out_of_step
from gradecheck.diagnose.recognise import evaluate, plant
from gradecheck.diagnose.shared import known_mistakes
from gradecheck.errors import GradecheckError
from gradecheck.exercise import Exercise, Mistake, MistakeClass
from gradecheck.judge import judge
from gradecheck.marking import mark
from gradecheck.nbgrader.generate import release_folder, source_folder
from gradecheck.reference.expectation import expected_cases
from gradecheck.reference.tape import load_tensorflow
from gradecheck.run.client import Template
from gradecheck.run.inline import InlineCaller
from gradecheck.submission import Asked, code_of, parse_notebook, points_written, read_submission
from gradecheck.verdict import MODERATE_SHARE, Status, Verdict

#: How many fresh seeds the two oracles are compared on.
FRESH_SEEDS = 5
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


@dataclass(frozen=True)
class Claim:
    """One thing that must hold.

    Attributes:
        subject: the exercise, the notebook or the assignment.
        sentence: the claim where it holds, and what was seen where it does not.
        holds: whether it does.
    """

    subject: str
    sentence: str
    holds: bool


def verify_course(root: Path) -> Iterator[Claim]:
    """Try every claim about the exercises and about the course at `root`, one after the other.

    Raises:
        CourseNotReady: `root` is no course.
    """
    names = assignments(root)
    for exercise in EXERCISES:
        yield from _going_on(exercise.name, verify_exercise(exercise))
    with Template() as template:
        for name in names:
            yield from _going_on(name, _verify_assignment(root, name, template))


def _going_on(subject: str, claims: Iterator[Claim]) -> Iterator[Claim]:
    """The claims; an error that keeps the rest of them from being tried is one that does not hold."""
    try:
        yield from claims
    except (GradecheckError, OSError) as error:
        yield Claim(subject, f"the rest could not be tried: {error}", False)


def verify_exercise(exercise: Exercise) -> Iterator[Claim]:
    """The claims about one definition: its oracles, and its known mistakes."""
    yield _oracles_agree(exercise)
    yield _tape_is_refused(exercise)
    for mistake in known_mistakes(exercise):
        own = mistake in exercise.mistakes
        if mistake.outcome is not MistakeClass.POLICY and (own or _is_possible(exercise, mistake)):
            yield _mistake_meets_its_class(exercise, mistake)


def _oracles_agree(exercise: Exercise) -> Claim:
    seeds = [secrets.randbelow(2**32) for _ in range(FRESH_SEEDS)]
    for seed in seeds:
        try:
            expected_cases(exercise, seed)
        except GradecheckError as error:
            return Claim(exercise.name, f"seed {seed}: {error}", False)
    return Claim(
        exercise.name,
        f"the tape and finite differences agree on the cases of {FRESH_SEEDS} fresh seeds",
        True,
    )


def _tape_is_refused(exercise: Exercise) -> Claim:
    verdict = _judge_planted(exercise, _answer_by_tape(exercise))
    holds = verdict.score == 0.0 and verdict.diagnosis.misconception == "autodiff-inside"
    return Claim(exercise.name, f"an answer that calls the tape earns nothing ({_seen(verdict)})", holds)


def _answer_by_tape(exercise: Exercise) -> Callable[..., Any]:
    def answer(*arguments: Any) -> Any:
        tf = load_tensorflow()
        count = len(exercise.inputs)
        inputs = [tf.convert_to_tensor(a) for a in arguments[:count]]
        settings = arguments[len(exercise.arguments) :]
        wanted = [inputs[exercise.inputs.index(name)] for name in exercise.differentiates]
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(wanted)
            z = exercise.forward(tf, *inputs, *settings)
        if exercise.whole_jacobian:
            return tape.jacobian(z, wanted[0], experimental_use_pfor=False)
        gradients = tape.gradient(z, wanted, output_gradients=arguments[count])
        return gradients[0] if len(gradients) == 1 else tuple(gradients)

    return answer


def _is_possible(exercise: Exercise, mistake: Mistake) -> bool:
    """Whether the mistake differs from the truth in this exercise; dz of a sum is no mistake in a sum."""
    for expected in expected_cases(exercise, 0)[1:]:
        made = evaluate(exercise, mistake, expected.case)
        if made is None or len(made) != len(expected.outputs):
            return True
        for value, output in zip(made, expected.outputs, strict=True):
            if compare(value, output.middle, output.tolerance).fault is not None:
                return True
    return False


def _mistake_meets_its_class(exercise: Exercise, mistake: Mistake) -> Claim:
    verdict = _judge_planted(exercise, plant(exercise, mistake))
    wanted = {MistakeClass.REJECTED: 0.0, MistakeClass.EXTREME: MODERATE_SHARE, MistakeClass.NOTED: 1.0}
    worst = min((output.score for output in verdict.outputs), default=verdict.score)
    holds = worst == wanted[mistake.outcome]  # outputs that the mistake leaves alone keep their share
    return Claim(exercise.name, f"the mistake {mistake.id} is {mistake.outcome} ({_seen(verdict)})", holds)


def _judge_planted(exercise: Exercise, function: Callable[..., Any]) -> Verdict:
    return judge(exercise, InlineCaller({exercise.name: function}), seed=secrets.randbelow(2**32))


def _seen(verdict: Verdict) -> str:
    named = f", named {verdict.diagnosis.misconception}" if verdict.diagnosis.misconception else ""
    return f"score {verdict.score:g}{named}"


def _verify_assignment(root: Path, assignment: str, template: Template) -> Iterator[Claim]:
    asked: list[Asked] = []
    for path in sorted((source_folder(root) / assignment).glob("*.ipynb")):
        submission = read_submission(path)
        asked += submission.asked
        yield from _all_pass(path, Status.PASSED, template, "the solution gets all")
        yield from _graded_cells_are_sound(path)
    total = sum(a.max_points for a in asked)
    yield Claim(assignment, f"the points add up to {total:g}, wanted {WHOLE:g}", total == WHOLE)
    with fresh_release(root, assignment) as fresh:
        for path in sorted(fresh.glob("*.ipynb")):
            yield from _all_pass(path, Status.NOT_STARTED, template, "the stub gets none")
        yield _nothing_private(root, assignment, fresh)
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


def _graded_cells_are_sound(path: Path) -> Iterator[Claim]:
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


def _nothing_private(root: Path, assignment: str, fresh: Path) -> Claim:
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
