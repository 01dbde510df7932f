"""Online Retail, imported once per database."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pandas as pd
import pytest

import ecrm_core as ecrm
from ecrm_core.crm import Crm
from ecrm_core.importing.mapping import read_mapping
from ecrm_core.importing.running import ImportReport, import_file
from ecrm_core.models import ImportKind
from tests.conftest import FrozenClock, add_cast


@pytest.fixture(scope="session")
def sales(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first weeks of Online Retail: enough for several small batches."""
    path = tmp_path_factory.mktemp("sales") / "sales.parquet"
    pd.read_parquet(repo / "data" / "online_retail.parquet").head(24_000).to_parquet(path)
    return path


@pytest.fixture(scope="session")
def retail_mapping(repo: Path) -> Path:
    return repo / "data" / "mappings" / "online_retail.toml"


@pytest.fixture(params=["sqlite", "postgresql"])
def new_company(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes an empty company, and answers its address; on each database in turn."""
    made = count()

    def make() -> str:
        if request.param == "sqlite":
            address = f"sqlite:///{tmp_path / f'company{next(made)}.db'}"
        else:
            address = request.getfixturevalue("new_postgres")()
        ecrm.connect(address).close()
        return address

    return make


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def online_retail(
    request: pytest.FixtureRequest, repo: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Crm, ImportReport, Path]:
    """The company with all of Online Retail in it, the report of its import, and the rejected rows."""
    folder = tmp_path_factory.mktemp("online_retail")
    if request.param == "sqlite":
        address = f"sqlite:///{folder / 'company.db'}"
    else:
        new_postgres: Callable[..., str] = request.getfixturevalue("new_postgres")
        address = new_postgres()
    crm = ecrm.connect(address, clock=FrozenClock())
    add_cast(crm)
    report = import_file(
        crm,
        ImportKind.TRANSACTIONS,
        repo / "data" / "online_retail.parquet",
        read_mapping(repo / "data" / "mappings" / "online_retail.toml", ImportKind.TRANSACTIONS),
        rejects=folder / "rejects.csv",
    )
    return crm, report, folder / "rejects.csv"
