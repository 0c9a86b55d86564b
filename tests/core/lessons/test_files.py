"""What is wrong with a lesson's file is said with file, line and reason; and nothing in it can act."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import RunConfig
from core.data_files import DataFileError
from core.lessons import recording
from core.lessons.command import shortcomings
from core.lessons.expressions import ExpressionError, filled, value
from core.lessons.file import read_lesson
from core.lessons.measured import Measured
from core.lessons.shelf import FOLDER
from core.store import load_run
from core.store.folder import recorded_id

GOOD = (FOLDER / "vanishing.yaml").read_text("utf-8")


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(DataFileError) as caught:
        read_lesson(path)
    return caught.value.problems


def line(text: str, part: str) -> int:
    """The line that ``part`` begins on."""
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    "was, now, at, reason",
    [
        ("place: 2", "place: two", "place", "valid integer"),
        ("minutes: 10\n", "", "title", "`minutes` is missing"),
        ("minutes: 10", "minuets: 10\nminutes: 10", "minuets", "`minuets` is no part of a lesson there"),
        ("preset: temporal-order-rnn}", "preset: temporal-odor-rnn}", "{preset: temporal-odor", "temporal-odor-rnn"),
        ("pictures: [strip], look", "pictures: [stripe], look", "{run: rnn", "`pictures` (=stripe) is not on the page"),
        ("rnn.profile(0)", "rnn.prophile(0)", "rnn.prophile", "`prophile` is not measured"),
        ("[[ rnn.lag() | whole ]]", "[[ run.lag() | whole ]]", "text: |", "`run` is no run here"),
        ("[[ rnn.T() | whole ]]", "[[ rnn.T() | hole ]]", "text: |", "`hole` is no way to write a number"),
        ("kind: curve", "kind: curb", "kind: curb", "curb"),
        ("decades: 10", "decades: 99", "99", "less than or equal to 40"),
        ("steps:\n", "steps: [\n", "", "not YAML"),
    ],
)
def test_a_mistake_is_said_with_file_line_and_reason(tmp_path: Path, was: str, now: str, at: str, reason: str) -> None:
    text = GOOD.replace(was, now, 1)
    told = " ".join(problems(tmp_path, text))
    assert reason in told and "mine.yaml:" in told, told
    if at:
        assert f"mine.yaml:{line(text, at)}`" in told, told


def test_yaml_builds_nothing_but_plain_values(tmp_path: Path) -> None:
    told = problems(tmp_path, "title: !!python/object/apply:os.system ['true']\n")
    assert "not YAML" in told[0]


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "rnn.__class__", "rnn._run", "rnn.T.__call__()", "(lambda: 1)()", "[1, 2][0]", "open('x')",
     "rnn.T().real", "'a' * 9", "f'{1}'", "rnn", "2 ** 9 ** 9", "rnn.T(x=1)", "1 +", "1" * 500],
)  # fmt: skip
def test_an_expression_reaches_nothing_else(text: str) -> None:
    runs = {"rnn": Measured(RunConfig.preset("temporal-order-rnn"), None)}
    with pytest.raises(ExpressionError):
        float(value(text, runs))


def test_expressions_are_arithmetic_over_measurements() -> None:
    runs = {"rnn": Measured(RunConfig.preset("temporal-order-rnn"), None)}
    assert value("-rnn.T() + 2 * (3 - 1) / 4", runs) == -49
    assert value("1 < rnn.H() <= 8 and not 2 == 3 or 1 > 2", runs) is True
    assert filled("[[ rnn.parameters() | whole ]] of [[ rnn.chance() | percent ]]", runs) == "164 of 25\u00a0%"


def test_a_file_that_gives_two_right_answers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("when: wide.first_share(0) > 10", "when: wide.first_share(0) < 10"), "utf-8")
    assert any("exactly one must be true" in told for told in shortcomings(read_lesson(path)))


@pytest.mark.slow
def test_recording_keeps_what_the_training_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thinned in frames, whole in scalars, the last frame kept also where the training broke; the same bits again."""
    from core.training import train

    config = RunConfig.preset("temporal-order-rnn", steps=200)
    monkeypatch.setattr(recording, "SHIPPED", tmp_path / "runs")
    monkeypatch.setattr("core.store.folder.SHIPPED", tmp_path / "runs")
    run, frames = load_run(recording.record(config)), [*train(config)]
    assert run.id == recorded_id(config.digest()) and run.frame(0) is not None
    assert len(run.recorded_steps) <= 2 * recording.FRAMES and run.last_step == 200
    whole = [value for frame in frames for value in frame.history["loss"]]
    assert run.scalars()["loss"].tolist() == whole
    last = run.frame(200)
    assert last is not None and last.flow.tolist() == frames[-1].flow.astype("float32").tolist()
    assert set(run.weights(200) or {}) == set(frames[-1].weights or {})
