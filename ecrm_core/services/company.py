"""What an admin keeps for the whole company: its rules, set from a day on, and where its orders come from."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import AlreadyExists, InvalidValue
from ecrm_core.models import CompanySetting, OrderSource, Role
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
    text = required_text("name", name, limit=200)
    if work.session.scalar(select(OrderSource.id).where(OrderSource.name == text)) is not None:
        raise AlreadyExists(what="name", name=text)
    if airs_at is not None and not CLOCK.fullmatch(airs_at):
        raise InvalidValue("airs_at", airs_at, "clock")
    row = OrderSource(name=text, station=clean_text("station", station, limit=64), airs_at=airs_at)
    work.session.add(row)
    work.session.flush()
    return row.id
