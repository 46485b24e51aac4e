# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 03 Compose: one file, four servers, and a crash at 02:14
#
# *25 minutes to read, 60 minutes to do. You need lab 01 (containers) and a little SQL. What Kafka and
# Connect do stands in lab 00. This lab needs a running Docker engine with Compose, as labs 01 and 02
# do. The labs from 04 on do not: without Docker, go on there.*
#
# At the end you will be able to
#
# - read a Compose file as the plan of a system: what runs, who may speak to whom, what is kept;
# - say what `down` removes and what it leaves;
# - say why `localhost` in a container is not your machine;
# - change the configuration without building anything, and keep a password out of it;
# - make services wait for each other;
# - tell from logs and states which service had crashed, and prove that nothing was lost.

# %%
import os
import random
import secrets
import shutil
import socket
import time
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from lablib import Lab, Producer, SyntheticSales, create_topic

lab = Lab("03_compose")

# %% [markdown]
# In lab 01 each server was one `docker run`. The way from the till to head office needs four servers
# and two small jobs, with networks and volumes, and each option has to be right each time. **Compose**
# reads all that from one file. `docker compose up` makes what the file describes, `docker compose
# down` removes it.
#
# The kit builds the four images itself. The first time takes some minutes.

# %%
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from lablib.docker import clean_up, docker_client, lab_image
from lablib.errors import LabError
from lablib.palette import GREEN, VERMILION
from lablib.settings import load_settings

docker = docker_client()
clean_up(docker, "03_compose")
for image in ("postgres", "kafka", "connect", "watchdog"):
    print(lab_image(image))

# %% [markdown]
# ## 1. A file is a plan
#
# The project gets a folder of its own. Whoever types the commands of this lab does so in there. Read
# its Compose file once from top to bottom; you need not understand every line.

# %%
settings = load_settings()
folder = settings.data / "lab03"
shutil.rmtree(folder, ignore_errors=True)
(folder / "sql").mkdir(parents=True)
shutil.copy(settings.stack_files / "lab03" / "compose.yaml", folder)
shutil.copy(settings.stack_files / "lab03" / "report.sql", folder / "sql")
shutil.copy(settings.stack_files / "postgres" / "10_sales_raw.sql", folder / "sql")
print(f"The folder: {folder}\n")
print((folder / "compose.yaml").read_text())

# %% [markdown]
# Four words carry the plan. **services** are containers to be; **networks** say who hears whom;
# **volumes** are what is kept; **secrets** are files that only some may read. `*name` repeats what
# stands behind `&name`, and `<<:` puts it among the other lines; keys with `x-` are a place to note
# such things. `${NAME}` is filled in from outside; `$$` is one `$`, for the shell in the container.
#
# Two files are missing yet: one with values for `${…}`, called `.env`, and the password. The password
# is made here and shown nowhere. (The containers do not run as you, so the files in it have to be
# readable for others. The folder around them is closed.)


