"""What is private in nbgrader, nbconvert, IPython and TensorFlow and relied on: each fails when it moves."""

import ctypes
import inspect
from importlib import import_module
from pathlib import Path

import nbformat
import pytest
from IPython.core.autocall import ExitAutocall
from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.exporter import Exporter
from nbconvert.exporters.html import HTMLExporter as PageExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbformat.v4.nbbase import new_output
from nbformat.v4.nbjson import JSONWriter
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.nbgraderformat.common import BaseMetadataValidator
from traitlets.utils.importstring import import_item

from gradecheck.nbgrader.gradebook import OPENERS
from gradecheck.nbgrader.shortcuts import REPLACED, shortcuts
from gradecheck.run.warm import Scatter
from gradecheck.run.watch import moved_names


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]  # any callable has one


class TestNbgrader:
    @pytest.mark.parametrize("module", OPENERS)
    def test_its_steps_open_a_gradebook_by_that_name(self, module: str) -> None:
        assert import_module(module).Gradebook is Gradebook
        assert "Gradebook(" in inspect.getsource(import_module(module))

    def test_its_gradebook_works_through_one_session(self) -> None:
        assert "self.db = scoped_session" in inspect.getsource(Gradebook.__init__)
        for finder, first in {
            "find_source_cell": "name",
            "find_graded_cell": "name",
            "find_grade": "grade_cell",
            "find_comment": "solution_cell",
        }.items():
            assert parameters(getattr(Gradebook, finder))[1:4] == [first, "notebook", "assignment"]

    def test_it_checks_a_cell_with_jsonschema_by_that_name(self) -> None:
        source = inspect.getsource(BaseMetadataValidator)
        assert "jsonschema.validate(" in source
        assert "schema_version" in MetadataValidator().schema["properties"]

    def test_a_conversion_goes_through_the_steps_that_are_called_one_by_one(self) -> None:
        for name in (
            "init_notebooks",
            "init_assignment",
            "init_single_notebook_resources",
            "run_pre_convert_hook",
            "run_post_convert_hook",
            "set_permissions",
            "write_single_notebook",
            "_format_dest",
        ):
            assert callable(getattr(BaseConverter, name))
        assert parameters(BaseConverter.init_assignment) == ["self", "assignment_id", "student_id"]
        assert parameters(BaseConverter._format_dest) == ["self", "assignment_id", "student_id", "escape"]
        assert "exclude_overwriting" in Autograde.class_trait_names()

    def test_all_submissions_are_converted_by_the_method_that_takes_the_lock(self) -> None:
        source = inspect.getsource(BaseConverter.start)
        assert source.index("self.exporter_class(") < source.index("self.convert_notebooks()")


class TestNbconvert:
    @pytest.mark.parametrize("place", REPLACED, ids=".".join)
    def test_what_is_replaced_is_there_and_put_back(self, place: tuple[str, str]) -> None:
        module, name = place
        before = getattr(import_item(module), name)
        with shortcuts():
            assert getattr(import_item(module), name) is not before
        assert getattr(import_item(module), name) is before

    def test_a_page_is_parsed_for_the_sake_of_pictures_alone(self) -> None:
        source = inspect.getsource(PageExporter.from_notebook_node)
        assert source.count("BeautifulSoup(") == 1
        assert 'select("img:not([alt])")' in source

    def test_a_notebook_is_checked_after_each_step_by_that_method(self) -> None:
        assert "self._validate_preprocessor(nbc, preprocessor)" in inspect.getsource(Exporter._preprocess)
        assert HTMLExporter()._preprocessors

    def test_outputs_and_copies_are_made_by_those_names(self) -> None:
        assert "validate(output, output_type)" in inspect.getsource(new_output)
        assert "copy.deepcopy(nb)" in inspect.getsource(JSONWriter.writes)
        assert "validate(nb)" in inspect.getsource(nbformat.writes)

    def test_a_context_is_derived_with_a_copy_of_the_blocks(self) -> None:
        lines = [line.strip() for line in inspect.getsource(Context.derived).splitlines()]
        assert lines[-6:] == [
            "context = new_context(",
            "self.environment, self.name, {}, self.get_all(), True, None, locals",
            ")",
            "context.eval_ctx = self.eval_ctx",
            "context.blocks.update((k, list(v)) for k, v in self.blocks.items())",
            "return context",
        ]

    def test_the_costly_filters_have_these_names(self) -> None:
        assert parameters(Highlight2HTML.__call__) == ["self", "source", "language", "metadata"]
        assert "highlight_code" in inspect.getsource(HTMLExporter)
        assert callable(HTMLExporter.markdown2html)


class TestIPython:
    def test_code_is_named_and_parsed_by_these_methods(self) -> None:
        named = parameters(CachingCompiler.get_code_name)
        assert named == ["self", "raw_code", "transformed_code", "number"]
        assert parameters(CachingCompiler.ast_parse) == ["self", "source", "filename", "symbol"]

    def test_a_cell_shows_its_value_through_these_methods(self) -> None:
        for name in ("quiet", "write_output_prompt", "write_format_data", "finish_displayhook"):
            assert f"self.{name}(" in inspect.getsource(DisplayHook.__call__)
        assert callable(DisplayHook.semicolon_at_end_of_expression)
        assert {"data", "metadata", "transient", "update"} <= set(parameters(DisplayPublisher.publish))

    def test_the_shell_asks_these_methods_of_itself(self) -> None:
        source = inspect.getsource(InteractiveShell)
        for name in ("init_virtualenv", "enable_gui", "_tee", "showsyntaxerror"):
            assert f"self.{name}" in source
        assert "self._ip.ask_exit()" in inspect.getsource(ExitAutocall)
        assert {"compiler_class", "display_pub_class", "displayhook_class"} <= set(
            InteractiveShell.class_trait_names()
        )
        assert "store_history" in parameters(InteractiveShell.run_cell)

    def test_magics_are_looked_for_here(self) -> None:
        source = inspect.getsource(TransformerManager.transform_cell)
        assert "self.do_token_transforms(lines)" in source
        assert "self.token_transformers" in inspect.getsource(TransformerManager.do_one_token_transform)
        assert "input_transformer_manager.transform_cell" in inspect.getsource(
            InteractiveShell.transform_cell
        )


class TestTensorFlow:
    def test_what_is_watched_is_there(self) -> None:
        assert moved_names() == ()

    def test_the_context_can_be_dropped_before_a_fork(self) -> None:
        context = import_module("tensorflow.python.eager.context")
        assert parameters(context._reset_context) == []

    def test_operations_can_be_run_directly(self) -> None:
        assert callable(
            import_module("tensorflow.python.pywrap_tfe").TFE_ContextOptionsSetRunEagerOpAsFunction
        )

    def test_the_generator_of_seeds_has_one_of_its_names(self) -> None:
        scatter = Scatter()
        assert scatter._generators
        scatter()

    def test_its_library_lies_beside_it(self) -> None:
        folder = Path(import_module("tensorflow").__file__ or "").parent
        assert [ctypes.CDLL(str(path)) for path in folder.glob("libtensorflow_framework.*")]
