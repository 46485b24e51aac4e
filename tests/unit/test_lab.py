"""The lab as a learner meets it: predictions, verdicts, hints, pictures, the end."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest
from matplotlib.figure import Figure

from lablib import lab as lab_module
from lablib.checks import Case, Result, exercise, exercises
from lablib.errors import LabError, NotReady
from lablib.lab import Lab
from lablib.notice import CHECK, FINISH, Notice
from lablib.settings import Settings

OPTIONS = {"a": "one partition", "b": "all partitions"}


def even(answer: int, *, near: int = 0) -> Result:
    """A check with evidence, as a lab's author writes one."""
    if answer % 2 == 1:
        return Result(False, "an even number", answer, "What is left over?")
    return Result(True, "an even number", answer)


def shaky(answer: object) -> Result:
    """A check that fails in the way that its answer names."""
    if isinstance(answer, Exception):
        raise answer
    return Result(answer if isinstance(answer, bool) else None)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Notice]:
    """The notices that were published."""
    found: list[Notice] = []

    def publish(notice: Notice) -> None:
        found.append(notice)

    monkeypatch.setattr(Notice, "publish", publish)
    return found


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A lab with two exercises, in a checkout of its own."""
    module = ModuleType("lablib.checks.lab_77_probe")
    mark = exercise(hints=("one", "two", "three"), wrong=[Case(3, hint="left over")])
    vars(module).update(even=mark(even), shaky=mark(shaky))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    return Lab("77_probe", Settings(home=tmp_path, data=tmp_path / ".lab"))


def test_a_mistyped_lab_is_named() -> None:
    """A stem without checks is answered with that stem."""
    with pytest.raises(LabError, match="There is no lab '4_kraft'"):
        Lab("4_kraft")


@pytest.mark.parametrize(
    ("answer", "evidence", "outcome", "text"),
    [
        ((4,), {}, "solved", ""),
        ((3,), {}, "wrong", "What is left over?"),
        ((...,), {}, "unsolved", "in place of the dots"),
        ((4,), {"near": ...}, "unsolved", "in place of the dots"),
        (([1, ...],), {}, "unsolved", "in place of the dots"),
        (({"a": ...},), {}, "unsolved", "in place of the dots"),
        (("four",), {}, "wrong", "could not read this answer"),
        ((), {}, "wrong", "could not read this answer"),
    ],
)
def test_a_verdict_never_raises(
    lab: Lab,
    shown: list[Notice],
    answer: tuple[object, ...],
    evidence: dict[str, object],
    outcome: str,
    text: str,
) -> None:
    """Right, wrong, missing and unreadable answers each get their verdict and their hint."""
    lab.check("even", *answer, **evidence)
    data = shown[0].data[CHECK]
    assert isinstance(data, dict)
    assert data["outcome"] == outcome
    assert text in data["hint"]
    assert text in shown[0].text
    assert text in shown[0].html


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NotReady("Kafka is down.", next="lab up"), "lab up"),
        (ConnectionRefusedError("no"), "lab up"),
    ],
)
def test_a_check_that_cannot_look_blames_nobody(
    lab: Lab, shown: list[Notice], error: Exception, text: str
) -> None:
    """A stack that is down is neither a right nor a wrong answer, and the way out is told."""
    lab.check("shaky", error)
    assert lab.results["shaky"].outcome == "unchecked"
    assert text in shown[0].text


def test_a_verdict_without_a_hint_gets_the_first_one(lab: Lab, shown: list[Notice]) -> None:
    """A check may leave the hint out; a solved exercise needs none."""
    lab.check("shaky", False)
    assert lab.results["shaky"].hint == "one"
    lab.check("shaky", True)
    assert lab.results["shaky"].hint == ""


def test_an_answer_that_cannot_be_printed_is_judged(lab: Lab, shown: list[Notice]) -> None:
    """A value whose text raises, or is endless, still gets a short verdict."""

    class Silent(int):
        def __repr__(self) -> str:
            raise RuntimeError

    lab.check("even", Silent(3))
    lab.check("even", int("1" * 3000))
    assert lab.results["even"].outcome == "wrong"
    assert max(len(notice.text) for notice in shown) < 1000


def test_what_a_learner_wrote_is_not_html(lab: Lab, shown: list[Notice]) -> None:
    """An answer with angle brackets is shown, not rendered."""
    lab.check("even", "<img src=x>")
    assert "<img" not in shown[0].html
    assert "&lt;img" in shown[0].html


def test_hints_come_one_by_one(lab: Lab, shown: list[Notice]) -> None:
    """Each call gives one hint more, the third and all later ones give all three."""
    for _ in range(4):
        lab.hint("even")
    assert [len(notice.lines) for notice in shown] == [1, 2, 3, 3]
    assert "three" in shown[3].text


def test_an_unknown_exercise_is_answered_with_the_known_ones(lab: Lab, shown: list[Notice]) -> None:
    """A mistyped exercise does not raise."""
    lab.check("evn", 4)
    lab.hint("evn")
    assert all("even, shaky" in notice.text for notice in shown)


def test_a_prediction_is_kept_over_sessions(lab: Lab, shown: list[Notice], tmp_path: Path) -> None:
    """A learner is held to the choice also after the kernel was restarted."""
    lab.predict("keys", "Where?", OPTIONS, choice="b")
    again = Lab("77_probe", Settings(home=tmp_path, data=tmp_path / ".lab"))
    again.predict("keys", "Where?", OPTIONS)
    again.recall("keys", truth="a")
    assert "You said: b: all partitions" in shown[1].text
    assert "You said: b: all partitions" in shown[2].text
    assert "You saw: a: one partition" in shown[2].text


@pytest.mark.parametrize("choice", [..., "z", 3, None, []])
def test_a_prediction_may_be_left_open(lab: Lab, shown: list[Notice], choice: object) -> None:
    """No choice, or one that is no option, never raises and is no prediction."""
    lab.predict("keys", "Where?", OPTIONS, choice=choice)
    lab.recall("keys", truth="a")
    assert "You said: nothing yet" in shown[1].text


def test_a_click_is_a_prediction(lab: Lab, shown: list[Notice]) -> None:
    """The radio buttons keep the same choice as the argument does."""
    lab.predict("keys", "Where?", OPTIONS)
    lab._radio("keys", OPTIONS, "").value = "a"
    lab.recall("keys", truth="a")
    assert shown[1].title == "As you predicted"


def test_a_broken_file_of_predictions_holds_none(
    lab: Lab, shown: list[Notice], tmp_path: Path
) -> None:
    """A file that was cut off does not stop the lab."""
    lab.predict("keys", "Where?", OPTIONS, choice="a")
    next(tmp_path.rglob("77_probe.json")).write_text("{")
    lab.recall("keys", truth="a")
    assert "nothing yet" in shown[1].text


def test_a_recall_before_its_question_tells_what_to_run(lab: Lab, shown: list[Notice]) -> None:
    """After a restart of the kernel, the learner is sent to the cell that asks."""
    lab.recall("keys", truth="a")
    assert "Run the cell that asks 'keys'" in shown[0].text


def test_a_truth_that_is_no_option_is_the_authors_mistake(lab: Lab, shown: list[Notice]) -> None:
    """An author learns of it at once."""
    lab.predict("keys", "Where?", OPTIONS)
    with pytest.raises(LabError, match="no option 'c'"):
        lab.recall("keys", truth="c")


def test_the_end_sums_up(lab: Lab, shown: list[Notice]) -> None:
    """The summary names each exercise with its state, those that were not checked too."""
    lab.check("even", 4)
    lab.finish()
    data = shown[1].data[FINISH]
    assert isinstance(data, dict)
    assert data["exercises"] == {"even": "solved", "shaky": "not checked"}
    assert "1 of 2" in shown[1].title


def test_the_end_tells_of_threads_that_failed(
    lab: Lab, shown: list[Notice], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An error in a thread is told in the summary, and a new lab begins without it."""
    monkeypatch.setattr(lab._background, "_previous", lambda args: None)
    thread = threading.Thread(target=lambda: 1 / 0, name="loader")
    thread.start()
    thread.join()
    lab.finish()
    assert "loader: ZeroDivisionError" in shown[0].text
    Lab("77_probe", Settings(home=tmp_path, data=tmp_path / ".lab")).finish()
    assert "loader" not in shown[1].text


def test_a_picture_has_alternative_text(
    lab: Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture is shown with its sentence, and refused without one."""
    with pytest.raises(LabError, match="alternative text"):
        lab.show(Figure(), alt=" ")
    lab.show(Figure(), alt="A flat line.")
    assert capsys.readouterr().out == "A flat line.\n"
    bundles: list[dict[str, str]] = []
    monkeypatch.setattr(lab_module, "get_ipython", object)
    monkeypatch.setattr(lab_module, "publish", bundles.append)
    lab.show(Figure(), alt='He said "flat" & <left>.')
    assert 'alt="He said &quot;flat&quot; &amp; &lt;left&gt;."' in bundles[0]["text/html"]
    assert set(bundles[0]) == {"text/html", "image/png", "text/plain"}


def test_exercises_keep_their_order(lab: Lab) -> None:
    """The summary follows the order of the checks' module."""
    assert list(exercises("77_probe")) == ["even", "shaky"]
