"""A new order written anew, and all that follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import ChangedMeanwhile, InvalidValue, NotVisible
from ecrm_core.models import FollowUpClosing, FollowUpState, OrderStatus, PaymentMethod
from ecrm_core.services.followups import record_response
from ecrm_core.services.orders import (
    CardLine,
    LineForm,
    LineThen,
    OrderCard,
    OrderForm,
    OrderReceipt,
    StatusRefused,
    StockTooLow,
    change_order_status,
    correct_order,
    order_card,
    order_corrections,
    take_order,
)
from tests.conftest import FrozenClock
from tests.services.conftest import Shop


@pytest.fixture
def order(crm: Crm, shop: Shop) -> OrderReceipt:
    """A suit and three pans of Dewi's, taken by Siti."""
    form = OrderForm(
        shop.dewi, [LineForm(shop.suit), LineForm(shop.pan, 3)], "1", ship_address="Jl. Melati 5", note="pagi"
    )
    with crm.work("siti") as work:
        return take_order(work, form)


def card(crm: Crm, number: str = "P0000001", by: str = "siti") -> OrderCard:
    with crm.work(by) as work:
        return order_card(work, number)


def form_of(shown: OrderCard, **changes: Any) -> OrderForm:
    """What the form holds after the order was opened in it."""
    lines = [
        LineForm(line.product_id, line.quantity, line.unit_price, line.discount, line_id=line.id)
        for line in shown.lines
    ]
    opened = OrderForm(
        0,
        lines,
        "",
        shipping_cost=shown.shipping_cost,
        ship_name=shown.ship_name,
        ship_phone=shown.ship_phone,
        ship_address=shown.ship_address,
        ship_city=shown.ship_city,
        payment_method=shown.payment_method,
        note=shown.note,
    )
    return replace(opened, **changes)


def correct(crm: Crm, form: OrderForm, version: int = 1, by: str = "siti") -> OrderReceipt:
    with crm.work(by) as work:
        return correct_order(work, 1, version, form)


def stock(crm: Crm, product: int) -> int | None:
    with crm.work("ratna") as work:
        return work.session.get_one(m.Product, product).stock


def records(crm: Crm) -> list[m.AuditRecord]:
    with crm.work("ratna") as work:
        statement = select(m.AuditRecord).where(m.AuditRecord.kind == m.AuditKind.ORDER_CORRECTED)
        return list(work.session.scalars(statement.order_by(m.AuditRecord.id)))


def owed(line: CardLine) -> tuple[FollowUpState | None, date | None]:
    return line.follow_up, line.due_on


def test_lines_address_payment_and_note_are_written_anew(crm: Crm, shop: Shop, order: OrderReceipt) -> None:
    shown = card(crm)
    suit = form_of(shown).lines[0]
    form = form_of(
        shown,
        lines=[replace(suit, quantity=2, discount=Decimal(0), discount_percent=Decimal(10)), LineForm(shop.oil)],
        ship_address="Jl. Melati 6",
        payment_method=PaymentMethod.COD,
        note=None,
        shipping_cost=Decimal(15_000),
    )
    receipt = correct(crm, form)
    assert receipt.total == Decimal(2 * 499_000 - 99_800 + 99_000 + 15_000)
    assert receipt.follow_ups == [date(2026, 12, 24), date(2027, 1, 24)]
    after = card(crm)
    assert (after.version, after.total, after.status) == (2, receipt.total, OrderStatus.NEW)
    assert [(line.product_code, line.quantity, line.amount) for line in after.lines] == [
        ("SUIT", 2, 898_200),
        ("OIL", 1, 99_000),
    ]
    assert after.lines[0].id == suit.line_id
    assert (after.ship_address, after.payment_method, after.note) == ("Jl. Melati 6", PaymentMethod.COD, None)
    assert [owed(line) for line in after.lines] == [
        (FollowUpState.OPEN, date(2026, 12, 24)),
        (FollowUpState.OPEN, date(2027, 1, 24)),
    ]
    assert stock(crm, shop.pan) == 10
    (record,) = records(crm)
    assert (record.order_id, record.customer_id, record.facts["version"]) == (order.order_id, shop.dewi, 2)
    assert record.facts["before"] == {
        "shipping_cost": "0",
        "ship_address": "Jl. Melati 5",
        "payment_method": None,
        "note": "pagi",
        "lines": [
            {"product": "SUIT", "quantity": 1, "unit_price": "499000", "discount": "0"},
            {"product": "PAN", "quantity": 3, "unit_price": "299000", "discount": "0"},
        ],
    }
    assert record.facts["after"]["ship_address"] == "Jl. Melati 6"
    assert record.facts["after"]["lines"][0]["discount"] == "99800"
    assert set(record.facts["after"]) == set(record.facts["before"])


