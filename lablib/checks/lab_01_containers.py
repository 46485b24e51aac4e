"""Checks of lab 01: containers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lablib.checks import Case, Result, exercise

GOOD: dict[str, Any] = {"status": "running", "serves": True, "first": "nginx"}
UP = {"status": "running", "who": "shop in orders"}
OPEN = {"report": "127.0.0.1:28081:80", "orders": ""}
CHOSEN = {"shop": "unless-stopped", "stocktaking": "on-failure:3", "import": "no"}
NIGHT: dict[str, tuple[int, bool]] = {
    "n1": (0, False),
    "n2": (1, False),
    "n3": (137, True),
    "n4": (137, False),
    "n5": (127, False),
}
STORY = {
    "n1": "stopped in order",
    "n2": "no password",
    "n3": "out of memory",
    "n4": "killed from outside",
    "n5": "program not found",
}


def _secret(**other: str) -> dict[str, str]:
    """Return settings with a password that nobody would guess."""
    return {"POSTGRES_PASSWORD": "x7Qm-bK2_tZ9wLr4"} | other


def _with_password(password: object) -> dict[str, object]:
    """Return settings that are right but, maybe, for the password."""
    return {"POSTGRES_USER": "shop", "POSTGRES_DB": "orders", "POSTGRES_PASSWORD": password}


@exercise(
    hints=(
        "Which process has number 1 in the container, and when does it end?",
        "nginx can stay in the foreground. The image does it: docker.image.inspect(NGINX).config.cmd",
        'It is the image\'s own command: ["nginx", "-g", "daemon off;"]. The last two are one option.',
    ),
    wrong=[
        Case(["nginx"], status="exited", serves=False, first="", hint="in the background"),
        Case(["sleep", "infinity"], status="running", serves=False, first="", hint="Nobody serves"),
        Case(["nginx", "-g", "daemon off"], status="exited", serves=False, first="", hint="log"),
        Case("nginx -g daemon off;", status="exited", serves=False, first="", hint="needs quotes"),
        Case(
            ["nginx", "-g", "daemon", "off;"],
            status="exited",
            serves=False,
            first="",
            hint="one element",
        ),
        Case(["ngnix"], status="created", serves=False, first="", hint="no such program"),
    ],
    right=[
        Case(["nginx", "-g", "daemon off;"], **GOOD),
        Case("nginx -g 'daemon off;'", **GOOD),
        Case(["sh", "-c", "nginx; sleep infinity"], status="running", serves=True, first="sleep"),
    ],
)
def foreground(answer: object, *, status: str, serves: bool, first: str) -> Result:
    """The container runs and serves the page; with a remark if nginx is not process number 1."""
    expected = "a running container that serves the page"
    observed = f"{status}, {'serves' if serves else 'does not serve'} the page"
    if status == "running" and serves:
        remark = ""
        if first.strip() != "nginx":
            remark = (
                f"It works, but process number 1 is {first.strip() or 'another one'}: if nginx dies, "
                "the container lives on, and nobody notices."
            )
        return Result(True, expected, observed, remark)
    if status == "running":
        hint = "The container lives. Nobody serves the page in it: nginx itself has to stay."
    elif status == "created":
        hint = "It could not even start: there is no such program in the image."
    elif answer in (["nginx"], ("nginx",), "nginx"):
        hint = "So nginx goes on in the background, and process number 1 is done."
    elif answer in ("nginx -g daemon off;", ["nginx", "-g", "daemon", "off;"]):
        hint = (
            "`daemon off;` is one word with a space in it. In a text it needs quotes, in a list it is "
            "one element."
        )
    else:
        hint = "It ended. What does `docker logs lab01-riddle` say? Mind each sign, the ; too."
    return Result(False, expected, observed, hint)


def _bare(value: object, *options: str) -> str:
    """Return what stands behind an option such as -p, in whatever way it is written."""
    text = str(value or "").strip()
    for option in options:
        text = text.removeprefix(option)
    return text.strip(" =")


@exercise(
    hints=(
        "From left to right: which address of this machine, which of its ports, which port inside?",
        "No address in front means: every address. And a container needs no -p for its neighbours.",
        'shop "28080:80", report "127.0.0.1:28081:80", orders "".',
    ),
    wrong=[
        Case({"shop": "80:28080", **OPEN}, hint="first the port of this machine"),
        Case({"shop": "127.0.0.1:28080:80", **OPEN}, hint="Only this machine"),
        Case({"shop": "80", **OPEN}, hint="chooses"),
        Case(
            {"shop": "28080:80", "report": "28081:80", "orders": ""},
            hint="everybody who reaches this machine",
        ),
        Case(
            {"shop": "28080:80", "report": "localhost:28081:80", "orders": ""},
            hint="not a name",
        ),
        Case({"shop": "28080:80", **OPEN, "orders": "5432:5432"}, hint="open to everybody"),
        Case({"shop": "28080:80", **OPEN, "orders": "127.0.0.1:5432:5432"}, hint="no door"),
        Case({"shop": "28080:80", **OPEN, "report": "127.0.0.1:28081"}, hint="port is missing"),
        Case({"shop": "[::]:28080:80", **OPEN}, hint="IPv6 only"),
        Case({"shop": "28080:80", **OPEN, "orders": "no -p"}, hint="an empty text"),
        Case({"shop": "28080:80", **OPEN, "orders": "None"}, hint="an empty text"),
        Case("28080:80", hint="dictionary"),
    ],
    right=[
        Case({"shop": "28080:80", **OPEN}),
        Case({"shop": "-p 0.0.0.0:28080:80/tcp", **OPEN, "orders": None}),
        Case({"shop": "28080:80", "report": "[::1]:28081:80", "orders": ""}),
    ],
)
def publish(answer: object) -> Result:
    """Three doors: for all, for this machine, for nobody."""
    expected = "words for shop, report and orders"
    if not isinstance(answer, Mapping) or not {"shop", "report", "orders"} <= set(answer):
        return Result(False, expected, answer, "Keep the dictionary and its three names.")
    words = {
        name: _bare(answer[name], "--publish", "-p").removesuffix("/tcp")
        for name in ("shop", "report", "orders")
    }
    found = (
        _wrong_door("shop", words["shop"], "28080", everybody=True),
        _wrong_door("report", words["report"], "28081", everybody=False),
        _needless_door("orders", words["orders"]),
    )
    observed = f"{found.count('')} of 3 fit: {words}"
    hint = next(filter(None, found), "")
    return Result(not hint, expected, observed, hint)


def _needless_door(name: str, words: str) -> str:
    """Return what is wrong with words where none are needed, or an empty text."""
    if not words:
        return ""
    if not re.search(r"\d", words):
        return f'{name}: write an empty text, "", for no -p.'
    if words.startswith(("127.", "[::1]", "localhost")):
        return f"{name}: other containers need no door in the machine's wall."
    return f"{name}: this makes the database open to everybody who reaches this machine."


def _wrong_door(name: str, words: str, port: str, *, everybody: bool) -> str:
    """Return what is wrong with these words behind -p, or an empty text."""
    *front, inside = words.split(":")
    host = front[-1] if front else ""
    address = ":".join(front[:-1])
    if not words:
        return f"{name}: without -p nobody outside the containers' network can come in."
    if not host:
        return f"{name}: without a port of this machine Docker chooses one. Here it is given."
    if "." in host or host == "localhost":
        return f"{name}: the container's port is missing. It stands last."
    if inside == port or (host == "80" and inside != "80"):
        return f"{name}: the other way round: first the port of this machine, then the one inside."
    if (host, inside) != (port, "80"):
        return f"{name}: port {port} of this machine, port 80 of the container."
    if re.search("[a-z]{2}", address):
        return f"{name}: Docker wants an address in numbers here, not a name."
    if everybody and address == "[::]":
        return f"{name}: [::] is for IPv6 only. Without an address all can come in."
    local = address.startswith("127.") or address == "[::1]"
    if everybody and local:
        return f"{name}: Only this machine could come in, not the customers."
    if not everybody and not local:
        return f"{name}: everybody who reaches this machine could read the sales figures."
    return ""


@exercise(
    hints=(
        "Which three variables does the image read? They stand at the top of this part.",
        "POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD; the last one is made, not written.",
        'Two are given: "shop" and "orders". The password is secrets.token_urlsafe(16).',
    ),
    wrong=[
        Case({"POSTGRES_USER": "shop"}, status="exited", who="", hint="docker logs"),
        Case(
            {"POSTGRES_HOST_AUTH_METHOD": "trust"},
            status="exited",
            who="",
            hint="without a password",
        ),
        Case(
            _secret(POSTGRES_USER="shop", POSTGRES_DATABASE="orders"),
            status="running",
            who="shop in shop",
            hint="No POSTGRES_DB was given",
        ),
        Case(
            _secret(POSTGRES_USER="shop", POSTGRES_DB="order"),
            status="running",
            who="shop in order",
            hint="not orders",
        ),
        Case(
            {"user": "shop", "database": "orders", "password": "x7Qm" * 5},
            status="exited",
            who="",
            hint="does not know `user`",
        ),
        Case(_with_password(print), hint="Call it", **UP),
        Case(_with_password("secrets.token_urlsafe(16)"), hint="without quotes", **UP),
        Case(_with_password("token_urlsafe"), hint="without quotes", **UP),
        Case(_with_password("x7Qm"), hint="too short", **UP),
        Case(_with_password("hunter2hunter2"), hint="too short", **UP),
        Case(_with_password("secret" * 4), hint="easy to guess", **UP),
        Case(_secret(), status="running", who="postgres in postgres", hint="POSTGRES_USER"),
        Case(["POSTGRES_USER=shop"], status="not started", who="", hint="dictionary"),
    ],
    right=[
        Case(_secret(POSTGRES_USER="shop", POSTGRES_DB="orders"), **UP),
        Case(_secret(POSTGRES_USER="shop", POSTGRES_DB="orders", TZ="UTC"), **UP),
        Case(_with_password("Zk3v-0aQpW_9sLxN4tBc7g"), **UP),
        Case(_with_password("70797059088b5895"), **UP),
    ],
)
def settings(answer: object, *, status: str, who: str) -> Result:
    """The database runs, as the right user in the right database, with a good password."""
    expected = "a running database, user shop in database orders"
    if not isinstance(answer, Mapping):
        return Result(
            False, expected, type(answer).__name__, 'A dictionary is asked for: {"NAME": "value"}.'
        )
    names = ", ".join(sorted(map(str, answer)))  # never the values: one of them is a password
    observed = f"{names}: {status}" + (f", {who}" if who else "")
    password = answer.get("POSTGRES_PASSWORD", "")
    strange = [name for name in answer if not str(name).startswith("POSTGRES_")]
    if status != "running":
        hint = "It ended at once. What does `docker logs lab01-yours` say?"
        if "POSTGRES_HOST_AUTH_METHOD" in answer:
            hint = "Do not open the database without a password; give it one."
        elif strange and not password:
            hint = f"The image does not know `{strange[0]}`. Which names does it read?"
    elif not who.startswith("shop "):
        hint = "The user is not shop. Which variable sets it? POSTGRES_USER."
    elif "POSTGRES_DB" not in answer:
        hint = "No POSTGRES_DB was given, so the database got the name of the user."
    elif who != "shop in orders":
        hint = "The database is not orders. Look at the value of POSTGRES_DB, letter by letter."
    else:
        hint = _weak(password)
        if not hint:
            return Result(True, expected, observed)
    return Result(False, expected, observed, hint)


def _weak(password: object) -> str:
    """Return what is wrong with this password, or an empty text."""
    text = str(password)
    if callable(password):
        return "The password is the function itself. Call it: secrets.token_urlsafe(16)."
    if "token_urlsafe" in text:
        return "This text stands in the notebook. Call the function, without quotes."
    if len(text) < 16:
        return "It runs, but the password is too short. Let secrets make one of 16 letters or more."
    if len(set(text)) < 4 or re.fullmatch(r"(.+?)\1+", text):  # again and again the same
        return "It runs, but the password is easy to guess. Let secrets make one."
    return ""


@exercise(
    hints=(
        "Two questions for each: shall it run again after it has *finished*? And after *your* stop?",
        "One looks at the exit code. One returns after the machine's restart, unless you stopped it.",
        'shop "unless-stopped", stocktaking "on-failure:3", import "no".',
    ),
    wrong=[
        Case(CHOSEN | {"shop": "always"}, hint="even what you had stopped"),
        Case(CHOSEN | {"shop": "on-failure"}, hint="the machine restarts"),
        Case(CHOSEN | {"stocktaking": "always"}, hint="again and again"),
        Case(CHOSEN | {"stocktaking": "on-failure"}, hint="for ever"),
        Case(CHOSEN | {"stocktaking": "on-failure:5"}, hint="at most 3"),
        Case(CHOSEN | {"import": "on-failure"}, hint="as it lies there"),
        Case(CHOSEN | {"shop": "sometimes"}, hint="no such policy"),
        Case(CHOSEN | {"shop": "unless-stopped:3"}, hint="no such policy"),
        Case("always", hint="dictionary"),
    ],
    right=[
        Case(CHOSEN),
        Case({name: f"--restart {policy}" for name, policy in CHOSEN.items()}),
        Case({name: f"--restart={policy}" for name, policy in CHOSEN.items()}),
        Case({"shop": "Unless-Stopped", "stocktaking": "on-failure:3", "import": ""}),
    ],
)
def policies(answer: object) -> Result:
    """A policy for a service, for a job, and for something to be looked at."""
    expected = "no, on-failure, on-failure:N, unless-stopped or always, for each of the three"
    if not isinstance(answer, Mapping) or not set(CHOSEN) <= set(answer):
        return Result(False, expected, answer, "Keep the dictionary and its three names.")
    found = {name: _bare(answer[name], "--restart").lower() or "no" for name in CHOSEN}
    for name, policy in found.items():
        if not re.fullmatch(r"no|always|unless-stopped|on-failure(:\d+)?", policy):
            return Result(False, expected, found, f"{name}: there is no such policy as {policy!r}.")
    hints = {
        ("shop", "always"): "shop: after a restart of the machine, always starts even what you had "
        "stopped by hand.",
        ("shop", "on-failure"): "shop: on-failure brings nothing back when the machine restarts.",
        ("shop", "no"): "shop: after a crash it stays down.",
        ("stocktaking", "on-failure"): "stocktaking: how many tries? Like this it tries for ever.",
        ("stocktaking", "no"): "stocktaking: it fails, and nobody tries again.",
    }
    for name, policy in found.items():
        if policy == CHOSEN[name]:
            continue
        kind = policy.split(":")[0]
        hint = hints.get((name, policy)) or hints.get((name, kind if name == "shop" else policy))
        if not hint and name == "import":
            hint = "import: it would be started again, and you want to see it as it lies there."
        if not hint:
            hint = "stocktaking: once it is done it would run again and again."
            if kind == "on-failure":
                hint = "stocktaking: at most 3 more tries, says the task."
        return Result(False, expected, found, hint)
    return Result(True, expected, found)


@exercise(
    hints=(
        "Who has to say no, so that the kernel need not? At how many MB?",
        "maxmemory well below 64 MB: the program needs room beside the data. And which policy?",
        '["--maxmemory", "40mb", "--maxmemory-policy", "noeviction"]',
    ),
    wrong=[
        Case([], lives=False, kept=52.0, complaint="", hint="no limit of its own"),
        Case(["--maxmemory", "64mb"], lives=False, kept=52.0, complaint="", hint="room beside"),
        Case(
            ["--maxmemory-policy", "allkeys-lru"],
            lives=False,
            kept=52.0,
            complaint="",
            hint="no limit of its own",
        ),
        Case(["--maxmemory", "4mb"], lives=True, kept=4.0, complaint="OOM", hint="16 MB"),
        Case(["--maxmemroy", "40mb"], lives=False, kept=0.0, complaint="", hint="no basket"),
        Case(["maxmemory", "32mb"], lives=False, kept=0.0, complaint="", hint="two dashes"),
        Case(["--maxmemory=32mb"], lives=False, kept=0.0, complaint="", hint="no ="),
        Case(
            ["redis-server", "--maxmemory", "32mb"],
            lives=False,
            kept=0.0,
            complaint="",
            hint="without the word redis-server",
        ),
    ],
    right=[
        Case(["--maxmemory", "40mb"], lives=True, kept=40.0, complaint="OOM command"),
        Case("--maxmemory 32mb", lives=True, kept=32.0, complaint="OOM command"),
        Case(
            ["--maxmemory", "40mb", "--maxmemory-policy", "allkeys-lru"],
            lives=True,
            kept=39.9,
            complaint="",
        ),
    ],
)
def survive(answer: Any, *, lives: bool, kept: float, complaint: str) -> Result:
    """Redis lives through the load and keeps enough; with a remark on what happened to the rest."""
    expected = "a Redis that lives after 80 MB, with 16 MB of baskets or more"
    observed = f"{'lives' if lives else 'ended'}, {kept:.0f} MB at the end"
    words = answer if isinstance(answer, str) else " ".join(map(str, answer))
    if lives and kept >= 16:
        remark = (
            f"Redis said: {complaint}" if complaint else "It threw old baskets away, in silence."
        )
        return Result(True, expected, observed, remark)
    if lives:
        hint = "It lives, but keeps too little: 16 MB at least."
    elif kept == 0:
        hint = (
            "Redis took no basket: it did not start. `docker logs lab01-yours` says why. An option is "
            '"--name", "value": two dashes, no =, and without the word redis-server.'
        )
    elif not re.search(r"maxmemory\s", words + " "):
        hint = "Redis has no limit of its own. Which option sets one?"
    else:
        hint = "Too near to the container's limit: the program needs room beside its data."
    return Result(False, expected, observed, hint)


@exercise(
    hints=(
        "At which moments does Redis write its memory to disk here?",
        "A stop asks Redis to finish, and it saves. A kill asks nobody. What was on disk by then?",
        "The 5 were saved by the stop. The 3 were in memory only, and the kill took them.",
    ),
    wrong=[
        Case(8, seen=5, hint="in memory only"),
        Case(0, seen=5, hint="The stop saved"),
        Case(3, seen=5, hint="which of the two"),
        Case("five", seen=5, hint="in digits"),
        Case(6, seen=5, hint="Either all"),
    ],
    right=[Case(5, seen=5), Case("5", seen=5), Case(5.0, seen=5)],
)
def kept(answer: object, *, seen: int) -> Result:
    """As many baskets as Redis had."""
    expected = "the number of baskets that Redis had then"
    try:
        found = float(str(answer))
    except ValueError:
        return Result(False, expected, answer, "Give a number, in digits.")
    if found == seen:
        return Result(True, expected, answer)
    hints = {
        8.0: "The last 3 were in memory only when the kill came.",
        0.0: "The writable layer is still there, and the 5 are in it. The stop saved them.",
        3.0: "Think again which of the two ends gives Redis time to save.",
    }
    fallback = "Either all of a group are saved, or none of them."
    return Result(False, expected, answer, hints.get(found, fallback))


def _cause(code: int, oom_killed: bool) -> str:
    """Return what these two facts say."""
    known = {0: "stopped in order", 1: "no password", 127: "program not found"}
    return known.get(code, "out of memory" if oom_killed else "killed from outside")


@exercise(
    hints=(
        "Begin with the exit codes. Which of them appears twice?",
        "Two have 137. One field of state(name) tells them apart. For the rest read the last log line.",
        "0 in order, 1 no password, 127 not found; 137 is out of memory if oom_killed, else outside.",
    ),
    wrong=[
        Case(
            STORY | {"n3": "killed from outside", "n4": "out of memory"},
            facts=NIGHT,
            hint="oom_killed",
        ),
        Case(STORY | {"n1": "no password", "n2": "stopped in order"}, facts=NIGHT, hint="log"),
        Case(STORY | {"n5": "out of memory"}, facts=NIGHT, hint="log"),
        Case(STORY | {"n1": "crashed"}, facts=NIGHT, hint="none of the five"),
        Case({"n1": "stopped in order"}, facts=NIGHT, hint="one cause for each"),
    ],
    right=[
        Case(STORY, facts=NIGHT),
        Case({name: cause.upper() for name, cause in STORY.items()}, facts=NIGHT),
    ],
)
def night(answer: object, *, facts: Mapping[str, tuple[int, bool]]) -> Result:
    """The cause of each end, as exit code and OOMKilled tell it."""
    expected = "one cause for each container"
    if not isinstance(answer, Mapping) or not set(facts) <= set(answer):
        hint = "Keep the dictionary: one cause for each of the five names."
        return Result(False, expected, answer, hint)
    found = {name: str(answer[name]).strip().lower() for name in facts}
    right = sum(found[name] == _cause(*fact) for name, fact in facts.items())
    observed = f"{right} of {len(facts)} fit"
    for name, (code, oom_killed) in facts.items():
        if found[name] == _cause(code, oom_killed):
            continue
        hint = f"{name} ended with {code}. What does its log say?"
        if found[name] not in STORY.values():
            hint = f"{name}: {found[name]!r} is none of the five causes."
        elif code == 137:
            hint = (
                f"{name} ended with 137: it was killed. By whom? Look at oom_killed in its state."
            )
        return Result(False, expected, observed, hint)
    return Result(True, expected, observed)
