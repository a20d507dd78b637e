r"""Our plug-ins for nbgrader's zip_collect: archives are unpacked with care, and senders are looked up.

nbgrader zip_collect ASSIGNMENT --extractor=gradecheck.nbgrader.zip_collect.CarefulExtractor \
        --collector=gradecheck.nbgrader.zip_collect.RosterCollector
"""

from collections.abc import Collection
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from traitlets import List, Unicode

from gradecheck.errors import CourseNotReady
from gradecheck.handin.archives import Unpacker
from gradecheck.handin.plan import Course, Placed, Plan, make_plan
from gradecheck.handin.roster import Person, joined, parse_time, read_students_file
from gradecheck.nbgrader.database import file_of
from gradecheck.nbgrader.gradebook import open_gradebook


class CarefulExtractor(ExtractorPlugin):
    """Unpacks with limits, and numbers the files in place of using their names."""

    sources = List(Unicode(), help="Archives and folders to take in place of the archive directory.")
    sources.tag(config=True)

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack everything into one folder; what was taken and what was left out stands in `unpacker`."""
        self.unpacker = Unpacker(Path(extracted_path))
        for source in [Path(source) for source in self.sources] or sorted(Path(archive_path).iterdir()):
            self.unpacker.take(source)
        for left in self.unpacker.left_out:
            self.log.warning("%r was left out: it %s", left.origin, left.reason)


class RosterCollector(FileNameCollectorPlugin):
    """Tells whose a file is by the gradebook's students, and by a file of students if one is named."""

    students_file = Unicode("", help="A CSV file with the column id, and others by which students are found.")
    students_file.tag(config=True)
    late_from = Unicode("", help="From when on a submission is late; else the gradebook's due date.")
    late_from.tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.passed_over: Collection[str] = ()

    def collect(self, submitted_file: str) -> dict[str, str | datetime | None] | None:
        """Where nbgrader is to put a file of the extractor's, or None for nowhere."""
        found = self._places.get(Path(submitted_file))
        if found is None or found[0].student in self.passed_over:
            return None
        placed, name = found
        return {"student_id": placed.student, "file_id": str(name), "timestamp": placed.time}

    @cached_property
    def plan(self) -> Plan:
        """What becomes of everything that the extractor has taken.

        Raises:
            CourseNotReady: another extractor was used, or there is no list of students to go by.
        """
        extractor = self.parent.extractor_plugin_inst
        if not isinstance(extractor, CarefulExtractor):
            raise CourseNotReady(
                "RosterCollector needs --extractor=gradecheck.nbgrader.zip_collect.CarefulExtractor"
            )
        directory: CourseDirectory = self.parent.coursedir
        people, due = _read_gradebook(directory)
        listed = read_students_file(Path(self.students_file)) if self.students_file else ()
        if not people and not listed:
            raise CourseNotReady(
                "no student is known, so nothing can be placed: nbgrader db student import FILE.csv, "
                "or name a file with the column id: --students FILE.csv"
            )
        course = Course(
            directory.assignment_id,
            assignments_of(directory),
            notebooks_of(directory, directory.assignment_id),
            _time(self.late_from) or due,
        )
        unpacker = extractor.unpacker
        return make_plan(unpacker.files, frozenset(unpacker.folders), joined(people, listed), course)

    @cached_property
    def _places(self) -> dict[Path, tuple[Placed, PurePosixPath]]:
        return {path: (placed, name) for placed in self.plan.placed for name, path in placed.files.items()}


def assignments_of(course: CourseDirectory) -> tuple[str, ...]:
    """The names of a course's assignments: the folders with notebooks among its sources and releases."""
    folders = _made_folders(course, "*")
    return tuple(sorted({folder.name for folder in folders if any(folder.glob("*.ipynb"))}))


def notebooks_of(course: CourseDirectory, assignment: str) -> tuple[str, ...]:
    """The names of an assignment's notebooks, with .ipynb, by its source or else its release."""
    for folder in _made_folders(course, assignment):
        if names := sorted(path.name for path in folder.glob("*.ipynb")):
            return tuple(names)
    return ()


def _made_folders(course: CourseDirectory, assignment: str) -> list[Path]:
    steps = [Path(course.root, step) for step in (course.source_directory, course.release_directory)]
    if assignment == "*":
        return [folder for step in steps if step.is_dir() for folder in sorted(step.iterdir())]
    return [step / assignment for step in steps]


def _read_gradebook(course: CourseDirectory) -> tuple[tuple[Person, ...], datetime | None]:
    """The students, and when the assignment is due in UTC; a gradebook that is not there is not made."""
    file = file_of(course.db_url)
    if file is not None and not Path(file).is_file():
        return (), None
    with open_gradebook(course.db_url, course.course_id) as gradebook:
        people = tuple(_person(student) for student in gradebook.students)
        return people, _due(gradebook, course.assignment_id)


def _person(student: Any) -> Person:
    words = frozenset(str(word) for word in (student.email, student.lms_user_id) if word)
    return Person(str(student.id), words, student.first_name or "", student.last_name or "")


def _due(gradebook: Gradebook, assignment: str) -> datetime | None:
    try:
        due: datetime | None = gradebook.find_assignment(assignment).duedate
    except MissingEntry:
        return None
    return due


def _time(text: str) -> datetime | None:
    try:
        return parse_time(text)
    except ValueError as error:
        raise CourseNotReady(f"--late-from: {error}") from error
