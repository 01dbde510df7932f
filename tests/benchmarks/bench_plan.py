"""Whether the plan calls the right people: how many of its first calls bought in the month that followed.

python -m tests.benchmarks plan [--company demo|retail|both] [--top 40] [--demo-customers 6000]

Each day is planned from what was known before it, although the database holds what came later; that
this changes nothing is looked up as well: Online Retail is brought in piece by piece, each day is
planned when nothing later is there yet, and once more when all of it is.

Every telemarketer calls the same number of people, from the same list of those with a reason to be
called. `value` orders it by what a call is worth, `plan` is the list as it is made (what has waited
longest may not wait on), `oldest` has the longest due first, `random` is the mean of many draws.
Nothing in the score was fitted to these days.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TypeAlias

import pandas as pd
from sqlalchemy import func, select

import ecrm_core as ecrm
from ecrm_core.crm import Work
from ecrm_core.demo.making import CUSTOMERS, make_demo
from ecrm_core.demo.staff import EVERYBODY, TELEMARKETERS
from ecrm_core.importing.mapping import read_mapping
from ecrm_core.importing.running import import_file
from ecrm_core.models import Employee, ImportKind, Order, OrderKind, OrderLine, Role
from ecrm_core.queries.call_reasons import Candidate, candidates
from ecrm_core.services.dealing import deal_customers
from ecrm_core.services.plan_agenda import choose, moment_of, scores_of
from tests.conftest import FrozenClock

DATA = Path(__file__).parents[2] / "data"
HORIZON = timedelta(days=30)
DRAWS = 50
DEMO_TODAY = date(2026, 11, 24)
DEMO_DAYS = (date(2026, 4, 14), date(2026, 6, 16), date(2026, 8, 11), date(2026, 10, 20))
RETAIL_DAYS = (date(2011, 6, 14), date(2011, 8, 9), date(2011, 9, 20), date(2011, 11, 8))
WAYS = ("value", "plan", "oldest", "random")
HEAD = (
    f"{'company':<8} {'day':<10} {'reason':>6} {'bought':>6} {'called':>6} │ "
    + " ".join(f"{way:>7}" for way in WAYS)
    + " │ sales in millions "
    + " ".join(f"{way:>7}" for way in WAYS)
)

Calls: TypeAlias = list[int]
"""Customers on the lists of all telemarketers of a day."""


@dataclass(frozen=True)
class Result:
    """One day: how many had a reason to be called, and of those how many bought later and were on each list."""

    company: str
    day: date
    with_reason: int
    bought: int
    called: int
    buyers: Mapping[str, float]
    sales: Mapping[str, float]

    def __str__(self) -> str:
        counts = " ".join(f"{self.buyers[way]:>7.0f}" for way in WAYS)
        sums = " ".join(f"{self.sales[way] / 1e6:>7.2f}" for way in WAYS)
        return (
            f"{self.company:<8} {self.day} {self.with_reason:>6} {self.bought:>6} {self.called:>6} │ {counts}"
            f" │ {'':17} {sums}"
        )


def lists_of(work: Work, day: date, *, top: int) -> tuple[dict[str, list[Calls]], list[int]]:
    """Whom each way of choosing would have called on a day, several times where it is by chance; and who could be."""
    telemarketers = select(Employee).where(Employee.role == Role.TELEMARKETER, Employee.active).order_by(Employee.id)
    employees = list(work.session.scalars(telemarketers))
    found = candidates(work, moment_of(work, day), employees)
    scores = scores_of([each for some in found.values() for each in some], day)
    lists: dict[str, list[Calls]] = {way: [[]] for way in ("value", "plan", "oldest")}
    lists["random"] = [[] for _ in range(DRAWS)]
    for employee in employees:
        some = found[employee.id]
        valued = [(each, scores[each.customer_id]) for each in some]
        by_value = sorted(some, key=lambda each: (-scores[each.customer_id], each.customer_id))
        calls, _ = choose(valued, room=top, week=employee.working_days, waiting_days=work.rules.waiting_days)
        lists["value"][0] += _ids(by_value[:top])
        lists["plan"][0] += _ids(call.candidate for call in calls)
        lists["oldest"][0] += _ids(sorted(some, key=_age)[:top])
        for seed in range(DRAWS):
            chance = Random(f"{seed} {employee.id} {day}")
            lists["random"][seed] += _ids(chance.sample(some, min(top, len(some))))
    return lists, [each.customer_id for some in found.values() for each in some]


def bought_after(work: Work, day: date) -> dict[int, float]:
    """What customers bought in the days that followed, whatever became of it."""
    line, rules = OrderLine, work.rules
    rows = work.session.execute(
        select(line.customer_id, func.sum(line.amount))
        .join(Order, Order.id == line.order_id)
        .where(
            Order.kind == OrderKind.SALE,
            line.ordered_at >= rules.start_of(day),
            line.ordered_at < rules.start_of(day + HORIZON),
        )
        .group_by(line.customer_id)
    )
    return {customer_id: float(amount or Decimal(0)) for customer_id, amount in rows}


def measured(
    company: str, day: date, lists: Mapping[str, Sequence[Calls]], pool: Sequence[int], bought: Mapping[int, float]
) -> Result:
    """What the lists of a day were worth, as it turned out."""

    def mean(way: str, value: Mapping[int, float]) -> float:
        return sum(value.get(each, 0.0) for drawn in lists[way] for each in drawn) / len(lists[way])

    once = dict.fromkeys(bought, 1.0)
    return Result(
        company,
        day,
        len(pool),
        sum(each in bought for each in pool),
        len(lists["value"][0]),
        {way: mean(way, once) for way in WAYS},
        {way: mean(way, bought) for way in WAYS},
    )


def demo_results(folder: Path, *, top: int, customers: int = CUSTOMERS) -> list[Result]:
    """The demo company, seen back from its last day."""
    address = f"sqlite:///{folder / 'demo.db'}"
    passwords = {one.username: "kata sandi yang panjang" for one in EVERYBODY}
    make_demo(address, today=DEMO_TODAY, passwords=passwords, customers=customers)
    with (
        closing(ecrm.connect(address, clock=FrozenClock(_morning(DEMO_TODAY)))) as crm,
        crm.system("plans of the past") as work,
    ):
        return [measured("demo", day, *lists_of(work, day, top=top), bought_after(work, day)) for day in DEMO_DAYS]


def retail_results(folder: Path, *, top: int, sales: pd.DataFrame, days: Sequence[date]) -> list[Result]:
    """Online Retail, brought in up to each day in turn and dealt to twelve telemarketers.

    Raises:
        AssertionError: a day was planned otherwise once later sales were known.
    """
    clock = FrozenClock()
    mapping = read_mapping(DATA / "mappings" / "online_retail.toml", ImportKind.TRANSACTIONS)
    with closing(ecrm.connect(f"sqlite:///{folder / 'retail.db'}", clock=clock)) as crm:
        clock.now = _morning(days[0] - timedelta(days=1))
        with crm.system("staff") as work:
            work.session.add_all(
                Employee(username=one.username, name=one.name, role=one.role, created_at=work.now)
                for one in TELEMARKETERS
            )
        known_then = {}
        placed = pd.to_datetime(sales["InvoiceDate"])
        since = placed.min()
        for day in [*days, days[-1] + HORIZON]:
            part = folder / "part.parquet"
            sales[(placed >= since) & (placed < pd.Timestamp(day))].to_parquet(part)
            since = pd.Timestamp(day)
            clock.now = _morning(day) - timedelta(hours=12)  # the evening before
            import_file(crm, ImportKind.TRANSACTIONS, part, mapping, rejects=folder / "rejects.csv")
            with crm.system("dealing") as work:
                deal_customers(work, to=[one.username for one in TELEMARKETERS])
            clock.now = _morning(day + timedelta(days=1))
            with crm.system("plan") as work:
                known_then[day] = lists_of(work, day, top=top)
        with crm.system("plans of the past") as work:
            for day in days:
                assert lists_of(work, day, top=top) == known_then[day], f"{day} was planned from what came later"
            return [measured("retail", day, *known_then[day], bought_after(work, day)) for day in days]


def total(results: Sequence[Result]) -> Counter[str]:
    """Buyers called by each way, all days together."""
    counted: Counter[str] = Counter()
    for result in results:
        counted.update(result.buyers)  # type: ignore[arg-type]
    return counted


def _ids(found: Iterable[Candidate]) -> Calls:
    return [each.customer_id for each in found]


def _age(each: Candidate) -> tuple[date, date, int]:
    """Who has been due for longest, and else was heard of longest ago."""
    return each.due_on or date.max, each.purchases.last_on if each.purchases else each.known_since, each.customer_id


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(1), UTC)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser("python -m tests.benchmarks plan", description=__doc__)
    parser.add_argument("--company", choices=("demo", "retail", "both"), default="both")
    parser.add_argument("--top", type=int, default=40, help="calls of each telemarketer")
    parser.add_argument("--demo-customers", type=int, default=CUSTOMERS)
    chosen = parser.parse_args(arguments)
    print(f"The first {chosen.top} calls of each telemarketer; `bought`: in the 30 days from that day on.\n{HEAD}")
    with tempfile.TemporaryDirectory(prefix="ecrm-plan-") as name:
        folder = Path(name)
        found: list[list[Result]] = []
        if chosen.company != "retail":
            found.append(demo_results(folder, top=chosen.top, customers=chosen.demo_customers))
            _show(found[-1])
        if chosen.company != "demo":
            sales = pd.read_parquet(DATA / "online_retail.parquet")
            found.append(retail_results(folder, top=chosen.top, sales=sales, days=RETAIL_DAYS))
            _show(found[-1])
            print("retail: planned the same before and after the later sales were brought in")


def _show(results: Sequence[Result]) -> None:
    for result in results:
        print(result, flush=True)
    counted = total(results)
    print(
        f"{results[0].company:<8} {'all days':<34} │ " + " ".join(f"{counted[way]:>7.0f}" for way in WAYS), flush=True
    )
