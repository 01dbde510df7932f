"""Employees, their passwords and their log-ins."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ecrm_core.models.base import Base, Code, instant, key, line


class Role(StrEnum):
    """What an employee may see and do; see `visibility.py`."""

    TELEMARKETER = "telemarketer"
    MANAGER = "manager"
    ADMIN = "admin"


class Language(StrEnum):
    """Languages every text exists in."""

    INDONESIAN = "id"
    ENGLISH = "en"


class Appearance(StrEnum):
    """Light, dark, or whatever the machine says."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


MONDAY_TO_FRIDAY = "1111100"


class Employee(Base):
    """Somebody who works here. Leavers are deactivated, never deleted."""

    __tablename__ = "employee"

    id: Mapped[key]
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[line]
    role: Mapped[Role] = mapped_column(Code(Role), index=True)
    language: Mapped[Language] = mapped_column(Code(Language), default=Language.INDONESIAN)
    appearance: Mapped[Appearance] = mapped_column(Code(Appearance), default=Appearance.SYSTEM)
    capacity: Mapped[int | None]
    """Calls a day; none means the company's setting."""
    working_days: Mapped[str] = mapped_column(String(7), default=MONDAY_TO_FRIDAY)
    """Monday to Sunday, `1` works and `0` is off."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[instant]
    deactivated_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]


class Credential(Base):
    """The password of an employee, hashed. Read by the log-in alone."""

    __tablename__ = "credential"

    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    must_change: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[instant]


class LoginSession(Base):
    """One log-in on one machine, known by the SHA-256 of its cookie. Read by the log-in alone."""

    __tablename__ = "login_session"

    sid_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    created_at: Mapped[instant]
    seen_at: Mapped[instant]
    expires_at: Mapped[instant] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]


class LoginAttempt(Base):
    """A refused password, so that guessing slows down on every server of the company at once."""

    __tablename__ = "login_attempt"

    id: Mapped[key]
    username: Mapped[str] = mapped_column(String(64), index=True)
    address: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[instant] = mapped_column(index=True)


class LoginLink(Base):
    """A link that logs an employee in once, known by the SHA-256 of its secret."""

    __tablename__ = "login_link"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    expires_at: Mapped[instant]
    used_at: Mapped[datetime | None]


class SavedView(Base):
    """Search and filters of a list under a name, for the one who saved them."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("employee_id", "page", "name"),)

    id: Mapped[key]
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    page: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(64))
    filters: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[instant]


class CalendarFeed(Base):
    """An employee's calendar behind a secret link, known by the SHA-256 of its secret."""

    __tablename__ = "calendar_feed"

    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    made_at: Mapped[instant]
