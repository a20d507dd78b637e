"""A JupyterLab of one's own, and how Debian's Chromium is started for it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

ROOT = Path(__file__).parents[1]
TOKEN = "only-for-this-test"
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab."""

    address: str
    folder: Path


@contextmanager
def running_lab(work: Path, folder: Path) -> Iterator[Lab]:
    """A JupyterLab started in `work`, which keeps its settings and its log in `folder`."""
    port = _free_port()
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", *_options(work, port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=work,
            env=_environment(folder),
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api", server, folder / "log")
        yield Lab(address, work)
    finally:
        _stop(server)


def _options(work: Path, port: int) -> list[str]:
    return [
        "--no-browser",
        "--allow-root",
        "--expose-app-in-browser",  # as window.jupyterapp
        f"--notebook-dir={work}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.ip=127.0.0.1",
        f"--IdentityProvider.token={TOKEN}",
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(folder: Path) -> dict[str, str]:
    """The settings of whoever runs the test stay out of it, and theirs unchanged."""
    places = {
        name: str(folder / name.lower())
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    quiet = folder / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    quiet.parent.mkdir(parents=True)
    quiet.write_text('{"fetchNews": "false", "checkForUpdates": false}')  # asks nothing, of nobody
    lab = {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "spaces"),
    }
    state = str(folder / "state")  # where the hints that were given are remembered
    return {**os.environ, **places, **lab, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": state}


def _wait_for(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 40
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (URLError, OSError):
            running = server.poll() is None and time.monotonic() < deadline
            assert running, log.read_text(encoding="utf-8", errors="replace")[-3000:]
            time.sleep(0.1)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    """End the server and its kernels, by asking and then by force."""
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
