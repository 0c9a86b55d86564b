"""``python -m core theory …``: the figures of the closed forms as JSON, and a sentence for every bad value."""

import json
from typing import Any

import numpy as np
import pytest

from core.__main__ import main


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The one object that a command prints."""
    assert main(["theory", *arguments]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    return json.loads(line)


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that a refused command leaves on stderr."""
    try:
        status = main(["theory", *arguments])
    except SystemExit as left:  # argparse itself
        status = left.code
    out, err = capsys.readouterr()
    assert (status, out) == (2, "") and err.startswith("error: ")
    (line,) = err.splitlines()
    return line


def test_cliff_on_the_wall(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "cliff", "--w", "5", "--b", "wall")
    assert found["b"] == found["wall"] == pytest.approx(-2.612296656, abs=5e-10)
    assert found["gradient_norm"] == pytest.approx(779.4, abs=0.05) and found["on_wall"] and found["finite"]
    assert np.hypot(found["gradient"]["w"], found["gradient"]["b"]) == pytest.approx(found["gradient_norm"])


def test_cliff_beside_the_wall_and_without_one(capsys: pytest.CaptureFixture[str]) -> None:
    beside = said(capsys, "cliff", "--w", "5", "--b", "-2.562296656")
    assert beside["gradient_norm"] == pytest.approx(0.16, abs=0.005) and not beside["on_wall"]
    assert said(capsys, "cliff", "--w", "4", "--b", "1")["wall"] is None
    assert said(capsys, "cliff", "--b", "wall", "--steps", "1")["gradient_norm"] < 0.1


def test_what_is_not_finite_is_null_with_a_flag(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "cliff", "--w", "100", "--b", "wall", "--steps", "1000")
    assert found["gradient_norm"] is None and found["loss"] == pytest.approx(0.006, abs=1e-4)
    assert not found["finite"] and found["nonfinite"] == ["gradient.w", "gradient.b", "gradient_norm"]


def test_influence(capsys: pytest.CaptureFixture[str]) -> None:
    values = {k: said(capsys, "influence", "--k", str(k)) for k in (10, 19, 40, 41)}
    assert [values[k]["derivative"] for k in values] == pytest.approx([10, 16.476, 0.566, -0.219], abs=5e-4)
    assert [values[k]["wrong_way"] for k in values] == [True, True, True, False]
    assert all(found["full"] == -6 and found["right_way_from_k"] == 41 for found in values.values())


def test_two_lag(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "two-lag", "--lags", "3", "8")
    assert [found[name] for name in ("no_lag", "short_only", "both")] == pytest.approx([0.66156, 0.51917, 0.45445],
                                                                                       abs=5e-6)  # fmt: skip


SMALL = ("--set", "task.length=12", "cell.hidden_size=4", "batch_size=6", "steps=3")


def test_truncation_bias(capsys: pytest.CaptureFixture[str]) -> None:
    """With one loss at the end windows and sliding are one; K = T hides nothing; phi is the flow by lag."""
    found = said(capsys, "truncation-bias", "--preset", "temporal-order-gru", *SMALL, "--at", "2", "--sequences", "5")
    assert (found["step"], found["sequences"], found["length"], found["needed"]) == (2, 5, 12, 11)
    windows = found["windows"]
    assert windows == found["sliding"] and windows["K"] == list(range(1, 13)) and len(found["phi"]) == 13
    for name, whole in (("relative_bias", 0), ("cosine", 1), ("norm_ratio", 1)):
        for last in (windows[name][-1], windows[f"cell_{name}"][-1]):
            assert last == pytest.approx(whole, abs=1e-6)
    assert windows["cell_relative_bias"][0] > windows["relative_bias"][0] > 0.01


@pytest.mark.parametrize(("arguments", "sentence"), [
    (("cliff", "--w", "4.25", "--b", "wall"), "`--b` (=wall) needs `--w` (=4.25) above 4.25525"),
    (("cliff", "--b", "high"), "`--b` (=high) must be a number or the word wall"),
    (("cliff", "--w", "inf", "--b", "1"), "`--w` (=inf) must be a number"),
    (("cliff", "--b", "1", "--steps", "0"), "`--steps` (=0) must be 1 or more. Raise `--steps`."),
    (("cliff", "--b", "1", "--steps", "1000000"), "`--steps` (=1000000) must be 100000 or less. Lower `--steps`."),
    (("cliff",), "the following arguments are required: --b"),
    (("influence", "--k", "0"), "`--k` (=0) must be 1 or more. Raise `--k`."),
    (("influence", "--k", "2.5"), "`--k` (=2.5) must be a whole number"),
    (("two-lag", "--lags", "3", "3"), "`lags` (=3 3) must be two different numbers of steps"),
    (("two-lag", "--lags", "8", "3"), "Write 3 8, say."),
    (("two-lag", "--lags", "-3", "8"), "`--lags` (=-3) must be 0 or more."),
    (("two-lag", "--lags", "3"), "must be two numbers, as in `--lags 3 8`"),
    (("truncation-bias", "--preset", "nothing"), "`preset` (=nothing) is not known."),
    (("truncation-bias", *SMALL, "--at", "4"), "`--at` (=4) must lie within the run's 3 steps."),
    (("truncation-bias", *SMALL, "--at", "-1"), "`--at` (=-1) must be 0 or more."),
    (("truncation-bias", *SMALL, "--sequences", "7"), "`--sequences` (=7) must be 6 or less."),
    (("truncation-bias", *SMALL, "--sequences", "0"), "`--sequences` (=0) must be 1 or more."),
    (("wall",), "invalid choice: 'wall'"),
    ((), "the following arguments are required: TOPIC"),
])  # fmt: skip
def test_bad_values_are_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in complaint(capsys, *arguments)
