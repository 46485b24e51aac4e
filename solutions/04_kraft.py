# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 04 Kafka without ZooKeeper: logs, keys, groups, and who decides
#
# *25 minutes to read, 45 minutes to do. You need lab 00 and a little Python.*
#
# At the end you will be able to
#
# - read a topic twice, and say what an offset is;
# - choose a key and a number of partitions, and say which order you may rely on;
# - watch a consumer group share its work, and find the member that is stuck;
# - measure lag, and write a consumer that loses nothing when the power fails;
# - say what retention will delete before it does;
# - read the log in which Kafka writes down its own decisions.

# %%
import json
import random
import time
from collections import Counter
from contextlib import ExitStack, closing, suppress
from itertools import islice
from zlib import crc32

from lablib import Lab

lab = Lab("04_kraft")

# %%
import confluent_kafka.admin as ka
import matplotlib.pyplot as plt
import pandas as pd
from confluent_kafka import Consumer, ConsumerGroupState, Producer, TopicPartition
from confluent_kafka import KafkaError, KafkaException

from lablib import Ledger, Stack, SyntheticSales, delete_topics
from lablib.errors import LabError
from lablib.kafka import end_offsets
from lablib.producer import Producer as LedgerProducer

# %%
stack = Stack()
stack.up(tell=print)

KAFKA = {"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"]}
KAFKA |= {"log_level": 0, "reconnect.backoff.max.ms": 500}  # quiet, and soon back
admin = ka.AdminClient(KAFKA)
RUN = f"lab04-{int(time.time())}"  # each run has consumer groups of its own
SALES, GROWING, TILL = "lab04.sales", "lab04.growing", "lab04.till"
ARCHIVE, OUTAGE = "lab04.archive", "lab04.outage"
DECIDED, AGAIN = "lab04.decided", "lab04.decided-again"
MINE = (SALES, GROWING, TILL, ARCHIVE, OUTAGE, DECIDED, AGAIN)
delete_topics(stack, *MINE)  # left over, if a run was cut short

# %% [markdown]
# ## 1. A topic is a log
#
# Eight shops report their sales. Head office wants them for the turnover. The warehouse wants them
# to refill the shelves. Must every shop send everything twice?
#
# First we need a topic. We choose how many **partitions** it has; you will soon see what they are.
# (`need` stops a cell with a sentence when Kafka is down.)

# %%
def need(name):
    if any(service.name == name and not service.ready for service in stack.status()):
        raise LabError(f"{name} is down.", next="`lab up` in a terminal, then run this cell again")


# %%
need("kafka")
made = admin.create_topics([ka.NewTopic(SALES, num_partitions=3, replication_factor=1)])
try:
    made[SALES].result(10)  # waits; raises if Kafka said no
    print("There is now a topic", SALES)
except KafkaException as error:
    if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
        raise
    print(SALES, "exists already; go on.")

# %% [markdown]
# Now 3,000 sales. `produce` only puts a record into a buffer. Kafka's answer comes later, to
# `on_delivery`: in which partition, and at which **offset**, the record now stands.

# %%
shops = iter(SyntheticSales(seed=1, stores=8, events_per_day=50_000))
sales = list(islice(shops, 3000))
answers = []


def note(error, record):
    answers.append((error, record))


# %%
need("kafka")
if had := sum(end_offsets(stack, SALES).values()):
    raise LabError(f"The topic has {had:,} sales already.", next="go on, or begin again at `stack =`")
producer = Producer(KAFKA | {"acks": "all", "enable.idempotence": True, "linger.ms": 5})
for sale in sales:
    producer.produce(SALES, key=sale.key, value=sale.value, on_delivery=note)
print(f"{producer.flush(30)} records are still without an answer.")  # flush waits for all

# %%
print(f"{sum(error is None for error, _ in answers)} of {len(answers)} records stored. The last:")
for _, record in answers[-3:]:
    print(f"key {record.key()} -> partition {record.partition()}, offset {record.offset()}")

# %% [markdown]
# An offset is a line number. Each partition is a list that grows at its end only, and a record keeps
# its number for good.
#
# A reader **subscribes** and **polls**. It tells Kafka who it is (`group.id`, more in chapter 3) and
# where to begin when it has never been here: at the `earliest` record. Then we poll, record by record,
# until each partition has said that it is at its end.

# %%
def reader(topic, group):
    start = {"auto.offset.reset": "earliest", "enable.auto.commit": False}
    # Tell me when a partition has no more for now, and do not wait long for more to come.
    ends = {"enable.partition.eof": True, "fetch.wait.max.ms": 50}
    consumer = Consumer(KAFKA | start | ends | {"group.id": group})
    consumer.subscribe([topic])
    return consumer


# %%
def read_to_end(consumer):
    at_end = set()
    while len(at_end) < (len(consumer.assignment()) or 1):
        record = consumer.poll(10)
        if record is None:
            raise LabError("Kafka sent nothing for 10 s.", next="lab up")
        if record.error():  # not a record: the news that a partition is at its end
            at_end.add(record.partition())
        else:
            at_end.discard(record.partition())
            yield record


