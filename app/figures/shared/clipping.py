"""The gradient's norm before and after clipping, over training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Key,
    Layout,
    View,
    cursor_line,
    figure,
    plain_log_axis,
    reference_line,
    spread,
    training_axis,
)
from app.figures.base.course import broken_ground, broken_keys, span, words_of_clip
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import percent, plural, sig, times
from core.reading.breakage import breakage
from core.reading.spikes import largest, was_clipped

POINTS = 400


def clipping(
    scalars: Mapping[str, np.ndarray], cursor: int, config: RunConfig, style: Style, *, wide: bool = False
) -> View:
    """Draw ``grad_norm`` (before) as points, red where clipping changed it, and ``grad_norm_clipped`` (after).

    Long runs show POINTS evenly spaced intervals, each by its largest norm, so that no explosion is lost. ``wide`` is
    the picture across a whole page, which also names the largest.
    """
    steps, before, after = scalars["step"], scalars["grad_norm"], scalars["grad_norm_clipped"]
    cut = was_clipped(scalars)
    chosen = spread(before, POINTS)
    data = [_points(steps, before, chosen[~cut[chosen]], style.theme.muted, 4, "before", style)]
    if config.clip != "none":
        data += [_points(steps, after, chosen[cut[chosen]], style.theme.faint, 3, "after clipping", style),
                 _points(steps, before, chosen[cut[chosen]], style.theme.grown, 5, "clipped from", style)]  # fmt: skip
    total, broke = span(scalars, config.steps), breakage(scalars)
    low, high = _limits(before, config)
    data += broken_ground(broke, style, low / 10, high * 10, total * 1.02)
    layout = {
        "xaxis": training_axis(total, style),
        "yaxis": plain_log_axis(low, high),
        "shapes": [*_threshold(config, style), *cursor_line(cursor, style)],
        "annotations": _summit(scalars, total, style) if wide else [],
        "meta": {"axis": "training"},
    }
    return View(
        name="clipping",
        title="Gradient norm before and after clipping" if wide else "Gradient norm",
        hint=_hint(cut, config) + (". Click a point to see its step." if wide else ""),
        alt=_alt(before, after, cut, config),
        figure=figure(style, data, layout, height=280 if wide else 210, top=24 if wide else 8, bottom=40),
        table=lambda: _table(steps, before, after, cut),
        keys=(*_keys(cut, config, style), *broken_keys(broke, style)),
    )


def _summit(scalars: Mapping[str, np.ndarray], total: int, style: Style) -> list[Layout]:
    """The largest norm by name, where it stands out."""
    spike = largest(scalars)
    if spike is None or spike.ratio < 2:
        return []
    side, away = ("right", -8) if spike.step > total * 0.6 else ("left", 8)
    text, ground = f"{times(spike.ratio)} × the median", style.theme.surface
    return [{"text": text, "x": spike.step, "y": float(np.log10(spike.norm)), "bgcolor": ground, "xanchor": side,
             "xshift": away, "yanchor": "middle"}]  # fmt: skip


def _points(
    steps: np.ndarray, values: np.ndarray, chosen: np.ndarray, color: str, size: int, word: str, style: Style
) -> Layout:
    with np.errstate(invalid="ignore"):
        shown = np.where(values[chosen] > 0, values[chosen], np.nan).astype(np.float32)
    return {"type": "scatter", "mode": "markers", "x": steps[chosen], "y": shown, "name": word,
            "marker": {"color": color, "size": size},
            "hovertemplate": f"training step %{{x:,}}: {word} %{{y}}<extra></extra>"}  # fmt: skip


def _limits(before: np.ndarray, config: RunConfig) -> tuple[float, float]:
    known = before[np.isfinite(before) & (before > 0)]
    values = [
        *(known.min(initial=np.inf), known.max(initial=0)),
        *([config.clip_threshold] if _by_norm(config) else []),
    ]
    usable = [float(value) for value in values if np.isfinite(value) and value > 0] or [1.0]
    return min(usable) / 1.5, max(usable) * 1.5


def _by_norm(config: RunConfig) -> bool:
    return config.clip == "norm"


def _threshold(config: RunConfig, style: Style) -> list[Layout]:
    """The threshold is a norm, or with clipping by value a component, which has no place on this axis."""
    return [reference_line(config.clip_threshold, style, dash="solid")] if _by_norm(config) else []


def _hint(cut: np.ndarray, config: RunConfig) -> str:
    if config.clip == "none":
        return "no clipping"
    if not cut.size:
        return "nothing clipped yet"
    of_what = "" if _by_norm(config) else f", {words_of_clip(config)} per component"
    return f"{percent(float(cut.mean()))} of {plural(len(cut), 'step')} so far clipped{of_what}"


def _alt(before: np.ndarray, after: np.ndarray, cut: np.ndarray, config: RunConfig) -> str:
    if not before.size:
        return "No gradient norm is recorded yet."
    rule = "No clipping."
    if config.clip != "none":
        rule = f"Clipped {words_of_clip(config)}: {percent(float(cut.mean()))} of {plural(len(cut), 'step')}."
    return (
        f"Global gradient norm over training: {sig(float(before[-1]))} before and {sig(float(after[-1]))} after "
        f"clipping at the last step. {rule}"
    )


def _keys(cut: np.ndarray, config: RunConfig, style: Style) -> tuple[Key, ...]:
    keys = [Key("before" if config.clip != "none" else "norm", style.theme.muted, "marker")]
    if cut.any():
        keys += [Key("clipped", style.theme.grown, "marker"), Key("after", style.theme.faint, "marker")]
    if _by_norm(config):
        keys.append(Key(f"threshold {sig(config.clip_threshold)}", style.theme.muted, width=1))
    return tuple(keys)


def _table(steps: np.ndarray, before: np.ndarray, after: np.ndarray, cut: np.ndarray) -> DataFrame:
    k = spread(before, 100)
    return DataFrame({"training step": steps[k], "norm before": before[k], "norm after": after[k], "clipped": cut[k]})
