"""Submissions that flood memory, disk, output and the results. Each stops by itself, should no limit do."""

from misbehaving.case import RIGHT, Case


def _cell(name: str, text: str, **options: object) -> Case:
    return Case(name, RIGHT["sigmoid"], 1.0, before=(text,), **options)  # type: ignore[arg-type]  # passed on


def _call(name: str, value: str, before: str = "") -> Case:
    return Case(name, f"{before}\ndef grad_sigmoid(x, dz):\n    return {value}\n")


_DISK = """
import os
try:
    for number in range(40):
        with open(f"big{number}", "wb") as file:
            for _ in range(16):
                file.write(bytes(1 << 20))
finally:
    for number in range(40):
        if os.path.exists(f"big{number}") and number % 2:
            os.remove(f"big{number}")
"""

_FILES = """
import os
for number in range(40_000):
    os.makedirs(f"d{number % 100}", exist_ok=True)
    open(f"d{number % 100}/{number}", "w").close()
"""

_DEEP = """
import os
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
"""

_MEMFD = """
import os
held = []
for _ in range(40):
    held.append(os.memfd_create("big"))
    os.write(held[-1], bytes(16 << 20))
"""

_DISPLAY = """
from IPython.display import HTML, display, clear_output
for n in range(3000):
    display(HTML("<script>alert(1)</script>" * 100), display_id=str(n))
    clear_output()
"""

SMALL = {"scratch_bytes": 64 << 20, "file_bytes": 32 << 20}

CASES = (
    _cell(
        "memory-in-a-cell",
        "held = []\nfor _ in range(48): held.append(bytearray(b'x') * (1 << 26))",
        limits={"memory_bytes": 2 << 30},
    ),
    _cell("memory-at-once", "held = np.ones(1 << 40)"),
    _call("memory-in-the-call", "[bytearray(1 << 26) for _ in range(100)]"),
    _cell("disk", _DISK, limits=SMALL),
    _cell("one-large-file", "open('big', 'wb').truncate(1 << 40)", limits=SMALL),
    _cell("many-files", _FILES, limits={"scratch_files": 2000}),
    _cell("deep-folders", _DEEP),
    _cell("memory-as-files", _MEMFD, limits={"file_bytes": 32 << 20}),
    _cell(
        "descriptors",
        "import os\nheld = [os.pipe() for _ in range(5000)]",
    ),
    _cell(
        "printing",
        "while True: print('x' * 10_000)",
    ),
    _cell("one-line", "print('x' * 300_000_000)"),
    _cell("past-python", "!head -c 300000000 /dev/zero\n%%time\npass"),
    _cell("past-python-on-stderr", "import os\nfor _ in range(30_000): os.write(2, b'x' * 10_000)"),
    _cell("displays", _DISPLAY),
    _cell("exception-with-a-long-text", "raise ValueError('x' * 200_000_000)"),
    _cell("warnings", "import warnings\nfor n in range(20_000): warnings.warn(str(n))"),
    _call("large-array", "np.zeros((30_000, 30_000), np.float32)"),
    _call("broadcast-array", "np.broadcast_to(np.float32(1), (1 << 20, 1 << 20))"),
    _call("large-tensor", "tf.zeros((8_000, 8_000))"),
    _call("many-arrays", "tuple(np.zeros((500, 500)) for _ in range(1000))"),
    _call("long-list", "[0.0] * 50_000_000"),
    _call("deep-list", "deep", "deep = 1.0\nfor _ in range(100_000): deep = [deep]"),
    _call("long-text", "'x' * 500_000_000"),
    _call("endless-generator", "list(iter(lambda: 0.0, 1))"),
    _call("large-number", "[10 ** 1_000_000] * 3"),
    Case(
        "exception-at-each-call",
        "def grad_sigmoid(x, dz):\n    raise type('E' * 100_000, (Exception,), {})('x' * 10_000_000)\n",
    ),
    Case(
        "printing-in-the-call",
        RIGHT["sigmoid"].replace("    s =", "    print('x' * 3_000_000)\n    s ="),
        1.0,
    ),
)