def test_the_same_again_is_no_change(crm: Crm, shop: Shop, order: OrderReceipt) -> None:
    assert correct(crm, form_of(card(crm))).total == order.total
    assert card(crm).version == 1
    assert records(crm) == []


def test_a_line_keeps_the_price_it_was_sold_at(crm: Crm, shop: Shop, order: OrderReceipt) -> None:
    with crm.work("agus") as work:
        suit = work.session.get_one(m.Product, shop.suit)
        suit.price, suit.active = Decimal(600_000), False
    suit_line, pan_line = form_of(card(crm)).lines
    receipt = correct(crm, form_of(card(crm), lines=[replace(suit_line, unit_price=None, quantity=2), pan_line]))
    assert receipt.total == Decimal(2 * 499_000 + 3 * 299_000)
    with pytest.raises(InvalidValue) as refused:  # but no more of it is sold anew
        correct(crm, form_of(card(crm), lines=[LineForm(shop.suit)]), version=2)
    assert refused.value.reason == "inactive_product"


def test_stock_follows_and_is_asked_about(crm: Crm, shop: Shop, order: OrderReceipt) -> None:
    suit, pan = form_of(card(crm)).lines
    correct(crm, form_of(card(crm), lines=[suit, replace(pan, quantity=10)]))
    assert stock(crm, shop.pan) == 0
    more = form_of(card(crm), lines=[suit, replace(pan, quantity=12)])
    with pytest.raises(StockTooLow) as refused:
        correct(crm, more, version=2)
    assert (refused.value.short[0].left, refused.value.short[0].wanted) == (10, 12)
    correct(crm, form_of(card(crm), lines=[suit, replace(pan, quantity=1)]), version=2)
    assert stock(crm, shop.pan) == 9
    correct(crm, form_of(card(crm), lines=[suit]), version=3)
    assert stock(crm, shop.pan) == 10


def test_what_is_owed_follows_the_lines(crm: Crm, shop: Shop, order: OrderReceipt, clock: FrozenClock) -> None:
    clock.advance(days=1)
    with crm.work("siti") as work:
        take_order(work, OrderForm(shop.dewi, [LineForm(shop.oil)], "2"))
    suit, pan = form_of(card(crm)).lines
    # Another suit on the order owes its own; the oil replaces what the other order left open.
    form = form_of(card(crm), lines=[suit, pan, LineForm(shop.suit), LineForm(shop.oil)])
    assert len(correct(crm, form).follow_ups) == 4
    assert [owed(line)[0] for line in card(crm).lines] == [FollowUpState.OPEN] * 4
    (oil,) = card(crm, "P0000002").lines
    assert (oil.follow_up, oil.closed_because) == (FollowUpState.CLOSED, FollowUpClosing.BOUGHT_AGAIN)
    assert card(crm).lines[2].due_on == date(2026, 12, 24)  # counted from the order, not the correction
    correct(crm, form_of(card(crm), lines=[suit]), version=2)
    with crm.work("siti") as work:
        lines = select(m.FollowUp.line_id).join(m.OrderLine, m.OrderLine.id == m.FollowUp.line_id)
        assert len(work.session.scalars(lines.where(m.OrderLine.order_id == 1)).all()) == 1
        assert work.session.get_one(m.Customer, shop.dewi).last_activity_at == clock.now


def test_who_read_an_older_version_is_told_and_nothing_is_written(
    crm: Crm, shop: Shop, order: OrderReceipt, clock: FrozenClock
) -> None:
    shown = card(crm)
    clock.advance(minutes=5)
    correct(crm, form_of(shown, note="sore"), by="ratna")
    with pytest.raises(ChangedMeanwhile) as refused:
        correct(crm, form_of(shown, ship_address="Jl. Lain 1"))
    assert refused.value.facts == {"by": "Ratna Dewi", "at": clock.now, "fields": ["note"]}
    clock.advance(minutes=5)
    with crm.work("siti") as work:
        change_order_status(work, order.order_id, "paid")
    with pytest.raises(ChangedMeanwhile) as refused:
        correct(crm, form_of(shown, ship_address="Jl. Lain 1"))
    assert refused.value.facts == {"by": "Siti Rahayu", "at": clock.now, "fields": ["note", "status"]}
    after = card(crm)
    assert (after.ship_address, after.note, after.version) == ("Jl. Melati 5", "sore", 3)


