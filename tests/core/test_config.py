"""RunConfig: what goes in comes out again, equal runs have equal digests, and a wrong value gets its sentence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.anatomy import ANATOMIES
from core.anatomy.rnn import ACTIVATIONS
from core.config import RunConfig
from core.errors import ConfigError
from core.presets import PRESETS
from core.tasks import TASKS, OwnSeries, OwnText

COUNTING: dict[str, st.SearchStrategy[Any]] = {
    "length": st.integers(603, 10_000),
    "trained_to": st.integers(2, 200),
    "asked": st.sampled_from(["last", "every"]),
}
SERIES: dict[str, st.SearchStrategy[Any]] = {
    "length": st.integers(2, 1000),
    "horizon": st.integers(1, 100),
    "split": st.integers(20, 95),
    "asked": st.sampled_from(["last", "every"]),
}
TOKENS = {"length": st.integers(2, 2_000), "tokens": st.sampled_from(["characters", "words"])}
TASK_SETTINGS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "temporal-order": {
        "length": st.integers(10, 10_000),
        "places": st.sampled_from([2, 3]),
        "asked": st.sampled_from(["last", "every"]),
    },
    "adding": {"length": st.integers(4, 10_000), "asked": st.sampled_from(["last", "every"])},
    "copy": {
        "length": st.integers(101, 10_000),
        "symbols_to_copy": st.integers(1, 50),
        "alphabet": st.integers(2, 32),
        "asked": st.sampled_from(["every", "recall"]),
    },
    "review": {"length": st.integers(5, 10_000), "asked": st.sampled_from(["last", "every"])},
    "two-lag": {"length": st.integers(101, 10_000), "short": st.integers(0, 7), "long": st.integers(8, 100)},
    "multiplication": {"length": st.integers(4, 10_000), "asked": st.sampled_from(["last", "every"])},
    "latch": {
        "length": st.integers(101, 10_000),
        "carriers": st.integers(1, 100),
        "noise": st.floats(0, 4),
        "asked": st.sampled_from(["last", "every"]),
    },
    "embedded-reber": {"length": st.integers(8, 200), "asked": st.sampled_from(["last", "every"])},
    "anbn": COUNTING,
    "anbncn": COUNTING,
    "own-series": SERIES
    | {
        "column": st.integers(1, 20),
        "data": st.sampled_from([OwnSeries().data, "0" * 32]),
    },
    "sines": SERIES | {"sines": st.integers(1, 6), "period": st.floats(2.5, 500), "noise": st.floats(0, 10)},
    "mackey-glass": SERIES | {"delay": st.integers(6, 50), "spacing": st.integers(1, 10)},
    "drifting": SERIES | {"rise": st.floats(-50, 50), "period": st.floats(2.5, 500), "noise": st.floats(0, 10)},
    "spectrogram": SERIES | {"bands": st.integers(12, 64), "band": st.integers(1, 12), "noise": st.floats(0, 10)},
    "coarse-fine": {
        "length": st.integers(101, 1000),
        "layout": st.sampled_from(["raw", "doubling", "calendar"]),
        "recent": st.integers(2, 100),
        "far": st.integers(2, 5000),
        "width": st.integers(1, 1000),
    },
    "language": {  # words, which one of its texts has, are tried on a text of one's own
        "length": st.integers(2, 2_000),
        "tokens": st.just("characters"),
        "text": st.sampled_from(["story", "names", "reber"]),
    },
    "own-text": TOKENS | {"data": st.sampled_from([OwnText().data, "0" * 32])},
    "continual-reber": {"length": st.integers(2, 2_000)},
    "timed-spikes": {
        "length": st.integers(101, 10_000),
        "shortest": st.integers(1, 29),
        "longest": st.integers(30, 100),
    },
}
UNGATED = ["default", "xavier", "orthogonal", "identity", "spectral-radius", "spectral-norm"]
SCALE = st.floats(1e-3, 10)
FORGET_BIAS = st.none() | st.floats(-20, 20, allow_nan=False)
VARIANT = st.sampled_from(["standard", "no-forget-gate", "coupled", "no-output-activation"])
CELL_SETTINGS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "rnn": {"init": st.sampled_from(UNGATED), "activation": st.sampled_from(list(ACTIVATIONS))},
    "lstm": {"init": st.sampled_from(UNGATED), "forget_bias": FORGET_BIAS, "variant": VARIANT},
    "peephole": {
        "init": st.sampled_from(UNGATED),
        "forget_bias": FORGET_BIAS,
        "variant": VARIANT,
        "peephole_gradient": st.sampled_from(["full", "gers"]),
    },
    "gru": {"init": st.sampled_from([*UNGATED, "chrono"]), "reset": st.sampled_from(["after", "before"])},
}
for own in CELL_SETTINGS.values():
    own |= {
        "rho": SCALE,
        "sigma_max": SCALE,
        "normalisation": st.sampled_from(["none", "layer", "batch"]),
        "layers": st.integers(1, 4),
    }
RUN_SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "optimizer": st.sampled_from(["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]),
    "weight_decay": st.floats(0, 1),
    "lr": st.floats(1e-9, 10),
    "lr_schedule": st.sampled_from(["constant", "warm-up", "cosine"]),
    "warmup_steps": st.integers(1, 100_000),
    "batch_size": st.integers(2, 512),
    "steps": st.integers(1, 100_000),
    "seed": st.integers(0, 2**31 - 1),
    "truncation": st.sampled_from(["full", "windows", "sliding", "stream", "reset"]),
    "truncation_length": st.integers(1, 10_000),
    "truncation_stride": st.none() | st.integers(1, 10_000),
    "clip": st.sampled_from(["none", "norm", "value", "backprop"]),
    "clip_threshold": st.floats(1e-9, 1e6),
    "trained": st.sampled_from(["all", "readout"]),
}


@st.composite
def flats(draw: st.DrawFn) -> dict[str, Any]:
    """A dictionary of valid settings by dotted key; any of them may be missing."""
    flat: dict[str, Any] = draw(st.fixed_dictionaries({}, optional=RUN_SETTINGS))
    if flat.get("truncation") == "stream" and flat.get("truncation_stride") is not None:
        flat["truncation_stride"] = min(flat["truncation_stride"], flat.get("truncation_length", 10))
    for part, settings in (("task", TASK_SETTINGS), ("cell", CELL_SETTINGS)):
        name = draw(st.sampled_from(sorted(settings)))
        own = {"hidden_size": st.integers(1, 512)} if part == "cell" else {}
        optional = settings[name] | own
        # Many symbols and long lags need a long sequence, so these tasks always have their length drawn.
        short = ("temporal-order", "adding", "multiplication", "review", "embedded-reber", "own-series", "language",
                 "own-text", "continual-reber")  # fmt: skip
        needed = {} if part == "cell" or name in short else {"length": optional.pop("length")}
        chosen = draw(st.fixed_dictionaries(needed, optional=optional))
        if chosen.get("text", "story") != "story":  # the others have no words
            chosen.pop("tokens", None)
        flat |= {f"{part}.name": name} | {f"{part}.{key}": value for key, value in chosen.items()}
    return flat


configs = flats().map(RunConfig.from_flat)


def problems(flat: dict[str, Any]) -> list[str]:
    """The sentences that these settings earn."""
    with pytest.raises(ConfigError) as caught:
        RunConfig.from_flat(flat)
    return caught.value.problems


# -- in and out --------------------------------------------------------------------------------------------------------


def test_the_strategies_cover_every_setting() -> None:
    """So that a new setting cannot be forgotten here."""
    assert set(RUN_SETTINGS) == set(RunConfig.model_fields) - {"task", "cell"}
    for settings, models in ((TASK_SETTINGS, TASKS), (CELL_SETTINGS, ANATOMIES)):
        assert set(settings) == set(models)
        for name, model in models.items():
            assert set(settings[name]) == set(model.model_fields) - {"name", "hidden_size"}, name


@given(flats())
def test_settings_survive_the_way_through_flat_keys(flat: dict[str, Any]) -> None:
    config = RunConfig.from_flat(flat)
    out = config.to_flat()
    assert {key: out[key] for key in flat} == flat
    assert RunConfig.from_flat(out) == config


@given(configs)
def test_settings_survive_as_text(config: RunConfig) -> None:
    """As a URL has them: an empty text is an empty setting."""
    text = {key: "" if value is None else str(value) for key, value in config.to_flat().items()}
    assert RunConfig.from_flat(text) == config


@given(configs)
def test_settings_survive_as_nested_dictionaries_and_json(config: RunConfig) -> None:
    assert RunConfig.checked(config.model_dump()) == config
    assert RunConfig.stored(config.model_dump()) == RunConfig.stored(config.model_dump_json()) == config


def test_a_name_alone_brings_its_defaults() -> None:
    config = RunConfig.from_flat({"task.name": "adding", "cell.name": "gru"})
    assert config.task == TASKS["adding"]()
    assert config.cell == ANATOMIES["gru"]()


def test_a_group_without_its_name_is_the_default_one() -> None:
    assert RunConfig.from_flat({"task.length": 80, "cell.hidden_size": 8}) == RunConfig.from_flat(
        {"task.name": "temporal-order", "task.length": 80, "cell.name": "lstm", "cell.hidden_size": 8}
    )


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        RunConfig().lr = 1.0
    with pytest.raises(ValidationError, match="frozen"):
        RunConfig().task.length = 20


# -- replace -----------------------------------------------------------------------------------------------------------


@given(configs)
def test_replacing_nothing_changes_nothing(config: RunConfig) -> None:
    assert config.replace() == config
    assert config.replace(**config.to_flat()) == config


@given(configs, st.sampled_from(sorted(ANATOMIES)))
def test_another_cell_takes_over_what_it_knows(config: RunConfig, name: str) -> None:
    other = config.replace(**{"cell.name": name})
    assert (other.cell.name, other.cell.hidden_size) == (name, config.cell.hidden_size)
    if "chrono" in ANATOMIES[name].model_fields["init"].annotation.__args__:
        assert other.cell.init == config.cell.init
    assert other.task == config.task


@given(configs, st.sampled_from(sorted(TASKS)))
def test_another_task_takes_over_what_it_knows(config: RunConfig, name: str) -> None:
    other = config.replace(**{"task.name": name})
    assert (other.task.name, other.cell) == (name, config.cell)
    try:
        TASKS[name].model_validate({"length": config.task.length})
    except ValidationError:  # it may have no room for that: then its own default
        assert other.task.length == TASKS[name].model_fields["length"].default
    else:
        assert other.task.length == config.task.length


def test_what_the_other_cell_lacks_falls_back_to_its_default() -> None:
    chrono = RunConfig.from_flat({"cell.name": "lstm", "cell.init": "chrono"})
    assert chrono.replace(**{"cell.name": "rnn"}).cell.init == "default"
    assert chrono.replace(**{"cell.name": "gru"}).cell.init == "chrono"


def test_overrides_win_over_what_is_taken_over() -> None:
    config = RunConfig().replace(**{"task.name": "adding", "task.length": 40, "lr": 0.5})
    assert (config.task.length, config.lr) == (40, 0.5)


# -- digest ------------------------------------------------------------------------------------------------------------


@given(configs)
def test_equal_settings_have_equal_digests(config: RunConfig) -> None:
    again = RunConfig.from_flat(dict(reversed(config.to_flat().items())))
    assert again.digest() == config.digest()


@given(configs, st.data())
def test_every_setting_that_has_an_effect_is_in_the_digest(config: RunConfig, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([key for key in config.to_flat() if not key.endswith("name")]))
    group, _, field = key.rpartition(".")
    own = {"task": TASK_SETTINGS, "cell": CELL_SETTINGS}.get(group, {"": RUN_SETTINGS})
    name = {"task": config.task.name, "cell": config.cell.name}.get(group, "")
    choices = st.integers(1, 512) if field == "hidden_size" else own[name][field]
    assume(key != "cell.forget_bias" or config.cell.init != "chrono")
    value = data.draw(choices)
    flat = config.to_flat() | {key: value}
    assume(flat["truncation"] != "stream" or (flat["truncation_stride"] or 0) <= flat["truncation_length"])
    other = config.replace(**{key: value})
    assume(other != config)
    same_stride = key == "truncation_stride" and other.truncated == config.truncated  # empty means K
    assert (other.digest() == config.digest()) == (key in config.idle or same_stride)


def test_what_is_idle_is_not_in_the_digest() -> None:
    assert RunConfig(truncation="full", clip="none").idle == {
        "truncation_length", "truncation_stride", "clip_threshold", "cell.rho", "cell.sigma_max", "weight_decay",
        "warmup_steps",
    }  # fmt: skip
    scaled = RunConfig.from_flat({"truncation": "stream", "clip": "backprop", "cell.init": "spectral-norm",
                                  "optimizer": "adamw", "lr_schedule": "warm-up"})  # fmt: skip
    assert scaled.idle == {"cell.rho"}
    assert RunConfig(truncation="windows", truncation_stride=3).digest() == RunConfig(truncation="windows").digest()
    stream = RunConfig(truncation="stream", truncation_length=7)
    assert stream.digest() == stream.replace(truncation_stride=7).digest()
    assert stream.digest() != stream.replace(truncation_stride=6).digest()


def test_the_standard_lstm_has_the_digests_it_had_before_there_were_variants(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that is new changes no digest, so that stored runs are found again."""
    monkeypatch.setattr("core.config.ENGINE_VERSION", "2")
    assert RunConfig().digest() == "8af906148c7e2f52d537924262c0ae5f"
    assert RunConfig.preset("review-peephole").digest() == "ad5e2f3e912340c4cc90cd0d19f57841"


