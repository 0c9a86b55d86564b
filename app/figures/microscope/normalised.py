"""The drawing and the equations of a cell whose products are normalised: N around each, N′ on the way back."""

from __future__ import annotations

import re
from dataclasses import replace

from app.figures.microscope.records import Drawn, Equation

_PRODUCTS = (
    (re.compile(r"\b([WU](?:_[a-z])?) ?(x|h₋|\(r⊙h₋\))"), r"N(\1 \2)"),
    (re.compile(r"tanh²c"), "tanh²N(c)"),
    (re.compile(r"tanh c\b"), "tanh N(c)"),
    (re.compile(r"o⊙c$"), "o⊙N(c)"),
    (re.compile(r"δh⊙c⊙o"), "δh⊙N(c)⊙o"),
    (re.compile(r"m_c \+ (δh⊙o(?:⊙\(1 − tanh²N\(c\)\))?)"), r"m_c + N′(\1)"),
    (re.compile(r"U(_[a-z])?ᵀ ?(α(?:_[a-z])?)"), r"U\1ᵀN′(\2)"),
    (re.compile(r"U_nᵀ\((r⊙α_n)\)"), r"U_nᵀN′(\1)"),
)
"""What stands in the place of a product, and of what a gradient is multiplied with on its way back to one."""


def normalised(drawn: Drawn) -> Drawn:
    """``drawn`` of the same cell without a normalisation, with one."""
    forward, backward = (tuple(map(_normalised, each)) for each in (drawn.forward, drawn.backward))
    return Drawn(_text(drawn.svg), forward, backward)


def _normalised(equation: Equation) -> Equation:
    return replace(equation, symbols=_text(equation.symbols), norm=_text(equation.norm))


def _text(text: str) -> str:
    for product, put in _PRODUCTS:
        text = product.sub(put, text)
    return text
