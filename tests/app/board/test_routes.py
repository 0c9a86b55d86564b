"""The board's routes: what is sent, how large, how often it is made, and what is refused."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.board import reply as reply_module
from app.board import sources as source_module
from app.board.routes import PLOTLY_PATH, routes
from app.board.views import PAGES, Page, ViewSpec
from app.figures.base import Knob, View
from core.config import RunConfig
from core.data import PROBES
from core.errors import UnrolledError
from core.frames import Planes
from core.lab.client import NoAnswer
from core.questions import Question, TruncationBias

CONFIG = RunConfig.from_flat({"task.length": 30, "steps": 20, "cell.hidden_size": 4})
LARGE = RunConfig.from_flat({"task.length": 200, "cell.hidden_size": 64, "steps": 300})


def pictures(page: str, config: RunConfig) -> set[str]:
    """Names of those that belong to such settings."""
    return set(PAGES[page].views) - set(PAGES[page].left_out(config))


@pytest.fixture
def served(lab, make_frame):
    """Routes over one running run of eleven frames."""
    lab.add("run-one", CONFIG, [make_frame(CONFIG, k, planes=k % 5 == 0) for k in range(11)])
    return routes(lab)


def test_everything_at_once(served, ask) -> None:
    (answer,) = ask(served, "/runs/run-one/board")
    body = answer.json
    assert answer.status == 200 and answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-encoding"] == "gzip" and set(body["views"]) == pictures("gradient_flow", CONFIG)
    numbers = {"step": 10, "shown": 10, "total": 20, "stride": 1}
    assert body["transport"].items() >= ({"phase": "running", "moving": True, "problem": ""} | numbers).items()
    assert body["transport"]["text"] == "step 10 of 20, 50 steps/s, 1 s left"
    assert 3 <= len(body["caption"]["figures"]) <= 5 and not body["pending"] and not body["absent"]
    assert all(view["title"] and view["hint"] and view["alt"] for view in body["views"].values())


def test_only_what_is_on_screen(served, ask) -> None:
    (answer,) = ask(served, "/runs/run-one/board?views=strip,curve&tables=strip")
    views = answer.json["views"]
    assert set(views) == {"strip", "curve"}
    assert len(views["strip"]["table"]["rows"]) == 31 and "table" not in views["curve"]


def test_a_recorded_moment(served, ask) -> None:
    (answer,) = ask(served, "/runs/run-one/board?cursor=7")
    assert answer.json["transport"]["shown"] == 7 and answer.json["transport"]["step"] == 10
    assert "at training step 5;" in answer.json["views"]["gates"]["hint"]


def test_a_knob_is_turned_by_the_query(served, ask) -> None:
    one, two = ask(served, *(f"/runs/run-one/board?views=gates&knobs=probe:{probe}" for probe in "12"))
    shown = [answer.json["views"]["gates"] for answer in (one, two)]
    assert [view["knobs"][0]["value"] for view in shown] == ["1", "2"]
    assert shown[0]["figure"]["data"] != shown[1]["figure"]["data"]
    assert shown[0]["problems"] == []


@pytest.mark.parametrize("value", ["99", "-1", "cat", "1.5"])
def test_a_knob_that_cannot_stand_there_is_explained(served, ask, value: str) -> None:
    (answer,) = ask(served, f"/runs/run-one/board?views=gates&knobs=probe:{value}")
    (problem,) = answer.json["views"]["gates"]["problems"]
    assert problem.startswith(f"`knob.probe` (={value}) must be one of 0, 1, ") and "It stands at" in problem


def only(spec: ViewSpec) -> Page:
    """A page with one picture, and the front page's words."""
    return Page("only", {"strip": spec}, PAGES["gradient_flow"].caption)


def slider(shown) -> View:
    view = PAGES["gradient_flow"].views["strip"].build(shown)
    assert view is not None
    return replace(view, knobs=(Knob("k", "window K", shown.knob("k", "5"), 1, 30, 1),))


@pytest.mark.parametrize("value, fits", [("1", True), ("30", True), ("7.5", True), ("0", False), ("nan", False),
                                         ("inf", False), ("many", False)])  # fmt: skip
def test_a_slider_has_bounds(served, ask, monkeypatch, value: str, fits: bool) -> None:
    monkeypatch.setitem(PAGES, "truncation_lab", only(ViewSpec(slider, True, 90, "A", knobs=("k",))))
    (answer,) = ask(served, f"/runs/run-one/board?page=truncation_lab&views=strip&knobs=k:{value}")
    assert answer.json["views"]["strip"]["problems"] == ([] if fits else
        [f"`knob.k` (={value}) must be a number from 1 to 30. It stands at {value}."])  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_every_page_s_board_is_answered(served, ask, page: str) -> None:
    (answer,) = ask(served, f"/runs/run-one/board?page={page}")
    assert answer.status == 200
    assert set(answer.json["views"]) | set(answer.json["absent"]) == pictures(page, CONFIG)