def test_a_new_setting_changes_no_digest(later: type[RunConfig]) -> None:
    old, new = RunConfig(lr=0.1), later(lr=0.1)
    came = {"cell.variant": "standard", "cell.rho": 1, "cell.sigma_max": 1, "cell.normalisation": "none",
            "cell.layers": 1, "weight_decay": 0.01, "lr_schedule": "constant", "warmup_steps": 100}  # fmt: skip
    assert later.before(new.to_flat()) == came | {"rounds": 1, "shuffled": "no"}
    assert new.replace(shuffled="no").digest() == old.digest()
    assert len({old.digest(), new.digest(), new.replace(shuffled="no", rounds=2).digest()}) == 3


def test_what_was_stored_without_a_setting_is_as_it_was_before_it(later: type[RunConfig]) -> None:
    """A short text keeps meaning the default."""
    old = RunConfig.preset("adding-gru")
    for stored in (old.model_dump_json(), old.model_dump()):
        config = later.stored(stored)
        assert (config.to_flat(), config.digest()) == (old.to_flat() | {"rounds": 1, "shuffled": "no"}, old.digest())
    assert later.from_flat({"lr": "0.1"}).to_flat()["shuffled"] == "yes"
    new = later(lr=0.1)
    assert later.stored(new.model_dump_json()) == new
    without = {key: value for key, value in RunConfig().model_dump()["cell"].items() if key != "variant"}
    assert RunConfig.stored({"cell": without}) == RunConfig()


