"""Tests of the replay of real sales."""

from __future__ import annotations

import csv
import functools
import gzip
import os
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import orjson
import pandas as pd
import pytest

from lablib import online_retail
from lablib.errors import DownloadFailed, LabError
from lablib.online_retail import COLUMNS, LINES, OnlineRetail
from lablib.sale import Event, Kind, Sale

HEADER = ",".join(COLUMNS)
ROWS = [
    "536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
    "536365,71053,LANTERN,6,2010-12-01 08:26:00,3.0,17850.0,United Kingdom",
    "536370,22728,ALARM CLOCK,24,2010-12-01 08:45:00,3.75,12583.0,France",
    "C536379,D,Discount,-1,2011-07-01 09:41:00,27.5,,United Kingdom",
    "A563186,B,Adjust bad debt,1,2011-08-12 14:51:00,-11062.06,,EIRE",
    "563187,PADS,PADS TO MATCH,1,2011-08-12 14:52:00,0.001,,Channel Islands",
]


def write(path: Path, *rows: str) -> Path:
    """Write rows under the header as a .csv and return its path."""
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A few rows of the kinds that the data has."""
    return write(tmp_path / "small.csv", *ROWS)


def test_lines_become_sales(small: Path) -> None:
    """Ids, stores, sequence numbers, London times in UTC, prices and customers, by hand."""
    sales = list(OnlineRetail(small).sales())
    assert [sale.sale_id for sale in sales] == [
        "536365-1",
        "536365-2",
        "536370-1",
        "C536379-1",
        "A563186-1",
        "563187-1",
    ]
    uk = "united-kingdom"
    assert [sale.store_id for sale in sales] == [
        uk,
        uk,
        "france",
        uk,
        "eire",
        "channel-islands",
    ]
    assert [sale.store_seq for sale in sales] == [1, 2, 1, 3, 1, 1]
    assert sales[0].event_time == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert sales[3].event_time == datetime(2011, 7, 1, 8, 41, tzinfo=UTC)
    assert [sale.unit_price for sale in sales] == [
        Decimal(text) for text in ("2.55", "3", "3.75", "27.5", "-11062.06", "0.001")
    ]
    assert [sale.customer_id for sale in sales] == [
        "17850",
        "17850",
        "12583",
        None,
        None,
        None,
    ]
    assert [sale.quantity for sale in sales] == [6, 6, 24, -1, 1, 1]
    assert {sale.promotion for sale in sales} == {None}


def test_events_describe_their_sales(small: Path) -> None:
    """Key, id and event time of an event are those in its value; a second pass is the same."""
    source = OnlineRetail(small)
    events = list(source)
    assert events == list(source)
    for event, sale in zip(events, source.sales(), strict=True):
        assert event == Event(
            key=sale.store_id.encode(),
            value=sale.to_json(),
            kind=Kind.SALE,
            sale_id=sale.sale_id,
            event_time=sale.event_time.timestamp(),
        )


def test_order_is_time_order(tmp_path: Path) -> None:
    """A file in another order is put in order; line numbers stay those of the invoice."""
    path = write(
        tmp_path / "mixed.csv",
        "2,A,,1,2011-01-02 10:00:00,1.0,,France",
        "1,B,,1,2011-01-01 10:00:00,1.0,,France",
        "2,C,,1,2011-01-02 10:00:00,1.0,,France",
    )
    sales = list(OnlineRetail(path).sales())
    assert [(sale.sale_id, sale.store_seq) for sale in sales] == [
        ("1-1", 1),
        ("2-1", 2),
        ("2-2", 3),
    ]


def test_a_file_without_lines(tmp_path: Path) -> None:
    """A header alone is a stream without events."""
    assert list(OnlineRetail(str(write(tmp_path / "none.csv")))) == []


def test_the_hour_that_comes_twice(tmp_path: Path) -> None:
    """A time that London's clocks showed twice is its first pass, which is summer time."""
    path = write(tmp_path / "dst.csv", "1,A,,1,2011-10-30 01:30:00,1.0,,France")
    (sale,) = OnlineRetail(path).sales()
    assert sale.event_time == datetime(2011, 10, 30, 0, 30, tzinfo=UTC)