# %%
def write(name, text):
    """Write a file of the project, readable also for the users in the containers."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o644)
    return name


def free_port(first):
    """The first port from here on where nobody listens on this machine."""
    for port in range(first, first + 100):
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)):
                return port


# %%
KAFKA_PORT, CONNECT_PORT, DB_PORT = free_port(28092), free_port(28283), free_port(28432)
folder.chmod(0o700)
(folder / "sql").chmod(0o755)
for file in (folder / "sql").iterdir():
    file.chmod(0o644)
write("db_password", secrets.token_urlsafe(16))
write(".env", f"SHOP_KAFKA_PORT={KAFKA_PORT}\nSHOP_CONNECT_PORT={CONNECT_PORT}\n")
print((folder / ".env").read_text())

# %% [markdown]
# Now ask Compose how it understands the file. `config` starts nothing: it reads, fills in and tells.
#
# ```
# docker compose config
# ```
#
# In Python the files are handed to a client. Its calls are named like the commands. The **project
# name**, the first line of the file, is in front of each container, network and volume that Compose
# makes, so that two projects do not meet.

# %%
PROJECT = "lab03-shop"


def compose(*more, profiles=()):
    """Stands for: docker compose -f compose.yaml -f (more) --profile (profiles)."""
    files = [folder / name for name in ("compose.yaml", *more)]
    chosen = {"compose_files": files, "compose_profiles": list(profiles)}
    return DockerClient(compose_project_name=PROJECT, **chosen).compose


plan = compose().config(return_json=True)


# %%
def words(items):
    return ", ".join(items) or "-"


def row(service):
    """One service of the plan, in a few words."""
    return {
        "networks": words(service["networks"]),
        "door on this machine": words(p["published"] for p in service.get("ports", ())),
        "keeps": words(v["source"] for v in service.get("volumes", ()) if v["type"] == "volume"),
        "waits for": words(service.get("depends_on", {})),
    }


pd.DataFrame({name: row(service) for name, service in plan["services"].items()}).T

# %% [markdown]
# That is the architecture, read from the file. A sale comes in through Kafka's door. `connect` takes it
# from the network `shops` into the network `office`: it is the only one that is in both. `postgres` has
# no door at all. Only two services keep anything. `tables` is a job: it makes the table and ends.
# (`report` is not there yet; part 4 says why.)
#
# ## 2. Who starts when
#
# `tables` needs Postgres. Each service starts after those in its `depends_on`. A colleague finds the
# long form too long:
#
# ```yaml
# depends_on: {postgres: {condition: service_healthy}} # before
# depends_on: [postgres] # after
# ```
#
# His change is a second file. Compose lays it over the first one.
#
# ```
# docker compose -f compose.yaml -f hurry.yaml up --detach tables
# ```

# %%
lab.predict(
    "hurry",
    "The database is new. Postgres is started first, `tables` right after it. What does `tables` do?",
    {
        "a": "it waits until Postgres answers, then makes the table",
        "b": "it makes the table at once: Postgres runs",
        "c": "it fails",
    },
    choice=...,
)


# %%
def container_of(service):
    return f"{PROJECT}-{service}-1"


def end_of(service):
    """Wait for the end of a job; return its exit code and its log."""
    code = docker.wait(container_of(service))
    return code, docker.logs(container_of(service)).strip()


HURRY = "services: {tables: {depends_on: [postgres]}}\n"
compose().down(volumes=True, timeout=0, quiet=True)  # so that it is a new database each time
compose(write("hurry.yaml", HURRY)).up("tables", detach=True, quiet=True)
hurried, log = end_of("tables")
print(f"tables ended with exit code {hurried}. Its log:\n{log}")

# %%
lab.recall("hurry", truth="c" if hurried else "b")

# %% [markdown]
# Postgres *ran*: its process had a number. But a new database is first made, then started, and that
# takes a second or two. A container knows nothing of this, unless the image has a **health check**:
# a command that Docker runs again and again inside, here `pg_isready`. Its result is the *health* of
# the container: `starting`, `healthy`, `unhealthy`. With it, `depends_on` can wait for more:
#
# | condition | go on when the other one … |
# | --- | --- |
# | `service_started` (default) | has a process |
# | `service_healthy` | has passed its health check |
# | `service_completed_successfully` | has ended, with exit code 0 |
#
# The same without the colleague's file:
#
# ```
# docker compose up --detach tables
# ```

# %%
compose().down(volumes=True, timeout=0, quiet=True)
compose().up("tables", detach=True, quiet=True)
code, log = end_of("tables")
begins = [
    docker.container.inspect(container_of(s)).state.started_at for s in ("postgres", "tables")
]
waited = (begins[1] - begins[0]).total_seconds()
print(f"tables started {waited:.1f} s after postgres and ended with exit code {code}.")

# %% [markdown]
# **Rule: started is not ready; wait for health, and for a job wait for its success.** This holds for the
# start only. If Postgres dies an hour later, Compose does not start the others again: from then on
# each service has to cope with it itself. Part 7 shows how well they do.
#
# **Exercise `order`.** Three services shall be added. Which condition does each need?
#
# - `import` fills in old sales once. It needs the table, which the job `tables` makes.
# - `audit` reads from Kafka. If Kafka does not answer at once, it gives up.
# - `screen` shows numbers from Kafka and tries again every second, for ever. Its empty page shall be
#   up as early as possible.

# %%
order = {"import needs tables": ..., "audit needs kafka": ..., "screen needs kafka": ...}
# BEGIN SOLUTION
order = {
    "import needs tables": "service_completed_successfully",
    "audit needs kafka": "service_healthy",
    "screen needs kafka": "service_started",
}
# END SOLUTION
lab.check("order", order)

# %% [markdown]
# ## 3. What survives
#
# In lab 01 the orders died with their container. Now there are three places to write to:
#
# | place | in `compose.yaml` | where it really is |
# | --- | --- | --- |
# | **named volume** | `rows:/var/lib/postgresql/data` | in a place that Docker looks after |
# | **bind mount** | `./sql:/sql:ro` | a folder of your machine; `ro` means read only |
# | **container layer** | everything else, such as `/tmp` | in the container |
#
# Three ways to begin again. Before each, every place gets a new piece of data; after it, each is
# asked for this piece. This takes up to half a minute.
#
# ```
# docker compose restart postgres
# docker compose down             # then: docker compose up --detach --wait postgres
# docker compose down --volumes   # then the same
# ```

# %%
lab.predict(
    "down",
    "`docker compose down`, then `up`. What is still there?",
    {
        "a": "everything",
        "b": "the rows in the volume and the file in the bind mount",
        "c": "only the file in the bind mount: it is on your machine",
        "d": "nothing",
    },
    choice=...,
)

# %%
AS_SHOP = 'PGPASSWORD=$(cat /run/secrets/db_password) psql -h 127.0.0.1 -U shop -d sales -qtAc "$0"'


def inside(service, *command):
    """Run a command in this service's container (docker exec); return what it printed."""
    return docker.execute(container_of(service), list(command))


