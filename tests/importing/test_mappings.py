"""Mappings that cannot be meant: which key is wrong and what it may hold, in the user's language."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecrm_core.errors import ImportRefused
from ecrm_core.importing.mapping import read_mapping
from ecrm_core.models import ImportKind
from ecrm_core.texts import Texts

GOOD = """
source = "shop"
[columns]
customer = "who"
product = "what"
ordered_at = "when"
unit_price = "price"
"""


def refused(folder: Path, content: str | bytes, kind: ImportKind = ImportKind.TRANSACTIONS) -> ImportRefused:
    file = folder / "m.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ImportRefused) as error:
        read_mapping(file, kind)
    return error.value


@pytest.mark.parametrize(
    ("content", "reason", "told"),
    [
        (b'source = "\xe9"', "mapping_encoding", "UTF-8"),
        (GOOD + "[dates]\nformat = \n", "mapping_syntax", "9"),
        (GOOD.replace('ordered_at = "when"', ""), "mapping_columns", "ordered_at"),
        (GOOD.replace('unit_price = "price"', ""), "mapping_columns", "amount"),
        (GOOD + "colour = 1\n", "mapping_unknown_key", "columns.colour"),
        (GOOD + '[file]\nsheets = "A"\n', "mapping_unknown_key", "sheet, decimal"),
        (GOOD.replace('source = "shop"', ""), "mapping_required", "source"),
        (GOOD.replace("shop", ""), "mapping_required", "source"),
        (GOOD.replace("shop", "s" * 65), "mapping_string_too_long", "64"),
        (GOOD + '[file]\nformat = "word"\n', "mapping_choice", "“csv”, “excel”, “parquet”"),
        (GOOD + '[defaults]\nchannel = "fax"\n', "mapping_choice", "“phone”, “store”, “web”"),
        (GOOD + '[statuses]\nBatal = "gone"\n', "mapping_choice", "statuses.Batal"),
        (GOOD + "[defaults]\nquantity = 0\n", "mapping_greater_than_equal", "1"),
        (GOOD + "[defaults]\nquantity = 1.5\n", "mapping_number", "defaults.quantity"),
        (GOOD + "[defaults]\nproduct = 7\n", "mapping_text", "defaults.product"),
        (GOOD + '[defaults]\ncurrency = "Rp"\n', "mapping_currency", "IDR"),
        (GOOD + '[returns]\nnegative_quantity = "maybe"\n', "mapping_switch", "returns.negative_quantity"),
        (GOOD + '[file]\nnames = "a, b"\n', "mapping_list", "file.names"),
        (GOOD + "[file]\nheader = false\n", "mapping_names", "[file]"),
        (GOOD + '[file]\ndecimal = ","\nthousands = ","\n', "mapping_marks", "[file]"),
        (GOOD + '[file]\nseparator = "::"\n', "mapping_separator", "whitespace"),
        (GOOD.replace("[columns]", 'dates = "iso"\n[columns]'), "mapping_section", "[dates]"),
        (GOOD + '[dates]\ntimezone = "Jakarta"\n', "mapping_zone", "Asia/Jakarta"),
        (GOOD + '[dates]\nformat = "DD/MM/YYYY"\n', "mapping_date_format", "%d/%m/%Y"),
        (GOOD + '[dates]\nformat = "%Q"\n', "mapping_date_format", "%d/%m/%Y"),
    ],
)
def test_a_wrong_key_is_named_in_both_languages(tmp_path: Path, content: str | bytes, reason: str, told: str) -> None:
    error = refused(tmp_path, content)
    assert error.reason == reason
    sentences = {language: Texts(language).error(error) for language in ("id", "en")}
    for sentence in sentences.values():
        assert "m.toml" in sentence
        assert told in sentence
        assert "{" not in sentence
    assert "tidak ada yang berubah" in sentences["id"].lower() or "simpan" in sentences["id"].lower()
    for english in ("should", "must", "valid", "field", "input"):
        assert english not in sentences["id"].lower()


def test_the_shipped_mappings_are_good(repo: Path) -> None:
    found = sorted((repo / "data" / "mappings").glob("*.toml"))
    assert len(found) >= 3
    for file in found:
        assert read_mapping(file, ImportKind.TRANSACTIONS).source
