"""The customers list, as somebody looks for, narrows down, sorts and opens."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

import ecrm_core as ecrm
from ecrm_core.models import (
    Customer,
    Employee,
    FollowUp,
    Interest,
    InterestOrigin,
    Order,
    OrderLine,
    Product,
)
from tests.conftest import FrozenClock
from tests.e2e.company import NOW, TODAY
from tests.e2e.conftest import Watch, log_in, settled

MANY = 60


@pytest.fixture
def trade(database: Path, watch: Watch) -> None:
    """Two products. Dewi bought the first a month ago and her follow-up is due; Andi is interested in it."""
    crm = ecrm.connect(f"sqlite:///{database}", clock=FrozenClock(NOW))
    with crm.system("test company") as work:
        find = {customer.code: customer for customer in work.session.scalars(select(Customer))}
        dewi, andi = find["C000001"], find["C000002"]
        pan = Product(code="WAJAN9", name="Wajan Batu", price=Decimal(1000), currency="IDR", created_at=NOW)
        work.session.add(pan)
        bought_at = NOW - timedelta(days=20)
        order = Order(number="T1", customer_id=dewi.id, ordered_at=bought_at, currency="IDR", created_at=NOW)
        work.session.add(order)
        work.session.flush()
        line = OrderLine(
            order_id=order.id,
            customer_id=dewi.id,
            product_id=pan.id,
            ordered_at=bought_at,
            quantity=1,
            unit_price=Decimal(1000),
            amount=Decimal(1000),
        )
        dewi.last_activity_at = bought_at
        work.session.add(line)
        work.session.flush()
        work.session.add_all(
            [
                FollowUp(
                    line_id=line.id,
                    customer_id=dewi.id,
                    product_id=pan.id,
                    due_on=TODAY - timedelta(days=1),
                    expires_on=TODAY + timedelta(days=60),
                ),
                Interest(customer_id=andi.id, product_id=pan.id, origin=InterestOrigin.STATED, at=NOW),
            ]
        )
    crm.close()


@pytest.fixture
def many(database: Path, watch: Watch) -> None:
    """So many more customers of Siti's that one page does not hold them."""
    crm = ecrm.connect(f"sqlite:///{database}", clock=FrozenClock(NOW))
    with crm.system("test company") as work:
        siti = work.session.scalars(select(Employee.id).where(Employee.username == "siti")).one()
        work.session.add_all(
            Customer(code=f"C{number:06}", name=f"Zaki {number}", city="Bekasi", owner_id=siti, created_at=NOW)
            for number in range(101, 101 + MANY)
        )
    crm.close()


@pytest.fixture
def customers(page: Page, address: str, trade: None) -> Page:
    """Siti's list."""
    log_in(page, address, "siti")
    settled(page)
    page.goto(f"{address}/customers")
    settled(page)
    return page


def rows(page: Page) -> Locator:
    return page.locator("tr[data-id]:visible")


def names(page: Page) -> list[str]:
    return page.locator("tr[data-id]:visible .open").all_inner_texts()


def field(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True)


def test_everybody_is_listed_with_what_is_known(customers: Page) -> None:
    expect(customers).to_have_title(re.compile("^Pelanggan · "))
    expect(customers.get_by_text("7 pelanggan, 1 dengan tindak lanjut")).to_be_visible()
    assert names(customers) == sorted(names(customers))
    assert "Rahasia Budi" not in customers.locator("main").inner_text()
    dewi = rows(customers).filter(has_text="Dewi Lestari")
    for text in ("C000001", "Bandung", "0812-3456-789", "1 bulan", "kemarin"):
        expect(dewi).to_contain_text(text)
    expect(dewi.get_by_text("kemarin")).to_be_visible()
    expect(dewi.locator("[title='Senin, 23 November 2026']")).to_have_count(1)
    expect(customers.get_by_role("columnheader", name="Telemarketer")).to_have_count(0)


