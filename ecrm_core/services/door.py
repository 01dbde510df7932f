"""The narrow door: customers of nobody taken over, and orders taken for a colleague's customer.

Searching through it is `queries/door.py`. Everything here is on record.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, select

from ecrm_core.crm import Work, see_anew, start_writing
from ecrm_core.errors import CustomerNotVisible, EcrmError, InvalidValue, NotVisible
from ecrm_core.models import (
    AgendaItem,
    AgendaKind,
    AuditKind,
    ChangeOffer,
    Customer,
    CustomerPhone,
    Employee,
    Order,
    OwnerChange,
    Role,
)
from ecrm_core.phones import parse_phone
from ecrm_core.queries.door import look_through
from ecrm_core.services.customers import change_customer, own_customer
from ecrm_core.services.orders import OrderForm, OrderReceipt, take_order
from ecrm_core.services.orders.taking import take_through_door
from ecrm_core.services.record import put_on_record

PLACE = ("address", "city", "province", "postcode")

# Asked with every customer that is opened.
_CUSTOMER = bindparam("customer_id", type_=BigInteger)
_OPEN_OFFERS = (
    select(ChangeOffer, Order.number, Employee.name)
    .join(Order, Order.id == ChangeOffer.order_id)
    .join(Employee, Employee.id == ChangeOffer.by_id)
    .where(ChangeOffer.customer_id == _CUSTOMER, ChangeOffer.answered_at.is_(None))
    .order_by(ChangeOffer.id)
)
_FIRST_PHONE = (
    select(CustomerPhone.typed)
    .where(CustomerPhone.customer_id == _CUSTOMER)
    .order_by(CustomerPhone.position, CustomerPhone.id)
    .limit(1)
)


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
    """A customer of nobody who is now one's own, and the item on today's agenda, where one was wanted."""

    id: int
    code: str
    name: str
    item_id: int | None = None


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


def unowned_count(work: Work, *, most: int | None = None) -> int:
    """How many customers nobody looks after.

    Args:
        most: no further than this is counted, for screens that everybody opens; one more says that there are more.
    """
    if work.actor.is_staff:
        return _count_free(work, most)
    with work.crm.system("customers of nobody", within=work) as system:  # a number, and nothing else of them
        return _count_free(system, most)


def claim_next(work: Work, customer_id: int | None = None, *, to_call: bool = False) -> Claimed | None:
    """Take over a customer of nobody: the one found in a search, or the next in line.

    Next is who bought last, then who has been known longest; people who asked not to be called are
    left out. Two who claim at once never get the same one. Telemarketers. Nothing may have been
    written in this work before: it is a transaction of its own.

    Args:
        to_call: they stand on today's agenda at once, in the same transaction.

    Returns:
        None where nobody is left in line.

    Raises:
        NotAllowed: a manager or admin, who look after no customers.
        CustomerNotVisible: `customer_id` does not exist, or has an owner by now.
    """
    work.require(Role.TELEMARKETER)
    with _behind_the_door(work, "claiming a customer") as behind:
        start_writing(behind.session)
        row = _next_in_line(behind) if customer_id is None else _free_one(behind, customer_id)
        if row is None:
            return None
        row.owner_id = work.employee_id
        behind.session.add(
            OwnerChange(
                customer_id=row.id, to_id=work.employee_id, at=work.now, by_id=work.employee_id, reason="claimed"
            )
        )
        put_on_record(behind, AuditKind.CLAIMED, customer_id=row.id)
        item = _to_call(behind, row) if to_call else None
        behind.session.flush()
        return Claimed(row.id, row.code, row.name, item.id if item is not None else None)


def door_customer(work: Work, code: str) -> DoorCustomer:
    """Whom an order is being taken for; a look through the door, on record and counted as one.

    Raises:
        CustomerNotVisible: no such code, or too many looks in a minute.
    """
    found: DoorCustomer | None = None
    with look_through(work, code) as look:
        row = None if look is None else _by_code(look.work, code)
        if look is not None and row is not None:
            look.shown.append(row.code)
            found = _reduced(row)
    if found is None:  # said only here, so that a miss stays on record as well
        raise CustomerNotVisible(code=code)
    return found


def take_door_order(work: Work, customer_code: str, form: OrderForm) -> DoorReceipt:
    """Take an order for a colleague's customer, or for nobody's; `form.customer_id` is not looked at.

    The order is credited to the taker, who sees this one order afterwards; the customer stays with
    the owner, who is told on the agenda, owes the follow-ups, and is offered the address and phone
    typed here where they differ. An order may be taken for somebody who asked not to be called.
    Nothing may have been written in this work before: it is a transaction of its own. One that is
    refused is a look through the door, on record and counted.

    Raises:
        CustomerNotVisible: no such customer; also whatever is wrong, after too many looks in a minute.
        InvalidValue: as for `take_order`; also no address, as the customer's own is not shown.
        StockTooLow: as for `take_order`.
    """
    own = work.session.scalar(select(Customer).where(Customer.code == customer_code))
    if own is not None:
        return _receipt(take_order(work, replace(form, customer_id=own.id)), own)
    try:
        return _take_behind(work, customer_code, form)
    except EcrmError as refused:
        if work.actor.is_staff:
            raise
        # What is refused tells whether there is such a code, so it is a look like any other.
        with look_through(work, customer_code) as look:
            if look is not None and _by_code(look.work, customer_code) is not None:
                look.shown.append(customer_code)
        if look is None:
            raise CustomerNotVisible(code=customer_code) from refused
        raise


def _take_behind(work: Work, customer_code: str, form: OrderForm) -> DoorReceipt:
    with _behind_the_door(work, "door order") as behind:
        start_writing(behind.session)
        customer = _by_code(behind, customer_code)
        if customer is None:
            raise CustomerNotVisible(code=customer_code)
        receipt = take_through_door(behind, replace(form, customer_id=customer.id))
        if receipt.customer_id != customer.id:
            raise InvalidValue("intention", form.intention, "used")
        if not receipt.again:
            _tell_owner(behind, customer, receipt)
            _offer_changes(behind, customer, receipt)
            put_on_record(
                behind,
                AuditKind.DOOR_ORDER,
                customer_id=customer.id,
                order_id=receipt.order_id,
                number=receipt.number,
                owner_id=customer.owner_id,
            )
        return _receipt(receipt, customer)


def open_offers(work: Work, customer_id: int) -> list[OpenOffer]:
    """What colleagues typed about a customer and the owner has not answered yet, oldest first.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
    """
    customer = own_customer(work, customer_id)
    asked: dict[str, Any] = {"params": {"customer_id": customer_id}, "execution_options": {"of_customer": customer_id}}
    rows = work.session.execute(_OPEN_OFFERS, **asked).all()
    if not rows:
        return []
    phone = work.session.scalar(_FIRST_PHONE, **asked)
    return [
        OpenOffer(
            offer.id,
            customer_id,
            number,
            name,
            offer.at,
            {
                field: (phone if field == "phone" else getattr(customer, field), typed)
                for field, typed in offer.changes.items()
            },
        )
        for offer, number, name in rows
    ]


def answer_change_offer(work: Work, offer_id: int, take: bool) -> list[str]:
    """Take a colleague's typing over into the customer, or leave it; the fields that changed.

    Raises:
        NotVisible: missing, or about a colleague's customer.
        InvalidValue: answered already.
    """
    offer = work.session.get(ChangeOffer, offer_id, with_for_update=True)
    if offer is None:
        raise NotVisible(offer_id=offer_id)
    if offer.answered_at is not None:
        raise InvalidValue("offer", offer_id, "answered")
    offer.answered_at = work.now
    offer.answered_by_id = work.actor.employee_id
    offer.taken = take
    changes: dict[str, Any] = {}
    if take:
        changes = {field: typed for field, typed in offer.changes.items() if field in PLACE}
        if "phone" in offer.changes:
            known = select(CustomerPhone.typed).where(CustomerPhone.customer_id == offer.customer_id)
            standing = work.session.scalars(known.order_by(CustomerPhone.position, CustomerPhone.id))
            changes["phones"] = [*standing, offer.changes["phone"]]
        change_customer(work, offer.customer_id, **changes)
    work.session.flush()
    return list(changes)


@contextmanager
def _behind_the_door(work: Work, reason: str) -> Iterator[Work]:
    """A work of the same person at the same instant that sees everybody, as one transaction of its own."""
    with work.crm.system(reason) as system:
        yield replace(system, actor=work.actor, now=work.now)
    see_anew(work.session)


def _free() -> list[ColumnElement[bool]]:
    return [Customer.owner_id.is_(None), (Customer.merged_into_id + 0).is_(None)]


def _to_call(work: Work, customer: Customer) -> AgendaItem:
    """Put a customer just claimed on today's agenda; a plan made again leaves them there."""
    item = AgendaItem(
        employee_id=work.employee_id,
        customer_id=customer.id,
        day=work.today,
        kind=AgendaKind.PROSPECT if customer.last_activity_at is None else AgendaKind.WIN_BACK,
        title=customer.name[:200],
        proposed=False,
        created_at=work.now,
        created_by_id=work.employee_id,
    )
    work.session.add(item)
    return item


