"""Submissions that wait for a worker of a cluster; several go together, as each message has its price."""

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

#: How many go together at most. Four cost little more than one, and one that runs into all its limits keeps
#: few others waiting.
MOST_TOGETHER = 4
#: So large, in bytes, that its own way is what costs: such submissions go alone.
LARGE = 1 << 18


@dataclass(frozen=True)
class Sent:
    """What came of sending one submission to a worker.

    Attributes:
        address: the worker's.
        content: the bytes that it answered, None where it did not.
        reason: why it did not.
    """

    address: str
    content: bytes | None = None
    reason: str = ""


@dataclass(eq=False)
class Ticket:
    """A submission in the line.

    Attributes:
        content: the parcel.
        seconds: what it may take by its limits.
        sent: what came of it; done when a worker has answered, or does not.
        taken: whether somebody sends it.
    """

    content: bytes
    seconds: float
    sent: "Future[Sent]" = field(default_factory=Future)
    taken: bool = False


class Line:
    """Tickets in the order in which they came; safe to use from several threads."""

    def __init__(self) -> None:
        self._waiting: deque[Ticket] = deque()
        self._lock = threading.Lock()
        #: How many go together at most; one as soon as one was large, as others of its class are, too.
        self.together = MOST_TOGETHER

    def join(self, ticket: Ticket) -> None:
        """Be the last."""
        with self._lock:
            self._waiting.append(ticket)
            if len(ticket.content) > LARGE:
                self.together = 1

    def leave(self, ticket: Ticket) -> None:
        """Wait no longer."""
        with self._lock:
            if ticket in self._waiting:
                self._waiting.remove(ticket)

    def take(self, places: int) -> Sequence[Ticket]:
        """The first ones, for one place: so many that there is as much for each of the others.

        Args:
            places: how many there are in all.
        """
        with self._lock:
            share = -(-len(self._waiting) // max(places, 1))
            taken = [self._waiting.popleft() for _ in range(min(share, self.together))]
            for ticket in taken:
                ticket.taken = True
            return taken
