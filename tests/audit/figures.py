"""The key figures under the headlines: a value and a label each, read as 'value | label'."""

from __future__ import annotations

import math

import numpy as np

from tests.audit.labs import horizon
from tests.audit.pages import direct_share, gain, of_one_layer, read
from tests.audit.reading import Facts, Rules, Said, claim, near
from tests.audit.shared import KIND, named
from tests.audit.texts import nats, text_task
from tests.audit.truth import Truth

FIGURES = Rules()
FIRST = "arrives at step {step}, the first that matters"


@FIGURES(
    "× {factor} | per step from {first} to {last} back, fit {how:R² |within ± }{fit%}",
    "uneven | not one factor per step (R² {fit})",
    "– | too few steps to fit a {none:factor}",
)
def pace(truth: Truth, said: Said) -> Facts:
    if "none" in said.places:
        claim(truth.fit is None, "there is a fit")
        return {}
    assert truth.fit is not None
    first, last, factor, r2, residual = truth.fit
    if "factor" in said.places:
        said.exactly("first", first)
        said.exactly("last", last)
        said.near("factor", factor)
        if said["fit"] == "0":
            claim(residual < 1e-5, f"it is off by {residual}")
        else:
            said.near("fit", r2 if said["how"] == "R² " else residual)
        claim(truth.factor is not None, "it is no line")
        return {"factor": factor}
    said.near("fit", r2)
    claim(truth.factor is None, "it is a line")
    return {}


@FIGURES(
    "{reach} of {need} | steps back that the task needs, within the horizon (1 %)",
    "all {need} | steps back that the task needs, within the {all:horizon} (1 %)",
    "– | no horizon: the gradient is " + KIND + " at the last step",
)
def reach(truth: Truth, said: Said) -> Facts:
    if "kind" in said.places:
        named(truth, said, 0)
        return {}
    said.exactly("need", truth.lag)
    claim(("all" in said.places) == truth.reaches, f"it reaches {truth.reach}")
    if "reach" in said.places:
        said.exactly("reach", truth.reach or 0)
        return {"needed": truth.lag, "horizon": truth.reach, "reaches": False}
    return {"needed": truth.lag, "reaches": True}


def arrived(truth: Truth, said: Said) -> Facts:
    """What a figure says of what arrives."""
    value = said["value"]
    zero = {"0, cut": "cut", "0, dead units": "zero", "0, underflow": "small"}
    if value in zero:
        claim(truth.way == zero[value], f"the gradient's way is: {truth.way}")
        return {"way": truth.way}
    if value == "–":
        claim(not np.isfinite(truth.arriving), "something is known")
        return {}
    claim(near(value, truth.arriving), f"{truth.arriving} arrives")
    return {"arriving": truth.arriving}


@FIGURES(
    "{value:.*?} | of the gradient " + FIRST,
    "{value:.*?} | the last step's gradient at step {step}, the first that {more:matters}",
    "{value:.*?} | of the gradient left {lag} step{s:s?} back",
)
def arriving(truth: Truth, said: Said) -> Facts:
    if "lag" in said.places:
        said.exactly("lag", truth.lag)
    else:
        said.exactly("step", truth.config.task.length - truth.lag)
        claim(("more" in said.places) == (truth.way == "grows"), "whether it grows")
    return arrived(truth, said)


NAME = "{name:[Ss]core|[Aa]ccuracy|[Ss]hare of the learnable nats gained|[Ss]hare of guessing's loss saved}"


@FIGURES(
    "{score%} | " + NAME + "; guessing gets {chance%}", "{score:–|[\\d.]+ %} | " + NAME + "{own: of its own readout|}"
)
def score(truth: Truth, said: Said) -> Facts:
    if said["score"] == "–":
        claim(not np.isfinite(truth.frame.score), "there is a score")
        return {}
    said.near("score", truth.frame.score)
    if "chance" in said.places:
        said.near("chance", truth.config.task.chance)
        return {"score": truth.frame.score, "guessing": truth.config.task.chance}
    return {"score": truth.frame.score}


