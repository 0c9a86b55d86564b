"""docs/reference.md: what the code cites is there, and what it states in numbers is so."""

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import comb, hypot, log
from pathlib import Path

import numpy as np
import pytest

from core.cells import GRU, LSTM, RNN, stacked
from core.diagnostics.initial_decay import initial_decay
from core.tasks import TASKS, Adding, Copying, Multiplication, Review, TemporalOrder
from core.theory import cliff, influence, two_lag

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference.md"
CITED = re.compile(r'docs/reference\.md(?:, "([^"]+)")?')


@cache
def sections() -> dict[str, list[str]]:
    """{heading: its lines, up to the next heading}."""
    found: dict[str, list[str]] = {}
    for line in PAGE.read_text("utf-8").splitlines():
        heading = re.match(r"#+ (.+)", line)
        if heading:
            found[heading[1]] = []
        elif found:
            list(found.values())[-1].append(line)
    return found


def table(heading: str) -> list[list[str]]:
    """The rows of the section's table, without its head."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in sections()[heading] if line[:1] == "|"]
    return rows[2:]


def read(text: str) -> tuple[float, float]:
    """A number as the page writes it, and half a unit of its last digit."""
    text = text.replace("−", "-")
    return float(text), 0.5 * 10.0 ** -len(text.partition(".")[2])


def citations() -> list[tuple[str, str]]:
    """(file, heading) of every citation; "" where a citation names none."""
    paths = [path for folder in ("app", "core", "pages", "tests") for path in (ROOT / folder).rglob("*.py")]
    paths += [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    return [
        (path.relative_to(ROOT).as_posix(), heading)
        for path in paths
        if path != Path(__file__)
        for heading in CITED.findall(path.read_text("utf-8"))
    ]


def test_what_is_cited_is_there() -> None:
    cited = citations()
    assert len(cited) > 15
    for path, heading in cited:
        assert heading in sections() or (not heading and path.endswith(".md")), f"{path} cites {heading!r}"
    targets = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in sections()}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE.read_text("utf-8"))) <= targets


def test_what_it_names_in_this_project_is_there() -> None:
    named = re.findall(r"`((?:tests|core|app)/[\w/.]+)`", PAGE.read_text("utf-8"))
    assert named and not [path for path in named if not (ROOT / path).exists()]
    assert {row[1].strip("`") for row in table("Tasks")} - {""} == set(TASKS)


def on_wall() -> float:
    return hypot(*cliff.gradient_on_wall(5))


def beside_wall(b: float) -> float:
    return hypot(*(float(part) for part in cliff.gradient(5, b)))


def variance(power: int, low: int = 0) -> Fraction:
    """Of the product of ``power`` independent values uniform in low … 1."""
    mean, square = Fraction(1 + low, 2), Fraction(1 - low**3, 3 * (1 - low))
    return square**power - mean ** (2 * power)


WALL = float(cliff.wall(5))
NUMBERS: dict[str, Callable[[], float]] = {
    "two-lag: loss of no lag": lambda: two_lag.floors(3, 8).none,
    "two-lag: loss of the short lag": lambda: two_lag.floors(3, 8).short,
    "two-lag: loss of the long lag": lambda: two_lag.floors(3, 8).long,
    "two-lag: loss of both lags": lambda: two_lag.floors(3, 8).both,
    "cliff: σ(.5)": lambda: cliff.LEVEL,
    "cliff: least w with a wall": lambda: cliff.LEAST_W,
    "cliff: b of the wall at w = 5": lambda: WALL,
    "cliff: gradient norm on it": on_wall,
    "cliff: gradient norm at b = −2.612297": lambda: beside_wall(-2.612297),
    "cliff: gradient norm at the wall + .05": lambda: beside_wall(WALL + 0.05),
    **{f"influence: derivative at K = {k}": lambda k=k: influence.derivative(k) for k in (10, 19, 40, 41)},
    "influence: full derivative": influence.full,
    "adding: variance of the sum": lambda: Adding().variance,
    "adding: error with one value known": lambda: Adding.one_known,
    "adding as in 1997: variance of the target": lambda: float(2 * variance(1, -1) / 16),
    "multiplication: variance of the product": lambda: Multiplication().variance,
    "multiplication: error with one value known": lambda: Multiplication.one_known,
    "copying: loss without memory, S = 10, A = 8, T = 120": lambda: (
        Copying(length=120, symbols_to_copy=10, alphabet=8).baseline_loss
    ),
    "temporal order: loss of guessing, 2 places": lambda: TemporalOrder(places=2).baseline_loss,
    "temporal order: loss of guessing, 3 places": lambda: TemporalOrder(places=3).baseline_loss,
    "review: loss of guessing": lambda: Review().baseline_loss,
    "score: chance of more than 35 % right of 32, one of 4 classes guessed": lambda: (
        sum(comb(32, k) * 3 ** (32 - k) for k in range(12, 33)) / 4**32
    ),
    "float32: steps at .594 to the smallest normal number": lambda: log(np.finfo(np.float32).tiny) / log(0.594),
}


def test_numbers_in_closed_form() -> None:
    stated = {row[0]: row[1] for row in table("Numbers in closed form")}
    assert stated.keys() == NUMBERS.keys()
    for name, text in stated.items():
        value, slack = read(text)
        assert NUMBERS[name]() == pytest.approx(value, abs=slack, rel=0), name


def test_what_is_said_of_influence_besides() -> None:
    assert influence.first_right() == 41
    assert max(range(1, 100), key=influence.derivative) == 19 and influence.derivative(20) == influence.derivative(19)


CELLS = {"lstm": LSTM(), "gru": GRU()}


@pytest.mark.parametrize("row", table("Factors at initialisation"), ids=lambda row: row[0])
def test_factors_at_initialisation(row: list[str]) -> None:
    """As printed by the command that the row names."""
    _, command, factor, extent = row
    options = dict(re.findall(r"--([\w-]+) (\S+)", command.strip("`")))
    init, bias = options.get("init", "default"), options.get("forget-bias")
    scale = options.get("rho") or options.get("sigma-max")
    usual = "relu" if init == "identity" else "tanh"
    cell = CELLS[options["cell"]] if options["cell"] != "rnn" else RNN(options.get("activation", usual))
    cell = stacked(replace(cell, normalisation=options.get("normalisation", "none")), int(options.get("layers", 1)))
    found = initial_decay(cell, init, 64, forget_bias=None if bias is None else float(bias),
                          scale=None if scale is None else float(scale))  # fmt: skip
    value, slack = read(factor)
    assert found["factor"] == pytest.approx(value, abs=slack, rel=0)
    stated = [read(text)[0] for text in extent.split("–")]
    assert [min(found["factors"]), max(found["factors"])] == pytest.approx(stated, abs=slack, rel=0)
