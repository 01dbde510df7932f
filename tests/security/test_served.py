"""How the program is served: headers, files, health, beginnings and ends."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import panel as pn
import pytest
from panel.io.state import state
from sqlalchemy import select

from dashboards import serve
from dashboards.static import FileStore, below, below_named
from ecrm_core.errors import DatabaseProblem
from ecrm_core.models import LoginSession
from tests.security.conftest import PASSWORD, Browser, Served, ask, read

EVERYWHERE = [
    "/login",
    "/home",
    "/",
    "/nothing",
    "/healthz",
    "/readyz",
    "/signed-in",
    "/assets/login.css",
    "/static/js/bokeh.min.js",
    "/home/static/js/bokeh.min.js",
    "/static/extensions/panel/panel.min.js",
    "/favicon.ico",
    "/home/ws",
]


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("who", ["stranger", "siti"])
def test_every_answer_keeps_browsers_careful(request: pytest.FixtureRequest, who: str, path: str) -> None:
    headers = request.getfixturevalue(who).fetch(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["frame-ancestors"] == "'none'"
    assert policy["object-src"] == "'none'"
    assert policy["default-src"] == "'self'"
    assert "unsafe-inline" not in policy["script-src"]
    assert "://" not in headers["Content-Security-Policy"]
    assert "Server" not in headers


@pytest.mark.parametrize("path", ["/login", "/home", "/team", "/nothing", "/signed-in", "/healthz", "/readyz"])
def test_no_page_is_kept_by_the_browser(siti: Browser, path: str) -> None:
    assert siti.fetch(path).headers.get("Cache-Control") == "no-store" or path == "/login"


def test_only_scripts_the_server_wrote_run(siti: Browser) -> None:
    first, second = siti.fetch("/home"), siti.fetch("/home")
    nonces = [re.findall(r"'nonce-([^']+)'", each.headers["Content-Security-Policy"]) for each in (first, second)]
    assert len(nonces[0]) == 1
    assert nonces[0] != nonces[1]
    scripts = re.findall(r"<script\b([^>]*)>", first.body.decode())
    assert len(scripts) > 3
    assert all(f'nonce="{nonces[0][0]}"' in attributes for attributes in scripts)


@pytest.mark.parametrize("path", ["/login", "/home"])
def test_pages_name_no_other_machine(stranger: Browser, siti: Browser, path: str) -> None:
    page = (stranger if path == "/login" else siti).fetch(path).body.decode()
    assert re.findall(r'(?:src|href|action)="([^"]+)"', page)
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', page)


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(stranger: Browser) -> None:
    response = stranger.log_in("siti")
    (sid,) = [line for line in response.headers.get_list("Set-Cookie") if line.startswith("sid=")]
    assert "HttpOnly" in sid
    assert "SameSite=Lax" in sid
    assert "Secure" not in sid  # this server speaks plain HTTP on this machine


def test_behind_tls_cookies_never_travel_in_the_open(served: Served, stranger: Browser) -> None:
    served.server._http.xheaders = True  # as `behind_proxy` sets it
    encrypted = {"X-Forwarded-Proto": "https"}
    form = {"_xsrf": stranger.xsrf(), "username": "siti", "password": PASSWORD}
    response = stranger.fetch("/login", data=form, headers=encrypted)
    cookies = stranger.fetch("/login?lang=en", headers=encrypted).headers.get_list("Set-Cookie")
    cookies += response.headers.get_list("Set-Cookie")
    cookies += Browser(served.port).fetch("/login", headers=encrypted).headers.get_list("Set-Cookie")
    assert {each.split("=")[0] for each in cookies} == {"sid", "lang", "_xsrf"}
    assert all("; Secure" in each for each in cookies)
    assert response.headers["Strict-Transport-Security"].startswith("max-age=")


def test_files_are_sent_compressed_and_kept_for_a_year(siti: Browser) -> None:
    page = siti.fetch("/home").body.decode()
    files = re.findall(r'(?:src|href)="((?:static|assets)/[^"]+\.(?:js|css)[^"]*)"', page)
    assert len(files) >= 4
    total = 0
    for file in files:
        plain, packed = siti.fetch("/" + file), siti.fetch("/" + file, compressed=True)
        assert plain.code == packed.code == 200, file
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert packed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert packed.headers["Vary"] == "Accept-Encoding"
        total += len(packed.body)
    assert total < 850_000


def test_the_log_in_page_fetches_ahead_what_pages_load(siti: Browser, stranger: Browser) -> None:
    page = siti.fetch("/home").body.decode()
    ahead = re.findall(r'<link rel="prefetch" href="([^"]+)">', stranger.fetch("/login").body.decode())
    assert len(ahead) >= 4
    for file in ahead:
        assert f'"{file}"' in page
        assert "immutable" in stranger.fetch("/" + file).headers["Cache-Control"]


def test_a_file_the_browser_has_is_not_sent_again(stranger: Browser) -> None:
    first = stranger.fetch("/static/js/bokeh.min.js")
    assert first.headers["Cache-Control"] == "no-cache"
    again = stranger.fetch("/static/js/bokeh.min.js", headers={"If-None-Match": first.headers["Etag"]})
    assert (again.code, again.body) == (304, b"")
    head = stranger.fetch("/static/js/bokeh.min.js", method="HEAD")
    assert (head.code, int(head.headers["Content-Length"])) == (200, len(first.body))


def test_a_changed_file_is_read_anew_and_memory_is_bounded(tmp_path: Path) -> None:
    store = FileStore(limit=3000)
    file = tmp_path / "a.css"
    file.write_bytes(b"a" * 1000)
    assert store.load(file).plain == b"a" * 1000
    file.write_bytes(b"b" * 1000)
    os.utime(file, ns=(1, 1))
    assert store.load(file).plain == b"b" * 1000
    for name in "cdef":
        (tmp_path / name).write_bytes(os.urandom(1000))
        store.load(tmp_path / name)
    assert len(store._files) <= 3


def test_folders_are_left_by_no_way(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "b")
    find = below(tmp_path / "in")
    assert find("a") == tmp_path / "in" / "a"
    for path in ("../b", "/etc/passwd", "link", "", ".", "a/../../b"):
        assert find(path) is None
    assert below_named({"x": tmp_path / "in"})("x/a") == tmp_path / "in" / "a"
    assert below_named({"x": tmp_path / "in"})("y/a") is None
    assert below_named({"x": tmp_path / "in"})("x/../b") is None


def test_the_log_in_speaks_two_languages_and_remembers(stranger: Browser) -> None:
    assert '<html lang="id">' in stranger.fetch("/login").body.decode()
    english = stranger.fetch("/login?lang=en&next=%2Forders%3Fcode%3D1").body.decode()
    assert '<html lang="en">' in english
    assert "./login?next=%2Forders%3Fcode%3D1&amp;lang=id" in english
    assert 'name="next" value="/orders?code=1"' in english
    assert "User name" in stranger.fetch("/login").body.decode()
    assert "do not match" in stranger.log_in("siti", "wrong").body.decode()
    assert '<html lang="en">' in stranger.fetch("/login?lang=xx").body.decode()


def test_a_wrong_password_keeps_what_was_typed_and_where_to_go(stranger: Browser) -> None:
    page = stranger.log_in("siti", "wrong", next="/orders?code=1").body.decode()
    assert 'name="username" value="siti"' in page
    assert 'name="next" value="/orders?code=1"' in page
    assert "wrong" not in page
    assert 'role="alert"' in page
    assert stranger.log_in("siti", next="/orders?code=1").headers["Location"] == "./orders?code=1"


def test_who_is_signed_in_needs_no_log_in(siti: Browser) -> None:
    assert siti.fetch("/login?next=/orders").headers["Location"] == "./orders"
    assert siti.fetch("/").headers["Location"] == "./home"
    assert siti.fetch("/signed-in").code == 204


def test_a_page_knows_its_visitor_and_answers(siti: Browser) -> None:
    token = siti.token("/orders?code=1")

    async def ask_for_page() -> str:
        connection = await siti.connect(token, "/orders/ws")
        acknowledged = await read(connection)
        assert acknowledged["type"] == "ACK"
        answer = await ask(connection, "PULL-DOC-REQ", {})
        connection.close()
        return str(answer["content"])

    assert "siti at orders" in asyncio.run(ask_for_page())


def test_health_is_told_apart(served: Served, stranger: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (stranger.fetch("/healthz").body, stranger.fetch("/readyz").code) == (b"ok\n", 200)

    def away(*_: object, **__: object) -> None:
        raise DatabaseProblem("unreachable", detail="gone")

    monkeypatch.setattr(served.crm, "_session", away)
    assert stranger.fetch("/healthz").code == 200
    assert stranger.fetch("/readyz").code == 503
    page = stranger.fetch("/login")
    assert page.code == 200
    assert "Basis data" in page.body.decode()
    assert stranger.log_in("siti").code == 503


def test_a_page_stays_open_while_the_database_is_away(
    served: Served, siti: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = siti.token()

    async def wait() -> str | None:
        connection = await siti.connect(token)
        await read(connection)
        with monkeypatch.context() as patched:
            patched.setattr(served.crm, "_session", lambda *_: (_ for _ in ()).throw(DatabaseProblem("locked")))
            await asyncio.sleep(2.2)
        answer = await ask(connection, "PULL-DOC-REQ", {})
        return answer and answer["type"]

    assert asyncio.run(wait()) == "PULL-DOC-REPLY"


def test_pages_come_and_go_without_a_trace(served: Served, siti: Browser) -> None:
    """Sessions, watchers of Panel's own state, and our books of open pages are where they were."""

    def books() -> tuple[int, ...]:
        door = served.server._tornado.settings["door"]
        watchers = sum(len(each) for kinds in state.param.watchers.values() for each in kinds.values())
        return served.session_count(), watchers, len(door._open), len(door._fresh), len(state._views)

    async def visit(token: str) -> None:
        connection = await siti.connect(token)
        await read(connection)
        assert (await ask(connection, "PULL-DOC-REQ", {}))["type"] == "PULL-DOC-REPLY"
        connection.close()

    async def clear_away() -> None:
        for context in served.server._tornado.applications.values():
            await context._cleanup_sessions(-1)

    before = served.run(books)
    for _ in range(12):
        asyncio.run(visit(siti.token()))
    assert served.run(books)[0] == before[0] + 12
    deadline = time.monotonic() + 5
    while served.run(books) != before and time.monotonic() < deadline:
        served.run(clear_away)
    assert served.run(books) == before


