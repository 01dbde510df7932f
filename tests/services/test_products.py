"""Products and order sources: lists, prices, who may change them, and two admins at once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import AlreadyExists, ChangedMeanwhile, InvalidValue, NotAllowed, NotVisible
from ecrm_core.queries.products import (
    ProductFilters,
    ProductRecord,
    categories,
    order_sources,
    product_page,
    product_record,
)
from ecrm_core.queries.search import find_products
from ecrm_core.services.company import (
    add_order_source,
    change_order_source,
    deactivate_order_sources,
    reactivate_order_sources,
)
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from ecrm_core.services.products import (
    ProductSeen,
    add_category,
    add_product,
    change_product,
    deactivate_products,
    reactivate_products,
)
from tests.conftest import FrozenClock
from tests.services.conftest import Shop


def record(crm: Crm, product_id: int) -> ProductRecord:
    with crm.work("agus") as work:
        return product_record(work, product_id)


def change(crm: Crm, seen: ProductRecord, **values: Any) -> None:
    """Save what an admin has open, with some of it typed anew."""
    kept: dict[str, Any] = {
        "name": seen.name,
        "price": seen.price,
        "category_id": None,
        "stock": seen.stock,
        "follow_up_months": seen.follow_up_months,
        "active": seen.active,
        "consumable": seen.consumable,
        "new_until": seen.new_until,
    }
    with crm.work("agus") as work:
        change_product(work, seen.id, **{**kept, **values}, seen=ProductSeen(seen.stamp, seen.stock))


def order(crm: Crm, shop: Shop, product_id: int, key: str, **named: Any) -> str:
    with crm.work("siti") as work:
        return take_order(work, OrderForm(shop.dewi, [LineForm(product_id)], key, **named)).number


def names(crm: Crm, filters: ProductFilters, **named: Any) -> list[str]:
    with crm.work("ratna") as work:
        return [row.name for row in product_page(work, filters, **named).rows]


def test_products_are_found_by_code_name_and_category(crm: Crm, shop: Shop) -> None:
    with crm.work("agus") as work:
        kitchen = add_category(work, "Dapur")
        assert add_category(work, "dapur ") == kitchen
        add_product(work, code="W2", name="Wajan Besi 100%", price=Decimal(150_000), category_id=kitchen)
        deactivate_products(work, [shop.oil])
    assert names(crm, ProductFilters()) == ["Slim Suit", "Wajan Besi 100%", "Wajan Granit"]
    assert names(crm, ProductFilters(text="gran WAJ")) == ["Wajan Granit"]
    assert names(crm, ProductFilters(text="sui")) == ["Slim Suit"]
    assert names(crm, ProductFilters(text="%")) == ["Wajan Besi 100%"]
    assert names(crm, ProductFilters(category_id=kitchen)) == ["Wajan Besi 100%"]
    assert names(crm, ProductFilters(category_id=0)) == ["Slim Suit", "Wajan Granit"]
    assert names(crm, ProductFilters(active=False)) == ["Minyak Rambut"]
    assert names(crm, ProductFilters(active=None), sort="price") == [
        "Minyak Rambut",
        "Wajan Besi 100%",
        "Wajan Granit",
        "Slim Suit",
    ]
    # Nobody counts the stock of most: those come last whichever way it is sorted.
    assert names(crm, ProductFilters(), sort="stock")[0] == "Wajan Granit"
    assert names(crm, ProductFilters(), sort="stock", down=True)[0] == "Wajan Granit"
    with crm.work("ratna") as work:
        page = product_page(work, ProductFilters(), rows=2, first=99)
        assert (page.count, page.first, len(page.rows), page.inactive) == (3, 2, 1, 1)
        assert [(each.name, each.products) for each in categories(work)] == [("Dapur", 1)]


def test_a_new_price_is_on_record_and_old_orders_keep_theirs(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    order(crm, shop, shop.suit, "1")
    clock.advance(days=1)
    change(crm, record(crm, shop.suit), price=Decimal("449000.50"))
    clock.advance(days=1)
    change(crm, record(crm, shop.suit), name="Slim Suit Pro")
    order(crm, shop, shop.suit, "2")
    found = record(crm, shop.suit)
    assert [(each.price, each.since, each.by) for each in found.prices] == [
        (Decimal("449000.50"), clock.now - timedelta(days=1), "Agus Wijaya"),
        (Decimal(499_000), clock.now - timedelta(days=2), "Agus Wijaya"),
    ]
    with crm.work("siti") as work:
        prices = work.session.query(m.OrderLine.unit_price).order_by(m.OrderLine.id).all()
    assert [price for (price,) in prices] == [Decimal(499_000), Decimal("449000.50")]


def test_the_second_admin_is_told_and_orders_do_not_get_in_the_way(crm: Crm, shop: Shop) -> None:
    opened = record(crm, shop.pan)
    order(crm, shop, shop.pan, "1")
    change(crm, opened, price=Decimal(319_000))
    assert record(crm, shop.pan).stock == 9  # not typed, so the sale is not forgotten
    with pytest.raises(ChangedMeanwhile):
        change(crm, opened, price=Decimal(309_000))
    opened = record(crm, shop.pan)
    order(crm, shop, shop.pan, "2")
    with pytest.raises(InvalidValue, match="stock_moved") as refused:
        change(crm, opened, stock=50)
    assert (refused.value.field, refused.value.facts["now"]) == ("stock", 8)
    change(crm, record(crm, shop.pan), stock=50, new_until=date(2026, 12, 31), consumable=True)
    found = record(crm, shop.pan)
    assert (found.price, found.stock, found.new_until, found.consumable) == (
        Decimal(319_000),
        50,
        date(2026, 12, 31),
        True,
    )


def test_what_is_not_sold_any_more_stays_known(crm: Crm, shop: Shop) -> None:
    order(crm, shop, shop.suit, "1")
    with crm.work("agus") as work:
        assert [card.code for card in deactivate_products(work, [shop.suit, shop.oil])] == ["SUIT", "OIL"]
        assert deactivate_products(work, [shop.suit]) == []
    with pytest.raises(InvalidValue, match="inactive_product"):
        order(crm, shop, shop.suit, "2")
    with crm.work("siti") as work:
        assert [found.code for found in find_products(work, "a")] == ["PAN"]
        assert find_products(work, "slim") == []
    with crm.work("agus") as work:
        assert [card.active for card in reactivate_products(work, [shop.suit])] == [True]
    order(crm, shop, shop.suit, "3")
    assert not record(crm, shop.oil).active


def test_refusals_name_the_field(crm: Crm, shop: Shop) -> None:
    seen = record(crm, shop.suit)
    wrong: dict[str, Any] = {
        "name": " ",
        "price": Decimal(-1),
        "stock": -1,
        "follow_up_months": 25,
    }
    for field, value in wrong.items():
        with pytest.raises(InvalidValue) as refused:
            change(crm, seen, **{field: value})
        assert refused.value.field == field
    with pytest.raises(AlreadyExists) as taken, crm.work("agus") as work:
        add_product(work, code="SUIT", name="x", price=Decimal(1))
    assert taken.value.field == "code"
    with crm.work("agus") as work, pytest.raises(NotVisible):
        product_record(work, 999)


@pytest.mark.parametrize("who", ["siti", "ratna"])
def test_only_admins_change_what_is_sold_and_asked(crm: Crm, shop: Shop, who: str) -> None:
    with crm.work("agus") as work:
        source = add_order_source(work, "Teman")
    seen = record(crm, shop.suit)
    gestures: list[Any] = [
        lambda work: add_product(work, code="x", name="x", price=Decimal(1)),
        lambda work: add_category(work, "x"),
        lambda work: change_product(
            work,
            shop.suit,
            name="x",
            price=seen.price,
            category_id=None,
            stock=None,
            follow_up_months=None,
            active=True,
        ),
        lambda work: deactivate_products(work, [shop.suit]),
        lambda work: reactivate_products(work, [shop.suit]),
        lambda work: add_order_source(work, "x"),
        lambda work: change_order_source(work, source, name="x", station=None, airs_at=None),
        lambda work: deactivate_order_sources(work, [source]),
        lambda work: reactivate_order_sources(work, [source]),
    ]
    for gesture in gestures:
        with pytest.raises(NotAllowed), crm.work(who) as work:
            gesture(work)
    assert record(crm, shop.suit).stamp == seen.stamp


def test_sources_are_counted_by_the_orders_they_brought_lately(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    with crm.work("agus") as work:
        spot = add_order_source(work, "Nusa TV pagi", station="Nusa TV", airs_at="09:00")
        friend = add_order_source(work, "Teman")
    order(crm, shop, shop.suit, "old", heard_from_id=friend)
    clock.advance(days=30)
    order(crm, shop, shop.suit, "a", heard_from_id=spot)
    order(crm, shop, shop.suit, "b", heard_from_id=spot)
    order(crm, shop, shop.suit, "c")
    with crm.work("agus") as work:
        assert [(line.name, line.orders) for line in order_sources(work)] == [("Nusa TV pagi", 2), ("Teman", 0)]
        assert {line.name: line.orders for line in order_sources(work, days=31)}["Teman"] == 1
        assert [card.name for card in deactivate_order_sources(work, [spot, 999])] == ["Nusa TV pagi"]
        assert deactivate_order_sources(work, [spot]) == []
    with crm.work("agus") as work:
        assert [(line.name, line.active) for line in order_sources(work)] == [("Teman", True), ("Nusa TV pagi", False)]
        assert [card.active for card in reactivate_order_sources(work, [spot])] == [True]


def test_a_source_is_changed_by_one_admin_at_a_time(crm: Crm) -> None:
    with crm.work("agus") as work:
        source = add_order_source(work, "Teman")
        add_order_source(work, "Brosur")
    with crm.work("agus") as work:
        seen = next(line for line in order_sources(work) if line.id == source).stamp
        change_order_source(work, source, name="Nusa TV malam", station="Nusa TV", airs_at="21:30", seen=seen)
    with pytest.raises(ChangedMeanwhile), crm.work("agus") as work:
        change_order_source(work, source, name="Teman lama", station=None, airs_at=None, seen=seen)
    with pytest.raises(AlreadyExists), crm.work("agus") as work:
        change_order_source(work, source, name="Brosur", station=None, airs_at=None)
    for airs_at, station, field in (("9.30", "Nusa TV", "airs_at"), ("09:30", None, "station")):
        with pytest.raises(InvalidValue) as refused, crm.work("agus") as work:
            change_order_source(work, source, name="x", station=station, airs_at=airs_at)
        assert refused.value.field == field
    with crm.work("agus") as work:
        line = next(line for line in order_sources(work) if line.id == source)
        assert (line.name, line.station, line.airs_at) == ("Nusa TV malam", "Nusa TV", "21:30")


def test_counting_lately_reads_the_index_of_days_and_not_every_order(sqlite_crm: Crm) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(sqlite_crm.engine, "before_cursor_execute", note)
    with sqlite_crm.work("agus") as work:
        order_sources(work)
    event.remove(sqlite_crm.engine, "before_cursor_execute", note)
    counting = next(each for each in asked if "sales_order" in each[0])
    with sqlite_crm.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {counting[0]}", counting[1]).fetchall()
    assert "USING INDEX ix_sales_order_ordered_at" in plan[0][-1]
