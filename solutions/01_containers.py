# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 01 Containers: a shop, a basket counter, a database
#
# *25 minutes to read, 60 minutes to do. You need lab 00 and a terminal that does not frighten you;
# nothing about Docker. This lab needs a running Docker engine, as labs 02 and 03 do. The labs from
# 04 on do not: without Docker, go on there.*
#
# At the end you will be able to
#
# - make, start, stop and remove a container, and say what is left after each step;
# - say who can reach a port, from the words after `-p`;
# - find out why a container ended, from its exit code, its state and its log;
# - choose a restart policy, and say when it does *not* help;
# - limit memory and processor time, and say what each limit does to a program;
# - say what data dies with a container.

# %%
import random
import secrets
import shlex
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from lablib import Lab

lab = Lab("01_containers")

# %% [markdown]
# Our retail chain opens a web shop. It needs three servers: **nginx** shows the pages, **Redis**
# counts what is in the baskets, **Postgres** keeps the orders. You could install them on a machine.
# Then you have their files everywhere, and one version of each. Or you start each from an **image**:
# a packed file system with the program in it. A **container** is one running copy of it, with walls
# around: its own files, its own network, its own list of processes.
#
# The kit builds the three images itself. The first time takes a minute or two.
#
# | our image | stands for the official image |
# | --- | --- |
# | `lab-kit/nginx` | `nginx:1.26` |
# | `lab-kit/redis` | `redis:8` |
# | `lab-kit/postgres` | `postgres:18` |

# %%
from python_on_whales.exceptions import DockerException, NoSuchContainer

from lablib.docker import LABEL, clean_up, docker_client, lab_image
from lablib.errors import LabError
from lablib.palette import GREEN, GREY, VERMILION

docker = docker_client()
clean_up(docker, "01_containers")
NGINX, REDIS, POSTGRES = lab_image("nginx"), lab_image("redis"), lab_image("postgres")
sizes = {name: docker.image.inspect(name).size / 1e6 for name in (NGINX, REDIS, POSTGRES)}
pd.DataFrame({"size in MB": sizes}).round(0)

# %% [markdown]
# In this notebook Python speaks to Docker: `docker.run(...)` is `docker run ...` in a terminal. (Three
# names differ: `exec` is `execute` here, `cp` is `copy`, `rm` is `remove`.) Each command stands above
# the cell where you meet it first. You need not type it: the cell does the same.
#
# A few small helpers. Each container of this lab begins with `lab01-` and gets a **label**, so that
# this lab can find and remove its own things and nothing else.

# %%
# In the background, with our label, and without health checks: those are a theme of lab 03.
MINE = {"detach": True, "labels": {LABEL: "01_containers"}, "healthcheck": False}


def fresh(name):
    """Give the name back; a container that has it from an earlier run is removed first."""
    if docker.container.exists(name):
        docker.container.remove(name, force=True, volumes=True)
    return name


# %%
def state(name):
    """What Docker knows about the process in this container, right now."""
    try:
        return docker.container.inspect(name).state
    except NoSuchContainer:
        advice = "run the cell that makes it"
        raise LabError(f"{name} does not exist (any more).", next=advice) from None


# %%
def wait_for(question, what, within=30):
    """Ask again and again until the answer is yes, but not for ever."""
    deadline = time.monotonic() + within
    while not (answer := question()):
        if time.monotonic() > deadline:
            advice = "`docker ps -a` and `docker logs NAME` in a terminal, then this cell again"
            raise LabError(f"Waited {within} s for this: {what}.", next=advice)
        time.sleep(0.1)
    return answer


# %%
def succeeds(name, *command):
    """Does this command work inside the container?"""
    try:
        docker.execute(name, list(command))
    except DockerException:
        return False
    return True


# %%
def ready(name, *command):
    """Wait until this command works inside the container; if the container has ended, say so."""

    def works():
        done = succeeds(name, *command)
        if not done and state(name).status == "exited":
            advice = f"`docker logs {name}` in a terminal, then run the cell that makes it"
            raise LabError(f"{name} has ended.", next=advice)
        return done

    wait_for(works, f"{name} answers")


# %% [markdown]
# ## 1. A container is a process with walls
#
# At 02:14 the shop is down, and somebody says "the container is gone". Gone? Stopped? Never
# started? These are three things, with three different repairs. So first: the life of a container.
#
# ```
# docker create --name lab01-shop lab-kit/nginx
# docker start lab01-shop
# docker inspect lab01-shop
# ```

# %%
steps = []


def note(step):
    """Write down how the shop is after this step."""
    now = state("lab01-shop")
    code = now.exit_code if now.status == "exited" else ""
    steps.append({"after": step, "status": now.status, "pid": now.pid, "exit code": code})


docker.container.create(NGINX, name=fresh("lab01-shop"), labels=MINE["labels"])
note("create")
docker.container.start("lab01-shop")
note("start")
pd.DataFrame(steps)

# %% [markdown]
# `create` made the walls and the files, and no process. `start` started the program. `docker run` is
# both in one. (`pid` is the number of the process on the engine's machine; 0 means: no process.)
#
# How do you look into it? `exec` runs one more command *inside* the walls. `logs` shows what the
# program has written to its output, and nothing else: a program that writes its log into a file
# looks silent.
#
# ```
# docker exec lab01-shop curl -s http://127.0.0.1/
# docker logs --tail 1 lab01-shop
# ```

