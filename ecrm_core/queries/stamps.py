"""What a record looked like when somebody opened it, in a few letters."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any


def stamp(*facts: Any) -> str:
    """A short text that differs as soon as one of the facts does."""
    # 499000 and 499000.0000 are one price.
    told = [str(fact.normalize()) if isinstance(fact, Decimal) else fact for fact in facts]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:20]
