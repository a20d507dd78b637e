"""One grader at a time: a lock on the course that goes when its process does, however that ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradecheck.errors import CourseNotReady

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # asked for before it is used

#: Relative to the root of the course.
LOCK_FILE = Path(".gradecheck", "grade.lock")


@contextmanager
def only_grader(root: Path) -> Iterator[None]:
    """Be the only grader of a course.

    Raises:
        CourseNotReady: another one is at work.
    """
    path = root / LOCK_FILE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                number = file.read().strip()
                who = f"process {number}" if number else "another process"
                raise CourseNotReady(
                    f"{who} is grading in {root} right now; wait until it is done, then type the same again"
                ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
