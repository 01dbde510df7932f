"""The narrow door: what a telemarketer may know of customers who are not theirs, and the record of each look.

Looking and putting on record are one thing here, so that neither can be had without the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, select

from ecrm_core.crm import Work
from ecrm_core.models import AuditKind, AuditRecord

DOOR_ROWS = 5
"""Most of other people's customers in one answer."""
DOOR_LETTERS = 3
"""Letters of a name from which others than one's own are searched."""
LOOKS_A_MINUTE = 30
SAME_LOOK = timedelta(seconds=10)
"""Typing on within this is still the same look."""


@dataclass
class Look:
    """One look through the door: `session` sees everybody; `shown` are the codes that go on record."""

    work: Work
    shown: list[str] = field(default_factory=list)


@contextmanager
def look_through(work: Work, asked: str) -> Iterator[Look | None]:
    """Look at customers who are not the actor's own, on record; none where there were too many looks.

    Args:
        asked: what is searched for, as it goes on record. One that goes on from the look before,
            within ten seconds, is the same look.
    """
    with work.crm.system("reduced search") as system:
        last = _last_look(system, work)
        typing_on = (
            last is not None and work.now - last.at <= SAME_LOOK and asked.startswith(str(last.facts.get("asked", "")))
        )
        if not typing_on and _looks(system, work) >= LOOKS_A_MINUTE:
            yield None
            return
        look = Look(system)
        yield look
        if typing_on and last is not None and not work.session.info.get("writing"):
            shown = dict.fromkeys([*last.facts.get("shown", ()), *look.shown])
            last.facts = {"asked": asked, "shown": list(shown), "looks": last.facts.get("looks", 1) + 1}
            last.at = work.now
            return
        record = AuditRecord(
            kind=AuditKind.REDUCED_SEARCH,
            at=work.now,
            by_id=work.employee_id,
            facts={"asked": asked, "shown": look.shown, "looks": 1},
        )
        # A gesture that writes already holds the one lock that SQLite has.
        (work if work.session.info.get("writing") else system).session.add(record)


def _last_look(system: Work, work: Work) -> AuditRecord | None:
    mine = select(AuditRecord).where(
        AuditRecord.by_id == work.employee_id,
        AuditRecord.kind == AuditKind.REDUCED_SEARCH,
        AuditRecord.at > work.now - SAME_LOOK * 2,
    )
    return system.session.scalar(mine.order_by(AuditRecord.at.desc(), AuditRecord.id.desc()).limit(1))


def _looks(system: Work, work: Work) -> int:
    """Looks of the last minute."""
    count = select(func.count(AuditRecord.id)).where(
        AuditRecord.by_id == work.employee_id,
        AuditRecord.kind == AuditKind.REDUCED_SEARCH,
        AuditRecord.at > work.now - timedelta(minutes=1),
    )
    return system.session.scalar(count) or 0
