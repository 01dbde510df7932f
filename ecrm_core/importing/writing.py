"""Staged orders into the company's database: whole batches or nothing, and nothing twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg import sql
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnClause,
    Table,
    bindparam,
    column,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import table as lightweight
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from ecrm_core import models as m
from ecrm_core.crm import Work, start_writing
from ecrm_core.importing.mapping import Mapping
from ecrm_core.importing.staging import Belonging, StagedLine
from ecrm_core.models.base import MONEY_PLACES, Money
from ecrm_core.rules import months_before
from ecrm_core.services.numbers import customer_code

ASKED = 5_000
"""Keys asked for in one statement: below every database's limit of parameters."""
ONE_IMPORT_AT_A_TIME = 3_427_002
LONGEST_FOLLOW_UP_MONTHS = 48
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VOID = {"cancelled", "returned"}


@dataclass(frozen=True)
class Written:
    """What a batch added, and how many of its lines were there already."""

    added: int
    known: int


@dataclass(frozen=True)
class _KnownOrder:
    """An order that is in the database now; `time` in microseconds, as staging keeps it."""

    id: int
    new: bool
    time: int


def write_transactions(work: Work, lines: Sequence[StagedLine], mapping: Mapping, run_id: int | None) -> Written:
    """Write whole orders: their customers and products where missing, headers, lines, follow-ups.

    Runs inside the given transaction of the system; two imports write one after the other.
    """
    start_writing(work.session)
    connection = work.session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(ONE_IMPORT_AT_A_TIME)))
    customers = _customers(work, connection, lines, mapping.source)
    products = _products(work, connection, lines)
    orders, earlier = _orders(work, connection, lines, mapping, customers, run_id)
    known = _known_lines(connection, [order.id for order in orders.values() if not order.new])
    seen: dict[tuple[str, int], int] = defaultdict(int)
    rows = []
    for line in lines:
        occurrence = seen[line.order_key, line.fingerprint]
        seen[line.order_key, line.fingerprint] += 1
        order = orders[line.order_key]
        if (order.id, line.fingerprint, occurrence) in known:
            continue
        # A known order may have begun before this file's rows: its lines have its time, not the file's.
        timed = line._replace(order_time=order.time)
        rows.append(_line(timed, order.id, customers[line.customer], products[line.product], occurrence))
    if rows:
        _pour(connection, _table(m.OrderLine), rows)
    _begin_earlier(connection, earlier)
    _raise_last_activity(connection, rows)
    if earlier:
        _recount_last_activity(connection, {customers[line.customer] for line in lines})
    _open_follow_ups(work, connection, rows)
    return Written(len(rows), len(lines) - len(rows))


def orders_of_others(work: Work, source: str, belonging: Iterable[Belonging]) -> set[Belonging]:
    """Which of these orders are there already for another customer, or in another currency."""
    asked = set(belonging)
    customer = aliased(m.Customer)
    whose = func.coalesce(customer.merged_into_id, customer.id)
    orders: dict[str, tuple[int, str]] = {}
    for numbers in _slices(number for number, _, _ in asked):
        found = work.session.execute(
            select(m.Order.number, m.Order.currency, whose.label("whose"))
            .join(customer, customer.id == m.Order.customer_id)
            .where(m.Order.source == source, m.Order.number.in_(numbers))
        )
        orders.update((row.number, (row.whose, row.currency)) for row in found)
    known = [one for one in asked if one[0] in orders]
    people: dict[str, int] = {}
    for keys in _slices(key for _, key, _ in known):
        found = work.session.execute(
            select(m.CustomerKey.key, whose.label("whose"))
            .join(customer, customer.id == m.CustomerKey.customer_id)
            .where(m.CustomerKey.source == source, m.CustomerKey.key.in_(keys))
        )
        people.update((row.key, row.whose) for row in found)
    return {(number, key, currency) for number, key, currency in known if orders[number] != (people.get(key), currency)}


def _begin_earlier(connection: Connection, earlier: dict[int, datetime]) -> None:
    """An order's time is its earliest line's; what counted for nothing from the start still does."""
    order, line = _table(m.Order), _table(m.OrderLine)
    for order_id, at in earlier.items():
        connection.execute(update(order).where(order.c.id == order_id).values(ordered_at=at))
        of_order = line.c.order_id == order_id
        connection.execute(update(line).where(of_order, line.c.void_at == line.c.ordered_at).values(void_at=at))
        connection.execute(update(line).where(of_order).values(ordered_at=at))


