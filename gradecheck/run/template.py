"""The template: a process that has imported everything and forks a worker for each submission.

Run as `python -P -m gradecheck.run.template DESCRIPTOR OPTIONS`, the latter being the JSON of `Options`. It
holds no answer, no seed and no expected value, runs nothing of a student's, and runs no TensorFlow operation
but those of `gradecheck.run.warm`: forking after one makes `tf.function` hang in the child. Requests are
lines of JSON, each answered by one line:

    {"op": "fork", "child": n, "directory": …, "limits": {…}, "figures": bool} and descriptors
                                                ->  {"pid": …}
    {"op": "interrupt", "child": n}             ->  {}
    {"op": "sweep", "child": n}                 ->  {}, once what the child started was killed
    {"op": "end", "child": n, "grace": seconds} ->  {"status": as waitpid's, or null, "killed": bool}
    {"op": "usage"}                             ->  {"cpu": seconds, of ended children, too}
    {"op": "split", "part": from 0, "parts": how many, "processors": […]} and a descriptor
                                                ->  {}; a template like this one will answer there

The descriptors of a fork are the child's end of its channel to the judge and, in a sandbox, the submission's
folder. When the judge closes the connection, or ends, the template kills all children and ends, too.
"""

import array
import contextlib
import dataclasses
import gc
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from gradecheck.run.children import Children
from gradecheck.run.limits import Limits
from gradecheck.run.options import Options
from gradecheck.run.users import Users, move_in

if TYPE_CHECKING:
    from gradecheck.run.isolate import Isolation
    from gradecheck.run.warm import Scatter

_MOST_DESCRIPTORS = 2


