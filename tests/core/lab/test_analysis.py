"""The functions that the analysis process calls, on runs as training leaves them."""

import numpy as np
import pytest

from core.config import RunConfig
from core.diagnostics.truncation_bias import truncation_bias
from core.errors import UnrolledError
from core.lab.analysis import answer
from core.lab.answers import Answer
from core.lab.request import Request
from core.questions import Contributions, GateUse, Question, TruncationBias
from core.store import RunFileError, RunWriter, run_path
from core.store.codec import unpack_whole_frame
from core.training import train
from core.training.replay import moment_of

CONFIG = RunConfig.from_flat({"task.length": 20, "cell.hidden_size": 3, "batch_size": 10, "steps": 4})


@pytest.fixture
def stored(lab):
    """``stored(config, spoil=None)``: the id of a run of ``config``; ``spoil`` changes its weights."""

    def record(config: RunConfig, spoil: float | None = None) -> str:
        row = lab.catalog.add(config, "me")
        with RunWriter(run_path(lab.folder, row.id), row.id, config, 1) as writer:
            for frame in train(config):
                for values in (frame.weights or {}).values():
                    values[...] = values if spoil is None else spoil
                writer.append(frame)
        return row.id

    return record


def asked(lab, question: Question, run_id: str, step: int = 2) -> Answer:
    return Answer.unpacked(answer(str(lab.folder), question.kind, Request(question, run_id, step).body))


def test_it_is_the_moment_of_the_run(lab, stored) -> None:
    found, moment = asked(lab, TruncationBias(), stored(CONFIG)), moment_of(CONFIG, 2, sequences=8)
    for name, values in truncation_bias(moment).items():
        np.testing.assert_allclose(found.arrays[name], values, rtol=1e-6)
    assert found.meta == {"sequences": 8, "of": 10, "losses": 8, "every_k": True}


def test_a_question_over_training_sees_the_earlier_moments(lab, stored) -> None:
    run_id = stored(CONFIG)
    whole = asked(lab, GateUse(), run_id, step=3).arrays
    assert whole["step"].tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(asked(lab, GateUse(), run_id, step=1).arrays["f.mean"], whole["f.mean"][:2])


@pytest.mark.parametrize("question", [TruncationBias(), Contributions(), GateUse()], ids=str)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_have_an_answer(lab, stored, question, value) -> None:
    found = asked(lab, question, stored(CONFIG, spoil=value))
    assert found.step == 2 and all(values.size for values in found.arrays.values())


def test_a_run_deleted_meanwhile_is_a_sentence(lab, stored) -> None:
    run_id = stored(CONFIG)
    lab.catalog.delete(run_id)
    for source in (run_id, "../catalog"):
        with pytest.raises(RunFileError, match=f"There is no run `{source}` any more"):
            asked(lab, TruncationBias(), source)


def test_a_corrupt_run_is_a_sentence(lab, stored) -> None:
    run_id = stored(CONFIG)
    run_path(lab.folder, run_id).write_bytes(b"scrambled" * 1000)
    with pytest.raises(RunFileError, match="damaged"):
        asked(lab, Contributions(), run_id)


def test_a_preview_is_the_first_frame() -> None:
    frame = unpack_whole_frame(answer("", "preview", CONFIG.model_dump_json()))
    np.testing.assert_array_equal(frame.flow, next(train(CONFIG)).flow)


def test_a_kind_of_another_version_is_a_sentence() -> None:
    with pytest.raises(UnrolledError, match="is of another version"):
        answer("", "prophecy", "{}")
