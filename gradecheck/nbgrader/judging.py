"""The process beside `gradecheck grade` that has submissions judged: one lane for each worker.

Run as `python -P -m gradecheck.nbgrader.judging DESCRIPTOR FOLDER MODE COURSE WORKERS`, the last three being
`Place.arguments`. It says when it is ready, takes orders and answers each when it is done, until the other
side closes the connection or ends; then everything that it started ends, too. It imports TensorFlow and uses
nothing of it: the lanes are forked from it, and what runs their submissions from one template.
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

from gradecheck.errors import GradecheckError
from gradecheck.nbgrader.lane import processors_of, serve
from gradecheck.nbgrader.orders import READY, Answer, Place
from gradecheck.reference.tape import load_tensorflow
from gradecheck.run import kernel
from gradecheck.run.client import Template

_Raw: TypeAlias = "Connection[Any, Any]"  # whose messages are passed on as they are


class _LaneEnded(Exception):
    """A lane ended though nobody asked it to."""


class _Lane:
    """A forked `gradecheck.nbgrader.lane`."""

    def __init__(self, number: int, place: Place, template: Template, others: Sequence[_Raw]) -> None:
        ours, theirs = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            _become_lane(theirs, [ours, *others], number, place, template)
        self._status: int | None = None
        theirs.close()
        self.connection: _Raw = Connection(ours.detach())
        self.receive()

    def receive(self) -> bytes:
        """The next message from it.

        Raises:
            _LaneEnded: there will be none.
        """
        try:
            return self.connection.recv_bytes()
        except (EOFError, OSError):
            raise _LaneEnded(
                f"one of its processes ended with {os.waitstatus_to_exitcode(self.kill())}"
            ) from None

    def kill(self) -> int:
        """End it, and what it started ends with it; its status, as waitpid's."""
        if self._status is None:
            os.kill(self._pid, signal.SIGKILL)
            self._status = os.waitpid(self._pid, 0)[1]
        return self._status


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
    except (EOFError, OSError):
        pass  # the other side ended, and this one is about to be killed
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _start_lanes(place: Place, template: Template, asker: _Raw) -> list[_Lane]:
    template.start()
    load_tensorflow()
    template.wait()
    gc.freeze()  # a million objects that stay: to look through them takes 0.2 s, again and again
    lanes: list[_Lane] = []
    for number in range(place.workers):
        lanes.append(_Lane(number, place, template, [asker, *(lane.connection for lane in lanes)]))
    return lanes


def _dispatch(asker: _Raw, lanes: Sequence[_Lane]) -> None:
    """Give each order to a lane that has nothing to do, and pass the answers on.

    Raises:
        EOFError: the asker ended.
        OSError: it did, and something was on its way.
        _LaneEnded: a lane did, and the order that it had may have had to do with it.
    """
    free = deque(lanes)
    waiting: deque[bytes] = deque()
    by_connection = {lane.connection: lane for lane in lanes}
    while True:
        for connection in wait([asker, *by_connection]):
            if connection is asker:
                waiting.append(asker.recv_bytes())
            else:
                lane = by_connection[connection]  # type: ignore[index]  # wait() gives what it got
                asker.send_bytes(lane.receive())
                free.append(lane)
        while waiting and free:
            free.popleft().connection.send_bytes(waiting.popleft())


def main() -> None:
    """Do what the command line says."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the other side's business
    asker: _Raw = Connection(int(sys.argv[1]))
    tempfile.tempdir = sys.argv[2]
    place = Place.of(*sys.argv[3:])
    template = Template(sandbox=place.mode, hidden=(place.course,), apart=True)
    lanes: list[_Lane] = []
    code = 1
    try:
        lanes = _start_lanes(place, template, asker)
        asker.send(Answer(READY, b""))
        _dispatch(asker, lanes)
    except GradecheckError as error:
        asker.send(Answer(READY, None, error))
    except (EOFError, OSError):
        code = 0
    except _LaneEnded as ended:
        print(ended, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        for lane in lanes:
            lane.kill()
        template.close()
        shutil.rmtree(tempfile.tempdir, ignore_errors=True)  # should nobody be left to do it
        os._exit(code)


if __name__ == "__main__":
    main()
