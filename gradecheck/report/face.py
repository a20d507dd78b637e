"""What a reader is told of one result, in the order in which it helps; every writer starts from here."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from gradecheck.graph.drawing import Drawing, as_svg, as_text
from gradecheck.report.blocks import Block, Code, Fold, Picture, Said
from gradecheck.report.grids import grids_of
from gradecheck.report.model import Result
from gradecheck.report.state import State, state_of
from gradecheck.report.table import inputs_of, table_of, written
from gradecheck.run.outcome import Frame
from gradecheck.verdict import Shown, Status, Stop, Verdict

_LONGEST_LINE = 200
_LOOKS = {
    State.PASSED: ("✓", "right"),
    State.PASSED_FLOAT32: ("≈", "right, in float32"),
    State.RECOGNISED: ("✗", "not yet: a mistake that has a name"),
    State.UNRECOGNISED: ("≠", "not yet: no mistake that is known"),
    State.SHAPE: ("□", "not yet: another form than asked for"),
    State.EXCEPTION: ("!", "no result"),
    State.NAN: ("∞", "not yet: NaN or infinity"),
    State.SIDE_EFFECT: ("↻", "not yet: a side effect"),
    State.NOT_STARTED: ("○", "not started"),
    State.NOT_ALLOWED: ("⊘", "not in this way"),
    State.NOT_GRADED: ("?", "not graded"),
}
#: Where the label of a diagnosis says more than the state.
_WORDS = {
    "shape": "not yet: another shape than asked for",
    "outputs": "not yet: another number of outputs",
    "no array": "not yet: no array",
    "dtype": "not yet: another kind of numbers",
    "error": "stopped by an error",
    "missing": "no such function",
    "too slow": "no result: took too long",
    "crash": "no result: Python crashed",
    "unreadable": "no result: not readable",
    "extremes": "right on ordinary inputs, not on extreme ones",
}


@dataclass(frozen=True)
class Face:
    """One result as people see it.

    Attributes:
        state: one of the states.
        symbol: a sign that tells the states apart without colour.
        word: the state in a few words.
        name: the student's function.
        points: such as "8 of 10 points".
        blocks: all the rest, in order; the first is the message.
    """

    state: State
    symbol: str
    word: str
    name: str
    points: str
    blocks: tuple[Block, ...]


@lru_cache(maxsize=8)  # each result is written in several forms, one after the other
def face_of(result: Result) -> Face:
    """The face of one result."""
    verdict = result.verdict
    state = state_of(verdict)
    symbol, word = _LOOKS[state]
    word = _WORDS.get(verdict.diagnosis.label, word)
    if state is State.NAN and verdict.diagnosis.label == "extremes":
        word = "right on ordinary inputs, NaN or infinity on extreme ones"
    points = f"{result.points:g} of {result.max_points:g} points"
    return Face(state, symbol, word, verdict.exercise.name, points, tuple(_blocks(result, state)))


def printable(text: str) -> str:
    """The text in one line, with a sign in place of every control character."""
    spaced = (" " if character.isspace() else character for character in text)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in spaced)


def replay_command(result: Result) -> str:
    """What a student types to see the grader's inputs, and everything about them, at home."""
    verdict = result.verdict
    return f"gradecheck check --seed {verdict.seed} --exercise {verdict.exercise.title} NOTEBOOK"


def _blocks(result: Result, state: State) -> Iterator[Block]:
    verdict = result.verdict
    yield Said(printable(verdict.message))
    if verdict.stop is not None:
        yield from _stop_blocks(verdict.stop, verdict)
    if state is State.SHAPE:
        yield Said("Values are compared as soon as the form is right.")
    if state is State.NOT_STARTED:
        yield Said("It counts as 0 points for now, not as wrong.")
    public, drawn = _public(verdict), verdict.shown_drawn
    if public is not None and (verdict.status is Status.PASSED or public.wrong.any()):
        yield from _call_blocks(public)
    if drawn is not None and drawn.wrong.any():
        yield from _call_blocks(drawn, "the grader's ")
    if verdict.told_drawn:
        yield Said(printable(verdict.told_drawn), "for the grader's inputs")
    yield from _known_blocks(verdict)
    if verdict.diagnosis.misconception is not None:
        yield Said(verdict.diagnosis.misconception, "recognised as")
    yield from _help_blocks(result)
    yield from _closing_blocks(result)


