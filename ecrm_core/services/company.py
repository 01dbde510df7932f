"""What an admin keeps for the whole company: its rules, set from a day on, and where its orders come from."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import AlreadyExists, ChangedMeanwhile, InvalidValue, NotVisible
from ecrm_core.models import CompanySetting, OrderSource, Role
from ecrm_core.queries.stamps import stamp
from ecrm_core.rules import company_rules
from ecrm_core.services.checks import clean_text, required_text

CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def set_company_setting(work: Work, name: str, value: Any, *, valid_from: date) -> None:
    """Set one of `CompanyRules` from a day on; setting it again for the same day replaces it.

    Raises:
        NotAllowed: not an admin.
        InvalidValue: no such setting, or a value out of its range.
    """
    work.require(Role.ADMIN)
    kept = company_rules({name: value}).model_dump(mode="json")[name]
    row = work.session.scalar(
        select(CompanySetting).where(CompanySetting.name == name, CompanySetting.valid_from == valid_from)
    )
    if row is None:
        row = CompanySetting(name=name, valid_from=valid_from)
        work.session.add(row)
    row.value = kept
    row.set_at = work.now
    row.set_by_id = work.actor.employee_id


def add_order_source(work: Work, name: str, *, station: str | None = None, airs_at: str | None = None) -> int:
    """A way customers hear of the company: a television spot, or another; its id.

    Args:
        airs_at: company time of the spot, `HH:MM`.

    Raises:
        NotAllowed: not an admin.
        InvalidValue: no name, or no such time.
        AlreadyExists: the name is taken.
    """
    work.require(Role.ADMIN)
    row = OrderSource()
    _fill_source(work, row, name, station, airs_at)
    work.session.add(row)
    work.session.flush()
    return row.id


def change_order_source(
    work: Work, source_id: int, *, name: str, station: str | None, airs_at: str | None, seen: str | None = None
) -> None:
    """Write a source anew; orders that came from it show its new name.

    Args:
        seen: stamp of the `SourceLine` that was opened; what has changed since is not written over.

    Raises:
        NotVisible: no such source.
        ChangedMeanwhile: somebody else has changed it since it was opened.
        NotAllowed, InvalidValue, AlreadyExists: as for a new one.
    """
    work.require(Role.ADMIN)
    row = work.session.get(OrderSource, source_id, with_for_update=True)
    if row is None:
        raise NotVisible(source_id=source_id)
    if seen is not None and stamp(row.name, row.station, row.airs_at, row.active) != seen:
        raise ChangedMeanwhile(source_id=source_id)
    _fill_source(work, row, name, station, airs_at)


@dataclass(frozen=True)
class SourceCard:
    """A way customers hear of the company."""

    id: int
    name: str
    active: bool


def deactivate_order_sources(work: Work, source_ids: Collection[int]) -> list[SourceCard]:
    """Ask for these no more; those that are not asked for already are passed over. Their orders keep them. Admins.

    Raises:
        NotAllowed: not an admin.
    """
    return _switched_sources(work, source_ids, active=False)


def reactivate_order_sources(work: Work, source_ids: Collection[int]) -> list[SourceCard]:
    """Ask for these again. Admins.

    Raises:
        NotAllowed: not an admin.
    """
    return _switched_sources(work, source_ids, active=True)


def _switched_sources(work: Work, source_ids: Collection[int], *, active: bool) -> list[SourceCard]:
    work.require(Role.ADMIN)
    wanted = select(OrderSource).where(OrderSource.id.in_(source_ids), OrderSource.active.is_(not active))
    rows = list(work.session.scalars(wanted.order_by(OrderSource.id).with_for_update()))
    for row in rows:
        row.active = active
    return [SourceCard(row.id, row.name, row.active) for row in rows]


def _fill_source(work: Work, row: OrderSource, name: str, station: str | None, airs_at: str | None) -> None:
    text = required_text("name", name, limit=200)
    if airs_at is not None and not CLOCK.fullmatch(airs_at):
        raise InvalidValue("airs_at", airs_at, "clock")
    tv_station = clean_text("station", station, limit=64)
    if airs_at is not None and tv_station is None:
        raise InvalidValue("station", None, "station_needed")
    taken = select(OrderSource.id).where(OrderSource.name == text)
    if work.session.scalar(taken) not in (None, row.id):
        raise AlreadyExists(what="name", name=text)
    row.name, row.station, row.airs_at = text, tv_station, airs_at
