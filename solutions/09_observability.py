# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 09 Observability: rows have stopped, and who is right?
#
# *25 minutes to read, 50 minutes to do. You need lab 00 and a little SQL. Lab 06 helps: connectors,
# and what can happen at 02:14.*
#
# At the end you will be able to
#
# - tell a counter, a gauge and a histogram apart, and ask each what it can answer;
# - write queries in PromQL: rates, shares, quantiles; and say how wrong each may be;
# - say beforehand what a label will cost;
# - find from figures alone which part of a pipeline is at fault;
# - promise something, compute what may go wrong, and read the alert that watches over it.

# %%
import json
import re
import time
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import matplotlib.pyplot as plt
import pandas as pd

from lablib import Lab, Ledger, Producer, Stack, connection, install

lab = Lab("09_observability")

# %% [markdown]
# It is 02:14, and you have the night shift of a retail chain. Its shops never close. The phone rings:
# *"The figure on our screen has not moved for a minute."* You ask around. Connect says RUNNING. Kafka
# says that it is well. Postgres says the same. Everybody is right about himself, and no row arrives.
#
# What you need is somebody who looks at all of them, all the time, and writes it down. This cell brings
# him: **Prometheus**, and what belongs to it. (The very first start fetches some 40 MB, or builds
# images: a minute or two.)

# %%
stack = Stack()
was_up = "prometheus" in [service.name for service in stack.status()]
stack.up("metrics", tell=print)
print(install(stack))

# %% [markdown]
# Then the shops open. They send 60 sales a second, in the background, until the last cell of this lab.

# %%
from lablib.incidents import LiveSales, draw, incident

RATE = 60
seed = int(time.time())
with suppress(NameError):
    shops.stop()  # those of an earlier run of this cell
sales = LiveSales(seed)
shops = Producer(stack)
shops.start(sales, rate=RATE)
opened = time.time()

# %% [markdown]
# ## 1. Three kinds of numbers
#
# How does Prometheus know anything? Every server of the stack has a page of plain text with its
# figures. One of them is the **exporter**: it looks at the pipeline from outside, at topics, rows and
# connectors, and writes down what it sees. Here is a part of its page, as it is:

# %%
page = httpx.get(stack.env["EXPORTER_URL"] + "/metrics", trust_env=False).text
shown = re.compile(
    r"# TYPE sales_event|sales_events_total|sales_event_to_row.*sent|kafka_consumergroup_lag\{.*sink"
)
print(*(line for line in page.splitlines() if shown.search(line)), sep="\n")

# %% [markdown]
# A line is a **series**: a name, **labels** in braces, a number. There is no history on this page, only
# now. Prometheus fetches it over and over, puts the time beside each number, and keeps them all: these
# are the **samples**. In real life it does so every 15 seconds or every minute. *In this kit much is faster,
# so that you need not wait: every two seconds.*
#
# You ask Prometheus over HTTP, in a language of its own, **PromQL**. The simplest question is a name:

# %%
import requests
from prometheus_api_client import PrometheusApiClientException, PrometheusConnect

session = requests.Session()
session.trust_env = False  # the servers are on this machine: no proxy
prometheus = PrometheusConnect(stack.env["PROMETHEUS_URL"], session=session, timeout=20)
prometheus.custom_query('sales_events_total{quality="valid"}')

# %% [markdown]
# Four helpers. `value` asks for one number, now or `at` a time of the past. `curve` asks the same
# question every two seconds of a span. `wait_for` waits for something, but not for ever; `sql` asks Postgres.


# %%
def value(query, at=None):
    """Return the number that a query yields; NaN if there is none."""
    found = prometheus.custom_query(query, params={"time": at or time.time()})
    return float(found[0]["value"][1]) if found else float("nan")


def curve(query, since, until=None, step=2):
    """Return a query's values over time, a column per series; the index is in seconds."""
    until = until or time.time()
    span = [datetime.fromtimestamp(int(t), UTC) for t in (since, until)]
    step += int(until - since) // 5000  # you may have had a long break
    found = prometheus.custom_query_range(query, *span, step=f"{step}s")
    columns = [pd.Series({t: float(v) for t, v in one["values"]}) for one in found]
    return pd.concat(columns, axis=1) if columns else pd.DataFrame(columns=[0])


# %%
from lablib.errors import LabError


def wait_for(what, question, within=40):
    """Ask again and again until the answer is yes."""
    deadline = time.monotonic() + within
    while not question():
        if time.monotonic() > deadline:
            raise LabError(f"Waited {within} s for: {what}.", next="`lab status` in a terminal")
        time.sleep(0.1)


def sql(query, *arguments):
    """Return the rows of one query."""
    with connection(stack) as database:
        return database.execute(query, arguments).fetchall()


# %% [markdown]
# Two series of the last seconds, as they are. `sales_events_total` counts the events in the topic.
# `kafka_consumergroup_lag` says how many of them the sink has not yet *noted* as read. (`sum` adds up its three
# partitions.)

