"""Pages and their connections, each checked against the log-in before anything else.

Panel's own handlers authorise the page but not its websocket, and put every cookie into the page.
Ours take their place while the server is put together. They reach into Panel's and Bokeh's
internals: the version is pinned, and `tests/security` attacks them.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import panel
from bokeh.application.handlers.function import FunctionHandler
from bokeh.document import Document
from bokeh.server.tornado import BokehTornado
from bokeh.server.urls import per_app_patterns
from bokeh.util.token import check_token_signature, get_token_payload
from panel.io.application import Application
from panel.io.server import DocHandler, WSHandler
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import HTTPError, OutputTransform

from dashboards.login import FRESH_SECONDS, PlainAnswers, asset, door_of, login_of, same_seal, seal, texts_of
from ecrm_core.models.people import Role
from ecrm_core.services.login import Login

MayOpen: TypeAlias = Callable[[Role, str], bool]

POLICY = (
    "default-src 'self'; base-uri 'self'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; "
    "img-src 'self' data: blob:; font-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' blob:; worker-src 'self' blob:; script-src 'self'{scripts}"
)
# Bokeh compiles small functions (`unsafe-eval`), Panel loads components from memory (`blob:`).
PAGE_SCRIPTS = " blob: 'unsafe-eval'"
SCRIPT = re.compile(r"<script(?=[\s>])", re.IGNORECASE)
UNVERSIONED = re.compile(r"""((?:src|href)="static/extensions/[^"?]+)\"""")
PAGE_FILES = re.compile(r"""(?:src|href)="((?:static|assets)/[^"]+\?[^"]+)\"""")

log = logging.getLogger(__name__)


class SecurityHeaders(OutputTransform):
    """Adds to every answer of the server, whoever gives it, what keeps browsers careful."""

    def __init__(self, request: HTTPServerRequest) -> None:
        super().__init__(request)
        self._encrypted = request.protocol == "https"

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        headers.setdefault("Content-Security-Policy", POLICY.format(scripts=""))
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
        headers.pop("Server", None)
        if self._encrypted:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return status_code, headers, chunk


def admit_scripts(page: str) -> tuple[str, str]:
    """Mark the scripts the server itself wrote into a page, so that these run and no other inline one.

    Returns:
        The page, and the policy to send with it.
    """
    nonce = secrets.token_urlsafe(16)
    return SCRIPT.sub(f'<script nonce="{nonce}"', page), POLICY.format(scripts=f"{PAGE_SCRIPTS} 'nonce-{nonce}'")


class CompanyApplication(Application):
    """A page of ours; notes in the page's token who asked for it, and in which session."""

    def __init__(self, make: Callable[[Document], None]) -> None:
        super().__init__(FunctionHandler(make))  # type: ignore[no-untyped-call]

    def process_request(self, request: HTTPServerRequest) -> dict[str, Any]:
        known = login_of(request)
        assert known is not None, "no page is made for a stranger"
        login, sid = known
        data: dict[str, Any] = super().process_request(request)
        return {**data, "username": login.username, "role": str(login.role), "seal": seal(sid)}


def username_of(document: Document) -> str:
    """Who a page being made is for."""
    context: Any = document.session_context
    return str(context.token_payload["username"])


class GuardedPage(PlainAnswers, DocHandler):
    """A page, for those who are signed in and whose role has it."""

    async def prepare(self) -> None:
        # Panel would let these join another page's session.
        if (
            self.get_query_argument("bokeh-token", None) is not None
            or self.get_query_argument("bokeh-session-id", None) is not None
            or "Bokeh-Session-Id" in self.request.headers
        ):
            raise HTTPError(403)
        await super().prepare()  # type: ignore[no-untyped-call]
        known = login_of(self.request)
        if known is not None:
            if not self.settings["may_open"](known[0].role, self.request.path.strip("/")):
                raise HTTPError(403)
            self.xsrf_token  # noqa: B018  the cookie that the log-out button reads

    def write(self, chunk: str | bytes | dict[str, Any]) -> None:
        if isinstance(chunk, str):
            sentence = texts_of(self)("served.lost").replace("&", "&amp;").replace('"', "&quot;")
            ours = f'<script src="{asset("session.js")}" data-lost="{sentence}"></script>'
            chunk = chunk.replace("<head>", "<head>" + ours, 1)
            # Panel names a few files without a version, and browsers would ask for them every time.
            chunk = UNVERSIONED.sub(rf'\1?v={panel.__version__}"', chunk)
            door_of(self).page_files = tuple(PAGE_FILES.findall(chunk))
            chunk, policy = admit_scripts(chunk)
            self.set_header("Content-Security-Policy", policy)
        super().write(chunk)


class GuardedSocket(WSHandler):
    """The connection of a page: only of a page made for this session, and only while that lasts."""

    sid = ""
    login: Login
    application: BokehTornado

    async def prepare(self) -> None:
        await super().prepare()  # type: ignore[no-untyped-call]
        known = login_of(self.request)
        if self._finished or known is None:
            return
        self.login, self.sid = known
        path = self.request.path.removesuffix("/ws").strip("/")
        if not (self._is_ours(path) and self.settings["may_open"](self.login.role, path)):
            self.set_status(403)
            self.finish()

    def _is_ours(self, path: str) -> bool:
        """Whether the page's token was signed here, has not expired, and is of this session, role and path."""
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        token = offered[1].strip() if len(offered) == 2 else ""
        try:
            if not check_token_signature(token, self.application.secret_key, signed=True):
                return False
            payload = get_token_payload(token)
            return (
                same_seal(payload["seal"], self.sid)
                and payload["app_path"].strip("/") == path
                and payload["username"] == self.login.username
                and payload["role"] == str(self.login.role)
                and payload["session_expiry"] > time.time()
            )
        except Exception:
            return False

    def check_origin(self, origin: str) -> bool:
        return door_of(self).trusts(origin, self.request.host)

    def open(self, *args: Any, **kwargs: Any) -> Any:
        door_of(self).opened(self)
        return super().open(*args, **kwargs)  # type: ignore[no-untyped-call]

    async def on_message(self, fragment: str | bytes) -> None:
        login = await door_of(self).find(self.sid, at_most_old=FRESH_SECONDS)
        if login is None or login.role is not self.login.role:
            door_of(self).refuse(self, login)
            return
        await super().on_message(fragment)

    def leave(self, code: int) -> None:
        """Close, telling the page why; what it showed is dropped as soon as possible."""
        if self.connection is not None:
            self.connection.session.request_expiration()
        self.close(code)

    def on_close(self) -> None:
        door_of(self).closed(self)
        super().on_close()


@contextmanager
def guarded() -> Iterator[None]:
    """While a server is put together, its pages get our handlers; other servers keep Panel's."""
    panels = list(per_app_patterns)
    # Without metadata and autoload.js: nothing embeds our pages elsewhere.
    per_app_patterns[:] = [(r"/ws", GuardedSocket), (r"", GuardedPage)]
    try:
        yield
    finally:
        per_app_patterns[:] = panels
