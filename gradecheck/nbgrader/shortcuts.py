"""Shorter ways through nbgrader and nbconvert, for as long as a class is graded.

Each replaces something private that costs much and gives nothing here: a schema that is read again for each
notebook and checked again for each cell, cells that are the same for everybody and are checked again for each
student, a notebook that is checked again after each step and each output again beside it, a page that is
parsed only to add an attribute to pictures, a template's blocks that are copied for each block of each cell,
style sheets and filters that are made again for each notebook. Tests fail when one of them moves.
"""

import importlib
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any
from unittest import mock

from jinja2.runtime import Context, new_context
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat import from_dict
from nbgrader.nbgraderformat import MetadataValidator
from traitlets.utils.importstring import import_item

_PICTURE = re.compile(r"<img\b(?![^>]*\salt\s*=)", re.IGNORECASE)
_ALT = '<img alt="No description has been provided for this image"'
_MOST_REMEMBERED = 4096

#: What is replaced: the module, and the name in it.
REPLACED = (
    ("nbgrader.nbgraderformat.common", "jsonschema"),
    ("nbconvert.exporters.html", "BeautifulSoup"),
    ("nbconvert.exporters.exporter.Exporter", "_validate_preprocessor"),
    ("nbformat.v4.nbbase", "validate"),
    ("nbformat.v4.nbjson", "copy"),
    ("jinja2.runtime.Context", "derived"),
    ("nbgrader.preprocessors.checkcellmetadata", "MetadataValidator"),
    ("nbconvert.preprocessors.csshtmlheader.CSSHTMLHeaderPreprocessor", "_generate_header"),
    ("nbconvert.exporters.html", "Highlight2HTML"),
)


@contextmanager
def shortcuts() -> Iterator[None]:
    """Take the shorter ways."""
    copying = SimpleNamespace(deepcopy=from_dict)
    once = (cache(MetadataValidator), _style_once(), lru_cache(maxsize=8)(Highlight2HTML))
    replacements = (_schemas(), _Page, _believe, _believe_part, copying, _derived, *once)
    with ExitStack() as stack:
        for (module, name), replacement in zip(REPLACED, replacements, strict=True):
            stack.enter_context(mock.patch.object(import_item(module), name, replacement))
        yield


def _schemas() -> SimpleNamespace:
    """The module jsonschema with a `validate` that checks a schema once, and cells after that."""
    jsonschema = importlib.import_module("jsonschema")

    validators: dict[str, Any] = {}
    valid: set[tuple[str, str]] = set()

    def validate(instance: object, schema: dict[str, Any]) -> None:
        version = str(schema["properties"]["schema_version"])
        known = (version, repr(instance))  # tells True, 1 and "1" apart
        if known in valid:
            return
        if version not in validators:
            kind = jsonschema.validators.validator_for(schema)
            kind.check_schema(schema)
            validators[version] = kind(schema)
        error = jsonschema.exceptions.best_match(validators[version].iter_errors(instance))
        if error is not None:
            raise error
        if len(valid) == _MOST_REMEMBERED:
            valid.clear()
        valid.add(known)

    return SimpleNamespace(
        validate=validate, ValidationError=jsonschema.ValidationError, exceptions=jsonschema.exceptions
    )


class _Page:
    """What nbconvert does to a finished page by way of BeautifulSoup: pictures get a description."""

    def __init__(self, page: str, features: str = "") -> None:
        self._page = _PICTURE.sub(_ALT, page)

    def select(self, selector: str) -> list[Any]:
        """Nothing is left to do."""
        return []

    def __str__(self) -> str:
        return self._page


def _believe(exporter: object, notebook: object, preprocessor: object) -> None:
    """A notebook that was valid when it was written needs no check after each step to a page."""


def _believe_part(node: object, ref: str | None = None) -> None:
    """An output that is put together needs no check by itself: the notebook is checked before it is written.

    The other replacement for nbformat's version 4, `from_dict` for `copy.deepcopy`, copies what JSON knows.
    """


def _derived(context: Context, variables: dict[str, Any] | None = None) -> Context:
    """As jinja2's, which copies the lists of all blocks for each block that is drawn.

    Nobody changes them then: only `extends` does, before the first block.
    """
    derived = new_context(context.environment, context.name, {}, context.get_all(), True, None, variables)
    derived.eval_ctx = context.eval_ctx
    derived.blocks = context.blocks
    return derived


def _style_once() -> Callable[[CSSHTMLHeaderPreprocessor, Any], list[str]]:
    """A preprocessor's style sheet, which depends on its settings and the user's own style sheet alone."""
    make = CSSHTMLHeaderPreprocessor._generate_header
    made: dict[CSSHTMLHeaderPreprocessor, list[str]] = {}

    def header(preprocessor: CSSHTMLHeaderPreprocessor, resources: Any) -> list[str]:
        if preprocessor not in made:
            made[preprocessor] = make(preprocessor, resources)  # type: ignore[no-untyped-call]
        return [*made[preprocessor]]

    return header
