"""What the network would answer if it were asked now: its own readout after every input of one sequence.

For the review task the evidence for "liked" after every word, of a drawn review or of one that the visitor typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.figures.base import Key, Knob, Label, Layout, Table, View, above, bands, figure, reference_line, time_axis
from app.figures.memory.lines import CHANCE, finite, keys, now_line, start_line
from app.figures.theme import Style
from app.text.shared.numbers import percent, plural, sig
from core.config import RunConfig
from core.tasks import Mark
from core.tasks.review import MOST_READ, NEGATIVE, POSITIVE, WORDS, Read

Arrays = Mapping[str, np.ndarray]
TEXT, SEQUENCE = "review_text", "memory_sequence"
LONGEST = 500
"""Characters of a typed review."""
MOST_POINTS = 800
MOST_LABELS = 8
"""Marked inputs that are named above the plot."""


def evidence(arrays: Arrays, config: RunConfig, style: Style, *, knob: Knob, problems: Sequence[str] = ()) -> View:
    """From the answer to "evidence"; ``knob`` chose the sequence, ``problems`` are what there is to say of that."""
    tokens, kind = config.task.symbols(arrays["x"]), _kind(config)
    shown = _thinned(len(tokens))
    in_words = kind == "review" and len(tokens) <= MOST_READ
    low, high = _range(arrays, kind, config)
    notes, lanes = ([], 0) if in_words else above(_labels(arrays, config), len(tokens), style)
    layout: Layout = {
        "xaxis": _word_axis(tokens, style) if in_words else time_axis(style, len(tokens)),
        "yaxis": {"range": [low, high], "nticks": 7, "title": {"text": "" if style.narrow else _unit(kind)}},
        "shapes": [*_lines(kind, config, style), *_bands(arrays, config, style)],
        "annotations": [*notes, *(_sides(kind, style) if kind == "review" else [])],
        "hovermode": "x",
        "meta": {"axis": "words" if in_words and len(tokens) != config.task.length else "time"},
    }  # fmt: skip
    bottom = 66 if in_words and _slanted(tokens, style) else 44
    return View(
        name="evidence",
        title="Evidence for “liked” after every word" if kind == "review" else "If it were asked now",
        hint=_hint(arrays, tokens, kind, config),
        alt=_alt(arrays, tokens, kind),
        figure=figure(style, _data(arrays, tokens, shown, kind, config, style), layout,
                      height=250 + bottom + 16 * lanes, top=12 + 16 * lanes, bottom=bottom),
        table=_table(arrays, tokens, shown, kind),
        keys=(*keys(config, style, _chance_name(kind)), *_right_key(kind, style)),
        knobs=(knob,),
        problems=tuple(problems),
    )  # fmt: skip


def text_knob(text: str, drawn: Sequence[str]) -> Knob:
    """Where a review is typed; the ``drawn`` ones are suggestions."""
    return Knob(TEXT, "type a review", text, text=LONGEST, hint="I loved this movie which we saw …",
                options=tuple((review, review) for review in drawn))  # fmt: skip


def sentences(text: str, read: Read) -> list[str]:
    """What a typed review cannot be, said to whoever typed it. Nothing typed is nothing to say."""
    if not text.strip():
        return []
    vocabulary = f"It knows {len(WORDS)}: {', '.join(WORDS)}."
    if not read.places:
        return [f"None of what was typed is a word that this network has ever seen, so a drawn review stands here. "
                f"{vocabulary}"]  # fmt: skip
    found = []
    if read.unknown:
        named = ", ".join(f"“{_short(word)}”" for word in read.unknown[:5])
        more = f" and {len(read.unknown) - 5} more" if len(read.unknown) > 5 else ""
        one = len(read.unknown) == 1
        found.append(f"Left out, since the network has never seen {'it' if one else 'them'}: {named}{more}. "
                     f"{vocabulary}")  # fmt: skip
    if read.left:
        found.append(f"The first {MOST_READ} words it knows are read, and {plural(read.left, 'word')} more "
                     f"{'is' if read.left == 1 else 'are'} not.")  # fmt: skip
    return found


def _short(word: str) -> str:
    return word if len(word) <= 24 else f"{word[:23]}…"


# -- kinds of answers -------------------------------------------------------------------------------------------------


def _kind(config: RunConfig) -> str:
    """ "review", "two" classes, "classes" or "numbers"."""
    if config.task.name == "review":
        return "review"
    if config.task.kind == "numbers":
        return "numbers"
    return "two" if config.task.output_size == 2 else "classes"


def _unit(kind: str) -> str:
    return {"review": "log odds of “liked”, nats", "two": "log odds of a one, nats",
            "classes": "log odds of the right one", "numbers": "answer"}[kind]  # fmt: skip


def _chance_name(kind: str) -> str:
    return {"review": "undecided", "two": "undecided", "classes": CHANCE, "numbers": ""}[kind]


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


def _sides(kind: str, style: Style) -> list[Layout]:
    """What up and down mean, within the plot."""
    return [
        {"text": text, "xref": "paper", "x": 0.005, "xanchor": "left", "yref": "paper", "y": y, "yanchor": anchor,
         "showarrow": False, "font": {"color": style.theme.muted, "size": 12}}
        for text, y, anchor in (("liked ↑", 1, "top"), ("disliked ↓", 0, "bottom"))
    ]  # fmt: skip


# -- drawing ----------------------------------------------------------------------------------------------------------


def _thinned(count: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).astype(int))


def _range(arrays: Arrays, kind: str, config: RunConfig) -> tuple[float, float]:
    parts = [arrays["now"], arrays["start"], *([arrays["right"]] if kind == "numbers" else [])]
    values = np.concatenate([part[np.isfinite(part)] for part in parts])
    level = _chance(kind, config)
    values = np.append(values, [0.0 if level is None else level])
    if kind in ("review", "two"):
        size = max(float(np.abs(values).max()) * 1.12, 1.5)
        return -size, size
    margin = 0.08 * max(float(np.ptp(values)), 0.5)
    return float(values.min()) - margin, float(values.max()) + margin


def _word_axis(tokens: Sequence[str], style: Style) -> Layout:
    """Every word under its step; on a phone as many as can be read."""
    every = -(-len(tokens) // 22) if style.narrow else 1
    chosen = [k for k, word in enumerate(tokens) if k % every == 0 or word in POSITIVE + NEGATIVE]
    chosen = [k for k in chosen if not any(abs(k - j) < every and tokens[j] in POSITIVE + NEGATIVE and j != k
                                           for j in chosen) or tokens[k] in POSITIVE + NEGATIVE]  # fmt: skip
    bold = [f"<b>{tokens[k]}</b>" if tokens[k] in POSITIVE + NEGATIVE else tokens[k] for k in chosen]
    angle = -60 if _slanted(tokens, style) else 0
    return {"range": [0.5, len(tokens) + 0.5], "showgrid": False, "tickvals": [k + 1 for k in chosen],
            "ticktext": bold, "tickangle": angle}  # fmt: skip


def _slanted(tokens: Sequence[str], style: Style) -> bool:
    return len(tokens) > (5 if style.narrow else 14)


def _events(arrays: Arrays, config: RunConfig) -> list[tuple[int, str]]:
    """What a drawn sequence has to remember; a typed one is another length."""
    return config.task.events(arrays["x"])[:MOST_LABELS] if len(arrays["x"]) == config.task.length else []


def _labels(arrays: Arrays, config: RunConfig) -> list[Label]:
    return [Label(label, t, t) for t, label in _events(arrays, config)]


def _bands(arrays: Arrays, config: RunConfig, style: Style) -> list[Layout]:
    """A faint column at each of those steps."""
    return bands([Mark("enters", label, t, t) for t, label in _events(arrays, config)], style)


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


def _table(arrays: Arrays, tokens: Sequence[str], shown: np.ndarray, kind: str) -> Table:
    columns = ("time step", "input", "this network", "untrained", *(("asked for",) if kind == "numbers" else ()))
    names = ("now", "start", *(("right",) if kind == "numbers" else ()))
    return Table(columns, [(int(k) + 1, tokens[k], *(float(arrays[name][k]) for name in names)) for k in shown])


# -- words ------------------------------------------------------------------------------------------------------------


def _sure(odds: float) -> str:
    """How sure that is, as a percentage of the side it is on."""
    share = 1 / (1 + np.exp(-abs(min(max(odds, -700.0), 700.0))))
    return "more than 99.9\u00a0%" if share > 0.999 else percent(float(share))


def _leans(odds: float, sides: tuple[str, str]) -> str:
    if abs(odds) < 0.05:
        return "undecided"
    return f"{sides[0] if odds > 0 else sides[1]}, {_sure(odds)} sure"


def _plain(value: Any) -> str:
    return sig(float(value)).replace("-", "−")


def _number(odds: float) -> str:
    return f"{odds:+.1f}".replace("-", "−")


def _hint(arrays: Arrays, tokens: Sequence[str], kind: str, config: RunConfig) -> str:
    now, start = arrays["now"], arrays["start"]
    known = np.flatnonzero(np.isfinite(now))
    if not known.size:
        return "What the network says is not a number here."
    last = int(known[-1])
    if kind == "review":
        return _review(now, start, tokens, last)
    if kind == "numbers":
        return (f"At step {last + 1} it answers {_plain(now[last])}, and {_plain(arrays['right'][last])} is right; "
                f"untrained it said {_plain(start[last])}.")  # fmt: skip
    if kind == "two":
        return (f"At step {last + 1} it says {_leans(float(now[last]), ('one', 'zero'))}; untrained it was at "
                f"{_number(float(start[last]))}. A toss is never sure here: 0 is even.")  # fmt: skip
    right = "right" if now[last] > 0 else "not on the right answer"
    return (f"At step {last + 1} its log odds of the right answer are {_number(float(now[last]))}: {right} "
            f"{'with ' + _sure(float(now[last])) if now[last] > 0 else 'above all others together'}; untrained "
            f"{_number(float(start[last]))}.")  # fmt: skip


def _review(now: np.ndarray, start: np.ndarray, tokens: Sequence[str], last: int) -> str:
    sides = ("liked", "disliked")
    end = f"asked after the last word it would say {_leans(float(now[last]), sides)}"
    verdicts = [k for k, word in enumerate(tokens) if word in POSITIVE + NEGATIVE]
    if not verdicts:
        return f"No word here says whether it was liked; {end}, and {_leans(float(start[last]), sides)} untrained."
    k = verdicts[-1]
    first = f"After “{tokens[k]}” the evidence is {_number(float(now[k]))}"
    before = f"The untrained network is at {_number(float(start[last]))}."
    if k < last:
        first += f", {plural(last - k, 'word')} later {_number(float(now[last]))}"
    if len({tokens[j] in POSITIVE for j in verdicts}) > 1:
        held = [tokens[j] for j in verdicts if (tokens[j] in POSITIVE) == (now[last] > 0)]
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


def _alt(arrays: Arrays, tokens: Sequence[str], kind: str) -> str:
    at = sorted({0, len(tokens) // 2, len(tokens) - 1})
    parts = (f"step {k + 1}, {tokens[k]}: {arrays['now'][k]:.2f}, untrained {arrays['start'][k]:.2f}" for k in at)
    return f"{_unit(kind).capitalize()}. {'; '.join(parts)}."
