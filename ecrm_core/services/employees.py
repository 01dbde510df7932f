"""Employees come, change their password and language, and leave.

Log-in secrets are nobody's to read, an admin's neither, so what touches them is written in a
transaction of the system, once the acting employee's right to it has been checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import AlreadyExists, InvalidValue, UnknownEmployee
from ecrm_core.models import Appearance, Credential, Employee, Language, LoginSession, Role
from ecrm_core.services.checks import required_text
from ecrm_core.services.passwords import hash_password

MOST_CALLS = 500
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


@dataclass(frozen=True)
class EmployeeCard:
    """An employee, as others may know them."""

    id: int
    username: str
    name: str
    role: Role
    language: Language
    appearance: Appearance
    active: bool

    @classmethod
    def of(cls, row: Employee) -> EmployeeCard:
        return cls(row.id, row.username, row.name, row.role, row.language, row.appearance, row.active)


def add_employee(
    work: Work,
    username: str,
    *,
    name: str,
    role: Role | str,
    password: str,
    language: Language | str = Language.INDONESIAN,
    capacity: int | None = None,
    must_change: bool = False,
) -> EmployeeCard:
    """Let somebody in. Admins, and the system from the command line.

    Raises:
        InvalidValue: a user name that is not lower-case letters, digits, dot, dash or underscore;
            an empty name; a short password; a capacity below one or above 500 calls a day.
        AlreadyExists: the user name is taken, also by a leaver.
    """
    work.require(Role.ADMIN)
    username = username.strip()
    if not USERNAME.fullmatch(username):
        raise InvalidValue("username", username, "username")
    password_hash = hash_password(password)
    row = Employee(
        username=username,
        name=required_text("name", name, limit=200),
        role=Role(role),
        language=Language(language),
        capacity=_capacity(capacity),
        created_at=work.now,
    )
    with _with_secrets(work) as system:
        if system.session.scalar(select(Employee.id).where(Employee.username == username)) is not None:
            raise AlreadyExists(what="username", name=username)
        system.session.add(row)
        system.session.flush()
        system.session.add(
            Credential(employee_id=row.id, password_hash=password_hash, must_change=must_change, changed_at=work.now)
        )
    return EmployeeCard.of(row)


def set_password(work: Work, username: str, password: str, *, must_change: bool = False) -> None:
    """Give an employee a new password and end their log-ins. Admins, the system, and everybody their own.

    Raises:
        UnknownEmployee: nobody active has this name.
        NotAllowed: somebody else's, and not an admin.
        InvalidValue: too short.
    """
    row = _active(work, username)
    if row.id != work.actor.employee_id:
        work.require(Role.ADMIN)
    password_hash = hash_password(password)
    with _with_secrets(work) as system:
        credential = system.session.get(Credential, row.id, with_for_update=True)
        if credential is None:
            credential = Credential(employee_id=row.id)
            system.session.add(credential)
        credential.password_hash = password_hash
        credential.must_change = must_change
        credential.changed_at = work.now
        running = select(LoginSession).where(LoginSession.employee_id == row.id, LoginSession.ended_at.is_(None))
        for login in system.session.scalars(running):
            login.ended_at = work.now


def deactivate_employee(work: Work, username: str) -> EmployeeCard:
    """Let a leaver in no more; their customers stay theirs until they are transferred.

    Raises:
        UnknownEmployee: nobody active has this name.
        NotAllowed: not an admin.
    """
    work.require(Role.ADMIN)
    row = _active(work, username)
    row.active = False
    row.deactivated_at = work.now
    return EmployeeCard.of(row)


def set_language(work: Work, language: Language | str) -> None:
    """The language the acting employee reads."""
    _myself(work).language = Language(language)


def set_appearance(work: Work, appearance: Appearance | str) -> None:
    """Light, dark, or as the machine says, for the acting employee."""
    _myself(work).appearance = Appearance(appearance)


@contextmanager
def _with_secrets(work: Work) -> Iterator[Work]:
    """The system's own transaction; the given one where the system is acting already."""
    if work.actor.employee_id is None:
        yield work
    else:
        with work.crm.system("log-in secrets") as system:
            yield system


def _capacity(calls: int | None) -> int | None:
    if calls is not None and not 1 <= calls <= MOST_CALLS:
        raise InvalidValue("capacity", calls, "range", least=1, most=MOST_CALLS)
    return calls


def _active(work: Work, username: str) -> Employee:
    row = work.session.scalar(select(Employee).where(Employee.username == username, Employee.active))
    if row is None:
        raise UnknownEmployee(username=username)
    return row


def _myself(work: Work) -> Employee:
    row = work.session.get(Employee, work.employee_id)
    if row is None:
        raise UnknownEmployee(username=work.actor.username)
    return row
