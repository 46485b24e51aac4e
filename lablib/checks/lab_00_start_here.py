"""Checks of lab 00: start here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import orjson
import pandas as pd

from lablib.checks import Case, Result, exercise

SERVICES = ("postgres", "kafka", "connect", "watchdog")
SALE: dict[str, Any] = {
    "key": b"S02",
    "value": b'{"sale_id":"S02-7-0000001","store_id":"S02","store_seq":1,"sku":"SKU-0112"}',
}
SENT, FOUND = ["S01-7-0000001", "S01-7-0000002"], ["S01-7-0000001"]
ROWS = pd.DataFrame(
    {
        "sent_at": pd.to_datetime(["2026-01-05T09:00:00Z"] * 3),
        "loaded_at": pd.to_datetime(
            ["2026-01-05T09:00:00.200Z", "2026-01-05T09:00:01.400Z", "2026-01-05T09:00:00.500Z"]
        ),
    }
)


@exercise(
    hints=(
        "Read the paragraph below the table: one of the four runs copiers.",
        "Kafka and Postgres only keep things. The watchdog only looks. Which one is left?",
        "It is connect: it runs the sink, which reads the topic and writes the rows.",
    ),
    wrong=[
        Case("kafka", services=SERVICES, hint="Kafka keeps events"),
        Case("postgres", services=SERVICES, hint="Postgres keeps rows"),
        Case("watchdog", services=SERVICES, hint="starts what has died"),
        Case("sales-sink", services=SERVICES, hint="inside which service"),
        Case("nginx", services=SERVICES, hint="stands in the table"),
    ],
    right=[Case("connect", services=SERVICES), Case(" Connect ", services=SERVICES)],
)
def mover(answer: str, *, services: Sequence[str]) -> Result:
    """The service that moves events into the table is Connect."""
    name = answer.strip().lower()
    expected = "the name of one of " + ", ".join(services)
    hints = {
        "kafka": "Kafka keeps events, it sends them nowhere on its own. Who fetches them?",
        "postgres": "Postgres keeps rows that somebody brings. Who brings them?",
        "watchdog": "The watchdog only looks, and starts what has died.",
        "sales-sink": "That is the copier itself. It is no server: inside which service does it run?",
    }
    if name == "connect":
        return Result(True, expected, answer)
    fallback = "Take a name that stands in the table, in its column 'name'."
    return Result(False, expected, answer, hints.get(name, fallback))


@exercise(
    hints=(
        "Compare the text of the key with the text of the value, letter by letter.",
        "The key is only a few letters long. Which field has exactly these letters?",
        "The key is the shop: its sales stay in order. The field is called store_id.",
    ),
    wrong=[
        Case("sale_id", hint="begins with the key", **SALE),
        Case("store_seq", hint="'store_seq' holds 1", **SALE),
        Case("S02", hint="name of the field", **SALE),
        Case("shop", hint="no field", **SALE),
    ],
    right=[Case("store_id", **SALE)],
)
def key_field(answer: str, *, key: bytes, value: bytes) -> Result:
    """The key repeats the shop's id."""
    fields, text = orjson.loads(value), key.decode()
    expected = f"the name of the field that holds {text!r}"
    if answer == text:
        hint = "That is what the key holds; the name of the field?"
    elif answer not in fields:
        hint = f"The value has no field of that name, only {', '.join(fields)}."
    elif str(fields[answer]) == text:
        return Result(True, expected, answer)
    elif answer == "sale_id":
        hint = "A sale_id only begins with the key, then goes on."
    else:
        hint = f"{answer!r} holds {fields[answer]}, the key is {text}."
    return Result(False, expected, answer, hint)


@exercise(
    hints=(
        "One time minus the other gives a duration, for a whole column at once.",
        'rows["loaded_at"] - rows["sent_at"] has a duration for each row. Which of them is asked for?',
        "Take .max() of the durations, then .total_seconds().",
    ),
    wrong=[
        Case(0.7, rows=ROWS, hint="average"),
        Case(0.2, rows=ROWS, hint="fastest"),
        Case(1400, rows=ROWS, hint="milliseconds"),
        Case(-1.4, rows=ROWS, hint="minus sign"),
        Case(3, rows=ROWS, hint="largest of the differences"),
    ],
    right=[
        Case(1.4, rows=ROWS),
        Case("1.4", rows=ROWS),
        Case(1.401, rows=ROWS),
        Case(pd.Timedelta(seconds=1.4), rows=ROWS),
    ],
)
def slowest(answer: object, *, rows: pd.DataFrame) -> Result:
    """The longest time from handing over to row, in seconds, to a hundredth of it."""
    delays = sorted((rows["loaded_at"] - rows["sent_at"]).dt.total_seconds())
    found = answer.total_seconds() if isinstance(answer, pd.Timedelta) else float(str(answer))
    truth = delays[-1]

    def near(value: float) -> bool:
        return abs(found - value) <= max(0.002, abs(value) / 100)

    expected = f"seconds, the longest of {len(delays)} delays"
    if near(truth):
        return Result(True, expected, f"{found:.3f} s")
    if near(sum(delays) / len(delays)):
        hint = "That is the average. One slow sale hides well in an average: take the slowest."
    elif near(delays[0]):
        hint = "That is the fastest sale."
    elif near(truth * 1000):
        hint = "That is in milliseconds; a second has 1,000 of them."
    elif near(-truth) or found < 0:
        hint = "A minus sign: a row comes after its sale was sent, so take later minus earlier."
    else:
        hint = (
            "Subtract sent_at from loaded_at, row by row; you want the largest of the differences."
        )
    return Result(False, expected, f"{found:.3f} s", hint)


