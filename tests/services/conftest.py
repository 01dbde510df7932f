"""A small shop: three products, and a customer each for Siti and Budi."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from ecrm_core.crm import Crm
from ecrm_core.services.customers import add_customer
from ecrm_core.services.products import add_product


@dataclass(frozen=True)
class Shop:
    """Ids of what is in the shop. `pan` is counted (10 pieces), `oil` has its own interval of two months."""

    dewi: int
    andi: int
    suit: int
    pan: int
    oil: int


@pytest.fixture
def shop(crm: Crm) -> Shop:
    with crm.work("agus") as work:
        suit = add_product(work, code="SUIT", name="Slim Suit", price=Decimal(499_000))
        pan = add_product(work, code="PAN", name="Wajan Granit", price=Decimal(299_000), stock=10)
        oil = add_product(work, code="OIL", name="Minyak Rambut", price=Decimal(99_000), follow_up_months=2)
    with crm.work("siti") as work:
        dewi = add_customer(work, name="Dewi Lestari", phones=["0812-345-678"], birth_date=(None, 2, 29))
    with crm.work("budi") as work:
        andi = add_customer(work, name="Andi Wijaya", phones=["0813-1111-222"], birth_date=(1980, 11, 24))
    return Shop(dewi.id, andi.id, suit.id, pan.id, oil.id)
