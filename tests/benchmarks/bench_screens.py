"""How soon a screen shows what was asked for, beside the bare SQL of the same question.

python -m tests.benchmarks screens [--customers 100000] [--lines 1000000] [--database sqlite|postgresql]
                                   [--repetitions 20] [--only search,home,…]

The company is served by a process of its own. `painted` is from the key or click in the browser to the
frame that shows the new rows, taken in the page; `SQL` is the same question put to the same database
by this process in the same run: nothing can be faster, and `ratio` is what the program costs on top.
`CPU` is what the program itself worked for the gesture, which a busy machine does not change.
First loads are cold, through a line of 20 Mbit/s and 20 ms. The served company is a copy: orders are taken.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
from collections import Counter as Counted
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import select

import ecrm_core as ecrm
from dashboards.shell import PATHS
from ecrm_core.crm import Crm, Work
from ecrm_core.models import Counter, Customer, Product
from ecrm_core.queries.customer_list import CustomerFilters, customer_page
from ecrm_core.queries.search import find_customers
from ecrm_core.queries.transactions import TransactionFilters, transaction_rows
from ecrm_core.rules import CompanyRules, months_before
from ecrm_core.services.numbers import order_number
from tests.benchmarks.company import (
    MANAGER,
    NOW,
    PASSWORD,
    TELEMARKETER,
    TODAY,
    Size,
    postgresql_company,
    sqlite_company,
)
from tests.benchmarks.floors import Floors, milliseconds
from tests.conftest import FrozenClock
from tests.e2e.conftest import ARGUMENTS, CHROMIUM, log_in, served, settled

REPO = Path(__file__).parents[2]
SCRIPT = (Path(__file__).parent / "painted.js").read_text(encoding="utf-8")
GESTURE_AIM, LOAD_AIM = 100, 1500
"""What a gesture and a cold first load may take, painted, in milliseconds."""
LINE = {"offline": False, "latency": 20, "downloadThroughput": 20e6 / 8, "uploadThroughput": 20e6 / 8}
COLD_SHARE = 4
"""A cold load is repeated so many times less often than a gesture."""


@dataclass
class Figure:
    """One line of the report; times in milliseconds."""

    job: str
    who: str
    painted: list[float]
    sql: float | None = None
    cpu: float = 0.0
    aim: int = GESTURE_AIM
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.painted)

    @property
    def p95(self) -> float:
        ranked = sorted(self.painted)
        return ranked[min(len(ranked) - 1, -(-len(ranked) * 95 // 100) - 1)]

    def __str__(self) -> str:
        sql = f"{self.sql:8.1f}" if self.sql is not None else f"{'':8}"
        ratio = f"{self.median / self.sql:6.1f}×" if self.sql else f"{'':7}"
        kept = "ok" if self.median <= self.aim else "over"
        return (
            f"{self.job:<34} {self.who:<12} {sql} {self.median:8.0f} {self.p95:6.0f} {ratio}"
            f" {self.cpu:6.0f} {self.aim:5} {kept:<4} {self.note}"
        ).rstrip()


HEAD = f"{'job':<34} {'who':<12} {'SQL':>8} {'painted':>8} {'p95':>6} {'ratio':>7} {'CPU':>6} {'aim':>5}"


@dataclass
class Desk:
    """One employee at a browser, and the same employee's questions asked without it."""

    crm: Crm
    page: Page
    address: str
    username: str
    who: str
    floors: Floors
    program: Path
    """The served program's place in `/proc`."""
    repetitions: int
    figures: list[Figure] = field(default_factory=list)
    _cpu: list[float] = field(default_factory=list)

    # Asking the company without the browser

    def ask(self, question: Callable[..., Any], *arguments: Any) -> Any:
        # Each time a minute on: the narrow door lets nobody look too often.
        assert isinstance(self.crm.clock, FrozenClock)
        self.crm.clock.advance(minutes=1)
        with self.crm.work(self.username) as work:
            return question(work, *arguments)

    # In the browser

    def painted(self, act: Callable[[], Any], *, types: Sequence[str], **wanted: Any) -> float:
        """From the first event of these types to the frame that shows what is wanted."""
        self.rest()
        self.page.evaluate("([wanted, types]) => { bench.result = bench.until(wanted, types); }", [wanted, list(types)])
        with self._counted():
            act()
            return float(self.page.evaluate("bench.result"))

    def gone_to(self, url: str, **wanted: Any) -> float:
        """Follow a link of ours in place."""
        self.rest()
        with self._counted():
            return float(self.page.evaluate("([url, wanted]) => bench.goTo(url, wanted)", [url, wanted]))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Note what the program worked meanwhile, whatever else the machine is doing."""
        before = _worked(self.program)
        yield
        self._cpu.append(_worked(self.program) - before)

    def rest(self) -> None:
        """Let whatever is under way come to its end."""
        self.page.wait_for_function("window.Bokeh && Bokeh.documents.length && Bokeh.documents[0].is_idle")
        self.page.wait_for_timeout(150)

    def show(self, url: str) -> None:
        self.page.goto(f"{self.address}/{url}")
        settled(self.page)

    def note(self, job: str, painted: list[float], sql: float | None = None, **more: Any) -> None:
        cpu = statistics.median(self._cpu) if self._cpu else 0.0
        self._cpu.clear()
        self.figures.append(Figure(job, self.who, painted, sql, cpu, **more))
        print(self.figures[-1], flush=True)

    # Jobs

    def home(self) -> None:
        """Home from another page, after the first time."""
        title = self.page.locator("h1:visible").first.inner_text()
        times = []
        for number in range(self.repetitions + 1):
            self.gone_to("events", gone=[title])
            took = self.gone_to("home", seen=[title])
            if number:
                times.append(took)
        me = self.floors.me or 1
        sql = milliseconds(itertools.repeat(lambda: self.floors.home(NOW, me)), times=self.repetitions)
        self.note("Home from another page", times, sql)

    def search_to_order(self) -> None:
        self._search("orders", "search as you type, Order", lambda text: self.ask(find_customers, text), rows=20)

    def search_customers(self) -> None:
        def found(text: str) -> Any:
            return self.ask(customer_page, CustomerFilters(text=text)).rows

        self._search("customers", "search as you type, Customers", found, rows=50)

    def _search(self, path: str, job: str, found: Callable[[str], Any], *, rows: int) -> None:
        self.show(path)
        box = self.page.locator("input#search:visible")
        times = []
        asked: list[str] = []
        for fragment in self.ask(_beginnings):
            if len(times) > self.repetitions:
                break
            before = {row.code for row in found(fragment[:2])}
            after = {row.code for row in found(fragment)}
            new, old = sorted(after - before) or sorted(after), sorted(before - after)
            if not new or not old:
                continue
            box.fill("")
            box.press_sequentially(fragment[:2])
            self.page.evaluate("wanted => bench.until(wanted)", {"seen": old[:1]})
            key = fragment[2]
            wanted = {"seen": new, "gone": old}
            times.append(self.painted(lambda key=key: self.page.keyboard.press(key), types=["keydown"], **wanted))
            asked.append(fragment)
        questions = (lambda text=text: self.floors.search(text, rows=rows) for text in itertools.cycle(asked))
        self.note(job, times[1:], milliseconds(questions, times=self.repetitions))

    def card_from_list(self) -> None:
        rows = self.ask(customer_page).rows[: self.repetitions + 1]
        outside = [row.code for row in rows]
        times = []
        for number, row in enumerate(rows):
            self.gone_to("customers", seen=outside)
            link = self.page.locator(f'a[href*="code={row.code}"]:visible').first
            took = self.painted(
                link.click,
                types=["click"],
                seen=[row.code, row.name],
                gone=outside[:number][-1:] + outside[number + 1 :][:1],
            )
            if number:
                times.append(took)
        self.note("customer opened from the list", times, self._card_floor(outside))

    def next_and_previous(self) -> None:
        """From customer to customer along the list, on and back."""
        codes = [row.code for row in self.ask(customer_page).rows]
        self.show(f"customer?code={codes[0]}&list=page%3D1")
        here, times = 0, []
        way = [*range(1, self.repetitions // 2 + 2), *range(self.repetitions // 2, -1, -1)]
        for number, place in enumerate(way[: self.repetitions + 1]):
            key = "]" if place > here else "["
            took = self.painted(
                lambda key=key: self.page.keyboard.press(key),
                types=["keydown"],
                seen=[codes[place]],
                gone=[codes[here]],
            )
            here = place
            if number:
                times.append(took)
        self.note("next or previous customer", times, self._card_floor(codes))

    def _card_floor(self, codes: Sequence[str]) -> float:
        questions = (lambda code=code: self.floors.card(code) for code in itertools.cycle(codes))
        return milliseconds(questions, times=self.repetitions)

    def buyers(self) -> None:
        """Who bought a product: the customers page, narrowed down to it."""
        self.show("customers")
        products = self.ask(lambda work: work.session.execute(select(Product.id, Product.code).limit(60)).all())
        chosen, times, last = [], [], []
        for product_id, code in products[1::2]:
            if len(times) > self.repetitions:
                break
            rows = [row.code for row in self.ask(customer_page, CustomerFilters(product=code)).rows]
            new, old = [each for each in rows if each not in last], [each for each in last if each not in rows]
            last = rows
            if not new:
                continue
            times.append(self.gone_to(f"customers?product={code}", seen=new, gone=old))
            chosen.append(product_id)
        questions = (lambda number=number: self.floors.buyers(number) for number in itertools.cycle(chosen))
        self.note("buyers of a product", times[1:], milliseconds(questions, times=self.repetitions))

    def months(self) -> None:
        """The history, one month further back each time."""
        self.show("transactions")
        rules = CompanyRules()
        months = [months_before(TODAY.replace(day=1), number) for number in range(1, self.repetitions + 3)]
        pages = [
            [row.order for row in self.ask(transaction_rows, TransactionFilters.of_month(day.year, day.month))]
            for day in months
        ]
        back = self.page.locator("button.step.back:visible").first
        times = [
            self.painted(back.click, types=["click"], seen=new[:1] + new[-1:], gone=old[:1])
            for old, new in itertools.pairwise(pages)
        ]
        spans = [(rules.start_of(day), rules.start_of(months_before(day, -1))) for day in months[1:]]
        questions = (lambda span=span: self.floors.month(*span) for span in itertools.cycle(spans))
        self.note("month history, a month back", times[1:], milliseconds(questions, times=self.repetitions))

    def order(self) -> None:
        """An order of two lines, from Ctrl Enter to its number."""
        customers = self.ask(
            lambda work: work.session.execute(
                select(Customer.id, Customer.code)
                .where(Customer.do_not_call_at.is_(None))
                .order_by(Customer.last_activity_at.desc().nulls_last())
                .limit(self.repetitions + 1)
            ).all()
        )
        self.show("orders")
        times = []
        for number, (_, code) in enumerate(customers):
            self.gone_to(f"orders?customer={code}", there="#field-product")
            for product in ("P0005", "P0011"):
                box = self.page.locator("#field-product:visible")
                box.fill(product)
                self.page.locator("[role=option]:visible", has_text=product).first.wait_for()
                box.press("Enter")
                self.page.locator("tr:visible", has_text=product).wait_for()
            source = self.page.locator("#field-source:visible")
            if source.count():
                source.select_option(index=1)
            self.rest()
            made = self.ask(lambda work: work.session.get_one(Counter, "order").value)
            took = self.painted(
                lambda: self.page.keyboard.press("Control+Enter"), types=["keydown"], seen=[order_number(made + 1)]
            )
            if number:
                times.append(took)
        floors = (lambda one=one: self.floors.order(one, NOW) for one, _ in itertools.cycle(customers))
        self.note("order of two lines saved", times, milliseconds(floors, times=self.repetitions))


def _program() -> Path:
    """The served program: a child of this process."""
    children = [
        child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return next(
        Path("/proc", child) for child in children if "tests.e2e.served" in Path("/proc", child, "cmdline").read_text()
    )


def _worked(program: Path) -> float:
    """Milliseconds of processor time that a process has had, all its threads together."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in (program / "task").iterdir()) / 1e6


