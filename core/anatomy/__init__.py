"""The cells as they say what they are, a file each; no torch. A new cell is one more name in ``_KNOWN``."""

from __future__ import annotations

from core.anatomy.base import Anatomy, DirectPath, Gate, Held, Phi, Role, State
from core.anatomy.gru import GRUAnatomy
from core.anatomy.lstm import LSTMAnatomy
from core.anatomy.peephole import PeepholeAnatomy
from core.anatomy.rnn import RNNAnatomy

_KNOWN = (RNNAnatomy, LSTMAnatomy, PeepholeAnatomy, GRUAnatomy)
ANATOMIES: dict[str, type[Anatomy]] = {anatomy.model_fields["name"].default: anatomy for anatomy in _KNOWN}
"""By name, in the order in which they are offered."""

__all__ = ["ANATOMIES", "Anatomy", "DirectPath", "Gate", "Held", "Phi", "Role", "State"]
