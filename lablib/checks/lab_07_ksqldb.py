"""Checks of lab 07: stream SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from lablib.checks import Case, Result, exercise

READ_AS = {
    "payments": "stream",
    "prices": "table",
    "stock": "table",
    "moves": "stream",
    "door": "stream",
}
READ_WRONG = {
    "payments": "Two payments of one customer: as a table only the second is left, and money is lost.",
    "prices": "As a stream all prices of the past hold at once. Which one does the till take?",
    "stock": "Each record is the whole count of a shelf. Summed as facts, a shelf is counted twice.",
    "moves": "-1 is no stock, it is a change. As a table the last change is all that is left.",
    "door": "The key is the shop: as a table each guest takes the place of the one before.",
}


@exercise(
    hints=(
        "A second record with the same key comes. Is the first one still true?",
        "Still true: a fact, and facts are added up. Out of date: a state, and the newest counts.",
        "payments, moves and door are facts. prices and stock are replaced by their successor.",
    ),
    wrong=[
        Case(READ_AS | {"stock": "stream"}, hint="counted twice"),
        Case(READ_AS | {"moves": "table"}, hint="the last change"),
        Case(READ_AS | {"door": "table"}, hint="takes the place"),
        Case(dict.fromkeys(READ_AS, "table"), hint="money is lost"),
        Case(dict.fromkeys(READ_AS, "stream"), hint="Which one does the till take"),
        Case(READ_AS | {"prices": "topic"}, hint='"stream" or "table"'),
        Case({"payments": "stream"}, hint='"stream" or "table"'),
    ],
    right=[
        Case(READ_AS),
        Case({name: f" {kind.upper()}" for name, kind in READ_AS.items()}),
    ],
)
def duality(answer: Mapping[str, str]) -> Result:
    """Each topic is read as what its records are: facts, or the latest state of something."""
    expected = "stream or table for each of the five topics"
    given = {name: str(answer.get(name, "")).strip().lower() for name in READ_AS}
    wrong = [name for name, kind in READ_AS.items() if given[name] != kind]
    if not wrong:
        return Result(True, expected, given)
    known = given[wrong[0]] in ("stream", "table")
    hint = READ_WRONG[wrong[0]] if known else 'Give "stream" or "table" for each of the five.'
    right = f"{len(READ_AS) - len(wrong)} of {len(READ_AS)} right"
    return Result(False, expected, f"{given}, {right}", f"{wrong[0]}: {hint}")


SOLD = {"sales": 5_370, "revenue": Decimal("42120.500"), "returns": 110}


def _passed(sales: int, revenue: str, nameless: int, returns: int) -> dict[str, Any]:
    return {
        "sales": sales,
        "revenue": Decimal(revenue),
        "nameless": nameless,
        "returns": returns,
    }


@exercise(
    hints=(
        "What does the server put where a field is missing? And is a return a sale?",
        "A missing field is NULL. Look at the rows of the table above: which two columns have one?",
        '"sale_id IS NOT NULL AND store_id IS NOT NULL"',
    ),
    wrong=[
        Case("1 = 1", passed=_passed(5_386, "42310.250", 16, 110), sold=SOLD, error="",
             hint="16 rows without"),
        Case("sale_id IS NOT NULL", passed=_passed(5_379, "42200.500", 9, 110), sold=SOLD, error="",
             hint="9 rows without"),
        Case("sale_id IS NOT NULL AND store_id IS NOT NULL AND quantity > 0",
             passed=_passed(5_260, "43900.500", 0, 0), sold=SOLD, error="", hint="brought back"),
        Case("sale_id IS NOT NULL AND store_id IS NOT NULL AND customer_id IS NOT NULL",
             passed=_passed(3_800, "30100.500", 0, 80), sold=SOLD, error="", hint="too strict"),
        Case("sale_id <> NULL", passed=_passed(0, "0", 0, 0), sold=SOLD, error="",
             hint="IS NOT NULL"),
        Case("sale_id = good", passed=_passed(0, "0", 0, 0), sold=SOLD,
             error="line 1:60: Column 'GOOD' cannot be resolved.", hint="refused"),
        Case("WHERE sale_id IS NOT NULL", passed=_passed(0, "0", 0, 0), sold=SOLD,
             error="line 2:81: Syntax error at 'WHERE'", hint="Only the condition"),
        Case("sale_id IS NOT NULL;", passed=_passed(0, "0", 0, 0), sold=SOLD,
             error="line 2:126: Syntax error at ';'", hint="Only the condition"),
    ],
    right=[
        Case("sale_id IS NOT NULL AND store_id IS NOT NULL",
             passed=_passed(5_370, "42120.5", 0, 110), sold=SOLD, error=""),
        Case("store = store_id AND LEN(sale_id) > 0",
             passed=_passed(5_370, "42120.500", 0, 110), sold=SOLD, error=""),
    ],
)  # fmt: skip
def valid(answer: str, *, passed: Mapping[str, Any], sold: Mapping[str, Any], error: str) -> Result:
    """All valid sales pass the condition, and nothing else, to the last digit of the revenue."""
    expected = f"{sold['sales']:,} sales, revenue {sold['revenue']}"
    if error:
        hint = f"The server refused the condition: {error}"
        if answer.strip().upper().startswith("WHERE") or answer.strip().endswith(";"):
            hint = "Only the condition: the cell itself puts WHERE before it, and ; behind it."
        return Result(False, expected, f"an error for {answer!r}", hint)
    observed = f"{passed['sales']:,} sales, revenue {passed['revenue']}"
    if all(passed[name] == sold[name] for name in ("sales", "revenue")):
        return Result(True, expected, observed)
    if passed["nameless"]:
        hint = f"There are {passed['nameless']} rows without a sale_id or a store_id among them."
    elif not passed["sales"]:
        hint = "Nothing passes. A comparison with NULL is never true: write IS NOT NULL."
    elif passed["returns"] < sold["returns"] and passed["sales"] + sold["returns"] >= sold["sales"]:
        hint = "The goods that were brought back are missing: a negative quantity is a return."
    else:
        missing = sold["sales"] - passed["sales"]
        hint = f"The condition is too strict: {missing:,} valid sales do not pass."
    return Result(False, expected, observed, hint)


Visit = tuple[str, int, int]
MINUTE = 60_000
VISITS = [("C1", 0, 20 * MINUTE), ("C1", 90 * MINUTE, 90 * MINUTE), ("C2", 5 * MINUTE, 60 * MINUTE)]
HOURS = [("C1", 0, 60 * MINUTE), ("C1", 60 * MINUTE, 120 * MINUTE), ("C2", 0, 60 * MINUTE)]


@exercise(
    hints=(
        "Which of the three windows has no fixed length? And whose visits are they?",
        "SESSION takes one duration: the silence that ends it. The key is what you group by.",
        "... SELECT customer_id, COUNT(*) AS sales FROM lab07_valid WINDOW SESSION (30 MINUTES) ...",
    ),
    wrong=[
        Case("... TUMBLING (SIZE 30 MINUTES) ...", found=HOURS, truth=VISITS, error="",
             hint="all of the same length"),
        Case("... SESSION (30 MINUTES) GROUP BY store",
             found=[("S01", 0, 95 * MINUTE), ("S02", 5 * MINUTE, 60 * MINUTE)], truth=VISITS, error="",
             hint="S01 is no customer"),
        Case("... SESSION (1 HOUR) ...", truth=VISITS, error="",
             found=[("C1", 0, 20 * MINUTE), ("C1", 100 * MINUTE, 100 * MINUTE)],
             hint="too few"),
        Case("... SESSION (5 MINUTES) ...", truth=VISITS, error="",
             found=[("C1", n * MINUTE, n * MINUTE) for n in range(4)], hint="too many"),
        Case("... SESSION (30 MINUTES) WHERE quantity > 1", truth=VISITS, error="",
             found=[("C1", 0, 20 * MINUTE), ("C1", 90 * MINUTE, 90 * MINUTE),
                    ("C2", 5 * MINUTE, 40 * MINUTE)], hint="begin or end elsewhere"),
        Case("CREATE TABLE visits ...", found=[], truth=VISITS, error="", hint="lab07_visits"),
        Case("CREATE TABLE lab07_visits ...", found=[], truth=VISITS,
             error="line 2:3: mismatched input", hint="refused"),
        Case("CREATE TABLE ... GROUP BY customer_id, store", truth=VISITS, error="",
             found=[], unwindowed=True, hint="has no window"),
    ],
    right=[Case("... SESSION (30 MINUTES) ...", found=VISITS[::-1], truth=VISITS, error="")],
)  # fmt: skip
def session(
    _answer: str,
    *,
    found: Collection[Visit],
    truth: Collection[Visit],
    error: str,
    unwindowed: bool = False,
) -> Result:
    """The table has one window per visit, from its first sale to its last."""
    expected = f"{len(truth):,} visits, each from its first sale to its last"
    if error:
        return Result(False, expected, "an error", f"The server refused the statement: {error}")
    observed = f"{len(found):,} windows, {len(set(found) & set(truth)):,} of them right"
    if set(found) == set(truth):
        return Result(True, expected, observed)
    customers = {key for key, _, _ in truth}
    strangers = sorted({key for key, _, _ in found} - customers)
    lengths = {end - start for _, start, end in found}
    if unwindowed:
        hint = "This table has no window: all sales of a customer fall into one row."
    elif not found:
        hint = "There is no row in lab07_visits. Is that the name of your table?"
    elif strangers:
        hint = f"{strangers[0]} is no customer. Whose visits are they? Group by that."
    elif len(lengths) == 1 and lengths != {0}:
        hint = "Your windows are all of the same length. A visit ends when its customer is silent."
    elif len(found) == len(truth):
        hint = "Some visits begin or end elsewhere. Do all sales count, the small ones, too?"
    else:
        many, gap = ("many", "longer") if len(found) > len(truth) else ("few", "shorter")
        hint = f"These are too {many} visits: is the silence that ends one {gap} than yours?"
    return Result(False, expected, observed, hint)


@exercise(
    hints=(
        "A window is given up when the newest event is not before its end plus the grace. When is that?",
        "10:00 plus the grace must be later than 11:20. And EMIT FINAL waits for just that moment.",
        "10:00 + 80 minutes is 11:20, which is not later. So 81 minutes, and final at 11:21.",
    ),
    wrong=[
        Case({"minutes": 100, "final_at": "11:40"}, counted=3, sent=3, hint="the event's own time"),
        Case({"minutes": 80, "final_at": "11:20"}, counted=2, sent=3, hint="not later"),
        Case({"minutes": 20, "final_at": "10:20"}, counted=2, sent=3, hint="11:20"),
        Case({"minutes": 90, "final_at": "11:30"}, counted=3, sent=3, hint="smaller"),
        Case({"minutes": 81, "final_at": "10:00"}, counted=3, sent=3, hint="grace is over"),
        Case({"minutes": 81, "final_at": "11:20"}, counted=3, sent=3, hint="end plus grace"),
        Case({"minutes": "long", "final_at": "11:21"}, counted=0, sent=3, hint="whole number"),
        Case({"minutes": 81, "final_at": "11:21"}, counted=2, sent=3, hint="Run the cell again"),
    ],
    right=[
        Case({"minutes": 81, "final_at": "11:21"}, counted=3, sent=3),
        Case({"minutes": 81, "final_at": " 11:21:00 "}, counted=3, sent=3),
    ],
)
def grace(answer: Mapping[str, Any], *, counted: int, sent: int) -> Result:
    """The smallest grace with which the server counted the late sale, and what it costs."""
    expected = (
        f"all {sent} sales counted with the smallest grace, and the moment of the final result"
    )
    minutes, final = answer.get("minutes"), str(answer.get("final_at", "")).strip()[:5]
    if type(minutes) is not int or minutes < 0:
        return Result(False, expected, minutes, "minutes is a whole number, from 0.")
    observed = f"{minutes} minutes: {counted} of {sent} sales counted; final at {final}"
    if minutes == 100:
        hint = (
            "You count from the event's own time. The clock of a window starts at its end, 10:00."
        )
    elif minutes == 80:
        hint = "10:00 plus 80 minutes is 11:20, and that is not later than the newest event."
    elif minutes < 81:
        hint = "The newest event is from 11:20. Was the window still open then?"
    elif minutes > 81:
        hint = "It counts, but a smaller grace would do, and each minute of it has a price."
    elif counted < sent:
        hint = "The grace is right, and the server has not counted all. Run the cell again."
    elif final == "11:21":
        return Result(True, expected, observed)
    elif final == "10:00":
        hint = "At its end the window is full, and still open. It is final when its grace is over."
    else:
        hint = "EMIT FINAL waits until the newest event has reached the window's end plus grace."
    return Result(False, expected, observed, hint)


MORNING = [("09", Decimal("310.500")), ("10", Decimal("402.250")), ("11", Decimal("377.000"))]
DAY = [("08", Decimal("150.000")), *MORNING, ("12", Decimal("420.750"))]


@exercise(
    hints=(
        "The sums are already in the table, one per hour. What is left to do with a pull query?",
        "Choose rows: the key with =, and WINDOWSTART between two times. Add up in pandas.",
        "... WHERE store = '...' AND WINDOWSTART >= '...T09:00:00' AND WINDOWSTART < '...T12:00:00';",
    ),
    wrong=[
        Case("SELECT store, SUM(revenue) ... GROUP BY store;", found=[], truth=MORNING,
             error="Pull queries don't support GROUP BY clauses.", hint="cannot add up"),
        Case("SELECT ... WINDOW TUMBLING (SIZE 3 HOURS)", found=[], truth=MORNING,
             error="Pull queries don't support WINDOW clauses.", hint="cannot add up"),
        Case("SELECT * ... WHERE store = 'S01';", found=DAY, truth=MORNING, error="",
             hint="too many hours"),
        Case("... WINDOWSTART <= ...T12:00:00", found=DAY[1:], truth=MORNING, error="",
             hint="too many hours"),
        Case("... WINDOWSTART > ...", found=MORNING[1:], truth=MORNING, error="", hint="missing"),
        Case("SELECT * FROM lab07_sales_hourly;", found=[*MORNING, *MORNING], truth=MORNING,
             error="", hint="other shops"),
        Case("... WHERE store = 'S09'", found=[], truth=MORNING, error="", hint="no row"),
        Case("SELECT store, events ...", found=[], truth=MORNING, error="",
             columns=("store", "events"), hint="the column revenue"),
        Case("SELECT stroe", found=[], truth=MORNING,
             error="line 1:8: Column 'STROE' cannot be resolved.", hint="refused"),
        Case("SELECT ... EMIT CHANGES;", found=[], truth=MORNING,
             error="EMIT CHANGES makes it a push query, and that never ends.", hint="for ever"),
        Case("... WINDOWSTART >= '{DAY}T09:00:00'", found=[], truth=MORNING,
             error="line 1:95: '{DAY}T09:00:00' is not a TIMESTAMP", hint="an f before"),
    ],
    right=[
        Case("...", found=MORNING, truth=MORNING, error=""),
        Case("...", found=MORNING[::-1], truth=MORNING, error=""),
    ],
)  # fmt: skip
def pull(
    answer: str,
    *,
    found: Sequence[tuple[str, Decimal]],
    truth: Sequence[tuple[str, Decimal]],
    error: str,
    columns: Sequence[str] = ("windowstart", "revenue"),
) -> Result:
    """The query returns the three hours of the shop, and pandas adds them up."""
    total = sum((revenue for _, revenue in truth), Decimal())
    expected = f"the hours {', '.join(hour for hour, _ in truth)} of one shop, together {total}"
    if error:
        adds = any(word in error.upper() for word in ("GROUP BY", "WINDOW", "AGGREGATE"))
        hint = (
            "A pull query cannot add up or make windows; the table has done both." if adds else ""
        )
        if "PUSH QUERY, AND THAT NEVER ENDS" in error.upper():
            hint = "EMIT CHANGES asks for each change, for ever. Without it the query ends."
        elif "{" in answer and "is not a TIMESTAMP" in error:
            hint = "The names in braces were not filled in: write an f before the quotes."
        return Result(False, expected, "an error", hint or f"The server refused it: {error}")
    observed = f"{len(found)} rows, together {sum((revenue for _, revenue in found), Decimal())}"
    if sorted(found) == sorted(truth):
        return Result(True, expected, observed)
    hours = [hour for hour, _ in found]
    if not {"windowstart", "revenue"} <= set(columns):
        hint = "Select WINDOWSTART and the column revenue, or *: the cell adds that up."
    elif not found:
        hint = "It works, and there is no row. Look at the shop's name, and at the day."
    elif len(hours) > len(set(hours)):
        hint = "There is more than one row per hour: other shops are among them."
    elif len(hours) > len(truth):
        hint = (
            "These are too many hours. From 9 to 12 o'clock are the hours that start at 9, 10, 11."
        )
    else:
        hint = "An hour is missing. From 9 to 12 o'clock are the hours that start at 9, 10 and 11."
    return Result(False, expected, observed, hint)


SHOPS = {"S01": 530, "S02": 870}
KEYED = ("LAB07_UNITS-Aggregate-changelog",)
REKEYED = ("LAB07_UNITS-GroupBy-repartition", *KEYED)


@exercise(
    hints=(
        "Where does the store of a sale stand twice? By which of the two do the sales lie together already?",
        "DESCRIBE lab07_sales shows a column with KEY behind it: records of one store lie together.",
        "SELECT store, SUM(quantity) AS units ... GROUP BY store: the key, as it is.",
    ),
    wrong=[
        Case("... GROUP BY store_id", found=SHOPS, truth=SHOPS, topics=REKEYED, error="",
             hint="still a repartition topic"),
        Case("... GROUP BY UCASE(store)", found=SHOPS, truth=SHOPS, topics=REKEYED, error="",
             hint="still a repartition topic"),
        Case("... GROUP BY store", found=SHOPS | {"S02": 879}, truth=SHOPS, topics=KEYED, error="",
             hint="S02"),
        Case("... GROUP BY sku", found={"SKU-0001": 12}, truth=SHOPS, topics=REKEYED, error="",
             hint="per shop"),
        Case("CREATE STREAM ... PARTITION BY store_id", found={}, truth=SHOPS, topics=(), error="",
             hint="no table lab07_units"),
        Case("...", found={}, truth=SHOPS, topics=(), error="Key missing from projection",
             hint="refused"),
    ],
    right=[Case("... GROUP BY store", found=SHOPS, truth=SHOPS, topics=KEYED, error="")],
)  # fmt: skip
def repartition(
    _answer: str,
    *,
    found: Mapping[str, int],
    truth: Mapping[str, int],
    topics: Collection[str],
    error: str,
) -> Result:
    """The table counts the same, and no sale was written once more for it."""
    expected = f"the units of {len(truth)} shops, and no repartition topic"
    if error:
        return Result(False, expected, "an error", f"The server refused the statement: {error}")
    moved = [topic for topic in topics if topic.endswith("-repartition")]
    observed = f"{len(found)} rows, {len(moved)} repartition topics"
    if not found:
        hint = "There is no table lab07_units, or it is empty, or it has no column units."
    elif not set(found) & set(truth):
        hint = "The table shall have one row per shop."
    elif moved:
        hint = "There is still a repartition topic: you group by something that is not the key as it is."
    elif dict(found) != dict(truth):
        shop = next(shop for shop in truth if found.get(shop) != truth[shop])
        hint = f"{shop} has {found.get(shop)} units instead of {truth[shop]}. Keep the conditions."
    else:
        return Result(True, expected, observed)
    return Result(False, expected, observed, hint)


CAUSES = ("late", "twice", "open", "estimate")
CAUSE_WRONG = {
    "late": "The window is closed and the function is exact, yet some sales are missing. Which ones?",
    "twice": "Here the server has more than there are different sales. How can that be?",
    "open": "This is EMIT FINAL. What has to happen before a window gives its result?",
    "estimate": "Look at the function. Does it keep every customer's name?",
}
DIFFERENCES = {"A": "late", "B": "estimate", "C": "open", "D": "twice"}


@exercise(
    hints=(
        "For each line: does the server have more, less, or nothing? And what was asked of it?",
        "Less in a closed window; nothing with EMIT FINAL; more than different sale_ids; a sketch.",
        "Four causes, each once: late (dropped), open (not yet), twice (duplicates), estimate.",
    ),
    wrong=[
        Case(
            DIFFERENCES | {"A": "open", "C": "late"},
            causes=DIFFERENCES,
            hint="A: The window is closed",
        ),
        Case(DIFFERENCES | {"B": "twice", "D": "estimate"}, causes=DIFFERENCES, hint="B: Look at"),
        Case(DIFFERENCES | {"C": "estimate"}, causes=DIFFERENCES, hint="C: This is EMIT FINAL"),
        Case(DIFFERENCES | {"D": "late"}, causes=DIFFERENCES, hint="D: Here the server has more"),
        Case(DIFFERENCES | {"D": "bug"}, causes=DIFFERENCES, hint="late, twice, open, estimate"),
    ],
    right=[
        Case(DIFFERENCES, causes=DIFFERENCES),
        Case({letter: cause.title() for letter, cause in DIFFERENCES.items()}, causes=DIFFERENCES),
    ],
)
def differ(answer: Mapping[str, str], *, causes: Mapping[str, str]) -> Result:
    """Each difference between the server and pandas has its cause."""
    expected = f"one of {', '.join(CAUSES)} for each of " + ", ".join(sorted(causes))
    given = {letter: str(answer.get(letter, "")).strip().lower() for letter in sorted(causes)}
    wrong = [letter for letter in given if given[letter] != causes[letter]]
    if not wrong:
        return Result(True, expected, given)
    known = given[wrong[0]] in CAUSES
    hint = CAUSE_WRONG[causes[wrong[0]]] if known else f"Give one of {', '.join(CAUSES)}."
    right = f"{len(given) - len(wrong)} of {len(given)} right"
    return Result(False, expected, f"{given}, {right}", f"{wrong[0]}: {hint}")
