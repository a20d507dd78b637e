"""A Dask scheduler and workers of our own, as an operator starts them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from distributed import Client
from nbgrader_class import ROOT

_START_SECONDS = 60.0


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Cluster:
    """A scheduler and its workers."""

    folder: Path
    port: int = field(default_factory=free_port)
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def scheduler(self, package: Path = ROOT) -> "subprocess.Popen[bytes]":
        """Start the scheduler, and wait until it listens."""
        process = self._start(
            *("distributed.cli.dask_scheduler", "--port", str(self.port), "--no-dashboard"),
            PYTHONPATH=str(package),
        )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return process
            time.sleep(0.1)
        raise AssertionError("the scheduler did not start")

    def worker(self, *, package: Path = ROOT, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a worker of one thread; it comes when it is ready."""
        process = self._start(
            *("distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-nanny"),
            *("--no-dashboard", "--memory-limit", "0"),
            *("--local-directory", str(self.folder / f"worker{len(self.processes)}")),
            PYTHONPATH=str(package),
            **environment,
        )
        self.workers.append(process)
        return process

    def have(self, workers: int) -> list["subprocess.Popen[bytes]"]:
        """So many live workers, started if need be; the last is the newest."""
        live = [process for process in self.workers if process.poll() is None]
        while len(live) < workers:
            live.append(self.worker())
        self.wait_for(workers)
        return live

    def wait_for(self, workers: int) -> None:
        """Until so many workers have come."""
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=_START_SECONDS)

    def end(self) -> None:
        """Kill everything."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()

    def _start(self, module: str, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        log = (self.folder / f"{module}{len(self.processes)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, "--host", "127.0.0.1", *arguments],
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        self.processes.append(process)
        return process


@contextmanager
def cluster_in(folder: Path, package: Path = ROOT) -> Iterator[Cluster]:
    """A cluster without workers; `package` holds the gradecheck that its scheduler finds."""
    cluster = Cluster(folder)
    try:
        cluster.scheduler(package)
        yield cluster
    finally:
        cluster.end()
