"""A process that judges, one submission after the other, with a template of its own.

It is forked by `gradecheck.nbgrader.judging` once TensorFlow is imported, and has a Python lock and, where
there is a worker for each of them, a processor of its own: judge and worker take turns anyway, and what one
has just written the other finds in the same caches.
"""

import contextlib
import sys
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection

from gradecheck.cluster.codec import decode, encode
from gradecheck.cluster.parcel import Parcel
from gradecheck.errors import GradecheckError
from gradecheck.nbgrader.local import do_in_copy
from gradecheck.nbgrader.orders import READY, Answer, Order
from gradecheck.run.client import Template
from gradecheck.run.turns import giving_way


def processors_of(lane: int, lanes: int, usable: Sequence[int]) -> Sequence[int]:
    """Where one of several lanes runs: each on its own, or all wherever there is room.

    Args:
        lane: its number, from 0.
        lanes: how many there are.
        usable: the processors that we may use.
    """
    return usable[lane : lane + 1] if lanes == len(usable) else usable


def serve(connection: "Connection[Answer, Order]", template: Template) -> None:
    """Say that it is ready, and judge until the other side ends."""
    connection.send(Answer(READY, b""))
    with giving_way(), contextlib.suppress(EOFError, ConnectionError):
        while True:
            connection.send(_answer(connection.recv(), template))


def _answer(order: Order, template: Template) -> Answer:
    try:
        return Answer(order.number, encode(do_in_copy(decode(order.job, Parcel).job, template, order.folder)))
    except GradecheckError as error:
        return Answer(order.number, None, error)
    except Exception as error:
        traceback.print_exc(file=sys.stderr)  # for the operator; a student may read the rest
        return Answer(order.number, None, RuntimeError(f"{type(error).__name__}: {error}"))
