# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 00 Start here: from a sale to a row
#
# *10 minutes to read, 20 minutes to do. You need Python and a little SQL; nothing about Kafka.*
#
# At the end you will be able to
#
# - bring the stack up and say what each part does;
# - send sales and watch them become rows;
# - say why sending twice does no harm here;
# - prove that nothing is missing, and find what is.
#
# Run a cell with **Shift+Enter**. Where you see `...`, it is your turn. Nothing here can be broken
# for good: in a terminal, `lab reset 00` gives you a fresh copy of this notebook and keeps yours.

# %%
import time
from itertools import islice

import matplotlib.pyplot as plt
import pandas as pd

from lablib import Lab, Producer, Stack, SyntheticSales, engine, install, verify
from lablib.errors import LabError
from lablib.kafka import end_offsets


lab = Lab("00_start_here")

# %% [markdown]
# ## 1. Four servers on your machine
#
# A chain of shops sells something every second. Head office asks: *what did we sell today?* Between
# the till and the answer stand a few servers. This cell starts those that are down and leaves the
# others alone. The first time takes longest.

# %%
stack = Stack()
stack.up(tell=print)
print(install(stack))

# %%
services = pd.DataFrame([service.as_dict() for service in stack.status()])
services[["name", "state", "ready", "port"]]

# %% [markdown]
# **Kafka** keeps events, in the order in which they came, in a log called a *topic*. **Postgres**
# keeps tables. **Connect** runs copiers between such systems; ours is the *sink* `sales-sink`. The
# **watchdog** looks every second whether one of them has died, and starts it again. A service that
# *you* kill or stop stays down until `lab up`.
#
# **Exercise `mover`.** The shops write into Kafka. Head office reads from Postgres. Neither knows
# the other. Which of the four services reads from Kafka and writes the rows? Put its name, as it
# stands in the table above, in place of the dots.

# %%
mover = ...
# BEGIN SOLUTION
mover = "connect"
# END SOLUTION
lab.check("mover", mover, services=[service.name for service in stack.status()])

# %% [markdown]
# A check looks at your answer, not at how you wrote it. Not sure? Each exercise has three hints, and
# each call of this gives one more:

# %%
lab.hint("mover")

# %% [markdown]
# ## 2. One sale
#
# Our shops are made up, but seeded: the same *seed* gives the same sales, sale by sale. You take a
# seed that nobody used before, so these sales are yours alone. Here is the first one, as it travels:

# %%
seed = int(time.time())
shops = SyntheticSales(seed=seed, events_per_day=100_000)
event = next(iter(shops))
print("key  ", event.key)
print("value", event.value.decode())

# %% [markdown]
# An event has a **value**, here JSON, and a **key**. Kafka puts events with the same key into the
# same part of the topic, one behind the other. What shares a key keeps its order.
#
# **Exercise `key_field`.** Which field of the value is repeated in the key? So: whose sales are
# sure to stay in order?

# %%
key_field = ...
# BEGIN SOLUTION
key_field = "store_id"
# END SOLUTION
lab.check("key_field", key_field, key=event.key, value=event.value)

# %% [markdown]
# ## 3. Five thousand sales, watched
#
# The shops' line was down all morning. Now it is back, and they send 5,000 sales as fast as they
# can. Kafka *acknowledges* each: "I have it". The producer returns when Kafka has answered for all.

# %%
lab.predict(
    "arrival",
    "The producer has just returned: Kafka has all 5,000. How many rows has the table?",
    {"a": "all 5,000", "b": "fewer, or none: the rest is still on its way"},
    choice=...,
)

# %% [markdown]
# First a question to the database: how many rows are yours? Your seed is part of each `sale_id`. And
# `need` stops a cell with a sentence when a server is down.

# %%
database = engine(stack)
MINE = f"FROM sales_raw WHERE sale_id LIKE '%%-{seed}-%%'"


def count_rows() -> int:
    return int(pd.read_sql(f"SELECT count(*) AS n {MINE}", database)["n"][0])


def need(*names):
    down = [s.name for s in stack.status() if s.name in names and not s.ready]
    database.dispose()  # ask over a new connection: the old one may have died with its server
    if down:
        raise LabError(
            f"Down: {', '.join(down)}.", next="`lab up` in a terminal, then this cell again"
        )


# %% [markdown]
# Now send. The producer calls `look` now and then, and once at the end. (You can do this once with
# your seed; for new sales run the notebook again from the cell with `seed =`.)

# %%
need("postgres", "kafka", "connect")
if count_rows():
    raise LabError("These sales were sent before.", next="go on from the cell with `seed =`")
seen = []


def look(report):
    seen.append((report.seconds, report.acknowledged, count_rows()))


producer = Producer(stack)
print(producer.send(shops, count=5000, rate=0, watch=look))
rows_at_return = seen[-1][2]
print(f"At this moment the table has {rows_at_return} rows.")

# %%
need("postgres", "connect")
begin = time.monotonic() - seen[-1][0]
while count_rows() < 5000 and time.monotonic() - begin < 30:
    seen.append((time.monotonic() - begin, 5000, count_rows()))
    time.sleep(0.02)
seen.append((time.monotonic() - begin, 5000, count_rows()))
print(f"After {seen[-1][0]:.1f} s the table has {seen[-1][2]} rows.")

# %%
lab.recall("arrival", truth="a" if rows_at_return == 5000 else "b")

