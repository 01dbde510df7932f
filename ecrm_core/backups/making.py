"""Backups made and restored."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from ecrm_core.backups.sealing import BackupNote, BackupRefused, note_of, seal, unpack
from ecrm_core.crm import make_engine
from ecrm_core.migrations import configuration, newest, upgrade

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many pages of how many are done."""

PAGES = 4096
MEMBER = "company.db"
BESIDE = ("-wal", "-shm")


@dataclass(frozen=True)
class Restored:
    """What was put back, and where the database that was there before is kept."""

    note: BackupNote
    kept: Path | None


def make_backup(address: str, target: Path, *, now: datetime, progress: Progress | None = None) -> BackupNote:
    """Copy a company's database into one file, while it is served.

    It holds what was committed when it was begun, and nothing of what came later. Nobody waits:
    readers never, and writers only as for any other reader.

    Args:
        address: of the database.
        target: a new file.
        now: when it is begun.

    Raises:
        BackupRefused: `exists`; `folder` where there is none; `nothing` where there is no database;
            `backend` for another than SQLite; `damaged_source` where the database itself is not whole.
    """
    source = _file_of(address)
    if target.exists():
        raise BackupRefused("exists", path=str(target))
    if not target.absolute().parent.is_dir():
        raise BackupRefused("folder", path=str(target.absolute().parent))
    if not source.is_file():
        raise BackupRefused("nothing", path=str(source))
    with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".ecrm-backup-") as folder:
        copy = Path(folder) / MEMBER
        with _opened(source) as live, closing(sqlite3.connect(copy, isolation_level=None)) as database:
            # Held until the copy is done: a backup begins anew with every write of somebody else, unless
            # what it reads stands still.
            live.execute("BEGIN")
            live.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            live.backup(
                database,
                pages=PAGES,
                progress=lambda _status, left, total: progress(total - left, total) if progress else None,
            )
            database.execute("PRAGMA journal_mode=DELETE")
            note = _noted(database, now)
            if not _is_whole(database):
                raise BackupRefused("damaged_source", path=str(source))
        seal(copy, note, target)
    return note


def restore_backup(address: str, file: Path, *, now: datetime) -> Restored:
    """Put a backup in the place of a database; the one that is there is kept beside it.

    Tables of an older version are brought up to date first.

    Args:
        address: of the database to be replaced, or of none yet.

    Raises:
        BackupRefused: `missing`, `damaged`, `newer` (made by a newer program), `backend`, or `in_use`:
            somebody has the database open.
    """
    note = note_of(file)
    place = _file_of(address)
    if note.backend != "sqlite":
        raise BackupRefused("backend", backend=note.backend)
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if note.revision not in known:
        raise BackupRefused("newer", path=str(file))
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".ecrm-restore-") as folder:
        fresh = Path(folder) / MEMBER
        unpack(file, note, fresh)
        with closing(sqlite3.connect(fresh, isolation_level=None)) as database:
            if not _is_whole(database):
                raise BackupRefused("damaged", path=str(file))
        if note.revision != newest():
            engine = make_engine(f"sqlite:///{fresh}")
            upgrade(engine)
            engine.dispose()
            _close_log(fresh)
        kept = _set_aside(place, now) if place.exists() else None
        try:
            fresh.replace(place)
        except OSError:
            if kept is not None:
                kept.replace(place)
            raise
        _settle(place.parent)
    return Restored(note, kept)


def _file_of(address: str) -> Path:
    url = make_url(address)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise BackupRefused("backend", backend=url.get_backend_name())
    return Path(url.database).expanduser().absolute()


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=15, isolation_level=None)) as live:
        yield live


def _noted(database: sqlite3.Connection, now: datetime) -> BackupNote:
    try:
        (revision,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        (customers,) = database.execute("SELECT count(*) FROM customer").fetchone()
        (orders,) = database.execute("SELECT count(*) FROM sales_order").fetchone()
    except (sqlite3.DatabaseError, TypeError) as error:
        raise BackupRefused("nothing", path="") from error
    return BackupNote("sqlite", revision, now, MEMBER, customers, orders)


def _is_whole(database: sqlite3.Connection) -> bool:
    try:
        whole: bool = database.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)]
    except sqlite3.DatabaseError:
        return False
    return whole


def _set_aside(place: Path, now: datetime) -> Path:
    """Rename a database that nobody has open, its log folded into it."""
    _close_log(place)
    kept = place.with_name(f"{place.stem}-before-restore-{now:%Y%m%d-%H%M%S}{place.suffix}")
    if kept.exists():
        raise BackupRefused("exists", path=str(kept))
    place.replace(kept)
    return kept


def _close_log(file: Path) -> None:
    """Fold the write-ahead log into the file.

    Raises:
        BackupRefused: `in_use`: only who is alone can do this.
    """
    with closing(sqlite3.connect(file, timeout=1, isolation_level=None)) as database:
        try:
            (mode,) = database.execute("PRAGMA journal_mode=DELETE").fetchone()
        except sqlite3.OperationalError as error:
            raise BackupRefused("in_use", path=str(file)) from error
        except sqlite3.DatabaseError:
            return  # what is no database any more is set aside as it is
    if mode != "delete":
        raise BackupRefused("in_use", path=str(file))
    for ending in BESIDE:
        file.with_name(file.name + ending).unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Let the new names reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
