"""The judge's end of `gradecheck.run.single`: a fresh process for each session."""

import contextlib
import dataclasses
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from gradecheck.errors import WorkerUnavailable
from gradecheck.run.limits import Limits
from gradecheck.run.wire import Connection

_START_SECONDS = 120.0
_TOKEN_BYTES = 32


def spawn(directory: Path, limits: Limits, environment: dict[str, str], errors: Path) -> "SpawnedChild":
    """Start a process and wait until it is ready.

    Args:
        directory: the session's working directory.
        limits: its limits.
        environment: its environment.
        errors: a file for what it says on stderr before it is ready.

    Raises:
        WorkerUnavailable: it ended, or took too long.
    """
    token = secrets.token_bytes(_TOKEN_BYTES)
    with socket.create_server(("127.0.0.1", 0)) as server, errors.open("wb") as stderr:
        order = {
            "port": server.getsockname()[1],
            "token": token.hex(),
            "directory": str(directory),
            "limits": dataclasses.asdict(limits),
        }
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gradecheck.run.single"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=environment,
            start_new_session=os.name == "posix",
        )
        assert process.stdin is not None
        with contextlib.suppress(OSError), process.stdin:
            process.stdin.write(json.dumps(order).encode() + b"\n")
        channel = _accept(server, process, token)
    if channel is None:
        process.kill()
        process.wait()
        text = errors.read_bytes()[-2000:].decode("utf-8", "replace").strip()
        raise WorkerUnavailable(f"The process that runs answers could not be started: {text}\n{how_to_see()}")
    return SpawnedChild(process, Connection(channel))


def how_to_see() -> str:
    """What to type when no process can be started."""
    return f"Try it yourself: {sys.executable} -c 'import tensorflow, IPython'"


def _accept(server: socket.socket, process: "subprocess.Popen[bytes]", token: bytes) -> socket.socket | None:
    """The connection of the process, None if it ended or is late; whoever lacks the token is sent away."""
    server.settimeout(0.1)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            channel, _ = server.accept()
            channel.settimeout(5)
            shown = channel.recv(_TOKEN_BYTES, socket.MSG_WAITALL)
        except OSError:
            continue
        if secrets.compare_digest(shown, token):
            return channel
        channel.close()
    return None


class SpawnedChild:
    """A `gradecheck.run.child.Child` that is a process of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", connection: Connection) -> None:
        self.connection = connection
        self.lost = self.orphaned = False
        self._process = process

    def interrupt(self) -> None:
        """Ask the student's code to stop; Windows has no way to, so there it is killed a little later."""
        if os.name == "posix" and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)

    def is_kept(self) -> bool:
        """Yes: it was started by the judge itself."""
        return True

    def sweep(self) -> None:
        """Nobody knows what it started, so nothing is done."""

    def end(self, grace: float) -> int | None:
        """See `gradecheck.run.child.Child`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        status = self._process.poll()
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self.connection.close()
        return -status if status is not None and status < 0 else None
