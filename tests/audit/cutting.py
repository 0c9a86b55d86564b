"""What stands over and in place of the pictures of the Truncation lab and the Clipping lab."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tests.audit.labs import seen_by, sight
from tests.audit.reading import Rules, Said, claim, near
from tests.audit.truth import Truth

COST, DIAGRAM, INFLUENCE, KINDS, SPIKE, SWEEP, CLIFF = (Rules() for _ in range(7))
COST_ALT, DIAGRAM_ALT, INFLUENCE_ALT, BIAS_ALT, KINDS_ALT, SPIKE_ALT, TWINS_ALT, CLIFF_ALT = (Rules() for _ in range(8))

# -- truncation -------------------------------------------------------------------------------------------------------


def _own_K(truth: Truth) -> int:
    config = truth.config
    own = config.truncation_length if config.truncation != "full" else truth.lag + 1
    return min(own, config.task.length)


def _bytes(text: str) -> float:
    value, unit = text.rsplit(" ", 1)
    return float(value.replace(",", "")) * {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]


@COST(
    "being {measured:measured}",
    "K = {K}{nearest:| \\(nearest measured\\)}: {time%} of the time{memory:, [^ ]+ % of the memory|; memory is not counted for "
    "sequences so long}",
)
def cost(truth: Truth, said: Said) -> None:
    if "measured" in said.places:
        claim("cost" not in truth.answers, "it is measured")
        return
    found = truth.answers["cost"].arrays
    k = int(np.abs(found["K"] - _own_K(truth)).argmin())
    said.exactly("K", int(found["K"][k]))
    claim(bool(said["nearest"]) == (found["K"][k] != _own_K(truth)), "whether it is the nearest")
    said.near("time", float(found["seconds"][k] / found["seconds"][-1]))
    if "counted" not in said["memory"]:
        text = said["memory"].removeprefix(", ").removesuffix(" of the memory")
        claim(near(text, float(found["bytes"][k] / found["bytes"][-1])), f"it is {found['bytes'][k]}")


@COST_ALT(
    "Time and memory of one training step against K; being {measured:measured}.",
    "Time and memory of one training step against K.",
    "Full BPTT takes {whole} ms and {bytes:.+?}, K = {K} takes {own} ms and {part:.+?}.",
)
def cost_alt(truth: Truth, said: Said) -> None:
    if "whole" not in said.places:
        claim("measured" not in said.places or "cost" not in truth.answers, "it is measured")
        return
    found = truth.answers["cost"].arrays
    k = int(np.flatnonzero(found["K"] == said.whole("K"))[0])
    said.near("whole", 1000 * float(found["seconds"][-1]))
    said.near("own", 1000 * float(found["seconds"][k]))
    for name, true in (("bytes", found["bytes"][-1]), ("part", found["bytes"][k])):
        claim(np.isclose(_bytes(said[name]), true, rtol=0.06), f"{said[name]} are {true}")


@DIAGRAM("The state runs right, the gradient of each loss runs left until it is cut. Drawn from these settings.")
def diagram(truth: Truth, said: Said) -> None:
    """Says how it is drawn."""


@DIAGRAM(
    "The text goes on on both {sides:sides}: into step 1 comes the state of the window before, and no gradient goes back to "
    "it; with reset the state begins from zero there."
)
def goes_on(truth: Truth, said: Said) -> None:
    claim(truth.config.task.endless, "it has ends")


@DIAGRAM_ALT(
    "Five kinds of truncation over {T} steps; in use: {used:\\w+}.", "{parts:full: .+; windows: .+; reset: .+?}."
)
def diagram_alt(truth: Truth, said: Said) -> None:
    config = truth.config
    if "used" in said.places:
        said.exactly("T", config.task.length)
        claim(said["used"] == config.truncation, f"it is {config.truncation}")
        return
    own = config.truncation_length if config.truncation != "full" else _own_K(truth)
    for part in said["parts"].split("; "):
        mode, _, told = part.partition(": ")
        changed = Truth(config.replace(truncation=mode, truncation_length=own), truth.frame, truth.start, truth.scalars,
                        truth.over, truth.preview)  # fmt: skip
        sees = told.rsplit(", ", 1)[1]
        if sees.startswith("reaches"):
            back = int(seen_by(changed)[-1]) - 1
            claim(
                sees.split()[1].replace(",", "") == ("all" if back >= truth.lag else str(back)), f"{mode} sees {back}"
            )
            continue
        worst, best = sight(changed)
        said_of_all = {"no loss sees far enough": best == 0, "far enough in some sequences": worst == 0 < best,
                       "every loss sees far enough": worst == 1}  # fmt: skip
        if sees in said_of_all:
            claim(said_of_all[sees], f"{mode}: {worst:.3f} to {best:.3f} of them do")
        else:
            claim(near(sees.removesuffix(" of the losses see far enough"), worst), f"{mode}: {worst} of them do")


def _weights(K: int) -> float:
    """The derivative through a window of K of s ← A s + θ ζ with A_ii = A_{i,i+1} = ½, 23 units, 10 of them pushed up."""
    n, p = 23, 10
    A = 0.5 * (np.eye(n) + np.eye(n, k=1))
    push, total = np.where(np.arange(n) < p, 1.0, -1.0), np.zeros(n)
    for _ in range(K):
        total = A @ total + push
    return float(total[0])


@INFLUENCE(
    "Through a window of {K} the derivative is +{slope} where the truth is −6: descent walks uphill.",
    "No window shorter than {first} points downhill.",
    "A window of {K} sees {slope} of −6.",
    "Every window of {last} or fewer points the wrong way.",
)
@INFLUENCE_ALT("At K = {K} it is {slope}.", "The derivative seen through a window of K inputs rises to 16.476 at K = {top} and 20, "
    "is above zero up to K = {last} and ends at −6.",
    "A linear system of {n} units, of which a parameter pushes the first {p} up and the others down.",
    "After {updates} updates the loss is {cut} along the truncated derivative and {whole} along the full one; it began at "
    "{begin}.",
)  # fmt: skip
def influence(truth: Truth, said: Said) -> None:
    turn = next(K for K in range(1, 200) if _weights(K) < 0)
    places = said.places
    if "slope" in places:
        said.near("slope", _weights(said.whole("K")))
    if "first" in places:
        said.exactly("first", turn)
    if "last" in places:
        said.exactly("last", turn - 1)
    if "n" in places:
        claim((said.whole("n"), said.whole("p")) == (23, 10))


@BIAS_ALT(
    "Bias of the truncated gradient against K; it is being worked {out:out}.",
    "{kind:Windows|Sliding windows|Sliding} of K steps against the full gradient of {weights:.+?} at {where:.+?}, for K from 1 "
    "to {most}.",
    "At K = {K} the relative bias is {bias}, the cosine {cosine}, the norm {ratio} of the full one.",
    "With a bias under {delta%}: {smallest:K = [\\d,]+ is the smallest|no K}.",
    "{uphill} of these K point{s:s?} the wrong way.",
    "Estimated from the decay: {estimate:.+?}.",
)
def bias_alt(truth: Truth, said: Said) -> None:
    places = said.places
    if "out" in places:
        claim("truncation" not in truth.answers, "it is known")
        return
    found, kind = truth.answers["truncation"].arrays, "sliding" if truth.config.truncation == "sliding" else "windows"
    part = "cell_" if truth.config.trained == "all" else ""
    Ks, bias, cosine = (found[f"{kind}.{name}"] for name in ("K", f"{part}relative_bias", f"{part}cosine"))
    if "most" in places:
        said.exactly("most", int(Ks[-1]))
    elif "bias" in places:
        k = int(np.flatnonzero(Ks == said.whole("K"))[0])
        said.near("bias", float(bias[k]))
        said.near("cosine", float(cosine[k]))
        said.near("ratio", float(found[f"{kind}.{part}norm_ratio"][k]))
    elif "smallest" in places:
        good = [int(K) for K, wrong in zip(Ks, bias) if wrong <= 0.1]
        claim(said["smallest"] == (f"K = {good[0]} is the smallest" if good else "no K"), f"of {good}")
    elif "uphill" in places:
        said.exactly("uphill", int((cosine < 0).sum()))


# -- clipping ---------------------------------------------------------------------------------------------------------


def _effect(truth: Truth, kind: str) -> dict[str, float]:
    """What clipping does at the run's own threshold, between the two nearest measured ones."""
    found = truth.answers["clip"].arrays
    at = np.log(truth.config.clip_threshold)
    return {
        what: float(np.interp(at, np.log(found["theta"]), found[f"{kind}.{what}"]))
        for what in ("ratio", "angle", "share")
    }


