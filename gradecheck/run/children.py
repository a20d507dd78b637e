"""The children of a template: forked, interrupted, ended with all that they started."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradecheck.run.isolate import Isolation

_SWEEP_SECONDS = 1.0  # in which even those that start others without end are caught up with
_PART_SECONDS = 2.0  # in which a part, whose judge has gone, ends its own children
_DEATH_SECONDS = 5.0  # what the kernel may take to end a killed process


@dataclass
class _Process:
    """A child of ours, whose pid is its own until it was reaped."""

    pid: int
    status: int | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended; reaps it."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status is not None

    def wait(self, seconds: float, pause: float = 0.0005) -> bool:
        """Wait for its end, which may not come."""
        deadline = time.monotonic() + seconds
        while not self.over and time.monotonic() < deadline:
            time.sleep(pause)
        return self.over

    def signal(self, number: int) -> None:
        """Send a signal to it and to its group."""
        if not self.over:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def kill(self) -> None:
        """End it, in whatever group it is."""
        if not self.over:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


@dataclass
class _Child:
    """A worker and, in a sandbox, the first process of its pid namespace."""

    worker: _Process
    keeper: _Process | None = None


@dataclass(frozen=True)
class End:
    """How a child ended.

    Attributes:
        status: as waitpid's, None when it is not known.
        killed: whether it was we who ended it.
    """

    status: int | None
    killed: bool


class Children:
    """The children by the judge's number for each.

    Args:
        isolation: how they are isolated, None where there is no sandbox.
    """

    def __init__(self, isolation: "Isolation | None" = None) -> None:
        self._isolation = isolation
        self._children: dict[int, _Child] = {}
        self._parts: list[_Process] = []
        self._home = -1 if isolation is None else os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def fork(self, number: int, become: Callable[[], None]) -> int:
        """A new child, in which `become` is called and does not come back; its pid.

        Raises:
            OSError: the system has no process left, or refuses a namespace.
        """
        if self._isolation is None:
            pid, keeper = os.fork(), None
        else:
            from gradecheck.run.isolate import fork_apart

            pid, keeper = fork_apart(self._home)
        if pid == 0:
            become()
        self._children[number] = _Child(_Process(pid), None if keeper is None else _Process(keeper))
        return pid

    def split(self, go_on: Callable[[], None]) -> None:
        """A process with children of its own, in which `go_on` is called and does not come back.

        Raises:
            OSError: the system has no process left.
        """
        pid = os.fork()
        if pid == 0:
            self._children.clear()
            self._parts.clear()
            go_on()
        self._parts.append(_Process(pid))

    def interrupt(self, number: int) -> None:
        """Send SIGINT to a child's group."""
        if number in self._children:
            self._children[number].worker.signal(signal.SIGINT)

    def sweep(self, number: int) -> None:
        """Kill what a child started, but not the child itself.

        In a sandbox that is everything in its namespace. Without one, a daemon that left its session and
        lost its parents is not found.
        """
        child = self._children.get(number)
        if child is None:
            return
        spared = {child.worker.pid} if child.keeper is None else {child.worker.pid, child.keeper.pid}
        deadline = time.monotonic() + _SWEEP_SECONDS
        while left := _started_by(spared):
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                return
            time.sleep(0.001)

    def end(self, number: int, grace: float) -> End:
        """Wait `grace` seconds for a child's own end, then kill it, and all that it left behind."""
        child = self._children.pop(number, None)
        if child is None:
            return End(None, killed=True)
        own = child.worker.wait(grace, 0.002)
        if child.keeper is not None:
            child.keeper.kill()  # and the kernel everything else in its namespace
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.worker.pid, signal.SIGKILL)
        child.worker.kill()
        child.worker.wait(_DEATH_SECONDS)
        if child.keeper is not None:
            child.keeper.wait(_DEATH_SECONDS)
        else:
            self._kill_orphans()
        return End(child.worker.status, killed=not own)

    def end_all(self) -> None:
        """Kill all children, and parts that do not end by themselves."""
        for number in tuple(self._children):
            self.end(number, 0)
        for part in self._parts:
            part.wait(_PART_SECONDS)
            part.kill()
        if self._parts and self._isolation is None:  # what a part left that was killed
            self._parts.clear()
            self._kill_orphans()

    def _kill_orphans(self) -> None:
        """Kill what ended children left behind; as a subreaper, this process inherits it.

        Whose it was cannot be told, so a daemon of another child that still runs goes with it.
        """
        for _ in range(50):
            strays = _our_children() - {child.worker.pid for child in self._children.values()}
            strays -= {part.pid for part in self._parts}
            if not strays:
                return
            for pid in strays:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)


def _our_children() -> set[int]:
    """The pids of this process's children, where the system tells."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for task in Path("/proc/self/task").iterdir():
            found.update(map(int, (task / "children").read_text().split()))
    return found


def _started_by(roots: set[int]) -> set[int]:
    """The live processes below these, or in their sessions, where the system tells."""
    parents: dict[int, int] = {}
    found: set[int] = set()
    dead: set[int] = set()
    with contextlib.suppress(OSError):
        for entry in os.scandir("/proc"):
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    stat = Path(entry.path, "stat").read_bytes().rpartition(b")")[2].split()
                    state, parent, _, session = stat[0], *map(int, stat[1:4])
                    pid = int(entry.name)
                    parents[pid] = parent
                    if session in roots:
                        found.add(pid)
                    if state in (b"Z", b"X"):
                        dead.add(pid)
    more = roots
    while more:
        more = {pid for pid, parent in parents.items() if parent in more} - found - roots
        found |= more
    return found - roots - dead
