"""RunConfig: every setting of a run, once, with bounds, unit and help. Widgets, URL, CLI and presets derive from it.

A setting's key is its dotted path, ``task.length`` or ``lr``. ``RunConfig.from_flat`` takes such keys with values as
text or as numbers (a URL's query, ``--set KEY=VALUE``); ``to_flat`` gives them back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import ConfigError, quoted, sentences
from core.tasks import TASKS, Adding, Copying, Review, TemporalOrder, TwoLag
from core.truncation import Truncation

ENGINE_VERSION = "3"
"""Part of every digest: raise it when the same config no longer gives the same bits."""

TaskConfig = Annotated[Union[TemporalOrder, Adding, Copying, Review, TwoLag], Field(discriminator="name")]

HiddenSize = Annotated[int, Field(ge=1, le=512, title="Hidden units H", description="Units of the recurrent state.")]


def _init_field(default: str = "default", *, chrono: bool) -> Any:
    labels = {
        "default": "torch's default",
        "xavier": "Xavier",
        "orthogonal": "orthogonal",
        "identity": "identity",
    } | ({"chrono": "chrono"} if chrono else {})
    return Field(  # pyright: ignore[reportCallIssue]
        default=default,
        title="Initialisation",
        description="How the weights start. Chrono also spreads the gate biases over the task's time scales."
        if chrono
        else "How the weights start. Identity with ReLU is the IRNN.",
        json_schema_extra={"labels": labels},  # pyright: ignore[reportArgumentType]
    )


class _Cell(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @property
    def varies(self) -> bool:
        """Whether it is one of the LSTM's variants."""
        return dict(self).get("variant", "standard") in VARIANTS

    @property
    def title(self) -> str:
        """'LSTM', or 'LSTM without forget gate'."""
        own = dict(self)
        title = CELL_TITLES[own["name"]]
        return f"{title} {VARIANTS[own['variant']]}" if self.varies else title

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates with weights of their own, in the order of the parameters' blocks."""
        return ()

    @property
    def idle(self) -> frozenset[str]:
        """Keys of its settings that have no effect beside the others."""
        return frozenset()


class RNNConfig(_Cell):
    """h = φ(W x + U h₋ + b)."""

    name: Literal["rnn"] = "rnn"
    hidden_size: HiddenSize = 32
    init: Literal["default", "xavier", "orthogonal", "identity"] = _init_field(chrono=False)
    activation: Literal["tanh", "relu"] = Field(
        default="tanh", title="Activation φ", description="tanh saturates, ReLU does not.",
        json_schema_extra={"labels": {"tanh": "tanh", "relu": "ReLU"}},
    )  # fmt: skip


class _Gated(_Cell):
    hidden_size: HiddenSize = 32
    init: Literal["default", "xavier", "orthogonal", "identity", "chrono"] = _init_field(chrono=True)


class _LSTM(_Gated):
    forget_bias: float | None = Field(
        default=None,
        ge=-20,
        le=20,
        title="Forget bias",
        description="Bias of the forget gate at the start (the sum of the two bias vectors). "
        "Empty keeps what the initialisation gives.",
    )
    variant: Literal["standard", "no-forget-gate", "coupled", "no-output-activation"] = Field(
        default="standard",
        title="Variant",
        description="What is left out (Greff 2017). No forget gate: everything is kept, as in 1997; chrono then sets "
        "the input gates alone. Coupled: one gate lets in and forgets, and a forget bias b is −b on it. No output "
        "activation: the cell state is handed out as it is.",
        json_schema_extra={
            "labels": {
                "standard": "standard",
                "no-forget-gate": "no forget gate: f = 1",
                "coupled": "coupled gates: f = 1 − i",
                "no-output-activation": "no output activation: h = o⊙c",
            }
        },
    )

    @property
    def gates(self) -> tuple[str, ...]:
        return ("i", "g", "o") if self.variant in ("no-forget-gate", "coupled") else ("i", "f", "g", "o")

    @property
    def idle(self) -> frozenset[str]:
        return frozenset({"cell.forget_bias"} if self.variant == "no-forget-gate" else ())

    @model_validator(mode="after")
    def _one_source_of_forget_bias(self) -> _LSTM:
        if self.init == "chrono" and self.forget_bias is not None and "cell.forget_bias" not in self.idle:
            raise ValueError(
                f"`cell.forget_bias` (={self.forget_bias:g}) cannot be combined with `cell.init` (=chrono): "
                "chrono draws the forget bias of every unit itself. Leave `cell.forget_bias` empty or choose another "
                "`cell.init`."
            )
        return self


