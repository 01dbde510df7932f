"""How long it takes to plan the day of everybody.

python -m tests.benchmarks planning [--customers 100000] [--lines 1000000] [--telemarketers 50]
                                    [--database sqlite|postgresql] [--repetitions 3]

CPU is what this process itself worked, which a busy machine changes less than the time it took.
`read` is who could be called, why, and in which order; `written` is all of it, agendas and their
record included, as the nightly job does it. Both within one transaction that is then undone; of
several runs the quickest counts, since others only ever make it slower.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import ecrm_core as ecrm
from ecrm_core.crm import Crm, Work
from ecrm_core.services.plan_agenda import plan_agenda, propose
from tests.benchmarks.company import NOW, TODAY, Size, postgresql_company, sqlite_company
from tests.conftest import FrozenClock

AIM_SECONDS = 5.0


def seconds(crm: Crm, job: Callable[[Work], Any]) -> tuple[float, float, Any]:
    """How long a job takes and how much it works, from an empty session; what it did is undone."""
    with crm.system("measuring plans") as work:
        began, worked = time.perf_counter(), time.process_time()
        answer = job(work)
        took, busy = time.perf_counter() - began, time.process_time() - worked
        work.session.rollback()
    return took, busy, answer


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser("python -m tests.benchmarks planning", description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--telemarketers", type=int, default=50)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--repetitions", type=int, default=3)
    chosen = parser.parse_args(arguments)
    size = Size(chosen.customers, chosen.lines, telemarketers=chosen.telemarketers)
    company = sqlite_company if chosen.database == "sqlite" else postgresql_company
    with company(size) as address, closing(ecrm.connect(address, clock=FrozenClock(NOW))) as crm:
        print(f"{size}, {chosen.telemarketers} telemarketers, {chosen.database}; load {os.getloadavg()[0]:.1f}")
        jobs: dict[str, Callable[[Work], Any]] = {
            "read": lambda work: propose(work, TODAY),
            "written": lambda work: plan_agenda(work, TODAY),
        }
        for name, job in jobs.items():
            runs = [seconds(crm, job) for _ in range(chosen.repetitions)]
            took, busy = (min(run[place] for run in runs) for place in (0, 1))
            plans = runs[0][2]
            calls, left = (sum(len(getattr(plan, part)) for plan in plans) for part in ("calls", "left"))
            kept = "ok" if took <= AIM_SECONDS else "over"
            print(
                f"{name:<8} {took:6.2f} s (aim {AIM_SECONDS:.0f} s, {kept}), CPU {busy:.2f} s: {len(plans)} plans,"
                f" {calls:,} calls, {left:,} left over",
                flush=True,
            )
