"""Submissions that wait for a worker of a cluster go together, but never so that another worker has none."""

import pytest

from gradecheck.cluster.line import LARGE, MOST_TOGETHER, Line, Ticket


def line_of(count: int) -> tuple[Line, list[Ticket]]:
    line, tickets = Line(), [Ticket(bytes([number]), 1.0) for number in range(count)]
    for ticket in tickets:
        line.join(ticket)
    return line, tickets


@pytest.mark.parametrize(
    ("waiting", "places", "wanted"),
    [
        (0, 1, 0),
        (1, 1, 1),
        (3, 1, 3),
        (MOST_TOGETHER + 5, 1, MOST_TOGETHER),
        (4, 2, 2),
        (5, 2, 3),
        (3, 200, 1),
        (7, 0, MOST_TOGETHER),  # all have just gone, and one comes back
    ],
)
def test_each_place_gets_its_share(waiting: int, places: int, wanted: int) -> None:
    line, tickets = line_of(waiting)
    assert list(line.take(places)) == tickets[:wanted]
    assert [ticket.taken for ticket in tickets] == [True] * wanted + [False] * (waiting - wanted)


def test_who_came_first_goes_first_and_nobody_goes_twice() -> None:
    line, tickets = line_of(MOST_TOGETHER + 1)
    assert [*line.take(1), *line.take(1), *line.take(1)] == tickets


def test_who_left_is_not_sent() -> None:
    line, (first, second) = line_of(2)
    line.leave(first)
    line.leave(first)
    assert list(line.take(1)) == [second]


def test_large_ones_go_alone() -> None:
    line, tickets = line_of(2)
    large = Ticket(bytes(LARGE + 1), 1.0)
    line.join(large)
    assert [line.take(1), line.take(1), line.take(1)] == [[tickets[0]], [tickets[1]], [large]]
