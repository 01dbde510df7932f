"""Exports in a process of their own: while a long one is written, colleagues' screens stay as quick as ever."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import Any

from ecrm_core.crm import Crm
from ecrm_core.errors import EcrmError
from ecrm_core.exporting.transactions import TransactionExport, export_transactions

LONGEST_SECONDS = 600


class ExportFailed(EcrmError):
    """The file could not be written; nothing else was changed."""

    code = "error.export_failed"


class Export:
    """One export of one employee. `run` it in a thread; `stop` it from any other."""

    def __init__(self, crm: Crm, username: str, wanted: TransactionExport) -> None:
        self._crm = crm
        self._username = username
        self._wanted = wanted
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False
        self._lock = Lock()

    def run(self, target: Path) -> int:
        """Write the file; how many rows.

        Raises:
            ExportFailed: it was stopped, took too long, or was refused.
        """
        url = self._crm.engine.url
        if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
            with self._crm.work(self._username) as work:  # no other process sees this database
                return export_transactions(work, self._wanted, target)
        order = {
            # By its standard input: the address may hold a password, and command lines are everybody's to read.
            "database_url": url.render_as_string(hide_password=False),
            "now": self._crm.clock().isoformat(),
            "username": self._username,
            "target": str(target),
            "wanted": self._wanted.to_json(),
        }
        return self._in_process(order)

    def stop(self) -> None:
        """Give up: whoever asked has gone."""
        with self._lock:
            self._stopped = True
            if self._process is not None and self._process.poll() is None:
                self._process.kill()

    def _in_process(self, order: dict[str, Any]) -> int:
        with self._lock:
            if self._stopped:
                raise ExportFailed(detail="stopped")
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ecrm_core.exporting"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
        try:
            told, trouble = self._process.communicate(json.dumps(order), timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            self._process.communicate()
            raise ExportFailed(detail="timeout") from error
        if self._process.returncode:
            raise ExportFailed(detail=(trouble.strip().splitlines() or ["stopped"])[-1])
        return int(json.loads(told)["count"])
