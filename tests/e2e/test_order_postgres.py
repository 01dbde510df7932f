"""The way of an order, served on PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.company import make_company
from tests.e2e.conftest import Watch, log_in, served, settled
from tests.e2e.test_orders import add, field, form_of, kept, order_page, save, search_box, ship, status, total


@pytest.fixture(scope="module")
def postgres(new_postgres: Callable[..., str]) -> str:
    """A company on PostgreSQL."""
    address = new_postgres()
    make_company(address)
    return address


@pytest.fixture(scope="module")
def postgres_address(postgres: str, repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the program answers from it."""
    with served(postgres, repo, tmp_path_factory.mktemp("postgres-data")) as address:
        yield address


def test_an_order_is_found_typed_saved_and_moved_along(
    context: BrowserContext, postgres: str, postgres_address: str
) -> None:
    watch = Watch(postgres_address)
    page = context.new_page()
    watch.over(page)
    log_in(page, postgres_address, "siti")
    settled(page)
    page.goto(f"{postgres_address}/orders")
    settled(page)
    search_box(page).fill("rahasia")
    expect(page.locator("#found tbody tr", has_text="Rahasia Budi")).to_contain_text("pelanggan Budi")
    search_box(page).fill("lestari")
    expect(page.locator("#found tbody tr").first).to_contain_text("Dewi Lestari")
    page.keyboard.press("Enter")
    expect(page.locator("h1:visible")).to_have_text("Pesanan untuk Dewi Lestari")
    add(page, "slim suit", "2")
    field(page, "Potongan, Slim Suit").fill("5%")
    expect(total(page)).to_have_text("Rp 948.100")
    kept(page)
    page.reload()
    settled(page)
    expect(field(page, "Jumlah, Slim Suit")).to_have_value("2")
    field(page, "Tahu dari mana").select_option(label="Dari teman")
    page.locator("#field-product").focus()
    number = save(page)
    order_page(page)
    ship(page)
    page.get_by_role("button", name="Ditolak di tempat").click()
    field(page, "Alasan").fill("Tidak di rumah")
    page.get_by_role("button", name="Simpan penolakan").click()
    expect(status(page)).to_have_text("Dikembalikan")
    with psycopg.connect(postgres) as connection:
        rows = connection.execute("SELECT status, version FROM sales_order WHERE number = %s", (number,)).fetchall()
        drafts = connection.execute("SELECT count(*) FROM order_draft").fetchone()
    assert [row[0] for row in rows] == ["returned"]
    assert drafts == (0,)
    assert watch.faults == []


def test_a_new_customer_and_a_colleagues_one(context: BrowserContext, postgres: str, postgres_address: str) -> None:
    watch = Watch(postgres_address)
    page = context.new_page()
    watch.over(page)
    log_in(page, postgres_address, "siti")
    settled(page)
    form_of(page, postgres_address, "new=1")
    field(page, "Nama").fill("Lina Lestari")
    page.locator("[id='field-phone.0']").fill("08123456789")
    expect(page.locator(".alike li", has_text="Dewi Lestari")).to_be_visible()
    field(page, "Bukan orang di atas, karena").fill("Satu keluarga")
    add(page, "MAS-01")
    field(page, "Tahu dari mana").select_option(label="Dari teman")
    save(page)
    form_of(page, postgres_address, "customer=C000900")
    add(page, "MAS-01")
    field(page, "Alamat kirim").fill("Jalan Tamu 3")
    field(page, "Tahu dari mana").select_option(label="Dari teman")
    save(page)
    expect(page.locator("section.done h2")).to_have_text(re.compile(r"Pesanan P\d{7} tersimpan"))
    with psycopg.connect(postgres) as connection:
        owner = connection.execute(
            "SELECT e.username FROM customer c JOIN employee e ON e.id = c.owner_id WHERE c.name = 'Lina Lestari'"
        ).fetchall()
        taker = connection.execute(
            "SELECT e.username FROM sales_order o JOIN employee e ON e.id = o.door_taker_id"
        ).fetchall()
    assert owner == [("siti",)]
    assert taker == [("siti",)]
    assert watch.faults == []
