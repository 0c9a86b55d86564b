"""What the network would answer if it were asked now: its own readout after every input of one sequence.

Where sequences can be typed, words stand under the steps: of a drawn sequence or of one that the visitor typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Key,
    Knob,
    Label,
    Layout,
    View,
    above,
    bands,
    event_labels,
    figure,
    reference_line,
    time_axis,
)
from app.figures.memory.lines import CHANCE, finite, keys, now_line, start_line
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import fixed, percent, plural, sig
from core.tasks import Mark, Task
from core.tasks.typed import MOST_READ, Typing

Arrays = Mapping[str, np.ndarray]
TEXT, SEQUENCE = "review_text", "memory_sequence"
LONGEST = 500
"""Characters of a typed line."""
MOST_NAMED = 100
"""Symbols of a vocabulary that a sentence lists."""
MOST_POINTS = 800
MOST_LABELS = 8
"""Marked inputs that are named above the plot."""


def evidence(arrays: Arrays, config: RunConfig, style: Style, *, knob: Knob, problems: Sequence[str] = ()) -> View:
    """From the answer to "evidence"; ``knob`` chose the sequence, ``problems`` are what there is to say of that."""
    tokens, kind = config.task.symbols(arrays["x"]), _kind(config)
    shown = _thinned(len(tokens))
    in_words = kind == "words" and len(tokens) <= MOST_READ
    low, high = _range(arrays, kind, config)
    notes, lanes = ([], 0) if in_words else above(_labels(arrays, config), len(tokens), style)
    layout: Layout = {
        "xaxis": _word_axis(tokens, config.task, style) if in_words else time_axis(style, len(tokens)),
        "yaxis": {"range": [low, high], "nticks": 7, "title": {"text": "" if style.narrow else _unit(kind, config)}},
        "shapes": [*_lines(kind, config, style), *_bands(arrays, config, style)],
        "annotations": [*notes, *(_sides(config, style) if kind == "words" else [])],
        "hovermode": "x",
        "meta": {"axis": "words" if in_words and len(tokens) != config.task.length else "time"},
    }  # fmt: skip
    bottom = 30 + 15 * (_rows(tokens, style) if in_words else 1)
    return View(
        name="evidence",
        title=_title(config),
        hint=_hint(arrays, tokens, kind, config),
        alt=_alt(arrays, tokens, kind, config),
        figure=figure(style, _data(arrays, tokens, shown, kind, config, style), layout,
                      height=250 + bottom + 16 * lanes, top=12 + 16 * lanes, bottom=bottom),
        table=lambda: _table(arrays, tokens, shown, kind),
        keys=(*keys(config, style, _chance_name(kind)), *_right_key(kind, style)),
        knobs=(knob,),
        problems=tuple(problems),
    )  # fmt: skip


def text_knob(text: str, drawn: Sequence[str], typed: Typing) -> Knob:
    """Where a sequence is typed; the ``drawn`` ones are suggestions."""
    return Knob(TEXT, f"type a {typed.noun}", text, text=LONGEST, hint=typed.example,
                options=tuple((sequence, sequence) for sequence in drawn))  # fmt: skip


def sentences(text: str, task: Task, typed: Typing) -> list[str]:
    """What a typed sequence cannot be, said to whoever typed it. Nothing typed is nothing to say."""
    if not text.strip():
        return []
    read = task.read(text)
    known = task.vocabulary
    few = known[:: -(-len(known) // MOST_NAMED)]
    vocabulary = f"It knows {len(known)}{', such as' if len(few) < len(known) else ':'} {', '.join(few)}."
    if not read.places:
        return [f"None of what was typed is a {typed.symbol} that this network has ever seen, so a drawn "
                f"{typed.noun} stands here. {vocabulary}"]  # fmt: skip
    problems = []
    if read.unknown:
        named = ", ".join(f"“{_short(word)}”" for word in read.unknown[:5])
        more = f" and {len(read.unknown) - 5} more" if len(read.unknown) > 5 else ""
        one = len(read.unknown) == 1
        problems.append(f"Left out, since the network has never seen {'it' if one else 'them'}: {named}{more}. "
                     f"{vocabulary}")  # fmt: skip
    if read.left:
        problems.append(f"The first {MOST_READ} {typed.symbol}s it knows are read, and "
                     f"{plural(read.left, typed.symbol)} more {'is' if read.left == 1 else 'are'} not.")  # fmt: skip
    return problems


def _short(word: str) -> str:
    return word if len(word) <= 24 else f"{word[:23]}…"


# -- kinds of answers -------------------------------------------------------------------------------------------------


def _kind(config: RunConfig) -> str:
    """ "numbers", "classes", "two" of them, or two that "words" speak for."""
    if config.task.kind == "numbers":
        return "numbers"
    if config.task.output_size != 2:
        return "classes"
    return "two" if config.task.typed is None else "words"


def _title(config: RunConfig) -> str:
    typed = config.task.typed
    return f"Evidence for “{config.task.answers[1]}” after every {typed.symbol}" if typed else "If it were asked now"


def _unit(kind: str, config: RunConfig) -> str:
    if kind in ("words", "two"):
        return f"log odds of “{config.task.answers[1]}”, nats"
    return {"classes": "log odds of the right one", "numbers": "answer"}[kind]


def _chance_name(kind: str) -> str:
    return {"words": "undecided", "two": "undecided", "classes": CHANCE, "numbers": ""}[kind]


def _chance(kind: str, config: RunConfig) -> float | None:
    """Log odds of guessing."""
    if kind == "numbers":
        return None
    return 0.0 if kind != "classes" else -float(np.log(config.task.output_size - 1))


def _lines(kind: str, config: RunConfig, style: Style) -> list[Layout]:
    level = _chance(kind, config)
    return [] if level is None else [reference_line(level, style)]


def _right_key(kind: str, style: Style) -> tuple[Key, ...]:
    return (Key("asked for", style.theme.ink, width=1.5),) if kind == "numbers" else ()


def _sides(config: RunConfig, style: Style) -> list[Layout]:
    """What up and down mean, within the plot."""
    down, up = config.task.answers
    return [
        {"text": text, "xref": "paper", "x": 0.005, "xanchor": "left", "yref": "paper", "y": y, "yanchor": anchor,
         "showarrow": False, "font": {"color": style.theme.muted, "size": 12}}
        for text, y, anchor in ((f"{up} ↑", 1, "top"), (f"{down} ↓", 0, "bottom"))
    ]  # fmt: skip


# -- drawing ----------------------------------------------------------------------------------------------------------


def _thinned(count: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).astype(int))


def _range(arrays: Arrays, kind: str, config: RunConfig) -> tuple[float, float]:
    parts = [arrays["now"], arrays["start"], *([arrays["right"]] if kind == "numbers" else [])]
    values = np.concatenate([part[np.isfinite(part)] for part in parts])
    level = _chance(kind, config)
    values = np.append(values, [0.0 if level is None else level])
    if kind in ("words", "two"):
        size = max(float(np.abs(values).max()) * 1.12, 1.5)
        return -size, size
    margin = 0.08 * max(float(np.ptp(values)), 0.5)
    return float(values.min()) - margin, float(values.max()) + margin


def _word_axis(tokens: Sequence[str], task: Task, style: Style) -> Layout:
    """Every word under its step, those that decide in bold; on a phone as many as can be read."""
    every = -(-len(tokens) // 22) if style.narrow else 1
    decide = {k for k, word in enumerate(tokens) if task.speaks_for(word) is not None}
    chosen = [k for k in range(len(tokens))
              if k in decide or (k % every == 0 and not any(abs(k - j) < every for j in decide))]  # fmt: skip
    bold = [f"<b>{tokens[k]}</b>" if k in decide else tokens[k] for k in chosen]
    rows = _rows(tokens, style)
    text = [f"{'<br>' * (place % rows)}{word}" for place, word in enumerate(bold)]
    return {"range": [0.5, len(tokens) + 0.5], "showgrid": False, "tickvals": [k + 1 for k in chosen],
            "ticktext": text}  # fmt: skip


def _rows(tokens: Sequence[str], style: Style) -> int:
    """In how many lines the words take turns, so that they stand upright and apart."""
    return 1 if len(tokens) <= (5 if style.narrow else 14) else 4


def _labels(arrays: Arrays, config: RunConfig) -> list[Label]:
    """What a drawn sequence has to remember; a typed one is another length."""
    drawn = len(arrays["x"]) == config.task.length
    return event_labels(config.task.events(arrays["x"]))[:MOST_LABELS] if drawn else []


def _bands(arrays: Arrays, config: RunConfig, style: Style) -> list[Layout]:
    """A faint column at each of those steps."""
    marks = [Mark("enters", label.text, int(label.first), int(label.last)) for label in _labels(arrays, config)]
    return bands(marks, style)


def _data(
    arrays: Arrays, tokens: Sequence[str], shown: np.ndarray, kind: str, config: RunConfig, style: Style
) -> list[Layout]:
    x, words = shown + 1, [tokens[k] for k in shown]
    hover = "%{y:.2f} after %{customdata}" if kind != "numbers" else "%{y:.3f} after %{customdata}"
    markers = {"mode": "lines+markers", "marker": {"size": 5}} if len(shown) <= MOST_READ else {}
    data = [start_line(x, finite(arrays["start"])[shown], style, hover, customdata=words)]
    if kind == "numbers":
        data.append({"type": "scatter", "mode": "lines", "x": x, "y": arrays["right"][shown], "name": "asked for",
                     "line": {"color": style.theme.ink, "width": 1.5}, "hovertemplate": "asked for: %{y:.3f}"
                     "<extra></extra>"})  # fmt: skip
    return [*data, now_line(x, finite(arrays["now"])[shown], config, hover, customdata=words, **markers)]


def _table(arrays: Arrays, tokens: Sequence[str], shown: np.ndarray, kind: str) -> DataFrame:
    names = {"now": "this network", "start": "untrained"} | ({"right": "asked for"} if kind == "numbers" else {})
    inputs = {"time step": shown + 1, "input": [tokens[k] for k in shown]}
    return DataFrame(inputs | {words: arrays[name][shown] for name, words in names.items()})


# -- words ------------------------------------------------------------------------------------------------------------


def _sure(odds: float) -> str:
    """How sure that is, as a percentage of the side it is on."""
    share = 1 / (1 + np.exp(-abs(min(max(odds, -700.0), 700.0))))
    return "more than 99.9\u00a0%" if share > 0.999 else percent(float(share))


def _leans(odds: float, task: Task) -> str:
    return "undecided" if abs(odds) < 0.05 else f"{task.answers[int(odds > 0)]}, {_sure(odds)} sure"


def _number(odds: float) -> str:
    return f"{'+' if odds > 0 else ''}{fixed(odds, 1)}"


def _hint(arrays: Arrays, tokens: Sequence[str], kind: str, config: RunConfig) -> str:
    now, start = arrays["now"], arrays["start"]
    known = np.flatnonzero(np.isfinite(now))
    if not known.size:
        return "What the network says is not a number here."
    last = int(known[-1])
    if kind == "words":
        return _of_words(now, start, tokens, last, config.task)
    if kind == "numbers":
        return (f"At step {last + 1} it answers {sig(now[last])}, and {sig(arrays['right'][last])} is right; "
                f"untrained it said {sig(start[last])}.")  # fmt: skip
    if kind == "two":
        even = " A toss is never sure here: 0 is even." if config.task.kind == "chances" else ""
        return (f"At step {last + 1} it says {_leans(float(now[last]), config.task)}; untrained it was at "
                f"{_number(float(start[last]))}.{even}")  # fmt: skip
    right = f"right with {_sure(float(now[last]))} sure" if now[last] > 0 else "less than all others together"
    return (f"At step {last + 1} its log odds of the right answer are {_number(float(now[last]))}: {right}; untrained "
            f"{_number(float(start[last]))}.")  # fmt: skip


def _of_words(now: np.ndarray, start: np.ndarray, tokens: Sequence[str], last: int, task: Task) -> str:
    symbol = task.typed.symbol if task.typed else "word"
    end = f"asked after the last {symbol} it would say {_leans(float(now[last]), task)}"
    verdicts = {k: said for k, word in enumerate(tokens) if (said := task.speaks_for(word)) is not None}
    if not verdicts:
        decides = any(task.speaks_for(word) is not None for word in task.vocabulary)
        none = f"No {symbol} here says whether it was {task.answers[1]}; {end}" if decides else end.capitalize()
        return f"{none}, and {_leans(float(start[last]), task)} untrained."
    k = max(verdicts)
    first = f"After “{tokens[k]}” the evidence is {_number(float(now[k]))}"
    before = f"The untrained network is at {_number(float(start[last]))}."
    if k < last:
        first += f", {plural(last - k, symbol)} later {_number(float(now[last]))}"
    if len({*verdicts.values()}) > 1:
        held = [tokens[j] for j, said in verdicts.items() if said == int(now[last] > 0)]
        return f"{first}: of its verdicts the network goes by “{held[0]}”, and {end}. {before}"
    kept = f" {_kept(float(now[k]), float(now[last]))}, and" if k < last else ""
    return f"{first}:{kept} {end}. {before}"


def _kept(there: float, end: float) -> str:
    if max(abs(there), abs(end)) < 0.5:
        return "there is next to none"
    if there * end < 0:
        return "it turned round"
    if abs(end) < 0.5 * abs(there):
        return "it fades"
    return "it is kept" if abs(end) < 1.5 * abs(there) else "it grows"


def _alt(arrays: Arrays, tokens: Sequence[str], kind: str, config: RunConfig) -> str:
    at = sorted({0, len(tokens) // 2, len(tokens) - 1})
    parts = (f"step {k + 1}, {tokens[k]}: {fixed(arrays['now'][k])}, untrained {fixed(arrays['start'][k])}" for k in at)
    return f"{_unit(kind, config).capitalize()}. {'; '.join(parts)}."
