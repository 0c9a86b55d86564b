"""Questions that need torch, answered in a warm process kept for them: neither they nor the training ever wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.config import RunConfig
from core.errors import UnrolledError, quoted
from core.lab import about_cell, about_memory, about_microscope
from core.lab.answers import Answer, Asked, Facts
from core.store import Run, RunFileError, load_run, run_path
from core.store.codec import pack_frame
from core.store.folder import RUN_ID

if TYPE_CHECKING:
    from core.moment import Moment


def answer(folder: str, kind: str, body: str) -> bytes:
    """The answer to a question of this kind about the runs in ``folder``, as safetensors bytes."""
    from core.training import one_thread_without_subnormals

    with one_thread_without_subnormals():
        if kind == "preview":
            return preview(body)
        asked = Asked.of(checked(kind), body)
        arrays, meta = _facts(Path(folder), asked)
        return Answer(asked.step, arrays, meta).packed()


def checked(kind: str) -> str:
    """``kind``, which somebody here answers. Raises UnrolledError."""
    name, colon, argument = kind.partition(":")
    if name not in QUESTIONS.keys() | WITH_ARGUMENT.keys() | OVER_TRAINING.keys():
        raise UnrolledError(f"The worker does not know the question `{name}`. Restart it: it is of an older version.")
    if colon and name not in WITH_ARGUMENT:
        raise UnrolledError(f"The question `{name}` takes no argument (={quoted(argument)}). Leave it out.")
    return kind


def _facts(folder: Path, asked: Asked) -> Facts:
    """What the function registered for the question says; one ``WITH_ARGUMENT`` gets the text after the colon."""
    (name, _, argument), moment = asked.kind.partition(":"), _moment(folder, asked)
    if name in WITH_ARGUMENT:
        return WITH_ARGUMENT[name](moment, argument)
    if name in OVER_TRAINING:
        return OVER_TRAINING[name](moment, _run(folder, asked))
    return QUESTIONS[name](moment)


def preview(body: str) -> bytes:
    """The first frame of training the config in ``body``: the gradient of the untrained network."""
    from core.training import train

    frame = next(train(RunConfig.model_validate_json(body)))
    return pack_frame(replace(frame, weights=None))


def _moment(folder: Path, asked: Asked) -> Moment:
    from core.training.replay import moment_of

    run = _run(folder, asked)
    if run is None:
        assert asked.config is not None
        return moment_of(asked.config, asked.step)
    weights = run.weights(asked.step)
    if weights is None:
        raise RunFileError(f"The run `{run.id}` has no weights at step {asked.step}. Ask about another step.")
    return moment_of(run.config, min(asked.step, run.config.steps), weights)


def _run(folder: Path, asked: Asked) -> Run | None:
    """The stored run that is asked about; None for an untrained network, which has none."""
    if asked.config is not None:
        return None
    if not RUN_ID.fullmatch(asked.source) or not (path := run_path(folder, asked.source)).exists():
        raise RunFileError(f"There is no run `{quoted(asked.source)}` any more. Start one of your own.")
    return load_run(path)


def truncation(moment: Moment) -> Facts:
    """Full against truncated for every K, on the first sequences of the batch."""
    from core.diagnostics.truncation_bias import sequences_for, truncation_bias

    few = moment.of_first(sequences_for(moment))
    arrays = truncation_bias(few)
    every_k = len(arrays["windows.K"]) == len(arrays["sliding.K"]) == few.batch.x.shape[0]
    return arrays, about_cell.looked_at(few, moment) | {"losses": int(few.batch.asked.sum()), "every_k": every_k}


def sequences(moment: Moment) -> Facts:
    """What each sequence and each step adds to the gradient."""
    from core.diagnostics.sequences import MOST_SEQUENCES, contributions

    some = moment.of_first(MOST_SEQUENCES)
    return contributions(some), about_cell.looked_at(some, moment)


def clip(moment: Moment) -> Facts:
    """What each kind of clipping would do to the gradient, at every threshold."""
    from core.diagnostics.clip_kinds import clip_kinds, sequences_for

    some = moment.of_first(sequences_for(moment))
    return clip_kinds(some), about_cell.looked_at(some, moment)


def cost(moment: Moment) -> Facts:
    """Time and memory of a training step in windows of K."""
    from core.diagnostics.cost import cost

    return cost(moment), {"sequences": moment.batch.x.shape[1], "clock": "processor time of one core"}


QUESTIONS: dict[str, Callable[[Moment], Facts]] = {
    "truncation": truncation,
    "sequences": sequences,
    "clip": clip,
    "cost": cost,
    "probes": about_cell.probes,
    "credit": about_cell.credit,
}

WITH_ARGUMENT: dict[str, Callable[[Moment, str], Facts]] = {
    "slow": about_microscope.slow,
    "theory": about_microscope.theory,
    "exponents": about_microscope.exponents,
    "check": about_microscope.check,
    "paths": about_cell.paths,
    "probe": about_cell.probe,
    "fading": about_memory.fading,
    "capacity": about_memory.capacity,
    "evidence": about_memory.evidence,
}
"""Questions with an argument, which reaches the function as the text it came as ("" where there is none): anyone's
input, so it raises UnrolledError for what it cannot mean."""

OVER_TRAINING: dict[str, Callable[[Moment, Run | None], Facts]] = {
    "spectra": about_microscope.spectra,
    "gates": about_cell.gates,
    "landing": about_cell.landing,
}
"""Questions about all stored weights of a run up to the moment; None is a network that is not trained yet."""


def warm_up() -> None:
    """Answer the quick questions once: what they import, and every first, slow call, is then behind them."""
    config = RunConfig.from_flat({"task.name": "copy", "task.length": 12, "cell.hidden_size": 2, "batch_size": 2})
    for kind in ("truncation", "sequences"):
        answer("", kind, Asked(kind, "warm-up", 0, config).body)
