"""Large pages for the template's memory: forking it then costs a quarter.

A fork copies an entry for each page of the parent's data, and the end of the child gives each back: with
pages of 4 KiB, 60,000 of them. What a child writes to is still copied in small pages.

Large pages need data in large pieces, and Python takes memory for small objects by the mebibyte, between the
libraries that it loads meanwhile: so it is made to take all of it before.
"""

import ctypes
import sys
from pathlib import Path

_HUGE = 1 << 21  # bytes
_COLLAPSE = 25  # MADV_COLLAPSE, of Linux 6.1
_ARENAS = 96 << 20  # bytes; TensorFlow and what else is imported need about 90 MiB of small objects
_BLOCK = 512  # bytes of the largest object that Python puts there
_PINNED = 1000  # each so many blocks, one: an arena of 1 MiB, which holds 1,953, goes back only when empty

_pins: list[bytes] = []

_libc = ctypes.CDLL(None)
_libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


def gather_arenas() -> None:
    """Have Python's memory for small objects in one piece, before anything large is imported."""
    blocks = [b""] * (_ARENAS // _BLOCK)
    for number in range(len(blocks)):
        blocks[number] = bytes(_BLOCK - sys.getsizeof(b""))
    _pins.extend(blocks[::_PINNED])


def enlarge_pages() -> None:
    """Put this process's data into large pages, where the system can; once, after everything was loaded."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        place, rights, _, _, _, *name = line.split(maxsplit=5)
        if not rights.startswith("rw") or name not in ([], ["[heap]"]):
            continue
        start, end = (int(number, 16) for number in place.split("-"))
        for address in range(-(-start // _HUGE) * _HUGE, end - _HUGE + 1, _HUGE):
            _libc.madvise(address, _HUGE, _COLLAPSE)
