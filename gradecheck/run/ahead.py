"""Calls of one function that a worker is sent ahead of their answers, so that it need not wait for each."""

from collections import deque
from collections.abc import Iterable
from secrets import token_hex
from typing import Self

from gradecheck.run.caller import Call
from gradecheck.run.invoke import Request
from gradecheck.run.replies import request_to_message
from gradecheck.run.wire import Connection, WireError, encode

#: Arrays of this many bytes are sent ahead at most; a single larger request waits for the answers before it.
MOST_BYTES_AHEAD = 1 << 16
MOST_AHEAD = 64


class Batch:
    """Requests in order, those at the front sent and not yet answered.

    What was sent to one worker is not owed by another, and is sent again.
    """

    def __init__(self, requests: Iterable[Request]) -> None:
        self._left = deque(requests)
        self._connection: Connection | None = None
        self._sent: deque[str] = deque()  # the ids of the first ones of `_left`

    @classmethod
    def of(cls, function: str, calls: Iterable[Call], outputs: int, driver: str) -> Self:
        """Calls of one function, as `gradecheck.run.caller.Caller.calls` describes them."""
        return cls(
            Request(
                function,
                tuple(call.arguments),
                call.kind,
                outputs,
                call.report_arguments,
                tuple(call.settings),
                driver,
            )
            for call in calls
        )

    def __bool__(self) -> bool:
        return bool(self._left)

    def send(self, connection: Connection) -> str:
        """Send as many requests as may be ahead, the first one in any case; the id of its answer.

        Raises:
            WireError: the first one is more than a message may hold.
        """
        if connection is not self._connection:
            self._connection = connection
            self._sent.clear()
        if len(self._sent) < len(self._left):
            self._send_more(connection)
        return self._sent[0]

    def _send_more(self, connection: Connection) -> None:
        ahead = sum(_size(self._left[at]) for at in range(len(self._sent)))
        encoded = []
        while len(self._sent) < min(len(self._left), MOST_AHEAD):
            request = self._left[len(self._sent)]
            ahead += _size(request)
            if self._sent and ahead > MOST_BYTES_AHEAD:
                break
            identity = token_hex(8)
            try:
                encoded.append(encode(request_to_message(request, identity)))
            except WireError:
                if self._sent:
                    break
                raise
            self._sent.append(identity)
        if encoded:
            connection.post(b"".join(encoded))

    @property
    def ahead(self) -> int:
        """How many requests were sent and not yet answered."""
        return len(self._sent)

    def give_up(self, connection: Connection) -> list[str]:
        """The ids of the answers that a worker still owes, which nobody will wait for."""
        owed = list(self._sent) if connection is self._connection else []
        self._sent.clear()
        return owed

    def answered(self) -> None:
        """The first request has its answer, whatever it is."""
        self._left.popleft()
        if self._sent:
            self._sent.popleft()


def _size(request: Request) -> int:
    return sum(array.nbytes for array in request.arguments)
