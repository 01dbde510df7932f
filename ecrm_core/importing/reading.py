"""Files in pieces: whatever they are, a series of frames with the file's own columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ArrowException
from python_calamine import CalamineError, CalamineWorkbook

from ecrm_core.errors import ImportRefused
from ecrm_core.importing.mapping import DATES, WHITESPACE, Dates, Mapping
from ecrm_core.importing.values import cell_text

ROWS = 50_000
"""Rows a piece: memory stays flat, whatever the file's size."""
REASON = "reason"
"""The column that a file of rejected rows has more; read over when it comes back."""
BEYOND = "\0beyond"
"""What stands behind the last column: nothing, or the row is not what it seems."""
WITH_GAPS = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype(), pa.int32(): pd.Int32Dtype()}
"""Whole numbers stay whole where some are missing: a code of seventeen digits is not what a float makes of it."""
SERIAL_DAYS = range(1, 2_958_466)
"""What a spreadsheet's date is without its format: days since the end of 1899, up to the year 9999."""
SERIAL_BEGIN = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's date has no zone
EXCEL = {".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"}
PARQUET = {".parquet", ".pq"}


def file_format(path: Path, mapping: Mapping) -> str:
    """`csv`, `excel` or `parquet`: what the ending says, else what the mapping says.

    The ending goes first, so that the CSV of rejected rows is read by the mapping of its workbook.
    """
    ending = path.suffix.lower()
    if ending in EXCEL:
        return "excel"
    if ending in PARQUET:
        return "parquet"
    if ending in {".csv", ".tsv"} or mapping.file.format is None:
        return "csv"
    return mapping.file.format


def check_file(path: Path) -> None:
    """Refuse what is no file with something in it.

    Raises:
        ImportRefused: `missing`, `directory`, `empty`.
    """
    if path.is_dir():
        raise ImportRefused("directory", file=str(path))
    if not path.is_file():
        raise ImportRefused("missing", file=str(path))
    if path.stat().st_size == 0:
        raise ImportRefused("empty", file=str(path))


def row_count(path: Path, mapping: Mapping) -> int | None:
    """How many rows to expect, for a progress bar; none where only reading would tell."""
    kind = file_format(path, mapping)
    if kind == "parquet":
        try:
            return int(pq.ParquetFile(path).metadata.num_rows)
        except (ArrowException, OSError):
            return None
    if kind == "csv":
        with path.open("rb") as file:
            lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
        return max(0, lines - mapping.file.skip_rows - mapping.file.header)
    return None


def pieces(path: Path, mapping: Mapping) -> Iterator[pd.DataFrame]:
    """The file's rows, in order, some at a time, indexed by their row number (from 0).

    Text files come as text, nothing guessed; Parquet and Excel keep the types they have.

    Raises:
        ImportRefused: `encoding`, `unreadable`, or `columns` (with those that are missing).
    """
    check_file(path)
    reader = {"csv": _csv, "excel": _excel, "parquet": _parquet}[file_format(path, mapping)]
    start = 0
    checked = False
    try:
        for piece in reader(path, mapping):
            if not checked:
                _check_columns(piece, mapping, path)
                checked = True
            piece.index = pd.RangeIndex(start, start + len(piece))
            start += len(piece)
            yield piece
    except UnicodeDecodeError as error:
        raise ImportRefused("encoding", file=path.name, encoding=mapping.file.encoding) from error
    except LookupError as error:
        raise ImportRefused("encoding", file=path.name, encoding=mapping.file.encoding) from error
    except (ArrowException, CalamineError, pd.errors.ParserError, pd.errors.EmptyDataError, OSError) as error:
        raise ImportRefused("unreadable", file=path.name, detail=str(error).splitlines()[0]) from error
    if start == 0:
        raise ImportRefused("empty", file=str(path))


def _check_columns(piece: pd.DataFrame, mapping: Mapping, path: Path) -> None:
    missing = sorted(set(mapping.named().values()) - set(piece.columns))
    if missing:
        raise ImportRefused(
            "columns", file=path.name, columns=missing, there=[str(name) for name in piece.columns][:30]
        )


