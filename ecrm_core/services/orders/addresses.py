"""Where a customer's orders went before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ecrm_core.crm import Work


@dataclass(frozen=True)
class KnownAddress:
    """An address of a customer. `used_at` none is the customer's own, not sent to yet."""

    address: str
    city: str | None
    province: str | None
    postcode: str | None
    used_at: datetime | None


def address_book(work: Work, customer_id: int) -> list[KnownAddress]:
    """Where this customer's orders went, newest first, each once; then the customer's own address.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
    """
    raise NotImplementedError
