"""The program under test: `python -m tests.e2e.served ADDRESS [INSTANT]` serves it at 09.00 on a Tuesday, or then."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime, timedelta

import ecrm_core as ecrm
from dashboards.serve import serve_company
from tests.e2e.company import NOW


def main(address: str, now: datetime = NOW) -> None:
    started = time.monotonic()
    # The clock goes on from a fixed morning: what is due "today" must not depend on the day of the test.
    crm = ecrm.connect(address, clock=lambda: now + timedelta(seconds=time.monotonic() - started))
    # A program that is started again answers where it did before.
    port = int(os.environ.get("ECRM_TEST_PORT", "0"))
    serve_company(crm, port=port, on_ready=lambda at: print(at, flush=True))
    crm.close()


if __name__ == "__main__":
    main(sys.argv[1], *map(datetime.fromisoformat, sys.argv[2:]))
