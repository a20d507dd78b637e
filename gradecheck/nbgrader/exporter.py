"""The exporter that nbgrader's Autograde reads notebooks with: it takes any file, and finds a renamed one."""

import contextlib
import os
import stat
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from glob import escape, glob
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException

from gradecheck.errors import CourseNotReady, WorkerUnavailable
from gradecheck.nbgrader.class_list import notebooks_in
from gradecheck.nbgrader.gradebook import open_gradebook
from gradecheck.nbgrader.handin import KEY, HandIn
from gradecheck.nbgrader.ledger import recover
from gradecheck.nbgrader.lock import only_grader
from gradecheck.nbgrader.original import names_of_notebooks, order_of_cells
from gradecheck.nbgrader.reading import read_anything
from gradecheck.nbgrader.workers import TO_GO_ON, sandbox_of, shared_template


class AnyFileExporter(NotebookExporter):
    """A NotebookExporter that reads damaged files too.

    It also lays hooks into the converter that it belongs to: it converts only while no other grader is at
    work, and prepares each submission. A hook from the configuration is not told which course it works for.
    """

    parent: Any

    def __init__(self, config: Any = None, **settings: Any) -> None:
        super().__init__(config=config, **settings)  # type: ignore[no-untyped-call]  # nbconvert has no types
        self._stand_ins: dict[str, str] = {}
        if isinstance(self.parent, Autograde):
            self.parent.convert_notebooks = partial(self._convert_alone, self.parent.convert_notebooks)
            self._hook = self.parent.pre_convert_hook
            self._ignore = list(self.parent.coursedir.ignore)
            self.parent.pre_convert_hook = self._prepare
            read = self.parent.coursedir.get_existing_timestamp
            self.parent.coursedir.get_existing_timestamp = partial(_timestamp, read, self.log)

    def from_filename(  # type: ignore[override]  # a NotebookExporter gives text where an Exporter gives cells
        self, filename: str, resources: Any = None, **settings: Any
    ) -> tuple[str, Any]:
        """Read a file, whatever it holds, and convert it."""
        resources = ResourcesDict() if resources is None else resources
        notebook = self.read(filename, resources)
        text, resources = self.from_notebook_node(notebook, resources=resources, **settings)  # type: ignore[no-untyped-call]  # nbconvert has no types
        return text, resources

    def read(self, filename: str, resources: Any) -> NotebookNode:
        """Read a file, whatever it holds, and note in the resources where it came from."""
        path = Path(self._stand_ins.get(filename, filename))
        resources["metadata"] = ResourcesDict(name=Path(filename).stem, path=str(Path(filename).parent))
        reading = read_anything(path)
        names = resources["nbgrader"]
        resources[KEY] = HandIn(
            course=Path(self.parent.coursedir.root),
            problem=reading.problem,
            stand_in=path.name if filename in self._stand_ins else None,
            order=order_of_cells(self.parent.coursedir, names["assignment"], names["notebook"]),
        )
        return reading.notebook

    def _start_workers(self) -> None:
        """Load TensorFlow for the workers while nbgrader prepares.

        Raises:
            NbGraderException: submissions cannot be run as the configuration says.
        """
        sandbox = sandbox_of(self.parent.config)
        try:
            shared_template(sandbox, Path(self.parent.coursedir.root))
        except WorkerUnavailable as error:
            self.log.error("%s\n%s", error, TO_GO_ON)
            raise NbGraderException(f"{error}\n{TO_GO_ON}") from error

    def _convert_alone(self, convert: Callable[[], None]) -> None:
        """Convert all submissions as the only grader of the course.

        Raises:
            NbGraderException: submissions cannot be run as the configuration says, another grader is at work,
                or a submission could not be graded.
        """
        self._start_workers()
        course = self.parent.coursedir
        root = Path(course.root)
        with ExitStack() as stack:
            try:
                stack.enter_context(only_grader(root))
            except CourseNotReady as error:
                self.log.error("%s", error)
                raise NbGraderException(str(error)) from error
            recover(root, lambda: open_gradebook(course.db_url, course.course_id))
            found = {folder: notebooks_in(Path(folder), course.notebook_id) for folder in self._folders()}
            self.parent.assignments = {folder: names for folder, names in found.items() if names}
            convert()

    def _folders(self) -> list[str]:
        """The submissions that nbgrader was asked for, by its patterns."""
        course = self.parent.coursedir
        pattern = self.parent._format_source(course.assignment_id, course.student_id)
        return glob(pattern)  # noqa: PTH207  # nbgrader's own way: `*` takes no hidden folder

    def _prepare(self, *, notebooks: list[str], **names: Any) -> None:
        """Before a submission is converted: list missing notebooks, pass over what cannot be copied."""
        if self._hook is not None:
            self._hook(notebooks=notebooks, **names)
        folder = Path(notebooks[0]).parent
        course = self.parent.coursedir
        course.ignore = [*self._ignore, *(escape(name) for name in _uncopyable(folder))]
        if course.notebook_id == "*":
            with open_gradebook(course.db_url, course.course_id) as gradebook:
                expected = names_of_notebooks(gradebook, names["assignment"])
            self._complete(notebooks, folder, expected)

    def _complete(self, notebooks: list[str], folder: Path, expected: Sequence[str]) -> None:
        """Add the missing notebooks; exactly one of a strange name stands in for exactly one missing."""
        there = {Path(name).stem for name in notebooks}
        missing = [str(folder / f"{name}.ipynb") for name in expected if name not in there]
        strange = [name for name in notebooks if Path(name).stem not in expected]
        if len(missing) == len(strange) == 1:
            self._stand_ins[missing[0]] = strange[0]
        notebooks[:] = sorted({*notebooks, *missing} - set(self._stand_ins.values()))


def _timestamp(read: Callable[[str], Any], log: Any, folder: str) -> Any:
    """When a folder was handed in; over a damaged timestamp.txt nbgrader itself would fail the submission."""
    try:
        return read(folder)
    except (AttributeError, ValueError, OverflowError, OSError) as error:
        log.warning("%s holds a damaged timestamp.txt, taken as none: %s", folder, error)
        return None


def _uncopyable(folder: Path) -> list[str]:
    """Names of links to nowhere, pipes and the like, over which copying the submission would stumble."""
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                if stat.S_ISREG(Path(parent, name).stat().st_mode):
                    continue
            found.append(name)
    return found