# %%
FETCH = ("curl", "-fs", "http://127.0.0.1/")  # -f: fail on an error, -s: no progress bar
ready("lab01-shop", *FETCH)
print(docker.execute("lab01-shop", list(FETCH)))
wait_for(lambda: "GET" in docker.logs("lab01-shop"), "the visit stands in the log")
print(docker.logs("lab01-shop", tail=1).strip())

# %% [markdown]
# The page came, and your visit is in the log. Now stop the shop.

# %%
lab.predict(
    "after_stop",
    "After `docker stop`: what is left of the container?",
    {
        "a": "nothing",
        "b": "its files and its log, but no process",
        "c": "the process too, only frozen",
    },
    choice=...,
)

# %% [markdown]
# ```
# docker stop lab01-shop
# docker start lab01-shop
# ```

# %%
if not docker.container.exists("lab01-shop"):  # only if you came back to this cell
    docker.run(NGINX, name="lab01-shop", **MINE)
docker.container.stop("lab01-shop")
note("stop")
left_pid, left_log = state("lab01-shop").pid, docker.logs("lab01-shop")
docker.container.start("lab01-shop")
note("start again")
pd.DataFrame(steps)

# %%
lab.recall("after_stop", truth="a" if not left_log else "c" if left_pid else "b")
process = f"process {left_pid}" if left_pid else "no process"
print(f"After the stop: {len(left_log.splitlines())} lines of log, {process}.")

# %% [markdown]
# `stop` ends the process and keeps the rest: the exit code, the log, the files. That is why you can
# still find out at 9 o'clock what happened at 02:14. And `rm` (with `--force`, because it is running)?
#
# ```
# docker rm --force lab01-shop
# docker logs lab01-shop
# ```

# %%
if docker.container.exists("lab01-shop"):
    docker.container.remove("lab01-shop", force=True)
try:
    print(docker.logs("lab01-shop"))
except DockerException as error:
    print("docker logs says:", error.stderr.strip())

# %% [markdown]
# `rm` throws all of it away, the log too. **Rule: look first (`inspect`, `logs`), remove later.**
#
# Now a riddle that everybody meets once. A colleague starts nginx as she does on her own machine.
# There, `nginx` starts the server and gives the prompt back.
#
# ```
# docker run --detach --name lab01-riddle lab-kit/nginx nginx
# docker wait lab01-riddle
# ```

# %%
docker.run(NGINX, ["nginx"], name=fresh("lab01-riddle"), **MINE)
code = docker.wait("lab01-riddle")
now = state("lab01-riddle")
alive = (now.finished_at - now.started_at).total_seconds()
print(f"status {now.status}, exit code {code}, it lived for {alive:.2f} s")

# %% [markdown]
# Exit code 0 means that nothing went wrong! The command `nginx` starts a server *in the background*
# and is done. But a container lives exactly as long as its **first process**, the one with number 1
# inside. When that one ends, the walls come down and everything inside is killed.
#
# **Exercise `foreground`.** Which command keeps the container alive *and* serves the shop's page?
# Give it as a list of words. The cell starts it and looks.


# %%
def attempt(image, name, words, **options):
    """Start a container with the words of your answer. It may well fail."""
    words = shlex.split(words) if isinstance(words, str) else [str(word) for word in words]
    try:
        docker.run(image, words, name=fresh(name), **MINE, **options)
    except DockerException:
        pass  # the container's state says more


# %%
command = ...
# BEGIN SOLUTION
command = ["nginx", "-g", "daemon off;"]
# END SOLUTION
status, serves, first = "not started", False, ""
if command is not ...:
    attempt(NGINX, "lab01-riddle", command)
    begin = time.monotonic()
    while not serves and time.monotonic() - begin < 2:
        serves = succeeds("lab01-riddle", *FETCH)
    status = state("lab01-riddle").status
    first = docker.execute("lab01-riddle", ["cat", "/proc/1/comm"]) if serves else ""
lab.check("foreground", command, status=status, serves=serves, first=first)

# %% [markdown]
# ## 2. Ports: who may come in
#
# A shop that nobody can enter sells nothing, and a database that everybody can enter is in the news.
# Between both lies a short word behind `-p`.

# %%
lab.predict(
    "same_port",
    "Three nginx run at the same time, and each listens on port 80. What happens?",
    {
        "a": "the second one fails: port 80 is taken",
        "b": "all run: each has a port 80 of its own",
        "c": "they share port 80 and take turns",
    },
    choice=...,
)

# %% [markdown]
# nginx listens on port 80 *of its container*. A container has a network of its own, so this is not
# port 80 of your machine. **Publishing** makes a door: `-p 127.0.0.1:28080:80` means "whoever comes
# to port 28080 of the address 127.0.0.1 of this machine is led to port 80 of the container".
#
# | words | who can come in |
# | --- | --- |
# | *(no `-p`)* | other containers of the same network, and `docker exec` |
# | `-p 127.0.0.1:28080:80` | programs on this machine |
# | `-p 127.0.0.1::80` | the same, on a free port that Docker chooses |
# | `-p 28080:80` | everybody who can reach this machine, on every address that it has |
#
# ```
# docker run --detach --name lab01-hidden lab-kit/nginx
# docker run --detach --name lab01-north -p 127.0.0.1::80 lab-kit/nginx
# docker run --detach --name lab01-south -p 127.0.0.1::80 lab-kit/nginx
# docker port lab01-north
# ```
#
# (`docker port` shows the doors. The cell finds them in what `docker inspect` tells.)

