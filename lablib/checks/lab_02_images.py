"""Checks of lab 02: images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lablib.checks import Case, Result, exercise

LIMIT_MB = 200
LIGHTER_MB = 25
CONTEXT_MB = 0.2
NEEDED = ("producer.py", "requirements.txt")
STEPS = {
    "list": "COPY requirements.txt .",
    "pip": "RUN --mount=type=secret,id=ca_bundle pip install -r requirements.txt",
    "program": "COPY producer.py .",
    "apt": "RUN apt-get update -q && apt-get install -qy python3-pip",
}
SALE = 'confluent-kafka 2.16.1 {"store_id": "S06", "sku": "SKU-0051"}'
GOOD_PARTS = {
    "error": "",
    "code": 0,
    "said": [SALE],
    "sale": [SALE],
    "lighter": 35.0,
    "uid": "10001",
    "writable": [],
}
TOLD = ["kafka-clients 4.3.1", "S01 0", "S02 1", "S03 2"]
ONE = {"etc/passwd": "aa", "opt/teller/BUILT": "b1", "opt/teller/teller.jar": "c1"}
TWO = {"etc/passwd": "aa", "opt/teller/BUILT": "b2", "opt/teller/teller.jar": "c2"}
JAR = ["META-INF/MANIFEST.MF", "Teller.class"]
PRICE = "SKU-0112;1.29"
KEPT = {"error": "", "prices": [PRICE], "price": PRICE, "found": []}
ONE_TEXT = "One text, please, with line ends in it."
REFUSED = "[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"
MOUNT = "A certificate was refused. Keep the words --mount=... of FIRST before pip."


def _order(program: Iterable[str], packages: Iterable[str], **other: object) -> dict[str, Any]:
    """Return what was seen: the steps built after a change of the program, and of the list."""
    return {
        "error": "",
        "new program": True,
        "after program": [STEPS[name] for name in program],
        "after list": [STEPS[name] for name in packages],
    } | other


def _same(same: bool, *other: str, jar: Sequence[str] = tuple(JAR)) -> dict[str, Any]:
    """Return what was seen of two builds."""
    return {"error": "", "same layers": same, "other content": list(other), "in the jar": jar}


@exercise(
    hints=(
        "Which step looks at producer.py? What stands behind it, and does it need the program?",
        "pip needs one file of the folder only. Copy this one before RUN pip, and the rest after it.",
        "COPY requirements.txt . then RUN --mount=... pip install ..., and then COPY producer.py .",
    ),
    wrong=[
        Case("FIRST", seen=_order(["program", "pip"], ["program", "pip"]), hint="still runs again"),
        Case("no list", seen=_order(["program"], ["program"]), hint="did not install"),
        Case(
            "only the list",
            seen=_order([], ["list", "pip"], **{"new program": False}),
            hint="not the new",
        ),
        Case("stale", seen=_order([], ["pip"], **{"new program": False}), hint="not the new"),
        Case("pip first", seen={"error": "not found: requirements.txt"}, hint="not built"),
        Case("no mount", seen={"error": REFUSED}, hint="--mount"),
        Case(
            "apt below",
            seen=_order(["program", "apt", "pip"], ["program", "apt", "pip"]),
            hint="apt-get ran again, too",
        ),
        Case(["FROM debian"], seen={}, hint="One text"),
    ],
    right=[
        Case("two copies", seen=_order(["program"], ["list", "pip", "program"])),
        Case("all at the end", seen=_order(["program"], ["list", "pip"])),
        Case("apt below the list", seen=_order(["program"], ["list", "apt", "pip", "program"])),
    ],
)
def order(answer: object, *, seen: Mapping[str, Any]) -> Result:
    """A change of the program spares pip; a change of the list does not."""
    expected = "pip runs after a change of the list, not after a change of the program"
    if not isinstance(answer, str):
        return Result(False, expected, answer, ONE_TEXT)
    if seen["error"]:
        hint = "It was not built, or does not start. What is missing when the step runs?"
        if "CERTIFICATE_VERIFY_FAILED" in seen["error"]:
            hint = MOUNT
        return Result(False, expected, seen["error"], hint)
    again = any("pip install" in step for step in seen["after program"])
    renewed = any("pip install" in step for step in seen["after list"])
    observed = (
        f"after the program: pip {'runs' if again else 'is cached'}; "
        f"after the list: pip {'runs' if renewed else 'is cached'}"
    )
    if not seen["new program"]:
        hint = "The image has not the new program. Which step copies it?"
    elif again:
        hint = "pip still runs again. Which line above it looks at producer.py?"
        if any("apt-get" in step for step in seen["after program"]):
            hint += " apt-get ran again, too."
    elif not renewed:
        hint = "A new list did not install anything. pip has to stand behind the list it reads."
    else:
        apt = any("apt-get" in step for step in seen["after list"])
        remark = "After a change of the list apt-get ran again, too: it does not read it."
        return Result(True, expected, observed, remark if apt else "")
    return Result(False, expected, observed, hint)


@exercise(
    hints=(
        "It is easier to say what is needed than to list all that might lie around.",
        "The first line * keeps everything out. Which two files come back in, each with a ! in front?",
        "Three lines: * then !producer.py then !requirements.txt",
    ),
    wrong=[
        Case("export.csv\n.git", megabytes=0.01, files=[".env", *NEEDED], hint="password"),
        Case(".env", megabytes=30.0, files=[".git", "export.csv", *NEEDED], hint="export.csv"),
        Case("*", megabytes=0.0, files=[], hint="image needs"),
        Case("*\n!*.py", megabytes=0.0, files=["producer.py"], hint="image needs"),
        Case("*.csv\n.env", megabytes=0.01, files=[".git", *NEEDED], hint=".git"),
        Case("*", megabytes=0.0, files=["error: failed"], hint="not built"),
        Case(["*", "!producer.py"], megabytes=0.0, files=[], hint="One text"),
    ],
    right=[
        Case("*\n!producer.py\n!requirements.txt", megabytes=0.005, files=list(NEEDED)),
        Case("*.csv\n.env\n.git", megabytes=0.005, files=["Dockerfile", *NEEDED]),
    ],
)
def ignore(answer: object, *, megabytes: float, files: Sequence[str]) -> Result:
    """The program and its list are sent; no password, no export, no history."""
    expected = "producer.py and requirements.txt in the image, nothing of the colleague's"
    if not isinstance(answer, str):
        return Result(False, expected, answer, ONE_TEXT)
    sent = "less than 0.1" if megabytes < 0.1 else f"{megabytes:.1f}"
    observed = f"{sent} MB sent; in the image: {', '.join(files) or 'nothing'}"
    missing = [name for name in NEEDED if name not in files]
    foreign = [name for name in (".git", "export.csv", "till-backup.csv") if name in files]
    if any(name.startswith("error") for name in files):
        hint = "It was not built: what does the Dockerfile copy, and is it still sent?"
    elif ".env" in files:
        hint = "The password (.env) is still in the image."
    elif foreign:
        hint = f"{' and '.join(foreign)} still came along."
    elif missing:
        hint = f"Now what the image needs does not come either: {' and '.join(missing)}."
    elif megabytes > CONTEXT_MB:
        hint = "Still too much is sent. Which large file is it?"
    else:
        first = next((line.strip() for line in answer.splitlines() if line.strip()), "")
        remark = (
            ""
            if first in ("*", "**")
            else "It works today. The next new kind of file gets in again: first * is safer."
        )
        return Result(True, expected, observed, remark)
    return Result(False, expected, observed, hint)


@exercise(
    hints=(
        "Which class was not found? Read its name up to the last slash; a slash stands for a dot.",
        "Find the module of javax.management in the table. Java's heart has to stay in, too.",
        '"java.base,java.management"',
    ),
    wrong=[
        Case(
            "java.base",
            seen={"error": "", "code": 1, "said": ["NoClassDefFoundError: javax/management/X"]},
            hint="javax.management",
        ),
        Case(
            "java.base,java.naming",
            seen={"error": "", "code": 1, "said": ["NoClassDefFoundError: javax/management/X"]},
            hint="javax.management",
        ),
        Case("javax.management", seen={"error": "Module not found"}, hint="module, not"),
        Case("java.base, java.management", seen={"error": "Error: usage"}, hint="no blank"),
        Case(
            "ALL-MODULE-PATH",
            seen={"error": "", "code": 0, "said": TOLD, "MB": 260.0},
            hint="Too much",
        ),
        Case(["java.base", "java.management"], seen={}, hint="One text"),
    ],
    right=[
        Case(
            "java.base,java.management",
            seen={"error": "", "code": 0, "said": TOLD, "MB": 151.0},
        ),
        Case("java.management", seen={"error": "", "code": 0, "said": TOLD, "MB": 151.0}),
        Case(
            "java.base,java.logging,java.management,java.sql",
            seen={"error": "", "code": 0, "said": TOLD, "MB": 170.0},
        ),
    ],
)
def modules(answer: object, *, seen: Mapping[str, Any]) -> Result:
    """The teller runs on a small Java, and the image stays under the limit."""
    expected = f"the teller answers, and its image has less than {LIMIT_MB} MB"
    if not isinstance(answer, str):
        return Result(False, expected, answer, "One text, please, with commas in it.")
    if seen["error"]:
        hint = "jlink wants the name of a module, not of classes: the left column of the table."
        if " " in answer.strip():
            hint = "Write no blank between the names, only a comma."
        return Result(False, expected, seen["error"], hint)
    said = " ".join(seen["said"])
    if seen["code"] != 0 or "S02" not in said:
        hint = "It still stops. Which class is missing, and which module has it?"
        if "javax/management" in said:
            hint = "It still misses a class whose name begins with javax.management."
        return Result(False, expected, f"exit code {seen['code']}: {said[:160]}", hint)
    observed = f"{seen['MB']:.0f} MB, and it says: {', '.join(seen['said'])}"
    if seen["MB"] >= LIMIT_MB:
        return Result(False, expected, observed, "Too much came along. Take what it misses only.")
    extra = {name for name in answer.split(",") if name} - {"java.base", "java.management"}
    remark = f"It would do without {', '.join(sorted(extra))}." if extra else ""
    if "java.base" not in answer:
        remark = "java.management needs java.base, so jlink took it, too."
    return Result(True, expected, observed, remark)


@exercise(
    hints=(
        "What does the shop need at run time? pip is not among it. The last FROM decides.",
        "Install into a folder in the first stage, COPY --from=... it into the last one. Then USER.",
        "Last stage: FROM, RUN apt-get (python3), COPY --from, COPY producer.py, USER, ENTRYPOINT.",
    ),
    wrong=[
        Case("one stage", seen=GOOD_PARTS | {"lighter": 21.4}, hint="pip in the last stage"),
        Case("lists", seen=GOOD_PARTS | {"lighter": 13.5}, hint="apt's lists"),
        Case("as root", seen=GOOD_PARTS | {"uid": "0", "writable": ["file"]}, hint="still root"),
        Case("open", seen=GOOD_PARTS | {"writable": ["file", "folder"]}, hint="belong to root"),
        Case("chown", seen=GOOD_PARTS | {"writable": ["folder"]}, hint="who owns /app"),
        Case(
            "ENTRYPOINT python3 /app/producer.py",
            seen=GOOD_PARTS | {"said": [SALE.replace("S06", "S03")]},
            hint="as a list",
        ),
        Case("no mount", seen={"error": REFUSED}, hint="--mount"),
        Case(["FROM debian"], seen={}, hint="One text"),
        Case(
            "no package",
            seen=GOOD_PARTS | {"code": 1, "said": ["ModuleNotFoundError: No module named 'c'"]},
            hint="COPY --from",
        ),
        Case("early", seen={"error": "E: List directory is missing"}, hint="not built"),
        Case(
            "no python",
            seen={"error": 'exec: "python3": executable file not found in $PATH'},
            hint="package",
        ),
    ],
    right=[Case("two stages", seen=GOOD_PARTS)],
)
def slim(answer: object, *, seen: Mapping[str, Any]) -> Result:
    """A small image that prints the sale and is not root."""
    expected = f"the sale; {LIGHTER_MB} MB lighter; not root; cannot change its own program"
    if not isinstance(answer, str):
        return Result(False, expected, answer, ONE_TEXT)
    if seen["error"]:
        hint = "It was not built. Does USER stand before a step that needs root?"
        if "executable file not found" in seen["error"]:
            hint = "The last stage begins with a bare Debian: which package does the program need?"
        elif "CERTIFICATE_VERIFY_FAILED" in seen["error"]:
            hint = MOUNT
        return Result(False, expected, seen["error"], hint)
    said = " ".join(seen["said"])
    observed = f"{seen['lighter']:.0f} MB lighter, user {seen['uid']}, exit code {seen['code']}: "
    observed += said[-120:]
    if seen["code"] != 0 or "store_id" not in said:
        hint = "The program does not print the sale. Look at the error above."
        if "ModuleNotFoundError" in said:
            hint = "The package stayed in the workshop: COPY --from=STAGE brings its folder over."
    elif seen["said"] != seen["sale"]:
        hint = "Another sale: it ignores the seed 7. Write ENTRYPOINT as a list, in brackets."
    elif seen["lighter"] < LIGHTER_MB:
        hint = "Too large. Is pip in the last stage? Are apt's lists and archives?"
    elif seen["uid"] == "0":
        hint = "It is still root. One line near the end is missing."
    elif "file" in seen["writable"]:
        hint = "It can write over its own program. Let the files belong to root."
    elif seen["writable"]:
        hint = "The file is safe, its folder is not: who owns /app?"
    else:
        return Result(True, expected, observed)
    return Result(False, expected, observed, hint)


@exercise(
    hints=(
        "Compare the two dictionaries, path by path.",
        "For which paths is one[path] not the same as two[path]?",
        "[path for path in one if one[path] != two.get(path)]",
    ),
    wrong=[
        Case(["opt/teller/BUILT"], one=ONE, two=TWO, hint="one more"),
        Case("opt/teller/teller.jar", one=ONE, two=TWO, hint="one more"),
        Case(list(ONE), one=ONE, two=TWO, hint="the same content in both"),
        Case([], one=ONE, two=TWO, hint="two more"),
        Case(2, one=ONE, two=TWO, hint="not how many"),
        Case(["b1"], one=ONE, two=TWO, hint="no path"),
    ],
    right=[
        Case({"opt/teller/BUILT", "opt/teller/teller.jar"}, one=ONE, two=TWO),
        Case(["/opt/teller/teller.jar", "/opt/teller/BUILT"], one=ONE, two=TWO),
        Case({"opt/teller/BUILT": "b1", "opt/teller/teller.jar": "c1"}, one=ONE, two=TWO),
    ],
)
def culprits(answer: object, *, one: Mapping[str, str], two: Mapping[str, str]) -> Result:
    """The paths whose content is another one in the second image."""
    expected = "the paths of all files with another content"
    differ = {path for path in {**one, **two} if one.get(path) != two.get(path)}
    if isinstance(answer, int):
        return Result(False, expected, answer, "Which files, not how many.")
    listed: Iterable[object] = [answer] if isinstance(answer, str) else answer  # type: ignore[assignment]
    given = {str(path).lstrip("/") for path in listed}
    observed = ", ".join(sorted(given)[:5]) or "no path"
    unknown = given - set(one) - set(two)
    if given == differ:
        return Result(True, expected, observed)
    if unknown:
        hint = f"{min(unknown)} is no path of these images."
    elif wrong := given - differ:
        hint = f"{min(wrong)} has the same content in both."
    else:
        missing = len(differ - given)
        hint = f"There {'is one' if missing == 1 else 'are two' if missing == 2 else 'are'} more."
    return Result(False, expected, observed, hint)


@exercise(
    hints=(
        "What in this Dockerfile looks at the clock? Three things: date, jar, and the disk itself.",
        "Leave BUILT out, give jar a --date, and set the time of every file in /image at the end.",
        'jar --create --date="2026-01-05T09:00:00Z" ... && find /image -exec touch -hd @1767603600 {} +',
    ),
    wrong=[
        Case(
            "UNSTEADY",
            seen=_same(False, "opt/teller/BUILT", "opt/teller/teller.jar"),
            hint="BUILT",
        ),
        Case("no BUILT", seen=_same(False, "opt/teller/teller.jar"), hint="--date"),
        Case("no touch", seen=_same(False), hint="Equal contents"),
        Case("no jar", seen=_same(True, jar=[]), hint="program has to stay"),
        Case("misspelt", seen={"error": "exit code: 2"}, hint="not built"),
        Case("no value", seen={"error": "touch: invalid date format '@'"}, hint="has no value"),
        Case(["FROM debian"], seen={}, hint="One text"),
    ],
    right=[Case("steady", seen=_same(True))],
)
def same(answer: object, *, seen: Mapping[str, Any]) -> Result:
    """Two builds without the cache give the same layers."""
    expected = "the same layers twice, with the program in the jar"
    if not isinstance(answer, str):
        return Result(False, expected, answer, ONE_TEXT)
    if seen["error"]:
        hint = "It was not built: read the lines above."
        if "'@'" in seen["error"] or "date @ " in seen["error"]:
            hint = (
                "SOURCE_DATE_EPOCH has no value in this stage: it needs a line ARG behind its FROM."
            )
        return Result(False, expected, seen["error"], hint)
    other = seen["other content"]
    observed = f"{'the same' if seen['same layers'] else 'other'} layers"
    observed += f"; other content: {', '.join(other) or 'none'}"
    if "Teller.class" not in seen["in the jar"]:
        hint = "The program has to stay: /opt/teller/teller.jar with Teller.class in it."
    elif any(path.endswith("BUILT") for path in other):
        hint = "BUILT holds the clock's time. Leave it out, or write SOURCE_DATE_EPOCH's time."
    elif other:
        hint = "The jar notes times for its files. It takes one from you: --date."
    elif not seen["same layers"]:
        hint = (
            "Equal contents, other layers: a layer notes when each file and folder was changed. "
            "Set these times after everything else, with find and touch."
        )
    else:
        return Result(True, expected, observed)
    return Result(False, expected, observed, hint)


@exercise(
    hints=(
        "The step gets the token as a file. What does fetch-prices read from?",
        "RUN --mount=type=secret,id=token, then the command; its input is /run/secrets/token.",
        "RUN --mount=type=secret,id=token fetch-prices < /run/secrets/token",
    ),
    wrong=[
        Case("RUN fetch-prices", seen={"error": "401, no valid token"}, hint="got no token"),
        Case("COPY token /", seen={"error": "/token: not found"}, hint="not in the folder"),
        Case(
            "RUN --mount=type=secret,id=token cp /run/secrets/token /t && fetch-prices < /t",
            seen=KEPT | {"found": ["in a layer"]},
            hint="a copy",
        ),
        Case(
            "ENV A=1",
            seen=KEPT | {"prices": ["cat: /prices.csv: No such file"]},
            hint="price list is not",
        ),
        Case(
            "RUN printf 'SKU-0112;9.99' > /prices.csv",
            seen=KEPT | {"prices": ["SKU-0112;9.99"]},
            hint="not the supplier's",
        ),
        Case(["RUN fetch-prices"], seen={}, hint="One text"),
    ],
    right=[
        Case(
            "RUN --mount=type=secret,id=token fetch-prices < /run/secrets/token",
            seen=KEPT,
        ),
        Case(
            "RUN --mount=type=secret,id=token,target=/t cat /t | fetch-prices",
            seen=KEPT,
        ),
    ],
)
def keep(answer: object, *, seen: Mapping[str, Any]) -> Result:
    """The price list is in the image, the token is not found there."""
    expected = "the price list in the image, the token not found in it"
    if not isinstance(answer, str):
        return Result(False, expected, answer, ONE_TEXT)
    if seen["error"]:
        hint = "It was not built: read the lines above."
        if "401" in seen["error"] or "run/secrets" in seen["error"]:
            hint = "The step got no token. Mount the secret in the same RUN that uses it."
        elif "not found" in seen["error"]:
            hint = "The token is not in the folder any more, and should not be."
        return Result(False, expected, seen["error"], hint)
    observed = (
        f"prices: {', '.join(seen['prices'])}; token: {', '.join(seen['found']) or 'not found'}"
    )
    if seen["found"]:
        hint = "The token is in the image again: some line made a copy of it."
    elif not any("SKU-" in line for line in seen["prices"]):
        hint = "The token is not there, but the price list is not either. Run fetch-prices."
    elif seen["prices"] != [seen["price"]]:
        hint = "This is not the supplier's price list. Run fetch-prices, and change nothing in it."
    else:
        return Result(True, expected, observed)
    return Result(False, expected, observed, hint)
