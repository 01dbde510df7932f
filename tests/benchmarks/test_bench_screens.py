"""The screens benchmark runs, and its figures hang together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.bench_screens import Figure


def test_a_figure_tells_its_median_its_p95_and_its_cost() -> None:
    figure = Figure("find", "manager", [float(number) for number in range(1, 21)], sql=2.0)
    assert (figure.median, figure.p95) == (10.5, 19.0)
    assert "5.2×" in str(figure)
    assert " ok" in str(figure)
    assert " over" in str(Figure("find", "manager", [101.0], sql=2.0))
    assert Figure("find", "manager", [3.0]).p95 == 3.0


def test_a_small_company_is_measured(repo: Path, tmp_path: Path) -> None:
    small = ("--customers", "2000", "--lines", "6000", "--repetitions", "3")
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "screens", *small, "--only", "home,customers", "--as", "manager"],
        cwd=repo,
        env={**os.environ, "ECRM_BENCHMARK_CACHE": f"{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said, head, *rows = done.stdout.splitlines()
    assert said.startswith("2,000 customers, 6,000 lines, sqlite")
    assert head.split() == ["job", "who", "SQL", "painted", "p95", "ratio", "CPU", "aim"]
    assert [row.split("  ")[0] for row in rows] == ["Home from another page", "search as you type, Customers"]
    for row in rows:
        sql, painted, p95, ratio, cpu, aim = row.partition("manager")[2].split()[:6]
        assert 0 < float(sql) < float(painted) <= float(p95)
        assert abs(float(ratio.rstrip("×")) * float(sql) / float(painted) - 1) < 0.6  # both are rounded
        assert float(cpu) > 0
        assert aim == "100"
