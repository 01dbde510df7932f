"""What was done that must stay on record."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ecrm_core.models.base import Base, Code, instant, key


class AuditKind(StrEnum):
    """What kind of thing is on record."""

    REDUCED_SEARCH = "reduced_search"
    DOOR_ORDER = "door_order"
    CUSTOMER_CHANGED = "customer_changed"
    ORDER_CORRECTED = "order_corrected"
    CLAIMED = "claimed"
    CONTACT_REFUSED = "contact_refused"
    CONTACT_TAKEN_BACK = "contact_taken_back"
    EXPORT = "export"


class AuditRecord(Base):
    """Something done, by whom and when; only ever added to."""

    __tablename__ = "audit_record"
    __table_args__ = (
        Index("ix_audit_record_by_id_kind_at", "by_id", "kind", "at"),
        Index("ix_audit_record_customer_id_at", "customer_id", "at"),
        Index("ix_audit_record_at", "at", "id"),
    )

    id: Mapped[key]
    kind: Mapped[AuditKind] = mapped_column(Code(AuditKind))
    at: Mapped[instant]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("sales_order.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What was searched for, or which fields went from what to what."""
