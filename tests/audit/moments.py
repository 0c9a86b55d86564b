"""Moments of a run as a visitor may look at them, each as the app shows it and as it truly is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from app.board.known import Answered
from app.board.query import Query
from app.board.source import Memory, Snapshot, Status
from app.board.views import PAGES
from app.board.views.base import Page, Shown, questions
from app.figures.theme import Style
from core.config import RunConfig
from core.data import probes
from core.errors import UnrolledError
from core.frames import Frame
from core.lab.answers import Answer
from core.questions import Question
from core.questions.over_training import Earlier
from core.training.replay import moment_of
from tests.audit.runs import Run
from tests.audit.truth import Truth

OTHERS = ("compare", "untrained", "sweep")
"""Pages that speak of several networks."""
AUDITED = tuple(page for page in PAGES.values() if page.name not in OTHERS)
"""The pages that speak about one moment of one run."""


@dataclass(frozen=True)
class Moment:
    """One moment: the run's ``frames`` up to now, the one on screen, and where the run stands; a name for messages."""

    name: str
    config: RunConfig
    frames: tuple[Frame, ...]
    frame: Frame
    phase: str
    twin: Run | None = None

    def snapshot(self, frames: tuple[Frame, ...], phase: str) -> Snapshot:
        memory = Memory()
        for frame in frames:
            memory.add(frame)
        return memory.snapshot("1", Status(phase))

    def shown(self, page: Page, answers: dict[Question, Answer]) -> Shown:
        """As the page gets it."""
        source: Any = SimpleNamespace(id="run", config=self.config, planes=lambda step: None)
        beside = () if self.twin is None else (
            ("twin", self.twin.config, self.snapshot(self.twin.frames, "finished")),
        )  # fmt: skip
        query = Query(page.name, tuple(page.views), (), self.frame.step, Style())
        snapshot = self.snapshot(self.frames, self.phase)
        return Shown(source, snapshot, beside, Answered(answers), query=query, frame=self.frame)

    def truth(self, answers: dict[Question, Answer]) -> Truth:
        """As it is."""
        over, twin = self.phase in ("finished", "stopped", "failed"), None
        if self.twin is not None:
            twin = Moment("twin", self.twin.config, self.twin.frames, self.twin.frames[-1], "finished").truth({})
        kinds = {question.kind: answer for question, answer in answers.items()}
        scalars = {
            name: np.concatenate([frame.history[name] for frame in self.frames]) for name in self.frames[0].history
        }
        return Truth(
            self.config, self.frame, self.frames[0], scalars, over, self.phase == "preview", kinds,
            {"twin": twin, "recorded": self.frames, "planes": self._plane, "marked": self._marked()},
        )  # fmt: skip

    def _plane(self, name: str) -> np.ndarray:
        """(T, H) of a gate or a state of the top layer in the first of the fixed sequences."""
        assert self.frame.planes is not None
        planes = self.frame.planes.of_layer(self.config.cell.layers - 1)
        states = {"h": planes.h, "c": planes.c}
        values = states[name][1:] if states.get(name) is not None else planes.gates[name]  # pyright: ignore
        return values[:, 0]

    def _marked(self) -> list[int]:
        """The inputs of that sequence that the task names, from 0."""
        return [step - 1 for step, _ in self.config.task.events(probes(self.config).x[:, 0])]


def moments(run: Run) -> Iterator[Moment]:
    """Untrained, in training, looked back at, at the end, stopped early; and with numbers that no small run reaches."""
    config, frames, twin = run.config, run.frames, run.twin
    last, middle = frames[-1], frames[len(frames) // 2]
    yield Moment("preview", config, frames[:1], frames[0], "preview")
    yield Moment("in training", config, frames[: len(frames) // 2 + 1], middle, "running")
    yield Moment("paused, looked back", config, frames, frames[len(frames) // 3], "paused", twin)
    yield Moment("looked back", config, frames, middle, "finished", twin)
    yield Moment("at the end", config, frames, last, "finished", twin)
    yield Moment("stopped", config, frames[: len(frames) // 2 + 1], middle, "stopped")
    for name, made in _made_up(config, middle):
        known = tuple(made if frame.step == middle.step else frame for frame in frames)
        yield Moment(f"{name}, made up", config, known, made, "finished")


def _made_up(config: RunConfig, frame: Frame) -> Iterator[tuple[str, Frame]]:
    """``frame`` with other numbers: scores that solve the task and more extreme gradients, cut where they are cut."""
    rng = np.random.default_rng([config.seed, 5])
    solved = config.task.solved + (1 - config.task.solved) * float(rng.choice([0.0, 0.5, 1.0]))
    history = frame.history | {"score": np.append(frame.history["score"][:-1], solved)}
    yield "solved", replace(frame, score=solved, score_step=frame.step, history=history)
    T = config.task.length
    lags = np.arange(T, -1, -1.0)
    factor = float(
        rng.choice([1.0, 0.5 ** (1 / max(1, config.task.lag)), 2 ** (1 / max(1, config.task.lag)), 0.3, 3.0])
    )
    flow = float(rng.choice([1e-30, 1.0, 1e3])) * factor**lags * np.where(lags > 0, float(rng.choice([1, 1, 0.05])), 1)
    place = int(rng.integers(0, T + 1))
    kind = str(rng.choice(["as it is", "overflow", "nan", "dead", "underflow", "silent"]))
    if kind != "as it is":
        flow[:place] = {"overflow": np.inf, "nan": np.nan, "dead": 0.0, "underflow": 1e-40, "silent": 0.0}[kind]
    if kind == "silent":
        flow[:] = 0.0
    if config.truncation != "full":
        flow[: max(0, T - config.truncation_length) + (config.truncation_length < T)] = 0.0
    parts = {
        "flow": flow,
        "flow_last": flow,
        "grad_h": flow,
        "grad_c": None if frame.grad_c is None else np.zeros_like(flow),
    }
    yield kind, replace(frame, **parts)


def answered(moment: Moment, wanted: list[Question]) -> dict[Question, Answer]:
    """The answers to those questions that have one here."""
    frame, found = moment.frame, {}
    if frame.weights is None:
        return found
    at = moment_of(moment.config, frame.step, frame.weights, carried=frame.carried)
    for question in wanted:
        try:
            asked = at.held() if question.statistics == "held" else at
            found[question] = Answer(frame.step, *question.answer(asked, Earlier()))
        except UnrolledError:
            continue
    return found


def wanted(page: Page, config: RunConfig) -> list[Question]:
    """What the page's words and pictures draw on."""
    query = Query(page.name, tuple(page.views), (), None, Style())
    needs = [page.needs, *(spec.needs for spec in page.views.values())]
    return list(dict.fromkeys(question for each in needs for question in questions(each, query, config)))
