"""The ground under every table: naming, and the types that keep money, instants and codes honest."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Integer, MetaData, String, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, mapped_column

MONEY_PLACES = 4
MONEY_UNIT = Decimal(10) ** -MONEY_PLACES
MONEY_SCALE = 10**MONEY_PLACES
MONEY_LIMIT = Decimal(10) ** 14
"""Largest amount kept, exclusive: its ten-thousandths must fit 63 bits with room to be summed."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive values, gives aware UTC back, on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs its time zone: {value!r}")
        value = value.astimezone(UTC)
        # SQLite keeps text: without the zone, so that text order is time order.
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """`Decimal` with four places, kept as a whole number of ten-thousandths.

    Whole numbers add up exactly on every database (SQLite would keep NUMERIC as a float), and a
    `SUM` of this type comes back as `Decimal`.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError(f"money is Decimal, not float: {value!r}")
        return to_ten_thousandths(Decimal(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-MONEY_PLACES)


def to_ten_thousandths(amount: Decimal) -> int:
    """The whole number that `Money` keeps; refuses what would be rounded or does not fit.

    Raises:
        ValueError: more than four decimals, not finite, or 10^14 and more.
    """
    scaled = amount.scaleb(MONEY_PLACES)
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise ValueError(f"money has at most {MONEY_PLACES} decimals: {amount}")
    if abs(amount) >= MONEY_LIMIT:
        raise ValueError(f"money is below {MONEY_LIMIT}: {amount}")
    return int(scaled)


def folded(text: str) -> str:
    """A text as searching sees it: no case, no accents, single spaces. "José  NUGROHO" is "jose nugroho"."""
    plain = text
    if not text.isascii():
        plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return " ".join(plain.casefold().split())


class Code(TypeDecorator[StrEnum]):
    """A `StrEnum` kept as its text, so that the database reads well and a new code needs no migration."""

    impl = String(24)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        if isinstance(value, self.kind):
            return value.value
        return None if value is None else str(self.kind(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.kind(value)


# BIGINT keys everywhere but on SQLite, where only INTEGER PRIMARY KEY is the row's own number.
Key = BigInteger().with_variant(Integer(), "sqlite")

key = Annotated[int, mapped_column(Key, primary_key=True)]
instant = Annotated[datetime, mapped_column(UtcDateTime())]
money = Annotated[Decimal, mapped_column(Money())]
short = Annotated[str, mapped_column(String(64))]
line = Annotated[str, mapped_column(String(200))]
prose = Annotated[str, mapped_column(String(4000))]


class Base(DeclarativeBase):
    """Every table of the company."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime(), Decimal: Money(), int: Integer()}
