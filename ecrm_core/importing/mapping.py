"""How another system's file is to be read: a TOML file beside it, checked before anything is opened."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ecrm_core.errors import ImportRefused
from ecrm_core.models import ImportKind, OrderChannel, OrderStatus

WHITESPACE = "whitespace"
DATES = ("ordered_at", "closed_at", "birth_date")
NUMBERS = ("quantity", "unit_price", "discount", "amount", "price")
REQUIRED: dict[ImportKind, tuple[str, ...]] = {
    ImportKind.TRANSACTIONS: ("customer", "ordered_at"),
    ImportKind.CUSTOMERS: ("customer", "name"),
    ImportKind.PRODUCTS: ("product", "product_name"),
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileFormat(_Part):
    """How the file is written. CSV, Excel or Parquet is told from its ending, unless `format` says."""

    format: Literal["csv", "excel", "parquet"] | None = None
    encoding: str = "utf-8-sig"
    separator: str = ","
    """One character, or `whitespace` for columns parted by any number of blanks."""
    header: bool = True
    names: list[str] = Field(default_factory=list)
    """The columns' names, where the file has no header."""
    skip_rows: int = Field(default=0, ge=0)
    """Rows above the header, or above the data where there is none: titles, merged or not, and empty ones."""
    sheet: str | None = None
    """Of a workbook; the first one, where none is named."""
    decimal: Literal[".", ","] = "."
    """The mark in numbers written as text; a workbook's own numbers have none."""
    thousands: Literal["", ".", ",", " "] = ""

    @model_validator(mode="after")
    def _names_without_header(self) -> FileFormat:
        if not self.header and not self.names:
            raise ValueError("a file without a header needs `names`")
        return self


class Columns(_Part):
    """Which column of the file holds what; only those that are there are named."""

    customer: str | None = None
    """The other system's key of the customer."""
    code: str | None = None
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    birth_date: str | None = None
    address: str | None = None
    city: str | None = None
    province: str | None = None
    postcode: str | None = None
    owner: str | None = None
    """User name of the telemarketer who looks after the customer."""
    order: str | None = None
    ordered_at: str | None = None
    status: str | None = None
    closed_at: str | None = None
    """When it was cancelled or returned, where the file knows."""
    product: str | None = None
    product_name: str | None = None
    category: str | None = None
    price: str | None = None
    quantity: str | None = None
    unit_price: str | None = None
    discount: str | None = None
    amount: str | None = None
    """The sum of the line; wins over quantity × unit price."""
    currency: str | None = None


class Dates(_Part):
    """How instants are written. Without a zone they are the company's own time."""

    format: str | None = None
    """As `strptime` has it; none means ISO 8601, or the file's own date type."""
    timezone: str | None = None

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (KeyError, ValueError, OSError) as error:
                raise ValueError(f"unknown time zone {value}") from error
        return value


class Returns(_Part):
    """What marks a row as a return of its own."""

    order_prefix: str | None = None
    negative_quantity: bool = False


class Defaults(_Part):
    """What holds for every row where the file has no column for it."""

    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    product: str | None = None
    product_name: str | None = None
    category: str | None = None
    quantity: int = Field(default=1, ge=1)
    channel: OrderChannel = OrderChannel.PHONE


class Mapping(_Part):
    """A whole mapping."""

    source: str = Field(min_length=1, max_length=64)
    """The name of the system the file comes from: its keys are known under this name for good."""
    file: FileFormat = Field(default_factory=FileFormat)
    columns: Columns
    dates: Dates = Field(default_factory=Dates)
    returns: Returns = Field(default_factory=Returns)
    defaults: Defaults = Field(default_factory=Defaults)
    statuses: dict[str, OrderStatus] = Field(default_factory=dict)
    """The file's words for a status, and ours."""

    def named(self) -> dict[str, str]:
        """Our names of the columns the mapping gives, and the file's."""
        return {ours: theirs for ours, theirs in self.columns.model_dump().items() if theirs is not None}

    def columns_of(self, ours: Iterable[str]) -> set[str]:
        """The file's columns that hold these of ours."""
        named = self.named()
        return {named[name] for name in ours if name in named}


def read_mapping(path: Path, kind: ImportKind) -> Mapping:
    """A mapping from its file.

    Raises:
        ImportRefused: `mapping_missing`, `mapping_syntax` (not TOML), or `mapping_value` (an unknown
            key, a wrong value, a column that this kind needs).
    """
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ImportRefused("mapping_missing", file=path.name) from error
    except tomllib.TOMLDecodeError as error:
        raise ImportRefused("mapping_syntax", file=path.name, detail=str(error)) from error
    try:
        mapping = Mapping.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "-"
        raise ImportRefused("mapping_value", file=path.name, key=where, detail=first["msg"]) from error
    named = mapping.named()
    missing = [column for column in REQUIRED[kind] if column not in named]
    if kind is ImportKind.TRANSACTIONS:
        if "product" not in named and mapping.defaults.product is None:
            missing.append("product")
        if "amount" not in named and "unit_price" not in named:
            missing.append("amount")
    if missing:
        raise ImportRefused("mapping_value", file=path.name, key="columns", detail=", ".join(missing))
    return mapping
