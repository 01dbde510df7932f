"""One customer on one page, as a telemarketer and a manager use it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

import ecrm_core as ecrm
from ecrm_core.crm import Crm
from ecrm_core.models import Channel, Customer, CustomerNote, Employee, Order, OrderLine, OrderStatus, Outcome, Product
from ecrm_core.services.contacts import record_contact
from ecrm_core.services.customers import add_interest, add_note
from ecrm_core.services.do_not_call import mark_do_not_call
from ecrm_core.services.door import take_door_order
from ecrm_core.services.followups import record_response
from ecrm_core.services.orders import LineForm, OrderForm, change_order_status, take_order
from ecrm_core.services.products import add_category, add_product
from tests.conftest import FrozenClock
from tests.e2e.company import NOW
from tests.e2e.conftest import Watch, log_in, settled
from tests.e2e.test_accessibility import grave

DEWI, ANDI, BUDIS = "C000001", "C000002", "C000900"


@pytest.fixture
def company(database: Path, fresh_rows: None) -> Iterator[Crm]:
    """Dewi has bought three times, answered, been called and is remembered for something."""
    clock = FrozenClock(NOW)
    crm = ecrm.connect(f"sqlite:///{database}", clock=clock)
    clock.now = NOW - timedelta(days=400)
    with crm.work("agus") as work:
        slimming = add_category(work, "Pelangsing khusus")
        suit = add_product(work, code="E2E-SUIT", name="Baju Langsing", price=Decimal(499_000), category_id=slimming)
        tea = add_product(work, code="E2E-TEA", name="Teh Langsing", price=Decimal(99_000), category_id=slimming)
    for days, product in ((120, suit.id), (78, tea.id), (36, suit.id)):
        clock.now = NOW - timedelta(days=days)
        with crm.work("siti") as work:
            dewi = work.session.scalars(select(Customer.id).where(Customer.code == DEWI)).one()
            receipt = take_order(work, OrderForm(dewi, [LineForm(product)], intention=f"dewi {days}"))
            change_order_status(work, receipt.order_id, OrderStatus.SHIPPED)
            change_order_status(work, receipt.order_id, OrderStatus.DELIVERED)
            if days == 120:
                line = work.session.scalars(select(OrderLine.id).where(OrderLine.order_id == receipt.order_id)).one()
                record_response(work, line, rating=4, text="Nyaman dipakai")
                add_interest(work, dewi, product_id=tea.id)
    clock.now = NOW - timedelta(days=2)
    with crm.work("siti") as work:
        record_contact(work, dewi, channel=Channel.PHONE, outcome=Outcome.NO_ANSWER)
        add_note(work, dewi, "Suka ditelepon sore hari")
    clock.now = NOW
    yield crm
    crm.close()


def opened(page: Page, address: str, username: str, url: str = f"customer?code={DEWI}") -> Page:
    log_in(page, address, username)
    settled(page)
    page.goto(f"{address}/{url}")
    settled(page)
    return page


def write_notes(crm: Crm, count: int) -> None:
    """Older than everything else."""
    with crm.system("test company") as work:
        siti = work.session.scalars(select(Employee.id).where(Employee.username == "siti")).one()
        dewi = work.session.scalars(select(Customer.id).where(Customer.code == DEWI)).one()
        work.session.add_all(
            CustomerNote(customer_id=dewi, text=f"catatan ke-{place}", at=NOW - timedelta(days=300 + place), by_id=siti)
            for place in range(count)
        )


@pytest.fixture
def dewi(page: Page, address: str, company: Crm) -> Page:
    """Siti looks at Dewi."""
    return opened(page, address, "siti")


def other(browser: Browser, watch: Watch, address: str, username: str) -> Page:
    """A window of somebody else, or of the same employee at another computer."""
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    watch.over(page)
    return opened(page, address, username)


def entry(page: Page, text: str) -> Locator:
    return page.locator("li.entry:visible", has_text=text)


def toast(page: Page, text: str) -> Locator:
    return page.locator(".toast", has_text=text)


def edit(page: Page) -> Locator:
    page.get_by_role("button", name="Ubah", exact=True).click()
    return page.get_by_role("form", name="Ubah data pelanggan")


def stored(database: Path, column: str, code: str = DEWI) -> object:
    with closing(sqlite3.connect(database, timeout=20)) as connection:
        return connection.execute(f"SELECT {column} FROM customer WHERE code = ?", (code,)).fetchone()[0]


# What it tells


def test_everything_of_a_customer_is_on_one_page(dewi: Page) -> None:
    expect(dewi).to_have_title(re.compile("^Dewi Lestari · "))
    expect(dewi.locator("h1:visible")).to_have_text("Dewi Lestari")
    main = dewi.locator("main")
    for text in (
        "C000001",
        "6 bulan",
        "sejak 19 Nov",
        "3 pesanan, Rp 1.097.000 terjual.",
        "3 Des 1979",
        "46 tahun",
        "Bandung",
        "Biasanya membeli tiap 6 minggu; rata-rata Rp 365.667 tiap pesanan.",
        "Tanyakan Baju Langsing",
        "lewat sejak 19 Nov",
        "Nyaman dipakai",
        "Pelangsing khusus",
        "Berapa belanjanya tiap bulan?",
    ):
        expect(main.get_by_text(text, exact=False).locator("visible=true").first).to_be_visible()
    expect(entry(dewi, "Suka ditelepon sore hari")).to_be_visible()
    expect(entry(dewi, "Telepon: Tidak diangkat")).to_be_visible()
    expect(dewi.locator("svg.chart")).to_have_attribute(
        "aria-label", re.compile("Rp 1.097.000 dalam 24 bulan terakhir")
    )
    dewi.get_by_text("Lihat sebagai tabel").click()
    expect(dewi.get_by_role("row", name=re.compile("Oktober 2026.*Rp 499.000"))).to_be_visible()


def test_contact_buttons_call_write_and_mail(dewi: Page, address: str) -> None:
    call = dewi.get_by_role("link", name="Telepon Dewi Lestari")
    expect(call).to_have_attribute("href", "tel:+628123456789")
    message = dewi.get_by_role("link", name="WhatsApp Dewi Lestari").get_attribute("href") or ""
    assert message.startswith("https://wa.me/628123456789?text=Halo%20Dewi%20Lestari%2C%20saya%20Siti%20dari")
    expect(dewi.get_by_role("link", name="E-mail ke")).to_have_count(0)
    dewi.goto(f"{address}/customer?code={ANDI}")
    settled(dewi)
    mail = dewi.get_by_role("link", name="E-mail ke Andi Wijaya").get_attribute("href") or ""
    assert mail.startswith("mailto:andi.wijaya@example.com?subject=")


def test_a_manager_sees_who_looks_after_them_and_everything_in_english(page: Page, address: str, company: Crm) -> None:
    opened(page, address, "ratna")
    expect(page.locator("dl.facts")).to_contain_text("Siti Rahayu")
    page.get_by_role("button", name="Ganti bahasa ke Inggris").click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    for text in ("3 orders, IDR 1,097,000 sold.", "6 months", "Usually buys every 6 weeks", "Still open"):
        expect(page.locator("main").get_by_text(text).first).to_be_visible()
    expect(entry(page, "taken by Siti Rahayu").first).to_be_visible()
    assert "Pesanan" not in page.locator("main").inner_text()


@pytest.mark.parametrize("code", ["C999999", BUDIS, "", "C000001'"])
def test_missing_and_a_colleagues_get_one_sentence(page: Page, address: str, company: Crm, code: str) -> None:
    opened(page, address, "siti", f"customer?code={code}")
    expect(page.locator("h1:visible")).to_have_text("Pelanggan tidak ditemukan")
    expect(page.get_by_text("Pelanggan ini tidak ada, atau bukan pelanggan Anda.")).to_be_visible()
    expect(page.get_by_role("link", name="Ke daftar pelanggan")).to_be_visible()
    assert "Rahasia" not in page.content()
    expect(page.get_by_role("button", name="Ubah", exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", name="Riwayat")).to_have_count(0)


def test_who_took_a_door_order_gets_the_same_sentence(page: Page, address: str, company: Crm) -> None:
    with company.system("test company") as work:
        budi = work.session.scalars(select(Employee.id).where(Employee.username == "budi")).one()
        order = work.session.scalars(select(Order).where(Order.intention == "dewi 36")).one()
        order.door_taker_id = budi
        work.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one().door_taker_id = budi
    opened(page, address, "budi")
    expect(page.get_by_text("Pelanggan ini tidak ada, atau bukan pelanggan Anda.")).to_be_visible()
    assert "Dewi" not in page.content()


def test_nobody_may_contact_who_asked_for_none(page: Page, address: str, company: Crm) -> None:
    with company.work("siti") as work:
        mark_do_not_call(work, work.session.scalars(select(Customer.id).where(Customer.code == DEWI)).one())
    opened(page, address, "siti")
    expect(page.get_by_text("Dewi Lestari meminta agar tidak dihubungi sejak 24 Nov 2026.")).to_be_visible()
    for scheme in ("tel:", "https://wa.me", "mailto:"):
        expect(page.locator(f"main a[href^='{scheme}']")).to_have_count(0)
    page.get_by_role("button", name="Catat kontak").click()
    form = page.get_by_role("form", name="Catat kontak")
    form.get_by_label("Arah").select_option("outgoing")
    form.get_by_role("button", name="Simpan kontak").click()
    expect(form.get_by_text("meminta agar tidak dihubungi")).to_be_visible()
    form.get_by_label("Arah").select_option("incoming")
    form.get_by_role("button", name="Simpan kontak").click()
    expect(entry(page, "Telepon masuk: Tercapai")).to_be_visible()


# What is done here


def test_a_note_is_written_by_keyboard_and_stays(dewi: Page) -> None:
    dewi.keyboard.press("n")
    dewi.keyboard.type("Anaknya menikah bulan depan")
    dewi.keyboard.press("Control+Enter")
    expect(toast(dewi, "Catatan untuk Dewi Lestari tersimpan.")).to_be_visible()
    expect(entry(dewi, "Anaknya menikah bulan depan")).to_be_visible()
    dewi.reload()
    settled(dewi)
    expect(entry(dewi, "Anaknya menikah bulan depan")).to_have_count(1)


def test_an_empty_note_is_refused_in_place(dewi: Page) -> None:
    dewi.get_by_role("button", name="Catatan baru").click()
    dewi.get_by_role("button", name="Simpan catatan").click()
    expect(dewi.get_by_text("Tulis catatannya dahulu.")).to_be_visible()
    dewi.keyboard.press("Escape")
    expect(dewi.get_by_role("button", name="Simpan catatan")).to_have_count(0)


def test_a_contact_with_a_call_back_goes_on_the_agenda(dewi: Page, address: str) -> None:
    dewi.keyboard.press("c")
    form = dewi.get_by_role("form", name="Catat kontak")
    form.get_by_label("Hasil").select_option("call_back")
    form.get_by_role("button", name="Simpan kontak").click()
    expect(form.get_by_text("Pilih hari telepon kembali.")).to_be_visible()
    form.get_by_label("Telepon kembali pada").fill("2026-11-25")
    form.get_by_label("Jam").fill("1430")
    form.get_by_label("Catatan").fill("Sedang memasak")
    form.get_by_role("button", name="Simpan kontak").click()
    expect(toast(dewi, "telepon kembali ada di agenda untuk besok pukul 14.30")).to_be_visible()
    expect(entry(dewi, "Sedang memasak")).to_contain_text("Telepon: Telepon kembali")


def test_a_response_is_recorded_from_what_was_bought(dewi: Page) -> None:
    dewi.get_by_role("button", name="Nilai 4 untuk Baju Langsing; catat respon baru").click()
    dialog = dewi.get_by_role("dialog")
    expect(dialog).to_contain_text("Respon untuk Baju Langsing")
    dialog.get_by_role("button", name="Simpan respon").click()
    expect(dialog.get_by_role("alert").filter(has_text=re.compile(".")).first).to_be_visible()
    dialog.get_by_role("radio", name="5: baik sekali").click()
    dialog.get_by_label("Kata Dewi Lestari").fill("Makin suka")
    dialog.get_by_role("button", name="Simpan respon").click()
    expect(toast(dewi, "Respon untuk Baju Langsing tercatat.")).to_be_visible()
    expect(entry(dewi, "Makin suka")).to_be_visible()
    expect(dewi.get_by_text("Tanyakan Baju Langsing")).to_have_count(0)


def test_a_poor_rating_opens_a_complaint_that_is_solved_here(dewi: Page) -> None:
    dewi.get_by_role("button", name="Catat respon untuk Baju Langsing").first.click()
    dialog = dewi.get_by_role("dialog")
    dialog.get_by_role("radio", name="1: buruk sekali").click()
    dialog.get_by_role("button", name="Simpan respon").click()
    expect(toast(dewi, "keluhan dibuka")).to_be_visible()
    dewi.get_by_role("button", name="Selesaikan keluhan nilai rendah").click()
    dialog.get_by_label("Penyelesaian").fill("Ditukar ukuran L")
    dialog.get_by_role("button", name="Tandai selesai").click()
    expect(entry(dewi, "Penyelesaian: Ditukar ukuran L")).to_contain_text("Selesai")
    expect(dewi.get_by_role("button", name="Selesaikan keluhan nilai rendah")).to_have_count(0)


def test_a_complaint_is_opened_by_hand_and_a_follow_up_closed_with_a_reason(dewi: Page) -> None:
    dewi.get_by_role("button", name="Catat keluhan").click()
    dialog = dewi.get_by_role("dialog", name="Keluhan Dewi Lestari")
    dialog.get_by_label("Tentang apa").select_option("pengiriman")
    dialog.get_by_role("button", name="Simpan keluhan").click()
    expect(dialog.get_by_text("Tulis apa yang dikeluhkan.")).to_be_visible()
    dialog.get_by_label("Kata Dewi Lestari").fill("Paketnya belum sampai")
    dewi.keyboard.press("Control+Enter")
    expect(toast(dewi, "Keluhan Dewi Lestari tercatat; jawabannya ditunggu paling lambat 27 Nov.")).to_be_visible()
    waiting = dewi.get_by_role("region", name="Masih terbuka")
    expect(waiting.get_by_role("listitem").filter(has_text="Keluhan: pengiriman")).to_contain_text("Paketnya belum")
    expect(entry(dewi, "Paketnya belum sampai")).to_be_visible()

    asked = waiting.get_by_role("listitem").filter(has_text="Tanyakan")
    before = asked.count()
    asked.first.get_by_role("button", name="Tutup tindak lanjut").click()
    dialog = dewi.get_by_role("dialog", name="Tutup tanpa respon")
    dialog.get_by_role("button", name="Tutup", exact=True).click()
    expect(dialog.get_by_text("belum diisi")).to_be_visible()
    dialog.get_by_label("Alasan").fill("Sudah diberikan kepada adiknya")
    dialog.get_by_role("button", name="Tutup", exact=True).click()
    expect(asked).to_have_count(before - 1)
    expect(entry(dewi, "Sudah diberikan kepada adiknya")).to_be_visible()


def test_what_a_colleague_typed_with_an_order_is_taken_over(
    page: Page, address: str, company: Crm, database: Path
) -> None:
    with company.work("budi") as work:
        tea = work.session.scalars(select(Product.id).where(Product.code == "E2E-TEA")).one()
    with company.work("budi") as work:
        place = {"ship_phone": "0857 7777 7777", "ship_address": "Jalan Baru 5", "ship_city": "Cimahi"}
        number = take_door_order(work, DEWI, OrderForm(0, [LineForm(tea)], "door", **place)).number
    opened(page, address, "siti")
    waiting = page.get_by_role("region", name="Masih terbuka")
    offer = waiting.get_by_role("listitem").filter(has_text="mengusulkan perubahan data")
    for text in ("Budi", number, "Alamat:", "Jalan Baru 5", "Kota: Bandung → Cimahi", "Nomor tambahan: 0857 7777 7777"):
        expect(offer).to_contain_text(text)
    offer.get_by_role("button", name="Pakai data dari").click()
    expect(toast(page, "Data Dewi Lestari diperbarui.")).to_be_visible()
    expect(offer).to_have_count(0)
    assert (stored(database, "address"), stored(database, "city")) == ("Jalan Baru 5", "Cimahi")


def test_an_interest_is_added_withdrawn_and_brought_back(dewi: Page) -> None:
    stated = dewi.locator(".interests .group").first
    dewi.locator(".interests").get_by_role("button", name="Tambah").click()
    dialog = dewi.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Produk atau kategori").fill("pelangsing kh")
    dialog.get_by_role("option", name="Pelangsing khusus").click()
    dialog.get_by_role("button", name="Tambah minat").click()
    expect(stated).to_contain_text("Pelangsing khusus")
    dewi.get_by_role("button", name="Tidak berminat lagi: Teh Langsing").click()
    expect(stated).not_to_contain_text("Teh Langsing")
    toast(dewi, "Minat Teh Langsing dihapus.").get_by_role("button", name="Urungkan").click()
    expect(stated).to_contain_text("Teh Langsing")


def test_the_timeline_is_filtered_and_loaded_page_by_page(page: Page, address: str, company: Crm) -> None:
    write_notes(company, 40)
    opened(page, address, "siti")
    expect(page.locator("li.entry")).to_have_count(30)
    page.get_by_role("button", name="Muat lebih lama").click()
    expect(entry(page, "catatan ke-39")).to_be_visible()
    expect(page.get_by_role("button", name="Muat lebih lama")).to_have_count(0)
    page.get_by_role("button", name="Pesanan", exact=True).click()
    expect(page.get_by_role("button", name="Pesanan", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("li.entry")).to_have_count(3)
    page.get_by_role("button", name="Ucapan", exact=True).click()
    expect(page.get_by_text("Belum ada yang seperti ini di riwayat.")).to_be_visible()
    page.get_by_role("button", name="Semua", exact=True).click()
    expect(page.locator("li.entry")).to_have_count(30)


# Corrections


def test_fields_are_corrected_in_place_and_undone(dewi: Page, database: Path) -> None:
    form = edit(dewi)
    form.get_by_label("Kota").fill("Cimahi")
    form.get_by_label("Tahun").fill("")
    form.get_by_role("button", name="Tambah nomor").click()
    form.get_by_label("Nomor telepon 2").fill("021-555 0101")
    form.get_by_role("button", name="Simpan", exact=True).click()
    expect(toast(dewi, "Data Dewi Lestari tersimpan.")).to_be_visible()
    facts = dewi.locator("dl.facts")
    expect(facts).to_contain_text("Cimahi")
    expect(facts).to_contain_text("(021) 5550101")
    expect(facts).to_contain_text("3 Des")
    expect(facts).not_to_contain_text("1979")
    toast(dewi, "tersimpan").get_by_role("button", name="Urungkan").click()
    expect(facts).to_contain_text("Bandung")
    expect(facts).to_contain_text("3 Des 1979")
    expect(facts).not_to_contain_text("5550101")
    assert stored(database, "city") == "Bandung"


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("Nama", "  ", "Isian “Nama” belum diisi."),
        ("E-mail", "dewi@", "bukan alamat e-mail"),
        ("Nomor telepon 1", "12", "bukan nomor telepon"),
        ("Tgl", "31", "Tanggal lahir itu tidak ada"),
    ],
)
def test_what_cannot_be_kept_is_said_beside_its_field(dewi: Page, field: str, typed: str, sentence: str) -> None:
    form = edit(dewi)
    form.get_by_label("Bulan").select_option("2")
    form.get_by_label("Kota").fill("Cimahi")
    form.get_by_label(field, exact=True).fill(typed)
    if field != "Tgl":
        form.get_by_label("Bulan").select_option("12")
    form.get_by_role("button", name="Simpan", exact=True).click()
    expect(form.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    expect(form.get_by_label(field, exact=True)).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label(field, exact=True)).to_have_value(typed)
    expect(form.get_by_label("Kota")).to_have_value("Cimahi")
    form.get_by_label(field, exact=True).fill("1")
    expect(form.get_by_role("alert").filter(has_text=sentence)).to_have_count(0)


def test_the_second_of_two_editors_is_told_and_chooses(
    dewi: Page, browser: Browser, watch: Watch, address: str, database: Path
) -> None:
    mine = edit(dewi)
    mine.get_by_label("Kota").fill("Cimahi")
    mine.get_by_label("Provinsi").fill("Jawa Barat")
    ratna = other(browser, watch, address, "ratna")
    theirs = edit(ratna)
    theirs.get_by_label("Kota").fill("Lembang")
    theirs.get_by_label("Kode pos").fill("40391")
    theirs.get_by_role("button", name="Simpan", exact=True).click()
    expect(toast(ratna, "tersimpan")).to_be_visible()

    mine.get_by_role("button", name="Simpan", exact=True).click()
    told = mine.get_by_role("alert").filter(has_text="Ratna Dewi sudah mengubah data ini hari ini pukul 09.")
    expect(told).to_contain_text("Kota, Kode pos")
    assert stored(database, "city") == "Lembang"
    assert stored(database, "province") is None
    choice = mine.get_by_role("group", name="Kota", exact=True)
    expect(choice).to_contain_text("Semula: Bandung")
    expect(choice).to_contain_text("Yang tersimpan: Lembang")
    expect(choice).to_contain_text("Ketikan Anda: Cimahi")
    expect(mine).to_contain_text("Kode pos sekarang: 40391")
    expect(mine.get_by_label("Kode pos", exact=True)).to_have_value("40391")

    mine.get_by_role("button", name="Simpan", exact=True).click()
    expect(mine.get_by_text("Pilih dahulu salah satu")).to_be_visible()
    choice.get_by_label("Yang tersimpan").check()
    expect(mine.get_by_label("Kota", exact=True)).to_have_value("Lembang")
    choice.get_by_label("Ketikan Anda").check()
    expect(mine.get_by_label("Kota", exact=True)).to_have_value("Cimahi")
    mine.get_by_role("button", name="Simpan", exact=True).click()
    expect(toast(dewi, "tersimpan")).to_be_visible()
    assert [stored(database, each) for each in ("city", "province", "postcode")] == ["Cimahi", "Jawa Barat", "40391"]
    ratna.context.close()


def test_two_windows_of_one_employee_overwrite_nothing(
    dewi: Page, browser: Browser, watch: Watch, address: str, database: Path
) -> None:
    form = edit(dewi)
    form.get_by_label("Nama").fill("Dewi L. Hartono")
    again = other(browser, watch, address, "siti")
    second = edit(again)
    second.get_by_label("Nama").fill("Dewi Lestari Hartono")
    second.get_by_role("button", name="Simpan", exact=True).click()
    expect(again.locator("h1:visible")).to_have_text("Dewi Lestari Hartono")
    form.get_by_role("button", name="Simpan", exact=True).click()
    expect(form.get_by_text("Siti Rahayu sudah mengubah data ini")).to_be_visible()
    form.get_by_role("group", name="Nama", exact=True).get_by_label("Yang tersimpan").check()
    form.get_by_role("button", name="Simpan", exact=True).click()
    expect(form).to_have_count(0)
    assert stored(database, "name") == "Dewi Lestari Hartono"
    again.context.close()


def test_what_is_typed_stays_with_its_customer(dewi: Page) -> None:
    edit(dewi).get_by_label("Kota").fill("Cimahi")
    go(dewi, f"customer?code={ANDI}")
    expect(dewi.locator("h1:visible")).to_have_text("Andi Wijaya")
    expect(dewi.get_by_role("form", name="Ubah data pelanggan")).to_have_count(0)
    go(dewi, f"customer?code={DEWI}")
    form = dewi.get_by_role("form", name="Ubah data pelanggan")
    expect(form.get_by_label("Kota")).to_have_value("Cimahi")
    expect(form).to_contain_text("Ketikan Anda yang belum disimpan masih ada.")
    form.get_by_role("button", name="Batal").click()
    expect(dewi.locator("dl.facts")).to_contain_text("Bandung")


def test_what_is_typed_survives_a_cut_connection(page: Page, address: str, company: Crm, watch: Watch) -> None:
    for text in ("WebSocket", "websocket", "ERR_INTERNET_DISCONNECTED"):
        watch.forgive(text)
    # Chromium leaves open connections alone when it goes offline, so this one is closed as well.
    page.add_init_script(
        "window.sockets = []; const Native = WebSocket;"
        "window.WebSocket = class extends Native { constructor(...all) { super(...all); sockets.push(this); } };"
    )
    opened(page, address, "siti")
    page.keyboard.press("n")
    page.keyboard.type("Jangan hilang")
    edit(page).get_by_label("Kota").fill("Cimahi")
    page.context.set_offline(True)
    page.evaluate("sockets.at(-1).close()")
    expect(page.get_by_text("Terputus. Ketikan Anda aman, menyambung kembali…")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("Terputus.")).to_be_hidden(timeout=30_000)
    expect(page.get_by_label("Catatan", exact=True)).to_have_value("Jangan hilang")
    form = page.get_by_role("form", name="Ubah data pelanggan")
    expect(form.get_by_label("Kota")).to_have_value("Cimahi")
    form.get_by_role("button", name="Simpan", exact=True).click()
    expect(page.locator("dl.facts")).to_contain_text("Cimahi")


# Getting here and away


def go(page: Page, url: str) -> None:
    page.evaluate("(url) => document.dispatchEvent(new CustomEvent('ecrm:go', { detail: { url } }))", url)


def test_back_and_forward_and_a_reload_find_the_same_customer(dewi: Page, address: str) -> None:
    dewi.evaluate("window.sameDocument = true")
    go(dewi, f"customer?code={ANDI}")
    expect(dewi.locator("h1:visible")).to_have_text("Andi Wijaya")
    expect(dewi).to_have_url(f"{address}/customer?code={ANDI}")
    dewi.go_back()
    expect(dewi.locator("h1:visible")).to_have_text("Dewi Lestari")
    dewi.go_forward()
    expect(dewi.locator("h1:visible")).to_have_text("Andi Wijaya")
    expect(dewi).to_have_title(re.compile("^Andi Wijaya · "))
    assert dewi.evaluate("window.sameDocument")
    dewi.reload()
    settled(dewi)
    expect(dewi.locator("h1:visible")).to_have_text("Andi Wijaya")


def test_a_customer_is_opened_from_the_palette_and_from_the_list(home: Page, address: str, company: Crm) -> None:
    home.evaluate("window.sameDocument = true")
    home.keyboard.press("Control+k")
    home.keyboard.type("dewi les")
    home.get_by_role("option", name=re.compile("Dewi Lestari")).click()
    expect(home.locator("h1:visible")).to_have_text("Dewi Lestari")
    home.keyboard.press("Escape")
    expect(home).to_have_url(re.compile("/customers$"))
    home.get_by_role("link", name=re.compile("Andi Wijaya")).first.click()
    expect(home.locator("h1:visible")).to_have_text("Andi Wijaya")
    expect(home.get_by_text("1 dari 7")).to_be_visible()
    home.keyboard.press("o")
    expect(home).to_have_url(re.compile(r"/orders\?customer=C000002"))
    assert home.evaluate("window.sameDocument")


def test_the_list_one_came_from_is_walked(page: Page, address: str, company: Crm) -> None:
    opened(page, address, "siti", f"customer?code={DEWI}&list=sort%3Dname")
    expect(page.get_by_text("3 dari 7")).to_be_visible()  # Andi, Bambang, Dewi, …
    page.evaluate("window.sameDocument = true")
    page.keyboard.press("[")
    expect(page.locator("h1:visible")).to_have_text("Bambang Sudarsono")
    expect(page.get_by_text("2 dari 7")).to_be_visible()
    page.get_by_role("link", name="Pelanggan sebelumnya").click()
    expect(page.locator("h1:visible")).to_have_text("Andi Wijaya")
    expect(page.get_by_role("link", name="Pelanggan sebelumnya")).to_have_count(0)
    page.keyboard.press("]")
    expect(page.locator("h1:visible")).to_have_text("Bambang Sudarsono")
    page.keyboard.press("]")
    expect(page.locator("h1:visible")).to_have_text("Dewi Lestari")
    expect(page).to_have_url(re.compile(r"code=C000001&list=sort%3Dname$"))
    assert page.evaluate("window.sameDocument")


def test_the_timeline_is_walked_by_keyboard(dewi: Page) -> None:
    dewi.keyboard.press("j")
    expect(dewi.locator("li.entry").first).to_be_focused()
    dewi.keyboard.press("j")
    dewi.keyboard.press("j")
    dewi.keyboard.press("k")
    expect(dewi.locator("li.entry").nth(1)).to_be_focused()


@pytest.mark.parametrize("username", ["siti", "ratna"])
def test_on_a_phone_nothing_is_cut_off(page: Page, address: str, company: Crm, username: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    write_notes(company, 4)
    opened(page, address, username)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.locator("li.entry")).to_have_count(8)
    page.get_by_role("button", name="Muat lebih lama").click()
    expect(page.locator("li.entry")).to_have_count(10)
    page.get_by_role("button", name="Ubah", exact=True).click()
    expect(page.get_by_label("Nama", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Batal").click()
    page.get_by_role("button", name="Catat kontak").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_axe_finds_nothing(page: Page, address: str, company: Crm, appearance: str) -> None:
    opened(page, address, "siti", f"customer?code={DEWI}&list=sort%3Dname")
    page.evaluate("(value) => window.ecrmTheme(value)", appearance)
    page.keyboard.press("c")
    page.get_by_role("button", name="Ubah", exact=True).click()
    page.wait_for_timeout(200)
    assert grave(page) == []
