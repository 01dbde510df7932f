"""Both languages say the same things with the same facts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest

from ecrm_core.models import Language
from ecrm_core.rules import ActivityRule, ActivityStatus
from ecrm_core.texts import Texts, catalogue


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_keys_and_placeholders_are_the_same_in_both_languages(repo: Path) -> None:
    folder = repo / "dashboards" / "texts"
    indonesian, english = catalogue(Language.INDONESIAN, folder), catalogue(Language.ENGLISH, folder)
    # Only English has a singular of its own.
    assert set(indonesian) == {key for key in english if not key.endswith(".one")} | {
        key for key in indonesian if key.endswith(".one")
    }
    for key, text in indonesian.items():
        assert placeholders(text) == placeholders(english[key]), key
        assert text.strip(), key


@pytest.mark.parametrize(("language", "shown"), [("id", "Rp 1.250.000"), ("en", "Rp 1,250,000")])
def test_money_is_written_as_it_is_there(language: str, shown: str) -> None:
    assert Texts(language).money(Decimal(1250000)).replace("\xa0", " ") in {shown, shown.replace("Rp", "IDR")}


def test_a_status_is_named_for_its_boundary() -> None:
    texts = Texts("id")
    assert texts.status(ActivityStatus.TWO_WEEKS, ActivityRule()) == "2 minggu"
    assert texts.status(ActivityStatus.TWO_WEEKS, ActivityRule(two_weeks_days=10)) == "10 hari"
    assert texts.status(ActivityStatus.SIX_MONTHS, ActivityRule(six_months_months=3)) == "3 bulan"


def test_near_days_are_named() -> None:
    texts, today = Texts("id"), date(2026, 11, 24)
    assert [texts.near(date(2026, 11, day), today) for day in (23, 24, 25, 27)] == [
        "kemarin",
        "hari ini",
        "besok",
        "3 hari lagi",
    ]
