"""What an autograder brings along to Gradescope, and where it lies: one fact for writer and reader."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from gradecheck.errors import CourseNotReady

#: In the zip, hence in /autograder/source.
SETTINGS = "settings.json"
SOURCE = "source"
SECRET = "secret"
CONFIG = """from gradecheck.nbgrader import configure

c = get_config()
configure(c)
c.CourseDirectory.source_directory = "source"
"""


@dataclass(frozen=True)
class Settings:
    """What was decided when the zip was made.

    Attributes:
        assignment: its name.
        notebooks: the names of its notebooks, with .ipynb.
        sandbox: whether answers run in a sandbox or not at all.
    """

    assignment: str
    notebooks: tuple[str, ...]
    sandbox: bool

    def to_json(self) -> str:
        """The form in which they stand in the zip."""
        return json.dumps(asdict(self), indent=1)


def read_settings(folder: Path) -> Settings:
    """The settings in the folder that a zip was unpacked to.

    Raises:
        CourseNotReady: there are none.
    """
    try:
        document = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        return Settings(document["assignment"], tuple(document["notebooks"]), document["sandbox"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseNotReady(
            f"{folder / SETTINGS} cannot be read: {error}; "
            "make the zip again: gradecheck autograder gradescope ASSIGNMENT"
        ) from error
