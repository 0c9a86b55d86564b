"""Runs that come with the program: trained to the end, thinned, written to one plain file each."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from core.config import RunConfig
from core.frames import Floats, Frame
from core.schedule import Schedule
from core.store import RunWriter, export
from core.store.codec import PROFILES
from core.store.folder import SHIPPED, recorded_id, run_path

FRAMES, WEIGHTS, PLANES = 90, 18, 4
"""How many of each a file keeps at most, and the last: enough to move, little enough to travel with the code."""
ROOM = 400_000
"""Bytes of weights that a file keeps at most, and the last: fewer sets of a wide network."""


def is_recorded(config: RunConfig) -> bool:
    """Whether the run of ``config`` by this engine lies among those that come with the program."""
    return _path(config).is_file()


def record(config: RunConfig) -> Path:
    """Train ``config`` and keep its run with the program; returns its file."""
    from core.training import train

    run_id = recorded_id(config.digest())
    with TemporaryDirectory() as folder:
        live = Path(folder) / f"{run_id}.sqlite"
        writer = RunWriter(live, run_id, config, 1)
        for frame in thinned(train(config), Schedule.of(config)):
            writer.append(frame)
        writer.close(over=True)
        export(live, Path(folder) / "plain.sqlite")
        SHIPPED.mkdir(exist_ok=True)
        shutil.move(Path(folder) / "plain.sqlite", _path(config))
    return _path(config)


def thinned(frames: Iterable[Frame], schedule: Schedule) -> Iterator[Frame]:
    """Of all ``frames`` of a run those that its file keeps, first and last among them. A frame that is kept takes over
    the history of those before it that are not, so that every training step's scalars are there."""
    due: dict[str, int] = {}
    passed: list[dict[str, Floats]] = []
    for frame, last in _with_last(frames):
        due = due or _strides(schedule, frame)
        passed.append(frame.history)
        keeps = {name: last or frame.step % stride == 0 for name, stride in due.items()}
        if any(keeps.values()):
            history = {name: np.concatenate([part[name] for part in passed]) for name in frame.history}
            passed.clear()
            weights = frame.weights if keeps["weights"] else None
            planes = frame.planes if keeps["planes"] else None
            yield replace(_single(frame), history=history, weights=weights, planes=planes)


def _strides(schedule: Schedule, first: Frame) -> dict[str, int]:
    """Training steps from one of each kind to the next."""
    size = sum(values.nbytes for values in (first.weights or {}).values())
    sets = min(WEIGHTS, max(1, ROOM // max(1, size)))
    kinds = (
        ("frame", schedule.profile, FRAMES),
        ("weights", schedule.weight, sets),
        ("planes", schedule.plane, PLANES),
    )
    return {name: _stride(schedule.steps, stride, most) for name, stride, most in kinds}


def _with_last(frames: Iterable[Frame]) -> Iterator[tuple[Frame, bool]]:
    """Each frame, and whether it is the last: a training that breaks ends before its time."""
    frames = iter(frames)
    frame = next(frames)
    for later in frames:
        yield frame, False
        frame = later
    yield frame, True


def _single(frame: Frame) -> Frame:
    """The frame with its profiles in single precision, where that holds them."""
    with np.errstate(over="ignore"):
        profiles = {name: values for name in PROFILES if (values := getattr(frame, name)) is not None}
        single = {name: values.astype(np.float32) for name, values in profiles.items()}
    fits = all(np.array_equal(np.isfinite(single[name]), np.isfinite(profiles[name])) for name in profiles)
    return replace(frame, **single) if fits else frame


def _stride(steps: int, recorded: int, most: int) -> int:
    return recorded * max(1, ceil(steps / recorded / most))


def forget(configs: Iterable[RunConfig]) -> list[Path]:
    """Delete every shipped run that is of none of ``configs``; returns what is gone."""
    wanted = {_path(config) for config in configs}
    gone = [path for path in sorted(SHIPPED.glob("*.sqlite")) if path not in wanted]
    for path in gone:
        path.unlink()
    return gone


def _path(config: RunConfig) -> Path:
    return run_path(SHIPPED.parent, recorded_id(config.digest()))
