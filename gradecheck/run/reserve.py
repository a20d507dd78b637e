"""Processes and files that a submission's cells cannot use up: its calls and our messages need some.

TensorFlow starts its threads at the first call, and aborts the process when it cannot.
"""

import contextlib
import sys

_HELD = {"RLIMIT_NPROC": 32, "RLIMIT_NOFILE": 64}
_LEAST = 4  # of a limit, at most this part is held back


class Reserve:
    """Lowers the soft limits of this process, and raises them again; does nothing on Windows."""

    def __init__(self) -> None:
        self._before: dict[int, tuple[int, int]] = {}

    def hold(self) -> None:
        """Leave the cells a little less than there is; again does nothing."""
        if sys.platform == "win32" or self._before:
            return
        import resource

        for name, held in _HELD.items():
            which = getattr(resource, name)
            soft, hard = resource.getrlimit(which)
            if soft != resource.RLIM_INFINITY:
                self._before[which] = (soft, hard)
                _set(which, max(soft - held, soft - soft // _LEAST), hard)

    def release(self) -> None:
        """Let the calls have what was held back; again does nothing."""
        while self._before:
            which, (soft, hard) = self._before.popitem()
            _set(which, soft, hard)


def _set(which: int, soft: int, hard: int) -> None:
    import resource

    with contextlib.suppress(OSError, ValueError):  # the cells lowered the hard limit themselves
        resource.setrlimit(which, (soft, hard))
