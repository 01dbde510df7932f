"""Who may see and change which rows, in one place.

Every session of an employee is a `VisibleSession`. Reads are limited by adding criteria to each
mapped class of a statement (aliases, subqueries, CTEs and lazy loads included); writes are checked
before they are flushed; whatever criteria cannot be added to is refused, for managers too, so that
nobody gets used to it.

A telemarketer sees the customers entrusted to them and what hangs on those, their own agenda as far
as it concerns nobody or those, and the news meant for them. Managers and admins see everything.
Log-in secrets are nobody's.

Every model has exactly one entry in `RULES`; a test fails for a model without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, NoReturn, TypeAlias
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Select, and_, bindparam, event, false, inspect, or_, select, true
from sqlalchemy.engine import Connection
from sqlalchemy.orm import InstanceState, ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.attributes import History, get_history
from sqlalchemy.orm.base import PASSIVE_NO_INITIALIZE
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause, TextClause
from sqlalchemy.sql.selectable import AliasedReturnsRows, CompoundSelect, Join, TableClause, TextualSelect

from ecrm_core import models as m
from ecrm_core.errors import CustomerNotVisible, ForeignWrite, UnlimitedRead
from ecrm_core.models.base import Key
from ecrm_core.models.people import Language, Role

Criteria: TypeAlias = ColumnElement[bool]


@dataclass(frozen=True)
class Actor:
    """Who is acting. `employee_id` is none for the system itself, which is never limited."""

    employee_id: int | None
    username: str
    name: str
    role: Role | None
    language: Language = Language.INDONESIAN

    @property
    def is_staff(self) -> bool:
        """Sees everything: managers, admins, the system."""
        return self.role is not Role.TELEMARKETER


SYSTEM = Actor(employee_id=None, username="system", name="system", role=None)


class Side(StrEnum):
    """Whose rows a model holds; decides what a telemarketer reads."""

    EVERYONE = "everyone"
    CUSTOMER = "customer"
    EMPLOYEE = "employee"
    AUDIENCE = "audience"
    STAFF = "staff"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Rule:
    """How one model is read by telemarketers and written by each role.

    `writers` may add, change and delete any row they can see; `own_fields` are what a telemarketer
    may change all the same (own language, stock taken by an order).
    """

    side: Side
    read: Callable[[int], Criteria]
    writers: frozenset[Role]
    own_fields: frozenset[str] = field(default_factory=frozenset)
    own_row: Callable[[int, Any], bool] = lambda me, row: True


ANYONE = frozenset(Role)
STAFF = frozenset({Role.MANAGER, Role.ADMIN})
ADMIN = frozenset({Role.ADMIN})

# Plain tables, on purpose: a mapped class inside a criterion would be given criteria of its own.
_customer = m.Customer.__table__
_entrusted = m.Customer.__table__.alias("entrusted")
_order = m.Order.__table__
_line = m.OrderLine.__table__
_event_audience = m.EventAudience.__table__
_announcement_audience = m.AnnouncementAudience.__table__


def _own_customers(me: int) -> Select[tuple[int]]:
    return select(_customer.c.id).where(_customer.c.owner_id == me)


def _of_customer(model: Any) -> Rule:
    return Rule(Side.CUSTOMER, lambda me: model.customer_id.in_(_own_customers(me)), ANYONE)


def _of_employee(model: Any, column: str = "employee_id") -> Rule:
    return Rule(Side.EMPLOYEE, lambda me: getattr(model, column) == me, ANYONE)


def _agenda_of(me: int) -> Criteria:
    """What somebody has to do, without what concerns a customer who is not entrusted to them any more."""
    item = m.AgendaItem
    mine = select(_entrusted.c.id).where(_entrusted.c.id == item.customer_id, _entrusted.c.owner_id == me)
    # Asked of each item alone: an agenda is short, and own customers are many.
    return and_(item.employee_id == me, or_(item.customer_id.is_(None), mine.exists()))


def _everyone(
    writers: frozenset[Role],
    own_fields: frozenset[str] = frozenset(),
    own_row: Callable[[int, Any], bool] = lambda me, row: True,
) -> Rule:
    return Rule(Side.EVERYONE, lambda me: true(), writers, own_fields, own_row)


def _staff(writers: frozenset[Role]) -> Rule:
    return Rule(Side.STAFF, lambda me: false(), writers)


_NOBODY = Rule(Side.NOBODY, lambda me: false(), frozenset())

RULES: dict[type[m.Base], Rule] = {
    m.Employee: _everyone(ADMIN, frozenset({"language", "appearance"}), lambda me, row: row.id == me),
    m.Credential: _NOBODY,
    m.LoginSession: _NOBODY,
    m.LoginAttempt: _NOBODY,
    m.LoginLink: _NOBODY,
    m.CalendarFeed: _NOBODY,
    m.SavedView: _of_employee(m.SavedView),
    m.CompanySetting: _everyone(ADMIN),
    m.Counter: _everyone(ANYONE),
    m.ImportRun: _staff(ADMIN),
    m.OrderSource: _everyone(ADMIN),
    m.Category: _everyone(ADMIN),
    m.Product: _everyone(ADMIN, frozenset({"stock"})),
    m.PriceChange: _everyone(ADMIN),
    m.Customer: Rule(Side.CUSTOMER, lambda me: m.Customer.owner_id == me, ANYONE),
    m.CustomerSearch: Rule(Side.CUSTOMER, lambda me: m.CustomerSearch.id.in_(_own_customers(me)), frozenset()),
    m.CustomerKey: _of_customer(m.CustomerKey),
    m.CustomerPhone: _of_customer(m.CustomerPhone),
    m.CustomerAddress: _of_customer(m.CustomerAddress),
    m.CustomerNote: _of_customer(m.CustomerNote),
    m.ChangeOffer: _of_customer(m.ChangeOffer),
    m.OwnerChange: _of_customer(m.OwnerChange),
    m.DoNotCall: _of_customer(m.DoNotCall),
    m.Consent: _of_customer(m.Consent),
    m.Interest: _of_customer(m.Interest),
    m.Greeting: _of_customer(m.Greeting),
    m.Order: Rule(
        Side.CUSTOMER,
        lambda me: or_(m.Order.customer_id.in_(_own_customers(me)), m.Order.door_taker_id == me),
        ANYONE,
    ),
    m.OrderStatusChange: Rule(
        Side.CUSTOMER,
        lambda me: m.OrderStatusChange.order_id.in_(
            select(_order.c.id).where(or_(_order.c.customer_id.in_(_own_customers(me)), _order.c.door_taker_id == me))
        ),
        ANYONE,
    ),
    m.OrderDraft: _of_employee(m.OrderDraft),
    m.OrderLine: Rule(
        Side.CUSTOMER,
        lambda me: or_(m.OrderLine.customer_id.in_(_own_customers(me)), m.OrderLine.door_taker_id == me),
        ANYONE,
    ),
    m.LineReturn: _of_customer(m.LineReturn),
    m.FollowUp: _of_customer(m.FollowUp),
    m.Response: _of_customer(m.Response),
    m.Complaint: _of_customer(m.Complaint),
    m.Contact: _of_customer(m.Contact),
    m.AgendaItem: Rule(Side.EMPLOYEE, _agenda_of, ANYONE),
    m.DayPlan: _of_employee(m.DayPlan),
    m.CallDay: _of_employee(m.CallDay),
    m.CallPause: _of_employee(m.CallPause),
    m.TextTemplate: _everyone(ADMIN),
    m.Event: Rule(
        Side.AUDIENCE,
        lambda me: or_(
            m.Event.for_all,
            m.Event.id.in_(select(_event_audience.c.event_id).where(_event_audience.c.employee_id == me)),
        ),
        ADMIN,
    ),
    m.EventAudience: Rule(Side.AUDIENCE, lambda me: m.EventAudience.employee_id == me, ADMIN),
    m.Announcement: Rule(
        Side.AUDIENCE,
        lambda me: or_(
            m.Announcement.for_all,
            m.Announcement.id.in_(
                select(_announcement_audience.c.announcement_id).where(_announcement_audience.c.employee_id == me)
            ),
        ),
        ADMIN,
    ),
    m.AnnouncementAudience: Rule(Side.AUDIENCE, lambda me: m.AnnouncementAudience.employee_id == me, ADMIN),
    m.AnnouncementRead: _of_employee(m.AnnouncementRead),
    # Everybody's gestures are put on record; only staff read them.
    m.AuditRecord: _staff(ANYONE),
    m.Segment: _staff(STAFF),
    m.Campaign: _staff(STAFF),
    m.CampaignMember: _staff(STAFF),
}


class Reach(StrEnum):
    """How far one statement of somebody reads."""

    EVERYTHING = "everything"
    OWN = "own"
    ONE = "one"
    """Of the customer side only what hangs on one customer, found to be the actor's; else as `OWN`."""


