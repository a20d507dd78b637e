"""Submissions that end, stop or replace their process, and that aim signals at others.

Whoever signals others first makes sure that it sees no more than a sandbox shows.
"""

from misbehaving.case import RIGHT, Case

_ALONE = """
import os, signal
visible = [int(name) for name in os.listdir("/proc") if name.isdigit()]
alone = os.getcwd() == "/tmp/submission" and len(visible) <= 4
"""

_IN_CELL = {
    "exit-at-once": "import os\nos._exit(0)",
    "exit-politely": "raise SystemExit(0)",
    "abort": "import os\nos.abort()",
    "segfault": "import ctypes\nctypes.string_at(0)",
    "kill-itself": "import os\nos.kill(os.getpid(), 9)",
    "stop-itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "become-another-program": "import os\nos.execv('/bin/true', ['true'])",
    "leave-by-a-fork": "import os, time\nif os.fork():\n    os._exit(0)\ntime.sleep(60)",
    "alarm": "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)\nwhile True: pass",
    "stack-overflow": (
        "import sys\nsys.setrecursionlimit(10**9)\ndef deep(n): return [deep(n + 1) for _ in '1']\ndeep(0)"
    ),
    "channel-closed": "import os\nos.closerange(3, 4096)",
}

_IN_CALL = {
    "exit-at-once": "os._exit(0)",
    "exit-politely": "raise SystemExit(0)",
    "keyboard-interrupt": "raise KeyboardInterrupt",
    "generator-exit": "raise GeneratorExit",
    "abort": "os.abort()",
    "segfault": "ctypes.string_at(0)",
    "kill-itself": "os.kill(os.getpid(), 9)",
    "stop-itself": "os.kill(os.getpid(), signal.SIGSTOP)",
    "become-another-program": "os.execv('/bin/sh', ['sh', '-c', 'sleep 50'])",
    "leave-by-a-fork": "return 3 * dz if os.fork() else 3 * dz",
    "channel-closed": "os.closerange(3, 4096)",
}

CASES = (
    *(Case(f"cell-{name}", RIGHT["sigmoid"], 1.0, before=(text,)) for name, text in _IN_CELL.items()),
    *(
        Case(f"call-{name}", f"import ctypes, os, signal\ndef grad_sigmoid(x, dz):\n    {text}\n")
        for name, text in _IN_CALL.items()
    ),
    Case(
        "kill-the-parent",
        RIGHT["sigmoid"],
        1.0,
        before=(_ALONE + "if alone and os.getppid() > 1:\n    os.kill(os.getppid(), 9)",),
    ),
    Case(
        "kill-the-judge-by-number",
        RIGHT["sigmoid"],
        1.0,
        before=(_ALONE + "if alone:\n    os.kill(@PID@, 9)",),
    ),
    Case(
        "kill-the-group",
        RIGHT["sigmoid"],
        1.0,
        before=(_ALONE + "if alone:\n    os.killpg(os.getpgid(0), 9)",),
    ),
    Case(
        "kill-everything-in-sight",
        "def grad_sigmoid(x, dz):\n    for pid in sorted(visible if alone else ()):\n"
        "        os.kill(pid, signal.SIGKILL)\n    return 3 * dz\n",
        before=(_ALONE,),
    ),
    Case(
        "stop-the-keeper",
        RIGHT["sigmoid"],
        1.0,
        before=(
            _ALONE + "for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):\n"
            "    try:\n        os.kill(1, number) if alone else None\n    except OSError: pass",
        ),
    ),
    Case("six-deadly-cells", RIGHT["sigmoid"], 0.0, before=("import os\nos._exit(1)",) * 6, others=0.0),
    Case(
        "exits-for-extreme-inputs",
        RIGHT["sigmoid"].replace(
            "    s =", "    if np.abs(x).max() > 50: __import__('os')._exit(0)\n    s ="
        ),
        0.8,
    ),
)
