"""The board's routes: what is sent, how large, how often it is made, and what is refused."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from app.board import reply as reply_module
from app.board import sources as source_module
from app.board.query import VIEWS
from app.board.routes import PLOTLY_PATH, routes
from core.config import RunConfig
from core.data import PROBES
from core.frames import Planes
from core.lab.client import NoAnswer

CONFIG = RunConfig.from_flat({"task.length": 30, "steps": 20, "cell.hidden_size": 4})
LARGE = RunConfig.from_flat({"task.length": 200, "cell.hidden_size": 64, "steps": 300})


@pytest.fixture
def served(lab, make_frame):
    """Routes over one running run of eleven frames."""
    lab.add("run-one", CONFIG, [make_frame(CONFIG, k, planes=k % 5 == 0) for k in range(11)])
    return routes(lab)


def test_everything_at_once(served, ask) -> None:
    (answer,) = ask(served, "/runs/run-one/board")
    body = answer.json
    assert answer.status == 200 and answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-encoding"] == "gzip" and set(body["views"]) == set(VIEWS)
    numbers = {"step": 10, "shown": 10, "total": 20, "stride": 1}
    assert body["transport"].items() >= ({"phase": "running", "moving": True, "problem": ""} | numbers).items()
    assert body["transport"]["text"] == "step 10 of 20, 50 steps/s, 1 s left"
    assert len(body["probes"]) == PROBES and 3 <= len(body["caption"]["figures"]) <= 5
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
     ("/runs/run-two/file", 404, "run-two"), ("/runs/preview-zz/file", 404, "Press Train")],
)  # fmt: skip
def test_refusals_are_sentences(served, ask, url: str, status: int, word: str) -> None:
    (answer,) = ask(served, url)
    assert answer.status == status and word in answer.json["error"] and answer.json["error"].endswith(".")


def test_a_preview_that_is_still_computed_may_come_yet(lab, ask, monkeypatch) -> None:
    def busy(preview_id: str) -> None:
        raise NoAnswer("The worker that computes previews is busy with others. Try again in a moment.")

    monkeypatch.setattr(lab, "preview_of", busy)
    (answer,) = ask(routes(lab), "/runs/preview-f00/board")
    assert answer.status == 503


def test_who_takes_no_gzip_gets_plain_json(served, ask) -> None:
    (answer,) = ask(served, "/runs/run-one/board?views=strip", accept="identity")
    assert answer.headers["content-encoding"] == "identity" and answer.json["id"] == "run-one"


def test_plotly_comes_from_the_installed_package_for_good(served, ask) -> None:
    (answer,) = ask(served, PLOTLY_PATH)
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
    assert set(answer.json["views"]) == set(VIEWS)
    assert len(answer.body) <= 60_000
