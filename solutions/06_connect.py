# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 06 Connect: rows without code, and what happens at 02:14
#
# *25 minutes to read, 45 minutes to do. You need lab 00 and a little SQL. Lab 04 helps: topics,
# groups, offsets.*
#
# At the end you will be able to
#
# - register a sink over REST, and say which converter the events need;
# - say which settings make reading twice harmless, and which do not;
# - find out which part of a connector is down, and repair that part alone;
# - keep one broken event from stopping all others, and bring it back later;
# - write a consumer that loses and doubles nothing, and say what the sink promises instead.

# %%
import json
import random
import time
from itertools import islice

import httpx
import matplotlib.pyplot as plt
import pandas as pd

from lablib import Lab, Producer, Stack, SyntheticSales, connection, create_topic, install

lab = Lab("06_connect")
stack = Stack()
stack.up()
print(install(stack))

# %% [markdown]
# Four small helpers: send a request to Connect, send SQL to Postgres, count rows, wait.

# %%
worker = httpx.Client(base_url=stack.env["CONNECT_URL"], timeout=30, trust_env=False)


def call(method, path, body=None):
    """Send a request to Connect. It says 409 while it shares out its work: then ask again."""
    deadline = time.monotonic() + 30
    answer = worker.request(method, path, json=body)
    while answer.status_code == 409 and time.monotonic() < deadline:
        time.sleep(0.1)
        answer = worker.request(method, path, json=body)
    return answer


# %%
import psycopg


def sql(statement):
    """Run one statement in a transaction of its own and return its rows."""
    with connection(stack) as session:
        cursor = session.execute(statement)
        return cursor.fetchall() if cursor.description else []


def rows(table):
    """Count the rows of a table; None while the database does not answer."""
    try:
        return sql(f"SELECT count(*) FROM {table}")[0][0]
    except psycopg.OperationalError:
        return None


# %%
def wait_for(question, wanted, within=30):
    """Ask again and again until the answer is as wanted, or time is up. Return the last answer."""
    deadline = time.monotonic() + within
    while (answer := question()) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


# %% [markdown]
# All that this lab makes has `lab06` in its name. These two cells clear it away at the end, and also
# now, in case that an earlier run was broken off. You need not read them.

# %%
from lablib import delete_topics
from lablib.kafka import admin

cluster = admin(stack)


def groups():
    """Delete the consumer groups of this lab that nobody uses any more; return what was there."""
    found = cluster.list_consumer_groups().result(10).valid
    names = [group.group_id for group in found if "lab06" in group.group_id]
    for answer in cluster.delete_consumer_groups(names).values() if names else ():
        answer.exception(10)  # a group that is still in use says so, and is tried again
    return names


# %%
def clear_away():
    """Delete the connectors, groups, topics and tables of this lab, in this order."""
    for name in call("GET", "/connectors").json():
        if name.startswith("lab06-"):
            call("DELETE", f"/connectors/{name}")
    wait_for(groups, [])
    delete_topics(stack, *(t for t in cluster.list_topics(timeout=10).topics if "lab06" in t))
    for (name,) in sql("SELECT tablename FROM pg_tables WHERE tablename LIKE 'lab06%'"):
        sql(f"DROP TABLE {name}")


clear_away()

# %% [markdown]
# ## 1. A copier that nobody had to write
#
# Sales lie in a topic. Head office wants rows. You could write a consumer; in the last part you
# will. But thousands of companies need the same one, so it exists: **Kafka Connect**. It has three
# parts, and tonight you will have to tell them apart.
#
# - The **worker** is the server. It runs connectors and answers REST calls.
# - A **connector** is one job: "copy this topic into that table". It is a piece of JSON.
# - A **task** does the work. It reads and writes; a connector has one or more.
#
# Ask the worker who it is, and what jobs it has:

# %%
print(call("GET", "/").json())
print(call("GET", "/connectors").json())

# %% [markdown]
# `sales-sink` came with the kit. Here is its JSON, from the file that the kit registers. (One
# value is long and gets a place of its own below: the schema.)

# %%
shipped = json.loads((stack.settings.stack_files / "connect" / "sales-sink.json").read_text())
options = shipped["config"]
SCHEMA = json.dumps(options.pop("value.converter.schema.content"))
print(json.dumps(options, indent=1))

# %% [markdown]
# No program, only answers to questions. *From where?* `topics`. *Where to?* `connection.url`,
# `collection.name.format`. *How to read the bytes?* `value.converter`. *How to write?*
# `insert.mode`, `primary.key.mode`. *And if something is wrong?* `errors.…`, `flush.max.retries`.
#
# You build your own now, and begin with less. First a topic with 500 sales, and a table:

# %%
sales = list(islice(SyntheticSales(seed=6), 500))
create_topic(stack, "lab06.sales", partitions=1)
print(Producer(stack, "lab06.sales").send(sales, rate=0))
print(sales[0].value.decode())

# %%
sql("""
    CREATE TABLE lab06_sales (
        sale_id text PRIMARY KEY, store_id text NOT NULL, store_seq bigint NOT NULL,
        sku text NOT NULL, quantity integer NOT NULL, unit_price numeric(12, 3) NOT NULL,
        event_time timestamptz NOT NULL, customer_id text, promotion text)
""")
print(rows("lab06_sales"), "rows")

# %% [markdown]
# Then the sink. The password is not in it: `${env:…}` is filled in by the worker.

# %%
SINK = {
    "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
    "connection.url": options["connection.url"],
    "connection.username": "${env:POSTGRES_USER}",
    "connection.password": "${env:POSTGRES_PASSWORD}",
    "schema.evolution": "none",
    "insert.mode": "upsert",
    "primary.key.mode": "record_value",
    "primary.key.fields": "sale_id",
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
}

# %%
STRICT = {
    "value.converter": "labkit.connect.StrictJsonConverter",
    "value.converter.schemas.enable": "true",
    "value.converter.schema.content": SCHEMA,
}
config = SINK | STRICT | {"topics": "lab06.sales", "collection.name.format": "lab06_sales"}

# %% [markdown]
# One `PUT` registers it. Its name is new in each run, because Kafka remembers under this name how
# far it has read.

# %%
run = time.strftime("%H%M%S")
mine = f"lab06-sales-{run}"
first = call("PUT", f"/connectors/{mine}/config", config)
begin = time.monotonic()
count = wait_for(lambda: rows("lab06_sales"), 500)
print(f"HTTP {first.status_code}; {time.monotonic() - begin:.1f} s later there are {count} rows.")

