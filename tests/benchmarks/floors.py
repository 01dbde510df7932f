"""The bare SQL of what the screens ask, for both databases: nothing that shows data can be faster."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from tests.benchmarks.company import TODAY

SEARCH_OWN = """
    SELECT c.id, c.code, c.name, c.city, c.last_activity_at, p.e164 FROM customer c
    LEFT JOIN customer_phone p ON p.customer_id = c.id AND p.position = 0
    WHERE c.owner_id = :me AND c.search_name LIKE :like ORDER BY c.search_name, c.id LIMIT :rows
"""
SEARCH_ALL = """
    WITH found AS MATERIALIZED (SELECT rowid AS id FROM customer_search WHERE search_name LIKE :like)
    SELECT c.id, c.code, c.name, c.city, c.last_activity_at, p.e164 FROM found JOIN customer c ON c.id = found.id
    LEFT JOIN customer_phone p ON p.customer_id = c.id AND p.position = 0
    ORDER BY c.search_name, c.id LIMIT :rows
"""
CARD = (
    "SELECT * FROM customer WHERE code = :code",
    "SELECT p.* FROM customer_phone p JOIN customer c ON c.id = p.customer_id WHERE c.code = :code",
    """
    SELECT l.*, o.number, o.status, p.name, f.due_on, f.state FROM customer c
    JOIN order_line l ON l.customer_id = c.id JOIN sales_order o ON o.id = l.order_id
    JOIN product p ON p.id = l.product_id LEFT JOIN follow_up f ON f.line_id = l.id
    WHERE c.code = :code ORDER BY l.ordered_at DESC, l.id DESC LIMIT 30
    """,
    """
    SELECT count(*), sum(l.amount), sum(l.returned_amount) FROM customer c
    JOIN order_line l ON l.customer_id = c.id WHERE c.code = :code
    """,
    """
    SELECT t.at, t.outcome, t.note FROM customer c JOIN contact t ON t.customer_id = c.id
    WHERE c.code = :code ORDER BY t.at DESC LIMIT 30
    """,
)
BUYERS_OWN = """
    SELECT c.id, c.code, c.name, c.city, c.last_activity_at FROM customer c WHERE c.owner_id = :me AND EXISTS (
        SELECT 1 FROM order_line l WHERE l.product_id = :product AND l.customer_id = c.id AND l.void_at IS NULL)
    ORDER BY c.search_name, c.id LIMIT 50
"""
BUYERS_ALL = """
    SELECT c.id, c.code, c.name, c.city, c.last_activity_at FROM customer c WHERE EXISTS (
        SELECT 1 FROM order_line l WHERE l.product_id = :product AND l.customer_id = c.id AND l.void_at IS NULL)
    ORDER BY c.search_name, c.id LIMIT 50
"""
MONTH_ROWS = """
    SELECT l.*, o.number, c.name, p.name, f.due_on, f.state, f.followed_up_on, r.rating, r.text FROM order_line l
    JOIN sales_order o ON o.id = l.order_id JOIN customer c ON c.id = l.customer_id
    JOIN product p ON p.id = l.product_id LEFT JOIN follow_up f ON f.line_id = l.id
    LEFT JOIN response r ON r.line_id = l.id
    WHERE l.ordered_at >= :since AND l.ordered_at < :until {mine}
    ORDER BY l.ordered_at DESC, l.id DESC LIMIT 50
"""
MONTH_SUMS = """
    SELECT count(*), count(DISTINCT l.order_id), count(DISTINCT l.customer_id), sum(l.amount), sum(l.returned_amount)
    FROM order_line l {join} WHERE l.ordered_at >= :since AND l.ordered_at < :until {mine}