def _told(truth: Truth, kind: str, text: str) -> None:
    effect = _effect(truth, kind)
    if text == "unchanged":
        claim(abs(effect["ratio"] - 1) < 1e-3 and effect["angle"] < 0.1, kind, effect)
        return
    parts = text.split(", ")
    claim(near(parts[0].removeprefix("× "), effect["ratio"]), kind, effect)
    if kind == "norm":
        claim(parts[1] == "same direction" and effect["angle"] < 1e-3, kind, effect)
        return
    claim(near(parts[1].removesuffix("° off"), effect["angle"]), kind, effect)
    if len(parts) > 2:
        claim(near(parts[2].partition(" of the ")[0], effect["share"]), kind, effect)


@KINDS(
    "The raw gradient is not {finite:finite}: nothing can be clipped.",
    "At θ = {theta} the raw gradient{part:| of the batch's first [\\d,]+ sequences| of [\\d,]+ of the [\\d,]+ sequences} of norm "
    "{norm} would {fate:pass unchanged\\.|become:}",
)
def kinds(truth: Truth, said: Said) -> None:
    norm = float(truth.answers["clip"].arrays["norm"][0])
    if "finite" in said.places:
        claim(not np.isfinite(norm), f"it is {norm}")
        return
    said.near("theta", truth.config.clip_threshold)
    said.near("norm", norm)
    if not said["part"] and truth.config.truncation != "stream":  # whose updates have a gradient each
        said.near("norm", truth.frame.grad_norm)
    effects = [_effect(truth, kind) for kind in ("norm", "value", "backprop")]
    untouched = all(abs(effect["ratio"] - 1) < 5e-4 and effect["angle"] < 0.05 for effect in effects)
    claim(untouched == said["fate"].startswith("pass"), effects)


