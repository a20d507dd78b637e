"""What a cell prints, shows and writes past Python, as Jupyter messages: in order, and capped.

Runs in the worker. Text written through `sys.stdout` is buffered; bytes written straight to descriptors 1
and 2 (C++ code, child processes) go to a file in memory and are picked up whenever the buffers are flushed.
"""

import base64
import io
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

Emit = Callable[[str, dict[str, Any]], None]
"""Called with a message's type and content."""

_FLUSH_AT = 1 << 16
_CUT = "\n[The rest of this cell's output was cut off.]\n"


class Output:
    """Everything that the running cell puts out; with no cell running, nothing is kept.

    Args:
        cap: bytes that one cell may put out.
    """

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._left = 0
        self._emit: Emit | None = None
        self.stdout = Stream(self, "stdout", 1)
        self.stderr = Stream(self, "stderr", 2)
        self._raw: dict[str, int] = {}
        self._read = {"stdout": 0, "stderr": 0}

    def take_descriptors(self) -> None:
        """Point descriptors 1 and 2 at files in memory; on Windows at nothing, so it is lost."""
        if not hasattr(os, "pread"):
            nothing = os.open(os.devnull, os.O_RDWR)
            for target in (0, 1, 2):
                os.dup2(nothing, target)
            return
        self._raw = {name: _memory_file(name) for name in ("stdout", "stderr")}
        self._point()

    def _point(self) -> None:
        for target, descriptor in enumerate(self._raw.values(), 1):
            os.dup2(descriptor, target)

    def begin(self, emit: Emit | None) -> None:
        """Start a cell whose messages go to `emit`, or a call whose output nobody wants (None).

        The standard streams are there again, whatever an earlier cell did to them.
        """
        self._emit, self._left = emit, self._cap
        sys.stdout, sys.stderr = self.stdout, self.stderr
        self._point()

    def end(self) -> None:
        """Flush, and forget what was written past Python."""
        self.flush()
        self._emit = None
        for name, descriptor in self._raw.items():
            if os.fstat(descriptor).st_size:
                os.ftruncate(descriptor, 0)
            self._read[name] = 0

    def flush(self) -> None:
        """Send what is buffered."""
        for stream in (self.stdout, self.stderr):
            text = self._written_past_python(stream.name_) + stream.take()
            if text:
                self._send_text(stream.name_, text)

    def send(self, kind: str, content: Mapping[str, Any]) -> None:
        """Send anything but text, after the text before it; dropped when it is over the cap."""
        self.flush()
        if self._emit is None:
            return
        plain = to_json(content)
        size = _size(plain)
        if size > self._left:
            self._cut()
        else:
            self._left -= size
            self._emit(kind, plain)

    def _send_text(self, name: str, text: str) -> None:
        if self._emit is None or self._left <= 0:
            return
        kept = text[: self._left]
        self._left -= len(kept)
        self._emit("stream", {"name": name, "text": kept})
        if len(kept) < len(text):
            self._cut()

    def _cut(self) -> None:
        if self._emit is not None and self._left >= 0:
            self._left = -1
            self._emit("stream", {"name": "stderr", "text": _CUT})

    def _written_past_python(self, name: str) -> str:
        descriptor = self._raw.get(name)
        if descriptor is None:
            return ""
        end = os.fstat(descriptor).st_size
        count = min(end - self._read[name], max(self._left + 1, 0))
        if count <= 0:
            return ""
        raw = os.pread(descriptor, count, self._read[name])
        self._read[name] = end
        return raw.decode("utf-8", "replace")


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of the student's code."""

    def __init__(self, output: Output, name: str, descriptor: int) -> None:
        self._output = output
        self.name_ = name
        self._descriptor = descriptor
        self._parts: list[str] = []
        self._size = 0
        self._owner = os.getpid()

    encoding = "utf-8"
    errors = "replace"

    def adopt(self) -> None:
        """Belong to this process; a process that the student forks writes to the descriptor instead."""
        self._owner = os.getpid()

    def fileno(self) -> int:
        """The descriptor, for child processes."""
        return self._descriptor

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, text: str, /) -> int:
        """Keep a text until the next flush."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if os.getpid() != self._owner:
            os.write(self._descriptor, text.encode("utf-8", "replace"))
            return len(text)
        self._parts.append(text)
        self._size += len(text)
        if self._size > _FLUSH_AT:
            self._output.flush()
        return len(text)

    def close(self) -> None:
        """Stay open: the next cell writes here, too."""

    def flush(self) -> None:
        """Send what was written."""
        if os.getpid() == self._owner:
            self._output.flush()

    def take(self) -> str:
        """What was written since the last time."""
        parts, self._parts, self._size = self._parts, [], 0
        return "".join(parts)


def _memory_file(name: str) -> int:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create(name)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    import fcntl

    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_APPEND)
    return descriptor


def to_json(thing: object) -> Any:
    """The same in objects that JSON knows: bytes in base64, anything foreign as its text."""
    if thing is None or isinstance(thing, bool | int | float | str):
        return thing
    if isinstance(thing, bytes):
        return base64.b64encode(thing).decode("ascii")
    if isinstance(thing, Mapping):
        return {str(key): to_json(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [to_json(value) for value in thing]
    return str(thing)


def _size(thing: object) -> int:
    if isinstance(thing, str):
        return len(thing)
    if isinstance(thing, dict):
        return sum(len(key) + _size(value) for key, value in thing.items())
    if isinstance(thing, list):
        return sum(map(_size, thing)) + len(thing)
    return 8