@dataclass
class Slow:
    """A question that is answered when ``answer`` is set, or fails."""

    answer: Any = None
    error: str = ""

    def get(self, question: Question, source_id: str, step_shown: int, live: bool) -> tuple[Any, bool]:
        if self.error:
            raise UnrolledError(self.error)
        return self.answer, self.answer is None


def test_an_answer_is_drawn_when_it_is_there(lab, make_frame, ask, monkeypatch) -> None:
    def build(shown) -> View | None:
        view = PAGES["gradient_flow"].views["strip"].build(shown)
        return view if shown.answer(TruncationBias()) else None

    answers = Slow()
    lab.add("run-one", CONFIG, [make_frame(CONFIG, 0)], "finished")
    monkeypatch.setattr("app.board.routes.Answers", lambda lab: answers)
    monkeypatch.setattr("app.board.needed.FIRST_SECONDS", 0)
    monkeypatch.setitem(PAGES, "truncation_lab", only(ViewSpec(build, True, 90, "A", needs=(TruncationBias(),))))
    served, url = routes(lab), "/runs/run-one/board?page=truncation_lab&views=strip"
    (waiting,) = ask(served, url)
    assert waiting.json["pending"] and waiting.json["absent"] == {"strip": "Being worked out …"}
    answers.answer = SimpleNamespace(step=0)
    (there,) = ask(served, f"{url}&after={waiting.json['seq']}")
    assert not there.json["pending"] and list(there.json["views"]) == ["strip"] and there.json["absent"] == {}
    (same,) = ask(served, f"{url}&after={there.json['seq']}")
    assert same.status == 204
    answers.error = "The worker has no room for this. Lower `batch_size`."
    (failed,) = ask(served, f"{url}&after={there.json['seq']}")
    assert failed.json["absent"] == {"strip": answers.error} and not failed.json["pending"]


def test_runs_alongside_are_seen_and_move_the_board(lab, make_frame, ask, monkeypatch) -> None:
    seen: list[Any] = []

    def build(shown) -> View | None:
        seen.append([(run, config.cell.name, snapshot.last.step) for run, config, snapshot in shown.beside])
        return PAGES["gradient_flow"].views["strip"].build(shown)

    monkeypatch.setitem(PAGES, "clipping_lab", only(ViewSpec(build, True, 90, "A")))
    monkeypatch.setattr(source_module, "FRESH_SECONDS", 0)
    other = CONFIG.replace(**{"cell.name": "gru"})
    lab.add("run-one", CONFIG, [make_frame(CONFIG, 20)], "finished")
    twin = lab.add("run-two", other, [make_frame(other, 3)])
    served, url = routes(lab), "/runs/run-one/board?page=clipping_lab&views=strip&beside=run-two,run-gone"
    (first,) = ask(served, url)
    assert seen == [[("run-two", "gru", 3)]]
    assert first.json["transport"]["moving"] and first.json["transport"]["phase"] == "finished"
    assert first.json["transport"]["text"].endswith("finished · 1 beside it still training")
    twin.recorded.append(make_frame(other, 4))
    (second,) = ask(served, f"{url}&after={first.json['seq']}")
    assert second.status == 200 and seen[-1] == [("run-two", "gru", 4)]


def test_a_preview_beside_it_that_takes_long_is_shown_when_it_comes(lab, make_frame, ask) -> None:
    other = CONFIG.replace(**{"cell.name": "gru"})
    lab.add("run-one", CONFIG, [make_frame(CONFIG, 20)], "finished")
    lab.slow = {"abc"}
    served, url = routes(lab), "/runs/run-one/board?page=compare&views=table&beside=run-one,preview-abc"
    (first,) = ask(served, url)
    assert first.status == 200 and first.json["pending"] and len(first.json["views"]["table"]["sheet"]["rows"]) == 1
    lab.slow, lab.previews = set(), {"abc": (other, make_frame(other))}
    (second,) = ask(served, f"{url}&after={first.json['seq']}")
    assert not second.json["pending"] and len(second.json["views"]["table"]["sheet"]["rows"]) == 2


def test_nothing_new_is_no_answer(served, ask) -> None:
    (first,) = ask(served, "/runs/run-one/board?views=strip")
    (second,) = ask(served, f"/runs/run-one/board?views=strip&after={first.json['seq']}")
    assert second.status == 204 and second.body == b""


def test_many_viewers_one_build(served, ask, monkeypatch) -> None:
    built: list[int] = []
    real = reply_module.reply
    monkeypatch.setattr("app.board.routes.reply", lambda *given: built.append(1) or real(*given))
    monkeypatch.setattr(source_module, "FRESH_SECONDS", 1e6)
    answers = ask(served, *["/runs/run-one/board?theme=dark"] * 100)
    assert {answer.status for answer in answers} == {200} and len({answer.body for answer in answers}) == 1
    assert built == [1]


