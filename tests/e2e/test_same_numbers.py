"""The same figures from the command line, in the library as a notebook calls it, and on the screen."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
from playwright.sync_api import Browser, expect

import ecrm_core as ecrm
from ecrm_core.analytics.activity import status_counts
from ecrm_core.services.employees import add_employee
from ecrm_core.services.overview import status_overview
from tests.e2e.company import PASSWORD
from tests.e2e.conftest import Watch, log_in, served, settled

LAST_DAY = date(2011, 12, 9)


def test_status_is_one_figure_everywhere_and_only_of_own_customers(
    browser: Browser, repo: Path, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path / 'retail.db'}"

    def command(*arguments: str) -> str:
        environment = {"ECRM_DATABASE_URL": database, "PATH": "", "XDG_DATA_HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", "from ecrm_core.cli import main; main()", *arguments],
            cwd=repo,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, 1), done.stderr  # 1: some rows were rejected, as told
        return done.stdout

    sales = pd.read_parquet(repo / "data" / "online_retail.parquet")
    sales[sales["InvoiceDate"] >= "2011-10-01"].to_parquet(tmp_path / "sales.parquet")
    mapping = repo / "data" / "mappings" / "online_retail.toml"
    rejects = tmp_path / "rejects.csv"
    command(
        "import", "transactions", f"{tmp_path / 'sales.parquet'}", "--mapping", f"{mapping}", "--rejects", f"{rejects}"
    )
    crm = ecrm.connect(database, clock=lambda: datetime(2011, 12, 9, 5, 0, tzinfo=UTC))
    with crm.system("test company") as work:
        for username in ("siti", "budi"):
            add_employee(work, username, name=username.capitalize(), role="telemarketer", password=PASSWORD)
    command("deal", "--to", "siti,budi")

    shown = {}
    with served(database, repo, tmp_path / "data", now=datetime(2011, 12, 9, 5, 0, tzinfo=UTC)) as address:
        for username in ("siti", "budi"):
            context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="id-ID")
            page = context.new_page()
            watch = Watch(address)
            watch.over(page)
            log_in(page, address, username)
            settled(page)
            expect(page.get_by_role("heading", name="Pelanggan Anda")).to_be_visible()
            statuses = page.locator("li[data-code]")
            expect(statuses).to_have_count(5)
            shown[username] = {
                row.get_attribute("data-code"): int(row.locator("b").inner_text().replace(".", ""))
                for row in statuses.all()
            }
            page.screenshot(path=tmp_path / f"{username}.png")
            context.close()
            assert watch.faults == []

    every = {}
    for username in ("siti", "budi"):
        asked = command("status", "--as-of", f"{LAST_DAY}", "--as", username, "--summary", "--format", "json")
        with crm.work(username) as work:
            cell = status_counts(status_overview(work, as_of=LAST_DAY)["status"])
        assert shown[username] == json.loads(asked) == cell
        every[username] = sum(cell.values())
    crm.close()
    total = json.loads(command("status", "--as-of", f"{LAST_DAY}", "--summary", "--format", "json"))
    assert sum(every.values()) == sum(total.values())
    assert abs(every["siti"] - every["budi"]) <= 1, "dealt evenly"
