"""What the caption of a comparison says is what its runs came to, and no more than so few of them can show."""

from __future__ import annotations

import re

import numpy as np
import pytest

from app.figures.compare.side import Entry, Side, looks
from app.figures.theme import Style
from app.text.compare.caption import at_its_end, caption, joined
from core.comparison import comparison, labels, parameters, verdict
from core.config import RunConfig
from core.frames import SCALARS
from core.numbers import p_words
from core.reading.horizon import horizon_of
from core.reading.outcome import outcome_of

CONFIG = RunConfig.preset("temporal-order-lstm", steps=300)


def entry(config: RunConfig, solved: int | None, state="over", last: int | None = None, upto=None) -> Entry:
    n = (config.steps if last is None else last) + 1 if state != "missing" else 0
    taken = {name: np.ones(n) for name in SCALARS} | {"step": np.arange(n)}
    taken["score"] = np.where(np.arange(n) >= (n if solved is None else solved), 1.0, 0.25)
    flow = 0.9 ** np.arange(config.task.length, -1, -1.0)
    step = 0 if state == "missing" else n - 1 if upto is None else min(upto, n - 1)
    outcome, whole = (outcome_of(taken, config, at) if n else None for at in (upto, None))
    return Entry(config.seed, state, taken, step, flow, horizon_of(flow), outcome, whole, 0.001)


def sides(*solved: list[int | None], **how) -> list[Side]:
    """Members that solve it at these steps, a run each; None never does."""
    found = comparison(CONFIG, ["cell.name:rnn", "cell.name:lstm", "cell.name:gru", "cell.name:peephole"])
    configs = [member.config for member in found.members][: len(solved)]
    return [
        Side(label, config, look, config == CONFIG,
             tuple(entry(config.replace(seed=k), at, **how) for k, at in enumerate(steps)), parameters(config))
        for label, config, look, steps in zip(labels(configs), configs, looks(configs, Style()), solved)
    ]  # fmt: skip


def say(members: list[Side]):
    through = len(members) > 1 and all(at_its_end(run, CONFIG) for side in members for run in side.runs)
    found = verdict([[outcome.order for outcome in side.outcomes] for side in members]) if through else None
    return caption(members, found, CONFIG)


NEVER: list[int | None] = [None] * 5


def test_three_seeds_are_too_few_however_clear_it_looks() -> None:
    words = say(sides([None] * 3, [50, 60, 70]))
    assert words.headline == "LSTM chrono solves the task with all 3 seeds, RNN default init with none."
    assert words.subline == (
        "Not distinguishable at 3 seeds. 3 seeds each cannot tell two apart, not even always solved from never "
        "(p 0.1 at best). 4 could."
    )
    assert [figure.value for figure in words.figures] == ["25\u00a0%", "60"]


def test_five_seeds_can_tell_two_apart() -> None:
    words = say(sides(NEVER, [50, 60, 70, 80, 90]))
    assert words.subline == (
        "LSTM chrono is better than RNN default init: solved sooner, or a higher score. "
        "Exact Mann-Whitney test, p 0.008."
    )


def test_a_tie_is_a_result() -> None:
    words = say(sides([50, 60, 70, 80, 90], [55, 60, 65, 75, 95]))
    assert words.headline == "Both solve the task with all 5 seeds."
    assert words.subline.startswith("Not distinguishable at 5 seeds.") and words.subline.endswith("A tie is a result.")


def test_one_of_one_is_not_every_seed() -> None:
    words = say(sides([None], [50]))
    assert words.headline == "LSTM chrono solves the task with its one seed, RNN default init with none."
    assert words.subline.startswith("Not distinguishable at one seed each. One seed each cannot tell two apart")


def test_of_four_members_those_that_are_clear_are_named_and_the_others_tie() -> None:
    words = say(sides(NEVER, [50, 60, 70, 80, 90], [51, 61, 71, 81, 91], [40, 65, 75, 85, 95]))
    better, _, rest = words.subline.partition(":")
    assert better.count("better than") == 1 and better.endswith("are better than RNN default init")
    assert rest.endswith("The other 3 pairs: not distinguishable at 5 seeds.")


def test_not_all_the_same_without_knowing_who() -> None:
    words = say(sides([None] * 3, [50, 60, 70], [80, 90, 100]))
    assert words.subline.startswith("Taken together they are not all the same (permutation test over all, p ")
    assert "but no two are told apart at 3 seeds." in words.subline and words.subline.endswith("5 could.")


def test_while_they_train_there_is_no_verdict() -> None:
    words = caption(sides([None] * 2, [50, 60], state="running", last=100), None, CONFIG, 65.2)
    assert words.headline == (
        "By training step 100 LSTM chrono has solved the task with both seeds, RNN default init with none."
    )
    assert words.subline == (
        "The verdict comes when all are through: 4 runs to go, about 65 s if nothing else trains here."
    )


def test_a_moment_of_the_past_is_called_one_and_has_no_verdict() -> None:
    words = say(sides([None] * 3, [50, 60, 70], upto=55))
    assert words.headline == (
        "By training step 55 LSTM chrono has solved the task with 1 of 3, RNN default init with none."
    )
    assert words.subline.startswith("The verdict is that of the end")


def test_runs_that_ended_early_are_not_compared() -> None:
    words = say(sides([None] * 2, [50, 60], last=100))
    assert words.subline == "4 runs ended early, so there is no verdict. Train starts them anew."


def test_untrained_it_speaks_of_the_gradient() -> None:
    words = say(sides([None], [None], state="missing"))
    assert words.headline == "Untrained, nobody's gradient reaches back the 44 steps that the task needs."
    assert [figure.value for figure in words.figures] == ["43 of 44"] * 2  # .9 to the 44th is just below a hundredth
    assert words.figures[0].label == "steps reached, RNN default init"


def test_nobody_to_compare_with() -> None:
    assert say(sides([40])).subline == "Nobody is compared with it yet: choose whom above."


@pytest.mark.parametrize("p, words", [(1, "1"), (0.996, "0.996"), (0.6, "0.6"), (0.25, "0.25"), (0.0476, "0.048"),
                                      (0.1, "0.1"), (0.0079, "0.008"), (0.0002, "below 0.001")])  # fmt: skip
def test_p_values_as_one_writes_them(p: float, words: str) -> None:
    assert p_words(p) == words


def test_names_with_commas_are_told_apart_by_semicolons() -> None:
    assert joined(["A", "B", "C"]) == "A, B and C"
    assert joined(["A", "B, cut", "C"]) == "A; B, cut and C" and joined(["A"]) == "A"


@pytest.mark.parametrize("state", ["missing", "running", "paused", "over"])
@pytest.mark.parametrize("solved", [[[None]], [[3], [4]], [[None, 2]] * 4, [[None] * 3, [1, 2, 3], [None, 1, 2]]])
def test_no_sentence_is_broken(solved, state) -> None:
    words = say(sides(*solved, state=state))
    for text in (words.headline, words.subline):
        assert re.fullmatch(r"[A-Z].*[.]", text) and "  " not in text and " ." not in text
    assert len(words.figures) == len(solved)