def _count_free(work: Work, most: int | None) -> int:
    # Taken apart, so that each is counted in an index: of owners, and of the few merged into somebody else.
    count = select(func.count(Customer.id))
    if most is not None:
        some = select(Customer.id).where(Customer.owner_id.is_(None)).limit(most + 1).subquery()
        seen = work.session.scalar(select(func.count()).select_from(some)) or 0
        if seen > most:
            return seen
    nobodys = work.session.scalar(count.where(Customer.owner_id.is_(None))) or 0
    gone = count.where(Customer.merged_into_id > 0, (Customer.owner_id + 0).is_(None))
    return nobodys - (work.session.scalar(gone) or 0)


def _next_in_line(work: Work) -> Customer | None:
    waiting = select(Customer).where(*_free(), Customer.do_not_call_at.is_(None))
    # In two steps, each along one index: no database has to sort all of them.
    for line in (
        waiting.where(Customer.last_activity_at.is_not(None)).order_by(
            Customer.last_activity_at.desc(), Customer.id.desc()
        ),
        waiting.where(Customer.last_activity_at.is_(None)).order_by(Customer.id),
    ):
        found = work.session.scalar(line.limit(1).with_for_update(skip_locked=True))
        if found is not None:
            return found
    return None


def _free_one(work: Work, customer_id: int) -> Customer:
    wanted = select(Customer).where(Customer.id == customer_id, *_free())
    found = work.session.scalar(wanted.with_for_update())
    if found is None:
        raise CustomerNotVisible(customer_id=customer_id)
    return found


