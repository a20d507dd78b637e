"""Measure what a second worker is worth: the same class by one worker and by several, in turn, in one run.

Run by `make bench`. As in bench.py, a class of some and a whole class give the wall time of one more
submission, and the start-up apart.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench import OURS, make_course
from pages import write_part
from usage import run

from gradecheck.made_up_class import ASSIGNMENT
from gradecheck.pool import usable_cores

SOME = 20


def wall(students: int, workers: int, folder: Path) -> float:
    """Seconds that a class takes."""
    make_course(folder, OURS.format(sandbox=True), students)
    grade = (sys.executable, "-m", "gradecheck", "grade", ASSIGNMENT, "--workers", str(workers))
    return run(grade, folder).whole.wall


def one_more(students: int, workers: int) -> float:
    """Seconds that one more submission takes."""
    with tempfile.TemporaryDirectory(prefix="gradecheck-bench-") as scratch:
        some = wall(SOME, workers, Path(scratch, "some"))
        return (wall(students, workers, Path(scratch, "all")) - some) / (students - SOME)


def table(found: dict[int, list[float]]) -> str:
    """Seconds of each round by the number of workers, as Markdown; ratios are of the same round."""
    alone = found[1]
    lines = ["| workers | wall s a submission, median | each round | times as fast |", "|---|---|---|---|"]
    for workers, seconds in found.items():
        ratios = [before / after for before, after in zip(alone, seconds, strict=True)]
        told = ", ".join(f"{second:.3f}" for second in seconds)
        lines.append(f"| {workers} | {median(seconds):.3f} | {told} | {median(ratios):.2f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=140, help="size of the class (default: 140)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: 5)")
    parser.add_argument("--workers", type=int, default=usable_cores(), help="the most (default: a core each)")
    options = parser.parse_args()
    found: dict[int, list[float]] = {1: [], options.workers: []}
    for _ in range(options.rounds):
        for workers, seconds in found.items():
            seconds.append(one_more(options.students, workers))
            print(workers, f"{seconds[-1]:.4f}", flush=True)
    text = (
        f"One more submission, in a class of {options.students}, by one worker and by several in turn, "
        f"{options.rounds} rounds on {os.cpu_count()} cores:\n\n{table(found)}"
    )
    print(f"\n{text}")
    write_part("What a worker more is worth", text)


if __name__ == "__main__":
    main()
