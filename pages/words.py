"""Words: the field's own, with symbol, equation, and where each is seen."""

from __future__ import annotations

from app.front.words import words_page

words_page()
