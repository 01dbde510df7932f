"""The plan of a day: whom each telemarketer calls, why, and in which order.

Promises come first and are never dropped. What fell due follows, earliest deadline first, so that
nothing waits longer than it may while the days have room for it; what room is left goes to the
calls worth most. Within the day the order is by what a call is worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, and_, delete, or_, select

from ecrm_core import models as m
from ecrm_core.analytics.call_ranking import CallRanking, transparent_score
from ecrm_core.collector import without_collector
from ecrm_core.crm import Work, insert_rows
from ecrm_core.errors import UnknownEmployee
from ecrm_core.frames import CallCandidates, checked
from ecrm_core.models import AgendaItem, AgendaKind, Role
from ecrm_core.queries.call_reasons import Candidate, Moment, candidates, deadline, slices
from ecrm_core.working_days import works_on

FAR_AHEAD_DAYS = 60
"""A customer who stands on an agenda within so many days is not proposed before."""


@dataclass(frozen=True)
class PlannedCall:
    """A call of the plan: its place, 1 first, and all that speaks for it."""

    candidate: Candidate
    rank: int
    score: float


@dataclass(frozen=True)
class PlannedDay:
    """One telemarketer's day. `left` are those with a reason whom the day had no room for."""

    employee_id: int
    username: str
    day: date
    works: bool
    capacity: int
    promised: int
    calls: Sequence[PlannedCall] = ()
    left: Sequence[Candidate] = ()
    known: Mapping[int, Candidate] = field(default_factory=dict)
    """What else speaks for customers who are on the agenda already."""

    @property
    def oldest_left_on(self) -> date | None:
        """Since when the longest waiting of those left over has waited."""
        return min((each.due_on for each in self.left if each.due_on), default=None)


def propose(
    work: Work, day: date, *, usernames: Sequence[str] | None = None, ranking: CallRanking = transparent_score
) -> list[PlannedDay]:
    """The plans of a day, from what was known before it; nothing is written.

    Args:
        work: the system's.
        day: today or later: from all that is known now. A day that is over: as on its morning, for
            the customers that each looks after now, and without what was promised.
        usernames: of telemarketers; none for all active ones.
        ranking: says what a call is worth.

    Raises:
        UnknownEmployee: not an active telemarketer.
    """
    with without_collector():
        return _propose(work, day, _telemarketers(work, usernames), ranking)


def plan_agenda(
    work: Work,
    day: date,
    *,
    usernames: Sequence[str] | None = None,
    again: bool = False,
    ranking: CallRanking = transparent_score,
) -> list[PlannedDay]:
    """Put the plans of a day on the agendas, once; a second time changes nothing, unless `again`.

    Made anew, a plan keeps what was accepted, done, moved or waved off. Proposals of earlier days
    that nobody touched give way: what they were for is proposed again, as long as it holds.

    Args:
        work: the system's.

    Returns:
        the plans that were made; not those that stood already.

    Raises:
        UnknownEmployee: not an active telemarketer.
    """
    employees = _telemarketers(work, usernames)
    # Whoever plans the same person at the same time waits here, and then finds it done.
    ids = [employee.id for employee in employees]
    locked = select(m.Employee.id).where(m.Employee.id.in_(ids)).order_by(m.Employee.id)
    # Their rows stay as they are: who only writes down that one of them did something need not wait.
    work.session.execute(locked.with_for_update(key_share=True))
    made = {row.employee_id: row for row in _plans(work, day, ids)}
    wanted = [employee for employee in employees if again or employee.id not in made]
    if not wanted:
        return []
    _clear(work, day, [employee.id for employee in wanted])
    with without_collector():
        plans = _propose(work, day, wanted, ranking)
        for plan in plans:
            _record(work, plan, made.get(plan.employee_id))
        _tell_more(work, day, plans)
        insert_rows(work.session, AgendaItem, [_item(work, plan, call) for plan in plans for call in plan.calls])
    return plans


def plan_today(work: Work) -> bool:
    """Make the acting telemarketer's plan of today, where nobody has yet; whether one was made.

    Read the agenda in a `Work` of its own afterwards.
    """
    if work.actor.role is not Role.TELEMARKETER:
        return False
    if work.session.get(m.DayPlan, (work.employee_id, work.today)) is not None:
        return False
    with work.crm.system("plan of the day") as system:
        return bool(plan_agenda(system, work.today, usernames=[work.actor.username]))


