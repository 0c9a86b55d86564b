"""A run to take along, a file a format. No torch: the web process hands them out.

What is a program (``core.script``) needs torch, and what is drawn needs plotly; who has those adds them.
"""

from core.exports.base import Export, Moment, file_name
from core.exports.event_files import TENSORBOARD
from core.exports.numbers import CSV, JSON, PARQUET
from core.exports.references import BIBTEX
from core.exports.run_copy import RUN
from core.exports.weights import WEIGHTS

EXPORTS: dict[str, Export] = {
    export.name: export for export in (RUN, CSV, PARQUET, JSON, WEIGHTS, TENSORBOARD, BIBTEX)
}  # fmt: skip
"""By name, in the order in which they are offered."""

__all__ = ["EXPORTS", "Export", "Moment", "file_name"]
