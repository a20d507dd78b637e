"""Linux system calls for which Python 3.11 has no function. Each raises OSError when the kernel refuses."""

import ctypes
import os
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_BIND = 1 << 12
MS_REC = 1 << 14
MS_PRIVATE = 1 << 18

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_CAPABILITY_VERSION = 0x20080522
_MOST_CAPABILITIES = 64
_SECCOMP, _SET_FILTER, _ALL_THREADS = (ctypes.c_long(number) for number in (317, 1, 1))  # of x86_64

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def prctl(option: int, value: int = 0) -> None:
    """Set one property of this process."""
    arguments = [ctypes.c_ulong(number) for number in (value, 0, 0, 0)]
    _checked(_libc.prctl(option, *arguments), f"prctl {option}")


def unshare(namespaces: int) -> None:
    """Leave the namespaces of these CLONE_ flags for new ones; for CLONE_NEWPID, the next child does."""
    _checked(_libc.unshare(ctypes.c_int(namespaces)), f"unshare {namespaces:#x}")


def setns(descriptor: int, kind: int) -> None:
    """Enter the namespace behind a descriptor; for CLONE_NEWPID, the next child does."""
    _checked(_libc.setns(ctypes.c_int(descriptor), ctypes.c_int(kind)), "setns")


def mount(source: str, target: str, kind: str, flags: int = 0, options: str = "") -> None:
    """Mount a file system."""
    result = _libc.mount(
        os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode()
    )
    _checked(result, f"mount {kind or source} on {target}")


def bound_capabilities() -> None:
    """Take away from this process the means to get any capability back."""
    for capability in range(_MOST_CAPABILITIES):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:  # the kernel knows no more of them
            break
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)


def drop_capabilities() -> None:
    """Take away from this process all capabilities that it has."""
    header = struct.pack("<Ii", _CAPABILITY_VERSION, 0)
    none = struct.pack("<6I", *[0] * 6)
    _checked(_libc.capset(header, none), "capset")


def filter_system_calls(program: bytes) -> None:
    """Install a seccomp filter, an array of `struct sock_filter`, in all threads; there is no way back."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    array = ctypes.create_string_buffer(program, len(program))
    described = Program(len(program) // 8, ctypes.cast(array, ctypes.c_void_p))
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    _checked(_libc.syscall(_SECCOMP, _SET_FILTER, _ALL_THREADS, ctypes.byref(described)), "seccomp")
