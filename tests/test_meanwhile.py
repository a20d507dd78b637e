"""What people do to a course while its submissions are graded."""

import re
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from nbgrader_class import ASSIGNMENT, CONFIG, Course
from sqlalchemy.exc import OperationalError

from gradecheck.nbgrader.grading import Graded, How, grade_assignment
from gradecheck.nbgrader.pipeline import InHand, Pipeline
from gradecheck.nbgrader.write import WriteScores

pytestmark = pytest.mark.slow

STUDENTS = ("ada", "bob")
CELL = "grad_softmax_graded"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = Course.make(tmp_path_factory.mktemp("meanwhile") / "course")
    made.release(CONFIG)
    for student in STUDENTS:
        made.submit(student, made.solved())
    return made


def copied(course: Course, student: str) -> set[str]:
    """The names of the files beside a graded notebook."""
    folder = course.root / "autograded" / student / ASSIGNMENT
    return {path.name for path in folder.iterdir() if path.suffix != ".ipynb"}


def test_the_instructors_files_come_and_go(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    source = course.root / "solutions" / ASSIGNMENT
    (source / ".~lock.marks.ods#").write_text("ours", encoding="utf-8")
    (source / ".#marks.csv").symlink_to("somebody@somewhere.1")  # Emacs': listed, and not there to be copied
    prepare = Pipeline.prepare

    def then_change(pipeline: Pipeline, student: str) -> InHand:
        hand = prepare(pipeline, student)
        (source / ".~lock.marks.ods#").unlink(missing_ok=True)
        (source / "data.csv").write_text("1", encoding="utf-8")
        return hand

    monkeypatch.setattr(Pipeline, "prepare", then_change)
    assert grade_assignment(course.root, ASSIGNMENT, how=How(workers=1)) == tuple(map(Graded, STUDENTS))
    assert copied(course, "ada") == {".~lock.marks.ods#"}
    assert copied(course, "bob") == {"data.csv"}


def test_a_score_by_hand_is_refused_while_its_submission_is_written_and_the_page_agrees_with_itself(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"sqlite:///{course.root / 'gradebook.db'}"
    place = (ASSIGNMENT, ASSIGNMENT, "ada")
    told: list[str] = []
    write = WriteScores.preprocess

    def while_a_person_saves(step: WriteScores, notebook: Any, resources: Any) -> Any:
        with Gradebook(f"{address}?timeout=0") as other:
            other.find_grade(CELL, *place).manual_score = 11.0
            with pytest.raises(OperationalError) as error:
                other.db.commit()
        told.append(str(error.value.orig))
        return write(step, notebook, resources)

    grade_assignment(course.root, ASSIGNMENT, ["ada"], how=How(workers=1))  # so that all rows are there
    monkeypatch.setattr(WriteScores, "preprocess", while_a_person_saves)
    grade_assignment(course.root, ASSIGNMENT, ["ada"], how=How(workers=1, force=True))
    assert told == ["database is locked"]
    shown = [float(score) for score in re.findall(r"\(Score: ([\d.]+) / ", page_of(course, "ada"))]
    assert shown == [100.0, 20.0, 25.0, 25.0, 30.0]
    with Gradebook(address) as gradebook:
        assert gradebook.find_submission_notebook(*place).score == 100


def page_of(course: Course, student: str) -> str:
    return Path(course.root, "feedback", student, ASSIGNMENT, f"{ASSIGNMENT}.html").read_text("utf-8")