def test_searching_walking_and_opening_need_no_mouse(customers: Page) -> None:
    customers.keyboard.press("/")
    expect(field(customers, "Cari nama, kode, atau telepon")).to_be_focused()
    customers.keyboard.type("a")
    customers.keyboard.type("st")
    expect(rows(customers)).to_have_count(1)
    assert names(customers) == ["Yuni Astuti"]
    customers.keyboard.press("Control+a")
    customers.keyboard.type("ari")
    expect(rows(customers)).to_have_count(2)
    expect(customers.get_by_text("2 pelanggan")).to_be_visible()
    customers.keyboard.press("ArrowDown")
    customers.keyboard.press("j")
    expect(customers.get_by_role("link", name="Sri Mulyani Puspitasari")).to_be_focused()
    customers.keyboard.press("k")
    expect(customers.get_by_role("link", name="Dewi Lestari")).to_be_focused()
    customers.keyboard.press("Enter")
    expect(customers).to_have_url(re.compile(r"/customer\?code=C000001&list=q%3Dari$"))


@pytest.mark.parametrize("typed", ["C000004", "4", "0813-1112-2233", "+62 813 1112", "sudarso"])
def test_a_customer_is_found_by_code_phone_and_part_of_the_name(customers: Page, typed: str) -> None:
    field(customers, "Cari nama, kode, atau telepon").fill(typed)
    expect(rows(customers)).to_have_count(1)
    assert names(customers) == ["Bambang Sudarsono"]


def test_filters_stand_as_chips_and_in_the_address(customers: Page) -> None:
    field(customers, "Ulang tahun").select_option(label="November")
    expect(rows(customers)).to_have_count(4)
    city = customers.get_by_role("combobox", name="Kota")
    city.fill("den")
    customers.get_by_role("option", name="Denpasar").click()
    expect(rows(customers)).to_have_count(1)
    expect(customers).to_have_url(re.compile(r"city=Denpasar&birthday=11"))
    customers.get_by_role("button", name="Hapus saringan Ulang tahun").click()
    expect(customers).to_have_url(re.compile(r"customers\?city=Denpasar$"))
    field(customers, "Status").select_option(label="1 bulan")
    expect(customers.get_by_text("Tidak ada pelanggan yang cocok.")).to_be_visible()
    customers.get_by_role("button", name="Hapus semua saringan").first.click()
    expect(rows(customers)).to_have_count(7)
    expect(customers).to_have_url(re.compile(r"/customers$"))
    expect(city).to_have_value("")
    customers.get_by_role("button", name="Tindak lanjut jatuh tempo").click()
    expect(rows(customers)).to_have_count(1)
    expect(customers.get_by_role("button", name="Tindak lanjut jatuh tempo")).to_have_attribute("aria-pressed", "true")
    assert names(customers) == ["Dewi Lestari"]


def test_who_bought_and_who_is_interested_are_told_apart(customers: Page) -> None:
    product = customers.get_by_role("combobox", name="Produk")
    product.fill("batu")
    customers.get_by_role("option", name="Wajan Batu").wait_for()
    product.press("Enter")
    expect(rows(customers)).to_have_count(1)
    assert names(customers) == ["Dewi Lestari"]
    expect(product).to_have_value("Wajan Batu")
    field(customers, "Pelanggan yang").select_option(label="berminat")
    expect(customers.get_by_role("link", name="Andi Wijaya")).to_be_visible()
    assert names(customers) == ["Andi Wijaya"]
    expect(customers).to_have_url(re.compile(r"product=WAJAN9&relation=interested"))
    customers.get_by_role("button", name="Hapus saringan Produk").click()
    expect(rows(customers)).to_have_count(7)
    expect(field(customers, "Pelanggan yang")).to_have_count(0)


