"""The log-in service itself, on both databases."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from ecrm_core.crm import Crm
from ecrm_core.errors import UnknownEmployee
from ecrm_core.models import Credential, Employee, LoginAttempt, LoginLink, LoginSession
from ecrm_core.services import login
from ecrm_core.services.login import (
    LinkRefused,
    TooManyAttempts,
    WrongPassword,
    find_logins,
    make_login_link,
    sign_in,
    sign_in_by_link,
    sign_out,
    signed_in,
)
from tests.conftest import FrozenClock
from tests.security.conftest import PASSWORD, QUICK, give_passwords

HERE = "10.0.0.1"


@pytest.fixture(autouse=True)
def _passwords(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "_hasher", QUICK)
    login._dummy_hash.cache_clear()
    give_passwords(crm)


def count(crm: Crm, model: type) -> int:
    with crm.system("test") as work:
        return work.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_session_lives_until_signed_out(crm: Crm) -> None:
    session = sign_in(crm, " Siti ", PASSWORD, address=HERE)
    assert session.employee.username == "siti"
    assert signed_in(crm, session.sid) == "siti"
    sign_out(crm, session.sid)
    sign_out(crm, session.sid)
    assert signed_in(crm, session.sid) is None


def test_the_database_holds_no_secret(crm: Crm) -> None:
    session = sign_in(crm, "siti", PASSWORD, address=HERE)
    link = make_login_link(crm, "siti", minutes=5)
    with crm.system("test") as work:
        kept = work.session.scalars(select(LoginSession.sid_hash)).one()
        assert session.sid.encode() not in kept
        assert link.encode() not in work.session.scalars(select(LoginLink.token_hash)).one()
        assert len(kept) == 32
    assert signed_in(crm, kept.hex()) is None


def test_work_keeps_a_session_alive_and_looking_does_not(crm: Crm, clock: FrozenClock) -> None:
    sid = sign_in(crm, "siti", PASSWORD, address=HERE).sid
    clock.advance(minutes=59)
    assert find_logins(crm, [sid], touch=False)
    clock.advance(minutes=1)
    assert not find_logins(crm, [sid], touch=False)
    sid = sign_in(crm, "siti", PASSWORD, address=HERE).sid
    clock.advance(minutes=59)
    assert signed_in(crm, sid) == "siti"
    clock.advance(minutes=59)
    assert signed_in(crm, sid) == "siti"


def test_a_session_ends_after_its_hours(crm: Crm, clock: FrozenClock) -> None:
    session = sign_in(crm, "siti", PASSWORD, address=HERE)
    assert session.expires_at == clock.now + timedelta(hours=12)
    while clock.now + timedelta(minutes=50) < session.expires_at:
        clock.advance(minutes=50)
        assert signed_in(crm, session.sid) == "siti"
    clock.now = session.expires_at
    assert signed_in(crm, session.sid) is None


def test_seen_is_noted_once_a_minute(crm: Crm, clock: FrozenClock) -> None:
    sid = sign_in(crm, "siti", PASSWORD, address=HERE).sid
    begun = clock.now

    def seen() -> timedelta:
        with crm.system("test") as work:
            return work.session.scalars(select(LoginSession.seen_at)).one() - begun

    clock.advance(seconds=59)
    signed_in(crm, sid)
    assert seen() == timedelta()
    clock.advance(seconds=1)
    signed_in(crm, sid)
    assert seen() == timedelta(seconds=60)


def test_many_sessions_are_looked_up_at_once(crm: Crm) -> None:
    siti, budi = (sign_in(crm, name, PASSWORD, address=HERE).sid for name in ("siti", "budi"))
    found = find_logins(crm, [siti, budi, "unknown"], touch=False)
    assert {sid: login.username for sid, login in found.items()} == {siti: "siti", budi: "budi"}


def test_a_leavers_sessions_end(crm: Crm) -> None:
    sid = sign_in(crm, "siti", PASSWORD, address=HERE).sid
    with crm.system("test") as work:
        work.session.scalars(select(Employee).where(Employee.username == "siti")).one().active = False
    assert signed_in(crm, sid) is None
    with pytest.raises(WrongPassword):
        sign_in(crm, "siti", PASSWORD, address=HERE)


def test_a_new_password_ends_what_the_old_one_opened(crm: Crm, clock: FrozenClock) -> None:
    old = sign_in(crm, "siti", PASSWORD, address=HERE).sid
    clock.advance(seconds=1)
    with crm.system("test") as work:
        for credential in work.session.scalars(select(Credential)):
            credential.changed_at = work.now
    assert signed_in(crm, old) is None
    assert signed_in(crm, sign_in(crm, "siti", PASSWORD, address=HERE).sid) == "siti"


def test_waits_double_up_to_a_quarter_of_an_hour(crm: Crm, clock: FrozenClock) -> None:
    waits = []
    for _ in range(4):
        with pytest.raises(WrongPassword):
            sign_in(crm, "siti", "wrong", address=HERE)
    for _ in range(7):
        with pytest.raises(TooManyAttempts) as refused:
            sign_in(crm, "siti", PASSWORD, address=HERE)
        waits.append(refused.value.seconds - 1)
        clock.advance(seconds=refused.value.seconds)
        with pytest.raises(WrongPassword):
            sign_in(crm, "siti", "wrong", address=HERE)
    assert waits == [30, 60, 120, 240, 480, 900, 900]


def test_a_success_clears_the_accounts_own_attempts_only(crm: Crm) -> None:
    for name in ("siti", "siti", "budi"):
        with pytest.raises(WrongPassword):
            sign_in(crm, name, "wrong", address=HERE)
    sign_in(crm, "siti", PASSWORD, address=HERE)
    with crm.system("test") as work:
        assert work.session.scalars(select(LoginAttempt.username)).all() == ["budi"]


def test_one_locked_account_locks_no_other(crm: Crm) -> None:
    for _ in range(4):
        with pytest.raises(WrongPassword):
            sign_in(crm, "siti", "wrong", address=HERE)
    assert sign_in(crm, "budi", PASSWORD, address=HERE).employee.username == "budi"


def test_old_attempts_are_forgotten(crm: Crm, clock: FrozenClock) -> None:
    for _ in range(4):
        with pytest.raises(WrongPassword):
            sign_in(crm, "siti", "wrong", address=HERE)
    clock.advance(hours=1, seconds=1)
    sign_in(crm, "budi", PASSWORD, address=HERE)
    assert count(crm, LoginAttempt) == 0


def test_guesses_side_by_side_all_count(crm: Crm) -> None:
    def guess(_: int) -> type[Exception]:
        with pytest.raises((WrongPassword, TooManyAttempts)) as refused:
            sign_in(crm, "siti", "wrong", address=HERE)
        return refused.type

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(guess, range(16)))
    assert answers.count(WrongPassword) == 4
    assert answers.count(TooManyAttempts) == 12


def test_a_link_works_once_even_side_by_side(crm: Crm) -> None:
    link = make_login_link(crm, "siti", minutes=5)

    def follow(_: int) -> bool:
        try:
            sign_in_by_link(crm, link, address=HERE)
        except LinkRefused:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(follow, range(6))) == 1


def test_no_link_for_who_is_not_here(crm: Crm) -> None:
    with pytest.raises(UnknownEmployee):
        make_login_link(crm, "nobody", minutes=5)


def test_a_hash_of_older_parameters_is_renewed(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "_hasher", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    login._dummy_hash.cache_clear()
    sid = sign_in(crm, "siti", PASSWORD, address=HERE).sid
    with crm.system("test") as work:
        hashes = work.session.scalars(select(Credential.password_hash)).all()
    assert sum("t=2" in each for each in hashes) == 1
    assert signed_in(crm, sid) == "siti"
    assert sign_in(crm, "siti", PASSWORD, address=HERE).employee.username == "siti"


def test_what_has_ended_is_cleared_away(crm: Crm, clock: FrozenClock) -> None:
    sign_in(crm, "siti", PASSWORD, address=HERE)
    make_login_link(crm, "siti", minutes=5)
    clock.advance(hours=37)
    sign_in(crm, "budi", PASSWORD, address=HERE)
    assert count(crm, LoginSession) == 1
    assert count(crm, LoginLink) == 0


def test_an_unknown_name_takes_as_long(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Medians within a quarter of each other: what a guesser could see over a network is far less."""
    hasher = PasswordHasher(time_cost=2, memory_cost=16 * 1024, parallelism=1)
    monkeypatch.setattr(login, "_hasher", hasher)
    monkeypatch.setattr(login, "ACCOUNT_ATTEMPTS", 1000)
    monkeypatch.setattr(login, "ADDRESS_ATTEMPTS", 1000)
    login._dummy_hash.cache_clear()
    login._dummy_hash()
    with crm.system("test") as work:
        for credential in work.session.scalars(select(Credential)):
            credential.password_hash = hasher.hash(PASSWORD)
    taken: dict[str, list[float]] = {"siti": [], "nobody": []}
    for _ in range(25):
        for name, seconds in taken.items():
            begun = time.perf_counter()
            with pytest.raises(WrongPassword):
                sign_in(crm, name, "wrong", address=HERE)
            seconds.append(time.perf_counter() - begun)
    known, unknown = median(taken["siti"]), median(taken["nobody"])
    assert 0.75 < known / unknown < 1.33