# %%
lab.predict(
    "twice",
    "A colleague who does not know sends exactly the same PUT again. What happens?",
    {
        "a": "an error: there is one of this name",
        "b": "nothing: it is as it was",
        "c": "a second copier: from now on each sale comes twice",
    },
    choice=...,
)

# %%
second = call("PUT", f"/connectors/{mine}/config", config)
jobs = call("GET", "/connectors").json()
tasks = call("GET", f"/connectors/{mine}/tasks").json()
print(f"HTTP {first.status_code}, then HTTP {second.status_code}.")
print(f"{jobs.count(mine)} connector of this name, {len(tasks)} task, {rows('lab06_sales')} rows.")

# %%
same = second.status_code == 200 and len(tasks) == 1 and rows("lab06_sales") == 500
lab.recall("twice", truth="b" if same else "a" if second.is_error else "c")

# %% [markdown]
# The first answer was `201 Created`, the second `200 OK`. A `PUT` says how things *shall be*, not
# what shall be *done*. So a script may send it at each start without looking first.
# **Rule: describe the state you want, and you may say it as often as you like.**
#
# From here on connectors come and go, so this gets names: make a table, register a sink, remove it,
# look at it.


# %%
def table(tag, keys="INCLUDING ALL"):
    """Make an empty table for an experiment, like lab06_sales."""
    sql(f"DROP TABLE IF EXISTS lab06_{tag}")
    sql(f"CREATE TABLE lab06_{tag} (LIKE lab06_sales {keys})")


def register(tag, topic, config):
    """PUT a connector with a new name that writes into the table of this tag; return its name."""
    name = f"lab06-{tag}-{run}-{time.monotonic_ns() // 1000 % 10**8}"
    target = {"topics": topic, "collection.name.format": f"lab06_{tag}"}
    call("PUT", f"/connectors/{name}/config", config | target).raise_for_status()
    return name


# %%
def remove(*names):
    """Each sink holds some connections to Postgres, so those that have done their work go."""
    for name in names:
        call("DELETE", f"/connectors/{name}")


# %%
def look(name):
    """Return the state of a connector, those of its tasks, and the innermost cause of a failure."""
    status = call("GET", f"/connectors/{name}/status").json()
    tasks = status.get("tasks", [])
    trace = next((task["trace"] for task in tasks if "trace" in task), "")
    causes = [line for line in trace.splitlines() if line.startswith("Caused by: ")]
    return {
        "connector": status.get("connector", {}).get("state"),
        "tasks": sorted(task["state"] for task in tasks),
        "why": causes[-1].removeprefix("Caused by: ")[:160] if causes else "",
    }


# %%
def left(frame):
    """Show a table with its text on the left."""
    heads = [{"selector": "th", "props": "text-align: left"}]
    return frame.style.set_properties(**{"text-align": "left"}).set_table_styles(heads)


# %% [markdown]
# One more preparation. The kit has a **watchdog**: it restarts what fails, within a second or two.
# Tonight you want to see failures as they are, so it gets some hours off. (`stack.up()` at the top
# and the end of part 4 bring it back.)

# %%
stack.stop("watchdog")

# %% [markdown]
# ## 2. The same bytes, four readers
#
# Kafka stores bytes and asks no questions. The **converter** makes them into something with fields
# and types. It is set per connector, and a wrong one is a common reason why a new connector does not
# work. The JDBC sink needs types: it has to know that `quantity` is an `integer`.
#
# Plain JSON has no types. So there are three ways to bring them in: *wrap* each event together with
# its schema; write the schema into the *connector* (`schema.content`, new in Kafka 4.2); or use a
# registry, which is lab 05. First: what does wrapping cost?


# %%
def wrap(value):
    return json.dumps({"schema": json.loads(SCHEMA), "payload": json.loads(value)}).encode()


plain, wrapped = sales[0].value, wrap(sales[0].value)
print(wrapped.decode()[:120], "...")
print(f"{len(plain)} bytes plain, {len(wrapped)} bytes wrapped: {len(wrapped) / len(plain):.1f} x")

# %%
figure, axes = plt.subplots(figsize=(8, 2))
axes.barh(["plain, schema in\nthe connector", "wrapped"], [len(plain)] * 2, label="the sale")
axes.barh(["wrapped"], [len(wrapped) - len(plain)], left=len(plain), label="the schema, each time")
axes.set_xlabel("bytes per event")
axes.legend()
alt = f"Two bars: a plain event has {len(plain)} bytes, a wrapped one {len(wrapped)}."
lab.show(figure, alt=alt)

# %% [markdown]
# Kafka's own `JsonConverter` has two switches, and they make four readers. The same five sales lie
# plain in one topic and wrapped in another.
#
# | reader | topic | `schemas.enable` | `schema.content` |
# | --- | --- | --- | --- |
# | off | plain | false | |
# | on | plain | true | |
# | wrapped | wrapped | true | |
# | content | plain | true | the schema |

# %%
JSON = {"value.converter": "org.apache.kafka.connect.json.JsonConverter"}
ON, OFF = ({"value.converter.schemas.enable": value} for value in ("true", "false"))
CONTENT = JSON | ON | {"value.converter.schema.content": SCHEMA}
readers = {
    "off": ("lab06.plain", JSON | OFF),
    "on": ("lab06.plain", JSON | ON),
    "wrapped": ("lab06.wrapped", JSON | ON),
    "content": ("lab06.plain", CONTENT),
}

# %%
lab.predict(
    "readers",
    "In how many of the four tables do the sales arrive?",
    {"a": "in all four: JSON is JSON", "b": "in two", "c": "in one"},
    choice=...,
)

# %%
boxed = [sale._replace(value=wrap(sale.value)) for sale in sales[:5]]
for topic, events in (("lab06.plain", sales[:5]), ("lab06.wrapped", boxed)):
    create_topic(stack, topic, partitions=1)
    Producer(stack, topic).send(events)
for tag in readers:
    table(tag)
names = {tag: register(tag, topic, SINK | how) for tag, (topic, how) in readers.items()}

# %% [markdown]
# Two arrive at once. The sink tells of a failed write when the *next* events come, so five more
# sales follow.

# %%
for tag in ("wrapped", "content"):
    wait_for(lambda tag=tag: rows(f"lab06_{tag}"), 5)
