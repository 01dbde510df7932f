"""The program as its own process on a free port, and a browser that forgives nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from tests.e2e.company import PASSWORD, make_company

CHROMIUM = os.environ.get("ECRM_TEST_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# Generous: what is slow on a busy machine is not wrong.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that each test begins from."""
    path = tmp_path_factory.mktemp("e2e") / "company.db"
    make_company(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database that the program under test has open."""
    return tmp_path_factory.mktemp("served") / "company.db"


@pytest.fixture(scope="session")
def address(prepared: Path, database: Path, repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the program answers."""
    shutil.copy(prepared, database)
    with served(f"sqlite:///{database}", repo, tmp_path_factory.mktemp("data")) as address:
        yield address


@contextmanager
def served(database: str, repo: Path, data: Path, *, now: datetime | None = None) -> Iterator[str]:
    """The program as its own process, serving a database; where it answers."""
    environment = {**os.environ, "XDG_DATA_HOME": str(data), "PYTHONUNBUFFERED": "1"}
    instant = [now.isoformat()] if now else []
    with subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.served", database, *instant],
        cwd=repo,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            assert program.stdout is not None
            line = program.stdout.readline().strip()
            assert line.startswith("http://127.0.0.1:"), f"the program did not start: {line!r}"
            yield line.rstrip("/")
        finally:
            program.terminate()
            program.wait(60)


@pytest.fixture
def fresh_rows(prepared: Path, database: Path, address: str) -> None:
    """The test finds the company as it was prepared, without starting the program again."""
    with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        connection.execute("ATTACH ? AS original", (str(prepared),))
        named = connection.execute(
            "SELECT name FROM main.sqlite_schema WHERE type = 'table'"
            " AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'customer_search%'"
        )
        for (table,) in named.fetchall():
            connection.execute(f'DELETE FROM main."{table}"')
            connection.execute(f'INSERT INTO main."{table}" SELECT * FROM original."{table}"')


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="id-ID")
    yield context
    context.close()


class Watch:
    """Everything a page did that it must not do."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.faults: list[str] = []
        self.forgiven: set[str] = set()

    def over(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("console", self._console)
        page.on("request", self._request)

    def forgive(self, text: str) -> None:
        """Let a message through that the test provokes itself."""
        self.forgiven.add(text)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(text in message.text for text in self.forgiven):
            self.faults.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, self.address.replace("http", "ws", 1), "data:", "blob:")):
            self.faults.append(f"left our server: {request.url}")


@pytest.fixture
def watch(address: str, fresh_rows: None) -> Iterator[Watch]:
    """Fails the test afterwards for any error in the browser and any request to somebody else."""
    watch = Watch(address)
    yield watch
    assert watch.faults == []


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Page:
    """An empty tab."""
    page = context.new_page()
    watch.over(page)
    return page


def log_in(page: Page, address: str, username: str, password: str = PASSWORD) -> None:
    """Fill the log-in form and send it."""
    page.goto(f"{address}/login")
    page.locator("#username").fill(username)
    page.locator("#password").fill(password)
    page.locator("button[type=submit]").click()


def settled(page: Page) -> None:
    """Wait until the page is drawn and nothing is under way."""
    page.locator("h1:visible").first.wait_for()
    page.wait_for_function("window.Bokeh && Bokeh.documents.length && Bokeh.documents[0].is_idle")


@pytest.fixture
def home(page: Page, address: str) -> Page:
    """Siti's Home, open and settled."""
    log_in(page, address, "siti")
    settled(page)
    return page
