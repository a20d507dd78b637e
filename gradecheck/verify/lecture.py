"""The claim about a lecture: it runs from start to end, as its reader runs it, without a complaint."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from gradecheck.run.cells import Cell, CellMessage, CellResult
from gradecheck.run.client import Template
from gradecheck.run.limits import MIB, Limits
from gradecheck.run.outcome import Raised, TimedOut
from gradecheck.submission import code_of, parse_notebook
from gradecheck.verify.claim import Claim

#: Figures are larger than what a student's cell may put out.
_LIMITS = Limits(cell_seconds=120, output_bytes=16 * MIB)


def verify_lecture(lecture: Path, template: Template) -> Iterator[Claim]:
    """Run the lecture in a worker of its own; whatever is written to stderr is a complaint."""
    sources = code_of(parse_notebook(lecture.read_text(encoding="utf-8"), str(lecture)))
    cells = [Cell(number, source) for number, source in enumerate(sources, start=1)]
    complaints: dict[int, str] = {}

    def listen(number: int, message: CellMessage) -> None:
        if message.type == "stream" and message.content.get("name") == "stderr":
            complaints.setdefault(number, str(message.content.get("text", "")))

    with (
        TemporaryDirectory(prefix="gradecheck-lecture-") as folder,
        template.session(cells, folder, _LIMITS, listen) as session,
    ):
        results = session.run_cells()
    wrong = next(filter(None, (_complaint(result, complaints) for result in results)), None)
    told = wrong or f"the lecture runs from start to end: {len(cells)} code cells"
    yield Claim(lecture.name, told, wrong is None)


def _complaint(result: CellResult, written: Mapping[int, str]) -> str:
    failed = _failure(result)
    if failed:
        return f"code cell {result.number} of the lecture fails: {failed}"
    first, _, _ = written.get(result.number, "").strip().partition("\n")
    return f"code cell {result.number} of the lecture complains: {first}" if first else ""


def _failure(result: CellResult) -> str:
    match result.outcome:
        case None:
            return "" if result.ran else "it was never run"
        case Raised(type=name, message=message):
            return f"{name}: {message}"
        case TimedOut(seconds=seconds):
            return f"it takes more than {seconds:g} s"
        case _:
            return "it ends the process"
