"""The audit: every sentence of a page's caption read back, recomputed, and held against the others of its page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from app.board.errors import Inapplicable, Untrained
from app.board.views.base import Page, Shown
from app.figures.base import View
from core.companions import twin
from core.lab.answers import Answer
from core.questions import Question
from tests.audit.figures import FIGURES
from tests.audit.labels import LABELS
from tests.audit.labs import CLIPPING, TRUNCATION
from tests.audit.moments import AUDITED, Moment, answered, moments, wanted
from tests.audit.pages import FLOW, INSIDE, MEMORY, MICROSCOPE
from tests.audit.pictures import ALTS, HINTS
from tests.audit.reading import Rules, Untrue
from tests.audit.runs import Run, config_of, trained
from tests.audit.series import SERIES
from tests.audit.texts import LANGUAGE
from tests.audit.truth import Truth

CAPTIONS = {"gradient_flow": FLOW, "truncation_lab": TRUNCATION, "clipping_lab": CLIPPING, "inside_the_cell": INSIDE,
            "memory": MEMORY, "microscope": MICROSCOPE, "series": SERIES, "language": LANGUAGE}  # fmt: skip
ROUGH = 0.1
"""Two digits of one number may differ by a tenth."""


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where."""

    seed: int
    moment: str
    page: str
    what: str

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.moment}, {self.page}: {self.what}"


def audit(seed: int, questions: bool) -> tuple[int, list[Fault]]:
    """(sentences read, faults) of all pages at the moments of run ``seed``; ``questions``: with their answers at two.

    What stands over pictures is read at one moment of each run, in turns: to draw them takes longest."""
    config = config_of(seed)
    run = trained(config)
    if seed % 3 == 0:
        run = Run(config, run.frames, trained(twin(config)))
    count, faults = 0, []
    for moment in moments(run):
        ask = questions and moment.name in ("preview", "at the end")
        drawn = ask or moment.name == ("looked back", "stopped")[seed % 2]
        for page in AUDITED:
            answers = answered(moment, wanted(page, config)) if ask else {}
            for sentence, fault in of_page(page, moment, answers, drawn):
                count += bool(sentence)
                faults += [Fault(seed, moment.name, page.name, fault)] if fault else []
    return count, faults


def of_page(page: Page, moment: Moment, answers: dict[Question, Answer], drawn: bool) -> Iterator[tuple[str, str]]:
    """(sentence, what is wrong with it or empty) of all that the page says of the moment: over it, and where it is
    ``drawn`` over its pictures."""
    truth, facts, shown = moment.truth(answers), {}, moment.shown(page, answers)
    caption = page.caption(shown)
    texts = [(CAPTIONS[page.name], f"{caption.headline} {caption.subline}"),
             *((FIGURES, f"{figure.value} | {figure.label}") for figure in caption.figures)]  # fmt: skip
    for name, view in (_views(page, shown) if drawn else {}).items():
        texts.append((HINTS[name], view.hint))
        if name in ALTS:
            texts += [(ALTS[name], view.alt), *((LABELS, label) for label in _labels(view))]
    for rules, text in texts:
        yield from _read(rules, text, truth, facts)


def _views(page: Page, shown: Shown) -> dict[str, View]:
    """The pictures that there are; some speak of a training that has not begun, some of tasks of another kind."""
    found, absent = {}, page.left_out(shown.config)
    for name, spec in page.views.items():
        if name in absent:
            continue
        with suppress(Untrained, Inapplicable):
            if (view := spec.build(shown)) is not None:
                found[name] = view
    return found


def _labels(view: View) -> list[str]:
    """The legend and the notes within the picture."""
    notes = (note.text for note in view.figure.layout.annotations)
    return list(dict.fromkeys([*(key.label for key in view.keys), *filter(None, notes)]))


def _read(rules: Rules, text: str, truth: Truth, facts: dict[str, tuple[object, str]]) -> Iterator[tuple[str, str]]:
    try:
        for sentence, said in rules.read(text, truth):
            for name, value in said.items():
                before = facts.setdefault(name, (value, sentence))
                if not _same(before[0], value):
                    yield sentence, f"{before[1]!r} contradicts {sentence!r}: {name} is {before[0]}, {value}"
            yield sentence, ""
    except Untrue as error:
        yield text, str(error)


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return bool(np.isclose(one, other, rtol=ROUGH, atol=1e-12, equal_nan=True))
    return one == other
