"""Promised call-backs that announce themselves at their time, until somebody has taken note."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select

from ecrm_core.crm import Work
from ecrm_core.errors import NotVisible
from ecrm_core.models import AgendaItem, AgendaKind, Customer

REMINDERS = 20


@dataclass(frozen=True)
class Reminder:
    """A promise whose time has come. `at` is company time; `text` is what was noted when it was given."""

    item_id: int
    customer_id: int
    code: str
    name: str
    at: datetime
    text: str | None


def due_reminders(work: Work) -> list[Reminder]:
    """The acting employee's promised call-backs whose time has come and of which nobody has taken note, oldest first.

    They stay due, whatever is reloaded, until `note_reminded`, or until the call is made, moved or
    taken away. Calls that come back by themselves, unanswered, announce nothing.
    """
    item, today = AgendaItem, work.today
    clock = work.now.astimezone(work.rules.timezone).time()
    rows = work.session.execute(
        select(item.id, item.customer_id, Customer.code, Customer.name, item.day, item.at, item.note)
        .join(Customer, Customer.id == item.customer_id)
        .where(
            item.employee_id == work.employee_id,
            item.done_at.is_(None),
            item.day <= today,
            item.deleted_at.is_(None),
            item.dismissed_at.is_(None),
            item.kind == AgendaKind.CALL_BACK,
            item.proposed.is_(False),
            item.reminded_at.is_(None),
            and_(item.at.is_not(None), or_(item.day < today, item.at <= clock)),
        )
        .order_by(item.day, item.at, item.id)
        .limit(REMINDERS)
    )
    zone = work.rules.timezone
    return [
        Reminder(row.id, row.customer_id, row.code, row.name, datetime.combine(row.day, row.at, zone), row.note)
        for row in rows
    ]


def note_reminded(work: Work, item_id: int) -> None:
    """Take note of a promise, so that it does not announce itself again; twice keeps the first instant.

    Raises:
        NotVisible: missing, or a colleague's.
    """
    row = work.session.get(AgendaItem, item_id, with_for_update=True)
    if row is None:
        raise NotVisible(item_id=item_id)
    row.reminded_at = row.reminded_at or work.now
