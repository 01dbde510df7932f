"""Checked rows on their way in: kept in a file of their own until the whole input has been read.

Nothing reaches the company's database before every row has been looked at, and memory stays flat:
the rows are sorted into orders on disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

Belonging = tuple[str, str, str]
"""An order's number, the key of the customer it is for, and its currency."""
BATCH_LINES = 20_000
ASKED = 5_000


class StagedLine(NamedTuple):
    """One row that passed. Money in ten-thousandths, instants in microseconds since 1970, UTC."""

    order_key: str
    row: int
    customer: str
    customer_name: str
    owner: str
    ordered: int
    is_return: int
    product: str
    product_name: str
    category: str
    quantity: int
    unit_price: int
    discount: int
    amount: int
    currency: str
    status: str
    closed: int | None
    fingerprint: int
    order_time: int = 0
    """The order's own time: its earliest row's."""


_FIELDS = StagedLine._fields[:-1]


class Staging:
    """A temporary SQLite file of staged rows, read back order by order in the file's own order."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "staging.db", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-65536", "temp_store=FILE"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute(f"CREATE TABLE line ({', '.join(_FIELDS)})")
        self._database.execute("CREATE TABLE owner (order_key PRIMARY KEY, customer, currency) WITHOUT ROWID")

    def add(self, rows: Iterator[tuple[object, ...]]) -> None:
        """Keep rows, in the order of `StagedLine`'s fields (without `order_time`)."""
        places = ", ".join("?" * len(_FIELDS))
        self._database.execute("BEGIN")
        self._database.executemany(f"INSERT INTO line VALUES ({places})", rows)  # noqa: S608
        self._database.execute("COMMIT")

    def clashes(self, belonging: Iterable[Belonging]) -> set[Belonging]:
        """Which of these name an order that an earlier one gave to another customer, or in another currency."""
        asked = list(belonging)
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR IGNORE INTO owner VALUES (?, ?, ?)", asked)
        self._database.execute("COMMIT")
        first: set[Belonging] = set()
        for start in range(0, len(asked), ASKED):
            keys = [one[0] for one in asked[start : start + ASKED]]
            places = ", ".join("?" * len(keys))
            first.update(
                self._database.execute(f"SELECT * FROM owner WHERE order_key IN ({places})", keys)  # noqa: S608
            )
        return set(asked) - first

    def batches(self) -> Iterator[list[StagedLine]]:
        """Whole orders, by first appearance in the file, some 20,000 lines at a time."""
        self._database.execute("CREATE INDEX line_order ON line (order_key, row)")
        self._database.execute(
            "CREATE TABLE head AS SELECT order_key, MIN(row) AS first, MIN(ordered) AS at FROM line GROUP BY order_key"
        )
        columns = ", ".join(f"line.{name}" for name in _FIELDS)
        rows = self._database.execute(
            f"SELECT {columns}, head.at FROM head CROSS JOIN line ON line.order_key = head.order_key "  # noqa: S608
            "ORDER BY head.first, line.row"
        )
        batch: list[StagedLine] = []
        for row in rows:
            line = StagedLine._make(row)
            if len(batch) >= BATCH_LINES and line.order_key != batch[-1].order_key:
                yield batch
                batch = []
            batch.append(line)
        if batch:
            yield batch

    def close(self) -> None:
        self._database.close()