@pytest.mark.parametrize("text", ["3", "[]", "null", "{", '{"lr": -1}', '{"cell": 3}', '{"nonsense": 1}'])
def test_what_is_no_stored_config_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        RunConfig.stored(text)


def test_without_a_forget_gate_its_bias_is_idle() -> None:
    flat = {"cell.name": "peephole", "cell.variant": "no-forget-gate", "cell.forget_bias": 1, "cell.init": "chrono"}
    config = RunConfig.from_flat(flat)
    assert "cell.forget_bias" in config.idle
    assert config.digest() == config.replace(**{"cell.forget_bias": None}).digest()
    assert config.label == "Peephole LSTM without forget gate, chrono, H 32"
    assert "cell.forget_bias" not in config.replace(**{"cell.init": "default", "cell.variant": "coupled"}).idle


def test_the_names_are_in_the_digest() -> None:
    digests = {
        RunConfig.from_flat({"task.name": task, "cell.name": cell}).digest() for task in TASKS for cell in ANATOMIES
    }
    assert len(digests) == len(TASKS) * len(ANATOMIES)


def test_the_engine_version_is_in_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = RunConfig().digest()
    monkeypatch.setattr("core.config.ENGINE_VERSION", "another")
    assert RunConfig().digest() != before


# -- cuts --------------------------------------------------------------------------------------------------------------


