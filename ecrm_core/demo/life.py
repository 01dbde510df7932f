"""The life of the demo company: selling, calling and shipping, through the real services.

Eight weeks of one telemarketer are one `Work`, in which the clock moves from gesture to gesture.
Whatever has to be remembered from one to the next is read from the database, so a company that was
put away is played on from where it was.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import TypeAlias

from sqlalchemy import func, select

from ecrm_core import models as m
from ecrm_core.crm import Crm, Work
from ecrm_core.demo import words
from ecrm_core.demo.catalogue import SPOTS, WARES
from ecrm_core.demo.founding import ware_code
from ecrm_core.demo.market import Growth, Shopper, chance_of, pick, quality
from ecrm_core.demo.people import make_person
from ecrm_core.demo.season import SATURDAY, days, season
from ecrm_core.demo.staff import ADMIN, MANAGERS, TELEMARKETERS, Colleague
from ecrm_core.errors import DoNotCallRefused
from ecrm_core.models import AgendaKind, ComplaintState, FollowUpState, OrderChannel, OrderStatus, PaymentMethod
from ecrm_core.rules import birthday_in
from ecrm_core.services.agenda import delete_agenda_item, tick_agenda_item
from ecrm_core.services.complaints import solve_complaint
from ecrm_core.services.contacts import record_contact
from ecrm_core.services.customers import CustomerForm, add_customers, add_interest, add_note
from ecrm_core.services.followups import record_response
from ecrm_core.services.greetings import greet_customer
from ecrm_core.services.orders import LineForm, OrderForm, change_order_statuses, return_pieces, take_orders
from ecrm_core.services.products import change_product

Progress: TypeAlias = Callable[[float], None]

UNOWNED = 0.01
"""Share of newcomers whom nobody looks after yet: they left their number on the web site."""
BUYS_AT_ONCE = 0.86
GREETED_YEARS = 0.6
"""For how long birthdays have been greeted."""
PERIOD_DAYS = 56
"""How much of a telemarketer's life is one transaction."""
PARCEL_DAYS = {1, 4}
"""Weekdays on which the warehouse works off its list: Tuesday, Friday."""
LAST_WAREHOUSE_DAY = 45
RESTOCK_BELOW = 60

OUTCOMES = (
    ("reached", 620),
    ("no_answer", 200),
    ("busy", 60),
    ("call_back", 65),
    ("not_interested", 40),
    ("wrong_number", 10),
    ("do_not_call", 5),
)


SHARES = [(spot.name, spot.share) for spot in SPOTS]
STEPS = (
    OrderStatus.PAID,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
    OrderStatus.CANCELLED,
    OrderStatus.RETURNED,
)
REASONS = {OrderStatus.CANCELLED: words.CANCELLATIONS, OrderStatus.RETURNED: words.RETURNS}


