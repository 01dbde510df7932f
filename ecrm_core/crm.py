"""The front door: an engine, a clock, and one `Work` per gesture.

    with ecrm_core.connect().work("siti") as work:
        ...

A `Work` is one transaction, by one employee, at one instant. It commits when the block ends and
rolls back when the block raises.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Engine, Table, bindparam, create_engine, event, func, insert, inspect, select
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import ORMExecuteState, Session

from ecrm_core import models as m
from ecrm_core.errors import DatabaseProblem, NotAllowed, UnknownEmployee
from ecrm_core.migrations import prepare
from ecrm_core.models.people import Role
from ecrm_core.rules import CompanyRules, company_rules
from ecrm_core.settings import Installation
from ecrm_core.visibility import SYSTEM, Actor, VisibleSession, check_new_rows, driver_connection

Clock: TypeAlias = Callable[[], datetime]

BUSY_SECONDS = 15
FEW = 5
"""New rows of one kind that are written one by one all the same."""

# Columns, not an object in a session of its own: every gesture of everybody begins here.
_ACTOR = select(m.Employee.id, m.Employee.username, m.Employee.name, m.Employee.role, m.Employee.language).where(
    m.Employee.username == bindparam("username"), m.Employee.active
)
_SETTINGS = (
    select(m.CompanySetting.name, m.CompanySetting.value)
    .where(m.CompanySetting.valid_from <= bindparam("day"))
    .order_by(m.CompanySetting.valid_from)
)


def system_clock() -> datetime:
    """The one place where the machine's clock is read."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Work:
    """One transaction, by one employee, at one instant."""

    session: Session
    actor: Actor
    now: datetime
    crm: Crm = field(repr=False)

    @cached_property
    def rules(self) -> CompanyRules:
        """The company's rules in force today."""
        return self.rules_on(self.now.date())

    @cached_property
    def today(self) -> date:
        """The company's business date at this instant."""
        return self.rules.business_date(self.now)

    @cached_property
    def employee_id(self) -> int:
        """The acting employee.

        Raises:
            NotAllowed: the system itself is acting, and this needs a person.
        """
        if self.actor.employee_id is None:
            raise NotAllowed(what="employee_needed")
        return self.actor.employee_id

    def rules_on(self, day: date) -> CompanyRules:
        """The company's rules in force on a day."""
        rows = self.session.execute(_SETTINGS, {"day": day})
        return company_rules({row.name: row.value for row in rows})

    def require(self, *roles: Role) -> None:
        """Refuse unless the actor has one of these roles; the system may do anything.

        Raises:
            NotAllowed: with the roles that may.
        """
        if self.actor.role is not None and self.actor.role not in roles:
            raise NotAllowed(what="role", roles=[str(role) for role in roles])