def test_a_workbook_gives_the_same_sales(small: Path, tmp_path: Path) -> None:
    """Numbers and dates in the cells of an .xlsx make no difference."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(COLUMNS)
    for line in csv.DictReader(small.open()):
        invoice, sku = line["InvoiceNo"], line["StockCode"]
        sheet.append(
            [
                int(invoice) if invoice.isdigit() else invoice,
                int(sku) if sku.isdigit() else sku,
                line["Description"],
                int(line["Quantity"]),
                datetime.fromisoformat(line["InvoiceDate"]),
                float(line["UnitPrice"]),
                float(line["CustomerID"]) if line["CustomerID"] else None,
                line["Country"],
            ]
        )
    path = tmp_path / "small.xlsx"
    book.save(path)
    assert list(OnlineRetail(path)) == list(OnlineRetail(small))


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (",A,,1,2011-01-01 10:00:00,1.0,,France", "InvoiceNo"),
        ("1,,,1,2011-01-01 10:00:00,1.0,,France", "StockCode"),
        ("1,A,,0,2011-01-01 10:00:00,1.0,,France", "Quantity"),
        ("1,A,,1.5,2011-01-01 10:00:00,1.0,,France", "Quantity"),
        ("1,A,,many,2011-01-01 10:00:00,1.0,,France", "Quantity"),
        ("1,A,,1,2011-01-01 10:00:00,1.2345,,France", "UnitPrice"),
        ("1,A,,1,2011-01-01 10:00:00,1e9,,France", "UnitPrice"),
        ("1,A,,1,2011-01-01 10:00:00,,,France", "UnitPrice"),
        ("1,A,,1,12/1/2010 8:26,1.0,,France", "InvoiceDate"),
        ("1,A,,1,2011-03-27 01:30:00,1.0,,France", "InvoiceDate"),
        ("1,A,,1,2011-01-01 10:00:00,1.0,,", "Country"),
        ("1,A,,1,2011-01-01 10:00:00,1.0", "Country"),
    ],
)
def test_refuses_a_wrong_line(tmp_path: Path, row: str, field: str) -> None:
    """The message gives the number of the line in the file, the field and its text."""
    path = write(tmp_path / "wrong.csv", ROWS[0], row)
    with pytest.raises(LabError, match=f"Line 3 has a wrong {field}") as refusal:
        next(iter(OnlineRetail(path)))
    assert refusal.value.seen is not None
    assert refusal.value.seen.startswith(f"{field}=")


def test_refuses_missing_columns(tmp_path: Path) -> None:
    """The message names the columns that are missing, and no others."""
    path = tmp_path / "columns.csv"
    path.write_text("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,Price,CustomerID,Country")
    with pytest.raises(LabError) as refusal:
        OnlineRetail(path).frame()
    assert refusal.value.what.endswith("lacks the columns UnitPrice.")


def test_refuses_a_path_that_cannot_be(tmp_path: Path) -> None:
    """An unknown suffix and a missing file are told at once, not at the first sale."""
    with pytest.raises(LabError, match=r"suffix \.json"):
        OnlineRetail(tmp_path / "sales.json")
    with pytest.raises(LabError, match="There is no file"):
        OnlineRetail(tmp_path / "sales.csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.csv.gz", gzip.compress("\n".join([HEADER, *ROWS]).encode(), mtime=0)[:60]),
        ("plain.csv.gz", HEADER.encode()),
        ("empty.csv", b""),
        ("binary.csv", b"\xff\xfe\x00\x01"),
        ("ragged.csv", f"{HEADER}\n{ROWS[0]},and,more\n".encode()),
        ("wrong.xlsx", b"PK\x03\x04 and then nothing of use"),
        ("empty.xlsx", b""),
    ],
)
def test_refuses_a_file_that_cannot_be_read(tmp_path: Path, name: str, content: bytes) -> None:
    """A damaged file is a message with the path, not a library's traceback."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(LabError) as refusal:
        OnlineRetail(path).frame()
    assert name in str(refusal.value)


