"""Is this new customer somebody we know? Asked before one is entered."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select

from ecrm_core.crm import Work
from ecrm_core.errors import EcrmError, InvalidValue
from ecrm_core.models import Customer, CustomerPhone, folded
from ecrm_core.phones import parse_phone
from ecrm_core.queries.door import DOOR_ROWS, look_through
from ecrm_core.queries.search import CustomersFound, FoundCustomer, described, others, seen_through
from ecrm_core.services.customers import BirthDate

MOST = 20
NAMESAKES = 500
"""People of one name that are compared by birth date and city."""


class PossibleDuplicate(EcrmError):
    """A new customer looks like one we know; `found` are those. Facts: `names`."""

    code = "error.possible_duplicate"

    def __init__(self, found: Sequence[FoundCustomer]) -> None:
        super().__init__(names=[f"{each.name} ({each.code})" for each in found])
        self.found = tuple(found)


class DuplicatesUnchecked(EcrmError):
    """Too many looks at colleagues' customers in a minute: whether a new one is known cannot be said yet."""

    code = "error.duplicates_unchecked"


def possible_duplicates(
    work: Work,
    *,
    phones: Sequence[str] = (),
    name: str = "",
    birth_date: BirthDate | None = None,
    city: str | None = None,
    except_id: int | None = None,
) -> CustomersFound:
    """Customers who could be the same person: same phone, or same name with the same birth date or city.

    A telemarketer sees colleagues' ones in the reduced form, at most five, on record and counted
    with the reduced searches; `throttled` says that colleagues' ones could not be looked at.

    Args:
        except_id: the customer that is being corrected, who is not their own duplicate.
    """
    numbers = _numbers(phones, work.rules.phone_region)
    person = folded(name)[:200]
    town = folded(city or "")
    if not numbers and not (person and (birth_date or town)):
        return CustomersFound()
    only = [] if except_id is None else [Customer.id != except_id]
    found = described(work, _alike(work, numbers, person, birth_date, town, only)[:MOST])
    if work.actor.is_staff:
        return CustomersFound(found)
    asked = " ".join(part for part in (*numbers, person, town, _written(birth_date)) if part)
    with look_through(work, asked) as look:
        if look is None:
            return CustomersFound(found, throttled=True)
        outside = _alike(look.work, numbers, person, birth_date, town, [*only, others(work)])
        theirs = seen_through(look, outside[:DOOR_ROWS])
        return CustomersFound([*found, *theirs], len(outside) > DOOR_ROWS, door=len(theirs))


def _alike(
    work: Work,
    numbers: Sequence[str],
    person: str,
    birth_date: BirthDate | None,
    town: str,
    only: Sequence[ColumnElement[bool]],
) -> list[int]:
    """Ids of who could be meant, those with the phone first."""
    kept = (Customer.merged_into_id + 0).is_(None)
    ids: list[int] = []
    if numbers:
        holders = select(CustomerPhone.customer_id).where(CustomerPhone.e164.in_(numbers)).limit(NAMESAKES)
        same_phone = list(work.session.scalars(holders))
        if same_phone:
            statement = select(Customer.id).where(Customer.id.in_(same_phone), kept, *only).order_by(Customer.id)
            ids.extend(work.session.scalars(statement))
    if person and (birth_date or town):
        namesakes = (
            select(Customer.id, Customer.city, Customer.birth_year, Customer.birth_month, Customer.birth_day)
            .where(Customer.search_name == person, kept, *only)
            .order_by(Customer.id)
            .limit(NAMESAKES)
        )
        for row in work.session.execute(namesakes):
            same_town = bool(town) and folded(row.city or "") == town
            if same_town or _same_day((row.birth_year, row.birth_month, row.birth_day), birth_date):
                ids.append(row.id)
    return list(dict.fromkeys(ids))


def _same_day(known: tuple[int | None, int | None, int | None], typed: BirthDate | None) -> bool:
    """Whether both could be one birth date; an unknown year is any year."""
    if typed is None or known[1:] != typed[1:]:
        return False
    return known[0] is None or typed[0] is None or known[0] == typed[0]


def _numbers(phones: Sequence[str], region: str) -> list[str]:
    """The numbers in E.164; what is no number yet is left out."""
    numbers = []
    for typed in phones:
        try:
            numbers.append(parse_phone(typed, region))
        except InvalidValue:
            continue
    return list(dict.fromkeys(numbers))


def _written(birth_date: BirthDate | None) -> str:
    return "-".join(str(part or "?") for part in birth_date) if birth_date else ""
