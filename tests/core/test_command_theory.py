"""``python -m core theory …``: the figures of the closed forms as JSON, and a sentence for every bad value."""

import json
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.__main__ import main
from core.config import RunConfig


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


def test_an_exponent_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "cliff", "--b", "-1e-3") == said(capsys, "cliff", "--b=-0.001")
    assert said(capsys, "cliff", "--w", "-.5E+1", "--b", "-1.")["w"] == -5
    assert said(capsys, "memory-capacity", "--leak", "-9e-1", "--max-lag", "1")["leak"] == -0.9


@pytest.mark.parametrize(("arguments", "factor", "low", "high"), [
    (("rnn", "default"), 0.60, 0.58, 0.63),
    (("lstm", "default"), 0.64, 0.63, 0.65),
    (("gru", "default"), 0.66, 0.64, 0.67),
    (("lstm", "default", "--forget-bias", "1"), 0.86, 0.84, 0.87),
    (("lstm", "chrono"), 0.98, 0.975, 0.99),
    (("rnn", "orthogonal"), 0.92, 0.89, 0.94),
    (("rnn", "identity"), 1.00, 0.995, 1.005),
])  # fmt: skip
def test_factors_at_initialisation(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], factor: float, low: float, high: float
) -> None:
    """The table of docs/reference.md, "Factors at initialisation", every row."""
    cell, init, *more = arguments
    found = said(capsys, "initial-decay", "--cell", cell, "--init", init, "--hidden", "64", *more)
    assert found["factor"] == pytest.approx(factor, abs=0.0101) and low <= found["factor"] <= high
    assert (found["cell"], found["init"], found["hidden"], len(found["factors"])) == (cell, init, 64, 6)
    assert found.get("activation") == {"identity": "relu", "orthogonal": "tanh"}.get(init, found.get("activation"))


def test_other_cells_at_initialisation(capsys: pytest.CaptureFixture[str]) -> None:
    small = ("--hidden", "6", "--length", "20", "--seeds", "2")
    found = said(capsys, "initial-decay", "--cell", "gru", "--reset", "before", *small)
    assert (found["reset"], found["length"], found["lags"], len(found["flow"])) == ("before", 20, [2, 12], 21)
    assert found["half_life"] == pytest.approx(np.log(2) / -np.log(found["factor"]))
    tanh = said(capsys, "initial-decay", "--cell", "rnn", "--init", "identity", "--activation", "tanh", *small)
    assert tanh["activation"] == "tanh" and tanh["factor"] < 1
    other = said(capsys, "initial-decay", "--cell", "lstm", "--variant", "coupled", *small)
    assert other["variant"] == "coupled" and other != said(capsys, "initial-decay", "--cell", "lstm", *small)


def test_memory_of_a_leaky_unit(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "memory-capacity", "--leak", ".9", "--max-lag", "10")
    closed = [(1 - 0.81) * 0.81**k for k in range(11)]
    assert found["closed_form"] == pytest.approx(closed) and found["measured"] == pytest.approx(closed, abs=0.002)
    assert found["sum_closed_form"] == pytest.approx(1 - 0.81**11) and found["bound"] == 1
    assert said(capsys, "memory-capacity", "--leak", "0")["closed_form"] == [1.0] + [0.0] * 10


@pytest.mark.parametrize("matrix", ["0.9 0.3; 0 -0.5", "0.5 -0.8; 0.8 .5", "2", "0.3 0.1 0; 0.4 0.2 0.1; 0 0 1.1"])
def test_exponents_of_a_linear_network(capsys: pytest.CaptureFixture[str], matrix: str) -> None:
    found = said(capsys, "lyapunov", "--matrix", matrix)
    U = np.array([[float(part) for part in row.split()] for row in matrix.split(";")])
    moduli = np.sort(np.log(np.abs(np.linalg.eigvals(U))))[::-1]
    assert found["log_moduli"] == pytest.approx(moduli)
    assert found["exponents"] == pytest.approx(moduli, abs=1e-3)


def test_a_direction_that_is_lost_is_null_with_a_flag(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "lyapunov", "--matrix", "0.5 0; 0 0")
    assert found["exponents"] == [pytest.approx(np.log(0.5)), None] and found["nonfinite"] == [
        "exponents",
        "log_moduli",
    ]


