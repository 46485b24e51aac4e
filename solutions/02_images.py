# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 02 Images: small, the same every time, and silent
#
# *25 minutes to read, 65 minutes to do. You need lab 01. This lab needs a running Docker engine, as
# labs 01 and 03 do. The labs from 04 on do not: without Docker, go on there.*
#
# At the end you will be able to
#
# - write a Dockerfile for a Python producer and for a piece of Kafka in Java;
# - say which steps are built again after a change, and put them in the order that saves time;
# - keep out of an image what it does not need: the compiler, the neighbour's files, root;
# - prove that two builds give the same image, and find the file that spoils it;
# - find a password in somebody's image, and build without leaving one.

# %%
from lablib import Lab

lab = Lab("02_images")

# %%
import base64
import gzip
import hashlib
import io
import re
import secrets
import shutil
import subprocess
import tarfile
import tempfile
import time
import zipfile

# %% [markdown]
# Twelve shops get a new producer: a small Python program that sends sales. "It works on my machine",
# says its author. It needs Python 3.13 and one package, and no shop has them. So we do not send the
# program. We send an **image**: a packed file system with the program *and all it needs*, and the
# command that starts it. A text file says how it is made: the **Dockerfile**.
#
# This cell removes what an earlier run of this lab has left, and makes a folder for our files.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from python_on_whales.exceptions import DockerException

from lablib.artifacts import Artifacts
from lablib.docker import LABEL, ca_bundle, clean_up, docker_client
from lablib.errors import LabError
from lablib.palette import GREEN, GREY, VERMILION
from lablib.settings import load_settings
from lablib.versions import versions

# %%
docker = docker_client()
clean_up(docker, "02_images")
SETTINGS, MINE = load_settings(), {LABEL: "02_images"}
pd.set_option("display.max_colwidth", 200)

# %%
BASE = versions(SETTINGS.stack_files / "versions.env")["BASE_IMAGE"]
folder = tempfile.TemporaryDirectory(prefix="lab02-")
HOME = Path(folder.name)
SHOP, TELLER, VAULT = HOME / "producer", HOME / "teller", HOME / "vault"
for place in (SHOP, TELLER, VAULT):
    place.mkdir()
print("Every image of this lab begins with", BASE)
print("Our files are in", HOME)

# %% [markdown]
# ## 1. A recipe and its layers
#
# The producer first. It makes a sale up from a *seed*, so the same seed gives the same sale. It sends
# the sale only if somebody tells it, by `BROKER`, where Kafka is. So we can try it without Kafka.

# %%
(SHOP / "producer.py").write_text("""\
import json, os, random, sys
import confluent_kafka

chance = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
sale = {"store_id": f"S{chance.randint(1, 12):02}", "sku": f"SKU-{chance.randint(1, 300):04}"}
print("confluent-kafka", confluent_kafka.__version__, json.dumps(sale))
if "BROKER" in os.environ:
    producer = confluent_kafka.Producer({"bootstrap.servers": os.environ["BROKER"]})
    producer.produce("sales", json.dumps(sale), sale["store_id"])
    sys.exit(producer.flush(10))  # how many are still waiting after 10 s; 0 is success
""");  # fmt: skip

# %% [markdown]
# Then the list of what it needs. The kit's own `requirements.lock` names each package with its exact
# version and its **hashes**. A package with any other content is refused, whoever sends it.

# %%
lock = (SETTINGS.home / "requirements.lock").read_text()
needed = re.search(r"^confluent-kafka==(?:.*\\\n)+.*\n", lock, re.MULTILINE)[0]
(SHOP / "requirements.txt").write_text(needed)
print("\n".join(needed.splitlines()[:2]), f"\n... and {len(needed.splitlines()) - 2} more hashes")

# %% [markdown]
# And the recipe. Read it line by line:
#
# | word | what it does |
# | --- | --- |
# | `FROM` | begins with another image |
# | `RUN` | runs a command in it and keeps what changed on the disk |
# | `WORKDIR` | makes a folder and goes there |
# | `COPY` | copies files from *your* folder into the image |
# | `ENTRYPOINT` | notes which program a container runs; as a list in brackets, it hands on your words |
# | `ARG` | a name with a value for this stage of the build: `ARG NAME=value`, used as `$NAME` |
# | `ENV` | the same, and the containers have it, too |
#
# `BASE_IMAGE` gets its value when we build, so that the version stands in one place only. The words
# `--mount=...` help where a network inspects TLS; section 7 shows what they are.

# %%
FIRST = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
RUN apt-get update -q && apt-get install -qy --no-install-recommends python3-pip ca-certificates
WORKDIR /app
COPY . .
RUN --mount=type=secret,id=ca_bundle,target=/etc/ssl/certs/ca-certificates.crt \\
    pip install -q --no-deps --require-hashes --target=. -r requirements.txt