Producer(stack, "lab06.plain").send(sales[5:10])
for tag in ("off", "on"):
    wait_for(lambda tag=tag: look(names[tag])["tasks"], ["FAILED"])
seen = pd.DataFrame([look(name) for name in names.values()], index=list(names))
seen["rows"] = [rows(f"lab06_{tag}") for tag in names]
left(seen)

# %%
arrived = int((seen["rows"] > 0).sum())
lab.recall("readers", truth={4: "a", 2: "b"}.get(arrived, "c"))

# %% [markdown]
# `off` read the JSON well and gave the sink fields without types. The sink looked for a record with
# a schema, a *Struct*, found none and fell over: the line in `why` is a poor way of saying this.
# `on` expects the wrapping and says so. Note that all four *connectors* are RUNNING; more of that
# in part 4. **Rule: "it is JSON" is not enough; ask where the schema is.**
#
# And if a value has the wrong type? A till writes `"quantity": "three"`. Two readers get it: `content`,
# which is Kafka's own converter with the schema, and the converter of this kit with the same schema.

# %%
lab.predict(
    "three",
    'The schema says: quantity is an int32. The event says "three". What does Kafka\'s converter do?',
    {"a": "it refuses the event", "b": "it writes NULL", "c": "it writes 0", "d": "it writes 3"},
    choice=...,
)

# %%
table("strict")
names["strict"] = register("strict", "lab06.plain", SINK | STRICT)
fields = json.loads(sales[10].value) | {"sale_id": "THREE", "quantity": "three"}
three = sales[10]._replace(value=json.dumps(fields).encode())
wait_for(lambda: rows("lab06_strict"), 10)
Producer(stack, "lab06.plain").send([three])
wait_for(lambda: rows("lab06_content"), 11)
wait_for(lambda: look(names["strict"])["tasks"], ["FAILED"])
print("content:", sql("SELECT sale_id, quantity FROM lab06_content WHERE sale_id = 'THREE'"))
print("strict: ", look(names["strict"]))

# %%
found = sql("SELECT quantity FROM lab06_content WHERE sale_id = 'THREE'")
truth = "a" if not found else {None: "b", 0: "c"}.get(found[0][0], "d")
lab.recall("three", truth=truth)

# %% [markdown]
# Three pieces left the shop; the table says 0, the connector says RUNNING, and nobody complains. The
# `StrictJsonConverter` compares each value with the schema and refuses this one. Its task stands
# still (part 5 is about that), but no row is wrong.
# **Rule: a pipeline that stops is a nuisance; one that goes on with wrong numbers is a danger.**
#
# **Exercise `converter`.** Choose a letter for each of three teams.
#
# - `"web"`: the web shop wraps each event in schema and payload, for a table.
# - `"tills"`: the tills send plain JSON, for a table; a wrong type has to be refused.
# - `"archive"`: an auditor keeps each event as the text that it is, in files, broken ones too.
#
# | | converter | |
# | --- | --- | --- |
# | A | `StringConverter` | |
# | B | `JsonConverter` | `schemas.enable=false` |
# | C | `JsonConverter` | `schemas.enable=true` |
# | D | `JsonConverter` | `schemas.enable=true` and `schema.content` |
# | E | `StrictJsonConverter` | `schemas.enable=true` and `schema.content` |

# %%
converter = {"web": ..., "tills": ..., "archive": ...}
# BEGIN SOLUTION
converter = {"web": "C", "tills": "E", "archive": "A"}
# END SOLUTION
lab.check("converter", converter)

# %% [markdown]
# ## 3. Reading twice
#
# Connect reads, writes, and *some seconds later* notes in Kafka how far it got: it **commits the
# offset**. If it dies in between, it reads the same events again. It happens also by hand: a table
# was lost, a colleague made the connector anew. So the question is not whether events come twice, but
# what the table does then.
#
# Two sinks read the 500 sales of part 1. Yours **upserts**: it writes over the row with the same
# key. The other one, `append`, simply inserts; its table has no key.

# %%
remove(*names.values())
table("append", keys="")
APPEND = {"insert.mode": "insert", "primary.key.mode": "none", "primary.key.fields": ""}
append = register("append", "lab06.sales", SINK | STRICT | APPEND)
wait_for(lambda: rows("lab06_append"), 500)
once = {"append": rows("lab06_append"), "upsert": rows("lab06_sales")}
print(once)

# %%
lab.predict(
    "again",
    "Both are deleted and made anew under new names: they read all again. Rows in append, in upsert?",
    {"a": "500 and 500", "b": "1000 and 500", "c": "1000 and 1000"},
    choice=...,
)

# %%
mark = sql("SELECT pg_current_xact_id()::text::bigint")[0][0]
AGAIN = f"SELECT count(*) FROM lab06_sales WHERE xmin::text::bigint > {mark}"  # written since then
remove(append, mine)
append = register("append", "lab06.sales", SINK | STRICT | APPEND)
mine = register("sales", "lab06.sales", SINK | STRICT)
wait_for(lambda: rows("lab06_append"), 1000)
written = wait_for(lambda: sql(AGAIN)[0][0], 500)
twice = {"append": rows("lab06_append"), "upsert": rows("lab06_sales")}
print(twice, f"- in upsert, {written} rows were written over")

# %%
lab.recall("again", truth={(500, 500): "a", (1000, 500): "b"}.get(tuple(twice.values()), "c"))

# %%
figure, axes = plt.subplots(figsize=(8, 2.4))
pd.DataFrame({"first reading": once, "second reading": twice}).plot.barh(ax=axes)
axes.axvline(len(sales), color="black", linestyle="--", label="sales in the topic")
axes.set_xlabel("rows afterwards")
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
alt = f"After the second reading append has {twice['append']} rows and upsert {twice['upsert']}."
lab.show(figure, alt=alt)

# %% [markdown]
# Upsert read just as much and wrote just as much; it only wrote into the same places. It takes three
# things: a key *in the event* that is the same each time (`sale_id`), the same key *in the table*,
# and `insert.mode=upsert`.
# **Rule: a write is safe to repeat if the key comes from the event, not from the arrival.**
#
# ### The same sale twice in one batch
#
# That should be the end of it. But the sink writes in batches, many sales in one `INSERT`: that is
# `reWriteBatchedInserts` in the URL, and it is what makes the sink fast. Now a till stutters: its
# first 50 sales come twice, each right behind itself.

