"""Complaints: opened by a low rating or by hand, solved with a word on how. While one is open, no offer is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import CustomerNotVisible
from ecrm_core.models import Complaint, ComplaintState
from ecrm_core.services.checks import clean_text, required_text
from ecrm_core.services.customers import own_customer

WORKING_DAYS = 3
"""Monday to Friday, until a complaint wants its answer."""
SATURDAY = 5


@dataclass(frozen=True)
class ComplaintReceipt:
    """A complaint on record; `again` where one about this line was open already."""

    id: int
    due_on: date
    state: ComplaintState
    again: bool = False


def open_complaint(
    work: Work, customer_id: int, *, kind: str, text: str | None = None, line_id: int | None = None
) -> ComplaintReceipt:
    """Note that something went wrong for a customer; whoever looks after them owes the answer.

    A line has one open complaint at most: a second one is the first.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
        InvalidValue: no kind, or a text that cannot be kept.
    """
    customer = own_customer(work, customer_id)
    if line_id is not None:
        known = work.session.scalar(
            select(Complaint).where(
                Complaint.customer_id == customer_id,
                Complaint.line_id == line_id,
                Complaint.state == ComplaintState.OPEN,
            )
        )
        if known is not None:
            return ComplaintReceipt(known.id, known.due_on, known.state, again=True)
    row = Complaint(
        customer_id=customer_id,
        line_id=line_id,
        kind=required_text("kind", kind, limit=64),
        text=clean_text("text", text, limit=4000, lines=True) or "",
        owner_id=customer.owner_id,
        due_on=_working_days_after(work.today, WORKING_DAYS),
        state=ComplaintState.OPEN,
        opened_at=work.now,
        opened_by_id=work.actor.employee_id,
    )
    work.session.add(row)
    work.session.flush()
    return ComplaintReceipt(row.id, row.due_on, row.state)


def solve_complaint(work: Work, complaint_id: int, *, solution: str) -> ComplaintReceipt:
    """Close a complaint, saying how it was solved; one that is solved stays as it is.

    Raises:
        CustomerNotVisible: missing, or a colleague's customer's.
        InvalidValue: no solution.
    """
    row = work.session.get(Complaint, complaint_id, with_for_update=True)
    if row is None:
        raise CustomerNotVisible(complaint_id=complaint_id)
    told = required_text("solution", solution, limit=4000, lines=True)
    if row.state is ComplaintState.OPEN:
        row.state = ComplaintState.SOLVED
        row.solution = told
        row.solved_at = work.now
    return ComplaintReceipt(row.id, row.due_on, row.state)


def _working_days_after(day: date, days: int) -> date:
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < SATURDAY
    return day
