"""The command line. Commands on the machine itself act as the system, unless `--as` says whom."""

from __future__ import annotations

import errno
import getpass
import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import SQLAlchemyError

from ecrm_core.analytics.activity import status_counts
from ecrm_core.backups.checking import check_database, refuse_missing
from ecrm_core.backups.making import make_backup, restore_backup
from ecrm_core.crm import Work, connect, make_engine, system_clock, translated
from ecrm_core.demo.opening import open_demo
from ecrm_core.errors import EcrmError, ImportRefused
from ecrm_core.importing.mapping import read_mapping
from ecrm_core.importing.running import import_file
from ecrm_core.migrations import upgrade
from ecrm_core.models import ImportKind, Role
from ecrm_core.queries.history import Side, TransactionSums, transaction_sums, transactions
from ecrm_core.queries.staff import employees
from ecrm_core.rules import month_of
from ecrm_core.services.dealing import deal_customers
from ecrm_core.services.employees import add_employee, deactivate_employee, set_password
from ecrm_core.services.login import make_login_link
from ecrm_core.services.overview import status_overview
from ecrm_core.services.plan_agenda import plan_agenda, propose
from ecrm_core.settings import Installation
from ecrm_core.texts import Texts

SOME_REJECTED = 1
REFUSED = 2
FORMATS = ("table", "csv", "json")
PLAN_COLUMNS = ("telemarketer", "capacity", "promised", "proposed", "left_over", "waiting_since")

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
user_app = typer.Typer(no_args_is_help=True)
app.add_typer(user_app, name="user", help="Karyawan: add, list, passwd, deactivate. / Employees.")

As = Annotated[str | None, typer.Option("--as", help="Bertindak sebagai karyawan ini. / Act as this employee.")]
Format = Annotated[str, typer.Option("--format", help="table, csv, json")]


def texts() -> Texts:
    return Texts(Installation().language)


@contextmanager
def acting(username: str | None) -> Iterator[Work]:
    """One transaction on the installation's database: an employee's, or the system's."""
    crm = connect()
    try:
        with crm.work(username) if username else crm.system("command line") as work:
            yield work
    finally:
        crm.close()


def main() -> None:
    """Run a command; a refusal is one clear line and exit code 2."""
    try:
        app()
    except EcrmError as error:
        print(texts().error(error), file=sys.stderr)
        sys.exit(REFUSED)
    except ValidationError as error:
        first = error.errors()[0]
        print(f"ECRM_{'_'.join(map(str, first['loc'])).upper()}: {first['msg']}", file=sys.stderr)
        sys.exit(REFUSED)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            taken = error.errno == errno.EADDRINUSE
            told = "cli.port_taken" if taken else "cli.system"
            print(texts()(told, detail=error.strerror or str(error)), file=sys.stderr)
            sys.exit(REFUSED)
        sys.exit(0)


@app.command()
def init() -> None:
    """Siapkan basis data, atau perbarui ke versi ini. / Prepare the database, or bring it up to date."""
    engine = make_engine(Installation().database_url)
    upgrade(engine)
    engine.dispose()
    print(texts()("cli.ready"))


@app.command()
def status(
    as_of: Annotated[str, typer.Option(help="YYYY-MM-DD")],
    acting_as: As = None,
    summary: Annotated[bool, typer.Option(help="Jumlah per status. / Counts per status.")] = False,
    output: Format = "table",
) -> None:
    """Siapa yang aktif pada suatu hari. / Who is active as of a day."""
    day = _day(as_of)
    _check_format(output)
    with acting(acting_as) as work:
        frame = status_overview(work, as_of=day)
        rule = work.rules.activity
    if summary:
        counts = status_counts(frame["status"])
        if output == "json":
            print(json.dumps(counts))
        else:
            table = pd.DataFrame({"status": list(counts), "customers": list(counts.values())})
            if output == "table":
                table["label"] = [texts().status(code, rule) for code in counts]  # type: ignore[arg-type]
            _print(table, output)
        return
    _print(frame, output)