# %%
lab.predict(
    "stutter",
    "550 events, 500 different sales, insert.mode=upsert. How many rows?",
    {"a": "500", "b": "550", "c": "none: the task fails"},
    choice=...,
)

# %%
events = [sale for sale in sales[:50] for _ in range(2)] + sales[50:]
create_topic(stack, "lab06.stutter", partitions=1)
Producer(stack, "lab06.stutter").send(events, rate=0)
table("stutter")
stutter = register("stutter", "lab06.stutter", SINK | STRICT)
wait_for(lambda: look(stutter)["tasks"] == ["FAILED"] or rows("lab06_stutter") == 500, True)
print(rows("lab06_stutter"), "rows;", look(stutter))

# %%
truth = {500: "a", 550: "b"}.get(rows("lab06_stutter"), "c")
lab.recall("stutter", truth=truth)

# %% [markdown]
# Postgres will not change the same row twice in one statement: which of the two should win? A
# restart does not help, because the same batch comes again. But the sink can throw the older one of
# two away before it writes. One setting, one `PUT`; a changed configuration also starts the task
# anew. **Rule: try duplicates within one batch as well as from one reading to the next.**

# %%
SINK["use.reduction.buffer"] = "true"
target = {"topics": "lab06.stutter", "collection.name.format": "lab06_stutter"}
call("PUT", f"/connectors/{stutter}/config", SINK | STRICT | target)
wait_for(lambda: rows("lab06_stutter"), 500)
print(rows("lab06_stutter"), "rows;", look(stutter))

# %% [markdown]
# **Exercise `keys`.** Another requirement: *the last price of each article*. One row per `sku`, and
# in it the newest sale. The table `lab06_last` has the primary key `sku`; the topic is `lab06.sales`,
# and its record key is the shop. `insert.mode` may be insert, update or upsert; `primary.key.mode`
# none, kafka, record_key or record_value. Try as often as you like: each try begins with an empty
# table.

# %%
keys = {"insert.mode": ..., "primary.key.mode": ..., "primary.key.fields": ...}
# BEGIN SOLUTION
keys = {"insert.mode": "upsert", "primary.key.mode": "record_value", "primary.key.fields": "sku"}
# END SOLUTION
newest = {json.loads(sale.value)["sku"]: sale.sale_id for sale in sales}
last, found = {}, {}
if ... not in keys.values():
    table("last", "INCLUDING DEFAULTS")
    sql("ALTER TABLE lab06_last ADD PRIMARY KEY (sku)")
    last_sink = register("last", "lab06.sales", SINK | STRICT | keys)
    read = lambda: dict(sql("SELECT sku, sale_id FROM lab06_last"))
    found = wait_for(read, newest, within=6)
    last = look(last_sink)
    remove(last_sink)
lab.check("keys", keys, found=found, newest=newest, why=last.get("why", ""))

# %% [markdown]
# The same topic, another key, and the table means something else: 500 sales became as many rows as
# there are articles. The last one wins, so the order counts too, and Kafka keeps it only within a
# partition. `lab06.sales` has one. **Rule: the key decides what a row stands for.**

# %% [markdown]
# ## 4. At 02:14
#
# The database restarts. Nobody sits at a screen. At 07:00 head office calls: *the last sale we see
# is from 02:14*. You ask Connect, and the connector says...
#
# You will see it with a sink that has the settings of part 3 and no more, and a shop that is open
# all night: 200 sales a second.


# %%
def open_shop(tag):
    """Make a topic, a table and a sink; return the sink's name."""
    create_topic(stack, f"lab06.{tag}", partitions=1)
    table(tag)
    name = register(tag, f"lab06.{tag}", SINK | STRICT)
    wait_for(lambda: look(name)["tasks"], ["RUNNING"])
    return name


remove(append, stutter)
night = open_shop("night")

# %% [markdown]
# `watch` writes down several times a second what is to be seen. `restart_database` is what happens at
# 02:14.


# %%
def watch(tag, sink, producer, seen, seconds, enough=lambda: False):
    """Note the time, the events sent, the rows and the state of the task, for so many seconds."""
    begin = time.monotonic()
    while time.monotonic() < begin + seconds and not enough():
        state = (look(sink)["tasks"] or ["no task"])[0]
        seen.append((time.monotonic(), producer.report.acknowledged, rows(f"lab06_{tag}"), state))
        time.sleep(0.1)


# %%
from concurrent.futures import ThreadPoolExecutor


def restart_database(watch_for):
    """Kill Postgres and start it again about two seconds later; watch meanwhile."""
    with ThreadPoolExecutor(1) as hand:
        watch_for(0.8)
        jobs = [hand.submit(stack.kill, "postgres")]
        watch_for(2)
        jobs.append(hand.submit(stack.restart, "postgres"))
        watch_for(0.5)
    for job in jobs:
        job.result()


# %%
lab.predict(
    "status",
    "Postgres is killed, and answers again soon after. What does GET …/status say then?",
    {
        "a": "connector FAILED, task FAILED",
        "b": "connector RUNNING, task FAILED",
        "c": "connector RUNNING, task RUNNING: it has come back by itself",
    },
    choice=...,
)

# %%
dark, till = [], Producer(stack, "lab06.night")
till.start(SyntheticSales(seed=7), rate=200)
wait_for(lambda: rows("lab06_night") > 100, True)
restart_database(lambda seconds: watch("night", night, till, dark, seconds))
watch("night", night, till, dark, 1)
till.stop()
print(till.wait())

# %%
status, count = look(night), rows("lab06_night")
missing = till.report.acknowledged - count
down = [moment for moment, _, n, _ in dark if n is None]
print(f"Postgres was away for {down[-1] - down[0]:.1f} s and answers again.")
print(f"Sales sent: {till.report.acknowledged}, rows: {count}, missing: {missing}")
print(json.dumps(status, indent=1))

# %%
truth = "a" if status["connector"] == "FAILED" else "b" if "FAILED" in status["tasks"] else "c"
lab.recall("status", truth=truth)

# %%
from lablib.palette import BLUE, GREEN, GREY, ORANGE, VERMILION, YELLOW


def picture(seen, alt):
    """Draw events and rows over time, and the state of the task as a coloured band."""
    figure, axes = plt.subplots()
    times = [moment - seen[0][0] for moment, *_ in seen]
    axes.plot(times, [sent for _, sent, _, _ in seen], label="events in Kafka")
    axes.plot(times, [n for _, _, n, _ in seen], ".-", label="rows (gap: no database)")
    band(axes, times, [state for *_, state in seen])
    axes.set_xlabel("seconds")
    axes.legend(loc="upper left")
    lab.show(figure, alt=alt)


