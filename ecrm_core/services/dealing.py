"""Customers without an owner, given to telemarketers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import insert, select, update

from ecrm_core.crm import Work, start_writing
from ecrm_core.errors import InvalidValue, UnknownEmployee
from ecrm_core.models import Customer, Employee, OwnerChange, Role

ASKED = 5_000


def deal_customers(work: Work, *, to: Sequence[str], by: str = "even") -> dict[str, int]:
    """Give every customer without an owner to one of these telemarketers; how many each received.

    Args:
        to: user names of active telemarketers.
        by: `even` deals one after the other in the order of the codes; `city` keeps a city together
            as far as fair shares allow: the largest city goes to whoever has least so far.

    Raises:
        NotAllowed: neither a manager nor the system.
        UnknownEmployee: no active telemarketer of that name.
        InvalidValue: nobody named, or another way of dealing.
    """
    work.require(Role.MANAGER)
    if not to:
        raise InvalidValue("to", None, "empty")
    if by not in {"even", "city"}:
        raise InvalidValue("by", by, "one_of_words", allowed="even, city")
    if work.actor.employee_id is not None:
        with work.crm.system("dealing customers") as system:
            return _deal(system, to, by, by_id=work.actor.employee_id)
    return _deal(work, to, by, by_id=None)


def _deal(work: Work, to: Sequence[str], by: str, *, by_id: int | None) -> dict[str, int]:
    start_writing(work.session)
    session = work.session
    telemarketers = {
        row.username: row.id
        for row in session.execute(
            select(Employee.username, Employee.id).where(Employee.active, Employee.role == Role.TELEMARKETER)
        )
    }
    for username in to:
        if username not in telemarketers:
            raise UnknownEmployee(username=username)
    free = session.execute(
        select(Customer.id, Customer.city)
        .where(Customer.owner_id.is_(None), Customer.merged_into_id.is_(None))
        .order_by(Customer.id)
        .with_for_update()
    ).all()
    names = list(dict.fromkeys(to))
    dealt: dict[str, list[int]] = {username: [] for username in names}
    if by == "even":
        for place, row in enumerate(free):
            dealt[names[place % len(names)]].append(row.id)
    else:
        # Who has no city is a place of their own: they even out the shares at the end.
        cities: dict[tuple[str, int], list[int]] = defaultdict(list)
        for row in free:
            cities[(row.city.casefold(), 0) if row.city else ("", row.id)].append(row.id)
        for _, ids in sorted(cities.items(), key=lambda city: (-len(city[1]), not city[0][0], city[0])):
            dealt[min(names, key=lambda username: len(dealt[username]))].extend(ids)
    for username, ids in dealt.items():
        owner_id = telemarketers[username]
        for start in range(0, len(ids), ASKED):
            part = ids[start : start + ASKED]
            session.execute(
                update(Customer).where(Customer.id.in_(part)).values(owner_id=owner_id),
                execution_options={"synchronize_session": False},
            )
            session.execute(
                insert(OwnerChange),
                [
                    {"customer_id": number, "to_id": owner_id, "at": work.now, "by_id": by_id, "reason": "dealt"}
                    for number in part
                ],
            )
    return {username: len(ids) for username, ids in dealt.items()}
