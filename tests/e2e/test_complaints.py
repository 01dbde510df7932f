"""Complaints, from being opened on a customer's page to being solved from their list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

import ecrm_core as ecrm
from ecrm_core.models import Complaint, Customer, OrderLine
from ecrm_core.services.complaints import open_complaint
from tests.conftest import FrozenClock
from tests.e2e.company import NOW
from tests.e2e.conftest import settled
from tests.e2e.test_admin import Opener, line, listed, open_as, toast

__all__ = ["open_as"]


@pytest.fixture
def complaints(fresh_rows: None, database: Path) -> None:
    """Two of Siti's customers and one of Budi's; Sri's is overdue since yesterday."""
    crm = ecrm.connect(f"sqlite:///{database}", clock=FrozenClock(NOW - timedelta(days=6)))
    for who, code, kind, text in (
        ("siti", "C000003", "quality", "Jahitan lepas setelah dipakai dua kali."),
        ("budi", "C000900", "delivery", "Belum sampai."),
        ("siti", "C000001", "warna luntur", ""),
    ):
        with crm.work(who) as work:
            customer = work.session.scalars(select(Customer.id).where(Customer.code == code)).one()
            bought = work.session.scalar(select(OrderLine.id).where(OrderLine.customer_id == customer).limit(1))
            number = open_complaint(work, customer, kind=kind, text=text, line_id=bought).id
            if code == "C000001":
                row = work.session.get(Complaint, number)
                assert row is not None
                row.due_on = datetime(2026, 11, 26, tzinfo=UTC).date()
    crm.close()


@pytest.mark.usefixtures("complaints")
def test_a_complaint_is_solved_from_the_list(open_as: Opener) -> None:
    siti = open_as("siti", "home")
    siti.get_by_role("link", name="Keluhan").click()
    listed(siti, ["Sri Mulyani Puspitasari", "Dewi Lestari"])
    expect(siti.get_by_text("2 keluhan menunggu jawaban, 1 terlambat.")).to_be_visible()
    sri = line(siti, "Sri Mulyani Puspitasari")
    for told in ("Mutu produk", "Jahitan lepas", "Slim Suit", "kemarin"):
        expect(sri).to_contain_text(told)
    expect(sri.locator(".tone.danger")).to_have_text("kemarin")
    expect(line(siti, "Dewi Lestari")).to_contain_text("Warna luntur")

    sri.get_by_role("button", name="Selesaikan").click()
    dialog = siti.get_by_role("dialog")
    expect(dialog).to_contain_text("Mutu produk · Slim Suit: Jahitan lepas setelah dipakai dua kali.")
    siti.keyboard.press("Control+Enter")
    expect(dialog.locator("#wrong-solution")).not_to_have_text("")
    dialog.get_by_label("Penyelesaian").fill("Diganti yang baru, ongkos kami tanggung.")
    siti.keyboard.press("Control+Enter")
    expect(toast(siti, "Keluhan Sri Mulyani Puspitasari selesai.")).to_be_visible()
    listed(siti, ["Dewi Lestari"])

    # The address holds the filter; the customer is one step away.
    siti.get_by_label("Keadaan", exact=True).select_option(label="Selesai")
    listed(siti, ["Sri Mulyani Puspitasari"])
    siti.reload()
    settled(siti)
    expect(line(siti, "Sri Mulyani Puspitasari")).to_contain_text("Diganti yang baru")
    expect(line(siti, "Sri Mulyani Puspitasari").get_by_role("button", name="Selesaikan")).to_have_count(0)
    siti.locator("tbody tr:visible .open").click()
    expect(siti.locator("h1:visible")).to_contain_text("Sri Mulyani Puspitasari")


@pytest.mark.usefixtures("complaints")
def test_a_manager_sees_everybodys_and_narrows_down_by_owner(open_as: Opener) -> None:
    ratna = open_as("ratna", "complaints", english=True)
    listed(ratna, ["Sri Mulyani Puspitasari", "Rahasia Budi", "Dewi Lestari"])
    ratna.get_by_label("Answered by", exact=True).select_option(label="Budi Santoso")
    listed(ratna, ["Rahasia Budi"])
    expect(ratna.get_by_text("1 complaint waits for an answer, 1 overdue.")).to_be_visible()
    ratna.get_by_role("button", name="Remove the filter Answered by").click()
    ratna.get_by_role("button", name="Overdue").click()
    listed(ratna, ["Sri Mulyani Puspitasari", "Rahasia Budi"])