# %%
def band(axes, times, states):
    """Colour the foot of the picture by state."""
    axes.set_yticks([tick for tick in axes.get_yticks() if tick >= 0])
    axes.set_ylim(-0.15 * axes.get_ylim()[1], None)
    colours = {"RUNNING": GREEN, "FAILED": VERMILION}
    known = set()
    for start, end, state in zip(times, times[1:] + times[-1:], states, strict=True):
        label = f"task {state}" if state not in known else None
        known.add(state)
        axes.axvspan(start, end, 0, 0.08, color=colours.get(state, YELLOW), label=label, lw=0)


# %%
picture(dark, f"Events rise all the time. Rows end at the kill, {missing} missing: task FAILED.")

# %% [markdown]
# Silence has more than one cause. Here are three sinks from which no row arrives, in an order that
# chance has chosen, and what Connect tells about them. The shops write into `lab06.night`.

# %%
table("other")
table("rest")
ill = [night, register("other", "lab06.nihgt", SINK | STRICT)]
ill.append(register("rest", "lab06.night", SINK | STRICT))
wait_for(lambda: look(ill[1])["tasks"] + look(ill[2])["tasks"], ["RUNNING"] * 2)
call("PUT", f"/connectors/{ill[2]}/pause")
wait_for(lambda: look(ill[2])["tasks"], ["PAUSED"])
patients = dict(zip("ABC", random.sample(ill, 3), strict=True))
found = {letter: look(name) for letter, name in patients.items()}
for letter, name in patients.items():
    found[letter]["topics"] = call("GET", f"/connectors/{name}/config").json()["topics"]
left(pd.DataFrame(found).T)

# %% [markdown]
# **Exercise `diagnose`.** What does each of the three need? `"restart"` (of what has failed),
# `"resume"`, or `"config"` (a corrected configuration)?

# %%
diagnose = {"A": ..., "B": ..., "C": ...}
# BEGIN SOLUTION
need = {"FAILED": "restart", "PAUSED": "resume", "RUNNING": "config"}
diagnose = {letter: need[seen["tasks"][0]] for letter, seen in found.items()}
# END SOLUTION
lab.check("diagnose", diagnose, found=found)

# %% [markdown]
# A connector's state says whether the *job* is set up. The work is done by the tasks, and each has a
# state of its own. A task that fails gives up for good, even when the cause has passed: Connect does
# not know whether a second try is safe, and leaves that to you. And RUNNING all the way down does not
# mean that anything runs through it. **Rule: an alarm looks at tasks and at rows, never at the
# connector alone.**
#
# ### One call
#
# Now more delicate: a sink with *two* tasks, each with half of the shops. A colleague's report locks
# the table; somebody sees a session that waits, and ends it. It was one of the sink's.

# %%
from lablib.kafka import end_offsets

remove(*ill[1:])
create_topic(stack, "lab06.pair", partitions=2)
table("pair")
URL = {"connection.url": options["connection.url"] + "&ApplicationName=lab06-pair"}
pair = register("pair", "lab06.pair", SINK | STRICT | URL | {"tasks.max": "2"})
Producer(stack, "lab06.pair").send(sales, rate=0)
wait_for(lambda: rows("lab06_pair"), 500)
one_shop = [sale for sale in islice(SyntheticSales(seed=8), 2000) if sale.key == b"S01"]

# %%
WAITING = "FROM pg_stat_activity WHERE application_name = 'lab06-pair' AND wait_event_type = 'Lock'"
with connection(stack) as colleague:
    colleague.execute("LOCK TABLE lab06_pair IN EXCLUSIVE MODE")
    Producer(stack, "lab06.pair").send(one_shop[:20])
    wait_for(lambda: sql(f"SELECT count(*) {WAITING}")[0][0], 1)
    sql(f"SELECT pg_terminate_backend(pid) {WAITING}")
Producer(stack, "lab06.pair").send(one_shop[20:40])
wait_for(lambda: look(pair)["tasks"], ["FAILED", "RUNNING"])
print(look(pair))

# %% [markdown]
# To see who was touched, look from another side. A task reads as a *member* of a consumer group. A
# task that is started again is a new member, with a new id.


# %%
def inspect(name):
    """Return the connectors, the task states, the group's members by task, the worker's process."""
    group = f"connect-{name}"
    found = cluster.describe_consumer_groups([group])[group].result(10).members
    status = call("GET", f"/connectors/{name}/status").json()
    return {
        "connectors": call("GET", "/connectors").json(),
        "tasks": {task["id"]: task["state"] for task in status.get("tasks", [])},
        "members": {int(member.client_id[-1]): member.member_id for member in found},
        "worker": next(s.pid for s in stack.status() if s.name == "connect"),
    }


# %%
before = inspect(pair)
print(before["tasks"], before["members"])

# %% [markdown]
# Connect offers these calls. `…` stands for `/connectors/` and the name.
#
# | call | restarts |
# | --- | --- |
# | `POST …/restart` | the connector, not its tasks |
# | `POST …/restart?includeTasks=true` | the connector and all tasks |
# | `POST …/restart?includeTasks=true&onlyFailed=true` | of these, what has failed |
# | `POST …/tasks/0/restart` | this task |
# | `DELETE …`, then `PUT …/config` | everything, as a new job |
#
# **Exercise `repair`.** Repair this sink with one `call(...)`, and let the healthy task work on
# undisturbed. Its name is in the variable `pair`.

# %%
repair = ...
# BEGIN SOLUTION
repair = call("POST", f"/connectors/{pair}/restart?includeTasks=true&onlyFailed=true")
# END SOLUTION
if repair is not ...:
    wait_for(lambda: look(pair)["tasks"], ["RUNNING", "RUNNING"], within=8)
    wait_for(lambda: len(inspect(pair)["members"]), 2, within=8)
lab.check("repair", repair, name=pair, before=before, after=inspect(pair))
print(f"{end_offsets(stack, 'lab06.pair')} events in the topic, {rows('lab06_pair')} rows")

# %% [markdown]
# `onlyFailed` is safe to send at any time, to any connector: where nothing has failed it does
# nothing. That is why a machine may do it. **Rule: repair the smallest part that is broken; each
# bigger restart stops work that was healthy.**
#
# ### The watchdog comes back
#
# This is all that the kit's watchdog does: once a second it asks for the states, and where a task
# has failed it sends this call. `night` has been down since 02:14. Switch the watchdog on.

