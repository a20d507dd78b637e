"""The template process that all notebooks of this nbgrader process share."""

import atexit
import threading
from pathlib import Path

from traitlets.config import Config

from gradecheck.run.client import Template
from gradecheck.run.sandbox import SandboxMode

#: What else can be typed, for who reads nbgrader's messages.
TO_GO_ON = "Or write into nbgrader_config.py, to run them with your rights: configure(c, sandbox=False)"

_shared: dict[tuple[SandboxMode, Path], Template] = {}
_sharing = threading.RLock()


def shared_template(sandbox: SandboxMode, course: Path) -> Template:
    """The one template of this process; started on first use without waiting, closed at exit.

    Asking for another course, or for another kind, closes it first.

    Args:
        sandbox: whether submissions run in a sandbox.
        course: the root of the course, which a sandbox does not show.

    Raises:
        WorkerUnavailable: a sandbox is required, and there can be none.
    """
    key = (sandbox, course)
    with _sharing:
        if key not in _shared:
            close_template()
            template = Template(sandbox=sandbox, hidden=(course,), apart=True)
            template.start()
            _shared[key] = template
        return _shared[key]


@atexit.register
def close_template() -> None:
    """Close the template, if there is one; what still runs in it ends."""
    with _sharing:
        while _shared:
            _shared.popitem()[1].close()


def sandbox_of(config: Config) -> SandboxMode:
    """What a course's configuration says: a sandbox is required unless `configure` was told not to."""
    return SandboxMode.REQUIRED if config["ExecuteInWorker"].get("sandbox", True) else SandboxMode.NONE