@app.command()
def plan(
    day: Annotated[str, typer.Option(help="YYYY-MM-DD; hari ini bila kosong. / Today where empty.")] = "",
    only: Annotated[list[str] | None, typer.Option("--for", help="Hanya karyawan ini. / Only this employee.")] = None,
    again: Annotated[bool, typer.Option(help="Susun kembali. / Make it anew.")] = False,
    output: Format = "table",
) -> None:
    """Rencana telepon sehari, untuk tiap telemarketer. / The day's calls, for each telemarketer.

    Hari yang sudah lewat hanya ditampilkan, dari yang diketahui pagi itu.
    / A day that is over is only shown, from what was known that morning.
    """
    _check_format(output)
    with acting(None) as work:
        when = _day(day) if day else work.today
        shown_only = when < work.today
        plans = (
            propose(work, when, usernames=only or None)
            if shown_only
            else plan_agenda(work, when, usernames=only or None, again=again)
        )
    say = texts()
    if not plans and output == "table":
        print(say("plan.stood"))
        return
    rows = [
        {
            "telemarketer": each.username,
            "capacity": each.capacity if each.works else 0,
            "promised": each.promised,
            "proposed": len(each.calls),
            "left_over": len(each.left),
            "waiting_since": each.oldest_left_on.isoformat() if each.oldest_left_on else "",
        }
        for each in plans
    ]
    _print(pd.DataFrame(rows, columns=list(PLAN_COLUMNS)), output)


@app.command()
def history(
    month: Annotated[str, typer.Option(help="YYYY-MM")],
    product: Annotated[str | None, typer.Option(help="Nama atau kode produk. / Product name or code.")] = None,
    acting_as: As = None,
    summary: Annotated[bool, typer.Option(help="Jumlahnya saja. / Sums only.")] = False,
    output: Format = "table",
) -> None:
    """Transaksi sebulan, satu baris per produk yang dipesan. / A month's transactions, a row per order line."""
    first, last = month_of(_day(f"{month}-01"))
    _check_format(output)
    with acting(acting_as) as work:
        if summary:
            sums = transaction_sums(work, since=first, until=last, product=product)
        else:
            frame = transactions(work, since=first, until=last, product=product)
    if not summary:
        _print(frame, output)
    elif output == "json":
        print(_json(_sums(month, sums)))
    else:
        _print(_sums_table(sums), output)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Berkas baru. / A new file.")],
) -> None:
    """Cadangkan basis data, sambil dilayani. / Back the database up, while it is served."""
    words = texts()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words("backup.making"), total=None)
        note = make_backup(
            Installation().database_url,
            file,
            now=system_clock(),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    size = f"{file.stat().st_size / 1e6:,.1f}"
    print(words("backup.made", path=file, size=size, customers=note.customers, orders=note.orders))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="Cadangan dari ecrm backup. / A backup from ecrm backup.")],
) -> None:
    """Pulihkan dari cadangan; yang lama disimpan. / Restore a backup; what was there is kept."""
    words = texts()
    done = restore_backup(Installation().database_url, file, now=system_clock())
    made = done.note.made_at.astimezone().strftime("%Y-%m-%d %H:%M")
    print(words("backup.restored", made=made, customers=done.note.customers, orders=done.note.orders))
    if done.kept is not None:
        print(words("backup.kept", path=done.kept))


@app.command()
def check() -> None:
    """Periksa keutuhan basis data. / Look the database over."""
    words = texts()
    refuse_missing(Installation().database_url)
    engine = make_engine(Installation().database_url)
    try:
        faults = check_database(engine)
    except SQLAlchemyError as error:
        raise translated(error) from error
    finally:
        engine.dispose()
    for fault in faults:
        print(words(f"check.{fault.kind}", what=fault.what, count=fault.count))
    if faults:
        raise typer.Exit(SOME_REJECTED)
    print(words("check.well"))


