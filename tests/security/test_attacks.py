"""What somebody would try who does not belong, against the served program, by HTTP and raw websocket."""

from __future__ import annotations

import asyncio
import json
import time
from html import escape

import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id, get_session_id, get_token_payload
from sqlalchemy import select
from tornado.simple_httpclient import HTTPStreamClosedError

from ecrm_core.models import Credential, Employee, Role
from ecrm_core.services.login import make_login_link
from tests.conftest import FrozenClock
from tests.security.conftest import Browser, Served, ask, close_code, read

FORGED = {
    "nothing": {},
    "an empty sid": {"sid": ""},
    "a made-up sid": {"sid": "A" * 43},
    "a huge sid": {"sid": "A" * 4000},
    "a stray character": {"sid": "%00%ff"},
    "panel's guest": {"is_guest": "1"},
    "panel's user": {"user": "agus"},
    "panel's user, signed elsewhere": {"user": "2|1:0|10:1700000000|4:user|8:YWd1cw==|0000"},
}


@pytest.mark.parametrize("cookies", FORGED.values(), ids=FORGED.keys())
@pytest.mark.parametrize("path", ["/home", "/orders?code=C000001", "/team"])
def test_no_page_without_a_log_in(stranger: Browser, path: str, cookies: dict[str, str]) -> None:
    stranger.cookies.update(cookies)
    response = stranger.fetch(path)
    assert response.code == 302
    assert response.headers["Location"].startswith("./login?next=%2F")


@pytest.mark.parametrize("cookies", FORGED.values(), ids=FORGED.keys())
def test_no_connection_without_a_log_in(stranger: Browser, siti: Browser, cookies: dict[str, str]) -> None:
    stolen = siti.token()
    stranger.cookies.update(cookies)
    assert stranger.refused(stolen) == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://127.0.0.1:1", "http://127.0.0.1.evil.example", "null", "file://"]
)
def test_no_connection_for_a_page_of_somebody_else(siti: Browser, origin: str) -> None:
    assert siti.refused(siti.token(), origin=origin) == 403


def tampered(token: str, **changes: object) -> str:
    """The token with its readable part changed and its signature kept."""
    payload = get_token_payload(token)
    session_id, expiry = get_session_id(token), payload.pop("session_expiry")
    forged = generate_jwt_token(session_id, signed=False, extra_payload={**payload, **changes})
    assert expiry
    return forged + "." + token.split(".", 1)[1]


def test_the_helper_makes_tokens_that_differ_only_where_told(siti: Browser) -> None:
    token = siti.token()
    payload = get_token_payload(tampered(token, username="agus"))
    assert payload.pop("username") == "agus"
    assert payload["seal"] == get_token_payload(token)["seal"]


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: None,
        lambda token: "",
        lambda token: "x",
        lambda token: "x.y",
        lambda token: "e30.e30",
        lambda token: token.split(".", 1)[0],
        lambda token: token[:-3] + "AAA",
        lambda token: token + "A",
        tampered,
        lambda token: tampered(token, username="agus"),
        lambda token: tampered(token, role="admin"),
        lambda token: generate_jwt_token(
            generate_session_id(b"guess", signed=True),
            b"guess",
            signed=True,
            extra_payload={k: v for k, v in get_token_payload(token).items() if k != "session_expiry"},
        ),
    ],
    ids=[
        "none",
        "empty",
        "letter",
        "letters",
        "json",
        "unsigned",
        "other signature",
        "longer signature",
        "longer life",
        "other name",
        "other role",
        "signed by a guess",
    ],
)
def test_no_connection_with_a_forged_token(siti: Browser, forge) -> None:
    assert siti.refused(forge(siti.token())) == 403


def test_no_connection_with_an_expired_token(served: Served, siti: Browser) -> None:
    token = siti.token()
    payload = get_token_payload(token)
    del payload["session_expiry"]
    secret = served.server._tornado.secret_key
    remake = {"secret_key": secret, "signed": True, "extra_payload": payload}
    assert siti.refused(generate_jwt_token(get_session_id(token), expiration=-1, **remake)) == 403
    assert siti.refused(generate_jwt_token(get_session_id(token), expiration=60, **remake)) is None


def test_nobody_joins_the_page_of_another(siti: Browser, ratna: Browser) -> None:
    assert siti.refused(ratna.token()) == 403
    assert ratna.refused(siti.token()) == 403


def test_nobody_joins_a_page_of_their_own_other_session(served: Served, siti: Browser) -> None:
    again = Browser(served.port)
    again.log_in("siti")
    assert again.refused(siti.token()) == 403