@pytest.mark.parametrize("status", ["paid", "shipped", "cancelled"])
def test_only_a_new_order_is_corrected(crm: Crm, shop: Shop, order: OrderReceipt, status: str) -> None:
    with crm.work("siti") as work:
        change_order_status(work, order.order_id, status, reason="salah")
    shown = card(crm)
    assert not shown.can_correct
    with pytest.raises(StatusRefused):
        correct(crm, form_of(shown, note="x"), version=2)


def test_what_cannot_be_is_refused_and_nothing_is_written(crm: Crm, shop: Shop, order: OrderReceipt) -> None:
    shown = card(crm)
    suit, pan = form_of(shown).lines
    with crm.work("siti") as work:
        take_order(work, OrderForm(shop.dewi, [LineForm(shop.oil)], "2"))
    foreign = card(crm, "P0000002").lines[0].id
    for lines, reason in (
        ([], "empty"),
        ([replace(suit, quantity=0), pan], "range"),
        ([replace(suit, line_id=foreign)], "unknown_line"),
        ([suit, suit], "unknown_line"),
        ([LineForm(999), pan], "unknown_product"),
    ):
        with pytest.raises(InvalidValue) as refused:
            correct(crm, form_of(shown, lines=lines, note="x"))
        assert refused.value.reason == reason
    with pytest.raises(NotVisible):
        correct(crm, form_of(shown, note="x"), by="budi")
    assert card(crm) == shown
    assert stock(crm, shop.pan) == 7


def test_a_line_the_customer_spoke_of_stays(crm: Crm, shop: Shop, order: OrderReceipt) -> None:
    shown = card(crm)
    suit, pan = form_of(shown).lines
    assert suit.line_id is not None
    with crm.work("siti") as work:
        record_response(work, suit.line_id, rating=5, text=None)
    with pytest.raises(InvalidValue) as refused:
        correct(crm, form_of(shown, lines=[pan]))
    assert (refused.value.reason, refused.value.facts["value"]) == ("answered_line", "Slim Suit")
    correct(crm, form_of(shown, lines=[replace(suit, quantity=2), pan]))
    assert card(crm).lines[0].follow_up is FollowUpState.ANSWERED


def test_what_was_put_right_is_told_from_what_to_what(crm: Crm, shop: Shop, order: OrderReceipt) -> None:
    shown = card(crm)
    suit, pan = shown.lines
    lines = [
        LineForm(pan.product_id, 2, pan.unit_price, Decimal(5000), line_id=pan.id),
        LineForm(shop.pan, 1),
    ]
    typed = replace(form_of(shown, ship_address="Jl. Mawar 1", note=None), lines=lines)
    typed = replace(typed, payment_method=PaymentMethod.COD, shipping_cost=Decimal(9000))
    with crm.work("siti") as work:
        correct_order(work, order.order_id, shown.version, typed)
    with crm.work("siti") as work:
        (told,) = order_corrections(work, order.order_id)
    assert (told.by_name, told.fields) == (
        "Siti Rahayu",
        {
            "ship_address": ("Jl. Melati 5", "Jl. Mawar 1"),
            "note": ("pagi", None),
            "payment_method": (None, PaymentMethod.COD),
            "shipping_cost": (Decimal(0), Decimal(9000)),
        },
    )
    pairs = [
        (each.product, each.before and each.before.quantity, each.after and each.after.quantity) for each in told.lines
    ]
    assert pairs == [(pan.product, 3, 2), (pan.product, None, 1), (suit.product, 1, None)]
    assert told.lines[0].after == LineThen(2, pan.unit_price, Decimal(5000))


def test_corrections_are_of_ones_own_orders_only(crm: Crm, order: OrderReceipt) -> None:
    shown = card(crm)
    with crm.work("siti") as work:
        correct_order(work, order.order_id, shown.version, form_of(shown, note="sore"))
    told = {}
    for who in ("siti", "ratna", "agus", "budi"):
        with crm.work(who) as work:
            told[who] = len(order_corrections(work, order.order_id))
    assert told == {"siti": 1, "ratna": 1, "agus": 1, "budi": 0}
    with crm.work("siti") as work:
        assert order_corrections(work, 10**6) == []
