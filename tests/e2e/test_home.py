"""The agenda, the news and the birthdays, as somebody uses them."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import log_in, settled


def row(page: Page, title: str) -> Locator:
    return page.locator("li.row", has_text=title)


def titles(page: Page) -> list[str]:
    return page.locator("li.row .line").all_inner_texts()


def toast(page: Page, text: str) -> Locator:
    return page.locator(".toast", has_text=text)


def reloaded(page: Page) -> None:
    page.reload()
    settled(page)


def test_the_morning_is_told_in_numbers(home: Page) -> None:
    expect(home).to_have_title(re.compile("^Beranda · "))
    expect(home.locator("h1")).to_have_text("Selamat pagi, Siti.")
    expect(home.get_by_text("3 telepon hari ini, 1 janji, 4 ulang tahun.")).to_be_visible()
    assert titles(home) == [
        "Andi Wijaya · Tindak lanjut Slim Suit",
        "Dewi Lestari · Telepon kembali, janji kemarin",
        "Siapkan daftar harga baru",
        "Sri Mulyani Puspitasari · Hampir tidak aktif, 5 bulan 3 minggu",
        "Kirim brosur ke Pak Tono",
    ]
    expect(row(home, "Andi Wijaya")).to_contain_text("4 hari lewat")
    expect(home.get_by_text("selesai 1 dari 5")).to_be_visible()
    assert "Rahasia Budi" not in home.locator("main").inner_text()


def test_an_item_is_added_with_its_time_and_note(home: Page) -> None:
    home.get_by_role("button", name="Baru", exact=True).click()
    home.get_by_label("Kegiatan", exact=True).fill("Telepon gudang")
    home.get_by_label("Jam").fill("830")
    home.get_by_label("Catatan").fill("Tanya stok Juicer")
    home.get_by_role("button", name="Simpan kegiatan").click()
    expect(toast(home, "“Telepon gudang” tersimpan.")).to_be_visible()
    reloaded(home)
    expect(row(home, "Telepon gudang")).to_contain_text("08.30")
    expect(row(home, "Telepon gudang")).to_contain_text("Tanya stok Juicer")
    expect(home.get_by_text("selesai 1 dari 6")).to_be_visible()


def test_a_double_click_makes_one_item(home: Page) -> None:
    home.get_by_role("button", name="Baru", exact=True).click()
    home.get_by_label("Kegiatan", exact=True).fill("Hanya sekali")
    home.get_by_role("button", name="Simpan kegiatan").dblclick()
    expect(toast(home, "Hanya sekali")).to_be_visible()
    reloaded(home)
    expect(row(home, "Hanya sekali")).to_have_count(1)


def test_wrong_input_is_said_beside_its_field_and_kept(home: Page) -> None:
    home.get_by_role("button", name="Baru", exact=True).click()
    home.get_by_label("Jam").fill("25.70")
    home.get_by_role("button", name="Simpan kegiatan").click()
    expect(home.get_by_text("Tulis apa yang akan dikerjakan.")).to_be_visible()
    expect(home.get_by_label("Kegiatan", exact=True)).to_be_focused()
    home.get_by_label("Kegiatan", exact=True).fill("Rapat")
    home.get_by_role("button", name="Simpan kegiatan").click()
    expect(home.get_by_text("Tulis jam seperti 09.30, atau kosongkan.")).to_be_visible()
    expect(home.get_by_text("Tulis apa yang akan dikerjakan.")).to_be_hidden()
    expect(home.get_by_label("Jam")).to_have_value("25.70")
    expect(home.get_by_label("Kegiatan", exact=True)).to_have_value("Rapat")
    home.get_by_role("button", name="Batal").click()
    expect(row(home, "Rapat")).to_have_count(0)


def test_the_radio_button_chooses_what_is_edited(home: Page) -> None:
    expect(home.get_by_role("button", name="Ubah")).to_be_disabled()
    row(home, "Siapkan daftar harga").get_by_role("radio").check()
    home.get_by_role("button", name="Ubah").click()
    expect(home.get_by_label("Jam")).to_have_value("14.00")
    home.get_by_label("Kegiatan", exact=True).fill("Cetak daftar harga baru")
    home.get_by_label("Jam").fill("")
    home.get_by_label("Catatan").fill("")
    home.get_by_role("button", name="Simpan kegiatan").click()
    expect(row(home, "Cetak daftar harga baru")).to_be_visible()
    reloaded(home)
    expect(row(home, "Siapkan daftar harga")).to_have_count(0)
    expect(row(home, "Cetak daftar harga baru").locator(".at")).to_have_text("")


def test_an_item_for_another_day_leaves_today(home: Page) -> None:
    row(home, "Siapkan daftar harga").get_by_role("radio").check()
    home.get_by_role("button", name="Ubah").click()
    home.get_by_label("Hari", exact=True).fill("2026-11-26")
    expect(home.get_by_text("Kamis, 26 Nov 2026")).to_be_visible()
    home.get_by_role("button", name="Simpan kegiatan").click()
    expect(toast(home, "tersimpan untuk 2 hari lagi")).to_be_visible()
    expect(row(home, "Siapkan daftar harga")).to_have_count(0)
    expect(home.get_by_text("selesai 1 dari 4")).to_be_visible()


def test_ticking_off_is_kept_and_undone(home: Page) -> None:
    row(home, "Dewi Lestari").get_by_role("checkbox").check()
    expect(row(home, "Dewi Lestari")).to_have_class(re.compile("done"))
    expect(home.get_by_text("selesai 2 dari 5")).to_be_visible()
    expect(home.get_by_text("2 telepon hari ini, 4 ulang tahun.")).to_be_visible()
    expect(home.locator(".entry .count").first).to_have_text("3")
    assert titles(home)[1].startswith("Dewi Lestari"), "rows must not move under the mouse"
    toast(home, "selesai").get_by_role("button", name="Urungkan").click()
    expect(home.get_by_text("selesai 1 dari 5")).to_be_visible()
    reloaded(home)
    expect(row(home, "Dewi Lestari").get_by_role("checkbox")).not_to_be_checked()


def test_a_done_item_can_be_opened_again(home: Page) -> None:
    row(home, "Kirim brosur").get_by_role("checkbox").uncheck()
    expect(home.get_by_text("selesai 0 dari 5")).to_be_visible()
    # Drawn before the server has answered; the frame counts anew once it has.
    expect(home.locator(".entry .count").first).to_have_text("5")
    reloaded(home)
    expect(row(home, "Kirim brosur").get_by_role("checkbox")).not_to_be_checked()


def test_deleting_is_undone_from_the_toast(home: Page) -> None:
    row(home, "Siapkan daftar harga").get_by_role("radio").check()
    home.get_by_role("button", name="Hapus").click()
    expect(row(home, "Siapkan daftar harga")).to_have_count(0)
    toast(home, "dihapus").get_by_role("button", name="Urungkan").click()
    expect(row(home, "Siapkan daftar harga")).to_have_count(1)
    row(home, "Siapkan daftar harga").get_by_role("radio").check()
    home.get_by_role("button", name="Hapus").click()
    expect(toast(home, "dihapus").last).to_be_visible()
    reloaded(home)
    expect(row(home, "Siapkan daftar harga")).to_have_count(0)


def test_opening_an_announcement_is_reading_it(home: Page) -> None:
    bell = home.get_by_role("button", name="2 informasi penting belum dibaca")
    expect(bell).to_be_visible()
    notice = home.locator("li.notice", has_text="Harga baru mulai 1 Desember")
    expect(notice).to_have_class(re.compile("unread"))
    notice.get_by_role("button").click()
    expect(home.get_by_text("Pesanan sampai 30 November memakai harga lama.")).to_be_visible()
    expect(notice).not_to_have_class(re.compile("unread"))
    expect(home.get_by_role("button", name="1 informasi penting belum dibaca")).to_be_visible()
    reloaded(home)
    expect(home.locator("li.notice.unread")).to_have_count(1)


def test_the_bell_opens_what_is_unread(home: Page) -> None:
    home.get_by_role("button", name="2 informasi penting belum dibaca").click()
    home.get_by_role("link", name="Jam kerja akhir tahun").click()
    expect(home.get_by_text("Kantor tutup pada 25 dan 26 Desember.")).to_be_visible()
    expect(home.get_by_role("button", name="1 informasi penting belum dibaca")).to_be_visible()


def test_a_greeting_is_recorded_with_its_channel_and_undone(home: Page) -> None:
    # The machine's own telephone and mail programs are not part of the test, and stop a headless browser.
    home.add_init_script(
        """addEventListener("click", (event) => {
          if (event.composedPath().some((each) => /^(tel|mailto):/.test(each.href ?? ""))) event.preventDefault();
        })"""
    )
    reloaded(home)
    person = home.locator("li.person", has_text="Bambang Sudarsono")
    expect(person).to_contain_text("Genap 54 tahun, hari ini")
    link = person.get_by_role("link", name="Ucapkan lewat WhatsApp kepada Bambang Sudarsono")
    href = link.get_attribute("href") or ""
    assert href.startswith("https://wa.me/6281311122233?text=Selamat%20ulang%20tahun%2C%20Bambang")
    person.get_by_role("link", name="telepon").click()
    expect(person).to_contain_text("Sudah diucapkan lewat Telepon")
    expect(home.get_by_text("3 telepon hari ini, 1 janji, 3 ulang tahun.")).to_be_visible()
    reloaded(home)
    expect(person).to_contain_text("Sudah diucapkan lewat Telepon")
    person = home.locator("li.person", has_text="Tono Prasetyo")
    person.get_by_role("link", name="e-mail").click()
    toast(home, "Ucapan untuk Tono Prasetyo tercatat.").get_by_role("button", name="Urungkan").click()
    expect(person.get_by_role("link", name="e-mail")).to_be_visible()


def test_a_manager_sees_no_birthdays_of_customers(page: Page, address: str) -> None:
    log_in(page, address, "ratna")
    settled(page)
    expect(page.get_by_role("heading", name="Agenda hari ini")).to_be_visible()
    expect(page.get_by_role("heading", name="Informasi penting")).to_be_visible()
    expect(page.get_by_role("heading", name="Ulang tahun")).to_have_count(0)
    expect(page.get_by_text("Agenda Anda kosong.")).to_be_visible()


def test_everything_goes_by_keyboard(home: Page) -> None:
    keys = home.keyboard
    keys.press("n")
    keys.type("Tulis laporan")
    keys.press("Control+Enter")
    expect(row(home, "Tulis laporan")).to_be_visible()
    expect(home.get_by_label("Kegiatan", exact=True)).to_have_count(0)
    keys.press("j")
    expect(row(home, "Andi Wijaya").get_by_role("radio")).to_be_focused()
    keys.press("j")
    keys.press("k")
    keys.press("j")
    expect(row(home, "Dewi Lestari").get_by_role("radio")).to_be_checked()
    keys.press("x")
    expect(home.get_by_text("selesai 2 dari 6")).to_be_visible()
    expect(toast(home, "selesai.")).to_be_visible()
    keys.press("Control+z")
    expect(home.get_by_text("selesai 1 dari 6")).to_be_visible()
    keys.press("Enter")
    expect(home.get_by_label("Kegiatan", exact=True)).to_have_value("Telepon kembali, janji kemarin")
    keys.press("Escape")
    expect(row(home, "Dewi Lestari").get_by_role("radio")).to_be_focused()
    keys.press("Delete")
    expect(row(home, "Dewi Lestari")).to_have_count(0)
    expect(toast(home, "dihapus.")).to_be_visible()
    keys.press("Control+z")
    expect(row(home, "Dewi Lestari")).to_have_count(1)


def test_a_proposal_is_accepted_and_stays(home: Page, database: Path) -> None:
    expect(row(home, "Andi Wijaya")).to_contain_text("Usulan")
    row(home, "Andi Wijaya").get_by_role("radio").check()
    home.keyboard.press("a")
    expect(toast(home, "diterima")).to_be_visible()
    expect(row(home, "Andi Wijaya")).not_to_contain_text("Usulan")
    reloaded(home)
    expect(row(home, "Andi Wijaya")).not_to_contain_text("Usulan")
    with closing(sqlite3.connect(database, timeout=20)) as connection:
        kept = connection.execute("SELECT title FROM agenda_item WHERE accepted_at IS NOT NULL").fetchall()
    assert kept == [("Tindak lanjut Slim Suit",)]


def test_an_item_is_moved_to_another_day_and_back(home: Page) -> None:
    row(home, "Andi Wijaya").get_by_role("radio").check()
    home.keyboard.press("m")
    dialog = home.locator("dialog[open]")
    expect(dialog.get_by_label("Hari", exact=True)).to_have_value("2026-11-25")
    dialog.get_by_label("Hari", exact=True).fill("2026-11-20")
    home.keyboard.press("Control+Enter")
    expect(dialog.locator(".wrong:not(:empty)")).to_have_count(1)
    dialog.get_by_label("Hari", exact=True).fill("2026-11-26")
    home.keyboard.press("Control+Enter")
    expect(toast(home, "dipindahkan ke 2 hari lagi")).to_be_visible()
    expect(row(home, "Andi Wijaya")).to_have_count(0)
    home.keyboard.press("Control+z")
    expect(row(home, "Andi Wijaya")).to_contain_text("4 hari lewat")


def test_a_proposal_is_dismissed_with_a_reason_and_brought_back(home: Page, database: Path) -> None:
    row(home, "Sri Mulyani").get_by_role("radio").check()
    home.keyboard.press("d")
    dialog = home.locator("dialog[open]")
    expect(dialog).to_contain_text("Tolak usulan ini?")
    home.keyboard.press("Enter")
    expect(dialog.locator(".wrong:not(:empty)")).to_have_count(1)
    dialog.get_by_label("Alasan").fill("Baru bertemu di toko")
    home.keyboard.press("Enter")
    expect(toast(home, "ditolak")).to_be_visible()
    expect(row(home, "Sri Mulyani")).to_have_count(0)
    with closing(sqlite3.connect(database, timeout=20)) as connection:
        why = connection.execute("SELECT dismissed_because FROM agenda_item WHERE dismissed_at IS NOT NULL").fetchall()
    assert why == [("Baru bertemu di toko",)]
    toast(home, "ditolak").get_by_role("button", name="Urungkan").click()
    expect(row(home, "Sri Mulyani")).to_be_visible()


def test_what_was_made_by_hand_is_not_dismissed(home: Page) -> None:
    row(home, "Siapkan daftar harga").get_by_role("radio").check()
    expect(home.get_by_role("button", name="Pindah")).to_be_enabled()
    expect(home.get_by_role("button", name="Tolak")).to_be_disabled()
    expect(home.get_by_role("button", name="Terima")).to_be_disabled()


def test_how_many_do_not_fit_is_said(home: Page, database: Path) -> None:
    with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        connection.execute("UPDATE day_plan SET left_over = 7")
    reloaded(home)
    expect(home.get_by_text("7 pelanggan lagi tidak muat dalam rencana hari ini")).to_be_visible()


def test_home_leads_straight_to_the_first_call(home: Page) -> None:
    home.get_by_role("link", name="Mulai menelepon").click()
    expect(home.locator("#who:visible")).to_have_text("Andi Wijaya")


def test_a_customer_of_nobody_is_taken_with_one_key_and_called_today(home: Page) -> None:
    expect(home.get_by_text("1 pelanggan belum ada pengurusnya.")).to_be_visible()
    expect(home.get_by_role("button", name="Ambil berikutnya")).to_be_visible()
    home.keyboard.press("u")
    expect(home.locator("h1:visible")).to_contain_text("Wati Tanpa Pengurus")
    expect(toast(home, "Wati Tanpa Pengurus sekarang pelanggan Anda, dan ada di agenda hari ini.")).to_be_visible()
    home.keyboard.press("g")
    home.keyboard.press("h")
    expect(row(home, "Wati Tanpa Pengurus")).to_contain_text("Calon pelanggan")
    expect(home.get_by_text("4 telepon hari ini")).to_be_visible()
    expect(home.get_by_role("button", name="Ambil berikutnya")).to_be_hidden()
