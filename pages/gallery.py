"""Gallery: results of the literature, with what they gave here."""

from __future__ import annotations

from app.gallery.page import gallery_page

gallery_page()
