"""What the captions of the two labs say."""

from __future__ import annotations

import numpy as np

from tests.audit.pages import in_sight
from tests.audit.reading import Facts, Rules, Said, claim
from tests.audit.shared import KIND, SHARED, WORDS, named
from tests.audit.truth import Truth

TRUNCATION, CLIPPING = Rules(SHARED), Rules(SHARED)

# -- Truncation lab ---------------------------------------------------------------------------------------------------


def horizon(truth: Truth) -> int:
    """In steps back, to step 1 at most."""
    return -1 if truth.reach is None else min(truth.reach, truth.config.task.length - 1)


@TRUNCATION(
    "The task needs the gradient {need} step{s:s?} back; it reaches {reach}.",
    "The task needs the gradient {need} step{s:s?} back, and it reaches {reach:all of them|[\\d,]+}.",
    "The task needs the gradient {need} step{s:s?} back; it is " + KIND + " at the last step already.",
)
def pair(truth: Truth, said: Said) -> Facts:
    said.exactly("need", truth.lag)
    if "kind" in said.places:
        named(truth, said, 0)
        return {"needed": truth.lag}
    reach = truth.lag if said["reach"] == "all of them" else said.whole("reach")
    claim(reach == horizon(truth), f"it reaches {horizon(truth)}")
    return {"needed": truth.lag, "horizon": horizon(truth), "reaches": reach >= truth.lag}


@TRUNCATION("The state carried echoes of what no gradient reached, and the readout decoded them.")
def echoes(truth: Truth, said: Said) -> None:
    solved = truth.holds(truth.step) or (truth.over and truth.holds())
    claim(solved and not in_sight(truth)[1], "it was in sight, or it is not solved")


@TRUNCATION("Its last score, at training step {step}: {score%}.")
def last_score(truth: Truth, said: Said) -> None:
    known = np.flatnonzero(np.isfinite(truth.scalars["score"]))
    said.exactly("step", int(truth.scalars["step"][known[-1]]))
    said.near("score", float(truth.scalars["score"][known[-1]]))
    claim(truth.scrubbed, "the moment is that one")


ENDLESS = ("language", "continual-reber")


@TRUNCATION(
    "The text goes on: every {T} steps the state is {carried:carried} into the next window, and no gradient goes back "
    "there.",
    "The text goes on, but every {T} steps the state begins from zero again.",
)
def between_windows(truth: Truth, said: Said) -> None:
    said.exactly("T", truth.config.task.length)
    claim(truth.config.task.name in ENDLESS, "every batch is drawn anew")
    claim(("carried" in said.places) == (truth.config.truncation != "reset"), "what becomes of the state")


@TRUNCATION(
    "{where:Nothing|Within the window nothing} is cut here: the pictures show what truncation would do to this gradient."
)
def nothing_cut(truth: Truth, said: Said) -> None:
    claim(truth.config.truncation == "full", "it is")


@TRUNCATION("With one loss, at the end, nothing but its last window makes an update.")
def last_window(truth: Truth, said: Said) -> None:
    claim(truth.config.truncation == "stream" and not truth.many, "there are more")


def seen_by(truth: Truth) -> np.ndarray:
    """How many inputs each loss sees, from what the kind of truncation is."""
    config, losses = truth.config, np.array(truth.loss_steps)
    T, K = config.task.length, min(config.truncation_length, config.task.length)
    if config.truncation == "full":
        return losses
    if config.truncation == "sliding":
        return np.minimum(losses, K)
    stride = min(config.truncation_stride or K, K) if config.truncation == "stream" else K
    point = T - (T - losses) // stride * stride
    first = np.maximum(point - K, 0)
    return losses - first


@TRUNCATION("By their place in the window the losses see {few} to {many} step{s:s?}, {mean} on average.")
def by_place(truth: Truth, said: Said) -> None:
    seen = seen_by(truth)
    said.exactly("few", int(seen.min()))
    said.exactly("many", int(seen.max()))
    said.near("mean", float(seen.mean()))


