"""What a driver is, and how it is noticed that an answer calls the very thing that was asked for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from sys import getprofile, setprofile  # as they are now: a student may bind the names of sys anew
from types import CodeType, FrameType
from typing import Any

#: Noted when an answer takes away the eye that watches it.
BLINDED = "sys.setprofile"


class NotAsAsked(Exception):
    """What the student's code gave back cannot be used; the message says what it is and what was wanted."""


@dataclass(frozen=True, eq=False)
class Driver:
    """A way to ask a student's code, where a call with arrays is not enough.

    Attributes:
        call: `call(student, *arguments, *settings)`: what to compare, one array, or a tuple of arrays. The
            arguments are float64 arrays of the call's own.
        forbidden: functions of the library that the answer may not call: the thing that is asked for.
    """

    call: Callable[..., Any]
    forbidden: tuple[Callable[..., Any], ...] = ()


@contextmanager
def noticing(forbidden: tuple[Callable[..., Any], ...], note: Callable[[str], None]) -> Iterator[None]:
    """Note the name of each forbidden function that is called in the block, whatever name it is called by.

    Args:
        forbidden: Python functions.
        note: told "gradecheck.graph.compute_gradients", say.
    """
    if not forbidden:
        yield
        return
    names: dict[CodeType, str] = {f.__code__: f"gradecheck.graph.{_public(f)}" for f in forbidden}
    before = getprofile()

    over = False

    def look(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code in names:
            note(names[frame.f_code])
        elif event == "c_call" and argument is setprofile and not over:
            note(BLINDED)

    setprofile(look)
    threading.setprofile(look)  # for threads that the answer starts
    try:
        yield
    finally:
        over = True
        threading.setprofile(None)
        setprofile(before)


def _public(function: Callable[..., Any]) -> str:
    """The name that people import: the class, for a method."""
    return function.__qualname__.partition(".")[0]


def described(thing: object) -> str:
    """A word or two for an object that is not what was wanted."""
    return "None" if thing is None else f"an object of class {type(thing).__name__}"
