"""The list of complaints: whose, which, in what order, and how it is found among many."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ecrm_core.crm import Crm
from ecrm_core.models import Complaint, ComplaintState, Customer, Employee, OrderLine
from ecrm_core.queries import complaints
from ecrm_core.queries.complaints import ComplaintFilters, complaint_page
from ecrm_core.queries.customer_list import NOBODY, Count
from ecrm_core.services.complaints import open_complaint, solve_complaint
from ecrm_core.services.followups import record_response
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from tests.benchmarks.plans import plan, recorded
from tests.conftest import FrozenClock
from tests.services.conftest import Shop, shop

__all__ = ["shop"]

ALL = ComplaintFilters(state=None)


def listed(crm: Crm, who: str, filters: ComplaintFilters | None = None, **named: Any) -> list[str]:
    with crm.work(who) as work:
        return [row.text for row in complaint_page(work, filters, **named).rows]


@pytest.fixture
def three(crm: Crm, shop: Shop, clock: FrozenClock) -> dict[str, int]:
    """Opened on Tuesday, Wednesday and Thursday: the first by a low rating, the second is Budi's."""
    found = {}
    with crm.work("siti") as work:
        order = take_order(work, OrderForm(shop.dewi, [LineForm(shop.suit)], intention="one"))
        line = work.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.order_id)).one()
        found["first"] = record_response(work, line, rating=1, text="sobek").complaint_id or 0
    clock.now += timedelta(days=1)
    with crm.work("budi") as work:
        found["second"] = open_complaint(work, shop.andi, kind="delivery", text="terlambat").id
    clock.now += timedelta(days=1)
    with crm.work("siti") as work:
        found["third"] = open_complaint(work, shop.dewi, kind="kemasan", text="penyok").id
    return found


def test_open_ones_come_first_by_the_day_they_are_due_to_whoever_may_see_them(
    crm: Crm, three: dict[str, int], clock: FrozenClock
) -> None:
    assert listed(crm, "siti") == ["sobek", "penyok"]
    assert listed(crm, "budi") == ["terlambat"]
    for who in ("ratna", "agus"):
        assert listed(crm, who) == ["sobek", "terlambat", "penyok"]
    with crm.work("siti") as work:
        solve_complaint(work, three["first"], solution="diganti")
    assert listed(crm, "siti") == ["penyok"]
    assert listed(crm, "ratna", ALL) == ["terlambat", "penyok", "sobek"]
    assert listed(crm, "ratna", ALL, down=True) == ["penyok", "terlambat", "sobek"]
    assert listed(crm, "ratna", ComplaintFilters(ComplaintState.SOLVED)) == ["sobek"]
    with crm.work("ratna") as work:
        (row,) = complaint_page(work, ComplaintFilters(ComplaintState.SOLVED)).rows
        assert (row.customer, row.product, row.owner, row.kind) == (
            "Dewi Lestari",
            "Slim Suit",
            "Siti Rahayu",
            "low_rating",
        )
        assert (row.solution, row.solved_on) == ("diganti", work.today)


def test_the_list_is_narrowed_by_owner_and_by_what_is_overdue(
    crm: Crm, three: dict[str, int], clock: FrozenClock
) -> None:
    assert listed(crm, "ratna", ComplaintFilters(owner="budi")) == ["terlambat"]
    assert listed(crm, "ratna", ComplaintFilters(owner="nobody at all")) == []
    assert listed(crm, "ratna", ComplaintFilters(owner=NOBODY)) == []
    assert listed(crm, "ratna", ComplaintFilters(late=True)) == []
    with crm.work("ratna") as work:
        due = [row.due_on for row in complaint_page(work).rows]
    clock.now += timedelta(days=(due[1] - clock.now.date()).days)
    with crm.work("ratna") as work:
        assert work.today == due[1]
        assert complaint_page(work).late == Count(1)
        assert complaint_page(work, ComplaintFilters(owner="budi")).late == Count(0)
    assert listed(crm, "ratna", ComplaintFilters(late=True)) == ["sobek"]


@pytest.mark.parametrize(
    ("sort", "wanted"),
    {
        "due": ["sobek", "terlambat", "penyok"],
        "opened": ["sobek", "terlambat", "penyok"],
        "customer": ["terlambat", "sobek", "penyok"],
        "owner": ["terlambat", "sobek", "penyok"],
        "kind": ["terlambat", "penyok", "sobek"],
        "nonsense": ["sobek", "terlambat", "penyok"],
    }.items(),
)
@pytest.mark.usefixtures("three")
def test_every_column_sorts_both_ways(crm: Crm, sort: str, wanted: list[str]) -> None:
    assert listed(crm, "ratna", sort=sort) == wanted
    assert listed(crm, "ratna", sort=sort, down=True) == wanted[::-1]


@pytest.mark.usefixtures("three")
def test_pages_end_where_the_list_ends(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert listed(crm, "ratna", rows=2, first=2) == ["penyok"]
    assert listed(crm, "ratna", rows=2, first=40) == ["penyok"]
    monkeypatch.setattr(complaints, "COUNTED", 2)
    with crm.work("ratna") as work:
        assert complaint_page(work).count == Count(2, more=True)


@pytest.mark.parametrize(
    "query", [{}, {"state": "solved"}, {"state": "all", "owner": "siti"}, {"late": "1"}, {"owner": NOBODY}]
)
def test_filters_stand_in_an_address(query: dict[str, str]) -> None:
    assert ComplaintFilters.from_query(query).to_query() == query
    assert ComplaintFilters.from_query({**query, "state": "unheard"}).state is ComplaintState.OPEN


def test_the_first_page_is_found_among_many_without_reading_them_all(crm: Crm, shop: Shop) -> None:
    with crm.work("agus") as work:
        now, owner = work.now, work.session.scalars(select(Employee.id).where(Employee.username == "siti")).one()
        work.session.add_all(
            Complaint(
                customer_id=shop.dewi,
                kind="other",
                owner_id=owner,
                due_on=date(2026, 1, 1) + timedelta(days=number % 300),
                state=ComplaintState.OPEN if number % 10 == 0 else ComplaintState.SOLVED,
                opened_at=now,
            )
            for number in range(6_000)
        )
        assert work.session.get(Customer, shop.dewi) is not None
    with crm.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    with crm.work("ratna") as work:
        _ = work.rules
        with recorded(crm.engine) as noted:
            assert len(complaint_page(work).rows) == complaints.PAGE_ROWS
            assert complaint_page(work, ComplaintFilters(late=True)).count.number
    read = [each for each in noted.reads if "complaint" in each.text]
    assert len(read) >= 6
    for statement in read:
        steps = plan(crm.engine, statement)
        assert not [step for step in steps if step.table == "complaint" and step.whole], "\n".join(
            [statement.text, *(step.text for step in steps)]
        )
    assert any("ix_complaint_state_due_on" in step.text for each in read for step in plan(crm.engine, each))