"""
HOME = (
    """
    SELECT a.*, c.name FROM agenda_item a LEFT JOIN customer c ON c.id = a.customer_id
    WHERE a.employee_id = :me AND a.done_at IS NULL AND a.deleted_at IS NULL AND a.day <= :today
    ORDER BY a.day, a.id LIMIT 200
    """,
    "SELECT id, name FROM customer WHERE owner_id = :me AND birth_month = :month AND birth_day = :day",
    "SELECT * FROM event WHERE ends_at >= :now AND deleted_at IS NULL ORDER BY starts_at LIMIT 8",
    "SELECT * FROM announcement WHERE valid_from <= :today AND deleted_at IS NULL ORDER BY id DESC LIMIT 20",
)
ORDER = (
    "UPDATE counter SET value = value + 1 WHERE name = 'floor'",
    """
    INSERT INTO sales_order (source, number, kind, customer_id, taken_by_id, channel, ordered_at, status, currency,
        shipping_cost, created_at, version)
    VALUES ('floor', :number, 'sale', :customer, :me, 'phone', :now, 'new', 'IDR', 0, :now, 1)
    """,
    *(
        f"""
    INSERT INTO order_line (order_id, customer_id, product_id, ordered_at, quantity, unit_price, discount, amount,
        returned_quantity, returned_amount)
    SELECT id, customer_id, {product}, :now, 1, 10000, 0, 10000, 0, 0 FROM sales_order
    WHERE source = 'floor' AND number = :number
    """
        for product in (1, 2)
    ),
    """
    INSERT INTO follow_up (line_id, customer_id, product_id, due_on, expires_on, state)
    SELECT l.id, l.customer_id, l.product_id, :today, :today, 'closed' FROM order_line l
    JOIN sales_order o ON o.id = l.order_id WHERE o.source = 'floor' AND o.number = :number
    """,
    "UPDATE customer SET last_activity_at = :now WHERE id = :customer",
    "UPDATE product SET stock = stock - 1 WHERE id IN (1, 2)",
)


class Floors:
    """Asks the database the bare questions, as one employee."""

    def __init__(self, engine: Engine, me: int | None) -> None:
        self.engine, self.me = engine, me
        self._orders = 0

    def instant(self, at: datetime) -> str:
        """As the tables keep it."""
        plain = f"{at:%Y-%m-%d %H:%M:%S.%f}"
        return plain if self.engine.dialect.name == "sqlite" else f"{plain}+00"

    def search(self, fragment: str, *, rows: int) -> None:
        self._read(SEARCH_ALL if self.me is None else SEARCH_OWN, me=self.me, like=f"%{fragment}%", rows=rows)

    def card(self, code: str) -> None:
        self._read(*CARD, code=code)

    def buyers(self, product: int) -> None:
        self._read(BUYERS_ALL if self.me is None else BUYERS_OWN, me=self.me, product=product)

    def month(self, since: datetime, until: datetime) -> None:
        own = self.me is not None
        mine = "AND {}.owner_id = :me" if own else ""
        rows = MONTH_ROWS.format(mine=mine.format("c"))
        sums = MONTH_SUMS.format(join="JOIN customer c ON c.id = l.customer_id" if own else "", mine=mine.format("c"))
        self._read(rows, sums, me=self.me, since=self.instant(since), until=self.instant(until))

    def home(self, now: datetime, me: int) -> None:
        at = {"today": str(TODAY), "month": TODAY.month, "day": TODAY.day}
        self._read(*HOME, me=me, now=self.instant(now), **at)

    def order(self, customer: int, now: datetime) -> None:
        """An order of two lines, committed."""
        self._orders += 1
        values = {
            "number": f"{self.me}-{self._orders}",
            "customer": customer,
            "me": self.me or 1,
            "now": self.instant(now),
            "today": str(TODAY),
        }
        with self.engine.begin() as connection:
            for statement in ORDER:
                _run(connection, statement, values)

    def _read(self, *statements: str, **values: Any) -> None:
        with self.engine.connect() as connection:
            for statement in statements:
                _run(connection, statement, values)


def _run(connection: Connection, statement: str, values: Mapping[str, Any]) -> None:
    clause = text(statement)
    known = {name: value for name, value in values.items() if f":{name}" in statement}
    result = connection.execute(clause, known)
    if result.returns_rows:
        result.all()


def milliseconds(questions: Iterator[Callable[[], Any]], *, times: int) -> float:
    """The median of asking several questions, one after the other, so many times; the first is to warm up."""
    took = []
    for number in range(times + 1):
        question = next(questions)
        began = time.perf_counter()
        question()
        if number:
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)