def test_full_backpropagation_is_not_cut() -> None:
    assert RunConfig.from_flat({"truncation_length": 3}).cuts == []


@given(st.integers(10, 300), st.integers(1, 400))
def test_cuts_are_counted_back_from_the_end(T: int, K: int) -> None:
    flat = {"task.length": T, "truncation": "windows", "truncation_length": K}
    cuts = RunConfig.from_flat(flat).cuts
    assert cuts == [b for b in range(1, T) if (T - b) % K == 0]


@pytest.mark.parametrize(
    ("mode", "cuts"),
    [("full", []), ("windows", [4, 12]), ("reset", [4, 12]), ("sliding", [12]), ("stream", [2, 7, 12])],
)
def test_cuts_of_the_last_loss_in_every_mode(mode: str, cuts: list[int]) -> None:
    flat = {"task.length": 20, "truncation": mode, "truncation_length": 8, "truncation_stride": 5}
    config = RunConfig.from_flat(flat)
    assert config.cuts == cuts
    assert config.resets == (cuts if mode == "reset" else [])


# -- labels and presets ------------------------------------------------------------------------------------------------


def test_a_label_says_what_differs_from_the_default() -> None:
    flat = {"cell.forget_bias": 1, "cell.hidden_size": 8, "truncation": "windows", "truncation_length": 5}
    assert RunConfig.from_flat(flat).label == "LSTM b_f 1, H 8, K 5"
    assert RunConfig.from_flat({"cell.name": "gru", "cell.init": "chrono"}).label == "GRU chrono, H 32"
    stream = {"truncation": "stream", "truncation_stride": 2, "trained": "readout"}
    assert RunConfig.from_flat(stream).label == "LSTM, H 32, stream k₁ 2 K 10, readout alone"
    assert RunConfig.from_flat({"truncation": "reset"}).label == "LSTM, H 32, reset K 10"
    assert RunConfig.from_flat({"cell.variant": "coupled"}).label == "LSTM with coupled gates, H 32"
    scaled = {"cell.init": "spectral-radius", "cell.rho": 1.25}
    assert RunConfig.from_flat(scaled | {"cell.forget_bias": 1}).label == "LSTM ρ 1.25 b_f 1, H 32"
    assert RunConfig.from_flat(scaled | {"cell.name": "gru", "cell.init": "xavier"}).label == "GRU Xavier, H 32"


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_can_be_changed(name: str) -> None:
    config = RunConfig.preset(name, steps=7)
    assert config == RunConfig.preset(name).replace(steps=7)