# %%
EVENTS = 'sales_events_total{quality="valid"}'
ROWS = 'sales_event_to_row_seconds_count{since="sent"}'
LAG = 'sum(kafka_consumergroup_lag{group="connect-sales-sink"})'
samples = lambda: value(f"count_over_time({EVENTS}[15s])")
wait_for("15 s of samples", lambda: samples() >= 7 and time.time() > opened + 9)
start = max(opened - 1, time.time() - 60)

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 2.8))
for place, query, title in ((0, EVENTS, "sales_events_total"), (1, LAG, "kafka_consumergroup_lag")):
    seen = curve(query, start)
    axes[place].plot(seen.index - start, seen, ".-")
    axes[place].set_title(title)
    axes[place].set_xlabel("seconds")
high = f"{seen.max().max():.0f}"
lab.show(figure, alt=f"Left a line that only rises, right teeth like those of a saw, up to {high}.")

# %% [markdown]
# Left a **counter**: it only rises. Its height means nothing ("since when?"), its *slope* means
# everything. Right a **gauge**: it goes up and down, and its height is what you want to know. (The teeth
# are no fault: the sink writes rows at once, and notes in Kafka how far it has read every five seconds.)
#
# A counter lives in its program. What if that program ends? You restart the exporter in a moment. (The
# shops hold their breath meanwhile.) And you ask for `rate(sales_events_total[6s])`: by how much the counter rises per second, looked at over
# six seconds.

# %%
lab.predict(
    "restart",
    "The exporter is restarted. The counter, and its rate?",
    {
        "a": "the counter goes on where it was",
        "b": "the counter falls to about 0, and the rate becomes negative for a moment",
        "c": "the counter falls to about 0, and the rate is never negative",
    },
    choice=...,
)

# %%
before, restarted = value(EVENTS), time.time()
shops.pause()
try:
    stack.restart("exporter")
except LabError as refusal:  # a JupyterLab in a container may not do it: type it now
    print(refusal)
with suppress(LabError):
    wait_for("the new exporter's first figures", lambda: value(EVENTS) < before)
shops.resume()
after = value(EVENTS)
wait_for("some more sales", lambda: value(EVENTS) > after + 2 * RATE)

# %%
lowest = float(curve(f"rate({EVENTS}[6s])", restarted - 5, step=1).min().min())
print(f"counter: {before:.0f}, then {after:.0f}. Lowest rate: {lowest:.0f} a second")
if after >= before:
    print("The exporter was not restarted. Run the two cells again.")
else:
    lab.recall("restart", truth="b" if lowest < 0 else "c")

# %% [markdown]
# `rate` knows that counters only rise. So where one falls, it must have begun again at 0, and `rate` adds
# up the pieces on both sides. That works for counters only: of a gauge, each fall would be taken for a
# restart. **Rule: a counter's height is an accident of when its program started. Always ask for its
# rate.**
#
# The third kind is a **histogram**: many values, sorted into buckets. `_bucket{le="5.0"}` counts all rows
# that took 5 seconds or less. So each bucket is a counter, and part 3 makes quantiles of them.
#
# **Exercise `kinds`.** Six series, ten seconds ago and now. Which is a `"counter"`, which a `"gauge"`,
# which belongs to a `"histogram"`? Mind that a name is a custom, not a promise. (Has one fallen that should
# not? You restarted its program a moment ago.)

# %%
SIX = {
    "A": 'kafka_topic_records_total{topic="sales",partition="0"}',
    "B": 'process_resident_memory_bytes{job="connect"}',
    "C": 'pg_stat_database_tup_inserted{datname="lab"}',
    "D": 'sales_event_to_row_seconds_bucket{since="sent",le="0.5"}',
    "E": 'pg_stat_database_numbackends{datname="lab"}',
    "F": 'process_cpu_seconds_total{job="connect"}',
}

# %%
moments = {"10 s ago": time.time() - 10, "now": time.time()}
table = pd.DataFrame({name: [value(q, at) for q in SIX.values()] for name, at in moments.items()})
table.insert(0, "series", SIX.values())
table.set_axis(list(SIX)).style.format(precision=2, thousands=",")

# %%
kinds = {"A": ..., "B": ..., "C": ..., "D": ..., "E": ..., "F": ...}
# BEGIN SOLUTION
kinds = {"A": "counter", "B": "gauge", "C": "counter"}
kinds |= {"D": "histogram", "E": "gauge", "F": "counter"}
# END SOLUTION
lab.check("kinds", kinds)

# %% [markdown]
# ## 2. How many per second, and over how long?
#
# `rate(x[15s])` takes the samples of the last 15 seconds: how much did x rise, divided by 15. The time in
# brackets is the **window**, and you choose it. Too short: two samples, and noise. Too long: what is news
# drowns in what is past.
#
# Now something happens, and it is the only scene for the next three parts. (It is enough: all is
# recorded, so you may ask questions about it as often as you like.) For five seconds the shops send four times
# as much, 240 events a second. Half of that is broken: old tills have joined in. And the sink has a rest
# of seven seconds. First only the events:

# %%
lab.predict(
    "windows",
    "Events per second, with [6s] and with [20s]. Which of the two shows the peak of 240?",
    {"a": "both", "b": "[6s]; [20s] stays far below", "c": "[20s]: it has more data"},
    choice=...,
)

# %%
from contextlib import contextmanager

from lablib.connect import Connect

connect = Connect(stack.env["CONNECT_URL"])


@contextmanager
def sink_rests():
    """Pause the sink; afterwards all is as usual, even if you interrupt the cell."""
    connect.pause("sales-sink")
    try:
        yield
    finally:
        connect.resume("sales-sink")
        shops.rate, sales.broken = RATE, 0


