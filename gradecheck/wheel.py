"""gradecheck's own wheel and its pinned companions, for whoever has only Python."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gradecheck.errors import CourseNotReady

CONSTRAINTS = "constraints.txt"
#: Wheels hold dates; with this one the same sources make the same bytes.
_EPOCH = "1577836800"


@dataclass(frozen=True)
class Packaged:
    """What installs gradecheck elsewhere.

    Attributes:
        wheel: a file in the folder that was asked for.
        constraints: the versions of everything else, a file beside it.
    """

    wheel: Path
    constraints: Path


def put_package(folder: Path, given: Path | None = None) -> Packaged:
    """Put the wheel and the constraints into a folder.

    Args:
        folder: it exists.
        given: a wheel to take; None to build one from the sources that this runs from.

    Raises:
        CourseNotReady: there are no sources, or they do not build; the sentence says what to do.
    """
    source = Path(__file__).resolve().parents[1]
    constraints = source / CONSTRAINTS
    if given is None and not (source / "pyproject.toml").is_file():
        raise CourseNotReady(
            "this gradecheck was installed without its sources, so no wheel can be built from it; "
            "name one: --wheel gradecheck-….whl"
        )
    if given is not None and (given.suffix != ".whl" or not given.is_file()):
        raise CourseNotReady(f"{given} is no wheel; name a file such as gradecheck-….whl: --wheel FILE")
    if given is not None:
        shutil.copyfile(given, folder / given.name)
    wheel = folder / given.name if given is not None else _build(source, folder)
    target = folder / CONSTRAINTS
    if constraints.is_file():
        shutil.copyfile(constraints, target)
    else:
        target.write_text("# no versions are pinned\n", encoding="utf-8")
    return Packaged(wheel, target)


def _build(source: Path, folder: Path) -> Path:
    """Build the wheel with the backend that is installed here; nothing is fetched."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder.resolve())],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": _EPOCH},
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        said = (done.stderr.strip() or done.stdout.strip() or "no wheel came of it").splitlines()[-1]
        raise CourseNotReady(f"gradecheck's wheel could not be built: {said}; try: make install")
    return wheels[0]
