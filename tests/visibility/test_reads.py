"""One body runs over every way to read, for each person."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import case, exists, func, literal_column, select, text, true, union
from sqlalchemy.orm import Session, aliased

from ecrm_core.crm import Crm
from ecrm_core.errors import UnlimitedRead
from ecrm_core.models import Base, Customer, CustomerNote, Employee
from ecrm_core.visibility import limited, models_of

Read = Callable[[Session], set[int]]


def _rows(statement: Any) -> Read:
    return lambda session: {row[0] for row in session.execute(statement)}


def _counted(statement: Any) -> Read:
    """Counts tell too: turned into the set of numbers that would give the count."""
    by_count = {1: {0}, 3: {0, 1, 2}, 0: set()}
    return lambda session: by_count[session.scalars(statement).one()]


OTHER = aliased(Customer)
CTE = select(Customer.id).cte()
SUBQUERY = select(Customer.id).subquery()
BOTH = union(select(Customer.id), select(OTHER.id))

READS: dict[str, Read] = {
    "entity": lambda session: {customer.id for customer in session.scalars(select(Customer))},
    "column": _rows(select(Customer.id)),
    "alias": _rows(select(OTHER.id)),
    "alias entity": lambda session: {customer.id for customer in session.scalars(select(OTHER))},
    "cte": _rows(select(CTE.c.id)),
    "cte joined": _rows(select(Customer.id).join(CTE, CTE.c.id == Customer.id)),
    "subquery": _rows(select(SUBQUERY.c.id)),
    "union": _rows(BOTH),
    "union in subquery": _rows(select(BOTH.subquery().c.id)),
    "join from a public table": _rows(
        select(Customer.id).select_from(Employee).join(Customer, true()).where(Employee.username == "ratna")
    ),
    "outer join": lambda session: {
        number
        for (number,) in session.execute(select(Customer.id).select_from(Employee).outerjoin(Customer, true()))
        if number is not None
    },
    "satellite": _rows(select(CustomerNote.customer_id)),
    "satellite of an outer join": lambda session: {
        number
        for (number,) in session.execute(
            select(CustomerNote.customer_id).select_from(Employee).outerjoin(CustomerNote, true())
        )
        if number is not None
    },
    "in a subselect": _rows(select(Customer.id).where(Customer.id.in_(select(CustomerNote.customer_id)))),
    "window": _rows(select(Customer.id, func.row_number().over(order_by=Customer.id))),
    "case": _rows(select(case((Customer.id > 0, Customer.id), else_=0))),
    "get": lambda session: {number for number in (10, 20, 30) if session.get(Customer, number) is not None},
    "get satellite": lambda session: {
        number for number in (10, 20, 30) if session.get(CustomerNote, number) is not None
    },
    "query": lambda session: {number for (number,) in session.query(Customer.id)},
    "stream": lambda session: {
        number for (number,) in session.execute(select(Customer.id).execution_options(yield_per=1))
    },
    "lock": _rows(select(Customer.id).with_for_update()),
}

SEES = {"siti": {10}, "budi": {20}, "ratna": {10, 20, 30}, "agus": {10, 20, 30}}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_everyone_reads_only_what_they_may(company: Crm, read: Read) -> None:
    for who, sees in SEES.items():
        with company.work(who) as work:
            assert read(work.session) == sees, who


@pytest.mark.parametrize(("who", "many"), [("siti", 1), ("budi", 1), ("ratna", 3)])
def test_counts_count_only_what_is_seen(company: Crm, who: str, many: int) -> None:
    with company.work(who) as work:
        assert work.session.scalar(select(func.count()).select_from(Customer)) == many
        assert work.session.scalar(select(func.count(Customer.id))) == many
        assert work.session.scalar(select(func.count()).select_from(SUBQUERY)) == many


def test_existence_does_not_tell_of_a_colleagues_customer(company: Crm) -> None:
    owners = select(Employee.username).where(exists().where(Customer.owner_id == Employee.id))
    with company.work("siti") as work:
        assert set(work.session.scalars(owners)) == {"siti"}
    with company.work("ratna") as work:
        assert set(work.session.scalars(owners)) == {"siti", "budi"}


def test_a_scalar_subselect_is_limited(company: Crm) -> None:
    many = select(func.count(Customer.id)).where(Customer.owner_id == Employee.id).scalar_subquery()
    with company.work("siti") as work:
        assert dict(work.session.execute(select(Employee.username, many)).all()) == {
            "siti": 1,
            "budi": 0,
            "ratna": 0,
            "agus": 0,
        }


TABLE = Customer.__table__
REFUSED: dict[str, Any] = {
    "text": lambda: text("select id from customer"),
    "text as a column": lambda: select(Customer.id, text("(select count(*) from customer)")),
    "text as a condition": lambda: select(Customer.id).where(text("1 = 1")),
    "text for entities": lambda: select(Customer).from_statement(text("select * from customer")),
    "literal column": lambda: select(Customer.id, literal_column("(select count(*) from customer)")),
    "table": lambda: select(TABLE),
    "column of a table": lambda: select(TABLE.c.id),
    "table beside a class": lambda: select(Employee.id, TABLE.c.id),
    "table as a source": lambda: select(Employee.id).select_from(TABLE),
    "table in a subselect": lambda: select(Employee.id).where(Employee.id.in_(select(TABLE.c.owner_id))),
    "table behind exists": lambda: select(Employee.id).where(
        exists(select(literal_column("1")).select_from(TABLE.alias()))
    ),
    "alias of a table": lambda: select(Employee.id).join(TABLE.alias(), true()),
    "table joined": lambda: select(Employee.id).select_from(Employee.__table__.join(TABLE, true())),
    "insert": lambda: Customer.__table__.insert().values(code="X", name="X"),
    "bulk update": lambda: Customer.__table__.update().values(name="X"),
    "bulk delete": Customer.__table__.delete,
}


@pytest.mark.parametrize("who", ["siti", "ratna", "agus"])
@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_limited_is_refused_to_everybody(company: Crm, who: str, statement: Callable[[], Any]) -> None:
    with company.work(who) as work, pytest.raises(UnlimitedRead):
        work.session.execute(statement())
    with company.system("count") as work:
        assert work.session.scalar(select(func.count(Customer.id))) == 3


@pytest.mark.parametrize("who", ["siti", "ratna"])
def test_the_ways_around_a_statement_are_closed(company: Crm, who: str) -> None:
    with company.work(who) as work:
        for bypass in (
            work.session.connection,
            lambda: work.session.bulk_save_objects([]),
            lambda: work.session.bulk_insert_mappings(Customer, []),
            lambda: work.session.bulk_update_mappings(Customer, []),
        ):
            with pytest.raises(UnlimitedRead):
                bypass()


def test_a_statement_for_another_engine_is_limited_before_it_is_compiled(company: Crm) -> None:
    with company.work("siti") as work:
        sql = str(limited(select(Customer.id), work.actor))
    assert "owner_id" in sql
    with company.work("siti") as work, pytest.raises(UnlimitedRead):
        limited(select(TABLE.c.id), work.actor)


def _notes_of(customer_id: Any) -> Any:
    return select(func.count(CustomerNote.id)).where(CustomerNote.customer_id == customer_id).scalar_subquery()


DEEP_CTE = select(CustomerNote.customer_id).cte("notes")
CHAIN = select(Employee.id).where(Employee.id.in_(select(DEEP_CTE.c.customer_id))).cte("chain")
FROM_SUBQUERY = aliased(Customer, select(Customer).where(Customer.id > 0).subquery())
SHAPES: dict[str, Any] = {
    "ordered by": lambda: select(Employee.id).order_by(_notes_of(Employee.id)),
    "grouped by": lambda: select(func.count()).select_from(Employee).group_by(_notes_of(Employee.id)),
    "having": lambda: select(Employee.role).group_by(Employee.role).having(func.max(_notes_of(1)) > 0),
    "inside a function": lambda: select(func.coalesce(_notes_of(Employee.id), 0)),
    "inside a case": lambda: select(case((_notes_of(Employee.id) > 0, 1), else_=_notes_of(2))),
    "window": lambda: select(
        Employee.id, func.row_number().over(partition_by=_notes_of(Employee.id), order_by=Employee.id)
    ),
    "limited by": lambda: select(Employee.id).limit(_notes_of(1)),
    "on clause": lambda: select(Employee.id).join(OTHER, OTHER.id == _notes_of(Employee.id)),
    "a chain of ctes": lambda: select(CHAIN.c.id),
    "lateral": lambda: select(Employee.id).join(
        select(CustomerNote.id).where(CustomerNote.customer_id == Employee.id).lateral(), true()
    ),
    "an entity of a subquery": lambda: select(FROM_SUBQUERY.id),
    "union inside exists": lambda: select(Employee.id).where(
        exists(union(select(Customer.id), select(CustomerNote.id)).subquery().select())
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_every_class_that_is_read_is_found(shape: Callable[[], Any]) -> None:
    statement = shape()
    sql = str(statement.compile())
    read = {mapper.class_ for mapper in Base.registry.mappers if re.search(rf"\b{mapper.local_table.name}\b", sql)}
    found = set(models_of(statement))
    assert found == read
    assert found & {Customer, CustomerNote}