@KINDS_ALT(
    "Norm ratio and angle against the threshold, for the raw gradient of norm {norm} at training step {step}.",
    "At θ = {theta}, by norm: {by_norm:.+?}; by value: {by_value:.+?}; inside backpropagation: {inside:.+?}.",
)
def kinds_alt(truth: Truth, said: Said) -> None:
    if "norm" in said.places:
        said.near("norm", float(truth.answers["clip"].arrays["norm"][0]))
        said.exactly("step", truth.step)
        return
    said.near("theta", truth.config.clip_threshold)
    if np.isfinite(truth.answers["clip"].arrays["norm"][0]):
        for name, kind in (("by_norm", "norm"), ("by_value", "value"), ("inside", "backprop")):
            _told(truth, kind, said[name])


def _fewest(shares: np.ndarray) -> list[int]:
    """The fewest of the largest shares that together make a half or more."""
    order = np.argsort(-shares, kind="stable")
    together = np.cumsum(shares[order])
    return order[: int(np.argmax(together >= 0.5 - 1e-9)) + 1].tolist() if (together >= 0.5 - 1e-9).any() else []


WHOLE = "{whole:the batch's gradient|the gradient of the batch's first [\\d,]+ sequences}"
WHEN = "{when:all of it is the readout's, for nothing reaches the cell|input step [\\d,]+ makes half of the cell's or more|" \
       "[\\d,]+ of [\\d,]+ input steps \\([\\d,]+–[\\d,]+\\) make half of the cell's or more}"  # fmt: skip
SPIKES = (
    "This gradient is zero or not finite: there are no {shares:shares} of it.",
    "Sequence {first} alone makes {share%} of " + WHOLE + "; " + WHEN + ".",
    "The batch is {one:one} sequence; " + WHEN + ".",
    "{some} of {all} sequences make half of " + WHOLE + " or more; " + WHEN + ".",
)


@SPIKE(*SPIKES)
@SPIKE_ALT(*SPIKES)
def spike(truth: Truth, said: Said) -> None:
    found, places = truth.answers["sequences"].arrays, said.places
    share, steps = np.asarray(found["share"], float), np.asarray(found["step_share"], float)
    if "shares" in places:
        claim(not np.isfinite(share).any(), "there are")
        return
    most = _fewest(share)
    if "first" in places:
        claim(said.whole("first") == most[0] + 1 and len(most) == 1, f"{most} do")
        said.near("share", float(share.max()))
    elif "one" in places:
        claim(truth.config.batch_size == 1, "there are more")
    else:
        said.exactly("some", len(most))
        said.exactly("all", len(share))
    when = sorted(place + 1 for place in _fewest(steps)) if np.isfinite(steps).all() else []
    numbers = [
        int(text.strip("()").replace(",", ""))
        for text in said["when"].replace("–", " ").split()
        if text.strip("()").isdigit()
    ]
    if said["when"].startswith("all"):
        claim(not when, f"steps {when} do")
    elif said["when"].startswith("input"):
        claim(numbers == when, f"steps {when} do")
    else:
        claim(numbers == [len(when), len(steps), when[0], when[-1]], f"steps {when} do")


