"""The stored table: of this engine, of the declared distribution, and all that it claims follows from its runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.config import ENGINE_VERSION
from core.forecasts.condense import condensed
from core.forecasts.distribution import DRAW, drawn
from core.forecasts.features import FEATURES
from core.forecasts.optimum import out_of_reach
from core.forecasts.report import as_json, as_text, stale
from core.forecasts.runs import DIGEST, RUNS, packed, unpacked
from core.forecasts.stored import Stored, stored
from core.forecasts.table import LEAST

ROOT = Path(__file__).parents[3]
BUILD = "`python -m core forecasts build` trains and counts anew"


@pytest.fixture(scope="module")
def runs():
    return unpacked(RUNS.read_bytes())


def test_it_is_of_this_engine_and_of_enough_runs() -> None:
    found = stored()
    assert (found.engine, found.draw) == (ENGINE_VERSION, DRAW), BUILD
    assert not stale(found) and found.runs >= 1000
    assert Stored.of_json(json.loads(json.dumps(found.as_json()))) == found


def test_every_run_is_the_one_that_is_declared(runs) -> None:
    assert [run.index for run in runs] == list(range(stored().runs))
    assert all(run.digest == drawn(run.index).digest()[:DIGEST] for run in runs), BUILD
    assert unpacked(packed(runs)) == runs or any(run.score != run.score or run.arriving != run.arriving for run in runs)


def test_what_it_claims_follows_from_its_runs(runs) -> None:
    found = stored()
    assert condensed(runs, engine=found.engine, date=found.date, machine=found.machine) == found, BUILD


def test_every_count_has_enough_behind_it_and_its_bins_have_words() -> None:
    counts = stored().counts
    for key, count in counts.items():
        assert LEAST <= count.n <= counts[()].n and 0 <= count.solved <= count.n
        assert key[:-1] in counts and all(name in feature.words for feature, name in zip(FEATURES, key))


def test_it_beats_the_base_rate_on_runs_it_has_not_seen() -> None:
    own = stored().judged
    assert own.n >= 300 and own.brier < own.brier_of_base


def test_what_is_out_of_reach_was_reached_by_no_run(runs) -> None:
    beyond = [run for run in runs if out_of_reach(drawn(run.index))]
    assert len(beyond) >= 30 and not any(run.solved for run in beyond)


def test_the_report_says_the_same_as_text_and_as_json() -> None:
    own, said = stored().judged, json.loads(as_json(stored()))
    assert said["judged"]["brier"] == own.brier and f"Brier score {own.brier:.3f}" in as_text(stored())
    assert len(said["judged"]["rows"]) == len(own.rows) and said["skill"] == pytest.approx(own.skill)


def test_readme_says_what_the_report_says() -> None:
    assert as_text(stored()) in (ROOT / "README.md").read_text("utf-8")
