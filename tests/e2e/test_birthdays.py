"""Birthdays of these days: who was greeted, by whom and how."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

import ecrm_core as ecrm
from ecrm_core.models import Customer
from ecrm_core.services.greetings import greet_customer
from tests.conftest import FrozenClock
from tests.e2e.company import NOW, TODAY
from tests.e2e.conftest import settled
from tests.e2e.test_admin import Opener, line, listed, open_as

__all__ = ["open_as"]


@pytest.fixture
def greeted(fresh_rows: None, database: Path) -> None:
    """Ratna has greeted Bambang."""
    crm = ecrm.connect(f"sqlite:///{database}", clock=FrozenClock(NOW))
    with crm.work("ratna") as work:
        bambang = work.session.scalars(select(Customer.id).where(Customer.code == "C000004")).one()
        greet_customer(work, bambang, channel="whatsapp", birthday_on=TODAY)
    crm.close()


@pytest.mark.usefixtures("greeted")
def test_birthdays_lead_to_who_was_greeted_by_whom_and_how(open_as: Opener) -> None:
    siti = open_as("siti", "home")
    siti.get_by_role("link", name="Yang terlewat dan yang akan datang").click()
    listed(siti, ["Bambang Sudarsono", "Rina Kartika", "Tono Prasetyo", "Yuni Astuti"])
    expect(line(siti, "Bambang Sudarsono")).to_contain_text("WhatsApp, Ratna Dewi")
    expect(line(siti, "Rina Kartika")).to_contain_text("belum diucapkan")

    ratna = open_as("ratna", "customers", english=True)
    ratna.get_by_label("Birthday", exact=True).select_option(label="These days")
    expect(line(ratna, "Bambang Sudarsono")).to_contain_text("WhatsApp, Ratna Dewi")
    expect(line(ratna, "Rahasia Budi")).to_contain_text("not greeted yet")
    ratna.reload()
    settled(ratna)
    expect(line(ratna, "Rahasia Budi")).to_contain_text("not greeted yet")
    ratna.get_by_label("Birthday", exact=True).select_option(label="December")
    listed(ratna, ["Dewi Lestari"])
    expect(line(ratna, "Dewi Lestari")).not_to_contain_text("not greeted")
