"""Training the runs of the distribution, one line of JSON each, so that a build can be stopped and go on."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.config import ENGINE_VERSION
from core.errors import UnrolledError
from core.forecasts.distribution import drawn
from core.frames import number
from core.training import train

DIGITS = 5
"""Significant digits that are kept of a measured number."""


def trained(index: int) -> dict[str, Any]:
    """Train run ``index`` to its end: what was measured before training, and what came of it, as plain numbers.

    flow_last  of the untrained network, None where not finite
    scored     [training step, score] of every scoring
    last       the last training step
    broke      whether it ended because its numbers were no longer finite
    seconds    of processor time
    """
    config, begun = drawn(index), time.process_time()
    frames = train(config)
    first = last = next(frames)
    scored = [(first.step, first.score)]
    for last in frames:
        if last.score_step > scored[-1][0]:
            scored.append((last.score_step, last.score))
    return {
        "index": index,
        "engine": ENGINE_VERSION,
        "digest": config.digest(),
        "flow_last": [_short(value) for value in first.flow_last],
        "loss": _short(first.loss),
        "grad_norm": _short(first.grad_norm),
        "scored": [[step, _short(score)] for step, score in scored],
        "last": last.step,
        "broke": bool(last.nonfinite),
        "seconds": round(time.process_time() - begun, 2),
    }


def build(out: Path, runs: int, processes: int) -> Iterator[int]:
    """Train the runs 0 … ``runs`` − 1 that ``out`` does not have yet and append them; yields how many it has.

    Raises UnrolledError where the lines of ``out`` are of another engine or another distribution.
    """
    known = {line["index"] for line in lines(out)}
    wanted = [index for index in range(runs) if index not in known]
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a", encoding="utf-8") as file, multiprocessing.get_context("spawn").Pool(processes, _alone) as pool:
        for done, line in enumerate(pool.imap_unordered(trained, wanted), 1):
            file.write(json.dumps(line, allow_nan=False, separators=(",", ":")) + "\n")
            file.flush()
            yield len(known) + done


def lines(out: Path) -> list[dict[str, Any]]:
    """What ``out`` holds, by index; a last line that a stopped build left unfinished is cut off.

    Raises UnrolledError where it is of another engine or another distribution.
    """
    if not out.exists():
        return []
    text = out.read_text("utf-8")
    if not text.endswith("\n"):
        text = text[: text.rfind("\n") + 1]
        out.write_text(text, "utf-8")
    found = sorted(_parsed(text.splitlines()), key=lambda line: line["index"])
    for line in found:
        if line["engine"] != ENGINE_VERSION or line["digest"] != drawn(line["index"]).digest():
            raise UnrolledError(
                f"`--out` (={out}) holds run {line['index']} of another engine or another distribution. "
                "Name another file, and all runs are trained anew."
            )
    return found


def _parsed(texts: Iterable[str]) -> list[dict[str, Any]]:
    return [json.loads(text) for text in texts]


def _alone() -> None:
    """A process has one thread: the cores belong to the processes."""
    torch.set_num_threads(1)


def _short(value: float | np.floating[Any]) -> float | None:
    """``value`` with DIGITS significant digits; None where it is not finite."""
    finite = number(float(value))
    return None if finite is None else float(f"{finite:.{DIGITS - 1}e}")
