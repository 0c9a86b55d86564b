"""A run for TensorBoard: every training step's scalars and the gradient of the recorded steps, as an event file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from core.errors import UnrolledError
from core.exports.base import Export, Moment
from core.frames import SCALARS

MISSING = (
    "`--as` (=tensorboard) needs the package tensorboard, which is not installed. "
    "Run `pip install tensorboard`, or take the numbers as CSV."
)
LAGS = (0, 1, 10, 100, 1000)
"""Steps before the end whose gradient is drawn over training, as long as the sequence is long enough."""


def event_file(moment: Moment) -> bytes:
    """One file of events, up to the moment. Raises UnrolledError where tensorboard is not installed."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event  # pyright: ignore
        from tensorboard.compat.proto.summary_pb2 import Summary  # pyright: ignore
        from tensorboard.summary.writer.event_file_writer import EventFileWriter  # pyright: ignore
    except ImportError:
        raise UnrolledError(MISSING) from None

    with tempfile.TemporaryDirectory() as folder:
        writer, began = EventFileWriter(folder), moment.run.created

        def scalar(name: str, step: int, value: float) -> None:
            if np.isfinite(value):
                written = Summary(value=[Summary.Value(tag=name, simple_value=float(value))])
                writer.add_event(Event(wall_time=began + step, step=int(step), summary=written))

        scalars = moment.run.scalars()
        for place, step in enumerate(scalars["step"]):
            if step <= moment.frame.step:
                for name in SCALARS:
                    scalar(f"training/{name}", int(step), scalars[name][place])
        for frame in moment.run.frames():
            if frame.step <= moment.frame.step:
                for lag in LAGS:
                    if lag < len(frame.flow):
                        scalar(f"gradient/flow {lag} steps back", frame.step, float(frame.flow[-1 - lag]))
        writer.close()
        (path,) = Path(folder).iterdir()
        return path.read_bytes()


TENSORBOARD = Export(
    "tensorboard", "TensorBoard events", "Loss, score, norms and gradient over training, for tensorboard --logdir.",
    "/events.out.tfevents.0.unrolled", "application/octet-stream", event_file,
)  # fmt: skip
