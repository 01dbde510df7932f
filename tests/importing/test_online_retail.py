"""A year of a real seller, to the last customer, against figures counted independently."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ecrm_core.analytics.activity import status_counts
from ecrm_core.crm import Crm
from ecrm_core.importing.mapping import read_mapping
from ecrm_core.importing.running import ImportReport, import_file
from ecrm_core.models import Customer, FollowUp, ImportKind, Order, OrderKind, OrderLine, Product
from ecrm_core.queries.history import Side, transaction_sums, transactions
from ecrm_core.services.dealing import deal_customers
from ecrm_core.services.overview import status_overview

Retail = tuple[Crm, ImportReport, Path]


def test_every_row_is_in_or_in_the_rejected_file(online_retail: Retail) -> None:
    crm, report, rejects = online_retail
    assert (report.read, report.added, report.known, report.rejected) == (541_909, 406_829, 0, 135_080)
    assert report.reasons == {"missing_customer": 135_080}
    with rejects.open(encoding="utf-8-sig") as file:
        assert sum(1 for _ in file) == 135_080 + 1
    with crm.system("count") as work:

        def count(statement: object) -> int:
            found = work.session.scalar(statement)  # type: ignore[call-overload]
            assert isinstance(found, int)
            return found

        assert count(select(func.count(Customer.id))) == 4_372
        assert count(select(func.count(Product.id))) == 3_684
        assert count(select(func.count(Order.id))) == 22_190
        assert count(select(func.count(Order.id)).where(Order.kind == OrderKind.RETURN)) == 3_654
        assert count(select(func.count(OrderLine.id))) == 406_829
        assert count(select(func.count(OrderLine.id)).where(OrderLine.unit_price == 0)) == 40
        assert count(select(func.count()).select_from(FollowUp)) == 0


@pytest.mark.parametrize(
    ("as_of", "counts"),
    [(date(2011, 12, 9), (909, 759, 1826, 845, 33)), (date(2011, 6, 30), (534, 482, 1708, 236, 1412))],
)
def test_status_is_right_to_the_last_customer(online_retail: Retail, as_of: date, counts: tuple[int, ...]) -> None:
    with online_retail[0].work("ratna") as work:
        assert tuple(status_counts(status_overview(work, as_of=as_of)["status"]).values()) == counts


def test_a_month_adds_up(online_retail: Retail) -> None:
    november = {"since": date(2011, 11, 1), "until": date(2011, 11, 30)}
    with online_retail[0].work("ratna") as work:
        (sums,) = transaction_sums(work, **november)
        frame = transactions(work, **november)
    assert sums.currency == "GBP"
    assert sums.sold == Side(64_545, 2_658, 1_665, Decimal("1161817.38"))
    assert sums.returned.lines == 65_598 - 64_545
    assert len(frame) == 65_598
    sold = frame[frame["state"] == "sold"]
    assert sum(sold["amount"], Decimal(0)) == Decimal("1161817.38")


def test_the_summary_lists_read_equals_the_lines(online_retail: Retail) -> None:
    with online_retail[0].system("compare") as work:
        newest = (
            select(func.max(OrderLine.ordered_at))
            .where(OrderLine.customer_id == Customer.id, OrderLine.void_at.is_(None))
            .scalar_subquery()
        )
        rows = work.session.execute(select(Customer.last_activity_at, newest)).all()
    assert len(rows) == 4_372
    assert [row for row in rows if row[0] != row[1]] == []


def test_once_more_adds_nothing_and_telemarketers_see_their_own(
    online_retail: Retail, repo: Path, tmp_path: Path
) -> None:
    crm = online_retail[0]
    mapping = read_mapping(repo / "data" / "mappings" / "online_retail.toml", ImportKind.TRANSACTIONS)
    again = import_file(
        crm, ImportKind.TRANSACTIONS, repo / "data" / "online_retail.parquet", mapping, rejects=tmp_path / "r.csv"
    )
    assert (again.added, again.known, again.rejected) == (0, 406_829, 135_080)
    with crm.system("deal") as work:
        assert deal_customers(work, to=["siti", "budi"]) == {"siti": 2_186, "budi": 2_186}
    with crm.work("siti") as work:
        siti = status_overview(work, as_of=date(2011, 12, 9))
    with crm.work("budi") as work:
        budi = status_overview(work, as_of=date(2011, 12, 9))
    assert len(siti) == len(budi) == 2_186
    assert not set(siti["code"]) & set(budi["code"])
