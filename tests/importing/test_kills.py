"""An import that is killed leaves nothing or whole batches, and a second run ends where an undisturbed one does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import create_engine, text

TABLES = {
    "customer": "code, name, last_activity_at",
    "customer_key": "key",
    "product": "code, name",
    "sales_order": "number, kind, ordered_at, status",
    "order_line": "order_id, product_id, ordered_at, quantity, amount, void_at, fingerprint, occurrence",
}
PROGRAM = """
import sys
from pathlib import Path
import ecrm_core as ecrm
from ecrm_core.importing.mapping import read_mapping
from ecrm_core.importing.running import import_file
from ecrm_core.models import ImportKind

address, file, mapping = sys.argv[1:]
crm = ecrm.connect(address)
report = import_file(
    crm, ImportKind.TRANSACTIONS, Path(file), read_mapping(Path(mapping), ImportKind.TRANSACTIONS),
    rejects=Path(file).with_name("rejects.csv"), progress=lambda what, done, total: print(what, done, flush=True),
)
print("report", report.added, report.known, flush=True)
"""


def dump(address: str) -> dict[str, list[Any]]:
    engine = create_engine(address)
    with engine.connect() as connection:
        found = {
            name: [tuple(row) for row in connection.execute(text(f"select {columns} from {name} order by id"))]
            for name, columns in TABLES.items()
        }
    engine.dispose()
    return found


@pytest.fixture(scope="module")
def sales(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first ten weeks or so of Online Retail: enough for four batches."""
    path = tmp_path_factory.mktemp("sales") / "sales.parquet"
    pd.read_parquet(repo / "data" / "online_retail.parquet").head(110_000).to_parquet(path)
    return path


def test_killed_again_and_again_it_ends_the_same(sales: Path, repo: Path, tmp_path: Path) -> None:
    mapping = str(repo / "data" / "mappings" / "online_retail.toml")
    undisturbed, killed = (f"sqlite:///{tmp_path / name}" for name in ("undisturbed.db", "killed.db"))
    command = [sys.executable, "-c", PROGRAM]
    subprocess.run([*command, undisturbed, str(sales), mapping], check=True, cwd=repo, capture_output=True)
    kills = 0
    lines_after: list[int] = []
    # While it reads, right after its first batch, and in the middle of a later one.
    for words in ("reading", "writing", "writing"):
        with subprocess.Popen(
            [*command, killed, str(sales), mapping], cwd=repo, stdout=subprocess.PIPE, text=True
        ) as run:
            assert run.stdout is not None
            for line in run.stdout:
                if line.startswith(words):
                    run.send_signal(signal.SIGKILL)
                    kills += 1
                    break
        assert run.returncode == -signal.SIGKILL
        lines_after.append(len(dump(killed)["order_line"]))
    assert kills == 3
    assert lines_after[0] == 0
    assert 0 < lines_after[1] <= lines_after[2] < len(dump(undisturbed)["order_line"])
    subprocess.run([*command, killed, str(sales), mapping], check=True, cwd=repo, capture_output=True)
    assert dump(killed) == dump(undisturbed)
