"""Opening the demo company of this installation: made once, then brought up to today each time."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ecrm_core.crm import Clock, Crm, connect, system_clock
from ecrm_core.demo.making import CUSTOMERS, make_demo, play_forward, played_until
from ecrm_core.demo.staff import EVERYBODY
from ecrm_core.models import Role
from ecrm_core.rules import CompanyRules
from ecrm_core.settings import data_folder

Progress = Callable[[float], None]

LONGEST_ABSENCE_DAYS = 400
"""Whoever comes back later than this finds a new company: playing on would take longer."""

WORDS = (
    *("anggrek", "bambu", "cempaka", "delima", "durian", "elang", "gajah", "jambu", "kelapa", "kenari", "kopi"),
    *("kunyit", "mangga", "melati", "mutiara", "nanas", "pandan", "rambutan", "rusa", "sawah", "tenun"),
)


@dataclass(frozen=True)
class DemoLogin:
    """Somebody of the demo company, and how they log in."""

    username: str
    name: str
    role: Role
    password: str


@dataclass(frozen=True)
class DemoCompany:
    """A demo company, ready to be served."""

    crm: Crm
    logins: list[DemoLogin]
    today: date


def open_demo(
    *,
    fresh: bool = False,
    progress: Progress | None = None,
    clock: Clock = system_clock,
    folder: Path | None = None,
    customers: int = CUSTOMERS,
) -> DemoCompany:
    """The demo company as of today: made where there is none, else played forward over the days it missed.

    Args:
        fresh: start over, with new passwords.
        progress: told how much is done, from 0 to 1.
        folder: where it lives; none means the user's data folder.
        customers: how many it has, where it is made.
    """
    home = folder or data_folder() / "demo"
    home.mkdir(parents=True, exist_ok=True)
    database, logins = home / "demo.db", home / "logins.json"
    today = CompanyRules().business_date(clock())
    # Changed beside its place and moved there when it is whole: one that was interrupted is no company.
    draft = home / "making.db"
    _remove(draft)
    if fresh or not (database.exists() and logins.exists()):
        _remove(database)
        passwords = {colleague.username: _password() for colleague in EVERYBODY}
        logins.unlink(missing_ok=True)
        logins.touch(mode=0o600)
        logins.write_text(json.dumps(passwords), encoding="utf-8")
        make_demo(f"sqlite:///{draft}", today=today, passwords=passwords, customers=customers, progress=progress)
        draft.replace(database)
    else:
        passwords = json.loads(logins.read_text(encoding="utf-8"))
        if _missed(database, today) > LONGEST_ABSENCE_DAYS:
            return open_demo(fresh=True, progress=progress, clock=clock, folder=folder, customers=customers)
        if _missed(database, today) > 0:
            _copy(database, draft)
            play_forward(f"sqlite:///{draft}", today=today, customers=customers, progress=progress)
            _remove(database)
            draft.replace(database)
    crm = connect(f"sqlite:///{database}", clock=clock)
    assert played_until(crm) is not None
    return DemoCompany(
        crm,
        [DemoLogin(one.username, one.name, one.role, passwords[one.username]) for one in EVERYBODY],
        today,
    )


def _password() -> str:
    """One that can be read out: `kopi-melati-4711`."""
    return f"{secrets.choice(WORDS)}-{secrets.choice(WORDS)}-{secrets.randbelow(9000) + 1000}"


def _missed(database: Path, today: date) -> int:
    """Days that have gone by since the company was last played."""
    crm = connect(f"sqlite:///{database}")
    try:
        last = played_until(crm)
    finally:
        crm.close()
    return LONGEST_ABSENCE_DAYS + 1 if last is None else (today - last).days - 1


def _copy(database: Path, draft: Path) -> None:
    """A whole copy, also of what another process is writing."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(draft)) as target:
        source.backup(target)


def _remove(database: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