# %%
trio = ("lab01-hidden", "lab01-north", "lab01-south")
docker.run(NGINX, name=fresh("lab01-hidden"), **MINE)
docker.run(NGINX, name=fresh("lab01-north"), publish=[("127.0.0.1:", 80)], **MINE)
docker.run(NGINX, name=fresh("lab01-south"), publish=[("127.0.0.1:", 80)], **MINE)


def door(name):
    """Where port 80 of this container is published, as (address, port), or None."""
    doors = docker.container.inspect(name).network_settings.ports["80/tcp"]
    return (doors[0]["HostIp"], int(doors[0]["HostPort"])) if doors else None


# %%
def from_here(name):
    """What this notebook gets from the container's page: an HTTP status, or no door."""
    if door(name) is None:
        return "no door"
    return httpx.get("http://{}:{}/".format(*door(name)), trust_env=False).status_code


for name in trio:
    ready(name, *FETCH)
doors = [{"container": n, "inside: port 80": "answers", "published": door(n)} for n in trio]
for line in doors:
    line["from this notebook"] = from_here(line["container"])
pd.DataFrame(doors)

# %%
running = [state(name).status == "running" for name in trio]
lab.recall("same_port", truth="b" if all(running) else "a")

# %% [markdown]
# Three times port 80, three answers inside, no quarrel. What is scarce are the ports of *your
# machine*. So now ask for a door that is taken: the one of `north`.

# %%
taken = door("lab01-north")[1]
try:
    docker.run(NGINX, name=fresh("lab01-west"), publish=[(f"127.0.0.1:{taken}", 80)], **MINE)
except DockerException as error:
    said = error.stderr.strip().splitlines()[0]
    print("Docker says:", said[max(said.find("Bind for"), 0) :])
print("lab01-west:", state("lab01-west").status)

# %% [markdown]
# Read the last line: the container is `created`, not `running`. It exists, it holds its name, and it
# never ran; its log is empty. Only the engine's answer says why. **Rule: the container's port is the
# program's business, the host's port is yours; and without an address in front it is open to all.**
#
# **Exercise `publish`.** Write the words that stand after `-p` (an empty text if there is to be no
# `-p`). *shop*: all customers in the network come in on port 28080. *report*: an nginx with the sales
# figures, for programs on this machine only, on port 28081. *orders*: Postgres, whose port inside is
# 5432, for other containers only.

# %%
publish = {"shop": ..., "report": ..., "orders": ...}
# BEGIN SOLUTION
publish = {"shop": "28080:80", "report": "127.0.0.1:28081:80", "orders": ""}
# END SOLUTION
lab.check("publish", publish)

# %% [markdown]
# ## 3. Settings from outside: environment variables
#
# One image serves thousands of companies, so what differs has to come from outside. The usual way
# is the **environment**: names with values that a process gets when it starts. The Postgres image
# reads `POSTGRES_USER`, `POSTGRES_DB` and `POSTGRES_PASSWORD`. A colleague is in a hurry and gives
# none:
#
# ```
# docker run --detach --name lab01-hurry lab-kit/postgres
# ```

# %%
hurry = docker.run(POSTGRES, name=fresh("lab01-hurry"), **MINE)
print("docker run is content and prints a number:", hurry.id[:12])

# %%
lab.predict(
    "hurry",
    "`docker run --detach` has reported no error. Is the database running?",
    {
        "a": "yes, with an empty password",
        "b": "yes, with a password that it made up",
        "c": "no",
    },
    choice=...,
)

# %%
hurry_code = docker.wait("lab01-hurry")
print(f"status {state('lab01-hurry').status}, exit code {hurry_code}. Its log:\n")
print(docker.logs("lab01-hurry").strip())

# %%
lab.recall("hurry", truth="c" if hurry_code else "a")

# %% [markdown]
# `--detach` means "start it, and do not wait". Its success says that a process was *started*, not that
# it lives. The reason stands in the log, in plain words. **Rule: after a detached start look at the
# state; if it is `exited`, read the log before you try anything else.**
#
# **Exercise `settings`.** Give a dictionary of environment variables with which the orders'
# database starts: user `shop`, database `orders`, and a password that stands nowhere in this
# notebook: call `secrets.token_urlsafe(16)`. The cell starts it and asks it who and where it is, with
# `psql` inside the container: in there the password is in the environment, too.

# %%
SQL = (
    "PGPASSWORD=$POSTGRES_PASSWORD psql -h 127.0.0.1 -U ${POSTGRES_USER:-postgres} "
    '-d ${POSTGRES_DB:-${POSTGRES_USER:-postgres}} -tAc "$0"'
)


def sql(name, statement):
    """Run one SQL statement with psql inside the container, with the password that is in there."""
    return docker.execute(name, ["bash", "-c", SQL, statement])


