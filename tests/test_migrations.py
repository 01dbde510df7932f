"""The migrations make the tables that the models describe."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import ecrm_core as ecrm
from ecrm_core.crm import Crm
from ecrm_core.errors import DatabaseProblem
from ecrm_core.models import Base


def test_models_and_migrations_agree(crm: Crm) -> None:
    with crm.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize(("revision", "reason"), [("9999", "newer")])
def test_a_database_of_another_version_is_refused(sqlite_crm: Crm, revision: str, reason: str) -> None:
    with sqlite_crm.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    with pytest.raises(DatabaseProblem) as refused:
        ecrm.connect(str(sqlite_crm.engine.url))
    assert refused.value.reason == reason
