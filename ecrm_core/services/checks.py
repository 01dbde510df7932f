"""What may be typed into a field; every refusal names the field and says why."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from datetime import date
from decimal import Decimal

from ecrm_core.errors import InvalidValue
from ecrm_core.models.base import to_ten_thousandths

EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
LEAP_YEAR = 2000
EARLIEST_BIRTH_YEAR = 1900


def clean_text(field: str, value: str | None, *, limit: int, lines: bool = False) -> str | None:
    """A text without spaces around it, composed (NFC); none where nothing is left.

    Raises:
        InvalidValue: `too_long` (with `limit`) or `characters` (control characters; line breaks
            only where `lines` allows them).
    """
    text = unicodedata.normalize("NFC", (value or "").replace("\r\n", "\n")).strip()
    if not text:
        return None
    if len(text) > limit:
        raise InvalidValue(field, text[:40], "too_long", limit=limit)
    allowed = "\n\t" if lines else ""
    # Looked at sign by sign only where there is something to find.
    if not text.isprintable() and any(
        unicodedata.category(sign) in {"Cc", "Cs"} and sign not in allowed for sign in text
    ):
        raise InvalidValue(field, text[:40], "characters")
    return text


def required_text(field: str, value: str | None, *, limit: int, lines: bool = False) -> str:
    """The same, where something must be there.

    Raises:
        InvalidValue: also `empty`.
    """
    text = clean_text(field, value, limit=limit, lines=lines)
    if text is None:
        raise InvalidValue(field, value, "empty")
    return text


def clean_email(value: str | None) -> str | None:
    """An address that could be one, in lower case; whether it exists only a message tells."""
    text = clean_text("email", value, limit=254)
    if text is not None and not EMAIL.fullmatch(text):
        raise InvalidValue("email", text, "email")
    return text.lower() if text else None


def clean_birthday(
    birth: tuple[int | None, int, int] | None, *, today: date
) -> tuple[int | None, int | None, int | None]:
    """Year, month and day of a birth; the year may be unknown, and 29 February is then allowed.

    Raises:
        InvalidValue: no such day, or not in the past.
    """
    if birth is None:
        return None, None, None
    year, month, day = birth
    real = 1 <= month <= 12 and 1 <= day <= monthrange(year or LEAP_YEAR, month)[1]
    if not real or (year is not None and not EARLIEST_BIRTH_YEAR <= year <= today.year):
        raise InvalidValue("birth_date", birth, "birth_date")
    if year is not None and date(year, month, day) > today:
        raise InvalidValue("birth_date", birth, "birth_date")
    return year, month, day


def clean_money(field: str, amount: Decimal) -> Decimal:
    """An amount of nothing or more that can be kept exactly.

    Raises:
        InvalidValue: negative, too large, or with more than four decimals.
    """
    try:
        to_ten_thousandths(amount)
    except ValueError as error:
        raise InvalidValue(field, amount, "money") from error
    if amount < 0:
        raise InvalidValue(field, amount, "negative")
    return amount
