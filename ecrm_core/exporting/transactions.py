"""The transactions of a history as a file: all that is filtered, not only the page one looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ecrm_core.crm import Work
from ecrm_core.exporting.tables import Cell, Column, FileFormat, write_table
from ecrm_core.models import AuditKind, AuditRecord
from ecrm_core.queries.transactions import (
    FollowUpChoice,
    Sort,
    SortKey,
    TransactionFilters,
    TransactionRow,
    all_transaction_rows,
)
from ecrm_core.texts import Texts

COLUMNS = {
    "date": 12,
    "order": 14,
    "customer_code": 12,
    "customer": 28,
    "product_code": 12,
    "product": 28,
    "quantity": 8,
    "unit_price": 14,
    "amount": 14,
    "currency": 8,
    "state": 14,
    "returned": 10,
    "follow_up": 14,
    "due": 14,
    "followed_up": 14,
    "rating": 8,
    "response": 40,
    "responsible": 20,
}
"""Columns and their widths; headings are in the catalogue under `export.transactions`."""


@dataclass(frozen=True)
class TransactionExport:
    """What is wanted as a file."""

    filters: TransactionFilters
    sort: Sort
    file_format: FileFormat

    @property
    def file_name(self) -> str:
        """A name that tells the period, without its ending."""
        since, until = self.filters.since, self.filters.until
        months = (since.strftime("%Y-%m"), until.strftime("%Y-%m"))
        return months[0] if months[0] == months[1] else f"{months[0]}-{months[1]}"

    def to_json(self) -> dict[str, Any]:
        """As plain values, to be handed to another process or kept on record."""
        return {
            "filters": {name: _plain(value) for name, value in asdict(self.filters).items()},
            "sort": {"key": str(self.sort.key), "down": self.sort.down},
            "format": str(self.file_format),
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> TransactionExport:
        """The same again."""
        filters = dict(told["filters"])
        for name in ("since", "until"):
            filters[name] = date.fromisoformat(filters[name])
        if filters["follow_up"] is not None:
            filters["follow_up"] = FollowUpChoice(filters["follow_up"])
        sort = Sort(SortKey(told["sort"]["key"]), bool(told["sort"]["down"]))
        return cls(TransactionFilters(**filters), sort, FileFormat(told["format"]))


def export_transactions(work: Work, wanted: TransactionExport, target: Path) -> int:
    """Write what the actor may see of it, in their language; how many rows. It goes on record.

    Raises:
        InvalidValue: the filters cannot be.
    """
    say = Texts(work.actor.language)
    rows = all_transaction_rows(work, wanted.filters, sort=wanted.sort)
    count = write_table(
        target,
        wanted.file_format,
        [Column(say(f"export.transactions.{name}"), width) for name, width in COLUMNS.items()],
        _cells(rows, say),
        name=say("export.transactions.name"),
        language=say.language,
    )
    told = wanted.to_json()
    work.session.add(
        AuditRecord(
            kind=AuditKind.EXPORT,
            at=work.now,
            by_id=work.actor.employee_id,
            facts={"what": "transactions", "count": count, **told},
        )
    )
    return count


def _cells(rows: Iterator[TransactionRow], say: Texts) -> Iterator[tuple[Cell, ...]]:
    states = say.starting_with("line_state")
    follow_ups = say.starting_with("follow_up")
    for row in rows:
        yield (
            row.day,
            row.order,
            row.customer_code,
            row.customer,
            row.product_code,
            row.product,
            row.quantity,
            row.unit_price,
            row.amount,
            row.currency,
            states[row.state],
            row.returned_quantity or None,
            follow_ups[row.follow_up] if row.follow_up else None,
            row.due_on,
            row.followed_up_on,
            row.rating,
            row.response,
            row.responsible,
        )


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, FollowUpChoice) else value
