"""The gallery: what is stored is of these cards and this engine, every claim holds, and no measured number is typed."""

from __future__ import annotations

import re
from dataclasses import replace
from math import isfinite
from pathlib import Path

import pytest

from core.__main__ import main
from core.data_files import DataFileError
from core.errors import UnrolledError
from core.gallery import shelf
from core.gallery.measured import OverSeeds
from core.gallery.shelf import FOLDER, broken, cards, configs, kept, measured, read_card
from core.gallery.stored import known, stored
from core.lessons.expressions import filled
from core.presets.claims import MEASURES
from core.promises.measuring import trained
from core.promises.stored import SEEDS
from core.promises.stored import stored as promised

NAMES = [*cards()]
AGAIN = "`python -m core gallery build --missing` trains what is missing"
NUMBER = re.compile(r"(?<![\w.$^_{(/−-])\d[\d,]*(?:\.\d+)?|(?<!\d)\.\d+")
PAPERS = (Path(__file__).parents[3] / "docs" / "reference.md").read_text("utf-8").split("Figures of the papers")[1]
"""docs/reference.md, "Outcomes": what papers report."""
MEANT: dict[str, set[str]] = {
    "gers_forget": {"1"},
    "gers_timing": {"5", "30"},
    "jozefowicz_bias": {"1"},
    "mikolov_language": {"5"},
    "pascanu_cliff": {"5"},
    "tallec_influence": {"23", "10", "20"},
    "two_lags": {"3", "8", "5"},
    "aicher_adaptive": {"0.9", "200", "0.1", "0.999"},
}
"""Settings that a card names in figures. What was measured is worked out."""


def test_what_is_stored_is_of_these_cards_and_this_engine() -> None:
    wanted = {config.digest() for card in cards().values() for each in configs(card).values() for config in each}
    assert set(stored()) <= wanted <= set(known()), AGAIN
    assert all(len(runs) == len(SEEDS) for card in cards().values() for runs in kept(card).values())


@pytest.mark.parametrize("name", NAMES)
def test_a_card_claims_and_says_what_was_measured(name: str) -> None:
    card = cards()[name]
    assert broken(card) == []
    for text in (card.measured, card.because):
        assert "[[" not in filled(text, measured(card))
        words = re.sub(r"\[\[.*?\]\]", "", text, flags=re.DOTALL)
        words = re.sub(r"T = 1\b|of 1997|U = I", "", words)
        typed = {number.rstrip(",") for number in NUMBER.findall(words)} - MEANT.get(name, set())
        assert not typed, f"{name}: {typed} typed"
    for number in NUMBER.findall(re.sub(r"\b(19|20)\d\d\b", "", card.reports)):
        assert number.rstrip(",") in PAPERS, f"{name}: the paper's {number} has no source"
    assert all(run.title for run in card.runs.values()) and len(card.papers) >= 1


def test_runs_of_presets_are_those_that_the_promises_rest_on() -> None:
    """Also those that the gallery has trained again, at another time and on a machine that may round otherwise."""
    own, theirs = known(), {run.digest: run.measures for run in promised()}
    both = own.keys() & theirs.keys()
    assert len(both) > 100
    for digest in both:
        found, other = own[digest].measures, theirs[digest]
        assert found.horizon == other.horizon and found.first_loss == pytest.approx(other.first_loss, rel=1e-3)
        assert isfinite(found.broke_at) == isfinite(other.broke_at)


@pytest.mark.slow
def test_a_run_trained_here_measures_what_is_stored() -> None:
    card = cards()["le_irnn"]
    config, run = configs(card)["irnn"][0], kept(card)["irnn"][0]
    found = trained(config)
    assert found.horizon == run.measures.horizon
    assert found.first_loss == pytest.approx(run.measures.first_loss, rel=1e-3)
    assert found.highest_score == pytest.approx(run.measures.highest_score, abs=0.1)


def test_what_seeds_give_is_counted() -> None:
    card = cards()["bengio_latch"]
    runs = [run.measures for run in kept(card)["lstm"]]
    over = OverSeeds(card.runs["lstm"].config, runs)
    scores = sorted(run.score for run in runs)
    assert (over.least("score"), over.middle("score"), over.most("score")) == (scores[0], scores[2], scores[4])
    assert over.within("score", scores[2], 1) == sum(score >= scores[2] for score in scores) and over.seeds() == 5
    assert over.solved() == sum(isfinite(run.solved_at) for run in runs) and over.broke() == 0
    assert over.sequences() == 32 * sorted(run.reached_at for run in runs)[2]
    with pytest.raises(UnrolledError, match=f"Choose one of: {', '.join(MEASURES)}"):
        over.least("luck")
    with pytest.raises(UnrolledError, match="make gallery"):
        OverSeeds(card.runs["lstm"].config, ()).solved()


def test_the_check_fails_where_a_claim_no_longer_holds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gallery", "check", "bengio_latch"]) == 0
    assert capsys.readouterr().out.endswith("1 of 1 hold.\n")
    lost = {
        digest: replace(run, measures=replace(run.measures, solved_at=float("inf"))) for digest, run in known().items()
    }
    monkeypatch.setattr(shelf, "known", lambda: lost)
    assert main(["gallery", "check", "bengio_latch"]) == 1
    assert "5 ≤ lstm.solved() does not hold: it is 0." in capsys.readouterr().out
    monkeypatch.setattr(shelf, "known", dict)
    assert main(["gallery", "check", "bengio_latch"]) == 1
    assert "is not measured with this engine" in capsys.readouterr().out
    assert main(["gallery", "check", "nonsense"]) == 2


@pytest.mark.parametrize(
    ("was", "now", "reason"),
    [
        ("reference: bengio1994", "reference: bengio1995", "`reference` (=bengio1995) is no paper"),
        ("rnn.solved()", "rnn.solves()", "`solves` is not measured. Choose one of:"),
        ("at_most: 0}", "at_most: 0, at_leest: 1}", "`at_leest` is no part of a card there"),
        ("verdict: agrees", "verdict: yes", "verdict"),
        (", at_most: 20}", "}", "leave out nothing, or everything"),
    ],
)
def test_a_mistake_is_said_with_file_and_line(tmp_path: Path, was: str, now: str, reason: str) -> None:
    text = (FOLDER / "bengio_latch.yaml").read_text("utf-8")
    assert was in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(was, now, 1), "utf-8")
    with pytest.raises(DataFileError) as caught:
        read_card(path)
    assert reason in str(caught.value) and "mine.yaml:" in str(caught.value)