class _Template:
    def __init__(self, control: socket.socket, shell: Any, options: Options) -> None:
        self._control = control
        self._shell = shell
        self._isolation = _isolation(options)
        self._users = Users() if options.apart else None
        self._scatter = _warm_up(shell) if options.warm else None
        self._steps = 1  # for each child; parts of a template take turns
        self._children = Children(self._isolation)

    def serve(self) -> None:
        """Answer until the judge closes the connection or ends."""
        while True:
            try:
                request, descriptors = _receive(self._control)
                try:
                    reply = self._handle(request, descriptors)
                finally:
                    for descriptor in descriptors:
                        os.close(descriptor)
            except (EOFError, ConnectionError):
                self._end()
            except OSError as error:
                reply = {"error": str(error)}
            try:
                self._control.sendall(json.dumps(reply).encode() + b"\n")
            except OSError:  # the judge has ended meanwhile
                self._end()

    def _end(self) -> NoReturn:
        self._children.end_all()
        os._exit(0)

    def _handle(self, request: dict[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
        if request["op"] == "usage":
            return {"cpu": sum(os.times()[:4])}
        if request["op"] == "split":
            self._split(descriptors[0], request)
            return {}
        child = request["child"]
        if request["op"] == "interrupt":
            self._children.interrupt(child)
            return {}
        if request["op"] == "sweep":
            self._children.sweep(child)
            return {}
        if request["op"] == "end":
            return dataclasses.asdict(self._children.end(child, request["grace"]))
        if request["figures"]:  # at first need: half a second, once for all children
            with contextlib.suppress(ImportError):
                importlib.import_module("matplotlib.pyplot")
        if self._scatter is not None:
            self._scatter.pass_by(self._steps)
        return {"pid": self._children.fork(child, lambda: self._become_worker(request, descriptors))}

    def _split(self, descriptor: int, request: dict[str, Any]) -> None:
        def go_on() -> None:
            try:
                self._control.close()
                self._control = socket.socket(fileno=os.dup(descriptor))
                os.close(descriptor)
                if sys.platform == "linux":
                    _inherit_orphans()
                    with contextlib.suppress(OSError):  # it goes without
                        os.sched_setaffinity(0, request["processors"])
                self._steps = request["parts"]
                if self._scatter is not None:
                    self._scatter.pass_by(1 + request["part"])
                self.serve()
            finally:
                os._exit(1)

        self._children.split(go_on)

    def _become_worker(self, request: dict[str, Any], descriptors: Sequence[int]) -> None:
        from gradecheck.run.confine import prepare_child
        from gradecheck.run.worker import refuse, serve

        code = 1
        try:
            limits = Limits(**request["limits"])
            channel, *folder = descriptors
            directory = request["directory"]

            def enter() -> None:
                if self._scatter is not None:
                    self._scatter()
                if self._isolation is not None:
                    self._isolation.enter(folder[0], request["child"], limits)
                elif self._users is not None:
                    self._move_in(directory, request["child"])
                else:
                    os.chdir(directory)

            try:
                channel = prepare_child(channel, directory, limits, enter)
            except OSError as error:
                refuse(channel, error)
            else:
                serve(self._shell, channel, limits, self._seal())
                code = 0
        finally:
            os._exit(code)

    def _move_in(self, directory: str, number: int) -> None:
        user = self._users.one(number) if self._users is not None else None
        if user is None:
            raise OSError("there is no user to spare")
        move_in(Path(directory), user)

    def _seal(self) -> Callable[[], None] | None:
        if self._isolation is None:
            return None
        from gradecheck.run.isolate import seal

        return seal


def _isolation(options: Options) -> "Isolation | None":
    if not options.sandboxed:
        return None
    from gradecheck.run.isolate import Isolation

    return Isolation(options.kept)


def _warm_up(shell: Any) -> "Scatter":
    from gradecheck.run.rehearsal import rehearse
    from gradecheck.run.warm import Scatter, warm_up

    warm_up()
    with contextlib.suppress(Exception):  # it only saves time; IPython may have changed
        rehearse(shell)
    return Scatter()


def prepare() -> Any:
    """Import what notebooks use, and build the shell; no TensorFlow operation may run here."""
    gc.disable()  # looking for garbage while TensorFlow is imported takes a fifth of the import's time
    modules = ["numpy.testing", "tensorflow", "gradecheck.run.worker", "gradecheck.run.shell"]
    if os.name == "posix":
        modules.append("gradecheck.run.confine")
    for name in modules:
        importlib.import_module(name)
    from gradecheck.run.direct import run_directly
    from gradecheck.run.shell import build_shell
    from gradecheck.run.values import take_tensorflow
    from gradecheck.run.watch import remember

    run_directly()
    take_tensorflow()
    remember()
    shell = build_shell()
    gc.enable()
    return shell


def _receive(control: socket.socket) -> tuple[dict[str, Any], list[int]]:
    line = b""
    descriptors = array.array("i")
    while not line.endswith(b"\n"):
        space = socket.CMSG_SPACE(_MOST_DESCRIPTORS * descriptors.itemsize)
        closing = getattr(socket, "MSG_CMSG_CLOEXEC", 0)  # a program that the template starts gets none
        chunk, ancillary, _, _ = control.recvmsg(1 << 16, space, closing)
        if not chunk:
            raise EOFError
        line += chunk
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return json.loads(line), list(descriptors)


def main() -> None:
    """Do what the command line says."""
    run(socket.socket(fileno=int(sys.argv[1])), Options(**json.loads(sys.argv[2])))


def run(control: socket.socket, options: Options) -> None:
    """Prepare, say that it is ready, and serve; does not come back.

    Args:
        control: connected to the judge.
        options: how to work.
    """
    if sys.platform == "linux":
        _inherit_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the judge's business
    os.set_inheritable(control.fileno(), False)
    large = options.warm and sys.platform == "linux"
    if large:
        from gradecheck.run.pages import close_gaps, enlarge_pages, gather_arenas

        if "tensorflow" not in sys.modules:  # else this is a fork, and its objects have their places
            gather_arenas()
    template = _Template(control, prepare(), options)
    if options.warm:
        gc.collect()  # what the warm start left; otherwise it would find next to nothing
    if large:
        close_gaps()
        enlarge_pages()
    gc.freeze()  # keeps the garbage collector of a child from copying the template's pages
    control.sendall(json.dumps({"ready": os.getpid()}).encode() + b"\n")
    template.serve()


def _inherit_orphans() -> None:
    """Become the parent of whatever a child leaves behind."""
    from gradecheck.run import kernel

    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)


if __name__ == "__main__":
    main()
