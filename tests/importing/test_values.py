"""Numbers and codes, digit by digit."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecrm_core.importing.mapping import FileFormat, Mapping
from ecrm_core.importing.reading import pieces
from ecrm_core.importing.values import as_money, as_text, as_whole

ENGLISH, INDONESIAN = FileFormat(thousands=","), FileFormat(decimal=",", thousands=".")


@pytest.mark.parametrize(
    ("form", "cell", "money"),
    [
        (ENGLISH, "99999999999999.9999", 999_999_999_999_999_999),
        (ENGLISH, "90071992547.4099", 900_719_925_474_099),
        (ENGLISH, "1,250,000.5", 12_500_005_000),
        (ENGLISH, "1.25E+06", 12_500_000_000),
        (ENGLISH, "0.00005", 0),
        (ENGLISH, "0.00015", 2),
        (ENGLISH, "-.5", -5_000),
        (ENGLISH, 0.1, 1_000),
        (ENGLISH, Decimal("1.2345"), 12_345),
        (INDONESIAN, "1.250.000,75", 12_500_007_500),
        (INDONESIAN, "1250000", 12_500_000_000),
        (INDONESIAN, 234.567, 2_345_670),
    ],
)
def test_money_is_read_digit_by_digit(form: FileFormat, cell: Any, money: int) -> None:
    values, bad = as_money(pd.Series([cell, cell], dtype=object), form)
    assert (values.tolist(), bad.tolist()) == ([money, money], [False, False])


@pytest.mark.parametrize(
    ("form", "cell"),
    [
        (ENGLISH, ""),
        (ENGLISH, None),
        (ENGLISH, "gratis"),
        (ENGLISH, "nan"),
        (ENGLISH, float("inf")),
        (ENGLISH, "100000000000000"),
        (ENGLISH, "1e999"),
        (ENGLISH, "1,25"),
        (ENGLISH, "1_000"),
        (ENGLISH, True),
        (INDONESIAN, "1.25"),
        (INDONESIAN, "1,2,3"),
    ],
)
def test_what_is_no_amount_is_marked(form: FileFormat, cell: Any) -> None:
    values, bad = as_money(pd.Series([cell, "1"], dtype=object), form)
    assert (values.tolist(), bad.tolist()) == ([0, 10_000], [True, False])


def test_whole_numbers_are_whole() -> None:
    values, bad = as_whole(pd.Series(["2", 3.0, "4.0", "1.5", 2**31, None, "-1"], dtype=object), ENGLISH)
    assert values.tolist() == [2, 3, 4, 0, 0, 0, -1]
    assert bad.tolist() == [False, False, False, True, True, True, False]


def test_whole_numbers_of_parquet_stay_whole_where_some_are_missing(tmp_path: Path) -> None:
    table = pa.table({"who": pa.array([12345678901234567, None, 5]), "no": pa.array([1, None, 2], pa.int32())})
    pq.write_table(table, tmp_path / "a.parquet")
    mapping = Mapping.model_validate({"source": "shop", "columns": {"customer": "who", "order": "no"}})
    (piece,) = pieces(tmp_path / "a.parquet", mapping)
    assert as_text(piece["who"]).tolist() == ["12345678901234567", "", "5"]
    assert as_text(piece["no"]).tolist() == ["1", "", "2"]
    assert as_whole(piece["no"], mapping.file)[0].tolist() == [1, 0, 2]
