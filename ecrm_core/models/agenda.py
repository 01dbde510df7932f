"""The day's work, and what came of it."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ecrm_core.models.base import Base, Code, instant, key, line, prose
from ecrm_core.models.customers import Channel
from ecrm_core.models.people import Language


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
    reasons: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    """Why it was proposed, the most pressing first: `kind`, and the facts its sentence is made of."""
    due_on: Mapped[date | None]
    """The day on which the oldest of its reasons fell due; waiting is counted from here."""
    rank: Mapped[int | None]
    """Place in the plan of its day, 1 first."""
    score: Mapped[float | None] = mapped_column(Float)
    """What the ranking went by; greater is sooner."""
    accepted_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]
    dismissed_because: Mapped[str | None] = mapped_column(String(500))
    reminded_at: Mapped[datetime | None]
    """When the promise announced itself and was noticed."""


class DayPlan(Base):
    """The plan of one telemarketer's day, as it was made, and what did not fit into it."""

    __tablename__ = "day_plan"

    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    made_at: Mapped[instant]
    works: Mapped[bool] = mapped_column(default=True)
    """Whether it is a working day of theirs; else only promises stand in the plan."""
    capacity: Mapped[int]
    promised: Mapped[int]
    proposed: Mapped[int]
    left_over: Mapped[int]
    """Customers with a reason to be called whom the day had no room for."""
    oldest_left_on: Mapped[date | None]


class CallDay(Base):
    """When somebody began and ended a day in call mode."""

    __tablename__ = "call_day"

    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    started_at: Mapped[instant]
    ended_at: Mapped[datetime | None]


class CallPause(Base):
    """A pause of a day in call mode; open while nobody has resumed."""

    __tablename__ = "call_pause"

    id: Mapped[key]
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    started_at: Mapped[instant]
    ended_at: Mapped[datetime | None]


class TemplateKind(StrEnum):
    """What a text is for."""

    SCRIPT = "script"
    WHATSAPP = "whatsapp"
    GREETING = "greeting"


class TextTemplate(Base):
    """A script or message with placeholders, kept by the admin; the most particular one is used."""

    __tablename__ = "text_template"
    __table_args__ = (Index("ix_text_template_kind_language", "kind", "language"),)

    id: Mapped[key]
    kind: Mapped[TemplateKind] = mapped_column(Code(TemplateKind))
    language: Mapped[Language] = mapped_column(Code(Language))
    reason: Mapped[AgendaKind | None] = mapped_column(Code(AgendaKind))
    """Only for this reason to call; none is for every reason."""
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    """Only about this product; none is about any."""
    text: Mapped[prose]
    changed_at: Mapped[instant]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))


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
    agenda_item_id: Mapped[int | None] = mapped_column(ForeignKey("agenda_item.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("sales_order.id"))
