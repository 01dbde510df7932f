"""One file in: read and judged whole, then written in batches, with a report at the end."""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pandas as pd
from sqlalchemy import select

from ecrm_core.crm import Crm, Work
from ecrm_core.errors import ImportRefused
from ecrm_core.importing.checking import Reasons, check_transactions
from ecrm_core.importing.locking import only_import
from ecrm_core.importing.mapping import DATES, NUMBERS, WHITESPACE, Mapping
from ecrm_core.importing.masters import check_customers, check_products, taken_codes, write_customers, write_products
from ecrm_core.importing.reading import REASON, check_file, file_format, pieces, row_count
from ecrm_core.importing.staging import Belonging, Staging
from ecrm_core.importing.values import as_text, written_date, written_number
from ecrm_core.importing.writing import orders_of_others, write_transactions
from ecrm_core.models import Employee, ImportKind, ImportRun
from ecrm_core.rules import CompanyRules

Progress = Callable[[str, int, int | None], None]
"""Told `reading` or `writing`, the rows done, and how many there are where that is known."""

WRONG_MAPPING = {"bad_date", "bad_quantity", "bad_price", "bad_amount", "bad_discount", "bad_currency"}
"""Reasons that, where not one row passes, are the mapping's fault rather than the rows'."""
FEW = 3


@dataclass(frozen=True)
class ImportReport:
    """What became of a file's rows; `reasons` counts the rejected ones by their reason's code."""

    read: int
    added: int
    known: int
    rejected: int
    reasons: dict[str, int] = field(default_factory=dict)
    rejects: Path | None = None


class _DryRun(Exception):
    pass


def import_file(
    crm: Crm,
    kind: ImportKind,
    path: Path,
    mapping: Mapping,
    *,
    rejects: Path,
    words: Callable[[str], str] = str,
    dry_run: bool = False,
    progress: Progress = lambda what, done, total: None,
) -> ImportReport:
    """Bring a file in; what is there already stays as it is, and is counted as known.

    Lists of customers and products fill in what is blank of those that are known.

    Args:
        rejects: where rows that cannot be kept are written, in the input's own columns and with
            their reason, readable by the same mapping; made only where there are any.
        words: a reason's code in the reader's language.
        dry_run: everything but the writing.

    Raises:
        ImportRefused: the file cannot be read, not one row of it fits the mapping, or another import
            is at work for longer than one waits; nothing was changed.
    """
    check_file(path)
    with only_import(crm.engine):
        return _bring_in(crm, kind, path, mapping, rejects, words, dry_run=dry_run, progress=progress)


def _bring_in(
    crm: Crm,
    kind: ImportKind,
    path: Path,
    mapping: Mapping,
    rejects: Path,
    words: Callable[[str], str],
    *,
    dry_run: bool,
    progress: Progress,
) -> ImportReport:
    total = row_count(path, mapping)
    with crm.system("importing") as work:
        rules = work.rules
        started_at = work.now
        staff = frozenset(work.session.scalars(select(Employee.username).where(Employee.active)))
    reasons: Counter[str] = Counter()
    read = 0
    with tempfile.TemporaryDirectory(prefix="ecrm-import-") as folder, _Rejects(rejects, path, mapping, words) as bad:
        staging = Staging(Path(folder))
        judge = _Judge(crm, kind, mapping, rules, staff, staging)
        try:
            for piece in pieces(path, mapping):
                refused = judge(piece)
                reasons.update(reason for reason in refused if reason)
                bad.write(piece, refused)
                read += len(piece)
                progress("reading", read, total)
            rejected = reasons.total()
            if rejected == read and read >= FEW and set(reasons) <= WRONG_MAPPING:
                raise ImportRefused("nothing_fits", file=path.name, detail=words(reasons.most_common(1)[0][0]))
            added = known = 0
            run_id = None if dry_run else _begin(crm, kind, path, mapping)
            batches: Iterator[Any] = staging.batches() if kind is ImportKind.TRANSACTIONS else _in_parts(judge.masters)
            for batch in batches:
                with _batch(crm, dry_run=dry_run) as work:
                    if kind is ImportKind.TRANSACTIONS:
                        written = write_transactions(work, batch, mapping, run_id)
                    elif kind is ImportKind.CUSTOMERS:
                        written = write_customers(work, batch, mapping)
                    else:
                        written = write_products(work, batch, mapping)
                added += written.added
                known += written.known
                progress("writing", added + known, read - rejected)
        finally:
            staging.close()
        report = ImportReport(read, added, known, rejected, dict(reasons), bad.keep() if rejected else None)
    if run_id is not None:
        with crm.system("importing") as work:
            run = work.session.get_one(ImportRun, run_id)
            run.finished_at = work.now
            run.started_at = started_at
            run.rows_read, run.rows_added, run.rows_known, run.rows_rejected = read, added, known, rejected
    return report


