"""What every task promises: shapes, dtypes, repeatable batches; marks, lag and baseline that are true of the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tasks import (
    TASKS,
    Adding,
    AnBn,
    AnBnCn,
    Batch,
    CoarseFine,
    Copying,
    EmbeddedReber,
    Language,
    Latch,
    Multiplication,
    OwnSeries,
    Review,
    Sines,
    Spectrogram,
    Task,
    TemporalOrder,
    TimedSpikes,
    TwoLag,
)
from core.tasks.base import at_last_step
from core.tasks.typed import Read, look_up

asked = st.sampled_from(["last", "every"])
tasks = st.one_of(
    st.builds(TemporalOrder, length=st.integers(10, 60), places=st.sampled_from([2, 3]), asked=asked),
    st.builds(Adding, length=st.integers(4, 60), asked=asked),
    st.builds(Multiplication, length=st.integers(4, 60), asked=asked),
    st.builds(Review, length=st.integers(5, 60), asked=asked),
    st.builds(
        Copying,
        length=st.integers(11, 60),
        symbols_to_copy=st.integers(1, 5),
        alphabet=st.integers(2, 32),
        asked=st.sampled_from(["every", "recall"]),
    ),
    st.builds(TwoLag, length=st.integers(13, 60), short=st.integers(0, 4), long=st.integers(5, 12)),
    st.builds(Latch, length=st.integers(8, 60), carriers=st.integers(1, 7), asked=asked),
    st.builds(EmbeddedReber, length=st.integers(8, 60), asked=asked),
    st.builds(AnBn, length=st.integers(12, 60), trained_to=st.integers(2, 5), asked=asked),
    st.builds(AnBnCn, length=st.integers(18, 60), trained_to=st.integers(2, 5), asked=asked),
    st.builds(TimedSpikes, length=st.integers(13, 60), shortest=st.integers(1, 5), longest=st.integers(6, 12)),
    st.builds(OwnSeries, length=st.integers(2, 60), horizon=st.integers(1, 9), column=st.integers(1, 2), asked=asked),
    st.builds(Sines, length=st.integers(2, 60), horizon=st.integers(1, 9), asked=asked),
    st.builds(Spectrogram, length=st.integers(2, 40), band=st.integers(1, 12), asked=asked),
    st.builds(
        CoarseFine,
        length=st.integers(5, 60),
        recent=st.integers(2, 4),
        far=st.integers(2, 90),
        width=st.integers(1, 40),
        layout=st.sampled_from(["raw", "doubling", "calendar"]),
    ),
    st.builds(Language, length=st.integers(2, 60), text=st.sampled_from(["story", "names", "reber"])),
)
seeds = st.integers(0, 2**31 - 1)
VARIANTS = [
    TemporalOrder(length=20),
    TemporalOrder(length=20, places=3, asked="every"),
    Adding(length=11),
    Adding(length=11, asked="every"),
    Multiplication(length=11),
    Multiplication(length=11, asked="every"),
    Copying(length=20, symbols_to_copy=3, alphabet=5),
    Copying(length=20, symbols_to_copy=3, alphabet=5, asked="recall"),
    Review(length=12),
    Review(length=12, asked="every"),
    TwoLag(length=20),
    Latch(length=12),
    Latch(length=12, asked="every"),
    EmbeddedReber(length=14),
    EmbeddedReber(length=14, asked="last"),
    AnBn(length=20, trained_to=5),
    AnBn(length=20, trained_to=5, asked="last"),
    AnBnCn(length=20, trained_to=5),
    AnBnCn(length=20, trained_to=5, asked="last"),
    TimedSpikes(length=20, longest=15),
    Sines(length=12),
    Sines(length=12, horizon=3, asked="last"),
    Spectrogram(length=9),
    CoarseFine(length=12, recent=4, far=20, width=8),
]
"""One of each kind, for the tests that need many sequences."""
N = 20_000


def name_of(task: Task) -> str:
    return f"{task.name}-{getattr(task, 'asked', '')}"


def many(task: Task) -> Batch:
    return task.sample(np.random.default_rng(1), N, "training")


@given(tasks, seeds, st.integers(1, 9))
def test_shapes_and_dtypes(task: Task, seed: int, n: int) -> None:
    batch, T = task.sample(np.random.default_rng(seed), n, "training"), task.length
    assert (batch.x.shape, batch.x.dtype) == ((T, n, task.input_size), np.float32)
    assert (batch.target.shape, batch.target.dtype) == ((T, n), np.float32 if task.kind == "numbers" else np.int64)
    for mask in (batch.asked, batch.scored):
        assert (mask.shape, mask.dtype) == ((T, n), bool)
    assert np.isfinite(batch.x).all()


@given(tasks, seeds)
def test_what_is_asked_has_an_answer(task: Task, seed: int) -> None:
    """Every sequence is asked and scored somewhere, scored only where asked, and a class is one of the classes."""
    batch = task.sample(np.random.default_rng(seed), 8, "training")
    assert batch.asked.any(axis=0).all() and batch.scored.any(axis=0).all()
    assert not (batch.scored & ~batch.asked).any()
    if task.kind != "numbers":
        answers = batch.target[batch.asked]
        assert answers.min() >= 0 and answers.max() < task.output_size


@given(tasks, seeds)
def test_the_same_generator_state_gives_the_same_batch(task: Task, seed: int) -> None:
    first, again = (task.sample(np.random.default_rng(seed), 5, "training") for _ in range(2))
    for name in ("x", "target", "asked", "scored"):
        assert (getattr(first, name) == getattr(again, name)).all()


@given(tasks, seeds)
def test_a_generator_goes_on(task: Task, seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert (task.sample(rng, 40, "training").x != task.sample(rng, 40, "training").x).any()


@given(tasks)
def test_marks_stand_in_the_sequence_and_in_order(task: Task) -> None:
    marks = task.marks()
    assert {mark.kind for mark in marks} == {"enters", "asked"}
    assert all(1 <= mark.first <= mark.last <= task.length and mark.label for mark in marks)
    assert [mark.first for mark in marks] == sorted(mark.first for mark in marks)


@given(tasks, seeds)
def test_marks_cover_where_the_score_is_taken(task: Task, seed: int) -> None:
    scored = task.sample(np.random.default_rng(seed), 8, "training").scored.any(axis=1)
    covered = {step for mark in task.marks() if mark.kind == "asked" for step in range(mark.first, mark.last + 1)}
    assert covered == {int(t) + 1 for t in np.flatnonzero(scored)}


@given(tasks, seeds)
def test_events_are_where_the_marks_say(task: Task, seed: int) -> None:
    """Copying's delimiter, which carries no information, is the one event outside the marks."""
    x = task.sample(np.random.default_rng(seed), 1, "training").x[:, 0]
    events = task.events(x)
    enters = {step for mark in task.marks() if mark.kind == "enters" for step in range(mark.first, mark.last + 1)}
    assert events and [step for step, _ in events] == sorted({step for step, _ in events})
    assert {step for step, label in events if label != "▶"} <= enters
    assert all(label for _, label in events)


