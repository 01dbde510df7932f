"""The demo company: the same each time, believable, and played on from where it was."""

from __future__ import annotations

import hashlib
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ecrm_core import connect
from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.demo.making import make_demo, play_forward, played_until
from ecrm_core.demo.opening import open_demo
from ecrm_core.demo.staff import EVERYBODY
from ecrm_core.models import AgendaKind, FollowUpState, OrderStatus
from ecrm_core.queries.home import home_of
from ecrm_core.services.plan_agenda import propose
from tests.conftest import FrozenClock

CUSTOMERS = 150
TODAY = date(2026, 11, 24)
MORNING = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PASSWORDS = {one.username: f"rahasia sekali {one.username}" for one in EVERYBODY}


def _make(folder: Path) -> Path:
    path = folder / "demo.db"
    make_demo(f"sqlite:///{path}", today=TODAY, passwords=PASSWORDS, customers=CUSTOMERS)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _make(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def company(made: Path) -> Iterator[Crm]:
    crm = connect(f"sqlite:///{made}", clock=FrozenClock(MORNING))
    yield crm
    crm.close()


def _content(path: Path) -> str:
    """A fingerprint of every row but the password hashes, which are salted anew each time.

    The search index is made from the customers' names, in tables of SQLite's own.
    """
    digest = hashlib.sha256()
    tables = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        " AND name <> 'credential' AND name NOT LIKE 'customer_search%' ORDER BY name"
    )
    with closing(sqlite3.connect(path)) as database:
        for (table,) in database.execute(tables).fetchall():
            for row in database.execute(f'SELECT * FROM "{table}" ORDER BY rowid'):
                digest.update(repr((table, row)).encode())
    return digest.hexdigest()


def test_two_companies_of_a_day_are_equal(made: Path, tmp_path: Path) -> None:
    assert _content(_make(tmp_path)) == _content(made)


def test_it_has_staff_products_customers_and_three_years_of_orders(company: Crm) -> None:
    with company.work("ratna") as work:
        by_role = select(m.Employee.role, func.count()).group_by(m.Employee.role)
        roles = dict(work.session.execute(by_role).all())
        assert roles == {"telemarketer": 12, "manager": 2, "admin": 1}
        assert work.session.scalar(select(func.count()).select_from(m.Customer)) == CUSTOMERS
        assert work.session.scalar(select(func.count()).select_from(m.Product)) == 60
        orders, first, last = work.session.execute(
            select(func.count(), func.min(m.Order.ordered_at), func.max(m.Order.ordered_at))
        ).one()
        assert 2 * CUSTOMERS < orders < 5 * CUSTOMERS
        assert timedelta(days=1000) < last - first < timedelta(days=1096)
        assert work.rules.business_date(last) < TODAY
        statuses = set(work.session.scalars(select(m.Order.status).distinct()))
        assert statuses >= {OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.RETURNED}
        for kept in (m.Response, m.Complaint, m.Contact, m.Greeting, m.CustomerNote, m.LineReturn):
            assert work.session.scalar(select(func.count()).select_from(kept)), kept.__name__


def test_the_rules_hold_in_it(company: Crm) -> None:
    with company.work("ratna") as work:
        line, customer, owed = m.OrderLine, m.Customer, m.FollowUp
        newest = (
            select(func.max(line.ordered_at))
            .where(line.customer_id == customer.id, line.void_at.is_(None))
            .scalar_subquery()
        )
        for last, told in work.session.execute(select(customer.last_activity_at, newest)):
            assert last == told
        void_and_open = (
            select(func.count())
            .select_from(owed)
            .join(line, line.id == owed.line_id)
            .where(line.void_at.is_not(None), owed.state == FollowUpState.OPEN)
        )
        assert work.session.scalar(void_and_open) == 0
        silent_and_open = (
            select(func.count())
            .select_from(owed)
            .join(customer, customer.id == owed.customer_id)
            .where(customer.do_not_call_at.is_not(None), owed.state == FollowUpState.OPEN)
        )
        assert work.session.scalar(silent_and_open) == 0
        numbers = list(work.session.scalars(select(m.Order.number).order_by(m.Order.number)))
        assert numbers == [f"P{number + 1:07d}" for number in range(len(numbers))]