@pytest.mark.parametrize("how", ["session id", "header", "token", "both"])
def test_a_page_cannot_be_asked_for_by_anothers_session(siti: Browser, ratna: Browser, how: str) -> None:
    token = ratna.token()
    session_id = get_session_id(token)
    query = {"session id": f"?bokeh-session-id={session_id}", "token": f"?bokeh-token={token}"}.get(how, "")
    headers = {"Bokeh-Session-Id": session_id} if how in ("header", "both") else {}
    response = siti.fetch("/home" + (query or ("?bokeh-token=" + token if how == "both" else "")), headers=headers)
    assert response.code == 403
    assert b"ratna" not in response.body


def test_a_page_of_another_role_is_refused_on_both_doors(siti: Browser, ratna: Browser) -> None:
    assert siti.fetch("/team").code == 403
    assert siti.refused(siti.token("/home"), "/team/ws") == 403
    assert siti.refused(ratna.token("/team"), "/team/ws") == 403
    assert ratna.refused(ratna.token("/team"), "/team/ws") is None


def test_a_token_opens_no_other_page(siti: Browser) -> None:
    assert siti.refused(siti.token("/home"), "/orders/ws") == 403


@pytest.mark.parametrize(
    "path",
    [
        "/admin",
        "/home/metadata",
        "/home/autoload.js?bokeh-autoload-element=1",
        "/autoload.js",
        "/rest/session_info",
        "/home/../team",
        "/nothing",
        "/liveness",
        "/assets/../login.py",
        "/assets/%2e%2e/login.py",
        "/assets/..%2flogin.py",
        "/assets//etc/passwd",
        "/static/..%2f..%2f..%2fserver.py",
        "/static//etc/passwd",
        "/static/extensions/panel/..%2f..%2fconfig.py",
        "/static/extensions//etc/passwd",
        "/home/static/..%2f..%2fsettings.py",
        "/components/os/path/_css/x",
        "/components/antigravity/x/_css/x",
        "/components/dashboards.serve/secrets/_css/..%2flogin.py",
        "/components/ecrm_core.crm/Crm/_css/crm.py",
    ],
)
def test_nothing_else_is_served(stranger: Browser, siti: Browser, path: str) -> None:
    for somebody in (stranger, siti):
        response = somebody.fetch(path)
        assert response.code in (302, 400, 403, 404, 405)
        assert b"import" not in response.body
        assert b"root:" not in response.body


def test_components_import_no_module(stranger: Browser) -> None:
    import sys

    assert "antigravity" not in sys.modules
    stranger.fetch("/components/antigravity/x/_css/x")
    assert "antigravity" not in sys.modules


def test_log_out_ends_every_page_at_once(siti: Browser) -> None:
    token = siti.token()

    async def both() -> tuple[int | None, int | None, float]:
        one, other = await siti.connect(token), await siti.connect(token)
        await read(one)
        await read(other)
        begun = time.monotonic()
        left = Browser(siti.port, dict(siti.cookies))
        await left.afetch("/logout", data={"_xsrf": left.cookies["_xsrf"]})
        return await close_code(one), await close_code(other), time.monotonic() - begun

    *codes, seconds = asyncio.run(both())
    assert codes == [4401, 4401]
    assert seconds < 1
    assert siti.fetch("/home").code == 302
    assert siti.refused(token) == 403
    assert siti.fetch("/signed-in").code == 401


def test_log_out_takes_the_cookies_away(siti: Browser) -> None:
    response = siti.log_out()
    assert response.code == 303
    assert response.headers["Location"] == "./login"
    assert siti.cookies == {}


@pytest.mark.parametrize("what", ["deactivated", "role", "password", "elsewhere"])
def test_what_changes_elsewhere_reaches_open_pages(
    served: Served, siti: Browser, clock: FrozenClock, what: str
) -> None:
    token = siti.token()

    async def watch() -> int | None:
        connection = await siti.connect(token)
        await read(connection)
        clock.advance(seconds=1)
        with served.crm.system("test") as work:
            employee = work.session.scalars(select(Employee).where(Employee.username == "siti")).one()
            if what == "deactivated":
                employee.active = False
            elif what == "role":
                employee.role = Role.MANAGER
            elif what == "password":
                work.session.get_one(Credential, employee.id).changed_at = work.now
        if what == "elsewhere":
            clock.advance(hours=13)
        return await close_code(connection)

    begun = time.monotonic()
    assert asyncio.run(watch()) == (4409 if what == "role" else 4401)
    assert time.monotonic() - begun < 4
    assert siti.refused(token) == 403
    assert siti.fetch("/home").code == (200 if what == "role" else 302)


