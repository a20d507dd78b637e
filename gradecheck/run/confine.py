"""What a forked child does to itself before it runs a student's code, in a sandbox and without.

What only a sandbox can do is in `gradecheck.run.isolate`.
"""

import contextlib
import os
import random
import resource
import signal
import sys
from collections.abc import Callable

import numpy as np

from gradecheck.run.limits import Limits

_HIGH = 700


def prepare_child(channel: int, directory: str, limits: Limits, enter: Callable[[], None]) -> int:
    """Confine this process; returns the descriptor to which the channel to the judge was moved.

    Args:
        channel: the socket to the judge.
        directory: the working directory, in which `enter` leaves this process.
        limits: the kernel's limits.
        enter: goes there, into a sandbox or not.

    Raises:
        OSError: the folder cannot be entered.
    """
    with contextlib.suppress(PermissionError):  # a process that was spawned has a session of its own
        os.setsid()
    enter()
    if sys.platform == "linux":
        from gradecheck.run import kernel

        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    channel = _keep_only(channel)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, limits.file_bytes)
    if sys.platform == "linux":  # macOS knows the name but not the limit
        _limit(resource.RLIMIT_AS, limits.memory_bytes)
    sys.path.append(directory)  # last: a numpy.py beside the notebook is not numpy
    sys.argv = [""]
    seed = os.urandom(16)
    random.seed(seed)
    np.random.seed(np.frombuffer(seed, np.uint32))
    return channel


def _keep_only(channel: int) -> int:
    """Close every descriptor but the channel, put stdin on nothing, move the channel out of the way."""
    import fcntl

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]  # 256 on macOS
    lowest = min(_HIGH, max(most - 250, 10)) if most != resource.RLIM_INFINITY else _HIGH
    high = fcntl.fcntl(channel, fcntl.F_DUPFD_CLOEXEC, lowest + random.SystemRandom().randrange(200))
    os.closerange(3, high)
    os.closerange(high + 1, high + 1024)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return high


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(which, (value, value))
