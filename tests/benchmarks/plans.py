"""What a database does to answer: the statements of a gesture, and the plan of each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event


@dataclass
class Statement:
    """A statement as the driver got it, and how long it took to begin answering."""

    text: str
    parameters: Any
    seconds: float = 0.0


@dataclass
class Recorded:
    """The statements of a stretch of work."""

    statements: list[Statement] = field(default_factory=list)

    @property
    def reads(self) -> list[Statement]:
        return [each for each in self.statements if each.text.lstrip().startswith(("SELECT", "WITH"))]


@contextmanager
def recorded(engine: Engine) -> Iterator[Recorded]:
    """Note every statement sent meanwhile."""
    found = Recorded()

    def before(_connection: Any, _cursor: Any, text: str, parameters: Any, _context: Any, _many: bool) -> None:
        found.statements.append(Statement(text, parameters, time.perf_counter()))

    def after(*_: Any) -> None:
        found.statements[-1].seconds = time.perf_counter() - found.statements[-1].seconds

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)


@dataclass(frozen=True)
class Step:
    """A step of a plan: how a table is read, `whole` where every row of it is."""

    text: str
    table: str | None
    whole: bool


def plan(engine: Engine, statement: Statement, *, avoid_scans: bool = True) -> list[Step]:
    """How the database means to answer a statement.

    Args:
        avoid_scans: PostgreSQL reads small tables whole whatever indexes there are; where it is told not
            to, what it still reads whole has no index.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement.text}", statement.parameters)
            return [_sqlite_step(row[3]) for row in found]
        if avoid_scans:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        found = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement.text}", statement.parameters)
        return list(_postgresql_steps(found.scalar_one()[0]["Plan"]))


def _sqlite_step(text: str) -> Step:
    words = text.split()
    if words[0] not in {"SCAN", "SEARCH"}:
        return Step(text, None, False)
    # `SCAN t VIRTUAL TABLE INDEX 0:` asks an index of its own for all there is.
    indexed = " USING " in text or ("VIRTUAL TABLE INDEX" in text and not text.rstrip().endswith("0:"))
    return Step(text, words[1], words[0] == "SCAN" and not indexed)


def _postgresql_steps(node: dict[str, Any]) -> Iterator[Step]:
    table = node.get("Relation Name")
    text = " ".join(
        str(part)
        for part in (
            node["Node Type"],
            table or "",
            node.get("Index Name", ""),
            node.get("Index Cond", ""),
            node.get("Filter", ""),
            f"cost={node['Total Cost']:.0f} rows={node['Plan Rows']}",
        )
        if part
    )
    yield Step(text, table, node["Node Type"] == "Seq Scan")
    for child in node.get("Plans", ()):
        yield from _postgresql_steps(child)
