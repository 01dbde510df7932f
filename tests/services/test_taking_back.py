"""A call noted by mistake is taken back with all that came of it, unless something newer rests on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import inspect, select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import InvalidValue, NotVisible
from ecrm_core.models import AgendaItem, AgendaKind, AuditKind
from ecrm_core.services.agenda import add_agenda_item, move_agenda_item, tick_agenda_item
from ecrm_core.services.calling import call_queue, day_summary
from ecrm_core.services.contacts import ContactReceipt, record_contact
from ecrm_core.services.customers import add_interest, change_customer
from ecrm_core.services.followups import record_response
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from ecrm_core.services.taking_back import take_back_contact
from tests.conftest import FrozenClock
from tests.services.conftest import Shop

WATCHED = (m.Contact, m.AgendaItem, m.CustomerPhone, m.FollowUp, m.Response, m.Complaint, m.DoNotCall)


def picture(crm: Crm) -> dict[str, list[Any]]:
    """All that an outcome may change, as it stands."""
    left_out = {"id", "version", "changed_at", "changed_by_id", "reminded_at"}
    with crm.work("ratna") as work:
        found: dict[str, list[Any]] = {}
        for model in WATCHED:
            rows = sorted(work.session.scalars(select(model)), key=lambda row: inspect(row).identity)
            found[model.__tablename__] = [
                {
                    column.key: getattr(row, column.key)
                    for column in model.__table__.columns
                    if column.key not in left_out
                }
                for row in rows
                if getattr(row, "deleted_at", None) is None
            ]
        found["interest"] = list(
            work.session.scalars(select(m.Interest.product_id).where(m.Interest.withdrawn_at.is_(None)))
        )
        return found


@pytest.fixture
def item(crm: Crm, shop: Shop, clock: FrozenClock) -> int:
    """Dewi is to be called about her Slim Suit; she has two numbers."""
    with crm.work("siti") as work:
        form = OrderForm(shop.dewi, [LineForm(shop.suit)], intention="dewi", ordered_at=work.now - timedelta(days=35))
        take_order(work, form)
        change_customer(work, shop.dewi, phones=["0812-345-678", "0812-999-000"])
    with crm.work("siti") as work:
        made = add_agenda_item(work, title="Dewi", day=work.today, customer_id=shop.dewi, kind=AgendaKind.FOLLOW_UP)
    clock.advance(minutes=1)
    return made.id


def noted(crm: Crm, shop: Shop, item: int, outcome: str, **named: Any) -> ContactReceipt:
    with crm.work("siti") as work:
        if outcome == "call_back":
            named["call_back_at"] = work.now + timedelta(hours=2)
        return record_contact(
            work, shop.dewi, channel="phone", outcome=outcome, agenda_item_id=item, comes_back=True, **named
        )


def taken_back(crm: Crm, receipt: ContactReceipt, who: str = "siti") -> None:
    with crm.work(who) as work:
        take_back_contact(work, receipt)


@pytest.mark.parametrize(
    ("outcome", "named"),
    [
        ("reached", {"note": "salah tekan"}),
        ("no_answer", {}),
        ("busy", {}),
        ("call_back", {}),
        ("not_interested", {}),
        ("ordered", {}),
        ("wrong_number", {"phone": "0812-345-678"}),
        ("wrong_number", {"phone": "0812-345-678", "right_number": "0813-555-666"}),
    ],
)
def test_everything_stands_as_before(
    crm: Crm, shop: Shop, item: int, clock: FrozenClock, outcome: str, named: dict[str, Any]
) -> None:
    before = picture(crm)
    receipt = noted(crm, shop, item, outcome, **named)
    assert picture(crm) != before
    clock.advance(seconds=8)
    taken_back(crm, receipt)
    assert picture(crm) == before
    with crm.work("siti") as work:
        assert call_queue(work).ids == [item]
        assert day_summary(work, work.today).contacts == 0
    with crm.work("agus") as work:
        kept = work.session.scalars(
            select(m.AuditRecord.facts).where(m.AuditRecord.kind == AuditKind.CONTACT_TAKEN_BACK)
        ).one()
    assert (kept["outcome"], kept["note"], kept["contact_id"]) == (outcome, named.get("note"), receipt.contact_id)
    with pytest.raises(NotVisible):
        taken_back(crm, receipt)
    # And the right key afterwards is no double press.
    assert not noted(crm, shop, item, "reached").again


def test_what_was_said_in_the_call_goes_with_it(crm: Crm, shop: Shop, item: int) -> None:
    before = picture(crm)
    with crm.work("siti") as work:
        line = work.session.scalars(select(m.OrderLine.id)).one()
        receipt = record_contact(work, shop.dewi, channel="phone", outcome="reached", agenda_item_id=item)
        record_response(work, line, rating=1, text="Rusak")
        add_interest(work, shop.dewi, product_id=shop.pan)
    assert picture(crm)["complaint"]
    taken_back(crm, receipt)
    assert picture(crm) == before


def test_a_call_that_comes_back_by_itself_stands_where_it_stood(
    crm: Crm, shop: Shop, item: int, clock: FrozenClock
) -> None:
    first = noted(crm, shop, item, "busy", note="pagi")
    assert first.call_back_item_id is not None
    clock.advance(minutes=40)
    before = picture(crm)
    second = noted(crm, shop, item, "no_answer", note="lagi")
    assert second.call_back_item_id == first.call_back_item_id
    taken_back(crm, second)
    assert picture(crm) == before


def test_a_promise_that_stood_already_is_left_alone(crm: Crm, shop: Shop, item: int) -> None:
    promise = noted(crm, shop, item, "call_back")
    with crm.work("siti") as work:
        again = add_agenda_item(work, title="Dewi", day=work.today, customer_id=shop.dewi, kind=AgendaKind.PROSPECT)
    before = picture(crm)
    second = noted(crm, shop, again.id, "no_answer")
    assert second.call_back_item_id == promise.call_back_item_id
    taken_back(crm, second)
    assert picture(crm) == before


Newer = Callable[[Crm, Shop, ContactReceipt], None]


def _called_again(crm: Crm, shop: Shop, receipt: ContactReceipt) -> None:
    with crm.work("siti") as work:
        record_contact(work, shop.dewi, channel="phone", outcome="reached")


def _ordered(crm: Crm, shop: Shop, receipt: ContactReceipt) -> None:
    with crm.work("siti") as work:
        take_order(work, OrderForm(shop.dewi, [LineForm(shop.suit)], intention="baru"))


def _moved(crm: Crm, shop: Shop, receipt: ContactReceipt) -> None:
    with crm.work("siti") as work:
        move_agenda_item(work, receipt.call_back_item_id or 0, work.today + timedelta(days=3))


def _made(crm: Crm, shop: Shop, receipt: ContactReceipt) -> None:
    with crm.work("siti") as work:
        tick_agenda_item(work, receipt.call_back_item_id or 0)


def _corrected(crm: Crm, shop: Shop, receipt: ContactReceipt) -> None:
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, phones=["0857-1234-567"])


def _nothing(crm: Crm, shop: Shop, receipt: ContactReceipt) -> None:
    pass


@pytest.mark.parametrize(
    ("outcome", "newer", "reason"),
    [
        ("reached", _called_again, "contact_followed"),
        ("ordered", _ordered, "contact_ordered"),
        ("call_back", _moved, "contact_call_back"),
        ("no_answer", _made, "contact_call_back"),
        ("wrong_number", _corrected, "contact_phones"),
        ("do_not_call", _nothing, "contact_silenced"),
    ],
)
def test_what_something_newer_rests_on_stays_and_it_is_said_why(
    crm: Crm, shop: Shop, item: int, clock: FrozenClock, outcome: str, newer: Newer, reason: str
) -> None:
    named = {"phone": "0812-345-678"} if outcome == "wrong_number" else {}
    receipt = noted(crm, shop, item, outcome, **named)
    clock.advance(seconds=5)
    newer(crm, shop, receipt)
    before = picture(crm)
    with pytest.raises(InvalidValue) as refused:
        taken_back(crm, receipt)
    assert refused.value.facts["reason"] == reason
    assert picture(crm) == before


def test_it_is_for_who_noted_it_on_the_same_day(crm: Crm, shop: Shop, item: int, clock: FrozenClock) -> None:
    receipt = noted(crm, shop, item, "reached")
    with pytest.raises(NotVisible):
        taken_back(crm, receipt, "budi")
    with pytest.raises(InvalidValue):
        taken_back(crm, receipt, "ratna")
    clock.advance(days=1)
    with pytest.raises(InvalidValue):
        taken_back(crm, receipt)
    with crm.work("siti") as work:
        assert work.session.get_one(AgendaItem, item).done_at is not None
