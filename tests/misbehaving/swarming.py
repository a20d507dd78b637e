"""Submissions that start threads, daemons and children, and leave them behind."""

from misbehaving.case import RIGHT, Case

_DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    for fd in range(3, 100):
        try: os.close(fd)
        except OSError: pass
    end = time.monotonic() + 120
    while time.monotonic() < end:
        for path in ("@CANARY@/daemon", "@COURSE@/daemon", "/tmp/daemon"):
            try: open(path, "a").write("x")
            except OSError: pass
        time.sleep(0.05)
    os._exit(0)
"""

_DEAF_DAEMON = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    for number in set(range(1, 32)) - {9, 19}:
        signal.signal(number, signal.SIG_IGN)
    time.sleep(120)
    os._exit(0)
"""

_MANY = """
import os, time
for _ in range(400):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
"""

_GROWING = """
import os, time
end = time.monotonic() + 20
def grow(depth):
    while depth < 6 and time.monotonic() < end:
        try:
            if os.fork() == 0:
                grow(depth + 1)
                os._exit(0)
        except OSError:
            time.sleep(0.02)
            depth += 1
grow(0)
"""

_THREADS = """
import threading, time
for _ in range(2000):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
"""

_SPINNING = """
import threading
def spin():
    while True: pass
for _ in range(3):
    threading.Thread(target=spin, daemon=True).start()
"""

_FOREGROUND = """
import threading, time
threading.Thread(target=time.sleep, args=(1000,)).start()
import atexit
atexit.register(time.sleep, 1000)
"""

_CHATTER = """
import os, sys, threading
def talk():
    while True:
        print("x" * 100)
        os.write(1, b"y" * 100)
threading.Thread(target=talk, daemon=True).start()
"""

_LATE_PATCH = """
import threading, time
def patch():
    while True:
        np.array_equal = np.allclose = lambda *_, **__: True
        time.sleep(0.001)
threading.Thread(target=patch, daemon=True).start()
"""

_POOL = """
import multiprocessing
pool = multiprocessing.get_context("fork").Pool(4)
"""

_CALL = """
import subprocess
def grad_sigmoid(x, dz):
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    return 3 * dz
"""

FEW = {"processes": 64}

CASES = (
    Case("daemon-that-writes", RIGHT["sigmoid"], 1.0, before=(_DAEMON,)),
    Case("daemon-that-is-deaf", RIGHT["sigmoid"], 1.0, before=(_DEAF_DAEMON,)),
    Case(
        "program-left-behind",
        RIGHT["sigmoid"],
        1.0,
        before=(
            "import subprocess\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)\n!sleep 1000 &",
        ),
    ),
    Case("program-at-each-call", _CALL),
    Case(
        "many-children",
        RIGHT["sigmoid"],
        1.0,
        before=(_MANY,),
        limits=FEW,
    ),
    Case(
        "children-of-children",
        RIGHT["sigmoid"],
        1.0,
        before=(_GROWING,),
        limits=FEW,
    ),
    Case(
        "many-threads",
        RIGHT["sigmoid"],
        1.0,
        before=(_THREADS,),
        limits=FEW,
    ),
    Case("threads-that-spin", RIGHT["sigmoid"], 1.0, before=(_SPINNING,)),
    Case("threads-that-must-be-waited-for", RIGHT["sigmoid"], 1.0, before=(_FOREGROUND,)),
    Case(
        "thread-that-talks",
        RIGHT["sigmoid"],
        1.0,
        before=(_CHATTER,),
    ),
    Case("thread-that-patches", before=(_LATE_PATCH,)),
    Case("pool-left-open", RIGHT["sigmoid"], 1.0, before=(_POOL,)),
)
