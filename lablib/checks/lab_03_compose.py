"""Checks of lab 03: Compose."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lablib.checks import Case, Result, exercise

DONE, HEALTHY, STARTED = (
    "service_completed_successfully",
    "service_healthy",
    "service_started",
)
IMPORT, AUDIT, SCREEN = "import needs tables", "audit needs kafka", "screen needs kafka"
SURVIVED = {
    "restart": {"volume": True, "bind mount": True, "layer": True},
    "down, up": {"volume": True, "bind mount": True, "layer": False},
    "down --volumes, up": {"volume": False, "bind mount": True, "layer": False},
}
WISHES = {"hangs": "restart", "clean": "down, up", "lesson": "down --volumes, up"}
SEEN = {"by-variable": ["a", "b", "c"], "by-file": ["d"]}
ANSWERED = {"a": True, "b": False, "c": False, "d": False, "e": True, "f": True}
EVENING = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
NIGHT = EVENING + timedelta(minutes=14)
BEGUN = dict.fromkeys(("kafka", "connect", "postgres", "watchdog"), EVENING)
ROWS_ONLY, BOTH = {"acknowledged": 0.3, "rows": 7.0}, {"acknowledged": 6.0, "rows": 7.0}


@exercise(
    hints=(
        "For each: does it need a job to have ended, a server to answer, or nothing but a start?",
        "A job ends, so wait for its success. Who gives up needs a healthy one. Who tries again needs little.",
        f"import {DONE}, audit {HEALTHY}, screen {STARTED}.",
    ),
    wrong=[
        Case({IMPORT: HEALTHY, AUDIT: HEALTHY, SCREEN: STARTED}, hint="a job"),
        Case({IMPORT: STARTED, AUDIT: HEALTHY, SCREEN: STARTED}, hint="may not be there yet"),
        Case({IMPORT: DONE, AUDIT: STARTED, SCREEN: STARTED}, hint="gives up"),
        Case({IMPORT: DONE, AUDIT: DONE, SCREEN: STARTED}, hint="never ends"),
        Case({IMPORT: DONE, AUDIT: HEALTHY, SCREEN: HEALTHY}, hint="as early as possible"),
        Case({IMPORT: "done", AUDIT: HEALTHY, SCREEN: STARTED}, hint="three words"),
        Case([DONE, HEALTHY, STARTED], hint="dictionary"),
    ],
    right=[
        Case({IMPORT: DONE, AUDIT: HEALTHY, SCREEN: STARTED}),
        Case({IMPORT: f" {DONE} ", AUDIT: f"condition: {HEALTHY}", SCREEN: STARTED}),
    ],
)
def order(answer: object) -> Result:
    """A job is waited for to its end, a server to its health, and who is patient waits for nothing."""
    expected = "a condition for each of the three"
    if not isinstance(answer, Mapping) or not {IMPORT, AUDIT, SCREEN} <= set(answer):
        return Result(False, expected, answer, "Keep the dictionary and its three names.")
    said = {
        k: str(answer[k]).strip(" {}").removeprefix("condition:").strip()
        for k in (IMPORT, AUDIT, SCREEN)
    }
    observed = "; ".join(f"{k}: {v}" for k, v in said.items())
    hint = ""
    if not set(said.values()) <= {DONE, HEALTHY, STARTED}:
        hint = f"There are three words: {STARTED}, {HEALTHY}, {DONE}."
    elif said[IMPORT] == HEALTHY:
        hint = "import: tables is a job. A job ends; it is not there to be healthy."
    elif said[IMPORT] == STARTED:
        hint = "import: when tables has only started, the table may not be there yet."
    elif said[AUDIT] == STARTED:
        hint = "audit: it gives up if Kafka does not answer at once. Is a started Kafka enough?"
    elif said[AUDIT] == DONE or said[SCREEN] == DONE:
        hint = "Kafka is a server: it never ends, and who waits for its end waits for ever."
    elif said[SCREEN] == HEALTHY:
        hint = "screen: it would work, but its page shall be up as early as possible."
    return Result(not hint, expected, observed, hint)


@exercise(
    hints=(
        "Read the picture column by column: what is gone after each way?",
        "hangs: all three places stay. clean: only the layer goes. lesson: the volume has to go.",
        'hangs "restart", clean "down, up", lesson "down --volumes, up".',
    ),
    wrong=[
        Case(WISHES | {"hangs": "down, up"}, survived=SURVIVED, hint="what was written to /tmp"),
        Case(WISHES | {"clean": "restart"}, survived=SURVIVED, hint="the same container"),
        Case(WISHES | {"clean": "down --volumes, up"}, survived=SURVIVED, hint="the rows would go"),
        Case(WISHES | {"lesson": "down, up"}, survived=SURVIVED, hint="The rows would stay"),
        Case(WISHES | {"hangs": "kill"}, survived=SURVIVED, hint="three ways"),
        Case("restart", survived=SURVIVED, hint="dictionary"),
    ],
    right=[Case(WISHES, survived=SURVIVED)],
)
def commands(answer: object, *, survived: Mapping[str, Mapping[str, bool]]) -> Result:
    """Each wish gets the way that removes what has to go, and no more."""
    expected = "a way for hangs, clean and lesson"
    if not isinstance(answer, Mapping) or not set(WISHES) <= set(answer):
        return Result(False, expected, answer, "Keep the dictionary and its three names.")
    said = {wish: str(answer[wish]).strip() for wish in WISHES}
    observed = "; ".join(f"{wish}: {way}" for wish, way in said.items())
    if not set(said.values()) <= set(survived):
        ways = ", ".join(f'"{way}"' for way in survived)
        return Result(False, expected, observed, f"Take one of the three ways: {ways}.")
    kept = {wish: survived[way] for wish, way in said.items()}
    hint = ""
    if not kept["hangs"]["volume"]:
        hint = "hangs: the rows would go with the volume."
    elif not kept["hangs"]["layer"]:
        hint = "hangs: what was written to /tmp would go with its container."
    elif kept["clean"]["layer"]:
        hint = "clean: this is the same container again, with the same /tmp."
    elif not kept["clean"]["volume"]:
        hint = "clean: /tmp would be empty, but the rows would go, too."
    elif kept["lesson"]["volume"]:
        hint = "lesson: The rows would stay: they are in a volume."
    return Result(not hint, expected, observed, hint)


def _plan(*ports: Mapping[str, Any], service: str = "postgres", **more: str) -> dict[str, Any]:
    """Return a plan of two services, with doors for one of them."""
    plan: dict[str, Any] = {
        "services": {
            "kafka": {"image": "lab-kit/kafka"},
            "postgres": {"image": "lab-kit/postgres"},
        }
    }
    if ports:
        plan["services"].setdefault(service, {})["ports"] = list(ports)
    plan["services"]["postgres"] |= more
    return plan


def _door(host_ip: str = "", published: str = "28432", target: int = 5432) -> dict[str, Any]:
    door = {"mode": "ingress", "target": target, "published": published, "protocol": "tcp"}
    return door | ({"host_ip": host_ip} if host_ip else {})


# A piece of what Compose says when it refuses a file, and what to look at.
REFUSED = {
    "(root) additional": "Which word stands at the top of compose.yaml, above all the services?",
    "must be a list": "ports is a list: the door stands in quotes and square brackets.",
    "must be a mapping": "Something is not indented far enough: ports: belongs below postgres:, that below services:.",
    "hostport": "Compose got a name instead of the number. Does an f stand before the quotes?",
    "ip address": "In front of the port an address is asked for, in numbers. Which one is localhost?",
    "neither an image": "A service of this name is not in compose.yaml. Which one is it?",
    "additional property": "There is no such word. How does kafka say it in compose.yaml?",
}
UNREADABLE = "This is no YAML: mind colons, brackets, and spaces instead of tabs."
_BASE: dict[str, Any] = {"base": _plan(), "said": "", "port": 28432}


def _refused(said: str, hint: str) -> Case:
    """Return a file that Compose refuses with these words."""
    return Case("x", merged={}, base=_plan(), said=said, port=28432, hint=hint)


@exercise(
    hints=(
        "Which three lines lead from the top of compose.yaml to kafka's ports?",
        "services:, below it postgres:, below it ports: with a list of one text.",
        'services:\\n  postgres:\\n    ports: ["127.0.0.1:{DB_PORT}:5432"], as an f-string.',
    ),
    wrong=[
        Case("ports", merged=_plan(_door()), hint="every address", **_BASE),
        Case(
            "ports",
            merged=_plan(_door("127.0.0.1", "5432", 28432)),
            hint="the other way round",
            **_BASE,
        ),
        Case("x", merged=_plan(_door("127.0.0.1", "5432")), hint="Which port", **_BASE),
        Case(
            "x", merged=_plan(_door("127.0.0.1"), service="kafka"), hint="Another service", **_BASE
        ),
        Case("x", merged=_plan(), hint="no door", **_BASE),
        Case("x", merged=_plan(_door("127.0.0.1"), image="postgres:18"), hint="more than", **_BASE),
        _refused("yaml: line 1: mapping values are not allowed", "no YAML"),
        _refused("y.yaml: (root) Additional property postgres is not allowed", "at the top"),
        _refused("y.yaml: services.postgres.ports must be a list", "square brackets"),
        _refused("services.ports must be a mapping", "below postgres:"),
        _refused("Invalid hostPort: {DB_PORT}", "an f"),
        _refused("Invalid ip address: localhost", "in numbers"),
        _refused('service "db" has neither an image nor a build context', "of this name"),
        _refused("services.postgres Additional property port is not allowed", "such word"),
        Case({"services": {}}, merged={}, hint="text", **_BASE),
    ],
    right=[
        Case("ports", merged=_plan(_door("127.0.0.1")), **_BASE),
        Case("ports", merged=_plan(_door("::1")), **_BASE),
    ],
)
def override(
    answer: object, *, base: Mapping[str, Any], merged: Mapping[str, Any], said: str, port: int
) -> Result:
    """Compose's merged plan has the one new door, for this machine only, and no other change."""
    expected = f"postgres has a door on port {port} of this machine only; all else is as before"
    if not isinstance(answer, str):
        return Result(False, expected, type(answer).__name__, "A text is asked for, as in a file.")
    if said or not merged:
        hint = next(
            (advice for part, advice in REFUSED.items() if part in said.lower()), UNREADABLE
        )
        return Result(False, expected, said, hint)
    old, new = base["services"], merged["services"]
    doors = new.get("postgres", {}).get("ports", [])
    changed = [
        f"{name}.{key}"
        for name in sorted({*old, *new})
        for key in sorted({*old.get(name, {}), *new.get(name, {})})
        if old.get(name, {}).get(key) != new.get(name, {}).get(key)
    ]
    observed = "changed: " + (", ".join(changed) or "nothing")
    others = [change for change in changed if change != "postgres.ports"]
    if not doors:
        hint = "postgres has no door yet. Is ports: below postgres:, and postgres: below services:?"
        if others:
            hint = "Another service was changed; postgres is meant."
        return Result(False, expected, observed, hint)
    observed += "; " + ", ".join(
        f"{d.get('host_ip', 'every address')}:{d.get('published', '?')}->{d.get('target')}"
        for d in doors
    )
    door = doors[-1]
    hint = ""
    if others:
        hint = "It changes more than the door."
    elif str(door.get("target")) == str(port):
        hint = "It is the other way round: first the port of this machine, then the one inside."
    elif len(doors) > 1 or (str(door.get("published")), door.get("target")) != (str(port), 5432):
        hint = f"Which port of this machine? {port}. And inside: 5432. One door is enough."
    elif not (door.get("host_ip", "").startswith("127.") or door.get("host_ip") == "::1"):
        hint = "The door is on every address of this machine. Which words in front close it?"
    return Result(not hint, expected, observed, hint)


