"""What somebody typed into a search, as everything it could be: a name, a code, a phone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import phonenumbers

from ecrm_core.crm import Work
from ecrm_core.errors import InvalidValue
from ecrm_core.models import folded
from ecrm_core.phones import parse_phone
from ecrm_core.queries.door import DOOR_LETTERS

INDEXED = 3
"""Letters from which the trigram index answers."""
LONGEST = 100
"""Characters looked at."""
LONGEST_CODE = 32
MOST_WORDS = 6
PHONE_DIGITS = 5
"""Digits from which a number is looked up by its start."""

_CODE = re.compile(r"c?0*([0-9]{1,9})", re.IGNORECASE)
_PHONE = re.compile(r"\+?[0-9 ().\-/]+")
_WILD = re.compile(r"[%_\\]")


@dataclass(frozen=True)
class Asked:
    """What was typed, as everything it could be."""

    typed: str
    region: str

    @classmethod
    def of(cls, work: Work, typed: str) -> Asked:
        plain = "".join(sign for sign in typed[:LONGEST] if unicodedata.category(sign)[0] != "C" or sign.isspace())
        return cls(" ".join(plain.split()), work.rules.phone_region)

    @cached_property
    def text(self) -> str:
        return folded(self.typed)

    @cached_property
    def words(self) -> list[str]:
        return list(dict.fromkeys(self.text.split()))[:MOST_WORDS]

    @cached_property
    def codes(self) -> list[str]:
        """The customer codes this could be: `C000123` of `c123` and `123`; other systems' as they are."""
        if not any(sign.isdigit() for sign in self.typed) or len(self.typed) > LONGEST_CODE:
            return []
        codes = [self.typed, self.typed.upper()]
        if number := _CODE.fullmatch(self.typed):
            codes.insert(0, f"C{int(number[1]):06d}")
        return list(dict.fromkeys(codes))

    @cached_property
    def phone(self) -> str | None:
        """The complete number this could be, in E.164."""
        if not self._dialled:
            return None
        try:
            return parse_phone(self.typed, self.region)
        except InvalidValue:
            return None

    @cached_property
    def phone_starts(self) -> list[str]:
        """What a number in E.164 begins with, where this begins one: `+628123` of `08123`, `628123`, `8123`."""
        digits = self._dialled
        if len(digits.lstrip("0")) < PHONE_DIGITS - 1 or len(digits) < PHONE_DIGITS:
            return []
        if self.typed.startswith("+"):
            return [f"+{digits}"]
        code = str(phonenumbers.country_code_for_region(self.region))
        starts = [f"+{code}{digits.lstrip('0')}"]
        if digits.startswith(code):
            starts.append(f"+{digits}")
        return starts

    @cached_property
    def letters(self) -> bool:
        """Whether this names somebody closely enough for the narrow door."""
        return any(sum(sign.isalpha() for sign in word) >= DOOR_LETTERS for word in self.indexed)

    @cached_property
    def indexed(self) -> list[str]:
        return indexed(self.words)

    @property
    def _dialled(self) -> str:
        return re.sub(r"[^0-9]", "", self.typed) if _PHONE.fullmatch(self.typed) else ""


def indexed(parts: Sequence[str]) -> list[str]:
    """What of these the trigram index answers: three letters and more, no wild cards."""
    return [found for part in parts if len(found := max(_WILD.split(part), key=len)) >= INDEXED]
