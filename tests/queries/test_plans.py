"""No question that a person waits for reads a whole table of customers, orders, lines or follow-ups.

Each question of a screen is asked as a telemarketer and as a manager, its statements are noted as the
driver got them, and the database is asked for its plan. What may read whole tables is in `WHOLE`, with
the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, func, select

import ecrm_core as ecrm
from ecrm_core.crm import Crm, Work
from ecrm_core.models import Customer, OrderLine
from ecrm_core.queries import customer_list, home, search, transactions
from ecrm_core.queries.customer_card import customer_card, timeline_of
from ecrm_core.queries.customer_list import CustomerFilters, CustomerSort, customer_count, customer_page, neighbours
from ecrm_core.queries.transactions import (
    FollowUpChoice,
    Sort,
    SortKey,
    TransactionFilters,
    transaction_rows,
    transaction_totals,
)
from ecrm_core.rules import ActivityStatus
from ecrm_core.services.customers import add_customer, change_customer
from ecrm_core.services.duplicates import possible_duplicates
from ecrm_core.services.followups import record_response
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from tests.benchmarks.company import MANAGER, NOW, TELEMARKETER, TODAY, Size, make_company
from tests.benchmarks.plans import Statement, plan, recorded
from tests.conftest import FrozenClock

SIZE = Size(customers=12_000, lines=60_000)
GUARDED = frozenset(
    {"customer", "customer_search", "customer_phone", "sales_order", "order_line", "follow_up", "response"}
)
GUARDED |= {"contact", "agenda_item", "order_status_change", "line_return", "interest", "complaint"}


@dataclass(frozen=True)
class Known:
    """A customer of the telemarketer, and a line of theirs that can be answered."""

    customer_id: int
    code: str
    phone: str
    line_id: int


MONTH = TransactionFilters.of_month(2026, 10)
QUESTIONS: dict[str, Callable[[Work, Known], Any]] = {
    "who am I": lambda work, known: home.who_am_i(work),
    "home": lambda work, known: home.home_of(work, TODAY),
    "unread": lambda work, known: home.announcements_for(work, TODAY),
    **{
        f"find {text!r}": lambda work, known, text=text: search.find_customers(work, text)  # type: ignore[misc]
        for text in ("w", "wu", "wulan", "wulan sari", "xyzzy", "C000123", "0812345")
    },
    "find a phone": lambda work, known: search.find_customers(work, known.phone),
    "a call comes in": lambda work, known: search.by_phone(work, known.phone),
    "find a product": lambda work, known: search.find_products(work, "vit"),
    "duplicates": lambda work, known: possible_duplicates(
        work, phones=[known.phone], name="Wulan Sari", birth_date=(1980, 5, 5), city="Bandung"
    ),
    "card": lambda work, known: customer_card(work, known.code),
    "timeline": lambda work, known: timeline_of(work, known.customer_id),
    **{
        f"list by {key} {'down' if down else 'up'}": lambda work, known, key=key, down=down: customer_page(  # type: ignore[misc]
            work, None, CustomerSort(key, down)
        )
        for key in customer_list.SORTS
        for down in (False, True)
    },
    **{
        f"list with {name}": lambda work, known, filters=filters: (  # type: ignore[misc]
            customer_page(work, filters),
            customer_count(work, filters),
        )
        for name, filters in {
            "nothing": CustomerFilters(),
            "text": CustomerFilters(text="wulan"),
            "two letters": CustomerFilters(text="wu"),
            "phone": CustomerFilters(text="0812345"),
            "lapsed": CustomerFilters(status=ActivityStatus.LAPSED),
            "two weeks": CustomerFilters(status=ActivityStatus.TWO_WEEKS),
            "prospects": CustomerFilters(status=ActivityStatus.PROSPECT),
            "city": CustomerFilters(city="Kupang"),
            "birth month": CustomerFilters(birth_month=5),
            "a birthday": CustomerFilters(birthday_near=True),
            "due": CustomerFilters(due=True),
            "bought": CustomerFilters(product="P0001"),
            "bought rarely": CustomerFilters(product="P0199"),
            "interested": CustomerFilters(product="P0007", relation="interested"),
            "interested in a category": CustomerFilters(category=1),
        }.items()
    },
    "page forty": lambda work, known: customer_page(work, None, None, 40),
    "neighbours": lambda work, known: neighbours(work, CustomerFilters(), CustomerSort(), known.customer_id),
    "cities": lambda work, known: customer_list.cities(work, "ba"),
    "owners": lambda work, known: customer_list.owners(work),
    **{
        f"history by {key}": lambda work, known, key=key: transaction_rows(work, MONTH, sort=Sort(key))  # type: ignore[misc]
        for key in SortKey
    },
    **{
        f"history of {name}": lambda work, known, filters=filters: (  # type: ignore[misc]
            transaction_rows(work, filters),
            transaction_totals(work, filters),
        )
        for name, filters in {
            "a month": MONTH,
            "a product": TransactionFilters.of_month(2026, 10, product="vita"),
            "a name": TransactionFilters.of_month(2026, 10, customer="wulan"),
            "returns": TransactionFilters.of_month(2026, 10, state="returned"),
            "due ones": TransactionFilters.of_month(2026, 10, follow_up=FollowUpChoice.DUE),
            "a telemarketer": TransactionFilters.of_month(2026, 10, telemarketer_id=3),
        }.items()
    },
    "years": lambda work, known: transactions.years(work),
    "order": lambda work, known: take_order(
        work, OrderForm(known.customer_id, [LineForm(1), LineForm(2)], intention=f"plan-{work.actor.username}")
    ),
    "response": lambda work, known: record_response(work, known.line_id, rating=2, text="Kurang cocok."),
    "new customer": lambda work, known: add_customer(work, name="Baru Sekali", phones=["0811 000 111"]),
    "correction": lambda work, known: change_customer(work, known.customer_id, city="Kupang"),
}

WHOLE = {
    (
        MANAGER,
        "list with two letters",
    ): "No index knows two letters; rows are there before they are counted, to 10,000.",
}
"""Who may read a whole table for what, and why nobody minds."""


LINES_OF_KNOWN = 10
EACH = 50
"""Instructions between two looks at the count."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, new_postgres: Callable[..., str]
) -> Iterator[Crm]:
    path = tmp_path_factory.mktemp("plans") / "company.db"
    address = f"sqlite:///{path}" if request.param == "sqlite" else new_postgres()
    make_company(address, SIZE)
    crm = ecrm.connect(address, clock=FrozenClock(NOW))
    yield crm
    crm.close()


