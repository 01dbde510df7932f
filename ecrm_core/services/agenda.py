"""The agenda of a day: made, changed, ticked off, taken away and brought back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from ecrm_core.crm import Work
from ecrm_core.errors import CustomerNotVisible, InvalidValue, NotVisible
from ecrm_core.models import AgendaItem, AgendaKind, Customer
from ecrm_core.services.checks import clean_text, required_text

TITLE_LIMIT = 200
NOTE_LIMIT = 4000


@dataclass(frozen=True)
class AgendaCard:
    """Something to do on a day; `at` is company time."""

    id: int
    day: date
    at: time | None
    kind: AgendaKind
    title: str
    note: str | None
    customer_id: int | None
    proposed: bool
    done_at: datetime | None

    @classmethod
    def of(cls, row: AgendaItem) -> AgendaCard:
        return cls(row.id, row.day, row.at, row.kind, row.title, row.note, row.customer_id, row.proposed, row.done_at)


def add_agenda_item(
    work: Work,
    *,
    title: str,
    day: date,
    at: time | None = None,
    note: str | None = None,
    customer_id: int | None = None,
    kind: AgendaKind = AgendaKind.TASK,
    employee_id: int | None = None,
) -> AgendaCard:
    """Put something on the acting employee's agenda; managers may name another's.

    Raises:
        InvalidValue: no title, or a text that is too long or holds control characters.
        CustomerNotVisible: the customer is missing or a colleague's.
    """
    if customer_id is not None and work.session.get(Customer, customer_id) is None:
        raise CustomerNotVisible(customer_id=customer_id)
    row = AgendaItem(
        employee_id=employee_id or work.employee_id,
        day=day,
        at=at,
        kind=kind,
        title=required_text("title", title, limit=TITLE_LIMIT),
        note=clean_text("note", note, limit=NOTE_LIMIT, lines=True),
        customer_id=customer_id,
        proposed=False,
        created_at=work.now,
        created_by_id=work.actor.employee_id,
    )
    work.session.add(row)
    work.session.flush()
    return AgendaCard.of(row)


def change_agenda_item(
    work: Work, item_id: int, *, title: str, day: date, at: time | None, note: str | None
) -> AgendaCard:
    """Write an item anew.

    Raises:
        NotVisible: missing, taken away, or a colleague's.
        InvalidValue: as for a new one.
    """
    row = _item(work, item_id)
    row.title = required_text("title", title, limit=TITLE_LIMIT)
    row.note = clean_text("note", note, limit=NOTE_LIMIT, lines=True)
    if (row.day, row.at) != (day, at):
        row.reminded_at = None
    row.day = day
    row.at = at
    if row.proposed:
        row.accepted_at = row.accepted_at or work.now
    return AgendaCard.of(row)


def delete_agenda_item(work: Work, item_id: int) -> AgendaCard:
    """Take an item away; `restore_agenda_item` brings it back.

    Raises:
        NotVisible: missing, taken away already, or a colleague's.
    """
    row = _item(work, item_id)
    row.deleted_at = work.now
    return AgendaCard.of(row)


def restore_agenda_item(work: Work, item_id: int) -> AgendaCard:
    """Bring back an item that was taken away or waved off.

    Raises:
        NotVisible: missing, or a colleague's.
    """
    row = _item(work, item_id, gone=True)
    row.deleted_at = row.dismissed_at = row.dismissed_because = None
    return AgendaCard.of(row)


def tick_agenda_item(work: Work, item_id: int) -> AgendaCard:
    """Mark an item as done; doing it twice keeps the first instant.

    Raises:
        NotVisible: missing, taken away, or a colleague's.
    """
    row = _item(work, item_id)
    row.done_at = row.done_at or work.now
    return AgendaCard.of(row)


def untick_agenda_item(work: Work, item_id: int) -> AgendaCard:
    """Mark an item as still to do.

    Raises:
        NotVisible: missing, taken away, or a colleague's.
    """
    row = _item(work, item_id)
    row.done_at = None
    return AgendaCard.of(row)


def accept_proposal(work: Work, item_id: int) -> AgendaCard:
    """Keep a proposal, whatever a later plan says; twice changes nothing.

    Raises:
        NotVisible: missing, taken away, or a colleague's.
    """
    row = _item(work, item_id)
    row.accepted_at = row.accepted_at or work.now
    return AgendaCard.of(row)


def move_agenda_item(work: Work, item_id: int, day: date, at: time | None = None) -> AgendaCard:
    """Put an item off to another day; a proposal is thereby accepted.

    Raises:
        NotVisible: missing, taken away, or a colleague's.
        InvalidValue: a day that is over.
    """
    row = _item(work, item_id)
    if day < work.today:
        raise InvalidValue("day", day, "in_the_past")
    row.day, row.at = day, at
    row.reminded_at = None
    if row.proposed:
        row.accepted_at = row.accepted_at or work.now
    return AgendaCard.of(row)


def dismiss_proposal(work: Work, item_id: int, *, reason: str) -> AgendaCard:
    """Wave a proposal off, with the reason; it does not come back for a while. `restore_agenda_item` undoes it.

    Raises:
        NotVisible: missing, taken away, a colleague's, or made by hand: that is deleted, not waved off.
        InvalidValue: no reason.
    """
    row = _item(work, item_id)
    if not row.proposed:
        raise NotVisible(item_id=item_id)
    row.dismissed_because = required_text("reason", reason, limit=500)
    row.dismissed_at = work.now
    return AgendaCard.of(row)


def _item(work: Work, item_id: int, *, gone: bool = False) -> AgendaItem:
    row = work.session.get(AgendaItem, item_id, with_for_update=True)
    if row is None or ((row.deleted_at is not None or row.dismissed_at is not None) and not gone):
        raise NotVisible(item_id=item_id)
    return row
