"""The pages of events, products and order sources without a browser: what is typed, who may, and what is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import panel as pn
import pytest
from sqlalchemy import select

from dashboards.page import Visit
from dashboards.pages.events import EventsPage
from dashboards.pages.products import ProductsPage
from dashboards.pages.sources import SourcesPage
from dashboards.records import RecordsPage
from dashboards.typed import money_as_typed, parse_money, parse_whole
from ecrm_core.crm import Crm
from ecrm_core.models import Event, OrderSource, Product
from ecrm_core.services.company import add_order_source
from ecrm_core.services.products import add_product


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("", None),
        ("  ", None),
        ("499000", "499000"),
        ("499.000", "499000"),
        ("499,000", "499000"),
        ("Rp 499.000,50", "499000.50"),
        ("Rp499.000", "499000"),
        ("rp1.250.000,-", "1250000"),
        ("rp. 1.250.000", "1250000"),
        ("1 250 000", "1250000"),
        ("IDR\u00a01,250,000", "1250000"),
        ("IDR 12,5", "12.5"),
        ("$12.99", "12.99"),
        ("12,3456", "12.3456"),
        ("1.250,75", "1250.75"),
        ("1,250.75", "1250.75"),
        ("0,0001", "0.0001"),
        ("0", "0"),
    ],
)
def test_money_is_read_as_people_type_it_in_either_language(typed: str, amount: str | None) -> None:
    assert parse_money(typed) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    "typed",
    [
        "gratis",
        "-5",
        "1.00.000",
        "1,2,3",
        "1.2.3",
        "12..5",
        "1.250.00",
        "1,25,000",
        "5%",
        "12e5",
        "٤٩٩",
        "NaN",
        "0.12345",
    ],
)
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  its message is for nobody
        parse_money(typed)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("amount", ["0", "499000", "1250000.5", "0.25", "12.345", "99999999999999.9999", "1.5000"])
def test_what_is_shown_to_be_changed_reads_back_as_it_was(amount: str, language: str) -> None:
    assert parse_money(money_as_typed(Decimal(amount), language)) == Decimal(amount)


def test_whole_numbers_are_read_with_and_without_their_thousands() -> None:
    assert [parse_whole(typed) for typed in ("", " ", "120", "1.200", "1,200", "12 000", "-3")] == [
        None,
        None,
        120,
        1200,
        1200,
        12000,
        -3,
    ]
    for typed in ("banyak", "1.2", "1,20", "1.200,500", "12.5", "²", "9" * 12):
        with pytest.raises(ValueError):  # noqa: PT011
            parse_whole(typed)


def page_of(page: type[RecordsPage], crm: Crm, who: str, **query: str) -> Any:
    made = page(Visit(crm, who, path=page.title_key.removeprefix("page."), query=query))
    made.open_now()
    return made


def send(page: RecordsPage, **message: Any) -> None:
    asyncio.run(page._on_gesture(message))


def told(page: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the panel's script is sent."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(page.editor, "_send_msg", sent.append)
    return sent


def rows(page: Any, key: str) -> list[str]:
    cells = [row["cells"][key] for row in page.grid.state["rows"]]
    return [cell["text"] if isinstance(cell, dict) else cell for cell in cells]


EVENT = {
    "title": "Rapat",
    "starts_on": "2026-11-30",
    "starts_at": "13.30",
    "ends_on": "",
    "ends_at": "15",
    "place": "",
    "description": "",
    "audience": ["siti"],
}


def save(page: RecordsPage, values: dict[str, Any], **named: Any) -> None:
    form = {"token": "t1", "id": None, "seen": None, **named}
    send(page, do="save", kind=page.kind(), values=values, **form)


def test_a_form_sent_twice_is_saved_once(sqlite_crm: Crm) -> None:
    page = page_of(EventsPage, sqlite_crm, "agus")
    save(page, EVENT)
    save(page, EVENT)
    assert rows(page, "title") == ["Rapat"]
    assert rows(page, "starts") == ["6 hari lagi, 13.30–15.00"]
    assert page.editor.state["form"] is None


def test_what_cannot_be_read_is_said_for_every_field_at_once(sqlite_crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of(EventsPage, sqlite_crm, "agus")
    sent = told(page, monkeypatch)
    save(page, {"title": " ", "starts_on": "2026-02-30", "starts_at": "", "ends_at": "25", "audience": []})
    assert set(sent[-1]["wrong"]) == {"title", "starts_on", "starts_at", "ends_at", "audience"}
    save(page, {**EVENT, "title": "x" * 201})
    assert set(sent[-1]["wrong"]) == {"title"}
    save(page, {**EVENT, "ends_at": "13"})
    assert set(sent[-1]["wrong"]) == {"ends_at"}
    with sqlite_crm.work("agus") as work:
        assert work.session.scalars(select(Event)).all() == []


@pytest.mark.parametrize("who", ["siti", "ratna"])
def test_those_who_only_read_get_no_forms_and_cannot_send_one(
    sqlite_crm: Crm, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = page_of(EventsPage, sqlite_crm, "agus")
    save(admin, {**EVENT, "audience": None})
    number = admin.grid.state["rows"][0]["id"]
    page = page_of(EventsPage, sqlite_crm, who)
    assert page.head.state["actions"] == []
    assert not page.grid.state["selectable"]
    send(page, do="new")
    assert page.editor.state["form"] is None
    send(page, do="open", id=number)
    form = page.editor.state["form"]
    assert (form["save"], form["actions"]) == ("", [])
    assert {field["kind"] for field in form["fields"]} <= {"told", "list"}
    # A script that lies is refused by the core.
    sent = told(page, monkeypatch)
    save(page, EVENT, token="forged")
    assert sent[-1]["message"]
    send(page, do="delete", ids=[number])
    send(page, do="delete", id=number, kind="events")
    with sqlite_crm.work("agus") as work:
        assert [(event.title, event.deleted_at) for event in work.session.scalars(select(Event))] == [("Rapat", None)]


def test_messages_that_make_no_sense_change_nothing(sqlite_crm: Crm) -> None:
    page = page_of(EventsPage, sqlite_crm, "agus")
    save(page, EVENT)
    before = page.grid.state["rows"]
    for message in (
        {},
        {"do": "open", "id": 999},
        {"do": "open", "id": "1"},
        {"do": "view", "id": "secrets"},
        {"do": "sort", "key": "deleted_at"},
        {"do": "page", "step": -5},
        {"do": "page", "step": 10**6},
        {"do": "delete", "ids": ["x", None]},
        {"do": "edit", "ids": []},
        {"do": "save"},
    ):
        send(page, **message)
    assert page.grid.state["rows"] == before


def test_the_secret_of_a_calendar_is_told_until_one_leaves(sqlite_crm: Crm) -> None:
    page = page_of(EventsPage, sqlite_crm, "siti")
    assert page.calendar.state["secret"] == ""
    send(page, do="renew")
    assert len(page.calendar.state["secret"]) == 43
    asyncio.run(page.arrive({}))
    assert page.calendar.state["secret"] == ""
    assert page_of(EventsPage, sqlite_crm, "siti").calendar.state["secret"] == ""


def test_the_address_leads_back_to_the_same_list(sqlite_crm: Crm) -> None:
    page = page_of(EventsPage, sqlite_crm, "agus", view="notices", past="1")
    assert (page.kind(), page.past) == ("notices", True)
    send(page, do="view", id="events")
    assert page.lasting_query == {}
    products = page_of(ProductsPage, sqlite_crm, "agus", text="suit", sold="all", category="7")
    assert products.lasting_query == {"text": "suit", "sold": "all", "category": "7"}
    assert page_of(ProductsPage, sqlite_crm, "agus", sold="x", category="9" * 30).lasting_query == {}


PRODUCT = {"name": "Wajan", "code": "W1", "category": "Dapur", "price": "Rp 299.000,50", "stock": ""}


def test_a_price_is_needed_and_read_as_it_is_typed(sqlite_crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of(ProductsPage, sqlite_crm, "agus")
    sent = told(page, monkeypatch)
    for price in ("", "gratis", "2,99,000"):
        save(page, {**PRODUCT, "price": price})
        assert set(sent[-1]["wrong"]) == {"price"}
    save(page, PRODUCT)
    with sqlite_crm.work("agus") as work:
        assert work.session.scalars(select(Product.price)).one() == Decimal("299000.50")
    save(page, PRODUCT, token="t2")
    assert set(sent[-1]["wrong"]) == {"code"}


def test_a_stale_form_is_told_and_offers_the_latest(sqlite_crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite_crm.work("agus") as work:
        number = add_product(work, code="W1", name="Wajan", price=Decimal(299_000), stock=5).id
    first, second = (page_of(ProductsPage, sqlite_crm, "agus") for _ in range(2))
    sent = told(second, monkeypatch)
    for page in (first, second):
        send(page, do="open", id=number)
    for page, price in ((first, "310.000"), (second, "320.000")):
        form = page.editor.state["form"]
        typed = {field["key"]: field.get("value") for field in form["fields"]}
        save(page, {**typed, "price": price}, token=form["token"], id=number, seen=form["seen"])
    assert (sent[-1]["newest"], sent[-1]["wrong"]) == (True, {})
    send(second, do="newest", id=number, kind="product")
    form = second.editor.state["form"]
    typed = {field["key"]: field.get("value") for field in form["fields"]}
    assert (typed["price"], typed["stock"]) == ("310.000", "5")
    save(second, {**typed, "price": "320.000"}, token=form["token"], id=number, seen=form["seen"])
    with sqlite_crm.work("agus") as work:
        assert work.session.scalars(select(Product.price)).one() == Decimal(320_000)


def test_sources_are_sorted_with_those_asked_about_first(sqlite_crm: Crm) -> None:
    with sqlite_crm.work("agus") as work:
        for name, station, at in (("RCTI", "RCTI", "09:30"), ("Brosur", None, None), ("Indosiar", "Indosiar", "21:00")):
            add_order_source(work, name, station=station, airs_at=at)
        add_order_source(work, "Lama")
        work.session.scalars(select(OrderSource).where(OrderSource.name == "Lama")).one().active = False
    page = page_of(SourcesPage, sqlite_crm, "agus")
    assert rows(page, "name") == ["Brosur", "Indosiar", "RCTI", "Lama"]
    send(page, do="sort", key="airs_at")
    assert rows(page, "name") == ["RCTI", "Indosiar", "Brosur", "Lama"]
    send(page, do="sort", key="airs_at")
    assert rows(page, "name") == ["Indosiar", "RCTI", "Brosur", "Lama"]
    asyncio.run(page.change_language(page.me))
    assert page.head.state["title"] == "Sumber pesanan"


@pytest.mark.parametrize("page", [EventsPage, ProductsPage, SourcesPage])
def test_the_same_pages_stand_in_a_notebook(sqlite_crm: Crm, page: Callable[..., Any]) -> None:
    assert isinstance(page(Visit(sqlite_crm, "agus")).__panel__(), pn.Column)
