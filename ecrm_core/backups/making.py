"""Backups made and restored."""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from ecrm_core.backups.sealing import BackupNote, BackupRefused, note_of, seal, second_name, settle, unpack
from ecrm_core.crm import make_engine, translated
from ecrm_core.migrations import configuration, newest, upgrade

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many pages of how many are done."""

PAGES = 4096
MEMBER = "company.db"
LOGS = ("-wal", "-shm", "-journal")


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
    source, target = _file_of(address), target.absolute()
    if target.exists():
        raise BackupRefused("exists", path=str(target))
    if not target.parent.is_dir():
        raise BackupRefused("folder", path=str(target.parent))
    if not source.is_file():
        raise BackupRefused("nothing", path=str(source))
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".ecrm-backup-") as folder:
        copy = Path(folder) / MEMBER
        try:
            note = _copied(source, copy, now, progress)
        except sqlite3.OperationalError as error:
            raise translated(error) from error
        except sqlite3.DatabaseError as error:
            raise BackupRefused("damaged_source", path=str(source)) from error
        seal(copy, note, target)
    return note


def _copied(source: Path, copy: Path, now: datetime, progress: Progress | None) -> BackupNote:
    live = closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True, timeout=15, isolation_level=None))
    with live as held, closing(sqlite3.connect(copy, isolation_level=None)) as database:
        # Held until the copy is done: a backup begins anew with every write of somebody else, unless
        # what it reads stands still.
        held.execute("BEGIN")
        held.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        held.backup(
            database,
            pages=PAGES,
            progress=lambda _status, left, total: progress(total - left, total) if progress else None,
        )
        database.execute("PRAGMA journal_mode=DELETE")
        if not _is_whole(database):
            raise BackupRefused("damaged_source", path=str(source))
        return _noted(database, source, now)


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
            with _alone(fresh):
                pass  # its log is folded in
        kept = _put_in_place(fresh, place, now)
    settle(place.parent)
    return Restored(note, kept)


def _put_in_place(fresh: Path, place: Path, now: datetime) -> Path | None:
    """Give a database the name of another; that one is kept beside it, with whatever belongs to it."""
    kept = place.with_name(f"{place.stem}-before-restore-{now:%Y%m%d-%H%M%S}{place.suffix}")
    if kept.exists():
        raise BackupRefused("exists", path=str(kept))
    if not place.exists():
        # A log whose database is gone would be played into the new one.
        logs = _set_logs_aside(place, kept)
        fresh.replace(place)
        return kept if logs else None
    with _alone(place):
        _set_logs_aside(place, kept)
        before = place.stat()
        fresh.chmod(stat.S_IMODE(before.st_mode))
        if os.geteuid() == 0:
            os.chown(fresh, before.st_uid, before.st_gid)
        second_name(place, kept)  # first, so that the old name is never without a database
        fresh.replace(place)
    return kept


def _set_logs_aside(place: Path, kept: Path) -> bool:
    """Keep what SQLite would play into whatever is opened under this name: it may hold the last orders."""
    there = [ending for ending in LOGS if place.with_name(place.name + ending).exists()]
    for ending in there:
        place.with_name(place.name + ending).replace(kept.with_name(kept.name + ending))
    return bool(there)


def database_file(address: str) -> Path | None:
    """The file that an address names; none where the database is no file."""
    url = make_url(address)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database).expanduser().resolve()


def _file_of(address: str) -> Path:
    file = database_file(address)
    if file is None:
        raise BackupRefused("backend", backend=make_url(address).get_backend_name())
    return file


def _noted(database: sqlite3.Connection, source: Path, now: datetime) -> BackupNote:
    try:
        (revision,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        (customers,) = database.execute("SELECT count(*) FROM customer").fetchone()
        (orders,) = database.execute("SELECT count(*) FROM sales_order").fetchone()
    except (sqlite3.OperationalError, TypeError) as error:
        raise BackupRefused("nothing", path=str(source)) from error
    return BackupNote("sqlite", revision, now, MEMBER, customers, orders)


def _is_whole(database: sqlite3.Connection) -> bool:
    try:
        whole: bool = database.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)]
    except sqlite3.DatabaseError:
        return False
    return whole


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold a database that nobody else has open, its log folded into it; one that is none any more, as it is.

    Raises:
        BackupRefused: `in_use`: only who is alone can fold the log in.
    """
    with closing(sqlite3.connect(file, timeout=1, isolation_level=None)) as database:
        try:
            (mode,) = database.execute("PRAGMA journal_mode=DELETE").fetchone()
            if mode != "delete":
                raise BackupRefused("in_use", path=str(file))
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise BackupRefused("in_use", path=str(file)) from error
        except sqlite3.DatabaseError:
            pass  # too damaged to be anybody's
        yield
