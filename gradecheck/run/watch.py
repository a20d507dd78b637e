"""Watches."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def watching() -> Iterator[list[str]]:
    yield []