ENTRYPOINT ["python3", "/app/producer.py"]
"""
(SHOP / "Dockerfile").write_text(FIRST);  # fmt: skip

# %% [markdown]
# In a terminal you would go to the folder `producer` in the one named above, and type this. The dot is
# the folder to build from:
#
# ```
# docker build --progress=plain --tag lab02-producer --build-arg BASE_IMAGE=debian:... .
# ```
#
# Our `build` does the same by `docker.build(...)`, and keeps the log and the time.

# %%
CERTIFICATES = [f"id=ca_bundle,src={ca_bundle()}"] if ca_bundle() else []


def build(place, tag, secrets=(), build_args=(), **options):
    """Build the Dockerfile of this folder. Return the log, line by line, and the seconds."""
    options |= {"labels": MINE, "build_args": {"BASE_IMAGE": BASE, **dict(build_args)}}
    options |= {"secrets": [*CERTIFICATES, *secrets], "progress": "plain", "stream_logs": True}
    begin = time.monotonic()
    try:
        log = [line.rstrip() for line in docker.build(place, tags=tag, **options)]
    except DockerException as error:
        raise LabError(f"{tag} was not built.", reason(error)) from None
    return log, time.monotonic() - begin


# %%
def reason(error):
    """Why it failed: the last lines that the command wrote, or else what Docker says."""
    if isinstance(error, LabError):
        return error.seen
    text = error.stderr or str(error)
    failed = re.search(r"^(#\d+) ERROR", text, re.MULTILINE)
    own = re.findall(rf"^{failed[1]} \d+\.\d+ (.+)$", text, re.MULTILINE) if failed else []
    own = [line for line in own if "\tat " not in line]  # at: of a Java error
    refused = [line for line in own if "CERTIFICATE_VERIFY_FAILED" in line]
    said = [line for line in text.splitlines() if line.strip(" -")][-1]
    return "\n".join(refused[-1:] or own[-4:] or [said.removeprefix("ERROR: failed to solve: ")])[-280:]


# %%
def steps(log):
    """One row per step of a Dockerfile: was it taken from the cache, how long did it take?"""
    text = re.sub(r"--mount=\S+\s+|(?<=\S) +(?= )", "", "\n".join(log))
    named = re.findall(r"^(#\d+) \[([^\]]*?)(\d+)/\d+\] (.*)$", text, re.MULTILINE)
    ends = re.findall(r"^(#\d+) (CACHED|DONE)(?: ([\d.]+)s)?$", text, re.MULTILINE)
    ended = {key: (end == "CACHED", float(seconds or 0)) for key, end, seconds in ends}
    places = sorted((stage, int(number), key, step) for key, stage, number, step in named)
    rows = [(step, *ended[key]) for _, _, key, step in places if step[:4] != "FROM" and key in ended]
    return pd.DataFrame(rows, columns=["step", "cached", "seconds"])


# %%
log, seconds = build(SHOP, "lab02-producer")
print(f"Built in {seconds:.1f} s.")
steps(log)

# %% [markdown]
# (The first time takes longest. If `cached` is true, a step was made before, in an earlier run.) Does
# it work? `docker run --rm lab02-producer 7` hands the seed 7
# to the program. Our `run` also returns the **exit code**; you know it from lab 01.


# %%
def run(image, *words, **options):
    """Run a container to its end. Return its exit code and the lines that it wrote."""
    box = docker.run(image, list(words), detach=True, labels=MINE, **options)
    code, said = docker.wait(box), docker.logs(box).splitlines()
    docker.container.remove(box, volumes=True)
    return code, [line for line in said if not line.startswith("SLF4J")]


for seed in ("7", "7", "8"):
    code, said = run("lab02-producer", seed)
    print(f"seed {seed}, exit code {code}:", *said)

# %% [markdown]
# The same seed, the same sale, on every machine with Docker. What does the image weigh?

# %%
lab.predict(
    "heaviest",
    "Which line of the Dockerfile brings the most megabytes?",
    {
        "a": "FROM: a whole Debian",
        "b": "RUN apt-get: Python with pip",
        "c": "COPY: our own files",
        "d": "RUN pip: the package confluent-kafka",
    },
    choice=...,
)

# %% [markdown]
# Each line that changes files leaves a **layer**: the files that it added or changed. An image is a
# stack of layers. `docker history` lists them. (The library that we use has no such call, so Python
# runs the very command.)


# %%
def history(image):
    """The layers of an image, the lowest first: what made each, and its size in MB."""
    form = "{{.Size}}\t{{.CreatedBy}}"
    words = ["docker", "history", "--human=false", "--no-trunc", "--format", form, image]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [line.split("\t") for line in reversed(lines)]
    made = [re.sub(r"^(RUN.*?) /bin/sh -c|( # buildkit)$", r"\1", line) for _, line in rows]
    megabytes = [round(int(size) / 1e6, 1) for size, _ in rows]
    return pd.DataFrame({"MB": megabytes, "made by": [line or "(the base image)" for line in made]})


history("lab02-producer")

# %%
layers = history("lab02-producer")
heaviest = layers["made by"][layers["MB"].idxmax()]
key = {"RUN apt-get": "b", "COPY .": "c", "RUN pip": "d"}.get(" ".join(heaviest.split()[:2]), "a")
lab.recall("heaviest", truth=key)

# %% [markdown]
# The shop does not install anything, yet it carries pip, and apt's lists of all packages of Debian.
# How many megabytes are they?

# %%
USELESS = ["/usr/lib/python3/dist-packages/pip", "/var/lib/apt/lists"]
print(*run("lab02-producer", "-sm", *USELESS, entrypoint="du")[1], sep="\n")

# %% [markdown]
# Section 5 gets rid of both. Lines such as `ENTRYPOINT` have 0 MB: they only note
# something in the image's description. **Rule: a layer holds what one line changed, and layers are
# never changed again, only covered.**
#
# ## 2. The cache: what is built again
#
# You correct one letter of `producer.py`. Does the build now take as long as the first time? That
# depends on the Dockerfile.

# %%
lab.predict(
    "letter",
    "One letter of producer.py changes, the Dockerfile does not. What is built again?",
    {
        "a": "only the step COPY: nothing else looks at this file",
        "b": "the step COPY and every step after it",
        "c": "all steps",
    },
    choice=...,
)

# %% [markdown]
# Three experiments: a new *date* on the file and the same content; a new letter in the program; a new
# comment in the list of packages. (`time_ns` makes the comment one that no build has seen before.)


# %%
def append(path, line=None):
    """Add a line to a file: this one, or a comment that was never there before."""
    path.write_text(f"{path.read_text()}{line or f'# {time.time_ns()}'}\n")


# %%
def rebuild(what, place, tag):
    """Build again and note which steps were taken from the cache."""
    log, seconds = build(place, tag)
    names = steps(log)["step"].str.split().str[:2].str.join(" ")
    states = steps(log)["cached"].map({True: "cached", False: "built"})
    return {"changed": what, "seconds": round(seconds, 1), **dict(zip(names, states, strict=True))}


# %%
(SHOP / "producer.py").touch()
trials = [rebuild("only the date", SHOP, "lab02-producer")]
append(SHOP / "producer.py")
trials.append(rebuild("producer.py", SHOP, "lab02-producer"))
append(SHOP / "requirements.txt")
trials.append(rebuild("requirements.txt", SHOP, "lab02-producer"))
pd.DataFrame(trials)

# %%
lab.recall("letter", truth="b" if trials[1]["RUN pip"] == "built" else "a")

# %% [markdown]
# For each step Docker asks: *did I do exactly this before, on exactly this ground?* For `RUN` it
# compares the text of the command. For `COPY` it compares the *content* of the files; a date does not
# matter. The first step that is new changes the ground for all that follow. **Rule: once one step
# is built, every step after it is built. So what changes seldom stands on top.**
#
# A trap lies in it: `RUN apt-get update` has the same text next month, too. From the cache you then
# get last month's packages. Once in a while one builds with `--no-cache`.
#
# **Exercise `order`.** Programs change every day, packages twice a year. Write a Dockerfile with
# which a change of `producer.py` does *not* install the packages again. A change of
# `requirements.txt` must still do it. You may begin with `FIRST` and move lines. (In a Python text,
# the `\` at the end of a line is written `\\`.)


# %%
def shop_with(dockerfile):
    """A new copy of the producer's folder, with this Dockerfile."""
    place = Path(tempfile.mkdtemp(dir=HOME)) / "shop"
    shutil.copytree(SHOP, place)
    (place / "Dockerfile").write_text(dockerfile)
    return place


