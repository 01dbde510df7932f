"""CDNOW, which may not be shipped: read from the folder that names it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import func, select

from ecrm_core.crm import Crm
from ecrm_core.importing.mapping import read_mapping
from ecrm_core.importing.running import import_file
from ecrm_core.models import ImportKind, OrderLine
from ecrm_core.services.overview import status_overview

LAST_DAY = date(1998, 6, 30)


@pytest.mark.parametrize(
    ("file", "mapping", "lines", "customers"),
    [("CDNOW_master.txt", "cdnow", 69_659, 23_570), ("CDNOW_sample.txt", "cdnow_sample", 6_919, 2_357)],
)
def test_every_purchase_is_in(
    sqlite_crm: Crm, test_data: Path, repo: Path, tmp_path: Path, file: str, mapping: str, lines: int, customers: int
) -> None:
    report = import_file(
        sqlite_crm,
        ImportKind.TRANSACTIONS,
        test_data / file,
        read_mapping(repo / "data" / "mappings" / f"{mapping}.toml", ImportKind.TRANSACTIONS),
        rejects=tmp_path / "rejects.csv",
    )
    assert (report.read, report.added, report.rejected) == (lines, lines, 0)
    with sqlite_crm.work("ratna") as work:
        overview = status_overview(work, as_of=LAST_DAY)
        total = work.session.scalar(select(func.sum(OrderLine.amount)))
    assert len(overview) == customers
    raw = pd.read_csv(test_data / file, sep=r"\s+", header=None, skiprows=int(mapping == "cdnow"), dtype=str)
    assert total == sum(map(Decimal, raw.iloc[:, -1]), Decimal(0))
    if mapping == "cdnow":
        ages = (pd.Timestamp(LAST_DAY) - overview["last_activity"]).dt.days
        counted = pd.cut(ages, [-1, 14, 30, 182, 10_000]).value_counts(sort=False).tolist()
        assert counted == [695, 859, 3_838, 18_178]
