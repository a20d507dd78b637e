"""What the plug-in takes for granted of nbgrader and nbclient: each fails when that moves."""

import inspect

from nbclient import NotebookClient
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import Execute
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from gradecheck.nbgrader import configure
from gradecheck.nbgrader.configuration import AUTOGRADE, IGNORE, SANITIZE
from gradecheck.nbgrader.execute import ExecuteInWorker
from gradecheck.nbgrader.exporter import AnyFileExporter
from gradecheck.nbgrader.original import SCHEMA_VERSION
from gradecheck.nbgrader.safe import DisarmTexts
from gradecheck.nbgrader.sanitize import MendCells
from gradecheck.nbgrader.write import WriteScores


def test_nbgraders_own_steps_are_all_there_and_in_its_order() -> None:
    steps = [step for step in map(import_item, SANITIZE) if step is not MendCells]
    assert steps == Autograde.sanitize_preprocessors.default_args[0]
    theirs = [Execute if step is ExecuteInWorker else step for step in map(import_item, AUTOGRADE)]
    theirs.remove(WriteScores)
    theirs.remove(DisarmTexts)
    assert theirs == Autograde.autograde_preprocessors.default_args[0]


def test_ours_stand_where_they_must() -> None:
    names = [name.rpartition(".")[2] for name in AUTOGRADE]
    assert SANITIZE[0].endswith("MendCells")
    assert (
        names.index("SaveAutoGrades") + 1 == names.index("WriteScores") < names.index("AssignLatePenalties")
    )
    # After everything that compares a text with the instructor's: it changes texts.
    assert names.index("DisarmTexts") > names.index("SaveAutoGrades")


def test_what_nbgrader_ignores_is_ignored_still() -> None:
    assert set(CourseDirectory.ignore.default_args[0]) <= set(IGNORE)


def test_one_line_configures_a_course() -> None:
    config = Config()
    configure(config)
    converter = Autograde(coursedir=CourseDirectory(), config=config)
    assert converter.exporter_class is AnyFileExporter


def test_the_metadata_schema_is_the_one_that_is_written() -> None:
    assert MetadataValidator().schema_version == SCHEMA_VERSION


def test_the_hook_before_a_conversion_gets_the_list_that_is_converted() -> None:
    source = inspect.getsource(BaseConverter)
    assert "notebooks=self.notebooks" in inspect.getsource(BaseConverter.run_pre_convert_hook)
    assert source.index("self.run_pre_convert_hook()") < source.index(
        "for notebook_filename in self.notebooks:"
    )
    assert "self.exporter_class(parent=self" in source


def test_the_client_fills_outputs_from_messages() -> None:
    assert list(inspect.signature(NotebookClient.process_message).parameters) == [
        "self", "msg", "cell", "cell_index"
    ]  # fmt: skip
    assert hasattr(NotebookClient, "reset_execution_trackers")