@SPIKE_ALT(
    "Heatmap of gradient size, {N} sequence{s:s?} by {T} time steps, at training step {step}.",
    "Truncation cuts {cut} step{s:s?}.",
)
def spike_alt(truth: Truth, said: Said) -> None:
    if "N" in said.places:
        said.exactly("N", len(truth.answers["sequences"].arrays["share"]))
        said.exactly("T", truth.config.task.length)
        said.exactly("step", truth.step)
    else:
        flow = truth.answers["sequences"].arrays["flow"]
        claim(
            truth.config.truncation != "full" and said.whole("cut") <= int((flow == 0).all(axis=0).sum()),
            "fewer are zero",
        )


@TWINS_ALT(
    "Loss and gradient norm over training of the same start.",
    "Without clipping: {free:.+?}. With clipping at θ = {theta}: {clipped:.+?}.",
)
def twins_alt(truth: Truth, said: Said) -> None:
    if "theta" in said.places:
        said.near("theta", truth.config.clip_threshold)
        own = said["free" if truth.config.clip == "none" else "clipped"]
        broke = truth.broken(np.ones(len(truth.scalars["step"]), bool))
        claim(broke is None or own.endswith(f"at step {broke:,}"), f"it broke at {broke}")


START = {"w": 5.0, "b": -1.95, "lr": 0.7, "theta": 0.05, "updates": 40}
"""Where the sliders stand at first."""


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(x, -700, 700))))


def _forward(w: float, b: float) -> tuple[float, float, float]:
    """(loss, its derivatives by w and by b) of (σ(x₅₀) − .7)² with x ← w σ(x) + b from .5, carried forwards."""
    x, by_w, by_b = 0.5, 0.0, 0.0
    for _ in range(50):
        y = _sigmoid(x)
        by_w, by_b = w * y * (1 - y) * by_w + y, w * y * (1 - y) * by_b + 1
        x = w * y + b
    y = _sigmoid(x)
    outer = 2 * (y - 0.7) * y * (1 - y)
    return (y - 0.7) ** 2, outer * by_w, outer * by_b


@lru_cache(maxsize=2)
def _descent(clipped: bool) -> list[tuple[float, float, float, float]]:
    """(w, b, loss, gradient norm) before every update and after the last."""
    w, b, path = START["w"], START["b"], []
    for _ in range(int(START["updates"]) + 1):
        loss, dw, db = _forward(w, b)
        norm = float(np.hypot(dw, db))
        path.append((w, b, loss, norm))
        rate = START["lr"] * (min(1.0, START["theta"] / (norm + 1e-6)) if clipped else 1.0)
        w, b = w - rate * dw, b - rate * db
    return path


def _left() -> int:
    """The first update that led out of the picture, without clipping."""
    return next(k for k, (w, b, *_) in enumerate(_descent(False)) if not (4.1 <= w <= 5.5 and -3.1 <= b <= -1.5))


@CLIFF(
    "Without clipping, the gradient of {norm} at the wall threw update {out} out of the picture, to w {w}, b {b}.",
    "Loss {free}; {kept} with clipping.",
)
@CLIFF_ALT(
    "Surface of the loss over w from 4.1 to 5.5 and b from −3.1 to −1.5: a low plain, a high one, and between them a wall at "
    "b = 0.5 − w σ(0.5), where w exceeds {least}.",
    "Gradient descent from w = {w0}, b = {b0}, update {update}: loss {free} and gradient norm {flat} without clipping, {kept} "
    "and {other} with it.",
    "It left the picture with update {out}.",
    "At the start's w the wall stands at b = {wall}.",
)
def cliff(truth: Truth, said: Said) -> None:
    slope, out = _sigmoid(0.5), _left()
    free, kept = _descent(False), _descent(True)
    true = {
        "norm": free[out - 1][3], "out": out, "w": free[out][0], "b": free[out][1], "free": free[-1][2], "kept": kept[-1][2],
        "flat": free[-1][3], "other": kept[-1][3], "least": 1 / (slope * (1 - slope)), "wall": 0.5 - START["w"] * slope,
        "w0": START["w"], "b0": START["b"], "update": START["updates"],
    }  # fmt: skip
    for name in said.places:
        said.near(name, true[name])


@SWEEP("Choose “a sweep of thresholds” above and press Train: eight of them from one start.")
def sweep(truth: Truth, said: Said) -> None:
    """Says what to do."""
