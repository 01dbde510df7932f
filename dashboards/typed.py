"""What people type into a field, as values."""

from __future__ import annotations

import re
from decimal import Decimal

from ecrm_core.models.people import Language

SIGNS = {Language.INDONESIAN: (".", ","), Language.ENGLISH: (",", ".")}
"""Between thousands, and before decimals."""
CURRENCY = re.compile(r"^(?:rp\.?|[a-z]{3}|[$€£¥])\s*|\s*(?:[a-z]{3}|[$€£¥])$", re.IGNORECASE)


def parse_money(typed: str, language: Language | str) -> Decimal:
    """An amount as it is written in a language: `499.000`, `499000`, `Rp 499.000,50` in Indonesian.

    Three digits after the sign for decimals are refused: whoever types `499,000` in Indonesian most
    likely means thousands, and is not to sell for 499 rupiah.

    Raises:
        ValueError: not an amount, or one that could be meant in two ways.
    """
    thousands, decimal = (re.escape(sign) for sign in SIGNS[Language(language)])
    text = CURRENCY.sub("", re.sub(r"[\s\u00a0\u202f]+", " ", typed).strip()).replace(" ", "")
    whole, part = rf"[0-9]{{1,3}}(?:{thousands}[0-9]{{3}})+|[0-9]+", "[0-9]{1,2}|[0-9]{4}"
    match = re.fullmatch(rf"([-−]?)({whole})(?:{decimal}({part}))?", text)
    if match is None:
        raise ValueError(typed)
    sign, units, fraction = match.groups()
    amount = Decimal(f"{re.sub(thousands, '', units)}.{fraction or 0}")
    return -amount if sign else amount


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
