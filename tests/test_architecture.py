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
    "texts": {"errors", "models", "rules"},
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


def test_no_page_opens_the_systems_door(repo: Path) -> None:
    for source in files(repo / "dashboards" / "pages"):
        assert ".system(" not in source.read_text(encoding="utf-8"), source


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
