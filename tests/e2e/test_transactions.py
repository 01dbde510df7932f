"""The month's transactions, as somebody works with them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

import ecrm_core as ecrm
from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.models import OrderStatus
from ecrm_core.services.customers import add_customer
from ecrm_core.services.do_not_call import mark_do_not_call
from ecrm_core.services.followups import record_response
from ecrm_core.services.orders import LineForm, OrderForm, change_order_status, return_pieces, take_order
from ecrm_core.services.products import add_category, add_product
from tests.conftest import FrozenClock
from tests.e2e.company import NOW
from tests.e2e.conftest import Watch, log_in, settled
from tests.e2e.test_accessibility import grave

FORMULA = '=HYPERLINK("http://example.com")'


@dataclass
class Books:
    """Fills a company with orders, each on its own day."""

    crm: Crm
    clock: FrozenClock

    def product(self, code: str, name: str, price: int, category: int | None = None) -> int:
        with self.crm.work("agus") as work:
            return add_product(work, code=code, name=name, price=Decimal(price), category_id=category).id

    def customer(self, name: str, owner: str = "siti") -> int:
        with self.crm.work("ratna") as work:
            found = work.session.scalar(select(m.Customer.id).where(m.Customer.name == name))
            return found or add_customer(work, name=name, phones=[], owner=owner).id

    def order(self, day: tuple[int, int], customer: str, *lines: LineForm, by: str = "siti") -> int:
        """An order of 2026 at ten in the morning; its id."""
        customer_id = self.customer(customer, by)
        self.clock.now = datetime(2026, *day, 3, tzinfo=UTC)
        with self.crm.work(by) as work:
            receipt = take_order(work, OrderForm(customer_id, lines, intention=f"{day}{customer}{len(lines)}"))
            return receipt.order_id

    def line(self, order_id: int) -> int:
        with self.crm.work("ratna") as work:
            return work.session.scalars(select(m.OrderLine.id).where(m.OrderLine.order_id == order_id)).first() or 0

    def move(self, order_id: int, *statuses: OrderStatus) -> None:
        with self.crm.work("ratna") as work:
            for status in statuses:
                change_order_status(work, order_id, status, reason="tidak jadi")


def fill(address: str) -> None:
    """October of Siti's customers and one of Budi's; a little before and after."""
    clock = FrozenClock(NOW)
    books = Books(ecrm.connect(address, clock=clock), clock)
    clock.now = datetime(2026, 9, 1, 3, tzinfo=UTC)
    with books.crm.work("agus") as work:
        health = add_category(work, "Kesehatan")
    suit = books.product("SUIT", "Slim Suit", 499_000, health)
    pan = books.product("PAN", "Wajan Granit", 299_000)
    juicer = books.product("JUICER", "Juicer Buah", 899_000)

    books.order((9, 14), "Dewi Lestari", LineForm(pan))
    books.order((10, 5), "Dewi Lestari", LineForm(suit, 2), LineForm(juicer))
    returned = books.order((10, 8), "Andi Wijaya", LineForm(pan, 2))
    cancelled = books.order((10, 9), "Sri Mulyani Puspitasari", LineForm(suit))
    answered = books.order((10, 12), "Bambang Sudarsono", LineForm(suit))
    some_back = books.order((10, 15), "Rina Kartika", LineForm(pan, 3))
    books.order((10, 20), FORMULA, LineForm(pan))
    books.order((10, 22), "Tono Prasetyo", LineForm(juicer))
    books.order((10, 31), "Yuni Astuti", LineForm(suit))
    books.order((10, 18), "Rahasia Budi", LineForm(juicer, 2), by="budi")
    books.order((11, 3), "Andi Wijaya", LineForm(juicer))

    clock.now = datetime(2026, 11, 12, 3, tzinfo=UTC)
    books.move(returned, OrderStatus.SHIPPED, OrderStatus.RETURNED)
    books.move(cancelled, OrderStatus.CANCELLED)
    books.move(some_back, OrderStatus.SHIPPED)
    with books.crm.work("siti") as work:
        record_response(work, books.line(answered), rating=5, text="Enak dipakai, ukurannya pas")
        return_pieces(work, books.line(some_back), 1, reason="penyok")
        mark_do_not_call(work, books.customer("Tono Prasetyo"))
    books.crm.close()


@pytest.fixture
def october(database: Path, fresh_rows: None) -> str:
    """The served company, with orders."""
    fill(f"sqlite:///{database}")
    return f"sqlite:///{database}"


@pytest.fixture
def company(october: str) -> Iterator[Crm]:
    crm = ecrm.connect(october, clock=FrozenClock(NOW))
    yield crm
    crm.close()


def opened(page: Page, address: str, who: str = "siti", query: str = "") -> Page:
    log_in(page, address, who)
    settled(page)
    page.goto(f"{address}/transactions{query}")
    settled(page)
    return page


@pytest.fixture
def history(page: Page, address: str, october: str) -> Page:
    """Siti's transactions."""
    return opened(page, address)


