"""Shorter ways through nbgrader and nbconvert, for as long as a class is graded.

Each replaces something private that costs much and gives nothing here: a schema that is checked again for
each cell, a page that is parsed only to add an attribute to pictures, cells that are coloured again for each
student though all have the same. Tests fail when one of them moves.
"""

import importlib
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

_MOST_REMEMBERED = 4096
_LONGEST_REMEMBERED = 20_000
_PICTURE = re.compile(r"<img\b(?![^>]*\salt\s*=)", re.IGNORECASE)
_ALT = '<img alt="No description has been provided for this image"'

#: What is replaced: the module, and the name in it.
REPLACED = (
    ("nbgrader.nbgraderformat.common", "jsonschema"),
    ("nbconvert.exporters.html", "BeautifulSoup"),
    ("nbconvert.filters.highlight", "_pygments_highlight"),
)


@contextmanager
def shortcuts() -> Iterator[None]:
    """Take the shorter ways."""
    replacements = (_schemas(), _Page, _highlighter())
    with ExitStack() as stack:
        for (module, name), replacement in zip(REPLACED, replacements, strict=True):
            stack.enter_context(mock.patch.object(importlib.import_module(module), name, replacement))
        yield


def _schemas() -> SimpleNamespace:
    """The module jsonschema with a `validate` that checks a schema once, and cells after that."""
    jsonschema = importlib.import_module("jsonschema")

    validators: dict[str, Any] = {}

    def validate(instance: object, schema: dict[str, Any]) -> None:
        version = str(schema["properties"]["schema_version"])
        if version not in validators:
            kind = jsonschema.validators.validator_for(schema)
            kind.check_schema(schema)
            validators[version] = kind(schema)
        error = jsonschema.exceptions.best_match(validators[version].iter_errors(instance))
        if error is not None:
            raise error

    return SimpleNamespace(
        validate=validate, ValidationError=jsonschema.ValidationError, exceptions=jsonschema.exceptions
    )


class _Page:
    """What nbconvert does to a finished page by way of BeautifulSoup: pictures get a description."""

    def __init__(self, page: str, features: str = "") -> None:  # noqa: ARG002
        self._page = _PICTURE.sub(_ALT, page)

    def select(self, selector: str) -> list[Any]:  # noqa: ARG002
        """Nothing is left to do."""
        return []

    def __str__(self) -> str:
        return self._page


def _highlighter() -> Any:
    """nbconvert's, which remembers what it has coloured: most cells are the same for all students."""
    real = importlib.import_module("nbconvert.filters.highlight")._pygments_highlight
    remembered: dict[tuple[str, ...], Any] = {}

    def highlight(
        source: str, output_formatter: Any, language: str = "ipython", metadata: Any = None, **options: Any
    ) -> Any:
        if language.startswith("ipython") and metadata and "magics_language" in metadata:
            language = metadata["magics_language"]
        if options or len(source) > _LONGEST_REMEMBERED:
            return real(source, output_formatter, language, None, **options)
        style = getattr(output_formatter, "cssclass", "")
        key = (source, language, type(output_formatter).__name__, style)
        if key not in remembered:
            if len(remembered) == _MOST_REMEMBERED:
                remembered.clear()
            remembered[key] = real(source, output_formatter, language, None)
        return remembered[key]

    return highlight