@TRUNCATION("Like this: {what:.*}.")
def like(truth: Truth, said: Said) -> None:
    claim("some losses see what they need" not in said["what"] or sight(truth)[0] < 1, "all do")


def sight(truth: Truth) -> tuple[float, float]:
    """The share of the losses that need memory which see as far as they need, at worst and at best."""
    task = truth.config.task
    losses, seen = np.array(truth.loss_steps), seen_by(truth)
    first = losses - seen + 1
    scored = np.flatnonzero(truth.sample.scored.any(axis=1)) + 1
    if len(scored) > 1:
        asked = np.isin(losses, scored)
        good = first[asked] <= losses[asked] - task.lag
        return float(good.mean()), float(good.mean())
    if not task.needs_lag:
        good = first <= task.length - task.lag
        return float(good.mean()), float(good.mean())
    latest = max(mark.first for mark in task.marks() if mark.kind == "enters")
    asked = losses >= latest
    return float((first[asked] <= losses[-1] - task.lag).mean()), float((first[asked] <= task.entry.last).mean())


RESET = "At each boundary the state is set to zero as well: "


@TRUNCATION(
    RESET + "beyond it even the state knows nothing.",
    RESET + "where {mark:“.*”} comes before the last one, nothing is left of it; in the other sequences it is in "
    "sight.",
    RESET + "{share%} of the questions come with all they ask about, whatever the sequence.",
)
def forgotten(truth: Truth, said: Said) -> None:
    worst, best = sight(truth)
    claim(truth.config.truncation == "reset" and worst < 1, "nothing is")
    if "share" in said.places:
        said.near("share", worst)
        claim(worst > 0 and best > 0)
    else:
        claim(best == 0 if "mark" not in said.places else worst == 0 < best, f"{worst:.2f} to {best:.2f} are in sight")


@TRUNCATION("Bias and cosine are measured with the statistics of the batch {held:held}.")
def held(truth: Truth, said: Said) -> None:
    claim(truth.config.cell.normalisation == "batch", "no batch is normalised")


@TRUNCATION("The readout alone learns: whatever it gets right, it decodes from echoes of the inputs in a random state.")
def readout_alone(truth: Truth, said: Said) -> None:
    claim(truth.config.trained == "readout", "all learns")


@TRUNCATION(
    "No loss sees far enough: {back} of the {need} step{s:s?} back.",
    "In sight is {rest:“.*”}.",
    "The state is carried on, so echoes of earlier inputs may be in it.",
)
def out_of_sight(truth: Truth, said: Said) -> Facts:
    claim(sight(truth)[1] == 0 and truth.config.truncation != "reset", "some is in sight")
    if "back" in said.places:
        said.exactly("back", int(seen_by(truth).max()) - 1)
        claim(said.whole("back") < said.whole("need") == truth.lag, f"{truth.lag} are needed")
        return {"needed": truth.lag}
    return {}


@TRUNCATION(
    "The losses see {mark:“.*”} in some of the sequences only.",
    "{share%} of the losses see as far as they need; all steps share their weights.",
)
def sees_part(truth: Truth, said: Said) -> None:
    worst, best = sight(truth)
    claim(best > 0 and worst < 1, "all or none do")
    if "share" in said.places:
        said.near("share", worst)
    else:
        claim(worst == 0, f"{worst} always do")


@TRUNCATION(
    "Untrained, the gradient is " + KIND + " {where:at the last step|where it is needed}.",
    "Untrained, the gradient grows to {share%} its size on the way.",
    "Untrained, {share:nothing|[^ ]+(?: × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?(?: %| times)?} of the gradient arrives where it is needed.",
)
def untrained(truth: Truth, said: Said) -> Facts:
    start = np.asarray(truth.start.flow_last, float)[::-1]
    claim(sight(truth)[0] == 1, "some of what is needed is cut")
    if "kind" in said.places:
        kind = truth.kind(0 if said["where"] == "at the last step" else truth.lag, start)
        claim(kind in WORDS[said["kind"]], f"it is {kind}")
        return {}
    share = start[truth.lag] / start[0]
    if said["share"] == "nothing":
        claim(share == 0, f"it is {share}")
    else:
        said.near("share", share)
    return {"arriving untrained": float(share)}


