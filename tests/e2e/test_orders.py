"""Orders as somebody on the telephone takes them: found, typed, saved once, and what becomes of them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from playwright.sync_api import Error as PlaywrightError

from tests.e2e.conftest import Watch, log_in, settled
from tests.e2e.test_accessibility import grave


class Books:
    """What the database holds, past the program."""

    def __init__(self, database: Path) -> None:
        self.database = database

    def ask(self, statement: str, *values: object) -> list[Any]:
        with closing(sqlite3.connect(self.database, timeout=20)) as connection:
            return connection.execute(statement, values).fetchall()

    def orders(self) -> int:
        """Orders beyond the two that the company began with."""
        return int(self.ask("SELECT count(*) FROM sales_order")[0][0]) - 2

    def drafts(self) -> int:
        return int(self.ask("SELECT count(*) FROM order_draft")[0][0])


@pytest.fixture
def books(database: Path) -> Books:
    return Books(database)


@pytest.fixture
def siti(page: Page, address: str) -> Page:
    """Siti, about to take an order."""
    log_in(page, address, "siti")
    settled(page)
    page.goto(f"{address}/orders")
    settled(page)
    return page


def search_box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Cari pelanggan", exact=True)


def form_of(page: Page, address: str, query: str) -> None:
    """Open a form by its address."""
    page.goto(f"{address}/orders?{query}")
    settled(page)
    page.locator("#field-product:visible").wait_for()


def field(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True).and_(page.locator(":visible"))


def add(page: Page, product: str, quantity: str = "1") -> None:
    """Add a product by a part of its name or code, as the keyboard does it."""
    page.locator("#field-product").fill(product)
    expect(page.locator("#products [role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("input[id$='.quantity']").last).to_be_focused()
    page.keyboard.type(quantity)


def total(page: Page) -> Locator:
    return page.locator(".totals .total dd")


def kept(page: Page) -> None:
    expect(page.locator(".state")).to_have_text(re.compile("Draf tersimpan"))


def saved(page: Page) -> str:
    """The number that saving answers with."""
    heading = page.locator("section.done h2")
    expect(heading).to_be_visible()
    found = re.search(r"P\d{7}", heading.inner_text())
    assert found is not None
    return found[0]


def save(page: Page) -> str:
    page.keyboard.press("Control+Enter")
    return saved(page)


def order_page(page: Page) -> None:
    page.get_by_role("link", name="Lihat pesanan").click()
    expect(page.locator("h1:visible")).to_have_text(re.compile(r"Pesanan P\d{7}"))


def toast(page: Page, text: str) -> Locator:
    return page.locator(".toast", has_text=text)


# ---- Finding, and an order from the first key to the last


def test_an_order_needs_nothing_but_the_keyboard(page: Page, address: str, books: Books) -> None:
    page.goto(f"{address}/login")
    page.locator("#username").focus()
    page.keyboard.type("siti")
    page.keyboard.press("Tab")
    page.keyboard.type("kata sandi yang panjang")
    page.keyboard.press("Enter")
    settled(page)
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(search_box(page)).to_be_focused()
    page.keyboard.type("dewi")
    expect(page.locator("#found tbody tr").first).to_contain_text("Dewi Lestari")
    page.keyboard.press("Enter")
    expect(page.locator("#field-product")).to_be_focused()
    expect(page.locator("h1:visible")).to_have_text("Pesanan untuk Dewi Lestari")
    page.keyboard.type("slim suit")
    expect(page.locator("#products [role=option]").first).to_contain_text("Rp 499.000")
    page.keyboard.press("Enter")
    expect(field(page, "Jumlah, Slim Suit")).to_be_focused()
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.locator("#field-product")).to_be_focused()
    expect(total(page)).to_have_text("Rp 998.000")
    for _ in range(12):
        if page.locator("#field-source:focus").count():
            break
        page.keyboard.press("Tab")
    page.keyboard.type("RCTI")
    page.keyboard.press("Control+Enter")
    number = saved(page)
    expect(page.locator("section.done h2")).to_be_focused()
    expect(page.locator("section.done")).to_contain_text("Dewi Lestari, Rp 998.000")
    expect(page.locator("section.done")).to_contain_text("Tindak lanjut: Kamis, 24 Desember 2026")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1:visible")).to_have_text(f"Pesanan {number}")
    assert books.orders() == 1
    assert books.drafts() == 0


def test_the_arrows_choose_and_escape_clears(siti: Page, address: str) -> None:
    expect(search_box(siti)).to_be_focused()
    siti.keyboard.type("ri")
    rows = siti.locator("#found tbody tr")
    expect(rows.filter(has_text="Rina Kartika")).to_have_count(1)
    # The answer to "r" shows her too; a row marked in it is not the same row in the answer to "ri".
    expect(siti.locator("#found")).to_have_attribute("aria-busy", "false")
    siti.keyboard.press("ArrowDown")
    siti.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    expect(search_box(siti)).to_have_attribute("aria-activedescendant", "row-1")
    siti.keyboard.press("ArrowUp")
    name = rows.nth(0).locator("a").inner_text()
    siti.keyboard.press("Enter")
    expect(siti.locator("h1:visible")).to_have_text(f"Pesanan untuk {name}")
    siti.wait_for_url(f"{address}/orders?customer=*")
    siti.go_back()
    expect(search_box(siti)).to_be_focused()
    siti.keyboard.type("zzz")
    expect(siti.get_by_text("Tidak ada pelanggan yang cocok dengan “zzz”.")).to_be_visible()
    siti.keyboard.press("Escape")
    expect(search_box(siti)).to_have_value("")


def test_enter_before_the_answer_opens_what_was_typed_last(siti: Page) -> None:
    """Somebody who types fast must never get the customer who stood there a key earlier."""
    siti.keyboard.type("andi wijaya")
    expect(siti.locator("#found tbody tr").first).to_contain_text("Andi Wijaya")
    search_box(siti).evaluate(
        """input => {
            input.value = "dewi";
            input.dispatchEvent(new Event("input", {bubbles: true}));
            input.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true}));
        }"""
    )
    expect(siti.locator("h1:visible")).to_have_text("Pesanan untuk Dewi Lestari")


def test_n_opens_the_empty_form_and_the_search_hands_over_what_was_typed(siti: Page) -> None:
    siti.keyboard.press("Escape")
    siti.keyboard.press("n")
    expect(siti.locator("h1:visible")).to_have_text("Pesanan untuk pelanggan baru")
    expect(field(siti, "Nama")).to_be_focused()
    siti.get_by_role("button", name="Kembali ke pencarian").click()
    expect(search_box(siti)).to_be_focused()
    siti.keyboard.type("0899 7777 123")
    siti.get_by_role("link", name="Pesanan untuk pelanggan baru dengan nomor 0899 7777 123").click()
    expect(siti.locator("[id='field-phone.0']")).to_have_value("0899 7777 123")


def test_a_telephone_link_finds_the_one_customer_or_opens_an_empty_form(siti: Page, address: str) -> None:
    form_of(siti, address, "phone=0812-3456-789")
    expect(siti.locator("h1:visible")).to_have_text("Pesanan untuk Dewi Lestari")
    form_of(siti, address, "phone=%2B6281234560000")
    expect(siti.locator("h1:visible")).to_have_text("Pesanan untuk pelanggan baru")
    expect(siti.locator("[id='field-phone.0']")).to_have_value("+6281234560000")


def test_a_telephone_link_offers_the_choice_of_several(siti: Page, address: str, books: Books) -> None:
    with closing(sqlite3.connect(books.database, timeout=20)) as connection, connection:
        connection.execute(
            "INSERT INTO customer_phone (customer_id, e164, typed, position)"
            " SELECT id, '+628123456789', '0812', 1 FROM customer WHERE code = 'C000002'"
        )
    siti.goto(f"{address}/orders?phone=08123456789")
    settled(siti)
    rows = siti.locator("#found tbody tr")
    expect(rows.filter(has_text="Dewi Lestari")).to_have_count(1)
    expect(rows.filter(has_text="Andi Wijaya")).to_have_count(1)


def test_somebody_nobody_looks_after_is_taken(siti: Page, books: Books) -> None:
    siti.keyboard.type("wati tanpa")
    row = siti.locator("#found tbody tr", has_text="Wati Tanpa Pengurus")
    expect(row).to_contain_text("belum ada pengurus")
    row.get_by_role("button", name="Ambil").click()
    expect(toast(siti, "Wati Tanpa Pengurus sekarang pelanggan Anda.")).to_be_visible()
    expect(siti.locator("h1:visible")).to_have_text("Pesanan untuk Wati Tanpa Pengurus")
    expect(field(siti, "Nama")).to_have_value("Wati Tanpa Pengurus")
    owner = books.ask("SELECT e.username FROM customer c JOIN employee e ON e.id = c.owner_id WHERE c.code = 'C000901'")
    assert owner == [("siti",)]


# ---- The form


def test_a_discount_in_per_cent_is_computed_by_the_server_and_kept(siti: Page, address: str, books: Books) -> None:
    form_of(siti, address, "customer=C000001")
    add(siti, "SLM-01", "3")
    field(siti, "Potongan, Slim Suit").fill("10%")
    expect(total(siti)).to_have_text("Rp 1.347.300")
    field(siti, "Ongkos kirim").fill("Rp 20.000")
    expect(total(siti)).to_have_text("Rp 1.367.300")
    field(siti, "Tahu dari mana").select_option(label="Dari teman")
    save(siti)
    assert books.ask("SELECT discount, amount FROM order_line ORDER BY id DESC LIMIT 1") == [(1497000000, 13473000000)]


def test_what_is_wrong_stands_beside_its_field_and_stays_typed(siti: Page, address: str, books: Books) -> None:
    form_of(siti, address, "customer=C000001")
    field(siti, "Tanggal lahir").fill("kemarin")
    add(siti, "SLM-01", "2")
    field(siti, "Potongan, Slim Suit").fill("999999999")
    siti.keyboard.press("Control+Enter")
    expect(siti.get_by_text("Tulis tanggal seperti 31-12-1980")).to_be_visible()
    expect(field(siti, "Tanggal lahir")).to_have_value("kemarin")
    expect(field(siti, "Tanggal lahir")).to_be_focused()
    field(siti, "Tanggal lahir").fill("3-12-1979")
    siti.keyboard.press("Control+Enter")
    expect(siti.locator("[id$='.discount'][aria-invalid=true]")).to_be_visible()
    expect(siti.get_by_text("Potongan lebih besar daripada harga barisnya.")).to_be_visible()
    field(siti, "Potongan, Slim Suit").fill("")
    siti.keyboard.press("Control+Enter")
    expect(siti.locator("#field-source[aria-invalid=true]")).to_be_focused()
    assert books.orders() == 0
    field(siti, "Tahu dari mana").select_option(label="Dari teman")
    save(siti)
    assert books.orders() == 1


def test_an_order_without_lines_is_refused_where_lines_are_added(siti: Page, address: str) -> None:
    form_of(siti, address, "customer=C000001")
    field(siti, "Tahu dari mana").select_option(label="Dari teman")
    siti.keyboard.press("Control+Enter")
    expect(siti.locator("#field-product[aria-invalid=true]")).to_be_focused()


def test_the_customer_is_corrected_with_the_order(siti: Page, address: str, books: Books) -> None:
    form_of(siti, address, "customer=C000001")
    field(siti, "Alamat").fill("Jalan Anggrek 5")
    field(siti, "Provinsi").fill("Jawa Barat")
    siti.get_by_role("button", name="Nomor lain").click()
    siti.keyboard.type("0812 9999 000")
    add(siti, "SLM-01")
    field(siti, "Tahu dari mana").select_option(label="Dari teman")
    save(siti)
    assert books.ask("SELECT address, province, city FROM customer WHERE code = 'C000001'") == [
        ("Jalan Anggrek 5", "Jawa Barat", "Bandung")
    ]
    numbers = books.ask(
        "SELECT p.e164 FROM customer_phone p JOIN customer c ON c.id = p.customer_id WHERE c.code='C000001'"
    )
    assert {number for (number,) in numbers} == {"+628123456789", "+628129999000"}
    assert books.ask("SELECT ship_address FROM sales_order ORDER BY id DESC LIMIT 1") == [("Jalan Anggrek 5",)]


def test_an_earlier_address_is_offered_again(siti: Page, address: str, books: Books) -> None:
    for _ in range(2):
        form_of(siti, address, "customer=C000001")
        add(siti, "SLM-01")
        field(siti, "Tahu dari mana").select_option(label="Dari teman")
        if not books.orders():
            field(siti, "Kirim ke").select_option(label="Alamat lain…")
            field(siti, "Alamat kirim").fill("Kantor, Jalan Sudirman 9")
        else:
            field(siti, "Kirim ke").select_option(label="Kantor, Jalan Sudirman 9")
        save(siti)
    assert books.ask("SELECT DISTINCT ship_address FROM sales_order WHERE id > 2") == [("Kantor, Jalan Sudirman 9",)]
    assert books.ask("SELECT address FROM customer WHERE code = 'C000001'") == [("Jalan Mawar 12",)]


def test_more_than_is_left_is_asked_about_before_it_is_saved(siti: Page, address: str, books: Books) -> None:
    form_of(siti, address, "customer=C000001")
    add(siti, "panci")
    expect(siti.locator("td.product .stock.out")).to_have_text("habis")
    field(siti, "Tahu dari mana").select_option(label="Dari teman")
    siti.keyboard.press("Control+Enter")
    expect(siti.locator(".question")).to_contain_text(
        "Panci Presto 8 Liter: sisa 0, dipesan 1. Simpan pesanan ini tetap?"
    )
    assert books.orders() == 0
    siti.get_by_role("button", name="Simpan tetap").click()
    saved(siti)
    assert books.orders() == 1


# ---- Is this somebody we know?


def test_a_known_customer_is_offered_while_typing_and_takes_over_what_was_typed(
    siti: Page, address: str, books: Books
) -> None:
    form_of(siti, address, "new=1")
    field(siti, "Nama").fill("Dewi")
    siti.locator("[id='field-phone.0']").fill("0812 3456 789")
    field(siti, "Alamat").fill("Jalan Baru 1")
    field(siti, "Kota").fill("Bandung")
    add(siti, "SLM-02", "2")
    field(siti, "Catatan").fill("Antar sore")
    field(siti, "Tahu dari mana").select_option(label="Dari teman")
    twin = siti.locator(".alike li", has_text="Dewi Lestari")
    expect(twin).to_contain_text("C000001")
    twin.get_by_role("button").click()
    expect(siti.locator("h1:visible")).to_have_text("Pesanan untuk Dewi Lestari")
    expect(field(siti, "Nama")).to_have_value("Dewi Lestari")
    expect(field(siti, "Catatan")).to_have_value("Antar sore")
    expect(field(siti, "Jumlah, Slimming Tea")).to_have_value("2")
    # What is on record stays; the other address is this order's.
    expect(field(siti, "Alamat")).to_have_value("Jalan Mawar 12")
    expect(field(siti, "Alamat kirim")).to_have_value("Jalan Baru 1")
    save(siti)
    assert books.ask("SELECT count(*) FROM customer")[0][0] == 9
    assert books.ask("SELECT ship_address FROM sales_order ORDER BY id DESC LIMIT 1") == [("Jalan Baru 1",)]


def test_a_new_customer_who_looks_like_another_needs_a_reason(siti: Page, address: str, books: Books) -> None:
    form_of(siti, address, "new=1")
    field(siti, "Nama").fill("Lina Lestari")
    siti.locator("[id='field-phone.0']").fill("08123456789")
    field(siti, "Alamat").fill("Jalan Mawar 12")
    add(siti, "SLM-02")
    field(siti, "Tahu dari mana").select_option(label="Dari teman")
    expect(siti.locator(".alike li", has_text="Dewi Lestari")).to_be_visible()
    siti.keyboard.press("Control+Enter")
    expect(field(siti, "Bukan orang di atas, karena")).to_be_focused()
    assert books.orders() == 0
    siti.keyboard.type("Satu keluarga, nomor yang sama")
    save(siti)
    expect(siti.locator("section.done")).to_contain_text("Lina Lestari")
    owner = books.ask(
        "SELECT e.username FROM customer c JOIN employee e ON e.id = c.owner_id WHERE c.name = 'Lina Lestari'"
    )
    assert owner == [("siti",)]


# ---- A colleague's customer


def test_an_order_for_a_colleagues_customer_goes_through_the_narrow_door(
    siti: Page, address: str, books: Books
) -> None:
    siti.keyboard.type("rahasia")
    row = siti.locator("#found tbody tr", has_text="Rahasia Budi")
    expect(row).to_contain_text("pelanggan Budi")
    expect(row).to_have_class(re.compile("reduced"))
    expect(row).not_to_contain_text("5501234")
    siti.keyboard.press("Enter")
    expect(siti.get_by_text("Rekan Anda yang mengurus pelanggan ini.")).to_be_visible()
    expect(siti.locator("#field-name")).to_have_count(0)
    assert "Jalan Rahasia" not in siti.locator("main").inner_text()
    add(siti, "MAS-01")
    field(siti, "Tahu dari mana").select_option(label="Dari teman")
    siti.keyboard.press("Control+Enter")
    expect(siti.locator("#field-ship_address[aria-invalid=true]")).to_be_focused()
    siti.keyboard.type("Jalan Tamu 3")
    field(siti, "Telepon penerima").fill("0812 7777 888")
    number = save(siti)
    expect(siti.get_by_text("Pengurus pelanggan ini diberi tahu lewat agendanya.")).to_be_visible()
    order_page(siti)
    expect(siti.locator("article")).to_contain_text("Rahasia Budi")
    expect(siti.locator("article")).to_contain_text("Jalan Tamu 3")
    expect(siti.get_by_role("button", name="Batalkan pesanan")).to_have_count(0)
    # This one order, and nothing else of the customer.
    siti.goto(f"{address}/order?number=P0000002")
    settled(siti)
    expect(siti.get_by_text("Pesanan ini tidak ada, atau bukan pesanan Anda.")).to_be_visible()
    siti.goto(f"{address}/customer?code=C000900")
    settled(siti)
    assert "Jalan Rahasia" not in siti.content()
    assert books.ask(
        "SELECT e.username FROM sales_order o JOIN employee e ON e.id = o.taken_by_id WHERE o.number = ?", number
    ) == [("siti",)]


def test_somebody_who_is_nobody_at_all_is_told_in_place(siti: Page, address: str) -> None:
    siti.goto(f"{address}/orders?customer=C999999")
    settled(siti)
    expect(siti.get_by_text("Pelanggan tidak ditemukan di antara pelanggan Anda.")).to_be_visible()
    expect(search_box(siti)).to_be_focused()


# ---- Once, and never lost


def test_a_double_click_makes_one_order(siti: Page, address: str, books: Books) -> None:
    form_of(siti, address, "customer=C000001")
    add(siti, "SLM-01")
    field(siti, "Tahu dari mana").select_option(label="Dari teman")
    siti.get_by_role("button", name="Simpan pesanan").dblclick()
    saved(siti)
    siti.wait_for_timeout(500)
    assert books.orders() == 1


def test_two_tabs_with_one_draft_make_one_order(siti: Page, address: str, books: Books, watch: Watch) -> None:
    form_of(siti, address, "customer=C000001")
    add(siti, "SLM-01")
    field(siti, "Tahu dari mana").select_option(label="Dari teman")
    kept(siti)
    expect(siti).to_have_url(re.compile("draft="))
    other = siti.context.new_page()
    watch.over(other)
    other.goto(siti.url)
    settled(other)
    expect(field(other, "Jumlah, Slim Suit")).to_have_value("1")
    number = save(siti)
    other.locator("#field-product").focus()
    other.keyboard.press("Control+Enter")
    expect(other.locator("section.done h2")).to_have_text(f"Pesanan {number} sudah tersimpan sebelumnya")
    assert books.orders() == 1


def test_another_tab_is_told_of_and_nothing_is_overwritten_unasked(siti: Page, address: str, watch: Watch) -> None:
    form_of(siti, address, "customer=C000001")
    field(siti, "Catatan").fill("satu")
    kept(siti)
    other = siti.context.new_page()
    watch.over(other)
    other.goto(siti.url)
    settled(other)
    field(other, "Catatan").fill("dua")
    kept(other)
    field(siti, "Catatan").fill("tiga")
    expect(siti.locator(".question")).to_contain_text("Draf ini diubah juga di tab atau komputer lain")
    siti.get_by_role("button", name="Lihat yang terbaru").click()
    expect(field(siti, "Catatan")).to_have_value("dua")


def test_a_draft_is_offered_continued_and_discarded_with_undo(siti: Page, address: str, books: Books) -> None:
    form_of(siti, address, "customer=C000001")
    add(siti, "SLM-01", "4")
    kept(siti)
    siti.get_by_role("button", name="Kembali ke pencarian").click()
    draft = siti.get_by_role("link", name="Lanjutkan draf: Dewi Lestari, 1 barang")
    expect(draft).to_be_visible()
    siti.get_by_role("button", name="Buang draf Dewi Lestari").click()
    expect(draft).to_have_count(0)
    assert books.drafts() == 0
    toast(siti, "Draf dibuang.").get_by_role("button", name="Urungkan").click()
    draft.click()
    expect(field(siti, "Jumlah, Slim Suit")).to_have_value("4")
    expect(total(siti)).to_have_text("Rp 1.996.000")


def test_a_reload_keeps_what_was_typed_a_moment_ago(siti: Page, address: str) -> None:
    form_of(siti, address, "new=1")
    field(siti, "Nama").fill("Belum Disimpan")
    add(siti, "SLM-01", "7")
    siti.reload()
    settled(siti)
    expect(field(siti, "Nama")).to_have_value("Belum Disimpan")
    expect(field(siti, "Jumlah, Slim Suit")).to_have_value("7")


def test_a_log_in_that_ran_out_keeps_what_was_typed(siti: Page, address: str, books: Books) -> None:
    form_of(siti, address, "customer=C000001")
    add(siti, "SLM-01", "5")
    kept(siti)
    # Typed while nothing reaches the server any more, and the log-in has run out by the time it would.
    siti.evaluate("WebSocket.prototype.send = () => {}")
    field(siti, "Catatan").fill("Setelah makan siang")
    with closing(sqlite3.connect(books.database, timeout=20)) as connection, connection:
        connection.execute("DELETE FROM login_session")
    siti.wait_for_timeout(1000)
    assert not any("makan siang" in content for (content,) in books.ask("SELECT content FROM order_draft"))
    # Whichever comes first: the page finds out by itself, or it is loaded anew.
    with suppress(PlaywrightError):  # it is leaving at this very moment
        siti.evaluate("location.pathname.endsWith('/login') || setTimeout(() => location.reload())")
    siti.wait_for_url(f"{address}/login*")
    siti.locator("#username").fill("siti")
    siti.locator("#password").fill("kata sandi yang panjang")
    siti.locator("button[type=submit]").click()
    settled(siti)
    expect(field(siti, "Jumlah, Slim Suit")).to_have_value("5")
    expect(field(siti, "Catatan")).to_have_value("Setelah makan siang")


def test_the_draft_waits_on_another_computer(siti: Page, address: str, browser: Browser, watch: Watch) -> None:
    form_of(siti, address, "customer=C000001")
    add(siti, "SLM-01", "6")
    kept(siti)
    # Drafts of the same customer may wait beside it: this one is the one that was just typed.
    draft = parse_qs(urlsplit(siti.url).query)["draft"][0]
    context = browser.new_context(locale="id-ID")
    elsewhere = context.new_page()
    watch.over(elsewhere)
    log_in(elsewhere, address, "siti")
    settled(elsewhere)
    elsewhere.goto(f"{address}/orders")
    settled(elsewhere)
    link = elsewhere.get_by_role("link", name="Lanjutkan draf: Dewi Lestari, 1 barang")
    link.and_(elsewhere.locator(f"[href$='draft={draft}']")).click()
    expect(field(elsewhere, "Jumlah, Slim Suit")).to_have_value("6")
    context.close()


def test_a_killed_server_loses_nothing_that_was_typed(
    prepared: Path, repo: Path, tmp_path: Path, context: BrowserContext
) -> None:
    database = tmp_path / "company.db"
    shutil.copy(prepared, database)
    with Restarting(f"sqlite:///{database}", repo, tmp_path) as program:
        page = context.new_page()
        log_in(page, program.address, "siti")
        settled(page)
        page.keyboard.press("g")
        page.keyboard.press("o")
        expect(search_box(page)).to_be_focused()
        page.keyboard.type("dewi")
        expect(page.locator("#found tbody tr").first).to_contain_text("Dewi Lestari")
        page.keyboard.press("Enter")
        expect(page.locator("#field-product")).to_be_focused()
        add(page, "SLM-01", "3")
        kept(page)
        program.kill()
        field(page, "Catatan").fill("diketik selagi server mati")
        expect(page.get_by_text("Terputus. Ketikan Anda aman, menyambung kembali…")).to_be_visible()
        program.start()
        expect(page.get_by_text("Terputus.")).to_be_hidden(timeout=60_000)
        expect(page.locator("h1:visible")).to_have_text("Pesanan untuk Dewi Lestari", timeout=30_000)
        expect(field(page, "Jumlah, Slim Suit")).to_have_value("3")
        expect(field(page, "Catatan")).to_have_value("diketik selagi server mati")
        field(page, "Tahu dari mana").select_option(label="Dari teman")
        save(page)
        books = Books(database)
        assert books.orders() == 1
        assert books.ask("SELECT note FROM sales_order ORDER BY id DESC LIMIT 1") == [("diketik selagi server mati",)]


class Restarting:
    """The program on one port, to be killed and started again."""

    def __init__(self, database: str, repo: Path, data: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.command = [sys.executable, "-m", "tests.e2e.served", database]
        self.repo = repo
        self.environment = {
            **os.environ,
            "XDG_DATA_HOME": str(data),
            "PYTHONUNBUFFERED": "1",
            "ECRM_TEST_PORT": str(self.port),
        }
        self.address = f"http://127.0.0.1:{self.port}"
        self.program: subprocess.Popen[str] | None = None

    def __enter__(self) -> Restarting:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        self.program = subprocess.Popen(
            self.command, cwd=self.repo, env=self.environment, stdout=subprocess.PIPE, text=True
        )
        assert self.program.stdout is not None
        assert self.program.stdout.readline().startswith(self.address)

    def kill(self) -> None:
        if self.program is not None:
            self.program.send_signal(signal.SIGKILL)
            self.program.wait(60)
            assert self.program.stdout is not None
            self.program.stdout.close()
            self.program = None


# ---- What becomes of an order


@pytest.fixture
def taken(siti: Page, address: str) -> Callable[[str], str]:
    """Takes an order of Dewi's and opens its page; the number."""

    def take(quantity: str = "3") -> str:
        form_of(siti, address, "customer=C000001")
        add(siti, "SLM-01", quantity)
        field(siti, "Tahu dari mana").select_option(label="Dari teman")
        field(siti, "Pembayaran").select_option(label="Bayar di tempat")
        number = save(siti)
        order_page(siti)
        return number

    return take


