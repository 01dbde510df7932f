"""An import that is killed leaves nothing or whole batches, and a second run ends where an undisturbed one does."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

from tests.importing import processes


def test_killed_again_and_again_it_ends_the_same(
    sales: Path, retail_mapping: Path, new_company: Callable[[], str], tmp_path: Path
) -> None:
    undisturbed, killed = new_company(), new_company()
    rejects = tmp_path / "rejects.csv"
    code, told = processes.run(undisturbed, sales, retail_mapping, rejects)
    assert (code, sum(line.startswith("writing") for line in told)) == (0, 4), told
    whole = processes.contents(undisturbed)
    lines_after: list[int] = []
    # While it reads, right after its first batch, and while a later one is under way.
    for words, times in (("reading", 1), ("writing", 1), ("writing", 2)):
        with processes.start(killed, sales, retail_mapping, rejects) as process:
            assert process.stdout is not None
            seen = 0
            for line in process.stdout:
                seen += line.startswith(words)
                if seen == times:
                    process.send_signal(signal.SIGKILL)
                    break
        assert process.returncode == -signal.SIGKILL
        lines_after.append(len(processes.contents(killed)["lines"]))
    assert lines_after[0] == 0
    assert 0 < lines_after[1] <= lines_after[2] < len(whole["lines"])
    code, told = processes.run(killed, sales, retail_mapping, rejects)
    assert code == 0, told
    assert processes.contents(killed) == whole
