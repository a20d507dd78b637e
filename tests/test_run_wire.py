import json
import socket
import struct
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradecheck.run.caller import ArgumentKind
from gradecheck.run.invoke import Request
from gradecheck.run.limits import MAX_ARRAY_BYTES, MAX_HEADER_BYTES
from gradecheck.run.outcome import Frame, Missing, NotArray, Raised, Returned
from gradecheck.run.replies import (
    cell_message_from_message,
    outcome_from_message,
    outcome_to_message,
    request_from_message,
    request_to_message,
)
from gradecheck.run.wire import DTYPES, Closed, Connection, Message, WireError, clean, encode


@pytest.fixture
def pair() -> Iterator[tuple[Connection, socket.socket]]:
    ours, theirs = socket.socketpair()
    with theirs:
        connection = Connection(ours)
        yield connection, theirs
        connection.close()


def soon() -> float:
    return time.monotonic() + 0.2


def framed(header: object, body: bytes = b"") -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<I", len(raw)) + raw + body


any_array = hnp.arrays(
    dtype=st.sampled_from(sorted(DTYPES)).map(np.dtype),
    shape=hnp.array_shapes(min_dims=0, max_dims=8, min_side=0, max_side=3),
)


@settings(max_examples=50, deadline=None)
@given(arrays=st.lists(any_array, max_size=4), text=st.text(max_size=50))
def test_a_message_arrives_as_it_was_sent(arrays: list[np.ndarray], text: str) -> None:
    ours, theirs = socket.socketpair()
    sender, receiver = Connection(ours), Connection(theirs)
    try:
        sender.send(Message({"text": text}, tuple(arrays)), soon())
        message = receiver.receive(soon())
    finally:
        sender.close()
        receiver.close()
    assert message.head == {"text": text}
    assert len(message.arrays) == len(arrays)
    for got, sent in zip(message.arrays, arrays, strict=True):
        assert got.dtype == sent.dtype
        assert got.shape == sent.shape
        assert got.tobytes() == sent.tobytes()
        assert got.flags.writeable


def test_the_byte_order_and_layout_of_an_array_do_not_matter() -> None:
    big = np.arange(6, dtype=">f4").reshape(2, 3).T
    assert encode(Message({}, (big,))) == encode(Message({}, (np.ascontiguousarray(big, "<f4"),)))


