"""`ecrm demo` as it is typed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("language", "told"), [("id", "Porta itu sedang dipakai"), ("en", "is using that port")])
def test_a_taken_port_is_told_before_the_company_is_made(tmp_path: Path, language: str, told: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = subprocess.run(
            [Path(sys.executable).with_name("ecrm"), "demo", "--port", str(other.getsockname()[1])],
            env={**os.environ, "XDG_DATA_HOME": str(tmp_path), "ECRM_LANGUAGE": language},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.rglob("*.db"))
