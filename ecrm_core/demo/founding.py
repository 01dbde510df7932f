"""The first morning of the demo company: who works there, what it sells, where it advertises."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ecrm_core.crm import Work
from ecrm_core.demo.catalogue import SPOTS, WARES
from ecrm_core.demo.staff import EVERYBODY
from ecrm_core.services.company import add_order_source
from ecrm_core.services.employees import add_employee
from ecrm_core.services.products import add_category, add_product


def found_company(work: Work, passwords: Mapping[str, str]) -> None:
    """Employees, products and order sources, in an empty company.

    Args:
        passwords: by user name, one for each employee.
    """
    for colleague in EVERYBODY:
        add_employee(
            work, colleague.username, name=colleague.name, role=colleague.role, password=passwords[colleague.username]
        )
    categories = {name: add_category(work, name) for name in dict.fromkeys(ware.category for ware in WARES)}
    for number, ware in enumerate(WARES):
        add_product(
            work,
            code=ware_code(number),
            name=ware.name,
            price=Decimal(ware.thousands * 1000),
            category_id=categories[ware.category],
            stock=ware.stock,
            follow_up_months=ware.follow_up_months,
            consumable=ware.consumable,
        )
    for spot in SPOTS:
        add_order_source(work, spot.name, station=spot.station, airs_at=spot.airs_at)


def ware_code(number: int) -> str:
    """The product code of a ware, by its place in the catalogue: `TV-001`."""
    return f"TV-{number + 1:03d}"
