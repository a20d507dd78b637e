"""One submission from what was handed in to gradebook, graded notebook and feedback.

The steps are nbgrader's own, called one by one on notebooks in memory. What its converters do besides is
kept: files that lie beside a notebook, timestamps, several notebooks an assignment, hooks, permissions.
`prepare` and `finish` are for one thread; in between, each sheet's work may be done in any.
"""

import contextlib
import copy
import dataclasses
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from glob import escape
from logging import Logger
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import HTMLExporter
from nbconvert.writers.files import FilesWriter
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from gradecheck.nbgrader.class_list import notebooks_in
from gradecheck.nbgrader.counting import notebooks_as_handed_out, read_counting
from gradecheck.nbgrader.digest import digest_of
from gradecheck.nbgrader.entering import enter
from gradecheck.nbgrader.execute import Done, ExecuteInWorker, Work
from gradecheck.nbgrader.gradebook import KeptGradebook
from gradecheck.nbgrader.handin import MARKS, record_of
from gradecheck.nbgrader.journal import JOURNAL, Exchange, Journal
from gradecheck.nbgrader.ledger import Entry, find_entry, note_exchange, recover, write_entry
from gradecheck.nbgrader.original import Original, names_of_notebooks
from gradecheck.nbgrader.pages import LastUse, remember_filters
from gradecheck.nbgrader.reading import sound_notebook
from gradecheck.nbgrader.staging import Staged, remove
from gradecheck.run.limits import Limits

#: Below the root of the course: where folders are made before they are put in place.
STAGING = Path(".gradecheck", "staging")
_STEPS = ("autograded_directory", "feedback_directory")  # of which the second may be left out


@dataclass(eq=False)
class Sheet:
    """One notebook of a submission, with what nbgrader's steps pass along and what is to be done for it."""

    notebook: NotebookNode
    resources: Any
    work: Work


@dataclass(eq=False)
class InHand:
    """A submission that is being graded."""

    student: str
    digest: str
    sheets: list[Sheet] = field(default_factory=list)


