import re

import pytest

from core.budget import Limits, check_preview, check_run, estimate
from core.config import RunConfig
from core.errors import BudgetError
from core.presets import PRESETS
from core.settings import settings_of

CONFIG = RunConfig.preset("temporal-order-lstm")
HOST = Limits()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_fits_the_default_host(name) -> None:
    check_run(RunConfig.preset(name), HOST)
    check_preview(RunConfig.preset(name), HOST)


@pytest.mark.parametrize("key", ["steps", "batch_size", "task.length", "cell.hidden_size"])
def test_more_costs_more(key) -> None:
    more = estimate(CONFIG.replace(**{key: 2 * CONFIG.to_flat()[key]}))
    assert more.seconds > estimate(CONFIG).seconds
    assert more.memory_mb >= estimate(CONFIG).memory_mb


@pytest.mark.parametrize(
    "change",
    [
        {"truncation": "sliding", "truncation_length": 10},
        {"truncation": "stream", "truncation_length": 10, "truncation_stride": 1},
        {"clip": "backprop"},
    ],
    ids=lambda change: "-".join(map(str, change.values())),
)
def test_several_passes_cost_more_than_one(change) -> None:
    copy = RunConfig.from_flat({"task.name": "copy", "task.length": 40})
    assert estimate(copy.replace(**change)).seconds > 1.2 * estimate(copy).seconds


def test_a_stream_with_an_update_every_step_is_refused_before_it_is_run() -> None:
    config = RunConfig.from_flat(
        {"task.name": "copy", "task.length": 2000, "truncation": "stream", "truncation_length": 500}
    )
    check_run(config.replace(steps=50), HOST)
    with pytest.raises(BudgetError, match=r"minutes; this server allows 20"):
        check_run(config.replace(steps=50, truncation_stride=1), HOST)


def test_the_sentence_names_a_way_out_that_works() -> None:
    config = CONFIG.replace(steps=100_000, **{"cell.hidden_size": 128, "task.length": 200})
    with pytest.raises(BudgetError, match=r"about .* minutes; this server allows 20") as refused:
        check_run(config, HOST)
    ways = re.findall(r"`([\w.]+)` to about ([\d,]+)", str(refused.value))
    assert dict(ways).keys() >= {"steps", "task.length"}
    for key, value in ways:
        check_run(config.replace(**{key: int(value.replace(",", ""))}), HOST)


def test_the_largest_config_of_all_is_refused_in_one_go() -> None:
    flat = {"task.length": 10_000, "cell.hidden_size": 512, "batch_size": 512, "steps": 100_000}
    largest = RunConfig.from_flat({"cell.name": "peephole"} | {
        key: min(value, _maximum(key)) for key, value in flat.items()
    })  # fmt: skip
    with pytest.raises(BudgetError) as refused:
        check_run(largest, HOST)
    assert len(refused.value.problems) == 2
    assert "together" in str(refused.value) or "to about" in str(refused.value)
    with pytest.raises(BudgetError):
        check_preview(largest, HOST)


def _maximum(key: str) -> int:
    return int(settings_of(CONFIG)[key].maximum or 0)


def test_a_slow_first_gradient_is_refused_as_a_preview() -> None:
    with pytest.raises(BudgetError, match=r"first gradient alone takes about [\d,]+ seconds"):
        check_preview(CONFIG.replace(**{"cell.hidden_size": 512, "task.length": 5000}), Limits(memory_mb=1e6))


def test_the_bounds_are_the_hosts(monkeypatch) -> None:
    monkeypatch.setenv("UNROLLED_MAX_MINUTES", "3")
    monkeypatch.setenv("UNROLLED_MAX_MEMORY_MB", "900")
    monkeypatch.setenv("UNROLLED_MAX_RUNS_PER_VISITOR", "2")
    monkeypatch.setenv("UNROLLED_MAX_QUEUED", "7")
    assert Limits.of_host() == Limits(3.0, 900.0, 2, 7)


@pytest.mark.parametrize("cell", ("rnn", "lstm", "peephole", "gru"))
def test_two_thousand_steps_of_128_units_are_accepted(cell) -> None:
    """A thousand training steps of them, on the default host, with the untrained gradient before."""
    settings = {"task.name": "adding", "task.length": 2000, "cell.hidden_size": 128, "cell.name": cell, "steps": 1000}
    large = RunConfig.from_flat(settings)
    check_preview(large, HOST)
    check_run(large, HOST)
