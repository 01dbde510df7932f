"""Who is signed in: passwords, one-time links, sessions, and the slowing down of guesses.

Acts as the system: nobody is known yet, and log-in secrets are nobody's to read. What a browser holds
(`sid`, a link's token) is random and kept here only as its SHA-256, so a copy of the database opens
no session.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, Select, delete, func, or_, select

from ecrm_core import models as m
from ecrm_core.crm import Crm, Work
from ecrm_core.errors import EcrmError, UnknownEmployee
from ecrm_core.models.people import Appearance, Language, Role
from ecrm_core.services.passwords import LONGEST
from ecrm_core.services.passwords import hasher as _hasher
from ecrm_core.settings import Installation

ATTEMPT_WINDOW = timedelta(hours=1)
ACCOUNT_ATTEMPTS = 4
"""Wrong passwords an account has free; each one more doubles the wait."""
ADDRESS_ATTEMPTS = 20
"""The same for an address. Many people share an office's, so more are free; a success clears one's own."""
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
TOUCH_EVERY = timedelta(minutes=1)
KEEP_ENDED = timedelta(days=1)


class WrongPassword(EcrmError):
    """User name and password do not belong together; which of the two is wrong is not told."""

    code = "error.wrong_password"


class LinkRefused(EcrmError):
    """A log-in link that is unknown, used, too old, or belongs to somebody who has left."""

    code = "error.link_refused"


class TooManyAttempts(EcrmError):
    """Too many wrong passwords; fact: `seconds` until the next one is looked at."""

    code = "error.too_many_attempts"

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds=seconds)
        self.seconds = seconds


@dataclass(frozen=True)
class Login:
    """An employee who is signed in."""

    id: int
    username: str
    name: str
    role: Role
    language: Language
    appearance: Appearance


@dataclass(frozen=True)
class SignIn:
    """A session that has just begun. `sid` is for the browser's cookie alone."""

    sid: str
    employee: Login
    expires_at: datetime


def sign_in(crm: Crm, username: str, password: str, *, address: str) -> SignIn:
    """Begin a session with a password.

    Costs the same time for unknown names, and the wait is the same for them.

    Args:
        address: where the attempt comes from, as the server sees it.

    Raises:
        WrongPassword: or the name is unknown, or the employee has left.
        TooManyAttempts: this account or address has to wait; nothing was looked at.
    """
    username, address = username.strip().lower()[:64], address[:64]
    dummy = _dummy_hash()
    with crm.system("log-in") as work:
        employee = work.session.scalar(_employee(username).with_for_update())
        wait = _wait(work, username=username, address=address)
        if wait is None:
            # Counted before the password is looked at, so that guesses sent side by side all count.
            attempt = m.LoginAttempt(username=username, address=address, at=work.now)
            work.session.add(attempt)
        credential = None if employee is None else work.session.get(m.Credential, employee.id)
        known_hash = None if credential is None else credential.password_hash
    if wait is not None:
        raise TooManyAttempts(wait)
    right = _verify(known_hash or dummy, password) and known_hash is not None
    if employee is None or not employee.active or not right:
        raise WrongPassword
    with crm.system("log-in") as work:
        # Read again: the hash took a while, and an employee may have left in it.
        now_employee = work.session.scalar(_employee(username).with_for_update())
        if now_employee is None or not now_employee.active:
            raise WrongPassword
        credential = work.session.get(m.Credential, now_employee.id)
        if credential is None or credential.password_hash != known_hash:
            raise WrongPassword
        if _hasher.check_needs_rehash(credential.password_hash):
            credential.password_hash = _hasher.hash(password)
        work.session.execute(delete(m.LoginAttempt).where(m.LoginAttempt.username == username))
        return _begin(work, now_employee)


def make_login_link(crm: Crm, username: str, *, minutes: int) -> str:
    """A secret that signs an employee in once, for the address `/login?link=…`.

    Raises:
        UnknownEmployee: no active employee has this name.
    """
    token = secrets.token_urlsafe(32)
    with crm.system("log-in") as work:
        employee = work.session.scalar(_employee(username).where(m.Employee.active))
        if employee is None:
            raise UnknownEmployee(username=username)
        expires = work.now + timedelta(minutes=minutes)
        work.session.add(m.LoginLink(token_hash=_digest(token), employee_id=employee.id, expires_at=expires))
    return token


def sign_in_by_link(crm: Crm, token: str, *, address: str) -> SignIn:
    """Begin a session with a one-time link; the link is used up.

    Raises:
        LinkRefused: unknown, used, too old, or the employee has left.
        TooManyAttempts: this address has to wait.
    """
    address = address[:64]
    with crm.system("log-in") as work:
        wait = _wait(work, username=None, address=address)
        if wait is not None:
            raise TooManyAttempts(wait)
        link = work.session.scalar(
            select(m.LoginLink).where(m.LoginLink.token_hash == _digest(token)).with_for_update()
        )
        if link is not None and link.used_at is None and work.now < link.expires_at:
            employee = work.session.get_one(m.Employee, link.employee_id)
            if employee.active:
                link.used_at = work.now
                return _begin(work, employee)
        work.session.add(m.LoginAttempt(username="", address=address, at=work.now))
    raise LinkRefused