def answers_or_ended(name, *command):
    """Does this command work inside the container, or is there nobody left to wait for?"""
    return state(name).status != "running" or succeeds(name, *command)


# %%
settings = ...
# BEGIN SOLUTION
settings = {
    "POSTGRES_USER": "shop",
    "POSTGRES_DB": "orders",
    "POSTGRES_PASSWORD": secrets.token_urlsafe(16),
}
# END SOLUTION
status, who = "not started", ""
ASK = ("bash", "-c", SQL, "SELECT 1")
if isinstance(settings, dict) and ... not in settings.values():
    attempt(POSTGRES, "lab01-yours", [], envs=settings)
    wait_for(lambda: answers_or_ended("lab01-yours", *ASK), "lab01-yours answers or ends")
    status = state("lab01-yours").status
    if status == "running":
        who = sql("lab01-yours", "SELECT current_user || ' in ' || current_database()")
lab.check("settings", settings, status=status, who=who)

# %% [markdown]
# From here on the lab uses its own database. It starts now, with a fresh password, and you ask who
# can see that password.

# %%
ENV = {"POSTGRES_USER": "shop", "POSTGRES_DB": "orders"}
secret = ENV["POSTGRES_PASSWORD"] = secrets.token_urlsafe(16)
docker.run(POSTGRES, name=fresh("lab01-orders"), envs=ENV, **MINE)
ready("lab01-orders", *ASK)
inspected = docker.container.inspect("lab01-orders").config.env
print("variables:", ", ".join(line.split("=")[0] for line in inspected))
print("password in docker inspect:", any(secret in line for line in inspected))
print("password inside, for exec: ", secret in docker.execute("lab01-orders", ["env"]))
print("password in the log:       ", secret in docker.logs("lab01-orders"))

# %% [markdown]
# Whoever may use Docker on this machine can read it with `docker inspect`, as long as the container
# exists. And a variable is fixed: `docker restart` starts the same container with the same values; a
# new value needs a new container. For Postgres even more: it reads these three only when its
# database is *empty*. **Rule: the environment is for settings. A secret in it is only as secret as
# your Docker is.** (Lab 03 uses a file instead: `POSTGRES_PASSWORD_FILE`.)
#
# ## 4. What an exit code tells
#
# A process leaves one number behind. By custom 0 means "done", anything else "something happened".
# If a **signal** ended it, the number is 128 plus the signal's number: SIGTERM is 15 and means
# "please finish", SIGKILL is 9 and cannot be refused. `docker stop` sends SIGTERM (or what the image
# names as its *stop signal*), `docker kill` sends SIGKILL.

# %%
lab.predict(
    "sleeper",
    "`docker stop` for a plain `sleep 600`, which is process number 1. What happens?",
    {
        "a": "it ends at once, exit code 143",
        "b": "it ends at once, exit code 0",
        "c": "nothing at first, and later exit code 137",
    },
    choice=...,
)

# %% [markdown]
# `docker stop` has patience, by default 10 seconds; then it kills. Four containers come to their end
# here, and Docker has a patience of two seconds with them:
#
# ```
# docker run --detach --stop-timeout 2 --name lab01-plain lab-kit/redis sleep 600
# docker run --detach --stop-timeout 2 --name lab01-init --init lab-kit/redis sleep 600
# docker stop lab01-plain
# docker kill lab01-killed
# ```
#
# `--init` puts a tiny program in front of `sleep` as process number 1, which passes signals on.

# %%
PING = ("redis-cli", "ping")


def ending(name, command, init, end):
    """Start Redis, or another command of its image, then end it: how long, and which code?"""
    full = fresh(f"lab01-{name}")
    docker.run(REDIS, command, name=full, init=init, stop_timeout=2, **MINE)
    if not command:
        ready(full, *PING)
    begin = time.monotonic()
    end(full)
    code = docker.wait(full)
    return name, time.monotonic() - begin, code


# %%
ends = [
    ending("redis-server", [], False, docker.stop),
    ending("plain", ["sleep", "600"], False, docker.stop),
    ending("init", ["sleep", "600"], True, docker.stop),
    ending("killed", [], False, docker.kill),
]
pd.DataFrame(ends, columns=["container", "seconds", "exit code"]).round(2)

# %%
names, seconds, codes = zip(*ends, strict=True)
figure, axes = plt.subplots(figsize=(8, 2.5))
bars = axes.barh(names, seconds)
axes.bar_label(bars, labels=[f" exit code {code}" for code in codes])
axes.set(xlabel="seconds from the command to the end", xlim=(0, max(seconds) * 1.3))
axes.invert_yaxis()
axes.grid(False, axis="y")
told = "; ".join(f"{n} {s:.1f} s with exit code {c}" for n, s, c in ends)
lab.show(figure, alt=f"Bars, how long each container took to end: {told}.")

# %%
lab.recall("sleeper", truth="c" if codes[1] == 137 else "b" if codes[1] == 0 else "a")