@pytest.mark.parametrize(
    ("described", "complaint"),
    [
        ([{"dtype": "object", "shape": [1]}], "dtype that is not allowed"),
        ([{"dtype": "complex64", "shape": [1]}], "dtype that is not allowed"),
        ([{"dtype": "<f4", "shape": [1]}], "dtype that is not allowed"),
        ([{"dtype": ["f4"], "shape": [1]}], "dtype that is not allowed"),
        ([{"dtype": "float32", "shape": [-1]}], "impossible shape"),
        ([{"dtype": "float32", "shape": [True]}], "impossible shape"),
        ([{"dtype": "float32", "shape": [1.0]}], "impossible shape"),
        ([{"dtype": "float32", "shape": [10**30]}], "impossible shape"),
        ([{"dtype": "float32", "shape": [1] * 9}], "too many axes"),
        ([{"dtype": "float32", "shape": 3}], "no shape"),
        ([{"dtype": "float32", "shape": [MAX_ARRAY_BYTES // 4 + 1]}], "too large"),
        ([{"dtype": "uint8", "shape": [MAX_ARRAY_BYTES]}] * 5, "message is too large"),
        ([{"dtype": "bool", "shape": [0]}] * 2000, "does not list its arrays"),
        (["float32"], "not an object"),
        ({}, "does not list its arrays"),
    ],
)
def test_a_hostile_description_of_an_array_is_refused_before_any_byte_is_read(
    pair: tuple[Connection, socket.socket], described: object, complaint: str
) -> None:
    connection, other = pair
    other.sendall(framed({"arrays": described}))
    with pytest.raises(WireError, match=complaint):
        connection.receive(soon())


@pytest.mark.parametrize(
    "header",
    [
        b"[1, 2]",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b"1" * 5000,
        b'{"arrays": [], "text": "half a character: \\ud800"}',
        b"null",
    ],
)
def test_a_header_that_is_no_object_of_json_is_refused(
    pair: tuple[Connection, socket.socket], header: bytes
) -> None:
    connection, other = pair
    other.sendall(framed(header))
    with pytest.raises(WireError):
        connection.receive(soon())


def test_a_header_longer_than_the_cap_is_refused_unread(pair: tuple[Connection, socket.socket]) -> None:
    connection, other = pair
    other.sendall(struct.pack("<I", MAX_HEADER_BYTES + 1))
    with pytest.raises(WireError, match="header is too large"):
        connection.receive(soon())


def test_a_backslash_before_ud800_is_only_text(pair: tuple[Connection, socket.socket]) -> None:
    connection, other = pair
    other.sendall(framed({"arrays": [], "text": "\\ud800"}))
    assert connection.receive(soon()).head == {"text": "\\ud800"}


def test_an_incomplete_message_ends_with_the_deadline_even_when_bytes_trickle(
    pair: tuple[Connection, socket.socket],
) -> None:
    connection, other = pair
    other.sendall(framed({"arrays": [{"dtype": "float32", "shape": [4]}]}, b"1234"))
    with pytest.raises(TimeoutError):
        connection.receive(soon())


def test_the_end_of_the_stream_is_told_apart(pair: tuple[Connection, socket.socket]) -> None:
    connection, other = pair
    other.sendall(b"\x05\x00")
    other.close()
    with pytest.raises(Closed):
        connection.receive(soon())


def test_a_reader_who_does_not_read_costs_no_more_than_the_deadline(
    pair: tuple[Connection, socket.socket],
) -> None:
    connection, _ = pair
    with pytest.raises(TimeoutError):
        connection.send(Message({}, (np.zeros(MAX_ARRAY_BYTES, np.uint8),)), soon())


def test_what_cannot_be_sent_is_refused_by_the_sender() -> None:
    for array in (np.zeros(1, np.complex64), np.zeros([1] * 9), np.zeros(MAX_ARRAY_BYTES + 1, np.uint8)):
        with pytest.raises(WireError, match="cannot send an array"):
            encode(Message({}, (array,)))


@pytest.mark.parametrize(
    "outcome",
    [
        None,
        Missing("grad_log", "a number"),
        Raised("ValueError", "no\nreally", Frame(3, 7, "raise ValueError"), ("tf.gradients",)),
        Raised("TypeError", "", None),
    ],
)
def test_an_outcome_survives_the_journey(outcome: Raised | Missing | None) -> None:
    assert outcome_from_message(outcome_to_message(outcome, "1")) == outcome


def test_a_return_survives_the_journey() -> None:
    sent = Returned(
        (np.ones(2), NotArray("none", "None"), np.zeros(3)), (np.arange(4),), ("tf.gradients",), 3
    )
    got = outcome_from_message(outcome_to_message(sent, "1"))
    assert isinstance(got, Returned)
    assert got.values[1] == sent.values[1]
    assert [value.shape for value in (got.values[0], got.values[2]) if isinstance(value, np.ndarray)] == [
        (2,),
        (3,),
    ]
    assert got.arguments_after[0].tolist() == [0, 1, 2, 3]
    assert got.used == sent.used
    assert got.stacked_from == 3


def test_a_request_survives_the_journey() -> None:
    request = Request("f", (np.ones(2, np.float32),), ArgumentKind.ARRAY64, 3, True)
    got = request_from_message(request_to_message(request, "1"))
    assert (got.function, got.kind, got.outputs, got.report_arguments) == ("f", ArgumentKind.ARRAY64, 3, True)


@pytest.mark.parametrize(
    "head",
    [
        {"outcome": "passed"},
        {"outcome": ["returned"]},
        {},
        {"outcome": "missing"},
        {"outcome": "missing", "function": 3},
        {"outcome": "raised", "type": "X", "message": None, "used": []},
        {"outcome": "raised", "type": "X", "message": "", "used": [3]},
        {"outcome": "raised", "type": "X", "message": "", "used": "tape"},
        {"outcome": "raised", "type": "X", "message": "", "used": [], "frame": {"cell": -1, "line": 2}},
        {"outcome": "raised", "type": "X", "message": "", "used": [], "frame": {"line": True, "code": ""}},
        {"outcome": "raised", "type": "X", "message": "", "used": [], "frame": [1]},
        {"outcome": "returned", "values": [None], "used": []},
        {"outcome": "returned", "values": [{"kind": "evil", "description": ""}], "used": []},
        {"outcome": "returned", "values": [[]], "used": []},
        {"outcome": "returned", "values": 3, "used": []},
        {"outcome": "returned", "values": []},
        {"outcome": "returned", "values": [], "used": [], "stacked_from": "2"},
        {"outcome": "returned", "values": [], "used": [], "stacked_from": -1},
    ],
)
def test_a_forged_outcome_that_makes_no_sense_is_refused(head: dict[str, object]) -> None:
    with pytest.raises(WireError):
        outcome_from_message(Message(head))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("stream", {"name": "stdout"}),
        ("stream", {"name": "stdin", "text": ""}),
        ("stream", {"name": "stdout", "text": ["a"]}),
        ("display_data", {"data": "<script>", "metadata": {}, "transient": {}}),
        ("execute_result", {"data": {}, "metadata": {}, "execution_count": None}),
        ("error", {"ename": "E", "evalue": "", "traceback": [3]}),
        ("clear_output", {}),
        ("comm_open", {}),
        (["stream"], {}),
        ("stream", None),
    ],
)
def test_a_forged_message_of_a_cell_is_refused(kind: object, content: object) -> None:
    with pytest.raises(WireError):
        cell_message_from_message(Message({"type": kind, "content": content}))


def test_fields_that_a_message_does_not_have_are_dropped() -> None:
    content = {"name": "stdout", "text": "a", "more": 1}
    message = cell_message_from_message(Message({"type": "stream", "content": content}))
    assert message.content == {"name": "stdout", "text": "a"}


def test_texts_lose_control_characters_and_are_cut() -> None:
    assert clean("a\x1b[31mb\r\x00\n\tc\ud800", 100) == "a[31mb\n\tc"
    assert clean("abcdef", 3) == "abc…"
