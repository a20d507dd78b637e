"""`gradecheck collect`: nbgrader's own zip_collect with our plug-ins, into submitted/ in one step each."""

import copy
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from nbgrader.apps.zipcollectapp import ZipCollectApp
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from gradecheck.errors import CourseNotReady
from gradecheck.handin.archives import LeftOut, Unpacker
from gradecheck.handin.collected import Action, Collected, Taken
from gradecheck.handin.layout import TIMESTAMP
from gradecheck.handin.plan import Placed, is_later, manifests_in
from gradecheck.nbgrader.configuration import put_tools_on_path
from gradecheck.nbgrader.generate import load_course_config
from gradecheck.nbgrader.lock import only_grader
from gradecheck.nbgrader.staging import Staged, put_in_place, remove
from gradecheck.nbgrader.zip_collect import CarefulExtractor, RosterCollector, assignments_of, notebooks_of

#: Below the root of the course: where submissions are made before they are put in place.
STAGING = Path(".gradecheck", "collect")
_SUBMITTED = STAGING / "submitted"


@dataclass(frozen=True)
class Wish:
    """What to collect.

    Attributes:
        sources: archives and folders.
        assignment: its name; None for the one that the bundles name, or the course's only one.
        students: a CSV file with more about the students, or None.
        late_from: from when on a submission is late, as text; empty for the gradebook's due date.
        force: whether an earlier submission may take the place of a later one.
    """

    sources: Sequence[Path]
    assignment: str | None = None
    students: Path | None = None
    late_from: str = ""
    force: bool = False


def collect_archives(course_root: Path, wish: Wish) -> Collected:
    """Put submissions from archives and folders into the course's folder of submissions.

    A submission that is there already gives way to a later one, and to no other.

    Raises:
        CourseNotReady: the folder is no course, the assignment cannot be told, no student is known, or
            somebody is grading.
    """
    root = course_root.resolve()
    config = load_course_config(root)
    put_tools_on_path()
    missing = [str(source) for source in wish.sources if not source.exists()]
    if missing:
        raise CourseNotReady(f"there is no {missing[0]}; nothing was collected")
    try:
        with only_grader(root):
            remove(root / STAGING)
            try:
                return _Run(config, root, wish).run()
            finally:
                remove(root / STAGING)
    except OSError as error:
        raise CourseNotReady(f"collecting stopped: {error}; what was listed before is in place") from error


class _Run:
    """One run; its folders exist while it works."""

    def __init__(self, config: Config, root: Path, wish: Wish) -> None:
        self._wish = wish
        self._course = CourseDirectory(config=config, root=str(root))
        staged = copy.deepcopy(config)
        staged.CourseDirectory.submitted_directory = str(_SUBMITTED)
        staged.CarefulExtractor.sources = [str(source.absolute()) for source in wish.sources]
        staged.RosterCollector.students_file = str(wish.students or "")
        staged.RosterCollector.late_from = wish.late_from
        staged.ZipCollectApp.downloaded_directory = str(STAGING)
        staged.ZipCollectApp.collect_directory_structure = "{downloaded}/{collect_step}"
        staged.ZipCollectApp.force = True
        self._root = root
        self._made = CourseDirectory(config=staged, root=str(root))
        self._app = ZipCollectApp(config=staged, coursedir=self._made, log=_silent())
        self._app.extractor_plugin, self._app.collector_plugin = CarefulExtractor, RosterCollector

    def run(self) -> Collected:
        """Collect."""
        app = self._app
        app.init_plugins()
        extractor, collector = app.extractor_plugin_inst, app.collector_plugin_inst
        unpacker = self._extract(extractor)
        self._made.assignment_id = self._assignment(unpacker)
        plan = collector.plan
        problems = [*unpacker.left_out, *plan.problems]
        taken: list[Taken] = []
        for placed in plan.placed:
            action = self._action(placed)
            if action is None:
                said = "was left out: what was collected before is later; --force takes this one"
                problems.append(LeftOut((placed.source, placed.student), said))
            else:
                taken.append(Taken(placed, action))
        put = [each.placed.student for each in taken if each.action is not Action.UNCHANGED]
        collector.passed_over = {placed.student for placed in plan.placed} - set(put)
        app.process_extracted_files()
        for student in put:
            self._put_in_place(student)
        folder = str(self._course.submitted_directory)
        outdated = len(plan.placed) - len(taken)
        return Collected(self._made.assignment_id, folder, tuple(taken), tuple(problems), outdated)

    def _extract(self, extractor: CarefulExtractor) -> Unpacker:
        """Unpack before the assignment is known: the bundles may be what names it."""
        for step in (self._app.archive_directory, self._app.extracted_directory):
            Path(self._app._format_collect_path(step)).mkdir(parents=True)
        self._app.extract_archive_files()
        return extractor.unpacker

    def _assignment(self, unpacker: Unpacker) -> str:
        """The assignment that is wanted, or that everything points to.

        Raises:
            CourseNotReady: there is no such assignment, or it could be one of several.
        """
        known = assignments_of(self._course)
        claimed = {manifest.assignment for manifest in manifests_in(unpacker.files)} & set(known)
        likely = claimed or set(known)
        wanted = self._wish.assignment or (next(iter(likely)) if len(likely) == 1 else None)
        there_are = ", ".join(known) or "none"
        if wanted is None:
            raise CourseNotReady(f"name the assignment with --assignment; there are: {there_are}")
        if not notebooks_of(self._course, wanted):
            raise CourseNotReady(f"there is no assignment {wanted!r}; there are: {there_are}")
        return wanted

    def _action(self, placed: Placed) -> Action | None:
        """What to do with a submission; None for leaving what is there."""
        there = self._place(self._course, placed.student)
        if not there.exists():
            return Action.NEW
        before = self._before(there, placed.student)
        if placed.time in (None, before.time) and _contents(placed) == _contents(before):
            return Action.UNCHANGED
        return Action.REPLACED if self._wish.force or is_later(placed, before) else None

    def _before(self, folder: Path, student: str) -> Placed:
        """What was collected before, in the same form."""
        files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != TIMESTAMP]
        age = max((datetime.fromtimestamp(path.stat().st_mtime) for path in files), default=None)
        named = {PurePosixPath(path.relative_to(folder).as_posix()): path for path in files}
        try:
            time = self._course.get_existing_timestamp(str(folder))
        except (AttributeError, ValueError, OverflowError, OSError):  # whatever stands in timestamp.txt
            time = None
        return Placed(student, named, time, age, str(folder))

    def _put_in_place(self, student: str) -> None:
        made, place = self._place(self._made, student), self._place(self._course, student)
        put_in_place([Staged.at(made, place)])

    def _place(self, course: CourseDirectory, student: str) -> Path:
        return Path(course.format_path(course.submitted_directory, student, self._made.assignment_id))


def _contents(placed: Placed) -> dict[str, bytes]:
    return {str(name): path.read_bytes() for name, path in placed.files.items()}


def _silent() -> logging.Logger:
    """A logger for nbgrader's remarks: ours are in what is returned."""
    log = logging.getLogger("gradecheck.nbgrader.collect")
    log.setLevel(logging.CRITICAL)
    return log
