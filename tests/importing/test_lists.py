"""Lists of customers and products that come after the sales: blanks are filled in, nothing is overwritten."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ecrm_core.crm import Crm
from ecrm_core.importing.mapping import read_mapping
from ecrm_core.importing.running import ImportReport, import_file
from ecrm_core.models import Category, Customer, CustomerPhone, Employee, ImportKind, OwnerChange, PriceChange, Product

SALES = 'source = "shop"\n[columns]\ncustomer = "who"\nproduct = "what"\nordered_at = "when"\nunit_price = "price"\n'
CUSTOMERS = (
    'source = "shop"\n[columns]\ncustomer = "who"\nname = "name"\nemail = "mail"\nphone = "phone"\ncity = "city"\n'
    'postcode = "code"\nbirth_date = "born"\nowner = "by"\n'
)
PRODUCTS = (
    'source = "shop"\n[columns]\nproduct = "what"\nproduct_name = "name"\ncategory = "kind"\nprice = "price"\n'
    'currency = "money"\n'
)


def bring(crm: Crm, folder: Path, kind: ImportKind, mapping: str, content: str) -> ImportReport:
    (folder / "m.toml").write_text(mapping, encoding="utf-8")
    (folder / "file.csv").write_text(content, encoding="utf-8")
    checked = read_mapping(folder / "m.toml", kind)
    return import_file(crm, kind, folder / "file.csv", checked, rejects=folder / "rejects.csv")


@pytest.fixture
def sold(crm: Crm, tmp_path: Path) -> Crm:
    """Two customers and two products of whom a sales file knew nothing but their keys."""
    content = "who,what,when,price\n17,SS,2026-11-05,100\n18,JU,2026-11-05,0\n"
    assert bring(crm, tmp_path, ImportKind.TRANSACTIONS, SALES, content).added == 2
    return crm


def test_a_customer_list_fills_in_what_the_sales_did_not_know(sold: Crm, tmp_path: Path) -> None:
    content = (
        "who,name,mail,phone,city,code,born,by\n"
        "17,Ani Wijaya,ani@example.com,0812345678,Bandung,40115,1980-02-29,siti\n"
        "19,Cici,,0812345679,,,,\n"
    )
    report = bring(sold, tmp_path, ImportKind.CUSTOMERS, CUSTOMERS, content)
    assert (report.added, report.known, report.rejected) == (1, 1, 0)
    with sold.work("siti") as work:
        (ani,) = work.session.scalars(select(Customer))
        assert (ani.name, ani.search_name, ani.email, ani.city) == (
            "Ani Wijaya",
            "ani wijaya",
            "ani@example.com",
            "Bandung",
        )
        assert (ani.birth_year, ani.birthday, ani.version) == (1980, (2, 29), 2)
        assert work.session.scalars(select(CustomerPhone.e164)).all() == ["+62812345678"]
    with sold.system("look") as work:
        siti = work.session.scalar(select(Employee.id).where(Employee.username == "siti"))
        changes = work.session.execute(select(OwnerChange.to_id, OwnerChange.reason)).all()
        assert [tuple(change) for change in changes] == [(siti, "imported")]
    bring(sold, tmp_path, ImportKind.CUSTOMERS, CUSTOMERS, content)
    with sold.work("siti") as work:
        assert work.session.scalar(select(Customer.version)) == 2
        assert work.session.scalar(select(func.count(CustomerPhone.id))) == 1


def test_what_somebody_entered_is_never_overwritten(sold: Crm, tmp_path: Path) -> None:
    with sold.system("enter by hand") as work:
        ani = work.session.scalars(select(Customer).order_by(Customer.id)).first()
        budi = work.session.scalar(select(Employee).where(Employee.username == "budi"))
        assert ani is not None
        assert budi is not None
        ani.name, ani.city, ani.birth_month, ani.birth_day, ani.owner_id = "Ani", "Medan", 5, 17, budi.id
        work.session.add(CustomerPhone(customer_id=ani.id, e164="+62811111111", typed="0811111111", position=0))
    content = "who,name,mail,phone,city,code,born,by\n17,Else,,0812345678,Bandung,40115,1980-02-29,siti\n"
    assert bring(sold, tmp_path, ImportKind.CUSTOMERS, CUSTOMERS, content).known == 1
    with sold.work("budi") as work:
        (ani,) = work.session.scalars(select(Customer))
        assert (ani.name, ani.city, ani.postcode) == ("Ani", "Medan", None)
        assert (ani.birth_year, ani.birthday, ani.version) == (None, (5, 17), 1)
        assert work.session.scalars(select(CustomerPhone.e164)).all() == ["+62811111111"]


def test_a_product_list_fills_in_names_kinds_and_missing_prices(sold: Crm, tmp_path: Path) -> None:
    content = "what,name,kind,price,money\nSS,Susu segar,Minuman,250,IDR\nJU,Jus,Minuman,199.5,USD\nKO,Kopi,,75,IDR\n"
    report = bring(sold, tmp_path, ImportKind.PRODUCTS, PRODUCTS, content)
    assert (report.added, report.known) == (1, 2)
    with sold.system("look") as work:
        products = work.session.execute(
            select(Product.code, Product.name, Category.name, Product.price, Product.currency)
            .outerjoin(Category, Category.id == Product.category_id)
            .order_by(Product.code)
        )
        assert [tuple(product) for product in products] == [
            ("JU", "Jus", "Minuman", Decimal("199.5"), "USD"),
            ("KO", "Kopi", None, Decimal(75), "IDR"),
            ("SS", "Susu segar", "Minuman", Decimal(100), "IDR"),
        ]
        changes = work.session.scalars(select(PriceChange.price).order_by(PriceChange.price)).all()
        assert changes == [Decimal(75), Decimal("199.5")]
    assert bring(sold, tmp_path, ImportKind.PRODUCTS, PRODUCTS, content.replace("Jus", "Juice")).known == 3
    with sold.system("look") as work:
        assert work.session.scalar(select(Product.name).where(Product.code == "JU")) == "Jus"
