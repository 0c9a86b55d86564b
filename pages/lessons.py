"""Lessons: the list, or the one that the address names."""

from __future__ import annotations

from app.lessons.page import lessons_page

lessons_page()
