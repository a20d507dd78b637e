"""Messages between the judge and a worker: a JSON header, then the arrays as raw bytes.

    4 bytes   length of the header, little-endian
    header    JSON, UTF-8: {"arrays": [{"dtype": "float32", "shape": [2, 3]}, …], …}
    arrays    the bytes of each array, C order, little-endian

Nothing in a message is executed, unpickled or trusted: lengths, dtypes and shapes are checked against
`gradecheck.run.limits` before anything is allocated. Functions are imported by name: a student who binds
`json.loads` anew harms no other answer.
"""

import re
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from json import JSONEncoder, loads
from math import prod
from selectors import EVENT_READ, EVENT_WRITE
from struct import Struct
from time import monotonic
from typing import Any

import numpy as np
from numpy import ascontiguousarray, frombuffer

from gradecheck.run.limits import (
    MAX_ARRAY_BYTES,
    MAX_ARRAYS,
    MAX_HEADER_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_RANK,
)
from gradecheck.run.outcome import Array

try:
    from selectors import PollSelector as Selector  # one system call; select() refuses descriptors over 1023
except ImportError:  # Windows
    from selectors import SelectSelector as Selector  # type: ignore[assignment]  # the same for us

DTYPES = {
    name: np.dtype(name).newbyteorder("<")
    for name in (
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float16", "float32", "float64",
    )
}  # fmt: skip

_NAMES = {dtype: name for name, dtype in DTYPES.items()}
_to_json = JSONEncoder(ensure_ascii=False).encode
_LENGTH = Struct("<I")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_CHUNK = 1 << 18


class WireError(Exception):
    """The other side sent something that is no message."""


class Closed(WireError):
    """The other side closed the connection, or ended."""


@dataclass(frozen=True, eq=False)
class Message:
    """One message: `head` is JSON without the description of the `arrays`."""

    head: Mapping[str, Any]
    arrays: tuple[Array, ...] = ()


@dataclass(frozen=True)
class _Layout:
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize


def name_of(dtype: np.dtype[Any]) -> str:
    """What a dtype is called."""
    return _NAMES.get(dtype) or dtype.name  # which NumPy spells out anew each time


def sendable(array: Array) -> bool:
    """Whether an array is within what a message may hold."""
    return name_of(array.dtype) in DTYPES and array.ndim <= MAX_RANK and array.nbytes <= MAX_ARRAY_BYTES


def encode(message: Message) -> bytes:
    """The bytes of a message.

    Raises:
        WireError: an array's dtype, rank or size, or the whole, is beyond what a message may hold.
    """
    layouts = []
    bodies = []
    for array in message.arrays:
        if not sendable(array):
            raise WireError(f"cannot send an array of {array.dtype} with shape {array.shape}")
        name = name_of(array.dtype)
        layouts.append({"dtype": name, "shape": list(array.shape)})
        bodies.append(ascontiguousarray(array, DTYPES[name]).tobytes())
    text = _to_json({**message.head, "arrays": layouts})
    header = text.encode("utf-8", "replace")
    if len(header) > MAX_HEADER_BYTES or len(header) + sum(map(len, bodies)) > MAX_MESSAGE_BYTES:
        raise WireError("the message is too large")
    return b"".join((_LENGTH.pack(len(header)), header, *bodies))


def _parse_header(raw: bytes) -> tuple[dict[str, Any], tuple[_Layout, ...]]:
    try:
        head = loads(raw.decode("utf-8"))
        if _SURROGATE.search(raw):  # half a character, which nobody could write to a file later
            _to_json(head).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise WireError(f"the header is not JSON: {type(error).__name__}") from None
    if not isinstance(head, dict):
        raise WireError("the header is not an object")
    described = head.pop("arrays", None)
    if not isinstance(described, list) or len(described) > MAX_ARRAYS:
        raise WireError("the header does not list its arrays")
    layouts = tuple(_parse_layout(item) for item in described)
    if len(raw) + sum(layout.nbytes for layout in layouts) > MAX_MESSAGE_BYTES:
        raise WireError("the message is too large")
    return head, layouts


def _parse_layout(item: object) -> _Layout:
    if not isinstance(item, dict):
        raise WireError("an array's description is not an object")
    name, shape = item.get("dtype"), item.get("shape")
    if not isinstance(name, str) or name not in DTYPES:
        raise WireError("an array has a dtype that is not allowed")
    if not isinstance(shape, list) or len(shape) > MAX_RANK:
        raise WireError("an array has no shape, or one of too many axes")
    if not all(type(size) is int and 0 <= size <= MAX_ARRAY_BYTES for size in shape):
        raise WireError("an array has an impossible shape")
    layout = _Layout(DTYPES[name], tuple(shape))
    if layout.nbytes > MAX_ARRAY_BYTES:
        raise WireError("an array is too large")
    return layout


