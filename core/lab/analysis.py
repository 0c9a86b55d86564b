"""Questions that need torch, answered in a warm process kept for them: neither they nor the training ever wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.config import RunConfig
from core.errors import UnrolledError
from core.store.codec import pack_frame


def answer(kind: str, body: str) -> bytes:
    """The answer to a question of this kind, as safetensors bytes."""
    if kind not in QUESTIONS:
        raise UnrolledError(f"The worker does not know the question `{kind}`. Restart it: it is of an older version.")
    return QUESTIONS[kind](body)


def preview(body: str) -> bytes:
    """The first frame of training the config in ``body``: the gradient of the untrained network."""
    from core.training import train

    frame = next(train(RunConfig.model_validate_json(body)))
    return pack_frame(replace(frame, weights=None))


QUESTIONS: dict[str, Callable[[str], bytes]] = {"preview": preview}