@pytest.fixture(scope="module")
def known(company: Crm) -> Known:
    return who_is_known(company)


def who_is_known(crm: Crm) -> Known:
    """A customer of the telemarketer who bought as much as in any other company."""
    bought = select(OrderLine.customer_id).group_by(OrderLine.customer_id).having(func.count() == LINES_OF_KNOWN)
    with crm.work(TELEMARKETER) as work:
        asked = (
            select(Customer.id, Customer.code, OrderLine.id)
            .join(OrderLine, OrderLine.customer_id == Customer.id)
            .where(Customer.id.in_(bought), Customer.do_not_call_at.is_(None), OrderLine.void_at.is_(None))
            .order_by(OrderLine.id.desc())
        )
        customer_id, code, line_id = work.session.execute(asked.limit(1)).one()
        (phone, *_) = customer_card(work, code).phones
        return Known(customer_id, code, phone.e164, line_id)


def whole_reads(crm: Crm, username: str, question: Callable[[Work], Any]) -> dict[str, list[str]]:
    """Guarded tables that a question reads whole, with the plans that do so."""
    with crm.work(username) as work:
        work.rules  # noqa: B018  # asked for once and kept
        with recorded(crm.engine) as noted:
            question(work)
    found: dict[str, list[str]] = {}
    statements = {each.text: each for each in noted.statements if _is_read(each)}
    for statement in statements.values():
        steps = plan(crm.engine, statement)
        for step in steps:
            if step.whole and step.table is not None and _real(step.table) in GUARDED:
                told = "\n    ".join([statement.text, *(each.text for each in steps)])
                found.setdefault(_real(step.table), []).append(told)
    return found


