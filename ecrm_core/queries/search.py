"""Find a customer or a product while typing.

Names are compared `folded`: no case, no accents, any words of the name in any order, each by any
part of it. A telemarketer finds own customers this way, and a few of the others through the narrow
door (`queries/door.py`); managers and admins find everybody. Nothing here grows with the table:
see `_name_matches`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ecrm_core.crm import Work
from ecrm_core.rules import ActivityStatus

SHOWN = 20
"""Rows of an answer."""
INDEXED = 3
"""Letters from which the trigram index answers."""
SORTED = 5_000
"""Matches that are put in order as a whole; where there are more, they lie so close that walking is quicker."""
LONGEST = 100
"""Characters looked at."""
MOST_WORDS = 6
PHONE_DIGITS = 5
"""Digits from which a number is looked up by its start."""

_CODE = re.compile(r"c?0*([0-9]{1,9})", re.IGNORECASE)
_PHONE = re.compile(r"\+?[0-9 ().\-/]+")
_WILD = re.compile(r"[%_\\]")


@dataclass(frozen=True)
class FoundCustomer:
    """A customer in a search. Of those who are not one's own (`reduced`): masked phone, no activity."""

    id: int
    code: str
    name: str
    city: str | None
    phone: str | None
    last_activity: date | None
    status: ActivityStatus | None
    owner_name: str | None
    owner_is_me: bool
    reduced: bool


@dataclass(frozen=True)
class CustomersFound:
    """The answer to a search, best first; goes round like the list of its rows."""

    rows: Sequence[FoundCustomer] = ()
    more: bool = False
    """There are others; a longer text narrows them down."""
    throttled: bool = False
    """Too many looks at other people's customers in a minute: only own ones were searched."""
    door: int = 0
    """How many rows came through the narrow door."""

    def __iter__(self) -> Iterator[FoundCustomer]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> FoundCustomer:
        return self.rows[place]


@dataclass(frozen=True)
class FoundProduct:
    """A product on sale. `stock` none means nobody counts its pieces."""

    id: int
    code: str
    name: str
    price: Decimal
    currency: str
    stock: int | None
    category: str | None


def find_customers(work: Work, text: str, *, limit: int = SHOWN) -> CustomersFound:
    """Customers whose name, code or phone this could be; the likeliest first, in a stable order.

    An exact code or complete phone comes first, then own customers, then names that begin with the
    text, names with a word that begins with it, and other fragments; then by name.

    Args:
        text: a part of the name, several in any order; a code (`C000123`, `c123`, `123`); a phone in
            any spelling, complete or its first five digits and more.
    """
    raise NotImplementedError


def by_phone(work: Work, typed: str) -> CustomersFound:
    """Whose number this is: nobody, one customer, or several; a telephone system asks so on a call."""
    raise NotImplementedError


def find_products(work: Work, text: str, *, limit: int = SHOWN) -> list[FoundProduct]:
    """Products on sale with this in their code or name: exact code first, then as they begin, then by name."""
    raise NotImplementedError
