"""Checks of lab 09: observability."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import isnan
from typing import Any

from lablib.checks import Case, Result, exercise

# What Prometheus answers to a query at one moment: labels and value of each series.
Answer = Sequence[tuple[Mapping[str, str], float]]

KINDS = {
    "A": "counter",
    "B": "gauge",
    "C": "counter",
    "D": "histogram",
    "E": "gauge",
    "F": "counter",
}
KIND_WRONG = {
    "A": "It is the number of records that the topic has ever had. Can it fall?",
    "B": "A program can give memory back. Then its use falls, and nothing has been restarted.",
    "C": "Its name says nothing. Rows that were inserted: can that number fall?",
    "D": "Look at its name's end and at its label le: it is one bucket of several.",
    "E": "These are connections that are open now. A connection may also be closed.",
    "F": "Seconds of processor time that were used since the program began. Do they come back?",
}


@exercise(
    hints=(
        "Ask of each: may this number fall while the program runs on?",
        "It never falls: a counter. It may fall: a gauge. It has a label le: part of a histogram.",
        "A, C and F only grow; B and E go up and down; D is a bucket.",
    ),
    wrong=[
        Case(KINDS | {"C": "gauge"}, hint="Its name says nothing"),
        Case(KINDS | {"B": "counter"}, hint="give memory back"),
        Case(KINDS | {"E": "counter"}, hint="connections that are open now"),
        Case(KINDS | {"D": "counter"}, hint="its label le"),
        Case(KINDS | {"F": "gauge"}, hint="processor time"),
        Case(KINDS | {"A": "summary"}, hint='"counter", "gauge" or "histogram"'),
        Case({"A": "counter"}, hint='"counter", "gauge" or "histogram"'),
    ],
    right=[
        Case(KINDS),
        Case({letter: f" {kind.title()}" for letter, kind in KINDS.items()}),
    ],
)
def kinds(answer: Mapping[str, str]) -> Result:
    """Each series is what its values and labels say, whatever its name is like."""
    expected = "counter, gauge or histogram for each of the six series"
    given = {letter: str(answer.get(letter, "")).strip().lower() for letter in KINDS}
    wrong = [letter for letter, kind in KINDS.items() if given[letter] != kind]
    if not wrong:
        return Result(True, expected, given)
    known = given[wrong[0]] in KINDS.values()
    hint = (
        KIND_WRONG[wrong[0]]
        if known
        else 'Give "counter", "gauge" or "histogram" for each of the six.'
    )
    right = f"{len(KINDS) - len(wrong)} of {len(KINDS)} right"
    return Result(False, expected, f"{given}, {right}", f"{wrong[0]}: {hint}")


def refusal(query: str, error: str) -> str:
    """Return what to do about Prometheus' refusal of a query."""
    if "ranges only allowed" in error:
        return (
            "A sum has no samples of the past, so it takes no window. First the rate, then the sum."
        )
    if "expected type range vector" in error:
        return "This function looks back over a window: put [15s] behind the name of the series."
    if error == "got scalar":
        return "This is a number that comes from no series at all."
    if "got range vector" in error:
        return "A name with a window alone is a list of samples. Put rate(...) around it."
    if "many-to" in error:
        return "Several series want to meet the same one. Add up both sides: then it is one each."
    if "unclosed" in error or "unexpected end" in error:
        return f"A bracket is open: {error}"
    if "'" in query and '"' not in query and "unexpected" in error:
        return f"Look at the quotes: {error}"
    return f"Prometheus refused it: {error}"


def near(value: float, wanted: float, tolerance: float = 0.12) -> bool:
    """Return whether a value is as wanted, give or take that share."""
    return abs(value - wanted) <= tolerance * abs(wanted)


def _at(value: float, labels: Mapping[str, str] | None = None) -> Answer:
    return [(labels or {}, value)]


QUIET = {"low": 58.0, "high": 61.0, "events": 60.0}
AFTER = {"low": 79.0, "high": 81.0, "events": 120.0}
TWO = [({"since": "event"}, 60.0), ({"since": "sent"}, 60.0)]


