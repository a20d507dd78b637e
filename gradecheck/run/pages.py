"""How the template's memory lies, on which it depends what forking it costs.

A fork copies an entry for each page of the parent's data, and the end of the child gives each back: with
pages of 4 KiB, 60,000 of them. Large pages need data in large pieces, but Python takes its memory for small
objects by the mebibyte, between the libraries that it loads: so it is made to take all of it before.

What a child writes to is copied, in small pages. New objects of its own would stand in the gaps between those
that stay, each on another page: so the gaps are filled before.
"""

import ctypes
import sys
from pathlib import Path

_HUGE = 1 << 21  # bytes
_COLLAPSE = 25  # MADV_COLLAPSE, of Linux 6.1
_ARENAS = 112 << 20  # bytes; TensorFlow and what else is imported need about 100 MiB of small objects
_POOL = 16384 - 48  # bytes for objects of one size
_STEP, _LARGEST = 16, 512  # of the sizes for which there are pools; what is larger lies elsewhere
_SMALLEST = 48  # size of an object that is made to fill a gap
_MOST = 1 << 20  # bytes for each size; gaps take up to 150 KiB, but not every allocator has these pools
_PINNED = 1000  # each so many blocks, one: an arena of 1 MiB, which holds 1,953, goes back only when empty

_pins: list[bytes] = []

_libc = ctypes.CDLL(None)
_libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


def gather_arenas() -> None:
    """Have Python's memory for small objects in one piece, before anything large is imported."""
    blocks = [b""] * (_ARENAS // _LARGEST)
    for number in range(len(blocks)):
        blocks[number] = _block(_LARGEST)
    _pins.extend(blocks[::_PINNED])


def close_gaps() -> None:
    """Have new small objects beside each other from now on, after everything was loaded."""
    for size in range(_SMALLEST, _LARGEST, _STEP):
        before, row = 0, 1
        for _ in range(_MOST // size):
            if row == _POOL // size:  # a pool in which there was nothing else
                break
            block = _block(size)
            row = row + 1 if id(block) == before + size else 1
            before = id(block)
            _pins.append(block)


def _block(size: int) -> bytes:
    return bytes(size - sys.getsizeof(b""))


def enlarge_pages() -> None:
    """Put this process's data into large pages, where the system can; once, after everything was loaded."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        place, rights, _, _, _, *name = line.split(maxsplit=5)
        if not rights.startswith("rw") or name not in ([], ["[heap]"]):
            continue
        start, end = (int(number, 16) for number in place.split("-"))
        for address in range(-(-start // _HUGE) * _HUGE, end - _HUGE + 1, _HUGE):
            _libc.madvise(address, _HUGE, _COLLAPSE)