TRAVELS = {
    "a": "Docker describes which file is mounted. Does it read the file?",
    "b": "the plan says where the file lies. Is it filled in, too?",
    "c": "env lists variables. Is the number in one?",
}


@exercise(
    hints=(
        "What does each place show of a variable: its name or its value? And what of a file?",
        "A variable's value is part of the plan, of the container's description, and of env. A file is none.",
        'by-variable ["a", "b", "c"], by-file ["d"].',
    ),
    wrong=[
        Case({"by-variable": ["c"], "by-file": ["d"]}, seen=SEEN, hint="by-variable"),
        Case({"by-variable": ["a", "c"], "by-file": ["d"]}, seen=SEEN, hint="filled in"),
        Case({"by-variable": ["a", "b", "c"], "by-file": []}, seen=SEEN, hint="has to read it"),
        Case({"by-variable": ["a", "b", "c"], "by-file": ["a", "d"]}, seen=SEEN, hint="describes"),
        Case({"by-variable": ["a", "b", "c"], "by-file": ["b", "d"]}, seen=SEEN, hint="the plan"),
        Case({"by-variable": ["a", "b", "c"], "by-file": ["c", "d"]}, seen=SEEN, hint="variables"),
        Case({"by-variable": ["inspect"], "by-file": ["d"]}, seen=SEEN, hint="letters a to d"),
        Case({"by-variable": ["a", "b", "c", "d"], "by-file": ["d"]}, seen=SEEN, hint="no file"),
        Case(["a", "b", "c"], seen=SEEN, hint="dictionary"),
    ],
    right=[
        Case(SEEN, seen=SEEN),
        Case({"by-variable": "cab", "by-file": "d"}, seen=SEEN),
        Case({"by-variable": ("A", "B", "C"), "by-file": {"D"}}, seen=SEEN),
    ],
)
def leaks(answer: object, *, seen: Mapping[str, Collection[str]]) -> Result:
    """The letters are those of the places in which the number was found."""
    expected = "for each way the letters of all places where the number can be read"
    if not isinstance(answer, Mapping) or not set(seen) <= set(answer):
        return Result(False, expected, answer, "Keep the dictionary and its two names.")
    said = {way: {str(letter).strip().lower() for letter in answer[way]} for way in seen}
    observed = "; ".join(f"{way}: {', '.join(sorted(found))}" for way, found in said.items())
    too_few = {way: set(seen[way]) - said[way] for way in seen}
    too_many = {way: said[way] - set(seen[way]) for way in seen}
    variable, file = "by-variable", "by-file"
    hint = ""
    if not set().union(*said.values()) <= set("abcd"):
        hint = "Use the letters a to d."
    elif too_many[variable]:
        hint = "by-variable: one place too many. This container has been given no file."
    elif {"b"} == too_few[variable]:
        hint = "by-variable: what is behind ${SHOP_CARD} once the plan is filled in?"
    elif too_few[variable]:
        hint = "by-variable: more places. Docker writes down with which variables it started a container."
    elif too_many[file]:
        hint = f"by-file: {TRAVELS[min(too_many[file])]}"
    elif too_few[file]:
        hint = (
            "by-file: the program in the container has to read it, so whoever runs one there can."
        )
    return Result(not hint, expected, observed, hint)