class Quiet(SimpleHTTPRequestHandler):
    """A file server that does not write to the test's output."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is served in the place of UCI."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/retail.zip"
        monkeypatch.setattr(online_retail, "URL", url)
        yield folder
        server.shutdown()


def put_workbook(site: Path, rows: int) -> None:
    """Put a zip with a workbook of some rows on the site."""
    lines = pd.DataFrame([ROWS[2].split(",")] * rows, columns=list(COLUMNS))
    book = site / online_retail.WORKBOOK
    lines.to_excel(book, index=False)
    with zipfile.ZipFile(site / "retail.zip", "w") as archive:
        archive.write(book, book.name)


def test_downloads_once(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first use fetches, unpacks and keeps the data; the second works without the site."""
    put_workbook(site, 5)
    monkeypatch.setattr(online_retail, "LINES", 5)
    cache = tmp_path / "cache"
    first = list(OnlineRetail(cache=cache))
    assert [event.sale_id for event in first] == [f"536370-{n}" for n in (1, 2, 3, 4, 5)]
    (site / "retail.zip").unlink()
    assert list(OnlineRetail(cache=cache)) == first
    assert [path.name for path in cache.iterdir()] == ["online-retail.csv.gz"]


def test_refuses_a_download_of_another_size(site: Path, tmp_path: Path) -> None:
    """Data with another number of lines is not the data set, and is not kept."""
    put_workbook(site, 5)
    cache = tmp_path / "cache"
    with pytest.raises(DownloadFailed, match=f"5 lines .* instead of {LINES:,}"):
        OnlineRetail(cache=cache).frame()
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"<html>Sorry</html>"])
def test_a_failed_download_says_what_to_do(
    site: Path, tmp_path: Path, content: bytes | None
) -> None:
    """An absent file, or a page in its place, leads to the way that works offline."""
    if content:
        (site / "retail.zip").write_bytes(content)
    with pytest.raises(DownloadFailed) as refusal:
        OnlineRetail(cache=tmp_path).frame()
    assert refusal.value.next is not None
    assert "give the path" in refusal.value.next


@pytest.fixture(scope="module")
def real_path() -> Path:
    """The whole data, from LAB_ONLINE_RETAIL or the folder next to the checkout."""
    root = Path(__file__).parents[2]
    beside = root.parent / "shared" / "data" / "online-retail.csv.gz"
    path = Path(os.environ.get("LAB_ONLINE_RETAIL") or beside)
    if not path.is_file():
        message = f"no Online Retail data at {path}; set LAB_ONLINE_RETAIL to the file"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


def test_the_whole_data_agrees_with_a_plain_reading(real_path: Path) -> None:
    """Lines, revenue, articles, lines by hour in London and by country, read by csv alone."""
    lines = 0
    revenue = Decimal(0)
    skus = set()
    hours: Counter[str] = Counter()
    countries: Counter[str] = Counter()
    with gzip.open(real_path, "rt", encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            lines += 1
            revenue += int(line["Quantity"]) * Decimal(line["UnitPrice"])
            skus.add(line["StockCode"])
            hours[line["InvoiceDate"][:13]] += 1
            countries[line["Country"]] += 1

    london = ZoneInfo("Europe/London")
    ids = set()
    seen_revenue = Decimal(0)
    seen_skus = set()
    seen_hours: Counter[str] = Counter()
    last_seq: Counter[str] = Counter()
    clock = 0.0
    for event in OnlineRetail(real_path):
        sale = orjson.loads(event.value)
        ids.add(event.sale_id)
        seen_revenue += sale["quantity"] * Decimal(str(sale["unit_price"]))
        seen_skus.add(sale["sku"])
        local = datetime.fromtimestamp(event.event_time, london)
        seen_hours[f"{local:%Y-%m-%d %H}"] += 1
        last_seq[sale["store_id"]] += 1
        assert sale["store_seq"] == last_seq[sale["store_id"]]
        assert event.event_time >= clock
        clock = event.event_time

    assert lines == len(ids) == LINES
    assert seen_revenue == revenue
    assert seen_skus == skus
    assert seen_hours == hours
    assert sorted(last_seq.values()) == sorted(countries.values())


def test_every_real_line_is_a_valid_sale(real_path: Path) -> None:
    """The strict reader takes all of them."""
    assert sum(isinstance(sale, Sale) for sale in OnlineRetail(real_path).sales()) == LINES