def test_the_next_gesture_is_checked_even_if_nobody_watches(served: Served, siti: Browser) -> None:
    served.run(served.server._tornado.settings["door"]._watch.stop)
    token = siti.token()

    async def gesture() -> tuple[str, dict | None, int | None]:
        connection = await siti.connect(token)
        await read(connection)
        answered = await ask(connection, "PULL-DOC-REQ", {})
        with served.crm.system("test") as work:
            work.session.scalars(select(Employee).where(Employee.username == "siti")).one().active = False
        await asyncio.sleep(1.1)
        refused = await ask(connection, "PULL-DOC-REQ", {})
        return answered["type"], refused, connection.close_code

    assert asyncio.run(gesture()) == ("PULL-DOC-REPLY", None, 4401)


def test_a_session_ends_when_idle_and_in_any_case(siti: Browser, clock: FrozenClock) -> None:
    for _ in range(23):
        clock.advance(minutes=30)
        assert siti.fetch("/home").code == 200
    clock.advance(minutes=31)
    assert siti.fetch("/home").code == 302


def test_an_idle_session_ends(siti: Browser, clock: FrozenClock) -> None:
    clock.advance(minutes=61)
    assert siti.fetch("/home").code == 302


def test_the_page_tells_nothing_of_the_cookies(siti: Browser) -> None:
    page = siti.fetch("/home", headers={"X-Secret": "very"}).body.decode()
    payload = json.dumps(get_token_payload(siti.token()), default=repr)
    assert "siti" in payload
    for secret in (siti.cookies["sid"], siti.cookies["_xsrf"], "very"):
        assert secret not in page
        assert secret not in payload


@pytest.mark.parametrize("data", [{}, {"_xsrf": "2|00000000|00000000000000000000000000000000|1"}, {"_xsrf": ""}])
def test_no_log_in_or_out_by_a_foreign_form(stranger: Browser, siti: Browser, data: dict[str, str]) -> None:
    stranger.fetch("/login")
    response = stranger.fetch("/login", data={**data, "username": "siti", "password": "kuda-laut-biru"})
    assert response.code == 403
    assert "sid" not in stranger.cookies
    assert siti.fetch("/logout", data=data).code == 403
    assert siti.fetch("/home").code == 200


def test_no_form_from_another_origin(stranger: Browser) -> None:
    token = stranger.xsrf()
    stranger.origin = "http://evil.example"
    form = {"_xsrf": token, "username": "siti", "password": "kuda-laut-biru"}
    assert stranger.fetch("/login", data=form).code == 403
    assert "sid" not in stranger.cookies


def test_a_link_logs_nobody_out(siti: Browser) -> None:
    assert siti.fetch("/logout").code == 405
    assert siti.fetch("/home").code == 200


@pytest.mark.parametrize("username", ["siti", "SITI ", "nobody", "' OR 1=1 --", "x" * 500])
def test_guessing_is_slowed_down_per_account(stranger: Browser, clock: FrozenClock, username: str) -> None:
    assert [stranger.log_in(username, f"guess {n}").code for n in range(4)] == [403] * 4
    fifth = stranger.log_in(username, "guess 5")
    assert fifth.code == 429
    assert 1 <= int(fifth.headers["Retry-After"]) <= 31
    assert "detik lagi" in fifth.body.decode()
    assert stranger.log_in(username).code == 429  # even with the right one
    clock.advance(seconds=31)
    assert stranger.log_in(username, "guess 6").code == 403
    clock.advance(seconds=31)
    assert stranger.log_in(username, "guess 7").code == 429


def test_guessing_is_slowed_down_per_address(stranger: Browser) -> None:
    codes = [stranger.log_in(f"somebody{n}", "guess").code for n in range(21)]
    assert codes == [403] * 20 + [429]
    assert stranger.log_in("siti").code == 429


def test_a_forged_forwarding_header_is_no_new_address(stranger: Browser) -> None:
    form = {"_xsrf": stranger.xsrf(), "password": "guess"}
    codes = [
        stranger.fetch(
            "/login", data={**form, "username": f"somebody{n}"}, headers={"X-Forwarded-For": f"10.0.0.{n}"}
        ).code
        for n in range(21)
    ]
    assert codes[-1] == 429


def test_who_has_left_does_not_get_in(served: Served, stranger: Browser) -> None:
    with served.crm.system("test") as work:
        work.session.scalars(select(Employee).where(Employee.username == "siti")).one().active = False
    response = stranger.log_in("siti")
    assert response.code == 403
    assert "tidak cocok" in response.body.decode()


@pytest.mark.parametrize("password", ["", " ", "x" * 200_000, "\x00", "kuda-laut-biru ", "Kuda-laut-biru"])
def test_no_other_password_will_do(stranger: Browser, password: str) -> None:
    assert stranger.log_in("siti", password).code == 403