def sql(statement):
    return inside("postgres", "bash", "-c", AS_SHOP, statement)


# %%
def put(piece):
    """Write this piece of data to all three places."""
    sql(f"CREATE TABLE IF NOT EXISTS notes (piece text); INSERT INTO notes VALUES ('{piece}')")
    write("sql/note", piece)
    inside("postgres", "bash", "-c", "echo $0 > /tmp/note", piece)


# %%
ROWS = AS_SHOP.replace("$0", "TABLE notes")
READ = f"cat /sql/note; echo; cat /tmp/note 2>&1; {ROWS} 2>&1 || true"


def find(piece):
    """Ask each place for it, from inside the container."""
    mount, layer, *rows = inside("postgres", "bash", "-c", READ).splitlines()
    return {"volume": piece in rows, "bind mount": mount == piece, "layer": layer == piece}


# %%
WAYS = {
    "restart": lambda: compose().restart("postgres"),
    "down, up": lambda: compose().down(quiet=True),
    "down --volumes, up": lambda: compose().down(volumes=True, quiet=True),
}
survived = {}
compose().up("postgres", wait=True, quiet=True)
for way, act in WAYS.items():
    put(way)
    act()
    compose().up("postgres", wait=True, quiet=True)
    survived[way] = find(way)

# %%
from matplotlib.colors import ListedColormap

grid = pd.DataFrame(survived)
figure, axes = plt.subplots(figsize=(8, 2.6))
axes.imshow(grid, cmap=ListedColormap([VERMILION, GREEN]), vmin=0, vmax=1, aspect="auto")
for (y, x), there in np.ndenumerate(grid):
    axes.text(x, y, "there" if there else "gone", ha="center", va="center", color="white")
axes.set_xticks(range(3), grid.columns)
axes.set_yticks(range(3), grid.index)
axes.grid(False)
gone = [f"{place} after {way}" for way in grid for place in grid.index if not grid.loc[place, way]]
lab.show(figure, alt=f"A grid of places against ways to begin again. Gone: {', '.join(gone)}.")

# %%
kept = [place for place, there in survived["down, up"].items() if there]
lab.recall("down", truth={3: "a", 2: "b", 1: "c"}.get(len(kept), "d"))

# %% [markdown]
# `down` removes containers and networks. It leaves the volumes, because they are what you would miss.
# `--volumes` removes these, too, without asking. A bind mount is yours: Compose never deletes it.
# **Rule: `down` is harmless to whatever lies in a volume; `down --volumes` is the command that hurts.**
# (A volume belongs to its project: the same file under another project name begins with an empty one.)
#
# **Exercise `commands`.** Which of `"restart"`, `"down, up"`, `"down --volumes, up"` fits? If more than
# one does, take the one that destroys least.
#
# - `"hangs"`: Postgres hangs. The rows, and what was written to `/tmp` to find out why, shall stay.
# - `"clean"`: a container shall start with an empty `/tmp`. The rows shall stay.
# - `"lesson"`: the next class begins with an empty database.

# %%
commands = {"hangs": ..., "clean": ..., "lesson": ...}
# BEGIN SOLUTION
commands = {"hangs": "restart", "clean": "down, up", "lesson": "down --volumes, up"}
# END SOLUTION
lab.check("commands", commands, survived=survived)

# %% [markdown]
# ## 4. Configuration without a build
#
# The image stays as it is; what differs comes from outside. In the file stands
# `mem_limit: ${SHOP_DB_MEMORY:-256m}`: the value of this variable, or 256m if there is none. Now the
# file `.env` says 128m, and somebody has 192m in the shell, too.