# By name, not by value: a statement limited once is limited for every actor and customer.
_ACTOR = bindparam("visible_to", type_=Key)
_ONE = bindparam("visible_of", type_=Key)


@cache
def _limit(model: type[m.Base], reach: Reach) -> ORMOption | None:
    """What a statement over this class carries; none where everything of it may be read."""
    return _option(model, _criterion(model, reach, _ACTOR))


def _option(model: type[m.Base], criterion: Criteria | None) -> ORMOption | None:
    if criterion is None:
        return None
    # Each lazy load passes through here itself, so the criteria need not travel with the rows.
    return with_loader_criteria(model, criterion, include_aliases=True, propagate_to_loaders=False)


def _criterion(model: type[m.Base], reach: Reach, actor: Any) -> Criteria | None:
    rule = RULES[model]
    if rule.side is Side.NOBODY:
        return false()
    if reach is Reach.EVERYTHING or rule.side is Side.EVERYONE:
        return None
    if reach is Reach.ONE and rule.side is Side.CUSTOMER:
        return _hangs_on(model)
    return rule.read(actor)


def _hangs_on(model: Any) -> Criteria:
    """The rows of a customer-side model that belong to one customer."""
    rows: Criteria
    if model in {m.Customer, m.CustomerSearch}:
        rows = model.id == _ONE
    elif model is m.OrderStatusChange:
        rows = model.order_id.in_(select(_order.c.id).where(_order.c.customer_id == _ONE))
    else:
        rows = model.customer_id == _ONE
    return rows