def test_exponents_of_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    """At the end of a training of three steps, along the first two sequences of its batch."""
    from core.diagnostics.jacobians import step_jacobians
    from core.training.replay import moment_of

    flags = ("lyapunov", "--preset", "temporal-order-gru", *SMALL, "--at", "3", "--sequences", "2")
    found = said(capsys, *flags)
    settings = {key: value for key, _, value in (pair.partition("=") for pair in SMALL[1:])}
    now = moment_of(RunConfig.preset("temporal-order-gru", **settings), 3)
    layer = now.network.wide().layer
    way = layer.forward(layer.params["weight_hh"].new_tensor(now.batch.x[:, :2]))
    logs = [float(step_jacobians(layer, way, n)[1:].double().slogdet().logabsdet.mean()) for n in (0, 1)]
    assert (found["step"], found["sequences"], found["steps"], found["transient"]) == (3, 2, 12, 1)
    assert found["sum"] == pytest.approx(np.mean(logs), rel=1e-6)
    assert found["exponents"] == sorted(found["exponents"], reverse=True) and found["largest"] < 0
    assert found["factor"] == pytest.approx(np.exp(found["largest"]))
    assert said(capsys, *flags[:-2])["sequences"] == 6


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
    (("cliff", "--b", "-inf"), "`--b` (=-inf) must be a number or the word wall"),
    (("initial-decay",), "the following arguments are required: --cell"),
    (("initial-decay", "--cell", "cat"), "`cell.name` (=cat) is not known."),
    (("initial-decay", "--cell", "rnn", "--init", "chrono"), "`cell.init` (=chrono) is not known."),
    (("initial-decay", "--cell", "gru", "--forget-bias", "1"), "`cell.forget_bias` (=1) is not a setting of"),
    (("initial-decay", "--cell", "lstm", "--forget-bias", "x"), "`cell.forget_bias` (=x) must be a number."),
    (("initial-decay", "--cell", "lstm", "--hidden", "0"), "`--hidden` (=0) must be 1 or more. Raise `--hidden`."),
    (("initial-decay", "--cell", "lstm", "--length", "9"), "`--length` (=9) must be 10 or more."),
    (("memory-capacity", "--leak", "1"), "`--leak` (=1) must lie between -1 and 1"),
    (("memory-capacity", "--leak", "nan"), "`--leak` (=nan) must be a number between -1 and 1, as in `--leak 0.9`."),
    (("memory-capacity", "--leak", ".5", "--max-lag", "1e3"), "`--max-lag` (=1e3) must be a whole number"),
    (("memory-capacity", "--leak", ".5", "--max-lag", "1001"), "`--max-lag` (=1001) must be 1000 or less."),
    (("lyapunov", "--preset", "nothing"), "`preset` (=nothing) is not known."),
    (("lyapunov", *SMALL, "--at", "4"), "`--at` (=4) must lie within the run's 3 steps."),
    (("lyapunov", "--set", "cell.hidden_size=512", "task.length=400"), "make more Jacobians than fit"),
    (("lyapunov", "--matrix", "1 2; 3"), "`--matrix` (=1 2; 3) must be a square matrix"),
    (("lyapunov", "--matrix", "1", "--preset", "review-gru"), "`--matrix` is a network of its own."),
    (("wall",), "invalid choice: 'wall'"),
    ((), "the following arguments are required: TOPIC"),
])  # fmt: skip
def test_bad_values_are_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in complaint(capsys, *arguments)


SMALL_RUN = ("--preset", "two-lag-rnn", "--set", "task.length=12", "batch_size=4")


@pytest.mark.parametrize(("arguments", "columns", "rows"), [
    (("cliff", "--b", "wall"), {"gradient_norm": "gradient_norm", "wall": "wall"}, 1),
    (("influence", "--k", "19"), {"derivative": "derivative", "wrong_way": "wrong_way"}, 1),
    (("two-lag", "--lags", "3", "8"), {"no_lag": "no_lag", "both": "both"}, 1),
    (("memory-capacity", "--leak", ".9"), {"lag": "lags", "measured": "measured", "leak": "leak"}, 11),
    (("initial-decay", "--cell", "gru", "--hidden", "4", "--length", "20"), {"flow": "flow", "factor": "factor"}, 21),
    (("lyapunov", "--matrix", "0.9 0.3; 0 -0.5"), {"exponent": "exponents", "log_modulus": "log_moduli"}, 2),
    (("lyapunov", *SMALL_RUN), {"exponent": "exponents", "factor": "factor"}, 6),
])  # fmt: skip
def test_a_table_says_what_the_object_says(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], columns: dict[str, str], rows: int
) -> None:
    table, found = tabled(capsys, *arguments), said(capsys, *arguments)
    assert len(table) == rows and table.columns.is_unique
    for column, name in columns.items():
        values = found[name] if isinstance(found[name], list) else [found[name]] * rows
        assert table[column].tolist() == pytest.approx(values, rel=1e-14, abs=0)


def tabled(capsys: pytest.CaptureFixture[str], *arguments: str) -> pd.DataFrame:
    """The table that a command prints."""
    assert main(["theory", *arguments, "--csv"]) == 0
    return pd.read_csv(StringIO(capsys.readouterr().out))


def test_a_table_of_every_k(capsys: pytest.CaptureFixture[str]) -> None:
    table, found = tabled(capsys, "truncation-bias", *SMALL_RUN), said(capsys, "truncation-bias", *SMALL_RUN)
    for mode in ("windows", "sliding"):
        own = table[table["mode"] == mode]
        assert all(own[name].tolist() == pytest.approx(values) for name, values in found[mode].items())
        assert own["phi"].tolist() == pytest.approx([found["phi"][k] for k in own["K"]])
    assert (table["needed"] == found["needed"]).all()


def test_what_is_not_finite_stays_so_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert tabled(capsys, "cliff", "--w", "100", "--b", "wall", "--steps", "1000")["gradient_norm"].tolist() == [np.inf]
    assert tabled(capsys, "cliff", "--w", "4", "--b", "1")["wall"].isna().all()
