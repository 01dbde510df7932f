"""What stands on an agenda about a customer is for who looks after them, and for nobody else to see or count."""

from __future__ import annotations

from datetime import time

import pytest
from sqlalchemy import select

from ecrm_core import models as m
from ecrm_core.crm import Crm, Work
from ecrm_core.errors import NotVisible
from ecrm_core.models import AgendaKind
from ecrm_core.queries.home import agenda_counts, agenda_of, home_of, open_items
from ecrm_core.services.agenda import add_agenda_item, tick_agenda_item
from ecrm_core.services.calendars import calendar_file, renew_calendar_link
from ecrm_core.services.calling import call_card, call_queue, day_summary
from ecrm_core.services.contacts import record_contact
from ecrm_core.services.reminders import due_reminders, note_reminded
from tests.conftest import FrozenClock
from tests.services.conftest import Shop


def look_after(crm: Crm, customer: int, username: str) -> None:
    with crm.system("test company") as work:
        owner = work.session.scalars(select(m.Employee.id).where(m.Employee.username == username)).one()
        work.session.get_one(m.Customer, customer).owner_id = owner


@pytest.fixture
def items(crm: Crm, shop: Shop, clock: FrozenClock) -> dict[str, int]:
    """Siti's morning: a promise whose time has come, a proposal, something done, and a task of her own."""
    with crm.work("siti") as work:
        made = {
            name: add_agenda_item(
                work, title=f"Dewi {name}", day=work.today, at=at, customer_id=shop.dewi, kind=kind
            ).id
            for name, kind, at in (
                ("promise", AgendaKind.CALL_BACK, time(8, 30)),
                ("follow-up", AgendaKind.FOLLOW_UP, None),
                ("done", AgendaKind.FOLLOW_UP, None),
            )
        }
        made["task"] = add_agenda_item(work, title="Rapat", day=work.today).id
    with crm.work("siti") as work:
        record_contact(work, shop.dewi, channel="phone", outcome="reached", agenda_item_id=made["done"])
    return made


def told(work: Work) -> tuple[object, ...]:
    """Every way in which an agenda is shown and counted."""
    today = work.today
    home, queue, summary = home_of(work, today), call_queue(work), day_summary(work, today)
    return (
        sorted(item.title for item in agenda_of(work, today).items),
        agenda_counts(work, today),
        agenda_counts(work, today, calls=True),
        (home.numbers.calls, home.numbers.appointments, home.numbers.open_items),
        (open_items(work, today), open_items(work, today, calls=True)),
        (len(queue.ids), queue.open, queue.done),
        len(due_reminders(work)),
        (summary.left_over, summary.promises, summary.done),
    )


MINE = (
    ["Dewi done", "Dewi follow-up", "Dewi promise", "Rapat"],
    (3, 1),
    (2, 1),
    (2, 1, 3),
    (3, 2),
    (2, 2, 1),
    1,
    (2, 1, 1),
)
MOVED = (["Rapat"], (1, 0), (0, 0), (0, 0, 1), (1, 0), (0, 0, 0), 0, (0, 0, 0))
NOTHING = ([], (0, 0), (0, 0), (0, 0, 0), (0, 0), (0, 0, 0), 0, (0, 0, 0))


def test_it_is_seen_and_counted_while_the_customer_is_ones_own_and_no_longer(
    crm: Crm, shop: Shop, items: dict[str, int]
) -> None:
    with crm.work("siti") as work:
        assert told(work) == MINE
    look_after(crm, shop.dewi, "budi")
    with crm.work("siti") as work:
        assert told(work) == MOVED
    with crm.work("budi") as work:
        assert told(work) == NOTHING, "what Siti had planned is not Budi's plan"
    look_after(crm, shop.dewi, "siti")
    with crm.work("siti") as work:
        assert told(work) == MINE


def test_a_manager_is_told_the_same_numbers(crm: Crm, shop: Shop, items: dict[str, int]) -> None:
    for owner in ("siti", "budi"):
        look_after(crm, shop.dewi, owner)
        with crm.work("siti") as work:
            own, siti = day_summary(work, work.today), work.employee_id
        with crm.work("ratna") as work:
            theirs = day_summary(work, work.today, employee_id=siti)
        assert (theirs.left_over, theirs.promises, theirs.done) == (own.left_over, own.promises, own.done)


def test_nothing_is_done_with_it_either(crm: Crm, shop: Shop, items: dict[str, int]) -> None:
    with crm.work("siti") as work:
        secret = renew_calendar_link(work)
    assert b"BEGIN:VEVENT" in calendar_file(crm, secret)
    look_after(crm, shop.dewi, "budi")
    assert b"BEGIN:VEVENT" not in calendar_file(crm, secret)
    for gesture in (tick_agenda_item, note_reminded, call_card):
        with pytest.raises(NotVisible), crm.work("siti") as work:
            gesture(work, items["promise"])


def test_a_managers_own_agenda_may_be_about_anybody(crm: Crm, shop: Shop) -> None:
    with crm.work("ratna") as work:
        add_agenda_item(work, title="Dewi", day=work.today, customer_id=shop.dewi)
        assert agenda_counts(work, work.today, calls=True) == (1, 0)
        assert day_summary(work, work.today).left_over == 1