def rows(page: Page) -> Locator:
    return page.locator("tr[data-id]")


def row(page: Page, text: str) -> Locator:
    return page.locator("tr[data-id]", has_text=text)


def customers(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("tr[data-id] a[href*='customer?code']").all_inner_texts()]


def field(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True)


def test_it_opens_on_the_month_before(history: Page) -> None:
    expect(history.locator("h1")).to_have_text("Transaksi")
    expect(history.get_by_text("Oktober 2026, pelanggan Anda")).to_be_visible()
    expect(field(history, "Bulan")).to_have_value("2026-10")
    expect(rows(history)).to_have_count(9)
    assert "Rahasia Budi" not in history.locator("main").inner_text()


def test_sums_are_said_in_words(history: Page) -> None:
    # 5,588,000 sold without the cancelled one; two wardrobes of pans came back, one of three more.
    expect(history.get_by_text("9 transaksi. Terjual Rp 5.588.000 (8 baris, 7 pesanan, 7 pelanggan).")).to_be_visible()
    expect(history.get_by_text("Kembali Rp 897.000 (2 baris, 2 pesanan, 2 pelanggan).")).to_be_visible()
    expect(history.get_by_text("Selisih Rp 4.691.000.")).to_be_visible()


def test_what_became_of_a_line_is_shown(history: Page) -> None:
    expect(row(history, "Sri Mulyani")).to_contain_text("Dibatalkan")
    expect(row(history, "Andi Wijaya")).to_contain_text("Dikembalikan")
    expect(row(history, "Rina Kartika")).to_contain_text("3, kembali 1")
    expect(row(history, "Bambang")).to_contain_text("★5 · Enak")
    expect(row(history, "Yuni")).to_contain_text("6 hari lagi")
    for without in ("Sri Mulyani", "Andi Wijaya"):
        expect(row(history, without).get_by_role("button", name="Respon")).to_have_count(0)


def test_month_and_year_lead_to_other_orders(history: Page) -> None:
    history.get_by_role("button", name="Lebih awal").click()
    expect(history.get_by_text("September 2026, pelanggan Anda")).to_be_visible()
    expect(rows(history)).to_have_count(1)
    expect(history).to_have_url(re.compile(r"transactions\?month=2026-09$"))
    history.reload()
    settled(history)
    expect(field(history, "Bulan")).to_have_value("2026-09")
    field(history, "Bulan").select_option("2026-11")
    expect(rows(history)).to_have_count(1)
    expect(history.get_by_role("button", name="Lebih baru")).to_be_disabled()
    field(history, "Bulan").select_option("2026")
    expect(history.get_by_text("12 transaksi.")).to_be_visible()
    expect(history).to_have_url(re.compile("month=2026$"))
    expect(history.get_by_text("Sepanjang 2026, pelanggan Anda")).to_be_visible()
    history.get_by_role("button", name="Lebih awal").click()
    expect(history.get_by_text("Sepanjang 2025, pelanggan Anda")).to_be_visible()
    expect(history.get_by_text("Pelanggan Anda tidak memesan apa pun dalam waktu ini.")).to_be_visible()
    expect(history).to_have_url(re.compile("month=2025$"))
    history.go_back()
    expect(field(history, "Bulan")).to_have_value("2026")
    history.go_back()
    expect(field(history, "Bulan")).to_have_value("2026-11")