# %%
BROKEN = 'sales_events_total{quality="invalid"}'
in_ledger = lambda: sum(e.kind == "invalid" for e in Ledger().entries("sales", shops.report.run))
first = {"ledger": in_ledger(), "events": value(BROKEN), "rows": value(ROWS)}
first["sent"], quiet = shops.report.acknowledged, time.time()
with sink_rests():
    shops.rate, sales.broken = 4 * RATE, 1 / 2
    wait_for("five seconds of rush", lambda: time.time() > quiet + 5)
    shops.rate, sales.broken = RATE, 0
    wait_for("seven seconds of rest", lambda: time.time() > quiet + 7)

# %% [markdown]
# Figures come a moment later than what they tell of. So this waits until Prometheus has counted all the
# broken events that the ledger knows, and as many rows as good sales were sent.

# %%
broken = in_ledger() - first["ledger"]
good = shops.report.acknowledged - first["sent"] - broken
wait_for("the events", lambda: value(BROKEN) >= first["events"] + broken)
wait_for("the rows", lambda: value(ROWS) >= first["rows"] + good)
rush = time.time() + 3  # a moment at which all of it is in the figures
wait_for("three seconds more", lambda: time.time() > rush)
windows = {w: curve(f"sum(rate(sales_events_total[{w}]))", quiet - 3) for w in ("6s", "20s")}

# %%
peaks = {window: float(seen.max().max()) for window, seen in windows.items()}
print(f"{broken} broken events were sent. Highest rates:", {w: round(v) for w, v in peaks.items()})
reached = [window for window, peak in peaks.items() if peak > 0.75 * 4 * RATE]
lab.recall("windows", truth={2: "a", 0: "c"}.get(len(reached), "b"))

# %%
figure, axes = plt.subplots()
axes.axvspan(0, 5, color="0.85", lw=0, label="four times as many events")
for (window, seen), style in zip(windows.items(), (".-", "--"), strict=True):
    axes.plot(seen.index - quiet, seen, style, label=f"rate over {window}")
axes.set_xlabel("seconds since the rush began")
axes.set_ylabel("events per second")
axes.legend()
alt = f"The rate over 6 s rises to {peaks['6s']:.0f} and falls again; that over 20 s creeps up to {peaks['20s']:.0f} and stays."
lab.show(figure, alt=alt)

# %% [markdown]
# The short window jumps, and forgets at once. The long one is calm, late, and still talks of the rush when
# that is over. Neither is right: they answer different questions. (Both come two or three seconds
# behind the event: the exporter looks once a second, and Prometheus at the exporter every two.) **Rule: the window is a part of the question.
# For "now?" a few samples, for "in general?" many.**
#
# `sum(...)` around it adds up the four series of `quality`. Does it matter whether you add first or take
# rates first? A colleague asks how many processor cores all servers use together. (`[10s:1s]` makes samples
# of something computed: one for each of ten seconds.)

# %%
span = restarted - 3, restarted + 15
rates_first = curve("sum(rate(process_cpu_seconds_total[10s]))", *span)
adds_first = curve("rate(sum(process_cpu_seconds_total)[10s:1s])", *span)
print(f"rates, then the sum: at most {rates_first.max().max():.1f} cores")
print(f"the sum, then its rate: at most {adds_first.max().max():.1f} cores")

# %% [markdown]
# Both look at the moment when you restarted the exporter. A sum of counters is no counter: when *one* of
# them begins at 0 again, the sum falls a little, and `rate` takes it for a restart of *all*. The second
# figure is nonsense, and the longer your servers have run, the more so. PromQL makes this mistake hard
# to type; `rate(sum(x)[10s])` is refused. **Rule: first the rate, then the sum.**
#
# For the exercises a helper that asks a query at several moments and tells what Prometheus has against it:


# %%
def refused(error):
    """Return what Prometheus says against a query."""
    found = re.search(r'"error":"(.*)"', str(error))
    return found[1].replace("\\", "").removeprefix('invalid parameter "query": ') if found else str(error)


# %%
def answers(query, *moments):
    """Return for each moment all series of the answer (labels and value), and an error or ""."""
    try:
        found = [prometheus.custom_query(query, params={"time": at}) for at in moments]
        return [[(one["metric"], float(one["value"][1])) for one in each] for each in found], ""
    except PrometheusApiClientException as error:
        return [], refused(error)
    except KeyError:
        return [], "got range vector"
    except TypeError:
        return [], "got scalar"


# %% [markdown]
# **Exercise `rows`.** Write the query: *how many rows per second came into the table, over the last 15
# seconds?* It shall yield one number. The histogram that you saw on the exporter's page counts rows, in
# its series `sales_event_to_row_seconds_count`. The check asks your query for two moments of the past,
# before the restart in part 1 and after the scene, and counts the rows in Postgres.

# %%
rows = ...
# BEGIN SOLUTION
rows = 'sum(rate(sales_event_to_row_seconds_count{since="sent"}[15s]))'
# END SOLUTION

# %%
COUNT = """SELECT count(*) / 15.0 FROM sales_raw
           WHERE loaded_at > to_timestamp(%s) - interval '15 s' AND loaded_at <= to_timestamp(%s)"""


