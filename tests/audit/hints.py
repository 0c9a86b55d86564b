"""What stands over the pictures: by view, the sentences of its hint."""

from __future__ import annotations

import math
import re

import numpy as np

from tests.audit.labs import horizon
from tests.audit.pages import gain, read
from tests.audit.reading import Facts, Rules, Said, claim, expression, near
from tests.audit.truth import Truth, fitted

STRIP, CURVE, TRAINING, NORMS, SHARE, ANGLE, REACH = (Rules() for _ in range(7))
ANSWER, SPECTRUM, RADIUS, EXPONENTS, PROBE, BIAS, TWINS, LAYERS = (Rules() for _ in range(8))
OF_ONE_LAYER = Rules()
"""What every picture says that is of one layer where there are several."""


# -- of the gradient over time ----------------------------------------------------------------------------------------


@STRIP(
    "It travels left from {whence:the answer|every answer, measured by the last step}: blue has faded, white is kept, red has grown."
)
def strip(truth: Truth, said: Said) -> None:
    claim((said["whence"] == "the answer") != truth.many, "from where")


@CURVE(
    "A straight line on this scale is one factor per step; here too few steps have a gradient to fit {none:one}.",
    "A straight line on this scale is one factor per step; here × {factor} from {first} to {last} steps back.",
    "Not a straight line from {first} to {last} steps back (R² {fit}), so no single factor per step describes it.",
)
def curve(truth: Truth, said: Said) -> Facts:
    if "none" in said.places:
        claim(truth.fit is None, "there are enough")
        return {}
    assert truth.fit is not None
    first, last, factor, r2, _ = truth.fit
    said.exactly("first", first)
    said.exactly("last", last)
    if "factor" in said.places:
        said.near("factor", factor)
        claim(truth.factor is not None, "it is no line")
        return {"factor": factor}
    said.near("fit", r2)
    claim(truth.factor is None, "it is a line")
    return {}


@TRAINING("One row per training step, in the colours above, each against its own last step.")
def training(truth: Truth, said: Said) -> None:
    """Says how it is drawn."""


@REACH(
    "{need} step{s:s?} back needed, {reach} reached with 1 % of the last step's gradient or more.",
    "{need} step{s:s?} back needed; there is no horizon, for nothing starts at the last step.",
)
def reach(truth: Truth, said: Said) -> Facts:
    said.exactly("need", truth.lag)
    claim(("reach" in said.places) == (truth.reach is not None), "whether there is a horizon")
    if truth.reach is None:
        return {"needed": truth.lag}
    said.exactly("reach", horizon(truth))
    return {"needed": truth.lag, "horizon": horizon(truth), "reaches": horizon(truth) >= truth.lag}


# -- of all training steps so far -------------------------------------------------------------------------------------


def of_all(truth: Truth, name: str) -> np.ndarray:
    return truth.scalars[name]


def ever_clipped(truth: Truth) -> np.ndarray:
    before, after, angle = (of_all(truth, name) for name in ("grad_norm", "grad_norm_clipped", "clip_angle"))
    with np.errstate(invalid="ignore"):
        return (np.abs(before - after) > 1e-6 * before) | (angle > 1e-3)


@NORMS(
    "no clipping.",
    "no clipping",
    "{share%} of {steps} step{s:s?} so far clipped{how:, by value at .+? per component|, inside backpropagation at .+? per component|}{rest:\\. Click a point to see its step\\.|}",
    "no clipping. Click a point to see its step.",
)
def norms(truth: Truth, said: Said) -> None:
    if "share" not in said.places:
        claim(truth.config.clip == "none", "it clips")
        return
    cut = ever_clipped(truth)
    said.near("share", float(cut.mean()))
    said.exactly("steps", len(cut))
    claim(bool(said["how"]) == (truth.config.clip in ("value", "backprop")), "how")


@SHARE(
    "the threshold is never reached",
    "at every {step:step}: all are of the same length",
    "of steps, all so {far:far}",
)
def share(truth: Truth, said: Said) -> None:
    cut = ever_clipped(truth)
    if "step" in said.places:
        claim(cut.all() and truth.config.clip == "norm")
    elif "far" in said.places:
        claim(cut.any(), "none is clipped")
    else:
        claim(not cut.any(), "some are clipped")


