"""How sure the network would be if it were asked now: the readout of every state, for tasks with two classes.

For the review task: the evidence for "loved" against "hated" after each word, of a drawn review or of one that the
visitor typed (core.tasks.review.read).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from core.backprop.readout import Readout, answers
from core.cells import Cell, Params
from core.errors import UnrolledError
from core.tasks.review import WORDS


@torch.no_grad()
def evidence(cell: Cell, params: Params, readout: Readout, x: Tensor, resets: Collection[int] = ()) -> Tensor:
    """(T, N): logit of class 1 minus logit of class 0, read from the state after each input of x (T, N, C).

    In nats: the log odds of "liked" in the review task. Raises UnrolledError for a readout of other than two classes.
    """
    classes = len(readout["weight"])
    if classes != 2:
        raise UnrolledError(
            f"`classes` (={classes}) must be 2: evidence is for one answer against another. Choose the review task."
        )
    logits = answers(readout, cell.forward(params, x, resets=resets).h[1:])
    return logits[..., 1] - logits[..., 0]


def one_hot(places: Sequence[int], dtype: torch.dtype) -> Tensor:
    """(T, 1, C) with a one at each word's place."""
    return torch.eye(len(WORDS), dtype=dtype)[list(places)].unsqueeze(1)
