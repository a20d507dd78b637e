"""Single keys from a terminal, which gets its settings back whatever happens."""

import os
import signal
import sys
from types import FrameType
from typing import Any, Self

if sys.platform == "win32":
    import msvcrt
else:
    import select
    import termios
    import tty

#: What is read when the terminal has gone away.
GONE = "\x04"


class Keys:
    """The keys that are pressed while the context is open. Without a terminal none ever is."""

    def __init__(self) -> None:
        self._settings: list[Any] | None = None
        self._resumed: Any = None

    @property
    def listening(self) -> bool:
        """Whether there is a terminal that somebody types at."""
        return self._settings is not None

    def pressed(self) -> str:
        """The keys since the last time, without waiting; `GONE` where the terminal was closed."""
        if self._settings is None:
            return ""
        if sys.platform == "win32":
            return msvcrt.getwch() if msvcrt.kbhit() else ""
        try:
            if not select.select([sys.stdin], [], [], 0)[0]:
                return ""
            return os.read(sys.stdin.fileno(), 64).decode("utf-8", "replace") or GONE
        except OSError:
            return GONE

    def __enter__(self) -> Self:
        if not _typed_at():
            return self
        if sys.platform == "win32":
            self._settings = []
            return self
        self._settings = termios.tcgetattr(sys.stdin)
        self._resumed = signal.signal(
            signal.SIGCONT, self._again
        )  # a shell changes them while we are stopped
        self._again()
        return self

    def __exit__(self, *_: object) -> None:
        settings, self._settings = self._settings, None
        if settings is None or sys.platform == "win32":
            return
        signal.signal(signal.SIGCONT, self._resumed)
        try:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, settings)
        except termios.error:
            return  # it was closed: nothing to give back

    def _again(self, *_: int | FrameType | None) -> None:
        if sys.platform != "win32":
            tty.setcbreak(sys.stdin, termios.TCSADRAIN)


def _typed_at() -> bool:
    """Whether standard input is a terminal, and ours: in the background it belongs to the shell."""
    try:
        descriptor = sys.stdin.fileno()
        return os.isatty(descriptor) and (sys.platform == "win32" or os.tcgetpgrp(descriptor) == os.getpgrp())
    except (AttributeError, OSError, ValueError):
        return False
