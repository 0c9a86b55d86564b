"""A run as a program of its own. It is written by what knows the engine's source, and so needs torch."""

from __future__ import annotations

from core.exports.base import Export
from core.script.notebook import notebook
from core.script.pytorch import script

SCRIPT = Export(
    "script", "PyTorch script", "Plain torch, about two pages: the same data, start and updates, and its gradient.",
    ".py", "text/x-python", lambda moment: script(moment.run.config, moment.link).encode(),
)  # fmt: skip
NOTEBOOK = Export(
    "notebook", "Notebook", "The same script as a notebook.", ".ipynb", "application/x-ipynb+json",
    lambda moment: notebook(moment.run.config, moment.link).encode(),
)  # fmt: skip
