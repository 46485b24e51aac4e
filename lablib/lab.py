"""The lab as its notebook sees it: predict, look, check, get a hint, finish.

Nothing here raises for a wrong or a missing answer, so that an unsolved lab runs to its end.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from lablib.background import BackgroundErrors
from lablib.checks import Exercise, Result, exercises, short
from lablib.errors import LabError
from lablib.notice import CHECK, FINISH, Notice, publish
from lablib.palette import use_palette
from lablib.predictions import Predictions
from lablib.settings import Settings, load_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TITLES = {
    "solved": "solved",
    "wrong": "not right yet",
    "unsolved": "not solved yet",
    "unchecked": "could not be checked",
    "not checked": "not checked in this session",
}


class Lab:
    """One lab's questions, checks and hints. ``Lab("04_kraft")`` stands in its first code cell."""

    def __init__(self, stem: str, settings: Settings | None = None) -> None:
        """Open the lab of this stem. Raises LabError when there is none."""
        self.stem = stem
        self.exercises: Mapping[str, Exercise] = exercises(stem)
        self.results: dict[str, Result] = {}
        self._hints_given: dict[str, int] = {}
        self._questions: dict[str, Mapping[str, str]] = {}
        self._predictions = Predictions.of(stem, settings or load_settings())
        self._background = BackgroundErrors()
        self._background.install()
        use_palette()

    def predict(
        self, name: str, question: str, options: Mapping[str, str], choice: object = ...
    ) -> None:
        """Ask for a prediction and keep it until `recall`.

        The learner clicks an option or writes ``choice="b"``; ``...`` leaves an earlier one.
        """
        self._questions[name] = options
        lines = [(key, text) for key, text in options.items()]
        if isinstance(choice, str) and choice in options:
            self._predictions.keep(name, choice)
        elif choice is not ...:
            lines.append(("", f"{short(choice)} is none of {', '.join(options)}."))
        kept = self._predictions.read().get(name, "")
        if kept in options:
            lines.append(("You said", f"{kept}: {options[kept]}"))
        else:
            lines.append(("", 'Choose before you go on: click, or write choice="..." above.'))
        Notice("note", question, tuple(lines)).publish()
        if get_ipython() is not None:
            display(self._radio(name, options, kept))  # type: ignore[no-untyped-call]

    def recall(self, name: str, truth: str) -> None:
        """Show the prediction beside ``truth``, the option that the experiment showed."""
        options = self._questions.get(name)
        if options is None:
            Notice("note", f"Run the cell that asks {name!r} first.").publish()
            return
        if truth not in options:
            raise LabError(f"The question {name!r} has no option {truth!r}.", ", ".join(options))
        kept = self._predictions.read().get(name, "")
        said = f"{kept}: {options[kept]}" if kept in options else "nothing yet"
        title = "As you predicted" if kept == truth else "Compare with your prediction"
        lines = (("You said", said), ("You saw", f"{truth}: {options[truth]}"))
        Notice("note", title, lines).publish()

    def check(self, exercise: str, /, *answer: object, **evidence: object) -> None:
        """Judge an exercise and show the verdict with what was expected, what was seen, a hint."""
        found = self._exercise(exercise)
        if found is None:
            return
        result = self.results[exercise] = found.judge(*answer, **evidence)
        parts = {"expected": short(result.expected), "observed": short(result.observed)}
        label = "remark" if result.ok else "hint"
        lines = [(key.capitalize(), text) for key, text in parts.items() if text]
        lines += [(label.capitalize(), result.hint)] if result.hint else []
        if not result.ok and not result.error:
            lines.append(("More", f'lab.hint("{exercise}")'))
        data = {"lab": self.stem, "exercise": exercise, "outcome": result.outcome, **parts}
        data |= {"hint": result.hint, "error": result.error}
        title = f"{exercise}: {_TITLES[result.outcome]}"
        Notice(result.outcome, title, tuple(lines), {CHECK: data}).publish()

    def hint(self, exercise: str) -> None:
        """Show the exercise's hints: one more with each call, three at most."""
        found = self._exercise(exercise)
        if found is None:
            return
        count = self._hints_given[exercise] = min(self._hints_given.get(exercise, 0) + 1, 3)
        lines = tuple((str(i), text) for i, text in enumerate(found.hints[:count], 1))
        Notice("note", f"{exercise}: hint {count} of 3", lines).publish()

    def show(self, figure: Figure, alt: str) -> None:
        """Show a matplotlib figure with ``alt``, a sentence for those who cannot see it."""
        if not alt.strip():
            raise LabError("A picture needs a sentence of alternative text.", 'alt=""')
        from matplotlib import pyplot

        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=100)
        pyplot.close(figure)  # or the notebook would show it a second time
        png = base64.b64encode(buffer.getvalue()).decode()
        html = f'<img alt="{escape(alt)}" src="data:image/png;base64,{png}">'
        if get_ipython() is None:
            print(alt)
            return
        publish({"text/html": html, "image/png": png, "text/plain": alt})

    def finish(self) -> None:
        """Sum up all exercises. Stands in the last cell: who reads it knows that all cells ran."""
        states = {
            name: self.results[name].outcome if name in self.results else "not checked"
            for name in self.exercises
        }
        errors = self._background.collect()
        solved = sum(state == "solved" for state in states.values())
        lines = [(name, _TITLES[state]) for name, state in states.items()]
        lines += [("Failed in the background", error) for error in errors]
        data = {"lab": self.stem, "exercises": states, "background_errors": errors}
        title = f"{self.stem}: {solved} of {len(states)} exercises solved"
        kind = "solved" if solved == len(states) and not errors else "unsolved"
        Notice(kind, title, tuple(lines), {FINISH: data}).publish()

    def _exercise(self, name: str) -> Exercise | None:
        found = self.exercises.get(name)
        if found is None:
            names = ", ".join(self.exercises)
            Notice("note", f"There is no exercise {name!r}", (("There are", names),)).publish()
        return found

    def _radio(self, name: str, options: Mapping[str, str], kept: str) -> Any:
        from ipywidgets import Layout, RadioButtons  # type: ignore[import-untyped]

        radio = RadioButtons(
            options=[(f"{key}: {text}", key) for key, text in options.items()],
            value=kept if kept in options else None,
            description="I predict",
            layout=Layout(width="max-content"),
        )
        radio.observe(lambda change: self._predictions.keep(name, change["new"]), "value")
        return radio
