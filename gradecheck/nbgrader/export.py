"""Exports as plug-ins of nbgrader: `nbgrader export --exporter gradecheck.nbgrader.export.WideExport`."""

from pathlib import Path
from typing import Any, ClassVar

from nbgrader.plugins import ExportPlugin

from gradecheck.errors import CourseNotReady, GradecheckError
from gradecheck.exports.forms import Form, text_of
from gradecheck.nbgrader.class_list import graded_assignments
from gradecheck.nbgrader.graded_class import read_graded_class
from gradecheck.writing import write_whole

#: Where nbgrader's own exporter writes as well.
_DEFAULT = "grades.csv"


class _Export(ExportPlugin):
    """One table of all assignments that are graded, or of those that `--assignment` names."""

    form: ClassVar[Form]

    def export(self, gradebook: Any) -> None:
        """Write the table to `--to`, by default grades.csv."""
        course = self.parent.coursedir
        students = [str(name) for name in self.student] or None
        try:
            names = [str(name) for name in self.assignment] or graded_assignments(course)
            if not names:
                raise CourseNotReady("nothing has been graded yet: gradecheck grade ASSIGNMENT")
            classes = [read_graded_class(course, name, students) for name in names]
            place = write_whole(Path(self.to or _DEFAULT), text_of(classes, self.form))
        except GradecheckError as error:
            self.log.error("%s", error)
            self.parent.exit(2)
        self.log.info("Exported %d assignment(s) to %s", len(classes), place)


class CsvExport(_Export):
    """A row a student and exercise, with status and misconception."""

    form = Form.CSV


class WideExport(_Export):
    """A row a student."""

    form = Form.WIDE


class CanvasExport(_Export):
    """The columns that Canvas's gradebook imports."""

    form = Form.CANVAS
