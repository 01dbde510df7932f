"""One export, as `exporting.running` orders it: JSON in on standard input, the count out."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path

from ecrm_core.crm import Crm, make_engine
from ecrm_core.exporting.transactions import TransactionExport, export_transactions

LATER = 10
"""Niceness: people at their screens come first."""


def main() -> None:
    """Do what is ordered."""
    order = json.load(sys.stdin)
    if hasattr(os, "nice"):
        os.nice(LATER)
    now = datetime.fromisoformat(order["now"])
    crm = Crm(make_engine(order["database_url"]), lambda: now)
    try:
        with crm.work(order["username"]) as work:
            count = export_transactions(work, TransactionExport.from_json(order["wanted"]), Path(order["target"]))
    finally:
        crm.close()
    json.dump({"count": count}, sys.stdout)


if __name__ == "__main__":
    main()