def built_after(path, line):
    """Add a line to a file and build its folder again: which steps were not in the cache?"""
    append(path, line)
    table = steps(build(path.parent, "lab02-order")[0])
    return table["step"][~table["cached"]].to_list()


# %%
def try_order(text):
    """Build it; change the program, build again; change the list, build again."""
    place, newer = shop_with(text), f"newer-{time.time_ns()}"
    try:
        build(place, "lab02-order")
        print("Built. Now the program changes, then the list: it is built twice more.")
        program = built_after(place / "producer.py", f"print('{newer}')")
        fresh = any(newer in line for line in run("lab02-order", "7")[1])
        packages = built_after(place / "requirements.txt", f"# {newer}")
    except (DockerException, LabError) as error:
        return {"error": reason(error)}
    return {"error": "", "new program": fresh, "after program": program, "after list": packages}


# %%
better = ...
# BEGIN SOLUTION
better = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
RUN apt-get update -q && apt-get install -qy --no-install-recommends python3-pip ca-certificates
WORKDIR /app
COPY requirements.txt .
RUN --mount=type=secret,id=ca_bundle,target=/etc/ssl/certs/ca-certificates.crt \\
    pip install -q --no-deps --require-hashes --target=. -r requirements.txt
COPY producer.py .
ENTRYPOINT ["python3", "/app/producer.py"]
"""
# END SOLUTION
seen = try_order(better) if isinstance(better, str) else {}
lab.check("order", better, seen=seen)

# %% [markdown]
# ## 3. What the folder sends
#
# `COPY . .` copies *the folder*. Yours is tidy. Your colleague's has an export of the sales, the
# history of git, and a file `.env` with the password of the database. All of it is the **build
# context**: it is sent to the Docker engine before the first step.

# %%
CONTENT = """\
FROM lab02-producer
RUN rm -rf /app/*
COPY . .
"""


# %%
def colleague():
    """A new copy of the producer's folder, with what lies around on a colleague's disk."""
    place = shop_with(CONTENT)
    (place / "export.csv").write_bytes(b"S03,SKU-0112,2,1.29\n" * 1_500_000)
    (place / ".env").write_text(f"DB_PASSWORD={secrets.token_urlsafe(24)}\n")
    (place / ".git").mkdir()
    (place / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return place


# %%
def parcel(place):
    """Build an image that only copies the folder. Return the MB sent and the files received."""
    log, _ = build(place, "lab02-parcel")
    sent = re.findall(r"transferring context: ([\d.]+)([kM]?)B", "\n".join(log))
    megabytes = max(float(n) * {"": 1e-6, "k": 1e-3, "M": 1}[unit] for n, unit in sent)
    return megabytes, run("lab02-parcel", "-A", "/app", entrypoint="ls")[1]


# %%
megabytes, files = parcel(colleague())
print(f"{megabytes:.1f} MB were sent. In the image: {', '.join(files)}")

# %% [markdown]
# Whoever has the image has the password. And a new line in the export makes every step after `COPY`
# run again. A file `.dockerignore` beside the Dockerfile says what is *not* sent: one pattern per
# line, `*` for everything. A line that begins with `!` takes something back in.
#
# **Exercise `ignore`.** Write the text of a `.dockerignore`, with which this folder sends the program
# and its list of packages, and nothing that the image does not need. The cell also puts a new file
# `till-backup.csv` into the folder, as the colleague will do next week.

# %%
ignore = ...
# BEGIN SOLUTION
ignore = """\
*
!producer.py
!requirements.txt
"""
# END SOLUTION
megabytes, files = 0.0, []
if isinstance(ignore, str):
    place = colleague()
    (place / "till-backup.csv").write_text("S03,SKU-0112,2,1.29\n")
    (place / ".dockerignore").write_text(ignore)
    try:
        megabytes, files = parcel(place)
    except LabError as error:
        files = [f"error: {error.seen}"]
lab.check("ignore", ignore, megabytes=megabytes, files=files)

# %% [markdown]
# ## 4. Two stages: the workshop stays at home
#
# Now a piece of Kafka in Java. The support desk asks ten times a day: *in which of the 3 partitions of
# the topic `sales` are the sales of shop S02?* Kafka's own library computes it from the key. Our
# program asks the library. It needs no broker.

# %%
(TELLER / "Teller.java").write_text("""\
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.common.utils.Utils;

public class Teller {
    public static void main(String[] stores) {
        System.out.println("kafka-clients " + AppInfoParser.getVersion());
        for (String store : stores)
            System.out.println(store + " " + Utils.toPositive(Utils.murmur2(store.getBytes())) % 3);
    }
}
""");  # fmt: skip

# %% [markdown]
# The library is a **jar**, a packed folder of compiled Java. The kit has it in its cache, fetched from
# Maven Central and compared with the hash in `stack/jars.lock`. If you have never run the stack on
# this machine, all archives of the kit are fetched now.

# %%
artifacts = Artifacts(SETTINGS)
jars = [jar for jar in artifacts.jars("connect") if jar.name.startswith(("kafka-cl", "slf4j-api"))]
if not all(jar.exists() for jar in jars):
    artifacts.fetch()
(TELLER / "lib").mkdir(exist_ok=True)
for jar in jars:
    shutil.copy(jar, TELLER / "lib")
    print(f"{jar.stat().st_size / 1e6:6.1f} MB  {jar.name}")

# %% [markdown]
# To *compile* Java one needs a **JDK**: compiler, tools, all of Java. We make an image of it, our
# workshop, `lab02-jdk`. The first time it takes about half a minute. Its `RUN` is, letter for letter,
# the one of the kit's Kafka image. So if that was built on your Docker, the cache has this step
# already, whatever image it was for.

# %%
(TELLER / "Dockerfile").write_text("""\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
RUN mkdir -p /usr/share/man/man1 && apt-get update -q && \\
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends binutils openjdk-25-jdk-headless
""")  # fmt: skip
log, seconds = build(TELLER, "lab02-jdk")
print(f"Built in {seconds:.1f} s.")
steps(log)

# %% [markdown]
# First the simple way, **one stage**: begin with the workshop (`FROM lab02-jdk`: an image of ours is as
# good as one from the network), compile in it, and send all of it to the shops.

# %%
(TELLER / "Dockerfile").write_text("""\
FROM lab02-jdk
COPY lib /opt/teller/lib
COPY Teller.java .
RUN javac -cp '/opt/teller/lib/*' -d /opt/teller Teller.java
ENTRYPOINT ["java", "-cp", "/opt/teller:/opt/teller/lib/*", "Teller"]
""")  # fmt: skip
build(TELLER, "lab02-one-stage")
code, said = run("lab02-one-stage", "S01", "S02", "S03")
print(*said, f"exit code {code}", sep="\n")

# %% [markdown]
# (Kafka's library reports through SLF4J, and we gave it nobody to report to. It complains about that
# in three lines, which our `run` leaves out.)
#
# It works. To *run* it, a compiler is not needed. Nor are most parts of Java: since version 9 it
# consists of **modules**, and the tool `jlink` makes a small Java of those that you name. So, **two
# stages**: a Dockerfile may have several `FROM`. Only the last one becomes the image. The others are
# workshops; `COPY --from=build` carries over what we want to keep. (Here the chain of section 2 ends:
# if the same *content* comes out of a workshop that was built again, this `COPY` is cached.)

# %%
TWO_STAGES = """\
ARG BASE_IMAGE
FROM lab02-jdk AS build
ARG MODULES
RUN jlink --output /opt/java --no-man-pages --no-header-files --add-modules $MODULES
COPY lib /opt/teller/lib
COPY Teller.java .
RUN javac -cp '/opt/teller/lib/*' -d /opt/teller Teller.java

FROM ${BASE_IMAGE}
COPY --from=build /opt /opt
ENTRYPOINT ["/opt/java/bin/java", "-cp", "/opt/teller:/opt/teller/lib/*", "Teller"]
"""

# %% [markdown]
# `jlink` stands before the program: it takes longest, and the program changes more often than the
# list of modules. We try it with `java.base`, the heart of Java.
#
# ```
# docker build --tag lab02-two-stages --build-arg MODULES=java.base .
# ```

# %%
(TELLER / "Dockerfile").write_text(TWO_STAGES)
log, seconds = build(TELLER, "lab02-two-stages", build_args={"MODULES": "java.base"})
print(f"Built in {seconds:.1f} s.")
steps(log)


# %%
def megabytes_of(image):
    """The size of an image: the sum of its layers."""
    return history(image)["MB"].sum()


names = ["lab02-producer", "lab02-jdk", "lab02-one-stage", "lab02-two-stages"]
sizes = {name: megabytes_of(name) for name in names}
pd.DataFrame({"MB": sizes}).round(0)

# %%
figure, axes = plt.subplots()
colours = [GREEN if size < 200 else GREY for size in sizes.values()]
bars = axes.barh(names, sizes.values(), color=colours)
axes.bar_label(bars, fmt="%.0f", label_type="center", color="white", weight="bold")
axes.axvline(200, color=VERMILION, linestyle="--", label="200 MB: our limit for what goes to a shop")
axes.invert_yaxis()
axes.set(xlabel="MB", axisbelow=True)
figure.legend(loc="outside upper right")
told = ", ".join(f"{name} {size:.0f} MB" for name, size in sizes.items())
lab.show(figure, alt=f"Bars with a line at 200 MB: {told}.")

# %% [markdown]
# Compare the two tellers: only the one of two stages is under the line. A small image is faster to send
# to twelve shops. And what is not in it cannot be attacked, and need not be updated. **Rule: build in
# a workshop, send only what runs.**
#
# But does it run?

# %%
code, said = run("lab02-two-stages", "S02")
print(f"exit code {code}", *said[:4], sep="\n")

# %% [markdown]
# We cut away too much. Kafka's library uses a class that is not in `java.base`.
#
# **Exercise `modules`.** Read the error. Which modules must `jlink` take, as few as you can? Give them as one text, with a
# comma between two. These are some of Java's modules, and what their classes' names begin with:
#
# | module | classes |
# | --- | --- |
# | `java.base` | `java.lang`, `java.util`, `java.io` |
# | `java.logging` | `java.util.logging` |
# | `java.management` | `java.lang.management`, `javax.management` |
# | `java.naming` | `javax.naming` |
# | `java.sql` | `java.sql`, `javax.sql` |
# | `java.desktop` | `java.awt`, `javax.swing`, `javax.imageio` |

# %%
modules = ...
# BEGIN SOLUTION
modules = "java.base,java.management"
# END SOLUTION
seen = {}
if isinstance(modules, str):
    (TELLER / "Dockerfile").write_text(TWO_STAGES)
    try:
        build(TELLER, "lab02-teller", build_args={"MODULES": modules})
        code, said = run("lab02-teller", "S01", "S02", "S03")
        seen = {"error": "", "code": code, "said": said, "MB": megabytes_of("lab02-teller")}
    except LabError as error:
        seen = {"error": error.seen}
lab.check("modules", modules, seen=seen)

# %% [markdown]
# A class is missing only when the program asks for it, not when the image is built. **A build that
# succeeds proves little: run the image before you send it.** (The tool `jdeps` reads the modules out
# of a jar. For all of `kafka-clients` it names more: our program uses only a small part of it.)
#
# ## 5. Not as root
#
# Who is the program inside the container? `id` tells. And what may it do? Let it try to write over
# the program itself, as somebody would who has found a hole in it.

# %%
ATTACK = "{ id -u; echo 'print(0)' > /app/producer.py && echo 'the program is mine'; } 2>&1"
for user in ("0", "10001"):
    print(f"--user {user}:", *run("lab02-producer", "-c", ATTACK, entrypoint="sh", user=user)[1])
own = docker.image.inspect("lab02-producer").config.user
print("The image itself says:", repr(own), "(nothing, that is: root)")

# %% [markdown]
# Root may write over everything in the container. Without the line `USER`, every container is
# root: whoever makes one has to remember `--user`. With the line `USER 10001:10001` (user and group;
# a number needs no name) the image remembers it. Lines after `USER` run as this user, too, so it
# stands near the end.
#
# **Exercise `slim`.** Now do for the producer what we did for Java. Write a Dockerfile with two
# stages: pip in the first one, and a last one that is **at least 25 MB lighter** than `lab02-producer`,
# prints the same sale, is **not root** and cannot replace `/app/producer.py`. At run time, Debian's package `python3` is enough.
# And mind what apt leaves behind, its lists and its archives: in *the same* `RUN`, add
# `&& rm -rf /var/lib/apt/lists/* /var/cache/apt/*`. A later `RUN rm` could only cover them.

# %%
DOUBT = """id -u; { echo >> /app/producer.py; } 2>/dev/null && echo file
touch /app/new 2>/dev/null && echo folder"""


# %%
def try_slim(text):
    """Build the producer with this Dockerfile, run it, and look at who it is."""
    try:
        build(shop_with(text), "lab02-slim")
        code, said = run("lab02-slim", "7")
        uid, *writable = run("lab02-slim", "-c", DOUBT, entrypoint="sh")[1]
    except (DockerException, LabError) as error:
        return {"error": reason(error)}
    lighter = megabytes_of("lab02-producer") - megabytes_of("lab02-slim")
    seen = {"error": "", "code": code, "said": said, "sale": run("lab02-producer", "7")[1]}
    return seen | {"uid": uid, "writable": writable, "lighter": lighter}


# %%
slim = ...
# BEGIN SOLUTION
slim = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE} AS packages
RUN apt-get update -q && apt-get install -qy --no-install-recommends python3-pip ca-certificates
COPY requirements.txt .
RUN --mount=type=secret,id=ca_bundle,target=/etc/ssl/certs/ca-certificates.crt \\
    pip install -q --no-deps --require-hashes --target=/app -r requirements.txt

FROM ${BASE_IMAGE}
RUN apt-get update -q && apt-get install -qy --no-install-recommends python3 && \\
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY --from=packages /app /app
COPY producer.py /app/
USER 10001:10001
ENTRYPOINT ["python3", "/app/producer.py"]
"""
# END SOLUTION
seen = try_slim(slim) if isinstance(slim, str) else {}
lab.check("slim", slim, seen=seen)

# %% [markdown]
# ## 6. The same again, byte for byte
#
# A customer asks: *was this image really made from the sources that you show me?* You can only prove
# it if building again gives **the same image**. Then two people build, and compare.
#
# This Dockerfile packs the compiled teller into a jar, and notes the date, "so that we know when it was
# built". (To be quick, it leaves Java and the library out.) We build it twice with `--no-cache`: every
# step is really done again.

# %%
UNSTEADY = """\
ARG BASE_IMAGE
FROM lab02-one-stage AS build
RUN mkdir -p /image/opt/teller && \\
    jar --create --file /image/opt/teller/teller.jar -C /opt/teller Teller.class && \\
    date > /image/opt/teller/BUILT

FROM ${BASE_IMAGE}
COPY --from=build /image /
"""


# %%
def build_twice(tag, dockerfile):
    """Build twice, with nothing from the cache."""
    (TELLER / "Dockerfile").write_text(dockerfile)
    build(TELLER, f"{tag}-1", cache=False)
    time.sleep(2.5)  # a jar counts time in steps of 2 s: let the clock go on
    build(TELLER, f"{tag}-2", cache=False)


def layers_of(image):
    """The names of an image's layers, the lowest first."""
    return docker.image.inspect(image).root_fs.layers


# %%
build_twice("lab02-date", UNSTEADY)
pair = {f"build {number}": layers_of(f"lab02-date-{number}") for number in (1, 2)}
pd.DataFrame(pair).map(lambda name: name[:23])

# %% [markdown]
# The names of layers are hashes of their content. The lowest layer, Debian, is the same. Ours is not.
# Which file is it? `docker export` writes all files of a container into one archive:
#
# ```
# docker create --name lab02-look lab02-date-1
# docker export --output tree.tar lab02-look
# ```


# %%
def tree(image):
    """All files of an image: path -> hash of the content."""
    box = docker.container.create(image, ["true"], labels=MINE)
    docker.container.export(box, HOME / f"{image}.tar")
    docker.container.remove(box)
    with tarfile.open(HOME / f"{image}.tar") as archive:
        files = [part for part in archive if part.isfile()]
        return {f.name: hashlib.sha256(archive.extractfile(f).read()).hexdigest() for f in files}


one, two = tree("lab02-date-1"), tree("lab02-date-2")
print(len(one), "files in the first,", len(two), "in the second; both have", len(set(one) & set(two)))

# %% [markdown]
# **Exercise `culprits`.** Which files have another content in the second image? `one` and `two` are
# dictionaries: path, and hash of the content. Give the paths.

# %%
culprits = ...
# BEGIN SOLUTION
culprits = [path for path in one if one[path] != two.get(path)]
# END SOLUTION
lab.check("culprits", culprits, one=one, two=two)

# %% [markdown]
# You expected one of them: it holds the date. For the other, look into it. A jar is a zip archive, and
# a zip archive notes a time for each file in it:

# %%
def jar_of(image):
    """The files in the jar of this image, with their times, as `unzip -l` shows them."""
    with tarfile.open(HOME / f"{image}.tar") as archive:
        names = [name for name in archive.getnames() if name.endswith("teller.jar")]
        data = archive.extractfile(names[0]).read() if names else b""
    return zipfile.ZipFile(io.BytesIO(data)).infolist() if data else []


for number in (1, 2):
    for entry in jar_of(f"lab02-date-{number}"):
        when = "{}-{:02}-{:02} {:02}:{:02}:{:02}".format(*entry.date_time)
        print(f"build {number}:  {when}  {entry.filename}")

# %% [markdown]
# (`Teller.class` was compiled once, in `lab02-one-stage`. `META-INF` is made anew by `jar`.)
#
# Times get in everywhere: into archives, into logs, into "built on" lines. And a layer itself is an
# archive: it notes for each file and folder when it was last changed. So equal contents are not yet
# equal layers.
#
# The remedy has a name, `SOURCE_DATE_EPOCH`: *one* time for everything, in seconds since 1970, that
# belongs to the sources and not to the clock. Give it in the stage that uses it, by a line
# `ARG SOURCE_DATE_EPOCH=1767603600` (2026-01-05 09:00 UTC). Many tools take such a time:
#
# ```
# jar --create --date="2026-01-05T09:00:00Z" ...
# find /image -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +     sets the time of every file and folder
# date -u -Iseconds -d "@$SOURCE_DATE_EPOCH"                 writes such a time as a text
# ```
#
# **Exercise `same`.** Change `UNSTEADY` so that two builds without the cache give **the same layers**.
# The program has to stay in the jar. Leave the file `BUILT` out, or write the time of
# `SOURCE_DATE_EPOCH` into it instead of the clock's.


# %%
def try_same(text):
    """Build twice, and compare: the layers, and the files."""
    try:
        build_twice("lab02-same", text)
    except LabError as error:
        return {"error": reason(error)}
    one, two = tree("lab02-same-1"), tree("lab02-same-2")
    other = sorted(path for path in one | two if one.get(path) != two.get(path))
    seen = {"error": "", "other content": other}
    seen["same layers"] = layers_of("lab02-same-1") == layers_of("lab02-same-2")
    return seen | {"in the jar": [entry.filename for entry in jar_of("lab02-same-1")]}


# %%
same = ...
# BEGIN SOLUTION
same = """\
ARG BASE_IMAGE
FROM lab02-one-stage AS build
ARG SOURCE_DATE_EPOCH=1767603600
RUN mkdir -p /image/opt/teller && \\
    jar --create --date="$(date -u -Iseconds -d @$SOURCE_DATE_EPOCH)" \\
        --file /image/opt/teller/teller.jar -C /opt/teller Teller.class && \\
    find /image -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +

FROM ${BASE_IMAGE}
COPY --from=build /image /
"""
# END SOLUTION
seen = try_same(same) if isinstance(same, str) else {}
lab.check("same", same, seen=seen)

# %% [markdown]
# The kit's own images are built like this: see `stack/postgres/Dockerfile`. What the *network* gives
# is the other half. `--require-hashes` pins what pip fetches. The name of the base image holds a date;
# its hash (`debian@sha256:...`) would pin it to the byte. `apt-get` is not pinned here: next month it
# may bring a newer Java. If an image has to be the same for years, one takes the packages from a dated
# archive, such as snapshot.debian.org. **Rule: a build may depend on its sources, never on the clock,
# the machine or the day.**
#
# ## 7. What a password leaves behind
#
# The price list comes from a supplier's server, which wants a **token**, a kind of password. The
# image needs the list, so the *build* needs the token. Here a small program stands for the server.

# %%
token, price = secrets.token_urlsafe(24), f"SKU-0112;1.{secrets.randbelow(100):02}"
known = hashlib.sha256(token.encode()).hexdigest()  # a server keeps no tokens, only their hashes
(HOME / "token").write_text(token)  # outside of the folder that is sent
(VAULT / "fetch-prices").write_text(f"""\
#!/bin/sh
# Reads the token from its input; without a good one there is no price list.
read -r token || true
hash=$(printf %s "$token" | sha256sum | cut -c-64)
[ $hash = {known} ] || {{ echo 'the server says: 401, no valid token' >&2; exit 1; }}
printf '{price}' > /prices.csv
""")
(VAULT / "fetch-prices").chmod(0o755)

# %% [markdown]
# Three colleagues, three Dockerfiles. The third one knows that a password must not stay in an image,
# and removes it again.

# %%
HEAD = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY fetch-prices /usr/local/bin/\n"
LEAKS = {
    "arg": "ARG TOKEN\nRUN echo $TOKEN | fetch-prices\n",
    "env": "ARG TOKEN\nENV TOKEN=$TOKEN\nRUN echo $TOKEN | fetch-prices\n",
    "copy": "COPY token /token\nRUN fetch-prices < /token\nRUN rm /token\n",
}
shutil.copy(HOME / "token", VAULT / "token")
for name, lines in LEAKS.items():
    (VAULT / "Dockerfile").write_text(HEAD + lines)
    build(VAULT, f"lab02-{name}", build_args={"TOKEN": token} if "ARG" in lines else {})
    print(f"lab02-{name} has the price list:", *run(f"lab02-{name}", "cat", "/prices.csv")[1])
(VAULT / "token").unlink()

# %%
lab.predict(
    "removed",
    "`RUN rm /token`: can somebody who has the third image find the token?",
    {"a": "no: the file is gone", "b": "yes: it is still in the image"},
    choice=...,
)

# %% [markdown]
# `docker save` writes an image to one file, as it would be sent: a description in JSON, and one archive
# per layer. We search each of them for the token, as it is and in base64. This needs no container, and
# no skill.


# %%
def find_in(image):
    """Where in the saved image does the token stand?"""
    needles = (token.encode(), base64.b64encode(token[:30].encode()))
    docker.image.save(image, output=HOME / "image.tar")
    found = set()
    with tarfile.open(HOME / "image.tar") as archive:
        for part in filter(tarfile.TarInfo.isfile, archive):
            data = archive.extractfile(part).read()
            data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
            if any(needle in data for needle in needles):
                found.add("in the description" if data.startswith(b"{") else "in a layer")
    return sorted(found)


# %%
print("In a container of the third image:", *run("lab02-copy", "ls", "/token")[1])
found = {f"lab02-{name}": find_in(f"lab02-{name}") for name in LEAKS}
lab.recall("removed", truth="b" if found["lab02-copy"] else "a")
pd.DataFrame({"the token is": {name: ", ".join(places) for name, places in found.items()}})

# %%
for name in LEAKS:  # what `docker history` shows to everybody; we blot the token out
    for line in history(f"lab02-{name}")["made by"]:
        if "token" in line.lower():
            print(f"lab02-{name}: ", line.replace(token, "********"))

# %% [markdown]
# `ARG` and `ENV` are written into the image's description, `ENV` even into each container. `COPY` makes
# a layer. And `rm` in a *later* step changes nothing in an earlier layer: it adds a note "this file is
# hidden". **Rule: what was once in a layer stays in the image. A token that got in is known: have
# the supplier cancel it. Removing the image is not enough.**
#
# BuildKit, Docker's builder, hands a secret to *one* step, as a file that is in no layer:
#
# ```
# docker build --secret id=token,src=token ...         who builds says where the secret lies
# RUN --mount=type=secret,id=token  COMMAND            in this step it is the file /run/secrets/token
# ```
#
# You have seen these words since section 1: so our builds get the certificates of a network that
# inspects TLS, and no image has them.
#
# **Exercise `keep`.** Write the lines that come after `HEAD`, so that the price list is in the image
# and the token is not. The cell builds with `--secret id=token,src=...`; in the folder there is no
# token.

# %%
lines = ...
# BEGIN SOLUTION
lines = "RUN --mount=type=secret,id=token fetch-prices < /run/secrets/token\n"
# END SOLUTION
seen = {}
if isinstance(lines, str):
    (VAULT / "Dockerfile").write_text(f"{HEAD}{lines}\n")
    try:
        build(VAULT, "lab02-keep", secrets=[f"id=token,src={HOME / 'token'}"])
        code, said = run("lab02-keep", "cat", "/prices.csv")
        seen = {"error": "", "prices": said, "price": price, "found": find_in("lab02-keep")}
    except LabError as error:
        seen = {"error": error.seen.replace(token, "********")}
lab.check("keep", lines, seen=seen)

# %% [markdown]
# ## Key points
#
# - An image is a stack of **layers** and a description. A layer is never changed, only covered.
# - Once one step is built anew, all that follow are. What changes seldom stands on top.
# - `.dockerignore` keeps the neighbour's files out: first `*`, then what you need with `!`.
# - **Two stages**: build in a workshop, send only what runs. Then run it: a build proves little.
# - Without `USER`, a container runs as root. With it, a program cannot change itself.
# - Same sources, same layers: no clock in a build. Then anybody can check an image by building it.
# - `ARG`, `ENV` and `COPY` with `rm` publish a password. `RUN --mount=type=secret` does not.
#
# ## Cleaning up
#
# This lab's images and containers go, and nothing else. The *build cache* stays, so that your next run
# is fast; `docker system df` shows how large it is, and `docker builder prune` empties it.

# %%
folder.cleanup()
print(len(clean_up(docker, "02_images")), "things removed")
lab.finish()