# %%
lab.predict(
    "memory",
    "The default is 256m, `.env` says 128m, the shell says 192m. Which one holds?",
    {"a": "256m, from compose.yaml", "b": "128m, from .env", "c": "192m, from the shell"},
    choice=...,
)


# %%
def memory():
    """How much memory Compose would give to Postgres, in MB."""
    service = compose().config(return_json=True)["services"]["postgres"]
    return int(service["mem_limit"]) // 2**20


ports = (folder / ".env").read_text().split("SHOP_DB_MEMORY")[0]
limits = {"neither": memory()}
write(".env", ports + "SHOP_DB_MEMORY=128m\n")
limits[".env"] = memory()
os.environ["SHOP_DB_MEMORY"] = "192m"
limits[".env and shell"] = memory()
del os.environ["SHOP_DB_MEMORY"]
print(limits)

# %%
lab.recall("memory", truth={256: "a", 128: "b"}.get(limits[".env and shell"], "c"))

# %% [markdown]
# The nearest wins: the shell before `.env`, `.env` before the default. That is handy for one try,
# and a trap if you forgot that a variable is set. **Rule: before you wonder, ask `docker compose
# config`; it tells what holds.**
#
# `up` compares the plan with what runs, and renews only what differs. `.env` still says 128m:


# %%
def identity():
    """What Postgres runs as: container, image, memory in MB."""
    found = docker.container.inspect(container_of("postgres"))
    limit = found.host_config.memory // 2**20
    return {"container": found.id[:12], "image": found.image[7:19], "MB": limit}


before = identity()
compose().up("postgres", detach=True, quiet=True)
after = identity()
pd.DataFrame({"before": before, "after": after})

# %% [markdown]
# A new container from the same image: nothing was built. An **override file** goes further: it can
# change any line. Compose lays it over the first file by simple rules:
#
# | what | the second file … |
# | --- | --- |
# | a single value (`image`, `command`, `mem_limit`) | replaces it |
# | names with values (`environment`, `labels`, `depends_on`) | replaces those it names, adds the others |
# | lists (`ports`, `volumes`) | adds to it |
#
# If it is called `compose.override.yaml`, a plain `docker compose up` takes it by itself.
#
# **Exercise `override`.** You want to look at the rows from this notebook, and Postgres has no door.
# Write an override file, as YAML text, that gives `postgres` a door for programs on *this machine
# only*: port `DB_PORT` of your machine, 5432 inside. Nothing else shall change. (Indent with spaces.
# An f-string puts the number in; in it, a brace that belongs to YAML is written twice.)

# %%
override = ...
# BEGIN SOLUTION
override = f"""
services:
  postgres:
    ports: ["127.0.0.1:{DB_PORT}:5432"]
"""
# END SOLUTION
base, merged, said = compose().config(return_json=True), {}, ""
if isinstance(override, str):
    try:
        merged = compose(write("yours.yaml", override)).config(return_json=True)
    except DockerException as error:
        said = (error.stderr or "").strip().splitlines()[-1]
lab.check("override", override, base=base, merged=merged, said=said, port=DB_PORT)

# %% [markdown]
# From here on the lab uses its own file. And one more way to choose: **profiles**. A service with
# `profiles: [morning]` is not part of `up`, unless somebody asks for this profile or for the service.
#
# ```
# docker compose --profile morning config --services
# ```

# %%
DOOR = f'services: {{postgres: {{ports: ["127.0.0.1:{DB_PORT}:5432"]}}}}\n'
write("door.yaml", DOOR)
without = set(compose("door.yaml").config(return_json=True)["services"])
asked = compose("door.yaml", profiles=["morning"]).config(return_json=True)["services"]
print(f"DB_PORT: {DB_PORT}")
print("without a profile:", ", ".join(sorted(without)))
print("morning adds:     ", ", ".join(set(asked) - without))

# %% [markdown]
# ## 5. Secrets
#
# A password may come in as an environment variable or as a file. Here is a card number for each way.
# Both containers only sleep. The files differ in a few words:

# %%
TWO_WAYS = """
x-sleeper: &sleeper
  {image: lab-kit/postgres, command: [sleep, infinity], init: true, network_mode: none,
   healthcheck: {disable: true}, labels: {lab-kit.lab: 03_compose}}
services:
  by-variable: {<<: *sleeper, environment: {CARD: "${SHOP_CARD}"}}
  by-file: {<<: *sleeper, secrets: [card]}
secrets: {card: {file: ./card}}
"""
cards = {"by-variable": secrets.token_urlsafe(16), "by-file": secrets.token_urlsafe(16)}
card_file = write("card", cards["by-file"])

