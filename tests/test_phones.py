"""One number, however it is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecrm_core.errors import InvalidValue
from ecrm_core.phones import mask_phone, parse_phone, show_phone

SPELLINGS = ["0812-345-678", "62812345678", "+62 812 345 678", "812345678", " 0812 345 678 ", "(0812) 345.678"]


@pytest.mark.parametrize("typed", SPELLINGS)
def test_every_spelling_is_one_phone(typed: str) -> None:
    assert parse_phone(typed, "ID") == "+62812345678"


@pytest.mark.parametrize("typed", ["", "   ", "abc", "12", "+62", "081234567890123456789", "\x00"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidValue, match="phone"):
        parse_phone(typed, "ID")


def test_foreign_numbers_keep_their_country() -> None:
    assert parse_phone("+65 6123 4567", "ID") == "+6561234567"
    assert show_phone("+6561234567", "ID").startswith("+65")


@given(st.from_regex(r"8[1-9][0-9]{7,9}", fullmatch=True, alphabet="0123456789"))
def test_a_number_is_the_same_with_zero_code_or_neither(number: str) -> None:
    assert len({parse_phone(f"{before}{number}", "ID") for before in ("0", "62", "+62", "")}) == 1


def test_shown_numbers_are_national_and_masked_ones_cannot_be_dialled() -> None:
    shown, masked = show_phone("+628123456789", "ID"), mask_phone("+628123456789", "ID")
    assert shown == "0812-3456-789"
    assert masked == "0812-••••-•89"