# %%
lab.predict(
    "twice",
    "Head office reads all 3,000 sales. Then the warehouse reads the topic. What does it get?",
    {"a": "nothing: they have been taken", "b": "all 3,000", "c": "only what came since"},
    choice=...,
)

# %%
need("kafka")
with closing(reader(SALES, f"{RUN}-head-office")) as consumer:
    head_office = list(read_to_end(consumer))
with closing(reader(SALES, f"{RUN}-warehouse")) as consumer:
    warehouse = list(read_to_end(consumer))
    first, end = consumer.get_watermark_offsets(TopicPartition(SALES, 1))
print(f"Head office read {len(head_office)} sales, then the warehouse read {len(warehouse)}.")
print(f"Partition 1 still has everything from offset {first} to {end - 1}.")

# %%
lab.recall("twice", truth="b" if len(warehouse) == len(head_office) else "c" if warehouse else "a")

# %% [markdown]
# Reading takes nothing away. A queue hands each letter to one person. A log is a book on the table:
# anyone may read it, each with a bookmark of their own. So the shops send once, and need not know
# who reads. **Rule: the topic keeps the records, a reader only keeps its place.**
#
# ## 2. Keys and order
#
# At 11:02 store S03 reports two umbrellas left, at 11:03 none. Whoever reads this the wrong way round
# believes in umbrellas that are not there. So: in which order do records come out?

# %%
lab.predict(
    "order",
    "One consumer reads all three partitions. In which order do the sales come?",
    {
        "a": "as they were sent: the whole chain in one order",
        "b": "in order within each store, but not between stores",
        "c": "in no order at all",
    },
    choice=...,
)

# %%
read = pd.DataFrame([json.loads(r.value()) for r in head_office])
read["partition"] = [r.partition() for r in head_office]
read["offset"] = [r.offset() for r in head_office]
chain = read["event_time"].is_monotonic_increasing
each = all(own.is_monotonic_increasing for _, own in read.groupby("store_id")["store_seq"])
print("The whole chain's sales came in the order of their time:", chain)
print("Each store's own sales came in order (1, 2, 3 ...):     ", each)

# %%
lab.recall("order", truth="a" if chain else "b" if each else "c")

# %% [markdown]
# Here is the beginning of each partition. A square is a record; number and colour are its store.

# %%
homes = read.groupby("partition")["store_id"].unique().map(sorted)
figure, axes = plt.subplots(figsize=(9, 2.6))
for row in read[read["offset"] < 30].itertuples():
    colour = f"C{int(row.store_id[1:]) - 1}"
    axes.plot(row.offset, row.partition, "s", markersize=15, color=colour)
    ink = "white" if colour in {"C0", "C6"} else "black"  # on the dark colours
    axes.text(row.offset, row.partition, row.store_id[2:], color=ink, ha="center", va="center", size=10)
axes.set(xlabel="offset", ylabel="partition", yticks=[0, 1, 2], ylim=(2.6, -0.6))
axes.grid(visible=False)
lanes = "; ".join(f"partition {number} has {', '.join(own)}" for number, own in homes.items())
lab.show(figure, alt=f"Three lanes of numbered squares, each store in one lane: {lanes}.")

# %%
share = read["partition"].value_counts(normalize=True)
for number, own in homes.items():
    print(f"partition {number}: {share[number]:.0%} of the sales, from {', '.join(own)}")

# %% [markdown]
# No store is in two lanes: **the same key always goes to the same partition**, and within a
# partition the order holds. Between partitions there is none.
#
# The lanes are not equally full. Keys are dealt out, not records: a busy store takes all its weight
# to one partition. This is called **skew**, and the fullest partition sets the pace.
# **Rule: what must stay in order needs the same key. Nothing else stays in order.**
#
# How does the producer know the partition? It computes a checksum of the key, divides it by the
# number of partitions, and takes the remainder. You can do it yourself:

# %%
hits = sum(crc32(r.key()) % 3 == r.partition() for r in head_office)
print(f"crc32(key) % 3 is the partition of {hits} of {len(head_office)} records.")

# %% [markdown]
# (Kafka's Java clients use another checksum, murmur2. Programs that write the same keys must agree;
# here the setting `partitioner` does it.)
#
# **Exercise `movers`.** A second topic has the same eight stores and also 3 partitions. It will get
# two more: 5. From then on, some stores' sales go to *another* partition than before. Which stores?
# Give their ids, before it is done.

# %%
stores = [f"S{number:02}" for number in range(1, 9)]
movers = ...
# BEGIN SOLUTION
movers = [s for s in stores if crc32(s.encode()) % 3 != crc32(s.encode()) % 5]
# END SOLUTION

# %% [markdown]
# Now it is done: 1,000 sales, then two more partitions, then 1,000 sales again.

# %%
need("kafka")
delete_topics(stack, GROWING)  # in case this cell ran before
admin.create_topics([ka.NewTopic(GROWING, num_partitions=3)])[GROWING].result(10)
with_three = Producer(KAFKA)
for sale in sales[:1000]:
    with_three.produce(GROWING, key=sale.key, value=sale.value)
