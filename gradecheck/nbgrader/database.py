"""Which gradebook a command works with: the course's own setting, or the address that it was given."""

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from traitlets.config import Config

from gradecheck.errors import CourseNotReady

_FORMS = "write postgresql://user@host/name, or sqlite:///gradebook.db"
_COURSE = "default_course"
_chosen: list[str] = []


def choose_gradebook(address: str | None) -> None:
    """Let everything in this process work with the gradebook at an address; None for the course's own.

    Raises:
        CourseNotReady: it is no address, or the driver of its database is not installed.
    """
    _chosen[:] = [_checked(address)] if address is not None else []


def name_gradebook(config: Config) -> None:
    """Put the address of the gradebook into a course's configuration.

    A course without an id gets nbgrader's usual one where the gradebook is no file: nbgrader itself writes
    assignments of a course that is not there, which SQLite lets pass.

    Raises:
        CourseNotReady: as for `choose_gradebook`, of the configuration's own setting.
    """
    own = config.CourseDirectory.get("db_url")
    if _chosen:
        config.CourseDirectory.db_url = _chosen[0]
    elif isinstance(own, str) and own:
        config.CourseDirectory.db_url = _checked(own)
    address = config.CourseDirectory.get("db_url")
    if isinstance(address, str) and address and make_url(address).get_backend_name() != "sqlite":
        config.CourseDirectory.course_id = config.CourseDirectory.get("course_id") or _COURSE


def shown_address(address: str) -> str:
    """How a gradebook is called in a sentence: a file by its path, a server's without its password."""
    return file_of(address) or make_url(address).render_as_string(hide_password=True)


def file_of(address: str) -> str | None:
    """The file in which a gradebook is kept, None where there is none."""
    url = make_url(address)
    return url.database if url.get_backend_name() == "sqlite" else None


def _checked(address: str) -> str:
    try:
        url = make_url(address)
        if url.drivername == "postgres":  # as hosting companies write it
            url = url.set(drivername="postgresql")
        url.get_dialect().import_dbapi()
    except (ArgumentError, ValueError) as error:  # ValueError: a port that is no number
        raise CourseNotReady(f"{_scheme(address)} is no address of a gradebook; {_FORMS}") from error
    except ImportError as error:
        raise CourseNotReady(
            f"the driver of {url.get_backend_name()} cannot be loaded ({error}); "
            "for PostgreSQL: pip install 'psycopg[binary]'"
        ) from error
    return url.render_as_string(hide_password=False)


def _scheme(address: str) -> str:
    """An address as far as it cannot hold a password."""
    start, mark, _ = address.partition("://")
    return f"{start}{mark}{'…' if mark else ''}"
