"""A sweep: a grid or random draws over one to three settings, each point with a few seeds. No torch.

It is a comparison whose members are generated: their runs see the same batches seed by seed, are trained in the same
waves, cost what core.comparison says and are told apart by its tests.
"""

from core.sweep.axes import FORMS, MOST_AXES, Axis
from core.sweep.plan import MOST_DRAWS, MOST_RUNS, Point, Sweep, sweep
from core.sweep.report import as_json, as_table, run_rows
from core.sweep.results import GOING, QUANTITIES, Measured, Quantity, Result, Results, State, measured
from core.sweep.words import cost_words, decision, size_words

__all__ = [
    "FORMS",
    "GOING",
    "MOST_AXES",
    "MOST_DRAWS",
    "MOST_RUNS",
    "QUANTITIES",
    "Axis",
    "Measured",
    "Point",
    "Quantity",
    "Result",
    "Results",
    "State",
    "Sweep",
    "as_json",
    "as_table",
    "cost_words",
    "decision",
    "measured",
    "run_rows",
    "size_words",
    "sweep",
]
