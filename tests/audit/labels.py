"""Legends and notes within the pictures: names of lines, and the numbers among them."""

from __future__ import annotations

import re

import numpy as np

from core.data import probes
from tests.audit.cutting import _told
from tests.audit.hints import of_all
from tests.audit.over import REACH
from tests.audit.reading import Labels, Said, claim, near
from tests.audit.shared import WORDS
from tests.audit.truth import Truth

LABELS = Labels(REACH)
NAMES = """this network; untrained; nothing known; most common symbol; most common answer; mean of all answers; asked for;
undecided; chance; loss; score; norm; before; after; clipped; with momentum; norm of the update; between raw and clipped;
steps clipped; share; share of each input step in the cell's gradient; share of the batch's gradient; gradient norm; out of the
picture; the wall; descent, not clipped; gradient norm (line: θ); norm after ÷ before; angle to the raw gradient; as it is; no
gates; forced to 1; forced to 0; shortest tenth; median; longest tenth; what the weights learn from; what states get; the loss;
the chosen loss; all losses together; at φ; at U; both; h, forwards; c, forwards; its gradient, backwards; its gradient;
exponent; measured; (1 − a²) a²ᵏ; σ_max; ρ; measured gradient; product of the steps' norms; largest; time; memory;
full = 100 %; relative bias ‖g_K − g‖ ÷ ‖g‖; cosine of g_K and g; norm ÷ full norm; points the wrong way; truncated at K; in
full; state, forward; state set to zero; gradient of a loss, backward; cut; update of the weights; 1 % of the last step;
‖∂L/∂h‖ alone; ‖∂L/∂c‖ alone; without clipping; ∂s/∂θ seen through a window of K; loss, descending along it; the whole
influence: −6; at the start of training; of the last step's loss alone; earlier; one update"""
NAMED = [re.sub(r"\s+", " ", name).strip() for name in NAMES.split(";")]
KINDS = [*WORDS]


@LABELS("{name:" + "|".join(map(re.escape, sorted(NAMED + KINDS, key=len, reverse=True))) + "}")
def named(truth: Truth, said: Said) -> None:
    """What a line, a mark or a pattern stands for."""
    claim(said["name"] not in ("clipped", "after") or truth.config.clip != "none", "nothing clips")
    claim(not said["name"].startswith("‖∂L/∂c‖") or "c" in truth.config.cell.state_names, "it has no c")
    claim(said["name"] != "no gates" or not truth.config.cell.gates, "it has gates")


@LABELS("{name:(?:down the |through |bias of )?[^:=%]+?}")
def of_the_task_or_the_cell(truth: Truth, said: Said) -> None:
    """A mark of the task, an event of a probe, a symbol, a gate, a path, a state."""
    task, cell, name = truth.config.task, truth.config.cell, said["name"]
    marks = {mark.label for mark in task.marks()} | set(task.channels) | {f"{answer} ↑" for answer in task.answers}
    marks |= {f"{answer} ↓" for answer in task.answers}
    batch = probes(truth.config)
    events = {label for k in range(batch.x.shape[1]) for _, label in task.events(batch.x[:, k])}
    if "evidence" in truth.answers:
        events |= {label for _, label in task.events(truth.answers["evidence"].arrays["x"])}
    base = re.sub(r" × \d+$", "", name)
    gates = {gate.name for gate in cell.gates} | {gate.symbol for gate in cell.gates}
    gates |= {state.name for state in cell.states} | {"φ′", "φ′, what φ lets through"}
    gates |= {f"|{gate.symbol}|" for gate in cell.gates}
    path = name.removeprefix("down the ").removeprefix("through ")
    paths = {gate.symbol for gate in cell.gates} | ({cell.direct_path.name} if cell.direct_path else {"U"})
    bias = name.removeprefix("bias of ") in ("everything trained", "the cell's weights", "the readout")
    claim(name in marks | events | gates or base in events | set(task.channels) or (path != name and path in paths) or bias
          or name in ("the last step", "the first step"), f"nothing is called {name!r}")  # fmt: skip


@LABELS("layer {k} {alone:alone}")
def of_a_layer(truth: Truth, said: Said) -> None:
    claim(1 <= said.whole("k") <= truth.config.cell.layers > 1, f"it has {truth.config.cell.layers}")


