"""What an order's page shows, what may be done next, and what the customer is sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import InvalidValue, NotVisible
from ecrm_core.models import FollowUpClosing, FollowUpState, Language, OrderKind, OrderStatus, PaymentMethod
from ecrm_core.services.followups import record_response
from ecrm_core.services.orders import (
    LineForm,
    OrderCard,
    OrderForm,
    StatusRefused,
    change_order_status,
    change_order_statuses,
    confirmation_text,
    order_card,
    refuse_at_door,
    return_pieces,
    ship,
    take_order,
)
from ecrm_core.texts import Texts
from tests.conftest import FrozenClock
from tests.services.conftest import Shop

NEW, PAID, SHIPPED, DELIVERED, CANCELLED, RETURNED = OrderStatus


@pytest.fixture
def order(crm: Crm, shop: Shop) -> int:
    """Two suits at a discount and an oil, to Dewi's sister, cash on delivery."""
    form = OrderForm(
        shop.dewi,
        [LineForm(shop.suit, 2, discount_percent=Decimal(10)), LineForm(shop.oil)],
        "1",
        shipping_cost=Decimal(18_000),
        ship_name="Rina",
        ship_phone="0899-1",
        ship_address="Jl. Mawar 1\nRT 02",
        ship_city="Depok",
        ship_postcode="16411",
        payment_method=PaymentMethod.COD,
    )
    with crm.work("siti") as work:
        return take_order(work, form).order_id


def card(crm: Crm, number: str = "P0000001", by: str = "siti", source: str = "") -> OrderCard:
    with crm.work(by) as work:
        return order_card(work, number, source=source)


def move(crm: Crm, order: int, *statuses: OrderStatus) -> None:
    for status in statuses:
        with crm.work("siti") as work:
            change_order_status(work, order, status, reason="sebab" if status in {CANCELLED, RETURNED} else None)


def test_the_page_shows_all_of_the_order(crm: Crm, shop: Shop, order: int, clock: FrozenClock) -> None:
    taken = clock.now
    clock.advance(days=1)
    with crm.work("ratna") as work:
        ship(work, order, "JNX", " JX123 ")
    clock.advance(days=2)
    with crm.work("siti") as work:
        suit, oil = work.session.scalars(select(m.OrderLine.id).order_by(m.OrderLine.id))
        return_pieces(work, suit, 1, reason="rusak")
        record_response(work, oil, rating=5, text="bagus")
    shown = card(crm)
    assert (shown.number, shown.status, shown.version, shown.by_door) == ("P0000001", SHIPPED, 3, False)
    assert (shown.taken_by, shown.ordered_at) == ("Siti Rahayu", taken)
    assert (shown.subtotal, shown.shipping_cost, shown.total) == (997_200, 18_000, 1_015_200)
    assert shown.returned == 449_100
    first, second = shown.lines
    assert (first.product_code, first.quantity, first.unit_price, first.discount) == ("SUIT", 2, 499_000, 99_800)
    assert (first.returned_quantity, first.void, first.can_return) == (1, False, 1)
    assert (first.follow_up, first.due_on) == (FollowUpState.OPEN, date(2026, 12, 24))
    assert (second.follow_up, second.followed_up_on) == (FollowUpState.ANSWERED, date(2026, 11, 27))
    (back,) = shown.returns
    assert (back.line_id, back.quantity, back.amount, back.reason) == (suit, 1, 449_100, "rusak")
    assert (back.by_name, back.at) == ("Siti Rahayu", clock.now)
    assert [(step.status, step.by_name) for step in shown.steps] == [(NEW, "Siti Rahayu"), (SHIPPED, "Ratna Dewi")]
    assert (shown.courier, shown.tracking_number) == ("JNX", "JX123")
    who = shown.customer
    assert (who.code, who.name, who.phone, who.owner_name) == (
        "C000001",
        "Dewi Lestari",
        "0812-345-678",
        "Siti Rahayu",
    )
    assert (shown.ship_name, shown.ship_phone, shown.ship_city) == ("Rina", "0899-1", "Depok")


def test_an_order_that_is_not_ones_own_is_not_there(crm: Crm, shop: Shop, order: int) -> None:
    for number, who, source in (
        ("P0000001", "budi", ""),
        ("P0000009", "siti", ""),
        ("P0000001", "siti", "toko"),
    ):
        with pytest.raises(NotVisible):
            card(crm, number, who, source)
    assert card(crm, by="ratna").customer.owner_name == "Siti Rahayu"


def test_an_imported_order_is_named_by_its_source_too(crm: Crm, shop: Shop, order: int) -> None:
    with crm.system("test company") as work:
        work.session.add(
            m.Order(
                source="toko",
                number="P0000001",
                kind=OrderKind.RETURN,
                customer_id=shop.dewi,
                ordered_at=work.now,
                currency="IDR",
                created_at=work.now,
            )
        )
    shown = card(crm, source="toko")
    assert (shown.kind, shown.lines, shown.next, shown.can_correct) == (OrderKind.RETURN, [], [], False)
    assert card(crm).kind is OrderKind.SALE


NEXT = [
    ((), {PAID, SHIPPED, CANCELLED}),
    ((PAID,), {SHIPPED, DELIVERED, RETURNED, CANCELLED}),
    ((PAID, SHIPPED), {DELIVERED, RETURNED, CANCELLED}),
    ((PAID, SHIPPED, DELIVERED), {RETURNED}),
    ((SHIPPED,), {PAID, DELIVERED, RETURNED, CANCELLED}),
    ((SHIPPED, PAID), {DELIVERED, RETURNED, CANCELLED}),
    ((SHIPPED, DELIVERED), {PAID, RETURNED}),
    ((SHIPPED, DELIVERED, PAID), {RETURNED}),
    ((CANCELLED,), set()),
    ((SHIPPED, RETURNED), set()),
]


