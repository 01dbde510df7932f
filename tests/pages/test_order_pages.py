"""The pages of orders without a browser: what is typed, read as people write it, and what the pages answer."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from dashboards.page import Visit, texts_in
from dashboards.pages.order import OrderPage
from dashboards.pages.order_form import (
    Unreadable,
    empty_form,
    new_intention,
    read_birth,
    read_discount,
    read_lines,
    read_quantity,
    show_birth,
    show_typed_money,
    tidy,
)
from dashboards.pages.orders import OrdersPage
from dashboards.typed import parse_money
from ecrm_core.crm import Crm
from ecrm_core.models import Order, OrderDraft, OrderSource, Product
from ecrm_core.services.customers import add_customer


@pytest.mark.parametrize(
    ("typed", "amount", "percent"),
    [("", "0", None), ("50.000", "50000", None), ("10%", "0", "10"), ("7,5 %", "0", "7.5"), ("100%", "0", "100")],
)
def test_a_discount_is_an_amount_or_a_part(typed: str, amount: str, percent: str | None) -> None:
    assert read_discount(typed) == (Decimal(amount), None if percent is None else Decimal(percent))


@pytest.mark.parametrize("typed", ["%", "101%", "-1%", "sepuluh%", "NaN%", "Infinity%"])
def test_what_is_no_discount_is_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        read_discount(typed)


def test_pieces_are_whole() -> None:
    assert read_quantity(" 12 ") == 12
    assert read_quantity("1.000") == 1000
    for typed in ("", "1,5", "-1", "dua", "²"):
        with pytest.raises(Unreadable):
            read_quantity(typed)


@pytest.mark.parametrize(
    ("typed", "birth"),
    [
        ("", None),
        ("3-12-1979", (1979, 12, 3)),
        ("03/12/1979", (1979, 12, 3)),
        ("3.12", (None, 12, 3)),
        ("1979-12-03", (1979, 12, 3)),
        ("29 2", (None, 2, 29)),
    ],
)
def test_a_birth_date_may_lack_its_year(typed: str, birth: tuple[int | None, int, int] | None) -> None:
    assert read_birth(typed) == birth
    assert read_birth(show_birth(birth)) == birth


@pytest.mark.parametrize("typed", ["kemarin", "3-12-79", "1979", "3", "3-12-19790", "1979-12-003"])
def test_what_is_no_birth_date_is_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        read_birth(typed)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("amount", ["1", "499000", "1250000", "0.5", "12.75", "1250.0001", "12.125", "100"])
def test_an_amount_written_into_a_field_is_read_back(language: str, amount: str) -> None:
    assert parse_money(show_typed_money(Decimal(amount), texts_in(language))) == Decimal(amount)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        "text",
        {"lines": "x", "phones": "y", "name": 5},
        {"lines": [None, 1, {"id": "5"}, {"id": 3}], "phones": [1, None]},
        {"lines": [{"id": 1, "key": "<b>", "quantity": None}] * 500, "name": "x" * 100_000},
    ],
)
def test_whatever_a_browser_sends_becomes_a_form(raw: Any) -> None:
    form = tidy(raw)
    assert form.keys() == empty_form().keys()
    assert form["phones"]
    assert all(line["key"].isdecimal() and isinstance(line["id"], int) for line in form["lines"])
    read_lines(form["lines"], form["shipping"], texts_in("id"))


def test_lines_that_cannot_be_read_are_named_and_the_others_still_counted() -> None:
    lines = tidy(
        {
            "lines": [
                {"id": 1, "key": "1", "quantity": "2", "price": "1.000", "discount": ""},
                {"id": 2, "key": "2", "quantity": "dua", "price": "1.000", "discount": "x"},
            ]
        }
    )["lines"]
    reading = read_lines(lines, "lima", texts_in("id"))
    assert reading.keys == ["1"]
    assert set(reading.wrong) == {"line.2.quantity", "line.2.discount", "shipping"}


# ---- The pages


@pytest.fixture
def shop(sqlite_crm: Crm) -> Crm:
    """A customer of Siti's, one of Budi's, something to sell, and a source."""
    with sqlite_crm.work("siti") as work:
        add_customer(work, name="Dewi Lestari", phones=["0812-3456-789"], city="Bandung", address="Jalan Mawar 12")
    with sqlite_crm.work("budi") as work:
        add_customer(work, name="Rahasia Budi", phones=["0815-5501-234"], address="Jalan Rahasia 1")
    with sqlite_crm.system("test company") as work:
        work.session.add(OrderSource(name="Dari teman"))
        work.session.add(
            Product(
                code="SLM-01", name="Slim Suit", price=Decimal(499_000), currency="IDR", stock=9, created_at=work.now
            )
        )
    return sqlite_crm


class Sent:
    """Catches what a part tells its script."""

    def __init__(self, part: Any) -> None:
        self.messages: list[dict[str, Any]] = []
        part._send_msg = self.messages.append

    def last(self, what: str) -> dict[str, Any]:
        return next(message for message in reversed(self.messages) if message["do"] == what)


def opened(crm: Crm, query: dict[str, str], username: str = "siti") -> tuple[OrdersPage, Sent]:
    page = OrdersPage(Visit(crm, username, "orders", query))
    page.open_now()
    return page, Sent(page.fields)


def typed_form(page: OrdersPage, **changes: Any) -> dict[str, Any]:
    line = {"key": "1", "id": 1, "code": "SLM-01", "name": "Slim Suit", "quantity": "2", "price": "", "discount": ""}
    return {**page.fields.state["typed"], "lines": [line], "source": "1", **changes}


def save(page: OrdersPage, typed: dict[str, Any]) -> None:
    message = {"do": "save", "intention": page.fields.state["intention"], "typed": typed, "sure": False}
    asyncio.run(page.fields._handle_msg(message))


def numbers(crm: Crm) -> list[str]:
    with crm.system("test company") as work:
        return list(work.session.scalars(select(Order.number).order_by(Order.id)))


def test_sending_a_form_twice_makes_one_order(shop: Crm) -> None:
    page, _ = opened(shop, {"customer": "C000001"})
    typed = typed_form(page)
    save(page, typed)
    save(page, typed)
    assert numbers(shop) == ["P0000001"]
    again, _ = opened(shop, {"customer": "C000001", "draft": page.fields.state["intention"]})
    save(again, typed)
    assert numbers(shop) == ["P0000001"]
    assert "sebelumnya" in again.fields.state["done"]["title"]


def test_a_form_of_a_colleagues_customer_holds_nothing_of_theirs(shop: Crm) -> None:
    page, _ = opened(shop, {"customer": "C000002"})
    assert page.fields.state["kind"] == "door"
    told = repr(page.fields.state) + repr(page.search.state) + repr(page.head.state)
    assert "Rahasia Budi" in told
    assert "Jalan Rahasia" not in told
    assert "5501" not in told


def test_changes_typed_into_a_colleagues_form_by_hand_change_nothing(shop: Crm) -> None:
    """A browser may send any fields it likes."""
    page, _ = opened(shop, {"customer": "C000002"})
    save(page, typed_form(page, name="Diubah", address="Diubah", ship_to="other", ship_address="Jalan Tamu 3"))
    assert numbers(shop) == ["P0000001"]
    with shop.work("budi") as work:
        from ecrm_core.models import Customer

        customer = work.session.scalars(select(Customer)).one()
        assert (customer.name, customer.address) == ("Rahasia Budi", "Jalan Rahasia 1")


def test_messages_that_make_no_sense_are_passed_over(shop: Crm) -> None:
    page, sent = opened(shop, {"customer": "C000001"})
    for message in (
        {},
        {"do": "save"},
        {"do": "save", "intention": "another form's", "typed": {}},
        {"do": "price", "lines": "x"},
        {"do": "draft", "intention": page.fields.state["intention"], "typed": 5},
        {"do": "use", "code": 5},
    ):
        asyncio.run(page.fields._handle_msg(message))
    assert sent.messages == []
    assert numbers(shop) == []


def test_a_draft_follows_the_customer_where_nobody_typed(shop: Crm) -> None:
    page, _ = opened(shop, {"customer": "C000001"})
    intention = page.fields.state["intention"]
    typed = typed_form(page, email="dewi@example.com")
    asyncio.run(page.fields._handle_msg({"do": "draft", "intention": intention, "typed": typed, "number": 1}))
    with shop.work("siti") as work:
        from ecrm_core.services.customers import change_customer

        change_customer(work, 1, city="Jakarta")
    later, _ = opened(shop, {"draft": intention})
    assert later.fields.state["typed"]["city"] == "Jakarta"
    assert later.fields.state["typed"]["email"] == "dewi@example.com"
    save(later, later.fields.state["typed"])
    with shop.work("siti") as work:
        from ecrm_core.models import Customer

        customer = work.session.scalars(select(Customer)).one()
        assert (customer.city, customer.email) == ("Jakarta", "dewi@example.com")
        assert work.session.scalars(select(OrderDraft)).all() == []


def test_a_draft_of_a_colleague_opens_nothing_of_theirs(shop: Crm) -> None:
    page, _ = opened(shop, {"new": "1"}, "budi")
    intention = page.fields.state["intention"]
    typed = typed_form(page, name="Nama Rahasia")
    asyncio.run(page.fields._handle_msg({"do": "draft", "intention": intention, "typed": typed, "number": 1}))
    with shop.system("test company") as work:
        assert work.session.scalars(select(OrderDraft)).one().employee_id == 2
    mine, _ = opened(shop, {"draft": intention})
    told = repr(mine.fields.state) + repr(mine.search.state)
    assert "Nama Rahasia" not in told
    assert mine.lasting_query == {}


def test_an_order_that_is_not_ours_and_one_that_is_not_there_look_the_same(shop: Crm) -> None:
    page, _ = opened(shop, {"customer": "C000002"}, "budi")
    save(page, typed_form(page))
    (number,) = numbers(shop)
    shown = []
    for asked in (number, "P9999999"):
        order = OrderPage(Visit(shop, "siti", "order", {"number": asked}))
        order.open_now()
        shown.append({name: value for name, value in order.order.state.items() if name != "revision"})
    assert shown[0] == shown[1]
    theirs = OrderPage(Visit(shop, "budi", "order", {"number": number}))
    theirs.open_now()
    assert theirs.title == f"Pesanan {number}"


def test_a_step_sent_twice_is_taken_once(shop: Crm) -> None:
    page, _ = opened(shop, {"customer": "C000001"})
    save(page, typed_form(page))
    order = OrderPage(Visit(shop, "siti", "order", {"number": "P0000001"}))
    order.open_now()
    toasts = Sent(order.toasts)
    message = {"do": "step", "key": "paid", "token": "1", "typed": {}}
    asyncio.run(order.order._handle_msg(message))
    asyncio.run(order.order._handle_msg(message))
    assert [told["tone"] for told in toasts.messages] == ["plain"]
    assert order.order.state["status"]["text"] == "Dibayar"


def test_keys_of_forms_cannot_be_guessed() -> None:
    keys = {new_intention() for _ in range(1000)}
    assert len(keys) == 1000
    assert min(map(len, keys)) >= 24