@exercise(
    hints=(
        "For each: is there a common network, does the name mean who you think, is it the inside port?",
        "localhost is oneself; the published port belongs to your machine; kafka and postgres share nothing.",
        "a True, b False, c False, d False, e True, f True.",
    ),
    wrong=[
        Case(ANSWERED | {"b": True}, answered=ANSWERED, hint="b: localhost"),
        Case(ANSWERED | {"c": True}, answered=ANSWERED, hint="c: "),
        Case(ANSWERED | {"d": True}, answered=ANSWERED, hint="common network"),
        Case(ANSWERED | {"e": False}, answered=ANSWERED, hint="door"),
        Case(ANSWERED | {"a": False}, answered=ANSWERED, hint="a: "),
        Case(ANSWERED | {"f": False}, answered=ANSWERED, hint="f: "),
        Case(ANSWERED | {"b": "False"}, answered=ANSWERED, hint="without quotes"),
        Case(ANSWERED | {"d": "no"}, answered=ANSWERED, hint="without quotes"),
        Case([True, False], answered=ANSWERED, hint="dictionary"),
    ],
    right=[
        Case(ANSWERED, answered=ANSWERED),
        Case({k: int(v) for k, v in ANSWERED.items()}, answered=ANSWERED),
    ],
)
def reach(answer: object, *, answered: Mapping[str, bool]) -> Result:
    """The six answers are those that were measured."""
    expected = "True or False for each of the six"
    if not isinstance(answer, Mapping) or not set(answered) <= set(answer):
        return Result(False, expected, answer, "Keep the dictionary and its six letters.")
    if any(isinstance(answer[letter], str) for letter in answered):
        return Result(False, expected, answer, "Write True or False, without quotes.")
    hints = {
        "a": "a: both are in the network office. So the name is known, and 5432 is the inside port.",
        "b": "b: localhost in connect is connect itself. Does a database run in there?",
        "c": "c: this number is a door of your machine. Which port does postgres have inside?",
        "d": "d: have kafka and postgres a common network?",
        "e": "e: since part 4 postgres has a door on this machine. (Did `up` use door.yaml?)",
        "f": "f: both are in the network shops, and 8083 is the port inside.",
    }
    wrong = [letter for letter in answered if bool(answer[letter]) != answered[letter]]
    observed = f"{len(answered) - len(wrong)} of {len(answered)} are as measured"
    return Result(not wrong, expected, observed, hints[wrong[0]] if wrong else "")


