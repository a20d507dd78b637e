"""The template: a process that has imported everything and forks a worker for each submission.

Run as `python -P -m gradecheck.run.template DESCRIPTOR`. It holds no answer, no seed and no expected
value, runs nothing of a student's, and must not run a TensorFlow operation: forking after one makes
`tf.function` hang in the child. Requests are lines of JSON, each answered by one line:

    {"op": "fork", "child": n, "directory": …, "limits": {…}, "figures": bool} and a descriptor
                                                ->  {"pid": …}
    {"op": "interrupt", "child": n}             ->  {}
    {"op": "end", "child": n, "grace": seconds} ->  {"status": as waitpid's, or null, "killed": bool}

When the judge closes the connection, or ends, the template kills all children and ends, too.
"""

import array
import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradecheck.run.limits import Limits

_PR_SET_CHILD_SUBREAPER = 36


@dataclass
class _Template:
    """The children that were forked, by the judge's number for each."""

    control: socket.socket
    shell: Any
    pids: dict[int, int] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)

    def handle(self, request: dict[str, Any], descriptor: int | None) -> dict[str, Any]:
        child = request["child"]
        if request["op"] == "fork" and descriptor is not None:
            return self._fork(child, request, descriptor)
        if request["op"] == "interrupt":
            self._signal(child, signal.SIGINT)
            return {}
        return self._end(child, request["grace"])

    def quit(self) -> None:
        """Kill all children and what they left behind, and end."""
        for child in tuple(self.pids):
            self._end(child, 0)
        os._exit(0)

    def _fork(self, child: int, request: dict[str, Any], descriptor: int) -> dict[str, Any]:
        if request["figures"]:  # at first need: half a second, once for all children
            with contextlib.suppress(ImportError):
                importlib.import_module("matplotlib.pyplot")
        pid = os.fork()
        if pid == 0:
            _become_worker(self.shell, request, descriptor)
        os.close(descriptor)
        self.pids[child] = pid
        return {"pid": pid}

    def _signal(self, child: int, number: int) -> None:
        if child in self.pids and child not in self.statuses:  # not yet reaped, so the pid is still its own
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pids[child], number)

    def _end(self, child: int, grace: float) -> dict[str, Any]:
        deadline = time.monotonic() + grace
        while not self._reaped(child) and time.monotonic() < deadline:
            time.sleep(0.002)
        killed = child not in self.statuses
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pids[child], signal.SIGKILL)
        if killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pids[child], signal.SIGKILL)
        deadline = time.monotonic() + 5
        while not self._reaped(child) and time.monotonic() < deadline:
            time.sleep(0.0005)
        self._kill_orphans()
        self.pids.pop(child, None)
        return {"status": self.statuses.pop(child, None), "killed": killed}

    def _reaped(self, child: int) -> bool:
        if child in self.statuses or child not in self.pids:
            return True
        pid, status = os.waitpid(self.pids[child], os.WNOHANG)
        if pid:
            self.statuses[child] = status
        return bool(pid)

    def _kill_orphans(self) -> None:
        """Kill what ended children left behind; as a subreaper, this process inherits it.

        Whose it was cannot be told, so a daemon of another child that still runs goes with it.
        """
        for _ in range(50):
            strays = _children() - set(self.pids.values())
            if not strays:
                return
            for pid in strays:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)


def _children() -> set[int]:
    """The pids of this process's children, where the system tells."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for task in Path("/proc/self/task").iterdir():
            found.update(map(int, (task / "children").read_text().split()))
    return found


def _become_worker(shell: Any, request: dict[str, Any], descriptor: int) -> None:
    from gradecheck.run.confine import prepare_child
    from gradecheck.run.worker import serve

    code = 1
    try:
        limits = Limits(**request["limits"])
        serve(shell, prepare_child(descriptor, request["directory"], limits), limits)
        code = 0
    finally:
        os._exit(code)


def prepare() -> Any:
    """Import what notebooks use, and build the shell; no TensorFlow operation may run here."""
    modules = ["numpy.testing", "tensorflow", "gradecheck.run.worker", "gradecheck.run.shell"]
    if os.name == "posix":
        modules.append("gradecheck.run.confine")
    for name in modules:
        importlib.import_module(name)
    from gradecheck.run.shell import build_shell

    return build_shell()


def _receive(control: socket.socket) -> tuple[dict[str, Any], int | None]:
    line = b""
    descriptor = None
    while not line.endswith(b"\n"):
        chunk, ancillary, _, _ = control.recvmsg(1 << 16, socket.CMSG_SPACE(4))
        if not chunk:
            raise EOFError
        line += chunk
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptor = array.array("i", data[:4])[0]
    return json.loads(line), descriptor


def main() -> None:
    """Serve until the judge closes the connection or ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the judge's business
    control = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(control.fileno(), False)
    template = _Template(control, prepare())
    gc.collect()
    gc.freeze()  # keeps the garbage collector of a child from copying the template's pages
    control.sendall(json.dumps({"ready": os.getpid()}).encode() + b"\n")
    while True:
        try:
            request, descriptor = _receive(control)
            reply = template.handle(request, descriptor)
        except (EOFError, ConnectionError):
            template.quit()
        except OSError as error:
            reply = {"error": str(error)}
        control.sendall(json.dumps(reply).encode() + b"\n")


if __name__ == "__main__":
    main()
