"""Which runs are shown beside a run in the Clipping lab: its twin, and a sweep over thresholds. All of one start."""

from __future__ import annotations

from core.config import RunConfig

FACTORS = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
"""Thresholds of a sweep as multiples of the config's own; with "none" that makes eight panels."""

LEAST, MOST = 1e-12, 1e6
"""What is left of the range of ``clip_threshold`` after a multiplication; MOST is the setting's own bound."""


def twin(config: RunConfig) -> RunConfig:
    """The same run with clipping where ``config`` has none (by norm at its threshold), and without where it has."""
    return config.replace(clip="norm" if config.clip == "none" else "none")


def companions(config: RunConfig) -> list[RunConfig]:
    """What is trained beside ``config`` in the Clipping lab."""
    return [twin(config)]


def sweep(config: RunConfig) -> list[RunConfig]:
    """``config`` at FACTORS times its threshold, ascending, then without clipping.

    The kind of clipping is the config's, by norm where it has none. Thresholds that ``RunConfig`` would refuse are left
    out. ``config`` itself is among them, and so is its twin.
    """
    kind = "norm" if config.clip == "none" else config.clip
    thresholds = [float(f"{config.clip_threshold * factor:.6g}") for factor in FACTORS]
    # Its own threshold stays as it is written, to the last digit: that panel is the run itself.
    thresholds = [config.clip_threshold if factor == 1 else value for factor, value in zip(FACTORS, thresholds)]
    clipped = [config.replace(clip=kind, clip_threshold=value) for value in thresholds if LEAST <= value <= MOST]
    return [*clipped, config.replace(clip="none")]
