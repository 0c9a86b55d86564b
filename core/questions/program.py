"""Can I run this without the app?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.questions.base import Facts, Question

if TYPE_CHECKING:
    from core.moment import Moment
    from core.questions.over_training import Earlier


class Program(Question, frozen=True):
    """The run as a program in plain PyTorch, or as a notebook of the same."""

    changes: ClassVar[bool] = False

    kind: Literal["program"] = "program"
    form: Literal["script", "notebook"] = Field(
        default="script", title="Form", description="A script to run, or a notebook to read on in."
    )
    link: str = Field(
        default="", max_length=4000, title="Link", description="Where the run can be seen; it stands in the program."
    )

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: text (n,) bytes of the program, UTF-8. No facts."""
        from core.script.notebook import notebook
        from core.script.pytorch import script

        write = script if self.form == "script" else notebook
        return {"text": np.frombuffer(write(moment.config, self.link).encode(), np.uint8)}, {}
