"""Submissions that never come back: at import and in the call, with every way to be interrupted closed."""

from misbehaving.case import RIGHT, Case

_SWALLOW = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
_IGNORE = "import signal\nfor n in (2, 15, 1, 14):\n    signal.signal(n, signal.SIG_IGN)\nwhile True: pass"
_BLOCK = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass"
_IN_C = "import re\nre.match('(a+)+b', 'a' * 64)"
_DEADLOCK = "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()"
_SLEEP = "import time\ntime.sleep(1000)"
_PIPE = "import os\nos.read(os.pipe()[0], 1)"
_CHILD = "import subprocess\nsubprocess.run(['sleep', '1000'])"

_WAYS = {
    "swallows-interrupts": _SWALLOW,
    "ignores-signals": _IGNORE,
    "blocks-signals": _BLOCK,
    "in-c-code": _IN_C,
    "deadlock": _DEADLOCK,
    "sleep": _SLEEP,
    "empty-pipe": _PIPE,
    "child-that-sleeps": _CHILD,
}


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


CASES = (
    *(
        Case(f"cell-{name}", RIGHT["sigmoid"], 1.0, before=(_WAYS[name],))
        for name in (
            "swallows-interrupts",
            "ignores-signals",
            "blocks-signals",
            "in-c-code",
            "child-that-sleeps",
        )
    ),
    *(
        Case(f"call-{name}", f"def grad_sigmoid(x, dz):\n{_indented(text)}\n")
        for name, text in _WAYS.items()
        if name not in ("in-c-code", "child-that-sleeps")
    ),
    Case(
        "answers-when-interrupted",
        "def grad_sigmoid(x, dz):\n    try:\n        while True: pass\n    except BaseException:\n"
        "        return dz * tf.sigmoid(x) * tf.sigmoid(-x)\n",
    ),
    Case("await-without-end", RIGHT["sigmoid"], 1.0, before=("import asyncio\nawait asyncio.sleep(1000)",)),
    Case(
        "hangs-for-extreme-inputs",
        RIGHT["sigmoid"].replace("    s =", "    while np.abs(x).max() > 50: pass\n    s ="),
        0.8,
    ),
    Case(
        "slow-but-below-the-limit",
        RIGHT["sigmoid"].replace("    s =", "    __import__('time').sleep(0.05)\n    s ="),
        1.0,
    ),
)