def test_pins_of_runs_and_previews(lab, make_frame, ask) -> None:
    other = CONFIG.replace(**{"cell.name": "gru"})
    lab.add("run-one", CONFIG, [make_frame(CONFIG, k) for k in range(3)])
    lab.previews["f00"] = (other, make_frame(other))
    (answer,) = ask(routes(lab), "/runs/run-one/board?views=curve&pins=run-one@1,preview-f00@0,run-gone@4")
    labels = [pin["label"] for pin in answer.json["pins"]]
    assert labels == ["LSTM, H 4, step 1", "GRU, H 4, untrained", "no longer on this server"]
    names = [trace.get("name") for trace in answer.json["views"]["curve"]["figure"]["data"]]
    assert {"LSTM, H 4, step 1", "GRU, H 4, untrained"} <= set(names)


def test_a_preview(lab, make_frame, ask) -> None:
    lab.previews["f00"] = (CONFIG, make_frame(CONFIG, planes=True))
    (answer,) = ask(routes(lab), "/runs/preview-f00/board")
    assert answer.json["transport"]["text"] == "untrained, 20 steps to go"
    assert "untrained LSTM" in answer.json["caption"]["headline"]


def test_a_queued_run_has_a_place_and_no_pictures(lab, ask) -> None:
    lab.states["run-one"] = {"config": CONFIG, "status": "queued", "outcome": "", "position": 2}
    (answer,) = ask(routes(lab), "/runs/run-one/board")
    assert answer.json["views"] == {} and answer.json["transport"]["text"] == "queued, 2 runs before it"


def test_an_exploded_run_is_shown(lab, make_frame, ask) -> None:
    bad = make_frame(CONFIG, 1, flow=np.full(31, np.nan, np.float32), loss=np.nan, grad_norm=np.inf)
    lab.add("run-one", CONFIG, [make_frame(CONFIG, 0), bad], "finished")
    (answer,) = ask(routes(lab), "/runs/run-one/board")
    assert answer.json["caption"]["headline"] == "The loss stopped being a number at training step 1."


@pytest.mark.parametrize(
    "url, status, word",
    [("/runs/run-two/board", 404, "run-two"), ("/runs/preview-zz/board", 404, "zz"),
     ("/runs/run-one/board?cursor=-3", 400, "cursor"), ("/runs/run-one/board?views=%3Cscript%3E", 400, "views"),
     ("/runs/run-two/take/run", 404, "run-two"), ("/runs/preview-zz/take/run", 404, "Press Train")],
)  # fmt: skip
def test_refusals_are_sentences(served, ask, url: str, status: int, word: str) -> None:
    (answer,) = ask(served, url)
    assert answer.status == status and word in answer.json["error"] and answer.json["error"].endswith(".")


def test_a_preview_that_is_still_computed_may_come_yet(lab, ask, monkeypatch) -> None:
    def busy(preview_id: str, wait: float) -> None:
        raise NoAnswer("The worker that computes previews is busy with others. Try again in a moment.")

    monkeypatch.setattr(lab, "preview_of", busy)
    (answer,) = ask(routes(lab), "/runs/preview-f00/board")
    assert answer.status == 503


def test_who_takes_no_gzip_gets_plain_json(served, ask) -> None:
    (answer,) = ask(served, "/runs/run-one/board?views=strip", accept="identity")
    assert answer.headers["content-encoding"] == "identity" and answer.json["id"] == "run-one"


def test_plotly_comes_from_the_installed_package_for_good(served, ask) -> None:
    (answer,) = ask(served, f"/{PLOTLY_PATH}")
    assert "immutable" in answer.headers["cache-control"] and answer.headers["content-encoding"] == "gzip"
    assert b"plotly.js" in gzip.decompress(answer.body)[:300]


def smooth_planes(config: RunConfig) -> Planes:
    """Gates as a trained net has them: each unit with its own level and slow drift, and the inputs' noise on top."""
    rng = np.random.default_rng(1)
    T, H = config.task.length, config.cell.hidden_size

    def plane(length: int) -> np.ndarray:
        drift = rng.normal(0, 0.05, (length, PROBES, H)).cumsum(0)
        return np.tanh(rng.normal(0, 1, H) + drift + rng.normal(0, 0.03, (length, PROBES, H))).astype(np.float32)

    return Planes({name: (plane(T) + 1) / 2 for name in "ifgo"}, plane(T + 1), plane(T + 1))


def test_the_default_board_fits_the_wire(lab, make_frame, ask) -> None:
    rng = np.random.default_rng(0)
    start, end = rng.normal(0, 0.1, (2, 201)).cumsum(1)
    frames = []
    for k in range(300):
        flow = (10 ** (start + k / 300 * end + rng.normal(0, 0.3))).astype(np.float32)
        frames.append(make_frame(LARGE, k, flow=flow, loss=rng.uniform(), grad_norm=rng.uniform(0, 3)))
    object.__setattr__(frames[-1], "planes", smooth_planes(LARGE))
    lab.add("run-one", LARGE, frames)
    (answer,) = ask(routes(lab), "/runs/run-one/board")
    assert set(answer.json["views"]) == pictures("gradient_flow", LARGE)
    assert len(answer.body) <= 60_000
