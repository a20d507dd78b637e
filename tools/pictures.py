"""Make the pictures of the README in a headless Chromium: cards, terminal, watch, feedback, class report.

Run by `make pictures` at the root of the course, which needs Chromium (`make apt` installs it). All answers
shown are made up; everything else is what the commands really print and write.
"""

import io
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.terminal_theme import MONOKAI

from gradecheck import check

PICTURES = Path("docs/pictures")
ASSIGNMENT = "understanding_gradients"
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HEAD = "import numpy as np\nimport tensorflow as tf\n\n"
RIGHT = """def grad_sigmoid(x, dz):
    s = tf.sigmoid(x)
    return dz * s * tf.sigmoid(-x)
"""
NAIVE = """def grad_sigmoid(x, dz):
    e = np.exp(-np.asarray(x))
    return np.asarray(dz) * e / (1 + e) ** 2
"""
DIAGONAL = """def grad_softmax(x, dz):
    p = tf.nn.softmax(x)
    return dz * p * (1 - p)
"""
SOFTMAX = """def grad_softmax(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz))
"""
UNKNOWN = """def grad_softmax(x, dz):
    p = tf.nn.softmax(x)
    return p * dz - 0.5 * p * tf.roll(dz, 1, axis=0)
"""
RAISING = """def grad_matmul(x, y, dz):
    return tf.matmul(dz, y)
"""
OVERWRITING = """
from gradecheck.graph import gradient_function, topological_order

def compute_gradients(loss):
    table = {loss: np.ones(())}
    for node in reversed(topological_order(loss)):
        if node in table and hasattr(node, "input_nodes"):
            terms = gradient_function(node)(node, table[node])
            table.update(zip(node.input_nodes, terms if isinstance(terms, (tuple, list)) else [terms]))
    return table
"""
STUB = """def grad_conv2d(x, w, dz):
    raise NotImplementedError
"""
#: Takes the terminal as its own, as a shell makes its jobs do, and becomes the command.
TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "gradecheck", "watch", "answers.py"])
"""
STYLE = """
body { margin: 0; background: BACK; display: inline-block; padding: 12px }
pre.terminal { margin: 0; padding: 14px 18px; border-radius: 8px; background: #1d1f21; color: #e8e8e8;
               font: 13px/1.4 "DejaVu Sans Mono", monospace }
"""


def main() -> None:
    """Write all pictures."""
    if shutil.which("chromium") is None:
        sys.exit("pictures need Chromium: run `make apt` first")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_OPTIONS)
        recognised = card(DIAGONAL, "grad_softmax")
        take(browser, recognised, "card")
        take(browser, recognised, "card-dark", dark=True)
        take(browser, card(SOFTMAX, "grad_softmax"), "card-right")
        take(browser, card(UNKNOWN, "grad_softmax"), "card-unrecognised")
        with folder_with(RIGHT, DIAGONAL, RAISING, STUB) as folder:
            take(browser, printed("$ gradecheck check answers.py", checked(folder)), "terminal")
        take(browser, printed("$ gradecheck watch answers.py", watched()), "watch")
        take(browser, card(OVERWRITING, "compute_gradients"), "graph")
        feedback(browser)
        report(browser)
        browser.close()


def card(answer: str, name: str) -> str:
    """The card of an answer, with its hints and other ways open."""
    namespace: dict[str, object] = {}
    exec(compile(HEAD + answer, "answers.py", "exec"), namespace)  # our own text, above
    shown = check(namespace[name])._repr_html_()  # type: ignore[arg-type]  # the notebook's function
    return shown.replace("<details>", "<details open>", 1)


@contextmanager
def folder_with(*answers: str) -> Iterator[Path]:
    """A folder with one file of answers."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "answers.py").write_text(HEAD + "\n".join(answers), encoding="utf-8")
        yield Path(folder)