class LSTMConfig(_LSTM):
    """Long short-term memory with a forget gate."""

    name: Literal["lstm"] = "lstm"


class PeepholeConfig(_LSTM):
    """LSTM whose gates also see the cell state."""

    name: Literal["peephole"] = "peephole"
    peephole_gradient: Literal["full", "gers"] = Field(
        default="full",
        title="Peephole gradient",
        description="Full: as autograd has it. Gers 2002 stops the gradient at the peepholes.",
        json_schema_extra={"labels": {"full": "full", "gers": "stopped (Gers 2002)"}},
    )


class GRUConfig(_Gated):
    """Gated recurrent unit; z is the keep gate."""

    name: Literal["gru"] = "gru"
    reset: Literal["after", "before"] = Field(
        default="after",
        title="Reset gate",
        description="Applied after the recurrent product (torch, cuDNN) or before it (the original).",
        json_schema_extra={"labels": {"after": "after the product (torch)", "before": "before it (original)"}},
    )

    @property
    def gates(self) -> tuple[str, ...]:
        return ("r", "z", "n")


CellConfig = Annotated[Union[RNNConfig, LSTMConfig, PeepholeConfig, GRUConfig], Field(discriminator="name")]
CELL_CONFIGS: dict[str, type[_Cell]] = {
    config.model_fields["name"].default: config for config in (RNNConfig, LSTMConfig, PeepholeConfig, GRUConfig)
}
CELL_TITLES = {"rnn": "RNN", "lstm": "LSTM", "peephole": "Peephole LSTM", "gru": "GRU"}
VARIANTS = {
    "no-forget-gate": "without forget gate",
    "coupled": "with coupled gates",
    "no-output-activation": "without output activation",
}
"""In words, after the cell's title."""