@given(tasks, seeds)
def test_symbols_are_one_token_a_step_and_tell_inputs_apart(task: Task, seed: int) -> None:
    x = task.sample(np.random.default_rng(seed), 1, "training").x[:, 0]
    symbols = task.symbols(x)
    assert len(symbols) == task.length and all(symbols)
    if task.vocabulary:  # real numbers are rounded to be read
        inputs = {tuple(row) for row in x.tolist()}
        assert len(set(zip(symbols, map(tuple, x.tolist())))) == len(set(symbols)) == len(inputs)


@given(tasks, seeds)
def test_a_vocabulary_says_every_input_and_reads_it_back(task: Task, seed: int) -> None:
    """One symbol a channel, each another; tasks whose inputs are numbers have none, and name their channels."""
    x = task.sample(np.random.default_rng(seed), 2, "held-out").x
    assert len(set(task.channels)) == task.input_size == x.shape[2]
    assert len(set(task.vocabulary)) in (0, task.input_size)
    if task.vocabulary:
        places = [task.vocabulary.index(symbol) for symbol in task.symbols(x[:, 0])]
        assert (task.encode(places) == x[:, 0]).all()
        assert (task.encode(x.argmax(axis=2)) == x).all()


@pytest.mark.parametrize("task", VARIANTS, ids=name_of)
def test_classes_are_said_each_differently_or_not_at_all(task: Task) -> None:
    assert not task.answers or len(set(task.answers)) == task.output_size
    assert task.typed is None or (task.vocabulary and task.answers)


def test_text_is_read_as_it_stands_or_in_the_other_case() -> None:
    assert look_up("aAbx", ["a", "A", "B"]) == Read((0, 1, 2), ("x",), 0)
    assert TemporalOrder().read("x a Y, z") == Read((0, 2, 1), ("z",), 0)