def test_columns_sort_both_ways(customers: Page) -> None:
    def header(name: str) -> Locator:
        return customers.get_by_role("columnheader", name=name)

    expect(header("Nama")).to_have_attribute("aria-sort", "ascending")
    header("Kota").get_by_role("button").click()
    expect(header("Kota")).to_have_attribute("aria-sort", "ascending")
    assert names(customers)[0] == "Dewi Lestari"
    header("Kota").get_by_role("button").click()
    expect(header("Kota")).to_have_attribute("aria-sort", "descending")
    assert names(customers)[0] == "Sri Mulyani Puspitasari"
    expect(header("Kota").get_by_role("button")).to_be_focused()
    header("Aktivitas terakhir").get_by_role("button").click()
    expect(header("Aktivitas terakhir")).to_have_attribute("aria-sort", "descending")
    assert names(customers)[0] == "Dewi Lestari"
    expect(customers).to_have_url(re.compile(r"sort=-activity"))


def test_a_view_is_saved_chosen_deleted_and_brought_back(customers: Page) -> None:
    field(customers, "Ulang tahun").select_option(label="Desember")
    expect(rows(customers)).to_have_count(1)
    customers.get_by_role("button", name="Simpan tampilan").click()
    customers.keyboard.press("Enter")
    expect(customers.get_by_text("Isian “Nama tampilan” belum diisi.")).to_be_visible()
    customers.keyboard.type("Lahir Desember")
    customers.keyboard.press("Enter")
    tab = customers.get_by_role("button", name="Lahir Desember", exact=True)
    expect(tab).to_have_attribute("aria-current", "true")
    customers.get_by_role("button", name="Semua pelanggan").click()
    expect(rows(customers)).to_have_count(7)
    customers.reload()
    settled(customers)
    tab.click()
    expect(rows(customers)).to_have_count(1)
    expect(field(customers, "Ulang tahun")).to_have_value("12")
    customers.get_by_role("button", name="Hapus tampilan Lahir Desember").click()
    expect(tab).to_have_count(0)
    customers.get_by_role("button", name="Urungkan").click()
    expect(tab).to_be_visible()


def test_an_address_opens_what_it_says_also_after_reload(customers: Page, address: str) -> None:
    customers.goto(f"{address}/customers?birthday=11&sort=-name&status=nonsense&page=x")
    settled(customers)
    told = ["Yuni Astuti", "Tono Prasetyo", "Rina Kartika", "Bambang Sudarsono"]
    assert names(customers) == told
    expect(field(customers, "Ulang tahun")).to_have_value("11")
    customers.reload()
    settled(customers)
    assert names(customers) == told


def test_the_back_button_goes_through_what_was_looked_at(customers: Page) -> None:
    field(customers, "Ulang tahun").select_option(label="November")
    expect(rows(customers)).to_have_count(4)
    field(customers, "Cari nama, kode, atau telepon").fill("rina")
    expect(rows(customers)).to_have_count(1)
    expect(customers).to_have_url(re.compile("q=rina"))
    customers.get_by_role("link", name="Rina Kartika").click()
    expect(customers).to_have_url(re.compile("/customer\\?code=C000005"))
    customers.go_back()
    expect(rows(customers)).to_have_count(1)
    expect(field(customers, "Cari nama, kode, atau telepon")).to_have_value("rina")
    customers.go_back()
    expect(rows(customers)).to_have_count(4)
    expect(field(customers, "Cari nama, kode, atau telepon")).to_have_value("")
    customers.go_forward()
    expect(rows(customers)).to_have_count(1)


def test_a_click_anywhere_opens_and_control_opens_beside(customers: Page) -> None:
    with customers.context.expect_page() as opened:
        customers.get_by_role("link", name="Dewi Lestari").click(modifiers=["Control"])
    opened.value.close()
    expect(customers).to_have_url(re.compile("/customers$"))
    rows(customers).filter(has_text="Dewi Lestari").get_by_text("Bandung").click()
    expect(customers).to_have_url(re.compile("/customer\\?code=C000001"))


