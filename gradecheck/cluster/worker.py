"""What a worker of the cluster does: run and judge notebooks. Bytes in, bytes out.

The process that Dask gives us judges, and holds the references; students' code runs in the sandboxed
children of a template process of its own, as it does on one machine.
"""

import atexit
import gc
import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed import get_worker

from gradecheck.cluster.codec import decode, encode
from gradecheck.cluster.files import write_folder
from gradecheck.cluster.parcel import Parcel
from gradecheck.job import do
from gradecheck.reference.tape import load_tensorflow
from gradecheck.run.client import Template
from gradecheck.run.sandbox import SandboxMode
from gradecheck.run.turns import giving_way

_lock = threading.Lock()
_templates: dict[SandboxMode, Template] = {}


def grade(contents: Sequence[bytes]) -> list[bytes]:
    """Run and judge the notebooks of some parcels, one after the other.

    Raises:
        UnreadableMessage: one is no parcel.
        WorkerUnavailable: a sandbox is required, and there can be none here.
    """
    return [_grade(content) for content in contents]


def _grade(content: bytes) -> bytes:
    parcel = decode(content, Parcel)
    template = _template(SandboxMode.REQUIRED if parcel.sandboxed else SandboxMode.NONE)
    with TemporaryDirectory(prefix="gradecheck-", ignore_cleanup_errors=True) as scratch:
        write_folder(parcel.files, Path(scratch))
        with giving_way():
            return encode(do(parcel.job, template, Path(scratch)))


def _template(mode: SandboxMode) -> Template:
    """The one template of this process, started on first use."""
    with _lock:
        if mode not in _templates:
            template = Template(sandbox=mode, hidden=_private(), apart=True)
            template.start()
            _templates[mode] = template
            load_tensorflow()  # for the references, while the template does the same for students' code
            gc.freeze()  # a million objects that stay: to look through them takes 0.2 s, again and again
        return _templates[mode]


def _private() -> tuple[Path, ...]:
    """What no submission may see: Dask's own folder, and the keys of its connections, however it got them."""
    worker = get_worker()
    tls = worker.security.get_tls_config_for_role("worker")
    files = (tls.get(name) for name in ("ca_file", "cert", "key"))
    keys = (Path(file).resolve().parent for file in files if file and "\n" not in file)  # else its text
    return (Path(worker.local_directory), *keys)


@atexit.register
def close_templates() -> None:
    """End the templates of this process, and what still runs in them."""
    with _lock:
        while _templates:
            _templates.popitem()[1].close()
