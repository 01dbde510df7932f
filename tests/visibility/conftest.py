"""The company that reads are tried on."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ecrm_core.crm import Crm
from ecrm_core.models import Customer, CustomerNote, Employee


@pytest.fixture
def company(crm: Crm) -> Crm:
    """Customer 10 is Siti's, 20 Budi's, 30 nobody's; each has a note of the same number."""
    with crm.system("test company") as work:
        staff = dict(work.session.execute(select(Employee.username, Employee.id)).all())
        for number, owner in ((10, "siti"), (20, "budi"), (30, None)):
            work.session.add(
                Customer(
                    id=number, code=f"C{number}", name=f"N{number}", owner_id=staff.get(owner), created_at=work.now
                )
            )
            work.session.flush()
            work.session.add(CustomerNote(id=number, customer_id=number, text="x", at=work.now))
    return crm
