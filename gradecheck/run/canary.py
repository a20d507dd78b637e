"""Proves at a template's start, in a child, that its sandbox holds and that its warm start does no harm."""

import contextlib
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gradecheck.run import warm
from gradecheck.run.cells import Cell
from gradecheck.run.child import Fork
from gradecheck.run.limits import Limits
from gradecheck.run.outcome import Raised
from gradecheck.run.sandbox import shown_folders
from gradecheck.run.session import Session

_LIMITS = Limits(cell_seconds=30.0, restarts=0)

_LEAKS = """
import os, socket
if os.getuid() == 0:
    raise AssertionError("a submission would be root")
for path in {paths!r}:
    if os.path.lexists(path):
        raise AssertionError(f"a submission would see {{path}}")
for path in {shown!r}:
    if os.access(path, os.W_OK):
        raise AssertionError(f"a submission could write to {{path}}")
if sum(name.isdigit() for name in os.listdir("/proc")) > 2:
    raise AssertionError("a submission would see other processes")
try:
    socket.create_connection(("127.0.0.1", {port}), 5).close()
except OSError:
    pass
else:
    raise AssertionError("a submission could use this machine's network")
"""


@dataclass(frozen=True)
class Proof:
    """What the canaries found.

    Attributes:
        leak: how the sandbox leaks, None when it holds.
        warm: whether children work after a warm start.
    """

    leak: str | None
    warm: bool


def prove(fork: Fork, folder: Path, hidden: Iterable[Path], *, sandboxed: bool, warmed: bool) -> Proof:
    """Run the canaries in a child.

    Args:
        fork: makes the child.
        folder: a scratch folder of the judge's.
        hidden: folders that the sandbox must not show.
        sandboxed: whether there is a sandbox.
        warmed: whether the template was warmed up.

    Raises:
        WorkerUnavailable: the child could not be made.
    """
    place = folder / "canary"
    place.mkdir(exist_ok=True)
    with _looking_for_leaks(folder, hidden) as source:
        cells = [Cell(1, source if sandboxed else ""), Cell(2, warm.CANARY if warmed else "")]
        with Session(fork, cells, place, _LIMITS) as session:
            leaks, warms = session.run_cells()
    if leaks.outcome is None:
        return Proof(None, warm=warms.ran and warms.outcome is None)
    said = leaks.outcome.message if isinstance(leaks.outcome, Raised) else "nothing can be run in it"
    return Proof(said, warm=False)


@contextlib.contextmanager
def _looking_for_leaks(folder: Path, hidden: Iterable[Path]) -> Iterator[str]:
    """The source of a cell that looks for what the judge keeps to itself: a file and a port."""
    secret = folder / "secret"
    secret.touch()
    shown = shown_folders()
    paths = [str(secret)]
    for other in hidden:
        with contextlib.suppress(OSError):
            paths += [
                str(path)
                for path in other.resolve().iterdir()
                if not any(one.is_relative_to(path) for one in shown)  # on the way to what it does show
            ]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        yield _LEAKS.format(paths=paths, shown=["/", *map(str, shown)], port=port)