def choose(
    found: Sequence[tuple[Candidate, float]], *, room: int, week: str, waiting_days: int
) -> tuple[list[PlannedCall], list[Candidate]]:
    """Which calls a day has room for, ranked, and which are left over.

    What fell due goes in by its deadline: if any way of filling the days keeps every wait within
    its limit, this one does. The rest of the room goes to what is worth most.
    """

    def urgency(pair: tuple[Candidate, float]) -> tuple[date, date, float, int]:
        candidate, score = pair
        return (
            deadline(candidate, week, waiting_days),
            candidate.due_on or date.max,
            -score,
            candidate.customer_id,
        )

    by_urgency = sorted(found, key=urgency)
    room = max(room, 0)
    chosen = sorted(by_urgency[:room], key=lambda pair: (-pair[1], pair[0].customer_id))
    calls = [PlannedCall(candidate, rank, score) for rank, (candidate, score) in enumerate(chosen, 1)]
    return calls, [candidate for candidate, _ in by_urgency[room:]]


def _telemarketers(work: Work, usernames: Sequence[str] | None) -> list[m.Employee]:
    statement = select(m.Employee).where(m.Employee.role == Role.TELEMARKETER, m.Employee.active)
    if usernames is not None:
        statement = statement.where(m.Employee.username.in_(usernames))
    found = list(work.session.scalars(statement.order_by(m.Employee.id)))
    for username in set(usernames or ()) - {employee.username for employee in found}:
        raise UnknownEmployee(username=username)
    return found


def _plans(work: Work, day: date, employee_ids: Iterable[int]) -> Iterable[m.DayPlan]:
    return work.session.scalars(
        select(m.DayPlan).where(m.DayPlan.day == day, m.DayPlan.employee_id.in_(list(employee_ids)))
    )


def _propose(work: Work, day: date, employees: Sequence[m.Employee], ranking: CallRanking) -> list[PlannedDay]:
    moment = moment_of(work, day)
    on_agenda = {} if moment.past else _on_agenda(work, day, employees)
    found = candidates(work, moment, employees)
    scores = scores_of([each for some in found.values() for each in some], day, ranking)
    plans = []
    for employee in employees:
        listed = on_agenda.get(employee.id, _Listed())
        promised = len(listed.promised)
        capacity = employee.capacity if employee.capacity is not None else work.rules.capacity
        works = works_on(employee.working_days, day)
        free = [(each, scores[each.customer_id]) for each in found[employee.id] if each.customer_id not in listed]
        calls, left = choose(
            free if works else [],
            room=capacity - promised - len(listed.done),
            week=employee.working_days,
            waiting_days=work.rules.waiting_days,
        )
        known = {each.customer_id: each for each in found[employee.id] if each.customer_id in listed.promised}
        plans.append(PlannedDay(employee.id, employee.username, day, works, capacity, promised, calls, left, known))
    return plans


@dataclass(frozen=True)
class _Listed:
    """Customers on an agenda already: promised for the day or before, for later, or done on the day."""

    promised: set[int] = field(default_factory=set)
    later: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)

    def __contains__(self, customer_id: int) -> bool:
        return customer_id in self.promised or customer_id in self.later or customer_id in self.done


def _on_agenda(work: Work, day: date, employees: Sequence[m.Employee]) -> dict[int, _Listed]:
    """Who stands on each agenda by hand, by promise or by acceptance, or was dealt with on the day.

    Waiting are only those entrusted to that telemarketer still: of others they see nothing on their
    agenda. What was done took its time, whosever the customer is by now.
    """
    item = AgendaItem
    rows = work.session.execute(
        select(item.employee_id, item.customer_id, item.day, item.done_at)
        .join(m.Customer, m.Customer.id == item.customer_id)
        .where(
            item.employee_id.in_([employee.id for employee in employees]),
            item.deleted_at.is_(None),
            item.dismissed_at.is_(None),
            or_(
                item.done_at >= work.rules.start_of(day),
                and_(
                    item.done_at.is_(None),
                    m.Customer.owner_id == item.employee_id,
                    item.day <= day + timedelta(days=FAR_AHEAD_DAYS),
                    or_(item.proposed.is_(False), item.accepted_at.is_not(None)),
                ),
            ),
        )
    )
    listed: dict[int, _Listed] = {}
    for employee_id, customer_id, on, done_at in rows:
        own = listed.setdefault(employee_id, _Listed())
        group = own.done if done_at is not None else own.promised if on <= day else own.later
        if customer_id is not None:
            group.add(customer_id)
    return listed


