"""Scripts and messages, as an admin writes them and telemarketers say them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import settled
from tests.e2e.test_admin import Opener, line, open_as, panel, toast

__all__ = ["open_as"]


def row(page: Page, reason: str, kind: str) -> None:
    """Open the text of a reason and kind."""
    page.locator("tbody tr:visible", has_text=kind).filter(has_text=reason).locator(".open").first.click()
    expect(panel(page)).to_be_visible()


@pytest.mark.usefixtures("fresh_rows")
def test_a_text_is_written_previewed_refused_used_and_given_back(open_as: Opener) -> None:
    agus = open_as("agus", "templates")
    expect(agus.locator("tbody tr:visible")).to_have_count(19)
    row(agus, "Ulang tahun", "Pesan WhatsApp")
    indonesian = panel(agus).get_by_label("Bahasa Indonesia", exact=True)
    english = panel(agus).get_by_label("Bahasa Inggris", exact=True)
    expect(english).to_have_value(
        "Happy birthday, {name}! We wish you good health and happiness. Warm greetings from {me}, {company}."
    )
    samples = panel(agus).locator(".reads")
    expect(samples.nth(0)).to_contain_text("Selamat ulang tahun, Bapak/Ibu Dewi Lestari!")
    expect(samples.nth(1)).to_contain_text("Happy birthday, Dewi Lestari! We wish you")

    # A placeholder put in with a button, and how it reads.
    indonesian.fill("Selamat, ")
    panel(agus).get_by_role("button", name="{city}").first.click()
    expect(indonesian).to_have_value("Selamat, {city}")
    expect(samples.nth(0)).to_have_text("Selamat, Bandung")

    # One that nobody knows is named beside its field, and nothing typed is lost.
    indonesian.fill("Selamat, {nama}!")
    expect(panel(agus).locator(".wrong", has_text="memuat {nama}, yang tidak dikenal")).to_be_visible()
    agus.keyboard.press("Control+Enter")
    expect(panel(agus).locator("[aria-invalid=true]")).to_have_count(1)
    expect(indonesian).to_have_value("Selamat, {nama}!")
    indonesian.fill("Selamat ulang tahun dari kami semua, {name}!")
    agus.keyboard.press("Control+Enter")
    expect(toast(agus, "Teks “Ulang tahun” tersimpan.")).to_be_visible()
    expect(line(agus, "dari kami semua")).to_contain_text("Milik perusahaan")

    # Only what was changed is the company's: the English one is still as shipped.
    row(agus, "Ulang tahun", "Pesan WhatsApp")
    panel(agus).get_by_role("button", name="Kembali ke bawaan").click()
    expect(line(agus, "dari kami semua")).to_have_count(0)
    agus.get_by_role("button", name="Urungkan").click()
    expect(line(agus, "dari kami semua")).to_be_visible()


@pytest.mark.usefixtures("fresh_rows")
def test_a_new_text_is_for_a_reason_and_a_product_and_found_again(open_as: Opener) -> None:
    agus = open_as("agus", "templates", english=True)
    agus.get_by_role("button", name="New text").click()
    form = panel(agus)
    form.get_by_label("Reason to get in touch").select_option(label="Follow-up")
    form.get_by_label("Product", exact=True).fill("Panci Ajaib")
    form.get_by_label("English").fill("Hello {name}, how is your {product}?")
    form.get_by_role("button", name="Save text").click()
    expect(form.get_by_text("There is no product “Panci Ajaib”.")).to_be_visible()
    form.get_by_label("Product", exact=True).fill("Juicer Serbaguna · JCR-01")
    expect(form.locator(".reads").nth(1)).to_have_text("Hello Dewi Lestari, how is your Juicer Serbaguna?")
    form.get_by_role("button", name="Save text").click()
    expect(toast(agus, "The text “Follow-up” is saved.")).to_be_visible()
    expect(line(agus, "Juicer Serbaguna")).to_contain_text("None yet")

    # Filters stand in the address, so that a reload comes back to them.
    agus.get_by_label("Origin", exact=True).select_option(label="The company's")
    expect(agus.locator("tbody tr:visible")).to_have_count(1)
    agus.reload()
    settled(agus)
    expect(agus.locator("tbody tr:visible")).to_have_count(1)
    line(agus, "Juicer Serbaguna").locator(".open").click()
    panel(agus).get_by_role("button", name="Delete").click()
    expect(agus.get_by_text("No text matches.")).to_be_visible()


def test_only_an_admin_has_the_page(open_as: Opener, address: str) -> None:
    ratna = open_as("ratna", "home")
    expect(ratna.get_by_role("link", name="Pelanggan", exact=True)).to_be_visible()
    expect(ratna.get_by_role("link", name="Naskah dan pesan")).to_have_count(0)
    assert ratna.request.get(f"{address}/templates").status == 403
