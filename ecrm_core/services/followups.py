"""Follow-ups: owed after a line, answered by a response, or closed with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select

from ecrm_core.crm import Work, insert_rows
from ecrm_core.errors import CustomerNotVisible, EcrmError, InvalidValue
from ecrm_core.models import (
    Complaint,
    ComplaintState,
    Contact,
    Customer,
    FollowUp,
    FollowUpClosing,
    FollowUpState,
    Interest,
    InterestOrigin,
    Order,
    OrderLine,
    OrderStatus,
    Product,
    Response,
)
from ecrm_core.services.checks import clean_text, required_text
from ecrm_core.services.complaints import ComplaintReceipt, open_complaint
from ecrm_core.services.customers import add_interest, add_note

COMPLAINT_RATING = 2
"""A rating of this or less opens a complaint."""
LOW_RATING = "low_rating"

_STANDING = (
    select(OrderLine.customer_id, OrderLine.product_id, OrderLine.order_id, OrderLine.id, FollowUp.state)
    .outerjoin(FollowUp, FollowUp.line_id == OrderLine.id)
    .where(
        OrderLine.customer_id.in_(bindparam("customers", expanding=True)),
        OrderLine.product_id.in_(bindparam("products", expanding=True)),
        OrderLine.void_at.is_(None),
    )
    .order_by(OrderLine.ordered_at, OrderLine.order_id, OrderLine.id)
)
_REPLACED = (
    select(FollowUp)
    .join(Customer, Customer.id == FollowUp.customer_id)
    .where(
        FollowUp.line_id.in_(bindparam("lines", expanding=True)),
        FollowUp.state == FollowUpState.CLOSED,
        FollowUp.closed_because == FollowUpClosing.BOUGHT_AGAIN,
        FollowUp.expires_on >= bindparam("today"),
        Customer.do_not_call_at.is_(None),
    )
    .order_by(FollowUp.line_id)
    .with_for_update(of=FollowUp)
)


class ResponseKept(EcrmError):
    """An answer that can no longer be taken back: somebody else's, or of an earlier day."""

    code = "error.response_kept"


@dataclass(frozen=True)
class FollowUpReceipt:
    """Where the follow-up of a line stands now; none of a state where the line owes none."""

    line_id: int
    state: FollowUpState | None
    followed_up_on: date | None
    complaint_id: int | None
    complaint_due_on: date | None = None
    response_id: int | None = None


def open_follow_ups(
    work: Work,
    orders: Sequence[Sequence[OrderLine]],
    products: Mapping[int, Product],
    customers: Mapping[int, Customer],
    *,
    bought_at: datetime | None = None,
) -> dict[int, date]:
    """What is owed for the lines of new orders: due day by line.

    Buying a product again replaces what an earlier order left open, in whichever order the two are
    written down; lines of one order each owe their own. None is owed to somebody who asked not to
    be contacted, nor where its last day is past already.

    Args:
        bought_at: when the lines were agreed on, where that is later than their order.
    """
    statement = select(FollowUp, OrderLine.ordered_at).join(OrderLine, OrderLine.id == FollowUp.line_id)
    statement = statement.where(
        FollowUp.customer_id.in_({line.customer_id for lines in orders for line in lines}),
        FollowUp.product_id.in_({line.product_id for lines in orders for line in lines}),
        FollowUp.state == FollowUpState.OPEN,
    )
    waiting: dict[tuple[int, int], list[tuple[datetime, FollowUp | dict[str, Any]]]] = {}
    opened: list[dict[str, Any]] = []
    for row, at in work.session.execute(statement.with_for_update(of=FollowUp)):
        waiting.setdefault((row.customer_id, row.product_id), []).append((at, row))
    due: dict[int, date] = {}
    for lines in orders:
        for line in lines:
            agreed_at = bought_at or line.ordered_at
            bought = waiting.pop((line.customer_id, line.product_id), [])
            for at, known in bought:
                if at > agreed_at:
                    continue
                if isinstance(known, FollowUp):
                    close(work, known, FollowUpClosing.BOUGHT_AGAIN)
                else:
                    known.update(_closed(work, FollowUpClosing.BOUGHT_AGAIN))
            if later := [(at, known) for at, known in bought if at > agreed_at]:
                waiting[line.customer_id, line.product_id] = later
        for line in lines:
            if customers[line.customer_id].do_not_call_at is not None:
                continue
            since = waiting.get((line.customer_id, line.product_id), ())
            if any(at > (bought_at or line.ordered_at) for at, _ in since):
                continue  # written down late: they bought it again since, and owe an answer about that
            due_on, expires_on = work.rules.follow_up_dates(line.ordered_at, products[line.product_id].follow_up_months)
            if expires_on < work.today:
                continue
            owed: dict[str, Any] = {
                "line_id": line.id,
                "customer_id": line.customer_id,
                "product_id": line.product_id,
                "due_on": due_on,
                "expires_on": expires_on,
                "state": FollowUpState.OPEN,
                "closed_because": None,
                "closed_at": None,
            }
            opened.append(owed)
            waiting.setdefault((line.customer_id, line.product_id), []).append((line.ordered_at, owed))
            due[line.id] = due_on
    insert_rows(work.session, FollowUp, opened)
    return due