def limited(statement: Any, actor: Actor) -> Any:
    """A statement as this employee may run it, on any engine.

    Raises:
        UnlimitedRead: the statement holds raw SQL or a plain table, or is not over mapped classes.
    """
    if actor.employee_id is None:
        return statement
    reach = Reach.EVERYTHING if actor.is_staff else Reach.OWN
    found = ((model, _criterion(model, reach, actor.employee_id)) for model in models_of(statement))
    return statement.options(*(_option(model, criterion) for model, criterion in found if criterion is not None))


def models_of(statement: Any) -> list[type[m.Base]]:
    """The mapped classes that a statement reads anywhere in it, in a stable order.

    Raises:
        UnlimitedRead: it reads something that criteria cannot be added to.
    """
    if not isinstance(statement, Select | CompoundSelect):
        raise UnlimitedRead(statement=type(statement).__name__)
    if statement._propagate_attrs.get("compile_state_plugin") != "orm":
        raise UnlimitedRead(statement="select over no mapped class")
    # Whatever is not refused below comes from a mapped class, and says from which.
    found: dict[type[m.Base], None] = {}
    for element in visitors.iterate(statement):
        entity = element._annotations.get("parententity")
        if entity is not None:
            found[entity.mapper.class_] = None
        if isinstance(element, TextClause | TextualSelect):
            raise UnlimitedRead(statement="text()")
        if isinstance(element, ColumnClause):
            if element.is_literal and not (element.name == "*" or element.name.isdigit()):
                raise UnlimitedRead(statement="literal_column()")
            _refuse_plain(element, element.table)
        elif isinstance(element, Join):
            _refuse_plain(element.left, element.left)
            _refuse_plain(element.right, element.right)
        elif isinstance(element, Select):
            # Tables that columns imply come through `iterate` as well; only the named ones count.
            for source in (*element._from_obj, *element._raw_columns, *(join[0] for join in element._setup_joins)):
                _refuse_plain(source, source)
            if element._propagate_attrs.get("compile_state_plugin") != "orm" and element.get_final_froms():
                raise UnlimitedRead(statement="select over no mapped class")
    return sorted(found, key=lambda model: model.__name__)