@exercise(
    hints=(
        "How many of the 6,000 sales has the table never seen?",
        "5,000 of them are old: the sink writes over their rows. 1,000 are new.",
        "5,000 rows stay, 1,000 come: 6,000. Each sale has one row, however often it was sent.",
    ),
    wrong=[
        Case(16000, rows=6000, hint="events"),
        Case(11000, rows=6000, hint="same sales"),
        Case(5000, rows=6000, hint="1,000"),
        Case(1000, rows=6000, hint="old rows"),
        Case(7, rows=6000, hint="different sales"),
        Case(6000.5, rows=6000, hint="whole number"),
        Case("six thousand", rows=6000, hint="whole number"),
    ],
    right=[
        Case(6000, rows=6000),
        Case("6000", rows=6000),
        Case(6000.0, rows=6000),
        Case("6,000", rows=6000),
        Case("6_000.0", rows=6000),
    ],
)
def third(answer: object, *, rows: int) -> Result:
    """The table has one row per different sale, whatever number that was in this run."""
    expected = "the number of rows that the table had then"
    try:
        number = float(str(answer).replace(",", "").strip())
        found = int(number)
    except (ValueError, OverflowError):
        return Result(False, expected, answer, "Give a whole number, in digits: 1234.")
    if found != number:
        return Result(False, expected, answer, "A table has a whole number of rows.")
    if found == rows:
        return Result(True, expected, f"{found:,}")
    hints = {
        16000: "That is the number of events in the topic. A row is made per sale, not per event.",
        11000: "5,000 of these 6,000 are the same sales as before: they write over their own rows.",
        5000: "Sales 5,001 to 6,000 were never sent before. What do these 1,000 do?",
        1000: "The 1,000 new sales are right. But an upsert does not take the old rows away.",
    }
    fallback = "Count the different sales that were sent in all three rounds."
    return Result(False, expected, f"{found:,}", hints.get(found, fallback))


@exercise(
    hints=(
        "A count tells how many are missing, not which. Compare the ids themselves.",
        "Python's set has a difference: what is in this one and not in that one?",
        'set(sent) - set(export["sale_id"])',
    ),
    wrong=[
        Case("S01-7-0000001", sent=SENT, found=FOUND, hint="is in the export"),
        Case(SENT, sent=SENT, found=FOUND, hint="is in the export"),
        Case(1, sent=SENT, found=FOUND, hint="Which one, not how many"),
        Case("S09-7-0000009", sent=SENT, found=FOUND, hint="was never sent"),
        Case(set(), sent=SENT, found=FOUND, hint="the other way round"),
    ],
    right=[
        Case("S01-7-0000002", sent=SENT, found=FOUND),
        Case({"S01-7-0000002"}, sent=SENT, found=FOUND),
        Case(["S01-7-0000002"], sent=SENT, found=FOUND),
        Case(pd.Series(["S01-7-0000002"]), sent=SENT, found=FOUND),
    ],
)
def missing(answer: object, *, sent: Collection[str], found: Collection[str]) -> Result:
    """Exactly the sale that was sent and is not in the export; in a collection, too."""
    lost = set(sent) - set(found)
    if isinstance(answer, int):
        hint = "Which one, not how many: a sale_id is asked for."
        return Result(False, "a sale_id", answer, hint)
    given = {answer} if isinstance(answer, str) else set(answer)  # type: ignore[call-overload]
    if given == lost:
        return Result(True, "a sale_id", ", ".join(sorted(given)))
    if here := given & set(found):
        hint = f"{min(here)} is in the export. Look for one that is not."
    elif strange := given - set(sent):
        hint = f"{min(strange)} was never sent."
    else:
        hint = "Nothing is left over. Try the difference the other way round: sent minus found."
    return Result(False, "a sale_id that was sent and is not in the export", answer, hint)
