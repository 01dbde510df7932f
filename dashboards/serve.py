"""The server: every page of the company behind one log-in, with nothing asked of any other machine."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import panel as pn
from bokeh.document import Document
from bokeh.embed.bundle import extension_dirs
from bokeh.resources import Resources
from bokeh.settings import settings as bokeh_settings
from panel.io.resources import COMPONENT_PATH, LOCAL_DIST
from panel.io.server import Server, get_server
from panel.io.state import set_curdoc
from tornado.ioloop import IOLoop
from tornado.web import GZipContentEncoding, RedirectHandler, RequestHandler

from dashboards import calendars, exports
from dashboards.guard import CompanyApplication, MayOpen, SecurityHeaders, guarded, username_of
from dashboards.login import ASSETS, Door, LoginProvider, NotFound, door_of, patterns
from dashboards.page import Visit
from dashboards.static import ComponentFiles, StaticFiles, below, below_named
from dashboards.writes import leave_no_message_behind
from ecrm_core.crm import Crm, connect
from ecrm_core.errors import DatabaseProblem
from ecrm_core.services.login import company_name
from ecrm_core.settings import Installation, data_folder

Render: TypeAlias = Callable[[Visit], Any]

WORKERS = 32
"""Threads for queries; Python's default on a small machine would make colleagues wait for each other."""
KEEP_CUT_MS = 120_000
"""How long a page without connection is kept, to be found again when the network is back."""
LARGEST_REQUEST = 1024 * 1024
LARGEST_MESSAGE = 16 * 1024 * 1024
SECRET_BYTES = 32

log = logging.getLogger(__name__)


def build_server(
    crm: Crm,
    *,
    host: str = "127.0.0.1",
    port: int = 5006,
    origins: Collection[str] = (),
    paths: Collection[str] | None = None,
    render: Render | None = None,
    may_open: MayOpen | None = None,
    behind_proxy: bool = False,
) -> Server:
    """A server that listens but does not run yet: `start()` it on the loop of this thread.

    Args:
        port: 0 for a free one; `server.port` tells which.
        origins: `host:port` under which browsers reach it, where a proxy hides that.
        paths: addresses of the pages, the first is home; the shell's own unless given.
        render: makes the page of a visit; the shell's unless given.
        may_open: which role has which page; the shell's unless given.
        behind_proxy: trust `X-Forwarded-For` and `X-Forwarded-Proto`; only where a proxy sets them.

    Raises:
        OSError: the port is taken.
    """
    leave_no_message_behind()
    if paths is None or render is None:
        from dashboards import shell  # noqa: PLC0415  the screens cost two seconds to import

        paths = paths or shell.PATHS
        render = render or shell.render
        may_open = may_open or getattr(shell, "may_open", None)
    door = Door(crm, paths, origins)
    secret = _secret(data_folder())
    pages: dict[str, Any] = {f"/{path}": CompanyApplication(partial(_make_page, crm, path, render)) for path in paths}
    with guarded():
        server = get_server(
            pages,
            port=port,
            address=host,
            admin=False,
            show=False,
            start=False,
            verbose=False,
            auth_provider=LoginProvider(),
            cookie_secret=secret.hex(),
            secret_key=secret,
            sign_sessions=True,
            # Nothing of the request goes into the page but its arguments: no cookie, no header.
            include_cookies=[],
            include_headers=["User-Agent"],
            xsrf_cookies=True,
            xsrf_cookie_kwargs={"expires_days": None},
            cross_origin_protection=True,
            # A page keeps its token while the log-in lasts, so that it finds its way back after a cut.
            session_token_expiration=Installation().session_hours * 3600,
            unused_session_lifetime_milliseconds=KEEP_CUT_MS,
            check_unused_sessions_milliseconds=2000,
            use_index=False,
            extra_patterns=_patterns(door.home),
            ico_path=str(ASSETS / "favicon.ico"),
            default_handler_class=NotFound,
            transforms=[SecurityHeaders, GZipContentEncoding],
            websocket_max_message_size=LARGEST_MESSAGE,
            http_server_kwargs={"max_buffer_size": LARGEST_REQUEST, "xheaders": behind_proxy},
            door=door,
            may_open=may_open or _everybody,
        )
    setattr(server._tornado, "resources", partial(_lean, server._tornado.resources))  # noqa: B010  a method
    server.io_loop.add_callback(door.start)
    return server


