"""A courier's file without a browser: what is made of it, and that nothing happens before it is applied."""

from __future__ import annotations

import asyncio
import base64
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from dashboards import shell
from dashboards.page import Visit
from dashboards.pages import courier as module
from dashboards.pages.courier import CourierPage
from ecrm_core.crm import Crm
from ecrm_core.models import Order, OrderStatus, Role
from ecrm_core.services.customers import add_customer
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from ecrm_core.services.products import add_product

FILE = "No Pesanan;Nomor Resi;Status Kiriman;Tgl;Ket\nP0000001;JX1;Dikirim;;\nP0000009;JX9;Dikirim;;\n"


@pytest.fixture
def page(sqlite_crm: Crm) -> CourierPage:
    """Ratna's page, where Siti has taken one order."""
    with sqlite_crm.work("agus") as work:
        suit = add_product(work, code="SUIT", name="Slim Suit", price=Decimal(499_000))
    with sqlite_crm.work("siti") as work:
        dewi = add_customer(work, name="Dewi Lestari", phones=["0812-3456-789"])
        take_order(work, OrderForm(dewi.id, [LineForm(suit.id)], "one"))
    page = CourierPage(Visit(sqlite_crm, "ratna", "courier"))
    page.open_now()
    return page


def tell(page: CourierPage, **message: Any) -> None:
    asyncio.run(page.choice._handle_msg(message))


def choose(page: CourierPage, text: str = FILE, name: str = "kurir.csv") -> None:
    tell(page, do="file", name=name, content=base64.b64encode(text.encode()).decode())


def status(page: CourierPage) -> OrderStatus:
    with page.visit.crm.work("ratna") as work:
        return work.session.scalars(select(Order.status)).one()


def test_a_file_is_looked_at_before_it_is_applied(page: CourierPage) -> None:
    choose(page)
    values = {column["key"]: column["value"] for column in page.choice.state["columns"]}
    assert values == {
        "status": "Status Kiriman",
        "order": "No Pesanan",
        "tracking": "Nomor Resi",
        "date": "Tgl",
        "reason": "Ket",
    }
    assert page.choice.state["run"] == "Terapkan 2 baris"
    assert status(page) is OrderStatus.NEW
    said: list[str] = []
    page.toasts.say = lambda text, **named: said.append(text)  # type: ignore[method-assign]
    tell(page, do="run")
    tell(page, do="run")
    assert status(page) is OrderStatus.SHIPPED
    assert said == ["1 diterapkan, 0 sudah begitu, 1 ditolak."]
    rows = page.grid.state["rows"]
    assert [row["cells"]["result"]["text"] for row in rows] == ["Ditolak", "Diterapkan"], "what was refused comes first"
    assert rows[0]["cells"]["reason"]
    assert rows[1]["url"] == "order?number=P0000001"
    assert page.choice.state["run"] == ""


def test_columns_nobody_knows_are_chosen_by_hand(page: CourierPage) -> None:
    choose(page, "A;B\nP0000001;dikirim\n")
    assert page.choice.state["wrong"] == "Pilih kolom status, dan kolom nomor pesanan atau nomor resi."
    assert page.choice.state["run"] == ""
    tell(page, do="column", key="status", value="B")
    tell(page, do="column", key="order", value="A")
    assert (page.choice.state["wrong"], page.choice.state["run"]) == ("", "Terapkan 1 baris")
    tell(page, do="run")
    assert status(page) is OrderStatus.SHIPPED


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("kurir.exe", FILE, "Berkas ini bukan CSV atau Excel. Pilih berkas lain."),
        ("kurir.csv", FILE.splitlines()[0], "Berkas ini tidak berisi satu baris pun."),
        ("kurir.xlsx", FILE, "kurir.xlsx"),
        ("../../kurir.csv", "", "kurir.csv"),
    ],
)
def test_what_is_no_courier_file_is_said_in_place(page: CourierPage, name: str, text: str, sentence: str) -> None:
    choose(page, text, name)
    assert sentence in page.choice.state["wrong"]
    assert page.choice.state["run"] == ""
    assert page.grid.state["rows"] == []


def test_a_file_that_is_too_large_is_not_kept(page: CourierPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    choose(page)
    assert "lebih besar" in page.choice.state["wrong"]
    assert page.chosen is not None
    assert page.chosen.content == b""


def test_many_rows_are_turned_page_by_page(page: CourierPage) -> None:
    choose(page, "order;status\n" + "".join(f"X{number};dikirim\n" for number in range(120)))
    assert page.grid.state["page"] == {"from": "1", "to": "50", "total": "120", "first": True, "last": False}
    for _ in range(5):
        asyncio.run(page.grid._handle_msg({"do": "page", "step": 1}))
    assert page.grid.state["page"] == {"from": "101", "to": "120", "total": "120", "first": False, "last": True}


def test_it_is_for_staff() -> None:
    assert {role for role in Role if shell.may_open(role, "courier")} == {Role.MANAGER, Role.ADMIN}