@LABELS("{gate:[\\w ]+ gate \\w} = {follows:1 − \\w}", "{gate:[\\w ]+ gate \\w} = {one:1}")
def coupled(truth: Truth, said: Said) -> None:
    gate = next(gate for gate in truth.config.cell.gates if gate.name == said["gate"])
    claim(gate.follows == said["follows"] if "follows" in said.places else gate.constant, f"it follows {gate.follows}")


@LABELS(
    "{updates:|[\\d,]+ updates × }lr × θ = {most}", "threshold {theta}", "with clipping, θ = {theta}", "θ = {theta}", "descent, clipped at θ = {own}",
)  # fmt: skip
def thresholds(truth: Truth, said: Said) -> None:
    config = truth.config
    if "theta" in said.places:
        said.near("theta", config.clip_threshold)
    elif "most" in said.places:
        stride = min(config.truncation_stride or config.truncation_length, config.truncation_length)
        updates = len({(config.task.length - loss) // stride for loss in truth.loss_steps})
        updates = updates if config.truncation == "stream" else 1
        claim(said["updates"] == ("" if updates == 1 else f"{updates} updates × "), f"{updates} updates")
        said.near("most", updates * config.lr * config.clip_threshold)


@LABELS("by {kind:norm|value}: {told:.+?}", "inside {kind:backprop}agation: {told:.+?}")
def effects(truth: Truth, said: Said) -> None:
    if np.isfinite(truth.answers["clip"].arrays["norm"][0]):
        _told(truth, said["kind"], said["told"])


@LABELS("solved: {solved%}", "guessing: {chance%}", "{label:[^:]+}: {floor}", "all so far: {clipped%}")
def lines(truth: Truth, said: Said) -> None:
    task, places = truth.config.task, said.places
    if "solved" in places:
        said.near("solved", task.solved)
    elif "chance" in places:
        floors = task.floors()
        claim(near(said["chance"], task.chance) or near(said["chance"], floors[0][0]), f"{task.chance}, {floors}")
    elif "clipped" in places:
        from tests.audit.hints import ever_clipped

        said.near("clipped", float(ever_clipped(truth).mean()))
    elif said["label"] == "bound":
        said.exactly("floor", int(truth.answers["capacity"].meta["bound"]))
    else:
        floors = {label: y for y, label in task.floors()}
        claim(said["label"] in floors, said["label"])
        said.near("floor", floors[said["label"]])


@LABELS("{which:with|without}: {how:overflowed|not a number} at step {step}")
def broke(truth: Truth, said: Said) -> None:
    own = (said["which"] == "with") == (truth.config.clip != "none")
    step = truth.broken(np.ones(len(truth.scalars["step"]), bool)) if own else None
    if own:
        said.exactly("step", -1 if step is None else step)


@LABELS("fit: × {factor} per step", "measured: ln {factor}")
def fits(truth: Truth, said: Said) -> None:
    said.near("factor", truth.factor if truth.factor is not None else float("nan"))


@LABELS(
    "truncated {how:every|after} {K} step{s:s?}", "cut, and the state set to zero, {how:every} {K} step{s:s?}",
)  # fmt: skip
def truncated(truth: Truth, said: Said) -> None:
    config = truth.config
    stride = min(config.truncation_stride or config.truncation_length, config.truncation_length)
    every = config.truncation == "stream" and said["how"] == "every"
    said.exactly("K", stride if every else config.truncation_length)


@LABELS("{ratio} × the median")
def spiked(truth: Truth, said: Said) -> None:
    norms = of_all(truth, "grad_norm")
    norms = norms[np.isfinite(norms)]
    said.near("ratio", float(norms.max() / np.median(norms)))


@LABELS("now, training step {step}", "the task needs {lag}", "even spread, {even%}", "step {step}", "ρ = {rho}", "(γ σ_max)ᵏ, σ_max = {sigma}",
        "ρᵏ, ρ = {radius}", "(γ ρ)ᵏ, ρ = {radius}", "number {rank}", "last of {all}")  # fmt: skip
def measured(truth: Truth, said: Said) -> None:
    (name, _), *_ = said.places.items()
    answers = truth.answers
    if name in ("rank", "all"):
        values = answers["theory"].arrays["singular"].shape[1]
        claim(said.whole(name) <= values if name == "rank" else said.whole(name) == values, f"of {values}")
        return
    true = {
        "lag": lambda: truth.lag,
        "even": lambda: answers["landing"].arrays["expected"][-1],
        "step": lambda: truth.step,
        "rho": lambda: answers["spectra"].arrays[f"{answers['spectra'].meta['gates'][0]}.rho"][-1],
        "sigma": lambda: answers["theory"].meta["sigma_max.recurrent"],
        "radius": lambda: answers["theory"].meta["rho.recurrent"],
    }[name]
    said.near(name, float(true()))


@LABELS("δ = {delta%}", "smallest K under δ: {K}", "{no:no K} under δ", "K = {at}{own:|, as trained}",
        "estimated from the decay, for everything trained: {why:.+?}", "the wrong way<br>up to K = {turn}")  # fmt: skip
def of_the_bias(truth: Truth, said: Said) -> None:
    places = said.places
    if "K" in places or "no" in places:
        found, kind = (
            truth.answers["truncation"].arrays,
            "sliding" if truth.config.truncation == "sliding" else "windows",
        )
        part = "cell_" if truth.config.trained == "all" else ""
        good = [int(K) for K, wrong in zip(found[f"{kind}.K"], found[f"{kind}.{part}relative_bias"]) if wrong <= 0.1]
        claim(said.whole("K") == good[0] if "K" in places else not good, f"of {good}")
    elif "own" in places and said["own"]:
        said.exactly("at", truth.config.truncation_length)
    elif "turn" in places:
        said.exactly("turn", 40)


@LABELS("ours {ours:.+?}", "complex step {theirs:.+?}", "forward-mode product {theirs:.+?}", "relative error {error:.+?}",
        "error {error:.+?}", "plain quotient, ε = {epsilon}: {quotient:.+?}")  # fmt: skip
def checked(truth: Truth, said: Said) -> None:
    meta, places = truth.answers["check"].meta, said.places
    for name, true in (("ours", meta["ours"]), ("theirs", meta["independent"])):
        if name in places:
            claim(true == 0 if "exactly" in said[name] else near(said[name], float(true)), f"{name} is {true}")
    if "error" in places:
        apart = abs(float(meta["ours"]) - float(meta["independent"]))
        relative = apart / abs(meta["independent"]) if meta["independent"] else apart
        claim(relative == 0 if said["error"].startswith("0") else near(said["error"], relative), f"it is {relative}")


@LABELS(
    "<b>{name:Full|Windows|Sliding|Stream|Reset}{used:|, in use}</b>: {sees:.+?}", "nothing is cut: every loss reaches step 1",
    "gradient cut every {K} step{s:s?}, state carried on", "every loss sees {K} step{s:s?}, state carried on",
    "update every {stride} step{s:s?}, looking {K} back", "gradient cut, state set to zero every {K} step{s:s?}",
)  # fmt: skip
def of_the_diagram(truth: Truth, said: Said) -> None:
    config = truth.config
    if "name" in said.places:
        claim(bool(said["used"]) == (said["name"].lower() == config.truncation), f"{config.truncation} is in use")
    elif "K" in said.places and config.truncation != "full":
        said.exactly("K", config.truncation_length)


@LABELS(
    "{gate:[\\w ]+?} = {value:−?[01]}{more:(?: and \\w = −?[01])*}",
    "no peepholes",
    "{peepholes:no gradient through the peepholes}",
)
def forced(truth: Truth, said: Said) -> None:
    if "gate" in said.places:
        claim(truth.config.cell.gate(said["gate"]) is not None, "no such gate")


@LABELS("{state:.+?}  (−{low} … {high})", "{gate:.+?}, always {value}")
def of_a_plane(truth: Truth, said: Said) -> None:
    if "state" in said.places:
        values = np.abs(truth.more["planes"](said["state"].split(" ")[-1]).astype(float))
        claim(
            said["low"] == said["high"] and float(said["high"].replace(",", "")) >= np.nanmax(values), "it goes beyond"
        )
    else:
        gate = "slope" if said["gate"].startswith("φ′") else said["gate"].split(" ")[-1]
        value, size = truth.answers["gates"].meta["constant"][gate.strip("|")], gate.startswith("|")
        said.near("value", abs(value) if size else value)
