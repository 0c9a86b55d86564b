"""The numbers behind the pictures, a tidy table a picture, as CSV, Parquet or JSON in one archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from pandas import DataFrame

from core.config import RunConfig
from core.exports.base import Export, Moment
from core.frames import Frame, Planes
from core.settings import settings_of

NATS, SQUARED = "nats", "squared error"


@dataclass(frozen=True)
class Table:
    """One table: its rows, what a row is, and what its columns are."""

    rows: DataFrame
    about: str


def unit_of_loss(config: RunConfig) -> str:
    """What a loss is measured in; a gradient at a state without unit is measured in the same."""
    return SQUARED if config.task.kind == "numbers" else NATS


def tables(moment: Moment) -> dict[str, Table]:
    """The tables of a moment by name."""
    found = {
        "settings": Table(_settings(moment.run.config), "A row is a setting of the run."),
        "gradient": Table(
            _gradient(moment.frame, unit_of_loss(moment.run.config)),
            f"A row is a time step, at training step {moment.frame.step:,}: how much of the loss's gradient arrives at "
            "its state. Norms of one sequence's gradient, averaged over the batch; flow is over the whole state, "
            "flow of the last loss what the last question alone sends back. Step 0 is the initial state.",
        ),
        "gradient_over_training": Table(
            _over_training(moment), "A row is a time step at a recorded training step: the flow as in `gradient`."
        ),
        "training": Table(
            _training(moment),
            "A row is a training step. Everything is measured on the weights before its update; the score is that of "
            "the last time it was measured.",
        ),
    }
    planes = _planes(moment)
    if planes is not None:
        step, kept = planes
        found["gates_and_states"] = Table(
            _gates(kept),
            f"A row is a unit at a time step of one of the fixed probe sequences, at training step {step:,}: gates "
            "after their nonlinearity, and states.",
        )
    return found


def _settings(config: RunConfig) -> DataFrame:
    known, flat = settings_of(config), config.to_flat()
    rows = [(key, known[key].title, flat[key], known[key].unit, key not in config.idle) for key in flat]
    table = DataFrame(rows, columns=["setting", "title", "value", "unit", "has an effect"])
    return table.astype({"value": str})


def _gradient(frame: Frame, unit: str) -> DataFrame:
    columns: dict[str, object] = {"time step": np.arange(len(frame.flow)), f"gradient of h [{unit}]": frame.grad_h}
    if frame.grad_c is not None:
        columns[f"gradient of c [{unit}]"] = frame.grad_c
    columns |= {f"flow [{unit}]": frame.flow, f"flow of the last loss [{unit}]": frame.flow_last}
    for what, layers in (("gradient of h", frame.grad_h_layers), ("gradient of c", frame.grad_c_layers),
                         ("flow", frame.flow_layers)):  # fmt: skip
        columns |= {f"{what}, layer {k + 1} [{unit}]": own for k, own in enumerate(() if layers is None else layers)}
    return DataFrame(columns)


def _over_training(moment: Moment) -> DataFrame:
    frames = [frame for frame in moment.run.frames() if frame.step <= moment.frame.step]
    steps, size = np.array([frame.step for frame in frames]), len(moment.frame.flow)
    flow = np.concatenate([frame.flow for frame in frames])
    return DataFrame({
        "training step": np.repeat(steps, size), "time step": np.tile(np.arange(size), len(steps)),
        f"flow [{unit_of_loss(moment.run.config)}]": flow,
    })  # fmt: skip


def _training(moment: Moment) -> DataFrame:
    unit, scalars = unit_of_loss(moment.run.config), moment.run.scalars()
    named = {
        "step": "training step", "loss": f"loss [{unit}]", "score": "score [0 to 1]",
        "error": "error [share of guessing]",
        "grad_norm": f"gradient norm [{unit}]", "grad_norm_clipped": f"gradient norm, clipped [{unit}]",
        "clip_angle": "angle of clipping [degrees]", "update_size": "update size [norm of weights]",
        "param_norm": "parameters [norm of weights]",
    }  # fmt: skip
    table = DataFrame({named.get(name, name): values for name, values in scalars.items()})
    return table.loc[table["training step"] <= moment.frame.step]


def _planes(moment: Moment) -> tuple[int, Planes] | None:
    kept = moment.run.plane_steps
    kept = kept[kept <= moment.frame.step]
    planes = moment.run.planes(int(kept[-1])) if kept.size else None
    return None if planes is None else (int(kept[-1]), planes)


def _gates(planes: Planes) -> DataFrame:
    """Of every layer, 1 at the bottom. Gates stand at the steps 1 … T that they made; step 0 has states alone."""
    layers = [*planes.below, planes]
    parts = [_of_layer(own).assign(layer=number) for number, own in enumerate(layers, start=1)]
    return pd.concat(parts, ignore_index=True)


def _of_layer(planes: Planes) -> DataFrame:
    steps, sequences, units = planes.h.shape
    index = np.indices((steps, sequences, units)).reshape(3, -1)
    columns = {"time step": index[0], "sequence": index[1] + 1, "layer": 1, "unit": index[2] + 1}
    nothing = np.full((1, sequences, units), np.nan, np.float32)
    columns |= {f"gate {name}": np.concatenate([nothing, part]).ravel() for name, part in planes.gates.items()}
    states = {"state h": planes.h} | ({} if planes.c is None else {"state c": planes.c})
    return DataFrame(columns | {name: part.ravel() for name, part in states.items()})


# -- as files ----------------------------------------------------------------------------------------------------------


def _csv(table: DataFrame) -> bytes:
    return table.to_csv(index=False, na_rep="NaN").encode()


def _json(table: DataFrame) -> bytes:
    """What is not finite is null: JSON has no word for it."""
    return str(table.to_json(orient="records", double_precision=15)).encode()


def _parquet(table: DataFrame) -> bytes:
    room = io.BytesIO()
    table.to_parquet(room, index=False)
    return room.getvalue()


FORMS: dict[str, Callable[[DataFrame], bytes]] = {"csv": _csv, "parquet": _parquet, "json": _json}
_DATED = (1980, 1, 1, 0, 0, 0)  # so that the same numbers are the same file


def archive(form: str, moment: Moment, more: Mapping[str, Table] | None = None) -> bytes:
    """The tables, and ``more`` of them, with a README that says what they are."""
    whole = tables(moment) | dict(more or {})
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("README.txt", _DATED), readme(form, moment, whole))
        for name, table in whole.items():
            file.writestr(zipfile.ZipInfo(f"{name}.{form}", _DATED), FORMS[form](table.rows), zipfile.ZIP_DEFLATED)
    return room.getvalue()


def readme(form: str, moment: Moment, whole: Mapping[str, Table]) -> str:
    """What lies in the archive."""
    lines = [moment.title, f"Run {moment.run.id}" + (f", {moment.link}" if moment.link else ""), ""]
    lines += ["Units stand in brackets in a column's name. NaN: measured, and no number.", ""]
    for name, table in whole.items():
        lines += [f"{name}.{form}: {len(table.rows):,} rows. {table.about}"]
        lines += [f"    {column}" for column in table.rows.columns] + [""]
    lines += [f"Read with pandas.read_{form}. Written by Unrolled."]
    return "\n".join(lines) + "\n"


def read(form: str, content: bytes) -> dict[str, DataFrame]:
    """The tables of an archive by name, as pandas reads them."""
    reader = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}[form]
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        names = [name for name in file.namelist() if name.endswith(f".{form}")]
        return {name.removesuffix(f".{form}"): reader(io.BytesIO(file.read(name))) for name in names}


def _export(form: str, title: str, help: str) -> Export:
    return Export(form, title, help, f".{form}.zip", "application/zip", partial(archive, form))


CSV = _export("csv", "Numbers, CSV", "A tidy table a picture, units in the columns' names, for any program.")
PARQUET = _export("parquet", "Numbers, Parquet", "The same tables with every digit, for pandas, Polars, R or DuckDB.")
JSON = _export("json", "Numbers, JSON", "The same tables as lists of records, for a page or a script.")
