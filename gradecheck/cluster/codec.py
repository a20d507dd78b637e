"""Jobs and their results as bytes: versioned data, from which nothing is executed or unpickled.

MessagePack carries numbers, texts and lists; what else a job is made of stands in extensions of it. Which
dataclasses may appear follows from the annotations of the roots, so a new field needs nothing here.
"""

import dataclasses
import inspect
import json
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar

import msgpack
import numpy as np

from gradecheck.catalogue import find_exercise
from gradecheck.cluster.parcel import Parcel
from gradecheck.errors import GradecheckError
from gradecheck.exercise import Exercise
from gradecheck.job import Finished
from gradecheck.run.cells import CellMessage

#: Raised when the same bytes would mean something else; the two sides must agree on it.
VERSION = 2
_ROOTS = (Parcel, Finished)
_ARRAY, _TUPLE, _RECORD, _ENUM, _EXERCISE, _MESSAGE = range(1, 7)

_Root = TypeVar("_Root", Parcel, Finished)


class UnreadableMessage(GradecheckError):
    """Bytes that are no job and no result, or of another version."""


def encode(thing: Parcel | Finished) -> bytes:
    """The bytes of a job or of its result.

    Raises:
        TypeError: it holds something that has no form here.
    """
    return _pack([VERSION, thing])


def decode(content: bytes, kind: type[_Root]) -> _Root:
    """The job or the result in `content`.

    Raises:
        UnreadableMessage: something else is in it.
    """
    try:
        version, thing = _unpack(content)
    except Exception as error:  # whatever damaged bytes lead to
        raise UnreadableMessage(f"a message of the cluster could not be read: {error!r}") from error
    if version != VERSION or not isinstance(thing, kind):
        raise UnreadableMessage(f"a message of the cluster is no {kind.__name__} of version {VERSION}")
    return thing


def _pack(thing: object) -> bytes:
    packed: bytes = msgpack.packb(
        thing, default=_to_extension, strict_types=True, unicode_errors="surrogatepass"
    )
    return packed


def _unpack(content: bytes) -> Any:
    return msgpack.unpackb(
        content,
        ext_hook=_from_extension,
        strict_map_key=False,
        unicode_errors="surrogatepass",
        max_ext_len=len(content),
    )


def _to_extension(thing: object) -> object:
    match thing:
        case np.ndarray():
            return msgpack.ExtType(_ARRAY, _pack([thing.dtype.str, list(thing.shape), thing.tobytes()]))
        case tuple():
            return msgpack.ExtType(_TUPLE, _pack(list(thing)))
        case Enum():
            return msgpack.ExtType(_ENUM, _pack([type(thing).__name__, thing.value]))
        case Exercise():
            return msgpack.ExtType(_EXERCISE, thing.name.encode())
        case CellMessage():  # JSON, as it came from the student's process, whatever numbers are in it
            return msgpack.ExtType(_MESSAGE, json.dumps([thing.type, thing.content]).encode())
        case np.generic():
            return thing.item()
        case Mapping():
            return dict(thing)
    if type(thing).__name__ in _known() and dataclasses.is_dataclass(thing):
        fields = {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing)}
        return msgpack.ExtType(_RECORD, _pack([type(thing).__name__, fields]))
    raise TypeError(f"{type(thing).__name__} has no form in which it could travel")


def _from_extension(code: int, content: bytes) -> object:
    if code == _EXERCISE:
        return find_exercise(content.decode())
    if code == _MESSAGE:
        return CellMessage(*json.loads(content))
    parts = _unpack(content)
    if code == _TUPLE:
        return tuple(parts)
    if code == _ARRAY:
        dtype, shape, data = parts
        if np.dtype(dtype).hasobject:
            raise ValueError("an array of objects")
        return np.frombuffer(data, dtype).reshape(shape).copy()
    name, value = parts
    kind = _known()[name]
    if code == _ENUM:
        return kind(value)
    if code == _RECORD:
        return kind(**value)
    raise ValueError(f"extension {code}")


@cache
def _known() -> dict[str, type]:
    """Every dataclass and enumeration that the annotations of the roots lead to, by name."""
    found: dict[str, type] = {}
    waiting: list[type] = list(_ROOTS)
    while waiting:
        kind = waiting.pop()
        if found.setdefault(kind.__name__, kind) is not kind:
            raise AssertionError(f"two classes are called {kind.__name__}")
        if dataclasses.is_dataclass(kind):
            hints = typing.get_type_hints(kind)
            named = {part for f in dataclasses.fields(kind) for part in _parts(hints[f.name])}
            waiting += [part for part in named if part not in found.values() and part not in waiting]
    return found


def _parts(hint: Any) -> Iterator[type]:
    """The dataclasses and enumerations in an annotation."""
    if inspect.isclass(hint) and not typing.get_args(hint):
        special = issubclass(hint, Exercise | CellMessage)
        if not special and (dataclasses.is_dataclass(hint) or issubclass(hint, Enum)):
            yield hint
    for part in typing.get_args(hint):
        yield from _parts(part)