# %%
seconds, events, counts = zip(*seen, strict=True)
figure, axes = plt.subplots()
axes.step(seconds, events, where="post", label="acknowledged by Kafka")
axes.step(seconds, counts, where="post", linestyle="--", label="rows in Postgres")
axes.set(xlabel="seconds since the first event", ylabel="sales")
figure.legend(loc="outside upper right", ncols=2)
alt = f"Acknowledged sales reach 5,000 at once; rows follow, all there after {seconds[-1]:.1f} s."
lab.show(figure, alt=alt)

# %% [markdown]
# The two lines are two promises. *Acknowledged* means: Kafka has the sale, and it will not be
# forgotten. It does not mean: head office can see it. The sink reads on its own, a little behind.
# **Rule: an acknowledgement speaks for the log, never for what is behind it.**
#
# How far behind? Each row has two times: `sent_at`, when the producer handed the sale over, and
# `loaded_at`, when the row came into being.

# %%
rows = pd.read_sql(f"SELECT sale_id, sent_at, loaded_at {MINE} ORDER BY sent_at", database)
rows.head()

# %% [markdown]
# **Exercise `slowest`.** How many seconds did your *slowest* sale need from `sent_at` to
# `loaded_at`? Compute it from `rows`.

# %%
slowest = ...
# BEGIN SOLUTION
slowest = (rows["loaded_at"] - rows["sent_at"]).max().total_seconds()
# END SOLUTION
lab.check("slowest", slowest, rows=rows)

# %% [markdown]
# ## 4. The same again
#
# At 02:14 the network hiccups. The shop does not know whether its sales arrived, so it sends all of
# them once more. The same seed sends the same sales.

# %%
lab.predict(
    "again",
    "The same 5,000 sales are sent a second time. What will the table have?",
    {"a": "10,000 rows", "b": "5,000 rows", "c": "5,000 rows, and the sink stops with an error"},
    choice=...,
)


# %%
def sink_is_done():  # a count proves nothing before the sink has read everything
    proof = verify(stack, within=20)
    if proof.verdict == "not yet":
        seen = f"{proof.waiting:,} events are not read yet"
        raise LabError(
            "Connect is down or slow.", seen, "`lab up` in a terminal, then this cell again"
        )
    return proof


# %%
need("postgres", "kafka", "connect")
before = sum(end_offsets(stack, "sales").values())
producer.send(shops, count=5000, rate=0)
sent_again = sum(end_offsets(stack, "sales").values()) - before
proof = sink_is_done()
print(f"{sent_again} more events in the topic, {count_rows()} rows in the table.")

# %%
lab.recall("again", truth="a" if count_rows() == 10_000 else "b")

# %% [markdown]
# The topic has both copies: a log forgets nothing. The table has one row per sale, because the sink
# does not *insert*, it **upserts**: if a row with this `sale_id` is there, it is written over.
# Sending again is now harmless, and a producer that is in doubt may always send again.
# **Rule: at least once, plus a key that knows its own double, is as good as exactly once.**
#
# **Exercise `third`.** The shop sends a third time, and now a little more: the first *6,000* sales of
# the same seed. How many rows will the table have? Think, write the number, then run.

# %%
third = ...
# BEGIN SOLUTION
third = 6000
# END SOLUTION
need("postgres", "kafka", "connect")
producer.send(shops, count=6000, rate=0)
proof = sink_is_done()
lab.check("third", third, rows=count_rows())

# %% [markdown]
# ## 5. Nothing is missing. Says who?
#
# A count that looks right proves little: one sale lost and one doubled give the same sum. So the
# producer keeps a **ledger**: it writes each sale down before it sends it, and then what Kafka
# answered. `verify` compares topic and table with the ledger, sale by sale. You have just run it:

# %%
print("verdict:", proof.verdict)
pd.DataFrame([vars(place) for place in proof.comparisons]).drop(columns="examples")

# %% [markdown]
# `exact` is a strong word: each sale in the ledger is in the table once, field by field, and nothing
# else is there. The topic has more records than the table has rows: it counts every copy.
#
# Now be the ledger yourself. A colleague has exported the table, and one row was lost on the way.

# %%
need("postgres")
sent = [event.sale_id for event in islice(shops, 6000)]
table = pd.read_sql(f"SELECT sale_id, store_id, store_seq {MINE} ORDER BY sale_id", database)
export = table.drop(index=seed % len(table)) if len(table) else table
print(f"{len(sent)} sales sent, {len(export)} rows in the export")

# %% [markdown]
# **Exercise `missing`.** Which sale is not in `export`? Give its `sale_id`. (You have `sent`, the list
# of what was sent. You could also do without: each shop counts its sales in `store_seq`.)

# %%
missing = ...
# BEGIN SOLUTION
missing = set(sent) - set(export["sale_id"])
# END SOLUTION
lab.check("missing", missing, sent=sent, found=list(export["sale_id"]))

# %% [markdown]
# ## Key points
#
# - Shops write **events** into a **topic**; a **sink** copies them into a table, a little later.
# - *Acknowledged* means that Kafka has the event. It says nothing about the table.
# - Sending again is harmless where the sink **upserts** on a key.
# - A **ledger** turns "it looks complete" into "it is complete".
#
# ## Cleaning up
#
# Your sales stay; no later lab minds them. The stack keeps running for the next lab. In a terminal,
# `lab down` ends it and keeps the data; `lab up` brings it back.

# %%
database.dispose()
lab.finish()