def _table(model: type[m.Base]) -> Table:
    """The plain table of a model: rows go in by the thousand, past the mapper."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _pour(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert many rows that all name the same columns, their money in ten-thousandths."""
    # Neither COPY nor the plain columns below know of the table's own defaults.
    constant = {
        own.name: own.default.arg
        for own in table.columns
        if isinstance(own.default, ScalarElementColumnDefault) and own.name not in rows[0]
    }
    # Money that is whole already would be made a Decimal and whole again: a fifth of the time.
    columns: list[ColumnClause[Any]] = [
        column(name, BigInteger() if isinstance(table.c[name].type, Money) else table.c[name].type) for name in rows[0]
    ] + [column(name, table.c[name].type) for name in constant]
    if connection.dialect.name != "postgresql":
        plain = insert(lightweight(table.name, *columns))
        connection.execute(plain, [row | constant for row in rows] if constant else rows)
        return
    bound = [one.type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for one in columns]
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(sql.Identifier(one.name) for one in columns)
    )
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            values = (*row.values(), *constant.values())
            copy.write_row([bind(value) if bind else value for bind, value in zip(bound, values, strict=True)])


def instant(microseconds: int) -> datetime:
    """An instant from how staging keeps it."""
    return EPOCH + timedelta(microseconds=microseconds)


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def money(ten_thousandths: int) -> Decimal:
    """An amount from how staging keeps it."""
    return Decimal(ten_thousandths).scaleb(-MONEY_PLACES)


def _slices(keys: Iterable[Any]) -> Iterable[list[Any]]:
    ordered = list(dict.fromkeys(keys))
    for start in range(0, len(ordered), ASKED):
        yield ordered[start : start + ASKED]


def take_customer_codes(connection: Connection, many: int) -> list[str]:
    """Codes in order, given out when the transaction commits."""
    counter = _table(m.Counter)
    last = connection.scalar(select(counter.c.value).where(counter.c.name == "customer").with_for_update())
    if last is None:
        connection.execute(insert(counter).values(name="customer", value=many))
    else:
        connection.execute(update(counter).where(counter.c.name == "customer").values(value=last + many))
    return [customer_code((last or 0) + place) for place in range(1, many + 1)]


def _customers(work: Work, connection: Connection, lines: Sequence[StagedLine], source: str) -> dict[str, int]:
    """Ids by the other system's key; who is missing is made, in the file's order. Who was merged is the one kept."""
    table, customer = _table(m.CustomerKey), _table(m.Customer)
    found: dict[str, int] = {}
    for keys in _slices(line.customer for line in lines):
        asked = (
            select(table.c.key, func.coalesce(customer.c.merged_into_id, customer.c.id).label("whose"))
            .join(customer, customer.c.id == table.c.customer_id)
            .where(table.c.source == source, table.c.key.in_(keys))
        )
        found.update((row.key, row.whose) for row in connection.execute(asked))
    missing = {line.customer: line for line in reversed(lines) if line.customer not in found}
    new = [missing[key] for key in dict.fromkeys(line.customer for line in lines) if key in missing]
    if not new:
        return found
    owners = _owners(connection, {line.owner for line in new if line.owner})
    codes = take_customer_codes(connection, len(new))
    connection.execute(
        insert(customer),
        [
            {
                "code": code,
                "name": line.customer_name or line.customer,
                "owner_id": owners.get(line.owner),
                "created_at": work.now,
            }
            for code, line in zip(codes, new, strict=True)
        ],
    )
    ids: dict[str, int] = {}
    for wanted in _slices(codes):
        ids.update(
            (row.code, row.id)
            for row in connection.execute(select(customer.c.code, customer.c.id).where(customer.c.code.in_(wanted)))
        )
    made = {line.customer: ids[code] for code, line in zip(codes, new, strict=True)}
    keys_made = [{"customer_id": number, "source": source, "key": key} for key, number in made.items()]
    connection.execute(insert(table), keys_made)
    dealt = [
        {"customer_id": made[line.customer], "to_id": owners[line.owner], "at": work.now, "reason": "imported"}
        for line in new
        if line.owner in owners
    ]
    if dealt:
        connection.execute(insert(_table(m.OwnerChange)), dealt)
    return found | made


def _owners(connection: Connection, usernames: set[str]) -> dict[str, int]:
    employee = _table(m.Employee)
    asked = select(employee.c.username, employee.c.id).where(employee.c.username.in_(usernames), employee.c.active)
    return {row.username: row.id for row in connection.execute(asked)} if usernames else {}


