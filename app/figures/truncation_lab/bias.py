"""What truncation would do to this very gradient, for every K at once: same weights, same batch, nothing retrained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Layout, View, figure, reference_line, round_ticks, runs
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.numbers import fixed, percent, sig
from core.reading.adaptive import Adaptive, smallest_k

KINDS = (("windows", "windows"), ("sliding", "sliding"))
WEIGHTS = (("cell", "the cell's weights"), ("all", "everything trained"))
DELTAS = (0.01, 1.0)
TOP = 2.0
"""The axis ends here at most; what is larger is read from the table."""


@dataclass(frozen=True)
class Bias:
    """The truncated gradient g_K against the full g of one batch, for K (n,) ascending, the last K = T.

    bias    ‖g_K − g‖ ÷ ‖g‖;  cosine  of the angle between them;  ratio  ‖g_K‖ ÷ ‖g‖, each (n,), of ``weights``
    other   the bias of the other weights that one can speak of (everything trained, or the cell's alone)
    weights "cell", which truncation touches, or "all" that is trained: the readout's part, never cut, hides much
    step    the training step whose weights and batch these are of
    part    of how many sequences, of the batch's how many, they were taken
    """

    K: np.ndarray
    bias: np.ndarray
    cosine: np.ndarray
    ratio: np.ndarray
    other: np.ndarray
    weights: str
    step: int
    part: tuple[int, int]

    @classmethod
    def of(
        cls, arrays: Mapping[str, np.ndarray], kind: str, step: int, part: tuple[int, int], weights: str = "cell"
    ) -> Bias:
        """From the arrays of the answer "truncation"; ``kind`` windows or sliding."""

        def read(prefix: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            bias, cosine, ratio = (
                np.asarray(arrays[f"{kind}.{prefix}{name}"], float)
                for name in ("relative_bias", "cosine", "norm_ratio")
            )
            return bias, cosine, ratio

        own, other = ("cell_", "") if weights == "cell" else ("", "cell_")
        return cls(np.asarray(arrays[f"{kind}.K"]), *read(own), read(other)[0], weights, step, part)

    def nearest(self, K: int) -> int:
        """The measured K nearest to ``K``: of very many not every one is."""
        return int(self.K[np.abs(self.K - K).argmin()])

    def at(self, K: int) -> tuple[float, float, float]:
        """(bias, cosine, norm ratio) at the nearest K that was measured."""
        k = int(np.abs(self.K - K).argmin())
        return float(self.bias[k]), float(self.cosine[k]), float(self.ratio[k])

    def other_at(self, K: int) -> float:
        """The bias of the other weights, likewise; NaN where the cell is not trained."""
        return float(self.other[np.abs(self.K - K).argmin()])

    @property
    def words(self) -> tuple[str, str]:
        """What ``weights`` and what the others are called."""
        cell, everything = (words for _, words in WEIGHTS)
        return (cell, everything) if self.weights == "cell" else (everything, cell)


@dataclass(frozen=True)
class Choice:
    """Where the visitor has set the knobs: the K read out, the kind of truncation, the bias δ that may remain, and
    whether of the cell's weights or of all."""

    K: int
    kind: str
    delta: float
    weights: str = "cell"


def truncation_bias(
    bias: Bias | None, adaptive: Adaptive | None, choice: Choice, config: RunConfig, style: Style
) -> View:
    """Draw ``bias`` with ``choice`` marked; None while it is being worked out."""
    T = config.task.length
    low, high = _limits(bias, choice)
    layout = {
        "xaxis": _axis(T, style),
        "yaxis": {"range": [low, high], "tickvals": [-1, -0.5, 0, 0.5, 1, 1.5, 2], "tickformat": ".1f"},
        "shapes": _lines(choice, config, style),
        "annotations": [_name(choice, config, style)],
        "hovermode": "x",
        "meta": {"axis": "K"},
    }
    data = [] if bias is None else _data(bias, adaptive, choice, config, style, low)
    return View(
        name="bias",
        title="What truncating to K does to this gradient",
        hint=_hint(bias, choice, config),
        alt=_alt(bias, adaptive, choice),
        figure=figure(style, data, layout, height=280 if style.narrow else 320, top=20, bottom=44),
        table=lambda: _table(bias),
        keys=_keys(bias, adaptive, choice, config, style),
        knobs=(
            Knob("k", "K", str(choice.K), 1, T, 1, "steps"),
            Knob("cut", "truncation", choice.kind, options=KINDS),
            Knob("weights", "gradient of", choice.weights, options=WEIGHTS),
            Knob("delta", "bias δ allowed", f"{choice.delta:g}", *DELTAS, 0.05, log=True),
        ),
    )


def _axis(T: int, style: Style) -> Layout:
    ticks = round_ticks(T, style.ticks)
    title = "K" if style.narrow else "K, the steps that a loss may look back"
    return {"range": [0.5, T + 0.5], "tickvals": ticks, "showgrid": False, "title": {"text": title}}


def _limits(bias: Bias | None, choice: Choice) -> tuple[float, float]:
    if bias is None:
        return -0.05, 1.1
    known = [values[np.isfinite(values)] for values in (bias.bias, bias.cosine, bias.ratio)]
    low = min(-0.05, *(float(values.min(initial=0)) - 0.1 for values in known[1:2]))
    high = max(1.1, choice.delta + 0.1, *(float(values.max(initial=0)) + 0.1 for values in known))
    return max(low, -1.1), min(high, TOP)


def _data(
    bias: Bias, adaptive: Adaptive | None, choice: Choice, config: RunConfig, style: Style, low: float
) -> list[Layout]:
    theme, look = style.theme, CELL_LOOKS[config.cell.name]
    lines = [
        _line(bias.K, bias.other, f"of {bias.words[1]}", look.color, 1, "dot"),
        _line(bias.K, bias.ratio, "norm ÷ full norm", theme.muted, 1.5, "dot"),
        _line(bias.K, bias.cosine, "cosine", theme.ink, 1.5, "dash"),
        _line(bias.K, bias.bias, "relative bias", look.color, 3, "solid"),
    ]
    return [*_uphill(bias, style, low), *lines, *_chosen(bias, choice, config, style),
            *_smallest(bias, choice, style), *_adaptive(adaptive, choice, style)]  # fmt: skip


def _line(x: np.ndarray, y: np.ndarray, name: str, color: str, width: float, dash: str) -> Layout:
    hover = {"hovertemplate": f"K = %{{x}}: {name} %{{y:.2f}}<extra></extra>"} if width > 1 else {"hoverinfo": "skip"}
    return {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y.astype(np.float32),
            "line": {"color": color, "width": width, "dash": dash}, **hover}  # fmt: skip


def _uphill(bias: Bias, style: Style, low: float) -> list[Layout]:
    """Hatched where ⟨g_K, g⟩ < 0: a step along g_K goes up the true loss."""
    x: list[float | None] = []
    y: list[float | None] = []
    for first, last in runs(bias.cosine < 0):
        left, right = bias.K[first] - 0.5, bias.K[last] + 0.5
        x += [left, right, right, left, left, None]
        y += [low, low, 0, 0, low, None]
    if not x:
        return []
    pattern = {"shape": "\\", "fgcolor": style.theme.ink, "bgcolor": "rgba(0,0,0,0)", "size": 7, "solidity": 0.12,
               "fillmode": "overlay"}  # fmt: skip
    return [{"type": "scatter", "mode": "lines", "line": {"width": 0}, "fill": "toself", "x": x, "y": y,
             "fillpattern": pattern, "hoverinfo": "skip", "name": "points the wrong way"}]  # fmt: skip


def _chosen(bias: Bias, choice: Choice, config: RunConfig, style: Style) -> list[Layout]:
    """A dot on each curve at the measured K nearest to the knob's."""
    colors = [CELL_LOOKS[config.cell.name].color, style.theme.ink, style.theme.muted]
    marker = {"size": 9, "color": colors, "line": {"color": style.theme.surface, "width": 1.5}}
    return [{"type": "scatter", "mode": "markers", "x": [bias.nearest(choice.K)] * 3, "y": list(bias.at(choice.K)),
             "marker": marker, "hoverinfo": "skip", "name": "at K"}]  # fmt: skip


def _smallest(bias: Bias, choice: Choice, style: Style) -> list[Layout]:
    K = smallest_k(bias.K, bias.bias, choice.delta)
    return [] if K is None else [_mark("smallest K", K, choice, "diamond", f"K = {K}, the smallest under δ", style)]


def _adaptive(adaptive: Adaptive | None, choice: Choice, style: Style) -> list[Layout]:
    if adaptive is None or adaptive.k is None:
        return []
    words = f"K = {adaptive.k} from the estimated decay, × {fixed(adaptive.beta, 3)} a step"
    return [_mark("K from the decay", adaptive.k, choice, "triangle-up", words, style)]


def _mark(name: str, K: int, choice: Choice, symbol: str, words: str, style: Style) -> Layout:
    """A hollow sign on the line of δ."""
    marker = {
        "symbol": symbol,
        "size": 11,
        "color": style.theme.surface,
        "line": {"color": style.theme.ink, "width": 2},
    }
    return {"type": "scatter", "mode": "markers", "x": [K], "y": [choice.delta], "marker": marker, "name": name,
            "cliponaxis": False, "hovertemplate": f"{words}<extra></extra>"}  # fmt: skip


def _lines(choice: Choice, config: RunConfig, style: Style) -> list[Layout]:
    """The knob's K, the K of the training where it is another, δ, and zero."""

    def upright(K: int, dash: str, width: float) -> Layout:
        return {"type": "line", "x0": K, "x1": K, "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
                "line": {"color": style.theme.ink, "width": width, "dash": dash}}  # fmt: skip

    own = [] if config.truncation == "full" else [upright(config.truncation_length, "dot", 1)]
    return [upright(choice.K, "solid", 1), *own, reference_line(choice.delta, style, "dash"),
            reference_line(0, style, "solid")]  # fmt: skip


def _name(choice: Choice, config: RunConfig, style: Style) -> Layout:
    """What the upright line is, beside its top."""
    own = config.truncation_length if config.truncation != "full" else None
    trained = ", as trained" if own == choice.K and choice.kind == config.truncation else ""
    late = config.task.length < 2 * choice.K
    return {"text": f"K = {choice.K}{trained}", "x": choice.K, "y": 1,
            "xanchor": "right" if late else "left", "xshift": -5 if late else 5, "yref": "paper",
            "yanchor": "bottom", "font": {"color": style.theme.ink, "size": 12}}  # fmt: skip


def _where(bias: Bias) -> str:
    """The moment the numbers are of: 'training step 84, 8 of the batch's 32 sequences'."""
    taken, whole = bias.part
    return f"training step {bias.step:,}" + (f", {taken} of the batch's {whole} sequences" if taken < whole else "")


def _hint(bias: Bias | None, choice: Choice, config: RunConfig) -> str:
    if bias is None:
        return "Being worked out for this moment. Moving K retrains nothing."
    wrong, cosine, ratio = bias.at(choice.K)
    if not np.isfinite(wrong):
        return f"The gradient at {_where(bias)} is not finite, so nothing can be compared."
    near = bias.nearest(choice.K)
    name = f"K = {choice.K}" if near == choice.K else f"K = {near} (nearest measured)"
    way = "It points the wrong way. " if cosine < 0 else ""
    other = bias.other_at(choice.K)
    also = f" ({bias.words[1]}: {percent(other)})" if np.isfinite(other) else ""
    carried = " The state is carried on here, as this run's own is not." if config.truncation == "reset" else ""
    return (
        f"{name}: the gradient of {bias.words[0]} is off by {percent(wrong)}{also}, cosine {fixed(cosine)}, "
        f"{percent(ratio)} of its norm. {way}Measured at {_where(bias)}; moving K retrains nothing.{carried}"
    )


def _alt(bias: Bias | None, adaptive: Adaptive | None, choice: Choice) -> str:
    if bias is None:
        return "Bias of the truncated gradient against K; it is being worked out."
    wrong, cosine, ratio = bias.at(choice.K)
    K = smallest_k(bias.K, bias.bias, choice.delta)
    under = f"K = {K} is the smallest" if K is not None else "no K"
    uphill = int(np.count_nonzero(bias.cosine < 0))
    return (
        f"{choice.kind.capitalize()} of K steps against the full gradient of {bias.words[0]} at {_where(bias)}, for K "
        f"from 1 to {int(bias.K[-1])}. At K = {bias.nearest(choice.K)} the relative bias is {sig(wrong)}, the cosine "
        f"{sig(cosine)}, the norm {sig(ratio)} of the full one. With a bias under {percent(choice.delta)}: {under}."
        + (f" {uphill} of these K point the wrong way." if uphill else "")
        + ("" if adaptive is None else f" Estimated from the decay: {_estimate(adaptive)}.")
    )


def _estimate(adaptive: Adaptive) -> str:
    """The estimated K with its factor, or why there is none."""
    if adaptive.k is not None:
        return f"K = {adaptive.k}, at × {fixed(adaptive.beta, 3)} a step"
    return adaptive.why[:1].lower() + adaptive.why[1:].rstrip(".")


def _keys(
    bias: Bias | None, adaptive: Adaptive | None, choice: Choice, config: RunConfig, style: Style
) -> tuple[Key, ...]:
    theme, color = style.theme, CELL_LOOKS[config.cell.name].color
    keys = [
        Key("relative bias ‖g_K − g‖ ÷ ‖g‖", color, width=3),
        Key("cosine of g_K and g", theme.ink, dash="dash", width=1.5),
        Key("norm ÷ full norm", theme.muted, dash="dot", width=1.5),
        *([] if bias is None else [Key(f"bias of {bias.words[1]}", color, dash="dot", width=1)]),
        Key(f"δ = {percent(choice.delta)}", theme.muted, dash="dash", width=1),
    ]
    if bias is not None:
        K = smallest_k(bias.K, bias.bias, choice.delta)
        word = f"smallest K under δ: {K}" if K is not None else "no K under δ"
        keys.append(Key(word, theme.ink, "marker", marker="diamond-open"))
        if (bias.cosine < 0).any():
            keys.append(Key("points the wrong way", theme.ink, "pattern", pattern="\\"))
    if adaptive is not None:
        words = f"estimated from the decay, for everything trained: {_estimate(adaptive)}"
        keys.append(Key(words, theme.ink, "marker", marker="triangle-up-open"))
    return tuple(keys)


def _table(bias: Bias | None) -> DataFrame:
    if bias is None:
        return DataFrame(columns=["K", "relative bias", "cosine", "norm ÷ full norm"])
    return DataFrame({"K": bias.K, "relative bias": bias.bias, "cosine": bias.cosine, "norm ÷ full norm": bias.ratio,
                      f"bias of {bias.words[1]}": bias.other})  # fmt: skip