# -- Clipping lab -----------------------------------------------------------------------------------------------------

CLIP = "{clip:by norm|by value|inside backpropagation} at {theta}"


def by_settings(truth: Truth, said: Said) -> None:
    """'Clipped by norm at 1', 'without clipping'."""
    if "clip" in said.places:
        kinds = {"by norm": "norm", "by value": "value", "inside backpropagation": "backprop"}
        claim(kinds[said["clip"]] == truth.config.clip, "how it clips")
        said.near("theta", truth.config.clip_threshold)
    else:
        claim(truth.config.clip == "none", "it clips")


def changed(truth: Truth) -> bool:
    return bool(truth.clipped[-1])


@CLIPPING(
    "Nothing is trained yet.",
    "Train runs this start {own:with|without} clipping and, on the same batches, {other:with|without} it.",
)
def before(truth: Truth, said: Said) -> None:
    claim(truth.preview, "it is trained")
    claim("own" not in said.places or (said["own"] == "without") == (truth.config.clip == "none"), "which way")
    claim("own" not in said.places or said["own"] != said["other"], "both ways")


@CLIPPING(
    "The untrained gradient has norm {norm}, and nothing limits it.",
    "The untrained gradient has norm {norm}; clipping " + CLIP + " leaves it as it {same:is}.",
    "The untrained gradient has norm {norm}; clipping " + CLIP + " leaves {left} ({share%}).",
    "The untrained gradient {broken:has overflowed already|is not a number}.",
    "At step {step} the raw norm is {norm}; clipping " + CLIP + " leaves {left} ({share%}).",
    "At step {step} the raw norm is {norm} and passes un{same:changed}.",
)
def this_step(truth: Truth, said: Said) -> Facts:
    norm = truth.frame.grad_norm
    if "broken" in said.places:
        claim(np.isinf(norm) if "over" in said["broken"] else np.isnan(norm), f"it is {norm}")
        return {}
    said.near("norm", norm)
    if "clip" in said.places:
        by_settings(truth, said)
    if "left" in said.places:
        said.near("left", truth.frame.grad_norm_clipped)
        said.near("share", truth.frame.grad_norm_clipped / norm)
    claim(changed(truth) == ("left" in said.places), "whether clipping changes it")
    return {"norm": norm}


@CLIPPING(
    "{how:Without clipping|Clipped .*?} this run broke.",
    "Still a number here, {how:without clipping|clipped .*?}; the run breaks at training step {step}.",
)
def breaks(truth: Truth, said: Said) -> Facts:
    claim(("ithout" in said["how"]) == (truth.config.clip == "none"), "how it clips")
    ever = truth.broken(np.ones(len(truth.scalars["step"]), bool))
    if "step" in said.places:
        said.exactly("step", -1 if ever is None else ever)
        claim(truth.broke is None and (ever or 0) > truth.step, "it has broken")
        return {"broke at": ever}
    claim(truth.broke is not None, "it has not")
    return {"broke at": truth.broke}


@CLIPPING("This run came through {how:without clipping}.", "This run holds without clipping up to step {step}.")
def holds(truth: Truth, said: Said) -> Facts:
    claim(truth.config.clip == "none" and truth.broken(np.ones(len(truth.scalars["step"]), bool)) is None, "it breaks")
    if "step" in said.places:
        said.exactly("step", truth.step)
    else:
        claim(truth.over and truth.step >= truth.config.steps, "it is not through")
    return {"broke at": None}


