"""Requests and outcomes as messages. The judge's side believes nothing that it reads here."""

from typing import Any

from gradecheck.run.caller import ArgumentKind
from gradecheck.run.cells import CellMessage
from gradecheck.run.invoke import Request
from gradecheck.run.limits import MAX_TEXT
from gradecheck.run.outcome import Array, Frame, Missing, NotArray, Raised, Returned, Value
from gradecheck.run.wire import Message, WireError, text_of, texts_of

_KINDS = ("none", "text", "ragged", "dtype", "other")
_MOST_LINES = 10**7
_DISPLAY: dict[str, type] = {"data": dict, "metadata": dict, "transient": dict}
_FIELDS: dict[str, dict[str, type]] = {
    "stream": {"name": str, "text": str},
    "display_data": _DISPLAY,
    "update_display_data": _DISPLAY,
    "execute_result": {"execution_count": int, "data": dict, "metadata": dict},
    "error": {"ename": str, "evalue": str, "traceback": list},
    "clear_output": {"wait": bool},
}


def request_to_message(request: Request, identity: str) -> Message:
    """The judge's request to make a call."""
    head = {
        "op": "call",
        "id": identity,
        "function": request.function,
        "kind": request.kind.value,
        "outputs": request.outputs,
        "report_arguments": request.report_arguments,
        "settings": list(request.settings),
        "driver": request.driver,
    }
    return Message(head, tuple(request.arguments))


def request_from_message(message: Message) -> Request:
    """The same, in the worker, which may trust the judge."""
    head = message.head
    kind = ArgumentKind(head["kind"])
    # JSON knows no tuples, and no setting is a list.
    settings = tuple(tuple(s) if isinstance(s, list) else s for s in head["settings"])
    return Request(
        head["function"],
        message.arrays,
        kind,
        head["outputs"],
        head["report_arguments"],
        settings,
        head["driver"],
    )


def outcome_to_message(outcome: Returned | Raised | Missing | None, identity: str) -> Message:
    """The worker's answer to a call or, with None, to a cell that ran without an exception."""
    head: dict[str, Any] = {"id": identity, "outcome": "ran"}
    arrays: list[Array] = []
    if isinstance(outcome, Missing):
        head |= {"outcome": "missing", "function": outcome.function, "found": outcome.found}
    elif isinstance(outcome, Raised):
        frame = outcome.frame
        place = None if frame is None else {"cell": frame.cell, "line": frame.line, "code": frame.code}
        head |= {"outcome": "raised", "type": outcome.type, "message": outcome.message, "frame": place}
        head["used"] = outcome.used
    elif isinstance(outcome, Returned):
        described: list[object] = []
        for value in outcome.values:
            if isinstance(value, NotArray):
                described.append({"kind": value.kind, "description": value.description})
            else:
                described.append(None)
                arrays.append(value)
        arrays.extend(outcome.arguments_after)
        head |= {"outcome": "returned", "values": described, "used": outcome.used}
        head["stacked_from"] = outcome.stacked_from
    return Message(head, tuple(arrays))


def outcome_from_message(message: Message) -> Returned | Raised | Missing | None:
    """What a worker says came of a call or a cell.

    Raises:
        WireError: it says nothing that makes sense.
    """
    head = message.head
    name = head.get("outcome")
    if name == "ran":
        return None
    if name == "missing":
        found = None if head.get("found") is None else text_of(head, "found", MAX_TEXT)
        return Missing(text_of(head, "function", MAX_TEXT), found)
    if name == "raised":
        used = texts_of(head.get("used"), 100)
        return Raised(text_of(head, "type", 100), text_of(head, "message", 3200), _frame(head), used)
    if name == "returned":
        return _returned(message)
    raise WireError("an answer of an unknown kind")


def _frame(head: Any) -> Frame | None:
    place = head.get("frame")
    if place is None:
        return None
    if not isinstance(place, dict):
        raise WireError("a frame that is no object")
    cell, line = place.get("cell"), place.get("line")
    return Frame(None if cell is None else _count(cell), _count(line), text_of(place, "code", MAX_TEXT))


def _count(thing: object) -> int:
    if type(thing) is not int or not 0 <= thing < _MOST_LINES:
        raise WireError("a number that is none, or far too large")
    return thing


def _returned(message: Message) -> Returned:
    described = message.head.get("values")
    if not isinstance(described, list):
        raise WireError("a return without values")
    arrays = list(message.arrays)
    values: list[Value] = []
    for item in described:
        if item is None and arrays:
            values.append(arrays.pop(0))
        elif isinstance(item, dict) and item.get("kind") in _KINDS:
            values.append(NotArray(item["kind"], text_of(item, "description", 200)))
        else:
            raise WireError("a value that is neither an array nor described")
    used = texts_of(message.head.get("used"), 100)
    return Returned(tuple(values), tuple(arrays), used, _count(message.head.get("stacked_from", 1)))


def cell_message_from_message(message: Message) -> CellMessage:
    """Something that a cell put out, with the fields that its type has and no others.

    Raises:
        WireError: it is of no known type, or a field is missing or of another type.
    """
    kind, content = message.head.get("type"), message.head.get("content")
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None or not isinstance(content, dict):
        raise WireError("a cell's message of an unknown type")
    for name, expected in fields.items():
        if type(content.get(name)) is not expected:
            raise WireError(f"a cell's message of type {kind} without {name}")
    if kind == "stream" and content["name"] not in ("stdout", "stderr"):
        raise WireError("a stream of an unknown name")
    if kind == "error" and not all(isinstance(line, str) for line in content["traceback"]):
        raise WireError("a traceback that is no text")
    return CellMessage(str(kind), {name: content[name] for name in fields})
