"""A comparison: which runs it is made of, what each of them came to, and whether they can be told apart. NumPy only."""

from core.comparison.duration import Left, seconds_left
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
    other_cells,
)
from core.comparison.parameters import parameters
from core.comparison.power import least_of_a_pair, least_of_all, most_told_apart, seeds_needed
from core.comparison.scorings import common_scorings
from core.comparison.suggestions import remedies, suggestions
from core.comparison.verdict import ALPHA, Pair, Verdict, verdict
from core.comparison.words import difference, labels, value_words

__all__ = [
    "ALL_CELLS",
    "ALPHA",
    "MATCHES",
    "MOST_MEMBERS",
    "MOST_SEEDS",
    "Comparison",
    "Left",
    "Match",
    "Member",
    "Pair",
    "Verdict",
    "common_scorings",
    "comparison",
    "difference",
    "differences",
    "kept",
    "labels",
    "least_of_a_pair",
    "least_of_all",
    "most_told_apart",
    "other_cells",
    "parameters",
    "remedies",
    "seconds_left",
    "seeds_needed",
    "suggestions",
    "value_words",
    "verdict",
]
