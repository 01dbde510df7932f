"""The made company is one that the services could have made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import and_, case, func, or_, select, text
from sqlalchemy.orm import aliased

import ecrm_core as ecrm
from ecrm_core.crm import Crm
from ecrm_core.models import (
    Complaint,
    Customer,
    CustomerSearch,
    DoNotCall,
    FollowUp,
    FollowUpClosing,
    FollowUpState,
    LineReturn,
    Order,
    OrderLine,
    OrderStatus,
    OrderStatusChange,
    Product,
    Response,
    folded,
)
from ecrm_core.models import (
    Counter as Numbers,
)
from ecrm_core.queries.activity import status_counts_now
from ecrm_core.queries.counting import line_counts
from ecrm_core.rules import ActivityStatus
from ecrm_core.services.customers import add_customer
from ecrm_core.services.login import sign_in
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from ecrm_core.services.overview import status_overview
from tests.benchmarks.company import (
    MANAGER,
    NOW,
    PASSWORD,
    TELEMARKETER,
    TODAY,
    Size,
    cache,
    make_company,
    sqlite_company,
)
from tests.conftest import FrozenClock

SIZE = Size(customers=2_000, lines=10_000)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, new_postgres: Callable[..., str]
) -> Iterator[Crm]:
    path = tmp_path_factory.mktemp("made") / "company.db"
    address = f"sqlite:///{path}" if request.param == "sqlite" else new_postgres()
    make_company(address, SIZE)
    crm = ecrm.connect(address, clock=FrozenClock(NOW))
    yield crm
    crm.close()


def test_is_as_big_as_was_asked_for_and_skewed(company: Crm) -> None:
    with company.system("test") as work:
        count = work.session.scalar
        assert count(select(func.count()).select_from(Customer)) == SIZE.customers
        assert count(select(func.count()).select_from(OrderLine)) == SIZE.lines
        assert count(select(func.count()).select_from(Product)) == SIZE.products
        sold = Counter(work.session.scalars(select(OrderLine.product_id)))
        assert max(sold.values()) > 10 * min(sold.values())
        assert count(select(func.min(Order.ordered_at))) < NOW - timedelta(days=3 * 360)
        assert NOW - timedelta(days=1) < count(select(func.max(Order.ordered_at))) < NOW
        assert len(set(work.session.scalars(select(Order.status)))) == 5


def test_lines_repeat_their_header_and_add_up(company: Crm) -> None:
    with company.system("test") as work:
        repeats = and_(
            OrderLine.customer_id == Order.customer_id,
            OrderLine.ordered_at == Order.ordered_at,
            func.coalesce(OrderLine.door_taker_id, 0) == func.coalesce(Order.door_taker_id, 0),
        )
        joined = select(func.count()).select_from(OrderLine).join(Order, Order.id == OrderLine.order_id)
        assert work.session.scalar(joined.where(~repeats)) == 0
        wrong = OrderLine.amount != OrderLine.unit_price * OrderLine.quantity - OrderLine.discount
        assert work.session.scalar(select(func.count()).select_from(OrderLine).where(wrong)) == 0
        void = Order.status.in_((OrderStatus.CANCELLED, OrderStatus.RETURNED))
        assert work.session.scalar(joined.where(void, OrderLine.void_at.is_(None))) == 0
        assert work.session.scalar(joined.where(~void, OrderLine.void_at.is_not(None))) == 0
        lines = {line.id: line for line in work.session.scalars(select(OrderLine))}
        returned: Counter[int] = Counter()
        sums: dict[int, Decimal] = {}
        for back in work.session.scalars(select(LineReturn)):
            returned[back.line_id] += back.quantity
            sums[back.line_id] = sums.get(back.line_id, Decimal(0)) + back.amount
        for line in lines.values():
            assert line.returned_quantity == returned[line.id]
            assert line.returned_amount == sums.get(line.id, 0)
        assert 0 < len(returned) < SIZE.lines / 10


def test_every_order_is_where_its_last_change_put_it(company: Crm) -> None:
    with company.system("test") as work:
        last = {}
        for change in work.session.scalars(select(OrderStatusChange).order_by(OrderStatusChange.at)):
            assert change.at <= NOW
            last[change.order_id] = change.status
        assert last == dict(work.session.execute(select(Order.id, Order.status)).all())


def test_the_last_activity_is_what_the_lines_say(company: Crm) -> None:
    with company.system("test") as work:
        counted = select(OrderLine.customer_id, func.max(OrderLine.ordered_at)).where(
            line_counts(work.rules.end_of(TODAY))
        )
        newest = dict(work.session.execute(counted.group_by(OrderLine.customer_id)).all())
        kept = dict(work.session.execute(select(Customer.id, Customer.last_activity_at)).all())
        assert kept == {number: newest.get(number) for number in kept}
        before = select(func.count()).select_from(Order).join(Customer, Customer.id == Order.customer_id)
        assert work.session.scalar(before.where(Order.ordered_at < Customer.created_at)) == 0


def test_statuses_are_the_ones_of_the_library(company: Crm) -> None:
    with company.work(TELEMARKETER) as work:
        overview = status_overview(work, as_of=TODAY)["status"].value_counts()
        counted = status_counts_now(work)
        assert {status: int(overview.get(str(status), 0)) for status in ActivityStatus} == counted
        assert all(counted[status] for status in (ActivityStatus.TWO_WEEKS, ActivityStatus.LAPSED))
        assert 20 < sum(counted.values()) < 60  # about a fiftieth


def test_everybody_is_found_by_any_part_of_their_name(company: Crm) -> None:
    with company.system("test") as work:
        indexed = dict(work.session.execute(select(CustomerSearch.id, CustomerSearch.search_name)).all())
        rows = work.session.execute(select(Customer.id, Customer.name, Customer.search_name)).all()
        assert indexed == {row.id: folded(row.name) for row in rows} == {row.id: row.search_name for row in rows}
        wanted = "wulan"
        found = set(
            work.session.scalars(select(CustomerSearch.id).where(CustomerSearch.search_name.like(f"%{wanted}%")))
        )
        assert found == {row.id for row in rows if wanted in row.search_name} != set()
    if company.engine.dialect.name == "sqlite":
        with company.engine.begin() as connection:  # raises where index and names differ
            connection.execute(text("INSERT INTO customer_search(customer_search) VALUES ('integrity-check')"))


def test_follow_ups_stand_where_the_rules_put_them(company: Crm) -> None:
    later = aliased(OrderLine)
    bought = (
        select(func.min(later.ordered_at))
        .where(
            later.customer_id == OrderLine.customer_id,
            later.product_id == OrderLine.product_id,
            later.order_id != OrderLine.order_id,
            later.ordered_at >= OrderLine.ordered_at,
        )
        .scalar_subquery()
    )
    with company.system("test") as work:
        rules = work.rules
        rows = work.session.execute(
            select(FollowUp, OrderLine, bought.label("again"), Customer.do_not_call_at, Product.follow_up_months, Order)
            .join(OrderLine, OrderLine.id == FollowUp.line_id)
            .join(Order, Order.id == OrderLine.order_id)
            .join(Customer, Customer.id == OrderLine.customer_id)
            .join(Product, Product.id == OrderLine.product_id)
        ).all()
        answers = {answer.line_id: answer for answer in work.session.scalars(select(Response))}
        states: Counter[FollowUpState] = Counter()
        for owed, line, again, do_not_call, months, order in rows:
            assert (owed.customer_id, owed.product_id) == (line.customer_id, line.product_id)
            assert (owed.due_on, owed.expires_on) == rules.follow_up_dates(line.ordered_at, months)
            closing = (
                {
                    FollowUpClosing.BOUGHT_AGAIN: again,
                    FollowUpClosing(order.status.value): line.void_at,
                }
                if line.void_at
                else {FollowUpClosing.BOUGHT_AGAIN: again}
            )
            closing[FollowUpClosing.DO_NOT_CALL] = do_not_call
            known = {why: at for why, at in closing.items() if at is not None}
            first = min(known.values(), default=None)
            states[owed.state] += 1
            if owed.state is FollowUpState.ANSWERED:
                answer = answers.pop(owed.line_id)
                assert answer.at == owed.closed_at
                assert first is None or answer.at < first
                assert owed.due_on <= owed.followed_up_on == rules.business_date(answer.at) <= owed.expires_on
            elif owed.state is FollowUpState.CLOSED:
                assert owed.closed_at == first == known[owed.closed_because]
            else:
                assert first is None
        assert not answers
        assert min(states.values()) > 500
        assert set(states) == {FollowUpState.OPEN, FollowUpState.ANSWERED, FollowUpState.CLOSED}
        without = select(func.count()).select_from(OrderLine).join(Customer, Customer.id == OrderLine.customer_id)
        ordered_before = or_(Customer.do_not_call_at.is_(None), Customer.do_not_call_at > OrderLine.ordered_at)
        assert work.session.scalar(without.where(ordered_before)) == len(rows)


def test_what_goes_wrong_is_on_record(company: Crm) -> None:
    with company.system("test") as work:
        low = select(Response.line_id).where(Response.rating <= 2)
        assert set(work.session.scalars(low)) == set(work.session.scalars(select(Complaint.line_id)))
        open_ones = select(func.count(case((Complaint.solved_at.is_(None), 1)))).where(Complaint.state == "open")
        assert work.session.scalar(open_ones) == work.session.scalar(
            select(func.count()).where(Complaint.state == "open")
        )
        marked = dict(work.session.execute(select(DoNotCall.customer_id, DoNotCall.marked_at)).all())
        asked = select(Customer.id, Customer.do_not_call_at).where(Customer.do_not_call_at.is_not(None))
        assert dict(work.session.execute(asked).all()) == marked


def test_life_goes_on(company: Crm) -> None:
    with company.work(TELEMARKETER) as work:
        new = add_customer(work, name="Baru Sekali", phones=["0812 5555 0101"])
        receipt = take_order(work, OrderForm(new.id, [LineForm(1, 2)], intention="a first order"))
        assert new.code == f"C{SIZE.customers + 1:06}"
        assert receipt.number == f"P{work.session.get_one(Numbers, 'order').value:07}"
        assert work.session.get_one(Customer, new.id).last_activity_at == NOW
    with company.work(MANAGER) as work:
        assert (
            work.session.scalar(select(CustomerSearch.id).where(CustomerSearch.search_name.like("%baru sek%")))
            == new.id
        )


def test_a_made_company_is_kept_and_handed_out_as_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECRM_BENCHMARK_CACHE", str(tmp_path / "kept"))
    size = Size(customers=100, lines=300, products=10, telemarketers=3)
    with sqlite_company(size) as address:
        (made,) = cache().iterdir()
        at = made.stat().st_mtime_ns
        crm = ecrm.connect(address, clock=FrozenClock(NOW))
        with crm.work(TELEMARKETER) as work:
            add_customer(work, name="Nur Hidup Sebentar")
        crm.close()
    with sqlite_company(size) as address:
        assert [each.stat().st_mtime_ns for each in cache().iterdir()] == [at]
        crm = ecrm.connect(address, clock=FrozenClock(NOW))
        with crm.system("test") as work:
            assert work.session.scalar(select(func.count()).select_from(Customer)) == size.customers
        crm.close()


def test_everybody_can_log_in(company: Crm) -> None:
    for username in (TELEMARKETER, MANAGER, "telemarketer50"):
        assert sign_in(company, username, PASSWORD, address="127.0.0.1")
