"""Do not call: a person's wish, for every number and every list, until an admin lifts it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache, partial

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import aliased

from ecrm_core.crm import Work
from ecrm_core.errors import CustomerNotVisible, DoNotCallRefused
from ecrm_core.models import (
    AgendaItem,
    AgendaKind,
    Channel,
    Consent,
    Customer,
    CustomerPhone,
    DoNotCall,
    FollowUp,
    FollowUpClosing,
    FollowUpState,
    Role,
)
from ecrm_core.services.checks import required_text

logger = logging.getLogger(__name__)

_mine, _theirs = aliased(CustomerPhone), aliased(CustomerPhone)
_NEWEST_MARK = (
    select(Customer.do_not_call_at)
    .join(_theirs, _theirs.customer_id == Customer.id)
    .join(_mine, _mine.e164 == _theirs.e164)
    .where(
        _mine.customer_id == bindparam("customer_id"),
        _mine.wrong_at.is_(None),
        _theirs.wrong_at.is_(None),
        Customer.do_not_call_at.is_not(None),
    )
    .order_by(Customer.do_not_call_at.desc())
    .limit(1)
)
"""Built once: it is asked before every call."""
_SHARING = (
    select(_theirs.customer_id)
    .join(_mine, _mine.e164 == _theirs.e164)
    .where(
        _mine.customer_id == bindparam("customer_id"),
        _theirs.customer_id != bindparam("customer_id"),
        _mine.wrong_at.is_(None),
        _theirs.wrong_at.is_(None),
    )
    .distinct()
)
"""Whoever has one of a customer's numbers."""


CALLS = (
    AgendaKind.CALL_BACK,
    AgendaKind.FOLLOW_UP,
    AgendaKind.BIRTHDAY,
    AgendaKind.SLIP,
    AgendaKind.WIN_BACK,
    AgendaKind.PROSPECT,
    AgendaKind.CAMPAIGN,
)
"""What on an agenda would have somebody call; a task, a complaint or a colleague's order still wants its answer."""


def mark_do_not_call(work: Work, customer_id: int) -> None:
    """Note that a customer wants no more calls. Twice changes nothing.

    Closes what is owed to them, and takes the calls that were to be made to them off every agenda,
    and those to whoever has one of their numbers: the same person would answer.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
    """
    customer = _customer(work, customer_id)
    if customer.do_not_call_at is not None:
        return
    customer.do_not_call_at = work.now
    work.session.add(DoNotCall(customer_id=customer_id, marked_at=work.now, marked_by_id=work.actor.employee_id))
    owed = select(FollowUp).where(FollowUp.customer_id == customer_id, FollowUp.state == FollowUpState.OPEN)
    for follow_up in work.session.scalars(owed):
        follow_up.state = FollowUpState.CLOSED
        follow_up.closed_because = FollowUpClosing.DO_NOT_CALL
        follow_up.closed_at = work.now
    for item in work.session.scalars(_calls_to([customer_id]).with_for_update()):
        item.deleted_at = work.now
    work.session.flush()
    # Colleagues' plans as well: nothing of them is told, and whoever marks cannot know of them.
    with work.crm.system("do-not-call on every agenda", within=work) as system:
        others = system.session.scalars(_SHARING, {"customer_id": customer_id}).all()
        for item in system.session.scalars(_calls_to([customer_id, *others]).with_for_update()):
            item.deleted_at = work.now
        system.session.flush()


def _calls_to(customer_ids: Sequence[int]) -> Select[AgendaItem]:
    """What is still to be done of calling them, on whosever agenda it stands."""
    return select(AgendaItem).where(
        AgendaItem.customer_id.in_(customer_ids),
        AgendaItem.kind.in_(CALLS),
        AgendaItem.done_at.is_(None),
        AgendaItem.deleted_at.is_(None),
        AgendaItem.dismissed_at.is_(None),
    )


def lift_do_not_call(work: Work, customer_id: int, *, reason: str) -> None:
    """Allow contact again, at the customer's wish and on record.

    Raises:
        NotAllowed: not an admin.
        InvalidValue: no reason.
    """
    work.require(Role.ADMIN)
    customer = _customer(work, customer_id)
    told = required_text("reason", reason, limit=500)
    customer.do_not_call_at = None
    running = select(DoNotCall).where(DoNotCall.customer_id == customer_id, DoNotCall.lifted_at.is_(None))
    for mark in work.session.scalars(running):
        mark.lifted_at = work.now
        mark.lifted_by_id = work.actor.employee_id
        mark.lifted_reason = told


def refuse_contact(work: Work, customer: Customer, *, channel: Channel) -> None:
    """Refuse an outgoing contact to whoever asked for none, or shares a number with somebody who did.

    A message (not a call) is allowed where consent for its channel is dated later than the mark.
    The attempt is logged: what is refused is rolled back, and leaves no row.

    Raises:
        DoNotCallRefused: with the customer's name, and `reason="number"` where it is the number
            that another customer marked.
    """
    reason = _reason(work, customer, channel, partial(_number_marked_at, work, customer))
    if reason is not None:
        logger.warning("refused: %s to %s by %s (%s)", channel, customer.code, work.actor.username, reason)
        raise DoNotCallRefused(name=customer.name, reason=reason)


def refused_channels(work: Work, customer_id: int) -> dict[Channel, str]:
    """The ways by which nobody may contact a customer now, for screens that must not offer them.

    Each with its reason as in `refuse_contact`. This is no attempt, and leaves no trace.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
    """
    customer = work.session.get(Customer, customer_id)
    if customer is None:
        raise CustomerNotVisible(customer_id=customer_id)
    number_marked_at = cache(partial(_number_marked_at, work, customer))
    reasons = {channel: _reason(work, customer, channel, number_marked_at) for channel in Channel}
    return {channel: reason for channel, reason in reasons.items() if reason is not None}


def _reason(
    work: Work, customer: Customer, channel: Channel, number_marked_at: Callable[[], datetime | None]
) -> str | None:
    """Why an outgoing contact is not allowed: `person` or `number`; none where it is."""
    marked_at, reason = customer.do_not_call_at, "person"
    if marked_at is None and channel is not Channel.EMAIL:
        marked_at, reason = number_marked_at(), "number"
    if marked_at is None:
        return None
    if channel is not Channel.PHONE:
        newest = work.session.scalar(
            select(Consent)
            .where(Consent.customer_id == customer.id, Consent.channel == channel)
            .order_by(Consent.at.desc(), Consent.id.desc())
            .limit(1)
        )
        if newest is not None and newest.granted and newest.at > marked_at:
            return None
    return reason


def _number_marked_at(work: Work, customer: Customer) -> datetime | None:
    """Since when somebody who has one of this customer's numbers wants no contact."""
    if work.actor.is_staff:
        return work.session.scalar(_NEWEST_MARK, {"customer_id": customer.id})
    # Whose number it is does not matter to the person who answers it, so colleagues' customers are
    # looked at as well; nothing but the fact comes back.
    with work.crm.system("do-not-call check", within=work) as system:
        return system.session.scalar(_NEWEST_MARK, {"customer_id": customer.id})


def _customer(work: Work, customer_id: int) -> Customer:
    customer = work.session.get(Customer, customer_id, with_for_update=True)
    if customer is None:
        raise CustomerNotVisible(customer_id=customer_id)
    return customer
