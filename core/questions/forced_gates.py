"""What if a gate had this value?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator

from core.errors import UnrolledError
from core.questions.base import Facts, LayerNumber, Question, place_of
from core.questions.sampling import first_few

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier

Gate = Annotated[str, Field(pattern="^[a-z]$")]
Value = Annotated[float, Field(ge=-1, le=1)]


class ForcedGates(Question, frozen=True):
    """The gradient at the whole state with gates of one layer forced, on the present weights."""

    kind: Literal["probe"] = "probe"
    force: tuple[tuple[Gate, Value], ...] = Field(
        default=(), max_length=8, title="Forced gates", description="Pairs of a gate and its value, each gate once."
    )
    peepholes: Literal["kept", "removed", "cut"] = Field(
        default="kept", title="Peepholes", description="Removed: their weights are 0. Cut: no gradient goes through."
    )

    layer: LayerNumber = None

    @field_validator("force")
    @classmethod
    def _each_once(cls, force: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
        """In the order of the names, so that the same is asked by equal questions."""
        if len(dict(force)) < len(force):
            names = ", ".join(gate for gate, _ in force)
            raise UnrolledError(f"`force` (={names}) names a gate more than once. Give each gate one value.")
        return tuple(sorted(force))

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: before, after (T+1,): flow of the last loss alone. Facts: loss_before, loss_after, sequences of how
        many."""
        from core.diagnostics.probed_moment import last_flow

        some, sizes = first_few(moment)
        before, loss = last_flow(some)
        after, changed = last_flow(some, dict(self.force), self.peepholes, place_of(self, moment))
        return {"before": before, "after": after}, {"loss_before": loss, "loss_after": changed} | sizes
