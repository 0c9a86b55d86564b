"""What is stored: of this engine and these presets, with seeds of its own; and every promise follows from it."""

from __future__ import annotations

import re
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest

from core import PRESETS, RunConfig
from core.__main__ import main
from core.presets.claims import Claim, Measures
from core.promises.report import as_text, broken
from core.promises.stored import SEEDS, store, stored

TUNED_ON = {0, 1, 2, 3, 21, 22, 23}
AGAIN = "`python -m core presets check --store` trains what is missing"
COUNT, NUMBER = re.compile(r"(\d+) of (\d+)"), re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+")


def measures() -> dict[str, list[Measures]]:
    return {name: [run.measures for run in stored() if run.preset == name] for name in PRESETS}


def test_every_preset_is_there_as_it_is_now_with_every_seed() -> None:
    runs = stored()
    assert len(SEEDS) >= 5 and not TUNED_ON & set(SEEDS)
    assert [(run.preset, run.seed) for run in runs] == [(name, seed) for name in PRESETS for seed in SEEDS], AGAIN
    assert all(run.current for run in runs), AGAIN


def test_every_claim_holds() -> None:
    found = measures()
    assert not broken(found)
    assert as_text(found).endswith(f"claims of {len(PRESETS)} presets hold.") and "BROKEN" not in as_text(found)


@pytest.mark.parametrize("name", PRESETS)
def test_a_promise_has_no_number_of_its_own(name: str) -> None:
    """Counts are counted; every other number is a bound that is claimed, a setting, or a fact of the task."""
    preset, config, runs = PRESETS[name], RunConfig.preset(name), measures()[name]
    most = [claim for claim in preset.claims if claim.seeds == "most"]
    counts = [tuple(map(int, found)) for found in COUNT.findall(preset.promise)]
    assert counts == [(sum(map(claim.kept, runs)), len(runs)) for claim in most]
    known: set[float] = {config.task.chance * 100, config.task.lag, config.task.lag + 1}
    known |= {round(100 * config.task.score_of(floor, None, None)[0]) for floor, _ in config.task.floors()}
    known |= {float(value) for value in config.to_flat().values() if isinstance(value, int | float)}
    for claim in preset.claims:
        known |= {bound * scale for bound in (claim.at_least, claim.at_most) for scale in (1, 100)}
    for number in NUMBER.findall(COUNT.sub("", preset.promise)):
        assert any(float(number.replace(",", "")) == pytest.approx(each) for each in known), number


def test_the_check_trains_judges_and_goes_on_from_what_it_stored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, file = "exploding-rnn", tmp_path / "runs.jsonl"
    order = ["presets", "check", "--names", name, "--store", str(file)]
    assert main(order) == 0
    said = capsys.readouterr()
    assert said.out == as_text({name: measures()[name]}) + "\n" and f"4 of 5 runs: {name}" in said.err
    assert [run.seed for run in stored(file)] == list(SEEDS)
    store(stored(file)[:2], file)
    assert main(order) == 0 and "3 runs" in capsys.readouterr().err and len(stored(file)) == len(SEEDS)

    other = replace(PRESETS[name], claims=(Claim(measure="broke_at", at_least=inf),))
    monkeypatch.setitem(PRESETS, name, other)
    assert main(order) == 1
    assert f"`{name}`: ∞ ≤ broke_at was claimed of all seeds and holds with 0 of 5." in capsys.readouterr().out


def test_what_cannot_be_checked_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets", "check", "--names", "nonsense"]) == 2
    assert "`preset` (=nonsense) is not known" in capsys.readouterr().err
    assert main(["presets", "check", "--seeds", "-1"]) == 2
    assert "`seed` (=-1) must be at least 0" in capsys.readouterr().err