def status(page: Page) -> Locator:
    return page.locator(".acts .mark")


def ship(page: Page) -> None:
    page.get_by_role("button", name="Kirim", exact=True).click()
    field(page, "Kurir").fill("JNE")
    field(page, "Nomor resi").fill("JNE123")
    page.get_by_role("button", name="Simpan pengiriman").click()
    expect(status(page)).to_have_text("Dikirim")


def test_an_order_tells_everything_and_can_be_printed_and_sent(siti: Page, taken: Callable[[str], str]) -> None:
    number = taken("2")
    article = siti.locator("article")
    for text in ("Slim Suit", "Rp 998.000", "Dewi Lestari", "Jalan Mawar 12", "Siti Rahayu", "Dari teman"):
        expect(article).to_contain_text(text)
    expect(article).to_contain_text("jatuh tempo 24 Des")
    link = siti.get_by_role("link", name="WhatsApp")
    target = link.get_attribute("href") or ""
    assert target.startswith("https://wa.me/628123456789?text=")
    assert number in target
    siti.emulate_media(media="print")
    expect(siti.locator(".paper")).to_be_visible()
    expect(siti.locator("article")).to_be_hidden()
    expect(siti.locator("nav.rail")).to_be_hidden()
    expect(siti.locator(".paper")).to_contain_text("Toko TV Nusantara")


