"""Imports in processes of their own, and what they leave behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

CONTENTS = {
    "customers": "SELECT code, name, last_activity_at, key FROM customer "
    "JOIN customer_key ON customer_id = customer.id ORDER BY code",
    "products": "SELECT code, name, price FROM product ORDER BY code",
    "orders": "SELECT number, kind, ordered_at, status, code FROM sales_order "
    "JOIN customer ON customer.id = customer_id ORDER BY number",
    "lines": "SELECT number, product.code, order_line.ordered_at, quantity, amount, void_at, fingerprint, occurrence "
    "FROM order_line JOIN sales_order ON sales_order.id = order_id JOIN product ON product.id = product_id "
    "ORDER BY order_line.id",
}
"""Everything of the sales, by what it is called: numbers given by the database may differ between two imports."""
PROGRAM = """
import sys
from pathlib import Path
import ecrm_core as ecrm
from ecrm_core.errors import ImportRefused
from ecrm_core.importing import locking, staging
from ecrm_core.importing.mapping import read_mapping
from ecrm_core.importing.running import import_file
from ecrm_core.models import ImportKind

address, file, mapping, rejects, patience = sys.argv[1:]
locking.PATIENCE_SECONDS = float(patience)
staging.BATCH_LINES = 4_000
crm = ecrm.connect(address)
try:
    report = import_file(
        crm, ImportKind.TRANSACTIONS, Path(file), read_mapping(Path(mapping), ImportKind.TRANSACTIONS),
        rejects=Path(rejects), progress=lambda what, done, total: print(what, done, flush=True),
    )
except ImportRefused as error:
    print("refused", error.reason, flush=True)
    sys.exit(2)
print("report", report.added, report.known, flush=True)
"""


def start(address: str, file: Path, mapping: Path, rejects: Path, *, patience: float = 15) -> subprocess.Popen[str]:
    """An import that tells on its standard output how far it is."""
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, address, file, mapping, rejects, patience]
    return subprocess.Popen(
        list(map(str, command)),
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: Any, **options: Any) -> tuple[int, list[str]]:
    """An import from start to end: its exit code, and what it told."""
    return finish(start(*arguments, **options))


def finish(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """Wait for an import: its exit code, and what it told."""
    told, trouble = process.communicate(timeout=300)
    return process.returncode, [*told.splitlines(), *trouble.splitlines()]


def contents(address: str) -> dict[str, list[Any]]:
    """What is in a company's database, the same whichever import brought it in."""
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = {
            name: [tuple(row) for row in connection.execute(text(statement))] for name, statement in CONTENTS.items()
        }
    engine.dispose()
    return found
