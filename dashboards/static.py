"""Files of the program itself: compressed once, kept in memory, and cached by browsers.

Panel's own server sends its scripts uncompressed, which is most of a first page's wait.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import mimetypes
import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from panel.io.server import ComponentResourceHandler
from tornado.web import HTTPError, RequestHandler

COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg+xml", "application/wasm")
SMALLEST_COMPRESSED = 512
CACHE_BYTES = 64 * 1024 * 1024
HASHED_NAME = re.compile(r"-[A-Z0-9]{8}\.\w+$")
A_YEAR = 365 * 24 * 3600
COMPONENT_PACKAGES = frozenset({"panel", "panel_material_ui", "dashboards"})

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("font/woff2", ".woff2")


@dataclass(frozen=True)
class StoredFile:
    """A file as it is sent. `zipped` is none where compressing gains nothing."""

    plain: bytes
    zipped: bytes | None
    etag: str
    kind: str

    @property
    def size(self) -> int:
        return len(self.plain) + len(self.zipped or b"")


class FileStore:
    """Files read and compressed once, the least lately used dropped first."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._files: OrderedDict[tuple[Path, int], StoredFile] = OrderedDict()
        self._limit = limit
        self._lock = Lock()

    def load(self, file: Path) -> StoredFile:
        """A file, ready to be sent. A changed file is read anew.

        Raises:
            OSError: it is not there.
        """
        key = (file, file.stat().st_mtime_ns)
        with self._lock:
            known = self._files.get(key)
            if known is not None:
                self._files.move_to_end(key)
                return known
        stored = _read(file)
        with self._lock:
            self._files[key] = stored
            while sum(each.size for each in self._files.values()) > self._limit and len(self._files) > 1:
                self._files.popitem(last=False)
        return stored


def _read(file: Path) -> StoredFile:
    plain = file.read_bytes()
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    zipped = None
    if kind.startswith(COMPRESSIBLE) and len(plain) >= SMALLEST_COMPRESSED:
        zipped = gzip.compress(plain, 9, mtime=0)
    return StoredFile(plain, zipped, f'"{hashlib.sha256(plain).hexdigest()[:32]}"', kind)


STORE = FileStore()


async def deliver(handler: RequestHandler, file: Path) -> None:
    """Send a file: compressed if the browser takes it, and only if it has not got it already.

    An address that carries a version (`?v=…`, or a hash) never changes what it means, so browsers keep it for a
    year without asking; any other is asked for again, and answered in a few bytes.
    """
    try:
        stored = await asyncio.get_running_loop().run_in_executor(None, STORE.load, file)
    except OSError as error:
        raise HTTPError(404) from error
    versioned = bool(handler.request.query) or HASHED_NAME.search(file.name) is not None
    handler.set_header("Cache-Control", f"public, max-age={A_YEAR}, immutable" if versioned else "no-cache")
    handler.set_header("Content-Type", stored.kind + ("; charset=utf-8" if stored.kind.startswith("text/") else ""))
    handler.set_header("Etag", stored.etag)
    if handler.check_etag_header():
        handler.set_status(304)
        return
    body = stored.plain
    if stored.zipped is not None and "gzip" in handler.request.headers.get("Accept-Encoding", ""):
        handler.set_header("Content-Encoding", "gzip")
        body = stored.zipped
    handler.set_header("Content-Length", len(body))
    if handler.request.method != "HEAD":
        handler.write(body)


class StaticFiles(RequestHandler):
    """Files below a folder that is looked up by the address."""

    def initialize(self, find: Callable[[str], Path | None]) -> None:
        self.find = find

    async def get(self, path: str) -> None:
        file = self.find(path)
        if file is None:
            raise HTTPError(404)
        await deliver(self, file)

    async def head(self, path: str) -> None:
        await self.get(path)

    def compute_etag(self) -> str | None:
        return None  # `deliver` has set it


class ComponentFiles(ComponentResourceHandler):
    """Scripts and styles of components, for the packages that bring any.

    Panel's own would import whatever module the address names, for anybody.
    """

    async def get(self, path: str, include_body: bool = True) -> None:
        module = path.split("/", 1)[0]
        if module not in sys.modules or module.split(".", 1)[0] not in COMPONENT_PACKAGES:
            raise HTTPError(404)
        await deliver(self, Path(self.validate_absolute_path("root", self.parse_url_path(path))))

    async def head(self, path: str) -> None:
        await self.get(path)

    def compute_etag(self) -> str | None:
        return None


def below(folder: Path) -> Callable[[str], Path | None]:
    """Finds files below a folder and nowhere else."""
    top = folder.resolve()

    def find(path: str) -> Path | None:
        file = (top / path).resolve()
        return file if file.is_relative_to(top) and file.is_file() else None

    return find


def below_named(folders: Mapping[str, Any]) -> Callable[[str], Path | None]:
    """The same for several folders, the first segment of the address choosing which.

    Args:
        folders: looked up at each request: packages add theirs when a page first needs them.
    """

    def find(path: str) -> Path | None:
        name, _, rest = path.partition("/")
        return below(Path(folders[name]))(rest) if name in folders else None

    return find