@ANGLE(
    "not recorded",
    "0°: the direction is {kept:kept}",
    "0°: nothing is {cut:cut}",
    "mean {mean}°, largest {most}°",
)
def angle(truth: Truth, said: Said) -> None:
    known = of_all(truth, "clip_angle")[np.isfinite(of_all(truth, "clip_angle"))]
    if "mean" in said.places:
        said.near("mean", float(known.mean()))
        said.near("most", float(known.max()))
        claim(known.max() > 1e-3)
    elif "kept" in said.places or "cut" in said.places:
        claim(known.max() <= 1e-3 and ("kept" in said.places) == (truth.config.clip == "norm"), "it is turned")
    else:
        claim(not known.size, "it is recorded")


OUTCOME = "not trained yet|waiting for its turn|(?:accuracy|score) [^;]+? %(?: at step [\\d,]+)?|(?:paused at )?step [\\d,]+ of [\\d,]+|ended at step [\\d,]+|(?:overflowed|not a number) at step [\\d,]+"


@TWINS(
    "Train runs both from the same start on the same batches.",
    f"Without: {{free:{OUTCOME}}}; with: {{clipped:{OUTCOME}}}.",
)
def twins(truth: Truth, said: Said) -> None:
    if not said.places:
        claim(truth.preview or truth.more["twin"] is None, "they are trained")
        return
    own = said["free" if truth.config.clip == "none" else "clipped"]
    broke = truth.broken(np.ones(len(truth.scalars["step"]), bool))
    claim(
        (broke is not None) == (" at step" in own and ("overflowed" in own or "not a number" in own)),
        "whether it broke",
    )
    if broke is not None:
        claim(own.endswith(f"at step {broke:,}"), f"it broke at {broke}")


# -- of answers -------------------------------------------------------------------------------------------------------

R2 = "(?:R² [\\d.]+|[\\d.]+ %|no number)"


def said_so(text: str, value: float) -> None:
    if text == "no number":
        claim(not np.isfinite(value), f"it is {value}")
    else:
        claim(near(text.removeprefix("R² "), max(value, 0)), f"it is {value}")


@ANSWER(
    "The states are not finite: nothing can be read from them.",
    f"A readout fitted for one step alone finds the last answer best at step {{best}} ({{most:{R2}}}) and at the end with "
    f"{{end:{R2}}}, in the untrained network with {{start:{R2}}}.",
    f"A readout fitted for one step alone finds the last answer best at step {{best}} ({{most:{R2}}}); the last states are "
    "not finite.",
)
def best(truth: Truth, said: Said) -> None:
    now, start, _, most = read(truth)
    if "end" in said.places:
        said_so(said["end"], now)
        said_so(said["start"], start)
    claim(("end" in said.places) == np.isfinite(now), "the last states")
    if "most" in said.places:
        said_so(said["most"], most)


@ANSWER(
    "It came in, and it was {lost:lost} on the way.",
    "At the end next to {none:none} is there.",
    "What is above the dashed line was {learned:learned}.",
    "The untrained network keeps about as {same:much}: an echo that any readout could use.",
    "The untrained network keeps {more:more}: training has lost some of what echoed in it.",
)
def lesson(truth: Truth, said: Said) -> Facts:
    now, start, chance, most = read(truth)
    (name, _), *_ = said.places.items()
    apart = (now - start) / max(1 - chance, 1e-9)
    if name in ("lost", "none"):
        claim(
            gain(truth) <= 0.1 and (name == "lost") == ((most - chance) / max(1 - chance, 1e-9) >= 0.3), "it is there"
        )
        return {"holds": name}
    claim(
        {"learned": apart > 0.1, "same": abs(apart) <= 0.1, "more": apart < -0.1}[name], f"they differ by {apart:.2f}"
    )
    return {"against the untrained": {"learned": "more", "same": "same", "more": "less"}[name]}


@SPECTRUM(
    "Radius ρ = {rho}, {side:on|within|beyond} the unit circle.",
    "It is not the measured factor: {why:.*}.",
    "The weights are not finite, so there are no eigenvalues.",
)
def spectrum(truth: Truth, said: Said) -> Facts:
    found = truth.answers["spectra"]
    rho = float(found.arrays[f"{found.meta['gates'][0]}.rho"][-1])
    if "rho" in said.places:
        said.near("rho", rho)
        claim(said["side"] == ("on" if abs(rho - 1) < 1e-5 else "within" if rho < 1 else "beyond"), f"it is {rho}")
        return {"rho": rho}
    claim("why" in said.places or not np.isfinite(rho), "they are finite")
    return {}


