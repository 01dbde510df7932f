"""Who works here."""

from __future__ import annotations

import pandas as pd
from pandera.typing import DataFrame
from sqlalchemy import func, select

from ecrm_core.crm import Work
from ecrm_core.frames import Employees, checked
from ecrm_core.models import Customer, Employee


def employees(work: Work) -> DataFrame[Employees]:
    """Everybody, leavers included, with how many customers each looks after (of those one may see)."""
    owned = select(func.count(Customer.id)).where(Customer.owner_id == Employee.id).scalar_subquery()
    rows = work.session.execute(
        select(Employee.username, Employee.name, Employee.role, Employee.active, owned).order_by(Employee.username)
    ).all()
    frame = pd.DataFrame(rows, columns=list(Employees.to_schema().columns))
    frame["role"] = [str(role) for role in frame["role"]]
    texts = dict.fromkeys(("username", "name", "role"), "str")
    return checked(frame.astype({**texts, "active": "bool", "customers": "int64"}), Employees)