# %%
two_ways = compose(write("two_ways.yaml", TWO_WAYS))
os.environ["SHOP_CARD"] = cards["by-variable"]
two_ways.up(["by-variable", "by-file"], detach=True, quiet=True)

# %% [markdown]
# **Exercise `leaks`.** For each way: in which of these places can the card number be read? Give a
# list of letters for each; first think, then run. The cell then looks.
#
# | | place |
# | --- | --- |
# | `"a"` | `docker inspect` of the container |
# | `"b"` | `docker compose config`, the plan that one likes to paste into a question |
# | `"c"` | `docker compose exec … env`, what every program in the container inherits |
# | `"d"` | `docker compose exec … cat /run/secrets/card` |

# %%
leaks = {"by-variable": ..., "by-file": ...}
# BEGIN SOLUTION
leaks = {"by-variable": ["a", "b", "c"], "by-file": ["d"]}
# END SOLUTION
plain = two_ways.config(return_json=True)["services"]
seen = {}
for way, card in cards.items():
    described = docker.container.inspect(container_of(way))
    texts = [f"{described.config} {described.mounts}", str(plain[way])]
    for look_inside in ("env", "cat /run/secrets/* || true"):
        texts.append(two_ways.execute(way, ["bash", "-c", look_inside], tty=False))
    seen[way] = [letter for letter, text in zip("abcd", texts, strict=True) if card in text]
lab.check("leaks", leaks, seen=seen)

# %%
places = {"a": "inspect", "b": "config", "c": "env", "d": "cat"}
readable = {way: {text: key in seen[way] for key, text in places.items()} for way in seen}
pd.DataFrame(readable).T.replace({True: "readable", False: "-"})

# %% [markdown]
# A file is no wall against somebody who may use `exec`. But it does not travel: not into the plan, not
# into `inspect`, not into each child process and its crash report. And only the services that name a
# secret get it. **Rule: hand over the file's path in the environment, the secret in the file.** That
# is what `POSTGRES_PASSWORD_FILE` in `compose.yaml` does.
#
# ## 6. Networks and names
#
# Now all servers. `--wait` returns when all are healthy. (It takes a job that ends for a failure, unless
# somebody waits for its success, as `connect` does for `tables`.) This takes up to half a minute.
#
# ```
# docker compose -f compose.yaml -f door.yaml up --detach --wait
# ```

# %%
shop = compose("door.yaml")
begin = time.monotonic()
shop.up(wait=True, quiet=True)
print(f"everything healthy after {time.monotonic() - begin:.1f} s")
found = {s: docker.container.inspect(container_of(s)).state for s in plan["services"]}
starts = pd.Series({service: state.started_at for service, state in found.items()})
starts = (starts - starts.min()).dt.total_seconds().sort_values()
healths = {s: f.health.status if f.running else f"ended: {f.exit_code}" for s, f in found.items()}
pd.DataFrame({"started after s": starts.round(1), "now": pd.Series(healths)}).sort_values(
    "started after s"
)

# %% [markdown]
# Two helpers: who is there in the containers' phone book, and who can be called. `getent ahostsv4` asks
# the question that every program asks when it meets a name.


# %%
def lookup(service, names):
    """The addresses behind each name, as seen from this service."""
    ask = "for n; do echo $(timeout 3 getent ahostsv4 $n | cut -d' ' -f1 | sort -u); done"
    lines = inside(service, "bash", "-c", ask, "ask", *names).split("\n")
    return {n: line or "unknown" for n, line in zip(names, lines, strict=True)}


def can_call(service, host, port):
    """Does somebody answer there, as seen from this service?"""
    call = f"timeout 3 bash -c '</dev/tcp/{host}/{port}' 2>&1 && echo yes || true"
    return inside(service, "bash", "-c", call).endswith("yes")


# %%
NAMES = ("kafka", "connect", "postgres", "localhost")
book = {service: lookup(service, NAMES) for service in NAMES[:3]}
table = pd.DataFrame(book)
table.index.name, table.columns.name = "the name", "seen from"
table