class MovingClock:
    """A clock that is put forward by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Newcomer:
    """Somebody who turns up; whoever does not buy at once is a prospect."""

    number: int
    at: datetime
    buys: bool


def moved(work: Work, instant: datetime) -> Work:
    """The same transaction at another instant."""
    later = replace(work, now=instant)
    vars(later)["rules"] = work.rules  # they do not change meanwhile, and need not be asked for again
    return later


class Life:
    """A demo company being played.

    Args:
        clock: the clock `crm` was opened with.
        size: customers after three years.
    """

    def __init__(self, crm: Crm, clock: MovingClock, *, size: int) -> None:
        self.crm, self.clock = crm, clock
        with crm.work(MANAGERS[0].username) as work:
            self.zone = work.rules.timezone
            opened = work.session.scalar(select(func.min(m.Employee.created_at)))
            assert opened is not None
            self.growth = Growth(size, work.rules.business_date(opened))
            self.products = dict(work.session.execute(select(m.Product.code, m.Product.id)).all())
            self.spots = dict(work.session.execute(select(m.OrderSource.name, m.OrderSource.id)).all())
            self.shoppers: dict[int, Shopper] = {}
            self.ware_of = {self.products[ware_code(number)]: number for number in range(len(WARES))}
            self._remember(work)

    def _remember(self, work: Work) -> None:
        """The customers as they were left."""
        owner = select(m.Employee.username).where(m.Employee.id == m.Customer.owner_id).scalar_subquery()
        reached = (
            select(func.max(m.Contact.at))
            .where(m.Contact.customer_id == m.Customer.id, m.Contact.outcome == m.Outcome.REACHED)
            .scalar_subquery()
        )
        for row in work.session.execute(
            select(m.Customer.id, m.Customer.code, m.Customer.created_at, owner, reached).order_by(m.Customer.id)
        ):
            shopper = Shopper(row[0], row[3] or "", row[1], work.rules.business_date(row[2]))
            shopper.reached_on = work.rules.business_date(row[4]) if row[4] else None
            self.shoppers[shopper.id] = shopper
        for line in work.session.execute(
            select(m.OrderLine.customer_id, m.OrderLine.product_id).order_by(m.OrderLine.id)
        ):
            if line.product_id in self.ware_of:
                self.shoppers[line.customer_id].bought.append(self.ware_of[line.product_id])

    def play(self, first: date, last: date, progress: Progress | None = None) -> None:
        """Live from one day to another, both included."""
        day = first
        while day <= last:
            end = min(day + timedelta(days=PERIOD_DAYS - 1), last)
            self._live(days(day, end))
            day = end + timedelta(days=1)
            if progress is not None:
                progress((day - first).days / ((last - first).days + 1))

    def _live(self, period: list[date]) -> None:
        self.clock.now = self.instant(period[-1], time(23, 30))
        chance = chance_of("period", period[0])
        newcomers = self._newcomers(period, chance)
        returning = self._returning(period, chance)
        for colleague in TELEMARKETERS:
            with self.crm.work(colleague.username) as work:
                desk = Desk(self, work, colleague, period)
                desk.take_orders(newcomers[colleague.username], returning[colleague.username])
                desk.call_back()
                desk.follow_up()
                desk.call_back()  # what was promised just now may be due before the period ends
                desk.greet()
                desk.tidy_up()
        with self.crm.work(MANAGERS[0].username) as work:
            self.welcome(work, newcomers[""], owner="")
            for day in period:
                if day.weekday() in PARCEL_DAYS:
                    self._send_parcels(work, day)
        if any(day.day == 1 for day in period):
            with self.crm.work(ADMIN.username) as work:
                self._restock(work, new_prices=any((day.month, day.day) == (1, 1) for day in period))

    def _returning(self, period: list[date], chance: Random) -> dict[str, list[tuple[datetime, Shopper]]]:
        """Who orders again and when, by whom they call."""
        found: dict[str, list[tuple[datetime, Shopper]]] = defaultdict(list)
        for start in range(0, len(period), 7):
            week = period[start : start + 7]
            mood = sum(season(day) for day in week) / len(week)
            for shopper in self.shoppers.values():
                if shopper.comes_back(week[0], week[-1], mood, chance):
                    found[shopper.owner].append((self.some_time(chance.choice(week), chance), shopper))
        return found

    def _newcomers(self, period: list[date], chance: Random) -> dict[str, list[Newcomer]]:
        """Who turns up, by whom they meet; those of the old book on the very first day."""
        found: dict[str, list[Newcomer]] = defaultdict(list)
        for day in period:
            for number in range(self.growth.until(day - timedelta(days=1)), self.growth.until(day)):
                from_the_book = number < self.growth.old
                at = self.instant(day, time(9)) if from_the_book else self.some_time(day, chance)
                unowned = not from_the_book and chance.random() < UNOWNED
                owner = "" if unowned else TELEMARKETERS[chance.randrange(len(TELEMARKETERS))].username
                buys = not from_the_book and chance.random() < BUYS_AT_ONCE
                found[owner].append(Newcomer(number, at, buys))
        return found

    def welcome(self, work: Work, newcomers: Sequence[Newcomer], *, owner: str) -> list[Shopper]:
        """Enter newcomers."""
        people = [make_person(chance_of("person", newcomer.number)) for newcomer in newcomers]
        forms = [
            CustomerForm(**vars(person), met_at=newcomer.at) for person, newcomer in zip(people, newcomers, strict=True)
        ]
        shoppers = [
            Shopper(card.id, owner, card.code, work.rules.business_date(newcomer.at))
            for card, newcomer in zip(add_customers(work, forms), newcomers, strict=True)
        ]
        self.shoppers.update((shopper.id, shopper) for shopper in shoppers)
        return shoppers

    def order_form(self, shopper: Shopper, at: datetime, chance: Random, *, spot: str | None) -> OrderForm:
        """What a customer orders."""
        lines = []
        for ware in shopper.choose(chance):
            quantity = chance.choices((1, 2, 3), (84, 12, 4))[0]
            # Whoever takes several gets something off.
            off = Decimal(WARES[ware].thousands * 100 * (quantity - 1))
            lines.append(LineForm(self.products[ware_code(ware)], quantity, discount=off))
            shopper.bought.append(ware)
        channel = pick(chance, (("phone", 88), ("web", 8), ("store", 4)))
        return OrderForm(
            shopper.id,
            lines,
            intention=f"demo-{shopper.code}-{at:%Y%m%d%H%M%S}",
            channel=OrderChannel(channel),
            ordered_at=at,
            shipping_cost=Decimal(0 if channel == "store" else chance.choice((0, 9, 12, 15, 18, 25)) * 1000),
            payment_method=PaymentMethod(pick(chance, (("cod", 55), ("transfer", 37), ("card", 8)))),
            heard_from_id=self.spots.get(spot) if spot else None,
        )

    def _send_parcels(self, work: Work, day: date) -> None:
        """Move orders along by what has come in, gone out and come back."""
        at = moved(work, self.instant(day, time(16)))
        order = m.Order
        recent = select(order.id, order.number, order.status, order.payment_method, order.ordered_at).where(
            order.ordered_at >= self.instant(day - timedelta(days=LAST_WAREHOUSE_DAY), time()),
            order.ordered_at < at.now,
            order.status.in_((OrderStatus.NEW, OrderStatus.PAID, OrderStatus.SHIPPED)),
        )
        standing = {}
        fates = {}
        for row in work.session.execute(recent.order_by(order.id)):
            standing[row.id] = row.status
            fates[row.id] = _fate(row.number, row.payment_method, work.rules.business_date(row.ordered_at))
        for status in STEPS:
            due = [
                order_id
                for order_id, fate in fates.items()
                if _next_step(standing[order_id], fate) is status and fate[status] <= day
            ]
            if due:
                reason = chance_of("reason", day).choice(REASONS[status]) if status in REASONS else None
                change_order_statuses(at, due, status, reason=reason)
                standing.update(dict.fromkeys(due, status))
        self._take_back(at, day)

    def _take_back(self, work: Work, day: date) -> None:
        """Single pieces that customers send back, two weeks after they ordered."""
        line = m.OrderLine
        window = select(line.id, line.order_id, line.product_id).join(m.Order, m.Order.id == line.order_id)
        candidates = window.where(
            m.Order.status == OrderStatus.DELIVERED,
            line.ordered_at >= self.instant(day - timedelta(days=15), time()),
            line.ordered_at < self.instant(day - timedelta(days=12), time()),
            line.returned_quantity == 0,
        )
        for row in work.session.execute(candidates.order_by(line.id)).all():
            chance = chance_of("back", row.order_id, row.product_id)
            if chance.random() < 0.025:
                return_pieces(work, row.id, 1, reason=chance.choice(words.RETURNS))

    def _restock(self, work: Work, *, new_prices: bool) -> None:
        """Once a month what has run low comes in; once a year a third of the prices go up."""
        for product in list(work.session.scalars(select(m.Product).order_by(m.Product.id))):
            low = product.stock is not None and product.stock < RESTOCK_BELOW
            dearer = new_prices and chance_of("price", product.code, work.today.year).random() < 1 / 3
            if low or dearer:
                raised = (product.price * Decimal("1.06") / 1000).to_integral_value() * 1000
                change_product(
                    work,
                    product.id,
                    name=product.name,
                    price=raised if dearer else product.price,
                    category_id=product.category_id,
                    stock=(product.stock or 0) + 400 if low else product.stock,
                    follow_up_months=product.follow_up_months,
                    active=product.active,
                )

    def some_time(self, day: date, chance: Random) -> datetime:
        """An instant at which somebody calls: mornings and early evenings most."""
        hour = chance.choices(range(8, 21), (5, 9, 12, 12, 8, 7, 7, 7, 6, 6, 7, 9, 6))[0]
        return self.instant(day, time(hour, chance.randrange(60), chance.randrange(60)))

    def instant(self, day: date, at: time) -> datetime:
        """The instant of a company day and time."""
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def _fate(number: str, payment: PaymentMethod | None, day: date) -> dict[OrderStatus, date]:
    """What becomes of an order of a day and when, first things first: its number tells from the start."""
    chance = chance_of("fate", number)
    luck = chance.random()
    if payment is PaymentMethod.COD:
        if luck < 0.04:
            return {OrderStatus.CANCELLED: day + timedelta(days=1)}
        end = {OrderStatus.RETURNED: 9} if luck < 0.09 else {OrderStatus.DELIVERED: chance.randint(4, 6)}
        steps = {OrderStatus.SHIPPED: 1, **end}
    elif luck < 0.06:
        steps = {OrderStatus.CANCELLED: 4}
    else:
        steps = {OrderStatus.PAID: chance.randint(0, 1), OrderStatus.SHIPPED: 2, OrderStatus.DELIVERED: 6}
    return {status: day + timedelta(days=later) for status, later in steps.items()}


def _next_step(status: OrderStatus, fate: dict[OrderStatus, date]) -> OrderStatus | None:
    """What comes after a status; none at the end, and where somebody has moved the order another way."""
    steps = [OrderStatus.NEW, *fate]
    place = steps.index(status) + 1 if status in steps else len(steps)
    return steps[place] if place < len(steps) else None


class Desk:
    """Some weeks of one telemarketer."""

    def __init__(self, life: Life, work: Work, colleague: Colleague, period: list[date]) -> None:
        self.life, self.work, self.colleague, self.period = life, work, colleague, period
        self.first, self.last = period[0], period[-1]
        self.chance = chance_of("desk", colleague.username, self.first)
        # Held, so that every later look at one of them is answered from memory.
        self.customers = {row.id: row for row in work.session.scalars(select(m.Customer).order_by(m.Customer.id))}

    def take_orders(self, newcomers: Sequence[Newcomer], returning: Sequence[tuple[datetime, Shopper]]) -> None:
        """Enter newcomers, and take everybody's orders."""
        forms = []
        shoppers = self.life.welcome(self.work, newcomers, owner=self.colleague.username)
        for shopper, newcomer in zip(shoppers, newcomers, strict=True):
            if newcomer.buys:
                spot = pick(self.chance, SHARES)
                forms.append(self.life.order_form(shopper, newcomer.at, self.chance, spot=spot))
        for at, shopper in returning:
            told = pick(self.chance, SHARES) if self.chance.random() < 0.5 else None
            forms.append(self.life.order_form(shopper, at, self.chance, spot=told))
        take_orders(self.work, sorted(forms, key=lambda form: (form.ordered_at, form.customer_id)))

    def call_back(self) -> None:
        """Keep the promises that fall due."""
        item = m.AgendaItem
        promised = select(item).where(
            item.kind == AgendaKind.CALL_BACK,
            item.employee_id == self.work.employee_id,
            item.day <= self.last,
            item.done_at.is_(None),
            item.deleted_at.is_(None),
        )
        for promise in list(self.work.session.scalars(promised.order_by(item.day, item.id))):
            at = self.life.instant(max(promise.day, self.first), promise.at or time(10))
            if promise.customer_id is not None:
                outcome = pick(self.chance, (("reached", 7), ("no_answer", 2), ("not_interested", 1)))
                if not self._call(promise.customer_id, at, outcome, agenda_item_id=promise.id):
                    delete_agenda_item(moved(self.work, at), promise.id)

    def follow_up(self) -> None:
        """Ask how products do: ever more so, as the company learns what it is worth."""
        founded = self.life.growth.founded
        grown = min((self.last - founded).days / 1096, 1.0)
        effort = min((0.10 + 0.45 * grown**1.5) * self.colleague.diligence, 0.9)
        owed = (
            select(m.FollowUp, m.OrderLine)
            .join(m.OrderLine, m.OrderLine.id == m.FollowUp.line_id)
            .where(
                m.FollowUp.state == FollowUpState.OPEN,
                m.FollowUp.due_on <= self.last,
                m.FollowUp.expires_on >= self.last,
            )
            .order_by(m.FollowUp.due_on, m.FollowUp.line_id)
        )
        all_workdays = [day for day in self.period if day.weekday() < SATURDAY]
        for follow_up, line in self.work.session.execute(owed).all():
            fresh = follow_up.due_on >= self.first
            workdays = all_workdays[bisect_left(all_workdays, follow_up.due_on) :]
            still_open = follow_up.state is FollowUpState.OPEN  # an earlier call may have closed it
            if still_open and workdays and self.chance.random() < effort * (0.7 if fresh else 0.01 * len(self.period)):
                at = self.life.some_time(self.chance.choice(workdays), self.chance)
                outcome = pick(self.chance, OUTCOMES)
                if self._call(line.customer_id, at, outcome) and outcome == "reached":
                    self._ask(line, at + timedelta(minutes=4))

    def greet(self) -> None:
        """Wish a happy birthday; at weekends nobody is here to."""
        if self.last < self._greeting_since():
            return
        for customer in self.customers.values():
            if customer.birthday is None or customer.do_not_call_at is not None:
                continue
            on = birthday_in(self.last.year, *customer.birthday)
            if not self.first <= on <= self.last or on.weekday() >= SATURDAY or self.chance.random() > 0.6:
                continue
            at = moved(self.work, self.life.instant(on, time(9, self.chance.randrange(60))))
            try:
                greet_customer(at, customer.id, channel=self.chance.choice(("whatsapp", "phone")), birthday_on=on)
            except DoNotCallRefused:
                continue

    def tidy_up(self) -> None:
        """Tick off tasks and answer complaints; a few stay."""
        item, complaint = m.AgendaItem, m.Complaint
        tasks = select(item).where(
            item.employee_id == self.work.employee_id,
            item.kind != AgendaKind.CALL_BACK,
            item.rank.is_(None),  # calls that were planned and not made are planned anew
            item.day <= self.last,
            item.done_at.is_(None),
            item.deleted_at.is_(None),
        )
        for task in list(self.work.session.scalars(tasks.order_by(item.id))):
            if self.chance.random() < 0.97:
                tick_agenda_item(moved(self.work, self.life.instant(max(task.day, self.first), time(16))), task.id)
        waiting = select(complaint).where(complaint.state == ComplaintState.OPEN, complaint.due_on <= self.last)
        for row in list(self.work.session.scalars(waiting.order_by(complaint.id))):
            if self.chance.random() < 0.85:
                at = moved(self.work, self.life.instant(max(row.due_on, self.first), time(15)))
                solve_complaint(at, row.id, solution=self.chance.choice(words.SOLUTIONS))

    def _greeting_since(self) -> date:
        return self.life.growth.founded + timedelta(days=round((3 - GREETED_YEARS) * 365))

    def _call(self, customer_id: int, at: datetime, outcome: str, *, agenda_item_id: int | None = None) -> bool:
        """Call a customer; false where that is refused."""
        later = self.work.rules.business_date(at) + timedelta(days=self.chance.randint(1, 4))
        slot = time(self.chance.randint(9, 17), self.chance.choice((0, 15, 30)))
        try:
            record_contact(
                moved(self.work, at),
                customer_id,
                channel="whatsapp" if self.chance.random() < 0.2 else "phone",
                outcome=outcome,
                note=self.chance.choice(words.CALL_NOTES) if outcome == "call_back" else None,
                call_back_at=self.life.instant(later, slot) if outcome == "call_back" else None,
                agenda_item_id=agenda_item_id,
            )
        except DoNotCallRefused:
            return False
        if outcome == "reached":
            self.life.shoppers[customer_id].reached_on = self.work.rules.business_date(at)
        return True

    def _ask(self, line: m.OrderLine, at: datetime) -> None:
        """What the customer says of the product, and in passing."""
        chance, work = self.chance, moved(self.work, at)
        rating = min(max(round(chance.gauss(quality(self.life.ware_of[line.product_id]), 0.9)), 1), 5)
        text = chance.choice(words.RESPONSES[rating]) if chance.random() < 0.6 else None
        record_response(work, line.id, rating=rating, text=text)
        if chance.random() < 0.12:
            other = chance.choice(list(self.life.products.values()))
            add_interest(work, line.customer_id, product_id=other)
        if chance.random() < 0.06:
            add_note(work, line.customer_id, chance.choice(words.NOTES))
