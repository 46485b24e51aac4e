"""Exercises: what a check says, the hints, and the answers known to be wrong.

Each lab has one module beside this one, ``lab_04_kraft.py`` for ``04_kraft``. In it every function
marked with `exercise` is an exercise of the lab, under the function's name. Labs, solutions and
tests all use the same function.
"""

from __future__ import annotations

import importlib
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from lablib.errors import LabError

Outcome = Literal["solved", "wrong", "unsolved", "unchecked"]
_FOREIGN = {"sqlalchemy", "psycopg", "confluent_kafka", "httpx", "requests"}


@dataclass(frozen=True)
class Result:
    """What a check found. ``ok`` is True, False, or None for "nothing to judge yet".

    ``expected`` says what a right answer is like, without giving it away; ``observed`` says what
    was found; ``hint`` fits the mistake (with ``ok=True`` it is a remark). ``error`` is set when
    the check itself could not look.
    """

    ok: bool | None
    expected: object = ""
    observed: object = ""
    hint: str = ""
    error: str = ""

    @property
    def outcome(self) -> Outcome:
        """The verdict in one word."""
        if self.error:
            return "unchecked"
        return "unsolved" if self.ok is None else "solved" if self.ok else "wrong"


class Case:
    """An answer with its evidence; for a wrong one, ``hint`` is a piece of the hint that fits."""

    def __init__(self, *answer: object, hint: str = "", **evidence: object) -> None:
        """Take the same arguments as ``lab.check`` after the exercise's name."""
        self.answer, self.hint, self.evidence = answer, hint, evidence

    def __repr__(self) -> str:
        parts = [repr(value) for value in self.answer]
        return ", ".join(parts + [f"{name}={value!r}" for name, value in self.evidence.items()])


@dataclass(frozen=True)
class Exercise:
    """A check function with its hints and its known answers."""

    name: str
    function: Callable[..., Result]
    hints: tuple[str, str, str]
    wrong: tuple[Case, ...]
    right: tuple[Case, ...]

    def judge(self, *answer: object, **evidence: object) -> Result:
        """Run the check. Never raises: an exception becomes a result that says what to do."""
        given = (*answer, *evidence.values())
        if any(open_places(given)):
            return Result(
                None, hint="Put your answer in place of the dots, then run the cell again."
            )
        try:
            result = self.function(*answer, **evidence)
        except Exception as error:
            return _failed(error, given)
        return result if result.hint or result.ok else _with_hint(result, self.hints[0])


def exercise(
    *, hints: tuple[str, str, str], wrong: Iterable[Case], right: Iterable[Case] = ()
) -> Callable[[Callable[..., Result]], Exercise]:
    """Make a check function an exercise, with three hints from gentle to plain.

    ``wrong`` are at least two answers that the check must reject with the hint that fits, ``right``
    are answers that it must accept.
    """

    def mark(function: Callable[..., Result]) -> Exercise:
        return Exercise(function.__name__, function, hints, tuple(wrong), tuple(right))

    return mark


def module_name(stem: str) -> str:
    """Return the name of the module that holds a lab's checks."""
    return f"lablib.checks.lab_{stem}"


def exercises(stem: str) -> Mapping[str, Exercise]:
    """Return a lab's exercises by name, in the order in which they are written.

    Raises LabError when the lab has no checks.
    """
    try:
        module = importlib.import_module(module_name(stem))
    except ModuleNotFoundError as error:
        if error.name != module_name(stem):
            raise
        raise LabError(
            f"There is no lab {stem!r}.",
            f"no module {module_name(stem)}",
            "use the notebook's file name without its ending, for example 00_start_here",
        ) from error
    found = [value for value in vars(module).values() if isinstance(value, Exercise)]
    return {item.name: item for item in found}


def short(value: object) -> str:
    """Return a text of at most some 200 characters for any value; never raises."""
    if isinstance(value, str):
        return value if len(value) <= 400 else value[:397] + "..."
    limits = reprlib.Repr()
    limits.maxother = limits.maxstring = 200
    try:
        return limits.repr(value)
    except Exception:
        return f"a {type(value).__name__}"


def open_places(values: Iterable[object]) -> Iterator[bool]:
    """Yield, for each value, whether it is ``...`` or a container that still holds one."""
    for value in values:
        if isinstance(value, dict):
            yield any(item is ... for item in value.values())
        elif isinstance(value, (list, tuple, set)):
            yield any(item is ... for item in value)
        else:
            yield value is ...


def _with_hint(result: Result, hint: str) -> Result:
    return Result(result.ok, result.expected, result.observed, hint, result.error)


def _failed(error: Exception, given: tuple[object, ...]) -> Result:
    told = f"{type(error).__name__}: {short(str(error))}"
    if isinstance(error, LabError):
        return Result(None, hint=str(error), error=told)
    if isinstance(error, OSError) or type(error).__module__.split(".")[0] in _FOREIGN:
        hint = "Is the stack up? In a terminal: `lab status`, then `lab up`. Then run this again."
        return Result(None, observed=told, hint=hint, error=told)
    hint = (
        f"The check could not read this answer ({told}). Look at what kind of value is asked for."
    )
    return Result(False, observed=", ".join(map(short, given)), hint=hint)
