"""Checks of lab 04: Kafka without ZooKeeper."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from lablib.checks import Case, Result, exercise

LIVED_IN: dict[str, set[int]] = {
    "S01": {0, 3},
    "S02": {1, 3},
    "S03": {1},
    "S04": {2},
    "S05": {2},
    "S06": {0, 4},
    "S07": {1, 0},
    "S08": {1},
}
LAG: dict[str, Any] = {
    "ends": {0: 515, 1: 1805, 2: 680},
    "committed": {0: 300, 1: 400, 2: -1001},
}
CREW = pd.DataFrame(
    {
        "member": ["Ada", "Ben", "Cem"],
        "end": [900, 3600, 1300],
        "first look": [100, 120, 1300],
        "second look": [100, 320, 1300],
        "lag": [800, 3280, 0],
    }
)
FIELDS = ("sale_id", "store_id", "customer_id", "sku")
NO_NUMBER = "Give one whole number, in digits: 1234."


@exercise(
    hints=(
        "The producer computes a checksum of the key. What does it do with it, before and after?",
        "Compare crc32(key) % 3 with crc32(key) % 5. The key is in bytes: store.encode().",
        "[s for s in stores if crc32(s.encode()) % 3 != crc32(s.encode()) % 5]",
    ),
    wrong=[
        Case([], lived_in=LIVED_IN, hint="S01 has moved"),
        Case([f"S0{n}" for n in range(1, 9)], lived_in=LIVED_IN, hint="S03 stays"),
        Case({"S01", "S02", "S06"}, lived_in=LIVED_IN, hint="S07 has moved, too, to an old"),
        Case(["S03", "S04", "S05", "S08"], lived_in=LIVED_IN, hint="stay"),
        Case(["S01", "S02", "S06", "S07", "S99"], lived_in=LIVED_IN, hint="S99 is none"),
        Case(4, lived_in=LIVED_IN, hint="Which stores"),
    ],
    right=[
        Case(["S01", "S02", "S06", "S07"], lived_in=LIVED_IN),
        Case({"S07", "S02", "S06", "S01"}, lived_in=LIVED_IN),
        Case("S01, S02, S06 and S07", lived_in=LIVED_IN),
        Case([b"S01", b"S02", b"S06", b"S07"], lived_in=LIVED_IN),
        Case({"S01": 3, "S02": 3, "S06": 4, "S07": 0}, lived_in=LIVED_IN),
    ],
)
def movers(answer: object, *, lived_in: Mapping[str, set[int]]) -> Result:
    """The stores whose sales lie in two partitions after the topic grew."""
    expected = "the ids of the stores that now have sales in two partitions"
    if isinstance(answer, int):
        return Result(False, expected, answer, "Which stores, not how many: give their ids.")
    given = _names(answer)
    moved = {store for store, partitions in lived_in.items() if len(partitions) > 1}
    seen = ", ".join(sorted(given)) or "none"
    if given == moved:
        return Result(True, expected, seen)
    if strange := sorted(given - set(lived_in)):
        return Result(False, expected, seen, f"{strange[0]} is none of the eight stores.")
    if given == set(lived_in) - moved:
        return Result(False, expected, seen, "These are the stores that stay. The others moved.")
    if stayed := sorted(given - moved):
        hint = f"{stayed[0]} stays: its checksum has the same remainder for 3 and for 5."
        return Result(False, expected, seen, hint)
    left_out = min(moved - given)
    if lived_in[left_out] <= {0, 1, 2}:
        hint = f"{left_out} has moved, too, to an old partition: not only the new ones get stores."
    else:
        hint = f"{left_out} has moved. Compare the two remainders of its checksum."
    return Result(False, expected, seen, hint)


@exercise(
    hints=(
        "What must stay in order, and with what? That decides the key. The peak decides the rest.",
        "Order is wanted per customer. Next year's peak, divided by what one consumer manages?",
        "The key is customer_id. 18,000 / 2,000 = 9 partitions at least, and some more are wise.",
    ),
    wrong=[
        Case({"key": "store_id", "partitions": 12}, hint="quarter of all"),
        Case({"key": "sale_id", "partitions": 12}, hint="every record has a key of its own"),
        Case({"key": "sku", "partitions": 12}, hint="two articles"),
        Case({"key": "customer_id", "partitions": 5}, hint="next year"),
        Case({"key": "customer_id", "partitions": 4}, hint="this year's peak"),
        Case({"key": "customer_id", "partitions": 5000}, hint="costs"),
        Case({"key": "loyalty", "partitions": 9}, hint="one of the four fields"),
    ],
    right=[
        Case({"key": "customer_id", "partitions": 9}),
        Case({"key": "customer_id", "partitions": "12"}),
        Case({"key": "Customer_ID ", "partitions": 64}),
    ],
)
def design(answer: Mapping[str, Any]) -> Result:
    """A key that keeps a customer's order, and partitions enough for next year's peak."""
    key, partitions = str(answer["key"]).strip().lower(), int(answer["partitions"])
    expected = "a key that keeps each customer's order; a reader for each part of the coming peak"
    seen = f"key {key}, {partitions} partitions"
    keys = {
        "store_id": "A customer buys in several stores, so the order is not kept. And the store "
        "that makes a quarter of all sales would fill one partition far beyond 2,000 a second.",
        "sale_id": "Then every record has a key of its own: well spread, but without any order.",
        "sku": "A customer buys two articles: two keys, two partitions, no order between them.",
    }
    if key not in FIELDS:
        hint = f"The key is one of the four fields: {', '.join(FIELDS)}."
    elif key in keys:
        hint = keys[key]
    elif partitions < 5:
        hint = "Not even this year's peak fits: 9,000 a second, 2,000 for each consumer."
    elif partitions < 9:
        hint = "Enough for today. But next year is twice as much; adding later breaks the order."
    elif partitions > 500:
        hint = "Each partition costs files, memory and time at a restart. How many are needed?"
    elif partitions == 9:
        hint = "9 fits if all keys spread evenly. They never do quite, so take some more."
        return Result(True, expected, seen, hint)
    else:
        return Result(True, expected, seen)
    return Result(False, expected, seen, hint)


@exercise(
    hints=(
        "What lies between the bookmark and the end? Do it for each partition, then add up.",
        "Lag is end minus committed. -1001 is not an offset: it says that there is no bookmark.",
        "sum(ends[p] - max(committed[p], 0) for p in ends)",
    ),
    wrong=[
        Case(3301, **LAG, hint="-1001 is not an offset"),
        Case(1620, **LAG, hint="partition 2"),
        Case(3000, **LAG, hint="whole topic"),
        Case(700, **LAG, hint="has already read"),
        Case(1405, **LAG, hint="all partitions together"),
        Case(2297, **LAG, hint="no off-by-one"),
        Case(-2300, **LAG, hint="minus sign"),
        Case({0: 215, 1: 1405, 2: 1681}, **LAG, hint="-1001 is not an offset"),
        Case("about two thousand", **LAG, hint="in digits"),
        Case(2300.5, **LAG, hint="in digits"),
        Case(None, **LAG, hint="in digits"),
    ],
    right=[
        Case(2300, **LAG),
        Case("2300", **LAG),
        Case(2300.0, **LAG),
        Case({0: 215, 1: 1405, 2: 680}, **LAG),
        Case([215, 1405, 680], **LAG),
    ],
)
def behind(answer: object, *, ends: Mapping[int, int], committed: Mapping[int, int]) -> Result:
    """The lag of the whole group; a partition without a bookmark counts from its beginning."""
    lags = {p: ends[p] - max(committed[p], 0) for p in ends}
    truth = sum(lags.values())
    naive = sum(ends[p] - committed[p] for p in ends)
    expected = f"a number of sales, out of {sum(ends.values()):,} in the topic"
    if (found := _total(answer)) is None:
        return Result(False, expected, answer, NO_NUMBER)
    if found == truth:
        return Result(True, expected, f"{found:,}")
    if found == naive:
        hint = "-1001 is not an offset. Kafka says with it: this group has no bookmark here."
    elif found == sum(lag for p, lag in lags.items() if committed[p] >= 0):
        hint = "In partition 2 he has read nothing: all of it is still to do."
    elif found == sum(ends.values()):
        hint = "That is the whole topic. Take off what he has read."
    elif found == sum(max(offset, 0) for offset in committed.values()):
        hint = "That is what he has already read. How much is left?"
    elif found in lags.values():
        hint = "That is one partition. Asked for are all partitions together."
    elif abs(found - truth) in (len(ends), len(ends) - 1):
        hint = "Nearly: committed is the next record to read, the end the next to be written. "
        hint += "Just subtract, no off-by-one."
    elif found < 0:
        hint = "A minus sign: take end minus committed."
    else:
        hint = "Take end minus committed in each partition, then add them up."
    return Result(False, expected, f"{found:,}", hint)


@exercise(
    hints=(
        "One number at one moment tells little. What should differ between the two looks?",
        "Whose bookmark stands still? There are two of them. Who of these has something to do?",
        "The bookmark has not moved, and the lag is above 0: that is the one who hangs.",
    ),
    wrong=[
        Case("Ben", table=CREW, hint="bookmark moves"),
        Case("Cem", table=CREW, hint="nothing left to read"),
        Case("Dea", table=CREW, hint="one name from the table"),
        Case(["Ada", "Ben"], table=CREW, hint="one name"),
        Case(2, table=CREW, hint="nothing left to read"),
    ],
    right=[
        Case("Ada", table=CREW),
        Case(" ada", table=CREW),
        Case(["Ada"], table=CREW),
        Case(0, table=CREW),
    ],
)
def stuck(answer: object, *, table: pd.DataFrame) -> Result:
    """The member whose bookmark stands still although records wait. Its partition will do, too."""
    members = [str(member) for member in table["member"]]
    expected = "the name of the member that hangs"
    if isinstance(answer, int) and 0 <= answer < len(members):
        answer = members[answer]
    given = {name.capitalize() for name in _names(answer)}
    seen = ", ".join(sorted(given))
    if len(given) != 1 or not given <= set(members):
        return Result(False, expected, seen, f"Give one name from the table: {', '.join(members)}.")
    row = table[table["member"] == min(given)].iloc[0]
    moved, lag = int(row["second look"] - row["first look"]), int(row["lag"])
    if moved:
        hint = f"The largest lag, perhaps, but the bookmark moves: {moved} sales between the looks."
    elif not lag:
        hint = "This bookmark stands still because there is nothing left to read: the lag is 0."
    else:
        return Result(True, expected, f"{seen}: {lag:,} sales wait, the bookmark stands still")
    return Result(False, expected, seen, hint)


@exercise(
    hints=(
        "What does the bookmark say about the sales that are still in the pile?",
        "Commit only after write(pile). And what of the pile when there are no more records?",
        "Move the commit behind write(pile); after the loop, write what is left and commit again.",
    ),
    wrong=[
        Case({"lost": 80, "twice": 0, "lag": 0}, hint="not written yet"),
        Case({"lost": 50, "twice": 0, "lag": 0}, hint="not written yet"),
        Case({"lost": 30, "twice": 50, "lag": 30}, hint="last pile"),
        Case({"lost": 30, "twice": 50, "lag": 0}, hint="last pile"),
        Case({"lost": 0, "twice": 50, "lag": 30}, hint="bookmark is not at the end"),
        Case({"lost": 0, "twice": 230, "lag": 230}, hint="no bookmark at all"),
        Case({"lost": 230, "twice": 0, "lag": 230}, hint="wrote nothing"),
    ],
    right=[
        Case({"lost": 0, "twice": 50, "lag": 0}),
        Case({"lost": 0, "twice": 1, "lag": 0}),
        Case({"lost": 0, "twice": 0, "lag": 0}),
    ],
)
def repair(result: Mapping[str, int]) -> Result:
    """Nothing is lost and the bookmark is at the end; sales that come twice are no mistake."""
    lost, twice, lag = result["lost"], result["twice"], result["lag"]
    expected = "0 lost and a lag of 0 after two power cuts; some may stand in the book twice"
    seen = f"{lost} lost, {twice} twice, lag {lag}"
    if not lost and not lag:
        stand = "sale stands" if twice == 1 else "sales stand"
        remark = f"{twice} {stand} in the book twice: written, but not committed when the power "
        remark += "failed. That is at least once."
        return Result(True, expected, seen, remark if twice else "")
    if lost == 230:
        hint = "This clerk wrote nothing at all. Does the loop run, and does it call write(pile)?"
    elif lag == 230:
        hint = "There is no bookmark at all: each shift begins anew. When may it be moved?"
    elif lost == 30:
        hint = "230 is not a multiple of 50. What happens to the last pile, after the loop?"
    elif lost:
        hint = "The bookmark ran ahead: sales were committed that were not written yet."
    else:
        hint = "Nothing is lost, but the bookmark is not at the end. Commit the last pile, too."
    return Result(False, expected, seen, hint)


@exercise(
    hints=(
        "Which offset is three days old? And does Kafka delete record by record?",
        "The three-day line is at offset 252 - 72 = 180. Segments begin at 0, 24, 48, 72 ...",
        "180 lies in the segment 168 to 191, whose newest record is young: it stays, from 168 on.",
    ),
    wrong=[
        Case(180, begins=168, hint="whole segments"),
        Case(192, begins=168, hint="newest record"),
        Case(72, begins=168, hint="count from the other end"),
        Case(84, begins=168, hint="how many records stay"),
        Case(144, begins=168, hint="one segment too many"),
        Case(252, begins=168, hint="empty"),
        Case(100, begins=168, hint="first offset of a segment"),
    ],
    right=[Case(168, begins=168), Case("168", begins=168), Case(168.0, begins=168)],
)
def survivor(answer: object, *, begins: int) -> Result:
    """The first offset of the segment through which the three-day line runs."""
    expected = "the first offset that is left after the deletion"
    if (found := _total(answer)) is None:
        return Result(False, expected, answer, NO_NUMBER)
    if found == begins:
        return Result(True, expected, found)
    hints = {
        180: "That is the three-day line itself. Kafka deletes whole segments, not records.",
        192: "A segment goes only when its newest record is too old. Is 191 older than 3 days?",
        72: "3 days are 72 hours, but the youngest record is at 251: count from the other end.",
        84: "That is how many records stay. At which offset does the first of them stand?",
        144: "You keep one segment too many: even its newest record, 167, is older than 3 days.",
        252: "Then the log would be empty. The last three days are young enough.",
    }
    fallback = "The log always begins at the first offset of a segment: 0, 24, 48 ..."
    return Result(False, expected, found, hints.get(found, fallback))


@exercise(
    hints=(
        "Look at the records of the first topic. Which kinds are there, how many of each?",
        "One record for the topic itself, one for each setting, one for each partition.",
        "1 for the topic, 2 for its settings, 5 for its partitions: 8.",
    ),
    wrong=[
        Case(5, seen=8, hint="only the partitions"),
        Case(6, seen=8, hint="settings"),
        Case(7, seen=8, hint="one is missing"),
        Case(1, seen=8, hint="one call"),
        Case(3, seen=8, hint="each partition"),
        Case(10, seen=8, hint="Count again"),
    ],
    right=[Case(8, seen=8), Case("8", seen=8), Case([1, 2, 5], seen=8)],
)
def records(answer: object, *, seen: int) -> Result:
    """One record for the topic, one for each setting, one for each partition."""
    expected = "as many records as the metadata log has for this topic"
    if (found := _total(answer)) is None:
        return Result(False, expected, answer, NO_NUMBER)
    if found == seen:
        return Result(True, expected, found)
    hints = {
        1: "It is one call, and one batch. How many records are in the batch?",
        3: "The topic and its settings, yes. And each partition?",
        5: "These are only the partitions. What else stood in the log for the first topic?",
        6: "The topic and its partitions, yes. And the settings? The first topic had one.",
        7: "Nearly: one is missing. Go through the kinds of records of the first topic.",
    }
    return Result(False, expected, found, hints.get(found, "Count again by kind of record."))


def _total(answer: object) -> int | None:
    """Return a number for an int, a text, or the sum of a collection; None if it is no number."""
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    if isinstance(answer, Iterable) and not isinstance(answer, str):
        parts = [_total(part) for part in answer]
        return None if None in parts else sum(part for part in parts if part is not None)
    try:
        number = float(str(answer).replace(",", ""))
        return int(number) if number == int(number) else None
    except (ValueError, OverflowError):
        return None


def _names(answer: object) -> set[str]:
    """Return the words of a text, or of each item of a collection, with ``and`` left out."""
    if isinstance(answer, bytes):
        answer = answer.decode()
    if isinstance(answer, str):
        return set(re.findall(r"\w+", answer)) - {"and"}
    items: Sequence[object] = list(answer)  # type: ignore[call-overload]
    return {name for item in items for name in _names(item)}
