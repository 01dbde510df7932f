"""Backups: whole while orders are written, refused where a byte differs, and nothing lost on the way back."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from threading import Event, Thread

import pytest
from sqlalchemy import func, select, text

import ecrm_core as ecrm
from ecrm_core import models as m
from ecrm_core.backups.checking import Fault, check_database
from ecrm_core.backups.making import make_backup, restore_backup
from ecrm_core.backups.sealing import BackupNote, BackupRefused, note_of, seal, unpack
from ecrm_core.crm import Crm
from ecrm_core.migrations import newest
from ecrm_core.services.customers import CustomerForm, add_customers

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path, sqlite_template: Path) -> Path:
    path = tmp_path / "company.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path


@pytest.fixture
def address(place: Path) -> str:
    return f"sqlite:///{place}"


def enter(address: str, count: int, start: int = 0) -> None:
    crm = ecrm.connect(address)
    with crm.work("ratna") as work:
        add_customers(work, [CustomerForm(name=f"Orang {number}") for number in range(start, start + count)])
    crm.close()


def names(address: str) -> list[str]:
    crm = ecrm.connect(address)
    with crm.work("ratna") as work:
        found = list(work.session.scalars(select(m.Customer.name).order_by(m.Customer.id)))
    crm.close()
    return found


def refusal(gesture: Callable[[], object]) -> str:
    with pytest.raises(BackupRefused) as refused:
        gesture()
    return refused.value.reason


def test_what_is_backed_up_comes_back_and_what_was_there_is_kept(address: str, place: Path, tmp_path: Path) -> None:
    enter(address, 3)
    file = tmp_path / "monday.ecrm"
    note = make_backup(address, file, now=NOW)
    assert (note.customers, note.orders, note.revision) == (3, 0, newest())
    enter(address, 2, start=3)
    done = restore_backup(address, file, now=NOW)
    assert done.note == note
    assert names(address) == ["Orang 0", "Orang 1", "Orang 2"]
    assert done.kept is not None
    assert len(names(f"sqlite:///{done.kept}")) == 5
    assert {path.name for path in tmp_path.iterdir()} >= {"company.db", "monday.ecrm", done.kept.name}
    assert not list(tmp_path.glob(".*")), "nothing half made is left"


def test_it_comes_back_in_an_empty_place(address: str, tmp_path: Path) -> None:
    enter(address, 3)
    make_backup(address, tmp_path / "a.ecrm", now=NOW)
    elsewhere = f"sqlite:///{tmp_path / 'new' / 'company.db'}"
    assert restore_backup(elsewhere, tmp_path / "a.ecrm", now=NOW).kept is None
    assert names(elsewhere) == names(address)
    crm = ecrm.connect(elsewhere)
    assert check_database(crm.engine) == []
    crm.close()


def test_what_was_kept_before_it_began_is_in_it_whatever_is_written_meanwhile(address: str, tmp_path: Path) -> None:
    enter(address, 200)
    known, done = [200], Event()

    def write() -> None:
        while not done.is_set():
            enter(address, 5, start=known[-1])
            known.append(known[-1] + 5)

    writer = Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            while len(known) < 2 + 2 * number:
                done.wait(0.01)
            before = known[-1]
            note = make_backup(address, tmp_path / f"{number}.ecrm", now=NOW)
            # Whole gestures, and at least those that were acknowledged before.
            assert note.customers >= before
            assert note.customers % 5 == 0
    finally:
        done.set()
        writer.join()
    elsewhere = f"sqlite:///{tmp_path / 'restored.db'}"
    restore_backup(elsewhere, tmp_path / "4.ecrm", now=NOW)
    assert names(elsewhere) == [f"Orang {number}" for number in range(note.customers)]
    crm = ecrm.connect(elsewhere)
    assert check_database(crm.engine) == []
    crm.close()


def test_one_flipped_bit_anywhere_is_refused(address: str, place: Path, tmp_path: Path) -> None:
    enter(address, 3)
    file = tmp_path / "a.ecrm"
    make_backup(address, file, now=NOW)
    whole, before = file.read_bytes(), place.read_bytes()
    chance = Random(7)
    places = [0, 30, len(whole) - 1, len(whole) - 64, len(whole) - 70]
    places += [chance.randrange(len(whole)) for _ in range(60)]
    for at in places:
        changed = bytearray(whole)
        changed[at] ^= 1 << chance.randrange(8)
        file.write_bytes(changed)
        assert refusal(lambda: restore_backup(address, file, now=NOW)) == "damaged", at
    for length in (0, 1, 64, 65, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert refusal(lambda: restore_backup(address, file, now=NOW)) == "damaged", length
    assert place.read_bytes() == before
    file.write_bytes(whole)
    assert restore_backup(address, file, now=NOW).note.customers == 3


def test_what_cannot_be_is_refused_and_changes_nothing(address: str, place: Path, tmp_path: Path) -> None:
    enter(address, 1)
    file = tmp_path / "a.ecrm"
    make_backup(address, file, now=NOW)
    made = file.read_bytes()
    assert refusal(lambda: make_backup(address, file, now=NOW)) == "exists"
    assert file.read_bytes() == made
    assert refusal(lambda: make_backup(address, tmp_path / "none" / "a.ecrm", now=NOW)) == "folder"
    assert refusal(lambda: make_backup(f"sqlite:///{tmp_path / 'x.db'}", tmp_path / "b.ecrm", now=NOW)) == "nothing"
    assert refusal(lambda: make_backup("postgresql://host/name", tmp_path / "b.ecrm", now=NOW)) == "backend"
    assert refusal(lambda: restore_backup(address, tmp_path / "none.ecrm", now=NOW)) == "missing"
    assert not (tmp_path / "x.db").exists()

    note = note_of(file)
    unpack(file, note, tmp_path / "copy.db")
    later = BackupNote(**{**asdict(note), "revision": "9999"})
    seal(tmp_path / "copy.db", later, tmp_path / "later.ecrm")
    assert refusal(lambda: restore_backup(address, tmp_path / "later.ecrm", now=NOW)) == "newer"

    rubble = tmp_path / "rubble.db"
    rubble.write_bytes(place.read_bytes()[:8192] + b"\x00" * 8192)
    seal(rubble, note, tmp_path / "rubble.ecrm")
    assert refusal(lambda: restore_backup(address, tmp_path / "rubble.ecrm", now=NOW)) == "damaged"
    assert names(address) == ["Orang 0"]


def log_left_behind(place: Path, tmp_path: Path) -> None:
    """Leave a database as a killed server does: with the newest gestures in its log alone."""
    copies = tmp_path / "killed"
    copies.mkdir()
    with closing(sqlite3.connect(place, isolation_level=None)) as served:
        served.execute("PRAGMA journal_mode=WAL")
        served.execute("PRAGMA wal_autocheckpoint=0")
        for at in range(3):
            served.execute("UPDATE customer SET name = 'Dari log ' || id, email = ?", (str(at) * 200,))
        for ending in ("", "-wal", "-shm"):
            shutil.copy(f"{place}{ending}", copies / f"company.db{ending}")
    for file in copies.iterdir():
        file.replace(place.with_name(file.name))


@pytest.mark.parametrize("what", ["gone", "cut short"])
def test_a_log_left_behind_is_not_played_into_what_is_restored(
    address: str, place: Path, tmp_path: Path, what: str
) -> None:
    enter(address, 600)
    file = tmp_path / "a.ecrm"
    make_backup(address, file, now=NOW)
    log_left_behind(place, tmp_path)
    log = place.with_name("company.db-wal").read_bytes()
    assert len(log) > 10_000
    if what == "gone":
        place.unlink()
    else:
        place.write_bytes(place.read_bytes()[:8192])
    kept = restore_backup(address, file, now=NOW).kept
    assert names(address) == [f"Orang {number}" for number in range(600)]
    crm = ecrm.connect(address)
    assert check_database(crm.engine) == []
    crm.close()
    assert kept is not None
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == log, "nothing is thrown away"


def test_only_its_owner_reads_a_backup_and_a_database_keeps_its_rights(
    address: str, place: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.ecrm"
    place.chmod(0o640)
    make_backup(address, file, now=NOW)
    assert file.stat().st_mode & 0o777 == 0o600
    restore_backup(address, file, now=NOW)
    assert place.stat().st_mode & 0o777 == 0o640
    restore_backup(f"sqlite:///{tmp_path / 'new.db'}", file, now=NOW)
    assert (tmp_path / "new.db").stat().st_mode & 0o777 == 0o600


def test_a_database_behind_a_link_is_restored_where_it_is(address: str, place: Path, tmp_path: Path) -> None:
    enter(address, 1)
    (tmp_path / "link").mkdir()
    link = tmp_path / "link" / "company.db"
    link.symlink_to(place)
    make_backup(f"sqlite:///{link}", tmp_path / "a.ecrm", now=NOW)
    enter(address, 1, start=1)
    kept = restore_backup(f"sqlite:///{link}", tmp_path / "a.ecrm", now=NOW).kept
    assert link.is_symlink()
    assert names(address) == ["Orang 0"]
    assert kept is not None
    assert kept.parent == place.parent
    assert len(names(f"sqlite:///{kept}")) == 2


def test_a_backup_takes_no_other_files_place(address: str, place: Path, tmp_path: Path) -> None:
    make_backup(address, tmp_path / "a.ecrm", now=NOW)
    other = tmp_path / "b.ecrm"
    other.write_text("mine")  # made while the copy was under way
    assert refusal(lambda: seal(place, note_of(tmp_path / "a.ecrm"), other)) == "exists"
    assert other.read_text() == "mine"


def test_nothing_is_restored_under_somebodys_feet(address: str, place: Path, tmp_path: Path) -> None:
    enter(address, 1)
    file = tmp_path / "a.ecrm"
    make_backup(address, file, now=NOW)
    with closing(sqlite3.connect(place)) as served:
        served.execute("SELECT count(*) FROM customer").fetchone()
        assert refusal(lambda: restore_backup(address, file, now=NOW)) == "in_use"
    assert names(address) == ["Orang 0"]
    assert restore_backup(address, file, now=NOW).kept is not None


def test_a_company_in_order_has_no_faults(crm: Crm) -> None:
    with crm.work("ratna") as work:
        add_customers(work, [CustomerForm(name="Dewi", phones=["0811111111"])])
    assert check_database(crm.engine) == []


def test_loose_ends_are_found(crm: Crm) -> None:
    with crm.work("ratna") as work:
        add_customers(work, [CustomerForm(name="Dewi", phones=["0811111111"]), CustomerForm(name="Rina")])
    with crm.engine.begin() as connection:
        connection.execute(
            text("UPDATE customer SET last_activity_at = '2026-01-01 00:00:00.000000' WHERE name = 'Rina'")
        )
    assert check_database(crm.engine) == [Fault("last_activity", "customer.last_activity_at")]


def test_rows_that_hang_on_nothing_are_found(address: str, place: Path) -> None:
    enter(address, 2)
    with closing(sqlite3.connect(place)) as database, database:
        database.execute("UPDATE owner_change SET customer_id = 99 WHERE customer_id = 1")
        database.execute("UPDATE customer SET owner_id = 77")
    crm = ecrm.connect(address)
    found = check_database(crm.engine)
    crm.close()
    assert Fault("orphans", "customer.owner_id", 2) in found


def test_a_table_that_is_gone_and_one_too_many_are_found(address: str, place: Path) -> None:
    with closing(sqlite3.connect(place)) as database, database:
        database.execute("DROP TABLE saved_view")
        database.execute("CREATE TABLE notes_of_somebody (id INTEGER)")
    crm = ecrm.connect(address)
    assert check_database(crm.engine) == [
        Fault("table_missing", "saved_view"),
        Fault("table_strange", "notes_of_somebody"),
    ]
    crm.close()


def test_a_damaged_file_is_found_and_not_backed_up(address: str, place: Path, tmp_path: Path) -> None:
    enter(address, 400)
    with closing(sqlite3.connect(place)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'customer'").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with place.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    crm = ecrm.connect(address)
    assert {fault.kind for fault in check_database(crm.engine)} == {"damaged"}
    crm.close()
    assert refusal(lambda: make_backup(address, tmp_path / "a.ecrm", now=NOW)) == "damaged_source"
    for rubble in (b"not a database at all" * 500, place.read_bytes()[:8192]):
        place.write_bytes(rubble)
        assert refusal(lambda: make_backup(address, tmp_path / "a.ecrm", now=NOW)) == "damaged_source"
    assert {path.name for path in tmp_path.iterdir()} <= {"company.db", "company.db-wal", "company.db-shm"}


def ecrm_command(address: str, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", "from ecrm_core.cli import main; main()", *arguments],
        env={"PATH": "", "ECRM_DATABASE_URL": address, "ECRM_LANGUAGE": "id", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_commands_say_what_they_did(address: str, tmp_path: Path) -> None:
    enter(address, 3)
    file = tmp_path / "a.ecrm"
    code, told = ecrm_command(address, "backup", str(file))
    assert (code, "3 pelanggan, 0 pesanan" in told) == (0, True), told
    code, told = ecrm_command(address, "backup", str(file))
    assert (code, "tidak ditimpa" in told) == (2, True), told
    code, told = ecrm_command(address, "restore", str(file))
    assert (code, "Basis data sebelumnya disimpan di" in told) == (0, True), told
    code, told = ecrm_command(address, "check")
    assert (code, told.strip().endswith("Basis data utuh.")) == (0, True), told
    crm = ecrm.connect(address)
    with crm.engine.begin() as connection:
        connection.execute(text("UPDATE customer SET last_activity_at = '2026-01-01 00:00:00.000000'"))
        assert connection.scalar(select(func.count()).select_from(m.Customer)) == 3
    crm.close()
    code, told = ecrm_command(address, "check")
    assert (code, "3 pelanggan: aktivitas terakhir" in told) == (1, True), told
    code, told = ecrm_command(f"sqlite:///{tmp_path / 'mistyped' / 'company.db'}", "check")
    assert (code, "Tidak ada basis data e-CRM di" in told) == (2, True), told
    assert not (tmp_path / "mistyped").exists()