@pytest.mark.parametrize(("way", "after"), NEXT)
def test_what_may_come_next_is_what_is_allowed(
    crm: Crm, shop: Shop, order: int, way: tuple[OrderStatus, ...], after: set[OrderStatus]
) -> None:
    move(crm, order, *way)
    shown = card(crm)
    assert set(shown.next) == after
    assert shown.can_correct == (not way)
    assert shown.can_refuse_at_door == (SHIPPED in way and DELIVERED not in way and RETURNED in after)
    for status in OrderStatus:
        if status not in after:
            with pytest.raises(StatusRefused) as refused:
                move(crm, order, status)
            repeated = (status is NEW and not way) or (
                status in way and (status in {PAID, SHIPPED, DELIVERED} or status is way[-1])
            )
            assert (refused.value.facts["reason"] == f"already_{status}") == repeated, status
            for language in Language:
                assert "P0000001" in Texts(language).error(refused.value)
    assert card(crm) == shown


def test_refused_at_the_door_is_returned_and_says_so(crm: Crm, shop: Shop, order: int, clock: FrozenClock) -> None:
    with pytest.raises(StatusRefused), crm.work("siti") as work:
        refuse_at_door(work, order, reason="x")  # never sent
    move(crm, order, SHIPPED)
    with pytest.raises(InvalidValue), crm.work("siti") as work:
        refuse_at_door(work, order, reason=" ")
    with crm.work("siti") as work:
        refuse_at_door(work, order, reason="tidak di rumah")
    shown = card(crm)
    assert shown.status is RETURNED
    assert (shown.steps[-1].refused_at_door, shown.steps[-1].reason) == (True, "tidak di rumah")
    assert {line.closed_because for line in shown.lines} == {FollowUpClosing.RETURNED}
    assert shown.returned == shown.subtotal
    with crm.work("siti") as work:
        assert work.session.get_one(m.Customer, shop.dewi).last_activity_at is None


def test_a_parcel_taken_in_was_not_refused_at_the_door(crm: Crm, order: int) -> None:
    move(crm, order, SHIPPED, DELIVERED)
    with pytest.raises(StatusRefused), crm.work("siti") as work:
        refuse_at_door(work, order, reason="x")


def test_a_step_may_be_written_down_later_but_not_out_of_its_time(
    crm: Crm, shop: Shop, order: int, clock: FrozenClock
) -> None:
    ordered = clock.now
    clock.advance(days=3)
    with crm.work("siti") as work:
        change_order_status(work, order, SHIPPED, at=clock.now.replace(day=25))
    assert card(crm).steps[-1].at == clock.now.replace(day=25)
    for at, reason in ((clock.now.replace(day=28), "in_the_future"), (ordered.replace(day=23), "before_order")):
        with pytest.raises(InvalidValue) as refused, crm.work("siti") as work:
            change_order_status(work, order, DELIVERED, at=at)
        assert refused.value.reason == reason
    for status, reason in ((DELIVERED, None), (RETURNED, "rusak"), (PAID, None)):
        with pytest.raises(InvalidValue) as refused, crm.work("siti") as work:
            change_order_status(work, order, status, reason=reason, at=clock.now.replace(day=24, hour=20))
        assert refused.value.reason == "before_step"
    with pytest.raises(InvalidValue) as refused, crm.work("siti") as work:
        refuse_at_door(work, order, reason="tidak di rumah", at=clock.now.replace(day=24, hour=20))
    assert refused.value.reason == "before_step"
    with crm.work("siti") as work:
        change_order_status(work, order, RETURNED, reason="rusak", at=clock.now.replace(day=26))
        voided = set(work.session.scalars(select(m.OrderLine.void_at)))
        assert voided == {clock.now.replace(day=26)}


def test_many_repeat_nothing(crm: Crm, shop: Shop, order: int) -> None:
    with crm.work("siti") as work:
        second = take_order(work, OrderForm(shop.dewi, [LineForm(shop.pan)], "2")).order_id
        change_order_status(work, second, PAID)
    with pytest.raises(StatusRefused) as refused, crm.work("siti") as work:
        change_order_statuses(work, [order, second], PAID)
    assert refused.value.facts["reason"] == "already_paid"
    assert card(crm).status is NEW


def test_the_customer_is_sent_the_order_in_words(crm: Crm, shop: Shop, order: int) -> None:
    with crm.work("siti") as work:
        shown = order_card(work, "P0000001")
        assert confirmation_text(work, shown, Language.INDONESIAN) == (
            "Halo Dewi Lestari, terima kasih telah memesan di Toko TV Nusantara.\n"
            "Pesanan *P0000001*, Selasa, 24 November 2026:\n"
            "• Slim Suit × 2: Rp 898.200\n"
            "• Minyak Rambut: Rp 99.000\n"
            "Ongkos kirim: Rp 18.000\n"
            "*Total: Rp 1.015.200*\n"
            "Dikirim ke: Rina, Jl. Mawar 1 RT 02, Depok 16411\n"
            "Pembayaran: Bayar di tempat\n"
            "Bila ada yang keliru, balas pesan ini ya. Salam, Toko TV Nusantara."
        )
        english = confirmation_text(work, shown, "en")
    assert "Order *P0000001*, Tuesday, 24 November 2026:" in english
    assert "*Total: IDR 1,015,200*" in english
    with crm.work("siti") as work:
        take_order(work, OrderForm(shop.dewi, [LineForm(shop.suit)], "2"))
        plain = confirmation_text(work, order_card(work, "P0000002"), Language.INDONESIAN)
    assert "Ongkos kirim: gratis" in plain
    assert "Dikirim ke" not in plain
    assert "Pembayaran" not in plain
