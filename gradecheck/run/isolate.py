"""What a child does to itself inside the template's sandbox: its own namespaces, files, user and limits.

The template stands in a bubblewrap sandbox that shows the system and Python's packages, all read-only, and
nothing of the course. That sandbox is shared; here each child gets what it must not share with others.
"""

import contextlib
import functools
import os
import resource
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gradecheck.run import kernel
from gradecheck.run.handover import copy_folder
from gradecheck.run.limits import MIB, Limits
from gradecheck.run.options import HOME, PLACE
from gradecheck.run.seccomp import build_call_filter, build_filter
from gradecheck.run.users import Users, become

_NAMESPACES = (
    kernel.CLONE_NEWNS
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWCGROUP
)
_SAFE = kernel.MS_NOSUID | kernel.MS_NODEV
_INNER_USER = 1000
_STACK_BYTES = 64 * MIB


@dataclass
class Isolation:
    """How the children of this template are isolated.

    Attributes:
        kept: folders below /tmp that stay visible, such as Python's packages.
    """

    kept: Sequence[str] = ()
    _filter: bytes | None = field(default_factory=build_filter)
    _users: Users = field(default_factory=Users)

    def enter(self, source: int, number: int, limits: Limits) -> None:
        """Isolate this process, whose pid namespace is new, and leave it in a copy of a folder.

        Args:
            source: descriptor of the submission's folder, which is closed.
            number: of the child, for a user of its own.
            limits: the kernel's limits but those of `gradecheck.run.confine`.

        Raises:
            OSError: the kernel refused a step, or the folder does not fit.
        """
        kernel.unshare(_NAMESPACES)  # the network's loopback stays down
        user = self._users.one(number)
        self._mount(limits)
        copy_folder(source, PLACE, user or 0)
        os.close(source)
        Path(HOME).mkdir()
        os.chown(HOME, user or 0, user or 0)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")  # it is to die before the judge does
        if user is None:
            _enter_user_namespace()
            kernel.bound_capabilities()
        else:
            kernel.bound_capabilities()
            become(user)
        kernel.drop_capabilities()
        _limit(limits)
        if self._filter is not None:
            kernel.filter_system_calls(self._filter)
        os.chdir(PLACE)
        os.umask(0o022)

    def _mount(self, limits: Limits) -> None:
        """A /tmp, /proc, /dev/shm and /dev/pts of its own; the first of them is all that can be written."""
        kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
        kept = [(folder, os.open(folder, os.O_PATH)) for folder in self.kept]
        size = f"size={limits.scratch_bytes},nr_inodes={limits.scratch_files},mode=1777"
        kernel.mount("tmpfs", "/tmp", "tmpfs", _SAFE, size)
        for folder, descriptor in kept:
            Path(folder).mkdir(parents=True, exist_ok=True)
            kernel.mount(f"/proc/self/fd/{descriptor}", folder, "", kernel.MS_BIND | kernel.MS_REC)
            os.close(descriptor)
        shared = Path("/tmp/.shared")  # so that one limit counts both
        shared.mkdir()
        shared.chmod(0o1777)
        kernel.mount(str(shared), "/dev/shm", "", kernel.MS_BIND)
        kernel.mount("devpts", "/dev/pts", "devpts", kernel.MS_NOSUID | kernel.MS_NOEXEC, "ptmxmode=0666")
        kernel.mount("proc", "/proc", "proc", _SAFE | kernel.MS_NOEXEC)


def seal() -> None:
    """Let this process, an isolated child, start no process any more.

    Raises:
        OSError: the kernel refused.
    """
    program = build_call_filter()
    if program is not None:
        kernel.filter_system_calls(program)


def _enter_user_namespace() -> None:
    """Be another user to this process's own eyes, so that limits count for it alone."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # else /proc/self belongs to root
    outer, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_INNER_USER} {outer} 1")
    Path("/proc/self/gid_map").write_text(f"{_INNER_USER} {group} 1")


def _limit(limits: Limits) -> None:
    for which, value in (
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        hard = resource.getrlimit(which)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (least, least))
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    least = _STACK_BYTES if hard == resource.RLIM_INFINITY else min(hard, _STACK_BYTES)
    resource.setrlimit(
        resource.RLIMIT_STACK, (least if soft == resource.RLIM_INFINITY else min(soft, least), least)
    )


def fork_apart(home: int) -> tuple[int, int]:
    """Fork into a pid namespace of its own, whose first process is a keeper that only sleeps.

    Killing the keeper kills everything in the namespace. That the worker is not itself the first process
    leaves it ordinary: the kernel ignores signals that a namespace's first process sends itself.

    Args:
        home: descriptor of this process's pid namespace.

    Returns:
        The pids of the worker, which is 0 in the worker itself, and of the keeper.

    Raises:
        OSError: the kernel refused.
    """
    command = _keeper_command()  # itself runs a process, which is not to be the first
    kernel.unshare(kernel.CLONE_NEWPID)
    worker = -1
    try:
        keeper = _start_keeper(command)
        worker = os.fork()
    finally:
        if worker != 0:
            kernel.setns(home, kernel.CLONE_NEWPID)
    return worker, keeper


def _start_keeper(command: tuple[str, ...]) -> int:
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    return os.posix_spawnp(command[0], command, {"PATH": os.defpath}, file_actions=nothing)


@functools.cache
def _keeper_command() -> tuple[str, ...]:
    """Sleep, with a deaf ear for its children's deaths where the system can: then none stays a zombie."""
    deaf = ("env", "--ignore-signal=CHLD")  # of coreutils 8.31
    done = subprocess.run([*deaf, "true"], capture_output=True, check=False)
    return (*(deaf if done.returncode == 0 else ()), "sleep", "infinity")
