"""Downloads: a page offers a file, and the one it was offered to fetches it once, soon.

The link carries nothing but a ticket; what it stands for is kept here. A file is written by a
process of its own and sent piece by piece, so nobody waits for somebody else's export.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from urllib.parse import quote

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from dashboards.login import SID, PlainAnswers, door_of
from ecrm_core.errors import EcrmError
from ecrm_core.exporting.running import Export
from ecrm_core.exporting.tables import CONTENT_TYPES
from ecrm_core.exporting.transactions import TransactionExport

TICKET_SECONDS = 60.0
MOST_TICKETS = 1_000
AT_ONCE = 2
"""Exports that are written at the same time; the next one waits its turn."""
PIECE = 256 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ticket:
    """What a link stands for, and for whom."""

    username: str
    wanted: TransactionExport
    file_name: str
    until: float


class Tickets:
    """The files that are on offer: each to one employee, once, for a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[str, Ticket] = OrderedDict()
        self._lock = Lock()

    def offer(self, username: str, wanted: TransactionExport, file_name: str) -> str:
        """The address that this employee can fetch the file from."""
        number = secrets.token_urlsafe(24)
        with self._lock:
            self._known[number] = Ticket(username, wanted, file_name, self._clock() + TICKET_SECONDS)
            while len(self._known) > MOST_TICKETS:
                self._known.popitem(last=False)
        return f"export/{number}"

    def take(self, number: str, username: str) -> Ticket | None:
        """What was offered; none for what is used, too old, somebody else's, or never was."""
        with self._lock:
            ticket = self._known.get(number)
            if ticket is None or ticket.username != username:
                return None
            del self._known[number]
        return ticket if self._clock() <= ticket.until else None


TICKETS = Tickets()
_writing = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ecrm-export")
_under_way: set[Export] = set()


def stop() -> None:
    """Give up what is being written: the server ends, and nobody could fetch it any more."""
    for export in tuple(_under_way):
        export.stop()


class ExportFile(PlainAnswers):
    """A file on offer, for the one it was offered to and nobody else."""

    _export: Export | None = None

    async def get(self, number: str) -> None:
        self.set_header("Cache-Control", "no-store")
        door = door_of(self)
        login = await door.find(self.get_cookie(SID) or "")
        if login is None:
            raise HTTPError(403)
        ticket = TICKETS.take(number, login.username)
        if ticket is None:
            raise HTTPError(404)
        self._export = Export(door.crm, login.username, ticket.wanted)
        loop = asyncio.get_running_loop()
        with tempfile.TemporaryDirectory(prefix="ecrm-export-") as folder:
            file = Path(folder) / "file"
            _under_way.add(self._export)
            try:
                count = await loop.run_in_executor(_writing, self._export.run, file)
            except EcrmError as error:
                log.warning("export for %s failed: %s", login.username, error)
                raise HTTPError(503) from error
            finally:
                _under_way.discard(self._export)
            log.info("export: %s rows for %s", count, login.username)
            self.set_header("Content-Type", CONTENT_TYPES[ticket.wanted.file_format])
            self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(ticket.file_name)}")
            self.set_header("Content-Length", file.stat().st_size)
            await self._send(file)

    async def _send(self, file: Path) -> None:
        """Piece by piece, no faster than it is taken."""
        with file.open("rb") as opened:
            while piece := await asyncio.to_thread(opened.read, PIECE):
                self.write(piece)
                try:
                    await self.flush()
                except StreamClosedError:
                    return

    def on_connection_close(self) -> None:
        if self._export is not None:
            self._export.stop()

    def compute_etag(self) -> str | None:
        return None  # nothing is sent twice


def patterns() -> Iterable[tuple[str, type[RequestHandler]]]:
    """The addresses of downloads."""
    return [(r"/export/([A-Za-z0-9_-]{16,64})", ExportFile)]