def _is_read(statement: Statement) -> bool:
    return statement.text.lstrip().startswith(("SELECT", "WITH"))


def _real(alias: str) -> str:
    """The table behind `customer_1`."""
    return alias.rstrip("0123456789").rstrip("_")


@pytest.mark.parametrize("username", [TELEMARKETER, MANAGER])
def test_nothing_reads_a_whole_table(company: Crm, known: Known, username: str) -> None:
    clock = company.clock
    assert isinstance(clock, FrozenClock)
    wrong = []
    for name, question in QUESTIONS.items():
        clock.advance(minutes=1)  # the narrow door lets nobody look too often
        read = whole_reads(company, username, lambda work, question=question: question(work, known))  # type: ignore[misc]
        wrong += [
            f"{username} asks: {name}\n  reads {table} whole:\n    {told}"
            for table, plans in read.items()
            if (username, name) not in WHOLE
            for told in plans
        ]
    assert not wrong, "\n\n".join(wrong)


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Crm, Crm]]:
    """Two companies, the second five times as big, whose telemarketers have as much to do."""
    made = []
    for times in (1, 5):
        path = tmp_path_factory.mktemp("grown") / "company.db"
        make_company(f"sqlite:///{path}", Size(1_000 * times, 8_000 * times, telemarketers=5 * times))
        made.append(ecrm.connect(f"sqlite:///{path}", clock=FrozenClock(NOW)))
    yield made[0], made[1]
    for crm in made:
        crm.close()


class Effort:
    """Counts what SQLite's machine does: its instructions, the same on every computer."""

    def __init__(self, crm: Crm) -> None:
        self.instructions = 0
        crm.engine.dispose()
        event.listen(crm.engine, "connect", self._watch)

    def _watch(self, connection: Any, _record: Any) -> None:
        connection.set_progress_handler(self._tick, EACH)

    def _tick(self) -> int:
        self.instructions += EACH
        return 0

    def of(self, question: Callable[[], Any]) -> int:
        before = self.instructions
        question()
        return self.instructions - before


def test_a_telemarketers_questions_do_not_grow_with_the_company(companies: tuple[Crm, Crm]) -> None:
    efforts = []
    for crm in companies:
        known, effort = who_is_known(crm), Effort(crm)
        clock = crm.clock
        assert isinstance(clock, FrozenClock)
        took = {}
        for name, question in QUESTIONS.items():
            clock.advance(minutes=1)
            with crm.work(TELEMARKETER) as work:
                took[name] = effort.of(partial(question, work, known))
        efforts.append(took)
    small, big = efforts
    assert sum(small.values()) > 100 * EACH
    grown = {name: (small[name], big[name]) for name in QUESTIONS if big[name] > 1.6 * small[name] + 100 * EACH}
    assert not grown


def test_what_grows_with_the_company_is_seen(companies: tuple[Crm, Crm]) -> None:
    efforts = []
    for crm in companies:
        effort = Effort(crm)
        with crm.work(MANAGER) as work:
            efforts.append(
                effort.of(partial(work.session.scalars, select(OrderLine.id).where(OrderLine.quantity == 7)))
            )
    assert efforts[1] > 3 * efforts[0] + 100 * EACH


def test_a_whole_read_is_seen(company: Crm) -> None:
    read = whole_reads(
        company, MANAGER, lambda work: work.session.scalars(select(Customer.id).where(Customer.email == "x")).all()
    )
    assert set(read) == {"customer"}
    both = select(OrderLine.id).where(OrderLine.quantity == 7)
    assert set(whole_reads(company, MANAGER, lambda work: work.session.scalars(both).all())) == {"order_line"}