def test_sitis_morning_is_full(company: Crm) -> None:
    with company.work("siti") as work:
        home = home_of(work, TODAY)
        timed = [row for row in home.agenda.items if row.kind is AgendaKind.CALL_BACK and row.at and row.day == TODAY]
        assert [row.at for row in timed if row.at in {time(10, 15), time(13, 30), time(16)}]
        assert any(row.day < TODAY for row in home.agenda.items)
        item = m.AgendaItem
        by_hand = select(func.count()).where(item.kind == AgendaKind.FOLLOW_UP, item.proposed.is_(False))
        assert work.session.scalar(by_hand) == 0, "what is due is the planner's to propose"
        waiting = select(item.customer_id).where(item.customer_id.is_not(None), item.done_at.is_(None))
        customers = list(work.session.scalars(waiting))
        assert len(customers) == len(set(customers)), "somebody stands on the agenda twice"
        plan = work.session.get(m.DayPlan, (work.employee_id, TODAY))
        assert plan is not None
        assert plan.proposed
        assert any(row.done for row in home.agenda.items)
        assert {birthday.on for birthday in home.birthdays} >= {TODAY}
        assert len(home.events) >= 3
        assert {notice.read for notice in home.announcements} == {True, False}


def _plan_of(path: Path, day: date) -> list[tuple[str, list[tuple[int, float, list[dict[str, object]]]], list[int]]]:
    """The plans of a day, long after it."""
    crm = connect(f"sqlite:///{path}", clock=FrozenClock(MORNING + timedelta(days=90)))
    try:
        with crm.system("plan of the past") as work:
            return [
                (
                    plan.username,
                    [
                        (call.candidate.customer_id, call.score, [each.kept for each in call.candidate.reasons])
                        for call in plan.calls
                    ],
                    [each.customer_id for each in plan.left],
                )
                for plan in propose(work, day)
            ]
    finally:
        crm.close()


def test_a_day_of_the_past_is_planned_from_what_was_known_before_it(made: Path, tmp_path: Path) -> None:
    """The same plan comes out of a database that ends on that day, and of one that went on for a month."""
    later = tmp_path / "later.db"
    with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(later)) as target:
        source.backup(target)
    play_forward(f"sqlite:///{later}", today=TODAY + timedelta(days=31), customers=CUSTOMERS)
    with closing(sqlite3.connect(later)) as database:
        for table, column in (("sales_order", "ordered_at"), ("contact", "at"), ("customer", "created_at")):
            (came,) = database.execute(f"SELECT count(*) FROM {table} WHERE {column} > ?", [str(TODAY)]).fetchone()
            assert came, f"nothing of {table} came later, so that nothing could leak"
    plan = _plan_of(made, TODAY)
    assert sum(len(calls) for _, calls, _ in plan) > 20
    assert _plan_of(later, TODAY) == plan


def test_missed_days_are_played(made: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.db"
    with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(later)) as target:
        source.backup(target)
    address, today = f"sqlite:///{later}", TODAY + timedelta(days=40)
    play_forward(address, today=today, customers=CUSTOMERS)
    crm = connect(address, clock=FrozenClock(MORNING + timedelta(days=40)))
    try:
        assert played_until(crm) == today - timedelta(days=1)
        with crm.work("ratna") as work:
            ordered = set(work.session.scalars(select(m.Order.ordered_at).where(m.Order.ordered_at > MORNING)))
            assert ordered
            assert max(work.rules.business_date(at) for at in ordered) < today
        with crm.work("siti") as work:
            assert any(row.day == today for row in home_of(work, today).agenda.items)
    finally:
        crm.close()
    before = _content(later)
    play_forward(address, today=today, customers=CUSTOMERS)
    assert _content(later) == before


def test_opening_makes_once_keeps_the_passwords_and_starts_over_when_told(tmp_path: Path) -> None:
    def open_it(days: int = 0, *, fresh: bool = False) -> dict[str, str]:
        clock = FrozenClock(MORNING + timedelta(days=days))
        company = open_demo(folder=tmp_path, customers=12, clock=clock, fresh=fresh)
        with company.crm.work("siti") as work:
            assert work.today == company.today
        company.crm.close()
        return {login.username: login.password for login in company.logins}

    first = open_it()
    assert set(first) == {one.username for one in EVERYBODY}
    assert all(len(password) >= 10 for password in first.values())
    assert stat.S_IMODE((tmp_path / "logins.json").stat().st_mode) == 0o600
    (tmp_path / "making.db").write_bytes(b"half made")
    assert open_it() == first
    assert open_it(3) == first
    assert not (tmp_path / "making.db").exists()
    assert open_it(3, fresh=True) != first