# %% [markdown]
# Redis heard "please finish", wrote its data to disk and left with 0. The plain `sleep` did not even
# notice: to the process with number 1 Linux delivers only signals that it has asked for. So Docker
# ran out of patience and killed it. Behind `--init` the same `sleep` is an ordinary process: SIGTERM
# ends it, 143. **Rule: 0 is an end in order, 143 is SIGTERM, 137 is SIGKILL; and none of them says who
# sent it.** If a stop always takes its full patience, there is a program that does not listen.
#
# ## 5. Who brings it back
#
# At 02:14 Redis crashes. Nobody is awake. A **restart policy** tells the engine to start the
# container again. There are four: `no` (the default), `on-failure`, `unless-stopped`, `always`.

# %%
lab.predict(
    "kill_policy",
    "A container with `--restart always`. You type `docker kill`. Does it come back?",
    {
        "a": "yes: always means always",
        "b": "no: Docker knows that it was you",
        "c": "yes, but only because its exit code is not 0",
    },
    choice=...,
)

# %% [markdown]
# Four Redis servers, one per policy, and four ways to end: Redis **finishes** by itself (exit code 0),
# Redis **crashes** (a SIGKILL that comes from *inside*, exit code 137), `docker kill` (also 137) and
# `docker stop`. After each the cell looks whether the container runs again. It needs no clock: a
# container that nobody restarts becomes `exited`, one that comes back has a new start time.
#
# ```
# docker run --detach --init --restart unless-stopped --name lab01-unless-stopped lab-kit/redis
# ```

# %%
POLICIES = ("no", "on-failure", "unless-stopped", "always")
for policy in POLICIES:
    docker.run(REDIS, name=fresh(f"lab01-{policy}"), restart=policy, init=True, **MINE)
CRASH = ["bash", "-c", "kill -KILL $(redis-cli info server | grep -oP 'process_id:\\K[0-9]+')"]
EVENTS = {
    "finishes": lambda name: succeeds(name, "redis-cli", "shutdown", "nosave"),
    "crashes": lambda name: succeeds(name, *CRASH),
    "docker kill": docker.kill,
    "docker stop": docker.stop,
}


# %%
def settled(name, before):
    """The container's state, as soon as it has ended for good or runs since another time."""
    now = state(name)
    again = now.status == "running" and now.started_at != before
    return now if again or now.status == "exited" else None


# %%
def comes_back(name, event):
    """End the container in this way; does it run again, and what was its exit code?"""
    if state(name).status != "running":
        docker.start(name)
    ready(name, *PING)
    before = state(name).started_at
    EVENTS[event](name)
    after = wait_for(lambda: settled(name, before), f"{name} ends or comes back")
    return "back" if after.status == "running" else f"stays down ({after.exit_code})"


# %%
def row(policy):
    return {event: comes_back(f"lab01-{policy}", event) for event in EVENTS}


with ThreadPoolExecutor(len(POLICIES)) as pool:  # all four at the same time
    table = dict(zip(POLICIES, pool.map(row, POLICIES), strict=True))
pd.DataFrame(table)

# %%
lab.recall("kill_policy", truth="a" if table["always"]["docker kill"] == "back" else "b")

# %% [markdown]
# (In brackets: the exit code.) Look at the rows *crashes* and *docker kill* in the column `no`: the
# same 137. To the process both are the same SIGKILL. But Docker knows which one came from you, and
# what you end by a command stays ended. So `docker kill` is a poor test of a restart policy: it tests
# the one case in which the policy is off. **Rule: a policy repairs what ends by itself, never what
# you end.**
#
# One difference shows only when the engine itself, or the machine, starts again: `always` then also
# brings back what you had stopped by hand, `unless-stopped` does not, and `on-failure` brings back
# nothing.
#
# **Exercise `policies`.** Choose for each. `on-failure` can end with `:` and a largest number of tries.
# *shop*: comes back after a crash and after the machine restarts; but once you have stopped it by
# hand, it stays down, also after a restart. *stocktaking*: a job each night; if it fails, at most 3
# more tries; once it is done it must not run again. *import*: you run it once by hand, and if it fails
# you want to look at it as it lies there.

# %%
policies = {"shop": ..., "stocktaking": ..., "import": ...}
# BEGIN SOLUTION
policies = {"shop": "unless-stopped", "stocktaking": "on-failure:3", "import": "no"}
# END SOLUTION
lab.check("policies", policies)

# %% [markdown]
# ## 6. Limits
#
# Three servers share one machine. Before Christmas the baskets get full, Redis takes all the memory,
# and the database next to it dies. A **limit** keeps the damage inside the walls. First memory.
# This Redis may have 64 MB, and it gets baskets of 4 MB each, until something happens.

# %%
lab.predict(
    "memory",
    "A container with a limit of 64 MB. Redis in it wants more and more. What happens at the limit?",
    {
        "a": "Redis gets slower",
        "b": "Redis gets an error and refuses the next basket",
        "c": "the kernel kills Redis",
    },
    choice=...,
)

# %% [markdown]
# ```
# docker run --detach --memory 64m --memory-swap 64m --name lab01-baskets lab-kit/redis
# ```
#
# (`--memory-swap` is memory *and* swap space together. The same number twice means: no swap.)

# %%
FULL = "for i = 1, 1000 * ARGV[2] do redis.call('SET', ARGV[1] .. ':' .. i, string.rep('x', 1000)) end"
LOAD = """for sent in $(seq $1 $1 $2); do
    redis-cli EVAL "$0" 0 $sent $1; redis-cli INFO memory | grep used_memory:
done"""


