"""The live board: a component in the page and a route that feeds it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.board.component import board

__all__ = ["board"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'app.board' has no attribute {name!r}. It offers: {', '.join(__all__)}.")
    from app.board import component

    return getattr(component, name)
