"""Large pages for the template's memory: forking it then costs a quarter.

A fork copies an entry for each page of the parent's data, and the end of the child gives each back: with
pages of 4 KiB, 60,000 of them. What a child writes to is still copied in small pages.
"""

import ctypes
from pathlib import Path

_HUGE = 1 << 21  # bytes
_COLLAPSE = 25  # MADV_COLLAPSE, of Linux 6.1

_libc = ctypes.CDLL(None)
_libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


def enlarge_pages() -> None:
    """Put this process's data into large pages, where the system can; once, after everything was loaded."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        place, rights, _, _, _, *name = line.split(maxsplit=5)
        if not rights.startswith("rw") or name not in ([], ["[heap]"]):
            continue
        start, end = (int(number, 16) for number in place.split("-"))
        for address in range(-(-start // _HUGE) * _HUGE, end - _HUGE + 1, _HUGE):
            _libc.madvise(address, _HUGE, _COLLAPSE)
