"""A replay of the sales of a real British shop: UCI's "Online Retail" data.

541,909 invoice lines from 2010-12-01 to 2011-12-09. Source: Daqing Chen (2015), Online Retail,
UCI Machine Learning Repository, https://doi.org/10.24432/C5BW33, licence CC BY 4.0. Each
line becomes one valid sale; a country stands for a store.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pooch
from python_calamine import CalamineError

from lablib.errors import DownloadFailed, LabError
from lablib.sale import FIELDS, INT32, PRICE_LIMIT, Event, Kind, Sale, sale_json
from lablib.settings import load_settings

URL = "https://archive.ics.uci.edu/static/public/352/online+retail.zip"
WORKBOOK = "Online Retail.xlsx"
LINES = 541_909
COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
ZONE = "Europe/London"
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

_SUFFIXES = (".csv", ".csv.gz", ".xlsx")
_CHUNK = 8_192


class OnlineRetail:
    """A source of real sales, in order of event time; it yields the same events every time.

    ``sale_id`` is the invoice's number and the line's number within the invoice; ``store_id``
    the country (``united-kingdom``); ``sku`` the StockCode as it stands; ``event_time`` the
    InvoiceDate, read as London time. A cancelled line is a return with a negative quantity.
    Prices may be 0 or negative, as they are in the books. There are no promotions.
    """

    def __init__(self, path: Path | str | None = None, *, cache: Path | None = None) -> None:
        """Take the data from ``path``: .xlsx as published, .csv or .csv.gz with its columns.

        Without a path it is downloaded from UCI once and kept in ``cache`` (default: the
        settings' cache folder). Nothing is read before the first sale is asked for.
        """
        self.path = None if path is None else Path(path)
        self.cache = cache
        if self.path is not None:
            _check_path(self.path)

    def __iter__(self) -> Iterator[Event]:
        """Yield what a producer sends."""
        table = self._table
        for first in range(0, len(table), _CHUNK):
            chunk = table.iloc[first : first + _CHUNK]
            times = (chunk["event_time"].astype("int64") / 1000).tolist()
            for fields, time in zip(_fields(chunk), times, strict=True):
                yield Event(fields[1].encode(), sale_json(*fields), Kind.SALE, fields[0], time)

    def sales(self) -> Iterator[Sale]:
        """Yield the sales."""
        for event in self:
            yield Sale.from_json(event.value)

    def frame(self) -> pd.DataFrame:
        """Return the sales: one row a sale, the fields as columns.

        ``unit_price`` is a float, ``event_time`` a timestamp in UTC, an unknown customer NA.
        """
        table = self._table.copy()
        table["event_time"] = pd.to_datetime(table["event_time"], unit="ms", utc=True)
        return table

    @cached_property
    def _table(self) -> pd.DataFrame:
        return to_sales(read_lines(self.path or download(self.cache)))


def read_lines(path: Path) -> pd.DataFrame:
    """Return the invoice lines of a .csv, .csv.gz or .xlsx file as text, with `COLUMNS`.

    An empty cell is an empty text. A file that cannot be read, or lacks a column, is a
    `LabError`.
    """
    _check_path(path)
    try:
        if path.suffix.lower() == ".xlsx":
            lines = pd.read_excel(path, dtype=str, keep_default_na=False, engine="calamine")
        else:
            with warnings.catch_warnings():
                # Pandas only warns when it drops surplus fields.
                warnings.simplefilter("error", pd.errors.ParserWarning)
                lines = pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False)
    except (OSError, EOFError, ValueError, Warning, zlib.error, CalamineError) as error:
        raise LabError(
            f"{path} cannot be read.",
            f"{type(error).__name__}: {error}",
            "fetch the file again; it may be cut short, or not be what its name says",
        ) from error
    missing = [name for name in COLUMNS if name not in lines]
    if missing:
        raise LabError(
            f"{path} lacks the columns {', '.join(missing)}.",
            f"only {', '.join(map(str, lines.columns))}",
            f"give a file with {', '.join(COLUMNS)} in its first line",
        )
    return lines[list(COLUMNS)].fillna("")


def to_sales(lines: pd.DataFrame) -> pd.DataFrame:
    """Return the sales that invoice lines, as from `read_lines`, stand for, in time order.

    One row a sale, with the fields of `lablib.sale.Sale` as columns; ``event_time`` is in
    milliseconds since 1970. A line that is no sale is a `LabError` with its number and field.
    """
    quantity = pd.to_numeric(lines["Quantity"], errors="coerce")
    price = pd.to_numeric(lines["UnitPrice"], errors="coerce")
    thousandths = (price * 1000).round()
    local = pd.to_datetime(lines["InvoiceDate"], format=TIME_FORMAT, errors="coerce")
    # The hour that the clocks show twice in October is taken to be its first pass.
    first_pass = np.ones(len(lines), dtype=bool)
    time = local.dt.tz_localize(ZONE, ambiguous=first_pass, nonexistent="NaT")
    stores = {country: _slug(country) for country in lines["Country"].unique()}
    store = lines["Country"].map(stores)

    _refuse_lines(lines, "InvoiceNo", lines["InvoiceNo"] == "", "an invoice's number")
    _refuse_lines(lines, "StockCode", lines["StockCode"] == "", "an article's code")
    whole = (quantity % 1 == 0) & (quantity != 0) & (quantity.abs() < INT32)
    _refuse_lines(lines, "Quantity", ~whole, "a whole number other than 0")
    exact = ((price * 1000 - thousandths).abs() < 1e-3) & (price.abs() < float(PRICE_LIMIT))
    _refuse_lines(lines, "UnitPrice", ~exact, "a number with at most 3 decimals, below 10**9")
    _refuse_lines(lines, "InvoiceDate", time.isna(), f"London time as {TIME_FORMAT}")
    _refuse_lines(lines, "Country", store == "", "a country's name in Latin letters")

    number = lines.groupby("InvoiceNo", sort=False).cumcount() + 1
    customer = lines["CustomerID"].str.removesuffix(".0")
    sales = pd.DataFrame(
        {
            "sale_id": lines["InvoiceNo"] + "-" + number.astype(str),
            "store_id": store,
            "store_seq": 0,
            "sku": lines["StockCode"],
            "quantity": quantity.astype("int64"),
            # Dividing again gives the float nearest to the decimal price.
            "unit_price": thousandths / 1000,
            "event_time": time.dt.tz_convert("UTC").dt.as_unit("ms").astype("int64"),
            "customer_id": customer.mask(customer == ""),
            "promotion": None,
        }
    ).sort_values("event_time", kind="stable", ignore_index=True)
    sales["store_seq"] = sales.groupby("store_id", sort=False).cumcount() + 1
    return sales


def download(cache: Path | None = None) -> Path:
    """Return the data as a .csv.gz in ``cache``; fetch it from UCI (23 MB) if it is not there.

    UCI publishes no hash: what arrives must have the columns and the 541,909 lines that its
    documentation tells of, else `DownloadFailed`.
    """
    folder = cache or load_settings().cache_folder
    kept = folder / "online-retail.csv.gz"
    if kept.exists():
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="online-retail-") as scratch:
        try:
            fetched = pooch.retrieve(
                URL,
                known_hash=None,
                path=scratch,
                fname="online-retail.zip",
                downloader=pooch.HTTPDownloader(progressbar=True, timeout=30),
            )
            with zipfile.ZipFile(fetched) as archive:
                lines = read_lines(Path(archive.extract(WORKBOOK, scratch)))
        except (OSError, KeyError, zipfile.BadZipFile, LabError) as error:
            raise _download_failed(f"{type(error).__name__}: {error}") from error
        if len(lines) != LINES:
            raise _download_failed(f"{len(lines):,} lines from {URL} instead of {LINES:,}")
        made = Path(scratch, kept.name)
        lines.to_csv(made, index=False)
        made.replace(kept)
    return kept


def _download_failed(seen: str) -> DownloadFailed:
    return DownloadFailed(
        "The Online Retail data could not be downloaded from UCI.",
        seen,
        f"fetch {URL} on a machine that can, unzip it here and give the path of {WORKBOOK}; "
        "or take the synthetic sales",
    )


def _check_path(path: Path) -> None:
    if not path.name.lower().endswith(_SUFFIXES):
        raise LabError(
            f"{path} is of no kind that can be read.",
            f"the suffix {path.suffix or '(none)'}",
            f"give a file that ends in {', '.join(_SUFFIXES)}",
        )
    if not path.is_file():
        raise LabError(
            f"There is no file {path}.",
            "a folder" if path.is_dir() else None,
            "correct the path, or give none to download the data from UCI",
        )


def _refuse_lines(lines: pd.DataFrame, field: str, bad: pd.Series[bool], right: str) -> None:
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise LabError(
            f"Line {row + 2} has a wrong {field} ({int(bad.sum())} such lines in all).",
            f"{field}={lines[field].iloc[row]!r}",
            f"correct it to {right}",
        )


def _slug(country: str) -> str:
    plain = unicodedata.normalize("NFKD", country).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _fields(table: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Yield the fields of each sale as plain Python values, in the order of `FIELDS`."""
    times = table["event_time"].to_numpy().astype("datetime64[ms]")
    columns = {name: table[name].tolist() for name in FIELDS}
    columns["event_time"] = np.datetime_as_string(times, unit="ms", timezone="UTC").tolist()
    known = table["customer_id"].notna()
    columns["customer_id"] = table["customer_id"].astype(object).where(known, None).tolist()
    return zip(*columns.values(), strict=True)
