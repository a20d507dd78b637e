"""A PostgreSQL server of one's own, in a scratch folder, reached through a socket in it."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

#: Debian keeps these programs out of PATH, a folder for each version.
_DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
_USER = "postgres"
#: What a server in earnest does: what it confirms outlasts a fall of the machine.
DURABLE = "-c listen_addresses= -c max_connections=20"
_OPTIONS = f"{DURABLE} -c fsync=off -c full_page_writes=off"


def programs() -> Path | None:
    """The folder with initdb and pg_ctl, None where there is none."""
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else next(reversed(_DEBIAN), None)


@dataclass(frozen=True)
class Server:
    """A cluster of databases, running or stopped.

    Attributes:
        folder: a short path: the socket is in it, and sockets' names must be short.
        programs: where initdb and pg_ctl are.
        options: of the server.
    """

    folder: Path
    programs: Path
    options: str = _OPTIONS

    def address(self, name: str) -> str:
        """What nbgrader is told to use a database."""
        return f"postgresql://{_USER}@/{name}?host={self.folder}"

    def make(self) -> None:
        """Make the cluster."""
        if os.geteuid() == 0:
            user = pwd.getpwnam(_USER)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        options = ("--username", _USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
        self._run("initdb", "--pgdata", f"{self.folder}/data", *options)

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = f"{self.options} -c unix_socket_directories={self.folder}"
        self._control("start", "--wait", "--log", f"{self.folder}/log", "--options", options)

    def stop(self) -> None:
        """Stop at once: connections break, and nothing is written any more."""
        self._control("stop", "--wait", "--mode", "immediate")

    def make_database(self, name: str) -> str:
        """Make an empty database; its address."""
        self._run("createdb", "--host", str(self.folder), "--username", _USER, name)
        return self.address(name)

    def _control(self, command: str, *options: str) -> None:
        self._run("pg_ctl", command, "--silent", "--pgdata", f"{self.folder}/data", *options)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        if os.geteuid() == 0:  # a server refuses to run as root
            command = ["runuser", "-u", _USER, "--", *command]
        # No pipe: the server would inherit it and keep it open.
        with (self.folder.with_suffix(".out")).open("w+b") as said:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/", timeout=60, check=False
            )
            said.seek(0)
            assert done.returncode == 0, said.read().decode("utf-8", "replace")


@contextmanager
def running_server(programs: Path, options: str = _OPTIONS) -> Iterator[Server]:
    """A server that runs, and is gone afterwards."""
    folder = Path(mkdtemp(prefix="gc-pg-", dir="/tmp"))
    server = Server(folder, programs, options)
    try:
        server.make()
        server.start()
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".out").unlink(missing_ok=True)
