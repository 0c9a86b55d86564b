"""Names short enough for a legend that still tell everybody apart."""

from __future__ import annotations

import inspect

import pytest
from pydantic.fields import FieldInfo

from core.anatomy import ANATOMIES
from core.comparison import comparison, difference, kept, labels, suggestions, words
from core.config import RunConfig
from core.errors import ConfigError
from core.presets import PRESETS
from core.settings import _setting, settings_of

ORDER = RunConfig.preset("temporal-order-lstm")


def names(reference: RunConfig, *texts: str, **more) -> list[str]:
    return labels([member.config for member in comparison(reference, texts, **more).members])


def test_the_four_cells() -> None:
    assert labels([member.config for member in comparison(ORDER).members]) == [
        "RNN default init", "LSTM chrono", "Peephole LSTM chrono", "GRU chrono"]  # fmt: skip
    same = comparison(ORDER.replace(**{"cell.init": "default"}), match="parameters")
    found = labels([member.config for member in same.members])
    assert found == ["RNN H 18", "LSTM H 8", "Peephole LSTM H 8", "GRU H 10"]


def test_one_cell_started_and_cut_in_other_ways() -> None:
    texts = ("cell.init:default", "cell.init:default,cell.forget_bias:1", "clip:none", "cell.variant:coupled",
             "truncation:windows,truncation_length:20")  # fmt: skip
    assert names(ORDER, *texts) == [
        "LSTM chrono", "LSTM default init", "LSTM forget bias 1", "LSTM chrono, no clipping",
        "LSTM with coupled gates, chrono", "LSTM chrono, windows of 20"]  # fmt: skip
    assert [difference(ORDER, text) for text in texts] == [
        "default init", "forget bias 1", "no clipping", "coupled gates: f = 1 − i", "windows of 20"]  # fmt: skip


def test_a_scaled_start_says_what_it_is_scaled_to() -> None:
    texts = (
        "cell.init:spectral-radius,cell.rho:1",
        "cell.init:spectral-radius,cell.rho:1.5",
        "cell.init:spectral-norm",
    )
    assert names(ORDER, *texts) == ["LSTM chrono", "LSTM ρ 1", "LSTM ρ 1.5", "LSTM σ_max 1"]
    scaled = ORDER.replace(**{"cell.init": "spectral-radius", "cell.rho": 1.5})
    assert difference(scaled, "cell.rho:1") == "ρ 1" == difference(ORDER, texts[0])


def test_a_kept_member_is_named_by_what_differs_now() -> None:
    own = kept(ORDER)
    assert difference(ORDER, own) == "the same settings"
    assert difference(ORDER.replace(lr=0.5), own) == "rate 0.02"
    assert difference(ORDER.replace(**{"cell.name": "gru"}), own) == "LSTM"
    with pytest.raises(ConfigError):
        difference(ORDER, "cell.reset:before")


@pytest.mark.parametrize("preset", PRESETS)
def test_no_two_suggestions_have_the_same_name(preset: str) -> None:
    config = RunConfig.preset(preset)
    texts = suggestions(config)
    said = [difference(config, text) for text in texts]
    assert len(set(said)) == len(texts) and all(said) and max(map(len, said)) < 60
    for start in range(0, len(texts), 5):
        found = names(config, *texts[start : start + 5])
        assert len(set(found)) == len(found)


def test_the_words_of_a_setting_stand_with_the_setting() -> None:
    """The module of words names none: a new setting brings its own, or is called by its title."""
    source = inspect.getsource(words)
    keys = {key for cell in ANATOMIES for key in settings_of(ORDER.replace(**{"cell.name": cell}))} - {"cell.name"}
    assert not [key for key in keys if f'"{key}"' in source]
    new = FieldInfo(annotation=float, default=0.5, title="Share kept", json_schema_extra={"legend": {"short": "kept"}})
    plain = FieldInfo(annotation=float, default=0.5, title="Share kept")
    found = [words._words(ORDER, _setting("lr", info, "Training")) for info in (new, plain)]
    assert found == [f"kept {ORDER.lr:g}", f"Share kept {ORDER.lr:g}"]
