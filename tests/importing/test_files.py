"""Small files with real-life trouble."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import select

from ecrm_core.crm import Crm
from ecrm_core.errors import ImportRefused
from ecrm_core.importing.mapping import Mapping, read_mapping
from ecrm_core.importing.running import ImportReport, import_file
from ecrm_core.models import Customer, CustomerPhone, FollowUp, ImportKind, Order, OrderLine
from ecrm_core.services.overview import status_overview
from ecrm_core.texts import Texts

MAPPING = """
source = "shop"
[columns]
order = "no"
customer = "who"
product = "what"
ordered_at = "when"
quantity = "n"
unit_price = "price"
[dates]
format = "%d/%m/%Y %H:%M"
"""
HEAD = "no,who,what,when,n,price\n"


@pytest.fixture
def mapping(tmp_path: Path) -> Mapping:
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    return read_mapping(tmp_path / "m.toml", ImportKind.TRANSACTIONS)


def bring(crm: Crm, mapping: Mapping, path: Path, **options: Any) -> ImportReport:
    return import_file(crm, ImportKind.TRANSACTIONS, path, mapping, rejects=path.with_name("rejects.csv"), **options)


def lines(crm: Crm) -> list[tuple[Any, ...]]:
    with crm.system("look") as work:
        rows = work.session.execute(
            select(Order.number, OrderLine.quantity, OrderLine.amount, OrderLine.ordered_at, OrderLine.occurrence)
            .join(Order, Order.id == OrderLine.order_id)
            .order_by(OrderLine.id)
        )
        return [tuple(row) for row in rows]


def test_equal_rows_are_separate_and_an_order_begins_with_its_earliest(
    crm: Crm, mapping: Mapping, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    row = "1,Ani,SS,05/11/2026 10:30,2,499000\n"
    file.write_text(HEAD + row + row + "1,Ani,JU,05/11/2026 10:00,1,899000.5\n", encoding="utf-8")
    assert bring(crm, mapping, file).added == 3
    began = datetime(2026, 11, 5, 3, 0, tzinfo=UTC)
    assert lines(crm) == [
        ("1", 2, Decimal(998000), began, 0),
        ("1", 2, Decimal(998000), began, 1),
        ("1", 1, Decimal("899000.5"), began, 0),
    ]
    again = bring(crm, mapping, file)
    assert (again.added, again.known) == (0, 3)
    with crm.system("look") as work:
        owed = work.session.scalars(select(FollowUp.due_on)).all()
    assert owed == [date(2026, 12, 5)] * 3


def test_a_later_file_may_show_that_an_order_began_earlier(crm: Crm, mapping: Mapping, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEAD + "1,Ani,SS,05/11/2026 10:30,1,1\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text(HEAD + "1,Ani,JU,04/11/2026 09:00,1,1\n", encoding="utf-8")
    bring(crm, mapping, tmp_path / "a.csv")
    bring(crm, mapping, tmp_path / "b.csv")
    assert {row[3] for row in lines(crm)} == {datetime(2026, 11, 4, 2, 0, tzinfo=UTC)}
    with crm.work("ratna") as work:
        assert status_overview(work, as_of=work.today)["last_activity"].tolist() == [pd.Timestamp("2026-11-04")]


def test_bad_rows_come_back_with_their_reason_and_go_in_corrected(crm: Crm, mapping: Mapping, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    bad = {
        "1,,SS,05/11/2026 10:30,1,1": "missing_customer",
        "2,Ani,,05/11/2026 10:30,1,1": "missing_product",
        "3,Ani,SS,2026-11-05,1,1": "bad_date",
        "4,Ani,SS,31/11/2026 10:30,1,1": "bad_date",
        "5,Ani,SS,05/11/2026 10:30,1.5,1": "bad_quantity",
        "6,Ani,SS,05/11/2026 10:30,0,1": "zero_quantity",
        "7,Ani,SS,05/11/2026 10:30,-1,1": "negative_quantity",
        "8,Ani,SS,05/11/2026 10:30,1,gratis": "bad_price",
        "9,Ani,SS,05/11/2026 10:30,1,-5": "negative_price",
        ",Ani,SS,05/11/2026 10:30,1,1": "missing_order",
    }
    file.write_text(HEAD + "\n".join(bad) + "\n10,Ani,SS,05/11/2026 10:30,1,1\n", encoding="utf-8")
    report = bring(crm, mapping, file)
    assert (report.added, report.rejected) == (1, len(bad))
    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as rejected:
        rows = list(csv.reader(rejected))
    assert [row[-1] for row in rows[1:]] == list(bad.values())
    assert [",".join(row[:-1]) for row in rows[1:]] == list(bad)
    corrected = [[*row[:3], "06/11/2026 08:00", "1", "5", *row[6:]] for row in rows[1:]]
    corrected = [[row[0] or "99", row[1] or "Budi", row[2] or "JU", *row[3:]] for row in corrected]
    with (tmp_path / "again.csv").open("w", encoding="utf-8", newline="") as again:
        csv.writer(again).writerows([rows[0], *corrected])
    assert bring(crm, mapping, tmp_path / "again.csv").added == len(bad)


def test_a_dry_run_tells_the_same_and_keeps_nothing(crm: Crm, mapping: Mapping, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEAD + "1,Ani,SS,05/11/2026 10:30,1,1\n", encoding="utf-8")
    assert bring(crm, mapping, file, dry_run=True).added == 1
    assert lines(crm) == []
    with crm.system("look") as work:
        assert work.session.scalars(select(Customer)).all() == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "missing"),
        (b"", "empty"),
        (HEAD.encode(), "empty"),
        (b"a,b,c\n1,2,3\n", "columns"),
        (HEAD.encode() + "1,Ren\u00e9,SS,05/11/2026 10:30,1,1\n".encode("cp1252"), "encoding"),
        (HEAD.encode() + b"1,A,S,2026.11.05,1,1\n2,A,S,2026.11.05,1,1\n3,A,S,2026.11.05,1,1\n", "nothing_fits"),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(
    sqlite_crm: Crm, mapping: Mapping, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    file = tmp_path / "a.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ImportRefused) as refused:
        bring(sqlite_crm, mapping, file)
    assert refused.value.reason == reason
    for language in ("id", "en"):
        sentence = Texts(language).error(refused.value)
        assert "a.csv" in sentence
        assert "{" not in sentence
    assert not list(tmp_path.glob("rejects*"))


def test_folders_and_cut_off_parquet_are_refused(sqlite_crm: Crm, mapping: Mapping, tmp_path: Path, repo: Path) -> None:
    with pytest.raises(ImportRefused) as refused:
        bring(sqlite_crm, mapping, tmp_path)
    assert refused.value.reason == "directory"
    cut = tmp_path / "cut.parquet"
    cut.write_bytes((repo / "data" / "online_retail.parquet").read_bytes()[:100_000])
    with pytest.raises(ImportRefused) as refused:
        bring(sqlite_crm, mapping, cut)
    assert refused.value.reason == "unreadable"


def test_a_customer_list_keeps_phones_and_birthdays(crm: Crm, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(
        'source = "shop"\n[columns]\ncustomer = "id"\nname = "nama"\nphone = "telp"\nbirth_date = "lahir"\n'
        'owner = "oleh"\n',
        encoding="utf-8",
    )
    mapping = read_mapping(tmp_path / "m.toml", ImportKind.CUSTOMERS)
    (tmp_path / "c.csv").write_text(
        "id,nama,telp,lahir,oleh\n1,Ani,0812-345-678,1980-02-29,siti\n2,Budi,812345678,,\n3,Cici,12,,\n",
        encoding="utf-8",
    )
    report = import_file(crm, ImportKind.CUSTOMERS, tmp_path / "c.csv", mapping, rejects=tmp_path / "rejects.csv")
    assert (report.added, report.reasons) == (2, {"phone": 1})
    with crm.work("siti") as work:
        (ani,) = work.session.scalars(select(Customer))
        assert (ani.code, ani.birthday) == ("C000001", (2, 29))
    with crm.work("ratna") as work:
        assert set(work.session.scalars(select(CustomerPhone.e164))) == {"+62812345678"}


def test_what_counted_for_nothing_from_the_start_still_does_when_its_order_began_earlier(
    crm: Crm, mapping: Mapping, tmp_path: Path
) -> None:
    returns = mapping.model_copy(update={"returns": mapping.returns.model_copy(update={"order_prefix": "C"})})
    (tmp_path / "a.csv").write_text(HEAD + "C1,Ani,SS,05/11/2026 10:30,-1,1\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text(HEAD + "C1,Ani,JU,04/11/2026 09:00,-1,1\n", encoding="utf-8")
    bring(crm, returns, tmp_path / "a.csv")
    bring(crm, returns, tmp_path / "b.csv")
    began = datetime(2026, 11, 4, 2, 0, tzinfo=UTC)
    with crm.system("look") as work:
        times = work.session.execute(select(OrderLine.ordered_at, OrderLine.void_at)).all()
    assert [tuple(row) for row in times] == [(began, began), (began, began)]


def test_rejected_rows_never_overwrite_the_file_they_come_from(
    sqlite_crm: Crm, mapping: Mapping, tmp_path: Path
) -> None:
    file = tmp_path / "rejects.csv"
    file.write_text(HEAD + "1,,SS,05/11/2026 10:30,1,1\n", encoding="utf-8")
    with pytest.raises(ImportRefused) as refused:
        bring(sqlite_crm, mapping, file)
    assert refused.value.reason == "rejects"
    assert file.read_text(encoding="utf-8").startswith(HEAD)


def test_a_customer_may_be_called_null(crm: Crm, mapping: Mapping, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEAD + "1,Null,SS,05/11/2026 10:30,1,1\n", encoding="utf-8")
    assert bring(crm, mapping, tmp_path / "a.csv").added == 1


def test_an_order_belongs_to_one_customer(crm: Crm, mapping: Mapping, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    rows = "1,Ani,SS,05/11/2026 10:30,1,1\n1,Budi,SS,05/11/2026 10:30,1,1\n1,Ani,JU,05/11/2026 10:30,1,1\n"
    file.write_text(HEAD + rows, encoding="utf-8")
    report = bring(crm, mapping, file)
    assert (report.added, report.reasons) == (2, {"two_customers": 1})


def test_an_order_of_an_earlier_file_stays_its_customers(crm: Crm, mapping: Mapping, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEAD + "1,Ani,SS,05/11/2026 10:30,1,1\n", encoding="utf-8")
    bring(crm, mapping, tmp_path / "a.csv")
    others = "1,Budi,JU,05/11/2026 10:30,1,1\n1,Ani,JU,05/11/2026 10:30,1,1\n2,Budi,SS,05/11/2026 10:30,1,1\n"
    (tmp_path / "b.csv").write_text(HEAD + others, encoding="utf-8")
    report = bring(crm, mapping, tmp_path / "b.csv")
    assert (report.added, report.reasons) == (2, {"two_customers": 1})
    elsewhere = mapping.model_copy(update={"source": "other shop"})
    assert bring(crm, elsewhere, tmp_path / "b.csv").reasons == {"two_customers": 1}, "numbers are each system's own"
    dollars = mapping.model_copy(update={"defaults": mapping.defaults.model_copy(update={"currency": "USD"})})
    assert bring(crm, dollars, tmp_path / "a.csv").reasons == {"two_customers": 1}


def test_orders_of_a_merged_customer_go_to_the_one_that_was_kept(crm: Crm, mapping: Mapping, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        HEAD + "1,Ani,SS,05/11/2026 10:30,1,1\n2,Anni,SS,05/11/2026 10:30,1,1\n", encoding="utf-8"
    )
    bring(crm, mapping, tmp_path / "a.csv")
    with crm.system("merge") as work:
        ani, anni = work.session.scalars(select(Customer).order_by(Customer.id))
        anni.merged_into_id = kept = ani.id
    (tmp_path / "b.csv").write_text(
        HEAD + "2,Anni,JU,05/11/2026 10:30,1,1\n3,Anni,SS,05/11/2026 10:30,1,1\n", encoding="utf-8"
    )
    assert bring(crm, mapping, tmp_path / "b.csv").added == 2
    with crm.system("look") as work:
        assert work.session.scalar(select(Order.customer_id).where(Order.number == "3")) == kept


def test_new_lines_of_a_known_order_have_its_time(crm: Crm, mapping: Mapping, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEAD + "1,Ani,SS,04/11/2026 09:00,1,1\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text(HEAD + "1,Ani,JU,05/11/2026 10:30,1,1\n", encoding="utf-8")
    bring(crm, mapping, tmp_path / "a.csv")
    bring(crm, mapping, tmp_path / "b.csv")
    assert [row[3] for row in lines(crm)] == [datetime(2026, 11, 4, 2, 0, tzinfo=UTC)] * 2


@pytest.mark.parametrize("files", [("old", "new"), ("new", "old"), ("both",)])
def test_buying_again_replaces_the_question_in_whatever_order_files_come(
    crm: Crm, mapping: Mapping, tmp_path: Path, files: tuple[str, ...]
) -> None:
    rows = {"old": "1,Ani,SS,05/10/2026 09:00,1,1\n", "new": "2,Ani,SS,05/11/2026 09:00,1,1\n"}
    rows["both"] = rows["old"] + rows["new"]
    for name in files:
        (tmp_path / f"{name}.csv").write_text(HEAD + rows[name], encoding="utf-8")
        bring(crm, mapping, tmp_path / f"{name}.csv")
    with crm.system("look") as work:
        owed = work.session.execute(select(FollowUp.due_on, FollowUp.state, FollowUp.closed_because))
        assert sorted(tuple(row) for row in owed) == [
            (date(2026, 11, 5), "closed", "bought_again"),
            (date(2026, 12, 5), "open", None),
        ]


def test_a_row_with_too_many_cells_is_not_cut_off(sqlite_crm: Crm, mapping: Mapping, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    good = "1,Ani,SS,05/11/2026 10:30,1,1"
    file.write_text(HEAD + f"{good},\n2,Ani,SS, besar,05/11/2026 10:30,1,1\n", encoding="utf-8")
    with pytest.raises(ImportRefused) as refused:
        bring(sqlite_crm, mapping, file)
    assert (refused.value.reason, refused.value.facts["row"]) == ("ragged", 2)
    assert lines(sqlite_crm) == []


def test_words_nobody_explained_are_refused(crm: Crm, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(
        MAPPING.replace("[dates]", 'status = "st"\nowner = "by"\n[statuses]\nBatal = "cancelled"\n[dates]'),
        encoding="utf-8",
    )
    mapping = read_mapping(tmp_path / "m.toml", ImportKind.TRANSACTIONS)
    rows = (
        "1,Ani,SS,05/11/2026 10:30,1,1,{},{}".format(*pair)
        for pair in (("Batal", "siti"), ("shipped", "budi"), ("Hilang", ""), ("", "nobody"), ("", ""))
    )
    text = "".join(f"{number}{row[1:]}\n" for number, row in enumerate(rows))
    (tmp_path / "a.csv").write_text(HEAD.strip() + ",st,by\n" + text + "9,A\x00ni,S,05/11/2026 10:30,1,1,,\n", "utf-8")
    report = bring(crm, mapping, tmp_path / "a.csv")
    assert report.added == 3
    assert report.reasons == {"unknown_status": 1, "unknown_owner": 1, "characters": 1}
    with crm.system("look") as work:
        statuses = dict(work.session.execute(select(Order.number, Order.status)).all())
    assert statuses == {"0": "cancelled", "1": "shipped", "4": "delivered"}


def test_each_date_is_read_as_it_stands(crm: Crm, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAPPING.split("[dates]", maxsplit=1)[0], encoding="utf-8")
    mapping = read_mapping(tmp_path / "m.toml", ImportKind.TRANSACTIONS)
    rows = ("2026-11-05 10:00", "2026-11-05T10:00Z", "2026-11-05T10:00:00+09:00", "2026-11-05")
    text = "".join(f"{number},Ani,SS,{when},1,1\n" for number, when in enumerate(rows))
    (tmp_path / "a.csv").write_text(HEAD + text, encoding="utf-8")
    bring(crm, mapping, tmp_path / "a.csv")
    assert [row[3].strftime("%d %H") for row in lines(crm)] == ["05 03", "05 10", "05 01", "04 17"]


def test_codes_of_a_customer_list_are_never_given_out_twice(crm: Crm, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(
        'source = "shop"\n[columns]\ncustomer = "id"\nname = "nama"\ncode = "kode"\n', encoding="utf-8"
    )
    mapping = read_mapping(tmp_path / "m.toml", ImportKind.CUSTOMERS)
    file = tmp_path / "c.csv"
    file.write_text("id,nama,kode\n1,Ani,C000007\n2,Budi,C000007\n3,Cici,\n", encoding="utf-8")
    first = import_file(crm, ImportKind.CUSTOMERS, file, mapping, rejects=tmp_path / "rejects.csv")
    again = import_file(crm, ImportKind.CUSTOMERS, file, mapping, rejects=tmp_path / "rejects.csv")
    assert (first.added, first.reasons) == (2, {"code_taken": 1})
    assert (again.added, again.known, again.reasons) == (0, 2, {"code_taken": 1})
    with crm.work("ratna") as work:
        assert list(work.session.scalars(select(Customer.code).order_by(Customer.id))) == ["C000007", "C000008"]