with_three.flush(30)
admin.create_partitions([ka.NewPartitions(GROWING, 5)])[GROWING].result(10)
grown = Producer(KAFKA)  # a new producer asks anew how many partitions there are
for sale in sales[1000:2000]:
    grown.produce(GROWING, key=sale.key, value=sale.value)
print(f"{grown.flush(30)} records are still without an answer.")

# %%
lived_in = {store: set() for store in stores}
with closing(reader(GROWING, f"{RUN}-growing")) as consumer:
    for record in read_to_end(consumer):
        lived_in[record.key().decode()].add(record.partition())
moved = sum(len(partitions) > 1 for partitions in lived_in.values())
print(f"{moved} of 8 stores now have sales in two partitions.")
lab.check("movers", movers, lived_in=lived_in)

# %% [markdown]
# Kafka moves no record: old sales stay, new ones go elsewhere. For a store that moved, the order is
# broken at the seam. **Rule: choose the number of partitions for years. Adding some later breaks
# the order by key.**
#
# **Exercise `design`.** Plan a topic for loyalty points. The purchases of one customer must be
# counted in the order in which they were made. At the peak there are 9,000 purchases a second, next
# year twice as many. One consumer manages 2,000 a second, and a partition is read by one of them.
# One store makes a quarter of all sales. Which field is the key: `sale_id`, `store_id`,
# `customer_id` or `sku`? How many partitions do you choose today?

# %%
design = {"key": ..., "partitions": ...}
# BEGIN SOLUTION
design = {"key": "customer_id", "partitions": 12}  # 18,000 / 2,000 = 9, and some room
# END SOLUTION
lab.check("design", design)

# %% [markdown]
# ## 3. Groups share the work
#
# One clerk cannot keep up any more. Consumers with the same `group.id` are **members** of one group,
# and Kafka deals the partitions out among them. When a member comes or goes they are dealt anew:
# a **rebalance**. Kafka tells a member what it gets (`on_assign`) and what it must give back
# (`on_revoke`), so we can write the story down.

# %%
events = []  # (time, group, member, "gets" or "loses", partition)
arrivals = []  # (time, group)
QUICK = {"heartbeat.interval.ms": 200, "session.timeout.ms": 6000}  # so that you wait less


