"""Who may import whom: the arrows of the house, checked from the imports themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

MAY_IMPORT = {
    "errors": set(),
    "settings": {"errors"},
    "rules": {"errors"},
    "phones": {"errors"},
    "working_days": set(),
    "zones": set(),
    "models": {"errors", "models"},
    "visibility": {"errors", "models"},
    "migrations": {"errors", "models", "migrations"},
    "crm": {"errors", "models", "rules", "settings", "visibility", "migrations"},
    "frames": set(),
    "texts": {"errors", "models", "rules", "texts"},
    "queries": {"crm", "errors", "frames", "models", "phones", "queries", "rules", "working_days", "zones"},
    "analytics": {"errors", "rules", "frames", "analytics"},
}
"""What each part of the core may know of the others; services, importing and commands may know all of these."""
WEB = {"panel", "panel_material_ui", "bokeh", "tornado", "holoviews", "hvplot"}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def files(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*.py"))
    assert found, folder
    return found


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_each_part_of_the_core_knows_only_what_is_below_it(repo: Path, part: str) -> None:
    core = repo / "ecrm_core"
    sources = files(core / part) if (core / part).is_dir() else [core / f"{part}.py"]
    parts = {path.stem if path.is_file() else path.name for path in core.iterdir()} - {"__init__", "__pycache__"}
    for source in sources:
        for name in imports_of(source):
            if name.startswith("ecrm_core."):
                other = name.split(".")[1]
                assert other not in parts or other in MAY_IMPORT[part], f"{source.relative_to(repo)} imports {name}"


def test_the_core_knows_no_screens(repo: Path) -> None:
    for source in files(repo / "ecrm_core"):
        for name in imports_of(source):
            top = name.split(".")[0]
            assert top not in WEB, f"{source.relative_to(repo)} imports {name}"
            assert top != "dashboards", f"{source.relative_to(repo)} imports {name}"


def test_analytics_know_no_database(repo: Path) -> None:
    for source in files(repo / "ecrm_core" / "analytics"):
        assert not [name for name in imports_of(source) if name.startswith("sqlalchemy")], source


def test_screens_know_no_database(repo: Path) -> None:
    for source in files(repo / "dashboards"):
        for name in imports_of(source):
            assert name.split(".")[0] not in {"sqlalchemy", "alembic", "psycopg", "sqlite3"}, f"{source} imports {name}"


SYSTEM_CALLERS = {
    "ecrm_core/cli.py": "whoever types a command on the machine itself holds the database",
    "ecrm_core/demo/making.py": "founds a company that has nobody yet",
    "ecrm_core/demo/stage.py": "plans everybody's morning, as the nightly job does",
    "ecrm_core/importing/running.py": "a file brings customers of everybody",
    "ecrm_core/queries/door.py": "the reduced search, on record",
    "ecrm_core/services/calendars.py": "a calendar is read by its secret, without a log-in",
    "ecrm_core/services/dealing.py": "gives customers without an owner to telemarketers",
    "ecrm_core/services/do_not_call.py": "a number may be a colleague's customer's",
    "ecrm_core/services/door.py": "the narrow door: an order for a colleague's customer, and claiming one of nobody's",
    "ecrm_core/services/employees.py": "passwords are nobody's to read",
    "ecrm_core/services/login.py": "who logs in is nobody yet",
    "ecrm_core/services/orders/card.py": "name and city of the customer of one's own door order",
    "ecrm_core/services/orders/corrections.py": "what was put right in an order of one's own; the record is for staff",
    "ecrm_core/services/plan_agenda.py": "who must not be called is known of everybody",
    "ecrm_core/services/record.py": "who changed what one is changing too",
}
"""Who may open the door that nothing limits, and why. No page is among them."""


def test_the_systems_door_has_few_callers(repo: Path) -> None:
    callers = {
        source.relative_to(repo).as_posix()
        for folder in ("ecrm_core", "dashboards")
        for source in files(repo / folder)
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "system"
    }
    assert callers == set(SYSTEM_CALLERS)


def test_the_clock_is_read_in_one_place(repo: Path) -> None:
    readers = [
        source.relative_to(repo).as_posix()
        for source in [*files(repo / "ecrm_core"), *files(repo / "dashboards")]
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"datetime", "date"}
    ]
    assert readers == ["ecrm_core/crm.py"]
