"""Customers without an owner, dealt."""

from __future__ import annotations

import pytest

from ecrm_core.crm import Crm
from ecrm_core.errors import InvalidValue, NotAllowed, UnknownEmployee
from ecrm_core.models import Customer
from ecrm_core.services.dealing import deal_customers


def add_customers(crm: Crm, cities: list[str | None]) -> None:
    with crm.system("test") as work:
        for place, city in enumerate(cities):
            work.session.add(Customer(code=f"X{place:03}", name="Ani", city=city, created_at=work.now))


def test_even_shares_once(crm: Crm) -> None:
    add_customers(crm, [None] * 5)
    with crm.work("ratna") as work:
        assert deal_customers(work, to=["siti", "budi"]) == {"siti": 3, "budi": 2}
    with crm.work("ratna") as work:
        assert deal_customers(work, to=["siti", "budi"]) == {"siti": 0, "budi": 0}


def test_a_city_stays_together_and_those_without_one_even_out(crm: Crm) -> None:
    add_customers(crm, ["Medan", "medan", "Bogor", "MEDAN", None, None, None, None])
    with crm.work("ratna") as work:
        assert deal_customers(work, to=["siti", "budi"], by="city") == {"siti": 4, "budi": 4}
    with crm.system("look") as work:
        owners = {(row.city or "").casefold(): set() for row in work.session.query(Customer)}
        for row in work.session.query(Customer):
            owners[(row.city or "").casefold()].add(row.owner_id)
    assert len(owners["medan"]) == 1


def test_refusals(sqlite_crm: Crm) -> None:
    with sqlite_crm.work("siti") as work, pytest.raises(NotAllowed):
        deal_customers(work, to=["siti"])
    with sqlite_crm.work("ratna") as work:
        with pytest.raises(UnknownEmployee):
            deal_customers(work, to=["ratna"])
        with pytest.raises(InvalidValue):
            deal_customers(work, to=[])