class RunConfig(BaseModel):
    """Everything that decides the bits of a run. Same config, same machine, same bits."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    task: TaskConfig = Field(default_factory=TemporalOrder)
    cell: CellConfig = Field(default_factory=LSTMConfig)
    optimizer: Literal["sgd", "momentum", "rmsprop", "adam"] = Field(
        default="adam",
        title="Optimiser",
        description="How the gradient becomes an update.",
        json_schema_extra={
            "labels": {"sgd": "SGD", "momentum": "SGD with momentum .9", "rmsprop": "RMSprop", "adam": "Adam"}
        },
    )
    lr: float = Field(
        default=0.02,
        gt=0,
        le=10,
        title="Learning rate",
        description="Size of an update.",
        json_schema_extra={"scale": "log"},
    )
    batch_size: int = Field(
        default=32,
        ge=1,
        le=512,
        title="Batch N",
        description="Sequences per update.",
        json_schema_extra={"unit": "sequences"},
    )
    steps: int = Field(
        default=600, ge=1, le=100_000, title="Updates", description="Training steps of one run.",

    )  # fmt: skip
    seed: int = Field(default=0, ge=0, le=2**31 - 1, title="Seed", description="Decides the weights and the data.")
    truncation: Literal["full", "windows", "sliding", "stream", "reset"] = Field(
        default="full",
        title="Truncation",
        description="How far gradients go back. Windows: cut every K steps, the state is carried on. Sliding: each "
        "loss sees K steps. Stream: an update every k₁ steps that looks K back. Reset: windows, and the state starts "
        "from zero in each.",
        json_schema_extra={
            "labels": {
                "full": "none (full BPTT)",
                "windows": "windows of K",
                "sliding": "sliding, K back",
                "stream": "stream (k₁, k₂)",
                "reset": "windows, state reset",
            }
        },
    )
    truncation_length: int = Field(
        default=10, ge=1, le=10_000, title="Window K", description="Steps the gradient may travel back.",
        json_schema_extra={"unit": "steps"},
    )  # fmt: skip
    truncation_stride: int | None = Field(
        default=None, ge=1, le=10_000, title="Update every k₁",
        description="Steps between two updates of a stream. Empty means K: then every window makes one update.",
        json_schema_extra={"unit": "steps"},
    )  # fmt: skip
    clip: Literal["none", "norm", "value", "backprop"] = Field(
        default="norm",
        title="Clipping",
        description="By norm shortens the whole gradient and keeps its direction; by value cuts each component; inside "
        "backpropagation limits each component of what one sequence's gradient carries from step to step.",
        json_schema_extra={
            "labels": {"none": "none", "norm": "by norm", "value": "by value", "backprop": "inside backpropagation"}
        },
    )
    clip_threshold: float = Field(
        default=1.0, gt=0, le=1e6, title="Clip threshold θ", description="Largest norm, or largest component.",
        json_schema_extra={"scale": "log"},
    )  # fmt: skip
    trained: Literal["all", "readout"] = Field(
        default="all",
        title="Trained",
        description="The readout alone is a control: it shows what can be read from a recurrence left as it started.",
        json_schema_extra={"labels": {"all": "everything", "readout": "the readout alone"}},
    )

    @model_validator(mode="after")
    def _an_update_looks_back_to_the_one_before(self) -> RunConfig:
        stride, K = self.truncation_stride, self.truncation_length
        if self.truncation == "stream" and stride is not None and stride > K:
            raise ValueError(
                f"`truncation_stride` (={stride}) must be at most `truncation_length` (={K}): an update has to look "
                "back over all steps since the one before. Lower `truncation_stride`, leave it empty, or raise "
                "`truncation_length`."
            )
        return self

    # -- in and out -----------------------------------------------------------------------------------------------

    @classmethod
    def from_flat(cls, flat: Mapping[str, Any]) -> RunConfig:
        """From dotted keys. A ``task.name`` or ``cell.name`` given alone brings that task's or cell's defaults.

        Raises ConfigError with a sentence per problem.
        """
        nested: dict[str, Any] = {}
        for key, value in flat.items():
            head, _, tail = key.partition(".")
            if tail and head in ("task", "cell"):
                nested.setdefault(head, {})[tail] = value
            elif key in ("task", "cell"):
                raise ConfigError(
                    [f"`{key}` (={quoted(value)}) is a group of settings. Name one of them, `{key}.name` say."]
                )
            else:
                nested[key] = value
        for part, known in (("task", TASKS), ("cell", CELL_CONFIGS)):
            if part in nested:
                nested[part].setdefault("name", next(iter(known)) if part == "task" else "lstm")
                own = known.get(str(nested[part]["name"]))
                nested[part] = nested[part] if own is None else _emptied(own, nested[part])
        return cls.checked(_emptied(cls, nested))

    @classmethod
    def checked(cls, nested: Mapping[str, Any]) -> RunConfig:
        """From nested dictionaries (a config file). Raises ConfigError with a sentence per problem."""
        try:
            return cls.model_validate(nested)
        except ValidationError as error:
            raise ConfigError(sentences(error, cls)) from None

    @classmethod
    def preset(cls, name: str, **overrides: Any) -> RunConfig:
        """The named preset; ``overrides`` replace settings, ``steps=300`` or ``**{"task.length": 80}``."""
        from core.presets import PRESETS

        if name not in PRESETS:
            raise ConfigError([f"`preset` (={quoted(name)}) is not known. Choose one of: {', '.join(PRESETS)}."])
        return PRESETS[name].config.replace(**overrides)

    def replace(self, **overrides: Any) -> RunConfig:
        """The same config with some dotted keys changed.

        A changed ``task.name`` or ``cell.name`` takes over the settings both sides have (length, hidden size, …).
        """
        flat = self.to_flat()
        for part, known in (("task", TASKS), ("cell", CELL_CONFIGS)):
            own = known.get(str(overrides.get(f"{part}.name", "")))
            if own is not None and overrides[f"{part}.name"] != flat[f"{part}.name"]:
                flat = {
                    key: value
                    for key, value in flat.items()
                    if not key.startswith(f"{part}.") or _fits(own, key.partition(".")[2], value)
                }
        return RunConfig.from_flat(flat | overrides)

    def to_flat(self) -> dict[str, Any]:
        """Every setting by its dotted key, in order."""
        flat: dict[str, Any] = {}
        for key, value in self.model_dump().items():
            if isinstance(value, dict):
                flat |= {f"{key}.{inner}": inner_value for inner, inner_value in value.items()}
            else:
                flat[key] = value
        return flat

    def digest(self) -> str:
        """Hash of all settings that have an effect and of the engine's version; equal digests give equal runs."""
        flat = {key: value for key, value in self.to_flat().items() if key not in self.idle}
        if flat.get("cell.variant") == "standard":  # older digests do not know of it
            del flat["cell.variant"]
        if self.truncation == "stream":
            flat["truncation_stride"] = self.truncated.stride
        text = json.dumps([ENGINE_VERSION, flat], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    # -- what follows from the settings ---------------------------------------------------------------------------

    @property
    def idle(self) -> frozenset[str]:
        """Keys of settings that have no effect beside the others."""
        idle = {"truncation_length"} if self.truncation == "full" else set()
        idle |= {"truncation_stride"} if self.truncation != "stream" else set()
        return frozenset(idle | self.cell.idle | ({"clip_threshold"} if self.clip == "none" else set()))

    @property
    def truncated(self) -> Truncation:
        """Its truncation, with all that follows from it."""
        K = self.truncation_length
        return Truncation(self.truncation, self.task.length, K, self.truncation_stride or K)

    @property
    def cuts(self) -> list[int]:
        """State indices b (0 < b < T, ascending) where the gradient of the last loss stops: it does not pass from
        h[b+1] to h[b]. With windows, stream and reset those of earlier losses as well."""
        asked = max(mark.last for mark in self.task.marks() if mark.kind == "asked")
        return self.truncated.cuts(asked)

    @property
    def resets(self) -> list[int]:
        """State indices that are set to zero before the network goes on from them, ascending."""
        return self.truncated.resets

    @property
    def label(self) -> str:
        """A few words that tell this config from others: 'LSTM chrono, H 8'."""
        init = "" if self.cell.init == "default" else f" {self.cell.init}"
        bias = None if "cell.forget_bias" in self.idle else getattr(self.cell, "forget_bias", None)
        bias = "" if bias is None else f" b_f {bias:g}"
        start = f",{init}{bias}" if (init or bias) and self.cell.varies else f"{init}{bias}"
        kind = "" if self.truncation == "windows" else f"{self.truncation} "
        first = f"k₁ {self.truncated.stride} " if self.truncation == "stream" else ""
        cut = "" if self.truncation == "full" else f", {kind}{first}K {self.truncation_length}"
        frozen = ", readout alone" if self.trained == "readout" else ""
        return f"{self.cell.title}{start}, H {self.cell.hidden_size}{cut}{frozen}"


def _emptied(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` with None for every empty text where ``model`` takes None: so a URL has it."""
    optional = {name for name, field in model.model_fields.items() if type(None) in get_args(field.annotation)}
    return {key: None if value == "" and key in optional else value for key, value in values.items()}


def _fits(own: type[BaseModel], field: str, value: Any) -> bool:
    """Whether ``value`` is a valid value of ``own``'s field (its name excepted)."""
    if field == "name" or field not in own.model_fields:
        return False
    try:
        own.model_validate({field: value})
    except ValidationError:
        return False
    return True