class Pipeline:
    """nbgrader's converters for one assignment of one course, kept for all its submissions."""

    def __init__(
        self,
        config: Config,
        root: Path,
        assignment: str,
        gradebook: KeptGradebook,
        limits: Limits | None,
        log: Logger,
        *,
        feedback: bool = True,
    ) -> None:
        self._assignment = assignment
        self._gradebook = gradebook
        self._limits = limits
        self._course = CourseDirectory(config=config, root=str(root), assignment_id=assignment, log=log)
        self._steps = _STEPS if feedback else _STEPS[:1]
        self._staging = root / STAGING
        self._journal = Journal(root / JOURNAL)
        recover(root, lambda: gradebook)
        remove(self._staging)
        staged = copy.deepcopy(config)
        for step in _STEPS:
            staged.CourseDirectory[step] = str(STAGING / Path(getattr(self._course, step)).name)
        self._made = CourseDirectory(config=staged, root=str(root), assignment_id=assignment, log=log)
        self._autograde = Autograde(coursedir=self._made, config=staged, force=True, log=log)
        self._feedback = GenerateFeedback(coursedir=self._made, config=staged, force=True, log=log)
        self._reader, self._sanitize = _steps(self._autograde, self._autograde.sanitize_preprocessors)
        _, self._grade = _steps(self._autograde, self._autograde.autograde_preprocessors)
        self._printer, _ = _steps(self._feedback, self._feedback.preprocessors)
        if isinstance(self._printer, HTMLExporter):
            remember_filters(self._printer)
        self._execute = next(step for step in self._grade if isinstance(step, ExecuteInWorker))
        self._notebooks = names_of_notebooks(gradebook, assignment)
        self._counting = read_counting(gradebook, assignment)

    @property
    def _with_feedback(self) -> bool:
        return self._steps == _STEPS

    def _asked(self) -> Sequence[Original]:
        """The instructor's notebooks, whatever of them counts."""
        return notebooks_as_handed_out(self._course, self._assignment, self._notebooks, self._counting)

    def submitted(self, student: str) -> Path:
        """Where a student's files are."""
        return Path(self._course.format_path(self._course.submitted_directory, student, self._assignment))

    def is_graded(self, student: str) -> bool:
        """Whether nothing has to be done: the same was graded before, and what came of it is there."""
        entry = find_entry(self._gradebook, self._assignment, student)
        return (
            entry is not None
            and entry.complete
            and entry.digest == digest_of(self.submitted(student), self._asked())
            and (entry.revealed or not self._with_feedback)
            and all(staged.place.exists() for staged in self._folders(student))
        )

    def prepare(self, student: str) -> InHand:
        """Read and repair a submission; nothing is written but copies of its files.

        Raises:
            NbGraderException: there is no notebook.
        """
        hand = InHand(student, digest_of(self.submitted(student), self._asked()))
        self._note_other_files(hand)
        converter = self._autograde
        self._made.student_id = escape(student)
        converter.notebooks = notebooks_in(self.submitted(student), self._made.notebook_id)
        converter.run_pre_convert_hook()
        BaseConverter.init_assignment(converter, self._assignment, student)
        self._copy_source_files(student)
        for name in converter.notebooks:
            if Path(name).stem in self._notebooks:
                hand.sheets.append(self._prepare_sheet(name))
        if not hand.sheets:
            raise NbGraderException(f"none of its notebooks belongs to {self._assignment}")
        return hand

    def _note_other_files(self, hand: InHand) -> None:
        """Who hands in anew after a regrade that was broken off has seen the feedback on these inputs."""
        entry = find_entry(self._gradebook, self._assignment, hand.student)
        if entry is None or entry.complete or entry.revealed:
            return
        if entry.digest not in ("", hand.digest):
            revealed = dataclasses.replace(entry, revealed=True)
            write_entry(self._gradebook, self._assignment, hand.student, revealed)

    def _prepare_sheet(self, name: str) -> Sheet:
        resources = self._autograde.init_single_notebook_resources(name)
        notebook = self._reader.read(name, resources)
        for step in self._sanitize:
            notebook, resources = step(notebook, resources)
        notebook = sound_notebook(notebook)  # as if it had been written and read again
        names = resources["nbgrader"]
        resources["metadata"]["path"] = self._autograde._format_dest(names["assignment"], names["student"])
        return Sheet(notebook, resources, self._execute.prepare(notebook, resources, self._limits))

    def _copy_source_files(self, student: str) -> None:
        """Put the instructor's files in the place of the student's of the same names, as nbgrader does.

        They may come and go meanwhile, as editors' lock files do.
        """
        source = Path(self._course.format_path(self._course.source_directory, ".", self._assignment))
        target = Path(self._autograde._format_dest(self._assignment, student))
        target.mkdir(parents=True, exist_ok=True)
        kept = {str(source / name) for name in self._autograde.exclude_overwriting.get(self._assignment, [])}
        for name in utils.find_all_files(str(source), [*self._made.ignore, "*.ipynb"]):
            if name not in kept:
                place = target / Path(name).relative_to(source)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.unlink(missing_ok=True)
                try:
                    shutil.copy(name, place)
                except FileNotFoundError:
                    self._autograde.log.warning("%s is gone: %s is graded without it", name, student)

    def finish(self, hand: InHand, done: Sequence[Done]) -> None:
        """Write everything that came of a submission, or nothing.

        Raises:
            Exception: whatever went wrong; gradebook and folders are as they were before.
        """
        try:
            self._enter(hand.student)
            for sheet, result in zip(hand.sheets, done, strict=True):
                self._grade_sheet(sheet, result)
            self._autograde.set_permissions(self._assignment, hand.student)
            self._autograde.run_post_convert_hook()
            if self._with_feedback:
                self._write_feedback(hand)
            self._note(hand)
            exchange = Exchange.of(self._assignment, hand.student, self._folders(hand.student))
            self._journal.run(exchange, self._commit)
        except BaseException:
            self._gradebook.rollback()
            raise

    def _commit(self, exchange: Exchange) -> None:
        note_exchange(self._gradebook, exchange)
        self._gradebook.commit()

    def _enter(self, student: str) -> None:
        """The rows of a submission, as nbgrader makes them."""
        timestamp = self._made.get_existing_timestamp(str(self.submitted(student)))
        new = bool(self._autograde.create_student)
        enter(self._gradebook, self._assignment, student, timestamp, create_student=new)
        self._gradebook.settle()

    def _grade_sheet(self, sheet: Sheet, done: Done) -> None:
        with utils.setenv(NBGRADER_EXECUTION="autograde"):
            for step in self._grade:
                if step is self._execute:
                    step = partial(step.finish, done=done)
                sheet.notebook, sheet.resources = step(sheet.notebook, sheet.resources)
                self._gradebook.settle()
        sheet.resources["output_extension"] = self._reader.file_extension
        text = _written(sheet.notebook, self._reader.nbformat_version)
        self._autograde.write_single_notebook(f"{text.rstrip()}\n", sheet.resources)

    def _write_feedback(self, hand: InHand) -> None:
        self._feedback.notebooks = [sheet.resources["nbgrader"]["notebook"] for sheet in hand.sheets]
        self._feedback.run_pre_convert_hook()
        BaseConverter.init_assignment(self._feedback, self._assignment, hand.student)
        for sheet in hand.sheets:
            names = dict(sheet.resources["nbgrader"])
            resources = {
                "unique_key": names["notebook"],
                "output_files_dir": f"{names['notebook']}_files",
                "nbgrader": names,
                "metadata": dict(sheet.resources["metadata"], name=names["notebook"]),
            }
            page, resources = self._printer.from_notebook_node(LastUse(sheet.notebook), resources=resources)
            self._feedback.write_single_notebook(page, resources)
        self._feedback.set_permissions(self._assignment, hand.student)
        self._feedback.run_post_convert_hook()

    def _note(self, hand: InHand) -> None:
        """The entry in the ledger, in the same transaction as everything else."""
        complete = all(sheet.resources[MARKS].complete for sheet in hand.sheets)
        attempt = record_of(hand.sheets[0].notebook.metadata).attempt
        entry = Entry(hand.digest, complete, attempt, revealed=self._with_feedback)
        write_entry(self._gradebook, self._assignment, hand.student, entry)

    def discard(self) -> None:
        """Remove what was made and not put in place."""
        remove(self._staging)

    def _folders(self, student: str) -> list[Staged]:
        folders = []
        for step in self._steps:
            made = Path(self._made.format_path(getattr(self._made, step), student, self._assignment))
            place = Path(self._course.format_path(getattr(self._course, step), student, self._assignment))
            folders.append(Staged.at(made, place))
        return folders


def _steps(converter: BaseConverter, preprocessors: Sequence[Any]) -> tuple[Any, list[Any]]:
    """The exporter of a converter, and its preprocessors ready to be called."""
    converter.writer = FilesWriter(parent=converter, config=converter.config)
    exporter = converter.exporter_class(parent=converter, config=converter.config)
    for preprocessor in preprocessors:
        exporter.register_preprocessor(preprocessor)
    return exporter, list(exporter._preprocessors)


def _written(notebook: NotebookNode, version: int) -> str:
    """A notebook as text, checked first.

    Raises:
        nbformat.ValidationError: it is none.
    """
    if notebook.nbformat == version:
        with contextlib.suppress(nbformat.ValidationError):
            nbformat.validate(notebook)
            # Valid strictly is valid with what may be added, too; `nbformat.writes` would check it again.
            return str(nbformat.versions[version].writes_json(notebook))
    nbformat.validate(notebook, relax_add_props=True)
    return str(nbformat.writes(notebook, version=version))
