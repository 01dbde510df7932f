"""What lies on the desk while an order is typed: who it is for, and what there is to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from ecrm_core.crm import Work
from ecrm_core.errors import CustomerNotVisible
from ecrm_core.models import Customer, CustomerPhone, Employee, OrderSource, Role
from ecrm_core.phones import show_phone
from ecrm_core.queries.search import find_customers
from ecrm_core.services.customers import BirthDate
from ecrm_core.services.orders import KnownAddress, address_book


@dataclass(frozen=True)
class OrderDesk:
    """Whom an order is for. Of a customer who is not one's own (`reduced`): code, name, city and owner."""

    id: int | None
    code: str
    name: str
    city: str | None
    reduced: bool
    owner_name: str | None
    owner_is_me: bool
    version: int | None = None
    phones: Sequence[str] = ()
    """As people there write them, the one called first in front."""
    email: str | None = None
    address: str | None = None
    province: str | None = None
    postcode: str | None = None
    birth_date: BirthDate | None = None
    do_not_call: bool = False
    addresses: Sequence[KnownAddress] = ()


@dataclass(frozen=True)
class FormSource:
    """A way to have heard of us that is still asked about."""

    id: int
    name: str
    station: str | None
    airs_at: str | None


@dataclass(frozen=True)
class FormChoices:
    """What a form chooses from; `telemarketers` (user name, name) where a new customer may be given to any."""

    sources: Sequence[FormSource]
    telemarketers: Sequence[tuple[str, str]]


def order_desk(work: Work, code: str) -> OrderDesk:
    """Whom an order is for, as much of them as the actor may see.

    Somebody else's customer is looked at through the narrow door, on record.

    Raises:
        CustomerNotVisible: no such code, or too many looks in a minute.
    """
    row = work.session.execute(
        select(Customer, Employee.name)
        .join(Employee, Employee.id == Customer.owner_id, isouter=True)
        .where(Customer.code == code.strip().upper(), Customer.merged_into_id.is_(None))
    ).first()
    if row is None:
        return _through_door(work, code)
    customer, owner = row
    numbers = work.session.scalars(
        select(CustomerPhone.e164)
        .where(CustomerPhone.customer_id == customer.id)
        .order_by(CustomerPhone.position, CustomerPhone.id)
    )
    birthday = customer.birthday
    return OrderDesk(
        id=customer.id,
        code=customer.code,
        name=customer.name,
        city=customer.city,
        reduced=False,
        owner_name=owner,
        owner_is_me=customer.owner_id is not None and customer.owner_id == work.actor.employee_id,
        version=customer.version,
        phones=[show_phone(number, work.rules.phone_region) for number in numbers],
        email=customer.email,
        address=customer.address,
        province=customer.province,
        postcode=customer.postcode,
        birth_date=(customer.birth_year, *birthday) if birthday else None,
        do_not_call=customer.do_not_call_at is not None,
        addresses=address_book(work, customer.id),
    )


def form_choices(work: Work) -> FormChoices:
    """The sources that are still asked about, and for staff the telemarketers."""
    source = OrderSource
    sources = work.session.execute(
        select(source.id, source.name, source.station, source.airs_at)
        .where(source.active)
        .order_by(func.lower(source.name), source.id)
    )
    telemarketers: list[tuple[str, str]] = []
    if work.actor.is_staff:
        rows = work.session.execute(
            select(Employee.username, Employee.name)
            .where(Employee.active, Employee.role == Role.TELEMARKETER)
            .order_by(func.lower(Employee.name), Employee.id)
        )
        telemarketers = [(row.username, row.name) for row in rows]
    return FormChoices([FormSource(*row) for row in sources], telemarketers)


def _through_door(work: Work, code: str) -> OrderDesk:
    for found in find_customers(work, code):
        if found.code == code.strip().upper() and found.reduced:
            return OrderDesk(
                id=None,
                code=found.code,
                name=found.name,
                city=found.city,
                reduced=True,
                owner_name=found.owner_name,
                owner_is_me=False,
            )
    raise CustomerNotVisible(code=code)