def record_response(
    work: Work,
    line_id: int,
    *,
    rating: int | None,
    text: str | None,
    wanted_product_id: int | None = None,
    wanted_category_id: int | None = None,
) -> FollowUpReceipt:
    """Note what a customer says of a product; this is what fills `followed_up_on`.

    An answer after the last day is kept, but the follow-up stays expired. A rating of 2 or less
    opens a complaint. What is said by somebody who asked not to be contacted is kept as well: they
    may call.

    Args:
        wanted_product_id, wanted_category_id: what they said they care about next; one of them or none.

    Raises:
        CustomerNotVisible: the line is missing, or a colleague's customer's.
        InvalidValue: neither rating nor text, a rating that is not 1 to 5, a line that was
            cancelled or came back, or something wanted that is not ours to sell.
    """
    line = _line(work, line_id)
    if line.void_at is not None:
        raise InvalidValue("response", None, "void_line")
    told = _answer(rating, text)
    owed = work.session.get(FollowUp, line_id, with_for_update=True)
    answer = Response(
        line_id=line.id,
        customer_id=line.customer_id,
        product_id=line.product_id,
        rating=rating,
        text=told,
        at=work.now,
        by_id=work.employee_id,
    )
    work.session.add(answer)
    if owed is not None and owed.state_on(work.today) is FollowUpState.OPEN:
        owed.state = FollowUpState.ANSWERED
        owed.followed_up_on = work.today
        owed.closed_at = work.now
    if wanted_product_id is not None or wanted_category_id is not None:
        add_interest(work, line.customer_id, product_id=wanted_product_id, category_id=wanted_category_id)
    complaint = _complain(work, answer)
    work.session.flush()
    return _receipt(work, line_id, owed, complaint, answer)


def correct_response(work: Work, response_id: int, *, rating: int | None, text: str | None) -> FollowUpReceipt:
    """Put right what was written down of a customer's answer; its day stays.

    A complaint that the answer had opened goes with the low rating it came from, while nobody has
    solved it.

    Raises:
        CustomerNotVisible: the answer is missing, or a colleague's customer's.
        InvalidValue: neither rating nor text, or a rating that is not 1 to 5.
    """
    answer = _response(work, response_id)
    answer.rating, answer.text = rating, _answer(rating, text)
    opened = _opened_by(work, answer)
    if opened is not None and not _is_low(rating):
        work.session.delete(opened)
    elif opened is not None:
        opened.text = answer.text or ""
    complaint = _complain(work, answer)
    work.session.flush()
    return _receipt(work, answer.line_id, work.session.get(FollowUp, answer.line_id), complaint, answer)


def take_back_response(work: Work, response_id: int) -> FollowUpReceipt:
    """Undo an answer written down by mistake, with all that came of it; for the writer, on the same day.

    The follow-up is open again, unless something else has closed it since: then that is why it is closed.

    Raises:
        CustomerNotVisible: the answer is missing, or a colleague's customer's.
        ResponseKept: somebody else's, or of an earlier day.
    """
    answer = _response(work, response_id)
    if answer.by_id != work.employee_id or work.rules.business_date(answer.at) != work.today:
        raise ResponseKept(response_id=response_id)
    owed = work.session.get(FollowUp, answer.line_id, with_for_update=True)
    if owed is not None and owed.state is FollowUpState.ANSWERED and owed.closed_at == answer.at:
        owed.followed_up_on = None
        because = _closed_since(work, owed)
        if because is None:
            owed.state, owed.closed_at = FollowUpState.OPEN, None
        else:
            close(work, owed, because)
    opened = _opened_by(work, answer)
    if opened is not None:
        work.session.delete(opened)
    withdraw_interests_said(work, answer)
    line_id = answer.line_id
    work.session.delete(answer)
    work.session.flush()
    return _receipt(work, line_id, owed)


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
    for name, value in _closed(work, because).items():
        setattr(owed, name, value)


def _closed(work: Work, because: FollowUpClosing) -> dict[str, Any]:
    return {"state": FollowUpState.CLOSED, "closed_because": because, "closed_at": work.now}