def test_months_have_keys(history: Page) -> None:
    history.locator("h1").click()
    history.keyboard.press("[")
    expect(field(history, "Bulan")).to_have_value("2026-09")
    history.keyboard.press("]")
    history.keyboard.press("]")
    expect(field(history, "Bulan")).to_have_value("2026-11")
    history.keyboard.press("]")
    expect(rows(history)).to_have_count(1)
    expect(field(history, "Bulan")).to_have_value("2026-11")


def test_filters_narrow_rows_and_sums_together(history: Page) -> None:
    history.get_by_label("Cari produk").fill("wajan")
    expect(rows(history)).to_have_count(3)
    expect(history.get_by_text("3 transaksi. Terjual Rp 1.794.000")).to_be_visible()
    expect(history).to_have_url(re.compile("product=wajan"))
    field(history, "Status").select_option("returned")
    expect(rows(history)).to_have_count(1)
    expect(row(history, "Andi Wijaya")).to_be_visible()
    history.get_by_role("button", name="Hapus semua saringan").click()
    expect(rows(history)).to_have_count(9)
    field(history, "Tindak lanjut").select_option("due")
    expect(rows(history)).to_have_count(4)
    assert sorted(customers(history)) == sorted(["Dewi Lestari", "Dewi Lestari", "Rina Kartika", FORMULA])
    field(history, "Pelanggan").fill("dewi")
    field(history, "Pelanggan").press("Enter")
    expect(rows(history)).to_have_count(2)
    history.reload()
    settled(history)
    expect(rows(history)).to_have_count(2)
    expect(field(history, "Tindak lanjut")).to_have_value("due")
    history.get_by_label("Cari produk").fill("tidak ada ini")
    expect(history.get_by_text("Tidak ada transaksi yang cocok dengan saringan ini.")).to_be_visible()


def test_columns_sort_and_links_lead_on(history: Page) -> None:
    history.locator("thead").get_by_role("button", name="Pelanggan").click()
    expect(rows(history).first).to_contain_text(FORMULA[:12])
    expect(history).to_have_url(re.compile("sort=customer"))
    history.locator("thead").get_by_role("button", name="Pelanggan").click()
    expect(rows(history).first).to_contain_text("Yuni Astuti")
    history.locator("thead").get_by_role("button", name="Jumlah").click()
    expect(rows(history).first).to_contain_text("Rp 998.000")
    dewi = row(history, "Rp 998.000")
    expect(dewi.get_by_role("link", name="Dewi Lestari")).to_have_attribute("href", "./customer?code=C000001")
    expect(dewi.get_by_role("link", name=re.compile("^P0000"))).to_have_attribute("href", re.compile("order.number=P"))


def respond(page: Page, text: str) -> Locator:
    row(page, text).get_by_role("button", name=re.compile("Respon|Ubah")).click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    return dialog