@given(tasks, seeds)
def test_a_batch_of_some_sequences_has_all_that_belongs_to_them(task: Task, seed: int) -> None:
    batch = task.sample(np.random.default_rng(seed), 5, "training")
    for which in (slice(2), slice(None), [3], np.array([4, 0])):
        few = batch.take(which)
        for name in ("x", "target", "asked", "scored"):
            assert np.array_equal(getattr(few, name), getattr(batch, name)[:, which])


@given(tasks)
def test_the_lag_leads_from_the_first_information_to_its_question(task: Task) -> None:
    """From the first step of its mark; where less of it would do as well, from another."""
    asked_at = task.length - (task.symbols_to_copy - 1 if isinstance(task, Copying) else 0)
    enough = {Latch: task.entry.last, AnBnCn: task.length - task.lag}.get(type(task), task.entry.first)
    assert task.lag == asked_at - enough and task.entry.first <= enough <= task.entry.last
    assert 1 <= task.lag < task.length


@pytest.mark.parametrize("task", VARIANTS, ids=name_of)
def test_the_baseline_is_the_loss_of_the_best_memoryless_answer(task: Task) -> None:
    """Best at each step: the classes' frequencies, or the mean. Losses are means over what each sequence is asked, so
    one that is asked little counts for more."""
    batch = many(task)
    loss, weight = np.zeros(batch.target.shape), batch.asked / batch.asked.sum(axis=0)
    for t in np.flatnonzero(batch.asked.any(axis=1)):
        if task.kind == "numbers":
            loss[t] = (batch.target[t] - batch.target[t][batch.asked[t]].mean()) ** 2
        else:
            share = np.bincount(batch.target[t], weight[t], minlength=task.output_size) / weight[t].sum()
            loss[t] = -np.log(np.maximum(share, 1 / N))[batch.target[t]]
    each = (loss * weight).sum(axis=0)
    error = each.std() / np.sqrt(N)
    assert abs(each.mean() - task.baseline_loss) < 5 * error + 1e-3


@pytest.mark.parametrize("task", [task for task in VARIANTS if task.kind == "classes"], ids=name_of)
def test_guessing_is_the_most_common_class_where_the_score_is_taken(task: Task) -> None:
    """As common as any other, but for the c of aⁿbⁿcⁿ."""
    batch = many(task)
    answers = batch.target[batch.scored]
    counts = np.bincount(answers)
    counts, expected = counts[counts > 0], answers.size * task.chance
    assert abs(counts.max() - expected) < 5 * np.sqrt(expected)
    if not isinstance(task, AnBnCn):
        assert counts.size == round(1 / task.chance) and (abs(counts - expected) < 5 * np.sqrt(expected)).all()


@pytest.mark.parametrize("name, task", TASKS.items())
def test_a_task_introduces_itself(name: str, task: type[Task]) -> None:
    assert task().name == name
    assert task.title and task.question.endswith(("?", ".")) and task.first_seen
    assert task().chance < task().solved <= 1
    assert task().lag < task().length


@pytest.mark.parametrize("task", VARIANTS, ids=name_of)
def test_guessing_scores_what_guessing_scores_and_the_best_answer_all(task: Task) -> None:
    """A held-out set's accuracy, or its MSE, at the two ends; losses in between where chances are what is learnt."""
    guess = task.score_of(task.baseline_loss, task.chance, task.variance)
    best = task.score_of(task.least_loss, 1.0, 0.0)
    assert guess == pytest.approx((task.chance, 1)) and best[0] == 1
    assert best[1] == pytest.approx(task.least_loss / task.baseline_loss)


@pytest.mark.parametrize("task", [Adding(), TwoLag()], ids=name_of)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_a_number_scores_nothing(task: Task, value: float) -> None:
    score, error = task.score_of(value, None, value)
    assert score == 0 and not np.isfinite(error)


@pytest.mark.parametrize("task", [task for task in VARIANTS if task.kind == "numbers"], ids=name_of)
def test_the_variance_is_that_of_what_is_scored(task: Task) -> None:
    batch = many(task)
    assert np.var(batch.target[batch.scored]) == pytest.approx(task.variance, rel=0.05)


@pytest.mark.parametrize("task", VARIANTS, ids=name_of)
def test_floors_fall_from_what_guessing_gets(task: Task) -> None:
    values = [y for y, _ in task.floors()]
    assert values[0] == task.baseline_loss and values == sorted(values, reverse=True)
    assert values[-1] >= task.least_loss


def test_the_last_step_mask() -> None:
    assert at_last_step(3, 2).tolist() == [[False, False], [False, False], [True, True]]