@dataclass
class _Judge:
    """Looks at pieces of a file: good rows are kept until all have been seen."""

    crm: Crm
    kind: ImportKind
    mapping: Mapping
    rules: CompanyRules
    staff: frozenset[str]
    staging: Staging
    masters: list[Any] = field(default_factory=list)
    codes: dict[str, str | None] = field(default_factory=dict)

    def __call__(self, piece: pd.DataFrame) -> Reasons:
        """Why each row of a piece is refused, where it is."""
        if self.kind is ImportKind.TRANSACTIONS:
            return check_transactions(piece, self.mapping, self.rules, self.staff, self.staging, self._taken)
        rows: list[Any]
        if self.kind is ImportKind.PRODUCTS:
            rows, reasons = check_products(piece, self.mapping, self.rules)
        else:
            column = self.mapping.columns.code
            if column is not None:
                with self.crm.system("importing") as work:
                    self.codes = taken_codes(work, as_text(piece[column]), self.mapping.source) | self.codes
            rows, reasons = check_customers(piece, self.mapping, self.rules, self.staff, self.codes)
        self.masters.extend(rows)
        return reasons

    def _taken(self, belonging: Iterable[Belonging]) -> set[Belonging]:
        with self.crm.system("importing") as work:
            return orders_of_others(work, self.mapping.source, belonging)


@contextmanager
def _batch(crm: Crm, *, dry_run: bool) -> Iterator[Work]:
    """One transaction; a dry run undoes it when it has shown what it would do."""
    try:
        with crm.system("importing") as work:
            yield work
            if dry_run:
                raise _DryRun  # noqa: TRY301
    except _DryRun:
        pass


def _begin(crm: Crm, kind: ImportKind, path: Path, mapping: Mapping) -> int:
    with crm.system("importing") as work:
        run = ImportRun(kind=kind, source=mapping.source, file_name=path.name[:200], started_at=work.now)
        work.session.add(run)
        work.session.flush()
        return run.id


def _in_parts(rows: list[Any], size: int = 5_000) -> Iterator[list[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


class _Rejects:
    """The file of rejected rows: written beside its place, and moved there when the import is through."""

    def __init__(self, place: Path, source: Path, mapping: Mapping, words: Callable[[str], str]) -> None:
        if place.absolute() == source.absolute() or not place.absolute().parent.is_dir():
            raise ImportRefused("rejects", file=str(place))
        self._place = place
        self._draft = place.with_name(place.name + ".part")
        self._source, self._mapping, self._words = source, mapping, words
        self._file: IO[str] | None = None

    def __enter__(self) -> _Rejects:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
        self._draft.unlink(missing_ok=True)

    def keep(self) -> Path:
        assert self._file is not None
        self._file.close()
        self._draft.replace(self._place)
        return self._place

    def write(self, piece: pd.DataFrame, reasons: Any) -> None:
        """The rejected rows of a piece, in the input's own columns."""
        chosen = reasons != ""
        if not chosen.any():
            return
        rows = piece[chosen]
        blanks = self._mapping.file.separator == WHITESPACE
        told = [self._words(reason) for reason in reasons[chosen]]
        frame = pd.DataFrame({name: self._written(rows[name]) for name in rows.columns})
        # In a file parted by blanks a sentence would be several columns.
        frame[REASON] = [text.replace(" ", "_") for text in told] if blanks else told
        if self._file is None:
            self._open(frame)
        assert self._file is not None
        writer = csv.writer(self._file, delimiter=" " if blanks else self._mapping.file.separator)
        writer.writerows(frame.itertuples(index=False))

    def _written(self, column: pd.Series[Any]) -> pd.Series[Any]:
        """A column as text that the mapping reads back, also where a workbook held dates and numbers."""
        dates, form = self._mapping.dates, self._mapping.file
        if column.name in self._mapping.columns_of(DATES):
            column = column.astype(object).map(lambda cell: written_date(cell, dates))
        elif column.name in self._mapping.columns_of(NUMBERS):
            column = column.astype(object).map(lambda cell: written_number(cell, form))
        return as_text(column)

    def _open(self, frame: pd.DataFrame) -> None:
        form = self._mapping.file
        text_source = file_format(self._source, self._mapping) == "csv"
        self._file = self._draft.open("w", encoding=form.encoding, newline="", errors="replace")
        # As many lines above the data as the mapping reads over; the source's own where it is text.
        above = [""] * form.skip_rows
        if text_source and form.skip_rows:
            with self._source.open(encoding=form.encoding) as source:
                above = [next(source, "").rstrip("\r\n") for _ in range(form.skip_rows)]
        for line in above:
            self._file.write((line or "#") + "\n")
        if form.header:
            csv.writer(self._file, delimiter=" " if form.separator == WHITESPACE else form.separator).writerow(
                frame.columns
            )
