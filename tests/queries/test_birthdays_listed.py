"""Who has a birthday these days, and who greeted them how."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ecrm_core.crm import Crm
from ecrm_core.models import Channel
from ecrm_core.queries.customer_list import CustomerFilters, Greeted, customer_count, customer_page
from ecrm_core.services.customers import add_customer
from ecrm_core.services.greetings import greet_customer
from tests.conftest import FrozenClock

NEAR = CustomerFilters(birthday_near=True)
BIRTHDAYS = [(11, 20), (11, 21), (11, 24), (12, 1), (12, 2), (1, 2), (2, 29), None]


def at_nine(clock: FrozenClock, day: date) -> None:
    clock.now = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


@pytest.fixture
def people(crm: Crm, clock: FrozenClock) -> dict[tuple[int, int] | None, int]:
    """One of Siti's for each birthday."""
    at_nine(clock, date(2026, 11, 24))
    with crm.work("siti") as work:
        return {
            birthday: add_customer(
                work, name=f"Lahir {birthday}", birth_date=(None, *birthday) if birthday else None
            ).id
            for birthday in BIRTHDAYS
        }


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        (date(2026, 11, 24), {(11, 21), (11, 24), (12, 1)}),
        (date(2026, 12, 28), {(1, 2)}),
        (date(2027, 1, 5), {(1, 2)}),
        (date(2027, 2, 22), {(2, 29)}),
        (date(2027, 3, 3), {(2, 29)}),
        (date(2027, 3, 4), set()),
        (date(2028, 3, 3), {(2, 29)}),
        (date(2028, 2, 21), set()),
    ],
)
def test_birthdays_of_these_days_are_those_just_missed_and_those_of_a_week(
    crm: Crm,
    clock: FrozenClock,
    people: dict[tuple[int, int] | None, int],
    day: date,
    wanted: set[tuple[int, int]],
) -> None:
    at_nine(clock, day)
    for who in ("siti", "ratna"):
        with crm.work(who) as work:
            assert {row.id for row in customer_page(work, NEAR).rows} == {people[each] for each in wanted}
            assert customer_count(work, NEAR).customers.number == len(wanted)
    with crm.work("budi") as work:
        assert customer_page(work, NEAR).rows == []


def test_each_row_tells_who_greeted_how(
    crm: Crm, clock: FrozenClock, people: dict[tuple[int, int] | None, int]
) -> None:
    with crm.work("ratna") as work:
        greet_customer(work, people[11, 24], channel="whatsapp", birthday_on=date(2026, 11, 24))
    with crm.work("siti") as work:
        told = {row.id: row.birthday for row in customer_page(work, NEAR).rows}
        assert told[people[11, 24]] == Greeted(date(2026, 11, 24), Channel.WHATSAPP, "Ratna Dewi")
        assert told[people[11, 21]] == Greeted(date(2026, 11, 21))
        # Only lists of birthdays tell of them; next year's greeting is still to come.
        assert all(row.birthday is None for row in customer_page(work).rows)
        (january,) = customer_page(work, CustomerFilters(birth_month=1)).rows
        assert january.birthday == Greeted(date(2027, 1, 2))
    at_nine(clock, date(2027, 11, 24))
    with crm.work("siti") as work:
        told = {row.id: row.birthday for row in customer_page(work, NEAR).rows}
        assert told[people[11, 24]] == Greeted(date(2027, 11, 24))


def test_birthdays_of_these_days_stand_in_the_address() -> None:
    assert CustomerFilters.from_query({"birthday": "near"}) == NEAR
    assert NEAR.to_query() == {"birthday": "near"}