@FIGURES("{share%} | of the training steps{upto: up to [\\d,]+|} clipped")
def clipped(truth: Truth, said: Said) -> Facts:
    said.near("share", float(truth.clipped.mean()))
    claim(said["upto"] == (f" up to {truth.step:,}" if truth.scrubbed else ""), "up to when")
    return {"clipped": float(truth.clipped.mean())}


@FIGURES(
    "{step} | training step at which the {what:weights|loss|gradient} broke",
    "{norm:.*} | gradient norm in the step before",
    "{rate:.*} | learning rate",
)
def broke(truth: Truth, said: Said) -> Facts:
    if "step" in said.places:
        said.exactly("step", -1 if truth.broke is None else truth.broke)
        return {"broke at": truth.broke}
    if "norm" in said.places and said["norm"] != "–":
        said.near("norm", truth.at((truth.broke or 0) - 1, "grad_norm"))
    return {}


# -- Truncation lab ---------------------------------------------------------------------------------------------------


@FIGURES(
    "{need} | steps back that the task needs: K = {K} or more",
    "{reach:–|[\\d,]+} | steps back reached with 1 % of the gradient or more",
)
def pair(truth: Truth, said: Said) -> Facts:
    if "need" in said.places:
        said.exactly("need", truth.lag)
        said.exactly("K", truth.lag + 1)
        return {"needed": truth.lag}
    claim((said["reach"] == "–") == (truth.reach is None), "whether there is a horizon")
    if truth.reach is None:
        return {}
    said.exactly("reach", horizon(truth))
    return {"horizon": horizon(truth), "reaches": horizon(truth) >= truth.lag}


AT = "{if:at|if truncated to} K = {K}"


@FIGURES(
    "… | {pending:.*}",
    "{bias%} | bias of the gradient of {weights:[\\w' ]+?} " + AT,
    "{cosine:–|.+?} | cosine to the full gradient " + AT,
    "{smallest:none|[\\d,]+} | smallest K with a bias under {delta%}",
)
def effect(truth: Truth, said: Said) -> Facts:
    if "pending" in said.places:
        return {}
    found = truth.answers["truncation"].arrays
    kind = "sliding" if truth.config.truncation == "sliding" else "windows"
    part = "cell_" if truth.config.trained == "all" else ""
    Ks, bias = found[f"{kind}.K"], found[f"{kind}.{part}relative_bias"]
    if "K" in said.places:
        k = int(np.abs(Ks - said.whole("K")).argmin())
        if "bias" in said.places:
            said.near("bias", float(bias[k]))
        else:
            cosine = float(found[f"{kind}.{part}cosine"][k])
            claim(np.isnan(cosine) if said["cosine"] == "–" else near(said["cosine"], cosine), f"it is {cosine}")
        return {}
    good = [int(K) for K, wrong in zip(Ks, bias) if wrong <= 0.1]
    claim(said["smallest"] == (f"{good[0]:,}" if good else "none"), f"of {good}")
    return {}


# -- Clipping lab -----------------------------------------------------------------------------------------------------


@FIGURES(
    "{norm} | gradient norm at step {step}, raw",
    "{angle}° | between this step's raw and clipped gradient",
    "× {ratio} | the median norm: the largest, at step {step}",
    "{most} | the largest norm, the median is zero, at step {step}",
    "{twin:.*} | {what:where the same start broke|score of the same start} {how:with|without} clipping",
)
def norms(truth: Truth, said: Said) -> Facts:
    if "norm" in said.places:
        said.exactly("step", truth.step)
        said.near("norm", truth.frame.grad_norm)
        return {"norm": truth.frame.grad_norm}
    if "angle" in said.places:
        said.near("angle", np.nan_to_num(truth.frame.clip_angle))
    elif "ratio" in said.places or "most" in said.places:
        most = float(truth.norms.max())
        claim(truth.at(said.whole("step"), "grad_norm") == most, "when")
        if "ratio" in said.places:
            said.near("ratio", most / float(np.median(truth.norms)))
        else:
            said.near("most", most)
    return {}