def evidence(at, late):
    """Return what SQL counts, for figures up to so many seconds late; and a rate of events."""
    found = [float(sql(COUNT, at - shift, at - shift)[0][0]) for shift in range(late + 1)]
    events = value("sum(rate(sales_events_total[15s]))", at)
    return {"low": min(found), "high": max(found), "events": events}


calm = restarted - 1
found, error = answers(rows, calm, rush) if rows is not ... else ([], "")
lab.check("rows", rows, found=found, truth=[evidence(calm, 5), evidence(rush, 3)], error=error)

# %% [markdown]
# ## 3. How long does it take?
#
# The mean is 0.3 seconds; is head office content? Not if every hundredth row takes a minute. So one asks
# for **quantiles**: the p95 is the time within which 95 % of the rows were there. To compute that one
# needs every single value, and Prometheus has none of them. It has buckets. Take the 15 seconds of the scene,
# in which the sink had its rest. (`increase` is the rate times the window: how many came.)

# %%
BUCKETS = 'sum by (le) (increase(sales_event_to_row_seconds_bucket{since="sent"}[15s]))'
found = prometheus.custom_query(BUCKETS, params={"time": rush})
buckets = pd.Series({float(one["metric"]["le"]): float(one["value"][1]) for one in found})
buckets = buckets.sort_index()
buckets.round().astype(int).rename_axis("seconds, at most").to_frame("rows").T

# %% [markdown]
# That is all that Prometheus knows of the rows of these 15 seconds. `sum by (le)` adds up whatever else
# there may be and keeps `le`, the buckets' borders. From these numbers `histogram_quantile` guesses where
# the p95 lies. Postgres knows the truth: each row has the time when it was sent, and when it was loaded.

# %%
lab.predict(
    "quantile",
    "p50, p90, p95 and p99 from buckets, and the exact ones. How far apart are they at worst?",
    {"a": "they are equal", "b": "a few percent", "c": "up to the width of a bucket"},
    choice=...,
)

# %%
TOOK = """SELECT extract(epoch FROM loaded_at - sent_at)::float FROM sales_raw
          WHERE loaded_at > to_timestamp(%s) - interval '15 s' AND loaded_at <= to_timestamp(%s)"""
took = pd.Series([seconds for (seconds,) in sql(TOOK, rush - 2, rush - 2)])
RATES = 'sum by (le) (rate(sales_event_to_row_seconds_bucket{since="sent"}[15s]))'
quantiles = pd.DataFrame(index=["p50", "p90", "p95", "p99"])
quantiles["exact"] = [took.quantile(float(p[1:]) / 100) for p in quantiles.index]
quantiles["from buckets"] = [
    value(f"histogram_quantile({int(p[1:]) / 100}, {RATES})", rush) for p in quantiles.index
]
quantiles["off by, %"] = 100 * (quantiles["from buckets"] / quantiles["exact"] - 1)
quantiles.round(2)

# %%
off = quantiles["off by, %"].abs().max()
print(f"At worst off by {off:.0f} %. The slowest row of all took {took.max():.1f} s.")
lab.recall("quantile", truth="a" if off < 0.1 else "b" if off < 5 else "c")

# %%
figure, axes = plt.subplots()
exact = took.sort_values()
axes.plot(exact, [100 * n / len(exact) for n in range(1, len(exact) + 1)], label="exact, from SQL")
borders = buckets[buckets.index <= 10]
axes.plot([0, *borders.index], [0, *100 * borders / buckets.max()], "o--", label="from buckets")
axes.axhline(99, color="0.5", lw=1, label="99 %")
axes.set_xlabel("seconds from sending to the row")
axes.set_ylabel("% of the rows")
axes.legend(loc="lower right")
alt = f"Share of rows by time: an exact curve, and a line from border to border of the buckets that meets it at the borders only. A quantile is off by up to {off:.0f} %."
lab.show(figure, alt=alt)

# %% [markdown]
# At the borders the line from buckets is right. In between it is a ruler: Prometheus assumes that the
# rows of a bucket are spread evenly, and it cannot know how long the slowest row of the
# last bucket took. So two things follow. The p99 is good for "has it become worse?", not for a bill.
# And a question about a *border* has an exact answer: how many took longer than 5 seconds?
# **Rule: a quantile is as exact as its bucket is narrow. Put a border where your promise is.**
#
# **Exercise `latency`.** Until now the clock started when the sale was *sent*. But a till takes a second or
# two before it sends. Write one query for the p95 of the last 15 seconds that yields *two* numbers: since
# the sale was sent, and since it *happened* (`since="event"`). The check looks at the same two
# moments, before the restart and after the scene.

# %%
latency = ...
# BEGIN SOLUTION
latency = """
histogram_quantile(0.95, sum by (le, since) (rate(sales_event_to_row_seconds_bucket[15s])))
"""
# END SOLUTION

# %%
P95 = """SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM loaded_at - sent_at)),
         percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM loaded_at - event_time))
  FROM sales_raw
  WHERE loaded_at > to_timestamp(%s) - interval '15 s' AND loaded_at <= to_timestamp(%s)"""


def p95(at, late):
    """Return the exact p95, for figures up to so many seconds late: since sent, since the event."""
    exact = [sql(P95, at - shift, at - shift)[0] for shift in range(late + 1)]
    return {"sent": [float(s) for s, _ in exact], "event": [float(e) for _, e in exact]}


