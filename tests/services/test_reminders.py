"""A promise announces itself at its time, until somebody has taken note."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import NotVisible
from ecrm_core.models import AgendaItem, AgendaKind
from ecrm_core.services.agenda import (
    add_agenda_item,
    change_agenda_item,
    delete_agenda_item,
    move_agenda_item,
    restore_agenda_item,
    tick_agenda_item,
    untick_agenda_item,
)
from ecrm_core.services.contacts import record_contact
from ecrm_core.services.do_not_call import mark_do_not_call
from ecrm_core.services.reminders import Reminder, due_reminders, note_reminded
from tests.conftest import FrozenClock
from tests.services.conftest import Shop

TEN = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
"""Ten o'clock in Jakarta, an hour from now."""


def promised(crm: Crm, customer: int, at: datetime = TEN, note: str | None = None) -> int:
    with crm.work("siti") as work:
        item = record_contact(
            work, customer, channel="phone", outcome="call_back", call_back_at=at, note=note
        ).call_back_item_id
    assert item is not None
    return item


def due(crm: Crm, who: str = "siti") -> list[Reminder]:
    with crm.work(who) as work:
        return due_reminders(work)


def test_it_comes_at_its_minute_and_stays_until_noted(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    item = promised(crm, shop.dewi, note="setelah jam sepuluh")
    clock.now = datetime(2026, 11, 24, 2, 59, 59, 999999, tzinfo=UTC)
    assert due(crm) == []
    clock.now = TEN
    (reminder,) = due(crm)
    assert (reminder.item_id, reminder.customer_id, reminder.name) == (item, shop.dewi, "Dewi Lestari")
    assert (reminder.at, reminder.text) == (TEN, "setelah jam sepuluh")
    assert reminder.at.utcoffset() is not None
    assert due(crm) == [reminder], "reading it is not taking note: a reload shows it again"
    clock.advance(days=2)
    assert [each.item_id for each in due(crm)] == [item], "nobody was there on the day"
    with crm.work("siti") as work:
        note_reminded(work, item)
    assert due(crm) == []


def test_taking_note_twice_keeps_the_first_instant(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    item = promised(crm, shop.dewi)
    clock.now = TEN
    for _ in range(2):
        with crm.work("siti") as work:
            note_reminded(work, item)
        clock.advance(minutes=5)
    with crm.work("siti") as work:
        assert work.session.get_one(AgendaItem, item).reminded_at == TEN


def test_oldest_first(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    later = promised(crm, shop.dewi, datetime(2026, 11, 25, 2, 0, tzinfo=UTC))
    sooner = promised(crm, shop.dewi, datetime(2026, 11, 24, 8, 0, tzinfo=UTC))
    clock.now = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
    assert [each.item_id for each in due(crm)] == [sooner, later]


@pytest.mark.parametrize(
    ("at", "before"),
    [
        (datetime(2026, 11, 24, 16, 59, tzinfo=UTC), datetime(2026, 11, 24, 16, 58, 59, tzinfo=UTC)),  # 23.59
        (
            datetime(2026, 11, 24, 17, 0, tzinfo=UTC),
            datetime(2026, 11, 24, 16, 59, 59, tzinfo=UTC),
        ),  # 00.00 of the next
    ],
)
def test_around_midnight(crm: Crm, shop: Shop, clock: FrozenClock, at: datetime, before: datetime) -> None:
    promised(crm, shop.dewi, at)
    clock.now = before
    assert due(crm) == []
    clock.now = at
    assert len(due(crm)) == 1
    assert due(crm)[0].at == at


def test_what_is_done_gone_moved_or_refused_announces_nothing(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    item = promised(crm, shop.dewi)
    clock.now = TEN
    for away, back in ((tick_agenda_item, untick_agenda_item), (delete_agenda_item, restore_agenda_item)):
        with crm.work("siti") as work:
            away(work, item)
        assert due(crm) == []
        with crm.work("siti") as work:
            back(work, item)
        assert len(due(crm)) == 1
    with crm.work("siti") as work:
        note_reminded(work, item)
        move_agenda_item(work, item, date(2026, 11, 25), time(9))
    assert due(crm) == []
    clock.now = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
    assert len(due(crm)) == 1, "put off, it announces itself anew"
    with crm.work("siti") as work:
        mark_do_not_call(work, shop.dewi)
    assert due(crm) == []


def test_one_that_is_written_anew_announces_itself_at_its_new_time(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    item = promised(crm, shop.dewi)
    clock.now = TEN

    def written(at: time, note: str) -> list[Reminder]:
        with crm.work("siti") as work:
            change_agenda_item(work, item, title="Dewi", day=date(2026, 11, 24), at=at, note=note)
        return due(crm)

    with crm.work("siti") as work:
        note_reminded(work, item)
    assert written(time(10), "catatan lain") == []
    assert written(time(10, 30), "catatan lain") == []
    clock.advance(minutes=30)
    assert len(due(crm)) == 1


def test_only_promises_with_a_time_announce_themselves(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        record_contact(work, shop.dewi, channel="phone", outcome="busy", comes_back=True)
        day = work.today
        add_agenda_item(work, title="tugas", day=day, at=time(9), customer_id=shop.dewi, kind=AgendaKind.TASK)
        add_agenda_item(work, title="kapan saja", day=day, customer_id=shop.dewi, kind=AgendaKind.CALL_BACK)
    clock.advance(hours=10)
    assert due(crm) == []


def test_a_colleagues_promise_is_missing(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    item = promised(crm, shop.dewi)
    clock.now = TEN
    assert due(crm, "budi") == []
    assert due(crm, "ratna") == [], "a manager is reminded of what they promised themselves"
    for wanted in (item, item + 1000):
        with pytest.raises(NotVisible), crm.work("budi") as work:
            note_reminded(work, wanted)
    assert len(due(crm)) == 1


def test_a_customer_who_is_somebody_elses_by_now_is_not_announced(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    promised(crm, shop.dewi)
    with crm.work("ratna") as work:
        budi = work.session.scalars(select(m.Employee.id).where(m.Employee.username == "budi")).one()
        work.session.get_one(m.Customer, shop.dewi).owner_id = budi
    clock.now = TEN
    assert due(crm) == []
