"""Runs: all that this visitor has started or opened from a file."""

from __future__ import annotations

from app.frame.runs import runs_page

runs_page()
