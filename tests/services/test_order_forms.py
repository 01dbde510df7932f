"""What an order form may say: discounts, stock, sources, addresses, a customer entered or corrected with it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import ChangedMeanwhile, CustomerNotVisible, EcrmError, InvalidValue
from ecrm_core.models import Language, OrderChannel
from ecrm_core.queries.door import LOOKS_A_MINUTE
from ecrm_core.services.customers import CustomerForm, change_customer
from ecrm_core.services.duplicates import DuplicatesUnchecked, PossibleDuplicate, possible_duplicates
from ecrm_core.services.orders import (
    KnownAddress,
    LineForm,
    OrderForm,
    OrderReceipt,
    StockTooLow,
    address_book,
    price_order,
    take_order,
    take_order_for_new,
    take_order_with_changes,
    taking,
)
from ecrm_core.texts import Texts
from tests.conftest import FrozenClock
from tests.services.conftest import Shop


def take(crm: Crm, form: OrderForm, by: str = "siti") -> OrderReceipt:
    with crm.work(by) as work:
        return take_order(work, form)


def saved(crm: Crm, receipt: OrderReceipt) -> m.Order:
    with crm.work("ratna") as work:
        return work.session.get_one(m.Order, receipt.order_id)


def stock(crm: Crm, product: int) -> int | None:
    with crm.work("ratna") as work:
        return work.session.get_one(m.Product, product).stock


# --- Prices ---


@pytest.mark.parametrize(
    ("line", "discount", "amount"),
    [
        ({"discount_percent": Decimal(10)}, 49_900, 449_100),
        ({"discount_percent": Decimal("12.5"), "quantity": 3}, 187_125, 1_309_875),
        ({"discount_percent": Decimal("0.1")}, 499, 498_501),
        ({"discount_percent": Decimal("0.0001")}, 0, 499_000),  # whole rupiah
        ({"discount_percent": Decimal("0.0002")}, 1, 498_999),
        ({"discount_percent": Decimal(100)}, 499_000, 0),
        ({"discount_percent": Decimal(0)}, 0, 499_000),
        ({"discount": Decimal(9_000)}, 9_000, 490_000),
    ],
)
def test_a_discount_is_an_amount_or_a_percentage(
    crm: Crm, shop: Shop, line: dict[str, Decimal], discount: int, amount: int
) -> None:
    typed = LineForm(shop.suit, **line)  # type: ignore[arg-type]
    with crm.work("siti") as work:
        priced = price_order(work, [typed], shipping_cost=Decimal(20_000))
        assert (priced.lines[0].discount, priced.lines[0].amount) == (discount, amount)
        assert (priced.subtotal, priced.discount) == (amount + discount, discount)
        assert priced.total == amount + 20_000
    receipt = take(crm, OrderForm(shop.dewi, [typed], "1", shipping_cost=Decimal(20_000)))
    assert receipt.total == amount + 20_000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"discount": Decimal(1), "discount_percent": Decimal(1)}, "both_discounts"),
        ({"discount_percent": Decimal(101)}, "percent"),
        ({"discount_percent": Decimal(-1)}, "percent"),
        ({"discount_percent": Decimal("nan")}, "percent"),
        ({"discount": Decimal(499_001)}, "too_large"),
    ],
)
def test_a_discount_that_cannot_be_is_refused(crm: Crm, shop: Shop, line: dict[str, Decimal], reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        take(crm, OrderForm(shop.dewi, [LineForm(shop.suit, **line)], "1"))  # type: ignore[arg-type]
    assert (refused.value.field, refused.value.reason) == ("discount", reason)
    with crm.work("siti") as work:
        (priced,) = price_order(work, [LineForm(shop.suit, **line)]).lines  # type: ignore[arg-type]
        assert priced.problem is not None
        assert (priced.problem.reason, priced.amount) == (reason, None)


def test_an_order_is_priced_line_by_line_while_it_is_typed(crm: Crm, shop: Shop) -> None:
    lines = [LineForm(shop.suit, 2), LineForm(999), LineForm(shop.pan, 6), LineForm(shop.pan, 5)]
    with crm.work("siti") as work:
        priced = price_order(work, lines)
    assert [line.amount for line in priced.lines] == [998_000, None, 1_794_000, 1_495_000]
    assert [line.stock for line in priced.lines] == [None, None, 10, 10]
    assert [line.short for line in priced.lines] == [False, False, True, True]
    assert (priced.total, priced.currency) == (4_287_000, "IDR")


# --- Stock and source ---


def test_more_than_is_left_must_be_confirmed(crm: Crm, shop: Shop) -> None:
    form = OrderForm(shop.dewi, [LineForm(shop.pan, 6), LineForm(shop.suit), LineForm(shop.pan, 5)], "1")
    with pytest.raises(StockTooLow) as refused:
        take(crm, form)
    (short,) = refused.value.short
    assert (short.name, short.left, short.wanted) == ("Wajan Granit", 10, 11)
    for language in Language:
        assert "Wajan Granit (10)" in Texts(language).error(refused.value)
    assert stock(crm, shop.pan) == 10
    assert take(crm, replace(form, confirmed_stock=True)).number == "P0000001"
    assert stock(crm, shop.pan) == 0
    with pytest.raises(StockTooLow):
        take(crm, OrderForm(shop.dewi, [LineForm(shop.pan)], "2"))


def test_the_last_piece_needs_no_confirmation(crm: Crm, shop: Shop) -> None:
    take(crm, OrderForm(shop.dewi, [LineForm(shop.pan, 10)], "1"))
    assert stock(crm, shop.pan) == 0


def test_an_order_by_phone_says_how_the_customer_heard_of_us(crm: Crm, shop: Shop) -> None:
    with crm.work("agus") as work:
        source = m.OrderSource(name="TV 09.30", station="TV")
        work.session.add(source)
    form = OrderForm(shop.dewi, [LineForm(shop.suit)], "1", source_required=True)
    with pytest.raises(InvalidValue) as refused:
        take(crm, form)
    assert (refused.value.field, refused.value.reason) == ("source", "empty")
    assert saved(crm, take(crm, replace(form, heard_from_id=source.id))).heard_from_id == source.id
    assert take(crm, replace(form, channel=OrderChannel.STORE, intention="2")).number == "P0000002"


# --- Addresses ---


def home(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, address="Jl. Melati 5", city="Bandung", postcode="40111")


def test_an_order_goes_home_or_to_the_address_that_is_typed(crm: Crm, shop: Shop) -> None:
    home(crm, shop)
    plain = OrderForm(shop.dewi, [LineForm(shop.suit)], "1")
    order = saved(crm, take(crm, plain))
    assert (order.ship_name, order.ship_address, order.ship_city) == ("Dewi Lestari", "Jl. Melati 5", "Bandung")
    order = saved(
        crm,
        take(crm, replace(plain, intention="2", ship_name="Ibu Rina", ship_phone="0899-1", ship_address="Jl. Mawar 1")),
    )
    assert (order.ship_name, order.ship_phone, order.ship_address) == ("Ibu Rina", "0899-1", "Jl. Mawar 1")
    # Half an address is not filled up from the other.
    assert (order.ship_city, order.ship_postcode) == (None, None)
    order = saved(crm, take(crm, replace(plain, intention="3", ship_name="Ibu Rina")))
    assert (order.ship_name, order.ship_address) == ("Ibu Rina", "Jl. Melati 5")


def test_the_address_book_holds_each_address_once_newest_first(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    form = OrderForm(shop.dewi, [LineForm(shop.suit)], "1", ship_address="Jl. Mawar 1", ship_city="Depok")
    with crm.work("siti") as work:
        assert address_book(work, shop.dewi) == []
    take(crm, form)
    home(crm, shop)
    clock.advance(days=1)
    take(crm, replace(form, intention="2", ship_address="Jl. Anggrek 2"))
    clock.advance(days=1)
    take(crm, replace(form, intention="3", ship_address=" jl.  MAWAR 1"))
    take(crm, replace(form, intention="4", ordered_at=clock.now - timedelta(days=9), ship_address="Jl. Anggrek 2"))
    with crm.work("siti") as work:
        assert address_book(work, shop.dewi) == [
            KnownAddress("Jl. Mawar 1", "Depok", None, None, clock.now),
            KnownAddress("Jl. Anggrek 2", "Depok", None, None, clock.now - timedelta(days=1)),
            KnownAddress("Jl. Melati 5", "Bandung", None, "40111", None),
        ]
    take(crm, replace(form, intention="5", ship_address=None, ship_city=None))
    with crm.work("siti") as work:
        book = [each.address for each in address_book(work, shop.dewi)]
    assert book == ["Jl. Melati 5", "Jl. Mawar 1", "Jl. Anggrek 2"]
    with crm.work("budi") as work, pytest.raises(CustomerNotVisible):
        address_book(work, shop.dewi)


# --- With the customer ---

RINA = CustomerForm("Rina Wati", phones=["0856-1234-567"], city="Depok", address="Jl. Kenanga 3")


def people(crm: Crm) -> list[str]:
    with crm.work("ratna") as work:
        return list(work.session.scalars(select(m.Customer.name).order_by(m.Customer.id)))


def test_a_new_customer_and_the_order_are_one_gesture(crm: Crm, shop: Shop) -> None:
    form = OrderForm(0, [LineForm(shop.suit)], "1")
    with crm.work("siti") as work:
        receipt = take_order_for_new(work, RINA, form)
    with crm.work("siti") as work:
        again = take_order_for_new(work, RINA, form)
    assert again == replace(receipt, again=True)
    assert people(crm) == ["Dewi Lestari", "Andi Wijaya", "Rina Wati"]
    with crm.work("siti") as work:
        rina = work.session.get_one(m.Customer, receipt.customer_id)
        assert (rina.code, rina.last_activity_at) == ("C000003", work.now)
    assert saved(crm, receipt).ship_address == "Jl. Kenanga 3"


@pytest.mark.parametrize(
    ("customer", "lines", "refusal"),
    [
        (RINA, [LineForm(999)], InvalidValue),
        (RINA, [], InvalidValue),
        (replace(RINA, phones=["abc"]), [LineForm(1)], InvalidValue),
        (RINA, [LineForm(2, 11)], StockTooLow),
    ],
)
def test_neither_is_kept_where_one_is_refused(
    crm: Crm, shop: Shop, customer: CustomerForm, lines: list[LineForm], refusal: type[EcrmError]
) -> None:
    with pytest.raises(refusal), crm.work("siti") as work:
        take_order_for_new(work, customer, OrderForm(0, lines, "1"))
    assert people(crm) == ["Dewi Lestari", "Andi Wijaya"]
    with crm.work("siti") as work:
        # Neither number is lost.
        receipt = take_order_for_new(work, RINA, OrderForm(0, [LineForm(shop.suit)], "2"))
        assert receipt.number == "P0000001"
        assert work.session.get_one(m.Customer, receipt.customer_id).code == "C000003"


def test_a_race_of_one_new_customer_makes_one(crm: Crm, shop: Shop) -> None:
    receipts: list[OrderReceipt] = []
    start = threading.Barrier(3)

    def send() -> None:
        start.wait()
        with crm.work("siti") as work:
            receipts.append(
                take_order_for_new(work, RINA, OrderForm(0, [LineForm(shop.suit)], "1"), check_duplicates=False)
            )

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.again for receipt in receipts) == [False, True, True]
    assert people(crm).count("Rina Wati") == 1


def test_a_customer_who_looks_known_needs_a_reason(crm: Crm, shop: Shop) -> None:
    form = OrderForm(0, [LineForm(shop.suit)], "1")
    husband = replace(RINA, phones=["62 813 1111 222"])
    with pytest.raises(PossibleDuplicate) as refused, crm.work("siti") as work:
        take_order_for_new(work, husband, form)
    (found,) = refused.value.found
    assert (found.name, found.reduced) == ("Andi Wijaya", True)
    assert "Andi Wijaya (C000002)" in Texts(Language.INDONESIAN).error(refused.value)
    with crm.work("siti") as work:
        receipt = take_order_for_new(work, replace(husband, why_new="Istri Andi"), form)
    with crm.work("siti") as work:
        note = select(m.CustomerNote.text).where(m.CustomerNote.customer_id == receipt.customer_id)
        assert list(work.session.scalars(note)) == ["Istri Andi"]
        assert take_order_for_new(work, husband, form).again


def test_a_correction_and_the_order_are_one_gesture(crm: Crm, shop: Shop) -> None:
    form = OrderForm(shop.dewi, [LineForm(shop.suit)], "1")
    with crm.work("siti") as work:
        receipt = take_order_with_changes(work, form, {"city": "Bandung"}, 1)
    with crm.work("siti") as work:
        assert take_order_with_changes(work, form, {"city": "Bandung"}, 1) == replace(receipt, again=True)
        assert work.session.get_one(m.Customer, shop.dewi).version == 2
    assert saved(crm, receipt).ship_city == "Bandung"
    with pytest.raises(ChangedMeanwhile), crm.work("siti") as work:
        take_order_with_changes(work, replace(form, intention="2"), {"city": "Depok"}, 1)
    with pytest.raises(InvalidValue), crm.work("siti") as work:
        take_order_with_changes(work, replace(form, intention="2", lines=[]), {"city": "Depok"}, 2)
    with crm.work("siti") as work:
        assert work.session.get_one(m.Customer, shop.dewi).city == "Bandung"
        assert work.session.scalar(select(func.count(m.Order.id))) == 1


def test_two_takers_at_once_enter_a_person_once(crm: Crm, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have looked before either has written: the second is told of the first's."""
    looked = threading.Barrier(2)
    waited = threading.local()

    def look(*arguments: Any, **named: Any) -> Any:
        found = possible_duplicates(*arguments, **named)
        if not getattr(waited, "once", False):
            waited.once = True
            looked.wait(timeout=30)
        return found

    monkeypatch.setattr(taking, "possible_duplicates", look)
    outcomes: list[str] = []

    def take_call(who: str) -> None:
        try:
            with crm.work(who) as work:
                take_order_for_new(work, RINA, OrderForm(0, [LineForm(shop.suit)], who))
        except PossibleDuplicate as refused:
            outcomes.append(refused.found[0].name)
        else:
            outcomes.append("entered")

    threads = [threading.Thread(target=take_call, args=(who,)) for who in ("siti", "budi")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == sorted(["entered", RINA.name])
    with crm.work("ratna") as work:
        assert work.session.scalar(select(func.count()).where(m.Customer.name == RINA.name)) == 1
        assert work.session.scalar(select(func.count()).select_from(m.Order)) == 1


def test_who_cannot_be_looked_up_is_not_entered_unsaid(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        for number in range(LOOKS_A_MINUTE):
            possible_duplicates(work, name=f"Orang {number:02d}", city="Bogor")
    form = OrderForm(0, [LineForm(shop.suit)], "1")
    with pytest.raises(DuplicatesUnchecked) as refused, crm.work("siti") as work:
        take_order_for_new(work, RINA, form)
    for language in Language:
        assert Texts(language).error(refused.value) != Texts(language).error(EcrmError())
    with crm.work("siti") as work:
        assert not take_order_for_new(work, replace(RINA, why_new="Baru pertama menelepon"), form).again
    clock.advance(seconds=61)
    with crm.work("siti") as work:
        other = replace(RINA, name="Rini", phones=["0811-9999-888"])
        assert not take_order_for_new(work, other, replace(form, intention="2")).again
