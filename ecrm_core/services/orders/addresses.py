"""Where a customer's orders went before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ecrm_core.crm import Work, insert_rows
from ecrm_core.models import CustomerAddress, Order, folded
from ecrm_core.services.customers import own_customer

MOST_ADDRESSES = 20


@dataclass(frozen=True)
class KnownAddress:
    """An address of a customer. `used_at` none is the customer's own, not sent to yet."""

    address: str
    city: str | None
    province: str | None
    postcode: str | None
    used_at: datetime | None

    @property
    def same(self) -> tuple[str, ...]:
        """What two spellings of one address have in common."""
        return tuple(folded(part or "") for part in (self.address, self.city, self.postcode))


def address_book(work: Work, customer_id: int) -> list[KnownAddress]:
    """Where this customer's orders went, newest first, each once; then the customer's own address.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
    """
    customer = own_customer(work, customer_id)
    used = (
        select(CustomerAddress)
        .where(CustomerAddress.customer_id == customer_id)
        .order_by(CustomerAddress.used_at.desc(), CustomerAddress.id.desc())
        .limit(MOST_ADDRESSES)
    )
    known = [_known(row, row.used_at) for row in work.session.scalars(used)]
    if customer.address:
        known.append(KnownAddress(customer.address, customer.city, customer.province, customer.postcode, used_at=None))
    once: dict[tuple[str, ...], KnownAddress] = {}
    for each in known:
        once.setdefault(each.same, each)
    return list(once.values())


def remember_addresses(work: Work, orders: Sequence[Order]) -> None:
    """Keep where orders go in their customers' address books; the customers are locked already."""
    going = [order for order in orders if order.ship_address and order.door_taker_id is None]
    if not going:
        return
    customers = {order.customer_id for order in going}
    rows = work.session.scalars(select(CustomerAddress).where(CustomerAddress.customer_id.in_(customers)))
    known = {(row.customer_id, *_known(row, row.used_at).same): row for row in rows}
    new: dict[tuple[Any, ...], dict[str, Any]] = {}
    for order in going:
        assert order.ship_address is not None
        going_to = KnownAddress(
            order.ship_address, order.ship_city, order.ship_province, order.ship_postcode, order.ordered_at
        )
        place = (order.customer_id, *going_to.same)
        if place in known:
            known[place].used_at = max(known[place].used_at, order.ordered_at)
        elif place in new:
            new[place]["used_at"] = max(new[place]["used_at"], order.ordered_at)
        else:
            new[place] = {"customer_id": order.customer_id, **vars(going_to)}
    insert_rows(work.session, CustomerAddress, list(new.values()))


def _known(row: CustomerAddress, used_at: datetime | None) -> KnownAddress:
    return KnownAddress(row.address, row.city, row.province, row.postcode, used_at)
