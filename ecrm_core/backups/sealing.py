"""The file that a backup is: a ZIP of the database and what is known of it, sealed from end to end.

Any unzip tool opens it. The seal is a SHA-256 over all bytes before it and stands in the ZIP's
comment, its last bytes, so that whatever is changed anywhere is noticed before anything is read.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ecrm_core.errors import EcrmError

KNOWN_AS = "backup.json"
SEAL_BYTES = 64
CHUNK = 1 << 20


class BackupRefused(EcrmError):
    """A backup that cannot be made or restored; nothing was changed. Facts: `reason`, and what it is about."""

    code = "error.backup"

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason=reason, **facts)
        self.reason = reason


@dataclass(frozen=True)
class BackupNote:
    """What a backup says of itself.

    Args:
        backend: `sqlite` or `postgresql`.
        revision: of the tables.
        made_at: when it was begun, aware; everything committed before is in it.
        member: the name of the database in the ZIP.
        customers, orders: how many there are in it.
    """

    backend: str
    revision: str
    made_at: datetime
    member: str
    customers: int
    orders: int


def seal(database: Path, note: BackupNote, target: Path) -> None:
    """Write a backup in one piece: under its name it is there whole, or not at all, and for nobody else to read.

    Raises:
        BackupRefused: `exists`; what is there is not overwritten.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".ecrm-seal-") as folder:
        partial = Path(folder) / target.name
        with created(partial) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
                packed.write(database, note.member)
                packed.writestr(KNOWN_AS, json.dumps({**asdict(note), "made_at": note.made_at.isoformat()}, indent=2))
                packed.comment = b"0" * SEAL_BYTES
            file.flush()
            digest = _digest(file.fileno(), partial.stat().st_size - SEAL_BYTES)
            file.seek(-SEAL_BYTES, os.SEEK_END)
            file.write(digest.encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            second_name(partial, target)  # unlike a renaming, this never takes the place of another file
        except FileExistsError as error:
            raise BackupRefused("exists", path=str(target)) from error
    settle(target.parent)


def second_name(file: Path, name: Path) -> None:
    """Let a file be found under a new name as well; where a disk knows one name only, under that instead.

    Raises:
        FileExistsError: there is a file of this name.
    """
    try:
        os.link(file, name)
    except FileExistsError:
        raise
    except OSError:
        if name.exists():
            raise FileExistsError(name) from None
        file.replace(name)


def created(file: Path) -> BinaryIO:
    """A new file that only its owner may read: it holds every customer, and what log-ins are checked with."""
    return os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w+b")


def settle(folder: Path) -> None:
    """Let new names reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def note_of(file: Path) -> BackupNote:
    """What a backup says of itself, once every byte of it has been looked at.

    Raises:
        BackupRefused: `missing`, or `damaged`: not a backup, cut off, or changed since.
    """
    if not file.is_file():
        raise BackupRefused("missing", path=str(file))
    size = file.stat().st_size
    with file.open("rb") as opened:
        if size <= SEAL_BYTES:
            raise BackupRefused("damaged", path=str(file))
        digest = _digest(opened.fileno(), size - SEAL_BYTES)
        opened.seek(-SEAL_BYTES, os.SEEK_END)
        if opened.read() != digest.encode():
            raise BackupRefused("damaged", path=str(file))
    try:
        with zipfile.ZipFile(file) as packed:
            told = json.loads(packed.read(KNOWN_AS))
            note = BackupNote(**{**told, "made_at": datetime.fromisoformat(told["made_at"])})
            packed.getinfo(note.member)
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise BackupRefused("damaged", path=str(file)) from error
    return note


def unpack(file: Path, note: BackupNote, target: Path) -> None:
    """Take the database out of a backup, on to the disk."""
    with zipfile.ZipFile(file) as packed, packed.open(note.member) as source, created(target) as database:
        while part := source.read(CHUNK):
            database.write(part)
        database.flush()
        os.fsync(database.fileno())


def _digest(descriptor: int, length: int) -> str:
    found = hashlib.sha256()
    at = 0
    while at < length:
        part = os.pread(descriptor, min(CHUNK, length - at), at)
        if not part:
            break
        found.update(part)
        at += len(part)
    return found.hexdigest()
