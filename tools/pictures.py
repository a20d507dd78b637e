"""Make the pictures of the README: the terminal and the notebook's card, in a headless Chromium.

Run by `make pictures`, which needs Chromium (`make apt` installs it). The answers shown are made up.
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI

from gradecheck import check
from gradecheck.cases import PUBLIC_SEED
from gradecheck.checking import check_paths
from gradecheck.report.console import print_report

PICTURES = Path("docs/pictures")
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ANSWERS = """
import tensorflow as tf

def grad_sigmoid(x, dz):
    s = tf.sigmoid(x)
    return dz * s * tf.sigmoid(-x)

def grad_softmax(x, dz):
    p = tf.nn.softmax(x)
    return dz * p * (1 - p)

def grad_matmul(x, y, dz):
    return tf.matmul(dz, y)

def grad_conv2d(x, w, dz):
    raise NotImplementedError
"""
STYLE = """
body { margin: 0; background: BACK; display: inline-block; padding: 12px }
pre { margin: 0; padding: 14px 18px; border-radius: 8px; background: #1d1f21; color: #e8e8e8;
      font: 13px/1.4 "DejaVu Sans Mono", monospace }
"""


def main() -> None:
    """Write all pictures."""
    if shutil.which("chromium") is None:
        sys.exit("pictures need Chromium: run `make apt` first")
    PICTURES.mkdir(parents=True, exist_ok=True)
    card = softmax_card()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_OPTIONS)
        take(browser, terminal(), PICTURES / "terminal.png")
        take(browser, card, PICTURES / "card.png")
        take(browser, card, PICTURES / "card-dark.png", dark=True)
        browser.close()


def terminal() -> str:
    """What `gradecheck check answers.py` prints, as HTML."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.py"
        path.write_text(ANSWERS, encoding="utf-8")
        report = check_paths([path], seed=PUBLIC_SEED)
    console = Console(record=True, width=104, highlight=False, force_terminal=True, file=io.StringIO())
    console.print("$ gradecheck check answers.py")
    print_report(report, console)
    shown = console.export_html(theme=MONOKAI, inline_styles=True, code_format="<pre>{code}</pre>")
    return shown.replace(f"{folder}/", "")


def softmax_card() -> str:
    """The card of a softmax answer that forgets the terms off the diagonal."""
    namespace: dict[str, object] = {}
    exec(compile(ANSWERS, "answers.py", "exec"), namespace)  # our own text, above
    return check(namespace["grad_softmax"])._repr_html_()  # type: ignore[arg-type]


def take(browser: Browser, body: str, path: Path, *, dark: bool = False) -> None:
    """A picture of a piece of HTML."""
    page = browser.new_page(
        color_scheme="dark" if dark else "light",
        device_scale_factor=1.5,
        viewport={"width": 1000, "height": 700},
    )
    style = STYLE.replace("BACK", "#111" if dark else "#fff")
    page.set_content(f'<!doctype html><meta charset="utf-8"><style>{style}</style><body>{body}</body>')
    page.locator("body").screenshot(path=path)
    page.close()


if __name__ == "__main__":
    main()
