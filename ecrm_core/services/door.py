"""The narrow door: customers of nobody taken over, and orders taken for a colleague's customer.

Searching through it is `queries/door.py`. Everything here is on record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ecrm_core.crm import Work
from ecrm_core.services.orders import OrderForm


@dataclass(frozen=True)
class DoorCustomer:
    """All that the taker of an order sees of a customer who is not theirs."""

    code: str
    name: str
    city: str | None


@dataclass(frozen=True)
class DoorReceipt:
    """An order taken for a customer who is not one's own. `again` where this intention had made it before."""

    order_id: int
    number: str
    total: Decimal
    currency: str
    customer: DoorCustomer
    again: bool = False


@dataclass(frozen=True)
class Claimed:
    """A customer of nobody who is now one's own."""

    id: int
    code: str
    name: str


@dataclass(frozen=True)
class OpenOffer:
    """What a colleague typed with an order about one's customer: field to (ours, theirs)."""

    id: int
    customer_id: int
    order_number: str
    by_name: str
    at: datetime
    changes: dict[str, tuple[str | None, str | None]]
    """`address`, `city`, `province`, `postcode`, `phone`."""


def unowned_count(work: Work) -> int:
    """How many customers nobody looks after."""
    raise NotImplementedError


def claim_next(work: Work, customer_id: int | None = None) -> Claimed | None:
    """Take over a customer of nobody: the one found in a search, or the next in line.

    Next is who bought last, then who has been known longest; people who asked not to be called are
    left out. Two who claim at once never get the same one. Telemarketers.

    Returns:
        None where nobody is left in line.

    Raises:
        NotAllowed: a manager or admin, who look after no customers.
        CustomerNotVisible: `customer_id` does not exist, or has an owner by now.
    """
    raise NotImplementedError


def door_customer(work: Work, code: str) -> DoorCustomer:
    """Whom an order is being taken for; a look through the door, on record and counted as one.

    Raises:
        CustomerNotVisible: no such code, or too many looks in a minute.
    """
    raise NotImplementedError


def take_door_order(work: Work, customer_code: str, form: OrderForm) -> DoorReceipt:
    """Take an order for a colleague's customer, or for nobody's; `form.customer_id` is not looked at.

    The order is credited to the taker, who sees this one order afterwards; the customer stays with
    the owner, who is told on the agenda, owes the follow-ups, and is offered the address and phone
    typed here where they differ. An order may be taken for somebody who asked not to be called.

    Raises:
        CustomerNotVisible: no such customer.
        InvalidValue: as for `take_order`; also no address, as the customer's own is not shown.
        StockTooLow: as for `take_order`.
    """
    raise NotImplementedError


def open_offers(work: Work, customer_id: int) -> list[OpenOffer]:
    """What colleagues typed about a customer and the owner has not answered yet, oldest first.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
    """
    raise NotImplementedError


def answer_change_offer(work: Work, offer_id: int, take: bool) -> list[str]:
    """Take a colleague's typing over into the customer, or leave it; the fields that changed.

    Raises:
        NotVisible: missing, or about a colleague's customer.
        InvalidValue: answered already.
    """
    raise NotImplementedError
