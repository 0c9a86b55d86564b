"""The peephole LSTM: gates that see the cell state."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from core.anatomy.base import Held
from core.anatomy.carousel import Carousel


class PeepholeAnatomy(Carousel):
    """LSTM whose gates also see the cell state."""

    word: ClassVar[str] = "Peephole LSTM"
    held: ClassVar[Held] = Held(recorded=23, scored=8)
    sees_c: ClassVar[bool] = True

    name: Literal["peephole"] = "peephole"
    peephole_gradient: Literal["full", "gers"] = Field(
        default="full",
        title="Peephole gradient",
        description="Full: as autograd has it. Gers 2002 stops the gradient at the peepholes.",
        json_schema_extra={"labels": {"full": "full", "gers": "stopped (Gers 2002)"}},
    )
