"""How another system's file is to be read: a TOML file beside it, checked before anything is opened."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

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

SOME_DAY = datetime(2003, 12, 31, 23, 58, 59, tzinfo=UTC)
"""A date format that reads this back with its year is one."""
WRONG_VALUES = {
    "missing": "mapping_required",
    "string_type": "mapping_text",
    "string_too_short": "mapping_required",
    "string_pattern_mismatch": "mapping_currency",
    "int_type": "mapping_number",
    "int_parsing": "mapping_number",
    "int_from_float": "mapping_number",
    "bool_type": "mapping_switch",
    "bool_parsing": "mapping_switch",
    "list_type": "mapping_list",
    "dict_type": "mapping_section",
    "model_type": "mapping_section",
    "model_attributes_type": "mapping_section",
    "names": "mapping_names",
    "marks": "mapping_marks",
    "separator": "mapping_separator",
    "zone": "mapping_zone",
    "date_format": "mapping_date_format",
}
"""What pydantic calls it, and our reason under `error.import`."""


def _wrong(what: str) -> PydanticCustomError:
    """A refusal by its code, like those that pydantic has; the catalogues own the words."""
    return PydanticCustomError(what, "{what}", {"what": what})


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
            raise _wrong("names")
        return self

    @model_validator(mode="after")
    def _different_marks(self) -> FileFormat:
        if self.decimal == self.thousands:
            raise _wrong("marks")
        return self

    @field_validator("separator")
    @classmethod
    def _one_character(cls, value: str) -> str:
        if value != WHITESPACE and (len(value) != 1 or value in '\r\n"'):
            raise _wrong("separator")
        return value


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
                raise _wrong("zone") from error
        return value

    @field_validator("format")
    @classmethod
    def _names_a_year(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            read = datetime.strptime(SOME_DAY.strftime(value), value)  # noqa: DTZ007 - only its year is asked
        except ValueError as error:
            raise _wrong("date_format") from error
        if read.year != SOME_DAY.year:
            raise _wrong("date_format")
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
        ImportRefused: `mapping_missing`, `mapping_encoding`, `mapping_syntax` (not TOML, with its line),
            `mapping_columns` (one that this kind needs), or what `_refusal` finds wrong with a key.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        raw: dict[str, Any] = tomllib.loads(text)
    except OSError as error:
        raise ImportRefused("mapping_missing", file=path.name) from error
    except UnicodeDecodeError as error:
        raise ImportRefused("mapping_encoding", file=path.name) from error
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        line = int(place[1]) if place else len(text.splitlines())
        raise ImportRefused("mapping_syntax", file=path.name, line=line) from error
    try:
        mapping = Mapping.model_validate(raw)
    except ValidationError as error:
        raise _refusal(path, error.errors()[0]) from error
    named = mapping.named()
    missing = [column for column in REQUIRED[kind] if column not in named]
    if kind is ImportKind.TRANSACTIONS:
        if "product" not in named and mapping.defaults.product is None:
            missing.append("product")
        if "amount" not in named and "unit_price" not in named:
            missing.append("amount")
    if missing:
        raise ImportRefused("mapping_columns", file=path.name, columns=missing)
    return mapping


def _refusal(path: Path, wrong: ErrorDetails) -> ImportRefused:
    """What pydantic found first, as a refusal of ours: which key, and what it may hold."""
    key = ".".join(map(str, wrong["loc"])) or "-"
    facts: dict[str, Any] = wrong.get("ctx", {})
    if wrong["type"] == "extra_forbidden":
        return ImportRefused("mapping_unknown_key", file=path.name, entry=key, allowed=_keys_beside(wrong["loc"]))
    if wrong["type"] in {"literal_error", "enum"}:
        allowed = [f"“{value}”" for value in re.findall("'([^']*)'", facts["expected"])]
        return ImportRefused("mapping_choice", file=path.name, entry=key, value=wrong["input"], allowed=allowed)
    if wrong["type"] in {"greater_than_equal", "string_too_long"}:
        limit = facts.get("ge", facts.get("max_length"))
        return ImportRefused(f"mapping_{wrong['type']}", file=path.name, entry=key, limit=limit)
    return ImportRefused(WRONG_VALUES.get(wrong["type"], "mapping_value"), file=path.name, entry=key)


def _keys_beside(where: tuple[int | str, ...]) -> list[str]:
    part: Any = Mapping
    for name in where[:-1]:
        part = part.model_fields[name].annotation
    return list(part.model_fields)
