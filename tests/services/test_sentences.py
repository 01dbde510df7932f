"""Every refusal of the services has its sentence, in both languages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ecrm_core.errors import EcrmError, InvalidValue
from ecrm_core.models import Language, Order, OrderStatus
from ecrm_core.services.orders import StatusRefused
from ecrm_core.texts import Texts


def _refusals(repo: Path) -> set[tuple[str, str]]:
    """Field and reason of every `InvalidValue("…", …, "…")` in the services."""
    found = set()
    for file in (repo / "ecrm_core" / "services").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "InvalidValue":
                field, reason = node.args[0], node.args[2]
                reasons = [reason.body, reason.orelse] if isinstance(reason, ast.IfExp) else [reason]
                for each in reasons:
                    assert isinstance(each, ast.Constant), ast.unparse(node)
                    name = field.value if isinstance(field, ast.Constant) else "title"
                    found.add((str(name), str(each.value)))
    return found


@pytest.mark.parametrize("language", list(Language))
def test_every_refusal_is_told_in_its_own_words(repo: Path, language: Language) -> None:
    texts = Texts(language)
    general = texts.error(EcrmError())
    refusals = _refusals(repo)
    assert len(refusals) > 20
    for field, reason in refusals:
        sentence = texts.error(InvalidValue(field, "nilai", reason, limit=1, least=1, most=2, allowed="a, b", now=3))
        assert sentence != general, (field, reason)
        assert "{" not in sentence


@pytest.mark.parametrize("language", list(Language))
def test_a_refused_status_names_the_order(language: Language) -> None:
    for status in OrderStatus:
        sentence = Texts(language).error(StatusRefused(Order(number="P0000007", status=OrderStatus.NEW), status))
        assert "P0000007" in sentence
