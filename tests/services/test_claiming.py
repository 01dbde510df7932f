"""Prospects of nobody, claimed by everybody at once: each once, on each database."""

from __future__ import annotations

import threading
from collections import Counter

from sqlalchemy import func, select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.models import AuditKind, Role
from ecrm_core.services.calling import call_card, call_queue
from ecrm_core.services.customers import CustomerForm, add_customers
from ecrm_core.services.door import claim_next, unowned_count
from ecrm_core.services.plan_agenda import plan_agenda

PROSPECTS = 1_000
THREADS = 50


def test_fifty_who_claim_a_thousand_prospects_get_each_once(crm: Crm) -> None:
    with crm.system("test company") as work:
        work.session.add_all(
            m.Employee(username=f"t{number:02}", name=f"T {number}", role=Role.TELEMARKETER, created_at=work.now)
            for number in range(THREADS)
        )
    with crm.work("ratna") as work:
        prospects = {card.id for card in add_customers(work, [CustomerForm(f"Baru {n}") for n in range(PROSPECTS)])}
    start = threading.Barrier(THREADS)
    got: dict[str, list[int]] = {f"t{number:02}": [] for number in range(THREADS)}
    failed: list[BaseException] = []

    def claim(username: str) -> None:
        start.wait()
        try:
            while True:
                with crm.work(username) as work:
                    claimed = claim_next(work)
                if claimed is None:
                    return
                got[username].append(claimed.id)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=claim, args=(username,)) for username in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    claimed = Counter(number for mine in got.values() for number in mine)
    assert set(claimed) == prospects
    assert set(claimed.values()) == {1}
    with crm.work("ratna") as work:
        assert unowned_count(work) == 0
        owners = dict(
            work.session.execute(
                select(m.Customer.id, m.Employee.username).join(m.Employee, m.Employee.id == m.Customer.owner_id)
            ).all()
        )
        assert owners == {number: username for username, mine in got.items() for number in mine}
        for model, one in (
            (m.OwnerChange, m.OwnerChange.reason == "claimed"),
            (m.AuditRecord, m.AuditRecord.kind == AuditKind.CLAIMED),
        ):
            assert work.session.scalar(select(func.count()).select_from(model).where(one)) == PROSPECTS


def test_who_is_claimed_to_be_called_stands_on_todays_agenda_and_a_plan_leaves_them_there(crm: Crm) -> None:
    with crm.work("ratna") as work:
        first, second = add_customers(work, [CustomerForm("Ani Prospek"), CustomerForm("Beni Prospek")])
    with crm.work("siti") as work:
        assert unowned_count(work) == 2
        claimed = claim_next(work, to_call=True)
    assert claimed is not None
    assert claimed.id == first.id
    with crm.system("test") as work:
        plan_agenda(work, work.today, usernames=["siti"], again=True)
    with crm.work("siti") as work:
        queue, card = call_queue(work), call_card(work, claimed.item_id or 0)
        assert queue.ids == [claimed.item_id]
        assert (card.name, card.kind) == ("Ani Prospek", m.AgendaKind.PROSPECT)
        assert unowned_count(work) == 1
    with crm.work("siti") as work:
        alone = claim_next(work, second.id)
    assert alone is not None
    assert alone.item_id is None, "found in the order form: nothing is put on an agenda"
    with crm.work("siti") as work:
        assert claim_next(work, to_call=True) is None


def test_many_customers_of_nobody_are_counted_no_further_than_asked(crm: Crm) -> None:
    with crm.work("ratna") as work:
        add_customers(work, [CustomerForm(f"Baru {n}") for n in range(5)])
    with crm.work("siti") as work:
        assert [unowned_count(work, most=most) for most in (3, 4, 5, 6)] == [4, 5, 5, 5]
