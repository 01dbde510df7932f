"""The list of complaints: those that wait for an answer first, the most urgent on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from ecrm_core import models as m
from ecrm_core.crm import Work
from ecrm_core.models import ComplaintState
from ecrm_core.queries.customer_list import NOBODY, Count

PAGE_ROWS = 50
COUNTED = 10_000
"""How far complaints are counted one by one."""
ALL = "all"
SORTS = ("due", "opened", "customer", "kind", "owner")


@dataclass(frozen=True)
class ComplaintFilters:
    """Which complaints a list holds; nothing set means all that are open and one may see."""

    state: ComplaintState | None = ComplaintState.OPEN
    """None for all."""
    late: bool = False
    """Due before today, and open still."""
    owner: str | None = None
    """User name of whoever owes the answer, or `NOBODY`."""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> ComplaintFilters:
        """From an address; what makes no sense there is left out."""
        state = query.get("state", "")
        return cls(
            None if state == ALL else ComplaintState(state) if state in set(ComplaintState) else ComplaintState.OPEN,
            query.get("late") == "1",
            query.get("owner", "").strip()[:64] or None,
        )

    def to_query(self) -> dict[str, str]:
        """As it stands in an address: only what is set."""
        told = {
            "state": ALL if self.state is None else "" if self.state is ComplaintState.OPEN else str(self.state),
            "late": "1" if self.late else "",
            "owner": self.owner or "",
        }
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True)
class ComplaintRow:
    """A complaint in a list; days are the company's."""

    id: int
    code: str
    customer: str
    kind: str
    """A code of ours, or what somebody has called it."""
    text: str
    product: str | None
    owner: str | None
    opened_on: date
    due_on: date
    state: ComplaintState
    solution: str | None
    solved_on: date | None


@dataclass(frozen=True)
class ComplaintPage:
    """One page of complaints; `first` is the place of its first row, from 0."""

    rows: list[ComplaintRow]
    count: Count
    late: Count
    """How many of all open ones of this owner are overdue."""
    first: int


def complaint_page(
    work: Work,
    filters: ComplaintFilters | None = None,
    *,
    sort: str = "due",
    down: bool = False,
    first: int = 0,
    rows: int = PAGE_ROWS,
) -> ComplaintPage:
    """Complaints of the customers one may see: open ones first, and of those what is due first.

    Args:
        sort: one of `SORTS`; by the day they are due unless it is.
        down: from the last to the first.
        first: place of the first row wanted, from 0; past the end it is the last page.
    """
    filters = filters or ComplaintFilters()
    wanted = _wanted(work, filters)
    count = _count(work, wanted)
    late = _count(work, _wanted(work, ComplaintFilters(late=True, owner=filters.owner)))
    if not count.more:
        first = min(first, max(0, (count.number - 1) // rows * rows))
    ids = work.session.scalars(
        _ordered(select(m.Complaint.id).where(*wanted), sort, down=down).offset(max(0, first)).limit(rows)
    ).all()
    return ComplaintPage(_rows(work, list(ids)), count, late, max(0, first))


def _wanted(work: Work, filters: ComplaintFilters) -> list[ColumnElement[bool]]:
    complaint = m.Complaint
    states = (
        [ComplaintState.OPEN] if filters.late else list(ComplaintState) if filters.state is None else [filters.state]
    )
    # Named one by one, also where all are wanted: so the index of states and days is walked.
    wanted: list[ColumnElement[bool]] = [complaint.state.in_(states)]
    if filters.late:
        wanted.append(complaint.due_on < work.today)
    if filters.owner == NOBODY:
        wanted.append(complaint.owner_id.is_(None))
    elif filters.owner:
        owner = work.session.scalar(select(m.Employee.id).where(m.Employee.username == filters.owner))
        wanted.append(complaint.owner_id == (owner if owner is not None else -1))
    return wanted


def _ordered(ids: Select[Any], sort: str, *, down: bool) -> Select[Any]:
    complaint = m.Complaint
    keys: list[Any]
    match sort:
        case "customer":
            ids = ids.join(m.Customer, m.Customer.id == complaint.customer_id)
            keys = [m.Customer.search_name]
        case "owner":
            ids = ids.outerjoin(m.Employee, m.Employee.id == complaint.owner_id)
            keys = [m.Employee.name.is_(None), m.Employee.name]
        case "kind":
            keys = [complaint.kind]
        case "opened":
            keys = [complaint.opened_at]
        case _:
            # `open` stands before `solved` in the alphabet as on the page.
            keys = [complaint.state, complaint.due_on]
            if down:
                return ids.order_by(complaint.state, complaint.due_on.desc(), complaint.id.desc())
    keys = [*keys, complaint.due_on, complaint.id]
    return ids.order_by(*(key.desc() if down else key for key in keys))


def _count(work: Work, wanted: list[ColumnElement[bool]]) -> Count:
    found = select(m.Complaint.id).where(*wanted).limit(COUNTED + 1).subquery()
    number = work.session.scalars(select(func.count()).select_from(found)).one()
    return Count(min(number, COUNTED), number > COUNTED)


def _rows(work: Work, ids: list[int]) -> list[ComplaintRow]:
    complaint, day = m.Complaint, work.rules.business_date
    found = {
        row.id: ComplaintRow(
            row.id,
            code,
            customer,
            row.kind,
            row.text,
            product,
            owner,
            day(row.opened_at),
            row.due_on,
            row.state,
            row.solution,
            day(row.solved_at) if row.solved_at else None,
        )
        for row, code, customer, product, owner in work.session.execute(
            select(complaint, m.Customer.code, m.Customer.name, m.Product.name, m.Employee.name)
            .join(m.Customer, m.Customer.id == complaint.customer_id)
            .outerjoin(m.OrderLine, m.OrderLine.id == complaint.line_id)
            .outerjoin(m.Product, m.Product.id == m.OrderLine.product_id)
            .outerjoin(m.Employee, m.Employee.id == complaint.owner_id)
            .where(complaint.id.in_(ids))
        )
    }
    return [found[each] for each in ids if each in found]