# %%
before_it = till.report.acknowledged - rows("lab06_night")
stack.restart("watchdog")
begin = time.monotonic()
after_it = till.report.acknowledged - wait_for(
    lambda: rows("lab06_night"), till.report.acknowledged
)
print(f"Missing: {before_it} sales, and {time.monotonic() - begin:.1f} s later {after_it}.")
print(next((line[:200] for line in stack.logs("watchdog", 20) if night in line), "no line"))

# %% [markdown]
# And now the same night again, with the watchdog on duty:

# %%
guarded = open_shop("guarded")
light, till = [], Producer(stack, "lab06.guarded")
till.start(SyntheticSales(seed=9), rate=200)
wait_for(lambda: rows("lab06_guarded") > 100, True)
restart_database(lambda seconds: watch("guarded", guarded, till, light, seconds))
caught_up = lambda: till.report.acknowledged - (rows("lab06_guarded") or 0) < 100
watch("guarded", guarded, till, light, 20, enough=caught_up)
watch("guarded", guarded, till, light, 0.5)
till.stop()
print(till.wait())

# %%
count = wait_for(lambda: rows("lab06_guarded"), till.report.acknowledged)
back = max(moment for moment, _, n, _ in light if n is None)
whole = next((t for t, sent, n, _ in light if t > back and n and sent - n < 100), light[-1][0])
print(f"Sales sent: {till.report.acknowledged}, rows: {count}.")
print(
    f"Whole again {whole - back:.1f} s after the database, without a human. The count of repairs:"
)
metrics = httpx.get(stack.env["WATCHDOG_URL"] + "/metrics", trust_env=False).text
print(*(line for line in metrics.splitlines() if "restarts_total" in line and guarded in line))
picture(light, f"As before, but rows catch up {whole - back:.1f} s after the database is back.")

# %% [markdown]
# Look at the band: the task failed as before. What changed is that somebody looked. Tries that came
# too early, while Postgres was still down, failed again, so the watchdog tries on and each time
# waits longer. No sale was lost, for Kafka kept them, and none is double, for the sink upserts.
# (`sales-sink` also tries again by itself, see `flush.max.retries`. That outlasts many outages, not
# all: it has a watchdog too.)
# **Rule: automate the repair, count the repairs, and look at the count in the morning.**

# %% [markdown]
# ## 5. One broken sale
#
# A restart helps where the cause has gone. An event that cannot be read stays in the topic, and is
# first in line after each restart. People call it a *poison* event. Here is one in the middle of a
# hundred sales: the till writes "three" again.

# %%
broken = json.dumps(json.loads(sales[50].value) | {"quantity": "three"})
poison = sales[50]._replace(value=broken.encode())
print(broken[:110])
hundred = sales[:50] + [poison] + sales[51:100]
create_topic(stack, "lab06.poison", partitions=1)
print(Producer(stack, "lab06.poison").send(hundred, rate=0))

# %% [markdown]
# Three sinks read it. `errors.tolerance` says what happens when *reading* an event fails.

# %%
from lablib import read_topic

DROP = {"errors.tolerance": "all"}
ASIDE = DROP | {
    "errors.deadletterqueue.topic.name": "lab06.dlq",
    "errors.deadletterqueue.topic.replication.factor": "1",
    "errors.deadletterqueue.context.headers.enable": "true",
}
paths = {"none": {"errors.tolerance": "none"}, "drop": DROP, "aside": ASIDE}

# %%
lab.predict(
    "poison",
    "99 good sales, one broken. How many rows with errors.tolerance=none, the default?",
    {"a": "99", "b": "50: those in front of it", "c": "fewer than 50"},
    choice=...,
)

# %%
remove(night, pair, guarded)
for tag in paths:
    table(tag)
sinks = {tag: register(tag, "lab06.poison", SINK | STRICT | how) for tag, how in paths.items()}
wait_for(lambda: (rows("lab06_drop"), rows("lab06_aside")), (99, 99))
wait_for(lambda: look(sinks["none"])["tasks"], ["FAILED"])
letters = list(read_topic(stack, "lab06.dlq"))
counts = {tag: rows(f"lab06_{tag}") for tag in paths}
print(counts, "dead letters:", len(letters))
print(look(sinks["none"])["why"])

# %%
lab.recall("poison", truth={99: "a", 50: "b"}.get(counts["none"], "c"))

# %%
chart = pd.DataFrame(
    {"rows": counts, "dead letters": {"none": 0, "drop": 0, "aside": len(letters)}}
)
rest = 100 - chart.sum(axis=1)
stands = [look(sinks[tag])["tasks"] != ["RUNNING"] for tag in chart.index]
chart["waiting"], chart["vanished"] = rest.where(stands, 0), rest.mask(stands, 0)
figure, axes = plt.subplots(figsize=(8, 2.4))
chart.plot.barh(stacked=True, ax=axes, color=[BLUE, ORANGE, GREY, VERMILION])
axes.invert_yaxis()
axes.set_xlabel("events")
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
lab.show(figure, alt="Where 100 events went. " + chart.astype(int).to_string().replace("\n", "; "))

# %% [markdown]
# `none` wrote nothing at all: sales are read in batches, and the batch with the poison in it never
# reached the sink. `drop` let 99 pass and threw one away without a word. `aside` did the same and
# kept the broken one: in a topic of its own, the **dead-letter queue**. And the watchdog, which was
# on duty all the time?

# %%
restarts = lambda: sum(sinks["none"] in line for line in stack.logs("watchdog", 200))
wait_for(lambda: restarts() > 1, True)
print(f"It has restarted 'none' {restarts()} times. Rows in 'none': {rows('lab06_none')}.")

# %% [markdown]
# After each restart the same event is the first in line. Look at the letter, then, and at what
# Connect wrote on its envelope:

# %%
letter = letters[0]
print(letter.key(), letter.value().decode()[:110])
for header, content in letter.headers():
    if not header.endswith("stacktrace"):
        print(f"{header:45} {content.decode()}")

# %% [markdown]
# Where it was, which step failed, and why: enough to mend it at ten in the morning instead of at
# two. **Rule: `errors.tolerance=all` without a dead-letter queue is a decision to lose data.**
#
# **Exercise `replay`.** Bring the sale back. You know by now that three pieces were sold. Make
# `fixed`, the bytes of the corrected event; the cell sends it to `lab06.poison` under the key of the
# letter.