found, error = answers(latency, calm, rush) if latency is not ... else ([], "")
lab.check("latency", latency, found=found, truth=[p95(calm, 5), p95(rush, 3)], error=error)

# %% [markdown]
# ## 4. Labels: what they give, and what they cost
#
# Labels let you ask for parts of a whole: `{quality="invalid"}` chooses, `sum by (quality) (...)` groups.
# And you can calculate with series: which part of each partition has the sink not noted yet?

# %%
UNREAD = 'kafka_consumergroup_lag{group="connect-sales-sink"}'
lab.predict(
    "divide",
    f"{UNREAD} / kafka_topic_records_total. What comes?",
    {"a": "a share for each partition", "b": "one number", "c": "nothing"},
    choice=...,
)

# %%
plain = prometheus.custom_query(f"{UNREAD} / kafka_topic_records_total")
told = prometheus.custom_query(
    f"{UNREAD} / on (topic, partition) group_left kafka_topic_records_total"
)
print(len(plain), "series;", len(told), "with `on`:")
for one in told:
    print(one["metric"], f"{float(one['value'][1]):.4f}")

# %%
lab.recall("divide", truth={0: "c", 1: "b"}.get(len(plain), "a"))

# %% [markdown]
# Only series with *equal labels* meet, all labels. The lag has a `group`, the topic has none: no pair, no
# answer, no error. `on (...)` names the labels that count (and `group_left` allows several groups per topic). Or
# you add up both sides with `sum` until their labels are equal. **Rule: an empty answer often means that labels do not match. And no answer is no
# zero: an alert on it stays silent.**
#
# **Exercise `share`.** Write the query: *which share of all events of the last 15 seconds was broken?* One
# number between 0 and 1. The check asks for the same moments again, and compares with the ledger.

# %%
share = ...
# BEGIN SOLUTION
share = """
sum(rate(sales_events_total{quality="invalid"}[15s])) / sum(rate(sales_events_total[15s]))
"""
# END SOLUTION

# %%
GOOD = """SELECT count(*) FROM sales_raw
          WHERE sent_at > to_timestamp(%s) - interval '15 s' AND sent_at <= to_timestamp(%s)"""
good = sql(GOOD, rush - 2, rush - 2)[0][0]
truth = broken / (broken + good)
print(f"In 15 s {good} sales became rows, and the ledger knows {broken} broken events: {truth:.3f}")
found, error = answers(share, rush, calm) if share is not ... else ([], "")
lab.check("share", share, found=found, truth=[truth, 0.0], error=error)

# %% [markdown]
# ### What a label costs
#
# Each new value of a label is a new series, and Prometheus keeps all series of the last hours in memory.
# So how many are there, and which names have most?

# %%
print(f"{value('prometheus_tsdb_head_series'):,.0f} series in memory")
for one in prometheus.custom_query('topk(5, count by (__name__) ({__name__=~".+"}))'):
    print(f"{one['value'][1]:>5} {one['metric']['__name__']}")

# %% [markdown]
# A colleague wants to see the price of each sale on a dashboard, and gives it the label `sale_id`. Try it,
# with 500 sales. A program that is over soon does not wait to be asked; it pushes its page to the
# **Pushgateway**, where Prometheus finds it.

# %%
lab.predict(
    "memory",
    "500 series are pushed, and deleted from the Pushgateway again. How many stay in Prometheus' memory?",
    {"a": "none", "b": "500, for the next hours", "c": "one, the newest"},
    choice=...,
)

# %%
gateway = stack.env["PUSHGATEWAY_URL"] + "/metrics/job/lab09"
page = "".join(f'lab09_price{{sale_id="{seed}-{n}"}} 2.79\n' for n in range(500))
counted = lambda: value("count(lab09_price)")
memory = [value("prometheus_tsdb_head_series")]
httpx.put(gateway, content=page, trust_env=False).raise_for_status()
wait_for("the 500 series", lambda: value("prometheus_tsdb_head_series") >= memory[0] + 500)
httpx.delete(gateway, trust_env=False).raise_for_status()
wait_for("their end", lambda: not counted() > 0)
memory.append(value("prometheus_tsdb_head_series"))
print(f"{memory[0]:,.0f} series before, {memory[1]:,.0f} after all was deleted")

# %%
more = memory[1] - memory[0]
lab.recall("memory", truth="a" if more < 1 else "c" if more < 400 else "b")

# %% [markdown]
# Deleted is not forgotten: what was once seen stays in memory for two to three hours, a few kilobytes
# each. A *bounded* label (eight shops, four qualities) multiplies once. One that grows with the traffic
# multiplies for ever. **Rule: a label answers "which kind?", never "which one?". Which one is a question
# for the database.**
#
# **Exercise `series`.** The histogram `sales_event_to_row_seconds` has 12 buckets, a sum and a count, each
# for two values of `since`. Count how many series that is. How many would it be with a further label
# `"store_id"` (there are 8 shops)? And with a label `"sale_id"` instead, after one hour at 60 sales a
# second?

# %%
histogram = value('count({__name__=~"sales_event_to_row_seconds_.*"})')
print(f"{histogram:.0f} series now")
series = {"store_id": ..., "sale_id": ...}
# BEGIN SOLUTION
series = {"store_id": 28 * 8, "sale_id": 28 * 60 * 3600}
# END SOLUTION
lab.check("series", series, now=int(histogram), shops=8, rate=RATE)