@CLIPPING(
    "Clipping " + CLIP + " changes nothing up to step {step}{rest:: the largest gradient norm is (?P<most>.+?)|}.",
    "Up to step {step}, {share:every training step is|.+? of the training steps are} clipped.",
)
def stepped_in(truth: Truth, said: Said) -> Facts:
    said.exactly("step", truth.step)
    share = float(truth.clipped.mean())
    if "clip" in said.places:
        by_settings(truth, said)
        claim(share == 0, f"{share} is clipped")
        if said["rest"]:
            said.near("most", float(truth.norms.max()))
    elif said["share"].startswith("every"):
        claim(share == 1, f"{share} is clipped")
    else:
        Said({"share": said["share"].partition(" of the")[0]}).near("share", share)
    return {"clipped": share}


@CLIPPING("The gradient overflowed at step {step}, and training went on.")
def overflowed_on_the_way(truth: Truth, said: Said) -> None:
    claim(np.isinf(truth.at(said.whole("step"), "grad_norm")) and said.whole("step") < truth.last, "it did not")


@CLIPPING(
    "The gradient is zero.",
    "No spike stands out: the largest norm is {ratio} times the median.",
    "The largest spike, {ratio} times the median norm, came at step {step}.",
    "The median norm is zero, the largest, {most}, came at step {step}.",
)
def summit(truth: Truth, said: Said) -> None:
    norms = truth.norms
    most, middle = float(norms.max(initial=0)), float(np.median(norms)) if norms.size else 0.0
    if "ratio" in said.places:
        said.near("ratio", most / middle)
        claim(("step" in said.places) == (most / middle >= 3), f"it is {most / middle} times the median")
    elif "most" in said.places:
        said.near("most", most)
        claim(middle == 0 < most)
    else:
        claim(most == 0, f"it is {most}")
    if "step" in said.places:
        claim(truth.at(said.whole("step"), "grad_norm") == most and said.whole("step") <= truth.step, "when")


@CLIPPING(
    "By norm the direction is {kept:kept}.", "It turns the gradient by {mean}° on average, by {most}° at step {step}."
)
def direction(truth: Truth, said: Said) -> None:
    angle = truth.scalars["clip_angle"][truth.seen]
    if "kept" in said.places:
        claim(truth.config.clip == "norm" and np.nanmax(angle, initial=0) < 1e-3, "it is not")
        return
    said.near("mean", float(np.nanmean(angle)))
    said.near("most", float(np.nanmax(angle)))
    claim(truth.at(said.whole("step"), "clip_angle") == np.nanmax(angle), "when")


TWIN = "{how:Without clipping|Clipped .*?} the same start "


@CLIPPING(
    TWIN + "broke{also: as well|}, at training step {step}.",
    TWIN + "is at {at:.*}.",
    TWIN + "was ended early, at training step {step}.",
    TWIN + "came through: {outcome:.*}.",
    TWIN + "went on to the end: {outcome:.*}.",
    TWIN + "came through too.",
    TWIN + "ends with about the same score, {score%}.",
    TWIN + "ends at {score%}, this run at {own%}.",
)
def beside(truth: Truth, said: Said) -> None:
    twin = truth.more["twin"]
    claim(("Without" in said["how"]) == (truth.config.clip != "none"), "how it clips")
    every = np.ones(len(truth.scalars["step"]), bool)
    broke = twin.broken(np.ones(len(twin.scalars["step"]), bool))
    if "also" in said.places:
        said.exactly("step", -1 if broke is None else broke)
        claim(bool(said["also"]) == (truth.broken(every) is not None), "as well")
        return
    claim(broke is None, "it broke")
    if "score" in said.places:
        own, other = (known[np.isfinite(known)][-1] for known in (truth.scalars["score"], twin.scalars["score"]))
        said.near("score", other)
        claim(("own" in said.places) == (abs(own - other) >= 0.02), "whether they are the same")
        if "own" in said.places:
            said.near("own", own)
