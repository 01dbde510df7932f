"""Two imports of one company at the same time: one after the other, or the second is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ecrm_core as ecrm
from ecrm_core.errors import ImportRefused
from ecrm_core.importing.locking import only_import
from ecrm_core.texts import Texts
from tests.importing import processes


def test_the_same_file_twice_at_once_is_in_once(
    sales: Path, retail_mapping: Path, new_company: Callable[[], str], tmp_path: Path
) -> None:
    alone, shared = new_company(), new_company()
    assert processes.run(alone, sales, retail_mapping, tmp_path / "alone.csv")[0] == 0
    both = [processes.start(shared, sales, retail_mapping, tmp_path / f"{name}.csv", patience=240) for name in "ab"]
    ends = [processes.finish(process) for process in both]
    assert [code for code, _ in ends] == [0, 0], ends
    whole = processes.contents(alone)
    lines = len(whole["lines"])
    assert {told[-1] for _, told in ends} == {f"report {lines} 0", f"report 0 {lines}"}
    assert processes.contents(shared) == whole
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_whoever_cannot_wait_is_refused_and_changes_nothing(
    sales: Path, retail_mapping: Path, new_company: Callable[[], str], tmp_path: Path
) -> None:
    address = new_company()
    crm = ecrm.connect(address)
    with only_import(crm.engine):
        ends = processes.run(address, sales, retail_mapping, tmp_path / "rejects.csv", patience=0.1)
    crm.close()
    assert ends == (2, ["refused busy"])
    assert not any(processes.contents(address).values())
    assert not (tmp_path / "rejects.csv").exists()
    assert processes.run(address, sales, retail_mapping, tmp_path / "rejects.csv", patience=0.1)[0] == 0
    for language in ("id", "en"):
        assert "{" not in Texts(language).error(ImportRefused("busy"))
