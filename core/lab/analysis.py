"""Questions that need torch, answered in a warm process kept for them: neither they nor the training ever wait."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.config import RunConfig
from core.errors import quoted
from core.lab.answers import Answer
from core.lab.request import Request
from core.questions import Contributions, TruncationBias
from core.questions.over_training import Earlier
from core.store import Run, RunFileError, run_path, stored_run
from core.store.codec import pack_frame
from core.store.folder import RUN_ID
from core.store.own_data import serve

if TYPE_CHECKING:
    from core.moment import Moment


def answer(folder: str, kind: str, body: str) -> bytes:
    """The answer to a question of this kind about the runs in ``folder``, as safetensors bytes."""
    from core.training import one_thread_without_subnormals

    serve(Path(folder))
    with one_thread_without_subnormals():
        if kind == "preview":
            return preview(body)
        request = Request.of(body)
        moment, before = _moments(Path(folder), request)
        arrays, meta = request.question.answer(
            moment.held() if request.question.statistics == "held" else moment, before
        )
        return Answer(request.step, arrays, meta).packed()


def preview(body: str) -> bytes:
    """The first frame of training the config in ``body``: the gradient of the untrained network."""
    from core.training import train

    frame = next(train(RunConfig.stored(body)))
    return pack_frame(replace(frame, weights=None))


def _moments(folder: Path, request: Request) -> tuple[Moment, Earlier]:
    """The moment that is asked about, rebuilt from its run's weights, and those before it."""
    from core.training.replay import moment_of

    if request.config is not None:
        return moment_of(request.config, request.step), Earlier()
    run = _run(folder, request.source)
    weights = run.weights(request.step)
    if weights is None:
        raise RunFileError(f"The run `{run.id}` has no weights at step {request.step}. Ask about another step.")
    carried = run.carried(request.step)
    moment = moment_of(run.config, min(request.step, run.config.steps), weights, carried=carried)
    return moment, earlier(run, moment)


def earlier(run: Run, moment: Moment) -> Earlier:
    """The moments before ``moment`` that ``run`` has kept the weights of."""
    from core.training.replay import earlier_moment

    def at(step: int) -> Moment | None:
        weights = run.weights(step)
        return None if weights is None else earlier_moment(moment, step, weights).held()

    return Earlier(tuple(int(step) for step in run.weight_steps if step < moment.step), at)


def _run(folder: Path, run_id: str) -> Run:
    if not RUN_ID.fullmatch(run_id) or not run_path(folder, run_id).exists():
        raise RunFileError(f"There is no run `{quoted(run_id)}` any more. Start one of your own.")
    return stored_run(folder, run_id)


def warm_up() -> None:
    """Answer the quick questions once: what they import, and every first, slow call, is then behind them."""
    config = RunConfig.from_flat({"task.name": "copy", "task.length": 12, "cell.hidden_size": 2, "batch_size": 2})
    for question in (TruncationBias(), Contributions()):
        answer("", question.kind, Request(question, "warm-up", 0, config).body)
