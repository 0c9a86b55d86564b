"""Lessons on the page: the list, a step with its question, the teacher's sheet."""
