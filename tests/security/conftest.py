"""The program, served for real on a free port, and a browser that lies when a test wants it to."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import panel as pn
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders
from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClientConnection, websocket_connect

from dashboards.page import Visit
from dashboards.serve import build_server, stop_server
from ecrm_core.crm import Crm
from ecrm_core.models import Credential, Employee, Role
from ecrm_core.services import login

PASSWORD = "kuda-laut-biru"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PATHS = ("home", "orders", "team")
BY_STAFF = {"team"}

_tried: list[str] = []
_let_through: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and "security/test_attacks.py" in report.nodeid:
        _tried.append(report.nodeid)
        if report.failed:
            _let_through.append(report.nodeid)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _tried:
        terminalreporter.write_line(
            f"attacks on the served program: {len(_tried)} tried, {len(_let_through)} got through"
        )


def give_passwords(crm: Crm) -> None:
    """Everybody's password is `PASSWORD`, and the addresses of a test may be tried at once."""
    password_hash = QUICK.hash(PASSWORD)
    with crm.system("test company") as work:
        for employee_id in work.session.scalars(select(Employee.id)):
            work.session.add(Credential(employee_id=employee_id, password_hash=password_hash, changed_at=work.now))


def a_page(visit: Visit) -> pn.viewable.Viewable:
    """Says who it was made for; a button counts."""
    said = pn.pane.Str(f"{visit.username} at {visit.path}")
    button = pn.widgets.Button(label="count")
    button.on_click(lambda event: said.param.update(object=f"{visit.username} counted {event.new}"))
    return pn.Column(said, button)


@dataclass
class Served:
    """A running server; everything in it may be looked at."""

    crm: Crm
    server: Any
    loop: IOLoop
    port: int

    def session_count(self) -> int:
        return len(self.server.get_sessions())

    def run(self, function: Any) -> Any:
        """Run something on the server's own loop and wait for it."""

        async def call() -> Any:
            result = function()
            return await result if asyncio.iscoroutine(result) else result

        return asyncio.run_coroutine_threadsafe(call(), self.loop.asyncio_loop).result(10)


@pytest.fixture
def served(sqlite_crm: Crm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """The company behind its door, with pages of the simplest kind."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(login, "_hasher", QUICK)  # what a hash costs is measured elsewhere
    login._dummy_hash.cache_clear()
    give_passwords(sqlite_crm)
    ready = threading.Event()
    box: dict[str, Any] = {}

    def run() -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        box["loop"] = IOLoop.current()
        box["server"] = server = build_server(
            sqlite_crm,
            port=0,
            paths=PATHS,
            render=a_page,
            may_open=lambda role, path: role is not Role.TELEMARKETER or path not in BY_STAFF,
        )
        server.start()
        box["loop"].add_callback(ready.set)
        box["loop"].start()
        stop_server(server)
        box["loop"].close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(20)
    login._dummy_hash()
    yield Served(sqlite_crm, box["server"], box["loop"], box["server"].port)
    box["loop"].add_callback(box["loop"].stop)
    thread.join(10)
    assert not thread.is_alive()


@dataclass
class Browser:
    """Keeps cookies and follows nothing; every header can be forged."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    origin: str | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fetch(
        self,
        path: str,
        *,
        data: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        method: str | None = None,
        compressed: bool = False,
    ) -> HTTPResponse:
        return asyncio.run(self.afetch(path, data=data, headers=headers, method=method, compressed=compressed))

    async def afetch(
        self,
        path: str,
        *,
        data: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        method: str | None = None,
        compressed: bool = False,
    ) -> HTTPResponse:
        sent = HTTPHeaders(headers or {})
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.origin:
            sent["Origin"] = self.origin
        if compressed:
            sent["Accept-Encoding"] = "gzip"
        request = HTTPRequest(
            self.base + path,
            method=method or ("GET" if data is None else "POST"),
            body=None if data is None else urlencode(data),
            headers=sent,
            follow_redirects=False,
            decompress_response=False,
            request_timeout=15,
        )
        client = AsyncHTTPClient(force_instance=True)
        try:
            response = await client.fetch(request, raise_error=False)
        finally:
            client.close()
        for line in response.headers.get_list("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        return response

    def xsrf(self) -> str:
        if "_xsrf" not in self.cookies:
            self.fetch("/login")
        return self.cookies["_xsrf"]

    def log_in(self, username: str, password: str = PASSWORD, *, next: str = "") -> HTTPResponse:
        return self.fetch(
            "/login", data={"_xsrf": self.xsrf(), "username": username, "password": password, "next": next}
        )

    def log_out(self) -> HTTPResponse:
        return self.fetch("/logout", data={"_xsrf": self.xsrf()})

    def token(self, path: str = "/home") -> str:
        """The token a page carries for its connection."""
        response = self.fetch(path)
        assert response.code == 200, (response.code, response.headers.get("Location"))
        return token_in(response.body.decode())

    async def connect(
        self, token: str | None, path: str = "/home/ws", *, origin: str | None = None
    ) -> WebSocketClientConnection:
        """Open a connection.

        Raises:
            HTTPClientError: it was refused.
        """
        headers = {"Origin": origin or self.base}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return await websocket_connect(
            HTTPRequest(f"ws://127.0.0.1:{self.port}{path}", headers=headers, request_timeout=10),
            subprotocols=None if token is None else ["bokeh", token],
        )

    def refused(self, token: str | None, path: str = "/home/ws", *, origin: str | None = None) -> int | None:
        """The status a connection is refused with; none if it was let in."""

        async def attempt() -> int | None:
            try:
                connection = await self.connect(token, path, origin=origin)
            except HTTPClientError as error:
                return error.code
            connection.close()
            return None

        return asyncio.run(attempt())


def token_in(page: str) -> str:
    found = re.search(r'"token":"([^"]+)"', page)
    assert found, page[:500]
    return found.group(1)


async def read(connection: WebSocketClientConnection) -> dict[str, Any] | None:
    """One message: its type and content; none when the connection is closed."""
    parts = []
    for _ in range(3):
        part = await asyncio.wait_for(connection.read_message(), 8)
        if part is None:
            return None
        parts.append(json.loads(part))
    return {"type": parts[0]["msgtype"], "content": parts[2]}


async def ask(connection: WebSocketClientConnection, kind: str, content: dict[str, Any]) -> dict[str, Any] | None:
    """Send a message and read the next; none when the connection is closed instead."""
    for part in ({"msgid": "1", "msgtype": kind}, {}, content):
        await connection.write_message(json.dumps(part))
    return await read(connection)


async def close_code(connection: WebSocketClientConnection) -> int | None:
    """Wait until the server closes; with which code."""
    while await asyncio.wait_for(connection.read_message(), 8) is not None:
        pass
    return connection.close_code


@pytest.fixture
def stranger(served: Served) -> Browser:
    """The browser of somebody who is not signed in."""
    return Browser(served.port)


@pytest.fixture
def siti(served: Served) -> Browser:
    """Siti, signed in."""
    siti = Browser(served.port)
    assert siti.log_in("siti").code == 303
    return siti


@pytest.fixture
def ratna(served: Served) -> Browser:
    """Ratna, signed in."""
    ratna = Browser(served.port)
    assert ratna.log_in("ratna").code == 303
    return ratna
