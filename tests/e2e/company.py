"""The company that browser tests work in: a Tuesday morning of Siti's, and a little for the others."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import select

import ecrm_core as ecrm
from ecrm_core.crm import Crm
from ecrm_core.models import (
    AgendaItem,
    AgendaKind,
    Announcement,
    Category,
    Counter,
    Credential,
    Customer,
    CustomerPhone,
    DayPlan,
    Employee,
    Event,
    OrderSource,
    Product,
)
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from ecrm_core.services.passwords import hash_password
from tests.conftest import FrozenClock, add_cast

PASSWORD = "kata sandi yang panjang"
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)

CUSTOMERS = [
    # name, city, birth date, phone, e-mail
    ("Dewi Lestari", "Bandung", (1979, 12, 3), "+628123456789", None),
    ("Andi Wijaya", "Surabaya", (1985, 2, 14), "+6281298765432", "andi.wijaya@example.com"),
    ("Sri Mulyani Puspitasari", "Yogyakarta", (None, 7, 7), "+6285700011122", None),
    ("Bambang Sudarsono", "Semarang", (1972, 11, 24), "+6281311122233", "bambang@example.com"),
    ("Rina Kartika", "Medan", (1990, 11, 24), "+6281344455566", None),
    ("Tono Prasetyo", "Malang", (None, 11, 24), None, "tono@example.com"),
    ("Yuni Astuti", "Denpasar", (1988, 11, 24), None, None),
]

AGENDA = [
    # title, days from today, time, kind, customer, proposed, done
    ("Telepon kembali, janji kemarin", 0, time(9, 30), AgendaKind.CALL_BACK, 0, False, False),
    ("Tindak lanjut Slim Suit", -4, None, AgendaKind.FOLLOW_UP, 1, True, False),
    ("Hampir tidak aktif, 5 bulan 3 minggu", 0, None, AgendaKind.SLIP, 2, True, False),
    ("Siapkan daftar harga baru", 0, time(14, 0), AgendaKind.TASK, None, False, False),
    ("Kirim brosur ke Pak Tono", 0, None, AgendaKind.TASK, None, False, True),
]

PRODUCTS = [
    # code, name, category, price, stock
    ("SLM-01", "Slim Suit", "Kecantikan", 499_000, 24),
    ("SLM-02", "Slimming Tea", "Kecantikan", 149_000, 3),
    ("JCR-01", "Juicer Serbaguna", "Dapur", 899_000, None),
    ("PAN-01", "Panci Presto 8 Liter", "Dapur", 649_500, 0),
    ("MAS-01", "Kursi Pijat Lipat", "Kesehatan", 2_750_000, 5),
]

SOURCES = [("RCTI pagi", "RCTI", "09:30"), ("Indosiar malam", "Indosiar", "21:00"), ("Dari teman", None, None)]


def make_company(address: str) -> None:
    """Fill an empty database."""
    crm = ecrm.connect(address, clock=FrozenClock(NOW))
    add_cast(crm)
    with crm.system("test company") as work:
        session = work.session
        staff = {employee.username: employee for employee in session.query(Employee)}
        hashed = hash_password(PASSWORD)
        session.add_all(
            Credential(employee_id=employee.id, password_hash=hashed, changed_at=NOW) for employee in staff.values()
        )
        siti = staff["siti"].id
        customers = [
            Customer(
                code=f"C{number:06}",
                name=name,
                city=city,
                birth_year=birth[0],
                birth_month=birth[1],
                birth_day=birth[2],
                email=email,
                address="Jalan Mawar 12" if name == "Dewi Lestari" else None,
                owner_id=siti,
                created_at=NOW,
            )
            for number, (name, city, birth, _, email) in enumerate(CUSTOMERS, 1)
        ]
        session.add_all(customers)
        session.add(
            Customer(
                code="C000900",
                name="Rahasia Budi",
                birth_month=11,
                birth_day=24,
                city="Bandung",
                address="Jalan Rahasia 1",
                owner_id=staff["budi"].id,
                created_at=NOW,
            )
        )
        session.add(Customer(code="C000901", name="Wati Tanpa Pengurus", city="Bogor", created_at=NOW))
        # Codes go on behind those written down here.
        session.add(Counter(name="customer", value=1000))
        categories = {name: Category(name=name) for name in dict.fromkeys(product[2] for product in PRODUCTS)}
        session.add_all(categories.values())
        session.add_all(OrderSource(name=name, station=station, airs_at=at) for name, station, at in SOURCES)
        session.flush()
        session.add_all(
            Product(
                code=code,
                name=name,
                category_id=categories[category].id,
                price=Decimal(price),
                currency="IDR",
                stock=stock,
                created_at=NOW,
            )
            for code, name, category, price, stock in PRODUCTS
        )
        session.add_all(
            CustomerPhone(customer_id=customer.id, e164=phone, typed=phone)
            for customer, (_, _, _, phone, _) in zip(customers, CUSTOMERS, strict=True)
            if phone
        )
        for code, phone in (("C000900", "+628155501234"), ("C000901", "+628155509876")):
            other = session.scalars(select(Customer.id).where(Customer.code == code)).one()
            session.add(CustomerPhone(customer_id=other, e164=phone, typed=phone))
        session.add_all(
            AgendaItem(
                employee_id=siti,
                title=title,
                day=TODAY + timedelta(days=days),
                at=at,
                kind=kind,
                customer_id=None if customer is None else customers[customer].id,
                proposed=proposed,
                done_at=NOW - timedelta(minutes=30) if done else None,
                created_at=NOW,
            )
            for title, days, at, kind, customer, proposed, done in AGENDA
        )
        # The morning's plans stand already: what is proposed is what is listed above.
        session.add_all(
            DayPlan(
                employee_id=staff[username].id,
                day=TODAY,
                made_at=NOW,
                capacity=60,
                promised=1,
                proposed=2,
                left_over=0,
            )
            for username in ("siti", "budi")
        )
        session.add(AgendaItem(employee_id=staff["budi"].id, title="Rahasia Budi", day=TODAY, created_at=NOW))
        session.add_all(
            [
                Event(
                    title="Peluncuran produk baru",
                    starts_at=NOW + timedelta(days=3),
                    ends_at=NOW + timedelta(days=3, hours=3),
                    place="Aula lantai 2",
                    description="Slim Suit generasi baru dan paket akhir tahun. Hadir 15 menit lebih awal.",
                    created_at=NOW,
                ),
                Event(
                    title="Latihan menawarkan paket hemat",
                    starts_at=NOW + timedelta(days=9),
                    ends_at=NOW + timedelta(days=9, hours=1),
                    created_at=NOW,
                ),
            ]
        )
        session.add_all(
            [
                Announcement(
                    title="Harga baru mulai 1 Desember",
                    text="Daftar harga baru berlaku mulai 1 Desember. Pesanan sampai 30 November memakai harga lama.",
                    valid_from=TODAY - timedelta(days=1),
                    valid_to=TODAY + timedelta(days=7),
                    created_at=NOW,
                ),
                Announcement(
                    title="Jam kerja akhir tahun",
                    text="Kantor tutup pada 25 dan 26 Desember.",
                    valid_from=TODAY - timedelta(days=4),
                    created_at=NOW,
                ),
            ]
        )
    _order(crm, "siti", "C000003", "SLM-01", NOW - timedelta(days=178))
    _order(crm, "budi", "C000900", "JCR-01", NOW - timedelta(days=14))
    crm.close()


def _order(crm: Crm, username: str, customer: str, product: str, at: datetime) -> None:
    with crm.work(username) as work:
        customer_id = work.session.scalars(select(Customer.id).where(Customer.code == customer)).one()
        product_id = work.session.scalars(select(Product.id).where(Product.code == product)).one()
        form = OrderForm(customer_id, [LineForm(product_id)], intention=f"{customer}-{product}", ordered_at=at)
        take_order(work, form)
