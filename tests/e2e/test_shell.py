"""The frame: log-in and log-out, language, appearance, palette, keys, narrow screens, lost connections."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Watch, log_in, settled


def test_a_wrong_password_is_said_and_a_right_one_lets_in(page: Page, address: str, watch: Watch) -> None:
    watch.forgive("403")
    log_in(page, address, "siti", "bukan kata sandinya")
    expect(page.get_by_role("alert")).to_be_visible()
    log_in(page, address, "siti")
    settled(page)
    expect(page.locator("h1")).to_have_text("Selamat pagi, Siti.")
    assert page.url == f"{address}/home"


def test_after_logging_out_the_back_button_shows_nothing(home: Page, address: str) -> None:
    home.get_by_role("button", name="Menu Siti").click()
    home.get_by_role("button", name="Keluar").click()
    home.wait_for_url(f"{address}/login*")
    home.go_back()
    home.wait_for_url(f"{address}/login*")
    expect(home.locator("#username")).to_be_visible()
    assert "Agenda" not in home.content()
    home.goto(f"{address}/home")
    expect(home.locator("#username")).to_be_visible()


def test_the_language_changes_in_place_and_stays(home: Page) -> None:
    home.evaluate("window.sameDocument = true")
    home.get_by_role("button", name="Ganti bahasa ke Inggris").click()
    expect(home.locator("h1")).to_have_text("Good morning, Siti.")
    expect(home.get_by_role("heading", name="Today’s agenda")).to_be_visible()
    expect(home.locator("html")).to_have_attribute("lang", "en")
    expect(home).to_have_title(re.compile("^Home · "))
    assert home.evaluate("window.sameDocument")
    home.reload()
    settled(home)
    expect(home.locator("h1")).to_have_text("Good morning, Siti.")
    home.get_by_role("button", name="Switch to Indonesian").click()
    expect(home.locator("h1")).to_have_text("Selamat pagi, Siti.")


def test_what_is_typed_survives_the_change_of_language(home: Page) -> None:
    home.keyboard.press("n")
    home.keyboard.type("Separuh jalan")
    home.get_by_role("button", name="Ganti bahasa ke Inggris").click()
    expect(home.locator("h1")).to_have_text("Good morning, Siti.")
    expect(home.locator("#field-title")).to_have_value("Separuh jalan")


def test_dark_mode_is_kept(home: Page) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light = home.evaluate(background)
    button = home.get_by_role("button", name=re.compile("Ganti tampilan"))
    button.click()  # light, as it was
    expect(button).to_have_attribute("aria-label", re.compile("terang"))
    button.click()
    expect(home.locator("html")).to_have_attribute("data-theme", "dark")
    expect(button).to_have_attribute("aria-label", re.compile("gelap"))
    home.reload()
    settled(home)
    expect(home.locator("html")).to_have_attribute("data-theme", "dark")
    assert home.evaluate(background) != light


def test_the_machine_decides_where_nothing_is_chosen(browser: Browser, address: str, watch: Watch) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    watch.over(page)
    log_in(page, address, "siti")
    settled(page)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    context.close()


def test_the_palette_finds_pages_and_actions(home: Page) -> None:
    home.keyboard.press("Control+k")
    search = home.get_by_role("combobox", name="Cari dan lompat")
    expect(search).to_be_focused()
    home.keyboard.type("xyz")
    expect(home.get_by_text("Tidak ada yang cocok dengan “xyz”.")).to_be_visible()
    search.fill("kegiatan")
    home.keyboard.press("Enter")
    expect(home.get_by_label("Kegiatan", exact=True)).to_be_focused()
    home.keyboard.press("Escape")
    home.keyboard.press("/")
    expect(search).to_be_focused()
    home.keyboard.press("Escape")
    expect(search).to_be_hidden()


def test_the_palette_finds_customers_by_name_code_and_phone(home: Page) -> None:
    home.keyboard.press("Control+k")
    search = home.get_by_role("combobox", name="Cari dan lompat")
    for typed in ("lestari", "c000001", "0812-3456-789"):
        search.fill(typed)
        expect(home.get_by_role("option", name=re.compile("^Dewi Lestari.*C000001 · Bandung"))).to_be_visible()
        expect(home.get_by_role("option")).to_have_count(1)
    search.fill("rahasia budi")
    option = home.get_by_role("option", name=re.compile("Rahasia Budi"))
    expect(option).to_contain_text("pelanggan Budi Santoso")
    search.fill("xyzzy")
    expect(home.get_by_text("Tidak ada yang cocok dengan “xyzzy”.")).to_be_visible()


def test_the_keys_are_listed(home: Page) -> None:
    home.keyboard.press("?")
    dialog = home.get_by_role("dialog", name="Pintasan papan tik")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Tandai selesai atau belum")
    home.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    home.keyboard.press("g")
    home.keyboard.press("h")
    expect(home.locator("h1")).to_be_focused()


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_phone_shows_everything_without_scrolling_sideways(
    browser: Browser, address: str, watch: Watch, language: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    watch.over(page)
    log_in(page, address, "siti")
    settled(page)
    if language == "en":
        page.get_by_role("button", name="Menu Siti").click()
        page.get_by_role("button", name="Use English").click()
        expect(page.locator("h1")).to_have_text("Good morning, Siti.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("[data-key=new]").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name={"id": "Batal", "en": "Cancel"}[language]).click()
    expect(page.locator(".rail .entry").first).to_be_in_viewport()
    context.close()


def test_the_page_has_one_title_a_language_and_a_way_past_the_menu(home: Page) -> None:
    expect(home.locator("h1")).to_have_count(1)
    expect(home.locator("html")).to_have_attribute("lang", "id")
    home.keyboard.press("Tab")
    expect(home.get_by_role("link", name="Langsung ke isi halaman")).to_be_focused()


def test_a_cut_connection_is_said_and_nothing_typed_is_lost(page: Page, address: str, watch: Watch) -> None:
    for text in ("WebSocket", "websocket"):
        watch.forgive(text)
    watch.forgive("ERR_INTERNET_DISCONNECTED")
    # Chromium leaves open connections alone when it goes offline, so this one is closed as well.
    page.add_init_script(
        "window.sockets = []; const Native = WebSocket;"
        "window.WebSocket = class extends Native { constructor(...all) { super(...all); sockets.push(this); } };"
    )
    log_in(page, address, "siti")
    settled(page)
    page.keyboard.press("n")
    page.keyboard.type("Ketikan saya")
    page.context.set_offline(True)
    page.evaluate("sockets.at(-1).close()")
    expect(page.get_by_text("Terputus. Ketikan Anda aman, menyambung kembali…")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("Terputus.")).to_be_hidden(timeout=30_000)
    page.keyboard.press("Control+Enter")
    expect(page.locator("li.row", has_text="Ketikan saya")).to_have_count(1)