@exercise(
    hints=(
        "A row is counted once for each value of since. And what makes a counter a number per second?",
        "Choose one value of since, take the rate over [15s], and add up what is left.",
        'sum(rate(sales_event_to_row_seconds_count{since="sent"}[15s]))',
    ),
    wrong=[
        Case('sales_event_to_row_seconds_count{since="sent"}', truth=[QUIET, AFTER], error="",
             found=[_at(1_500), _at(2_600)], hint="the counter itself"),
        Case("sum(rate(sales_event_to_row_seconds_count[15s]))", truth=[QUIET, AFTER], error="",
             found=[_at(120), _at(161)], hint="counted twice"),
        Case("rate(sales_event_to_row_seconds_count[15s])", truth=[QUIET, AFTER], error="",
             found=[TWO, TWO], hint="2 series"),
        Case("rate(sum(sales_event_to_row_seconds_count)[15s])", truth=[QUIET, AFTER], found=[],
             error="1:43: parse error: ranges only allowed for vector selectors",
             hint="First the rate, then the sum"),
        Case("rate(sales_event_to_row_seconds_count)", truth=[QUIET, AFTER], found=[],
             error='1:6: parse error: expected type range vector in call to function "rate", got instant vector',
             hint="put [15s] behind"),
        Case("sales_event_to_row_seconds_count[15s]", truth=[QUIET, AFTER], found=[],
             error="got range vector: a list of samples, and not a number", hint="rate(...) around"),
        Case("sum(rate(kafka_consumergroup_lag[15s]))", truth=[QUIET, AFTER], error="",
             found=[_at(31), _at(44)], hint="gauge"),
        Case("sum(rate(sales_events_total[15s]))", truth=[QUIET, AFTER], error="",
             found=[_at(60), _at(120)], hint="not every event becomes a row"),
        Case('sum(increase(sales_event_to_row_seconds_count{since="sent"}[15s]))',
             truth=[QUIET, AFTER], error="", found=[_at(900), _at(1_200)], hint="in 15 seconds"),
        Case('sum(rate(sales_event_to_row_seconds_count{since="sent"}[2m]))',
             truth=[QUIET, AFTER], error="", found=[_at(58), _at(63)], hint="neither shorter nor longer"),
        Case('sum(rate(sales_event_to_row_seconds_count{since="sent"}[5s]))',
             truth=[QUIET, AFTER], error="", found=[_at(60), _at(60)], hint="neither shorter nor longer"),
        Case('sum(rate(sales_event_to_row_second_count{since="sent"}[15s]))',
             truth=[QUIET, AFTER], error="", found=[[], []], hint="no series"),
        Case('sum(rate(sales_event_to_row_seconds_bucket{since="sent"}[15s]))',
             truth=[QUIET, AFTER], error="", found=[_at(540), _at(750)], hint="no bucket"),
    ],
    right=[
        Case('sum(rate(sales_event_to_row_seconds_count{since="sent"}[15s]))',
             truth=[QUIET, AFTER], error="", found=[_at(59), _at(80)]),
        Case('rate(sales_event_to_row_seconds_bucket{since="event",le="+Inf"}[15s])',
             truth=[QUIET, AFTER], error="", found=[_at(62, {"le": "+Inf"}), _at(81)]),
    ],
)  # fmt: skip
def rows(
    answer: str, *, found: Sequence[Answer], truth: Sequence[Mapping[str, float]], error: str
) -> Result:
    """The query yields the rows per second of the last 15 seconds, at both moments."""
    expected = ", ".join(f"{t['low']:.0f} to {t['high']:.0f}" for t in truth)
    expected = f"one number at each moment: {expected} rows a second (counted in Postgres)"
    if error:
        return Result(False, expected, "an error", refusal(str(answer), error))
    observed = [[round(value, 1) for _, value in series] for series in found]
    most = max(len(series) for series in found)
    if not min(len(series) for series in found):
        return Result(False, expected, observed, "There is no series. Look at name and labels.")
    if most > 1:
        hint = f"These are {most} series. Choose one value of since, then add up."
        return Result(False, expected, observed, hint)
    values = [series[0][1] for series in found]
    if _right(values, truth):
        return Result(True, expected, observed)
    return Result(False, expected, observed, _rows_hint(str(answer), values, truth))


