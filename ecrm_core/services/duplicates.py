"""Is this new customer somebody we know? Asked before one is entered."""

from __future__ import annotations

from collections.abc import Sequence

from ecrm_core.crm import Work
from ecrm_core.errors import EcrmError
from ecrm_core.queries.search import FoundCustomer
from ecrm_core.services.customers import BirthDate


class PossibleDuplicate(EcrmError):
    """A new customer looks like one we know; `found` are those. Facts: `names`."""

    code = "error.possible_duplicate"

    def __init__(self, found: Sequence[FoundCustomer]) -> None:
        super().__init__(names=[f"{each.name} ({each.code})" for each in found])
        self.found = tuple(found)


def possible_duplicates(
    work: Work,
    *,
    phones: Sequence[str] = (),
    name: str = "",
    birth_date: BirthDate | None = None,
    city: str | None = None,
    except_id: int | None = None,
) -> list[FoundCustomer]:
    """Customers who could be the same person: same phone, or same name with the same birth date or city.

    A telemarketer sees colleagues' ones in the reduced form, at most five, on record and counted
    with the reduced searches.

    Args:
        except_id: the customer that is being corrected, who is not their own duplicate.
    """
    raise NotImplementedError
