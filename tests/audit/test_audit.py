"""The caption audit: what pages say of really trained runs is recomputed, sentence by sentence, and holds.

`python -m tests.audit 1000 3000` reads the runs with these seeds. A sentence that no rule knows is a fault: whoever
writes one adds its rule beside those of its page.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.figures.shared import learning, over_training
from app.text.gradient_flow import caption as gradient_flow
from app.text.shared import key_figures
from app.text.shared.situation import Situation
from core.reading import horizon
from tests.audit import auditing, runs
from tests.audit.auditing import audit
from tests.audit.reading import near

RUNS, EACH, ASKED = 300, 25, 25
"""So many runs in parts of EACH; every ASKED-th with the answers that words are drawn from."""
SENTENCES = 300
"""At least so many are read of each run."""


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, RUNS, EACH))
@pytest.mark.usefixtures("quick_questions")
def test_every_sentence_holds_and_none_contradicts_another(first: int) -> None:
    found = [audit(seed, seed % ASKED == 0) for seed in range(first, first + EACH)]
    faults = [fault for _, some in found for fault in some]
    assert not faults, "\n".join(map(str, faults[:10]))
    assert min(count for count, _ in found) > SENTENCES


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 3, 4])
@pytest.mark.usefixtures("quick_questions")
def test_every_sentence_about_a_text_holds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "TASKS", ("language", "continual-reber"))
    views, own = auditing._views, ("writing", "origin", "perplexity")  # the other pictures are read of other tasks
    monkeypatch.setattr(
        auditing, "_views", lambda page, shown: {k: v for k, v in views(page, shown).items() if k in own}
    )
    count, faults = audit(seed, True)
    assert not faults, "\n".join(map(str, faults[:10]))
    assert count > SENTENCES


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 2])
def test_every_page_s_sentences_about_a_series_hold(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.questions.sampling.MOST_SAMPLED", 80)
    monkeypatch.setattr(runs, "TASKS", ("sines", "own-series"))
    count, faults = audit(seed, True)
    assert not faults, "\n".join(map(str, faults[:10]))
    assert count > SENTENCES


def _by_the_factor_alone(moment: Situation) -> str:
    """How the pace was told before: whatever arrives."""
    beta = moment.horizon.factor
    return "fades unevenly." if beta is None else f"is kept: × {beta:.2f} per step."


def _zero_whatever_the_kind(values: np.ndarray, **more: object) -> np.ndarray:
    """Kinds as they were before: what overflowed counts as underflow."""
    return np.where(np.isfinite(values) & (np.abs(values) >= horizon.FLOOR), horizon.LIVE, horizon.UNDERFLOW)


def _with_the_own_step(moment: Situation) -> str:
    """The needed steps as they were counted before: inputs here, distances elsewhere."""
    return f"The task needs {moment.lag + 1:,} steps; it reaches {moment.horizon.reach}."


@pytest.mark.slow
@pytest.mark.parametrize("place, name, fault", [
    (gradient_flow, "_pace", _by_the_factor_alone),
    (gradient_flow, "_need", _with_the_own_step),
    (horizon, "zeros", _zero_whatever_the_kind),
    (key_figures, "arriving_value", lambda moment: "12\u00a0%"),
    (over_training, "_said", lambda *given: "12\u00a0% of its last step"),
    (learning, "percent", lambda share: "12\u00a0%"),
])  # fmt: skip
def test_planted_faults_are_found(
    place: object, name: str, fault: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, name, fault)
    assert any(audit(seed, False)[1] for seed in range(12))


@pytest.mark.parametrize("text, true, wrong", [
    ("3.1", 3.149, 3.16), ("40\u00a0%".replace("\u00a0", " "), 0.404, 0.406), ("10⁻³", 0.002, 0.004),
    ("1.2e-05", 1.24e-5, 1.26e-5), ("1.2 × 10⁻⁵", 1.24e-5, 1.26e-5), ("−0.5", -0.54, 0.5), ("∞", np.inf, 1e300),
    ("1,200", 1240, 1260), ("35 times", 35.4, 36), ("not a number", np.nan, 0.0), ("0", 0.0, 1.0),
])  # fmt: skip
def test_a_number_is_read_as_exactly_as_it_is_written(text: str, true: float, wrong: float) -> None:
    assert near(text, true) and not near(text, wrong)