# %%
fixed = ...
# BEGIN SOLUTION
fixed = json.dumps(json.loads(letter.value()) | {"quantity": 3}).encode()
# END SOLUTION
if isinstance(fixed, bytes):
    Producer(stack, "lab06.poison").send([poison._replace(key=letter.key(), value=fixed)])
    settled = lambda: rows("lab06_aside") >= 100 or len(list(read_topic(stack, "lab06.dlq"))) > 1
    wait_for(settled, True, within=8)
MENDED = f"SELECT sale_id, quantity FROM lab06_aside WHERE sale_id = '{poison.sale_id}'"
letters_now = len(list(read_topic(stack, "lab06.dlq")))
lab.check("replay", fixed, found=sql(MENDED), rows=rows("lab06_aside"), letters=letters_now)

# %% [markdown]
# ### Where the queue ends
#
# A queue for everything that goes wrong? Head office adds a rule to the table: nobody buys more than
# 100 pieces. Then a school buys 500 pencils. Connect can read this sale well; *Postgres* refuses it.

# %%
sql("ALTER TABLE lab06_aside ADD CONSTRAINT sane CHECK (quantity <= 100)")
pencils = json.dumps(json.loads(sales[0].value) | {"sale_id": "PENCILS", "quantity": 500}).encode()
big = sales[0]._replace(value=pencils)
Producer(stack, "lab06.poison").send([big])
Producer(stack, "lab06.poison").send(sales[100:101])
log = lambda: [line for line in stack.logs("watchdog", 200) if sinks["aside"] in line]
refused = lambda: [line for line in log() if "sane" in line]
wait_for(lambda: len(refused()) > 0, True)
print("The watchdog:", refused()[0].partition(" WARNING ")[2][:250])
print("dead letters:", len(list(read_topic(stack, "lab06.dlq"))))

# %% [markdown]
# The sink stands, and no letter was written. The dead-letter queue is for what Connect cannot *read*;
# what the target refuses is the sink's affair, and this sink gives up. First the cause has to go:

# %%
sql("ALTER TABLE lab06_aside DROP CONSTRAINT sane")
call("POST", f"/connectors/{sinks['aside']}/tasks/0/restart")
COME = "SELECT quantity FROM lab06_aside WHERE sale_id = 'PENCILS'"
wait_for(lambda: sql(COME), [(500,)])
print(sql(COME), look(sinks["aside"]))

# %% [markdown]
# **Rule: ask of each error whether it passes by itself. If so, try again; if not, put the event aside
# or change the target.**
#
# ## 6. Pause, stop, and how far it has read
#
# Postgres gets a new disk tonight. You want the sink to rest meanwhile, and to go on where it was.
# `pause` keeps the tasks, and they read nothing. `stop` ends the tasks and keeps only the job.


# %%
def offset(name):
    """Return the committed offset: how far Connect has noted that this connector has read."""
    found = call("GET", f"/connectors/{name}/offsets").json()["offsets"]
    return sum(part["offset"]["kafka_offset"] for part in found)


print(call("GET", f"/connectors/{mine}/offsets").json())
call("PUT", f"/connectors/{mine}/pause")
wait_for(lambda: look(mine)["tasks"], ["PAUSED"])
Producer(stack, "lab06.sales").send(SyntheticSales(seed=10), count=300, rate=0)
end = end_offsets(stack, "lab06.sales")[0]
print(look(mine)["tasks"], "rows:", rows("lab06_sales"), "lag:", end - offset(mine))

# %% [markdown]
# The **lag** is the number of events in the topic behind the committed offset. It is 300, although
# all states are as they should be. Now go on, and look at both numbers at once:

# %%
call("PUT", f"/connectors/{mine}/resume")
wait_for(lambda: rows("lab06_sales"), 800)
gap = rows("lab06_sales") - offset(mine)
print(f"rows: {rows('lab06_sales')}, committed offset: {offset(mine)}, difference: {gap}")

# %%
call("PUT", f"/connectors/{mine}/stop")
wait_for(lambda: look(mine)["tasks"], [])
print(look(mine)["connector"], "- committed offset:", offset(mine))

# %% [markdown]
# The rows were there, the note was not: Connect commits every five seconds, and when a task ends in
# good order. Had the worker died in between, the sink would read these sales again. That is no
# bug, it is a promise with a name: *at least once*. Your key made it harmless, in part 3. (Of a
# stopped connector you may also change the note: `DELETE …/offsets` lets it read all again.)
# **Rule: between the writing and the note there is always a gap; ask what a crash in it does.**
#
# ## 7. The gap, by hand
#
# The gap is worth seeing from the inside. So write the sink yourself: read a batch, write rows, note
# how far you got. The note can lie in two places: in Kafka, as Connect's does, or in Postgres, in a
# table next to the rows.

# %%
from lablib import Ledger

create_topic(stack, "lab06.hand", partitions=1)
report = Producer(stack, "lab06.hand").send(islice(SyntheticSales(seed=9), 1000), rate=0)
ledger = [json.loads(e.value)["sale_id"] for e in Ledger().entries("lab06.hand", report.run)]
sql("CREATE TABLE lab06_hand (reader text, sale_id text, store_id text, quantity integer)")
sql("CREATE TABLE lab06_offsets (reader text PRIMARY KEY, next bigint NOT NULL)")
print(report)

# %% [markdown]
# The table has no key on purpose: what comes twice shall be seen twice. (`reader` only keeps the
# experiments apart.) These are the four steps; `session` is a connection to Postgres in which
# everything up to `commit` is one transaction.


# %%
def write_rows(session, kafka, batch, reader):
    """COPY is Postgres's fastest way in."""
    copy_in = "COPY lab06_hand (reader, sale_id, store_id, quantity) FROM STDIN"
    with session.cursor().copy(copy_in) as copy:
        for sale in (json.loads(message.value()) for message in batch):
            copy.write_row((reader, sale["sale_id"], sale["store_id"], sale["quantity"]))


# %%
def write_offset(session, kafka, batch, reader):
    """Note in Postgres which offset comes next."""
    note = "INSERT INTO lab06_offsets VALUES (%s, %s) ON CONFLICT (reader) DO UPDATE SET next = %s"
    session.execute(note, [reader, batch[-1].offset() + 1, batch[-1].offset() + 1])


def commit_postgres(session, kafka, batch, reader):
    session.commit()


