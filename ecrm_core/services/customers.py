"""Customers as persons: entered, corrected, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import select

from ecrm_core.crm import Work, insert_rows
from ecrm_core.errors import ChangedMeanwhile, CustomerNotVisible, InvalidValue, UnknownEmployee
from ecrm_core.models import (
    AuditKind,
    AuditRecord,
    Category,
    Customer,
    CustomerNote,
    CustomerPhone,
    Employee,
    Interest,
    InterestOrigin,
    OwnerChange,
    Product,
    Role,
)
from ecrm_core.phones import parse_phone
from ecrm_core.services.checks import clean_birthday, clean_email, clean_text, required_text
from ecrm_core.services.numbers import customer_code, next_number
from ecrm_core.services.record import changed_since, put_change_on_record

BirthDate: TypeAlias = tuple[int | None, int, int]
"""Year (none where unknown), month, day."""

LIMITS = {"name": 200, "address": 500, "city": 100, "province": 100, "postcode": 10}


@dataclass(frozen=True)
class CustomerForm:
    """A new customer as typed; see `add_customer`."""

    name: str
    phones: Sequence[str] = ()
    email: str | None = None
    address: str | None = None
    city: str | None = None
    province: str | None = None
    postcode: str | None = None
    birth_date: BirthDate | None = None
    owner: str | None = None
    met_at: datetime | None = None
    """Since when they are known, where it is written down later; none means now."""
    why_new: str | None = None
    """Why this is not the customer they look like; kept as a note."""


@dataclass(frozen=True)
class CustomerCard:
    """A customer, as the service answers with them."""

    id: int
    code: str
    name: str
    owner_id: int | None
    version: int

    @classmethod
    def of(cls, row: Customer) -> CustomerCard:
        return cls(row.id, row.code, row.name, row.owner_id, row.version)


def add_customer(
    work: Work,
    *,
    name: str,
    phones: Sequence[str] = (),
    email: str | None = None,
    address: str | None = None,
    city: str | None = None,
    province: str | None = None,
    postcode: str | None = None,
    birth_date: BirthDate | None = None,
    owner: str | None = None,
) -> CustomerCard:
    """Enter a new customer. A telemarketer owns whom they enter; a manager chooses, or nobody.

    Args:
        phones: as typed, the one to call first in front.
        birth_date: year (none where unknown), month, day.
        owner: user name of an active telemarketer.

    Raises:
        InvalidValue: a field that cannot be kept.
        UnknownEmployee: no active telemarketer of that name.
    """
    form = CustomerForm(name, phones, email, address, city, province, postcode, birth_date, owner)
    return add_customers(work, [form])[0]


def add_customers(work: Work, forms: Sequence[CustomerForm]) -> list[CustomerCard]:
    """Enter many new customers as one gesture: all of them or none.

    Raises:
        InvalidValue, UnknownEmployee: as for one.
    """
    # Everything is checked before anything is written.
    rows = [_customer(work, form) for form in forms]
    numbers = [_numbers(work, form.phones) for form in forms]
    for row in rows:
        row.code = customer_code(next_number(work, "customer"))
    work.session.add_all(rows)
    work.session.flush()
    for row, form in zip(rows, forms, strict=True):
        if form.why_new is not None:
            add_note(work, row.id, form.why_new)
    known_by = [
        {"customer_id": row.id, "e164": e164, "typed": typed, "position": position}
        for row, phones in zip(rows, numbers, strict=True)
        for position, (e164, typed) in enumerate(phones.items())
    ]
    insert_rows(work.session, CustomerPhone, known_by)
    entrusted = [
        {
            "customer_id": row.id,
            "to_id": row.owner_id,
            "at": row.created_at,
            "by_id": work.actor.employee_id,
            "reason": "entered",
        }
        for row in rows
        if row.owner_id is not None
    ]
    insert_rows(work.session, OwnerChange, entrusted)
    return [CustomerCard.of(row) for row in rows]


def change_customer(work: Work, customer_id: int, *, version: int | None = None, **changes: Any) -> CustomerCard:
    """Correct fields of a customer: name, email, address, city, province, postcode, birth_date, phones.

    The same again is no change; any other is on record, with what was there before.

    Args:
        version: of the customer as read; none corrects whatever stands there now.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
        ChangedMeanwhile: corrected since that version; facts `by`, `at`, `fields`. Nothing is written.
        InvalidValue: a field that cannot be kept, or that is not one of these.
    """
    row = own_customer(work, customer_id, lock=True)
    wanted = {field: _cleaned(work, field, value) for field, value in changes.items()}
    standing = {field: _standing(work, row, field) for field in wanted}
    differing = {field: value for field, value in wanted.items() if value != standing[field]}
    if not differing:
        return CustomerCard.of(row)
    if version is not None and version != row.version:
        since = changed_since(work, AuditKind.CUSTOMER_CHANGED, AuditRecord.customer_id == row.id, version)
        raise ChangedMeanwhile(by=since.by, at=since.at, fields=since.fields)
    for field, value in differing.items():
        if field == "birth_date":
            row.birth_year, row.birth_month, row.birth_day = value
        elif field == "phones":
            _change_phones(work, row, dict(value))
        else:
            setattr(row, field, value)
    row.version += 1
    row.changed_at = work.now
    row.changed_by_id = work.actor.employee_id
    put_change_on_record(
        work,
        AuditKind.CUSTOMER_CHANGED,
        {field: _told(field, value) for field, value in standing.items()},
        {field: _told(field, value) for field, value in differing.items()},
        version=row.version,
        customer_id=row.id,
    )
    work.session.flush()
    return CustomerCard.of(row)


def add_note(work: Work, customer_id: int, text: str) -> int:
    """Remember something about a customer; the id of the note.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
        InvalidValue: nothing written, or too much.
    """
    own_customer(work, customer_id)
    row = CustomerNote(
        customer_id=customer_id,
        text=required_text("note", text, limit=4000, lines=True),
        at=work.now,
        by_id=work.actor.employee_id,
    )
    work.session.add(row)
    work.session.flush()
    return row.id


def add_interest(
    work: Work, customer_id: int, *, product_id: int | None = None, category_id: int | None = None
) -> None:
    """Note what a customer says they care about: one product or one category; once is enough.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
        InvalidValue: neither or both are named, or it is not ours to sell.
    """
    own_customer(work, customer_id)
    if (product_id is None) == (category_id is None):
        raise InvalidValue("interest", None, "one_of")
    if product_id is not None and work.session.get(Product, product_id) is None:
        raise InvalidValue("interest", product_id, "unknown_product")
    if category_id is not None and work.session.get(Category, category_id) is None:
        raise InvalidValue("interest", category_id, "unknown_category")
    known = work.session.scalar(
        select(Interest.id).where(
            Interest.customer_id == customer_id,
            Interest.product_id == product_id,
            Interest.category_id == category_id,
            Interest.origin == InterestOrigin.STATED,
            Interest.withdrawn_at.is_(None),
        )
    )
    if known is None:
        work.session.add(
            Interest(
                customer_id=customer_id,
                product_id=product_id,
                category_id=category_id,
                origin=InterestOrigin.STATED,
                at=work.now,
                by_id=work.actor.employee_id,
            )
        )


def withdraw_interest(work: Work, interest_id: int) -> None:
    """Note that a customer no longer cares about something.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
    """
    row = work.session.get(Interest, interest_id)
    if row is None:
        raise CustomerNotVisible(interest_id=interest_id)
    row.withdrawn_at = row.withdrawn_at or work.now


def own_customer(work: Work, customer_id: int, *, lock: bool = False) -> Customer:
    """The customer, where the actor may see them.

    Raises:
        CustomerNotVisible: missing, or a colleague's: one answer.
    """
    row = work.session.get(Customer, customer_id, with_for_update=lock or None)
    if row is None:
        raise CustomerNotVisible(customer_id=customer_id)
    return row


def _customer(work: Work, form: CustomerForm) -> Customer:
    if form.met_at is not None and form.met_at > work.now:
        raise InvalidValue("met_at", form.met_at, "in_the_future")
    year, month, day = clean_birthday(form.birth_date, today=work.today)
    return Customer(
        name=required_text("name", form.name, limit=LIMITS["name"]),
        email=clean_email(form.email),
        address=clean_text("address", form.address, limit=LIMITS["address"], lines=True),
        city=clean_text("city", form.city, limit=LIMITS["city"]),
        province=clean_text("province", form.province, limit=LIMITS["province"]),
        postcode=clean_text("postcode", form.postcode, limit=LIMITS["postcode"]),
        birth_year=year,
        birth_month=month,
        birth_day=day,
        owner_id=_owner(work, form.owner),
        created_at=form.met_at or work.now,
        created_by_id=work.actor.employee_id,
    )


def _owner(work: Work, username: str | None) -> int | None:
    if work.actor.role is Role.TELEMARKETER:
        return work.employee_id
    if username is None:
        return None
    found = work.session.scalar(
        select(Employee.id).where(Employee.username == username, Employee.active, Employee.role == Role.TELEMARKETER)
    )
    if found is None:
        raise UnknownEmployee(username=username)
    return found


def _numbers(work: Work, phones: Sequence[str]) -> dict[str, str]:
    """E.164 to what was typed, each number once."""
    numbers: dict[str, str] = {}
    for typed in phones:
        if typed.strip():
            numbers.setdefault(parse_phone(typed, work.rules.phone_region), typed.strip()[:64])
    return numbers


def _cleaned(work: Work, field: str, value: Any) -> Any:
    """What was typed into a field, as it would be kept; phones as pairs of E.164 and what was typed."""
    if field == "name":
        return required_text("name", value, limit=LIMITS["name"])
    if field == "email":
        return clean_email(value)
    if field == "birth_date":
        return clean_birthday(value, today=work.today)
    if field == "phones":
        return list(_numbers(work, value).items())
    if field in LIMITS:
        return clean_text(field, value, limit=LIMITS[field], lines=field == "address")
    raise InvalidValue(field, value, "unknown_field")


def _standing(work: Work, row: Customer, field: str) -> Any:
    """The same as it stands there now."""
    if field == "birth_date":
        return row.birth_year, row.birth_month, row.birth_day
    if field == "phones":
        phones = select(CustomerPhone.e164, CustomerPhone.typed).where(CustomerPhone.customer_id == row.id)
        return [(e164, typed) for e164, typed in work.session.execute(phones.order_by(CustomerPhone.position))]
    return getattr(row, field)


def _told(field: str, value: Any) -> Any:
    """The same as the record keeps it."""
    if field == "birth_date":
        return list(value) if any(value) else None
    return [typed for _, typed in value] if field == "phones" else value


def _change_phones(work: Work, row: Customer, wanted: dict[str, str]) -> None:
    order = list(wanted)
    for known in work.session.scalars(select(CustomerPhone).where(CustomerPhone.customer_id == row.id)):
        if known.e164 in wanted:
            known.typed = wanted.pop(known.e164)
            known.position = order.index(known.e164)
        else:
            work.session.delete(known)
    for e164, typed in wanted.items():
        work.session.add(CustomerPhone(customer_id=row.id, e164=e164, typed=typed, position=order.index(e164)))