@app.command("import")
def import_command(
    kind: Annotated[ImportKind, typer.Argument(help="customers, products, transactions")],
    file: Annotated[Path, typer.Argument(help="CSV, Excel, Parquet")],
    mapping: Annotated[Path, typer.Option(help="Pemetaan kolom (TOML). / How the columns are read (TOML).")],
    dry_run: Annotated[bool, typer.Option(help="Periksa saja. / Check only.")] = False,
    rejects: Annotated[Path | None, typer.Option(help="Berkas baris tertolak. / File of rejected rows.")] = None,
) -> None:
    """Masukkan berkas penjualan, pelanggan, atau produk. / Bring in a file of sales, customers or products."""
    words = texts()
    try:
        checked = read_mapping(mapping, kind)
        crm = connect()
        place = rejects or Path.cwd() / f"ecrm-rejects-{crm.clock():%Y%m%d-%H%M%S}.csv"
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            tasks: dict[str, Any] = {}

            def show(what: str, done: int, total: int | None) -> None:
                if what not in tasks:
                    tasks[what] = bar.add_task(words(f"cli.{what}"), total=total)
                bar.update(tasks[what], completed=done)

            report = import_file(
                crm,
                kind,
                file,
                checked,
                rejects=place,
                words=lambda reason: words(f"reject.{reason}") if f"reject.{reason}" in words else reason,
                dry_run=dry_run,
                progress=show,
            )
        crm.close()
    except ImportRefused as error:
        print(words.error(error), file=sys.stderr)
        raise typer.Exit(REFUSED) from error
    key = "cli.would_import" if dry_run else "cli.imported"
    print(words(key, read=report.read, added=report.added, known=report.known, rejected=report.rejected))
    if report.rejected:
        for reason, count in sorted(report.reasons.items(), key=lambda item: -item[1]):
            told = words(f"reject.{reason}") if f"reject.{reason}" in words else reason
            print(f"  {count:>9} {told}")
        print(words("cli.rejects", path=report.rejects))
        raise typer.Exit(SOME_REJECTED)


@app.command()
def deal(
    to: Annotated[str, typer.Option(help="siti,budi,…")],
    by: Annotated[str, typer.Option(help="even, city")] = "even",
    acting_as: As = None,
) -> None:
    """Bagikan pelanggan tanpa telemarketer. / Give customers without an owner to telemarketers."""
    with acting(acting_as) as work:
        receipt = deal_customers(work, to=[name.strip() for name in to.split(",") if name.strip()], by=by)
    for username, count in receipt.items():
        print(f"{count:>9} {username}")


@app.command(context_settings={"allow_extra_args": False})
def serve(
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option()] = 5006,
    origin: Annotated[str, typer.Option(help="Alamat luar. / Public address behind a proxy.")] = "",
    behind_proxy: Annotated[bool, typer.Option()] = False,
) -> None:
    """Layani layar-layarnya. / Serve the screens."""
    _screens("serve")(host=host, port=port, origin=origin, behind_proxy=behind_proxy)


@app.command()
def demo(
    fresh: Annotated[bool, typer.Option(help="Mulai dari awal. / Start over.")] = False,
    port: Annotated[int, typer.Option()] = 5006,
) -> None:
    """Perusahaan contoh, siap dicoba di peramban. / A demo company, ready to be tried in a browser."""
    words = texts()
    _must_be_free(port)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words("cli.making_demo"), total=1.0)
        company = open_demo(fresh=fresh, progress=lambda part: bar.update(task, completed=part))

    def ready(address: str) -> None:
        print(words("cli.demo_ready", address=address))
        for one in company.logins:
            role = words(f"role.{one.role}")
            print(f"  {one.username:<10} {one.password:<26} {one.name}, {role}")
        link = make_login_link(company.crm, company.logins[0].username, minutes=24 * 60)
        print(words("cli.demo_link", name=company.logins[0].name, link=f"{address}login?link={link}"), flush=True)

    _screens("serve_company")(company.crm, port=port, on_ready=ready)