def commit_kafka(session, kafka, batch, reader):
    kafka.commit(batch[-1], asynchronous=False)


STEPS = {"write rows": write_rows, "write offset": write_offset}
STEPS |= {"commit postgres": commit_postgres, "commit kafka": commit_kafka}

# %% [markdown]
# Where does a reader begin? At the note in Postgres if there is one, else at the note in Kafka, else
# at 0. Then it goes on batch by batch. `enable.auto.commit` is off: else Kafka would note on its own,
# at a moment nobody chose.


# %%
from contextlib import closing

from confluent_kafka import TopicPartition

from lablib import consumer


def begin_at(session, kafka, reader):
    kept = session.execute("SELECT next FROM lab06_offsets WHERE reader = %s", [reader]).fetchone()
    return kept[0] if kept else max(0, kafka.committed([TopicPartition("lab06.hand", 0)])[0].offset)


# %%
def copy(reader, order, crash_after=""):
    """Copy batches of 200, doing the steps in this order; in the third batch the power may go."""
    config = {"group.id": reader, "enable.auto.commit": False, "enable.partition.eof": False}
    with consumer(stack, **config) as kafka, closing(connection(stack)) as session:
        start = begin_at(session, kafka, reader)
        kafka.assign([TopicPartition("lab06.hand", 0, start)])
        for position in range(start, len(ledger), 200):
            batch = kafka.consume(200, timeout=10)
            for step in order:
                STEPS[step](session, kafka, batch, reader)
                if position == 400 and step == crash_after:
                    raise RuntimeError("the power is gone")


# %%
from collections import Counter


def crash_and_restart(order, crash_after):
    """Run, lose power after this step of the third batch, run again; compare with the ledger."""
    reader = f"lab06-hand-{run}-{time.monotonic_ns()}"
    try:
        copy(reader, order, crash_after)
    except RuntimeError:
        copy(reader, order)
    found = Counter(i for (i,) in sql(f"SELECT sale_id FROM lab06_hand WHERE reader = '{reader}'"))
    lost = [number for number, sale_id in enumerate(ledger) if sale_id not in found]
    return {"rows": found.total(), "lost": lost, "doubled": found.total() - len(found)}


# %% [markdown]
# First order: note, then write.
#
# **Exercise `lost`.** 1,000 sales with the offsets 0 to 999, in batches of 200. The power goes in the
# *third* batch, right after `commit kafka`. Then the reader is started again. Which sales will be
# missing for ever? Give the first and the last offset.

# %%
lost = (..., ...)
# BEGIN SOLUTION
lost = (400, 599)
# END SOLUTION
early = crash_and_restart(["commit kafka", "write rows", "commit postgres"], "commit kafka")
lab.check("lost", lost, missing=early["lost"])

# %% [markdown]
# Second order: write, then note.

# %%
lab.predict(
    "late",
    "write rows, commit postgres, commit kafka. The power goes right before commit kafka. Then?",
    {"a": "200 are lost", "b": "200 are doubled", "c": "neither"},
    choice=...,
)

# %%
late = crash_and_restart(["write rows", "commit postgres", "commit kafka"], "commit postgres")
print(f"early: {early['rows']} rows, {len(early['lost'])} lost, {early['doubled']} doubled")
print(f"late:  {late['rows']} rows, {len(late['lost'])} lost, {late['doubled']} doubled")
lab.recall("late", truth="a" if late["lost"] else "b" if late["doubled"] else "c")

# %% [markdown]
# *At most once* and *at least once*: there are two notebooks, Kafka's and Postgres's, and one of them
# is written first. No order of two commits closes the gap.
#
# **Exercise `order`.** Then make it one commit. Give a list of steps, in order, such that a crash
# after *any* of them neither loses nor doubles a sale. Use the names in `STEPS`; you need not use
# all. The cell tries a crash after each step.

# %%
order = ...
# BEGIN SOLUTION
order = ["write rows", "write offset", "commit postgres"]
# END SOLUTION
results = {}
if isinstance(order, (list, tuple)) and set(order) <= set(STEPS):
    results = {step: crash_and_restart(order, step) for step in order}
lab.check("order", order, results=results, sent=len(ledger))

# %%
chart = {"commit kafka first": early, "commit kafka last": late}
chart |= {f"yours, after {step}": result for step, result in results.items()}
figure, axes = plt.subplots(figsize=(8, 1.4 + 0.5 * len(chart)))
axes.barh(list(chart), [r["rows"] for r in chart.values()], color=ORANGE, label="doubled")
axes.barh(list(chart), [r["rows"] - r["doubled"] for r in chart.values()], color=BLUE)
axes.axvline(len(ledger), color="black", linestyle="--", label="sales in the ledger")
axes.invert_yaxis()
axes.set_xlabel("rows after crash and restart")
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
alt = "Rows after a crash: " + str({name: result["rows"] for name, result in chart.items()})
lab.show(figure, alt=alt)

# %% [markdown]
# If rows and note are in *one* transaction, there is no moment at which one exists without the other.
# That is **exactly once**, and the table needs no key for it. The price: you wrote a sink, and it
# works only where the note lies in the same database as the rows.
#
# | | note | after a crash | the table needs |
# | --- | --- | --- | --- |
# | note first | Kafka | lost: at most once | |
# | write first | Kafka | doubled: at least once | |
# | one transaction | Postgres | exact: exactly once | a table of offsets |
# | the JDBC sink | Kafka, after the write | read again, written over | a key from the event |
#
# The sink's last line is called *effectively once*: at least once, and a table that bears it.
# **Rule: commit rows and note together, or make the write safe to repeat. There is no third way.**

# %% [markdown]
# ## Key points
#
# - Worker, connector, task: ask each for its state. RUNNING is said of the job, FAILED of the work.
# - `PUT …/config` describes; `restart?includeTasks=true&onlyFailed=true` repairs only what is broken.
# - A converter must fit the bytes; one that guesses is worse than one that stops.
# - Upsert on a key from the event makes reading twice harmless. In batches it takes
#   `use.reduction.buffer` as well.
# - A dead-letter queue keeps what cannot be read. What the table refuses still stops the sink.
# - At least once plus a write that may be repeated is as good as exactly once.
#
# ## Cleaning up
#
# Connectors, groups, topics and tables of this lab go away; the watchdog is on duty again.

# %%
clear_away()
worker.close()
stack.up()
print([service.name for service in stack.status() if service.ready])
lab.finish()