# %% [markdown]
# ## 5. How good is good enough?
#
# Seven seconds without rows: should somebody be woken up for that? Not by feeling. Head office and you agree
# on an **objective**: *99 % of the sales are rows within five seconds.* So 1 % may be late. That is no
# shame, it is a **budget**: you may spend it, on restarts, upgrades, bad luck. It is counted for a
# period, here six hours.
#
# **Exercise `budget`.** The shops send 60 sales a second. How many slow rows are the budget of six hours?
# Then a night like this: for a while 30 % of the rows are slow. The **burn rate** says how many times faster
# than allowed the budget is spent: how much is it? And in how many minutes is a full budget gone
# at that pace?

# %%
budget = {"slow_rows": ..., "burn_rate": ..., "minutes": ...}
# BEGIN SOLUTION
budget = {"slow_rows": 60 * 6 * 3600 * 0.01, "burn_rate": 0.30 / 0.01}
budget["minutes"] = 6 * 60 / budget["burn_rate"]
# END SOLUTION
lab.check("budget", budget, rate=RATE, hours=6, objective=0.99, slow=0.30)

# %% [markdown]
# Prometheus computes the share of slow rows all the time. What is asked often is written down as a
# **recording rule**: a query with a name. Here is one, as it stands in the kit's file and as Prometheus has
# it. (That is the trick with time: the kit divides each duration by 20 when it starts the server. So
# `[5m]` is 15 seconds here, `[1h]` is 3 minutes, `[6h]` is 18. Only durations; five seconds of latency
# stay five seconds.)

# %%
RULE = "sales:slow_rows:ratio_rate5m"
file = (stack.settings.stack_files / "prometheus" / "rules" / "recording.yml").read_text()
print(file[file.index(f"- record: {RULE}") :].partition("\n      - record")[0])
rules = httpx.get(stack.env["PROMETHEUS_URL"] + "/api/v1/rules", trust_env=False).json()
rules = [rule for group in rules["data"]["groups"] for rule in group["rules"]]
print(next(rule["query"] for rule in rules if rule["name"] == RULE))

# %% [markdown]
# An **alerting rule** is a query, too: it fires as long as the query yields anything. (With `for: 1m` only if
# it has done so for a minute; until then it is *pending*.) The alert `LatencyBudgetBurn` is the kit's
# watch over this budget. It fires if the budget burns 14.4 times too fast, at which pace it is gone in 25
# minutes; and it looks at *two* windows, `[5m]` and `[1h]`. (It has no `for`: the windows do the waiting.)
# Prometheus hands it to the **Alertmanager**, who groups alerts and would call you.

# %%
lab.predict(
    "resolve",
    "You are about to spend a lot: the sink rests for some seconds, amid a rush. When does the alert end?",
    {
        "a": "as soon as the sink is back",
        "b": "some 15 s later: when the short window has nothing slow in it any more",
        "c": "some 3 minutes later: when the long window has nothing slow in it any more",
    },
    choice=...,
)

# %% [markdown]
# `enough` computes for how long: until a fifth of the rows of the long window will have been slow. The
# last cell watches Prometheus and Alertmanager at once.

# %%
RUSH = 1000
ALERT = 'alertname="LatencyBudgetBurn", severity="critical"'
already = value(f"increase({ROWS}[3m])")
spent = {"begin": time.time()}


def enough():
    """Tell whether a fifth of all rows will be slow: all sent earlier than five seconds ago."""
    seconds = time.time() - spent["begin"]
    return RUSH * (seconds - 5) > 0.2 * (already + RUSH * seconds)


# %%
with sink_rests():
    shops.rate = RUSH
    wait_for("enough to be spent", enough, within=60)
spent["end"] = time.time()
print(f"The sink rested for {spent['end'] - spent['begin']:.1f} s.")

# %%
def firing():
    """Tell whether Prometheus and Alertmanager have the alert, as their APIs say."""
    alerts = httpx.get(stack.env["PROMETHEUS_URL"] + "/api/v1/alerts", trust_env=False).json()
    told = httpx.get(stack.env["ALERTMANAGER_URL"] + "/api/v2/alerts", trust_env=False).json()
    named = lambda alert: {"LatencyBudgetBurn", "critical"} <= set(alert["labels"].values())
    here = [a["state"] for a in alerts["data"]["alerts"] if named(a)]
    return here, [a["status"]["state"] for a in told if named(a)]


wait_for("the alert", lambda: all(firing()))
print(f"{time.time() - spent['end']:.1f} s after the rest: {firing()}")

# %% [markdown]
# While it burns, take a look at the dashboard. Who works with containers can have it in Grafana: `docker
# compose --profile grafana up -d`, then <http://127.0.0.1:13000>. Here the kit draws the very same panels, from the
# same file. (With `every=5` instead of 0 they are drawn anew every five seconds; `lab dashboard` in a terminal
# writes them into one page.)

# %%
from lablib.dashboards import show_dashboard

board = show_dashboard(stack, minutes=3, every=0)