def moment_of(work: Work, day: date) -> Moment:
    """What a day is planned from: all that is known now, or of a day that is over, what was known before it."""
    past = day < work.today
    return Moment(day, work.rules.start_of(day) if past else work.now + timedelta.resolution, past)


def scores_of(found: Sequence[Candidate], day: date, ranking: CallRanking = transparent_score) -> dict[int, float]:
    """What a call to each is worth on a day, by customer."""
    if not found:
        return {}
    bought = [each.purchases for each in found]
    frame = pd.DataFrame(
        {
            "customer_id": [each.customer_id for each in found],
            "orders": [each.orders if each else 0 for each in bought],
            "amount": [float(each.amount) if each else 0.0 for each in bought],
            "first_on": _days(each.first_on if each else None for each in bought),
            "last_on": _days(each.last_on if each else None for each in bought),
            "known_since": _days(each.known_since for each in found),
        }
    )
    scores = ranking(checked(frame, CallCandidates), as_of=day)
    return dict(zip(frame["customer_id"], scores.astype(float), strict=True))


def _days(days: Iterable[date | None]) -> pd.Series[Any]:
    return pd.to_datetime(pd.Series(list(days), dtype="object"))


def _waiting() -> list[ColumnElement[bool]]:
    item = AgendaItem
    return [item.done_at.is_(None), item.deleted_at.is_(None), item.dismissed_at.is_(None)]


def _clear(work: Work, day: date, employee_ids: Sequence[int]) -> None:
    """Take back proposals that nobody touched; what they were for is found again."""
    item = AgendaItem
    untouched = select(item.id).where(
        item.employee_id.in_(employee_ids),
        item.proposed,
        item.day <= day,
        item.accepted_at.is_(None),
        *_waiting(),
        ~select(m.Contact.id).where(m.Contact.agenda_item_id == item.id).exists(),
    )
    # Locked before they go: what somebody has in hand at this moment is waited for, and then it is touched.
    for some in slices(work.session.scalars(untouched.order_by(item.id).with_for_update(of=item))):
        work.session.execute(delete(item).where(item.id.in_(some)))


def _record(work: Work, plan: PlannedDay, before: m.DayPlan | None) -> None:
    row = before or m.DayPlan(employee_id=plan.employee_id, day=plan.day)
    row.made_at, row.works, row.capacity = work.now, plan.works, plan.capacity
    row.promised, row.proposed, row.left_over = plan.promised, len(plan.calls), len(plan.left)
    row.oldest_left_on = plan.oldest_left_on
    work.session.add(row)


def _item(work: Work, plan: PlannedDay, call: PlannedCall) -> dict[str, Any]:
    candidate = call.candidate
    return {
        "employee_id": plan.employee_id,
        "customer_id": candidate.customer_id,
        "day": plan.day,
        "kind": candidate.reasons[0].kind,
        "title": candidate.name[:200],
        "proposed": True,
        "created_at": work.now,
        "reasons": [reason.kept for reason in candidate.reasons],
        "due_on": candidate.due_on,
        "rank": call.rank,
        "score": call.score,
    }


def _tell_more(work: Work, day: date, plans: Sequence[PlannedDay]) -> None:
    """Give what stands on the agenda already whatever else speaks for the same call."""
    known = {(plan.employee_id, number): candidate for plan in plans for number, candidate in plan.known.items()}
    for row in _standing(work, day, known):
        assert row.customer_id is not None
        row.reasons = [reason.kept for reason in known[row.employee_id, row.customer_id].reasons]


def _standing(work: Work, day: date, known: Iterable[tuple[int, int]]) -> Iterator[AgendaItem]:
    """What waits on the agendas of these telemarketers for these customers of theirs."""
    item = AgendaItem
    wanted = set(known)
    for some in slices({customer_id for _, customer_id in wanted}):
        rows = work.session.scalars(
            select(item).where(item.customer_id.in_(some), item.day <= day, item.kind != AgendaKind.TASK, *_waiting())
        )
        yield from (row for row in rows if (row.employee_id, row.customer_id) in wanted)
