"""The template's memory, each time in a fresh process whose memory is nobody else's business."""

import subprocess
import sys

import pytest

FRAGMENTED = """
from gradecheck.run.pages import close_gaps, gather_arenas
size = 100
kept = [[bytes(size) for _ in range(3000)] for _ in range(2)]
del kept[0][::2], kept[1][1::3]
"""
ADDRESSES = """
fresh = [bytes(size) for _ in range(50)]
steps = {id(b) - id(a) for a, b in zip(fresh, fresh[1:])}
print(len(steps))
"""
PIECES = """
import mmap
libraries, objects = [], []
for _ in range(40):
    libraries.append(mmap.mmap(-1, 3 << 20))
    objects += [bytes(300) for _ in range(5000)]
places = sorted({id(thing) >> 20 for thing in objects})
print(sum(b - a > 2 for a, b in zip(places, places[1:])) + 1)
"""


def said(code: str, allocator: str = "default") -> str:
    environment = {"PYTHONMALLOC": allocator, "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_new_objects_fill_gaps_first() -> None:
    assert said(FRAGMENTED + ADDRESSES) != "1"


def test_new_objects_lie_in_a_row_once_the_gaps_are_closed() -> None:
    assert said(FRAGMENTED + "close_gaps()" + ADDRESSES) == "1"


def test_objects_lie_in_the_piece_that_was_gathered_whatever_is_loaded_between_them() -> None:
    assert int(said(PIECES)) > 10
    assert int(said("from gradecheck.run.pages import gather_arenas; gather_arenas()" + PIECES)) < 5


@pytest.mark.parametrize("allocator", ["malloc", "debug"])
def test_with_another_allocator_it_ends_and_takes_little_more(allocator: str) -> None:
    code = "from gradecheck.run.pages import *; gather_arenas(); close_gaps()"
    status = said(f"{code}; print(open('/proc/self/status').read())", allocator)
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    assert int(line.split()[1]) < 500 << 10
