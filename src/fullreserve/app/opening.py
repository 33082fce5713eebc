"""The records' history, opened in a thread: the exchange serves before the database is loaded."""

from __future__ import annotations

from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TYPE_CHECKING

from fullreserve.config import Settings

if TYPE_CHECKING:
    from fullreserve.records.history import History


class HistoryClosed(RuntimeError):
    """The exchange was closed before its history was open."""


class OpeningHistory:
    """Open it once, in a thread; `wait` from others."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened: Future[History] = Future()

    def open(self) -> None:
        """Opens the records; what goes wrong is raised here and to everyone who waits."""
        try:
            history = _opened(self._settings)
        except BaseException as problem:
            with suppress(InvalidStateError):
                self._opened.set_exception(problem)
            raise
        try:
            self._opened.set_result(history)
        except InvalidStateError:
            history.close()

    def wait(self) -> History:
        """The history; blocks until it is open."""
        return self._opened.result()

    def close(self) -> None:
        """Ends it; who still waits gets HistoryClosed, as a thread that waits keeps a process."""
        closed = HistoryClosed("the exchange was closed before its history was open")
        with suppress(InvalidStateError):
            self._opened.set_exception(closed)
        if not self._opened.exception():
            self._opened.result().close()


def _opened(settings: Settings) -> History:
    # Loading the database's modules takes longer than all the rest of a start.
    from fullreserve.records.database import database_url, open_database, prepare_anew
    from fullreserve.records.history import History

    url = database_url(settings.records, settings.data)
    prepare_anew(url)
    return History(open_database(url, read_only=True))
