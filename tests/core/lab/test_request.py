import pytest

from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.request import Request
from core.questions import CheckedGradient, Evidence, Question, TruncationBias, TruncationCost

CONFIG = RunConfig.preset("temporal-order-lstm", steps=5)
QUESTIONS = [TruncationBias(), TruncationCost(), CheckedGradient(t=3), CheckedGradient(t=4), Evidence(words=(1, 2))]


@pytest.mark.parametrize("config", [None, CONFIG])
@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_request_survives_the_way(question: Question, config: RunConfig | None) -> None:
    request = Request(question, "run-one", 40, config)
    assert Request.of(request.body) == request


def test_equal_requests_have_equal_keys_and_others_do_not() -> None:
    keys = [Request(question, source, step).key for question in QUESTIONS for source in "ab" for step in (0, 1)]
    assert len(set(keys)) == len(keys) and all(key.partition("/")[0] in "ab" for key in keys)
    assert Request(TruncationCost(), "a", 0).key == Request(TruncationCost(), "a", 0, CONFIG).key


@pytest.mark.parametrize("body", [
    "", "{}", "3", '{"source": "a", "step": 1, "config": null}',
    '{"question": {"kind": "prophecy"}, "source": "a", "step": 1, "config": null}',
    '{"question": {"kind": "check"}, "source": "a", "step": 1, "config": null}',
    '{"question": {"kind": "cost"}, "source": "a", "step": 1, "config": {"lr": 0}}',
])  # fmt: skip
def test_what_another_version_stored_is_a_sentence(body: str) -> None:
    with pytest.raises(UnrolledError, match=r"\.$"):
        Request.of(body)