# %% [markdown]
# Compose gives each network a phone book: a service's name leads to its address. A service is only in
# the books of its own networks. So Kafka has never heard of `postgres`: if somebody breaks into Kafka,
# the database is not even a name. `connect` has an address in each network, and is the one door
# between them. And `localhost` is always oneself: *this container*.
#
# **Exercise `reach`.** Who gets an answer? `True` or `False`, without quotes. The cell tries all six.
#
# | | from | to |
# | --- | --- | --- |
# | a | `connect` | `postgres`, port 5432 |
# | b | `connect` | `localhost`, port 5432 |
# | c | `connect` | `postgres`, at the number `DB_PORT` |
# | d | `kafka` | `postgres`, port 5432 |
# | e | this notebook | `127.0.0.1`, at the number `DB_PORT` |
# | f | `watchdog` | `connect`, port 8083 |


# %%
def from_here(port):
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


reach = {"a": ..., "b": ..., "c": ..., "d": ..., "e": ..., "f": ...}
# BEGIN SOLUTION
reach = {"a": True, "b": False, "c": False, "d": False, "e": True, "f": True}
# END SOLUTION
answered = {"a": can_call("connect", "postgres", 5432)}
answered |= {"b": can_call("connect", "localhost", 5432)}
answered |= {"c": can_call("connect", "postgres", DB_PORT)}
answered |= {"d": can_call("kafka", "postgres", 5432), "e": from_here(DB_PORT)}
answered |= {"f": can_call("watchdog", "connect", 8083)}
lab.check("reach", reach, answered=answered)

# %% [markdown]
# **Rule: between containers use the service's name and the port inside; the published port is for your
# machine.** `KAFKA_ADVERTISED_LISTENERS` in `compose.yaml` has two addresses for this reason: Kafka tells
# its clients where to come back to, and that is another place for `connect` than for you.
#
# ## 7. The night of 02:14
#
# Now sales flow, and servers crash. First the topics and the sink, as in lab 00. The kit's helpers
# only need to be told where *this* Kafka is. One setting of the sink is changed: if the database is
# away, it gives up after 4 tries (2 seconds) instead of 120 (a minute).

# %%
import json
from datetime import UTC, datetime, timedelta

from lablib.connect import Connect
from lablib.ledger import Ledger

