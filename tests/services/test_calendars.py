"""The calendar behind a secret link: what is in it, what is not, and when the link dies."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from email.message import Message
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from icalendar import Calendar
from sqlalchemy import event as sa_event
from sqlalchemy import select
from tornado.ioloop import IOLoop

from dashboards.serve import build_server, stop_server
from ecrm_core.crm import Crm
from ecrm_core.errors import NotVisible
from ecrm_core.models import AgendaKind, CalendarFeed
from ecrm_core.services.agenda import add_agenda_item, tick_agenda_item
from ecrm_core.services.calendars import calendar_file, calendar_link_made, renew_calendar_link
from ecrm_core.services.customers import add_customer
from ecrm_core.services.employees import deactivate_employee, set_language
from ecrm_core.services.news import add_event, change_event, delete_event
from tests.conftest import FrozenClock

STARTS = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)


def link_of(crm: Crm, who: str) -> str:
    with crm.work(who) as work:
        return renew_calendar_link(work)


def entries(crm: Crm, secret: str) -> dict[str, dict[str, object]]:
    """The feed, read back: summary → what else it says."""
    calendar = Calendar.from_ical(calendar_file(crm, secret))
    assert (calendar["version"], calendar["prodid"]) == ("2.0", "-//e-CRM//calendar//EN")
    return {
        str(entry["summary"]): {
            "uid": str(entry["uid"]),
            "start": entry.decoded("dtstart"),
            "end": entry.decoded("dtend") if "dtend" in entry else None,
            "place": str(entry.get("location", "")),
            "text": str(entry.get("description", "")),
            "stamp": entry.decoded("dtstamp"),
        }
        for entry in calendar.walk("VEVENT")
    }


def announce(crm: Crm, title: str, *, audience: list[str] | None = None, starts_at: datetime = STARTS) -> int:
    with crm.work("agus") as work:
        return add_event(
            work,
            title=title,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=3),
            place="Aula; lantai 2, kiri",
            description="Baris satu\nBaris dua, dengan koma",
            audience=audience,
        ).id


def test_a_feed_holds_the_events_meant_for_its_owner_in_utc(crm: Crm) -> None:
    announce(crm, "Peluncuran")
    announce(crm, "Hanya Budi", audience=["budi"])
    announce(crm, "Lama sekali", starts_at=STARTS - timedelta(days=200))
    found = entries(crm, link_of(crm, "siti"))
    assert set(found) == {"Peluncuran"}
    told = found["Peluncuran"]
    assert (told["start"], told["end"]) == (STARTS, STARTS + timedelta(hours=3))
    assert (told["place"], told["text"]) == ("Aula; lantai 2, kiri", "Baris satu\nBaris dua, dengan koma")
    assert set(entries(crm, link_of(crm, "budi"))) == {"Peluncuran", "Hanya Budi"}
    # Managers may read every event, but their calendar holds what is meant for them.
    assert set(entries(crm, link_of(crm, "ratna"))) == {"Peluncuran"}


def test_an_entry_keeps_its_uid_when_it_changes_and_goes_when_it_is_deleted(crm: Crm, clock: FrozenClock) -> None:
    number = announce(crm, "Rapat")
    secret = link_of(crm, "siti")
    before = entries(crm, secret)["Rapat"]
    clock.advance(hours=1)
    assert calendar_file(crm, secret) == calendar_file(crm, secret)
    with crm.work("agus") as work:
        change_event(work, number, title="Rapat pagi", starts_at=STARTS, ends_at=STARTS)
    after = entries(crm, secret)["Rapat pagi"]
    assert (after["uid"], after["end"]) == (before["uid"], None)  # RFC 5545: an end may not be the start
    with crm.work("agus") as work:
        delete_event(work, number)
    assert entries(crm, secret) == {}


def test_ones_own_appointments_are_there_without_anybodys_name(crm: Crm) -> None:
    with crm.work("siti") as work:
        dewi = add_customer(work, name="Dewi Lestari", phones=["0812-345-678"])
        add_agenda_item(
            work,
            title="Dewi Lestari, janji",
            day=date(2026, 11, 25),
            at=time(9, 30),
            kind=AgendaKind.CALL_BACK,
            customer_id=dewi.id,
            note="0812-345-678",
        )
        add_agenda_item(work, title="Kirim brosur ke Pak Tono", day=date(2026, 11, 26), at=time(14))
        add_agenda_item(work, title="Tanpa jam", day=date(2026, 11, 26))
        done = add_agenda_item(work, title="Selesai", day=date(2026, 11, 24), at=time(8), kind=AgendaKind.BIRTHDAY)
        tick_agenda_item(work, done.id)
    with crm.work("budi") as work:
        add_agenda_item(work, title="Budi", day=date(2026, 11, 25), at=time(10), kind=AgendaKind.COMPLAINT)
    secret = link_of(crm, "siti")
    found = entries(crm, secret)
    assert set(found) == {"Telepon kembali", "Tugas"}
    assert found["Telepon kembali"]["start"] == datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
    assert found["Telepon kembali"]["end"] == datetime(2026, 11, 25, 2, 45, tzinfo=UTC)
    text = calendar_file(crm, secret).decode()
    assert not [word for word in ("Dewi", "Tono", "0812", "C0000", "brosur") if word in text]
    with crm.work("siti") as work:
        set_language(work, "en")
    assert set(entries(crm, secret)) == {"Call back", "Task"}


def test_a_link_is_kept_only_as_its_hash_and_the_old_one_dies_at_once(crm: Crm, clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        assert calendar_link_made(work) is None
    first = link_of(crm, "siti")
    assert len(first) == 43  # 32 random bytes
    clock.advance(days=1)
    second = link_of(crm, "siti")
    assert first != second
    with pytest.raises(NotVisible):
        calendar_file(crm, first)
    assert calendar_file(crm, second).startswith(b"BEGIN:VCALENDAR\r\n")
    with crm.work("siti") as work:
        assert calendar_link_made(work) == clock.now
    with crm.work("budi") as work:
        assert calendar_link_made(work) is None
    with crm.system("look") as work:
        kept = work.session.scalars(select(CalendarFeed.token_hash)).all()
    assert len(kept) == 1
    assert second.encode() not in kept[0]
    with crm.work("agus") as work:
        assert work.session.scalars(select(CalendarFeed)).all() == []  # nobody's to read, an admin's neither


def test_wrong_renewed_and_a_leavers_are_one_answer_from_one_question(crm: Crm) -> None:
    old = link_of(crm, "siti")
    link_of(crm, "siti")
    leaver = link_of(crm, "budi")
    with crm.work("agus") as work:
        deactivate_employee(work, "budi")
    asked: list[str] = []

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement != "BEGIN":
            asked.append(statement)

    sa_event.listen(crm.engine, "before_cursor_execute", note)
    counts = []
    for secret in (old, leaver, "x", "x" * 43, ""):
        asked.clear()
        with pytest.raises(NotVisible) as refused:
            calendar_file(crm, secret)
        counts.append((len(asked), refused.value.facts))
    sa_event.remove(crm.engine, "before_cursor_execute", note)
    assert counts == [(1, {"what": "calendar"})] * 5


@pytest.fixture
def address(sqlite_crm: Crm, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The program, served; nobody is logged in."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    ready = threading.Event()
    box: dict[str, object] = {}

    def run() -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        loop = box["loop"] = IOLoop.current()
        server = build_server(sqlite_crm, port=0, paths=("home",), render=lambda visit: None)
        box["port"] = server.port
        server.start()
        loop.add_callback(ready.set)
        loop.start()
        stop_server(server)
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(20)
    yield f"http://127.0.0.1:{box['port']}"
    loop = box["loop"]
    assert isinstance(loop, IOLoop)
    loop.add_callback(loop.stop)
    thread.join(10)


def ask(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, Message, bytes]:
    """Status, headers and body of an answer."""
    try:
        with urlopen(Request(f"{address}/{path}", method=method, headers=headers)) as answer:
            return answer.status, answer.headers, answer.read()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.headers, refused.read()


def test_the_served_link_needs_no_log_in_and_says_when_nothing_is_new(
    sqlite_crm: Crm, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    number = announce(sqlite_crm, "Rapat")
    secret = link_of(sqlite_crm, "siti")
    path = f"calendar/{secret}.ics"
    with caplog.at_level(logging.INFO):
        status, headers, body = ask(address, path)
        assert status == 200
        assert headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert headers["Cache-Control"] == "private, max-age=300"
        assert headers["Set-Cookie"] is None
        assert [str(entry["summary"]) for entry in Calendar.from_ical(body).walk("VEVENT")] == ["Rapat"]
        known = {"If-None-Match": headers["Etag"]}
        assert ask(address, path, **known)[0] == 304
        assert ask(address, path, "HEAD")[0] == 200
        with sqlite_crm.work("agus") as work:
            delete_event(work, number)
        status, changed, _ = ask(address, path, **known)
        assert (status, changed["Etag"] == headers["Etag"]) == (200, False)
        renewed = link_of(sqlite_crm, "siti")
        for wrong in (secret, "x", "x" * 43, "../home", f"{renewed}x"):
            status, refused, _ = ask(address, f"calendar/{wrong}.ics")
            assert (status, refused["Etag"]) == (404, None), wrong
        assert ask(address, f"calendar/{renewed}.ics", "POST")[0] == 405
        with sqlite_crm.work("agus") as work:
            deactivate_employee(work, "siti")
        assert ask(address, f"calendar/{renewed}.ics")[0] == 404
    assert secret not in caplog.text
    assert renewed not in caplog.text
