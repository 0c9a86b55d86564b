"""Questions about a moment of a training, a file a question.

A new question is a file beside these and its class in ``AnyQuestion``. No torch: the web process builds questions, the
analysis process answers them.
"""

from __future__ import annotations

from typing import Annotated, Any, Union, get_args

from pydantic import Field, TypeAdapter, ValidationError

from core.errors import UnrolledError, quoted
from core.questions.base import Question
from core.questions.cell_costs import CellCosts
from core.questions.checked_gradient import CheckedGradient
from core.questions.clipping import Clipping
from core.questions.contributions import Contributions
from core.questions.credit_landing import CreditLanding
from core.questions.each_gate_forced import EachGateForced
from core.questions.evidence import Evidence
from core.questions.fading_memory import FadingMemory
from core.questions.forced_gates import ForcedGates
from core.questions.forecast import Forecast
from core.questions.gate_use import GateUse
from core.questions.gradient_by_length import GradientByLength
from core.questions.gradient_paths import GradientPaths
from core.questions.initial_gradients import InitialGradients
from core.questions.itemised_credit import ItemisedCredit
from core.questions.lyapunov_exponents import LyapunovExponents
from core.questions.memory_capacity import MemoryCapacity
from core.questions.prediction_origin import PredictionOrigin
from core.questions.program import Program
from core.questions.recurrent_spectra import RecurrentSpectra
from core.questions.theory import Theory
from core.questions.training_step import TrainingStep
from core.questions.truncation_bias import TruncationBias
from core.questions.truncation_cost import TruncationCost
from core.questions.ways_through_layers import WaysThroughLayers
from core.questions.writing import Writing

AnyQuestion = Annotated[
    Union[
        TruncationBias, Contributions, Clipping, TruncationCost,
        TrainingStep, Theory, LyapunovExponents, CheckedGradient, RecurrentSpectra,
        GateUse, GradientPaths, ForcedGates, EachGateForced, ItemisedCredit, CreditLanding,
        FadingMemory, MemoryCapacity, Evidence, Forecast,
        InitialGradients, GradientByLength, CellCosts,
        Program, WaysThroughLayers, Writing, PredictionOrigin,
    ],
    Field(discriminator="kind"),
]  # fmt: skip
"""The registry: a question stands here once, and its ``kind`` tells it from the others."""

QUESTIONS: tuple[type[Question], ...] = get_args(get_args(AnyQuestion)[0])
_any: TypeAdapter[Question] = TypeAdapter(AnyQuestion)


def question_of(told: Any) -> Question:
    """The question that a JSON object ``told``, as ``Question.text`` has it. Raises UnrolledError."""
    try:
        return _any.validate_python(told)
    except ValidationError:
        kind = told.get("kind") if isinstance(told, dict) else told
        raise UnrolledError(
            f"The question `{quoted(kind)}` is not known: it is of another version. Load the page again, or restart "
            "the worker."
        ) from None


__all__ = [
    "QUESTIONS", "CellCosts", "CheckedGradient", "Clipping", "Contributions", "CreditLanding", "EachGateForced",
    "Evidence", "FadingMemory", "ForcedGates", "Forecast", "GateUse", "GradientByLength", "GradientPaths",
    "InitialGradients", "ItemisedCredit", "LyapunovExponents", "MemoryCapacity", "PredictionOrigin", "Program",
    "Question", "RecurrentSpectra", "Theory", "TrainingStep", "TruncationBias", "TruncationCost", "WaysThroughLayers",
    "Writing", "question_of",
]  # fmt: skip
