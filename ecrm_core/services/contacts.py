"""Calls and messages, and what each outcome leads to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ecrm_core.crm import Work
from ecrm_core.errors import InvalidValue, NotVisible
from ecrm_core.models import AgendaItem, AgendaKind, Channel, Contact, Direction, Outcome
from ecrm_core.services.checks import clean_text
from ecrm_core.services.customers import own_customer
from ecrm_core.services.do_not_call import mark_do_not_call, refuse_contact


@dataclass(frozen=True)
class ContactReceipt:
    """A contact on record, and the call-back it led to."""

    contact_id: int
    call_back_item_id: int | None


def record_contact(
    work: Work,
    customer_id: int,
    *,
    channel: Channel | str,
    outcome: Outcome | str,
    note: str | None = None,
    direction: Direction | str = Direction.OUTGOING,
    call_back_at: datetime | None = None,
    agenda_item_id: int | None = None,
) -> ContactReceipt:
    """Note a contact that took place, tick its agenda item, and act on the outcome.

    A promised call-back goes on the agenda of who promised it; `do_not_call` marks the person.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
        DoNotCallRefused: an outgoing contact, or a promise of one, to somebody who asked for none.
        InvalidValue: a call-back without a time, or one in the past.
    """
    customer = own_customer(work, customer_id)
    outcome, channel, direction = Outcome(outcome), Channel(channel), Direction(direction)
    if direction is Direction.OUTGOING:
        refuse_contact(work, customer, channel=channel)
    elif outcome is Outcome.CALL_BACK:
        refuse_contact(work, customer, channel=Channel.PHONE)
    if outcome is Outcome.CALL_BACK and (call_back_at is None or call_back_at <= work.now):
        raise InvalidValue("call_back_at", call_back_at, "in_the_past" if call_back_at else "empty")
    if agenda_item_id is not None:
        item = work.session.get(AgendaItem, agenda_item_id)
        if item is None or item.customer_id != customer_id:
            raise NotVisible(item_id=agenda_item_id)
        item.done_at = item.done_at or work.now
    contact = Contact(
        customer_id=customer_id,
        by_id=work.employee_id,
        at=work.now,
        channel=channel,
        direction=direction,
        outcome=outcome,
        note=clean_text("note", note, limit=4000, lines=True),
        agenda_item_id=agenda_item_id,
    )
    work.session.add(contact)
    call_back = None
    if outcome is Outcome.CALL_BACK and call_back_at is not None:
        local = call_back_at.astimezone(work.rules.timezone)
        call_back = AgendaItem(
            employee_id=work.employee_id,
            customer_id=customer_id,
            day=local.date(),
            at=local.time().replace(second=0, microsecond=0),
            kind=AgendaKind.CALL_BACK,
            title=customer.name,
            note=contact.note,
            created_at=work.now,
            created_by_id=work.actor.employee_id,
        )
        work.session.add(call_back)
    if outcome is Outcome.DO_NOT_CALL:
        mark_do_not_call(work, customer_id)
    work.session.flush()
    return ContactReceipt(contact.id, call_back.id if call_back else None)
