"""Whether a new customer is somebody we know."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from ecrm_core.crm import Crm
from ecrm_core.models import AuditKind, AuditRecord, Customer
from ecrm_core.services.customers import add_customer
from ecrm_core.services.duplicates import possible_duplicates


@pytest.fixture
def people(crm: Crm) -> None:
    """Siti's Dewi; Budi's José, two Andis and the husband on Dewi's number."""
    with crm.work("siti") as work:
        add_customer(work, name="Dewi Lestari", phones=["0812-3456-789"], city="Bandung", birth_date=(1980, 12, 3))
    with crm.work("budi") as work:
        add_customer(work, name="José Nugroho", phones=["0877-0000-111"], city="Bogor", birth_date=(None, 2, 29))
        add_customer(work, name="Andi", city="Solo", birth_date=(1990, 5, 1))
        add_customer(work, name="Andi", city="Medan")
        add_customer(work, name="Suami Dewi", phones=["+62 812 3456 789"])


ALIKE: dict[str, tuple[dict[str, Any], list[str]]] = {
    "same phone, other spelling": ({"phones": ["62812 3456 789"]}, ["Dewi Lestari", "Suami Dewi"]),
    "one of several phones": ({"phones": ["", "0899", "0877 0000 111"], "name": "X"}, ["José Nugroho"]),
    "half a phone": ({"phones": ["0812-34"]}, []),
    "same name and city": ({"name": " dewi  LESTARI", "city": "bandung "}, ["Dewi Lestari"]),
    "same name, other city": ({"name": "Dewi Lestari", "city": "Depok"}, []),
    "same name, accents left out, and city": ({"name": "jose nugroho", "city": "BOGOR"}, ["José Nugroho"]),
    "same name and birth date": ({"name": "Dewi Lestari", "birth_date": (1980, 12, 3)}, ["Dewi Lestari"]),
    "same name, year unknown here": ({"name": "Dewi Lestari", "birth_date": (None, 12, 3)}, ["Dewi Lestari"]),
    "same name, year unknown there": ({"name": "José Nugroho", "birth_date": (1988, 2, 29)}, ["José Nugroho"]),
    "same name, other year": ({"name": "Dewi Lestari", "birth_date": (1981, 12, 3)}, []),
    "same name alone": ({"name": "Dewi Lestari"}, []),
    "no birth date is nobody's": ({"name": "Andi", "birth_date": (1990, 5, 2)}, []),
    "other name, same city and birth date": (
        {"name": "Dewi", "city": "Bandung", "birth_date": (1980, 12, 3)},
        [],
    ),
    "one of two of a name": ({"name": "Andi", "city": "Medan", "birth_date": (1991, 1, 1)}, ["Andi"]),
    "nothing": ({}, []),
}


@pytest.mark.parametrize(("typed", "expected"), ALIKE.values(), ids=ALIKE.keys())
def test_the_same_person_is_recognised(crm: Crm, people: None, typed: dict[str, Any], expected: list[str]) -> None:
    for who in ("ratna", "siti", "budi"):
        with crm.work(who) as work:
            found = possible_duplicates(work, **typed)
            assert sorted(row.name for row in found) == expected, who
            if who == "ratna":
                assert not any(row.reduced for row in found)


def test_colleagues_customers_come_in_the_reduced_form_after_own(crm: Crm, people: None) -> None:
    with crm.work("siti") as work:
        own, other = possible_duplicates(work, phones=["0812-3456-789"])
    assert (own.name, own.reduced, own.phone) == ("Dewi Lestari", False, "0812-3456-789")
    assert (other.name, other.reduced, other.phone) == ("Suami Dewi", True, "0812-••••-•89")
    with crm.work("ratna") as work:
        (record,) = work.session.scalars(select(AuditRecord).where(AuditRecord.kind == AuditKind.REDUCED_SEARCH))
    assert record.facts == {"asked": "+628123456789", "shown": ["C000005"], "looks": 1}


def test_nobody_is_their_own_duplicate_nor_one_merged_away(crm: Crm, people: None) -> None:
    typed: dict[str, Any] = {"phones": ["0812-3456-789"], "name": "Dewi Lestari", "city": "Bandung"}
    with crm.work("siti") as work:
        found = possible_duplicates(work, **typed, except_id=1)
        assert [row.name for row in found] == ["Suami Dewi"]
    with crm.system("test company") as work:
        work.session.get_one(Customer, 5).merged_into_id = 1
    with crm.work("siti") as work:
        assert not possible_duplicates(work, **typed, except_id=1).rows


def test_too_many_looks_show_own_ones_only(crm: Crm, people: None) -> None:
    with crm.work("siti") as work:
        for number in range(30):
            assert not possible_duplicates(work, name=f"Orang {number:02d}", city="Bogor").throttled
        found = possible_duplicates(work, phones=["0812-3456-789"])
    assert [row.name for row in found] == ["Dewi Lestari"]
    assert found.throttled, "it must say that the others were not looked at"
