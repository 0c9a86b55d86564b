"""Frames as bytes and back: safetensors, so nothing in a file can run as code.

The name of an array carries what belongs to it: ``"loss,score"`` names the rows of a table of numbers, and
``"grad_h=flow"`` says that two profiles are the same numbers (a cell without c), kept once. A scalar that a file of an
earlier version does not have is read as NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from core.frames import BY_LAYER, SCALARS, Floats, Frame, Planes

PROFILES = ("grad_h", "grad_c", "flow", "flow_last", *BY_LAYER)
HISTORY = ("step", *SCALARS)
CARRIED = "carried."
"""What the names of a carried state's parts begin with, beside those of weights."""
UPDATES = "update"
"""What the name of the norms of an update begins with, tensor by tensor."""
NUMBERS = ("step", "score_step", *SCALARS)


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays of any shape as safetensors bytes."""
    return save({name: np.ascontiguousarray(values) for name, values in arrays.items()})


def pack_history(frame: Frame) -> bytes:
    """The scalar history that came with ``frame``: (names, n) float64, which holds a step number exactly."""
    return pack({",".join(HISTORY): np.stack([np.asarray(frame.history[name], np.float64) for name in HISTORY])})


def unpack_history(content: bytes) -> dict[str, NDArray[Any]]:
    """``{name: (n,)}``: ``step`` as int64, the others float64, NaN where the file is of a version without them."""
    ((names, table),) = load(content).items()
    columns: dict[str, NDArray[Any]] = dict(zip(names.split(","), table, strict=True))
    missing = dict.fromkeys(HISTORY, np.full(table.shape[1], np.nan))
    return missing | columns | {"step": columns["step"].astype(np.int64)}


def pack_profile(frame: Frame) -> bytes:
    """A frame's own numbers and its gradient profiles, in the precision they came in."""
    arrays: dict[str, NDArray[Any]] = {
        ",".join(NUMBERS): np.array([getattr(frame, name) for name in NUMBERS], np.float64),
        ",".join(("", *frame.param_norms)): np.array(list(frame.param_norms.values()), np.float64),
    }
    if frame.update_norms:
        arrays[",".join((UPDATES, *frame.update_norms))] = np.array(list(frame.update_norms.values()), np.float64)
    same: dict[tuple[str, bytes], list[str]] = {}
    for name in PROFILES:
        values = getattr(frame, name)
        if values is not None:
            same.setdefault((values.dtype.str, values.tobytes()), []).append(name)
    return pack(arrays | {"=".join(names): getattr(frame, names[0]) for names in same.values()})


def unpack_frame(history: bytes, profile: bytes) -> Frame:
    """The frame again, without planes and weights, which are stored and asked for separately."""
    arrays = load(profile)
    names = next(key for key in arrays if key.startswith("step,"))
    numbers = dict(zip(names.split(","), arrays.pop(names).tolist(), strict=True))
    norms, updates = dict[str, float](), dict[str, float]()
    profiles: dict[str, Floats | None] = dict.fromkeys(PROFILES)
    for key, values in arrays.items():
        if key.startswith(","):
            norms = dict(zip(key[1:].split(","), values.tolist()))
        elif key.startswith(f"{UPDATES},"):
            updates = dict(zip(key.split(",")[1:], values.tolist()))
        else:
            profiles |= dict.fromkeys(key.split("="), values)
    numbers = dict.fromkeys(SCALARS, np.nan) | numbers
    whole = {name: int(numbers.pop(name)) for name in ("step", "score_step")}
    parts: dict[str, Any] = whole | numbers | profiles
    return Frame(**parts, param_norms=norms, update_norms=updates, history=unpack_history(history))


def pack_planes(planes: Planes) -> bytes:
    """Gates and states in half precision: three digits are more than a picture shows.

    A plane with values beyond half's range (a ReLU state that explodes) stays in single precision.
    """
    return pack({name: _halved(values) for name, values in _arrays(planes).items()})


def _arrays(planes: Planes) -> dict[str, Floats]:
    """By name; those of the layers below as "l0.h", "l0.gate.i", …"""
    arrays = {f"gate.{name}": values for name, values in planes.gates.items()} | {"h": planes.h}
    if planes.c is not None:
        arrays["c"] = planes.c
    below = [{f"l{k}.{name}": values for name, values in _arrays(own).items()} for k, own in enumerate(planes.below)]
    return {name: values for part in (arrays, *below) for name, values in part.items()}


def _halved(values: Floats) -> Floats:
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    return half if np.array_equal(np.isfinite(half), np.isfinite(values)) else values


def unpack_planes(content: bytes) -> Planes:
    """The planes as float32."""
    return _planes({name: values.astype(np.float32) for name, values in load(content).items()})


def _planes(arrays: Mapping[str, Floats]) -> Planes:
    gates, below = _under("gate.", arrays), list[Planes]()
    while own := _under(f"l{len(below)}.", arrays):
        below.append(_planes(own))
    return Planes(gates, arrays["h"], arrays.get("c"), tuple(below))


def _under(start: str, arrays: Mapping[str, Floats]) -> dict[str, Floats]:
    return {name.removeprefix(start): values for name, values in arrays.items() if name.startswith(start)}


def pack_weights(frame: Frame) -> bytes:
    """The weights of ``frame``, and with them the state that is carried into its batch."""
    carried = {f"{CARRIED}{k}": part for k, part in enumerate(frame.carried or ())}
    return pack((frame.weights or {}) | carried)


def unpack_weights(content: bytes) -> dict[str, Floats]:
    """The weights alone."""
    return {name: values for name, values in load(content).items() if not name.startswith(CARRIED)}


def unpack_carried(content: bytes) -> tuple[Floats, ...] | None:
    """The state that stands beside the weights; None where none does."""
    arrays = load(content)
    names = sorted((name for name in arrays if name.startswith(CARRIED)), key=lambda name: int(name[len(CARRIED) :]))
    return tuple(arrays[name] for name in names) or None


def pack_frame(frame: Frame) -> bytes:
    """A whole frame but for its weights in one blob: how the answer to a preview travels."""
    parts = {"history": pack_history(frame), "profile": pack_profile(frame)}
    if frame.planes is not None:
        parts["planes"] = pack_planes(frame.planes)
    return pack({name: np.frombuffer(body, np.uint8) for name, body in parts.items()})


def unpack_whole_frame(content: bytes) -> Frame:
    """What ``pack_frame`` packed."""
    parts = {name: values.tobytes() for name, values in load(content).items()}
    frame = unpack_frame(parts["history"], parts["profile"])
    return replace(frame, planes=unpack_planes(parts["planes"])) if "planes" in parts else frame
