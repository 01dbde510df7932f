"""Do not call: the person, every number, every list; lifted by an admin alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import CustomerNotVisible, DoNotCallRefused, InvalidValue, NotAllowed
from ecrm_core.models import AgendaKind, Channel
from ecrm_core.services.agenda import add_agenda_item
from ecrm_core.services.calling import call_queue
from ecrm_core.services.contacts import record_contact
from ecrm_core.services.customers import add_customer
from ecrm_core.services.do_not_call import lift_do_not_call, mark_do_not_call
from ecrm_core.services.greetings import greet_customer
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from tests.conftest import FrozenClock
from tests.services.conftest import Shop


@pytest.fixture
def marked(crm: Crm, shop: Shop) -> int:
    """Dewi, who owes nobody a call any more: an order, then the mark."""
    with crm.work("siti") as work:
        take_order(work, OrderForm(shop.dewi, [LineForm(shop.suit)], intention="1"))
        record_contact(work, shop.dewi, channel="phone", outcome="do_not_call")
    return shop.dewi


def test_the_mark_refuses_every_channel_and_closes_what_is_owed(
    crm: Crm, marked: int, caplog: pytest.LogCaptureFixture
) -> None:
    for channel in Channel:
        with pytest.raises(DoNotCallRefused, match="person"), crm.work("siti") as work:
            record_contact(work, marked, channel=channel, outcome="reached")
    with pytest.raises(DoNotCallRefused), crm.work("siti") as work:
        greet_customer(work, marked, channel="whatsapp", birthday_on=date(2026, 2, 28))
    with crm.work("siti") as work:
        owed = work.session.scalars(select(m.FollowUp)).one()
        assert owed.closed_because is m.FollowUpClosing.DO_NOT_CALL
        assert len(list(work.session.scalars(select(m.Contact)))) == 1
    refused = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(refused) == len(Channel) + 1


def test_incoming_calls_and_their_orders_are_allowed_and_owe_no_follow_up(crm: Crm, shop: Shop, marked: int) -> None:
    with crm.work("siti") as work:
        record_contact(work, marked, channel="phone", outcome="ordered", direction="incoming")
        assert take_order(work, OrderForm(marked, [LineForm(shop.pan)], intention="2")).follow_ups == []
        with pytest.raises(DoNotCallRefused):
            record_contact(
                work,
                marked,
                channel="phone",
                outcome="call_back",
                direction="incoming",
                call_back_at=datetime(2026, 11, 25, 3, tzinfo=UTC),
            )


@pytest.mark.parametrize("typed", ["0812345678", "+62 812 345 678", "62812345678", "812345678"])
@pytest.mark.parametrize("who", ["budi", "ratna"])
def test_a_marked_number_is_refused_for_all_who_have_it(crm: Crm, marked: int, typed: str, who: str) -> None:
    with crm.work("budi") as work:
        other = add_customer(work, name="Suami Dewi", phones=["0899-1234-567", typed], email="a@example.com").id
    for channel in ("phone", "whatsapp", "sms"):
        with pytest.raises(DoNotCallRefused, match="number"), crm.work(who) as work:
            record_contact(work, other, channel=channel, outcome="reached")
    with crm.work(who) as work:
        record_contact(work, other, channel="email", outcome="reached")


def test_a_number_known_to_be_wrong_refuses_nobody(crm: Crm, marked: int) -> None:
    with crm.work("budi") as work:
        other = add_customer(work, name="Salah Sambung", phones=["0812345678"]).id
        work.session.flush()
        work.session.scalars(
            select(m.CustomerPhone).where(m.CustomerPhone.customer_id == other)
        ).one().wrong_at = work.now
    with crm.work("budi") as work:
        record_contact(work, other, channel="phone", outcome="reached")


def test_only_an_admin_lifts_it_with_a_reason_on_record(crm: Crm, marked: int, clock: FrozenClock) -> None:
    for who in ("siti", "ratna"):
        with pytest.raises(NotAllowed), crm.work(who) as work:
            lift_do_not_call(work, marked, reason="ingin dihubungi lagi")
    with pytest.raises(InvalidValue), crm.work("agus") as work:
        lift_do_not_call(work, marked, reason=" ")
    clock.advance(days=1)
    with crm.work("agus") as work:
        lift_do_not_call(work, marked, reason="ingin dihubungi lagi")
    with crm.work("siti") as work:
        record_contact(work, marked, channel="phone", outcome="reached")
        story = work.session.scalars(select(m.DoNotCall)).one()
        assert (story.lifted_reason, story.lifted_at) == ("ingin dihubungi lagi", clock.now)


def test_the_mark_outlives_later_outcomes_and_doubles(crm: Crm, marked: int) -> None:
    with crm.work("siti") as work:
        mark_do_not_call(work, marked)
        record_contact(work, marked, channel="phone", outcome="reached", direction="incoming")
    with crm.work("siti") as work:
        assert work.session.get_one(m.Customer, marked).do_not_call_at is not None
        assert len(list(work.session.scalars(select(m.DoNotCall)))) == 1


@pytest.mark.parametrize(("minutes", "allowed"), [(-1, False), (1, True)])
def test_consent_dated_after_the_mark_allows_messages_but_no_calls(
    crm: Crm, marked: int, clock: FrozenClock, minutes: int, allowed: bool
) -> None:
    clock.advance(minutes=minutes)
    with crm.work("siti") as work:
        work.session.add(
            m.Consent(customer_id=marked, channel=Channel.WHATSAPP, granted=True, source="chat", at=clock.now)
        )
    clock.advance(hours=1)
    for channel, works in (("whatsapp", allowed), ("sms", False), ("phone", False)):
        if works:
            with crm.work("siti") as work:
                record_contact(work, marked, channel=channel, outcome="reached")
        else:
            with pytest.raises(DoNotCallRefused), crm.work("siti") as work:
                record_contact(work, marked, channel=channel, outcome="reached")


def test_a_colleagues_customer_cannot_be_marked(crm: Crm, shop: Shop) -> None:
    with pytest.raises(CustomerNotVisible), crm.work("siti") as work:
        mark_do_not_call(work, shop.andi)


@dataclass(frozen=True)
class Plans:
    """What Siti and Budi had planned: agenda items by what they are."""

    items: dict[str, int]
    husband: int


@pytest.fixture
def plans(crm: Crm, shop: Shop) -> Plans:
    """Budi's customer has Dewi's number, another had it until it turned out wrong; all are to be called."""
    with crm.work("budi") as work:
        husband = add_customer(work, name="Suami Dewi", phones=["0899-1234-567", "0812-345-678"]).id
        wrong = add_customer(work, name="Salah Sambung", phones=["0812-345-678", "0899-7654-321"]).id
        work.session.flush()
        stale = work.session.scalars(
            select(m.CustomerPhone).where(m.CustomerPhone.customer_id == wrong).order_by(m.CustomerPhone.position)
        ).first()
        assert stale is not None
        stale.wrong_at = work.now
        items = {
            name: add_agenda_item(work, title=name, day=work.today, customer_id=whom, kind=kind).id
            for name, whom, kind in (
                ("call to the husband", husband, AgendaKind.FOLLOW_UP),
                ("promise to the husband", husband, AgendaKind.CALL_BACK),
                ("task about the husband", husband, AgendaKind.TASK),
                ("call to a wrong number", wrong, AgendaKind.FOLLOW_UP),
                ("call to somebody else", shop.andi, AgendaKind.FOLLOW_UP),
            )
        }
    with crm.work("siti") as work:
        items["call to Dewi"] = add_agenda_item(
            work, title="Dewi", day=work.today, customer_id=shop.dewi, kind=AgendaKind.FOLLOW_UP
        ).id
    with crm.system("test company") as work:
        budi = work.session.scalars(select(m.Employee.id).where(m.Employee.username == "budi")).one()
        former = m.AgendaItem(
            employee_id=budi,
            customer_id=shop.dewi,
            day=work.today,
            title="former owner's call to Dewi",
            kind=AgendaKind.CALL_BACK,
            created_at=work.now,
        )
        work.session.add(former)
        work.session.flush()
        items["former owner's call to Dewi"] = former.id
    return Plans(items, husband)


def standing(crm: Crm, plans: Plans) -> set[str]:
    with crm.work("ratna") as work:
        wanted = select(m.AgendaItem.id).where(m.AgendaItem.deleted_at.is_(None))
        there = set(work.session.scalars(wanted))
    return {name for name, number in plans.items.items() if number in there}


STAYS = {"task about the husband", "call to a wrong number", "call to somebody else"}


@pytest.mark.parametrize("who", ["siti", "ratna"])
def test_the_calls_go_from_every_agenda_also_those_to_whoever_has_the_number(
    crm: Crm, shop: Shop, plans: Plans, who: str
) -> None:
    with crm.work(who) as work:
        mark_do_not_call(work, shop.dewi)
    assert standing(crm, plans) == STAYS
    with crm.work("budi") as work:
        assert call_queue(work).ids == [plans.items[name] for name in sorted(STAYS, key=plans.items.__getitem__)]


def test_in_call_mode_the_call_itself_is_done_and_the_others_are_gone(crm: Crm, shop: Shop, plans: Plans) -> None:
    with crm.work("siti") as work:
        item = plans.items["call to Dewi"]
        record_contact(work, shop.dewi, channel="phone", outcome="do_not_call", agenda_item_id=item, comes_back=True)
    assert standing(crm, plans) == STAYS | {"call to Dewi"}
    with crm.work("siti") as work:
        assert work.session.get_one(m.AgendaItem, item).done_at is not None
        assert call_queue(work).ids == []


def test_a_mark_that_comes_to_nothing_leaves_every_agenda_alone(crm: Crm, shop: Shop, plans: Plans) -> None:
    def mark_and_fail() -> None:
        with crm.work("siti") as work:
            mark_do_not_call(work, shop.dewi)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        mark_and_fail()
    assert standing(crm, plans) == set(plans.items)
    with crm.work("siti") as work:
        assert work.session.get_one(m.Customer, shop.dewi).do_not_call_at is None