def _products(work: Work, connection: Connection, lines: Sequence[StagedLine]) -> dict[str, int]:
    """Ids by code; a missing product is made with its first name and its latest price in this batch."""
    table = _table(m.Product)

    def ask() -> dict[str, int]:
        found: dict[str, int] = {}
        for codes in _slices(line.product for line in lines):
            asked = select(table.c.code, table.c.id).where(table.c.code.in_(codes))
            found.update((row.code, row.id) for row in connection.execute(asked))
        return found

    found = ask()
    first: dict[str, StagedLine] = {}
    names: dict[str, str] = {}
    price: dict[str, int] = {}
    for line in lines:
        if line.product in found:
            continue
        first.setdefault(line.product, line)
        if line.product_name:
            names.setdefault(line.product, line.product_name)
        if line.unit_price > 0:
            price[line.product] = line.unit_price
    if not first:
        return found
    categories = _categories(connection, {line.category for line in first.values() if line.category})
    connection.execute(
        insert(table),
        [
            {
                "code": code,
                "name": names.get(code, code),
                "category_id": categories.get(line.category),
                "price": money(price.get(code, 0)),
                "currency": line.currency,
                "active": True,
                "consumable": False,
                "created_at": work.now,
            }
            for code, line in first.items()
        ],
    )
    return ask()


def _categories(connection: Connection, names: set[str]) -> dict[str, int]:
    table = _table(m.Category)
    if not names:
        return {}
    asked = select(table.c.name, table.c.id).where(table.c.name.in_(names))
    found = {row.name: row.id for row in connection.execute(asked)}
    missing = sorted(names - set(found))
    if missing:
        connection.execute(insert(table), [{"name": name} for name in missing])
        found = {row.name: row.id for row in connection.execute(asked)}
    return found


def _orders(
    work: Work,
    connection: Connection,
    lines: Sequence[StagedLine],
    mapping: Mapping,
    customers: dict[str, int],
    run_id: int | None,
) -> tuple[dict[str, _KnownOrder], dict[int, datetime]]:
    """Each order; and of known ones that began earlier than was known, when."""
    table = _table(m.Order)
    heads = {line.order_key: line for line in reversed(lines)}

    def ask() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for numbers in _slices(heads):
            asked = select(table.c.number, table.c.id, table.c.ordered_at).where(
                table.c.source == mapping.source, table.c.number.in_(numbers)
            )
            found.update((row.number, row) for row in connection.execute(asked))
        return found

    before = ask()
    new = [heads[key] for key in dict.fromkeys(line.order_key for line in lines) if key not in before]
    if new:
        rows = [_head(line, mapping, customers[line.customer], run_id, work.now) for line in new]
        connection.execute(insert(table), rows)
    orders = {
        number: _KnownOrder(row.id, number not in before, min(heads[number].order_time, _microseconds(row.ordered_at)))
        for number, row in ask().items()
    }
    changes = [
        {"order_id": orders[line.order_key].id, "status": line.status, "at": instant(_closed(line))}
        for line in new
        if line.status in VOID
    ]
    if changes:
        connection.execute(insert(_table(m.OrderStatusChange)), changes)
    earlier = {
        row.id: instant(heads[number].order_time)
        for number, row in before.items()
        if instant(heads[number].order_time) < row.ordered_at
    }
    return orders, earlier


def _head(line: StagedLine, mapping: Mapping, customer_id: int, run_id: int | None, now: datetime) -> dict[str, Any]:
    status = m.OrderStatus(line.status) if line.status else m.OrderStatus.DELIVERED
    return {
        "source": mapping.source,
        "number": line.order_key,
        "kind": m.OrderKind.RETURN if line.is_return else m.OrderKind.SALE,
        "customer_id": customer_id,
        "channel": mapping.defaults.channel,
        "ordered_at": instant(line.order_time),
        "status": m.OrderStatus.RETURNED if line.is_return else status,
        "currency": line.currency,
        "shipping_cost": Decimal(0),
        "import_run_id": run_id,
        "created_at": now,
    }


def _closed(line: StagedLine) -> int:
    """When a cancelled or returned row stopped counting: from the start, where the file gives no date."""
    return line.order_time if line.closed is None else max(line.closed, line.order_time)


def _line(line: StagedLine, order_id: int, customer_id: int, product_id: int, occurrence: int) -> dict[str, Any]:
    void = line.order_time if line.is_return else _closed(line) if line.status in VOID else None
    back = line.status == "returned" and not line.is_return
    return {
        "order_id": order_id,
        "customer_id": customer_id,
        "product_id": product_id,
        "ordered_at": instant(line.order_time),
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "discount": line.discount,
        "amount": line.amount,
        "returned_quantity": line.quantity if back else 0,
        "returned_amount": line.amount if back else 0,
        "void_at": None if void is None else instant(void),
        "fingerprint": line.fingerprint,
        "occurrence": occurrence,
    }


