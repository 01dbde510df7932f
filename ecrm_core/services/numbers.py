"""Numbers given out in order, without gaps: customer codes and order numbers."""

from __future__ import annotations

from ecrm_core.crm import Work
from ecrm_core.models import Counter


def next_number(work: Work, name: str) -> int:
    """The next number under a name; it is given out when the work commits, and to nobody else.

    Whoever asks second waits for the first to finish, so take the number late.
    """
    counter = work.session.get(Counter, name, with_for_update=True, populate_existing=True)
    if counter is None:
        counter = Counter(name=name, value=0)
        work.session.add(counter)
    counter.value += 1
    work.session.flush()
    return counter.value


def customer_code(number: int) -> str:
    """`C000123`."""
    return f"C{number:06d}"


def order_number(number: int) -> str:
    """`P0000123`."""
    return f"P{number:07d}"