# %% [markdown]
# ## 6. Three calls
#
# Now the phone. Three times this night head office complains that the figures on the screen do not look
# right. Each time one thing is wrong, and each time something else:
#
# | answer | what is the matter |
# | --- | --- |
# | `"sink"` | the connector does not copy |
# | `"database"` | Postgres does not answer |
# | `"broker"` | Kafka does not answer |
# | `"events"` | tills send broken events; all else works |
# | `"shops"` | nothing is wrong with the machines: nobody sells anything |
#
# Which of them you get, and in which order, is drawn from your seed. These are the questions that you
# would ask, whatever the call. (`irate` takes the last two samples of the window and no more: nervous, and
# quick, as you are at this hour.)

# %%
SINK = '{group="connect-sales-sink"}'
FIGURES = {
    "events in, per s": "sum(irate(sales_events_total[10s]))",
    "rows out, per s": 'sum(irate(sales_event_to_row_seconds_count{since="sent"}[10s]))',
    "dead letters, per s": "sum(irate(sales_dead_letters_total[10s]))",
    "oldest unread, s": f"max(kafka_consumergroup_lag_seconds{SINK})",
}
causes = draw(stack, seed)  # do not look

# %% [markdown]
# Each incident lasts six seconds, and heals. Then the pipeline has time to come to rest.

# %%
flows = lambda name: 0.5 < value(FIGURES[name]) / RATE < 1.5
recovered = lambda: flows("events in, per s") and flows("rows out, per s")
calls = {}
for letter, cause in causes.items():
    wait_for("a pipeline at rest", recovered, within=120)
    begin = time.time()
    with incident(cause, stack, shops, sales):
        wait_for("six seconds", lambda begin=begin: time.time() > begin + 6)
    calls[letter] = begin
wait_for("a pipeline at rest", recovered, within=120)

# %%
TOPS = (2 * RATE, 2 * RATE, RATE, 15)


def draw_call(panels, letter, begin):
    """Draw all figures of one incident, side by side."""
    panels[0].set_ylabel(letter, rotation=0, labelpad=14, fontweight="bold")
    for panel, query, top in zip(panels, FIGURES.values(), TOPS, strict=True):
        seen = curve(query, begin, begin + 9, step=1)
        panel.axvspan(0, 6, color="0.9", lw=0)
        panel.plot(seen.index - begin, seen)
        panel.set(xlim=(0, 9), ylim=(-0.03 * top, top), xticks=(0, 3, 6, 9))


# %%
figure, axes = plt.subplots(3, 4, figsize=(11, 5.5), sharex=True, sharey="col")
for panels, (letter, begin) in zip(axes, calls.items(), strict=True):
    draw_call(panels, letter, begin)
for panel, title in zip(axes[0], FIGURES, strict=True):
    panel.set_title(title, fontsize=11)
at_six = {c: [value(q, b + 6) for q in FIGURES.values()] for c, b in calls.items()}
told = {c: [None if n != n else round(n) for n in numbers] for c, numbers in at_six.items()}
lab.show(figure, alt=f"{list(FIGURES)} six seconds into each incident (None: no figure): {told}.")

# %% [markdown]
# Grey is the incident, in seconds; what the figures say comes two or three seconds later. (The last column has the
# teeth of part 1: up to five or six seconds are nothing.) And what the servers said meanwhile. The first column is a gauge
# of the exporter: how many seconds ago could it last look at the topic, at Kafka, Connect, Postgres?
# The second is `up`, which Prometheus makes itself: 0 for a server that did not answer it.

# %%
LOOK = "time() - exporter_last_look_timestamp_seconds"
STATE = 'connect_connector_state{connector="sales-sink"} == 1'
DEAF = "max_over_time(up[4s]) == 0 or max_over_time(pg_up[4s]) == 0"
said = {}
for letter, begin in calls.items():
    at = begin + 6
    looks = {m["source"]: round(s) for m, s in answers(LOOK, at)[0][0]}
    deaf = sorted({m["job"] for m, _ in answers(DEAF, at)[0][0]})
    states = [m["state"] for m, _ in answers(STATE, at)[0][0]]
    said[letter] = {"last look, s ago": looks, "no answer from": deaf, "sales-sink is": states}
pd.DataFrame(said).T.style.set_properties(**{"text-align": "left"})

# %% [markdown]
# **Exercise `incidents`.** What was the matter, each time?

# %%
incidents = {"A": ..., "B": ..., "C": ...}
# BEGIN SOLUTION
for letter, (events, _, letters, _) in at_six.items():
    look = said[letter]["last look, s ago"]
    if letters > 5:
        incidents[letter] = "events"
    elif events > RATE / 3:
        incidents[letter] = "database" if look["postgres"] >= 4 else "sink"
    else:
        incidents[letter] = "broker" if look["topic"] >= 4 else "shops"
# END SOLUTION
lab.check("incidents", incidents, causes=causes)

# %% [markdown]
# The order in which one looks is always the same. *Do events come in?* If not, either nobody sends
# (everybody answers) or the broker is deaf (the looks at Kafka grow old). *Do rows come out?* If not,
# either nobody carries them (the state says so) or nobody takes them (Postgres does not answer). *And if both
# run?* Then look at what is in them. **Rule: follow the event, from the till to the row. The
# first figure that is wrong stands in front of the culprit.**
#
# ## 7. In the morning
#
# What became of the alert? All was recorded: `ALERTS` is a series that Prometheus makes of its alerts.