def serve_company(
    crm: Crm,
    *,
    host: str = "127.0.0.1",
    port: int = 5006,
    on_ready: Callable[[str], None],
    **options: Any,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        on_ready: called once with the address, when it answers.
        options: as of `build_server`.
    """
    asyncio.set_event_loop(asyncio.new_event_loop())
    loop = IOLoop.current()
    workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="ecrm")
    loop.asyncio_loop.set_default_executor(workers)  # type: ignore[attr-defined]
    server = build_server(crm, host=host, port=port, **options)
    server.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.add_callback_from_signal(loop.stop))
    loop.add_callback(on_ready, address_of(host, server.port))
    try:
        loop.start()
    finally:
        stop_server(server)
        workers.shutdown(wait=False, cancel_futures=True)


def stop_server(server: Server) -> None:
    """Stop listening and give the threads back."""
    server._tornado.settings["door"].stop()
    exports.stop()
    server.stop(wait=False)


def serve(*, host: str = "127.0.0.1", port: int = 5006, origin: str = "", behind_proxy: bool = False) -> None:
    """Serve the company's pages until Ctrl-C.

    Args:
        host: address to listen on; 0.0.0.0 for every one of this machine.
        port: port to listen on.
        origin: host:port that browsers use, where a proxy stands before this server; several with commas.
        behind_proxy: trust the proxy's word on where a request comes from, and that it came encrypted.
    """
    crm = connect()
    origins = [each.strip().lower() for each in origin.split(",") if each.strip()]
    try:
        serve_company(
            crm,
            host=host,
            port=port,
            origins=origins,
            behind_proxy=behind_proxy,
            on_ready=lambda address: print(f"e-CRM: {address}", flush=True),
        )
    finally:
        crm.close()


def address_of(host: str, port: int | None) -> str:
    """What to type into a browser on this machine."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  compared with, not listened on
        host = socket.gethostname()
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _make_page(crm: Crm, path: str, render: Render, document: Document) -> None:
    """Fill a new page for whoever asked for it."""
    context: Any = document.session_context
    query = {
        name: values[-1].decode("utf-8", "replace") for name, values in context.request.arguments.items() if values
    }
    # Our own script tells of a lost connection; Bokeh's message would come on top, in English.
    document.config.update(reconnect_session=True, notifications=None, notify_connection_status=False)
    # Panel sets this when it writes a page's HTML. A page made anew for a connection that outlived the
    # server has none written, and would name Panel's public address for its styles.
    document.template_variables["dist_url"] = LOCAL_DIST
    # Panel holds its answers back until a browser has loaded the page; one that comes back has it loaded already.
    document.on_event("client_reconnected", partial(pn.state._schedule_on_load, document))
    with set_curdoc(document):
        made = render(Visit(crm=crm, username=username_of(document), path=path, query=query))
        view: Any = made if isinstance(made, pn.template.base.BaseTemplate) else pn.panel(made)
        view.server_doc(doc=document, title=document.title, location=True)


def _lean(resources: Callable[..., Resources], *args: Any) -> Resources:
    """What a page loads, without the WebGL that no chart of ours uses."""
    found = resources(*args)
    found.components = [name for name in found.components if name != "bokeh-gl"]
    return found


def _patterns(home: str) -> list[tuple[Any, ...]]:
    return [
        (r"/", RedirectHandler, {"url": f"./{home}", "permanent": False}),
        *patterns(),
        *exports.patterns(),
        (r"/healthz", Alive),
        (r"/readyz", Ready),
        (calendars.PATTERN, calendars.CalendarFile),
        (r"/assets/(.*)", StaticFiles, {"find": below(ASSETS)}),
        (r"/static/extensions/(.*)", StaticFiles, {"find": below_named(extension_dirs)}),
        (r"/static/(.*)", StaticFiles, {"find": below(Path(bokeh_settings.bokehjs_path()))}),
        (rf"/{COMPONENT_PATH}(.*)", ComponentFiles),
    ]


def _everybody(_role: Any, _path: str) -> bool:
    return True


def _secret(folder: Path) -> bytes:
    """What this installation signs its pages with: made once, readable by its owner alone."""
    file = folder / "server.key"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        # Complete before it has its name: another server starting at once reads all of it or makes none.
        partial_file = folder / f".server.key.{os.getpid()}.{secrets.token_hex(4)}"
        handle = os.open(partial_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as target:
            target.write(secrets.token_bytes(SECRET_BYTES))
        try:
            os.link(partial_file, file)
        finally:
            partial_file.unlink()
    except FileExistsError:
        pass
    secret = file.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise DatabaseProblem("damaged", detail=str(file))
    file.chmod(0o600)
    return secret


class Alive(RequestHandler):
    """The process answers."""

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write("ok\n")


class Ready(RequestHandler):
    """The database answers too."""

    async def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        door = door_of(self)
        try:
            await door.run(company_name, door.crm)
        except DatabaseProblem:
            self.set_status(503)
            self.write("database away\n")
        else:
            self.write("ok\n")
