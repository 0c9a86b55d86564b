"""Which gate does the gradient hang on?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from core.cost import question_seconds
from core.errors import UnrolledError
from core.questions.base import Facts, LayerNumber, Question, place_of
from core.questions.sampling import first_few

if TYPE_CHECKING:
    from core.diagnostics.probe import Peepholes
    from core.moment import Moment
    from core.questions.over_training import Earlier

MOST_SECONDS = 2.5
"""What forcing every gate, one after the other, may take."""


class EachGateForced(Question, frozen=True):
    """Every gate of one layer shut and open, one at a time; the peepholes of all removed and cut."""

    kind: Literal["probes"] = "probes"
    layer: LayerNumber = None

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: before (T+1,), after (n, T+1): flow of the last loss alone; loss (n,). Facts: names (n,),
        "<gate>=<value>" or "peepholes=<how>"; loss_before, sequences of how many."""
        from core.diagnostics.probed_moment import last_flow

        (some, sizes), k = first_few(moment), place_of(self, moment)
        forced = [(q, value) for q in moment.cell.gate_names for value in (0, 1)]
        changed: tuple[Peepholes, ...] = ("removed", "cut") if moment.cell.anatomy.peepholes else ()
        names = [*(f"{q}={value}" for q, value in forced), *(f"peepholes={how}" for how in changed)]
        if (1 + len(names)) * _seconds(some) > MOST_SECONDS:
            raise UnrolledError(
                f"`task.length` (={moment.config.task.length:,}) and `cell.hidden_size` "
                f"(={moment.config.cell.hidden_size}) make all {len(names)} probes too slow to be worked out at once. "
                "Force a single gate, or lower one of them."
            )
        before, loss = last_flow(some)
        flows = [last_flow(some, {q: value}, of_layer=k) for q, value in forced]
        flows += [last_flow(some, peepholes=how) for how in changed]
        after = np.stack([flow for flow, _ in flows]) if flows else np.zeros((0, len(before)))
        arrays = {"before": before, "after": after, "loss": np.array([value for _, value in flows])}
        return arrays, {"names": names, "loss_before": loss} | sizes


def _seconds(moment: Moment) -> float:
    """Of one probe: forward and backward."""
    return question_seconds(moment.config, moment.batch.x[..., 0].size, 2)
