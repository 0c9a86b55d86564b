import numpy as np
import pytest

from core.errors import UnrolledError
from core.lab.answers import Answer


def test_an_answer_survives_the_way() -> None:
    arrays = {
        "meta": np.arange(3),
        "windows.K": np.array([1, 2]),
        "phi": np.array([1.0, np.nan, np.inf]),
        "none": np.zeros(0),
    }
    answer = Answer(7, arrays, {"sequences": 8, "note": "a · b", "every": True, "error": float("inf")})
    again = Answer.unpacked(answer.packed())
    assert (again.step, again.meta) == (7, answer.meta) and again.arrays.keys() == arrays.keys()
    for name, values in arrays.items():
        np.testing.assert_array_equal(again.arrays[name], values)
        assert again.arrays[name].dtype == values.dtype


@pytest.mark.parametrize("content", [b"", b"nonsense" * 20, Answer(1, {}, {}).packed()[:-3]])
def test_a_damaged_answer_is_a_sentence(content) -> None:
    with pytest.raises(UnrolledError, match="A stored answer is damaged"):
        Answer.unpacked(content)