def test_a_new_order_is_corrected(siti: Page, taken: Callable[[str], str], books: Books) -> None:
    number = taken("3")
    siti.get_by_role("button", name="Perbaiki").click()
    expect(siti.locator("h1:visible")).to_have_text(f"Perbaiki pesanan {number}")
    field(siti, "Jumlah, Slim Suit").fill("1")
    add(siti, "SLM-02", "2")
    field(siti, "Alamat kirim").fill("Jalan Melati 8")
    expect(total(siti)).to_have_text("Rp 797.000")
    siti.keyboard.press("Control+Enter")
    expect(toast(siti, f"Pesanan {number} diperbaiki.")).to_be_visible()
    expect(siti.locator("article")).to_contain_text("Jalan Melati 8")
    expect(siti.locator("article .sums .total")).to_contain_text("Rp 797.000")
    assert books.ask("SELECT stock FROM product WHERE code = 'SLM-01'") == [(22,)]
    told = siti.locator(".history li", has_text="Diperbaiki")
    for text in ("→ Jalan Melati 8", "Slim Suit: ×3 → ×1", "Ditambah: ", "×2, Rp "):
        expect(told).to_contain_text(text)
    expect(told).not_to_contain_text("oleh None")


def test_a_correction_of_what_changed_meanwhile_is_told_and_overwrites_nothing(
    siti: Page, taken: Callable[[str], str], watch: Watch
) -> None:
    number = taken("3")
    siti.get_by_role("button", name="Perbaiki").click()
    field(siti, "Jumlah, Slim Suit").fill("2")
    other = siti.context.new_page()
    watch.over(other)
    other.goto(siti.url)
    settled(other)
    field(other, "Jumlah, Slim Suit").fill("9")
    other.keyboard.press("Control+Enter")
    expect(toast(other, f"Pesanan {number} diperbaiki.")).to_be_visible()
    siti.keyboard.press("Control+Enter")
    expect(siti.locator(".question")).to_be_visible()
    siti.get_by_role("button", name="Lihat yang terbaru").click()
    expect(field(siti, "Jumlah, Slim Suit")).to_have_value("9")