def test_a_response_from_the_row_fills_the_date_and_is_undone(history: Page, company: Crm) -> None:
    dialog = respond(history, "Rina Kartika")
    expect(dialog.get_by_role("heading")).to_have_text("Respon Rina Kartika")
    dialog.get_by_role("button", name="Simpan respon").click()
    expect(dialog.get_by_text("Isian “Respon” belum diisi.")).to_be_visible()
    dialog.get_by_role("radio", name="4: Puas").click()
    dialog.get_by_label("Kata pelanggan").fill("Anti lengket sungguhan")
    dialog.get_by_role("combobox", name="Berminat juga pada").press_sequentially("kese")
    dialog.get_by_role("option", name="Kesehatan").click()
    dialog.get_by_role("button", name="Simpan respon").dblclick()
    expect(dialog).to_be_hidden()
    toast = history.locator(".toast", has_text="Respon Rina Kartika tentang Wajan Granit tercatat.")
    expect(toast).to_be_visible()
    expect(row(history, "Rina Kartika")).to_contain_text("★4 · Anti lengket")
    expect(row(history, "Rina Kartika")).to_contain_text("hari ini")
    with company.work("siti") as work:
        answers = work.session.scalars(select(m.Response).where(m.Response.rating == 4)).all()
        assert [answer.text for answer in answers] == ["Anti lengket sungguhan"]
        owed = work.session.get_one(m.FollowUp, answers[0].line_id)
        assert (owed.state, owed.followed_up_on) == (m.FollowUpState.ANSWERED, NOW.date())
        wanted = work.session.scalars(select(m.Interest)).one()
        assert wanted.category_id is not None
    toast.get_by_role("button", name="Urungkan").click()
    expect(row(history, "Rina Kartika")).not_to_contain_text("★4")
    with company.work("siti") as work:
        assert work.session.get_one(m.FollowUp, answers[0].line_id).state is m.FollowUpState.OPEN


def test_a_rating_of_one_opens_a_complaint(history: Page, company: Crm) -> None:
    dialog = respond(history, "Yuni Astuti")
    dialog.get_by_role("radio", name="1: Sangat tidak puas").check(force=True)
    expect(dialog.get_by_text("Membuka keluhan, dan penawaran berhenti sampai selesai.")).to_be_visible()
    history.keyboard.press("Control+Enter")
    expect(
        history.locator(".toast", has_text="Keluhan dibuka; jawaban ditunggu sampai Jum, 27 Nov 2026.")
    ).to_be_visible()
    with company.work("siti") as work:
        complaint = work.session.scalars(select(m.Complaint)).one()
        assert (complaint.kind, complaint.owner_id) == ("low_rating", work.employee_id)


def test_an_answer_is_corrected(history: Page, company: Crm) -> None:
    dialog = respond(history, "Bambang")
    expect(dialog.get_by_label("Kata pelanggan")).to_have_value("Enak dipakai, ukurannya pas")
    expect(dialog.get_by_role("radio", name="5: Sangat puas")).to_be_checked()
    dialog.get_by_label("Kata pelanggan").fill("Enak dipakai")
    history.keyboard.press("Control+Enter")
    expect(history.locator(".toast", has_text="diperbaiki")).to_be_visible()
    with company.work("siti") as work:
        assert work.session.scalars(select(m.Response.text)).all() == ["Enak dipakai"]


def test_who_asked_for_no_calls_is_named_in_the_dialog(history: Page) -> None:
    dialog = respond(history, "Tono Prasetyo")
    expect(dialog.get_by_text("Tono Prasetyo meminta agar tidak dihubungi")).to_be_visible()
    history.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_dialog_keeps_nobody_out(history: Page) -> None:
    dialog = respond(history, "Rina Kartika")
    dialog.get_by_role("button", name="Simpan respon").click()
    expect(dialog.get_by_text("belum diisi")).to_be_visible()
    dialog.get_by_role("combobox", name="Berminat juga pada").press_sequentially("kese")
    expect(dialog.get_by_role("option", name="Kesehatan")).to_be_visible()
    assert grave(history) == []


