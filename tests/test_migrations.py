"""The migrations make the tables that the models describe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

import ecrm_core as ecrm
from ecrm_core.crm import Crm, make_engine
from ecrm_core.errors import DatabaseProblem
from ecrm_core.migrations import configuration, ours, upgrade
from ecrm_core.models import Base, Customer, CustomerSearch


def test_models_and_migrations_agree(crm: Crm) -> None:
    with crm.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": ours})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize(("revision", "reason"), [("9999", "newer")])
def test_a_database_of_another_version_is_refused(sqlite_crm: Crm, revision: str, reason: str) -> None:
    with sqlite_crm.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    with pytest.raises(DatabaseProblem) as refused:
        ecrm.connect(str(sqlite_crm.engine.url))
    assert refused.value.reason == reason


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_names_of_an_older_company_are_found_by_a_fragment(
    database: str, tmp_path: Path, new_postgres: Callable[..., str]
) -> None:
    address = f"sqlite:///{tmp_path / 'old.db'}" if database == "sqlite" else new_postgres()
    engine = make_engine(address)
    config = configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO customer (code, name, created_at) VALUES ('C1', 'José  NUGROHO', '2026-01-01 00:00:00')"
        )
    upgrade(engine)
    engine.dispose()
    crm = ecrm.connect(address)
    found = select(CustomerSearch.id).where(CustomerSearch.search_name.like("%nugr%"))
    with crm.system("test") as work:
        old = work.session.scalars(select(Customer)).one()
        assert (old.search_name, old.version) == ("jose nugroho", 1)
        assert work.session.scalars(found).all() == [old.id]
        old.name = "Jose Handoko"
        work.session.add(Customer(code="C2", name="Ánugrah", created_at=work.now))
    with crm.system("test") as work:
        assert work.session.scalars(found).all() == [2]
    crm.close()