def test_an_order_is_cancelled_with_a_reason(siti: Page, taken: Callable[[str], str]) -> None:
    taken("1")
    siti.get_by_role("button", name="Batalkan pesanan").click()
    expect(siti.locator(".step-form .effect")).to_have_text(
        "Pesanan ini tidak dihitung lagi dan stoknya kembali. Satu tindak lanjutnya ditutup. Tidak dapat diurungkan."
    )
    siti.get_by_role("button", name="Batalkan pesanan ini").click()
    expect(siti.locator(".step-form .wrong")).to_have_text("Isian “Alasan” belum diisi.")
    field(siti, "Alasan").fill("Berubah pikiran")
    siti.get_by_role("button", name="Batalkan pesanan ini").click()
    expect(status(siti)).to_have_text("Dibatalkan")
    expect(siti.locator(".history")).to_contain_text("Berubah pikiran")
    expect(siti.get_by_role("button", name="Perbaiki")).to_have_count(0)


def test_a_couriers_file_moves_orders_along(
    taken: Callable[[str], str], browser: Browser, watch: Watch, address: str
) -> None:
    number = taken("1")
    ratna = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    watch.over(ratna)
    log_in(ratna, address, "ratna")
    settled(ratna)
    ratna.goto(f"{address}/orders")
    settled(ratna)
    ratna.get_by_role("link", name="Berkas kurir").click()
    expect(ratna.locator("h1:visible")).to_have_text("Berkas kurir")
    text = f"Pesanan;Resi;Status\n{number};JX77;dikirim\nP0999999;JX78;dikirim\n"
    ratna.get_by_label("Pilih berkas dari kurir").set_input_files(
        {"name": "kurir.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    expect(ratna.get_by_role("row").filter(has_text="JX77")).to_contain_text("dikirim")
    expect(ratna.get_by_label("Status", exact=True)).to_have_value("Status")
    assert grave(ratna) == []
    ratna.get_by_role("button", name="Terapkan 2 baris").click()
    expect(toast(ratna, "1 diterapkan, 0 sudah begitu, 1 ditolak.")).to_be_visible()
    expect(ratna.get_by_role("row").filter(has_text="P0999999")).to_contain_text("Ditolak")
    assert grave(ratna) == []
    ratna.get_by_role("row").filter(has_text="JX77").get_by_role("link").click()
    expect(status(ratna)).to_have_text("Dikirim")
    expect(ratna.locator("article")).to_contain_text("JX77")


def test_pieces_come_back_one_by_one(siti: Page, taken: Callable[[str], str], books: Books) -> None:
    taken("3")
    ship(siti)
    siti.get_by_role("button", name="Tandai diterima").click()
    expect(status(siti)).to_have_text("Diterima")
    siti.get_by_role("button", name="Kembalikan Slim Suit").click()
    form = siti.get_by_role("form", name="Kembalikan Slim Suit")
    form.get_by_label(re.compile("Berapa yang dikembalikan")).fill("4")
    form.get_by_label("Alasan").fill("Terlalu besar")
    form.get_by_role("button", name="Simpan pengembalian").click()
    expect(form.locator(".wrong").first).to_contain_text("antara 1 dan 3")
    form.get_by_label(re.compile("Berapa yang dikembalikan")).fill("1")
    form.get_by_role("button", name="Simpan pengembalian").click()
    expect(siti.locator("td.product .tag")).to_have_text("1 dikembalikan")
    expect(status(siti)).to_have_text("Diterima")
    expect(siti.locator(".history")).to_contain_text("Terlalu besar")
    siti.get_by_role("button", name="Kembalikan Slim Suit").click()
    form.get_by_label(re.compile("Berapa yang dikembalikan")).fill("2")
    form.get_by_label("Alasan").fill("Sisanya juga")
    form.get_by_role("button", name="Simpan pengembalian").dblclick()
    expect(status(siti)).to_have_text("Dikembalikan")
    assert books.ask("SELECT stock FROM product WHERE code = 'SLM-01'") == [(23,)]


def test_a_parcel_refused_at_the_door_is_said_so(siti: Page, taken: Callable[[str], str]) -> None:
    taken("1")
    ship(siti)
    expect(siti.locator("article")).to_contain_text("JNE123")
    siti.get_by_role("button", name="Ditolak di tempat").click()
    field(siti, "Alasan").fill("Tidak ada uang")
    siti.get_by_role("button", name="Simpan penolakan").click()
    expect(status(siti)).to_have_text("Dikembalikan")
    expect(siti.locator(".history")).to_contain_text("Ditolak di tempat")


def test_a_step_that_somebody_else_took_first_is_told(siti: Page, taken: Callable[[str], str], watch: Watch) -> None:
    taken("1")
    other = siti.context.new_page()
    watch.over(other)
    other.goto(siti.url)
    settled(other)
    other.get_by_role("button", name="Batalkan pesanan").click()
    field(other, "Alasan").fill("Dua kali")
    other.get_by_role("button", name="Batalkan pesanan ini").click()
    expect(status(other)).to_have_text("Dibatalkan")
    siti.get_by_role("button", name="Tandai dibayar").click()
    expect(siti.locator(".toast.danger")).to_be_visible()
    expect(status(siti)).to_have_text("Dibatalkan")


# ---- Other people, other language, other screens


def test_an_admin_takes_an_order_for_anybody_and_chooses_who_looks_after_a_new_customer(
    page: Page, address: str, books: Books
) -> None:
    log_in(page, address, "agus")
    settled(page)
    page.goto(f"{address}/orders")
    settled(page)
    page.keyboard.type("rahasia")
    row = page.locator("#found tbody tr", has_text="Rahasia Budi")
    expect(row).not_to_have_class(re.compile("reduced"))
    expect(row).to_contain_text("5501-234")
    page.keyboard.press("Enter")
    expect(field(page, "Alamat")).to_have_value("Jalan Rahasia 1")
    form_of(page, address, "new=1")
    field(page, "Nama").fill("Pelanggan Agus")
    field(page, "Pengurus").select_option(label="Budi Santoso")
    add(page, "MAS-01")
    field(page, "Tahu dari mana").select_option(label="Dari teman")
    save(page)
    owner = books.ask(
        "SELECT e.username FROM customer c JOIN employee e ON e.id = c.owner_id WHERE c.name = 'Pelanggan Agus'"
    )
    assert owner == [("budi",)]


def test_everything_is_there_in_english(siti: Page, address: str) -> None:
    siti.get_by_role("button", name="Ganti bahasa ke Inggris").click()
    expect(siti.locator("h1:visible")).to_have_text("Orders")
    siti.get_by_role("combobox", name="Find a customer").fill("dewi")
    expect(siti.locator("#found tbody tr").first).to_contain_text("Dewi Lestari")
    siti.keyboard.press("Enter")
    expect(siti.locator("h1:visible")).to_have_text("Order for Dewi Lestari")
    add(siti, "SLM-01", "2")
    field(siti, "Price, Slim Suit").fill("450,000")
    field(siti, "Heard of us from").select_option(label="Dari teman")
    siti.get_by_role("button", name="Save order").click()
    expect(siti.locator("section.done h2")).to_have_text(re.compile(r"Order P\d{7} saved"))
    expect(siti.locator("section.done")).to_contain_text("900,000")
    siti.get_by_role("link", name="See the order").click()
    expect(siti.get_by_role("button", name="Mark as paid")).to_be_visible()
    siti.get_by_role("button", name="Cancel order").click()
    assert not re.search(r"\b(Pesanan|Kirim|Batal|Alasan|Pelanggan)\b", siti.locator("main").inner_text())


def test_what_is_typed_survives_the_change_of_language(siti: Page, address: str) -> None:
    form_of(siti, address, "customer=C000001")
    add(siti, "SLM-01", "2")
    field(siti, "Catatan").fill("Antar sore")
    siti.get_by_role("button", name="Ganti bahasa ke Inggris").click()
    expect(field(siti, "Note")).to_have_value("Antar sore")
    expect(field(siti, "Quantity, Slim Suit")).to_have_value("2")


@pytest.fixture(params=["light", "dark"])
def phone(request: pytest.FixtureRequest, browser: Browser, address: str, watch: Watch) -> Iterator[Page]:
    """Siti's telephone."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, color_scheme=request.param
    )
    page = context.new_page()
    watch.over(page)
    log_in(page, address, "siti")
    settled(page)
    yield page
    context.close()


def test_a_telephone_shows_everything_whole_and_keeps_nobody_out(phone: Page, address: str) -> None:
    width = "document.documentElement.scrollWidth"
    phone.goto(f"{address}/orders")
    settled(phone)
    search_box(phone).fill("rahasia")
    expect(phone.locator("#found tbody tr").first).to_be_visible()
    assert phone.evaluate(width) <= 390
    assert grave(phone) == []
    form_of(phone, address, "new=1&name=Dewi&phone=08123456789")
    expect(phone.locator(".alike li").first).to_be_visible()
    add(phone, "SLM", "2")
    expect(total(phone)).not_to_have_text("Rp 0")
    phone.locator("#field-product").fill("s")
    expect(phone.locator("#products [role=option]").first).to_be_visible()
    assert phone.evaluate(width) <= 390
    assert grave(phone) == []
    phone.goto(f"{address}/order?number=P0000001")
    settled(phone)
    assert phone.evaluate(width) <= 390
    assert grave(phone) == []
