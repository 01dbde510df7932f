"""What belongs to the company as a whole: its dated rules, its counters, its imports."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ecrm_core.models.base import Base, Code, Key, instant, key, line


class CompanySetting(Base):
    """A rule of the company from a day on; the newest not after the day in question is in force."""

    __tablename__ = "company_setting"
    __table_args__ = (UniqueConstraint("name", "valid_from"),)

    id: Mapped[key]
    name: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[date]
    value: Mapped[Any] = mapped_column(JSON)
    set_at: Mapped[instant]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))


class Counter(Base):
    """The last number given out under a name; read and raised under lock, so numbers have no gaps."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(Key)


class ImportKind(StrEnum):
    """What a file brings."""

    CUSTOMERS = "customers"
    PRODUCTS = "products"
    TRANSACTIONS = "transactions"


class ImportRun(Base):
    """One run of one file, and how it ended."""

    __tablename__ = "import_run"

    id: Mapped[key]
    kind: Mapped[ImportKind] = mapped_column(Code(ImportKind))
    source: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[line]
    started_at: Mapped[instant]
    finished_at: Mapped[datetime | None]
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    rows_read: Mapped[int] = mapped_column(default=0)
    rows_added: Mapped[int] = mapped_column(default=0)
    rows_known: Mapped[int] = mapped_column(default=0)
    rows_rejected: Mapped[int] = mapped_column(default=0)


class OrderSource(Base):
    """How a customer heard of us: a TV spot with station and time, or another way. Kept by the admin."""

    __tablename__ = "order_source"

    id: Mapped[key]
    name: Mapped[str] = mapped_column(String(200), unique=True)
    station: Mapped[str | None] = mapped_column(String(64))
    airs_at: Mapped[str | None] = mapped_column(String(5))
    """Company time of the spot, `HH:MM`."""
    active: Mapped[bool] = mapped_column(default=True)