# %%
def fill(name, megabytes, step=4):
    """Put in 4 MB after 4 MB. Return pairs (sent, what Redis uses) and Redis' last complaint."""
    points, complaint = [], ""
    command = ["bash", "-c", LOAD, FULL, str(step), str(megabytes)]
    try:
        for _, line in docker.execute(name, command, stream=True):
            complaint = line.decode().split(" script:")[0] if b"OOM" in line else complaint
            if line.startswith(b"used_memory:"):
                points.append((step * (len(points) + 1), int(line.split(b":")[1]) / 2**20))
    except DockerException:
        pass  # the server is gone
    return points, complaint


# %%
LIMIT = {"memory": "64m", "memory_swap": "64m"}


def redis_with(name, *options, **limits):
    """Start Redis with these options and limits, and wait until it answers."""
    docker.run(REDIS, ["redis-server", *options], name=fresh(name), **limits, **MINE)
    ready(name, *PING)


redis_with("lab01-baskets", **LIMIT)
points, complaint = fill("lab01-baskets", 80)
if len(points) < 20:  # it did not get all: Docker may need a moment to write down why
    wait_for(lambda: state("lab01-baskets").oom_killed, "Docker has noted why it ended", within=5)
end = state("lab01-baskets")
print(f"status {end.status}, exit code {end.exit_code}, OOMKilled {end.oom_killed}")
print("last line of the log:", docker.logs("lab01-baskets", tail=1).strip())

# %%
sent, used = zip(*points, strict=True)
figure, axes = plt.subplots()
axes.plot(sent, used, marker="o", label="memory that Redis uses")
axes.axhline(64, color=GREY, linestyle="--", label="limit of the container")
if end.oom_killed:
    axes.plot(sent[-1] + 4, 64, "X", color=VERMILION, markersize=14, label="killed")
axes.set(xlabel="MB of baskets sent", ylabel="MB", ylim=(0, 75))
axes.legend(loc="lower right")
alt = f"Redis' memory climbs in a line to {used[-1]:.0f} MB after {sent[-1]} MB sent, then it ends."
lab.show(figure, alt=alt)
died = "c" if end.oom_killed else "b" if complaint else "a"
lab.recall("memory", truth=died)

# %% [markdown]
# No error, no last word in the log: the kernel ends a process without asking. **OOM** means *out of
# memory*. The exit code is 137, the same as after `docker kill`; only `OOMKilled` in `docker inspect`
# tells them apart. (The kill came a little before Redis' own count reached 64: code, buffers and small
# gaps between the values need memory, too.) **Rule: give the program a limit of its own, below the
# container's, so that it can say no before the kernel does.**
#
# **Exercise `survive`.** The container keeps its 64 MB. With which options does Redis live through
# the same load, and keep at least 16 MB of baskets? After `redis-server` an option is two words, its
# name and its value: `["--port", "6380"]`. You need `maxmemory` (a size such as `8mb`) and perhaps
# `maxmemory-policy`. Give a list of words. (Redis says OOM for its own limit, too.)

# %%
options = ...
# BEGIN SOLUTION
options = ["--maxmemory", "40mb", "--maxmemory-policy", "noeviction"]
# END SOLUTION
lives, kept, refusal = False, 0.0, ""
if isinstance(options, (list, tuple, str)):
    words = options.split() if isinstance(options, str) else [str(word) for word in options]
    attempt(REDIS, "lab01-yours", ["redis-server", *words], **LIMIT)
    wait_for(lambda: answers_or_ended("lab01-yours", *PING), "lab01-yours answers or ends")
    filled, refusal = fill("lab01-yours", 80)
    lives = len(filled) == 20 and succeeds("lab01-yours", *PING)
    kept = filled[-1][1] if filled else 0.0
lab.check("survive", options, lives=lives, kept=kept, complaint=refusal)

# %% [markdown]
# Now the processor. Two copies of a program that runs in circles for ever. One may use half a
# processor, the other a quarter. Both want a whole one.

# %%
lab.predict(
    "processor",
    "A program in a container with `--cpus 0.25` wants a whole processor. What happens?",
    {
        "a": "it is killed",
        "b": "it runs slower",
        "c": "it gets an error",
    },
    choice=...,
)

# %% [markdown]
# ```
# docker run --detach --cpus 0.25 --memory 32m --name lab01-quarter lab-kit/redis \
#     bash -c 'while :; do :; done'
# docker stats --no-stream lab01-quarter
# ```
#
# `docker stats` looks twice, a second apart, and tells how much each container used in between. 100 %
# is one whole processor.

# %%
CIRCLES = ["bash", "-c", "while :; do :; done"]
docker.run(REDIS, CIRCLES, name=fresh("lab01-half"), cpus=0.5, memory="32m", **MINE)
docker.run(REDIS, CIRCLES, name=fresh("lab01-quarter"), cpus=0.25, memory="32m", **MINE)
measured = docker.stats(["lab01-half", "lab01-quarter", "lab01-orders"])
still = state("lab01-quarter").status
docker.container.remove(["lab01-half", "lab01-quarter"], force=True)
MB = 2**20
rows = [(s.container_name, s.cpu_percentage, s.memory_used / MB, s.memory_limit / MB) for s in measured]
columns = ["container", "% of a processor", "MB used", "MB allowed"]
stats = pd.DataFrame(rows, columns=columns).set_index("container")
stats.round(1)