def _csv(path: Path, mapping: Mapping) -> Iterator[pd.DataFrame]:
    form = mapping.file
    reading: dict[str, Any] = {
        "sep": r"\s+" if form.separator == WHITESPACE else form.separator,
        "encoding": form.encoding,
        "skiprows": form.skip_rows,
        "index_col": False,
        "dtype": str,
        "keep_default_na": False,
        "na_filter": False,
    }
    if form.header:
        names = [str(name).strip() for name in pd.read_csv(path, nrows=0, **reading).columns]
    else:
        names = [*form.names, REASON]
    # One name more than there are columns: pandas would cut off what stands there without a word. It
    # takes names only where it looks for no header, so the header is read as a row, and left out.
    with pd.read_csv(path, header=None, names=[*names, BEYOND], chunksize=ROWS, **reading) as frames:
        for place, frame in enumerate(frames):
            rows = frame.iloc[1:] if form.header and place == 0 else frame
            ragged = rows.index[rows[BEYOND] != ""]
            if len(ragged):
                row = int(ragged[0]) + (0 if form.header else 1)
                raise ImportRefused("ragged", file=path.name, row=row, columns=len(names))
            yield rows.drop(columns=[BEYOND, REASON], errors="ignore")


def _parquet(path: Path, mapping: Mapping) -> Iterator[pd.DataFrame]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS):
            yield batch.to_pandas(types_mapper=WITH_GAPS.get)


def _excel(path: Path, mapping: Mapping) -> Iterator[pd.DataFrame]:
    with CalamineWorkbook.from_path(str(path)) as book:
        if mapping.file.sheet is not None and mapping.file.sheet not in book.sheet_names:
            raise ImportRefused("sheet", file=path.name, sheet=mapping.file.sheet, there=list(book.sheet_names))
        sheet = book.get_sheet_by_name(mapping.file.sheet or book.sheet_names[0])
        # Rows are counted as the sheet numbers them, whatever is empty above.
        rows = sheet.to_python(skip_empty_area=False)[mapping.file.skip_rows :]
    rows = [row for row in rows if any(cell != "" for cell in row)]
    names = mapping.file.names
    if mapping.file.header:
        names = _names(rows[0]) if rows else []
        rows = rows[1:]
    dated = [place for place, name in enumerate(names) if name in mapping.columns_of(DATES)]
    width = len(names)
    for number, row in enumerate(rows, start=1):
        if any(cell != "" for cell in row[width:]):
            raise ImportRefused("ragged", file=path.name, row=number, columns=width)
    for start in range(0, len(rows), ROWS):
        part = [row[:width] + [""] * (width - len(row)) for row in rows[start : start + ROWS]]
        for row in part:
            for place in dated:
                row[place] = _date_of_serial(row[place], mapping.dates)
        yield pd.DataFrame(part, columns=names, dtype=object).drop(columns=REASON, errors="ignore")


def _names(cells: list[Any]) -> list[str]:
    """A header's names as pandas gives them to a CSV: every column has one, and none twice."""
    names: list[str] = []
    times: Counter[str] = Counter()
    for place, cell in enumerate(cells):
        name = cell_text(cell).strip() or f"Unnamed: {place}"
        names.append(f"{name}.{times[name]}" if times[name] else name)
        times[name] += 1
    return names


def _date_of_serial(cell: Any, dates: Dates) -> Any:
    """A date that lost its format is a number; one that the mapping reads as digits stays as it is."""
    if isinstance(cell, bool) or not isinstance(cell, float | int) or int(cell) not in SERIAL_DAYS:
        return cell
    if dates.format is not None:
        try:
            datetime.strptime(cell_text(cell), dates.format)  # noqa: DTZ007 - only asked whether it can be read
        except ValueError:
            pass
        else:
            return cell
    # To the second: what lies below is a binary fraction's noise.
    return SERIAL_BEGIN + timedelta(seconds=round(cell * 86_400))
