"""What the courier tells: a file with parcels and what became of each, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ecrm_core.crm import Work
from ecrm_core.errors import EcrmError


@dataclass(frozen=True)
class CourierColumns:
    """Which column of a courier's file holds what, and what its words mean.

    `order` or `tracking` must be there; the words are compared folded.
    """

    status: str = "status"
    date: str | None = "date"
    order: str | None = "order"
    tracking: str | None = "tracking"
    reason: str | None = "reason"
    words: Mapping[str, str] = field(default_factory=dict)
    """The courier's own words to `shipped`, `delivered`, `paid`, `returned` or `refused`."""
    day_first: bool = True


@dataclass(frozen=True)
class CourierRow:
    """A row as read, all text; `line` is its place in the file, the heading being 1."""

    line: int
    order: str = ""
    tracking: str = ""
    status: str = ""
    day: str = ""
    reason: str = ""


class Fate(StrEnum):
    """What came of a row."""

    DONE = "done"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True)
class RowResult:
    """What came of a row; `refusal` says why not, in words through `Texts.error`."""

    line: int
    fate: Fate
    number: str | None
    refusal: EcrmError | None = None


def read_courier_file(path: Path, columns: CourierColumns = CourierColumns()) -> list[CourierRow]:
    """The rows of a courier's CSV or Excel file.

    Raises:
        ImportRefused: not a table, or a column that is named is missing.
    """
    raise NotImplementedError


def import_courier_file(
    work: Work, rows: Sequence[CourierRow], columns: CourierColumns = CourierColumns()
) -> list[RowResult]:
    """Move orders along as a courier's rows say, each by itself: one that is refused stops no other.

    A row that says what is so already changes nothing, so a file may be read twice.

    Returns:
        One result per row, in the order of the rows.
    """
    raise NotImplementedError
