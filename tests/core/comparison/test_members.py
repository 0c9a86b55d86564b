"""Who is compared: the same data for all, sizes matched, seeds within the bound, and what cannot be used left out."""

from __future__ import annotations

import numpy as np
import pytest

from core.anatomy import ANATOMIES
from core.comparison import ALL_CELLS, MOST_MEMBERS, comparison, differences, kept, parameters, remedies, suggestions
from core.comparison.members import LARGEST_SEED, applied, readings
from core.config import RunConfig
from core.data import held_out, training_batch
from core.errors import ConfigError
from core.presets import PRESETS
from core.tasks import TASKS, Task

ORDER = RunConfig.preset("temporal-order-lstm")


def test_the_four_cells_at_the_same_size_with_three_seeds() -> None:
    found = comparison(ORDER)
    assert [member.config.cell.name for member in found.members] == list(ANATOMIES)
    assert [member.reference for member in found.members] == [name == "lstm" for name in ANATOMIES]
    assert {member.config.cell.hidden_size for member in found.members} == {8} and found.seeds == (0, 1, 2)
    assert [[run.seed for run in runs] for runs in found.runs] == [[0, 1, 2]] * 4
    assert found.runs[1][0] == ORDER and found.problems == ()


@pytest.mark.parametrize("task", TASKS)
def test_all_members_see_the_same_sequences_in_the_same_order(task: str) -> None:
    reference = RunConfig.from_flat({"task.name": task, "task.length": 40, "batch_size": 4, "seed": 7})
    texts = [*ALL_CELLS, *suggestions(reference), "optimizer:sgd,lr:0.5", "truncation:stream,truncation_length:5"]
    for start in range(0, len(texts), MOST_MEMBERS - 1):
        found = comparison(reference, texts[start : start + MOST_MEMBERS - 1], match="parameters", seeds=2)
        for runs in zip(*found.runs):
            for step in (0, 1, 17):
                first, *others = (training_batch(run, step) for run in runs)
                for other in others:
                    for name in ("target", "asked", "scored"):
                        np.testing.assert_array_equal(getattr(first, name), getattr(other, name))
                    np.testing.assert_array_equal(first.x[-1], other.x[-1])
            for run in runs:
                if run.task == runs[0].task:  # else the same series is read in another way
                    np.testing.assert_array_equal(training_batch(run, 3).x, training_batch(runs[0], 3).x)
            np.testing.assert_array_equal(held_out(runs[0]).target, held_out(runs[-1]).target)
            assert len({(_asked_of(run.task), run.batch_size, run.steps, run.seed) for run in runs}) == 1


def _asked_of(task: Task) -> str:
    """Its settings without how the data is read."""
    return str({key: value for key, value in task.model_dump().items() if f"task.{key}" not in readings()})


def test_how_a_series_is_read_may_differ_and_nothing_else_of_its_task() -> None:
    reference = RunConfig.preset("coarse-fine-lstm")
    assert suggestions(reference)[:2] == ["task.layout:raw", "task.layout:calendar"] and readings() == {"task.layout"}
    found = comparison(reference, suggestions(reference)[:2])
    assert [member.config.to_flat()["task.layout"] for member in found.members] == ["doubling", "raw", "calendar"]
    assert "task.layout" not in " ".join(suggestions(ORDER))
    left_out = comparison(ORDER, ["task.layout:raw"])
    assert len(left_out.members) == 1 and "`task.layout` (=raw) is not a setting" in left_out.problems[0]


def test_other_seeds_see_other_sequences() -> None:
    one, two = (training_batch(run, 0).x for run in comparison(ORDER).runs[0][:2])
    assert not np.array_equal(one, two)


@pytest.mark.parametrize("key", ["task.length:9", "task.name:adding", "seed:3", "steps:10", "batch_size:1"])
def test_what_everybody_shares_cannot_differ(key: str) -> None:
    with pytest.raises(ConfigError, match=r"is the same for all who are compared"):
        differences(key)
    found = comparison(ORDER, [key, "cell.name:gru"])
    assert len(found.members) == 2 and len(found.problems) == 1


BAD = ("", "cell.name", "cell.name:", "cell.name:cat", "x:1", "cell.init:a b", "," * 20, "cell.name:gru," * 99,
       "cell.forget_bias:99", "`:`", "cell.name:gru,lr:0")  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_garbage_is_left_out_with_a_sentence(text: str) -> None:
    found = comparison(ORDER, [text, "cell.name:gru"])
    assert [member.config.cell.name for member in found.members] == ["lstm", "gru"]
    assert all(problem.startswith("A member of this comparison is left out. `") for problem in found.problems)
    assert len(found.problems) >= 1


