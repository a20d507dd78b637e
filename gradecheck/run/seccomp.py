"""Which system calls a submission may not make: those that reach around a sandbox, or into the kernel.

A list of what is denied, not of what is allowed: TensorFlow and whatever students import use a great many.
Numbers are those of x86_64; on another architecture there is no filter, and the other walls must do.
"""

import errno
import platform
import struct
from collections.abc import Sequence

_ARCHITECTURE = 0xC000003E  # AUDIT_ARCH_X86_64
_X32 = 0x40000000
_KILL, _ALLOW, _ERROR = 0x80000000, 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # struct sock_filter's codes
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16  # offsets in struct seccomp_data

_SOCKET, _CLONE, _CLONE3 = 41, 56, 435
_NEW_NAMESPACES = 0x7E020000  # any CLONE_NEW… flag
_THREAD = 0x00010000  # CLONE_THREAD
_PROCESSES = {"fork": 57, "vfork": 58, "execve": 59, "execveat": 322}
_FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK; AF_VSOCK knows no namespaces

_DENIED = {
    # other processes' memory and descriptors
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "pidfd_getfd": 438,
    "process_madvise": 440,
    # namespaces and mounts
    "pivot_root": 155, "chroot": 161, "mount": 165, "umount2": 166, "unshare": 272, "setns": 308,
    "name_to_handle_at": 303, "open_by_handle_at": 304, "open_tree": 428, "move_mount": 429, "fsopen": 430,
    "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442,
    # memory that no limit counts
    "shmget": 29, "add_key": 248, "request_key": 249, "keyctl": 250,
    # the machine
    "acct": 163, "settimeofday": 164, "swapon": 167, "swapoff": 168, "reboot": 169, "sethostname": 170,
    "setdomainname": 171, "iopl": 172, "ioperm": 173, "init_module": 175, "delete_module": 176,
    "quotactl": 179, "syslog": 103, "clock_settime": 227, "kexec_load": 246, "finit_module": 313,
    "kexec_file_load": 320,
    # large parts of the kernel that no exercise needs
    "perf_event_open": 298, "bpf": 321, "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427,
}  # fmt: skip


def build_filter() -> bytes | None:
    """The filter for `gradecheck.run.kernel.filter_system_calls`, None on another architecture."""
    if platform.machine() != "x86_64":
        return None
    refused = _ERROR | errno.EPERM
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 1, 0, _ARCHITECTURE),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, refused),
        (_EQUAL, 0, 1, _CLONE3),  # its flags lie in memory; libc falls back to clone
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),
    ]
    for number in _DENIED.values():
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, refused)]
    program += [
        (_EQUAL, 0, 4, _CLONE),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_ANY_BIT, 0, 1, _NEW_NAMESPACES),
        (_RETURN, 0, 0, refused),
        (_RETURN, 0, 0, _ALLOW),
        (_EQUAL, 0, len(_FAMILIES) + 2, _SOCKET),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
    ]
    for position, family in enumerate(_FAMILIES):
        program.append((_EQUAL, len(_FAMILIES) - position, 0, family))
    program += [(_RETURN, 0, 0, _ERROR | errno.EAFNOSUPPORT), (_RETURN, 0, 0, _ALLOW)]
    return _packed(program)


def build_call_filter() -> bytes | None:
    """A filter on top of that one: no process may be started any more, though threads may."""
    if platform.machine() != "x86_64":
        return None
    refused = _ERROR | errno.EPERM
    program = [(_LOAD, 0, 0, _NUMBER_AT)]
    for number in _PROCESSES.values():
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, refused)]
    program += [
        (_EQUAL, 0, 3, _CLONE),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_ANY_BIT, 1, 0, _THREAD),
        (_RETURN, 0, 0, refused),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return _packed(program)


def _packed(program: Sequence[tuple[int, int, int, int]]) -> bytes:
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
