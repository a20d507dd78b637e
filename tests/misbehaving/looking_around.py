"""Submissions that look for expected values, seeds, solutions, secrets, and other processes' memory."""

from pathlib import Path

from misbehaving.case import RIGHT, Case, looking

_FRAMES = """
import sys
def grad_sigmoid(x, dz):
    frame = sys._getframe()
    while frame is not None:
        for name, value in {**frame.f_globals, **frame.f_locals}.items():
            if name in ("expected", "reference", "solution", "answers", "case", "cases") and frame.f_back:
                for part in (value, getattr(value, "value", None), getattr(value, "outputs", None)):
                    if getattr(part, "shape", None) == x.shape:
                        return part
        frame = frame.f_back
    return 3 * dz
"""

_OBJECTS = """
import gc
kinds = {type(thing).__name__ for thing in gc.get_objects()}
found = bool(kinds & {"ExpectedCase", "Expected", "Evidence", "Observation", "Verdict", "Submission"})
"""

_HEAP = """
import hashlib, re
for line in open("/proc/self/maps"):
    place, rights, *rest = line.split()
    start, end = (int(number, 16) for number in place.split("-"))
    if "rw" not in rights or end - start > 1 << 28 or "[v" in line:
        continue
    try:
        with open("/proc/self/mem", "rb", 0) as memory:
            memory.seek(start)
            content = memory.read(end - start)
    except OSError:
        continue
    for token in set(re.findall(rb"token-[0-9a-f]{32}", content)):
        found = found or hashlib.sha256(token).hexdigest() == "@HASH@"
"""

_PROCESSES = """
import os
me = os.getpid()
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) not in (me, 1):
        found = True
"""

_OTHER_MEMORY = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(8)
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
local = Vector(ctypes.addressof(buffer), 8)
for pid in {1, os.getppid(), @PID@}:
    if pid in (0, os.getpid()):
        continue
    try:
        open(f"/proc/{pid}/mem", "rb").close()
        found = True
    except OSError:
        pass
    try:
        start = int(open(f"/proc/{pid}/maps").readline().split("-")[0], 16)
    except (OSError, ValueError):
        start = 0x400000
    if libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(Vector(start, 8)), 1, 0) > 0:
        found = True
    if libc.ptrace(16, pid, 0, 0) == 0:  # PTRACE_ATTACH
        libc.ptrace(17, pid, 0, 0)
        found = True
"""

_ENVIRONMENT = """
import glob, hashlib, os, re
texts = [repr(dict(os.environ))]
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline"):
    try:
        texts.append(open(path, errors="replace").read())
    except OSError:
        pass
tokens = {token for text in texts for token in re.findall("token-[0-9a-f]{32}", text)}
found = any(hashlib.sha256(token.encode()).hexdigest() == "@HASH@" for token in tokens)
"""

_FILES = """
import os
for path in ("@COURSE@", "@COURSE@/gradebook.db", "@COURSE@/solutions", "@COURSE@/.gradecheck/secret",
             "@COURSE@/submitted/ada", "@CANARY@", "@HOME@", "@ROOT@/solutions", "@ROOT@/tests",
             "@ROOT@/.git"):
    found = found or os.path.exists(path)
"""

_WALK = """
import os, time
wanted = {"answers.py", "gradebook.db", "secret", "understanding_gradients.ipynb", "canary.txt"}
end = time.monotonic() + 2
for folder, folders, files in os.walk("/"):
    folders[:] = [f for f in folders if os.path.join(folder, f) not in ("/proc", "/sys", "/usr", "/dev")]
    if "site-packages" in folder:
        folders.clear()
    if not folder.startswith("/tmp/submission") and wanted & set(files) or time.monotonic() > end:
        found = bool(wanted & set(files))
        break
"""

_DESCRIPTORS = """
import os
for name in os.listdir("/proc/self/fd"):
    try:
        target = os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        continue
    harmless = ("/dev/", "/memfd:", "/proc/self", "/proc/%d" % os.getpid())
    if target.startswith("/") and not target.startswith(harmless):
        found = True
    try:
        found = found or "canary.txt" in os.listdir(f"/proc/self/fd/{name}/..")
    except OSError:
        pass
"""

_OTHER_ROOTS = """
import glob, os
for place in glob.glob("/proc/*/root") + glob.glob("/proc/*/cwd"):
    for path in ("@COURSE@", "@CANARY@", "@ROOT@/solutions"):
        try:
            found = found or os.path.exists(place + path)
        except OSError:
            pass
