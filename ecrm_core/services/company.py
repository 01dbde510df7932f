"""Rules of the company, set from a day on."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.models import CompanySetting, Role
from ecrm_core.rules import company_rules


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
