"""Checks of lab 06: Connect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lablib.checks import Case, Result, exercise

TEAMS = {"web": "C", "tills": "E", "archive": "A"}
CONVERTER_HINTS = {
    ("web", "D"): "schema.content is for plain events; the web shop's bring their schema along.",
    ("web", "E"): "schema.content is for plain events; the web shop's bring their schema along.",
    ("web", "B"): "With schemas.enable=false the wrapping is read as data, and nothing has a type.",
    ("web", "A"): "A StringConverter gives one text per event. Which columns would that fill?",
    ("tills", "D"): 'Remember "three": this converter has the schema, and still wrote 0.',
    ("tills", "C"): "With schemas.enable=true alone each event must bring its schema. Plain ones "
    "do not.",
    ("tills", "B"): "Without a schema the sink gets no types: that was the reader 'off'.",
    ("tills", "A"): "A StringConverter gives one text per event. Which columns would that fill?",
    ("archive", "B"): "This one reads the JSON. What does it do with an event that is no JSON?",
    ("archive", "C"): "This one wants JSON in a wrapping. Broken events would stop the archive.",
    ("archive", "D"): "This one reads and converts. The auditor wants the event as it is.",
    ("archive", "E"): "The strict one refuses broken events, and the auditor wants these too.",
}


@exercise(
    hints=(
        "For each team ask two things: where is the schema, and what shall happen to a wrong type?",
        'Schema in the event: C. In the connector: D or E, and one of them passed "three" on.',
        "web: C, the schema is in each event. tills: E. archive: A, a text needs no schema.",
    ),
    wrong=[
        Case({"web": "C", "tills": "D", "archive": "A"}, hint="still wrote 0"),
        Case({"web": "D", "tills": "E", "archive": "A"}, hint="bring their schema along"),
        Case({"web": "C", "tills": "E", "archive": "B"}, hint="no JSON"),
        Case({"web": "C", "tills": "C", "archive": "A"}, hint="must bring its schema"),
        Case({"web": "C", "tills": "E"}, hint="three teams"),
    ],
    right=[
        Case({"web": "C", "tills": "E", "archive": "A"}),
        Case({"web": "c", "tills": " e", "archive": "a"}),
    ],
)
def converter(answer: Mapping[str, str]) -> Result:
    """Each team gets the converter that fits its bytes."""
    expected = "a letter from A to E for web, tills and archive"
    given = {team: str(answer.get(team, "")).strip().upper()[:1] for team in TEAMS}
    wrong = [team for team in TEAMS if given[team] != TEAMS[team]]
    if not wrong:
        return Result(True, expected, given)
    team = wrong[0]
    fallback = f"Give a letter from A to E for each of the three teams; look at {team!r}."
    hint = CONVERTER_HINTS.get((team, given[team]), fallback)
    right = len(TEAMS) - len(wrong)
    return Result(False, expected, f"{given}, {right} of 3 right", f"{team}: {hint}")


NEWEST = {"SKU-1": "S01-3", "SKU-2": "S02-9"}
UNIQUE = 'ERROR: duplicate key value violates unique constraint "lab06_last_pkey"'
NO_KEY = "there is no unique or exclusion constraint matching the ON CONFLICT specification"


@exercise(
    hints=(
        "What do two sales that share a row have in common? What shall the second do to the first?",
        "The article is a field of the value; the record's key is the shop. Make or write over.",
        'insert.mode upsert, primary.key.mode record_value, primary.key.fields "sku".',
    ),
    wrong=[
        Case({"insert.mode": "insert", "primary.key.mode": "none", "primary.key.fields": ""},
             found={}, newest=NEWEST, why=UNIQUE, hint="second sale of an article"),
        Case({"insert.mode": "upsert", "primary.key.mode": "record_value",
              "primary.key.fields": "sale_id"},
             found={}, newest=NEWEST, why=NO_KEY, hint="which the table does not have"),
        Case({"insert.mode": "upsert", "primary.key.mode": "record_key",
              "primary.key.fields": "sku"},
             found={}, newest=NEWEST, why="String cannot be cast", hint="The record's key is the shop"),
        Case({"insert.mode": "update", "primary.key.mode": "record_value",
              "primary.key.fields": "sku"},
             found={}, newest=NEWEST, why="", hint="makes no new rows"),
        Case({"insert.mode": "upsert", "primary.key.mode": "kafka", "primary.key.fields": "sku"},
             found={}, newest=NEWEST, why="no column", hint="place in the topic"),
        Case({"insert.mode": "upsert", "primary.key.mode": "record_value",
              "primary.key.fields": "sku"},
             found={"SKU-1": "S01-1", "SKU-2": "S02-9"}, newest=NEWEST, why="",
             hint="not the newest"),
    ],
    right=[
        Case({"insert.mode": "upsert", "primary.key.mode": "record_value",
              "primary.key.fields": "sku"}, found=NEWEST, newest=NEWEST, why=""),
    ],
)  # fmt: skip
def keys(
    answer: Mapping[str, str], *, found: Mapping[str, str], newest: Mapping[str, str], why: str
) -> Result:
    """The table has one row per article with its newest sale, whichever settings did it."""
    expected = f"{len(newest)} articles, each with its newest sale"
    fresh = sum(found.get(sku) == sale for sku, sale in newest.items())
    observed = f"{len(found)} rows, {fresh} of them right" + (f"; {why}" if why else "")
    if dict(found) == dict(newest):
        return Result(True, expected, observed)
    mode, source = answer.get("insert.mode"), answer.get("primary.key.mode")
    if source == "kafka":
        hint = "'kafka' makes a key from the event's place in the topic: new for each event."
    elif source == "record_key":
        hint = "The record's key is the shop, as a bare text. There is no article in it."
    elif mode == "update":
        hint = "'update' makes no new rows, and the table was empty."
    elif mode == "insert":
        hint = "The second sale of an article finds a row there already. What shall it do with it?"
    elif not found:
        hint = (
            "ON CONFLICT needs a key of the table, and names one which the table does not have. "
            "Which column is its primary key?"
        )
    else:
        hint = "Some rows are not the newest sale of their article. Run the cell once more."
    return Result(False, expected, observed, hint)


FOUND: dict[str, Any] = {
    "A": {"connector": "RUNNING", "tasks": ["RUNNING"], "why": "", "topics": "lab06.nihgt"},
    "B": {"connector": "RUNNING", "tasks": ["FAILED"], "why": "refused", "topics": "lab06.night"},
    "C": {"connector": "PAUSED", "tasks": ["PAUSED"], "why": "", "topics": "lab06.night"},
}
NEEDS = {"FAILED": "restart", "PAUSED": "resume", "RUNNING": "config"}


@exercise(
    hints=(
        "Read each line from left to right. Which of its words would you not expect by day?",
        "A failed task, a paused one, and one that reads from a place to which nobody writes.",
        "FAILED: restart. PAUSED: resume. RUNNING, with a misspelt topic: config.",
    ),
    wrong=[
        Case({"A": "restart", "B": "restart", "C": "restart"}, found=FOUND, hint="all is RUNNING"),
        Case({"A": "config", "B": "resume", "C": "restart"}, found=FOUND, hint="given up"),
        Case({"A": "config", "B": "restart", "C": "restart"}, found=FOUND, hint="at rest"),
        Case({"A": "config", "B": "config", "C": "resume"}, found=FOUND, hint="its task"),
        Case({"A": "config", "B": "restart", "C": "sleep"}, found=FOUND, hint="restart, resume or"),
    ],
    right=[
        Case({"A": "config", "B": "restart", "C": "resume"}, found=FOUND),
        Case({"A": "Config ", "B": "RESTART", "C": "resume"}, found=FOUND),
    ],
)
def diagnose(answer: Mapping[str, str], *, found: Mapping[str, Any]) -> Result:
    """Each sink gets what its own state and configuration ask for."""
    expected = "restart, resume or config for each of " + ", ".join(sorted(found))
    truth = {letter: NEEDS[min(seen["tasks"], default="RUNNING")] for letter, seen in found.items()}
    given = {letter: str(answer.get(letter, "")).strip().lower() for letter in truth}
    wrong = [letter for letter in sorted(truth) if given[letter] != truth[letter]]
    if not wrong:
        return Result(True, expected, given)
    letter = wrong[0]
    if given[letter] not in NEEDS.values():
        hint = "Give restart, resume or config."
    elif truth[letter] == "config":
        hint = "Here all is RUNNING, so there is nothing to start. From where does it read?"
    elif truth[letter] == "resume":
        hint = "Nothing has failed here: it is at rest, because somebody asked for it."
    elif given[letter] == "resume":
        hint = "This one is not at rest, it has given up."
    else:
        hint = "The job is well described; look at the state of its task."
    right = len(truth) - len(wrong)
    return Result(False, expected, f"{given}, {right} of {len(truth)} right", f"{letter}: {hint}")


def _state(tasks: Mapping[int, str], members: Mapping[int, str], worker: str = "100",
           connectors: Sequence[str] = ("pair", "sales-sink")) -> dict[str, Any]:  # fmt: skip
    return {"connectors": connectors, "tasks": tasks, "members": members, "worker": worker}


BROKEN = _state({0: "RUNNING", 1: "FAILED"}, {0: "a"})
WHOLE = _state({0: "RUNNING", 1: "RUNNING"}, {0: "a", 1: "b"})
ALL_NEW = _state({0: "RUNNING", 1: "RUNNING"}, {0: "c", 1: "d"})
NEW_WORKER = _state({0: "RUNNING", 1: "RUNNING"}, {0: "c", 1: "d"}, worker="200")
REMADE = _state({}, {}, connectors=("pair-2", "sales-sink"))
PAUSED = _state({0: "PAUSED", 1: "FAILED"}, {0: "a"})


@exercise(
    hints=(
        "Which of the two is down, the connector or the task? And which call goes to that?",
        "Several calls of the table reach the failed task. Which leave the healthy one alone?",
        'call("POST", f"/connectors/{pair}/restart?includeTasks=true&onlyFailed=true")',
    ),
    wrong=[
        Case(204, name="pair", before=BROKEN, after=BROKEN, hint="Which of the two is down"),
        Case(
            "POST /connectors/pair/restart?includeTasks=true&onlyFailed=true",
            name="pair", before=BROKEN, after=BROKEN, hint="written down, not sent",
        ),
        Case(201, name="pair", before=BROKEN, after=REMADE, hint="doubled"),
        Case(202, name="pair", before=BROKEN, after=PAUSED, hint="at rest"),
    ],
    right=[
        Case(202, name="pair", before=BROKEN, after=WHOLE),
        Case(202, name="pair", before=BROKEN, after=ALL_NEW),
        Case(None, name="pair", before=BROKEN, after=NEW_WORKER),
    ],
)  # fmt: skip
def repair(
    answer: object, *, name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Result:
    """The failed task runs again; a remark tells what else was touched."""
    expected = "both tasks RUNNING, the healthy one still the same member of its group"
    healthy = [task for task, state in before["tasks"].items() if state == "RUNNING"]
    kept = all(after["members"].get(task) == before["members"].get(task) for task in healthy)
    states = ", ".join(f"task {task} {state}" for task, state in sorted(after["tasks"].items()))
    observed = (
        f"{states or 'no task'}; the healthy task {'is the same' if kept else 'is a new one'}"
    )
    if name not in after["connectors"]:
        hint = (
            "Under a new name the sink reads the whole topic again. Upsert would hide the doubled "
            "rows; append would show them. To try again, run the cells that made and broke this sink."
        )
        return Result(False, expected, f"{name} is gone", hint)
    if set(after["tasks"].values()) == {"RUNNING"}:
        return Result(True, expected, observed, _blast_radius(before, after, kept))
    if "PAUSED" in after["tasks"].values() or not after["tasks"]:
        hint = "Now it is at rest, and the failed task is still failed. Resume it, then repair it."
    elif isinstance(answer, str):
        hint = "The call is written down, not sent. Send it: call(method, path)."
    else:
        hint = "A task is still FAILED. Which of the two is down, connector or task?"
    return Result(False, expected, observed, hint)


def _blast_radius(before: Mapping[str, Any], after: Mapping[str, Any], kept: bool) -> str:
    if kept:
        return ""
    if before["worker"] != after["worker"]:
        return (
            "It works, with a large blast radius: every connector on this worker was stopped, "
            f"{len(after['connectors'])} of them, for one task of one of them."
        )
    return "It works, but the healthy task was stopped too. Is there a call that leaves it alone?"


SALE = b'{"sale_id":"S01-6-0000007","quantity":3}'


@exercise(
    hints=(
        "What is wrong with the letter, and what is right? Keep what is right.",
        'json.loads(letter.value()) gives a dict; `| {"quantity": 3}` replaces one field of it.',
        'json.dumps(json.loads(letter.value()) | {"quantity": 3}).encode()',
    ),
    wrong=[
        Case(b"{}", found=[], rows=99, letters=2, hint="second letter"),
        Case('{"quantity": 3}', found=[], rows=99, letters=1, hint="bytes"),
        Case(SALE, found=[], rows=100, letters=1, hint="another sale_id"),
        Case(SALE, found=[("S01-6-0000007", 0)], rows=100, letters=1, hint="three pieces"),
        Case(SALE, found=[], rows=99, letters=1, hint="did not arrive"),
    ],
    right=[
        Case(SALE, found=[("S01-6-0000007", 3)], rows=100, letters=1),
        Case(SALE, found=[("S01-6-0000007", 3)], rows=100, letters=2),
    ],
)
def replay(answer: object, *, found: Sequence[tuple[str, int]], rows: int, letters: int) -> Result:
    """The corrected sale is in the table, once, under its own id."""
    expected = "the sale in the table under its own sale_id, with 3 pieces"
    observed = f"{found or 'not in the table'}, {rows} rows, {letters} dead letters"
    if len(found) == 1 and found[0][1] == 3:
        remark = "The letter itself stays in the queue: it is a topic, and a topic forgets nothing."
        return Result(True, expected, observed, remark)
    if not isinstance(answer, bytes):
        hint = "Kafka takes bytes: end with .encode()."
    elif found:
        hint = "It arrived, but not with three pieces. Send it again: the sink writes over it."
    elif rows > 99:
        hint = "A row came, but under another sale_id. Correct only what is wrong."
    elif letters > 1:
        hint = "Connect refused it too: there is a second letter. Read the reason in its headers."
    else:
        hint = "It did not arrive within 8 s. Look at the state of the sink: look(sinks['aside'])."
    return Result(False, expected, observed, hint)


THIRD = list(range(400, 600))


@exercise(
    hints=(
        "How far had the reader noted, and how far had it written, when the power went?",
        "It begins again at the note. The note was made for three batches, rows for two.",
        "The third batch: offsets 400 to 599. They are noted as read, and were never written.",
    ),
    wrong=[
        Case((0, 599), missing=THIRD, hint="already safe"),
        Case((600, 999), missing=THIRD, hint="after the restart"),
        Case((600, 799), missing=THIRD, hint="after the restart"),
        Case((401, 600), missing=THIRD, hint="begin at 0"),
        Case((399, 599), missing=THIRD, hint="begin at 0"),
        Case((0, 0), missing=THIRD, hint="Something is missing"),
        Case(200, missing=THIRD, hint="not how many"),
        Case((400, 499), missing=THIRD, hint="whole batch"),
    ],
    right=[
        Case((400, 599), missing=THIRD),
        Case([400, 599], missing=THIRD),
        Case(range(400, 600), missing=THIRD),
    ],
)
def lost(answer: Any, *, missing: Sequence[int]) -> Result:
    """The first and the last offset of those that the crash lost, as the run showed it."""
    expected = "first and last offset of a stretch of lost sales"
    if isinstance(answer, int):
        return Result(False, expected, answer, "Which ones, not how many: (first, last).")
    first, last = int(answer[0]), int(answer[-1])
    observed = f"{first} to {last}; the run lost {len(missing)} sales"
    if not missing:
        return Result(None, expected, "the run lost nothing", "Run the cell once more.")
    if (first, last) == (missing[0], missing[-1]):
        return Result(True, expected, observed)
    if abs(first - missing[0]) <= 1 and abs(last - missing[-1]) <= 1:
        hint = "Nearly. Offsets begin at 0: the first batch has 0 to 199."
    elif first == last == 0:
        hint = "Something is missing: the note says 'read', and the rows were never written."
    elif first < missing[0]:
        hint = "Batches one and two were written and committed before: they are already safe."
    elif first > missing[-1]:
        hint = "These are read after the restart, which begins at the note. What lies before it?"
    else:
        hint = "A whole batch is noted, or none of it. How long is one?"
    return Result(False, expected, observed, hint)


def _result(rows: int = 1000, lost: int = 0, doubled: int = 0) -> dict[str, Any]:
    return {"rows": rows, "lost": list(range(lost)), "doubled": doubled}


EXACT = _result()


@exercise(
    hints=(
        "How many commits does your order have? What if the power goes between two of them?",
        "Which two steps belong into one transaction? Everything before `commit postgres` is in it.",
        '["write rows", "write offset", "commit postgres"]',
    ),
    wrong=[
        Case(["commit kafka", "write rows", "commit postgres"],
             results={"commit kafka": _result(800, 200)}, sent=1000, hint="lost"),
        Case(["write rows", "commit postgres", "commit kafka"],
             results={"write rows": EXACT, "commit postgres": _result(1200, 0, 200)}, sent=1000,
             hint="Rows without a note"),
        Case(["write rows", "commit postgres", "write offset"],
             results={"write rows": EXACT, "commit postgres": _result(1200, 0, 200)}, sent=1000,
             hint="Rows without a note"),
        Case(["write rows", "write offset"],
             results={"write rows": _result(0, 1000)}, sent=1000, hint="commit postgres"),
        Case(["write rows", "save"], results={}, sent=1000, hint="in STEPS"),
        Case("write rows", results={}, sent=1000, hint="a list"),
    ],
    right=[
        Case(["write rows", "write offset", "commit postgres"],
             results={"write rows": EXACT, "write offset": EXACT}, sent=1000),
        Case(("write offset", "write rows", "commit postgres", "commit kafka"),
             results={"commit postgres": EXACT, "commit kafka": EXACT}, sent=1000),
    ],
)  # fmt: skip
def order(answer: Any, *, results: Mapping[str, Mapping[str, Any]], sent: int) -> Result:
    """After a crash behind each step and a restart, every sale is there once."""
    expected = f"{sent:,} rows, 0 lost, 0 doubled, after a crash behind each step"
    if not results:
        name = "a list" if isinstance(answer, str) else "only names that stand in STEPS"
        return Result(False, expected, answer, f"Give {name}, such as ['write rows', ...].")
    faults = {
        step: f"{len(found['lost'])} lost, {found['doubled']} doubled"
        for step, found in results.items()
        if found["lost"] or found["doubled"] or found["rows"] != sent
    }
    if not faults:
        return Result(True, expected, "exact " + ", ".join(f"after {step!r}" for step in results))
    step = next(iter(faults))
    observed = f"crash after {step!r}: {faults[step]}"
    if "commit postgres" not in answer:
        hint = "No row arrives at all: without 'commit postgres' the transaction is thrown away."
    elif results[step]["lost"]:
        hint = f"After {step!r} the note was safe and the rows were not: they are lost."
    else:
        hint = f"Rows without a note: after {step!r} they were safe, and are read again."
    return Result(False, expected, observed, hint)
