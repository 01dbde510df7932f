"""One import at a time: a second one waits a while, and is then refused before it has changed anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError

from ecrm_core.errors import DatabaseProblem, ImportRefused

ONE_IMPORT_AT_A_TIME = 3_427_003
PATIENCE_SECONDS = 15


@contextmanager
def only_import(engine: Engine) -> Iterator[None]:
    """Keep other imports into this database out until the block ends, or the process does.

    What is judged in the block therefore still holds when it is written. The lock is a second
    connection's, so that a killed process gives it back at once.

    Raises:
        ImportRefused: `busy`, another import was not through in time.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'")
            try:
                connection.execute(select(func.pg_advisory_xact_lock(ONE_IMPORT_AT_A_TIME)))
            except OperationalError as error:
                raise ImportRefused("busy") from error
            yield
        return
    place = engine.url.database
    if not place or place == ":memory:":
        yield  # nobody else can open it
        return
    with closing(_held(f"{place}-import")):
        yield


def _held(place: str) -> sqlite3.Connection:
    """A lock on a file beside the company's: that one's own write lock is needed between batches."""
    lock = sqlite3.connect(place, timeout=PATIENCE_SECONDS, isolation_level=None)
    try:
        lock.execute("PRAGMA journal_mode=OFF")  # nothing is ever written there
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if "locked" in str(error):
            raise ImportRefused("busy") from error
        raise DatabaseProblem("read_only", detail=str(error)) from error
    return lock
