"""Many calls in one go: sent ahead of their answers, each with its own outcome, limit and death."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradecheck.run.caller import ArgumentKind, Call
from gradecheck.run.cells import Cell
from gradecheck.run.client import Template
from gradecheck.run.inline import InlineCaller
from gradecheck.run.limits import Limits
from gradecheck.run.outcome import Died, Outcome, Raised, Returned, TimedOut
from gradecheck.run.session import Session

LIMITS = Limits(call_seconds=0.7, cell_seconds=5, grace_seconds=0.3)
HONEST = "def honest(x): return 2 * x"


@pytest.fixture
def submit(template: Template, tmp_path: Path) -> Iterator[Any]:
    made: list[Session] = []

    def make(source: str, limits: Limits = LIMITS) -> Session:
        made.append(template.session([Cell(1, source), Cell(2, HONEST)], tmp_path, limits))
        made[-1].run_cells()
        return made[-1]

    yield make
    for session in made:
        session.close()


def numbered(count: int, size: int = 1) -> list[Call]:
    """Calls with arrays that hold their own number."""
    return [Call([np.full(size, at, np.float32)], ArgumentKind.ARRAY32) for at in range(count)]


def first_numbers(outcomes: Sequence[Outcome]) -> list[Any]:
    """The first number that each call returned, or else its outcome."""
    return [
        np.ravel(np.asarray(outcome.values[0]))[0] if isinstance(outcome, Returned) else outcome
        for outcome in outcomes
    ]


def assert_usable(session: Session) -> None:
    assert first_numbers(list(session.calls("honest", numbered(5)))) == [0, 2, 4, 6, 8]


#: At its call number 2 an answer does something else; a process that is fresh begins to count anew.
SOMETIMES = """
import os, time
def f(x):
    if x[0] == 2:
        {}
    return 2 * x
"""


def test_outcomes_come_in_order_and_what_varies_a_call_reaches_it(submit: Any) -> None:
    session = submit("def f(x, *settings): x += 1; return type(x).__name__ == 'ndarray', len(settings)")
    calls = [
        Call([np.float32([1])], ArgumentKind.ARRAY32, (), report_arguments=True),
        Call([np.float32([1])], ArgumentKind.TENSOR32, (1, "two")),
    ]
    one, two = session.calls("f", calls, outputs=2)
    assert isinstance(one, Returned)
    assert [int(value) for value in one.values] == [1, 0]
    assert one.arguments_after[0].tolist() == [2]
    assert isinstance(two, Returned)
    assert [int(value) for value in two.values] == [0, 2]
    assert two.arguments_after == ()


def test_there_may_be_no_calls(submit: Any) -> None:
    session = submit("")
    assert list(session.calls("honest", [])) == []
    assert_usable(session)


def test_calls_are_made_while_nobody_waits_for_them(submit: Any, tmp_path: Path) -> None:
    session = submit("def f(x): open(f'made-{int(x[0])}', 'w'); return x")
    assert_usable(session)
    outcomes = session.calls("f", numbered(5))
    deadline = time.monotonic() + 15
    while len(list(tmp_path.glob("made-*"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(list(tmp_path.glob("made-*"))) == 5
    assert first_numbers(list(outcomes)) == [0, 1, 2, 3, 4]


def test_one_that_raises_on_the_way_is_one_outcome_among_others(submit: Any) -> None:
    session = submit(SOMETIMES.format("raise ValueError('two')"))
    outcomes = list(session.calls("f", numbered(5)))
    raised = outcomes.pop(2)
    assert isinstance(raised, Raised)
    assert (raised.type, raised.message) == ("ValueError", "two")
    assert first_numbers(outcomes) == [0, 2, 6, 8]


@pytest.mark.parametrize(
    ("harm", "outcome"),
    [
        ("os.abort()", Died(6)),
        ("os._exit(0)", Died(None)),
        ("os.closerange(3, 4096)", Died(None)),
        ("time.sleep(60)", TimedOut(0.7)),
        ("while True: pass", TimedOut(0.7)),
    ],
    ids=["aborts", "exits", "closes the channel", "sleeps", "loops"],
)
def test_one_that_does_not_come_back_costs_itself_alone(submit: Any, harm: str, outcome: Outcome) -> None:
    session = submit(SOMETIMES.format(harm))
    assert first_numbers(list(session.calls("f", numbered(6)))) == [0, 2, outcome, 6, 8, 10]
    assert_usable(session)


def test_an_interrupt_never_hits_a_later_call(submit: Any) -> None:
    session = submit("import time\ndef f(x):\n    if x[0] % 2: time.sleep(0.72)\n    return 2 * x")
    for outcome in first_numbers(list(session.calls("f", numbered(6)))):
        assert not isinstance(outcome, Raised | Died)
    assert_usable(session)


def test_each_call_has_its_own_time(submit: Any) -> None:
    session = submit("import time\ndef f(x):\n    time.sleep(0.3)\n    return x")
    assert first_numbers(list(session.calls("f", numbered(5)))) == [0, 1, 2, 3, 4]


#: At its second call it finds in the process's own memory what was sent ahead, and answers that with 42.
FORGE = """
import gc, json, os, re, struct
def f(x):
    if x[0] == 1:
        found = [thing for thing in gc.get_objects() if type(thing).__name__ == "Connection"]
        pending = b"".join(bytes(thing._pending) for thing in found)
        for identity in re.findall(rb'"id": "([0-9a-f]{16})"', pending)[:AT_MOST]:
            head = {"id": identity.decode(), "outcome": "returned", "values": [None], "used": [],
                    "arrays": [{"dtype": "float32", "shape": [1]}]}
            text = json.dumps(head).encode()
            forged = struct.pack("<I", len(text)) + text + struct.pack("<f", 42)
            for thing in found:
                thing._stream.send(forged)
    return x
