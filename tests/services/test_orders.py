"""Orders: taken once, moved along, cancelled, returned; and what each does to everything else."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from ecrm_core import models as m
from ecrm_core.crm import Crm, Work
from ecrm_core.errors import CustomerNotVisible, InvalidValue, NotVisible
from ecrm_core.models import FollowUpClosing, FollowUpState, OrderStatus
from ecrm_core.services.customers import change_customer
from ecrm_core.services.orders import (
    LineForm,
    OrderForm,
    OrderReceipt,
    StatusRefused,
    change_order_status,
    change_order_statuses,
    return_pieces,
    take_order,
    take_orders,
)
from ecrm_core.services.products import change_product
from tests.conftest import FrozenClock
from tests.services.conftest import Shop


def order(crm: Crm, customer: int, *lines: LineForm, key: str = "1", by: str = "siti") -> OrderReceipt:
    with crm.work(by) as work:
        return take_order(work, OrderForm(customer, lines, intention=key))


def lines_of(work: Work, receipt: OrderReceipt) -> list[m.OrderLine]:
    statement = select(m.OrderLine).where(m.OrderLine.order_id == receipt.order_id).order_by(m.OrderLine.id)
    return list(work.session.scalars(statement))


def stock(work: Work, product: int) -> int | None:
    return work.session.get_one(m.Product, product).stock


def follow_ups(work: Work, receipt: OrderReceipt) -> list[tuple[FollowUpState, FollowUpClosing | None]]:
    ids = [line.id for line in lines_of(work, receipt)]
    rows = work.session.scalars(select(m.FollowUp).where(m.FollowUp.line_id.in_(ids)).order_by(m.FollowUp.line_id))
    return [(row.state, row.closed_because) for row in rows]


def last_activity(work: Work, customer: int) -> datetime | None:
    return work.session.get_one(m.Customer, customer).last_activity_at


def test_an_order_makes_lines_follow_ups_status_stock_and_activity(crm: Crm, shop: Shop) -> None:
    receipt = order(crm, shop.dewi, LineForm(shop.suit, 2, discount=Decimal("50000.5")), LineForm(shop.oil), key="a")
    assert receipt.number == "P0000001"
    assert receipt.total == Decimal("1046999.5")
    assert receipt.follow_ups == [date(2026, 12, 24), date(2027, 1, 24)]
    with crm.work("siti") as work:
        suit, oil = lines_of(work, receipt)
        assert (suit.quantity, suit.unit_price, suit.amount) == (2, Decimal(499_000), Decimal("947999.5"))
        assert oil.ordered_at == work.now == last_activity(work, shop.dewi)
        assert list(work.session.scalars(select(m.OrderStatusChange.status))) == [OrderStatus.NEW]
    order(crm, shop.dewi, LineForm(shop.pan, 3), key="b")
    with crm.work("siti") as work:
        assert stock(work, shop.pan) == 7


def test_one_intention_makes_one_order(crm: Crm, shop: Shop) -> None:
    first = order(crm, shop.dewi, LineForm(shop.suit), key="same")
    again = order(crm, shop.dewi, LineForm(shop.suit), key="same")
    other = order(crm, shop.dewi, LineForm(shop.suit), key="other")
    assert again == OrderReceipt(**{**first.__dict__, "again": True})
    assert (first.number, other.number) == ("P0000001", "P0000002")


def test_a_race_of_one_intention_makes_one_order_and_no_gap(crm: Crm, shop: Shop) -> None:
    receipts: list[OrderReceipt] = []
    start = threading.Barrier(4)

    def send() -> None:
        start.wait()
        receipts.append(order(crm, shop.dewi, LineForm(shop.pan), key="same"))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({receipt.order_id for receipt in receipts}) == 1
    assert sorted(receipt.again for receipt in receipts) == [False, True, True, True]
    assert order(crm, shop.dewi, LineForm(shop.suit), key="next").number == "P0000002"
    with crm.work("ratna") as work:
        assert stock(work, shop.pan) == 9


def test_many_orders_are_one_gesture(crm: Crm, shop: Shop) -> None:
    now = datetime(2026, 11, 24, 2, tzinfo=UTC)
    forms = [
        OrderForm(shop.dewi, [LineForm(shop.suit)], "1", ordered_at=now - timedelta(days=2)),
        OrderForm(shop.dewi, [LineForm(shop.suit), LineForm(shop.suit)], "2", ordered_at=now - timedelta(days=1)),
        OrderForm(shop.dewi, [LineForm(shop.suit)], "1"),
    ]
    with crm.work("siti") as work:
        first, second, repeated = take_orders(work, forms)
    assert repeated == first
    with crm.work("siti") as work:
        assert follow_ups(work, first) == [(FollowUpState.CLOSED, FollowUpClosing.BOUGHT_AGAIN)]
        assert follow_ups(work, second) == [(FollowUpState.OPEN, None)] * 2
        assert last_activity(work, shop.dewi) == now - timedelta(days=1)


@pytest.mark.parametrize(
    ("lines", "field", "reason"),
    [
        ([], "lines", "empty"),
        ([LineForm(999)], "product", "unknown_product"),
        ([LineForm(1, 0)], "quantity", "range"),
        ([LineForm(1, -1)], "quantity", "range"),
        ([LineForm(1, 10_000)], "quantity", "range"),
        ([LineForm(1, unit_price=Decimal(-1))], "unit_price", "negative"),
        ([LineForm(1, unit_price=Decimal("0.00001"))], "unit_price", "money"),
        ([LineForm(1, unit_price=Decimal(10) ** 13, quantity=100)], "amount", "money"),
        ([LineForm(1, discount=Decimal(499_001))], "discount", "too_large"),
        ([LineForm(1, discount=Decimal("NaN"))], "discount", "money"),
    ],
)
def test_bad_lines_are_refused_and_nothing_is_kept(
    crm: Crm, shop: Shop, lines: list[LineForm], field: str, reason: str
) -> None:
    assert shop.suit == 1
    with pytest.raises(InvalidValue) as refused:
        order(crm, shop.dewi, *lines)
    assert (refused.value.field, refused.value.reason) == (field, reason)
    with crm.work("ratna") as work:
        assert work.session.scalar(select(func.count()).select_from(m.Order)) == 0
    assert order(crm, shop.dewi, LineForm(shop.suit)).number == "P0000001"


def test_what_is_not_sold_or_not_yet_or_nobodys_is_refused(crm: Crm, shop: Shop) -> None:
    with crm.work("agus") as work:
        change_product(
            work,
            shop.oil,
            name="Minyak",
            price=Decimal(1),
            category_id=None,
            stock=None,
            follow_up_months=None,
            active=False,
        )
    with pytest.raises(InvalidValue, match="inactive_product"):
        order(crm, shop.dewi, LineForm(shop.oil))
    with crm.work("siti") as work:
        later = OrderForm(shop.dewi, [LineForm(shop.suit)], "1", ordered_at=work.now + timedelta(seconds=1))
        with pytest.raises(InvalidValue, match="in_the_future"):
            take_order(work, later)
        with pytest.raises(InvalidValue, match="unknown_source"):
            take_order(work, OrderForm(shop.dewi, [LineForm(shop.suit)], "1", heard_from_id=7))
        with pytest.raises(InvalidValue, match="empty"):
            take_order(work, OrderForm(shop.dewi, [LineForm(shop.suit)], " "))
    for customer in (shop.andi, 999):
        with pytest.raises(CustomerNotVisible):
            order(crm, customer, LineForm(shop.suit))
    assert order(crm, shop.andi, LineForm(shop.suit), by="ratna").number == "P0000001"


def test_buying_again_replaces_what_is_open_and_only_for_that_product(crm: Crm, shop: Shop) -> None:
    first = order(crm, shop.dewi, LineForm(shop.suit), LineForm(shop.oil), key="1")
    order(crm, shop.dewi, LineForm(shop.suit), key="2")
    with crm.work("siti") as work:
        assert follow_ups(work, first) == [
            (FollowUpState.CLOSED, FollowUpClosing.BOUGHT_AGAIN),
            (FollowUpState.OPEN, None),
        ]


def test_cancelling_voids_lines_closes_follow_ups_and_gives_stock_back(
    crm: Crm, shop: Shop, clock: FrozenClock
) -> None:
    earlier = order(crm, shop.dewi, LineForm(shop.suit), key="1")
    before = clock.now
    clock.advance(days=3)
    receipt = order(crm, shop.dewi, LineForm(shop.pan, 4), key="2")
    clock.advance(hours=1)
    with crm.work("siti") as work, pytest.raises(InvalidValue, match="empty"):
        change_order_status(work, receipt.order_id, "cancelled")
    with crm.work("siti") as work:
        change_order_status(work, receipt.order_id, "cancelled", reason="berubah pikiran")
    with crm.work("siti") as work:
        assert [line.void_at for line in lines_of(work, receipt)] == [clock.now]
        assert follow_ups(work, receipt) == [(FollowUpState.CLOSED, FollowUpClosing.CANCELLED)]
        assert follow_ups(work, earlier) == [(FollowUpState.OPEN, None)]
        assert stock(work, shop.pan) == 10
        assert last_activity(work, shop.dewi) == before
        changes = work.session.execute(
            select(m.OrderStatusChange.status, m.OrderStatusChange.reason)
            .where(m.OrderStatusChange.order_id == receipt.order_id)
            .order_by(m.OrderStatusChange.at)
        )
        assert [tuple(row) for row in changes] == [
            (OrderStatus.NEW, None),
            (OrderStatus.CANCELLED, "berubah pikiran"),
        ]
    with crm.work("siti") as work, pytest.raises(StatusRefused):
        change_order_status(work, receipt.order_id, "paid")


def test_returned_pieces_count_until_the_last_and_add_up(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        receipt = take_order(
            work, OrderForm(shop.dewi, [LineForm(shop.pan, 3, unit_price=Decimal("33.3333"))], intention="1")
        )
    with crm.work("siti") as work:
        (line,) = lines_of(work, receipt)
        with pytest.raises(StatusRefused):
            return_pieces(work, line.id, 1, reason="belum dikirim")
        change_order_status(work, receipt.order_id, "shipped")
        change_order_status(work, receipt.order_id, "delivered")
        for wrong in (0, -1, 4):
            with pytest.raises(InvalidValue, match="range"):
                return_pieces(work, line.id, wrong, reason="rusak")
        assert return_pieces(work, line.id, 1, reason="rusak") is OrderStatus.DELIVERED
        assert (line.returned_quantity, line.void_at) == (1, None)
        assert last_activity(work, shop.dewi) == work.now
        assert follow_ups(work, receipt) == [(FollowUpState.OPEN, None)]
        assert stock(work, shop.pan) == 8
        assert return_pieces(work, line.id, 2, reason="rusak") is OrderStatus.RETURNED
        assert line.returned_amount == line.amount == sum(work.session.scalars(select(m.LineReturn.amount)))
        assert line.void_at == work.now
        assert last_activity(work, shop.dewi) is None
        assert follow_ups(work, receipt) == [(FollowUpState.CLOSED, FollowUpClosing.RETURNED)]
        assert stock(work, shop.pan) == 10


def test_an_order_returned_as_a_whole_takes_back_what_is_left(crm: Crm, shop: Shop) -> None:
    receipt = order(crm, shop.dewi, LineForm(shop.pan, 3), LineForm(shop.suit))
    with crm.work("ratna") as work:
        change_order_statuses(work, [receipt.order_id], "shipped")
        pan, suit = lines_of(work, receipt)
        return_pieces(work, pan.id, 1, reason="penyok")
        change_order_statuses(work, [receipt.order_id], "returned", reason="tidak diambil")
        returned = work.session.execute(select(m.LineReturn.line_id, m.LineReturn.quantity).order_by(m.LineReturn.id))
        assert [tuple(row) for row in returned] == [(pan.id, 1), (pan.id, 2), (suit.id, 1)]
        assert stock(work, shop.pan) == 10
        assert {pan.void_at, suit.void_at} == {work.now}


def test_many_statuses_move_together_or_not_at_all(crm: Crm, shop: Shop) -> None:
    one = order(crm, shop.dewi, LineForm(shop.suit), key="1")
    two = order(crm, shop.dewi, LineForm(shop.suit), key="2")
    with crm.work("ratna") as work:
        change_order_status(work, two.order_id, "cancelled", reason="x")
    with crm.work("ratna") as work, pytest.raises(StatusRefused):
        change_order_statuses(work, [one.order_id, two.order_id], "paid")
    with crm.work("ratna") as work:
        assert work.session.get_one(m.Order, one.order_id).status is OrderStatus.NEW


def test_a_colleagues_order_cannot_be_moved(crm: Crm, shop: Shop) -> None:
    receipt = order(crm, shop.andi, LineForm(shop.suit), by="budi")
    with crm.work("budi") as work:
        (line,) = lines_of(work, receipt)
    with crm.work("siti") as work:
        for refused in (
            lambda: change_order_status(work, receipt.order_id, "paid"),
            lambda: change_order_status(work, 999, "paid"),
            lambda: return_pieces(work, line.id, 1, reason="x"),
        ):
            with pytest.raises(NotVisible):
                refused()


def test_an_order_keeps_the_address_of_its_day(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, address="Jl. Melati 3", city="Bandung")
    receipt = order(crm, shop.dewi, LineForm(shop.suit))
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, address="Jl. Mawar 9", city="Cimahi")
        kept = work.session.get_one(m.Order, receipt.order_id)
        assert (kept.ship_address, kept.ship_city) == ("Jl. Melati 3", "Bandung")
