"""Numbers given out in order, without gaps: customer codes and order numbers."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from ecrm_core.crm import Work
from ecrm_core.models import Counter


def locked_counter(work: Work, name: str) -> Counter:
    """The counter of a name, held until the work ends: whoever asks second waits for the first to finish."""
    held: dict[str, Counter] = work.session.info.setdefault("counters", {})
    if name not in held:
        held[name] = _lock(work, name)
    return held[name]


def next_number(work: Work, name: str) -> int:
    """The next number under a name; it is given out when the work commits, and to nobody else."""
    counter = locked_counter(work, name)
    counter.value += 1
    return counter.value


def customer_code(number: int) -> str:
    """`C000123`."""
    return f"C{number:06d}"


def order_number(number: int) -> str:
    """`P0000123`."""
    return f"P{number:07d}"


def _lock(work: Work, name: str) -> Counter:
    counter = work.session.get(Counter, name, with_for_update=True, populate_existing=True)
    if counter is None:
        try:
            with work.session.begin_nested():
                work.session.add(Counter(name=name, value=0))
        except IntegrityError:
            pass  # the company's very first number, asked for twice at once
        counter = work.session.get_one(Counter, name, with_for_update=True, populate_existing=True)
    return counter
