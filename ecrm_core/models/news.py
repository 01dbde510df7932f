"""What the company tells its telemarketers: events and announcements."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ecrm_core.models.base import Base, instant, key, line


class Event(Base):
    """A company event, for all telemarketers or for some."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_ends_at", "ends_at"),)

    id: Mapped[key]
    title: Mapped[line]
    starts_at: Mapped[instant]
    ends_at: Mapped[instant]
    place: Mapped[str | None] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(String(4000))
    for_all: Mapped[bool] = mapped_column(default=True)
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))


class EventAudience(Base):
    """One of those an event is for, where it is not for all."""

    __tablename__ = "event_audience"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True, index=True)


class Announcement(Base):
    """An important notice, valid from a day to a day, both included."""

    __tablename__ = "announcement"
    __table_args__ = (Index("ix_announcement_valid_to", "valid_to"),)

    id: Mapped[key]
    title: Mapped[line]
    text: Mapped[str] = mapped_column(String(4000))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    for_all: Mapped[bool] = mapped_column(default=True)
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))


class AnnouncementAudience(Base):
    """One of those an announcement is for, where it is not for all."""

    __tablename__ = "announcement_audience"

    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True, index=True)


class AnnouncementRead(Base):
    """Who has read a notice, and when."""

    __tablename__ = "announcement_read"

    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True, index=True)
    at: Mapped[instant]
