"""What was put right in an order: by whom, when, and from what to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.models import AuditKind, AuditRecord, Customer, Employee, Order, OrderSource, PaymentMethod, Product

MONEY = frozenset({"shipping_cost"})


@dataclass(frozen=True)
class LineThen:
    """A line as it stood at a time."""

    quantity: int
    unit_price: Decimal
    discount: Decimal


@dataclass(frozen=True)
class LineChange:
    """A product whose line was put right; without `before` it was added, without `after` taken out."""

    product: str
    before: LineThen | None
    after: LineThen | None


@dataclass(frozen=True)
class Correction:
    """One correction. `fields`: name to (before, after); money is `Decimal`, a source its name."""

    at: datetime
    by_name: str | None
    fields: Mapping[str, tuple[Any, Any]]
    lines: Sequence[LineChange]


def order_corrections(work: Work, order_id: int) -> list[Correction]:
    """Every correction of an order, oldest first.

    None for who took it through the door: whoever looks after the customer corrects it.
    """
    mine = select(Order.id).join(Customer, Customer.id == Order.customer_id).where(Order.id == order_id)
    if work.session.scalar(mine) is None:
        return []
    statement = (
        select(AuditRecord.at, AuditRecord.facts, Employee.name)
        .outerjoin(Employee, Employee.id == AuditRecord.by_id)
        .where(AuditRecord.order_id == order_id, AuditRecord.kind == AuditKind.ORDER_CORRECTED)
        .order_by(AuditRecord.id)
    )
    # The record is read by staff only; of an order of one's own it tells this much.
    with work.crm.system("corrections of an order") as system:
        rows = [(row.at, row.facts, row.name) for row in system.session.execute(statement)]
    if not rows:
        return []
    told = [(facts["before"], facts["after"]) for _, facts, _ in rows]
    products = _names(work, Product.code, Product.name, {line["product"] for line in _lines_of(told)})
    sources = _names(work, OrderSource.id, OrderSource.name, _values_of(told, "heard_from_id"))
    corrections = []
    for (at, _, by), (before, after) in zip(rows, told, strict=True):
        fields = {
            name: (_value(name, before[name], sources), _value(name, after[name], sources))
            for name in after
            if name != "lines"
        }
        lines = _compared(before["lines"], after["lines"], products) if "lines" in after else []
        corrections.append(Correction(at, by, fields, lines))
    return corrections


def _lines_of(told: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    return [line for pair in told for state in pair for line in state.get("lines", ())]


def _values_of(told: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], name: str) -> set[Any]:
    return {state[name] for pair in told for state in pair if state.get(name) is not None}


def _names(work: Work, key: Any, name: Any, wanted: set[Any]) -> dict[Any, str]:
    if not wanted:
        return {}
    return {row[0]: row[1] for row in work.session.execute(select(key, name).where(key.in_(wanted)))}


def _value(name: str, value: Any, sources: Mapping[int, str]) -> Any:
    if value is None or value == "":
        return None
    if name in MONEY:
        return Decimal(value)
    if name == "payment_method":
        return PaymentMethod(value)
    return sources.get(value, str(value)) if name == "heard_from_id" else str(value)


def _compared(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], products: Mapping[str, str]
) -> list[LineChange]:
    """Lines paired by their product, in their order; those that are the same are left out."""
    left: dict[str, list[LineThen]] = {}
    for line in before:
        left.setdefault(line["product"], []).append(_then(line))
    changes = []
    for line in after:
        stood = left.get(line["product"])
        was = stood.pop(0) if stood else None
        if was != _then(line):
            changes.append(LineChange(products.get(line["product"], line["product"]), was, _then(line)))
    gone = [LineChange(products.get(code, code), was, None) for code, stood in left.items() for was in stood]
    return changes + gone


def _then(line: Mapping[str, Any]) -> LineThen:
    return LineThen(line["quantity"], Decimal(line["unit_price"]), Decimal(line["discount"]))
