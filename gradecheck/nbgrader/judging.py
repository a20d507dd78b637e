"""The process beside `gradecheck grade` that has submissions judged: one lane for each worker.

Run as `python -P -m gradecheck.nbgrader.judging DESCRIPTOR FOLDER MODE COURSE WORKERS EXERCISE...`: from
MODE on `Place.arguments`, then the exercises to be ready for. It says when it is ready, takes orders and
answers each when it is done, until the other side closes the connection or ends; then everything that it
started ends, too. It imports TensorFlow and uses nothing of it: the lanes are forked from it, and what runs
their submissions from one template.
"""

import contextlib
import gc
import os
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, TypeAlias

from gradecheck.catalogue import find_exercise
from gradecheck.diagnose.shared import known_mistakes
from gradecheck.errors import GradecheckError
from gradecheck.nbgrader.lane import processors_of, serve
from gradecheck.nbgrader.orders import READY, Answer, LaneEnded, Order, Place
from gradecheck.reference.tape import load_tensorflow
from gradecheck.run import kernel
from gradecheck.run.client import Template

_Raw: TypeAlias = "Connection[Any, Any]"  # whose messages are passed on as they are


class _Lane:
    """A forked `gradecheck.nbgrader.lane`.

    Attributes:
        order: the number of what it does, None when it does nothing.

    Args:
        number: its own, from 0.
        place: how it runs submissions.
        template: of which it gets a part.
        others: connections of this process that are none of its business.

    Raises:
        LaneEnded: before it was ready.
    """

    def __init__(self, number: int, place: Place, template: Template, others: Sequence[_Raw]) -> None:
        ours, theirs = socket.socketpair()
        self.number = number
        self._pid = os.fork()
        if self._pid == 0:
            _become_lane(theirs, [ours, *others], number, place, template)
        self._status: int | None = None
        self.order: int | None = None
        theirs.close()
        self.connection: _Raw = Connection(ours.detach())
        self._receive()

    def send(self, order: Order) -> None:
        """Give it something to do; should it have ended, `answer` says so."""
        self.order = order.number
        with contextlib.suppress(OSError):
            self.connection.send(order)

    def answer(self) -> bytes:
        """What it says when it is done: an `Answer`, as it was sent.

        Raises:
            LaneEnded: it says nothing any more.
        """
        said, self.order = self._receive(), None
        return said

    def kill(self) -> int:
        """End it, and what it started ends with it; its status, as waitpid's."""
        if self._status is None:
            os.kill(self._pid, signal.SIGKILL)
            self._status = os.waitpid(self._pid, 0)[1]
            self.connection.close()
        return self._status

    def _receive(self) -> bytes:
        try:
            return self.connection.recv_bytes()
        except (EOFError, OSError):
            code = os.waitstatus_to_exitcode(self.kill())
            raise LaneEnded(f"it ended with {code}") from None  # below zero: a signal


def _become_lane(
    channel: socket.socket, others: Sequence[Any], number: int, place: Place, template: Template
) -> None:
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        for other in others:
            other.close()
        processors = processors_of(number, place.workers, sorted(os.sched_getaffinity(0)))
        with contextlib.suppress(OSError):  # it goes without
            os.sched_setaffinity(0, processors)
        template.go_apart(number, place.workers, processors)
        serve(Connection(channel.detach()), template)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


class _Dispatcher:
    """Gives each order to a lane that has nothing to do, and passes the answers on."""

    def __init__(self, asker: _Raw, place: Place) -> None:
        self._asker = asker
        self._place = place
        self._template = Template(sandbox=place.mode, hidden=(place.course,), apart=True)
        self._lanes: dict[_Raw, _Lane] = {}
        self._free: deque[_Lane] = deque()
        self._waiting: deque[Order] = deque()

    def start(self, asked: Sequence[str]) -> None:
        """Load TensorFlow and start the lanes.

        Args:
            asked: names of exercises; what needs no TensorFlow of them the lanes then share.

        Raises:
            WorkerUnavailable: submissions cannot be run.
            LaneEnded: a lane could not be started.
            OSError: the same.
        """
        self._template.start()
        load_tensorflow()
        for name in asked:
            with contextlib.suppress(Exception):  # whoever asks for it hears of it
                known_mistakes(find_exercise(name))
        self._template.wait()
        gc.freeze()  # a million objects that stay: to look through them takes 0.2 s, again and again
        for number in range(self._place.workers):
            self._start_lane(number)

    def serve(self) -> None:
        """Until the asker ends.

        Raises:
            LaneEnded: one ended, and another could not be started.
        """
        while True:
            for connection in wait([self._asker, *self._lanes]):
                if connection is not self._asker:
                    self._hear(self._lanes[connection])  # type: ignore[index]  # wait() gives what it got
                elif not self._take():
                    return
            while self._waiting and self._free:
                self._free.popleft().send(self._waiting.popleft())

    def close(self) -> None:
        """End the lanes and the template."""
        for lane in self._lanes.values():
            lane.kill()
        self._template.close()

    def _start_lane(self, number: int) -> None:
        lane = _Lane(number, self._place, self._template, [self._asker, *self._lanes])
        self._lanes[lane.connection] = lane
        self._free.append(lane)

    def _take(self) -> bool:
        """Whether there was an order."""
        try:
            self._waiting.append(self._asker.recv())
        except (EOFError, OSError):
            return False
        return True

    def _hear(self, lane: _Lane) -> None:
        connection = lane.connection
        try:
            said = lane.answer()
        except LaneEnded as ended:  # which may have to do with what it did, and with nothing else
            del self._lanes[connection]
            if lane in self._free:
                self._free.remove(lane)
            self._start_lane(lane.number)
            if lane.order is not None:
                self._tell(Answer(lane.order, None, ended))
            return
        self._free.append(lane)
        with contextlib.suppress(OSError):  # the asker has ended, as is seen next
            self._asker.send_bytes(said)

    def _tell(self, answer: Answer) -> None:
        with contextlib.suppress(OSError):
            self._asker.send(answer)


def main() -> None:
    """Do what the command line says."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the other side's business
    asker: _Raw = Connection(int(sys.argv[1]))
    tempfile.tempdir = sys.argv[2]
    mode, course, workers, *asked = sys.argv[3:]
    dispatcher = _Dispatcher(asker, Place.of(mode, course, workers))
    code = 1
    try:
        dispatcher.start(asked)
        asker.send(Answer(READY, b""))
        dispatcher.serve()
        code = 0
    except GradecheckError as error:
        with contextlib.suppress(OSError):
            asker.send(Answer(READY, None, error))
    except BaseException:
        traceback.print_exc()
    finally:
        dispatcher.close()
        shutil.rmtree(tempfile.tempdir, ignore_errors=True)  # should nobody be left to do it
        os._exit(code)


if __name__ == "__main__":
    main()
