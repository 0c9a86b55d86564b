"""Sweep: a grid or random draws over one to three settings, each point with a few seeds."""

from __future__ import annotations

from app.frame.sweeping import sweep_page

sweep_page()