def test_equal_members_count_once_and_the_reference_stands_where_it_is_named() -> None:
    found = comparison(ORDER, ["cell.name:gru", kept(ORDER), "cell.init:chrono", "cell.name:gru,lr:0.02"])
    assert [(member.config.cell.name, member.reference) for member in found.members] == [("gru", False), ("lstm", True)]
    alone = comparison(ORDER, [])
    assert [member.config for member in alone.members] == [ORDER] and alone.members[0].text == ""


def test_kept_settings_stay_whatever_is_set_afterwards() -> None:
    before = ORDER.replace(**{"cell.init": "default", "cell.forget_bias": 1.5, "clip": "none"})
    for after in (ORDER, ORDER.replace(**{"cell.name": "rnn", "lr": 1.0, "clip": "value"}),
                  ORDER.replace(truncation="sliding", truncation_length=4)):  # fmt: skip
        assert applied(after, kept(before)).digest() == before.digest()


@pytest.mark.parametrize("preset", PRESETS)
def test_kept_settings_and_suggestions_of_every_preset_are_usable(preset: str) -> None:
    config = RunConfig.preset(preset)
    assert applied(ORDER.replace(**{"task.name": config.task.name}), kept(config)).cell == config.cell
    texts = suggestions(config)
    digests = [applied(config, text).digest() for text in texts]
    assert len(texts) >= 8 and len({*digests, config.digest()}) == len(texts) + 1


def test_matched_by_parameters_nobody_could_be_nearer() -> None:
    found = comparison(ORDER.replace(**{"cell.hidden_size": 20}), match="parameters")
    wanted = parameters(found.members[1].config)
    assert found.members[1].config.cell.hidden_size == 20
    for member in found.members:
        size, away = member.config.cell.hidden_size, abs(parameters(member.config) - wanted)
        assert all(abs(parameters(member.config, other) - wanted) >= away for other in (size - 1, size + 1))
    assert len({member.config.cell.hidden_size for member in found.members}) > 2


def test_sizes_end_at_the_largest_there_is() -> None:
    found = comparison(ORDER.replace(**{"cell.hidden_size": 512}), match="parameters")
    assert found.members[0].config.cell.hidden_size == 512  # an RNN would need a thousand units


@pytest.mark.parametrize("members, seeds, most, expected", [(4, 3, 24, 3), (4, 5, 24, 5), (6, 5, 24, 4), (4, 5, 8, 2),
                                                           (4, 5, 3, 1), (2, 9, 24, 5), (2, 0, 24, 1)])  # fmt: skip
def test_seeds_keep_within_the_bound(members: int, seeds: int, most: int, expected: int) -> None:
    texts = [*ALL_CELLS, "clip:none", "cell.init:default"]
    found = comparison(ORDER, [text for text in texts if text != "cell.name:lstm"][: members - 1], seeds=seeds,
                       most_runs=most)  # fmt: skip
    assert len(found.members) == members and len(found.seeds) == expected
    assert len(found.in_turn) == members * expected
    if 5 >= seeds > expected:
        (problem,) = found.problems
        assert f"{members * seeds} runs" in problem and f"may have {most}" in problem and f"{expected} seed" in problem
    else:
        assert found.problems == ()


def test_more_members_than_a_board_shows_are_left_out_but_never_the_reference() -> None:
    texts = ["cell.name:rnn", "cell.name:gru", "cell.name:peephole", "clip:none", "cell.init:default", "lr:0.1",
             "lr:0.2", "cell.init:chrono"]  # fmt: skip
    found = comparison(ORDER, texts, seeds=1)
    assert len(found.members) == MOST_MEMBERS and sum(member.reference for member in found.members) == 1
    assert "8 members are more than the 6" in found.problems[0]


def test_the_largest_seed_leaves_room_below() -> None:
    found = comparison(ORDER.replace(seed=LARGEST_SEED))
    assert found.seeds == (LARGEST_SEED - 2, LARGEST_SEED - 1, LARGEST_SEED)
    assert found.runs[1][2] == ORDER.replace(seed=LARGEST_SEED)


def test_first_seeds_are_trained_first() -> None:
    assert [run.seed for run in comparison(ORDER).in_turn] == [0] * 4 + [1] * 4 + [2] * 4


def test_remedies_change_one_thing_each_in_the_textbooks_order() -> None:
    dying = RunConfig.preset("temporal-order-rnn").replace(clip="none", optimizer="sgd")
    texts = remedies(dying)
    assert len(texts) == MOST_MEMBERS - 1 and texts[:2] == ["cell.init:orthogonal", *dying.cell.suggests]
    digests = {dying.digest(), *(applied(dying, text).digest() for text in texts)}
    assert len(digests) == MOST_MEMBERS, "each is another network than the one that fails"
    gated = [text for text in remedies(dying, 20) if text.startswith("cell.name:")]
    assert gated == [f"cell.name:{name},cell.init:chrono" for name in ANATOMIES if name != "rnn"]
    for name in ANATOMIES:
        own = RunConfig.from_flat({"cell.name": name})
        assert comparison(own, remedies(own)).problems == (), "all of them can be had"