@RADIUS(
    "Now ρ = {rho}, σ_max = {sigma}.",
    "{rest:Neither bounds a (?:gated )?step.*|(?:γ )?σ_max .*}",
    "The weights are not finite: there is neither radius nor norm.",
)
def radius(truth: Truth, said: Said) -> Facts:
    found = truth.answers["spectra"]
    rho, sigma = (float(found.arrays[f"{found.meta['gates'][0]}.{name}"][-1]) for name in ("rho", "sigma_max"))
    if "rho" in said.places:
        said.near("rho", rho)
        said.near("sigma", sigma)
        return {"rho": rho}
    cell = truth.config.cell
    claim(
        "rest" not in said.places or said["rest"].startswith("Neither") == (bool(cell.gates) or cell.normalised),
        "gates",
    )
    return {}


@OF_ONE_LAYER("It is of layer {layer} of {layers}, the {top:top} one.")
def of_the_top_layer(truth: Truth, said: Said) -> None:
    claim(truth.config.cell.layers > 1, "there is one")
    said.exactly("layers", truth.config.cell.layers)
    said.exactly("layer", truth.config.cell.layers)


TOOK = {
    "down": "{share%} of what layer {k} got came down from layer {above} in that step, the rest back through time",
    "through time": "layer {k} got next to nothing from layer {above} in that step, and its gradient came back through time",
    "from above": "layer {k} got its gradient from layer {above} in that step, and next to nothing through time",
    "against": "what came down to layer {k} and what came back through time there work against each other",
}
"""Of one layer, where the first information enters."""
_TOOK = {name: re.compile(expression(template)) for name, template in TOOK.items()}


@LAYERS(
    "The gradient comes in at the {corner:top right|top wherever it is asked} and has two ways back: left through time, and down through the layers.",
    "No gradient arrives in the layers below {lag} step{s:s?} back.",
    "{lag} step{s:s?} back, where the first information enters, {told:.*} ({whose:of this step's sequences|of \\d+ of the \\d+ sequences}).",
)
def layers(truth: Truth, said: Said) -> None:
    if "corner" in said.places:
        claim((said["corner"] == "top right") != truth.many, "where it comes in")
        return
    found = truth.answers["layer-paths"]
    said.exactly("lag", truth.lag)
    at = truth.loss_steps[-1] - truth.lag
    known = [k for k in range(truth.config.cell.layers - 1) if found.arrays["flow"][k][at] > 0]
    parts = said["told"].split("; ") if "told" in said.places else []
    claim(len(parts) == len(known), f"of {len(known)} layers there is something to say")
    for k, part in zip(reversed(known), parts):
        share = float(found.arrays["down"][k][at] / found.arrays["flow"][k][at])
        name, match = next((name, match) for name, rule in _TOOK.items() if (match := rule.fullmatch(part)))
        claim(match["k"] == str(k + 1), "which layer")
        told = {"down": 0 < share <= 1.01, "through time": abs(share) <= 0.01, "from above": 0.98 < share <= 1.01,
                "against": share < 0 or share > 1}  # fmt: skip
        claim(told[name], f"the share is {share}")
        if name == "down":
            Said(match.groupdict()).near("share", share)


@EXPONENTS(
    "No exponent: {why:every direction is lost|the states are not finite}.",
    "λ₁ = {first}: states nearby {way:keep their distance|come together|part}, × {factor} a step{lost:; .*? lost altogether|}.",
    "The measured gradient follows no single factor to compare it with.",
    "The gradient goes × {measured}: a mean over this whole sequence against one loss{own:|, which starts in a "
    "direction of its own}.",
)
def exponents(truth: Truth, said: Said) -> Facts:
    first = float(truth.answers["exponents"].arrays["exponents"][0])
    if "why" in said.places:
        claim(not np.isfinite(first), "there is one")
    elif "first" in said.places:
        ways = {"keep their distance": abs(first) < 1e-6, "come together": first < 0, "part": first > 0}
        claim(ways[said["way"]], f"it is {first}")
        said.near("factor", math.exp(first))
        said.near("first", 0.0 if abs(first) < 1e-6 else first)
    elif "measured" in said.places:
        said.near("measured", truth.factor or math.nan)
        claim(
            bool(said["own"]) == (len(truth.answers["exponents"].arrays["exponents"]) > 1),
            "how many directions there are",
        )
        return {"factor": truth.factor}
    else:
        claim(truth.factor is None, "one factor fits")
    return {}


