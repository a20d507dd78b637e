"""Whose turn it is: how the kernel shares the processors among the writer, the judges and students' code."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def giving_way() -> Iterator[None]:
    """Let this thread, when it has something to do again, wait until others have had their turn.

    Otherwise it would stop them at once, each time. For the writer that costs 4 % of all where there is a
    worker for each processor; a judge, woken by each result, would stop the answer that sent it, which makes
    a fifth more switches. Where the kernel allows none of this, nothing changes.
    """
    if sys.platform != "linux":
        yield
        return
    before, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    if before != os.SCHED_OTHER:  # somebody chose that
        yield
        return
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, before, priority)