# %%
def join(group, member, settings=QUICK):
    arrivals.append((time.time(), group))
    def note(what):
        return lambda _, places: events.extend(
            (time.time(), group, member, what, place.partition) for place in places
        )

    start = {"auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer(KAFKA | start | settings | {"group.id": group, "client.id": member})
    consumer.subscribe([SALES], on_assign=note("gets"), on_revoke=note("loses"))
    return consumer


# %% [markdown]
# A member takes part by polling. In real life each is a program on a machine of its own; here they
# take turns, until the group is *stable* and its list is what the members themselves say.

# %%
def settle(group, members):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for consumer in members.values():
            consumer.poll(0.005)
        own = {m: [p.partition for p in c.assignment()] for m, c in members.items()}
        told = admin.describe_consumer_groups([group])[group].result(10)
        listed = {m.client_id: [p.partition for p in m.assignment.topic_partitions] for m in told.members}
        if told.state == ConsumerGroupState.STABLE and listed == own:
            return own
    raise TimeoutError(f"{group} did not settle: {told.state}, {own}")


# %%
def play(group, settings):  # four members come one after the other, then Ben goes home
    members, story = {}, {}
    with ExitStack() as evening:
        for name in ("Ada", "Ben", "Cem", "Dea"):
            members[name] = join(group, name, settings)
            evening.callback(members[name].close)
            story[f"{name} comes"] = settle(group, members)
        arrivals.append((time.time(), group))
        members.pop("Ben").close()
        story["Ben goes"] = settle(group, members)
        time.sleep(0.4)  # so that you can see the end in the picture
    return story


# %%
lab.predict(
    "fourth",
    "Three partitions, three members. Now a fourth member comes. What does it read?",
    {
        "a": "a quarter of the sales",
        "b": "nothing: it stands by",
        "c": "one partition, together with the member that has it",
    },
    choice=...,
)

# %%
need("kafka")
story = play(f"{RUN}-classic", QUICK)
print("Who has which partitions:")
pd.DataFrame(story).fillna("-")

# %%
had = story["Dea comes"]
shared = sum(map(len, had.values())) > 3
lab.recall("fourth", truth="b" if not had["Dea"] else "c" if shared else "a")

# %% [markdown]
# **Rule: a partition belongs to one member of a group at a time.** That is what keeps its order. It
# also means that a group can use no more members than there are partitions; one more only stands by,
# and steps in when somebody goes.
#
# Look at each step again. When Ben came, Ada had to give *one* partition away. What happened to the
# other two? The same play once more, with the group protocol that is new since Kafka 4.0:
# `group.protocol` is `consumer` instead of `classic`.

# %%
play(f"{RUN}-consumer", {"group.protocol": "consumer"})
dealt = Counter(group for _, group, _, what, _ in events if what == "gets")
classic, newer = dealt[f"{RUN}-classic"], dealt[f"{RUN}-consumer"]
print(f"Partitions dealt out in the five steps: {classic} times (classic), {newer} times (consumer).")

# %%
def draw(axes, kind):
    told = [event for event in events if event[1] == f"{RUN}-{kind}"]
    since, known = {}, set()
    for moment, _, member, what, partition in told:
        if what == "gets":
            since[partition] = moment
            continue
        label = "" if member in known else member
        known.add(member)
        bar = {"left": since[partition] - told[0][0], "color": COLOURS[member], "label": label}
        axes.barh(partition, moment - since[partition], **bar)
    axes.set(title=kind, ylabel="partition", yticks=[0, 1, 2], ylim=(2.6, -0.6))


# %%
COLOURS = {"Ada": "C0", "Ben": "C1", "Cem": "C2", "Dea": "C3"}
figure, both = plt.subplots(2, 1, figsize=(9, 4.6), sharex=True)
for axes, kind in zip(both, ("classic", "consumer"), strict=True):
    draw(axes, kind)
    zero = next(event[0] for event in events if event[1] == f"{RUN}-{kind}")
    for moment in [moment for moment, group in arrivals if group == f"{RUN}-{kind}"]:
        axes.axvline(moment - zero, color="black", linestyle=":", linewidth=1)
both[1].set(xlabel="seconds since Ada got her first partition; dotted: somebody comes or goes")
both[0].legend(loc="upper left", bbox_to_anchor=(1, 1))
alt = f"Who reads each partition over time. Classic: {classic} deals, gaps in all three lanes at once. "
lab.show(figure, alt + f"Consumer: {newer} deals, a gap only in the lane that changes hands.")

# %% [markdown]
# Where a lane is white, nobody reads. Look at how many lanes are white at once, not at how wide a gap
# is: with these few records and quick members, a plan takes no time. In the classic protocol (as Python has it by default) every
# change stops everyone: all members give everything back, one of them makes a new plan, all begin
# again. In the newer one the broker makes the plan and moves only what has to move; the others read
# on. The lower play takes longer, and its gaps are wider, because members ask for news only every half
# second. That is a setting; that the other lanes read on is not.
#
# ## 4. Offsets and lag
#
# The night clerk reads 300 sales of partition 0 and 400 of partition 1, then goes home. Tomorrow he
# wants to go on there. So he **commits**: Kafka stores the bookmark for the group (in a topic of its own,
# `__consumer_offsets`).

# %%
need("kafka")
night = f"{RUN}-night"
with closing(Consumer(KAFKA | {"group.id": night, "enable.auto.commit": False})) as clerk:
    for partition, count in {0: 300, 1: 400}.items():
        clerk.assign([TopicPartition(SALES, partition, 0)])
        done = clerk.consume(count, timeout=10)
        clerk.commit(asynchronous=False)
        print(f"{len(done)} sales of partition {partition}, the last one has offset {done[-1].offset()}")

# %%
places = [TopicPartition(SALES, partition) for partition in range(3)]
with closing(Consumer(KAFKA | {"group.id": night})) as looker:
    committed = {p.partition: p.offset for p in looker.committed(places, timeout=10)}
    ends = {p.partition: looker.get_watermark_offsets(p)[1] for p in places}
print("committed:", committed)
print("ends:     ", ends)

# %% [markdown]
# The committed offset is that of the *next* record to read. The end is where the next record will be
# *written*. What lies between is the **lag**.
#
# **Exercise `behind`.** How many sales has the night clerk still to read, in all partitions together?
# Look closely at partition 2, where he never was.

# %%
behind = ...
# BEGIN SOLUTION
behind = sum(ends[p] - max(committed[p], 0) for p in ends)
# END SOLUTION
lab.check("behind", behind, ends=ends, committed=committed)

# %% [markdown]
# Next morning the shops sell on, 500 sales a second. The clerk goes on where he was; he manages 1,500.
# From second 2 to 3.5 he has a break. We measure his lag all the time.

# %%
def work_a_little(clerk, count):
    batch = clerk.consume(count, timeout=0.01)
    if any(record.error() is None for record in batch):
        clerk.commit(asynchronous=False)


def send_sales(count):
    for sale in islice(shops, count):
        producer.produce(SALES, key=sale.key, value=sale.value)
    producer.flush(10)
    return count


def lag_now(looker):
    marks = looker.committed(places, timeout=10)
    return sum(looker.get_watermark_offsets(p)[1] - max(p.offset, 0) for p in marks)


# %%
looker = Consumer(KAFKA | {"group.id": night})  # only asks; it does not join the group
seen, sent, last, break_began = [], 0, 0, None
with closing(looker), closing(reader(SALES, night)) as clerk:
    begin = time.monotonic()
    while (now := time.monotonic() - begin) < 6:
        sent += send_sales(int(now * 500) - sent)
        if 2 < now < 3.5:
            break_began = break_began or (time.time(), sent)
        else:
            work_a_little(clerk, 1 + int((now - last) * 1500))
        last = now
        seen.append((now, lag_now(looker)))

# %%
figure, axes = plt.subplots()
axes.plot(*zip(*seen, strict=True))
axes.axvspan(2, 3.5, alpha=0.15, label="the clerk's break")
axes.set(xlabel="seconds", ylabel="lag: sales not read yet", ylim=(0, None))
axes.legend()
peak = max(lag for moment, lag in seen if moment > 2)
alt = f"The lag falls from {seen[0][1]}, rises to {peak} in the break, and is {seen[-1][1]} at the end."
lab.show(figure, alt=alt)
print(alt)

# %% [markdown]
# A lag that rises and falls is a backlog; only a lag that rises *without end* is a consumer that is
# too slow. Nothing was lost in the break: the log waited. **Rule: lag is a distance, not a loss,
# as long as it is shorter than what the topic keeps** (chapter 6).
#
# At noon the clerk learns that he wrote nonsense after his break began. Each record has a timestamp,
# so Kafka can find the offsets that belong to a moment. Then he reads from there once more.

# %%
moment, sent_before = break_began
with closing(Consumer(KAFKA | {"group.id": f"{RUN}-again", "enable.partition.eof": True})) as clerk:
    asked = [TopicPartition(SALES, partition, int(moment * 1000) + 1) for partition in range(3)]
    found = clerk.offsets_for_times(asked, timeout=10)
    clerk.assign(found)
    again = sum(1 for _ in read_to_end(clerk))
print("begin at:", {place.partition: place.offset for place in found})
print(f"{again} sales read again; {sent - sent_before} were sent since then.")

# %% [markdown]
# Now a night with three clerks. One has a large pile and works through it. One has nothing left to
# do. One hangs: the program still says "I am here", so Kafka leaves it the partition, but it reads
# nothing any more. Chance decides who. You see their bookmarks at two moments.

# %%
def work(crew, pace, rounds):
    for _ in range(rounds):
        for name, count in pace.items():
            if crew[name].consume(count, timeout=0.1):
                crew[name].commit(asynchronous=False)


def bookmarks(group):
    with closing(Consumer(KAFKA | {"group.id": group})) as looker:
        return [place.offset for place in looker.committed(places, timeout=10)]


# %%
crew, group = {}, f"{RUN}-crew"
try:
    crew |= {name: join(group, name) for name in ("Ada", "Ben", "Cem")}
    owner = {own[0]: name for name, own in settle(group, crew).items()}
    hangs, idle = random.sample([owner[0], owner[2]], 2)
    work(crew, {owner[1]: 40, idle: 5000, hangs: 100}, rounds=3)
    looks = [bookmarks(group)]
    work(crew, {owner[1]: 40, idle: 5000}, rounds=5)
    looks.append(bookmarks(group))
finally:
    for consumer in crew.values():
        consumer.close()

# %%
with closing(Consumer(KAFKA | {"group.id": group})) as looker:
    ends = [looker.get_watermark_offsets(place)[1] for place in places]
table = pd.DataFrame({"member": [owner[p] for p in range(3)], "end": ends})
table["first look"], table["second look"] = looks
table["lag"] = table["end"] - table["second look"]
table.rename_axis("partition")

# %% [markdown]
# **Exercise `stuck`.** Whose program do you restart? Give one name.

# %%
stuck = ...
# BEGIN SOLUTION
still = table[(table["first look"] == table["second look"]) & (table["lag"] > 0)]
stuck = still["member"].item()
# END SOLUTION
lab.check("stuck", stuck, table=table)

# %% [markdown]
# **Rule: a lag alone says little. A bookmark that stands still while records wait is the alarm.** If a
# member does not poll for five minutes (`max.poll.interval.ms`), Kafka takes its partitions away. A
# member that polls and does nothing with it is never found out, except by its bookmark.

# %% [markdown]
# ## 5. When the power fails
#
# A clerk does two things with each sale: he **writes** it into his book, and he **commits** the
# bookmark. In which order? Here are both; the power fails at the 100th sale, between the two steps.
# Later a second shift goes on in the same group.

# %%
need("kafka")
delete_topics(stack, TILL)  # in case this cell ran before
admin.create_topics([ka.NewTopic(TILL, num_partitions=1)])[TILL].result(10)
for sale in sales[:230]:
    producer.produce(TILL, key=sale.key, value=sale.value)
print(f"{producer.flush(30)} records are still without an answer.")


# %%
def shift(group, steps, book, cut_at=None):
    with closing(reader(TILL, group)) as clerk:
        for count, record in enumerate(read_to_end(clerk), 1):
            for step in steps:
                if step == "write":
                    book.append(json.loads(record.value())["sale_id"])
                if step == "commit":
                    clerk.commit(record, asynchronous=False)
                if count == cut_at and step == steps[0]:
                    return  # the power fails


# %%
lab.predict(
    "cut",
    "Commit first, then write. The power fails in between. What will the book say in the end?",
    {"a": "one sale is missing", "b": "one sale stands there twice", "c": "each sale once"},
    choice=...,
)

# %%
outcome = {}
for steps in (("commit", "write"), ("write", "commit")):
    book, group = [], f"{RUN}-{steps[0]}-first"
    shift(group, steps, book, cut_at=100)
    shift(group, steps, book)
    missing = {sale.sale_id for sale in sales[:230]} - set(book)
    outcome[" then ".join(steps)] = {"missing": len(missing), "twice": len(book) - len(set(book))}
pd.DataFrame(outcome).T

# %%
lost, twice = outcome["commit then write"].values()
lab.recall("cut", truth="a" if lost else "b" if twice else "c")

# %% [markdown]
# Committed first, a sale can be lost: *at most once*. Committed last, it can come twice: *at least
# once*. (Exactly once needs book and bookmark in one stroke, for example in one transaction of the
# same database.) Twice is the smaller evil: a table with a key makes it harmless, as in lab 00.
#
# By default a Python consumer commits **by itself**: every five seconds, and when it is closed, it
# commits whatever `poll` has handed out, finished or not. This is why we switch `enable.auto.commit`
# off. **Rule: commit what is done, never what was only received.**
#
# **Exercise `repair`.** This clerk collects 50 sales and writes them in one go, which is faster. In
# the night the power fails twice: at one pile before it is written, at another one right after.
# Afterwards his lag is 0, all lamps are green, and sales are missing.

# %%
def lossy(clerk, write):
    pile = []
    for record in read_to_end(clerk):
        pile.append(record)
        clerk.commit(record, asynchronous=False)
        if len(pile) == 50:
            write(pile)
            pile.clear()


# %% [markdown]
# The next two cells make such a night: three shifts, and a `write` that fails twice.

# %%
def three_shifts(worker, group):
    for _ in range(3):
        with closing(reader(TILL, group)) as clerk, suppress(InterruptedError):
            try:
                worker(clerk)
            except KafkaException as error:
                if error.args[0].code() != KafkaError._NO_OFFSET:
                    raise
                print("Nothing was read in this shift, so there was nothing to commit.")
    with closing(Consumer(KAFKA | {"group.id": group})) as looker:
        return looker.committed([TopicPartition(TILL, 0)], timeout=10)[0].offset


# %%
def night_with_cuts(worker):
    book, calls = [], []

    def write(pile):
        calls.append(len(pile))
        if len(calls) == 3:
            raise InterruptedError("the power fails before writing")
        book.extend(record.offset() for record in pile)
        if len(calls) == 5:
            raise InterruptedError("the power fails after writing")

    mark = three_shifts(lambda clerk: worker(clerk, write), f"{RUN}-{time.time_ns()}")
    known = len(set(book))
    return {"lost": 230 - known, "twice": len(book) - known, "lag": 230 - max(mark, 0)}


# %%
night_with_cuts(lossy)

# %% [markdown]
# Write `careful`, which loses nothing and still ends with a lag of 0. Copy `lossy` and change it;
# there are two mistakes in it.

# %%
careful = ...


# BEGIN SOLUTION
def careful(clerk, write):
    pile = []
    for record in read_to_end(clerk):
        pile.append(record)
        if len(pile) == 50:
            write(pile)
            clerk.commit(record, asynchronous=False)
            pile.clear()
    if pile:
        write(pile)
        clerk.commit(pile[-1], asynchronous=False)


# END SOLUTION
result = ...
if careful is not ...:
    result = night_with_cuts(careful)
lab.check("repair", result)

# %% [markdown]
# ## 6. What retention deletes
#
# A log cannot grow for ever. `retention.ms` says how long a topic keeps its records; Kafka's default
# is seven days.
#
# The shops have sent in an old archive: one record for each of the last 252 hours (ten and a half
# days), with the *hour it tells of* as its timestamp. Offset 0 is the oldest. Kafka stores a partition
# in files, called **segments**; `segment.ms` makes it begin a new one every 24 hours, by timestamp.

# %%
HOUR = 3_600_000
DAY = 24 * HOUR
config = {"retention.ms": "-1", "segment.ms": str(DAY - 1)}  # -1: keep for ever
delete_topics(stack, ARCHIVE)  # in case this cell ran before
admin.create_topics([ka.NewTopic(ARCHIVE, 1, config=config)])[ARCHIVE].result(10)

# %%
one_by_one = Producer(KAFKA | {"batch.num.messages": 1})  # a batch is never cut by a segment
now = int(time.time() * 1000)
for hour in range(252):
    one_by_one.produce(ARCHIVE, value=f"turnover of hour {hour}", timestamp=now - (252 - hour) * HOUR)
print(f"{one_by_one.flush(30)} records are still without an answer.")

# %%
lab.predict(
    "archive",
    "All 252 records were written a moment ago. Retention is now set to 7 days. What stays?",
    {
        "a": "all 252: none of them is 7 days in Kafka yet",
        "b": "exactly the last 168: 7 days of 24 hours",
        "c": "a few more than 168",
        "d": "a few less than 168",
    },
    choice=...,
)

# %%
def keep(days):
    ms = str(days * DAY)
    entry = ka.ConfigEntry("retention.ms", ms, incremental_operation=ka.AlterConfigOpType.SET)
    topic = ka.ConfigResource(ka.ResourceType.TOPIC, ARCHIVE, incremental_configs=[entry])
    admin.incremental_alter_configs([topic])[topic].result(10)


# %%
def first_offset(after):  # wait until the log begins behind this offset
    deadline = time.monotonic() + 20
    with closing(Consumer(KAFKA | {"group.id": f"{RUN}-archive"})) as looker:
        while (first := looker.get_watermark_offsets(TopicPartition(ARCHIVE, 0))[0]) <= after:
            assert time.monotonic() < deadline, "retention has deleted nothing within 20 s"
            time.sleep(0.05)
    return first


# %%
keep(days=7)
first = first_offset(after=0)
print(f"The log now begins at offset {first}: {252 - first} records stay.")
print(f"The oldest of them tells of {252 - first} hours ago, that is {(252 - first) / 24:.1f} days.")

# %%
kept = 252 - first
lab.recall("archive", truth="a" if kept == 252 else "b" if kept == 168 else "c" if kept > 168 else "d")

# %%
figure, axes = plt.subplots(figsize=(9, 2))
for base in range(0, 252, 24):
    gone, width = base < first, min(24, 252 - base)
    style = {"color": "lightgrey", "hatch": "//"} if gone else {"color": "C0"}
    style["label"] = {0: "deleted", 240: "kept"}.get(base, "")
    axes.barh(0, width - 1, left=base, edgecolor="white", **style)
axes.axvline(252 - 168, color="C3", linestyle="--", label="7 days ago")
axes.set(xlabel="offset (one per hour; one bar is one segment)", yticks=[], xlim=(0, 252))
figure.legend(loc="outside upper right", ncols=3)
alt = f"Eleven segments; those below offset {first} are deleted. "
lab.show(figure, alt=alt + "The 7-day line, at offset 84, runs through a segment that stays.")

# %% [markdown]
# Two surprises. Kafka goes by the record's **timestamp**, not by the time of writing: whoever replays
# old sales with their old timestamps into a topic with seven days of retention sees them vanish
# as soon as Kafka checks. (Here it checks every second, so that you need not wait; its default is every
# five minutes, `log.retention.check.interval.ms`. The course's own topic `sales` has
# `retention.ms=-1`.) And Kafka deletes **whole segments**,
# when even the newest record in it is too old.
#
# A group whose bookmark was deleted goes on at `auto.offset.reset`, without an error: that is how lag
# becomes loss. **Rule: retention must be longer than your longest outage.** (There is another way to
# tidy up: `cleanup.policy=compact` keeps the last record of each key.)
#
# **Exercise `survivor`.** Retention will now be set to 3 days. At which offset will the log begin?
# Write the number down before you run the next cell.

# %%
survivor = ...
# BEGIN SOLUTION
limit = 252 - 3 * 24  # from here on, records are young enough
survivor = limit // 24 * 24  # the segment that holds this offset stays whole
# END SOLUTION

# %%
keep(days=3)
lab.check("survivor", survivor, begins=first_offset(after=first))

# %% [markdown]
# ## 7. Who decides
#
# Somebody must know which topics there are, how many partitions they have, which broker leads which.
# For years this stood in a second system, ZooKeeper. Today Kafka keeps it the way it keeps everything:
# in a log. A few servers, the **controllers**, elect a leader; it alone writes to this metadata log,
# and a decision is valid when the majority has it. This is **KRaft**. Our one server is both controller
# and broker. Kafka's own tool tells what the vote has come to:

# %%
vote = stack.tool("kafka", "kafka-metadata-quorum", "describe", "--status")
print(vote)

# %% [markdown]
# `LeaderEpoch` counts the elections. `HighWatermark` is the offset up to which the majority has the
# metadata log. Now make a topic, and read in the log what that meant.

# %%
def decisions(topic):
    log = "__cluster_metadata-0/*.log"
    dump = stack.tool("kafka", "kafka-dump-log", "--cluster-metadata-decoder", "--files", log)
    written = [json.loads(line.split("payload: ")[1]) for line in dump.splitlines() if "payload: " in line]
    made = [n for n, r in enumerate(written) if r["type"] == "TOPIC_RECORD" and r["data"]["name"] == topic]
    names = {topic, written[made[-1]]["data"]["topicId"]}
    return [record for record in written[made[-1] :] if names & set(map(str, record["data"].values()))]


# %%
delete_topics(stack, DECIDED)  # in case this cell ran before
asked = ka.NewTopic(DECIDED, num_partitions=3, config={"retention.ms": str(7 * DAY)})
admin.create_topics([asked])[DECIDED].result(10)
for record in decisions(DECIDED):
    told = {"name", "value", "partitionId", "leader"} & record["data"].keys()
    print(f"{record['type']:17}", {word: record["data"][word] for word in sorted(told)})

# %% [markdown]
# One call from you, several records in one stroke: either all of them are in the log or none. Each
# broker reads this log and so knows the same as all others.
#
# **Exercise `records`.** Another topic is made: 5 partitions and two settings. How many records does
# the controller write for it?

# %%
records = ...
# BEGIN SOLUTION
records = 1 + 2 + 5  # the topic, its settings, its partitions
# END SOLUTION

# %%
config = {"retention.ms": str(7 * DAY), "max.message.bytes": "100000"}
delete_topics(stack, AGAIN)  # in case this cell ran before
admin.create_topics([ka.NewTopic(AGAIN, 5, config=config)])[AGAIN].result(10)

# %%
lab.check("records", records, seen=len(decisions(AGAIN)))

# %% [markdown]
# And when the one who decides is away? We have only one server: no second one can take over. The
# ledger's producer sends 400 sales a second. In the middle of it you kill Kafka.

# %%
lab.predict(
    "outage",
    "Kafka dies while sales are being sent, and comes back some seconds later. These sales?",
    {
        "a": "are lost: nobody was there to take them",
        "b": "wait in the producer and arrive later",
        "c": "stop the producer with an error at once",
    },
    choice=...,
)

# %%
need("kafka")
delete_topics(stack, OUTAGE)  # in case this cell ran before
admin.create_topics([ka.NewTopic(OUTAGE, 3)])[OUTAGE].result(10)
sender = LedgerProducer(stack, OUTAGE, config={"log_level": 0})
course = []  # (time, sales handed to the producer, sales acknowledged by Kafka)


def look(report):
    course.append((time.monotonic() - began, report.sent, report.acknowledged))


def wait_until(condition, within=60):
    while not condition():
        look(sender.report)
        assert course[-1][0] < within, f"waited {within} s: {sender.report}"
        time.sleep(0.02)


# %% [markdown]
# While Kafka is away, a second producer tries to send one sale. It is impatient: it gives up after
# one second (`message.timeout.ms`; the default is five minutes).

# %%
began, refused = time.monotonic(), []
sender.start(SyntheticSales(seed=4), count=3600, rate=400, watch=look)
wait_until(lambda: sender.report.acknowledged > 1400)  # some seconds of peace
killed = course[-1][0]
stack.kill("kafka")
impatient = Producer(KAFKA | {"message.timeout.ms": 1000})
impatient.produce(OUTAGE, value=b"one sale", on_delivery=lambda *both: refused.append(both))
impatient.flush(10)
print("The impatient producer:", refused[0][0].str())
print(f"The patient one:        {sender.report.waiting} sales wait in its buffer")

# %%
stack.restart("kafka")
back = time.monotonic() - began
wait_until(lambda: sender.report.acknowledged == 3600)
report = sender.wait(60)
print(f"Kafka was away for {back - killed:.1f} s. Then: {report.acknowledged} of {report.sent} stored.")

# %%
ledger = [entry.value for entry in Ledger().entries(OUTAGE, report.run)]
with closing(reader(OUTAGE, f"{RUN}-outage")) as consumer:
    topic = [record.value() for record in read_to_end(consumer)]
missing, extra = set(ledger) - set(topic), len(topic) - len(ledger)
print(f"{len(ledger)} sales in the ledger, {len(missing)} missing in the topic, {extra} too many.")

# %%
lab.recall("outage", truth="a" if missing else "b" if report.acknowledged == 3600 else "c")

# %%
seconds, handed, stored = zip(*sorted(course), strict=True)
figure, axes = plt.subplots()
axes.plot(seconds, handed, label="handed to the producer")
axes.plot(seconds, stored, linestyle="--", label="acknowledged by Kafka")
axes.axvspan(killed, back, alpha=0.15, label="Kafka is away")
axes.set(xlabel="seconds", ylabel="sales")
axes.legend()
gap = max(h - s for h, s in zip(handed, stored, strict=True))
lab.show(figure, alt=f"Sales go on; the acknowledgements stand still, up to {gap} behind, then catch up.")

# %%
epochs = [
    int(text.split("LeaderEpoch:")[1].split()[0])
    for text in (vote, stack.tool("kafka", "kafka-metadata-quorum", "describe", "--status"))
]
print(f"The leader's epoch was {epochs[0]} before and is {epochs[1]} now: there was a new election.")

# %% [markdown]
# The sales waited in the producer's memory. Kafka came back with its log, elected a leader (itself),
# and the producer sent once more what had no answer. `enable.idempotence` numbers the batches, so
# that a repeated one is stored only once. The impatient producer cannot say what became of its sale:
# here it never arrived, but an answer may also be lost *after* storing. **Rule: a broker may die, so
# a producer must be patient; `message.timeout.ms` says how long.** If the *producer* dies, its
# buffer dies with it: then only a ledger tells what is missing.
#
# With one server nothing works while it is away. Three controllers bear the loss of one, since two
# are still the majority. Lab 11 does that.
#
# ## Key points
#
# - A topic is a log. Reading takes nothing away; each group has a bookmark of its own.
# - The same key goes to the same partition, and order holds only there. Choose both for years.
# - A group shares partitions; a partition has one reader. More members than partitions stand by.
# - Lag is end minus committed. A lag above zero with a bookmark that stands still is a stuck reader.
# - Work first, commit then: nothing is lost, something may come twice.
# - Retention deletes whole segments, by the timestamps of their records.
# - Kafka's decisions stand in a log, too; a majority of controllers makes them valid.
#
# ## Cleaning up
#
# This deletes what the lab made: its topics and its groups.

# %%
delete_topics(stack, *MINE)
admin = ka.AdminClient(KAFKA)  # a new one: the old one still looks for the Kafka that was killed
groups = [g.group_id for g in admin.list_consumer_groups().result(10).valid]
ours = [name for name in groups if name.startswith("lab04-")]
for future in (admin.delete_consumer_groups(ours) if ours else {}).values():
    future.result(10)
print(f"{len(MINE)} topics and {len(ours)} groups are gone.")
lab.finish()
