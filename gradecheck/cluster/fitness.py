"""Whether a worker may grade: it must have the same gradecheck, and a sandbox where one is asked for."""

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gradecheck import __version__
from gradecheck.catalogue import FILES
from gradecheck.run.sandbox import sandbox_unavailable

_PACKAGE = Path(__file__).resolve().parents[1]
#: What the last bits of a result depend on, besides gradecheck itself.
_LIBRARIES = ("numpy", "tensorflow", "tensorflow-cpu")


def describe() -> dict[str, str]:
    """What a worker is, in texts; the same keys everywhere."""
    return {
        "gradecheck": __version__,
        "source": _digest(),
        "exercises": " ".join(_added()),
        "python": ".".join(platform.python_version_tuple()[:2]),
        **{name: _version(name) for name in _LIBRARIES},
        "sandbox": sandbox_unavailable() or "",
    }


def unfit(theirs: Mapping[str, str], *, sandboxed: bool) -> str | None:
    """Why a worker may not grade, in words that go on after its address; None where it may."""
    ours = describe()
    if theirs["gradecheck"] != ours["gradecheck"]:
        return f"has gradecheck {theirs['gradecheck']}, and here is {ours['gradecheck']}"
    if theirs["source"] != ours["source"]:
        return f"has another gradecheck {ours['gradecheck']}: its files differ from those here"
    lacking = sorted(set(ours["exercises"].split()) - set(theirs["exercises"].split()))
    if lacking:
        names = ", ".join(entry.partition("=")[0] for entry in lacking)
        return f"lacks exercises that a package here adds, or has others of these names: {names}"
    for name in ("python", *_LIBRARIES):
        if theirs[name] != ours[name]:
            return f"has {name} {theirs[name] or 'not at all'}, and here is {ours[name] or 'none'}"
    if sandboxed and theirs["sandbox"]:
        return f"has no sandbox: {' '.join(theirs['sandbox'].split())}"
    return None


@cache
def _digest() -> str:
    """Of the package's source files."""
    total = hashlib.sha256()
    for path in sorted(p for p in _PACKAGE.rglob("*") if p.suffix in (".py", ".j2", ".css")):
        total.update(path.relative_to(_PACKAGE).as_posix().encode())
        total.update(path.read_bytes())
    return total.hexdigest()


@cache
def _added() -> tuple[str, ...]:
    """Modules of exercises of somebody's own, each with a digest."""
    added = sorted(path for path in FILES if not path.resolve().is_relative_to(_PACKAGE))
    return tuple(f"{path.stem}={hashlib.sha256(path.read_bytes()).hexdigest()}" for path in added)


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
