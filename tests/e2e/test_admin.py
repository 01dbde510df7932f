"""Events, announcements, products and order sources, as an admin keeps them and others find them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from icalendar import Calendar
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import Watch, log_in, settled

Opener = Callable[..., Page]


@pytest.fixture
def open_as(browser: Browser, watch: Watch, address: str) -> Iterator[Opener]:
    """Somebody's browser, at an address of the program."""
    contexts = []

    def open_page(who: str, path: str, *, width: int = 1366, english: bool = False) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 768}, locale="id-ID")
        contexts.append(context)
        page = context.new_page()
        watch.over(page)
        log_in(page, address, who)
        settled(page)
        if english:
            page.get_by_role("button", name="Ganti bahasa ke Inggris").click()
            page.locator("html[lang=en]").wait_for()
        page.goto(f"{address}/{path}")
        settled(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


def line(page: Page, text: str) -> Locator:
    return page.locator("tbody tr:visible", has_text=text)


def toast(page: Page, text: str) -> Locator:
    return page.locator(".toast", has_text=text)


def panel(page: Page) -> Locator:
    return page.locator(".panel:visible")


def listed(page: Page, wanted: list[str]) -> None:
    """The list holds these, in this order, as soon as it has been read again."""
    expect(page.locator("tbody tr:visible .open")).to_have_text(wanted)


def names(page: Page) -> list[str]:
    return page.locator("tbody tr:visible .open").all_inner_texts()


def fill_event(page: Page, title: str) -> None:
    page.keyboard.press("n")
    page.get_by_label("Judul").fill(title)
    page.get_by_label("Mulai", exact=True).fill("2026-11-30")
    page.get_by_label("Jam mulai").fill("1330")
    page.get_by_label("Jam selesai").fill("15.00")


def test_an_event_for_one_telemarketer_reaches_only_them(open_as: Opener) -> None:
    agus = open_as("agus", "events")
    expect(agus).to_have_title(re.compile("^Acara · "))
    fill_event(agus, "Pelatihan khusus")
    agus.get_by_label("Tempat").fill("Ruang 3")
    agus.get_by_text("Hanya yang dipilih").click()
    agus.get_by_label("Cari nama").fill("SITI")
    expect(panel(agus).get_by_text("Budi Santoso")).to_be_hidden()
    agus.get_by_label("Siti Rahayu").check()
    expect(agus.get_by_text("1 dari 2 dipilih")).to_be_visible()
    agus.keyboard.press("Control+Enter")
    expect(toast(agus, "“Pelatihan khusus” tersimpan.")).to_be_visible()
    expect(panel(agus)).to_have_count(0)
    expect(line(agus, "Pelatihan khusus")).to_contain_text("6 hari lagi, 13.30–15.00")
    expect(line(agus, "Pelatihan khusus")).to_contain_text("Siti Rahayu")

    siti = open_as("siti", "events", english=True)
    expect(line(siti, "Pelatihan khusus")).to_contain_text("In 6 days, 13:30–15:00")
    expect(siti.get_by_role("button", name="New event")).to_have_count(0)
    expect(siti.locator("tbody input:visible")).to_have_count(0)
    siti.keyboard.press("j")
    siti.keyboard.press("j")
    siti.keyboard.press("Enter")
    expect(panel(siti)).to_contain_text("Ruang 3")
    expect(siti.get_by_role("button", name="Save event")).to_have_count(0)
    siti.keyboard.press("Escape")
    expect(panel(siti)).to_have_count(0)

    budi = open_as("budi", "events")
    assert "Pelatihan khusus" not in names(budi)
    listed(budi, ["Peluncuran produk baru", "Latihan menawarkan paket hemat"])


def test_what_is_wrong_is_said_beside_its_field_and_typing_is_kept(open_as: Opener) -> None:
    agus = open_as("agus", "events")
    fill_event(agus, "Rapat")
    agus.get_by_label("Jam selesai").fill("12")
    agus.get_by_label("Jam mulai").fill("siang")
    agus.get_by_text("Hanya yang dipilih").click()
    agus.get_by_role("button", name="Simpan acara").click()
    expect(agus.locator("#wrong-starts_at")).to_have_text("Tulis jam seperti 09.30.")
    expect(agus.locator("#wrong-audience")).to_contain_text("Centang sedikitnya satu orang")
    agus.get_by_label("Jam mulai").fill("13")
    agus.get_by_text("Semua telemarketer").click()
    agus.get_by_role("button", name="Simpan acara").click()
    expect(agus.locator("#wrong-ends_at")).to_have_text("Selesainya lebih awal daripada mulainya.")
    expect(agus.get_by_label("Judul")).to_have_value("Rapat")
    agus.get_by_label("Jam selesai").fill("14")
    agus.get_by_role("button", name="Simpan acara").dblclick()
    expect(toast(agus, "“Rapat” tersimpan.")).to_be_visible()
    agus.reload()
    settled(agus)
    assert names(agus).count("Rapat") == 1


def test_what_is_typed_outlives_a_cut_connection_and_a_change_of_language(open_as: Opener, watch: Watch) -> None:
    for text in ("WebSocket", "websocket", "ERR_INTERNET_DISCONNECTED"):
        watch.forgive(text)
    agus = open_as("agus", "home")
    # Chromium leaves open connections alone when it goes offline, so this one is closed as well.
    agus.add_init_script(
        "window.sockets = []; const Native = WebSocket;"
        "window.WebSocket = class extends Native { constructor(...all) { super(...all); sockets.push(this); } };"
    )
    agus.goto(agus.url.replace("home", "events"))
    settled(agus)
    fill_event(agus, "Separuh jalan")
    agus.get_by_text("Hanya yang dipilih").click()
    agus.get_by_label("Budi Santoso").check()
    agus.context.set_offline(True)
    agus.evaluate("sockets.at(-1).close()")
    expect(agus.get_by_text("Terputus.")).to_be_visible()
    agus.get_by_label("Tempat").fill("Aula")
    agus.context.set_offline(False)
    expect(agus.get_by_text("Terputus.")).to_be_hidden(timeout=30_000)
    expect(agus.get_by_label("Judul")).to_have_value("Separuh jalan")
    expect(agus.get_by_label("Tempat")).to_have_value("Aula")
    agus.get_by_role("button", name="Ganti bahasa ke Inggris").click()
    expect(agus.get_by_label("Start time")).to_have_value("1330")
    agus.get_by_role("button", name="Save event").click()
    expect(toast(agus, "“Separuh jalan” is saved.")).to_be_visible()
    expect(line(agus, "Separuh jalan")).to_contain_text("Aula")
    expect(line(agus, "Separuh jalan")).to_contain_text("Budi Santoso")


def test_ticked_ones_are_changed_deleted_and_brought_back(open_as: Opener) -> None:
    agus = open_as("agus", "events")
    agus.keyboard.press("j")
    agus.keyboard.press("x")
    bar = agus.get_by_role("region", name="Untuk yang dipilih")
    expect(bar).to_contain_text("1 dipilih")
    bar.get_by_role("button", name="Ubah").click()
    agus.get_by_label("Judul").fill("Peluncuran ditunda")
    agus.get_by_label("Mulai", exact=True).fill("2026-12-20")
    agus.get_by_label("Selesai (bila di hari lain)").fill("")
    agus.get_by_role("button", name="Simpan acara").click()
    expect(toast(agus, "“Peluncuran ditunda” tersimpan.")).to_be_visible()
    listed(agus, ["Latihan menawarkan paket hemat", "Peluncuran ditunda"])
    agus.get_by_label("Pilih semua di halaman ini").check()
    bar.get_by_role("button", name="Ubah").click()
    expect(toast(agus, "centang satu saja")).to_be_visible()
    bar.get_by_role("button", name="Hapus").click()
    expect(toast(agus, "2 dihapus.")).to_be_visible()
    expect(agus.get_by_text("Belum ada acara.")).to_be_visible()
    toast(agus, "2 dihapus.").get_by_role("button", name="Urungkan").click()
    expect(line(agus, "Peluncuran ditunda")).to_be_visible()
    both = ["Latihan menawarkan paket hemat", "Peluncuran ditunda"]
    listed(agus, both)
    agus.reload()
    settled(agus)
    listed(agus, both)


def test_the_second_of_two_admins_is_told_and_can_open_the_latest(open_as: Opener) -> None:
    first, second = open_as("agus", "events"), open_as("agus", "events")
    for page in (first, second):
        page.get_by_role("button", name="Peluncuran produk baru").click()
        page.get_by_label("Tempat").fill("Balai kota" if page is first else "Hotel")
    first.get_by_role("button", name="Simpan acara").click()
    expect(toast(first, "tersimpan")).to_be_visible()
    second.get_by_role("button", name="Simpan acara").click()
    expect(panel(second).get_by_role("alert").first).to_contain_text("Sudah diubah orang lain")
    expect(second.get_by_label("Tempat")).to_have_value("Hotel")
    second.get_by_role("button", name="Buka yang terbaru").click()
    expect(second.get_by_label("Tempat")).to_have_value("Balai kota")
    second.get_by_label("Tempat").fill("Hotel")
    second.get_by_role("button", name="Simpan acara").click()
    expect(line(second, "Hotel")).to_be_visible()


def test_past_ones_are_kept_apart(open_as: Opener, address: str) -> None:
    agus = open_as("agus", "events?view=notices")
    agus.keyboard.press("n")
    agus.get_by_label("Judul").fill("Libur minggu lalu")
    agus.get_by_label("Isi", exact=True).fill("Sudah lewat.")
    agus.get_by_label("Berlaku dari").fill("2026-11-16")
    agus.get_by_label("Sampai").fill("2026-11-20")
    agus.get_by_role("button", name="Simpan informasi").click()
    expect(toast(agus, "tersimpan")).to_be_visible()
    agus.reload()
    settled(agus)
    listed(agus, ["Harga baru mulai 1 Desember", "Jam kerja akhir tahun"])
    agus.get_by_role("button", name="Yang lalu").click()
    expect(line(agus, "Libur minggu lalu")).to_be_visible()
    listed(agus, ["Libur minggu lalu"])
    agus.wait_for_url(f"{address}/events?view=notices&past=1")
    agus.reload()
    settled(agus)
    listed(agus, ["Libur minggu lalu"])


def test_an_announcement_counts_its_readers(open_as: Opener) -> None:
    siti = open_as("siti", "events?view=notices")
    expect(siti.get_by_text("2 informasi belum dibaca")).to_be_visible()
    siti.get_by_role("button", name="Harga baru mulai 1 Desember").click()
    expect(panel(siti)).to_contain_text("Pesanan sampai 30 November memakai harga lama.")
    expect(line(siti, "Harga baru")).to_contain_text("Sudah dibaca")
    expect(siti.get_by_text("1 informasi belum dibaca")).to_be_visible()
    expect(siti.get_by_role("button", name="1 informasi penting belum dibaca")).to_be_visible()
    agus = open_as("agus", "events?view=notices", english=True)
    expect(line(agus, "Harga baru")).to_contain_text("1 of 2")
    agus.get_by_role("button", name="Harga baru mulai 1 Desember").click()
    people = panel(agus).locator(".facts li")
    expect(people).to_have_text(["Budi SantosoNot read", re.compile(r"Siti Rahayutoday 09:\d\d")])
    expect(panel(agus)).to_contain_text("Read by 1 of 2")
    ratna = open_as("ratna", "events?view=notices")
    ratna.get_by_role("button", name="Harga baru mulai 1 Desember").click()
    expect(panel(ratna)).to_contain_text("Dibaca 1 dari 2")


def calendar_at(link: str) -> list[str]:
    with urlopen(link) as answer:
        return [str(entry["summary"]) for entry in Calendar.from_ical(answer.read()).walk("VEVENT")]


def test_a_calendar_link_is_told_once_copied_and_renewed(open_as: Opener, address: str) -> None:
    siti = open_as("siti", "events")
    siti.context.grant_permissions(["clipboard-read", "clipboard-write"])
    siti.get_by_role("button", name="Buat tautan kalender").click()
    box = siti.get_by_label("Alamat kalender Anda")
    expect(box).to_have_value(re.compile(rf"^{address}/calendar/[\w-]{{43}}\.ics$"))
    first = box.input_value()
    siti.get_by_role("button", name="Salin tautan").click()
    expect(siti.get_by_role("button", name="Tersalin")).to_be_visible()
    assert siti.evaluate("navigator.clipboard.readText()") == first
    found = calendar_at(first)
    assert {"Peluncuran produk baru", "Telepon kembali", "Tugas"} <= set(found)
    assert not [title for title in found if "Dewi" in title or "harga" in title]
    siti.get_by_role("button", name="Ganti tautan").click()
    expect(box).not_to_have_value(first)
    assert calendar_at(box.input_value()) == found
    with pytest.raises(HTTPError) as refused:
        calendar_at(first)
    assert refused.value.code == 404
    refused.value.close()
    siti.reload()
    settled(siti)
    expect(box).to_be_hidden()
    expect(siti.get_by_text("Tautan dibuat 24 Nov 2026.")).to_be_visible()


def test_a_product_is_made_priced_anew_and_sold_no_more(open_as: Opener) -> None:
    agus = open_as("agus", "products")
    agus.keyboard.press("n")
    agus.get_by_label("Nama", exact=True).fill("Blender Mini")
    agus.get_by_label("Kode", exact=True).fill("BLD-1")
    panel(agus).get_by_label("Kategori").fill("Peralatan baru")
    agus.get_by_label("Harga (IDR)").fill("3,50,000")
    agus.get_by_label("Stok").fill("banyak")
    agus.get_by_role("button", name="Simpan produk").click()
    expect(agus.locator("#wrong-price")).to_contain_text("Tulis harga seperti 499.000")
    expect(agus.locator("#wrong-stock")).to_contain_text("Tulis angka bulat")
    agus.get_by_label("Harga (IDR)").fill("Rp 350.000,50")
    agus.get_by_label("Stok").fill("1.200")
    agus.get_by_label("Tindak lanjut setelah").select_option("3")
    agus.get_by_role("button", name="Simpan produk").dblclick()
    expect(toast(agus, "“Blender Mini” ditambahkan.")).to_be_visible()
    expect(panel(agus)).to_be_hidden()  # as it closes it gives the focus back, and would take it from the search
    agus.keyboard.press("/")
    expect(agus.get_by_role("searchbox")).to_be_focused()
    agus.keyboard.type("blender m")
    expect(agus.locator("tbody tr:visible")).to_have_count(1)
    for told in ("BLD-1", "Peralatan baru", "Rp 350.000,50", "1.200", "3 bulan"):
        expect(line(agus, "Blender Mini")).to_contain_text(told)
    agus.keyboard.press("Enter")
    agus.keyboard.press("Enter")
    expect(agus.get_by_label("Harga (IDR)")).to_have_value("350.000,50")
    agus.get_by_label("Harga (IDR)").fill("399000")
    agus.keyboard.press("Control+Enter")
    expect(toast(agus, "“Blender Mini” tersimpan.")).to_be_visible()
    agus.get_by_role("button", name="Blender Mini").click()
    prices = panel(agus).locator(".facts li")
    expect(prices).to_have_text(
        [
            re.compile(r"^Rp\s399\.000sejak 24 Nov 2026, Agus Wijaya$"),
            re.compile(r"^Rp\s350\.000,50sejak 24 Nov 2026, Agus Wijaya$"),
        ]
    )
    panel(agus).get_by_role("button", name="Hentikan penjualan").click()
    expect(toast(agus, "“Blender Mini” tidak dijual lagi.")).to_be_visible()
    expect(line(agus, "Blender Mini")).to_have_count(0)
    toast(agus, "“Blender Mini” tidak dijual lagi.").get_by_role("button", name="Urungkan").click()
    expect(line(agus, "Blender Mini")).to_have_count(1)
    line(agus, "Blender Mini").get_by_role("checkbox").check()
    agus.get_by_role("region", name="Untuk yang dipilih").get_by_role("button", name="Hentikan penjualan").click()
    expect(line(agus, "Blender Mini")).to_have_count(0)
    agus.get_by_label("Penjualan", exact=True).select_option("no")
    expect(line(agus, "Blender Mini")).to_contain_text("Tidak dijual")

    ratna = open_as("ratna", "products?text=blender&sold=all", english=True)
    expect(line(ratna, "Blender Mini")).to_contain_text("Not sold")
    ratna.get_by_role("button", name="Blender Mini").click()
    expect(panel(ratna)).to_contain_text(re.compile(r"Price.*399,000", re.DOTALL))
    expect(ratna.get_by_role("button", name="Save product")).to_have_count(0)
    expect(ratna.get_by_role("button", name="New product")).to_have_count(0)


def test_an_order_source_is_asked_for_until_it_is_not(open_as: Opener, address: str) -> None:
    agus = open_as("agus", "sources", english=True)
    agus.get_by_role("button", name="New source").click()
    agus.get_by_label("Name", exact=True).fill("Trans TV night")
    agus.get_by_label("Airs at").fill("21:30")
    agus.get_by_role("button", name="Save source").click()
    expect(agus.locator("#wrong-station")).to_contain_text("Write the station")
    agus.get_by_label("TV station").fill("Trans TV")
    agus.get_by_role("button", name="Save source").click()
    expect(toast(agus, "“Trans TV night” is saved.")).to_be_visible()
    expect(line(agus, "Trans TV night")).to_contain_text("21:30")
    agus.keyboard.press("n")
    agus.get_by_label("Name", exact=True).fill("Trans TV night")
    agus.keyboard.press("Control+Enter")
    expect(agus.locator("#wrong-name")).to_contain_text("already")
    agus.keyboard.press("Escape")
    agus.get_by_role("button", name="Trans TV night").click()
    panel(agus).get_by_role("button", name="Ask no more").click()
    expect(toast(agus, "“Trans TV night” is asked no more.")).to_be_visible()
    expect(line(agus, "Trans TV night")).to_contain_text("Not asked")
    expect(agus.locator("tbody tr:visible .open").last).to_have_text("Trans TV night")


def test_pages_of_the_admin_are_nobody_elses(open_as: Opener, address: str, watch: Watch) -> None:
    watch.forgive("403")
    for who, path, others in (("siti", "products", ["sources"]), ("ratna", "sources", [])):
        page = open_as(who, "home")
        for refused in (path, *others):
            answer = page.goto(f"{address}/{refused}")
            assert answer is not None
            assert answer.status == 403


@pytest.mark.parametrize("width", [1366, 390])
@pytest.mark.parametrize("path", ["events", "events?view=notices", "products", "sources"])
def test_a_page_with_its_panel_open_is_whole_and_usable_by_everybody(open_as: Opener, path: str, width: int) -> None:
    agus = open_as("agus", path, width=width)
    for gesture in ("n", None):
        if gesture:
            agus.keyboard.press(gesture)
        else:
            agus.locator("tbody tr:visible .open").first.click()
        expect(panel(agus)).to_be_visible()
        if agus.get_by_text("Hanya yang dipilih").count():
            agus.get_by_text("Hanya yang dipilih").click()
        assert agus.evaluate("document.documentElement.scrollWidth") <= width
        grave = [
            (each["id"], node["html"][:120])
            for each in Axe().run(agus).response["violations"]
            if each["impact"] in {"serious", "critical"}
            for node in each["nodes"]
        ]
        assert grave == []
        agus.keyboard.press("Escape")
        expect(panel(agus)).to_have_count(0)
