"""A small drawing in the page's own ink, for the controls: there Streamlit lets no SVG element through, but a mask."""

from __future__ import annotations

from html import escape
from urllib.parse import quote


def inked(shapes: str, width: int, height: int, text: str) -> str:
    """HTML of SVG ``shapes`` on a canvas of ``width`` by ``height``: they take the colour of the page's texts, as far
    as they are opaque. ``text`` stands under them, and for whoever does not see them."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{shapes}</svg>'
    mask = f"url('data:image/svg+xml,{quote(svg)}') no-repeat center / contain"
    said = escape(text)
    return (
        f'<div class="inked" role="img" aria-label="{said}" style="width:100%;aspect-ratio:{width}/{height};'
        f'background:currentColor;mask:{mask}"></div>'
        f'<div style="font-size:0.8rem;opacity:0.75">{said}</div>'
    )