def _by_code(work: Work, code: str) -> Customer | None:
    return work.session.scalar(select(Customer).where(Customer.code == code, Customer.merged_into_id.is_(None)))


def _reduced(row: Customer) -> DoorCustomer:
    return DoorCustomer(row.code, row.name, row.city)


def _receipt(made: OrderReceipt, customer: Customer) -> DoorReceipt:
    return DoorReceipt(made.order_id, made.number, made.total, made.currency, _reduced(customer), made.again)


def _tell_owner(work: Work, customer: Customer, receipt: OrderReceipt) -> None:
    """Put the order on the agenda of who looks after the customer."""
    if customer.owner_id is None:
        return
    work.session.add(
        AgendaItem(
            employee_id=customer.owner_id,
            day=work.today,
            kind=AgendaKind.COLLEAGUE_ORDER,
            title=customer.name,
            note=f"{receipt.number} · {work.actor.name}",
            customer_id=customer.id,
            proposed=True,
            created_at=work.now,
            created_by_id=work.employee_id,
        )
    )


def _offer_changes(work: Work, customer: Customer, receipt: OrderReceipt) -> None:
    """Offer the owner what was typed with the order and is other than what is known."""
    order = work.session.get_one(Order, receipt.order_id)
    typed = {field: getattr(order, f"ship_{field}") for field in PLACE}
    changes = {field: value for field, value in typed.items() if value and value != getattr(customer, field)}
    if order.ship_phone and not _knows(work, customer, order.ship_phone):
        changes["phone"] = order.ship_phone
    if changes:
        work.session.add(
            ChangeOffer(
                customer_id=customer.id, order_id=order.id, changes=changes, at=work.now, by_id=work.employee_id
            )
        )


def _knows(work: Work, customer: Customer, typed: str) -> bool:
    """Whether this is one of the customer's numbers; what is no number is not offered."""
    try:
        number = parse_phone(typed, work.rules.phone_region)
    except InvalidValue:
        return True
    holder = select(CustomerPhone.id).where(CustomerPhone.customer_id == customer.id, CustomerPhone.e164 == number)
    return work.session.scalar(holder) is not None