class Connection:
    """Messages over a stream socket, which is owned and made non-blocking; every wait has a deadline.

    Deadlines are values of `time.monotonic()`; None waits for ever.
    """

    def __init__(self, stream: socket.socket) -> None:
        stream.setblocking(False)
        self._stream = stream
        self._pending = bytearray()
        self._unsent: list[memoryview] = []
        self.received = 0  # bytes, so far

    def send(self, message: Message, deadline: float | None = None) -> None:
        """Send one message.

        Raises:
            WireError: the message is too large, or the other side is gone (`Closed`).
            TimeoutError: the other side does not read.
        """
        self._unsent.append(memoryview(encode(message)))
        while not self._push():
            self._wait(deadline, reading=False)

    def post(self, messages: bytes) -> None:
        """Send encoded messages as far as that goes without waiting; `receive` sends the rest.

        So two sides that send at the same time never wait for each other. Whether the other side is gone is
        left to `receive`, which first gives what that side had said.
        """
        self._unsent.append(memoryview(messages))
        self._push_quietly()

    def receive(self, deadline: float | None = None) -> Message:
        """The next message.

        Raises:
            WireError: malformed bytes, or the end of the stream (`Closed`).
            TimeoutError: no complete message before the deadline.
        """
        (length,) = _LENGTH.unpack(self._take(_LENGTH.size, deadline))
        if length > MAX_HEADER_BYTES:
            raise WireError("the header is too large")
        head, layouts = _parse_header(self._take(length, deadline))
        arrays = []
        for layout in layouts:
            body = self._take(layout.nbytes, deadline)
            arrays.append(frombuffer(body, layout.dtype).reshape(layout.shape).copy())
        return Message(head, tuple(arrays))

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._stream.fileno() < 0

    def close(self) -> None:
        """Close the socket; again does nothing."""
        self._stream.close()

    def _take(self, count: int, deadline: float | None) -> bytes:
        while len(self._pending) < count:
            try:
                chunk = self._stream.recv(_CHUNK)
            except BlockingIOError:
                self._push_quietly()
                self._wait(deadline, reading=True)
                continue
            except OSError as error:
                raise Closed(str(error)) from None
            if not chunk:
                raise Closed("the connection was closed")
            self._pending += chunk
            self.received += len(chunk)
            if deadline is not None and monotonic() > deadline:
                raise TimeoutError
        taken = bytes(self._pending[:count])
        del self._pending[:count]
        return taken

    def _push(self) -> bool:
        """Send what can be sent without waiting; whether that is all."""
        while self._unsent:
            try:
                rest = self._unsent[0][self._stream.send(self._unsent[0]) :]
            except BlockingIOError:
                return False
            except OSError as error:
                self._unsent.clear()
                raise Closed(str(error)) from None
            self._unsent[:1] = [rest] if rest else []
        return True

    def _push_quietly(self) -> None:
        with suppress(Closed):
            self._push()

    def _wait(self, deadline: float | None, *, reading: bool) -> None:
        """Wait until there is something to read, if asked for, or until what is unsent can be sent."""
        left = None if deadline is None else deadline - monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        events = (EVENT_READ if reading else 0) | (EVENT_WRITE if self._unsent else 0)
        with Selector() as selector:  # a new one: a student's signal handler may print while another waits
            selector.register(self._stream, events)
            selector.select(left)


def text_of(head: Mapping[str, Any], key: str, cap: int) -> str:
    """A text of a header, cut to `cap` characters and rid of control characters.

    Raises:
        WireError: there is no such text.
    """
    text = head.get(key)
    if not isinstance(text, str):
        raise WireError(f"{key} is not a text")
    return clean(text, cap)


def clean(text: str, cap: int) -> str:
    """`text` cut to `cap` characters, without control characters but newlines and tabs."""
    kept = "".join(sign for sign in text[:cap] if sign in "\n\t" or sign.isprintable())
    return kept + "…" if len(text) > cap else kept


def texts_of(value: object, cap: int) -> tuple[str, ...]:
    """A short list of short texts.

    Raises:
        WireError: it is something else.
    """
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > 100:
        raise WireError("not a list of texts")
    if not all(isinstance(item, str) for item in value):
        raise WireError("not a list of texts")
    return tuple(clean(item, cap) for item in value)
