"""Student notebooks from instructor notebooks, by nbgrader's own converter and without a gradebook."""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.database import name_gradebook

CONFIG_FILE = "nbgrader_config.py"


def load_course_config(root: Path) -> Config:
    """The configuration of the course at `root`, with the gradebook that the command names if it names one.

    Raises:
        CourseNotReady: there is no nbgrader_config.py, or what it calls a gradebook cannot be one.
    """
    if not (root / CONFIG_FILE).is_file():
        raise CourseNotReady(
            f"{root.resolve()} is no course: it holds no {CONFIG_FILE}; go to the course's root folder"
        )
    config = PyFileConfigLoader(CONFIG_FILE, path=str(root)).load_config()
    name_gradebook(config)
    return config


def source_folder(root: Path) -> Path:
    """Where the instructor's notebooks are."""
    return root / str(CourseDirectory(config=load_course_config(root)).source_directory)


def release_folder(root: Path) -> Path:
    """Where the students' notebooks are."""
    return root / str(CourseDirectory(config=load_course_config(root)).release_directory)


def generate_release(root: Path, assignment: str, destination: Path) -> Path:
    """Write the students' version of an assignment to `destination/<assignment>`.

    The result is byte for byte the same for an unchanged source.

    Raises:
        CourseNotReady: the course has no such assignment, or nbgrader refused its notebooks.
    """
    _generate(root, assignment, destination, with_gradebook=False)
    return destination / assignment


def enter_in_gradebook(root: Path, assignment: str) -> None:
    """Enter an assignment's cells and points in the gradebook, as `nbgrader generate_assignment` does.

    The release folder is not touched.

    Raises:
        CourseNotReady: as for `generate_release`.
    """
    with TemporaryDirectory(prefix="gradecheck-release-") as scratch:
        _generate(root, assignment, Path(scratch), with_gradebook=True)


def _generate(root: Path, assignment: str, destination: Path, *, with_gradebook: bool) -> None:
    source = source_folder(root) / assignment
    if not any(source.glob("*.ipynb")):
        raise CourseNotReady(f"there is no assignment {assignment!r}: {source} holds no notebook")
    config = load_course_config(root)
    config.CourseDirectory.release_directory = str(destination.resolve())
    config.SaveCells.enabled = with_gradebook  # nbgrader's own --no-db sets this, besides no_database
    course = CourseDirectory(config=config, root=str(root.resolve()), assignment_id=assignment)
    converter = GenerateAssignment(
        coursedir=course, config=config, no_database=not with_gradebook, create_assignment=True, force=True
    )
    converter.log = logging.getLogger("gradecheck.nbgrader.generate")
    converter.log.setLevel(logging.CRITICAL)
    try:
        converter.start()
    except Exception as error:  # nbgrader's converters raise many kinds, from metadata to file system
        raise CourseNotReady(f"nbgrader could not make the release of {assignment!r}: {error}") from error