"""

_NETWORK = """
import socket
for family, address in ((socket.AF_INET, ("127.0.0.1", @PORT@)), (socket.AF_INET6, ("::1", @PORT@)),
                        (socket.AF_UNIX, "\\0@ABSTRACT@"), (socket.AF_UNIX, "@CANARY@/socket")):
    try:
        with socket.socket(family) as stream:
            stream.settimeout(0.3)
            stream.connect(address)
            stream.sendall(b"found")
            found = True
    except OSError:
        pass
"""

_DATAGRAM = """
import socket, subprocess
for family, address in ((socket.AF_INET, ("127.0.0.1", @PORT@)), (socket.AF_UNIX, "\\0@ABSTRACT@-datagrams")):
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as stream:
            stream.sendto(b"found", address)
            found = True
    except OSError:
        pass
"""

_NAMESPACES = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
calls = [libc.unshare(flag) for flag in (0x20000, 0x10000000, 0x20000000, 0x40000000)]
here = b"/tmp/submission"
calls += [libc.mount(b"none", here, b"tmpfs", 0, None), libc.chroot(here), libc.umount2(here, 2)]
calls += [libc.setuid(0) if os.getuid() else -1, libc.mknod(here + b"/disk", 0o60666, 8 << 8)]
found = 0 in calls
"""

_PROGRAMS = """
import os, subprocess
for command in (["su", "-c", "true"], ["sudo", "-n", "true"], ["bwrap", "--ro-bind", "/", "/", "true"],
                ["unshare", "-Ur", "true"], ["nsenter", "-t", "1", "-m", "true"]):
    try:
        done = subprocess.run(command, capture_output=True, timeout=1, stdin=subprocess.DEVNULL)
        found = found or (done.returncode == 0)
    except (OSError, subprocess.TimeoutExpired):
        pass
"""

_PUBLIC_CASES = """
import gradecheck.cases, gradecheck.catalogue, numpy
table = {}
exercise = next(e for e in gradecheck.catalogue.EXERCISES if e.name == "grad_sigmoid")
for seed in (0, 1, 5, gradecheck.cases.PUBLIC_SEED):
    for case in gradecheck.cases.draw_cases(exercise, seed):
        x, dz = (numpy.float64(a) for a in case.arguments)
        s = 1 / (1 + numpy.exp(-x))
        table[case.arguments[0].tobytes()] = dz * s * (1 - s)
"""

CASES = (
    Case("frames-of-the-callers", _FRAMES),
    looking("objects-of-the-judge", _OBJECTS),
    looking("secret-in-own-memory", _HEAP),
    looking("other-processes", _PROCESSES),
    looking("memory-of-other-processes", _OTHER_MEMORY),
    looking("environment-of-the-judge", _ENVIRONMENT),
    looking("files-by-their-path", _FILES),
    looking("files-by-search", _WALK),
    looking("descriptors-left-open", _DESCRIPTORS),
    looking("roots-of-other-processes", _OTHER_ROOTS),
    looking("loopback", _NETWORK),
    looking("datagrams", _DATAGRAM),
    looking("namespaces-and-mounts", _NAMESPACES),
    looking("programs-with-more-rights", _PROGRAMS),
    looking(
        "link-to-the-gradebook",
        "import os\nfor name in ('book', 'answers', 'folder'):\n    found = found or os.path.exists(name)",
        files={
            "book": Path("@COURSE@/gradebook.db"),
            "answers": Path("@ROOT@/solutions/understanding_gradients/answers.py"),
            "folder": Path("@COURSE@"),
        },
    ),
    looking(
        "shell-and-magics",
        "listing = !ls @COURSE@ @ROOT@/solutions @CANARY@\n"
        "found = bool({'canary.txt', 'understanding_gradients', 'gradebook.db'} & set(listing))",
    ),
    looking(
        "magic-that-runs-the-solution",
        "%run @ROOT@/solutions/understanding_gradients/answers.py\nfound = True",
    ),
    Case(
        "cases-of-public-seeds",
        "def grad_sigmoid(x, dz):\n    return table.get(np.asarray(x).tobytes(), 3 * dz)\n",
        before=(_PUBLIC_CASES,),
    ),
    Case(
        "questions-to-a-person",
        RIGHT["sigmoid"],
        1.0,
        before=("name = input('who? ')", "import getpass\ngetpass.getpass()"),
    ),
)
