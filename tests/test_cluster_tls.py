"""A cluster whose connections are encrypted: Dask's own settings are all that it takes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import dask
import pytest
from dask_processes import Cluster
from nbgrader_class import ROOT

from gradecheck.cluster.line import MOST_TOGETHER
from gradecheck.cluster.pool import ClusterPool

ROLES = ("scheduler", "worker", "client")


CLIENT = "DASK_DISTRIBUTED__COMM__TLS__CLIENT__"
CONNECT = """
import sys
from gradecheck.cluster.pool import ClusterPool
from gradecheck.cluster.workers import ClusterLost
try:
    ClusterPool(sys.argv[1], sandboxed=False)
except ClusterLost as error:
    print(error)
"""


def refusal(address: str, **environment: str) -> str:
    """What is said to somebody who connects with the cluster's variables, but for some."""
    command = [sys.executable, "-c", CONNECT, address]
    given = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        command, env=given, stdout=subprocess.PIPE, text=True, timeout=60, check=True
    ).stdout


class Encrypted(Cluster):
    """A scheduler that speaks TLS, and its workers."""

    @property
    def address(self) -> str:
        return f"tls://127.0.0.1:{self.port}"


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Those of Dask's configuration, with certificates of our own authority."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here to make certificates with")
    made = tmp_path_factory.mktemp("certificates")
    new, node = ("-newkey", "rsa:2048", "-nodes"), ("-keyout", "node.key", "-out", "node.csr")
    openssl(made, "req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=grading")
    openssl(made, "req", *new, *node, "-subj", "/CN=node")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "node.pem")
    openssl(made, "x509", "-req", "-in", "node.csr", *signed)
    tls = {
        f"tls.{role}.{kind}": f"{made}/node.{end}"
        for role in ROLES
        for kind, end in (("cert", "pem"), ("key", "key"))
    }
    given = {"require-encryption": "true", "tls.ca-file": f"{made}/ca.pem", **tls}
    return {f"distributed.comm.{name}": value for name, value in given.items()}


@pytest.fixture(scope="module")
def cluster(settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """With one worker; both find their certificates in variables, as the documentation says."""
    made = Encrypted(tmp_path_factory.mktemp("dask"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(f"DASK_{name.upper().replace('.', '__').replace('-', '_')}", value)
        try:
            made.scheduler()
            made.worker()
            yield made
        finally:
            made.end()


def test_workers_behind_tls_are_found_and_may_grade(cluster: Cluster, settings: Mapping[str, str]) -> None:
    with dask.config.set(settings), ClusterPool(cluster.address, sandboxed=False) as pool:
        assert pool.state.in_hand == 2 * MOST_TOGETHER + 2  # its one thread has some, others wait
        assert pool.state.refused == ()


def test_without_a_certificate_it_is_one_sentence(cluster: Cluster) -> None:
    said = refusal(cluster.address, **dict.fromkeys((f"{CLIENT}CERT", f"{CLIENT}KEY"), ""))
    assert said.startswith(f"Dask's TLS settings here do not fit {cluster.address} (")


def test_who_must_encrypt_does_not_go_without(cluster: Cluster) -> None:
    said = refusal(cluster.address.replace("tls:", "tcp:"))
    assert said.startswith("Dask's TLS settings here do not fit tcp://")
    assert "encryption required" in said


def test_somebody_elses_certificate_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    other = ("-keyout", "node.key", "-out", "node.pem", "-subj", "/CN=node")
    openssl(tmp_path, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *other)
    theirs = {f"{CLIENT}CERT": f"{tmp_path}/node.pem", f"{CLIENT}KEY": f"{tmp_path}/node.key"}
    assert refusal(cluster.address, **theirs).startswith("No scheduler answers")
