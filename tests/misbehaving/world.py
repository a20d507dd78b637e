"""The machine around a submission: what it must neither see nor change, and what the placeholders mean."""

import contextlib
import hashlib
import os
import secrets
import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradecheck

ROOT = Path(__file__).parents[2]
TOKEN_VARIABLE = "GRADECHECK_TEST_TOKEN"


@dataclass(frozen=True)
class World:
    """A course and canaries.

    Attributes:
        course: the folder of a course, with a gradebook, a secret, and another student's submission.
        canary: a folder in /tmp.
        home: a folder in the home folder.
        token: stands in the judge's environment.
        servers: listen on a port of loopback and on an abstract address, for streams and for datagrams.
    """

    course: Path
    canary: Path
    home: Path
    token: str
    servers: tuple[socket.socket, ...]

    def fill(self, thing: Any) -> Any:
        """The same text, path, list or dict with its placeholders filled in."""
        if isinstance(thing, str):
            for name, value in self._placeholders().items():
                thing = thing.replace(f"@{name}@", value)
            return thing
        if isinstance(thing, Path):
            return Path(self.fill(str(thing)))
        if isinstance(thing, list):
            return [self.fill(item) for item in thing]
        return {key: self.fill(value) for key, value in thing.items()} if isinstance(thing, dict) else thing

    def _placeholders(self) -> dict[str, str]:
        return {
            "COURSE": str(self.course),
            "CANARY": str(self.canary),
            "HOME": str(self.home),
            "ROOT": str(ROOT),
            "PACKAGE": str(Path(gradecheck.__file__).parent),
            "HASH": hashlib.sha256(self.token.encode()).hexdigest(),
            "PID": str(os.getpid()),
            "PORT": str(self.servers[0].getsockname()[1]),
            "ABSTRACT": _abstract(self.token),
        }

    def snapshot(self) -> dict[str, object]:
        """Everything outside of the sandbox that an attack aims at: kinds, rights, owners, contents."""
        seen: dict[str, object] = {}
        for top in (self.course, self.canary, self.home):
            for path in (top, *sorted(top.rglob("*"))):
                state = path.lstat()
                content = path.read_bytes() if path.is_file() else None
                seen[str(path)] = (state.st_mode, state.st_uid, state.st_nlink, state.st_ino, content)
        for folder in (
            ROOT,
            Path(gradecheck.__file__).parent,
            *map(Path, ("/", "/etc", "/usr", "/dev", "/var/tmp")),
        ):
            seen[f"{folder}: canaries"] = sorted(p.name for p in folder.glob("*canary-written*"))
        return seen

    def reached(self) -> list[str]:
        """Which servers anybody talked to."""
        said = []
        for server in self.servers:
            with contextlib.suppress(BlockingIOError):
                if server.type == socket.SOCK_STREAM:
                    server.accept()[0].close()
                else:
                    server.recv(100)
                said.append(str(server.getsockname()))
        return said


@contextlib.contextmanager
def make_world(scratch: Path) -> Iterator[World]:
    """A world that is gone afterwards.

    Args:
        scratch: a folder in /tmp.
    """
    course, canary, home = (
        scratch / "course",
        scratch / "canary",
        Path.home() / f".canary-{secrets.token_hex(4)}",
    )
    for path, text in {
        course / ".gradecheck" / "secret": secrets.token_hex(32),
        course / "solutions" / "answers.py": "def grad_sigmoid(x, dz): ...",
        course / "submitted" / "ada" / "understanding_gradients" / "understanding_gradients.ipynb": "{}",
        canary / "canary.txt": "alive",
        home / "canary.txt": "alive",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as book:
        book.execute("create table grade (manual_score real)")
        book.execute("insert into grade values (0)")
        book.commit()
    token = f"token-{secrets.token_hex(16)}"
    os.environ[TOKEN_VARIABLE] = token
    with contextlib.ExitStack() as stack:
        servers = tuple(stack.enter_context(server) for server in _servers(token))
        try:
            yield World(course, canary, home, token, servers)
        finally:
            del os.environ[TOKEN_VARIABLE]
            for path in sorted(home.rglob("*"), reverse=True):
                path.unlink()
            home.rmdir()


def _abstract(token: str) -> str:
    return "gradecheck-" + hashlib.sha256(token.encode()).hexdigest()[:8]


def _servers(token: str) -> Iterator[socket.socket]:
    kinds = {
        socket.SOCK_STREAM: f"\0{_abstract(token)}",
        socket.SOCK_DGRAM: f"\0{_abstract(token)}-datagrams",
    }
    port = 0
    for kind, name in kinds.items():
        for family, address in ((socket.AF_INET, ("127.0.0.1", port)), (socket.AF_UNIX, name)):
            server = socket.socket(family, kind)
            server.bind(address)
            server.setblocking(False)
            if kind == socket.SOCK_STREAM:
                server.listen()
            if family == socket.AF_INET:
                port = server.getsockname()[1]
            yield server


def descendants() -> set[int]:
    """The processes that this one started, and those that they started."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
    found = {os.getpid()}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found - {os.getpid()}
        found |= more
