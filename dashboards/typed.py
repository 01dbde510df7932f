"""What people type into a field, as values."""

from __future__ import annotations

import re
from decimal import Decimal

from ecrm_core.models.people import Language

SIGNS = {Language.INDONESIAN: (".", ","), Language.ENGLISH: (",", ".")}
"""Between thousands, and before decimals."""
CURRENCY = re.compile(r"^(?:rp\.?|[a-z]{3}|[$€£¥])\s*|\s*(?:[a-z]{3}|[$€£¥])$", re.IGNORECASE)


def parse_money(typed: str) -> Decimal | None:
    """An amount as people type it in either language: `499000`, `Rp 499.000`, `499,000`, `12,50`; nothing is none.

    A sign before exactly three digits parts thousands; the last one before one, two or four digits
    begins the decimals. So nobody sells for 499 rupiah who typed `499,000` in Indonesian.

    Raises:
        ValueError: no amount.
    """
    text = CURRENCY.sub("", re.sub(r"[\s\u00a0\u202f]+", " ", typed).strip()).replace(" ", "")
    text = text.removesuffix(",-").removesuffix(".-")
    if not typed.strip():
        return None
    if not re.fullmatch(r"[0-9]+([.,][0-9]+)*", text):
        raise ValueError(typed)
    whole, *parts = re.split(r"[.,]", text)
    signs = re.sub(r"[0-9]", "", text)
    decimals = parts.pop() if parts and len(parts[-1]) != 3 else ""
    if decimals and signs[-1] in signs[:-1]:
        raise ValueError(typed)
    if len(decimals) > 4 or any(len(part) != 3 for part in parts) or (parts and not 1 <= len(whole) <= 3):
        raise ValueError(typed)
    return Decimal(f"{whole}{''.join(parts)}.{decimals or 0}") if decimals else Decimal(whole + "".join(parts))


def money_as_typed(amount: Decimal, language: Language | str) -> str:
    """An amount as somebody would type it, so that it can be changed: `499.000,50`."""
    thousands, decimal = SIGNS[Language(language)]
    whole, _, part = f"{amount:,f}".partition(".")
    part = part.rstrip("0")
    part += "0" * (len(part) % 2)  # one digit or three would read like something else
    return whole.replace(",", thousands) + (decimal + part if part else "")


def parse_whole(typed: str) -> int | None:
    """A whole number, thousands parted or not; nothing is none.

    Raises:
        ValueError: not a whole number.
    """
    text = re.sub(r"[\s\u00a0\u202f]", "", typed)
    if not text:
        return None
    if not re.fullmatch(r"[-−]?([0-9]{1,3}([.,])[0-9]{3}(\2[0-9]{3})*|[0-9]{1,9})", text):
        raise ValueError(typed)
    return int(re.sub(r"[.,]", "", text).replace("−", "-"))
