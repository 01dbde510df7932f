"""The door: who is signed in, the log-in page, log-out, and the end of every open connection of a session.

A session is the opaque cookie `sid` (see `ecrm_core.services.login`). Each request and each message
of an open page is checked against it here.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import quote, urlencode, urlsplit

from bokeh.server.auth_provider import AuthProvider
from tornado.httputil import HTTPServerRequest
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.template import Loader
from tornado.web import HTTPError, RequestHandler

from ecrm_core.crm import Crm
from ecrm_core.errors import DatabaseProblem, EcrmError
from ecrm_core.models.people import Language
from ecrm_core.services.login import (
    Login,
    SignIn,
    TooManyAttempts,
    company_name,
    find_logins,
    sign_in,
    sign_in_by_link,
    sign_out,
)
from ecrm_core.settings import Installation
from ecrm_core.texts import Texts

HERE = Path(__file__).parent
ASSETS = HERE / "assets"
TEXTS = HERE / "texts"
TEMPLATES = Loader(str(HERE / "templates"), autoescape="xhtml_escape", whitespace="single")

SID = "sid"
LANGUAGE_COOKIE = "lang"
LANGUAGE_NAMES = {Language.INDONESIAN: "Bahasa Indonesia", Language.ENGLISH: "English"}
FRESH_SECONDS = 1.0
"""How long an answer about a session is good for while its page sends messages."""
WATCH_SECONDS = 1.0
SIGNED_OUT = 4401
CHANGED = 4409

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class OpenPage(Protocol):
    """An open connection of somebody's page."""

    sid: str
    login: Login

    def leave(self, code: int) -> None:
        """Close it, telling the page why."""


class Door:
    """Everything about who is signed in that one server holds in memory."""

    def __init__(self, crm: Crm, paths: Collection[str], origins: Collection[str] = ()) -> None:
        self.crm = crm
        self.paths = frozenset(paths)
        self.origins = frozenset(origins)
        self.home = next(iter(paths))
        self.page_files: tuple[str, ...] = ()
        """What the page served last loads; the log-in page fetches it while the password is typed."""
        # Hashing takes 64 MiB and a core: more at once would only starve the people at work.
        self._hashing = ThreadPoolExecutor(2, thread_name_prefix="ecrm-password")
        self._looking = ThreadPoolExecutor(8, thread_name_prefix="ecrm-login")
        self._fresh: dict[str, tuple[float, Login | None]] = {}
        self._open: dict[str, set[OpenPage]] = {}
        self._watch = PeriodicCallback(self._close_ended, WATCH_SECONDS * 1000)

    def start(self) -> None:
        """Begin to watch the open pages; on the server's loop."""
        self._watch.start()

    def stop(self) -> None:
        """Stop watching and give the threads back."""
        self._watch.stop()
        self._hashing.shutdown(wait=False, cancel_futures=True)
        self._looking.shutdown(wait=False, cancel_futures=True)

    async def run(self, function: Callable[..., Answer], *args: Any, **named: Any) -> Answer:
        """Ask the database without holding up anybody else."""
        return await IOLoop.current().run_in_executor(self._looking, partial(function, *args, **named))

    async def run_hashing(self, function: Callable[..., Answer], *args: Any, **named: Any) -> Answer:
        """The same for what computes a password's hash."""
        return await IOLoop.current().run_in_executor(self._hashing, partial(function, *args, **named))

    async def find(self, sid: str, *, at_most_old: float = 0.0) -> Login | None:
        """Whose live session this is; none for any other.

        Args:
            at_most_old: seconds that an earlier answer may be old.
        """
        if not sid or len(sid) > 128:
            return None
        asked, login = self._fresh.get(sid, (float("-inf"), None))
        now = time.monotonic()
        if now - asked < at_most_old:
            return login
        login = (await self.run(find_logins, self.crm, [sid], touch=True)).get(sid)
        if sid in self._open:
            self._fresh[sid] = (now, login)
        return login

    def opened(self, page: OpenPage) -> None:
        """A page has connected."""
        self._open.setdefault(page.sid, set()).add(page)

    def closed(self, page: OpenPage) -> None:
        """A page has gone."""
        pages = self._open.get(page.sid, set())
        pages.discard(page)
        if not pages:
            self._open.pop(page.sid, None)
            self._fresh.pop(page.sid, None)

    async def end(self, sid: str) -> None:
        """End a session, and with it every open page of it."""
        await self.run(sign_out, self.crm, sid)
        self._leave(sid)

    def refuse(self, page: OpenPage, login: Login | None) -> None:
        """A page whose session has ended or whose owner's role is another now."""
        page.leave(SIGNED_OUT if login is None else CHANGED)

    def _leave(self, sid: str) -> None:
        self._fresh.pop(sid, None)
        for page in list(self._open.get(sid, ())):
            page.leave(SIGNED_OUT)

    async def _close_ended(self) -> None:
        """Sessions also end elsewhere: on another server, by an admin, by the clock."""
        sids = list(self._open)
        if not sids:
            return
        try:
            alive = await self.run(find_logins, self.crm, sids, touch=False)
        except DatabaseProblem:
            log.warning("the database is away; open pages are checked again when it is back")
            return
        for sid in sids:
            login = alive.get(sid)
            if login is None:
                self._leave(sid)
                continue
            for page in list(self._open.get(sid, ())):
                if page.login.role is not login.role:
                    page.leave(CHANGED)

    def landing(self, wanted: str) -> str:
        """Where to go after the log-in: one of our own pages, whatever was asked for."""
        try:
            parts = urlsplit(wanted)
        except ValueError:
            return f"./{self.home}"
        path = parts.path.lstrip("/")
        if parts.scheme or parts.netloc or path not in self.paths:
            return f"./{self.home}"
        query = quote(parts.query, safe="!$%&'()*+,-./:;=?@_~")
        return f"./{path}?{query}" if query else f"./{path}"

    def trusts(self, origin: str, host: str) -> bool:
        """Whether a connection asked for by a page of this origin is one of ours."""
        netloc = urlsplit(origin).netloc.lower()
        return bool(netloc) and (netloc == host.lower() or netloc in self.origins)


