"""Follow-ups: owed after a line, answered by a response, or closed with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import CustomerNotVisible, InvalidValue
from ecrm_core.models import (
    Customer,
    FollowUp,
    FollowUpClosing,
    FollowUpState,
    OrderLine,
    Product,
    Response,
)
from ecrm_core.services.checks import clean_text, required_text
from ecrm_core.services.complaints import open_complaint
from ecrm_core.services.customers import add_note

COMPLAINT_RATING = 2
"""A rating of this or less opens a complaint."""


@dataclass(frozen=True)
class FollowUpReceipt:
    """Where the follow-up of a line stands now; none of a state where the line owes none."""

    line_id: int
    state: FollowUpState | None
    followed_up_on: date | None
    complaint_id: int | None


def open_follow_ups(
    work: Work,
    orders: Sequence[Sequence[OrderLine]],
    products: Mapping[int, Product],
    customers: Mapping[int, Customer],
) -> dict[int, date]:
    """What is owed for the lines of new orders: due day by line.

    Buying a product again replaces what an earlier order left open; lines of one order each owe
    their own. None is owed to somebody who asked not to be contacted, nor where its last day is
    past already.
    """
    statement = select(FollowUp).where(
        FollowUp.customer_id.in_({line.customer_id for lines in orders for line in lines}),
        FollowUp.product_id.in_({line.product_id for lines in orders for line in lines}),
        FollowUp.state == FollowUpState.OPEN,
    )
    waiting: dict[tuple[int, int], list[FollowUp]] = {}
    for known in work.session.scalars(statement.with_for_update()):
        waiting.setdefault((known.customer_id, known.product_id), []).append(known)
    due: dict[int, date] = {}
    for lines in orders:
        for line in lines:
            for known in waiting.pop((line.customer_id, line.product_id), ()):
                close(work, known, FollowUpClosing.BOUGHT_AGAIN)
        for line in lines:
            if customers[line.customer_id].do_not_call_at is not None:
                continue
            due_on, expires_on = work.rules.follow_up_dates(line.ordered_at, products[line.product_id].follow_up_months)
            if expires_on < work.today:
                continue
            owed = FollowUp(
                line_id=line.id,
                customer_id=line.customer_id,
                product_id=line.product_id,
                due_on=due_on,
                expires_on=expires_on,
                state=FollowUpState.OPEN,
            )
            work.session.add(owed)
            waiting.setdefault((line.customer_id, line.product_id), []).append(owed)
            due[line.id] = due_on
    work.session.flush()
    return due


def record_response(work: Work, line_id: int, *, rating: int | None, text: str | None) -> FollowUpReceipt:
    """Note what a customer says of a product; this is what fills `followed_up_on`.

    An answer after the last day is kept, but the follow-up stays expired. A rating of 2 or less
    opens a complaint.

    Raises:
        CustomerNotVisible: the line is missing, or a colleague's customer's.
        InvalidValue: neither rating nor text, or a rating that is not 1 to 5.
    """
    line = _line(work, line_id)
    told = clean_text("response", text, limit=4000, lines=True)
    if rating is None and told is None:
        raise InvalidValue("response", None, "empty")
    if rating is not None and rating not in range(1, 6):
        raise InvalidValue("rating", rating, "range", least=1, most=5)
    work.session.add(
        Response(
            line_id=line.id,
            customer_id=line.customer_id,
            product_id=line.product_id,
            rating=rating,
            text=told,
            at=work.now,
            by_id=work.employee_id,
        )
    )
    owed = work.session.get(FollowUp, line_id, with_for_update=True)
    if owed is not None and owed.state_on(work.today) is FollowUpState.OPEN:
        owed.state = FollowUpState.ANSWERED
        owed.followed_up_on = work.today
        owed.closed_at = work.now
    complaint_id = None
    if rating is not None and rating <= COMPLAINT_RATING:
        complaint_id = open_complaint(work, line.customer_id, kind="low_rating", text=told, line_id=line.id).id
    return _receipt(work, line_id, owed, complaint_id)


def close_follow_up(work: Work, line_id: int, *, reason: str) -> FollowUpReceipt:
    """Close what is owed without an answer, saying why; the reason becomes a note of the customer.

    Raises:
        CustomerNotVisible: no follow-up there, or a colleague's customer's.
        InvalidValue: no reason.
    """
    owed = work.session.get(FollowUp, line_id, with_for_update=True)
    if owed is None:
        raise CustomerNotVisible(line_id=line_id)
    add_note(work, owed.customer_id, required_text("reason", reason, limit=500))
    if owed.state_on(work.today) is FollowUpState.OPEN:
        close(work, owed, FollowUpClosing.BY_HAND)
    return _receipt(work, line_id, owed)


def close(work: Work, owed: FollowUp, because: FollowUpClosing) -> None:
    """Close a follow-up for a reason of the rules."""
    owed.state = FollowUpState.CLOSED
    owed.closed_because = because
    owed.closed_at = work.now


def _receipt(work: Work, line_id: int, owed: FollowUp | None, complaint_id: int | None = None) -> FollowUpReceipt:
    if owed is None:
        return FollowUpReceipt(line_id, None, None, complaint_id)
    return FollowUpReceipt(line_id, owed.state_on(work.today), owed.followed_up_on, complaint_id)


def _line(work: Work, line_id: int) -> OrderLine:
    line = work.session.get(OrderLine, line_id)
    # Who took an order through the narrow door sees it, but does not speak for the customer.
    if line is None or work.session.get(Customer, line.customer_id) is None:
        raise CustomerNotVisible(line_id=line_id)
    return line