def test_it_is_worked_with_keys_alone(history: Page, company: Crm) -> None:
    history.locator("h1").click()
    history.keyboard.press("j")
    history.keyboard.press("j")
    history.keyboard.press("k")
    history.keyboard.press("r")
    dialog = history.locator("dialog[open]")
    expect(dialog.get_by_role("heading")).to_have_text("Respon Yuni Astuti")
    history.keyboard.press("j")  # belongs to nobody here, and must not move the list behind
    history.keyboard.press("3")
    expect(dialog.get_by_role("radio", name="3: Cukup")).to_be_checked()
    history.keyboard.press("Delete")
    expect(dialog.get_by_role("radio", name="3: Cukup")).not_to_be_checked()
    history.keyboard.press("5")
    history.keyboard.press("Tab")
    history.keyboard.type("Cocok, j k r")
    history.keyboard.press("Control+Enter")
    expect(row(history, "Yuni Astuti")).to_contain_text("★5 · Cocok, j k r")
    history.keyboard.press("/")
    expect(history.get_by_label("Cari produk")).to_be_focused()


def test_what_is_typed_outlives_a_cut_connection(page: Page, address: str, october: str, watch: Watch) -> None:
    for text in ("WebSocket", "websocket", "ERR_INTERNET_DISCONNECTED"):
        watch.forgive(text)
    # Chromium leaves open connections alone when it goes offline, so this one is closed as well.
    page.add_init_script(
        "window.sockets = []; const Native = WebSocket;"
        "window.WebSocket = class extends Native { constructor(...all) { super(...all); sockets.push(this); } };"
    )
    opened(page, address)
    dialog = respond(page, "Yuni Astuti")
    page.keyboard.press("4")
    dialog.get_by_label("Kata pelanggan").fill("Belum selesai")
    page.context.set_offline(True)
    page.evaluate("sockets.at(-1).close()")
    expect(page.get_by_text("Terputus.")).to_be_visible()
    dialog.get_by_label("Kata pelanggan").fill("Belum selesai menulis")
    page.context.set_offline(False)
    expect(page.get_by_text("Terputus.")).to_be_hidden(timeout=30_000)
    expect(dialog.get_by_label("Kata pelanggan")).to_have_value("Belum selesai menulis")
    expect(dialog.get_by_role("radio", name="4: Puas")).to_be_checked()
    dialog.get_by_role("button", name="Simpan respon").click()
    expect(row(page, "Yuni Astuti")).to_contain_text("★4 · Belum selesai menulis")


# The file


def downloaded(page: Page, button: str) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    path = Path(str(download.value.path()))
    target = path.with_name(download.value.suggested_filename)
    path.rename(target)
    return target


def test_the_workbook_is_what_the_screen_shows(history: Page, company: Crm) -> None:
    field(history, "Tindak lanjut").select_option("due")
    expect(rows(history)).to_have_count(4)
    file = downloaded(history, "Unduh Excel")
    assert file.name == "Transaksi 2026-10.xlsx"
    frame = pd.read_excel(file, engine="calamine")
    assert frame["Pelanggan"].tolist() == customers(history)
    assert (
        frame["Pesanan"].tolist() == history.locator("tr[data-id] a[href*='order?number']:not(.open)").all_inner_texts()
    )
    assert frame["Jumlah"].tolist() == [299_000, 897_000, 899_000, 998_000]
    assert frame["Jumlah barang"].tolist() == [1, 3, 1, 2]
    assert frame["Tanggal"].dt.strftime("%d").tolist() == ["20", "15", "05", "05"]
    assert frame["Jatuh tempo"].dt.strftime("%d.%m").tolist() == ["20.11", "15.11", "05.11", "05.11"]
    assert set(frame["Status"]) == {"Terjual"}
    expect(history.locator(".toast", has_text="Berkas sudah diunduh.")).to_be_visible()
    with company.work("ratna") as work:
        record = work.session.scalars(select(m.AuditRecord)).one()
        assert (record.kind, record.facts["count"]) == (m.AuditKind.EXPORT, 4)
        assert record.facts["filters"]["follow_up"] == "due"


