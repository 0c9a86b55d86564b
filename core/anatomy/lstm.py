"""The LSTM: long short-term memory, with a forget gate or in one of its variants."""

from __future__ import annotations

from typing import ClassVar, Literal

from core.anatomy.base import Held
from core.anatomy.carousel import Carousel


class LSTMAnatomy(Carousel):
    """Long short-term memory with a forget gate."""

    word: ClassVar[str] = "LSTM"
    held: ClassVar[Held] = Held(recorded=20, scored=8)
    sees_c: ClassVar[bool] = False

    name: Literal["lstm"] = "lstm"