@pytest.mark.parametrize(
    "wanted",
    [
        "http://evil.example/home",
        "//evil.example/home",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example/home",
        "https:evil.example",
        "javascript:alert(1)",
        "/home/../../evil",
        "/home%2f..%2fevil",
        "/unknown",
        "http://[broken",
        "\t//evil.example",
        "/ /evil.example",
    ],
)
def test_the_log_in_leads_nowhere_else(stranger: Browser, siti: Browser, wanted: str) -> None:
    response = stranger.log_in("siti", next=wanted)
    assert response.code == 303
    assert response.headers["Location"] == "./home"
    from urllib.parse import urlencode

    assert siti.fetch("/login?" + urlencode({"next": wanted})).headers["Location"] == "./home"


def test_a_reply_cannot_be_split(stranger: Browser) -> None:
    response = stranger.log_in("siti", next="/home?x=\r\nSet-Cookie: sid=evil")
    assert response.headers["Location"].startswith("./home?x=")
    assert stranger.cookies["sid"] != "evil"


@pytest.mark.parametrize(
    "username", ['"><script>alert(1)</script>', "{{ asset.__globals__ }}", "' autofocus onfocus=alert(1) x='"]
)
def test_what_was_typed_comes_back_as_text(stranger: Browser, username: str) -> None:
    page = stranger.log_in(username, "x", next=username).body.decode()
    for name in ("username", "next"):
        assert f'name="{name}" value="{escape(username)}"' in page


def test_a_link_works_once(served: Served, stranger: Browser) -> None:
    link = make_login_link(served.crm, "siti", minutes=5)
    for _ in range(3):  # what previews a link does not use it up
        assert stranger.fetch(f"/login?link={link}").code == 200
    assert "sid" not in stranger.cookies
    response = stranger.fetch("/login", data={"_xsrf": stranger.xsrf(), "link": link})
    assert (response.code, response.headers["Location"]) == (303, "./home")
    assert stranger.fetch("/home").code == 200
    again = Browser(served.port)
    assert again.fetch("/login", data={"_xsrf": again.xsrf(), "link": link}).code == 403
    assert "sid" not in again.cookies


@pytest.mark.parametrize("why", ["too old", "made up", "left"])
def test_a_link_is_refused(served: Served, stranger: Browser, clock: FrozenClock, why: str) -> None:
    link = make_login_link(served.crm, "siti", minutes=5)
    if why == "too old":
        clock.advance(minutes=5)
    elif why == "left":
        with served.crm.system("test") as work:
            work.session.scalars(select(Employee).where(Employee.username == "siti")).one().active = False
    else:
        link = link[:-1]
    assert stranger.fetch("/login", data={"_xsrf": stranger.xsrf(), "link": link}).code == 403
    assert "sid" not in stranger.cookies


def test_links_are_not_guessed_by_the_thousand(stranger: Browser) -> None:
    codes = [stranger.fetch("/login", data={"_xsrf": stranger.xsrf(), "link": f"{n}" * 43}).code for n in range(21)]
    assert codes == [403] * 20 + [429]


def test_a_new_log_in_never_keeps_an_offered_session(stranger: Browser) -> None:
    stranger.cookies["sid"] = "chosen-by-somebody-else"
    stranger.log_in("siti")
    assert stranger.cookies["sid"] != "chosen-by-somebody-else"


def test_a_new_log_in_ends_the_one_before(served: Served, siti: Browser) -> None:
    before = Browser(served.port, dict(siti.cookies))
    siti.fetch("/login", data={"_xsrf": siti.xsrf(), "username": "budi", "password": "kuda-laut-biru"})
    assert siti.fetch("/home").code == 200
    assert before.fetch("/home").code == 302


def test_a_request_too_large_is_dropped(stranger: Browser) -> None:
    stranger.xsrf()
    try:
        code = stranger.log_in("siti", "x" * 3_000_000).code
    except (OSError, HTTPStreamClosedError):
        code = None  # the server hung up in the middle of it
    assert code in (None, 400, 413)
    assert stranger.fetch("/healthz").code == 200


@pytest.mark.parametrize("fragment", ["x", "{}", "[]", "null", '{"msgtype":"PATCH-DOC"}', "\x00"])
def test_nonsense_on_a_connection_closes_that_one_only(siti: Browser, fragment: str) -> None:
    token = siti.token()

    async def send() -> bool:
        connection = await siti.connect(token)
        await read(connection)
        for _ in range(3):
            await connection.write_message(fragment)
        try:
            await close_code(connection)
        except TimeoutError:
            return False
        return True

    assert asyncio.run(send())
    assert siti.fetch("/home").code == 200