# -- Inside the cell, Memory, Microscope ------------------------------------------------------------------------------


@FIGURES(
    "{share:.*} | of what arrives {lag} step{s:s?} back{at: at layer \\d|} came down the {path:carousel|leak}",
    "{mean} | mean of the {gate:[a-z ]+gate}{layer: of layer \\d|}",
    "{steps:.*} | the median unit's time constant{layer: of layer \\d|}",
    "{shut%} | of the time a unit{layer: of layer \\d|} is saturated (φ′ < {level:.*})",
    "{loss:.*} | loss of the batch",
)
def inside(truth: Truth, said: Said) -> Facts:
    named = said.places.get("layer", said.places.get("at"))
    if named is not None:
        claim(bool(named) == (truth.config.cell.layers > 1), "which layer")
        of_one_layer(truth, named.strip().removeprefix("of ").removeprefix("at "))
    if "lag" in said.places:
        lag, share = direct_share(truth)
        said.exactly("lag", lag)
        said.near("share", share)
        return {"down the direct path": share}
    if "loss" in said.places:
        if said["loss"] != "–":
            said.near("loss", truth.frame.loss)
        return {}
    found = truth.answers["gates"]
    if "mean" in said.places:
        said.near("mean", float(found.arrays[f"{found.meta['keeps']}.mean"][-1]))
    elif "shut" in said.places:
        said.near("shut", float(found.arrays["slope.shut"][-1]))
    else:
        middle = float(found.arrays["kept.quantiles"][-1, 1])
        text = said["steps"].removesuffix(" steps")
        claim((text == "–" and math.isnan(middle)) or near(text, middle), f"it is {middle}")
    return {}


@FIGURES(
    "{now:.*} | answers found in the last state",
    "{now:.*} | of the answer, from the last state",
    "{start:.*} | the same, untrained",
    "{chance:.*} | most common answer",
    "{chance:.*} | mean of all answers",
    "{half:.*} | steps back, half of an input is gone",
)
def memory(truth: Truth, said: Said) -> Facts:
    (name, text), *_ = said.places.items()
    if text == "…":
        return {}
    now, start, chance, _ = read(truth)
    if name == "half":
        return {"half of an input": said.whole("half")} if text.isdecimal() else {}
    value = {"now": now, "start": start, "chance": chance}[name]
    claim((text == "–" and not np.isfinite(value)) or near(text, max(value, 0)), f"it is {value}")
    claim(name != "now" or np.isfinite(value) or math.isnan(gain(truth)))
    return {}


@FIGURES(
    "{norm} | norm of its gradient", "{left%} | of it left after clipping", "{moved%} | of the weights' norm moved"
)
def microscope(truth: Truth, said: Said) -> Facts:
    frame = truth.frame
    if "norm" in said.places:
        said.near("norm", frame.grad_norm)
    elif "left" in said.places:
        said.near("left", frame.grad_norm_clipped / frame.grad_norm)
    else:
        said.near("moved", frame.update_size / frame.param_norm)
    return {}


@FIGURES(
    "{value:[^|]*} | {perplexity:perplexity} a {noun:word|character} of unseen text",
    "{value:[^|]*} | {bits:bits} a {noun:word|character}",
    "{value} | bits: {grams:trigrams}, counted and smoothed",
    "{value} | bits: {frequencies:frequencies} alone",
    "{value} | bits: the {entropy:exact entropy}",
)
def of_a_text(truth: Truth, said: Said) -> Facts:
    task = text_task(truth)
    grams = task.text_read.grams
    fixed = {"grams": grams[2], "frequencies": grams[0], "entropy": task.least_loss}
    for name, known in fixed.items():
        if name in said.places:
            said.near("value", known / math.log(2))
            return {}
    if truth.frame.score_step < 0:
        claim(said["value"].strip() == "–", "it is not scored")
        return {}
    own = nats(truth)
    claim(said["noun"] == ("word" if task.text_read.tokens == "words" else "character"), "what a symbol is called")
    said.near("value", math.exp(min(own, 50)) if "perplexity" in said.places else own / math.log(2))
    return {}