def reopen_replaced(work: Work, lines: Sequence[OrderLine]) -> None:
    """These lines no longer count: what buying again with them had replaced is owed again.

    That is the purchase before, until its last day, unless somebody asked not to be contacted
    meanwhile. What was answered or closed otherwise stays so.
    """
    if not lines:
        return
    asked = {
        "customers": list({line.customer_id for line in lines}),
        "products": list({line.product_id for line in lines}),
    }
    last: dict[tuple[int, int], tuple[int, list[int]]] = {}
    owed_already: set[tuple[int, int]] = set()
    for customer_id, product_id, order_id, line_id, state in work.session.execute(_STANDING, asked):
        pair = customer_id, product_id
        if pair not in last or last[pair][0] != order_id:
            last[pair] = order_id, []
        last[pair][1].append(line_id)
        if state is FollowUpState.OPEN:
            owed_already.add(pair)
    gone = {(line.customer_id, line.product_id) for line in lines} - owed_already
    again = [line_id for pair in gone if pair in last for line_id in last[pair][1]]
    if not again:
        return
    for owed in work.session.scalars(_REPLACED, {"lines": again, "today": work.today}):
        owed.state, owed.closed_because, owed.closed_at = FollowUpState.OPEN, None, None


def _receipt(
    work: Work,
    line_id: int,
    owed: FollowUp | None,
    complaint: ComplaintReceipt | None = None,
    answer: Response | None = None,
) -> FollowUpReceipt:
    return FollowUpReceipt(
        line_id,
        owed.state_on(work.today) if owed else None,
        owed.followed_up_on if owed else None,
        complaint.id if complaint else None,
        complaint.due_on if complaint else None,
        answer.id if answer else None,
    )


def _answer(rating: int | None, text: str | None) -> str | None:
    """The text of an answer that can be kept.

    Raises:
        InvalidValue: neither rating nor text, or a rating that is not 1 to 5.
    """
    told = clean_text("response", text, limit=4000, lines=True)
    if rating is None and told is None:
        raise InvalidValue("response", None, "empty")
    if rating is not None and rating not in range(1, 6):
        raise InvalidValue("rating", rating, "range", least=1, most=5)
    return told


def _is_low(rating: int | None) -> bool:
    return rating is not None and rating <= COMPLAINT_RATING


def _complain(work: Work, answer: Response) -> ComplaintReceipt | None:
    if not _is_low(answer.rating):
        return None
    return open_complaint(work, answer.customer_id, kind=LOW_RATING, text=answer.text, line_id=answer.line_id)


def withdraw_interests_said(work: Work, during: Response | Contact) -> None:
    """Withdraw the interests that were stated in the gesture of an answer or a call, so at the same instant."""
    said = select(Interest).where(
        Interest.customer_id == during.customer_id,
        Interest.origin == InterestOrigin.STATED,
        Interest.at == during.at,
        Interest.by_id == during.by_id,
        Interest.withdrawn_at.is_(None),
    )
    for interest in work.session.scalars(said):
        interest.withdrawn_at = work.now


def _opened_by(work: Work, answer: Response) -> Complaint | None:
    """The complaint that an answer has opened, while it is open."""
    return work.session.scalar(
        select(Complaint)
        .where(
            Complaint.customer_id == answer.customer_id,
            Complaint.line_id == answer.line_id,
            Complaint.kind == LOW_RATING,
            Complaint.opened_at >= answer.at,
            Complaint.state == ComplaintState.OPEN,
        )
        .with_for_update()
    )


def _closed_since(work: Work, owed: FollowUp) -> FollowUpClosing | None:
    """Why a follow-up would be closed by now, had it not been answered."""
    line = work.session.get_one(OrderLine, owed.line_id)
    if line.void_at is not None:
        gone = work.session.scalar(select(Order.status).where(Order.id == line.order_id)) is OrderStatus.CANCELLED
        return FollowUpClosing.CANCELLED if gone else FollowUpClosing.RETURNED
    if work.session.get_one(Customer, owed.customer_id).do_not_call_at is not None:
        return FollowUpClosing.DO_NOT_CALL
    again = select(OrderLine.id).where(
        OrderLine.customer_id == owed.customer_id,
        OrderLine.product_id == owed.product_id,
        OrderLine.order_id != line.order_id,
        OrderLine.ordered_at > line.ordered_at,
        OrderLine.void_at.is_(None),
    )
    return FollowUpClosing.BOUGHT_AGAIN if work.session.scalar(again.limit(1)) is not None else None


def _response(work: Work, response_id: int) -> Response:
    answer = work.session.get(Response, response_id, with_for_update=True)
    if answer is None:
        raise CustomerNotVisible(response_id=response_id)
    return answer


def _line(work: Work, line_id: int) -> OrderLine:
    line = work.session.get(OrderLine, line_id)
    # Who took an order through the narrow door sees it, but does not speak for the customer.
    if line is None or work.session.get(Customer, line.customer_id) is None:
        raise CustomerNotVisible(line_id=line_id)
    return line
