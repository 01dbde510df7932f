"""Seasons, growth and temper: what the demo company's market rests on."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from ecrm_core.demo.catalogue import SPOTS, WARES
from ecrm_core.demo.market import Growth, Shopper
from ecrm_core.demo.people import make_person
from ecrm_core.demo.season import lebaran, season
from ecrm_core.phones import parse_phone


@pytest.mark.parametrize(
    ("year", "day"), [(2024, date(2024, 4, 10)), (2025, date(2025, 3, 31)), (2026, date(2026, 3, 21))]
)
def test_lebaran_moves_through_the_year(year: int, day: date) -> None:
    assert lebaran(year) == day
    before, after = season(day - timedelta(days=15)), season(day + timedelta(days=2))
    assert before > 3 * after


def test_growth_reaches_its_size_and_goes_on() -> None:
    growth = Growth(6000, date(2023, 11, 24))
    assert growth.until(date(2023, 11, 23)) == 0
    assert growth.until(date(2026, 11, 23)) == 6000
    counts = [growth.until(date(2023, 11, 24) + timedelta(days=number)) for number in range(1500)]
    assert counts == sorted(counts)
    assert counts[-1] > 6000


def test_a_shopper_is_known_by_the_code_alone_and_stays_away_once_gone() -> None:
    one, same = (Shopper(1, "siti", "C000123", date(2025, 1, 1)) for _ in range(2))
    assert one == same
    later = one.gone_on + timedelta(days=1)
    assert not one.comes_back(later, later + timedelta(days=6), 1000.0, Random(1))
    assert not one.comes_back(one.joined_on, one.joined_on + timedelta(days=6), 1000.0, Random(1))


def test_what_is_not_used_up_is_not_bought_again() -> None:
    shopper = Shopper(1, "siti", "C000001", date(2025, 1, 1))
    shopper.bought = list(range(30))
    chance = Random(7)
    for _ in range(300):
        for number in shopper.choose(chance):
            assert number >= 30 or WARES[number].consumable


def test_people_have_phones_that_can_be_kept_and_ring_nobody() -> None:
    used_by_operators = {"811", "812", "813", "814", "815", "816", "817", "818", "819", "821", "822", "823", "828"}
    used_by_operators |= {str(code) for code in (*range(831, 834), 838, *range(851, 860), *range(877, 900))}
    for number in range(200):
        for phone in make_person(Random(number)).phones:
            e164 = parse_phone(phone, "ID")
            assert e164.startswith("+628")
            assert e164[3:6] not in used_by_operators


def test_the_catalogue_is_what_it_says() -> None:
    assert len(WARES) == 60 == len({ware.name for ware in WARES})
    assert sum(spot.share for spot in SPOTS) == 100