def _public(verdict: Verdict) -> Shown | None:
    """The call that may be shown with expected numbers, if there is one."""
    shown = verdict.shown
    return shown if shown is not None and shown.expected is not None else None


def _stop_blocks(stop: Stop, verdict: Verdict) -> Iterator[Block]:
    """The student's own line, and the shapes where the message does not tell them."""
    if stop.raised.frame is not None and stop.raised.frame.code:
        yield Code(_place(stop.raised.frame), printable(stop.raised.frame.code)[:_LONGEST_LINE])
    wanted = ", ".join(f"{name} {shape}" for name, shape in stop.wanted)
    called = not verdict.exercise.driver  # else the shapes are those of no call that a student wrote
    if called and f"{stop.given}; wanted: {wanted}" not in verdict.message:
        yield Said(f"{stop.given}; wanted: {wanted}", "shapes here")


def _place(frame: Frame) -> str:
    cell = f" of cell {frame.cell}" if frame.cell is not None else ""
    return f"your line {frame.line}{cell}"


def _call_blocks(shown: Shown, whose: str = "") -> Iterator[Block]:
    table = table_of(shown)
    yield replace(table, title=f"{whose}{table.title}")
    inputs = ", ".join((*(f"{name} = {value}" for name, value in inputs_of(shown)), *shown.settings))
    if inputs:
        yield Said(inputs, "inputs")


def _known_blocks(verdict: Verdict) -> Iterator[Block]:
    """What is known of a wrong answer: facts, and on public inputs the graph and the implied Jacobian."""
    diagnosis = verdict.diagnosis
    pictures = tuple(map(_picture, verdict.drawings))
    yield from pictures[:1]
    if pictures[1:]:
        yield Fold(f"also wrong in {_counted(len(pictures) - 1)}", pictures[1:])
    if diagnosis.facts:
        yield Said(printable(" ".join(diagnosis.facts)), "what is known")
    if diagnosis.implied is not None:
        yield grids_of(diagnosis.implied)
        values = (f"{name} = {written(value)}" for name, value in diagnosis.implied.arguments)
        at = ", ".join((*values, *diagnosis.implied.settings))
        yield Said(f"{at}; a row for each entry of z, a column for each of the argument", "taken at")
        yield Said(" ".join(diagnosis.implied.remarks), "what it shows")
    if diagnosis.next_step:
        yield Said(printable(diagnosis.next_step), "next")


def _picture(drawing: Drawing) -> Picture:
    text = "\n".join(as_text(drawing).splitlines()[1:])  # the first line is the title
    return Picture(drawing.title, as_svg(drawing), text)


def _counted(graphs: int) -> str:
    return "another graph" if graphs == 1 else f"{graphs} more graphs"


def _help_blocks(result: Result) -> Iterator[Block]:
    """The hint that is open now, and those before it."""
    first = result.verdict.diagnosis.hint
    hints = result.hints or ((first,) if first else ())
    if hints:
        yield Fold("hint", (Said(hints[-1]),))
    for earlier in reversed(hints[:-1]):
        yield Fold("an earlier hint", (Said(earlier),))


def _closing_blocks(result: Result) -> Iterator[Block]:
    verdict = result.verdict
    for remark in verdict.diagnosis.remarks:
        yield Said(printable(remark), "worth knowing")
    if verdict.status is Status.PASSED and verdict.exercise.worth_knowing:
        yield Said(verdict.exercise.worth_knowing, "worth knowing")
    if verdict.status is Status.PASSED:
        for way in result.ways:
            yield Fold(f"another way to write it ({way.style})", (Code("", way.source),))
    if verdict.hidden and verdict.status in (Status.PASSED, Status.FAILED):
        yield Said(f"The inputs came from seed {verdict.seed}. At home, this tells all about them:", "seed")
        yield Code("", replay_command(result))
