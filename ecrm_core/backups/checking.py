"""A company's database looked over: is it whole, ours, and without loose ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Table, and_, func, inspect, literal, select
from sqlalchemy.exc import DatabaseError

from ecrm_core import models as m
from ecrm_core.backups.making import database_file
from ecrm_core.backups.sealing import BackupRefused
from ecrm_core.migrations import current, newest, ours
from ecrm_core.visibility import RULES


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: `kind` names it, `what` where, `count` in how many rows."""

    kind: str
    what: str
    count: int = 1


def refuse_missing(address: str) -> None:
    """Refuse an address at which there is no database yet: opening it would make an empty one.

    Raises:
        BackupRefused: `nothing`.
    """
    file = database_file(address)
    if file is not None and not file.is_file():
        raise BackupRefused("nothing", path=str(file))


def check_database(engine: Engine) -> list[Fault]:
    """What is wrong with a database; nothing where all is well.

    Looked at are: whether the file is whole (SQLite; PostgreSQL keeps its own sums), the version of
    the tables, tables missing or not ours, rows that hang on nothing, the last activity that lists
    show beside the orders it comes from, and whether visibility has a rule for each table.
    """
    faults: list[Fault] = []
    with engine.connect() as connection:
        faults += _integrity(connection)
        if faults:
            return faults  # what is not whole answers no other question
        at = current(engine)
        if at != newest():
            return [Fault("version", at or "none")]
        there = set(inspect(connection).get_table_names())
        tables = m.Base.metadata.tables
        kept = {name for name, table in tables.items() if not table.info.get("derived")}
        faults += [Fault("table_missing", name) for name in sorted(kept - there)]
        strange = there - set(tables) - {"alembic_version"}
        faults += [Fault("table_strange", name) for name in sorted(strange) if _is_strange(name)]
        for table in m.Base.metadata.sorted_tables:
            if table.name in kept & there:
                faults += _orphans(connection, table)
        faults += _activity(connection)
    faults += [
        Fault("no_rule", mapper.class_.__tablename__)
        for mapper in m.Base.registry.mappers
        if mapper.class_ not in RULES
    ]
    return faults


def _is_strange(name: str) -> bool:
    """Whether a table that no model has is somebody's own, rather than part of the search index or of the database."""
    return not name.startswith("sqlite_") and ours(m.Base.metadata, name, "table", True, None)


def _integrity(connection: Connection) -> list[Fault]:
    if connection.dialect.name != "sqlite":
        return []
    try:
        told = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
    except DatabaseError as error:  # too damaged to be told where
        told = [str(error.orig)]
    return [] if told == ["ok"] else [Fault("damaged", line) for line in told]


def _orphans(connection: Connection, table: Table) -> Iterator[Fault]:
    """Rows whose foreign key points at nothing."""
    for key in table.foreign_key_constraints:
        parent = key.referred_table.alias("parent")
        pairs = [(element.parent, parent.c[element.column.name]) for element in key.elements]
        found = select(literal(1)).where(*(mine == theirs for mine, theirs in pairs)).correlate(table).exists()
        told = and_(*(mine.is_not(None) for mine, _ in pairs))
        count = connection.scalar(select(func.count()).select_from(table).where(told, ~found)) or 0
        if count:
            yield Fault("orphans", f"{table.name}.{', '.join(mine.name for mine, _ in pairs)}", count)


def _activity(connection: Connection) -> list[Fault]:
    """Customers whose kept last activity is not that of their newest line that counts."""
    line, customer = m.OrderLine.__table__, m.Customer.__table__
    newest_line = (
        select(func.max(line.c.ordered_at))
        .where(line.c.customer_id == customer.c.id, line.c.void_at.is_(None))
        .correlate(customer)
        .scalar_subquery()
    )
    differs = (
        select(func.count()).select_from(customer).where(customer.c.last_activity_at.is_distinct_from(newest_line))
    )
    count = connection.scalar(differs) or 0
    return [Fault("last_activity", "customer.last_activity_at", count)] if count else []