def test_log_out_frees_the_pages_at_once(served: Served, siti: Browser) -> None:
    token = siti.token()

    async def leave() -> None:
        connection = await siti.connect(token)
        await read(connection)
        out = Browser(siti.port, dict(siti.cookies))
        await out.afetch("/logout", data={"_xsrf": out.cookies["_xsrf"]})
        while await connection.read_message() is not None:
            pass

    asyncio.run(leave())
    deadline = time.monotonic() + 6  # they are looked for every two seconds
    while served.session_count() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert served.session_count() == 0


def test_the_key_is_the_installations_own(tmp_path: Path) -> None:
    one, other = serve._secret(tmp_path / "one"), serve._secret(tmp_path / "other")
    assert len(one) == 32
    assert one != other
    assert serve._secret(tmp_path / "one") == one
    assert (tmp_path / "one" / "server.key").stat().st_mode & 0o077 == 0
    assert [file.name for file in (tmp_path / "one").iterdir()] == ["server.key"]


def test_panel_itself_is_left_as_it_was(served: Served) -> None:
    from bokeh.server.urls import per_app_patterns

    assert per_app_patterns[0][1].__module__ == "panel.io.server"
    assert len(per_app_patterns) == 4
    assert not pn.config.reuse_sessions


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_its_address_and_stops_when_told(
    sqlite_address: str, tmp_path: Path, repo: Path, number: signal.Signals
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = f"from dashboards.serve import serve; serve(port={port})"
    program = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=repo,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ECRM_DATABASE_URL": sqlite_address, "XDG_DATA_HOME": str(tmp_path / "data")},
    )
    try:
        assert program.stdout.readline() == f"e-CRM: http://127.0.0.1:{port}/\n"
        stranger = Browser(port)
        assert stranger.fetch("/home").code == 302
        program.send_signal(number)
        out, err = program.communicate(timeout=10)
    finally:
        program.kill()
        program.wait()
    assert (program.returncode, out, err) == (0, "", "")


def test_a_taken_port_is_told(served: Served) -> None:
    with pytest.raises(OSError, match=r"(?i)address already in use"):
        serve.build_server(served.crm, port=served.port, paths=("home",), render=lambda visit: None)


def test_two_log_ins_are_two_sessions(served: Served, siti: Browser) -> None:
    again = Browser(served.port)
    again.log_in("siti")
    with served.crm.system("test") as work:
        assert len(work.session.scalars(select(LoginSession)).all()) == 2
    siti.log_out()
    assert again.fetch("/home").code == 200