def _refuse_plain(element: Any, source: Any) -> None:
    """Refuse a table, or a column of one, that did not come from a mapped class."""
    if "parententity" in element._annotations:
        return
    while isinstance(source, AliasedReturnsRows):
        source = source.element
    if isinstance(source, TableClause):
        raise UnlimitedRead(statement=f"table {source.name}")


class VisibleSession(Session):
    """A session of one employee: sees what they may see, writes what they may write."""

    actor: Actor

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self._found: dict[int, m.Customer] = {}
        self._by_key: type[m.Base] | None = None

    def get(self, entity: Any, *args: Any, **kwargs: Any) -> Any:
        """As `Session.get`; none for what does not exist and for what is not the actor's."""
        # SQLAlchemy's own statement for this names plain key columns; the criteria are added to it
        # as to any other, only the check for plain columns has to let it pass.
        outer, self._by_key = self._by_key, inspect(entity).mapper.class_
        try:
            return super().get(entity, *args, **kwargs)
        finally:
            self._by_key = outer

    def find(self, customer_id: int) -> None:
        """Make sure of the customer of a statement run with `execution_options={"of_customer": customer_id}`.

        They are looked up once, and held: after that their rows are known by the number alone, rather
        than each by a search among thousands of own customers.

        Raises:
            CustomerNotVisible: missing, or a colleague's.
        """
        if customer_id not in self._found:
            customer = self.get(m.Customer, customer_id)
            if customer is None:
                raise CustomerNotVisible(customer_id=customer_id)
            self._found[customer_id] = customer

    def connection(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UnlimitedRead(statement="Session.connection()")

    def bulk_save_objects(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UnlimitedRead(statement="bulk_save_objects()")

    def bulk_insert_mappings(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UnlimitedRead(statement="bulk_insert_mappings()")

    def bulk_update_mappings(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UnlimitedRead(statement="bulk_update_mappings()")


def driver_connection(session: Session) -> Connection:
    """The connection of any session, for the engine's own housekeeping."""
    return Session.connection(session)


WHOSE = ("id", "customer_id", "order_id", "employee_id", "owner_id", "announcement_id")
"""The fields that tell whose a row is."""

_limited: WeakKeyDictionary[Any, dict[Reach, Any]] = WeakKeyDictionary()
"""Statements that were looked through once, as they may be run: none ever changes, and those made once for
all are asked often. Limiting them anew would cost more than running them."""


@event.listens_for(VisibleSession, "do_orm_execute")
def _limit_reads(state: ORMExecuteState) -> None:
    session = state.session
    assert isinstance(session, VisibleSession)
    if state.is_column_load:
        return  # refreshes a row that this session was already allowed to load
    if not state.is_select:
        raise UnlimitedRead(statement=type(state.statement).__name__)
    one = state.execution_options.get("of_customer")
    if one is not None:
        session.find(one)
    reach = Reach.EVERYTHING if session.actor.is_staff else Reach.OWN if one is None else Reach.ONE
    if session._by_key is not None:
        limited_statement = _with_limits(state.statement, [session._by_key], reach)
    elif state.is_relationship_load:
        limited_statement = _with_limits(state.statement, RULES, reach)
    else:
        known = _limited.setdefault(state.statement, {})
        if reach not in known:
            known[reach] = _with_limits(state.statement, models_of(state.statement), reach)
        limited_statement = known[reach]
    if limited_statement is None:
        return
    state.statement = limited_statement
    assert not isinstance(state.parameters, Sequence)
    state.parameters = {**(state.parameters or {}), _ACTOR.key: session.actor.employee_id, _ONE.key: one}


def _with_limits(statement: Any, models: Iterable[type[m.Base]], reach: Reach) -> Any | None:
    """The statement with what limits it; none where nothing does: one as it was is recognised sooner."""
    limits = [limit for model in models if (limit := _limit(model, reach)) is not None]
    return statement.options(*limits) if limits else None


@event.listens_for(VisibleSession, "before_flush")
def _refuse_foreign_writes(session: Session, *_: Any) -> None:
    assert isinstance(session, VisibleSession)
    with session.no_autoflush:
        for row in session.new:
            _check_write(session, row, None)
        for row in session.deleted:
            _check_write(session, row, None)
        for row in session.dirty:
            if session.actor.is_staff and session.actor.role in RULES[type(row)].writers:
                continue  # what changed makes no difference, and finding out takes time
            state: InstanceState[Any] = inspect(row)
            changed = {
                name for name in state.committed_state if get_history(row, name, PASSIVE_NO_INITIALIZE).has_changes()
            }
            if changed:
                _check_write(session, row, changed)


def _check_write(session: VisibleSession, row: Any, changed: set[str] | None) -> None:
    """Refuse a write the actor has no right to; `changed` is none for new and deleted rows."""
    actor, rule = session.actor, RULES[type(row)]
    if actor.role not in rule.writers:
        mine = actor.employee_id is not None and rule.own_row(actor.employee_id, row)
        if not (mine and changed and changed <= rule.own_fields):
            raise ForeignWrite(table=row.__tablename__)
        return
    if actor.is_staff:
        return
    me = actor.employee_id
    if rule.side is Side.CUSTOMER:
        _check_customer(session, row, changed)
    elif rule.side is Side.EMPLOYEE:
        if {*_before(row, "employee_id"), row.employee_id} != {me}:
            raise ForeignWrite(table=row.__tablename__)
        if getattr(row, "customer_id", None) is not None:
            _check_customer(session, row, changed)
        if isinstance(row, m.AnnouncementRead) and session.get(m.Announcement, row.announcement_id) is None:
            raise ForeignWrite(table=row.__tablename__)


def check_new_rows(session: Session, model: type[m.Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuse rows that the actor has no right to add, exactly as a flush would.

    Raises:
        ForeignWrite: one of them is not the actor's to add.
    """
    if not isinstance(session, VisibleSession):
        return
    if session.actor.is_staff and session.actor.role in RULES[model].writers:
        return  # whosever they are
    told = [name for name in WHOSE if name in rows[0]]
    with session.no_autoflush:
        for values in dict.fromkeys(tuple(row[name] for name in told) for row in rows):
            _check_write(session, model(**dict(zip(told, values, strict=True))), None)


def _check_customer(session: VisibleSession, row: Any, changed: set[str] | None) -> None:
    me = session.actor.employee_id
    if isinstance(row, m.Customer):
        if {*_before(row, "owner_id"), row.owner_id} != {me}:
            raise ForeignWrite(table=row.__tablename__)
        return
    if isinstance(row, m.OrderStatusChange):
        order = session.get(m.Order, row.order_id)
        customers = {order.customer_id if order else None}
    else:
        customers = {*_before(row, "customer_id"), row.customer_id}
    for customer_id in customers:
        if customer_id is None or not _sees_customer(session, customer_id):
            raise ForeignWrite(table=row.__tablename__)


def _sees_customer(session: VisibleSession, customer_id: int) -> bool:
    # What `get` does for somebody who is held already, without its ceremony: asked for each row that is written.
    held = session.identity_map.get((m.Customer, (customer_id,), None))
    if held is not None and not inspect(held).expired:
        return True
    return session.get(m.Customer, customer_id) is not None


def _before(row: Any, name: str) -> list[Any]:
    """What a column held before this change, where it changed."""
    state: InstanceState[Any] = inspect(row)
    return list(_history(row, name).deleted or ()) if state.has_identity else []


def _history(row: Any, name: str) -> History:
    """How a field differs from what was loaded; loads nothing itself."""
    return get_history(row, name, PASSIVE_NO_INITIALIZE)