def test_no_cell_of_a_csv_is_a_formula(history: Page) -> None:
    file = downloaded(history, "Unduh CSV")
    assert file.name == "Transaksi 2026-10.csv"
    text = file.read_text(encoding="utf-8-sig")
    read = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert len(read) == 9
    assert [each["Pelanggan"] for each in read if "HYPER" in each["Pelanggan"]] == [f"'{FORMULA}"]
    assert read[0]["Tanggal"] == "2026-10-31"
    assert "Rahasia Budi" not in text


def test_a_file_is_fetched_by_whom_it_was_offered_to_and_once(
    history: Page, browser: Browser, address: str, watch: Watch
) -> None:
    watch.forgive("Failed to load resource")
    with history.expect_request(re.compile("/export/")) as asked, history.expect_download():
        history.get_by_role("button", name="Unduh CSV").click()
    link = asked.value.url
    assert history.request.get(link).status == 404, "used up"

    history.route(re.compile("/export/"), lambda route: route.abort())
    with history.expect_event("requestfailed") as failed:
        history.get_by_role("button", name="Unduh CSV").click()
    link = failed.value.url
    expect(history.locator(".toast", has_text="Berkas tidak dapat dibuat.")).to_be_visible()
    history.unroute(re.compile("/export/"))
    assert browser.new_context().request.get(link, max_redirects=0).status == 403, "nobody's without a log-in"
    other = browser.new_context()
    page = other.new_page()
    log_in(page, address, "budi")
    settled(page)
    assert page.request.get(link).status == 404, "a colleague's"
    other.close()
    answer = history.request.get(link)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Transaksi%202026-10.csv"


def test_a_manager_sees_all_and_one_telemarketers(page: Page, address: str, october: str) -> None:
    opened(page, address, "ratna")
    expect(page.get_by_text("Oktober 2026, semua pelanggan")).to_be_visible()
    expect(rows(page)).to_have_count(10)
    field(page, "Penanggung jawab").select_option(label="Budi Santoso")
    expect(rows(page)).to_have_count(1)
    expect(row(page, "Rahasia Budi")).to_be_visible()


def test_another_telemarketers_filter_in_the_address_shows_nothing_more(page: Page, address: str, october: str) -> None:
    opened(page, address, "budi", "?month=2026-10&telemarketer=1&customer=dewi")
    expect(rows(page)).to_have_count(0)
    opened_again = page.goto(f"{address}/transactions?month=2026-99&sort=evil&page=-3&follow_up=x&state=y")
    assert opened_again is not None
    settled(page)
    expect(rows(page)).to_have_count(1)
    expect(row(page, "Rahasia Budi")).to_be_visible()


def test_it_speaks_english(history: Page) -> None:
    history.get_by_role("button", name="Ganti bahasa ke Inggris").click()
    expect(history.get_by_text("October 2026, your customers")).to_be_visible()
    expect(
        history.get_by_text("9 transactions. Sold Rp 5,588,000", exact=False).or_(
            history.get_by_text("9 transactions. Sold IDR")
        )
    ).to_be_visible()
    expect(row(history, "Sri Mulyani")).to_contain_text("Cancelled")
    file = downloaded(history, "Download CSV")
    assert file.name == "Transactions 2026-10.csv"
    read = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    assert {each["Status"] for each in read} == {"Sold", "Returned", "Cancelled"}


def test_on_a_phone_each_row_is_a_card(history: Page) -> None:
    history.set_viewport_size({"width": 390, "height": 844})
    expect(rows(history).first).to_have_class(re.compile("card"))
    assert history.evaluate("document.documentElement.scrollWidth") <= 390
    dialog = respond(history, "Rina Kartika")
    box = dialog.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    dialog.get_by_role("radio", name="5: Sangat puas").click()
    dialog.get_by_role("button", name="Simpan respon").click()
    expect(row(history, "Rina Kartika")).to_contain_text("★5")