door = {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{KAFKA_PORT}"}
here = SimpleNamespace(env=door, settings=settings)
for topic in ("sales", "sales.dlq"):
    create_topic(here, topic, partitions=1)
sink = json.loads((settings.stack_files / "connect" / "sales-sink.json").read_text())
sink["config"]["flush.max.retries"] = "4"
print(Connect(f"http://127.0.0.1:{CONNECT_PORT}").register(sink))
ledger = Ledger(folder / "ledger.sqlite")

# %% [markdown]
# Each sale that is sent is noted in `sent`. The rows are counted through the door of part 4; while
# the database is away, the last known count stands.

# %%
import psycopg

sent, live = [], {"session": None, "rows": 0}
ADDRESS = {"host": "127.0.0.1", "port": DB_PORT, "user": "shop", "dbname": "sales"}
ADDRESS["password"] = (folder / "db_password").read_text()


def noted(events):
    for event in events:
        sent.append(event.sale_id)
        yield event


tills = noted(SyntheticSales(seed=int(time.time()), events_per_day=100_000))


# %%
def rows():
    """Count the rows; if nobody answers, tell what was counted last."""
    try:
        if live["session"] is None or live["session"].closed:
            live["session"] = psycopg.connect(**ADDRESS, connect_timeout=2, autocommit=True)
        answer = live["session"].execute("SELECT count(*) FROM sales_raw").fetchone()
        live["rows"] = answer[0]
    except psycopg.OperationalError:
        live["session"] = None
    return live["rows"]


# %%
def new_rows():
    return rows() - live["old"]


def lost():
    """How many sales of this night are no row."""
    return max(0, live["producer"].report.sent - new_rows())


# %%
def look(seen, begin, until, within):
    """Write down both counts again and again until the condition holds."""
    deadline = time.monotonic() + within
    while not until():
        if time.monotonic() > deadline:
            advice = "`docker compose -p lab03-shop ps` in a terminal, then this cell again"
            raise LabError(f"The sales are not through after {within} s.", next=advice)
        seen.append((time.monotonic() - begin, live["producer"].report.acknowledged, new_rows()))
        time.sleep(0.05)


# %%
def incident(seen, begin, break_it, repair):
    """Wait until sales flow, break it, three seconds later repair it, wait until they flow."""
    look(seen, begin, lambda: new_rows() >= 100, within=30)
    moment, report = time.monotonic() - begin, live["producer"].report
    break_it()
    goal = report.sent + 600
    look(seen, begin, lambda: report.sent >= goal, within=30)
    repair()
    look(seen, begin, lambda: new_rows() > goal and report.waiting < 100, within=60)
    goal = report.sent + 100
    look(seen, begin, lambda: report.sent >= goal, within=30)
    return moment


# %%
def night(break_it, repair=lambda: None):
    """Send 200 sales a second, break something, look until all sales are through."""
    seen, begin, live["old"] = [], time.monotonic(), rows()
    producer = live["producer"] = Producer(here, ledger=ledger)
    producer.start(tills, rate=200)
    try:
        moment = incident(seen, begin, break_it, repair)
    finally:
        producer.stop()
        producer.wait(60)
    look(seen, begin, lambda: not lost(), within=30)
    return moment, pd.DataFrame(seen, columns=["second", "acknowledged", "rows"])


# %%
def stood_still(moment, frame, column):
    """The longest time after this moment for which the count did not grow, in seconds."""
    frame = frame[frame["second"] > moment - 0.3]
    steps = frame[frame[column].diff().fillna(1) > 0]["second"]
    return float(steps.diff().max())


# %%
def draw(moment, frame, what):
    """Draw both counts against time, and the moment at which it broke; return both pauses."""
    figure, axes = plt.subplots()
    axes.plot(frame["second"], frame["acknowledged"], label="acknowledged by Kafka")
    axes.plot(frame["second"], frame["rows"], "--", label="rows in Postgres")
    axes.axvline(moment, color=VERMILION, linestyle=":", label=what)
    axes.set(xlabel="seconds", ylabel="sales")
    axes.legend()
    pauses = {count: stood_still(moment, frame, count) for count in ("acknowledged", "rows")}
    told = ", ".join(f"{count} {pause:.1f} s" for count, pause in pauses.items())
    lab.show(figure, alt=f"Two rising lines; the longest pause of each: {told}.")
    return pauses


# %% [markdown]
# **First Postgres.** It is killed, and three seconds later you start it again yourself: a restart policy
# does not bring back what *you* end (lab 01).
#
# ```
# docker compose kill postgres
# docker compose start postgres
# ```

# %%
lab.predict(
    "postgres",
    "Postgres is killed while sales are sent. What happens?",
    {
        "a": "Kafka stops taking sales until Postgres is back",
        "b": "Kafka goes on; the rows stand still and catch up later",
        "c": "Kafka goes on; the sales of these seconds never become rows",
    },
    choice=...,
)

# %%
since = datetime.now(UTC)
outage = night(lambda: shop.kill("postgres"), lambda: shop.start("postgres"))
pauses = draw(*outage, "Postgres killed")
stopped = pauses["acknowledged"] > pauses["rows"] / 2
print(*[f"{count}: longest pause {pause:.1f} s" for count, pause in pauses.items()], sep="\n")
missed = lost()
print(f"sales lost: {missed}")

# %%
lab.recall("postgres", truth="a" if stopped else "c" if missed else "b")

# %% [markdown]
# Kafka is a buffer between the tills and the office: while one side is down, the other goes on. Read
# what the services said meanwhile. (Connect says much; here are the first lines of trouble and a cause.)
#
# ```
# docker compose logs --since 1m connect
# ```

# %%
told = docker.logs(container_of("connect"), since=since).splitlines()
errors = [line.split(" ERROR ")[1] for line in told if " ERROR " in line]
causes = [line.strip() for line in told if line.strip().startswith("Caused by")]
print("connect:", *[line[:110] for line in errors[:3] + causes[:1]], sep="\n  ")
rescue = [
    line for line in docker.logs(container_of("watchdog")).splitlines() if "restarting" in line
]
print("watchdog:", *[line[:150] for line in rescue] or ["(had nothing to do)"], sep="\n  ")
for service in ("connect", "postgres"):
    print(f"{service}: {docker.container.inspect(container_of(service)).state.health.status}")

# %% [markdown]
# Connect is *healthy*: its process answers, and it never ended. But the task in it, which writes the
# rows, may give up when the database goes away, and Docker cannot see that. If the watchdog has a line
# above, it was so, and the watchdog restarted the task. If not, the task's own tries were enough.
# **Rule: a health check speaks for one process. Whether sales arrive, only the rows can tell.**
#
# **Now Kafka**, and nobody helps. The crash comes from *inside* the container, so the policy
# `restart: unless-stopped` applies. (`kill -KILL -1` ends every process but number 1. That one is the
# small `init` from lab 01, which ends when its child does.)

# %%
lab.predict(
    "kafka",
    "Kafka crashes while sales are sent. What happens?",
    {
        "a": "as before: only the rows stand still",
        "b": "both stand still, then go on; the producer has kept its sales",
        "c": "both stand still; the sales of these seconds are lost",
    },
    choice=...,
)


# %%
def crash(service):
    """End all processes of this container from inside, without asking."""
    try:
        inside(service, "bash", "-c", "kill -KILL -1")
    except DockerException:
        pass  # the command died with the others


# %%
outage = night(lambda: crash("kafka"))
pauses = draw(*outage, "Kafka crashed")
stopped = pauses["acknowledged"] > pauses["rows"] / 2
print(*[f"{count}: longest pause {pause:.1f} s" for count, pause in pauses.items()], sep="\n")
missed = lost()
print(f"sales lost: {missed}")

# %%
lab.recall("kafka", truth="a" if not stopped else "c" if missed else "b")

# %% [markdown]
# Nobody acknowledges, so the producer keeps the sales in its memory and tries again. That works as long
# as the producer lives and its memory lasts. **Rule: up to Kafka the sender is responsible; behind it,
# Kafka is.**
#
# Last, a crash that you do not see. One of `kafka`, `connect`, `postgres` crashes, chosen at random. In the
# morning everything is healthy again. This takes up to half a minute.

# %%
hidden = random.choice(["kafka", "connect", "postgres"])
since = datetime.now(UTC)
outage = night(lambda: crash(hidden))
shop.up(wait=True, recreate=False, quiet=True)  # only waits until all are healthy again
still = draw(*outage, "02:14")
print(f"02:14 of this night is {since + timedelta(seconds=outage[0]):%H:%M:%S} UTC.")
for container in shop.ps(sorted(without - {"tables"})):
    print(f"{container.name:24} {container.state.status}, {container.state.health.status}")

# %% [markdown]
# **Exercise `culprit`.** Which service crashed? The picture tells whether it was Kafka. For the rest use a
# cell of your own (the button `+` above makes one). `docker.container.inspect(container_of("kafka")).state`
# has a `started_at`, and `print(docker.logs(container_of("kafka"), since=since))` shows what it said since
# the evening: who began anew? Older lines belong to older crashes.

# %%
culprit = ...
# BEGIN SOLUTION
SUSPECTS = ("kafka", "connect", "postgres")
culprit = max(SUSPECTS, key=lambda s: docker.container.inspect(container_of(s)).state.started_at)
# END SOLUTION
begun = {
    s: docker.container.inspect(container_of(s)).state.started_at for s in without - {"tables"}
}
lab.check("culprit", culprit, begun=begun, still=still)

# %% [markdown]
# ## 8. The morning
#
# Is nothing missing? A sum would hide one lost and one doubled sale. So compare the ids.

# %%
found = [sale for (sale,) in live["session"].execute("SELECT sale_id FROM sales_raw")]
missing, doubled = set(sent) - set(found), len(found) - len(set(found))
print(f"{len(sent)} sales sent: missing {len(missing)}, doubled {doubled}")

# %% [markdown]
# Three crashes, and each sale is there once. Not by luck: Kafka keeps what it has acknowledged in its
# volume, the producer sends again what was not acknowledged, the sink reads again what it had not
# finished, and writes a sale that is there already only over itself.
#
# Head office gets its report: `report.sql` lists the five shops with the highest turnover. The profile
# wakes the job that slept all night.
#
# ```
# docker compose --profile morning run --rm report
# ```

# %%
print(compose(profiles=["morning"]).run("report", remove=True, tty=False, dependencies=False))

# %% [markdown]
# ## Key points
#
# - A Compose file is a **plan**: `up` makes reality fit, `config` tells how the plan is understood.
# - **Started is not ready**: wait for health, and for a job's success.
# - `down` leaves volumes and bind mounts; `down --volumes` leaves only the bind mounts.
# - The shell wins over `.env`, `.env` over the default; an override file changes single lines.
# - Secrets as files do not travel; the environment does.
# - In a container `localhost` is the container. Between containers use names and inside ports.
# - A buffer in the middle lets each side fail alone. Proof is made of ids, not of green lights.
#
# ## Cleaning up
#
# All that carries this lab's label goes, and the project's folder. The images stay. (By hand it would be
# `docker compose down --volumes`.) After that, begin again at the top.

# %%
if live["session"]:
    live["session"].close()
os.environ.pop("SHOP_CARD", None)
print(len(clean_up(docker, "03_compose")), "things removed")
shutil.rmtree(folder, ignore_errors=True)
lab.finish()
