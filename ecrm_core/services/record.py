"""What is put on record, and what others have changed since something was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from ecrm_core.crm import Work
from ecrm_core.models import AuditKind, AuditRecord, Employee


@dataclass(frozen=True)
class Since:
    """What was changed after a version: by whom and when last, and which fields in all."""

    by: str | None
    at: datetime | None
    fields: list[str]
    records: int


def put_on_record(
    work: Work, kind: AuditKind, *, customer_id: int | None = None, order_id: int | None = None, **facts: Any
) -> None:
    """Keep what was done, with its facts; whoever acts is who did it."""
    work.session.add(
        AuditRecord(
            kind=kind,
            at=work.now,
            by_id=work.actor.employee_id,
            customer_id=customer_id,
            order_id=order_id,
            facts=facts,
        )
    )


def put_change_on_record(
    work: Work,
    kind: AuditKind,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    version: int,
    customer_id: int | None = None,
    order_id: int | None = None,
) -> None:
    """Keep which fields went from what to what, and which version that made."""
    put_on_record(
        work,
        kind,
        customer_id=customer_id,
        order_id=order_id,
        version=version,
        before={name: before[name] for name in after},
        after=dict(after),
    )


def changed_since(work: Work, kind: AuditKind, which: ColumnElement[bool], version: int) -> Since:
    """What the record tells of changes after a version, of one customer or order.

    The record is read by staff only; whoever was late is told this much of it.
    """
    by: str | None = None
    at: datetime | None = None
    fields: dict[str, None] = {}
    records = 0
    statement = (
        select(AuditRecord.at, AuditRecord.facts, Employee.name)
        .outerjoin(Employee, Employee.id == AuditRecord.by_id)
        .where(which, AuditRecord.kind == kind)
        .order_by(AuditRecord.id)
    )
    with work.crm.system("what changed meanwhile") as system:
        for row in system.session.execute(statement):
            if row.facts.get("version", 0) > version:
                by, at, records = row.name, row.at, records + 1
                fields.update(dict.fromkeys(row.facts.get("after", ())))
    return Since(by, at, list(fields), records)