def test_long_lists_have_pages(customers: Page, address: str, many: None) -> None:
    customers.goto(f"{address}/customers")
    settled(customers)
    expect(customers.get_by_text("1–50 dari 67")).to_be_visible()
    expect(customers.get_by_role("button", name="Sebelumnya")).to_be_disabled()
    customers.keyboard.press("j")
    customers.keyboard.press("PageDown")
    expect(customers.get_by_text("51–67 dari 67")).to_be_visible()
    expect(customers).to_have_url(re.compile(r"page=2$"))
    expect(rows(customers).first.get_by_role("link").first).to_be_focused()
    expect(customers.get_by_role("button", name="Berikutnya")).to_be_disabled()
    customers.reload()
    settled(customers)
    expect(rows(customers)).to_have_count(17)
    customers.get_by_role("button", name="Sebelumnya").click()
    expect(rows(customers)).to_have_count(50)


def test_staff_see_everybody_and_who_looks_after_them(page: Page, address: str, trade: None) -> None:
    log_in(page, address, "ratna")
    settled(page)
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page.get_by_role("columnheader", name="Telemarketer")).to_be_visible()
    expect(rows(page).filter(has_text="Rahasia Budi")).to_contain_text("Budi Santoso")
    field(page, "Telemarketer").select_option(label="Budi Santoso")
    expect(rows(page)).to_have_count(1)
    field(page, "Telemarketer").select_option(label="Tanpa telemarketer")
    expect(rows(page)).not_to_contain_text(["Budi Santoso"])
    expect(page).to_have_url(re.compile("owner=-$"))


def test_a_telemarketer_gains_nothing_from_an_address(customers: Page, address: str) -> None:
    customers.goto(f"{address}/customers?owner=budi&q=rahasia")
    settled(customers)
    expect(customers.get_by_text("Tidak ada pelanggan yang cocok.")).to_be_visible()
    assert "Rahasia Budi" not in customers.content()


def test_the_list_speaks_english(customers: Page) -> None:
    customers.get_by_role("button", name="Ganti bahasa ke Inggris").click()
    expect(customers.locator("h1:visible")).to_have_text("Customers")
    expect(customers.get_by_text("7 customers, 1 with a follow-up")).to_be_visible()
    expect(customers.get_by_role("columnheader", name="Last activity")).to_be_visible()
    expect(rows(customers).filter(has_text="Dewi Lestari")).to_contain_text("1 month")
    customers.get_by_role("combobox", name="Product").fill("batu")
    customers.get_by_role("option", name="Wajan Batu").click()
    expect(customers.get_by_text("1 customer, 1 with a follow-up")).to_be_visible()


def test_what_is_typed_is_never_overwritten_by_a_late_answer(customers: Page) -> None:
    box = field(customers, "Cari nama, kode, atau telepon")
    box.press_sequentially("bambang sudarsono", delay=25)
    expect(box).to_have_value("bambang sudarsono")
    expect(rows(customers)).to_have_count(1)
    expect(box).to_have_value("bambang sudarsono")
    expect(customers).to_have_url(re.compile(r"q=bambang\+sudarsono$"))


@pytest.mark.parametrize("width", [390, 800, 1024, 1366])
def test_nothing_is_cut_off_at_the_side(browser: Browser, address: str, watch: Watch, trade: None, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    watch.over(page)
    log_in(page, address, "ratna")
    settled(page)
    page.goto(f"{address}/customers")
    settled(page)
    expect(rows(page)).not_to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for box in rows(page).all():
        bounds = box.bounding_box()
        assert bounds is not None
        assert bounds["x"] >= 0
        assert bounds["x"] + bounds["width"] <= width
    expect(rows(page).filter(has_text="Dewi Lestari")).to_contain_text("1 bulan")
    if width == 390:
        expect(field(page, "Status")).to_be_hidden()
        page.get_by_role("button", name="Saringan").click()
        field(page, "Status").select_option(label="1 bulan")
        expect(rows(page)).to_have_count(1)
        expect(page.get_by_role("button", name="Saringan (1)")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_label("Urutkan").select_option(label="Kota")
        expect(page).to_have_url(re.compile("sort=city"))
    context.close()
