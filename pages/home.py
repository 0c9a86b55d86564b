"""Home: a recorded training, four questions, the lessons, the laboratories."""

from __future__ import annotations

from app.front.home import home_page

home_page()