def _beginnings(work: Work) -> list[str]:
    """Three letters that words of names begin with, from many names to few."""
    names = work.session.scalars(select(Customer.search_name).order_by(Customer.code).limit(2000))
    counted = Counted(word[:3] for name in names for word in name.split() if len(word) > 2)
    return [letters for letters, _ in counted.most_common()]


JOBS: dict[str, tuple[str, Callable[[Desk], None]]] = {
    "home": ("home", Desk.home),
    "search": ("orders", Desk.search_to_order),
    "customers": ("customers", Desk.search_customers),
    "card": ("customers", Desk.card_from_list),
    "next": ("customer", Desk.next_and_previous),
    "buyers": ("customers", Desk.buyers),
    "months": ("transactions", Desk.months),
    "order": ("orders", Desk.order),
}
FIRST_ROWS = {
    "home": ".row[data-id], .empty",
    "orders": "input#search",
    "customers": "tr[data-id]",
    "customer": ".walk",
    "transactions": "tr[data-id]",
}


def cold_loads(desk: Desk, context: BrowserContext) -> None:
    """Every page from nothing but the log-in's cookie, until its first rows are painted."""
    some_code = desk.ask(lambda work: work.session.scalars(select(Customer.code).limit(1)).one())
    repetitions = max(1, desk.repetitions // COLD_SHARE)
    for path, rows in FIRST_ROWS.items():
        if path not in PATHS:
            continue
        times, sizes = [], []
        url = f"{path}?code={some_code}" if path == "customer" else path
        for _ in range(repetitions):
            page = context.new_page()
            received = [0]
            line = context.new_cdp_session(page)
            line.send("Network.enable")
            line.send("Network.setCacheDisabled", {"cacheDisabled": True})
            line.send("Network.emulateNetworkConditions", LINE)

            def count(event: dict[str, Any], received: list[int] = received) -> None:
                received[0] += int(event["encodedDataLength"])

            def count_frame(event: dict[str, Any], received: list[int] = received) -> None:
                received[0] += len(event["response"]["payloadData"])

            line.on("Network.loadingFinished", count)
            line.on("Network.webSocketFrameReceived", count_frame)
            page.add_init_script(f"bench.load = bench.until({{there: {rows!r}}});")
            page.goto(f"{desk.address}/{url}")
            times.append(float(page.evaluate("bench.load")))
            page.wait_for_timeout(200)
            sizes.append(received[0])
            page.close()
        size = f"{statistics.median(sizes) / 1e6:.2f} MB"
        desk.note(f"cold first load: {path}", times, aim=LOAD_AIM, note=size)


@contextmanager
def at_desk(browser: Browser, crm: Crm, address: str, username: str, who: str, repetitions: int) -> Iterator[Desk]:
    """Log in with a browser of one's own."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="id-ID")
    context.add_init_script(SCRIPT)
    page = context.new_page()
    log_in(page, address, username, PASSWORD)
    settled(page)
    me = None if username == MANAGER else 1
    yield Desk(crm, page, address, username, who, Floors(crm.engine, me), _program(), repetitions)
    context.close()


def screens(arguments: Sequence[str]) -> None:
    """Measure, and print a line for each job and employee."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks screens")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--only", default=",".join([*JOBS, "cold"]), help="jobs, separated by commas")
    parser.add_argument("--as", dest="people", default="telemarketer,manager", help="telemarketer, manager or both")
    chosen = parser.parse_args(arguments)
    wanted = chosen.only.split(",")
    size = Size(chosen.customers, chosen.lines)
    people = {"telemarketer": TELEMARKETER, "manager": MANAGER}
    company = sqlite_company if chosen.database == "sqlite" else postgresql_company
    print(
        f"{size}, {chosen.database}; median and p95 of {chosen.repetitions}, milliseconds;"
        f" {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    with (
        company(size) as database,
        tempfile.TemporaryDirectory() as data,
        served(database, REPO, Path(data)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        # Yesterday: what is looked up here must not use up what the served company allows in a minute.
        crm = ecrm.connect(database, clock=FrozenClock(NOW - timedelta(hours=9)))
        print(HEAD, flush=True)
        for who in chosen.people.split(","):
            with at_desk(browser, crm, address, people[who], who, chosen.repetitions) as desk:
                for name, (path, job) in JOBS.items():
                    if name in wanted and path in PATHS:
                        job(desk)
                if "cold" in wanted:
                    cold_loads(desk, desk.page.context)
        crm.close()
        browser.close()
