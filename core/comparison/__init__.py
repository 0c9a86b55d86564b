"""A comparison: which runs it is made of, what each of them came to, and whether they can be told apart. NumPy only."""

from core.comparison.members import (
    ALL_CELLS,
    MATCHES,
    MOST_MEMBERS,
    MOST_SEEDS,
    Comparison,
    Match,
    Member,
    comparison,
    differences,
    kept,
)
from core.comparison.outcome import Outcome, outcome_of
from core.comparison.parameters import parameters
from core.comparison.suggestions import suggestions
from core.comparison.verdict import ALPHA, Pair, Verdict, seeds_needed, verdict
from core.comparison.words import difference, labels

__all__ = [
    "ALL_CELLS",
    "ALPHA",
    "MATCHES",
    "MOST_MEMBERS",
    "MOST_SEEDS",
    "Comparison",
    "Match",
    "Member",
    "Outcome",
    "Pair",
    "Verdict",
    "comparison",
    "difference",
    "differences",
    "kept",
    "labels",
    "outcome_of",
    "parameters",
    "seeds_needed",
    "suggestions",
    "verdict",
]
