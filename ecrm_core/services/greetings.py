"""Birthday greetings: one a year, by whom and by which channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import InvalidValue
from ecrm_core.models import Channel, Greeting
from ecrm_core.rules import birthday_in
from ecrm_core.services.customers import own_customer
from ecrm_core.services.do_not_call import refuse_contact


@dataclass(frozen=True)
class GreetingReceipt:
    """A greeting on record; `again` where this year's was on record already."""

    customer_id: int
    year: int
    channel: Channel
    again: bool


def greet_customer(work: Work, customer_id: int, *, channel: Channel | str, birthday_on: date) -> GreetingReceipt:
    """Note that a customer was wished a happy birthday; the first greeting of a year stays.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
        DoNotCallRefused: the customer asked not to be contacted.
        InvalidValue: their birthday is not greeted on that day.
    """
    customer = own_customer(work, customer_id, lock=True)
    if customer.birthday is None or birthday_in(birthday_on.year, *customer.birthday) != birthday_on:
        raise InvalidValue("birthday_on", birthday_on, "birthday")
    known = _greeting(work, customer_id, birthday_on.year)
    if known is not None:
        return GreetingReceipt(customer_id, known.year, known.channel, again=True)
    refuse_contact(work, customer, channel=Channel(channel))
    row = Greeting(
        customer_id=customer_id,
        year=birthday_on.year,
        birthday_on=birthday_on,
        channel=Channel(channel),
        at=work.now,
        by_id=work.employee_id,
    )
    work.session.add(row)
    return GreetingReceipt(customer_id, row.year, row.channel, again=False)


def ungreet_customer(work: Work, customer_id: int, year: int) -> None:
    """Take back a greeting noted by mistake; nothing where none is on record."""
    row = _greeting(work, customer_id, year)
    if row is not None:
        work.session.delete(row)


def _greeting(work: Work, customer_id: int, year: int) -> Greeting | None:
    return work.session.scalar(select(Greeting).where(Greeting.customer_id == customer_id, Greeting.year == year))
