"""Lists of events and announcements, who has read what, and two admins at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import ChangedMeanwhile, ForeignWrite, InvalidValue, NotVisible
from ecrm_core.queries.news import (
    announcement_page,
    announcement_record,
    event_page,
    event_record,
    telemarketers,
)
from ecrm_core.services.employees import deactivate_employee
from ecrm_core.services.news import (
    add_announcement,
    add_event,
    change_announcement,
    change_event,
    delete_announcements,
    delete_events,
    mark_announcement_read,
    restore_events,
)
from tests.conftest import FrozenClock

TODAY = date(2026, 11, 24)


def event_on(crm: Crm, title: str, days: float, *, audience: list[str] | None = None, hours: float = 1) -> int:
    with crm.work("agus") as work:
        starts_at = work.now + timedelta(days=days)
        return add_event(
            work, title=title, starts_at=starts_at, ends_at=starts_at + timedelta(hours=hours), audience=audience
        ).id


def notice(crm: Crm, title: str, since: int, until: int | None, audience: list[str] | None = None) -> int:
    with crm.work("agus") as work:
        return add_announcement(
            work,
            title=title,
            text="Isi",
            valid_from=TODAY + timedelta(days=since),
            valid_to=None if until is None else TODAY + timedelta(days=until),
            audience=audience,
        ).id


def events_of(crm: Crm, who: str, **named: object) -> list[str]:
    with crm.work(who) as work:
        return [row.title for row in event_page(work, **named).rows]  # type: ignore[arg-type]


def notices_of(crm: Crm, who: str, **named: object) -> list[str]:
    with crm.work(who) as work:
        return [row.title for row in announcement_page(work, **named).rows]  # type: ignore[arg-type]


def test_events_to_come_and_past_ones_are_two_lists_and_each_sees_what_is_for_them(crm: Crm) -> None:
    event_on(crm, "Rapat lama", -3)
    event_on(crm, "Berlangsung", -0.02, hours=2)
    event_on(crm, "Untuk Siti", 2, audience=["siti"])
    event_on(crm, "Pelatihan", 1)
    for who in ("agus", "ratna", "siti"):
        assert events_of(crm, who) == ["Berlangsung", "Pelatihan", "Untuk Siti"]
    assert events_of(crm, "budi") == ["Berlangsung", "Pelatihan"]
    assert events_of(crm, "budi", past=True) == ["Rapat lama"]
    assert events_of(crm, "agus", sort="title", down=True) == ["Untuk Siti", "Pelatihan", "Berlangsung"]
    with crm.work("agus") as work:
        assert {row.title: row.audience for row in event_page(work).rows}["Untuk Siti"] == ["Siti Rahayu"]


def test_a_list_is_read_page_by_page(crm: Crm) -> None:
    for number in range(7):
        event_on(crm, f"Rapat {number}", -8 + number)
    with crm.work("agus") as work:
        first = event_page(work, past=True, down=True, rows=3)
        assert ([row.title for row in first.rows], first.count) == (["Rapat 6", "Rapat 5", "Rapat 4"], 7)
        last = event_page(work, past=True, down=True, rows=3, first=6)
        assert ([row.title for row in last.rows], last.first) == (["Rapat 0"], 6)
        beyond = event_page(work, past=True, down=True, rows=3, first=99)
        assert (beyond.first, len(beyond.rows)) == (6, 1)


def test_announcements_are_counted_as_read_by_those_they_are_for(crm: Crm, clock: FrozenClock) -> None:
    for_all = notice(crm, "Harga", -1, 7)
    for_budi = notice(crm, "Untuk Budi", 0, None, ["budi"])
    for who in ("budi", "ratna"):
        with crm.work(who) as work:
            mark_announcement_read(work, for_all)
    with crm.work("ratna") as work:
        told = {row.title: (row.read_by, row.meant_for, row.read) for row in announcement_page(work).rows}
        assert told == {"Harga": (1, 2, True), "Untuk Budi": (0, 1, False)}
        readers = announcement_record(work, for_all).readers
        assert [(each.name, each.at is not None) for each in readers] == [
            ("Siti Rahayu", False),
            ("Budi Santoso", True),
        ]
        assert readers[1].at == clock.now
    with crm.work("siti") as work:
        page = announcement_page(work)
        assert ([row.title for row in page.rows], page.unread) == (["Harga"], 1)
        assert announcement_record(work, for_all).readers == []
        with pytest.raises(NotVisible):
            announcement_record(work, for_budi)
    with crm.work("agus") as work:
        deactivate_employee(work, "budi")
    with crm.work("agus") as work:
        told = {row.title: (row.read_by, row.meant_for, row.read) for row in announcement_page(work).rows}
        assert told == {"Harga": (0, 1, False), "Untuk Budi": (0, 0, False)}
        assert [each.username for each in telemarketers(work)] == ["siti"]


def test_announcements_past_and_future_ones(crm: Crm) -> None:
    notice(crm, "Kemarin", -5, -1)
    today = notice(crm, "Hari ini", 0, 0)
    later = notice(crm, "Minggu depan", 7, None)
    assert notices_of(crm, "agus") == ["Minggu depan", "Hari ini"]
    assert notices_of(crm, "siti") == ["Hari ini"]
    assert notices_of(crm, "siti", past=True) == ["Kemarin"]
    assert notices_of(crm, "agus", sort="to", down=False) == ["Hari ini", "Minggu depan"]
    with crm.work("siti") as work:
        assert announcement_record(work, today).title == "Hari ini"
        with pytest.raises(NotVisible):
            announcement_record(work, later)


def test_the_second_of_two_admins_is_told(crm: Crm) -> None:
    number = event_on(crm, "Rapat", 1)
    text = notice(crm, "Harga", 0, None)
    with crm.work("agus") as work:
        opened, told = event_record(work, number), announcement_record(work, text)
    times = {"starts_at": opened.starts, "ends_at": opened.ends}
    with crm.work("agus") as work:
        change_event(work, number, title="Rapat", **times, audience=["siti"], seen=opened.stamp)
        change_announcement(work, text, title="Harga", text="Naik", valid_from=TODAY, seen=told.stamp)
    with pytest.raises(ChangedMeanwhile), crm.work("agus") as work:
        change_event(work, number, title="Rapat pagi", **times, seen=opened.stamp)
    with pytest.raises(ChangedMeanwhile), crm.work("agus") as work:
        change_announcement(work, text, title="Harga", text="Turun", valid_from=TODAY, seen=told.stamp)
    with crm.work("agus") as work:
        now = event_record(work, number)
        assert (now.title, now.audience) == ("Rapat", ["siti"])
        assert announcement_record(work, text).text == "Naik"
        change_event(work, number, title="Rapat pagi", **times, audience=["siti"], seen=now.stamp)


def test_reading_an_announcement_does_not_count_as_a_change(crm: Crm) -> None:
    number = notice(crm, "Harga", 0, None)
    with crm.work("agus") as work:
        before = announcement_record(work, number).stamp
    with crm.work("siti") as work:
        mark_announcement_read(work, number)
    with crm.work("agus") as work:
        assert announcement_record(work, number).stamp == before


def test_several_are_taken_away_at_once_and_brought_back(crm: Crm) -> None:
    numbers = [event_on(crm, title, 1) for title in ("A", "B", "C")]
    with crm.work("agus") as work:
        assert [card.title for card in delete_events(work, numbers[:2])] == ["A", "B"]
    with crm.work("agus") as work:
        assert [card.title for card in delete_events(work, [*numbers, 999])] == ["C"]
    assert events_of(crm, "siti") == []
    with crm.work("agus") as work, pytest.raises(NotVisible):
        event_record(work, numbers[0])
    with crm.work("agus") as work:
        restore_events(work, numbers[1:])
    assert events_of(crm, "siti") == ["B", "C"]


@pytest.mark.parametrize("who", ["siti", "ratna"])
def test_only_admins_write_news(crm: Crm, who: str) -> None:
    number, text = event_on(crm, "Rapat", 1), notice(crm, "Harga", 0, None)
    with pytest.raises(ForeignWrite), crm.work(who) as work:
        add_event(work, title="x", starts_at=work.now, ends_at=work.now)
    with pytest.raises(ForeignWrite), crm.work(who) as work:
        change_event(work, number, title="x", starts_at=work.now, ends_at=work.now)
    with pytest.raises(ForeignWrite), crm.work(who) as work:
        delete_events(work, [number])
    with pytest.raises(ForeignWrite), crm.work(who) as work:
        delete_announcements(work, [text])
    with pytest.raises(ForeignWrite), crm.work(who) as work:
        change_announcement(work, text, title="x", text="x", valid_from=TODAY)
    with crm.work("agus") as work:
        assert event_record(work, number).title == "Rapat"
        assert work.session.get_one(m.Announcement, text).deleted_at is None


def test_a_refusal_names_the_field(crm: Crm) -> None:
    now = datetime(2026, 11, 24, tzinfo=None).astimezone()
    cases: list[tuple[dict[str, object], str]] = [
        ({"title": " "}, "title"),
        ({"ends_at": now - timedelta(hours=1)}, "ends_at"),
        ({"place": "x" * 201}, "place"),
        ({"description": "x" * 4001}, "description"),
        ({"audience": []}, "audience"),
    ]
    for wrong, field in cases:
        with pytest.raises(InvalidValue) as refused, crm.work("agus") as work:
            add_event(work, **{"title": "x", "starts_at": now, "ends_at": now, **wrong})  # type: ignore[arg-type]
        assert refused.value.field == field
