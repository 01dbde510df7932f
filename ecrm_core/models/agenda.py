"""The day's work, and what came of it."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ecrm_core.models.base import Base, Code, instant, key, line
from ecrm_core.models.customers import Channel


class AgendaKind(StrEnum):
    """Why something is on the agenda."""

    TASK = "task"
    CALL_BACK = "call_back"
    FOLLOW_UP = "follow_up"
    BIRTHDAY = "birthday"
    SLIP = "slip"
    WIN_BACK = "win_back"
    PROSPECT = "prospect"
    CAMPAIGN = "campaign"
    COMPLAINT = "complaint"
    COLLEAGUE_ORDER = "colleague_order"


class AgendaItem(Base):
    """Something to do on a day, made by hand or proposed."""

    __tablename__ = "agenda_item"
    __table_args__ = (
        Index("ix_agenda_item_employee_id_day", "employee_id", "day"),
        # What is still open, whatever its day: the overdue ones of one person in one index range.
        Index("ix_agenda_item_employee_id_done_at_day", "employee_id", "done_at", "day"),
    )

    id: Mapped[key]
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    day: Mapped[date]
    at: Mapped[time | None]
    """Time of day, in company time."""
    kind: Mapped[AgendaKind] = mapped_column(Code(AgendaKind), default=AgendaKind.TASK)
    title: Mapped[line]
    note: Mapped[str | None] = mapped_column(String(4000))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    proposed: Mapped[bool] = mapped_column(default=False)
    done_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    """Deleted ones can be brought back from the toast, so they are only marked."""
    created_at: Mapped[instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))


class Outcome(StrEnum):
    """How a contact ended."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    CALL_BACK = "call_back"
    NOT_INTERESTED = "not_interested"
    ORDERED = "ordered"
    WRONG_NUMBER = "wrong_number"
    DO_NOT_CALL = "do_not_call"


class Direction(StrEnum):
    """Who called whom."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


class Contact(Base):
    """A call or message that took place."""

    __tablename__ = "contact"
    __table_args__ = (
        Index("ix_contact_customer_id_at", "customer_id", "at"),
        Index("ix_contact_by_id_at", "by_id", "at"),
        Index("ix_contact_at", "at"),
    )

    id: Mapped[key]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    at: Mapped[instant]
    channel: Mapped[Channel] = mapped_column(Code(Channel))
    direction: Mapped[Direction] = mapped_column(Code(Direction), default=Direction.OUTGOING)
    outcome: Mapped[Outcome] = mapped_column(Code(Outcome))
    note: Mapped[str | None] = mapped_column(String(4000))
    agenda_item_id: Mapped[int | None] = mapped_column(ForeignKey("agenda_item.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("sales_order.id"))
