"""How much of the machine a submission may use, and how much it may send."""

from dataclasses import dataclass

MIB = 1 << 20

# What one message between the judge and a worker may hold. The largest exercise moves arrays of a few
# kilobytes; the caps keep a hostile header from making the judge allocate.
MAX_RANK = 8
MAX_HEADER_BYTES = 8 * MIB
MAX_ARRAY_BYTES = 16 * MIB
MAX_MESSAGE_BYTES = 64 * MIB
MAX_ARRAYS = 1024
MAX_TEXT = 2000


@dataclass(frozen=True)
class Limits:
    """The limits of one submission.

    Attributes:
        call_seconds: wall time of one call of the student's function.
        cell_seconds: wall time of one cell.
        grace_seconds: time between asking to stop (SIGINT) and killing (SIGKILL).
        memory_bytes: address space of the process; TensorFlow itself takes about 1.3 GiB of it.
        file_bytes: the largest file that the process may write.
        output_bytes: what one cell may print and display; the rest is cut off.
        processes: processes and threads at a time (sandbox only, as are the next four).
        open_files: descriptors of one process.
        cpu_seconds: processor time of one process, should nothing else stop it.
        scratch_bytes: all files together that it may write, its copies of the submission's among them.
        scratch_files: the number of those files.
        restarts: how often the cells are run again without those that ended the process.
    """

    call_seconds: float = 10.0
    cell_seconds: float = 30.0
    grace_seconds: float = 1.0
    memory_bytes: int = 4096 * MIB
    file_bytes: int = 256 * MIB
    output_bytes: int = MIB
    processes: int = 512
    open_files: int = 1024
    cpu_seconds: int = 1800
    scratch_bytes: int = 512 * MIB
    scratch_files: int = 20_000
    restarts: int = 3