def _right(values: Sequence[float], truth: Sequence[Mapping[str, float]], times: float = 1) -> bool:
    """Return whether the values are the true ones, or so many times them."""
    bounds = ((t["low"] * 0.85 * times, t["high"] * 1.2 * times) for t in truth)
    return all(low <= v <= high for v, (low, high) in zip(values, bounds, strict=True))


def _rows_hint(query: str, values: Sequence[float], truth: Sequence[Mapping[str, float]]) -> str:
    if "lag" in query:
        return "The lag is a gauge: it falls all the time, and rate takes each fall for a restart."
    if "_bucket" in query:
        return "Each row is in several buckets. Take the series that is no bucket: the count."
    if not any(word in query for word in ("rate", "increase", "delta", "deriv")):
        return (
            "This is the counter itself: all rows since the exporter began. How fast does it rise?"
        )
    if _right(values, truth, times=15):
        return "This is how many came in 15 seconds. The question is: per second?"
    if _right(values, truth, times=2):
        return "Each row is counted twice: since it was sent, and since the event. Choose one."
    if near(values[-1], truth[-1]["events"], 0.08):
        return (
            "These are events. Before the scene it is the same; but not every event becomes a row."
        )
    if values[-1] < truth[-1]["low"]:
        return "After the scene it is too low. Is the window 15 s, neither shorter nor longer?"
    return "The number is not right. Which counter counts rows, and over which window?"