# %%
figure, axes = plt.subplots(figsize=(8, 2.5))
bars = axes.barh(["--cpus 0.5", "--cpus 0.25", "orders\n(no limit)"], stats["% of a processor"])
axes.bar_label(bars, fmt=" %.1f %%")
axes.set(xlabel="% of one processor", xlim=(0, 100))
axes.invert_yaxis()
axes.grid(False, axis="y")
half, quarter, orders = stats["% of a processor"]
alt = f"Bars of processor use: limit 0.5 {half:.0f} %, 0.25 {quarter:.0f} %, orders {orders:.0f} %."
lab.show(figure, alt=alt)
lab.recall("processor", truth="b" if still == "running" else "a")

# %% [markdown]
# Nobody was killed; the two got their share and waited for the rest of the time. The limit is a
# ceiling, not a promise: on a busy machine the bars stay below 50 and 25. A program can give time back
# by waiting, but it cannot give back memory that holds a basket. **Rule: memory is a wall, processor
# time is a brake.** Look at what the orders are allowed, too: a container without a limit may take all
# that the engine's machine has.
#
# ## 7. What dies with a container
#
# The shop gets a new version: remove the old container, run the new image. Harmless? It depends on
# where the data is. Everything that a container writes goes into its **writable layer**, a thin
# sheet over the image that belongs to this one container. `docker diff` shows what is on it.
#
# One thing per server: a page in the shop, a basket in Redis, an order in Postgres.
#
# ```
# docker cp sale.html lab01-shop:/usr/share/nginx/html/sale.html
# docker diff lab01-shop
# ```

# %%
import tempfile

folder = tempfile.TemporaryDirectory()


def put_page(text):
    """Write a page and copy it into the shop's container."""
    page = Path(folder.name) / "sale.html"
    page.write_text(text)
    docker.copy(page, ("lab01-shop", "/usr/share/nginx/html/sale.html"))


docker.run(NGINX, name=fresh("lab01-shop"), **MINE)
put_page("Milk at half price")
ready("lab01-shop", *FETCH)
print(docker.execute("lab01-shop", ["curl", "-s", "http://127.0.0.1/sale.html"]))
docker.diff("lab01-shop")

# %% [markdown]
# `A` is for added, `C` for changed; a folder is changed when something in it is. (In `/tmp` are
# nginx's own working files.) The image is untouched; the page is on the layer above it.
#
# Three ways to end and begin again: `stop`, `start`; `kill`, `start`; `stop`, `rm`, `run`. Before
# each, every server gets a new piece of data, and after it is asked for exactly this piece.

# %%
lab.predict(
    "layer",
    "`docker kill`, then `docker start`. Which server has lost what it was given just before?",
    {
        "a": "none: the writable layer is still there",
        "b": "Redis only",
        "c": "Redis and Postgres: both were killed while they ran",
        "d": "all three",
    },
    choice=...,
)

# %%
SERVERS = ("lab01-shop", "lab01-baskets", "lab01-orders")


def run_new(*_):
    """Remove all three, and run all three again: same images, same settings, new containers."""
    docker.run(POSTGRES, name=fresh("lab01-orders"), envs=ENV, **MINE)  # it takes the longest
    docker.run(NGINX, name=fresh("lab01-shop"), **MINE)
    docker.run(REDIS, name=fresh("lab01-baskets"), **MINE)


def all_answer():
    ready("lab01-shop", *FETCH)
    ready("lab01-baskets", *PING)
    ready("lab01-orders", *ASK)


# %%
def write(piece):
    """Give each server this piece of data."""
    put_page(piece)
    docker.execute("lab01-baskets", ["redis-cli", "SET", piece, "1"])
    table = "SET client_min_messages = error; CREATE TABLE IF NOT EXISTS orders (item text);"
    sql("lab01-orders", f"{table} INSERT INTO orders VALUES ('{piece}')")


# %%
def find(piece):
    """Ask each server for it."""
    page = succeeds("lab01-shop", "grep", "-q", piece, "/usr/share/nginx/html/sale.html")
    basket = docker.execute("lab01-baskets", ["redis-cli", "EXISTS", piece]) == "1"
    rows = f"SELECT 1 / count(*) FROM orders WHERE item = '{piece}'"  # an error if there is none
    order = succeeds("lab01-orders", "bash", "-c", SQL, rows)
    return {"page in nginx": page, "basket in Redis": basket, "order in Postgres": order}


# %%
WAYS = {
    "stop, start": (docker.stop, docker.start),
    "kill, start": (docker.kill, docker.start),
    "stop, rm, run": (docker.stop, run_new),
}
docker.start([name for name in SERVERS if state(name).status == "exited"])
all_answer()

# %%
found = {}
for way, (finish, again) in WAYS.items():
    write(way)
    finish(list(SERVERS))
    again(list(SERVERS))
    all_answer()
    found[way] = find(way)

# %%
from matplotlib.colors import ListedColormap

grid = pd.DataFrame(found)
figure, axes = plt.subplots(figsize=(8, 2.6))
axes.imshow(grid, cmap=ListedColormap([VERMILION, GREEN]), vmin=0, vmax=1, aspect="auto")
for (y, x), there in np.ndenumerate(grid):
    axes.text(x, y, "there" if there else "gone", ha="center", va="center", color="white")
