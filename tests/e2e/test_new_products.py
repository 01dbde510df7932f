"""A product that is new, and the way to those who may like it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

import ecrm_core as ecrm
from ecrm_core.models import Category, Customer, Interest, InterestOrigin, Product
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from tests.conftest import FrozenClock
from tests.e2e.company import NOW, TODAY
from tests.e2e.conftest import settled
from tests.e2e.test_admin import Opener, line, listed, open_as

__all__ = ["open_as"]


@pytest.fixture
def news(fresh_rows: None, database: Path) -> None:
    """The cooker is new. Dewi and Budi's customer said that they like the kitchen, Andi keeps buying for it."""
    crm = ecrm.connect(f"sqlite:///{database}", clock=FrozenClock(NOW))
    with crm.system("test company") as work:
        session = work.session
        customers = {row.code: row.id for row in session.scalars(select(Customer))}
        kitchen = session.scalars(select(Category.id).where(Category.name == "Dapur")).one()
        pan = session.scalars(select(Product).where(Product.code == "PAN-01")).one()
        pan.new_until = TODAY + timedelta(days=20)
        juicer = session.scalars(select(Product.id).where(Product.code == "JCR-01")).one()
        session.add_all(
            Interest(customer_id=customers[code], category_id=kitchen, origin=InterestOrigin.STATED, at=NOW)
            for code in ("C000001", "C000900")
        )
    for number in (1, 2):
        with crm.work("siti") as work:
            form = OrderForm(customers["C000002"], [LineForm(juicer)], intention=f"andi-{number}")
            take_order(work, form)
    crm.close()


@pytest.mark.usefixtures("news")
def test_a_new_product_leads_to_those_interested_in_its_category(open_as: Opener) -> None:
    siti = open_as("siti", "customers")
    siti.get_by_role("link", name="Baru: Panci Presto 8 Liter").click()
    listed(siti, ["Andi Wijaya", "Dewi Lestari"])
    expect(siti.get_by_label("Minat kategori", exact=True)).to_have_value("2")
    siti.reload()
    settled(siti)
    listed(siti, ["Andi Wijaya", "Dewi Lestari"])
    siti.get_by_role("button", name="Hapus saringan Minat kategori").click()
    expect(siti.locator("tbody tr:visible")).to_have_count(7)

    ratna = open_as("ratna", "products", english=True)
    line(ratna, "Panci Presto").get_by_role("link", name="New until").click()
    listed(ratna, ["Andi Wijaya", "Dewi Lestari", "Rahasia Budi"])
