"""Changes of the tables, in order. `prepare` brings a database to where this program needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from ecrm_core.errors import DatabaseProblem

HERE = Path(__file__).parent


def configuration() -> Config:
    """Alembic's settings, without a file of their own."""
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def ours(item: Any, name: str | None, _kind: str, _reflected: bool, _other: Any) -> bool:
    """Whether a table follows the models; search indexes are made and kept by the migrations alone."""
    return not item.info.get("derived") and not (name or "").startswith(("customer_search", "trgm_"))


def newest() -> str:
    """The revision this program works with."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None
    return head


def current(engine: Engine) -> str | None:
    """The revision a database is at; none where it has no tables of ours."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def prepare(engine: Engine) -> None:
    """Give an empty database its tables; refuse one of another version.

    Raises:
        DatabaseProblem: `older` (run `ecrm init`), `newer` (update this program), or `foreign`
            (tables that are not ours).
    """
    at = current(engine)
    if at == newest():
        return
    if at is None:
        if inspect(engine).get_table_names():
            raise DatabaseProblem("foreign")
        upgrade(engine)
        return
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    raise DatabaseProblem("older" if at in known else "newer", revision=at)


def upgrade(engine: Engine) -> None:
    """Bring a database to the newest revision, in one transaction."""
    config = configuration()
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # Two commands that meet an empty database at once: the second waits, then finds it done.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(3427001)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