axes.set_xticks(range(3), grid.columns)
axes.set_yticks(range(3), grid.index)
axes.grid(False)
gone = [f"{thing} after {way}" for way in grid for thing in grid.index if not grid.loc[thing, way]]
lab.show(figure, alt=f"A grid of data against ways to begin again. Gone: {'; '.join(gone)}.")

# %%
lost = set(grid.index[~grid["kill, start"]])
one, two = {"basket in Redis"}, {"basket in Redis", "order in Postgres"}
lab.recall("layer", truth="a" if not lost else "b" if lost == one else "c" if lost == two else "d")

# %% [markdown]
# The last column is the lesson: `rm` removes the writable layer, and a new container begins with the
# bare image. The middle column is the trap. The layer was still there, but Redis keeps its data in
# *memory* and writes it to disk now and then, or when it is asked to finish; a kill does not ask.
# Postgres says "done" only when the order is on disk, and so survives.
# **Rule: data that shall outlive a container must not live in the container.** It lives in a
# *volume*, and that is lab 03. (The official Redis and Postgres images name a volume themselves. Even
# so a new container gets a new, empty one, unless you name the old.)
#
# **Exercise `kept`.** Redis is empty and gets 5 baskets. `docker stop`, `docker start`. It gets 3 more.
# `docker kill`, `docker start`. How many baskets does it have? Think, write the number, then run.

# %%
kept = ...
# BEGIN SOLUTION
kept = 5
# END SOLUTION
redis_with("lab01-baskets")
for count, finish in ((5, docker.stop), (3, docker.kill)):
    baskets = [f"{finish.__name__}-{number}" for number in range(count)]
    pairs = [word for basket in baskets for word in (basket, "1")]
    docker.execute("lab01-baskets", ["redis-cli", "MSET", *pairs])
    finish("lab01-baskets")
    docker.start("lab01-baskets")
    ready("lab01-baskets", *PING)
lab.check("kept", kept, seen=int(docker.execute("lab01-baskets", ["redis-cli", "DBSIZE"])))

# %% [markdown]
# ## 8. The night of 02:14
#
# In the morning five containers lie there, all `exited`. Next is a cell that makes this night, in an
# order that nobody knows. You need not read it, and you learn more if you do not.

# %%
night = [f"lab01-night-{number}" for number in range(1, 6)]
hidden = random.sample([fresh(name) for name in night], k=5)
docker.run(NGINX, name=hidden[0], **MINE)
docker.run(POSTGRES, name=hidden[1], **MINE)
docker.run(REDIS, name=hidden[2], **MINE | LIMIT)
docker.run(REDIS, name=hidden[3], **MINE)
docker.run(REDIS, ["redis-sever"], name=hidden[4], **MINE)
for name, command in ((hidden[0], FETCH), (hidden[2], PING), (hidden[3], PING)):
    ready(name, *command)

# %%
fill(hidden[2], 100, step=25)
docker.stop(hidden[0])
if state(hidden[3]).running:  # not, if this cell is run a second time
    docker.kill(hidden[3])
ended = lambda: all(state(name).status == "exited" for name in night)
wait_for(lambda: ended() and state(hidden[2]).oom_killed, "all five have ended, one out of memory")
print("02:14. All five have ended.")

# %% [markdown]
# **Exercise `night`.** What happened to each? The causes are `"stopped in order"`,
# `"no password"`, `"out of memory"`, `"killed from outside"`, `"program not found"`, each once. Look at
# `state(name)` and `docker.logs(name)` in a cell of your own (the button `+` above makes one), then
# fill in. By hand or by a few lines of Python: both are fine.

# %%
causes = {name: ... for name in night}
# BEGIN SOLUTION
BY_CODE = {0: "stopped in order", 1: "no password", 127: "program not found"}
for name in night:
    print(name, state(name).exit_code, state(name).oom_killed, docker.logs(name, tail=1).strip())
    killed = "out of memory" if state(name).oom_killed else "killed from outside"
    causes[name] = BY_CODE.get(state(name).exit_code, killed)
# END SOLUTION
facts = {name: (state(name).exit_code, state(name).oom_killed) for name in night}
lab.check("night", causes, facts=facts)

# %% [markdown]
# ## Key points
#
# - A container is a **process** with walls, and lives exactly as long as process number 1.
# - `stop` keeps files, log and exit code; `rm` keeps nothing. Look first, remove later.
# - `-p 127.0.0.1:28080:80` is a door for this machine; without the address it is a door for all.
# - The environment is for settings; `docker inspect` shows it to everyone who may use Docker.
# - **0** is an end in order, **127** "no such program", **143** SIGTERM, **137** SIGKILL: from you, or,
#   with `OOMKilled`, from the kernel.
# - A restart policy repairs what ends by itself, never what you end.
# - Memory is a wall, processor time is a brake.
# - What is in the writable layer dies with the container.
#
# ## Cleaning up
#
# All that carries this lab's label goes, and nothing else. The images stay: the next labs use them.

# %%
folder.cleanup()
print(len(clean_up(docker, "01_containers")), "things removed")
lab.finish()
