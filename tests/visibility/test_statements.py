"""A statement is limited once for everybody; it still reads for each person what is theirs alone."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from ecrm_core.crm import Crm
from ecrm_core.errors import CustomerNotVisible
from ecrm_core.models import AgendaItem, Customer, CustomerNote, Employee, OwnerChange

PEOPLE = ("siti", "budi", "ratna")
OWN = {"siti": {10}, "budi": {20}, "ratna": {10, 20, 30}}
CUSTOMERS = select(Customer.id)
NOTES = select(CustomerNote.id)


def _ids(crm: Crm, who: str, statement: Any, params: dict[str, Any] | None = None, **options: Any) -> set[int]:
    with crm.work(who) as work:
        return set(work.session.scalars(statement, params, execution_options=options))


def test_one_statement_serves_everybody_in_turn_and_at_once(company: Crm) -> None:
    for who in (*PEOPLE, *reversed(PEOPLE)):
        assert _ids(company, who, CUSTOMERS) == OWN[who]
    with ThreadPoolExecutor(4) as threads:
        asked = [who for who in PEOPLE for _ in range(8)]
        for who, found in zip(asked, threads.map(lambda who: _ids(company, who, NOTES), asked), strict=True):
            assert found == OWN[who]


def test_one_statement_serves_a_whole_company_and_one_customer(company: Crm) -> None:
    for _ in range(2):
        assert _ids(company, "ratna", NOTES) == {10, 20, 30}
        assert _ids(company, "siti", NOTES, of_customer=10) == {10}
        with pytest.raises(CustomerNotVisible):
            _ids(company, "siti", NOTES, of_customer=20)
        assert _ids(company, "budi", NOTES, of_customer=20) == {20}
        assert _ids(company, "siti", NOTES) == {10}


def test_nobody_says_for_whom_a_statement_reads(company: Crm) -> None:
    with company.work("budi") as work:
        budi = work.employee_id
    names = dict.fromkeys(("visible_to", "visible_of"), budi)
    claimed = select(Customer.id).where(Customer.id > 0, bindparam("visible_to") == budi)
    for statement in (CUSTOMERS, NOTES, CUSTOMERS.params(names), claimed.params(names)):
        assert _ids(company, "siti", statement, names) <= {10}
        assert _ids(company, "siti", statement, {**names, "visible_of": 20}, of_customer=10) <= {10}
    assert _ids(company, "siti", CUSTOMERS, names) == {10}


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("model", [Customer, AgendaItem, OwnerChange, Employee])
def test_statements_made_for_one_gesture_are_let_go(company: Crm, who: str, model: Any) -> None:
    def ask() -> weakref.ref[Any]:
        statement = select(model.id)
        _ids(company, who, statement)
        return weakref.ref(statement)

    ask()  # the compiled form, of which there is one, keeps the first
    gone = ask()
    gc.collect()
    assert gone() is None