@user_app.command("add")
def user_add(
    username: str,
    role: Annotated[Role, typer.Option()],
    name: Annotated[str | None, typer.Option(help="Nama lengkap. / Full name.")] = None,
) -> None:
    """Tambah karyawan; kata sandinya ditanyakan, atau dibaca dari masukan. / Add; the password is asked."""
    password = _password()
    with acting(None) as work:
        card = add_employee(work, username, name=name or username.capitalize(), role=role, password=password)
    print(texts()("cli.user_added", username=card.username, role=texts()(f"role.{card.role}")))


@user_app.command("list")
def user_list(output: Format = "table") -> None:
    """Semua karyawan. / Everybody."""
    _check_format(output)
    with acting(None) as work:
        frame = employees(work)
    _print(frame, output)


@user_app.command("passwd")
def user_passwd(username: str) -> None:
    """Ganti kata sandi; semua sesinya berakhir. / Change a password; it ends every session."""
    password = _password()
    with acting(None) as work:
        set_password(work, username, password)
    print(texts()("cli.password_changed", username=username))


@user_app.command("deactivate")
def user_deactivate(username: str) -> None:
    """Nonaktifkan; tidak ada yang dihapus. / Deactivate; nothing is deleted."""
    with acting(None) as work:
        deactivate_employee(work, username)
    print(texts()("cli.deactivated", username=username))


def _screens(name: str) -> Any:
    """A command that the screens bring; the core itself knows none."""
    for found in entry_points(group="ecrm.commands", name=name):
        return found.load()
    raise typer.BadParameter(texts()("cli.no_screens"))


def _must_be_free(port: int) -> None:
    """Find out before a minute's work is done that nobody could see.

    Raises:
        OSError: the port is taken.
    """
    with socket.socket() as probe:
        # As servers open theirs: one that has just stopped is not in the way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass(texts()("cli.password"))
    return sys.stdin.readline().rstrip("\r\n")


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError as error:
        raise typer.BadParameter(texts()("cli.bad_day", text=text)) from error


def _check_format(output: str) -> None:
    if output not in FORMATS:
        raise typer.BadParameter(", ".join(FORMATS))


def _print(frame: pd.DataFrame, output: str) -> None:
    """A frame on standard output: days as ISO dates, money as exact decimals."""
    frame = frame.copy()
    for column in frame.columns:
        if pd.api.types.is_datetime64_any_dtype(frame[column]):
            frame[column] = frame[column].dt.strftime("%Y-%m-%d")
    if output == "csv":
        frame.to_csv(sys.stdout, index=False)
    elif output == "json":
        records = frame.astype(object).where(frame.notna(), None).to_dict(orient="records")
        print(_json(records))
    else:
        print(frame.astype(object).where(frame.notna(), "").to_string(index=False))


def _json(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        # json writes floats by float.__repr__; two-decimal money survives that to fifteen digits.
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


def _side(side: Side) -> dict[str, Any]:
    return {"lines": side.lines, "orders": side.orders, "customers": side.customers, "amount": side.amount}


def _sums(month: str, sums: list[TransactionSums]) -> dict[str, Any]:
    """One object; with several currencies the figures stand under each, and nothing is added up."""
    if len(sums) > 1:
        each = {one.currency: {**_side(one.sold), "returned": _side(one.returned)} for one in sums}
        return {"month": month, "currencies": each}
    nothing = Side(0, 0, 0, Decimal(0))
    one = sums[0] if sums else TransactionSums("", nothing, nothing)
    return {
        "month": month,
        "currency": one.currency or None,
        **_side(one.sold),
        "returned": _side(one.returned),
        "difference": one.difference,
    }


def _sums_table(sums: list[TransactionSums]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"currency": one.currency, "what": what, **_side(side)}
            for one in sums
            for what, side in (("sold", one.sold), ("returned", one.returned))
        ],
        columns=["currency", "what", "lines", "orders", "customers", "amount"],
    )
