"""Phone numbers: one spelling to compare, one to show."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from ecrm_core.errors import InvalidValue


def parse_phone(typed: str, region: str) -> str:
    """What was typed, in E.164: `0812-345-678` and `62812345678` are one number.

    Args:
        typed: as a person or a spreadsheet writes it; a leading zero may have been eaten.
        region: where numbers without a country code belong, as ISO 3166 (`ID`).

    Raises:
        InvalidValue: no number that could exist there.
    """
    text = typed.strip()
    code = str(phonenumbers.country_code_for_region(region))
    spellings = [text]
    digits = "".join(sign for sign in text if sign.isdigit())
    if not text.startswith("+") and digits.startswith(code):
        spellings.insert(0, f"+{digits}")
    for spelling in spellings:
        try:
            number = phonenumbers.parse(spelling, region)
        except NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    raise InvalidValue("phone", typed, "phone")


@lru_cache(maxsize=20_000)
def show_phone(e164: str, region: str) -> str:
    """A number as people there write it: `0812-3456-789`; with its country code where it is foreign."""
    number = phonenumbers.parse(e164, region)
    home = phonenumbers.country_code_for_region(region) == number.country_code
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL)


def mask_phone(e164: str, region: str) -> str:
    """A number that can be recognised but not dialled: all but its first four and last two digits hidden."""
    shown = show_phone(e164, region)
    places = [place for place, sign in enumerate(shown) if sign.isdigit()]
    hidden = set(places[4:-2])
    return "".join("•" if place in hidden else sign for place, sign in enumerate(shown))
