"""What every opened page asks is compiled when it is first asked, and from then on only put to the database."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine.interfaces import CacheStats

from ecrm_core.crm import Crm, Work
from ecrm_core.queries.customer_card import customer_card
from ecrm_core.queries.customer_list import CustomerFilters, CustomerSort, customer_page, neighbours
from ecrm_core.queries.search import find_customers
from ecrm_core.queries.transactions import TransactionFilters, transaction_rows
from ecrm_core.services.customers import add_customer
from ecrm_core.services.door import open_offers
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from ecrm_core.services.products import add_product

ASKED: dict[str, Callable[[Work, str, int], Any]] = {
    "customers": lambda work, code, number: customer_page(work),
    "customers searched": lambda work, code, number: customer_page(work, CustomerFilters(text=code)),
    "customers found": lambda work, code, number: find_customers(work, code),
    "customer": lambda work, code, number: customer_card(work, code),
    "offers": lambda work, code, number: open_offers(work, number),
    "neighbours": lambda work, code, number: neighbours(work, CustomerFilters(), CustomerSort(), number),
    "history": lambda work, code, number: transaction_rows(work, TransactionFilters.of_month(2026, number % 12 + 1)),
}


@pytest.fixture
def customers(crm: Crm) -> list[tuple[str, int]]:
    """Two customers of Siti's who bought something, by code and number."""
    with crm.work("agus") as work:
        product = add_product(work, code="P1", name="Teh", price=Decimal(10_000))
    found = []
    with crm.work("siti") as work:
        for name in ("Dewi", "Andi"):
            made = add_customer(work, name=name, phones=[f"0812-3456-78{len(found)}"])
            take_order(work, OrderForm(made.id, [LineForm(product.id)], intention=name))
            found.append((made.code, made.id))
    return found


@pytest.mark.parametrize("who", ["siti", "ratna"])
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())
def test_what_was_asked_before_is_compiled_already(
    crm: Crm, customers: list[tuple[str, int]], who: str, ask: Callable[[Work, str, int], Any]
) -> None:
    compiled: list[str] = []

    def note(_connection: Any, _cursor: Any, sql: str, _parameters: Any, context: Any, _many: bool) -> None:
        if context.compiled is not None and context.cache_hit is not CacheStats.CACHE_HIT:
            compiled.append(sql)

    event.listen(crm.engine, "before_cursor_execute", note)
    for code, number in customers:
        with crm.work(who) as work:
            ask(work, code, number)
    assert compiled  # what was never asked before has to be
    compiled.clear()
    for code, number in customers:
        with crm.work(who) as work:
            ask(work, code, number)
    assert compiled == []
