"""The process beside `gradecheck grade` that judges: it has a Python lock of its own, and TensorFlow.

Run as `python -P -m gradecheck.nbgrader.judging DESCRIPTOR FOLDER`. It takes orders and answers each when it
is done, until the other side closes the connection or ends; then everything that it started ends, too.
"""

import contextlib
import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

from gradecheck.cluster.codec import decode, encode
from gradecheck.cluster.parcel import Parcel
from gradecheck.errors import GradecheckError
from gradecheck.nbgrader.local import LocalPool
from gradecheck.nbgrader.orders import Answer, Order, Place
from gradecheck.nbgrader.workers import close_template

_MOST_AT_A_TIME = 256


class _Judge:
    """Does orders, each in a thread."""

    def __init__(self, connection: "Connection[Answer, Order]") -> None:
        self._connection = connection
        self._answering = threading.Lock()
        self._threads = ThreadPoolExecutor(_MOST_AT_A_TIME, "gradecheck")
        self._pools: dict[Place, LocalPool] = {}

    def serve(self) -> None:
        """Until the other side ends."""
        while True:
            order = self._connection.recv()
            if order.place not in self._pools:
                place = order.place
                self._pools = {place: LocalPool(place.mode, place.course, place.workers)}
            self._threads.submit(self._answer, order, self._pools[order.place])

    def _answer(self, order: Order, pool: LocalPool) -> None:
        try:
            answer = Answer(order.number, _done(order, pool))
        except GradecheckError as error:
            answer = Answer(order.number, None, error)
        except BaseException as error:
            traceback.print_exc()  # for the operator; a student may read the rest
            answer = Answer(order.number, None, RuntimeError(f"{type(error).__name__}: {error}"))
        try:
            with self._answering:
                self._connection.send(answer)
        except BaseException:  # the other side would wait for ever
            traceback.print_exc()
            os._exit(1)


def _done(order: Order, pool: LocalPool) -> bytes:
    if order.job is None:
        pool.start()
        pool.ready()
        gc.freeze()  # a million objects that stay: to look through them takes 0.2 s, again and again
        return b""
    return encode(pool.do(decode(order.job, Parcel).job, order.folder))


def main() -> None:
    """Do what the command line says: the connection's descriptor, and a folder for what is temporary."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the other side's business
    if hasattr(os, "SCHED_BATCH"):  # whoever runs is not pushed aside by whoever wakes up: 5 % less in all
        with contextlib.suppress(OSError):  # what runs only where nothing else does may not leave that
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    tempfile.tempdir = sys.argv[2]
    code = 1
    try:
        _Judge(Connection(int(sys.argv[1]))).serve()
    except (EOFError, OSError):
        close_template()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        shutil.rmtree(tempfile.tempdir, ignore_errors=True)  # should nobody be left to do it
        os._exit(code)  # whatever threads still do is of no use to anybody


if __name__ == "__main__":
    main()