def find_logins(crm: Crm, sids: Collection[str], *, touch: bool) -> dict[str, Login]:
    """Which of these sessions are alive, and whose they are. Ended, expired and leavers' are left out.

    Args:
        touch: somebody is at work in them: the idle time starts over (noted once a minute).
    """
    by_digest = {_digest(sid): sid for sid in sids}
    found: dict[str, Login] = {}
    if not by_digest:
        return found
    with crm.system("log-in") as work:
        rows = work.session.execute(
            select(m.LoginSession, m.Employee)
            .join(m.Employee, m.LoginSession.employee_id == m.Employee.id)
            .outerjoin(m.Credential, m.Credential.employee_id == m.Employee.id)
            .where(
                m.LoginSession.sid_hash.in_(by_digest),
                m.LoginSession.ended_at.is_(None),
                m.LoginSession.expires_at > work.now,
                m.LoginSession.seen_at > work.now - _idle(),
                m.Employee.active,
                # A new password ends what the old one opened.
                or_(m.Credential.changed_at.is_(None), m.LoginSession.created_at >= m.Credential.changed_at),
            )
        )
        for session, employee in rows:
            found[by_digest[session.sid_hash]] = _login(employee)
            if touch and work.now - session.seen_at >= TOUCH_EVERY:
                session.seen_at = work.now
                employee.last_seen_at = work.now
    return found


def signed_in(crm: Crm, sid: str) -> str | None:
    """The user name of a live session, none for any other; the session is touched."""
    login = find_logins(crm, [sid], touch=True).get(sid)
    return login.username if login else None


def sign_out(crm: Crm, sid: str) -> None:
    """End a session; one that is not there is ended already."""
    with crm.system("log-in") as work:
        session = work.session.get(m.LoginSession, _digest(sid), with_for_update=True)
        if session is not None and session.ended_at is None:
            session.ended_at = work.now


def company_name(crm: Crm) -> str:
    """Whose door this is: all that is told before anybody is known."""
    with crm.system("log-in") as work:
        return work.rules.company_name


def _begin(work: Work, employee: m.Employee) -> SignIn:
    installation = Installation()
    sid = secrets.token_urlsafe(32)
    credential = work.session.get(m.Credential, employee.id)
    # Never older than the password, whatever another machine's clock said when that was set.
    created = max(work.now, credential.changed_at) if credential else work.now
    expires = created + timedelta(hours=installation.session_hours)
    work.session.add(
        m.LoginSession(
            sid_hash=_digest(sid), employee_id=employee.id, created_at=created, seen_at=created, expires_at=expires
        )
    )
    employee.last_seen_at = work.now
    work.session.flush()
    work.session.execute(delete(m.LoginSession).where(m.LoginSession.expires_at < work.now - KEEP_ENDED))
    work.session.execute(delete(m.LoginLink).where(m.LoginLink.expires_at < work.now - KEEP_ENDED))
    work.session.execute(delete(m.LoginAttempt).where(m.LoginAttempt.at < work.now - ATTEMPT_WINDOW))
    return SignIn(sid, _login(employee), expires)


def _wait(work: Work, *, username: str | None, address: str) -> int | None:
    """Seconds until the next attempt is looked at; none if it may be now."""
    limits: list[tuple[ColumnElement[bool], int]] = [(m.LoginAttempt.address == address, ADDRESS_ATTEMPTS)]
    if username is not None:
        limits.append((m.LoginAttempt.username == username, ACCOUNT_ATTEMPTS))
    longest = timedelta()
    for whose, free in limits:
        failures, newest = work.session.execute(
            select(func.count(), func.max(m.LoginAttempt.at)).where(
                whose, m.LoginAttempt.at > work.now - ATTEMPT_WINDOW
            )
        ).one()
        if failures >= free:
            wait = min(FIRST_WAIT * 2 ** min(failures - free, 16), LONGEST_WAIT)
            longest = max(longest, newest + wait - work.now)
    return int(longest.total_seconds()) + 1 if longest > timedelta() else None


def _employee(username: str) -> Select[m.Employee]:
    return select(m.Employee).where(m.Employee.username == username)


def _login(employee: m.Employee) -> Login:
    return Login(employee.id, employee.username, employee.name, employee.role, employee.language, employee.appearance)


def _idle() -> timedelta:
    return timedelta(minutes=Installation().session_idle_minutes)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _verify(known_hash: str, password: str) -> bool:
    if len(password) > LONGEST:
        return False
    try:
        return _hasher.verify(known_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _dummy_hash() -> str:
    """What the password of an unknown name is compared with, so that it takes as long."""
    return _hasher.hash(secrets.token_urlsafe(16))