def seal(sid: str) -> str:
    """Ties a page to the session it was made for, without telling anything about that."""
    return hashlib.sha256(b"page of " + sid.encode()).hexdigest()


def same_seal(one: object, sid: str) -> bool:
    """Whether a page was made for this session."""
    return isinstance(one, str) and hmac.compare_digest(one.encode(), seal(sid).encode())


def door_of(handler: RequestHandler) -> Door:
    """The door of the server that a request has come to."""
    return cast("Door", handler.application.settings["door"])


def texts_of(handler: RequestHandler) -> Texts:
    """The words for somebody who is not known yet: as asked for, as chosen before, or the installation's."""
    wishes = (handler.get_query_argument("lang", ""), handler.get_cookie(LANGUAGE_COOKIE), Installation().language)
    return Texts(next(wish for wish in wishes if wish in set(Language)), TEXTS)


@lru_cache(maxsize=64)
def _fingerprint(file: Path, _changed: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def asset(name: str) -> str:
    """The address of one of our own files; it changes with the content, so it can be kept for ever."""
    file = ASSETS / name
    return f"assets/{name}?v={_fingerprint(file, file.stat().st_mtime_ns)}"


def write_message(handler: RequestHandler, key: str) -> None:
    """Answer with a page of one sentence and the way home."""
    say = texts_of(handler)
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    handler.set_header("Cache-Control", "no-store")
    handler.finish(
        TEMPLATES.load("message.html").generate(say=say, language=say.language, sentence=say(key), asset=asset)
    )


class PlainAnswers(RequestHandler):
    """Errors in words a person can use, and cookies that other sites and open lines never see."""

    def set_cookie(self, name: str, value: str | bytes, *args: Any, **named: Any) -> None:
        named = {"samesite": "Lax", "secure": self.request.protocol == "https", **named}
        super().set_cookie(name, value, *args, **named)

    def write_error(self, status_code: int, **_: Any) -> None:
        key = {403: "served.not_allowed", 404: "served.not_found"}.get(status_code, "served.trouble")
        write_message(self, key)


class NotFound(PlainAnswers):
    """Whatever has no page."""

    def prepare(self) -> None:
        raise HTTPError(404)


class LoginPage(PlainAnswers):
    """The log-in page, and what it sends."""

    _stale = False

    async def get(self) -> None:
        door = door_of(self)
        chosen = self.get_query_argument("lang", "")
        if chosen in set(Language):
            self.set_cookie(LANGUAGE_COOKIE, chosen, expires_days=365, httponly=True)
        link = self.get_query_argument("link", "")
        try:
            already = await door.find(self.get_cookie(SID) or "")
        except DatabaseProblem:
            already = None
        if already is not None and not link:
            self.redirect(door.landing(self.get_query_argument("next", "")))
            return
        await self._show(link=link, wanted=self.get_query_argument("next", ""))

    def check_xsrf_cookie(self) -> None:
        """A form that stood open for too long gets the page with a new token, not a dead end."""
        try:
            super().check_xsrf_cookie()
        except HTTPError:
            self._stale = True

    async def post(self) -> None:
        door = door_of(self)
        username = self.get_body_argument("username", "", strip=False)
        link = self.get_body_argument("link", "")
        wanted = self.get_body_argument("next", "")
        address = self.request.remote_ip or ""
        if self._stale:
            self.set_status(403)
            await self._show(username=username, link=link, wanted=wanted, said=texts_of(self)("login.stale"))
            return
        try:
            if link:
                signed_in = await door.run(sign_in_by_link, door.crm, link, address=address)
            else:
                password = self.get_body_argument("password", "", strip=False)
                signed_in = await door.run_hashing(sign_in, door.crm, username, password, address=address)
            # Whoever was signed in here before is not any more.
            if old := self.get_cookie(SID):
                await door.end(old)
        except TooManyAttempts as refused:
            self.set_status(429)
            self.set_header("Retry-After", refused.seconds)
            await self._show(username=username, wanted=wanted, said=_wait_sentence(texts_of(self), refused.seconds))
        except DatabaseProblem:
            self.set_status(503)
            await self._show(username=username, wanted=wanted, said=texts_of(self)("login.trouble"))
        except EcrmError as refused:
            self.set_status(403)
            await self._show(username=username, wanted=wanted, said=texts_of(self).error(refused))
        else:
            self._let_in(signed_in)
            self.redirect(door.landing(wanted), status=303)

    def _let_in(self, signed_in: SignIn) -> None:
        # No expiry of its own: the session's is kept by the database, and a closed browser forgets it.
        self.set_cookie(SID, signed_in.sid, httponly=True)
        self.set_header("Cache-Control", "no-store")

    async def _show(self, *, username: str = "", link: str = "", wanted: str = "", said: str = "") -> None:
        door = door_of(self)
        say = texts_of(self)
        try:
            company = await door.run(company_name, door.crm)
        except DatabaseProblem:
            company, said = "e-CRM", said or say("login.trouble")
        kept = {name: value for name, value in (("next", wanted), ("link", link)) if value}
        self.set_header("Cache-Control", "no-store")
        self.finish(
            TEMPLATES.load("login.html").generate(
                say=say,
                language=str(say.language),
                company=company,
                said=said,
                username=username,
                link=link,
                next=wanted,
                xsrf=self.xsrf_form_html(),
                asset=asset,
                page_files=door.page_files,
                languages=[
                    (str(language), name, "./login?" + urlencode({**kept, "lang": str(language)}))
                    for language, name in LANGUAGE_NAMES.items()
                ],
            )
        )


class Logout(PlainAnswers):
    """Ends the session on every open page; only by POST, so that no link or picture can."""

    async def post(self) -> None:
        if sid := self.get_cookie(SID):
            await door_of(self).end(sid)
        for name in (SID, "_xsrf"):
            self.clear_cookie(name)
        self.set_header("Cache-Control", "no-store")
        self.redirect("./login", status=303)


class SignedIn(PlainAnswers):
    """What an open page asks after its connection was cut: 204 while the log-in holds, else 401."""

    async def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        login = await door_of(self).find(self.get_cookie(SID) or "")
        self.set_status(401 if login is None else 204)
        self.finish()


class LoginProvider(AuthProvider):
    """Tells Panel's server who is asking."""

    @property
    def get_user_async(self) -> Any:
        return _who

    @property
    def login_url(self) -> str:
        return "/login"

    @property
    def login_handler(self) -> type[RequestHandler]:
        return LoginPage

    @property
    def logout_url(self) -> str:
        return "/logout"

    @property
    def logout_handler(self) -> type[RequestHandler]:
        return Logout


async def _who(handler: RequestHandler) -> str | None:
    sid = handler.get_cookie(SID) or ""
    login = await door_of(handler).find(sid)
    # On the request, because that is all Panel hands on to where a page is made.
    handler.request.ecrm_login = None if login is None else (login, sid)  # type: ignore[attr-defined]
    return None if login is None else login.username


def login_of(request: HTTPServerRequest) -> tuple[Login, str] | None:
    """Who asked, and in which session; none for a stranger."""
    known: tuple[Login, str] | None = getattr(request, "ecrm_login", None)
    return known


def _wait_sentence(say: Texts, seconds: int) -> str:
    if seconds < 90:
        return say("login.wait_seconds", count=seconds)
    return say("login.wait_minutes", count=-(-seconds // 60))


def patterns() -> Iterable[tuple[str, type[RequestHandler]]]:
    """Addresses that belong to the door beside log-in and log-out."""
    return [("/signed-in", SignedIn)]
