"""RunConfig: every setting of a run, once, with bounds, unit and help. Widgets, URL, CLI and presets derive from it.

A setting's key is its dotted path, ``task.length`` or ``lr``. ``RunConfig.from_flat`` takes such keys with values as
text or as numbers (a URL's query, ``--set KEY=VALUE``); ``to_flat`` gives them back.

What pydantic has no word for stands in a field's ``json_schema_extra``: the ``labels`` of its values, its ``unit``,
a log ``scale``; the ``group`` of the controls it stands in (those of a task or a cell stand in Task and Cell); what an
optional setting means when it is left ``empty``; how a ``legend`` names it (core.settings.Legend); and, of a setting
that came later than the first runs, the value that stands for the time ``before`` it existed. That value leaves the
digest as it was, and configs stored without the setting get it (``stored``), whatever the default is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.anatomy import ANATOMIES, Anatomy
from core.data_files import flat as flattened
from core.errors import ConfigError, quoted, sentences
from core.presets import PRESETS
from core.tasks import TASKS, Task, TemporalOrder
from core.truncation import Truncation

ENGINE_VERSION = "3"
"""Part of every digest: raise it when the same config no longer gives the same bits."""

if TYPE_CHECKING:  # nobody asks a task or a cell for what only one of them has
    TaskConfig = Task
    CellConfig = Anatomy
else:
    TaskConfig = Annotated[Union[tuple(TASKS.values())], Field(discriminator="name")]
    CellConfig = Annotated[Union[tuple(ANATOMIES.values())], Field(discriminator="name")]


class RunConfig(BaseModel):
    """Everything that decides the bits of a run. Same config, same machine, same bits."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    task: TaskConfig = Field(default_factory=TemporalOrder)
    cell: CellConfig = Field(default_factory=lambda: ANATOMIES["lstm"].model_validate({}))
    optimizer: Literal["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"] = Field(
        default="adam",
        title="Optimiser",
        description="How the gradient becomes an update.",
        json_schema_extra={
            "group": "Training",
            "legend": {"unnamed": True},
            "labels": {
                "sgd": "SGD",
                "momentum": "SGD with momentum .9",
                "nesterov": "SGD with Nesterov momentum .9",
                "adagrad": "AdaGrad",
                "rmsprop": "RMSprop",
                "adam": "Adam",
                "adamw": "AdamW",
            },
        },
    )
    weight_decay: float = Field(
        default=0.01,
        ge=0,
        le=1,
        title="Weight decay",
        description="Times the learning rate: the share of every weight that an update of AdamW takes away beside the "
        "gradient's step.",
        json_schema_extra={"group": "Training", "before": 0.01},
    )
    lr: float = Field(
        default=0.02,
        gt=0,
        le=10,
        title="Learning rate",
        description="Size of an update.",
        json_schema_extra={"group": "Training", "scale": "log", "legend": {"short": "rate"}},
    )
    lr_schedule: Literal["constant", "warm-up", "cosine"] = Field(
        default="constant",
        title="Schedule of the rate",
        description="Constant; growing over the first updates to the learning rate; or falling from it along half a "
        "cosine towards zero at the last update.",
        json_schema_extra={
            "group": "Training",
            "before": "constant",
            "legend": {"unnamed": True},
            "labels": {"constant": "constant rate", "warm-up": "linear warm-up", "cosine": "cosine decay"},
        },
    )
    warmup_steps: int = Field(
        default=100,
        ge=1,
        le=100_000,
        title="Warm-up",
        description="Updates over which the rate grows to the learning rate.",
        json_schema_extra={"group": "Training", "unit": "steps", "before": 100},
    )
    batch_size: int = Field(
        default=32,
        ge=1,
        le=512,
        title="Batch N",
        description="Sequences per update.",
        json_schema_extra={
            "group": "Training",
            "unit": "sequences",
            "legend": {"said": {"*": "batch of {0.batch_size}"}},
        },
    )
    steps: int = Field(
        default=600, ge=1, le=100_000, title="Updates", description="Training steps of one run.",
        json_schema_extra={"group": "Training", "legend": {"said": {"*": "{0.steps:,} updates"}}},
    )  # fmt: skip
    seed: int = Field(
        default=0, ge=0, le=2**31 - 1, title="Seed", description="Decides the weights and the data.",
        json_schema_extra={"group": "Training"},
    )  # fmt: skip
    truncation: Literal["full", "windows", "sliding", "stream", "reset"] = Field(
        default="full",
        title="Truncation",
        description="How far gradients go back. Windows: cut every K steps, the state is carried on. Sliding: each "
        "loss sees K steps. Stream: an update every k₁ steps that looks K back. Reset: windows, and the state starts "
        "from zero in each.",
        json_schema_extra={
            "group": "Gradient",
            "legend": {
                "said": {
                    "full": "full BPTT",
                    "windows": "windows of {0.truncation_length}",
                    "sliding": "sliding, {0.truncation_length} back",
                    "reset": "windows, state reset",
                },
                "unnamed": True,
                "covers": ["truncation_length"],
            },
            "labels": {
                "full": "none (full BPTT)",
                "windows": "windows of K",
                "sliding": "sliding, K back",
                "stream": "stream (k₁, k₂)",
                "reset": "windows, state reset",
            },
        },
    )
    truncation_length: int = Field(
        default=10, ge=1, le=10_000, title="Window K", description="Steps the gradient may travel back.",
        json_schema_extra={"group": "Gradient", "unit": "steps", "legend": {"short": "K"}},
    )  # fmt: skip
    truncation_stride: int | None = Field(
        default=None, ge=1, le=10_000, title="Update every k₁",
        description="Steps between two updates of a stream. Empty means K: then every window makes one update.",
        json_schema_extra={"group": "Gradient", "unit": "steps", "empty": "the same as K", "legend": {"short": "k₁"}},
    )  # fmt: skip
    clip: Literal["none", "norm", "value", "backprop"] = Field(
        default="norm",
        title="Clipping",
        description="By norm shortens the whole gradient and keeps its direction; by value cuts each component; inside "
        "backpropagation limits each component of what one sequence's gradient carries from step to step.",
        json_schema_extra={
            "group": "Gradient",
            "legend": {
                "said": {
                    "none": "no clipping",
                    "norm": "clipped by norm",
                    "value": "clipped by value",
                    "backprop": "clipped inside backpropagation",
                }
            },
            "labels": {"none": "none", "norm": "by norm", "value": "by value", "backprop": "inside backpropagation"},
        },
    )
    clip_threshold: float = Field(
        default=1.0, gt=0, le=1e6, title="Clip threshold θ", description="Largest norm, or largest component.",
        json_schema_extra={"group": "Gradient", "scale": "log", "legend": {"short": "θ"}},
    )  # fmt: skip
    trained: Literal["all", "readout"] = Field(
        default="all",
        title="Trained",
        description="The readout alone is a control: it shows what can be read from a recurrence left as it started.",
        json_schema_extra={
            "group": "Training",
            "legend": {"said": {"all": "everything trained", "readout": "readout alone"}},
            "labels": {"all": "everything", "readout": "the readout alone"},
        },
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

    @model_validator(mode="after")
    def _a_batch_has_statistics(self) -> RunConfig:
        if self.cell.normalisation == "batch" and self.batch_size < 2:
            raise ValueError(
                f"`batch_size` (={self.batch_size}) must be at least 2 with `cell.normalisation` batch, which takes "
                "means over the batch. Raise `batch_size`, or choose another `cell.normalisation`."
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
        for part, known in (("task", TASKS), ("cell", ANATOMIES)):
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
    def stored(cls, settings: str | Mapping[str, Any]) -> RunConfig:
        """From what was stored, perhaps by an older version, as JSON or as nested dictionaries.

        What is stored spells out every setting that there was, so one that is missing came later and is as it was
        ``before``. Raises ConfigError with a sentence per problem, and ValueError for a text that is not JSON.
        """
        content = json.loads(settings) if isinstance(settings, str) else settings
        if not isinstance(content, Mapping):
            raise ConfigError([f"A stored config (={quoted(content)}) must be an object of settings."])
        flat = flattened(content)
        missing = {key: value for key, value in cls.before(flat).items() if key not in flat}
        return cls.from_flat(flat | missing) if missing else cls.checked(content)

    @classmethod
    def before(cls, flat: Mapping[str, Any]) -> dict[str, Any]:
        """The settings that came later, by dotted key, each with the value that stands for the time before it.

        Of the task and the cell they are those of the ones that ``flat`` names.
        """
        later = dict(_came_later(cls))
        for part, known in (("task", TASKS), ("cell", ANATOMIES)):
            key = f"{part}.name"
            own = known.get(str(flat[key])) if key in flat else type(getattr(cls(), part))
            if own is not None:
                later |= {f"{part}.{name}": value for name, value in _came_later(own).items()}
        return later

    @classmethod
    def preset(cls, name: str, **overrides: Any) -> RunConfig:
        """The named preset; ``overrides`` replace settings, ``steps=300`` or ``**{"task.length": 80}``."""
        if name not in PRESETS:
            close = ", ".join(get_close_matches(name, PRESETS, n=4, cutoff=0.3) or [*PRESETS][:4])
            raise ConfigError([
                f"`preset` (={quoted(name)}) is not known. Choose one of: {close}, or another that `python -m core "
                "presets` lists."
            ])  # fmt: skip
        try:
            config = cls.from_flat(PRESETS[name].settings)
        except ConfigError as error:
            raise ConfigError(
                [f"`presets.{name}` in `{PRESETS[name].file}` cannot be used: {said}" for said in error.problems]
            ) from None
        return config.replace(**overrides)

    def replace(self, **overrides: Any) -> RunConfig:
        """The same config with some dotted keys changed.

        A changed ``task.name`` or ``cell.name`` takes over the settings both sides have (length, hidden size, …).
        """
        flat = self.to_flat()
        for part, known in (("task", TASKS), ("cell", ANATOMIES)):
            own = known.get(str(overrides.get(f"{part}.name", "")))
            if own is not None and overrides[f"{part}.name"] != flat[f"{part}.name"]:
                taken = _taken_over(own, getattr(self, part).model_dump())
                flat = {key: value for key, value in flat.items() if not key.startswith(f"{part}.")}
                flat |= {f"{part}.{field}": value for field, value in taken.items()}
        return self.from_flat(flat | overrides)

    def to_flat(self) -> dict[str, Any]:
        """Every setting by its dotted key, in order."""
        return flattened(self.model_dump())

    def digest(self) -> str:
        """Hash of all settings that have an effect and of the engine's version; equal digests give equal runs.

        A setting that is as it was before it existed is left out: older digests do not know of it.
        """
        flat = self.to_flat()
        left_out = self.idle | {key for key, value in self.before(flat).items() if flat[key] == value}
        flat = {key: value for key, value in flat.items() if key not in left_out}
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
        idle |= {"clip_threshold"} if self.clip == "none" else set()
        idle |= {"weight_decay"} if self.optimizer != "adamw" else set()
        idle |= {"warmup_steps"} if self.lr_schedule != "warm-up" else set()
        return self.cell.idle | idle

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
    def carries(self) -> bool:
        """Whether an update goes on from the state in which the one before ended: along an endless sequence, unless the
        state is reset."""
        return self.task.endless and self.truncation != "reset"

    @property
    def label(self) -> str:
        """A few words that tell this config from others: 'LSTM chrono, H 8'."""
        start = f" {self.cell.start_words}" if self.cell.start_words else ""
        comma = "," if start and self.cell.beside else ""
        kind = "" if self.truncation == "windows" else f"{self.truncation} "
        first = f"k₁ {self.truncated.stride} " if self.truncation == "stream" else ""
        cut = "" if self.truncation == "full" else f", {kind}{first}K {self.truncation_length}"
        frozen = ", readout alone" if self.trained == "readout" else ""
        return f"{self.cell.title}{comma}{start}, H {self.cell.hidden_size}{cut}{frozen}"


def _emptied(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` with None for every empty text where ``model`` takes None: so a URL has it."""
    optional = {name for name, field in model.model_fields.items() if type(None) in get_args(field.annotation)}
    return {key: None if value == "" and key in optional else value for key, value in values.items()}


@cache
def _came_later(model: type[BaseModel]) -> dict[str, Any]:
    """The fields of ``model`` that came later than the first runs, each with its value for the time before."""
    extras = {name: field.json_schema_extra for name, field in model.model_fields.items()}
    return {name: extra["before"] for name, extra in extras.items() if isinstance(extra, dict) and "before" in extra}


def _taken_over(own: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of another model's ``values`` that ``own`` can have too, each beside those before it; not its name."""
    taken: dict[str, Any] = {}
    for field, value in values.items():
        if field in ("name", "data") or field not in own.model_fields:
            continue
        try:
            own.model_validate(taken | {field: value})
        except ValidationError:
            continue
        taken[field] = value
    return taken