@PROBE("One sequence.", "Mean over the {of} sequences of this step.", "{some} of the {of} sequences of this step.")
def looked_at(truth: Truth, said: Said) -> None:
    meta = truth.answers["probe"].meta
    if "of" in said.places:
        said.exactly("of", meta["of"])
        claim(("some" in said.places) == (meta["sequences"] != meta["of"]), "of how many")


@PROBE(
    "It has no gate to force.",
    "Its gradient {way:.*}.",
    "Force a gate to see what becomes of the gradient, which now {way:.*}.",
    "With {what:.+?} and not a weight changed, the gradient {after:.*?}.",
    "The loss stays at {same}.",
    "The loss becomes {now} instead of {then}.",
    "The loss is not finite.",
    "In this cell {gate:\\w} = {follows:[^,]*}, so {again:\\w} is {value}.",
)
def probe(truth: Truth, said: Said) -> None:
    meta, places = truth.answers["probe"].meta, said.places
    if "now" in places:
        said.near("now", meta["loss_after"])
        said.near("then", meta["loss_before"])
    elif "same" in places:
        said.near("same", meta["loss_after"])
        said.near("same", meta["loss_before"])
    elif "after" in places:
        flow = np.asarray(truth.answers["probe"].arrays["after"], float)[::-1]
        live = [truth.kind(lag, flow) == "live" for lag in range(len(flow))]
        if not live[0]:
            claim("already" in said["after"], "the last step has none")
            return
        reach = max(lag for lag in range(len(flow)) if live[lag] and flow[lag] >= 0.01 * flow[0])
        claim(
            f"reaches {'no step' if reach == 0 else f'{reach:,} step' + 's' * (reach > 1)} back" in said["after"],
            f"it reaches {reach}",
        )
        fit = fitted(flow, live, truth.config.task.length)
        line = fit is not None and (fit[3] >= 0.9 or fit[4] <= 0.1)
        if "goes × " in said["after"]:
            claim(
                line and near(said["after"].partition("goes × ")[2].split()[0], fit[2] if fit else math.nan),
                f"the fit is {fit}",
            )
        else:
            claim(not line, "one factor fits")


@BIAS(
    "Being worked out for this moment. Moving K retrains nothing.",
    "The gradient at {where:.*?} is not finite, so nothing can be compared.",
    "K = {K}{near: \\(nearest measured\\)|}: the gradient of {weights:[\\w' ]+?} is off by {bias%}{also: \\([^)]*\\)|}, cosine {cosine}, {ratio%} of its norm.",
    "It points the {wrong:wrong} way.",
    "Measured at {moment:.*?}; moving K retrains nothing.",
    "The state is carried on here, as this run's own is not.",
)
def bias(truth: Truth, said: Said) -> None:
    if not said.places or "moment" in said.places:
        return
    found, kind = truth.answers["truncation"].arrays, "sliding" if truth.config.truncation == "sliding" else "windows"
    part = "cell_" if truth.config.trained == "all" else ""
    Ks = found[f"{kind}.K"]
    own = truth.config.truncation_length if truth.config.truncation != "full" else truth.lag + 1
    k = int(np.abs(Ks - min(own, truth.config.task.length)).argmin())
    wrong, cosine, ratio = (
        float(found[f"{kind}.{part}{name}"][k]) for name in ("relative_bias", "cosine", "norm_ratio")
    )
    if "K" in said.places:
        said.exactly("K", int(Ks[k]))
        said.near("bias", wrong)
        said.near("cosine", cosine)
        said.near("ratio", ratio)
    elif "wrong" in said.places:
        claim(cosine < 0, f"its cosine is {cosine}")
    else:
        claim(not np.isfinite(wrong), "it is finite")