"""


@pytest.mark.parametrize("most", [1, 9])
def test_answers_forged_for_requests_that_were_sent_ahead_end_the_process(submit: Any, most: int) -> None:
    session = submit(FORGE.replace("AT_MOST", str(most)))
    outcomes = first_numbers(list(session.calls("f", numbered(5))))
    assert outcomes[:3] == [0, Died(None), 2]
    assert 42 not in outcomes
    assert_usable(session)


def test_who_stops_early_can_go_on_with_other_calls(submit: Any) -> None:
    session = submit("count = 0\ndef f(x):\n    global count\n    count += 1\n    return count")
    assert first_numbers([next(session.calls("f", numbered(5)))]) == [1]
    assert_usable(session)
    assert first_numbers([session.call("f", [np.zeros(1, np.float32)])]) == [6]  # the same process


def test_who_stops_early_does_not_wait_for_calls_that_take_long(submit: Any) -> None:
    session = submit(SOMETIMES.format("time.sleep(60)"), Limits(call_seconds=30, grace_seconds=0.3))
    assert first_numbers([next(session.calls("f", numbered(5)))]) == [0]
    start = time.monotonic()
    assert_usable(session)
    assert time.monotonic() - start < 15


def test_outcomes_asked_for_after_other_calls_are_right(submit: Any) -> None:
    session = submit("def f(x): return 3 * x")
    outcomes = session.calls("f", numbered(5))
    assert first_numbers([next(outcomes)]) == [0]
    assert_usable(session)
    assert first_numbers(list(outcomes)) == [3, 6, 9, 12]
    outcomes = session.calls("f", numbered(3))
    session.close()
    assert first_numbers(list(outcomes)) == [0, 3, 6]


def test_large_arrays_in_both_directions_block_nobody(submit: Any) -> None:
    session = submit("", Limits(call_seconds=20))
    size = 1 << 20  # 4 MiB a call
    outcomes = session.calls("honest", numbered(5, size))
    assert first_numbers(list(outcomes)) == [0, 2, 4, 6, 8]


def test_many_small_calls_with_large_answers_block_nobody(submit: Any) -> None:
    session = submit("import numpy as np\ndef f(x): return np.full(1 << 18, x[0])", Limits(call_seconds=20))
    assert first_numbers(list(session.calls("f", numbered(100)))) == list(range(100))


def test_a_call_that_no_message_holds_does_not_spoil_those_before_it(submit: Any) -> None:
    session = submit("def f(x): return x")
    calls = [*numbered(2), Call([np.zeros(1, np.complex64)]), *numbered(1)]
    outcomes = first_numbers(list(session.calls("f", calls)))
    assert outcomes == [0, 1, Died(None), 0]


def test_calls_in_this_process_are_made_when_they_are_asked_for() -> None:
    made: list[float] = []

    def f(x: Any) -> Any:
        made.append(float(x[0]))
        return x

    outcomes = InlineCaller({"f": f}).calls("f", numbered(5))
    assert first_numbers([next(outcomes), next(outcomes)]) == [0, 1]
    assert made == [0, 1]
