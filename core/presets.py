"""Named configs, grouped by what they show, each with a promise that a test keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.config import RunConfig


@dataclass(frozen=True)
class Preset:
    """A config with the sentence that says what it shows."""

    config: RunConfig
    title: str
    group: str
    promise: str


def _preset(base: dict[str, Any], title: str, group: str, promise: str, **changes: Any) -> Preset:
    flat = base | {key.replace("__", "."): value for key, value in changes.items()}
    return Preset(RunConfig.from_flat(flat), title, group, promise)


_ORDER = {"task.name": "temporal-order", "task.length": 50, "cell.hidden_size": 8, "lr": 0.02, "steps": 600}
_REVIEW = {"task.name": "review", "task.length": 40, "cell.hidden_size": 8, "lr": 0.01, "steps": 400}
_ADDING = {"task.name": "adding", "task.length": 100, "cell.hidden_size": 32, "lr": 0.005, "steps": 1500}
_COPY = {
    "task.name": "copy", "task.length": 20, "task.symbols_to_copy": 3, "task.alphabet": 4, "cell.hidden_size": 32,
    "lr": 0.01, "steps": 1500,
}  # fmt: skip
_SUMS = {
    "task.name": "adding", "task.length": 30, "task.asked": "every", "cell.name": "rnn", "cell.hidden_size": 32,
    "cell.init": "identity", "cell.activation": "relu", "optimizer": "momentum", "lr": 3, "clip_threshold": 0.002,
    "steps": 3000,
}  # fmt: skip
_TWO_LAG = {"task.name": "two-lag", "task.length": 50, "cell.hidden_size": 6, "lr": 0.03, "steps": 2000}
_WIDE = {
    "task.name": "two-lag", "task.length": 50, "cell.name": "rnn", "cell.hidden_size": 64, "cell.init": "orthogonal",
    "truncation": "windows", "truncation_length": 5, "lr": 0.003, "steps": 600,
}  # fmt: skip
_REMEMBER, _CUT, _EXPLODE = "What remembers", "What cuts", "What explodes"
_WORDS, _NUMBERS, _COPIES, _LAGS = "A fading review", "Adding", "Copying", "Two lags"

PRESETS: dict[str, Preset] = {
    "temporal-order-lstm": _preset(
        _ORDER,
        "LSTM, chrono",
        _REMEMBER,
        "Its forget gates start nearly open, the gradient arrives, and it solves the task.",
        cell__name="lstm",
        cell__init="chrono",
    ),
    "temporal-order-rnn": _preset(
        _ORDER,
        "plain RNN",
        _REMEMBER,
        "Its gradient dies within a dozen steps and it stays at chance.",
        cell__name="rnn",
    ),
    "temporal-order-lstm-default-init": _preset(
        _ORDER,
        "LSTM, default start",
        _REMEMBER,
        "The same LSTM with torch's default start: half of the memory is lost at every step, and it stays at chance.",
        cell__name="lstm",
    ),
    "temporal-order-lstm-coupled": _preset(
        _ORDER,
        "LSTM, one gate for both",
        _REMEMBER,
        "The default start again, but what is not let in is kept: f = 1 − i. Its gradient fades as fast, and yet it "
        "solves the task, as the GRU does.",
        cell__name="lstm",
        cell__variant="coupled",
    ),
    "temporal-order-gru": _preset(
        _ORDER,
        "GRU",
        _REMEMBER,
        "Its gradient vanishes at the start too, yet it finds its way and solves the task.",
        cell__name="gru",
    ),
    "temporal-order-peephole": _preset(
        _ORDER,
        "peephole LSTM, chrono",
        _REMEMBER,
        "Gates that see the cell state: here they solve the task as the plain LSTM does.",
        cell__name="peephole",
        cell__init="chrono",
    ),
    "temporal-order-lstm-truncated": _preset(
        _ORDER,
        "LSTM, windows of 20",
        _CUT,
        "The LSTM that solves it, but the gradient is cut after 20 steps where 45 are needed: it stays at chance.",
        cell__name="lstm",
        cell__init="chrono",
        truncation="windows",
        truncation_length=20,
    ),
    "exploding-rnn": _preset(
        _SUMS,
        "ReLU RNN, no clipping",
        _EXPLODE,
        "One update and the loss is above 100,000; within forty it is no longer a number.",
        clip="none",
    ),
    "exploding-rnn-clipped": _preset(
        _SUMS,
        "the same, clipped",
        _EXPLODE,
        "The same start with the gradient's norm clipped: it learns the sum of the marked numbers so far.",
        clip="norm",
    ),
    "review-lstm": _preset(
        _REVIEW,
        "LSTM, chrono",
        _WORDS,
        "Forty words later it still knows “loved” from “hated”.",
        cell__name="lstm",
        cell__init="chrono",
    ),
    "review-rnn": _preset(
        _REVIEW,
        "plain RNN",
        _WORDS,
        "By the end of the review the first words are forgotten, and it guesses.",
        cell__name="rnn",
    ),
    "review-gru": _preset(
        _REVIEW,
        "GRU, chrono",
        _WORDS,
        "Keep gates that start nearly open carry the verdict to the end.",
        cell__name="gru",
        cell__init="chrono",
    ),
    "review-peephole": _preset(
        _REVIEW,
        "peephole LSTM, chrono",
        _WORDS,
        "As the LSTM: the verdict arrives.",
        cell__name="peephole",
        cell__init="chrono",
    ),
    "adding-lstm": _preset(
        _ADDING,
        "LSTM, chrono",
        _NUMBERS,
        "Finds the two marked numbers among a hundred and adds them.",
        cell__name="lstm",
        cell__init="chrono",
    ),
    "adding-rnn": _preset(
        _ADDING,
        "plain RNN",
        _NUMBERS,
        "Answers the average and learns nothing more in these 1,500 steps.",
        cell__name="rnn",
    ),
    "adding-gru": _preset(
        _ADDING,
        "GRU",
        _NUMBERS,
        "Solves it from torch's default start.",
        cell__name="gru",
    ),
    "adding-peephole": _preset(
        _ADDING,
        "peephole LSTM, chrono",
        _NUMBERS,
        "Solves it as the LSTM does.",
        cell__name="peephole",
        cell__init="chrono",
    ),
    "copy-lstm": _preset(
        _COPY,
        "LSTM, chrono",
        _COPIES,
        "Repeats three symbols after a silence of fourteen steps.",
        cell__name="lstm",
        cell__init="chrono",
    ),
    "copy-lstm-no-forget-gate": _preset(
        _COPY,
        "LSTM without forget gate",
        _COPIES,
        "The LSTM of 1997 keeps everything, so torch's default start will do: it copies as the chrono LSTM does.",
        cell__name="lstm",
        cell__variant="no-forget-gate",
    ),
    "copy-rnn": _preset(
        _COPY,
        "plain RNN",
        _COPIES,
        "Knows when to speak but not what to say: chance, one symbol in four.",
        cell__name="rnn",
    ),
    "copy-gru": _preset(
        _COPY,
        "GRU, chrono",
        _COPIES,
        "Solves it, and faster than the LSTM.",
        cell__name="gru",
        cell__init="chrono",
    ),
    "copy-peephole": _preset(
        _COPY,
        "peephole LSTM, chrono",
        _COPIES,
        "Repeats most of the symbols after a silence of fourteen steps.",
        cell__name="peephole",
        cell__init="chrono",
    ),
    "two-lag-rnn": _preset(
        _TWO_LAG,
        "plain RNN, 6 units",
        _LAGS,
        "Full BPTT: it comes close to the lowest floor, so it sees both lags.",
        cell__name="rnn",
    ),
    "two-lag-rnn-windows-16": _preset(
        _TWO_LAG,
        "the same, windows of 16",
        _LAGS,
        "More than half of the losses see eight steps back, and that is enough to learn both lags.",
        cell__name="rnn",
        truncation="windows",
        truncation_length=16,
    ),
    "two-lag-rnn-windows-5": _preset(
        _TWO_LAG,
        "the same, windows of 5",
        _LAGS,
        "No loss sees eight steps back, yet it gets part of the long lag: six units hold an echo of it already.",
        cell__name="rnn",
        truncation="windows",
        truncation_length=5,
    ),
    "two-lag-rnn-small-windows-5": _preset(
        _TWO_LAG,
        "4 units, windows of 5",
        _LAGS,
        "A state too small for echoes: it stays at the floor of the short lag.",
        cell__name="rnn",
        cell__hidden_size=4,
        truncation="windows",
        truncation_length=5,
    ),
    "two-lag-lstm": _preset(
        _TWO_LAG,
        "LSTM, 6 units",
        _LAGS,
        "Sees both lags, as the RNN does: eight steps are no distance for either.",
        cell__name="lstm",
    ),
    "two-lag-gru": _preset(
        _TWO_LAG,
        "GRU, 6 units",
        _LAGS,
        "Gets below the floor of the short lag: it sees some of the long one too.",
        cell__name="gru",
    ),
    "two-lag-peephole": _preset(
        _TWO_LAG,
        "peephole LSTM, 6 units",
        _LAGS,
        "Sees both lags, as the LSTM does.",
        cell__name="peephole",
    ),
    "two-lag-rnn-wide": _preset(
        _WIDE,
        "64 units, windows of 5",
        _LAGS,
        "Goes far below a floor that no gradient of 5 steps can cross: a wide state echoes what it was never taught.",
    ),
    "two-lag-rnn-wide-frozen": _preset(
        _WIDE,
        "64 units, recurrence frozen",
        _LAGS,
        "The control: nothing but the readout learns, and the loss falls all the same. These are echoes.",
        trained="readout",
        lr=0.01,
    ),
    "two-lag-rnn-wide-reset": _preset(
        _WIDE,
        "64 units, state reset every 5",
        _LAGS,
        "The same windows with the state zeroed at each: no echoes, and most losses see no lag at all.",
        truncation="reset",
    ),
}
"""Every task × cell as ``<task>-<cell>``, and the named ones."""