BORDERS = (0.0, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


def bucket(seconds: Sequence[float]) -> tuple[float, float]:
    """Return the borders of the buckets in which these exact values lie."""
    below = [border for border in BORDERS if border < min(seconds)]
    above = [border for border in BORDERS if border >= max(seconds)]
    return (below or [0.0])[-1], (above or [300.0])[0]


EXACT = [
    {"sent": [0.31, 0.33], "event": [2.2, 2.3]},
    {"sent": [7.1, 7.3], "event": [8.3, 8.4]},
]


def _both(sent: float, event: float) -> Answer:
    return [({"since": "event", "job": "exporter"}, event), ({"since": "sent"}, sent)]


P95 = "histogram_quantile(0.95, sum by (le, since) (rate(sales_event_to_row_seconds_bucket[15s])))"


@exercise(
    hints=(
        "Which two labels have to survive the sum: the one that histogram_quantile needs, and yours?",
        "histogram_quantile(0.95, sum by (..., ...) (rate(...[15s]))), of the series with _bucket.",
        P95,
    ),
    wrong=[
        Case(P95.replace("le, since", "le"), truth=EXACT, error="",
             found=[_at(2.1), _at(8.8)], hint="one series"),
        Case(P95.replace("le, since", "since"), truth=EXACT, error="", found=[[], []],
             hint="by (le"),
        Case(P95.replace("sum by (le, since) (", "sum("), truth=EXACT, error="", found=[[], []],
             hint="by (le"),
        Case(P95.replace("rate(", "(").replace("[15s]", ""), truth=EXACT, error="",
             found=[_both(0.4, 2.3), _both(0.7, 2.5)], hint="since the exporter began"),
        Case(P95.replace("15s", "5m"), truth=EXACT, error="",
             found=[_both(0.4, 2.3), _both(0.7, 2.5)], hint="window"),
        Case(P95.replace("_bucket[", '_bucket{since="sent"}['), truth=EXACT, error="",
             found=[[({"since": "sent"}, 0.42)], [({"since": "sent"}, 9.1)]], hint="leave the choice"),
        Case("sum by (since) (rate(..._sum[15s])) / sum by (since) (rate(..._count[15s]))",
             truth=EXACT, error="", found=[_both(0.1, 1.4), _both(2.6, 4.1)],
             hint="does not call it"),
        Case(P95.replace("0.95", "95"), truth=EXACT, error="",
             found=[_both(float("inf"), float("inf"))] * 2, hint="between 0 and 1"),
        Case(P95.replace("0.95", "0.5"), truth=EXACT, error="",
             found=[_both(0.07, 1.4), _both(0.3, 1.5)], hint="0.95"),
        Case(P95.replace("_bucket", "_count"), truth=EXACT, error="", found=[[], []],
             hint="_bucket"),
        Case(P95.replace("[15s]", ""), truth=EXACT, found=[],
             error='parse error: expected type range vector in call to function "rate"',
             hint="put [15s] behind"),
    ],
    right=[
        Case(P95, truth=EXACT, error="", found=[_both(0.42, 2.4), _both(9.1, 9.4)]),
        Case(P95.replace("sum by (le, since) (", "("), truth=EXACT, error="",
             found=[_both(0.42, 2.4), _both(9.1, 9.4)]),
    ],
)  # fmt: skip
def latency(
    answer: str,
    *,
    found: Sequence[Answer],
    truth: Sequence[Mapping[str, Sequence[float]]],
    error: str,
) -> Result:
    """The query yields a p95 for sent and one for event, each in the bucket of the exact one."""
    wanted = [{since: bucket(exact) for since, exact in moment.items()} for moment in truth]
    expected = "; ".join(
        ", ".join(f"{since} {low:g} to {high:g} s" for since, (low, high) in moment.items())
        for moment in wanted
    )
    query = str(answer)
    if error:
        return Result(False, expected, "an error", refusal(query, error))
    given = [{labels.get("since", ""): value for labels, value in series} for series in found]
    observed = [{since: round(value, 2) for since, value in moment.items()} for moment in given]
    if all(
        moment.keys() == bounds.keys()
        and all(low * 0.98 <= moment[s] <= high * 1.02 for s, (low, high) in bounds.items())
        for moment, bounds in zip(given, wanted, strict=True)
    ):
        return Result(True, expected, observed)
    return Result(False, expected, observed, _latency_hint(query, given, truth))


def _latency_hint(
    query: str,
    given: Sequence[Mapping[str, float]],
    truth: Sequence[Mapping[str, Sequence[float]]],
) -> str:
    values = [value for moment in given for value in moment.values()]
    if not values and "_bucket" not in query:
        return "histogram_quantile needs the buckets: the series whose name ends in _bucket."
    if not values:
        return "There is no series: without the label le there are no buckets. Sum by (le, ...)."
    if {*given[-1]} in ({"sent"}, {"event"}):
        return "The query chooses one value of since. Both are wanted: leave the choice out."
    if any(moment.keys() != {"sent", "event"} for moment in given):
        return (
            "This is one series, and it mixes both. Which label must survive the sum, besides le?"
        )
    if "histogram_quantile" not in query:
        return "histogram_quantile makes quantiles out of buckets. The query does not call it."
    if any(value == float("inf") or isnan(value) for value in values):
        return "The first argument is a share between 0 and 1: the p95 is 0.95."
    if all(
        moment["sent"] < min(exact["sent"]) / 2 for moment, exact in zip(given, truth, strict=True)
    ):
        return "Both are too small. Is the first argument 0.95?"
    if "rate" not in query and "increase" not in query:
        return "These buckets count all rows since the exporter began. Only the last 15 s: rate."
    return (
        "At one of the moments it is off by more than a bucket. Is the window 15 s, the share 0.95?"
    )


SHARE = 'sum(rate(sales_events_total{quality="invalid"}[15s])) / sum(rate(sales_events_total[15s]))'


@exercise(
    hints=(
        "Above: the broken ones. Below: all. Which labels do the two sides have?",
        "The side above has quality, the side below has it in four series. Add up both sides.",
        SHARE,
    ),
    wrong=[
        Case('rate(sales_events_total{quality="invalid"}[15s]) / rate(sales_events_total[15s])',
             truth=[0.33, 0.0], error="", found=[_at(1.0), _at(float("nan"))],
             hint="divided by themselves"),
        Case('sales_events_total{quality="invalid"} / ignoring(quality) sum(sales_events_total)',
             truth=[0.33, 0.0], error="", found=[_at(0.08), _at(0.05)], hint="since the exporter"),
        Case('rate(sales_events_total{quality="invalid"}[15s]) / sum(rate(sales_events_total[15s]))',
             truth=[0.33, 0.0], error="", found=[[], []], hint="labels are equal"),
        Case('sum(rate(sales_events_total{quality="invalid"}[15s]))', truth=[0.33, 0.0], error="",
             found=[_at(40.0), _at(0.0)], hint="per second"),
        Case(f"100 * {SHARE}", truth=[0.33, 0.0], error="", found=[_at(33.0), _at(0.0)],
             hint="between 0 and 1"),
        Case(SHARE.replace('"invalid"', '"valid"'), truth=[0.33, 0.0], error="",
             found=[_at(0.67), _at(1.0)], hint="the good ones"),
        Case(SHARE.replace("total[", 'total{quality="valid"}['), truth=[0.33, 0.0], error="",
             found=[_at(0.49), _at(0.0)], hint="All events are meant"),
        Case("rate(sales_events_total[15s]) / on (job) rate(sales_events_total[15s])",
             truth=[0.33, 0.0], found=[],
             error="found duplicate series for the match group; many-to-many matching not allowed",
             hint="Several series"),
        Case("5", truth=[0.33, 0.0], error="got scalar", found=[], hint="no series"),
        Case("sum by (quality) (rate(sales_events_total[15s])) / ignoring(quality) group_left ...",
             truth=[0.33, 0.0], error="",
             found=[[({"quality": q}, v) for q, v in
                     (("valid", 0.67), ("invalid", 0.33), ("late", 0.0), ("duplicate", 0.0))]] * 2,
             hint="4 series"),
        Case(SHARE.replace("15s", "2m"), truth=[0.33, 0.0], error="",
             found=[_at(0.05), _at(0.05)], hint="window"),
        Case(SHARE.replace("[15s]", ""), truth=[0.33, 0.0], found=[],
             error='parse error: expected type range vector in call to function "rate"',
             hint="put [15s] behind"),
        Case(SHARE.replace(" / ", " / sum by (quality) (").replace("[15s])", "[15s]))", 1),
             truth=[0.33, 0.0], found=[], error="1:95: parse error: unclosed left parenthesis",
             hint="bracket is open"),
    ],
    right=[
        Case(SHARE, truth=[0.33, 0.0], error="", found=[_at(0.32), _at(0.0)]),
        Case("1 - sum(rate(...)) / sum(rate(...))", truth=[0.33, 0.0], error="",
             found=[_at(0.34), _at(1e-9)]),
        Case("sum(rate(sales_dead_letters_total[15s])) / ...", truth=[0.33, 0.0], error="",
             found=[_at(0.335), _at(0.0, {"job": "exporter"})]),
    ],
)  # fmt: skip
def share(answer: str, *, found: Sequence[Answer], truth: Sequence[float], error: str) -> Result:
    """The query yields the share of broken events, after the scene and before it."""
    expected = "one number: " + ", before it ".join(f"about {t:.2f}" for t in truth)
    query = str(answer)
    if error:
        return Result(False, expected, "an error", refusal(query, error))
    observed = [[round(value, 3) for _, value in series] for series in found]
    if not all(found):
        hint = "There is no answer: no two series whose labels are equal. Add up both sides."
        return Result(False, expected, observed, hint)
    most = max(len(series) for series in found)
    if most > 1:
        return Result(
            False, expected, observed, f"These are {most} series. Which is the broken one?"
        )
    values = [series[0][1] for series in found]
    if all(abs(v - t) <= max(0.15 * t, 0.01) for v, t in zip(values, truth, strict=True)):
        return Result(True, expected, observed)
    first, last = values
    if near(first, 1, 0.01) and isnan(last):
        hint = "1, and before it 0 / 0: the broken events were divided by themselves. Only they had the same labels."
    elif near(first, 100 * truth[0]) and "/" in query:
        hint = "A share lies between 0 and 1."
    elif near(first, truth[0] / (1 - truth[0]), 0.1):
        hint = "Below the line stand the good ones only. All events are meant."
    elif near(first, 1 - truth[0], 0.05):
        hint = "This is the share of the good ones."
    elif first > 1:
        hint = "This is how many there were per second. Which part of all is that?"
    elif "rate" not in query and "increase" not in query:
        hint = (
            "This is the share since the exporter began. Only the last 15 s: rate, on both sides."
        )
    else:
        hint = "After the scene it is not right. Is the window 15 s, on both sides?"
    return Result(False, expected, observed, hint)


HOUR = 28 * 60 * 3600


@exercise(
    hints=(
        "How many series has it for one shop? And how many for one sale?",
        "Every value of a new label has all buckets, sum and count, for both values of since.",
        "28 for each of 8 shops; and 28 for each of the 60 x 3600 sales of an hour.",
    ),
    wrong=[
        Case({"store_id": 28 + 8, "sale_id": HOUR}, now=28, shops=8, rate=60, hint="multiplies"),
        Case({"store_id": 14 * 8, "sale_id": HOUR}, now=28, shops=8, rate=60, hint="since"),
        Case({"store_id": 8, "sale_id": HOUR}, now=28, shops=8, rate=60, hint="each shop has"),
        Case({"store_id": 224, "sale_id": 60 * 3600}, now=28, shops=8, rate=60,
             hint="one series per sale"),
        Case({"store_id": 224, "sale_id": 28 * 60}, now=28, shops=8, rate=60, hint="in a second"),
        Case({"store_id": 224, "sale_id": 8 * HOUR}, now=28, shops=8, rate=60, hint="instead of"),
        Case({"store_id": "many", "sale_id": HOUR}, now=28, shops=8, rate=60, hint="two numbers"),
    ],
    right=[
        Case({"store_id": 224, "sale_id": HOUR}, now=28, shops=8, rate=60),
        Case({"store_id": 224.0, "sale_id": 6_000_000}, now=28, shops=8, rate=60),
    ],
)  # fmt: skip
def series(answer: Mapping[str, float], *, now: int, shops: int, rate: int) -> Result:
    """A label multiplies the series: a bounded one by its values, an id by the traffic."""
    expected = "two numbers: series with the label store_id, series with sale_id after an hour"
    try:
        store, sale = float(answer["store_id"]), float(answer["sale_id"])
    except (KeyError, TypeError, ValueError):
        return Result(False, expected, dict(answer), "Give two numbers: store_id and sale_id.")
    observed = f"store_id {store:,.0f}, sale_id {sale:,.0f}"
    hour = now * rate * 3600
    if store == now + shops:
        hint = "store_id: a label does not add to the series, it multiplies them."
    elif near(store, now * shops / 2, 0.01):
        hint = "store_id: the histogram is there twice, for both values of since."
    elif store == shops:
        hint = "store_id: each shop has a whole histogram of its own."
    elif store != now * shops:
        hint = f"store_id: {now} series now, and each shop has all of them."
    elif near(sale, hour, 0.05):
        return Result(True, expected, observed)
    elif near(sale, rate * 3600, 0.05):
        hint = "sale_id: that is one series per sale. A sale has a whole histogram."
    elif near(sale, now * rate, 0.05):
        hint = "sale_id: so many come in a second. How many seconds has an hour?"
    elif near(sale, shops * hour, 0.05):
        hint = "sale_id: it comes instead of store_id; and a sale is in one shop only."
    else:
        hint = f"sale_id: {rate} sales a second, for an hour, and each with {now} series."
    return Result(False, expected, observed, hint)


CAUSES = ("sink", "database", "broker", "events", "shops")
CAUSE_WRONG = {
    "sink": "Events come in and no rows go out, yet everybody answers. Who is it that should carry them?",
    "database": "No rows, and one server has not answered. Whose last look is old?",
    "broker": "Nothing comes in. Do the shops rest? Or can nobody look at the topic any more?",
    "events": "Rows still go out, only fewer than events come in. Where does the rest go?",
    "shops": "Nothing comes in and nothing goes out, but everybody answers. Is there a fault at all?",
}
CALLS = {"A": "sink", "B": "shops", "C": "database"}
OTHERS = {"A": "broker", "B": "events", "C": "sink"}


@exercise(
    hints=(
        "Follow the event: does it come in? Does a row go out? Who does not answer?",
        "Row by row: the first panel that falls to 0. Then the table: whose look is old, which state?",
        "PAUSED: sink. Postgres deaf: database. Looks at Kafka old: broker. Dead letters: events. Else: shops.",
    ),
    wrong=[
        Case(CALLS | {"A": "database"}, causes=CALLS, hint="A: Events come in and no rows"),
        Case(CALLS | {"B": "broker"}, causes=CALLS, hint="B: Nothing comes in and nothing"),
        Case(CALLS | {"C": "sink"}, causes=CALLS, hint="C: No rows, and one server"),
        Case(OTHERS | {"A": "shops"}, causes=OTHERS, hint="A: Nothing comes in. Do the shops"),
        Case(OTHERS | {"B": "shops"}, causes=OTHERS, hint="B: Rows still go out"),
        Case(CALLS | {"C": "postgres"}, causes=CALLS, hint="sink, database, broker, events, shops"),
    ],
    right=[
        Case(CALLS, causes=CALLS),
        Case({letter: cause.upper() for letter, cause in OTHERS.items()}, causes=OTHERS),
    ],
)
def incidents(answer: Mapping[str, str], *, causes: Mapping[str, str]) -> Result:
    """Each of the three incidents has its cause."""
    expected = f"one of {', '.join(CAUSES)} for each of {', '.join(sorted(causes))}"
    given = {letter: str(answer.get(letter, "")).strip().lower() for letter in sorted(causes)}
    wrong = [letter for letter in given if given[letter] != causes[letter]]
    if not wrong:
        return Result(True, expected, given)
    known = given[wrong[0]] in CAUSES
    hint = CAUSE_WRONG[causes[wrong[0]]] if known else f"Give one of {', '.join(CAUSES)}."
    right = f"{len(given) - len(wrong)} of {len(given)} right"
    return Result(False, expected, f"{given}, {right}", f"{wrong[0]}: {hint}")


TERMS: dict[str, Any] = {"rate": 60, "hours": 6, "objective": 0.99, "slow": 0.30}
SPENT = {"slow_rows": 12_960, "burn_rate": 30, "minutes": 12}


@exercise(
    hints=(
        "What may be slow? How much is slow? How many times as much is that?",
        "The budget is 1 % of all rows of six hours. The burn rate is 30 % by 1 %.",
        "60 x 6 x 3600 x 0.01; 0.30 / 0.01; six hours in minutes, divided by the burn rate.",
    ),
    wrong=[
        Case(SPENT | {"slow_rows": 1_296_000}, hint="all rows", **TERMS),
        Case(SPENT | {"slow_rows": 1_283_040}, hint="must be fast", **TERMS),
        Case(SPENT | {"slow_rows": 216}, hint="seconds", **TERMS),
        Case(SPENT | {"burn_rate": 0.3}, hint="how many times", **TERMS),
        Case(SPENT | {"burn_rate": 14.4}, hint="not that of the alert", **TERMS),
        Case(SPENT | {"minutes": 0.2}, hint="in hours", **TERMS),
        Case(SPENT | {"minutes": 10_800}, hint="divided", **TERMS),
        Case(SPENT | {"minutes": None}, hint="three numbers", **TERMS),
    ],
    right=[Case(SPENT, **TERMS), Case(SPENT | {"slow_rows": 12_960.0, "minutes": 12.0}, **TERMS)],
)  # fmt: skip
def budget(
    answer: Mapping[str, float], *, rate: float, hours: float, objective: float, slow: float
) -> Result:
    """An objective gives a budget in rows, and a share of slow rows the pace at which it goes."""
    expected = "three numbers: the budget in rows, how many times too fast, and the minutes left"
    try:
        rows, burn, minutes = (float(answer[n]) for n in ("slow_rows", "burn_rate", "minutes"))
    except (KeyError, TypeError, ValueError):
        return Result(False, expected, dict(answer), "Give three numbers, one per name.")
    observed = f"{rows:,.0f} rows, {burn:g} times too fast, gone in {minutes:g} minutes"
    everything, allowed = rate * hours * 3600, 1 - objective
    if near(rows, everything, 0.001):
        hint = "slow_rows: these are all rows of the time. How many of them may be slow?"
    elif near(rows, everything * objective, 0.001):
        hint = "slow_rows: so many must be fast. How many are left?"
    elif near(rows, everything * allowed / 60, 0.001):
        hint = "slow_rows: how many seconds have six hours?"
    elif not near(rows, everything * allowed, 0.01):
        hint = f"slow_rows: {rate:g} rows a second for {hours:g} hours, and 1 % of them."
    elif near(burn, slow, 0.01):
        hint = "burn_rate: this is the share of slow rows. It is how many times what is allowed?"
    elif near(burn, 14.4, 0.01):
        hint = "burn_rate: it is that of this night, not that of the alert."
    elif not near(burn, slow / allowed, 0.01):
        hint = "burn_rate: divide the share that is slow by the share that may be slow."
    elif near(minutes, hours * allowed / slow, 0.01):
        hint = "minutes: this is the time in hours."
    elif near(minutes, hours * 60 * slow / allowed, 0.01):
        hint = "minutes: burning faster, it lasts shorter: six hours, divided by the burn rate."
    elif not near(minutes, hours * 60 * allowed / slow, 0.01):
        hint = "minutes: at burn rate 1 a full budget lasts six hours. And at yours?"
    else:
        return Result(True, expected, observed)
    return Result(False, expected, observed, hint)


FIRED = list(range(80, 96))
FLICKER = list(range(9, 24))


@exercise(
    hints=(
        "Two conditions, and both have to hold. From which share on?",
        "In PromQL: a > x and b > x. The budget is 0.01, and 14.4 times that is 0.144.",
        "sales:slow_rows:ratio_rate5m > 0.144 and sales:slow_rows:ratio_rate1h > 0.144",
    ),
    wrong=[
        Case("sales:slow_rows:ratio_rate5m > 0.144", found=FLICKER + FIRED, fired=FIRED,
             only_short=FLICKER, error="", hint="only the short"),
        Case("sales:slow_rows:ratio_rate1h > 0.144", found=list(range(80, 110)), fired=FIRED,
             only_short=FLICKER, error="", hint="long after"),
        Case("... or ...", found=FLICKER + list(range(80, 110)), fired=FIRED,
             only_short=FLICKER, error="", hint="only the short"),
        Case("... > 14.4 and ... > 14.4", found=[], fired=FIRED, only_short=FLICKER, error="",
             hint="never true"),
        Case("... > 0.01 and ... > 0.01", found=list(range(7, 26)) + list(range(79, 97)),
             fired=FIRED, only_short=FLICKER, error="", hint="1 %"),
        Case("... > 0.5 and ... > 0.144", found=FIRED[2:6], fired=FIRED, only_short=FLICKER,
             error="", hint="too seldom"),
        Case("... > 0.144 & ...", found=[], fired=FIRED, only_short=FLICKER,
             error="parse error: unexpected character: '&'", hint="written out: and"),
    ],
    right=[
        Case("... and ...", found=FIRED, fired=FIRED, only_short=FLICKER, error=""),
        Case("min(...) > 0.144", found=[*FIRED[1:], 96, 97], fired=FIRED, only_short=FLICKER,
             error=""),
        Case("... and ...", found=FIRED, fired=FIRED, only_short=[], error=""),
    ],
)  # fmt: skip
def burn(
    answer: str,
    *,
    found: Collection[int],
    fired: Collection[int],
    only_short: Collection[int],
    error: str,
) -> Result:
    """The condition is true in the seconds in which the kit's alert fired, and in no others."""
    expected = f"true for {len(fired)} s, when the alert fired: {_spans(fired)}"
    if error:
        hint = refusal(str(answer), error)
        if "&" in str(answer) or "|" in str(answer):
            hint = "In PromQL it is written out: and, or."
        return Result(False, expected, "an error", hint)
    observed = f"true for {len(found)} s: {_spans(found) or 'never'}"
    extra, missing = set(found) - set(fired), set(fired) - set(found)
    end = max(fired, default=0)
    if not found:
        hint = "It is never true. The series are shares: 14.4 times 1 % is 0.144."
    elif len(set(only_short) & extra) > max(3, 0.7 * len(only_short)) and "0.01 " in f"{answer} ":
        hint = "It is true already at 1 %, where the budget burns just as fast as it may. 14.4 times that."
    elif len(set(only_short) & extra) > 3:
        hint = (
            "It also rings when only the short window is high, at the first rest. Both have to be."
        )
    elif len([second for second in extra if second > end]) > 5:
        hint = "It goes on ringing long after the sink was back. Which window has forgotten it by then?"
    elif len(missing) > 5:
        hint = "It rings too seldom. Is the share 0.144, for both windows?"
    elif len(extra) > 5:
        hint = "It rings too often. Is the share 0.144, for both windows?"
    else:
        return Result(True, expected, observed)
    return Result(False, expected, observed, hint)


def _spans(seconds: Collection[int]) -> str:
    """Return seconds as spans, such as "3 to 9, 20 to 31"."""
    spans: list[list[int]] = []
    for second in sorted(seconds):
        if spans and second <= spans[-1][1] + 2:
            spans[-1][1] = second
        else:
            spans.append([second, second])
    return ", ".join(f"{first} to {last}" for first, last in spans)