def test_an_unknown_preset_gets_the_list() -> None:
    with pytest.raises(ConfigError, match=r"`preset` \(=nothing\) is not known\. Choose one of: "):
        RunConfig.preset("nothing")


# -- wrong values: argument, value, rule, way out ----------------------------------------------------------------------


def test_forget_bias_and_chrono_exclude_each_other() -> None:
    for cell in ("lstm", "peephole"):
        (sentence,) = problems({"cell.name": cell, "cell.init": "chrono", "cell.forget_bias": 1})
        assert sentence.startswith("`cell.forget_bias` (=1) cannot be combined with `cell.init` (=chrono)")
        assert "Leave `cell.forget_bias` empty or choose another `cell.init`." in sentence


def test_an_update_of_a_stream_looks_back_to_the_one_before() -> None:
    flat = {"truncation": "stream", "truncation_length": 5, "truncation_stride": 6}
    (sentence,) = problems(flat)
    assert sentence.startswith("`truncation_stride` (=6) must be at most `truncation_length` (=5)")
    assert sentence.endswith("Lower `truncation_stride`, leave it empty, or raise `truncation_length`.")
    assert RunConfig.from_flat(flat | {"truncation": "windows"}).truncation_stride == 6


def test_copying_needs_room_for_a_delay() -> None:
    (sentence,) = problems({"task.name": "copy", "task.length": 10, "task.symbols_to_copy": 5})
    assert sentence.startswith("`task.length` (=10) must be more than twice `task.symbols_to_copy` (=5)")
    assert "Raise `task.length` to 11 or more" in sentence


def test_a_group_is_not_a_setting() -> None:
    (sentence,) = problems({"task": "adding"})
    assert sentence == "`task` (=adding) is a group of settings. Name one of them, `task.name` say."


def test_every_problem_gets_its_sentence() -> None:
    found = problems({"lr": -1, "steps": 0, "task.length": 3, "nonsense": 1})
    assert [sentence.split("`")[1] for sentence in found] == ["task.length", "lr", "steps", "nonsense"]


def test_settings_that_fit_only_one_by_one_are_taken_over_in_order() -> None:
    """45 steps have room for aⁿbⁿcⁿ, and so has a default sequence for strings of 18, but not both together."""
    config = RunConfig.from_flat({"task.name": "anbn", "task.length": 45, "task.trained_to": 18})
    assert config.replace(**{"task.name": "anbncn"}).task == TASKS["anbncn"].model_validate({"length": 45})
