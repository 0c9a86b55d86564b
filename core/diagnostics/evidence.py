"""How sure the network would be if it were asked now: the readout of every state, for tasks with two classes.

For the review task: the evidence for "loved" against "hated" after each word, of a drawn review or of one that the
visitor typed.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.backprop.readout import Readout, answers
from core.cells import Cell, Params
from core.errors import UnrolledError, quoted
from core.tasks.review import WORDS


@torch.no_grad()
def evidence(cell: Cell, params: Params, readout: Readout, x: Tensor) -> Tensor:
    """(T, N): logit of class 1 minus logit of class 0, read from the state after each input of x (T, N, C).

    In nats: the log odds of "liked" in the review task. Raises UnrolledError for a readout of other than two classes.
    """
    classes = len(readout["weight"])
    if classes != 2:
        raise UnrolledError(
            f"`classes` (={classes}) must be 2: evidence is for one answer against another. Choose the review task."
        )
    logits = answers(readout, cell.forward(params, x).h[1:])
    return logits[..., 1] - logits[..., 0]


def typed(text: str, dtype: torch.dtype = torch.float32) -> tuple[Tensor, list[str]]:
    """A typed review as inputs (T, 1, C) and its words; commas and full stops are left out, case does not matter.

    Raises UnrolledError where there is no word, or one that the task does not have.
    """
    known = {word.lower(): word for word in WORDS}
    words = [word.lower() for word in text.replace(",", " ").replace(".", " ").split()]
    if not words:
        raise UnrolledError("`review` (=nothing) must have at least one word. Type one, such as “I loved this movie”.")
    for word in words:
        if word not in known:
            raise UnrolledError(
                f"`review` has the word “{quoted(word)}”, which the network never saw. Use words of the task: "
                f"{', '.join(WORDS)}."
            )
    return one_hot([WORDS.index(known[word]) for word in words], dtype), [known[word] for word in words]


def one_hot(places: Sequence[int], dtype: torch.dtype) -> Tensor:
    """(T, 1, C) with a one at each word's place."""
    return torch.eye(len(WORDS), dtype=dtype)[list(places)].unsqueeze(1)
