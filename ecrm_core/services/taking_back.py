"""A call noted by mistake, taken back with all that came of it."""

from __future__ import annotations

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import InvalidValue, NotVisible
from ecrm_core.models import (
    AgendaItem,
    AuditKind,
    Contact,
    CustomerPhone,
    Order,
    OrderKind,
    Response,
)
from ecrm_core.services.contacts import OUTCOMES, CallBackBefore, ContactReceipt, phones_of
from ecrm_core.services.customers import change_customer
from ecrm_core.services.followups import take_back_response, withdraw_interests_said
from ecrm_core.services.record import put_on_record


def take_back_contact(work: Work, receipt: ContactReceipt) -> None:
    """Undo a contact noted by mistake, with all that came of it; for who noted it, on the same day.

    Its agenda item is open again; the call-back it made is gone, or stands where it stood; numbers
    are as they were; answers and interests noted with it are taken back. The contact itself goes,
    so that no count tells of a call that was none, and what it said is put on record instead.

    A wish not to be called is asked about before it is noted, and only an admin lifts it, with a
    reason: that outcome is never taken back here.

    Args:
        receipt: what `record_contact` answered; it knows what stood there before.

    Raises:
        NotVisible: taken back already, or a colleague's customer's.
        InvalidValue: somebody else's, or of an earlier day; a do-not-call; or something newer rests
            on it: another contact, an order, a call-back that was moved or made, numbers changed since.
    """
    contact = work.session.get(Contact, receipt.contact_id, with_for_update=True)
    if contact is None:
        raise NotVisible(contact_id=receipt.contact_id)
    _refuse_what_stays(work, contact)
    if receipt.before.call_back is not None:
        _put_back(work, receipt.before.call_back)
    if receipt.before.phones is not None:
        _restore_phones(work, contact, receipt)
    ticked = receipt.before.ticked
    item = work.session.get(AgendaItem, ticked, with_for_update=True) if ticked is not None else None
    if item is not None and item.done_at == contact.at:
        item.done_at = None
    _take_back_words(work, contact)
    put_on_record(
        work,
        AuditKind.CONTACT_TAKEN_BACK,
        customer_id=contact.customer_id,
        contact_id=contact.id,
        contacted_at=contact.at.isoformat(),
        channel=str(contact.channel),
        direction=str(contact.direction),
        outcome=str(contact.outcome),
        note=contact.note,
        agenda_item_id=contact.agenda_item_id,
    )
    work.session.delete(contact)
    work.session.flush()


def _refuse_what_stays(work: Work, contact: Contact) -> None:
    if contact.by_id != work.employee_id or work.rules.business_date(contact.at) != work.today:
        raise InvalidValue("contact", contact.id, "contact_kept")
    if OUTCOMES[contact.outcome].marks_do_not_call:
        raise InvalidValue("contact", contact.id, "contact_silenced")
    newer = select(Contact.id).where(Contact.customer_id == contact.customer_id, Contact.id > contact.id).limit(1)
    if work.session.scalar(newer) is not None:
        raise InvalidValue("contact", contact.id, "contact_followed")
    ordered = contact.order_id
    if ordered is None and OUTCOMES[contact.outcome].opens_order:
        ordered = work.session.scalar(
            select(Order.id)
            .where(
                Order.customer_id == contact.customer_id,
                Order.taken_by_id == contact.by_id,
                Order.kind == OrderKind.SALE,
                Order.created_at >= contact.at,
            )
            .limit(1)
        )
    if ordered is not None:
        raise InvalidValue("contact", contact.id, "contact_ordered")


def _put_back(work: Work, before: CallBackBefore) -> None:
    """Take the call-back off the agenda, or put it where it stood."""
    item = work.session.get(AgendaItem, before.item_id, with_for_update=True)
    if item is None or item.done_at is not None or (item.day, item.at) != before.left_at:
        raise InvalidValue("contact", before.item_id, "contact_call_back")
    if before.stood is None:
        item.deleted_at = item.deleted_at or work.now
        return
    for name, value in before.stood.items():
        setattr(item, name, value)


def _restore_phones(work: Work, contact: Contact, receipt: ContactReceipt) -> None:
    before, after = receipt.before.phones, receipt.before.phones_left
    assert before is not None
    if phones_of(work, contact.customer_id) != after:
        raise InvalidValue("contact", contact.id, "contact_phones")
    change_customer(work, contact.customer_id, phones=[phone.typed for phone in before])
    wrong = {phone.e164: phone.wrong_at for phone in before}
    rows = select(CustomerPhone).where(CustomerPhone.customer_id == contact.customer_id)
    for row in work.session.scalars(rows.with_for_update()):
        row.wrong_at = wrong.get(row.e164)


def _take_back_words(work: Work, contact: Contact) -> None:
    """What was said is noted in the same gesture, and so at the same instant."""
    said = select(Response.id).where(
        Response.customer_id == contact.customer_id, Response.by_id == contact.by_id, Response.at == contact.at
    )
    for response_id in work.session.scalars(said).all():
        take_back_response(work, response_id)
    withdraw_interests_said(work, contact)


__all__ = ["take_back_contact"]