class Crm:
    """A company's database and its clock."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock

    @contextmanager
    def work(self, username: str) -> Iterator[Work]:
        """A transaction of an employee, limited to what they may see and do.

        Raises:
            UnknownEmployee: no active employee has this name.
        """
        with self._session(self._actor(username)) as work:
            yield work

    @contextmanager
    def system(self, reason: str, *, within: Work | None = None) -> Iterator[Work]:
        """A transaction of the system itself, limited by nothing: importing, log-in, refresh.

        Args:
            reason: why; a test keeps the list of callers, and no page is among them.
            within: a running work whose transaction this is a part of. Whoever holds a connection
                and waits for a second one can wait for ever once many do. It writes only where that
                work has written before, and is rolled back with it.
        """
        if within is None:
            with self._session(SYSTEM) as work:
                work.session.info["reason"] = reason
                yield work
            return
        connection = driver_connection(within.session)
        with Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only") as session:
            session.info["reason"] = reason
            if within.session.info.get("writing"):
                session.info["writing"] = True  # the one lock is held already, for both
            yield Work(session, SYSTEM, within.now, self)

    def _actor(self, username: str) -> Actor:
        try:
            with self.engine.begin() as connection:
                found = connection.execute(_ACTOR, {"username": username}).first()
        except DBAPIError as error:
            raise translated(error) from error
        if found is None:
            raise UnknownEmployee(username=username)
        return Actor(*found)

    @contextmanager
    def _session(self, actor: Actor) -> Iterator[Work]:
        session = (
            Session(self.engine, expire_on_commit=False)
            if actor.employee_id is None
            else VisibleSession(self.engine, expire_on_commit=False, actor=actor)
        )
        try:
            with session, session.begin():
                yield Work(session, actor, self.clock(), self)
        except DBAPIError as error:
            raise translated(error) from error

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def connect(database_url: str | None = None, *, clock: Clock = system_clock) -> Crm:
    """Open the company's database; an empty one is given its tables first.

    Args:
        database_url: SQLAlchemy address; none means `ECRM_DATABASE_URL`, and without that an
            embedded database in the user's data folder.
        clock: what time it is, aware; tests and the demo bring their own.

    Raises:
        DatabaseProblem: not reachable, damaged, or of another version of this program.
    """
    engine = make_engine(database_url or Installation().database_url)
    try:
        prepare(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        raise translated(error) from error
    return Crm(engine, clock)


def make_engine(database_url: str) -> Engine:
    """An engine set up the way every part of the program expects it.

    Raises:
        DatabaseProblem: the address cannot be read, or names a database that is not supported.
    """
    try:
        url = make_url(database_url)
    except ArgumentError as error:
        raise DatabaseProblem("address") from error
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    if url.get_backend_name() == "postgresql":
        # "postgresql://" alone means the driver that is installed with us.
        return create_engine(
            url.set(drivername="postgresql+psycopg"), pool_size=10, max_overflow=20, pool_pre_ping=True
        )
    raise DatabaseProblem("backend", backend=url.get_backend_name())


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        folder = Path(url.database).expanduser().absolute().parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseProblem("folder", detail=str(folder)) from error
    try:
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_size=10, max_overflow=30)
    except (TypeError, NoSuchModuleError):
        engine = create_engine(url)  # in memory: one connection, no pool to size

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours, below
        for pragma in (
            "journal_mode=WAL",
            "foreign_keys=ON",
            "synchronous=FULL",
            "cache_size=-16000",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


@event.listens_for(Session, "do_orm_execute")
def _lock_when_asked(state: ORMExecuteState) -> None:
    """`with_for_update()` locks on SQLite too: there it takes the one write lock."""
    if getattr(state.statement, "_for_update_arg", None) is not None or not state.is_select:
        start_writing(state.session)


@event.listens_for(Session, "before_flush")
def _lock_before_writing(session: Session, *_: Any) -> None:
    if session.new or session.dirty or session.deleted:
        start_writing(session)
    if len(session.new) >= FEW and session.get_bind().dialect.name == "sqlite":
        _number(session)


def _number(session: Session) -> None:
    """Give many new rows the numbers that SQLite would give them.

    Without them SQLAlchemy writes one row at a time to learn each number; with them, all at once.
    Nobody else can take them: the one write lock is held.
    """
    unnumbered: dict[Table, list[Any]] = {}
    for row in session.new:
        table = row.__table__
        if table.autoincrement_column is not None and row.id is None:
            unnumbered.setdefault(table, []).append(row)
    for table, rows in unnumbered.items():
        if len(rows) >= FEW:
            last = driver_connection(session).scalar(select(func.max(table.c.id))) or 0
            for number, row in enumerate(sorted(rows, key=lambda row: inspect(row).insert_order), start=last + 1):
                row.id = number


def start_writing(session: Session) -> None:
    """Take SQLite's write lock before the first write of a transaction; nothing elsewhere.

    A transaction that began by reading cannot become a writer once somebody else has written: it
    fails at once, however long the timeout. So the reading one ends here and a writing one begins,
    which waits its turn. What was read before may have changed since, exactly as under
    PostgreSQL's READ COMMITTED: read with `with_for_update()` what a decision rests on.
    """
    if session.get_bind().dialect.name != "sqlite" or session.info.get("writing"):
        return
    connection = driver_connection(session)
    connection.exec_driver_sql("COMMIT")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError:
        connection.exec_driver_sql("BEGIN")  # so that the rollback that follows finds a transaction
        raise
    session.info["writing"] = True


def insert_rows(session: Session, model: type[m.Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write many new rows of one kind at once, for those that nobody needs as objects afterwards.

    They are checked like any others. Objects that wait to be written go first, so that rows may hang on them.

    Args:
        rows: all with the same fields; what is left out takes its default.

    Raises:
        ForeignWrite: one of them is not the actor's to add; none is written.
    """
    session.flush()
    if not rows:
        return
    check_new_rows(session, model, rows)
    start_writing(session)
    table = model.__table__
    assert isinstance(table, Table)
    driver_connection(session).execute(insert(table), rows)


def see_anew(session: Session) -> None:
    """Let a transaction that only reads see what was committed since it began, as PostgreSQL does by itself."""
    if session.get_bind().dialect.name != "sqlite" or session.info.get("writing"):
        return
    connection = driver_connection(session)
    connection.exec_driver_sql("COMMIT")
    connection.exec_driver_sql("BEGIN")


@event.listens_for(Session, "after_transaction_end")
def _writing_is_over(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop("writing", None)


def translated(error: SQLAlchemyError | sqlite3.Error) -> DatabaseProblem:
    """A driver's complaint in our own words; the driver's stay in `detail`."""
    text = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    lowered = text.lower()
    if "locked" in lowered or "busy" in lowered:
        reason = "locked"
    elif "not a database" in lowered or "malformed" in lowered:
        reason = "damaged"
    elif "full" in lowered or "no space" in lowered:
        reason = "disk_full"
    elif "readonly" in lowered or "read-only" in lowered:
        reason = "read_only"
    elif isinstance(error, OperationalError | sqlite3.OperationalError):
        reason = "unreachable"
    else:
        reason = "refused"
    return DatabaseProblem(reason, detail=text)
