"""After nbgrader's SaveAutoGrades: scores and comments for every graded cell that the instructor has."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from gradecheck.nbgrader.execute import Marks
from gradecheck.nbgrader.gradebook import open_gradebook
from gradecheck.nbgrader.handin import KEY, MARKS, HandIn, Note, record_of
from gradecheck.nbgrader.ledger import Entry, write_entry
from gradecheck.nbgrader.original import Original, load_original
from gradecheck.nbgrader.results import graded_object
from gradecheck.report.comment import comment_markdown, plain
from gradecheck.verdict import Status

_LEFT_OUT = "This exercise was left out for everybody: it counts for nothing."


class WriteScores(NbGraderPreprocessor):
    """Writes what the judge says into the gradebook, whatever the cells of the submission look like.

    A score of ours replaces nbgrader's reading of the cell's output. What was not graded gets no score
    at all, and is listed for a person to look at. Scores given by hand are left alone.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Write scores and comments, and leave the verdicts in the notebook's metadata."""
        names = resources["nbgrader"]
        handin: HandIn = resources[KEY]
        original = load_original(names["db_url"], names["assignment"], names["notebook"], handin.order)
        marks: Marks = resources.get(MARKS) or Marks({}, ran=False)
        for result in marks.results.values():
            if result.verdict.status is Status.NOT_GRADED:
                self.log.error(
                    "%s of %s: %s", result.verdict.exercise.name, names["student"], result.verdict.message
                )
        record = record_of(nb.metadata)
        place = (names["notebook"], names["assignment"], names["student"])
        with open_gradebook(names["db_url"]) as gradebook:
            for name, points in _points(original, marks).items():
                grade = gradebook.find_grade(name, *place)
                grade.auto_score = points
                if grade.manual_score is None:
                    grade.needs_manual_grade = points is None
            for name, comment in _comments(original, marks, record.notes).items():
                gradebook.find_comment(name, *place).auto_comment = comment
            entry = Entry("", complete=False, attempt=record.attempt, revealed=False)
            write_entry(gradebook, names["assignment"], names["student"], entry)
            gradebook.db.commit()
        # The gradebook has no place for a status or a misconception; the graded notebook has.
        nb.metadata[KEY]["results"] = [graded_object(result) for result in marks.results.values()]
        return nb, resources


def _points(original: Original, marks: Marks) -> dict[str, float | None]:
    """The points of each graded cell that is ours to score; None where it could not be graded."""
    points: dict[str, float | None] = {}
    for cell in original.cells:
        if not cell.grade or cell.kind != "code" or cell.solution:
            continue
        result = marks.results.get(cell.name)
        if result is not None:
            graded = result.verdict.status is not Status.NOT_GRADED
            points[cell.name] = min(max(result.points, 0.0), result.max_points) if graded else None
        elif cell.exercise is not None or not marks.ran:
            points[cell.name] = None
    return points


def _comments(original: Original, marks: Marks, notes: Sequence[Note]) -> dict[str, str]:
    """By the id of an answer cell, the Markdown to show there."""
    parts: dict[str, list[str]] = defaultdict(list)
    for cell in original.asked():
        answer = original.answer_to(cell.name)
        if answer is not None and cell.name in marks.results:
            if cell.max_score == 0:
                parts[answer.name].append(_LEFT_OUT)
            parts[answer.name].append(comment_markdown(marks.results[cell.name]))
    first = next((c.name for c in original.cells if c.name in parts), None)
    for note in (*notes, *marks.notes):
        about = original.answer_to(note.cell) if note.cell is not None else None
        target = about.name if about is not None else first
        if target is not None:
            parts[target].append(plain(note.sentence))
    return {name: "\n\n".join(texts) for name, texts in parts.items()}