@exercise(
    hints=(
        "First the picture: did the acknowledged sales stand still, too? Only one service does that.",
        "If not, it was connect or postgres. A restarted container has a new started_at. Compare all.",
        "Take the service with the latest started_at: max(names, key=...).",
    ),
    wrong=[
        Case("kafka", begun=BEGUN | {"postgres": NIGHT}, still=ROWS_ONLY, hint="acknowledging"),
        Case("connect", begun=BEGUN | {"kafka": NIGHT}, still=BOTH, hint="stood still, too"),
        Case("connect", begun=BEGUN | {"postgres": NIGHT}, still=ROWS_ONLY, hint="since before"),
        Case("postgres", begun=BEGUN | {"connect": NIGHT}, still=ROWS_ONLY, hint="since before"),
        Case("watchdog", begun=BEGUN | {"connect": NIGHT}, still=ROWS_ONLY, hint="no sale"),
        Case("nginx", begun=BEGUN | {"connect": NIGHT}, still=ROWS_ONLY, hint="one of"),
    ],
    right=[
        Case("postgres", begun=BEGUN | {"postgres": NIGHT}, still=ROWS_ONLY),
        Case(" Connect", begun=BEGUN | {"connect": NIGHT}, still=ROWS_ONLY),
        Case("lab03-shop-kafka-1", begun=BEGUN | {"kafka": NIGHT}, still=BOTH),
    ],
)
def culprit(answer: str, *, begun: Mapping[str, datetime], still: Mapping[str, float]) -> Result:
    """The service that was started last is the one that had crashed."""
    said = answer.strip().lower().removeprefix("lab03-shop-").removesuffix("-1")
    crashed = max(begun, key=lambda service: begun[service])
    expected = "the service that crashed"
    if said == crashed:
        return Result(True, expected, answer)
    if said not in begun:
        hint = f"It is one of {', '.join(sorted(begun))}."
    elif said == "watchdog":
        hint = "The watchdog carries no sale: without it none of the lines would stand still."
    elif said == "kafka":
        hint = f"Kafka went on acknowledging: its longest pause was {still['acknowledged']:.1f} s."
    elif crashed == "kafka":
        hint = (
            f"The acknowledged sales stood still, too, {still['acknowledged']:.1f} s. Who says yes?"
        )
    else:
        hint = f"{said} has been running since before this crash. Compare started_at of all."
    return Result(False, expected, answer, hint)