def checked(folder: Path) -> str:
    """What `gradecheck check answers.py` prints on a terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "gradecheck", "check", "answers.py"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def watched() -> str:
    """What `gradecheck watch answers.py` shows when an answer has come right, and for `h` after that."""
    with folder_with(RIGHT, SOFTMAX.replace("dz - ", ""), RAISING, STUB) as folder:
        master, slave = os.openpty()
        watch = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL],
            cwd=folder,
            env=environment(folder),
            start_new_session=True,
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        try:
            until(master, b"q leave")
            (folder / "answers.py").write_text(HEAD + RIGHT + SOFTMAX + RAISING + STUB, encoding="utf-8")
            shown = until(master, b"now right: softmax")
            os.write(master, b"h")
            shown += until(master, b"to think about")
            os.write(master, b"q")
            watch.wait(10)
        finally:
            watch.kill()
            watch.wait()
            os.close(master)
            os.close(slave)
    return shown.rpartition(b"\x1b[H")[2].decode().replace("\r", "").removeprefix("\x1b[2J")


def until(terminal: int, text: bytes) -> bytes:
    """What a terminal shows until a text has come, and a little longer."""
    shown = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.5)[0]:
            shown += os.read(terminal, 65536)
        elif text in shown:
            return shown
    sys.exit(f"the terminal never showed {text.decode()!r}, but {shown.decode()!r}")


def environment(folder: Path) -> dict[str, str]:
    """As in a terminal of usual width, with no hints remembered."""
    root = str(Path.cwd())
    return {
        **os.environ,
        "PYTHONPATH": root,
        "FORCE_COLOR": "1",
        "TERM": "xterm",
        "COLUMNS": "110",
        "LINES": "50",
        "XDG_STATE_HOME": str(folder / ".state"),
    }


def printed(command: str, shown: str) -> str:
    """The output of a command as HTML."""
    console = Console(record=True, width=110, highlight=False, force_terminal=True, file=io.StringIO())
    console.print(command, markup=False)
    for line in AnsiDecoder().decode(shown.strip("\n")):
        console.print(line)
    return console.export_html(
        theme=MONOKAI, inline_styles=True, code_format='<pre class="terminal">{code}</pre>'
    )


def gradecheck(folder: Path, *arguments: str) -> None:
    """Run a command in a folder; without it there is nothing to show."""
    done = subprocess.run(
        [sys.executable, "-m", "gradecheck", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"nothing to show: {done.stdout}{done.stderr}")


def feedback(browser: Browser) -> None:
    """A page of feedback: a class of one, graded from end to end."""
    with tempfile.TemporaryDirectory() as scratch:
        course = Path(scratch)
        shutil.copytree(Path("solutions") / ASSIGNMENT, course / "solutions" / ASSIGNMENT)
        shutil.copy("nbgrader_config.py", course)
        handed_in = course / "submitted" / "ada" / ASSIGNMENT
        handed_in.mkdir(parents=True)
        notebook = json.loads((Path("exercises") / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text("utf-8"))
        for cell in notebook["cells"]:
            for answer in (NAIVE, DIAGONAL, RAISING):
                if cell["source"] and "".join(cell["source"]).startswith(answer.partition("\n")[0]):
                    cell["source"] = answer
        (handed_in / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        for command in (["release"], ["grade", ASSIGNMENT, "--no-sandbox"]):
            gradecheck(course, *command)
        page = browser.new_page(device_scale_factor=1.25, viewport={"width": 1000, "height": 1400})
        path = course / "feedback" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.html"
        page.route("http*://**", lambda route: route.abort())
        page.goto(path.as_uri())
        answer = page.locator("div.nbgrader_cell", has_text="def grad_softmax")
        answer.screenshot(path=PICTURES / "feedback.png")
        page.close()


def report(browser: Browser) -> None:
    """The first screen of a class report: the demo's."""
    with tempfile.TemporaryDirectory() as scratch:
        gradecheck(Path.cwd(), "demo", "--folder", str(Path(scratch, "demo")))
        page = browser.new_page(device_scale_factor=1.25, viewport={"width": 1100, "height": 1180})
        page.goto(Path(scratch, "demo", "reports", f"{ASSIGNMENT}.html").as_uri())
        page.screenshot(path=PICTURES / "report.png", full_page=False)
        page.close()


def take(browser: Browser, body: str, name: str, *, dark: bool = False) -> None:
    """A picture of a piece of HTML."""
    page = browser.new_page(
        color_scheme="dark" if dark else "light",
        device_scale_factor=1.5,
        viewport={"width": 1000, "height": 700},
    )
    style = STYLE.replace("BACK", "#111" if dark else "#fff")
    page.set_content(f'<!doctype html><meta charset="utf-8"><style>{style}</style><body>{body}</body>')
    page.locator("body").screenshot(path=PICTURES / f"{name}.png")
    page.close()


if __name__ == "__main__":
    main()
