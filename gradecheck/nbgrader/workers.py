"""The template process that all notebooks of this nbgrader process share."""

import atexit
from functools import cache
from pathlib import Path

from traitlets.config import Config

from gradecheck.run.client import Template
from gradecheck.run.sandbox import SandboxMode

#: What else can be typed, for who reads nbgrader's messages.
TO_GO_ON = "Or write into nbgrader_config.py, to run them with your rights: configure(c, sandbox=False)"


@cache
def shared_template(sandbox: SandboxMode, course: Path) -> Template:
    """The one template of this process for a course; started on first use without waiting, closed at exit.

    Args:
        sandbox: whether submissions run in a sandbox.
        course: the root of the course, which a sandbox does not show.

    Raises:
        WorkerUnavailable: a sandbox is required, and there can be none.
    """
    template = Template(sandbox=sandbox, hidden=(course,))
    atexit.register(template.close)
    template.start()
    return template


def sandbox_of(config: Config) -> SandboxMode:
    """What a course's configuration says: a sandbox is required unless `configure` was told not to."""
    return SandboxMode.REQUIRED if config["ExecuteInWorker"].get("sandbox", True) else SandboxMode.NONE
