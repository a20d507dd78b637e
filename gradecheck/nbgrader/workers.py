"""The template process that all notebooks of this nbgrader process share."""

import atexit
from functools import cache

from gradecheck.run.client import Template


@cache
def shared_template() -> Template:
    """The one template of this process; started on first use without waiting, closed at exit."""
    template = Template()
    atexit.register(template.close)
    template.start()
    return template