# %%
SHORT, LONG = "sales:slow_rows:ratio_rate5m", "sales:slow_rows:ratio_rate1h"
FIRING = f'ALERTS{{{ALERT}, alertstate="firing"}}'
night = quiet - 3
wait_for("the end of the alert", lambda: not any(firing()))
print("Prometheus and Alertmanager have:", firing())
fired = curve(FIRING, night, step=1).index
lasted = fired[fired < spent["end"] + 60].max() - spent["end"]
print(f"The alert ended {lasted:.0f} s after the sink was back from its long rest.")
lab.recall("resolve", truth="a" if lasted < 5 else "b" if lasted < 55 else "c")

# %%
from lablib.palette import GREY, VERMILION


def draw_rests(axes):
    """Mark when the sink had its rests, and when the alert fired."""
    rests = (quiet, quiet + 7), (spent["begin"], spent["end"])
    for n, (begin, end) in enumerate(rests):
        label = None if n else "the sink rests"
        axes.axvspan(begin - night, end - night, color=GREY, alpha=0.25, lw=0, label=label)
    for n, moment in enumerate(fired - night):
        label = None if n else "the alert fires"
        axes.axvspan(moment, moment + 1, 0, 0.05, color=VERMILION, lw=0, label=label)


# %%
figure, axes = plt.subplots(figsize=(9, 3.8))
for query, label, style in ((SHORT, "[5m]: 15 s", "-"), (LONG, "[1h]: 3 min", "--")):
    seen = curve(query, night)
    axes.plot(seen.index - night, 100 * seen, style, label=label)
axes.axhline(14.4, color="black", lw=1, label="14.4 times the budget")
draw_rests(axes)
axes.set(xlabel="seconds", ylabel="% of rows that are slow")
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
alt = f"Two shares of slow rows. The short window jumps at both rests of the sink and is soon low again; the long one rises over 14.4 % at the second rest only, and stays. The alert fires for {len(fired)} s, while both are above."
lab.show(figure, alt=alt)

# %% [markdown]
# Look at both rests. At the first one the short window jumped well over the line: for 15 seconds one row in
# five or so was slow. Nobody was called, for the long window says that it did not matter: a small part of
# the budget. (Unless you ran all cells in one go, or did so minutes ago: then the long window has
# little else in it, or remembers. And the three calls are small bumps: few of their rows took more than
# five seconds.) At
# the second rest both agreed, and you were called. And when the sink was back, the *short* window ended
# the alert; the long one would have rung for minutes more about something that is over. **Rule: the
# long window says that it matters, the short one that it still goes on. Wake somebody up only if both
# say so.**
#
# **Exercise `burn`.** Write the condition of this alert yourself: true while both windows burn the budget of
# 1 % more than 14.4 times too fast. The recorded series are `sales:slow_rows:ratio_rate5m` and
# `sales:slow_rows:ratio_rate1h`. The check compares with the seconds in which the kit's alert fired, from
# the first rest on.

# %%
burn = ...
# BEGIN SOLUTION
burn = """
sales:slow_rows:ratio_rate5m > 14.4 * 0.01 and sales:slow_rows:ratio_rate1h > 14.4 * 0.01
"""
# END SOLUTION

# %%
def seconds(query):
    """Return in which seconds of the night a condition was true, and an error or ""."""
    try:
        seen = curve(query, night, step=1)
    except PrometheusApiClientException as error:
        return [], refused(error)
    return [int(t - night) for t in seen.index[(seen.fillna(0) != 0).any(axis=1)]], ""


found, error = seconds(burn) if burn is not ... else ([], "")
only_short = seconds(f"{SHORT} > 0.144 unless {LONG} > 0.144")[0]
told = {"fired": seconds(FIRING)[0], "only_short": only_short}
lab.check("burn", burn, found=found, error=error, **told)

# %% [markdown]
# And what has the night cost?

# %%
left = value("slo:event_to_row:budget_left")
print(f"{1 - left:.1f} budgets of six hours (here: of 18 minutes) are spent.")
since_opened = f"{int(time.time() - opened)}s"
rang = f'sum by (alertname, severity) (count_over_time(ALERTS{{alertstate="firing"}}[{since_opened}]))'
pd.DataFrame([m | {"seconds": n} for m, n in answers(rang, time.time())[0][0]])

# %% [markdown]
# So it is overdrawn. In real life that would mean: nothing new until it is sturdier. The budget decides
# that, and not who argues louder. (The other alerts of your night have their reasons, too. Each of them has
# a section in `docs/runbook.md`: what it means, where to look, what to do.)
#
# ## Key points
#
# - A counter only rises: ask for its rate, and add up after that. A gauge is read as it is.
# - The window belongs to the question. Short jumps, long is late.
# - A quantile from buckets is a guess within a bucket; a share at a border is exact.
# - Only series with equal labels meet. No answer is no zero.
# - A label multiplies. "Which kind?" is for labels, "which one?" for the database.
# - Follow the event: what is the first figure that is wrong?
# - An objective gives a budget, a budget gives a burn rate, and two windows give an alert that rings
#   when it matters and stops when it is over.
#
# ## Cleaning up

# %%
shops.stop()
print(shops.wait(30))
httpx.delete(gateway, trust_env=False)
if not was_up:
    stack.stop("metrics")
lab.finish()