def _known_lines(connection: Connection, order_ids: Sequence[int]) -> set[tuple[int, int, int]]:
    table = _table(m.OrderLine)
    known: set[tuple[int, int, int]] = set()
    for ids in _slices(order_ids):
        asked = select(table.c.order_id, table.c.fingerprint, table.c.occurrence).where(table.c.order_id.in_(ids))
        known.update((row.order_id, row.fingerprint, row.occurrence) for row in connection.execute(asked))
    return known


def _raise_last_activity(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Lists show the newest order at once; a summary that is newer already stays."""
    newest: dict[int, datetime] = {}
    for row in rows:
        if row["void_at"] is None:
            newest[row["customer_id"]] = max(row["ordered_at"], newest.get(row["customer_id"], EPOCH))
    if not newest:
        return
    table = _table(m.Customer)
    at: BindParameter[datetime] = bindparam("newest")
    older = or_(table.c.last_activity_at.is_(None), table.c.last_activity_at < at)
    connection.execute(
        update(table).where(table.c.id == bindparam("who"), older).values(last_activity_at=at),
        [{"who": customer_id, "newest": since} for customer_id, since in newest.items()],
    )


def _recount_last_activity(connection: Connection, customer_ids: set[int]) -> None:
    """From the lines themselves, where an order turned out to be older than it was."""
    customer, line = _table(m.Customer), _table(m.OrderLine)
    newest = (
        select(func.max(line.c.ordered_at))
        .where(line.c.customer_id == customer.c.id, line.c.void_at.is_(None))
        .scalar_subquery()
    )
    for ids in _slices(sorted(customer_ids)):
        connection.execute(update(customer).where(customer.c.id.in_(ids)).values(last_activity_at=newest))


def _open_follow_ups(work: Work, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """What is still owed for recent lines; history opens none whose last day is past."""
    since = work.rules.start_of(months_before(work.today, LONGEST_FOLLOW_UP_MONTHS))
    recent = {row["order_id"] for row in rows if row["void_at"] is None and row["ordered_at"] >= since}
    if not recent:
        return
    line, customer, product, owed = (
        _table(m.OrderLine),
        _table(m.Customer),
        _table(m.Product),
        _table(m.FollowUp),
    )
    later = line.alias()
    bought_again = (
        select(later.c.id)
        .where(later.c.customer_id == line.c.customer_id, later.c.product_id == line.c.product_id)
        .where(later.c.ordered_at > line.c.ordered_at, later.c.void_at.is_(None))
        .exists()
    )
    opened: list[dict[str, Any]] = []
    for ids in _slices(sorted(recent)):
        asked = (
            select(
                line.c.id,
                line.c.customer_id,
                line.c.product_id,
                line.c.ordered_at,
                product.c.follow_up_months,
                bought_again.label("bought_again"),
            )
            .join(product, product.c.id == line.c.product_id)
            .join(customer, customer.c.id == line.c.customer_id)
            .outerjoin(owed, owed.c.line_id == line.c.id)
            .where(line.c.order_id.in_(ids), line.c.void_at.is_(None), customer.c.do_not_call_at.is_(None))
            .where(owed.c.line_id.is_(None))
            .order_by(line.c.ordered_at, line.c.id)
        )
        for row in connection.execute(asked):
            due, last = work.rules.follow_up_dates(row.ordered_at, row.follow_up_months)
            if last >= work.today:
                opened.append(
                    {
                        "line_id": row.id,
                        "customer_id": row.customer_id,
                        "product_id": row.product_id,
                        "due_on": due,
                        "expires_on": last,
                        "state": m.FollowUpState.CLOSED if row.bought_again else m.FollowUpState.OPEN,
                        "closed_because": m.FollowUpClosing.BOUGHT_AGAIN if row.bought_again else None,
                        "closed_at": work.now if row.bought_again else None,
                    }
                )
    if not opened:
        return
    connection.execute(insert(owed), opened)
    # What was open for an earlier purchase of the same product is answered by buying it again.
    for ids in _slices(sorted({row["customer_id"] for row in opened})):
        replaced = select(line.c.id).where(line.c.customer_id.in_(ids), line.c.id == owed.c.line_id, bought_again)
        connection.execute(
            update(owed)
            .where(owed.c.customer_id.in_(ids), owed.c.state == m.FollowUpState.OPEN, replaced.exists())
            .values(state=m.FollowUpState.CLOSED, closed_because=m.FollowUpClosing.BOUGHT_AGAIN, closed_at=work.now)
        )
