"""What was changed in a database since somebody asked, and whether a session's objects show it."""

from typing import Any

from sqlalchemy import event

#: How statements begin that change nothing.
_HARMLESS = ("SELECT", "BEGIN")


class Changes:
    """Looks at each statement, whoever sends it.

    A flush of objects that were changed leaves them as the database has them, but for what it computes. All
    other statements change more than objects show: those that somebody sends by hand, and those of a flush
    that makes or deletes rows, as lists of rows that somebody keeps lack the new ones.

    Attributes:
        some: whether anything may have changed.
        unseen: whether that may be more than the session's objects show.
    """

    def __init__(self, engine: Any, session: Any) -> None:
        self.some = self.unseen = False
        self._shown = False  # whether the statements of now are those of a flush of changed objects
        event.listen(engine, "after_cursor_execute", self._look)
        event.listen(session, "before_flush", self._begin_flush)
        event.listen(session, "after_transaction_end", self._end_flush)

    def forget(self) -> None:
        """Begin anew."""
        self.some = self.unseen = False

    def _begin_flush(self, session: Any, *_more: object) -> None:
        self._shown = not (session.new or session.deleted)

    def _end_flush(self, *_more: object) -> None:
        """A flush is a transaction within the session's, which ends also where it raises."""
        self._shown = False

    def _look(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith(_HARMLESS):
            self.some = True
            self.unseen = self.unseen or not self._shown
